/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_life: how looks make a finding open, change and resolve. Knows one finding's history; nothing of streams, tables, texts or listeners. */
#ifndef KDIAG_LEDGER_LIFE_H
#define KDIAG_LEDGER_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/ledger.h"

enum { LEDGER_LOOK_BITS = 3 };

/* What only those have that were told. */
struct ledger_turns {
	int64_t steady_ms; /* while flapping: since when the looks agree */
	uint32_t count;
	uint32_t at_s[LEDGER_TURNS_MAX + 1]; /* the last opens and resolves that were told, since 1970, oldest first */
};

/* Small, for there are dozens a stream and most of them are good. Zeroed: never looked at. */
struct ledger_life {
	int64_t first_seen_ms, last_seen_ms, changed_ms; /* as struct finding has them, and */
	uint32_t count;
	uint32_t looks
	    [LEDGER_LOOK_BITS]; /* the last 32, the latest in the lowest bit: what they saw as a number in the three words; KD_OK also: not reported */
	uint8_t state, severity;   /* enum finding_state, enum kd_severity */
	uint8_t looks_in_state;    /* since it opened or resolved; at most 32 */
	uint8_t looks_at_severity; /* since its severity changed while open; at most 32 */
	bool quiet : 1;            /* open, and nobody was told: another open finding explains it */
	bool unseen : 1;           /* the last look could not see */
	bool absent : 1;           /* the last judgement did not report it */
	bool flapping : 1;         /* open until it is calm, and quiet */
	bool steady_good : 1;      /* on what the looks agree, while flapping */
	int64_t opened_ms;
	struct ledger_turns *turns; /* NULL: none yet */
};

struct ledger_look {
	enum kd_severity severity; /* KD_OK also: not reported */
	bool absent;
	bool explained; /* severity unknown: the finding that it blames is open */
};

enum ledger_turn {
	LEDGER_TURN_NONE,
	LEDGER_TURN_OPENED,
	LEDGER_TURN_CHANGED,
	LEDGER_TURN_RESOLVED,
	LEDGER_TURN_FLAPPING,
	LEDGER_TURN_CALM
};

/*
 * Counts one look and says what is to be told of it.
 * Only looks since it opened count towards resolving, since it resolved towards opening, since its severity changed towards sinking: so no turn feeds on looks
 * that an earlier one has used up. What opens, resolves or changes its severity more than rules->flapping times an hour is FLAPPING: it stays open, and only a rise is told, until for half an
 * hour all looks agree: on good, and it is RESOLVED, or on bad, and it is CALM and open as any other.
 */
enum ledger_turn ledger_life_look(
    struct ledger_life *life, const struct ledger_look *look, const struct ledger_rules *rules, int64_t now_ms);
/*
 * Is at this severity from now on, at once and whatever was before; KD_OK resolves. For what kdiag knows of itself for certain. flapping: as in struct
 * ledger_rules, and 0 ends also what flaps.
 */
enum ledger_turn ledger_life_set(
    struct ledger_life *life, enum kd_severity severity, unsigned flapping, int64_t now_ms);
/* What flaps and is set no more goes on as it was set last: is it calm by now? */
enum ledger_turn ledger_life_settle(struct ledger_life *life, int64_t now_ms);
void ledger_life_clear(struct ledger_life *life);
/* One line of text, the caller's; and back: -1: it is none of ours. */
char *ledger_life_write(const struct ledger_life *life);
int ledger_life_read(struct ledger_life *life, const char *text);
/* Nothing of it can matter any more: not reported, and neither open nor on the way there, nor resolved a short time ago. */
bool ledger_life_is_over(const struct ledger_life *life, const struct ledger_rules *rules, int64_t now_ms);

#endif
