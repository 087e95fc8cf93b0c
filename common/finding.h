/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finding: one answer about one subject, in the form that the ledger keeps, the socket shows and syslog carries. The
 * report, in which a probe puts its findings while it judges, is in report.h, which comes along.
 */
#ifndef KDIAG_FINDING_H
#define KDIAG_FINDING_H

#include <jansson.h>
#include <kdiag/probe.h>

#include "common/str.h"
#include "common/stream_id.h"

enum { FINDING_ID_SIZE = 9, FINDING_TEXT_MAX = 400, FINDING_NEXT_MAX = 1200 };

/* Where a finding is in its life. PENDING: seen, but not yet in M of N looks. */
enum finding_state { FINDING_OK, FINDING_PENDING, FINDING_OPEN, FINDING_RESOLVED };

/* All strings are the finding's own. Times in ms since 1970 UTC, 0: never. */
struct finding {
	char id[FINDING_ID_SIZE];
	struct stream_id *stream; /* counted; NULL: about kdiag itself */
	char *probe, *check, *subject;
	enum kd_severity severity;
	enum finding_state state;
	enum kd_reason reason; /* why unknown, or why the last look could not see; else KD_KNOWN */
	char *summary;
	char *evidence;              /* a JSON object in one line, or NULL */
	char *symptom, *step, *next; /* NULL: none */
	char *blame;                 /* see fact.h; NULL: none */
	int64_t first_seen_ms, last_seen_ms, changed_ms;
	uint64_t count; /* looks in which it was seen since first_seen */
};

void finding_clear(struct finding *finding);                 /* frees what it holds, not itself */
struct finding *finding_copy(const struct finding *finding); /* with its id, also where the original has none yet */
void finding_free(struct finding *finding);

/* The id: the first 32 bits of SHA-256 over account, region, stream, probe, check and subject with NUL between, in hex. */
void finding_make_id(struct finding *finding);

/*
 * The JSON of DESIGN 6, with "blame" and "ack":null, times in whole seconds, "evidence":{} for none; account, region, stream and arn are
 * null about kdiag itself. Round-trips (a stream_id is made anew). NULL with a sentence.
 */
json_t *finding_to_json(const struct finding *finding);
/* The same as text: the members of an object that is open. ack: JSON, or NULL. */
void finding_write(const struct finding *finding, const char *ack, struct str *out);
struct finding *finding_from_json(const json_t *object, char **cause);

const char *severity_name(enum kd_severity severity); /* "ok", "info", "unknown", "warning", "critical" */
int severity_parse(const char *name, enum kd_severity *severity);
const char *finding_state_name(enum finding_state state); /* "ok", "pending", "open", "resolved" */

#include "common/report.h" /* in which a probe puts its findings */

#endif
