/* SPDX-License-Identifier: Apache-2.0 */
/* view: what the socket shows of the daemon, as JSON. Reads all modules and changes none. */
#ifndef KDIAG_VIEW_H
#define KDIAG_VIEW_H

#include <jansson.h>

#include "daemon/daemon.h"

/* The whole of `status`, of all streams or of one (watch not NULL). All return the caller's reference. */
json_t *view_status(const struct daemon *daemon, const struct watch *watch);
/* One stream of it. */
json_t *view_stream(const struct daemon *daemon, const struct watch *watch);
/* The findings of a stream (NULL: of all, and of kdiag itself), worst first; open ones, or all. */
json_t *view_findings(const struct daemon *daemon, const struct watch *watch, bool all);
/* One finding. */
json_t *view_finding(const struct ledger_entry *entry);
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
