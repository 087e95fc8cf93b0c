/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_life: how looks make a finding open, change and resolve. Knows one finding and its history; nothing of streams, tables, texts or listeners. */
#ifndef KDIAG_LEDGER_LIFE_H
#define KDIAG_LEDGER_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/ledger.h"

struct ledger_life {
	int64_t opened_ms;
	uint32_t seen[KD_CRITICAL +
		      1];       /* the last 32 looks by what they saw, the latest in bit 0; KD_OK also: not reported */
	uint8_t looks_in_state; /* since it opened or resolved; at most 32 */
	uint8_t looks_at_severity; /* since its severity changed while open; at most 32 */
	uint8_t turns_count;
	uint32_t *
	    turns; /* the last LEDGER_TURNS_MAX + 1 opens and resolves that were told, in seconds since 1970, oldest first; NULL: none yet */
	int64_t steady_ms; /* while flapping: since when the looks agree */
	bool steady_good;  /* on what */
	bool flapping;     /* open until it is calm, and quiet */
	bool quiet;        /* open, and nobody was told: another open finding explains it */
	bool unseen;       /* the last look could not see */
	bool absent;       /* the last judgement did not report it */
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
 * Counts one look and says what is to be told of it. Sets the finding's state, severity, times and count, nothing else of it. A finding never looked at is zeroed.
 * Only looks since it opened count towards resolving, since it resolved towards opening, since its severity changed towards sinking: so no turn feeds on looks
 * that an earlier one has used up. What opens and resolves more than rules->flapping times an hour is FLAPPING: it stays open, and only a rise is told, until for half an
 * hour all looks agree: on good, and it is RESOLVED, or on bad, and it is CALM and open as any other.
 */
enum ledger_turn ledger_life_look(struct finding *finding, struct ledger_life *life, const struct ledger_look *look,
    const struct ledger_rules *rules, int64_t now_ms);
/* Is at this severity from now on, at once and whatever was before; KD_OK resolves. For what kdiag knows of itself for certain. */
enum ledger_turn ledger_life_set(
    struct finding *finding, struct ledger_life *life, enum kd_severity severity, int64_t now_ms);
void ledger_life_clear(struct ledger_life *life);
/* One line of text, the caller's; and back: -1: it is none of ours. */
char *ledger_life_write(const struct ledger_life *life);
int ledger_life_read(struct ledger_life *life, const char *text);
/* Nothing of it can matter any more: not reported, and neither open nor on the way there, nor resolved a short time ago. */
bool ledger_life_is_over(
    const struct finding *finding, const struct ledger_life *life, const struct ledger_rules *rules, int64_t now_ms);

#endif
