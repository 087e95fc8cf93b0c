/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger: the memory of findings and the state machine of their life: seen in M of N looks → open, severity up or down → changed, good in M of
 * N → resolved. Pure: it does no I/O and asks no clock. Unknown never resolves. What a change means to the outside is its listeners' affair.
 */
#ifndef KDIAG_LEDGER_H
#define KDIAG_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/finding.h"

/* LEDGER_REMINDER comes from a sink that says again what is still open, never from the ledger; it bears the ledger's last seq. */
enum ledger_event { LEDGER_OPENED, LEDGER_CHANGED, LEDGER_RESOLVED, LEDGER_REMINDER };

struct ledger_change {
	uint64_t seq; /* 1, 2, 3 … since the ledger began */
	int64_t ms;
	enum ledger_event event;
	enum kd_severity from; /* before; KD_OK when opened */
	const struct finding *
	    finding; /* as it is now; a resolved one bears the severity that it had while open, its summary says how it is now */
	const char *why; /* LEDGER_RESOLVED for another cause than good looks ("no longer watched"), else NULL */
	int64_t open_ms; /* how long it was (or is) open */
};

const char *ledger_event_name(enum ledger_event event); /* "opened", "changed", "resolved", "reminder" */

struct ledger;
struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger);

typedef void (*ledger_listener)(const struct ledger_change *change, void *arg);
/* Called in order of registration, from within the ledger's functions; a listener must not call back into functions that change the ledger. */
void ledger_listen(struct ledger *ledger, ledger_listener listener, void *arg);

/* How one judgement is to be counted. */
struct ledger_rules {
	struct kd_m_of_n open, resolve;
};

/*
 * Takes in one judgement of one probe about one stream:
 * - bad (info, warning, critical, unknown) in open.m of the last open.n looks: opens with the severity of this look; an open one whose severity differs in this look is changed
 *   (a look at a lower, still bad severity must be seen in open.m of open.n looks too, so that a border does not flutter; a rise counts at once when it opened already);
 * - ok, or no longer reported, in resolve.m of the last resolve.n looks: resolves. Pending ones that turn good vanish silently;
 * - unknown: what is open at another severity stays as it is, with `reason` saying why it could not be seen and last_seen standing still; what is not open goes pending and opens as unknown,
 *   at the earliest at the second look in a row (open.m of open.n or 2 of 2, whichever is later), and not while the finding named by its blame is open: then it is open in state, but quietly,
 *   without a change to anybody; it is told if it is still unknown when the blamed one has resolved.
 * The first look of a check that is ok makes an entry in state ok. Only looks since the last turn count: since it opened towards resolving, since it resolved towards opening,
 * since its severity changed towards sinking. While an open one waits to sink or to resolve, or cannot be seen, its sentences stay. A blamed finding that is pending, and not
 * itself unknown, explains as an open one does. A report that lost findings (report_dropped) says nothing by its silence. What is no longer reported is dropped once it cannot
 * matter, a resolved one after a day. A stream keeps at most 2,000 findings; when more come, that is a finding self/ledger/ACCOUNT/REGION/STREAM.
 */
void ledger_apply(struct ledger *ledger, struct stream_id *stream, const struct kd_report *report, const char *probe,
    const struct ledger_rules *rules, int64_t now_ms);

/* Findings about kdiag itself (stream NULL, probe "self"): open at once, change when severity changes (a new summary alone is no change), resolve at once. Copies. */
void ledger_raise(struct ledger *ledger, const char *check, const char *subject, enum kd_severity severity,
    const char *summary, const char *next, int64_t now_ms);
void ledger_clear(struct ledger *ledger, const char *check, const char *subject, int64_t now_ms);

/* A stream (or one probe of it; NULL: all) is no longer watched: what is open resolves with that reason, and its entries are dropped. */
void ledger_forget(
    struct ledger *ledger, const struct stream_id *stream, const char *probe, const char *why, int64_t now_ms);

/* What a reader sees. Borrowed, until the next change. */
struct ledger_entry {
	const struct finding *finding;
	bool quiet;  /* open, but explained by another open finding */
	bool unseen; /* the last look could not see (finding->reason says why) */
};
typedef void (*ledger_visit)(const struct ledger_entry *entry, void *arg);
/* Every entry of a stream (NULL: of kdiag itself), worst first, then by probe, check, subject. */
void ledger_each(const struct ledger *ledger, const struct stream_id *stream, ledger_visit visit, void *arg);
/* Every entry of all, self included, in no particular order. */
void ledger_each_all(const struct ledger *ledger, ledger_visit visit, void *arg);
const struct finding *ledger_find(const struct ledger *ledger, const char *id);
/* The worst of what is open, and of what the last look could not see (KD_UNKNOWN); KD_OK and KD_INFO both mean well. KD_UNKNOWN when there is no entry yet (KD_OK of kdiag itself). */
enum kd_severity ledger_verdict(const struct ledger *ledger, const struct stream_id *stream);
uint64_t ledger_last_seq(const struct ledger *ledger);
/* Open findings (told ones, not quiet) by severity. */
void ledger_count_open(const struct ledger *ledger, size_t counts[KD_CRITICAL + 1]);

#endif
