/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger: the memory of findings and the state machine of their life: seen in M of N looks → open, severity up or down → changed, good in M of
 * N → resolved; and what people say of them: acknowledged, silenced. Pure: it does no I/O and asks no clock. Unknown never resolves. What a change
 * means to the outside is its listeners' affair; the disk is store's, which takes from ledger_save() and gives back by ledger_restore().
 */
#ifndef KDIAG_LEDGER_H
#define KDIAG_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/finding.h"

/* LEDGER_REMINDER comes from a sink that says again what is still open, never from the ledger; it bears the ledger's last seq. */
enum ledger_event {
	LEDGER_OPENED,
	LEDGER_CHANGED,
	LEDGER_RESOLVED,
	LEDGER_REMINDER,
	LEDGER_ACKED,
	LEDGER_UNACKED,
	LEDGER_SILENCED,
	LEDGER_UNSILENCED,
	LEDGER_FLAPPING, /* it opens and resolves too often: open, and quiet until it is calm */
	LEDGER_EVENTS
};

struct ledger_change {
	uint64_t seq; /* 1, 2, 3 … since the ledger began */
	int64_t ms;
	enum ledger_event event;
	enum kd_severity from; /* before; KD_OK when opened */
	const struct finding *
	    finding; /* as it is now; a resolved one bears the severity that it had while open, its summary says how it is now */
	const char *
	    why; /* LEDGER_RESOLVED for another cause than good looks ("no longer watched"); what the person said who acked or silenced; else NULL */
	const char *by;  /* who did it: "ana (uid 1004)", "expired"; NULL: nobody */
	int64_t open_ms; /* how long it was (or is) open */
	bool silenced;   /* a silence covers it: it stands in the history, and is not told */
	bool replayed;   /* from before the last start, and nobody knows whether it was told then */
};

const char *ledger_event_name(enum ledger_event event); /* "opened", "changed", "resolved", "reminder", "acked" … */
int ledger_event_parse(const char *name, enum ledger_event *event); /* 0 or -1 */

/* A change with all that it points to, shared with nobody, so that another thread may read it; ledger_change_free() for what ledger_change_copy() made. */
struct ledger_change *ledger_change_copy(const struct ledger_change *change);
void ledger_change_free(struct ledger_change *change);

struct ledger;
struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger);

typedef void (*ledger_listener)(const struct ledger_change *change, void *arg);
/* Called in order of registration, from within the ledger's functions; a listener must not call back into functions that change the ledger. */
void ledger_listen(struct ledger *ledger, ledger_listener listener, void *arg);

/* How one judgement is to be counted. */
struct ledger_rules {
	struct kd_m_of_n open, resolve;
	unsigned
	    flapping; /* more opens, changes and resolves than this within an hour are flapping; 0: never. At most LEDGER_TURNS_MAX */
};
enum { LEDGER_TURNS_MAX = 30 };

/*
 * When a judgement was made, and when its look began: nothing that it judges was asked for before. Both by the wall clock, so that they can be held against
 * when a finding resolved, also one of before a restart.
 */
struct ledger_when {
	int64_t began_ms, now_ms;
};

/*
 * Takes in one judgement of one probe about one stream:
 * - bad (info, warning, critical, unknown) in open.m of the last open.n looks: opens with the severity of this look; an open one whose severity differs in this look is changed
 *   (a look at a lower, still bad severity must be seen in open.m of open.n looks too, so that a border does not flutter; a rise counts at once when it opened already);
 * - ok, or no longer reported, in resolve.m of the last resolve.n looks: resolves. Pending ones that turn good vanish silently;
 * - unknown: what is open at another severity stays as it is, with `reason` saying why it could not be seen and last_seen standing still; what is not open goes pending and opens as unknown,
 *   at the earliest at the second look in a row (open.m of open.n or 2 of 2, whichever is later), and not while the finding named by its blame is open: then it is open in state, but quietly,
 *   without a change to anybody; it is told if a look that began after the blamed one had resolved finds it unknown still.
 * The first look of a check that is ok makes an entry in state ok. Only looks since the last turn count: since it opened towards resolving, since it resolved towards opening,
 * since its severity changed towards sinking. While an open one waits to sink or to resolve, or cannot be seen, its sentences stay. A blamed finding that is pending, and not
 * itself unknown, explains as an open one does. A report that lost findings (report_dropped) says nothing by its silence. What is no longer reported is dropped once it cannot
 * matter, a resolved one after a day. A stream keeps at most 2,000 findings; when more come, that is a finding self/ledger/ACCOUNT/REGION/STREAM.
 */
void ledger_apply(struct ledger *ledger, struct stream_id *stream, const struct kd_report *report, const char *probe,
    const struct ledger_rules *rules, const struct ledger_when *when);

/*
 * Findings about kdiag itself (stream NULL, probe "self"): open at once, change when severity changes (a new summary alone is no change), resolve at once,
 * but those that do so more than 6 times an hour flap as those of streams do (ledger_tick() ends that). Copies.
 */
void ledger_raise(struct ledger *ledger, const char *check, const char *subject, enum kd_severity severity,
    const char *summary, const char *next, int64_t now_ms);
void ledger_clear(struct ledger *ledger, const char *check, const char *subject, int64_t now_ms);

/* A stream (or one probe of it; NULL: all) is no longer watched: what is open resolves with that reason, and its entries are dropped. */
void ledger_forget(
    struct ledger *ledger, const struct stream_id *stream, const char *probe, const char *why, int64_t now_ms);

/* Findings about kdiag itself that are open and were not seen since since_ms (of before a restart) resolve with that reason. */
void ledger_sweep_self(struct ledger *ledger, int64_t since_ms, const char *why, int64_t now_ms);

/* ---- what people say ---- */

/* Who: as the kernel names the caller, never as he names himself. */
struct ledger_person {
	const char *name;
	int64_t uid; /* -1: nobody */
};

struct ledger_ack {
	char *by, *text; /* text: NULL when he said nothing */
	int64_t uid, at_ms;
};

/*
 * Somebody looks after the finding: its reminders are quiet until its severity rises or it resolves. Once more is by the new person. -1 with a sentence: it is not open (unack: nobody acked it).
 * text: at most FINDING_TEXT_MAX bytes are kept; NULL: none.
 */
int ledger_ack(struct ledger *ledger, const char *id, const struct ledger_person *by, const char *text, int64_t now_ms,
    char **cause);
int ledger_unack(struct ledger *ledger, const char *id, const struct ledger_person *by, int64_t now_ms, char **cause);

/* What is not told for a time: a stream's findings (or all streams'), a probe's of those, or one finding. */
struct ledger_silence {
	char id[FINDING_ID_SIZE]; /* of the scope: one scope has at most one silence */
	struct stream_id *
	    stream; /* NULL: of one finding about kdiag itself; without a finding: of all streams, but not of kdiag itself */
	char *probe;                   /* NULL: all */
	char finding[FINDING_ID_SIZE]; /* "": of a stream */
	char *by, *text;               /* text: NULL */
	int64_t uid, at_ms, until_ms;
	int64_t until_mono_ms; /* the clock that never steps decides when it is over */
};
enum { LEDGER_SILENCES_MAX = 1000 };

/* The times of one call: wall time for what people see, the other for waiting. */
struct ledger_now {
	int64_t ms, mono_ms;
};
/* scope: stream (NULL: all) and probe, or finding. It replaces one of the same scope. NULL with a sentence: there are too many, or no such finding. Borrowed, until the next call. */
const struct ledger_silence *ledger_silence(struct ledger *ledger, const struct ledger_silence *scope,
    const struct ledger_person *by, const char *text, int64_t for_ms, const struct ledger_now *now, char **cause);
/* By its own id or the finding's. -1: there is none. */
int ledger_unsilence(struct ledger *ledger, const char *id, const struct ledger_person *by, int64_t now_ms);
/* The id of the silence of that scope (stream NULL: of all streams), or NULL. */
const char *ledger_silence_find(const struct ledger *ledger, const struct stream_id *stream, const char *probe);
/* What has ended by itself ends now; call it every second or so. */
void ledger_tick(struct ledger *ledger, const struct ledger_now *now);
struct ledger_silence *ledger_silence_copy(const struct ledger_silence *silence);
void ledger_silence_free(struct ledger_silence *silence);
typedef void (*ledger_silence_visit)(const struct ledger_silence *silence, void *arg);
void ledger_silences(const struct ledger *ledger, ledger_silence_visit visit, void *arg);
/* Until when a silence covers it; 0: none does. */
int64_t ledger_silenced_until(const struct ledger *ledger, const struct finding *finding);

/* ---- the disk ---- */

/* A finding as it outlives a restart. */
struct ledger_saved {
	uint64_t no; /* in this ledger, for good */
	struct finding *finding;
	struct ledger_ack *ack; /* NULL: none */
	char *life;             /* the ledger's own affair, in one line */
};
void ledger_saved_free(struct ledger_saved *saved);

typedef void (*ledger_keep)(struct ledger_saved *saved_taken, void *arg);
typedef void (*ledger_gone)(uint64_t no, void *arg);
/*
 * What has changed since the last call, and what is not to be kept any more (all that is good or gone). looks: also what was only looked at again; else only what a loss of would be missed.
 * ledger_save_anew: as if nothing had ever been saved.
 */
void ledger_save(struct ledger *ledger, bool looks, ledger_keep keep, ledger_gone gone, void *arg);
void ledger_save_anew(struct ledger *ledger);
bool ledger_silences_changed(struct ledger *ledger); /* since the last call */
/* Into a new ledger, before the first look; nobody is told. -1: what is saved makes no sense, and is left out. */
int ledger_restore(struct ledger *ledger, const struct ledger_saved *saved);
int ledger_restore_silence(struct ledger *ledger, const struct ledger_silence *silence, const struct ledger_now *now);
void ledger_restore_seq(struct ledger *ledger, uint64_t seq);
/* The streams that it knows of, each with the probe names of its findings; the visitor must not change the ledger. */
typedef void (*ledger_stream_visit)(struct stream_id *stream, const char *probe, void *arg);
void ledger_each_probe(const struct ledger *ledger, ledger_stream_visit visit, void *arg);

/* ---- reading ---- */

/* What a reader sees. All that it points to is borrowed, until the next change. */
struct ledger_entry {
	struct finding finding;
	const struct ledger_ack *ack; /* NULL: nobody's */
	int64_t silenced_until_ms;    /* 0: not silenced */
	bool flapping;
	bool quiet;  /* open, but explained by another open finding */
	bool unseen; /* the last look could not see (finding.reason says why) */
};
typedef void (*ledger_visit)(const struct ledger_entry *entry, void *arg);
/* Every entry of a stream (NULL: of kdiag itself), worst first, then by probe, check, subject. */
void ledger_each(const struct ledger *ledger, const struct stream_id *stream, ledger_visit visit, void *arg);
/* The probe of each that is open, a warning at least: in no particular order, and at no cost where all is well, for who asks at each look. */
typedef void (*ledger_trouble_visit)(const char *probe, void *arg);
void ledger_each_trouble(
    const struct ledger *ledger, const struct stream_id *stream, ledger_trouble_visit visit, void *arg);
/* Every entry of all, self included, in no particular order. */
void ledger_each_all(const struct ledger *ledger, ledger_visit visit, void *arg);
bool ledger_find(
    const struct ledger *ledger, const char *id, struct finding *found); /* what it points to is borrowed, as above */
bool ledger_is_acked(const struct ledger *ledger, const char *id);
/* The worst of what is open and not silenced, and of what the last look could not see (KD_UNKNOWN); KD_OK and KD_INFO both mean well. KD_UNKNOWN when there is no entry yet (KD_OK of kdiag itself). */
enum kd_severity ledger_verdict(const struct ledger *ledger, const struct stream_id *stream);
uint64_t ledger_last_seq(const struct ledger *ledger);
/* Open findings (told ones, not quiet) by severity. */
void ledger_count_open(const struct ledger *ledger, size_t counts[KD_CRITICAL + 1]);

#endif
