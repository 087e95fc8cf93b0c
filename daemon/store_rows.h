/* SPDX-License-Identifier: Apache-2.0 */
/* store_rows: what one transaction writes, and what a start reads: findings, changes, silences, probes' states, counters. Owns its parts; knows no disk. */
#ifndef KDIAG_STORE_ROWS_H
#define KDIAG_STORE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/ledger.h"

/* What a probe keeps for a stream. text NULL: nothing any more. */
struct store_state {
	char *account, *region, *stream, *probe, *text;
};

/* How far something was counted on a day ("2026-11-25"). What stands there already is replaced by what is more. */
struct store_counter {
	char *day, *name;
	int64_t value;
};

struct store_rows {
	bool whole; /* these are all findings, silences and states: what else stands there goes */
	struct ledger_saved **findings;
	size_t findings_count, findings_room;
	uint64_t *gone; /* findings, by their numbers */
	size_t gone_count, gone_room;
	struct ledger_change **changes;
	size_t changes_count, changes_room;
	bool has_silences; /* these are all silences */
	struct ledger_silence **silences;
	size_t silences_count, silences_room;
	struct store_state *states;
	size_t states_count, states_room;
	uint64_t last_seq, told_seq;    /* of the ledger; the last that syslog has taken */
	struct store_counter *counters; /* read: those of the newest day */
	size_t counters_count, counters_room;
	int64_t now_ms;
	int64_t forget_before_ms; /* changes older than this go; 0: none */
};

void store_rows_free(struct store_rows *rows); /* what it holds too, and itself */
/* All take over what they are given. */
void store_rows_add_finding(struct store_rows *rows, struct ledger_saved *saved_taken);
void store_rows_add_gone(struct store_rows *rows, uint64_t no);
void store_rows_add_change(struct store_rows *rows, struct ledger_change *change_taken);
void store_rows_add_silence(struct store_rows *rows, struct ledger_silence *silence_taken);
void store_rows_add_state(struct store_rows *rows, const struct store_state *state_taken);
void store_rows_add_counter(struct store_rows *rows, const struct store_counter *counter_taken);
void store_state_clear(struct store_state *state);

#endif
