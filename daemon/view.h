/* SPDX-License-Identifier: Apache-2.0 */
/* view: what the socket shows of the daemon, as JSON. Reads all modules and changes none. */
#ifndef KDIAG_VIEW_H
#define KDIAG_VIEW_H

#include <jansson.h>

#include "common/str.h"
#include "daemon/daemon.h"

/*
 * The whole of `status`, of all streams or of one (watch not NULL): JSON in one line, the caller's. As text, for its tree would take six times the memory. brief: of all streams only
 * what a screen has room for (view_brief.h), and of the silences only that of everything.
 */
char *view_status(const struct daemon *daemon, const struct watch *watch, bool brief);
/* The findings of a stream (NULL: of all, and of kdiag itself), worst first; open ones, or all. JSON in one line, the caller's. */
char *view_findings(const struct daemon *daemon, const struct watch *watch, bool all);
/* The one whose id begins so, as above; how many there are. *found is NULL unless there is just one. */
size_t view_find(const struct daemon *daemon, const char *id, char **found);
/* One stream of `status`, one finding: the caller's reference, as of all below. */
json_t *view_stream(const struct daemon *daemon, const struct watch *watch);
json_t *view_finding(const struct ledger_entry *entry);
/* As an element; what a stream is, before its findings, into an object that is begun. */
void view_write_finding(const struct ledger_entry *entry, struct str *out);
void view_write_stream(const struct daemon *daemon, const struct watch *watch, struct str *out);
json_t *view_probes(const struct daemon *daemon);
/* The runbook of one stream as it stands in the ledger: symptoms → steps → findings, with cause and next. symptom NULL: all three. */
json_t *view_runbook(const struct daemon *daemon, const struct watch *watch, const char *symptom);
/* "ok", "warning", "critical", "unknown": info means well, and a stream that was never looked at is unknown. */
const char *view_verdict(const struct daemon *daemon, const struct watch *watch);

/* The runbook's symptoms, in its order. */
struct view_symptom {
	const char *name, *title;
};
extern const struct view_symptom view_symptoms[3];

#endif
