/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_private: what the rooms of the ledger share among themselves: ledger.c (telling), ledger_look.c (looks), ledger_self.c (kdiag itself), ledger_people.c (acks and silences),
 * ledger_read.c (readers), ledger_save.c (the disk's side).
 */
#ifndef KDIAG_LEDGER_PRIVATE_H
#define KDIAG_LEDGER_PRIVATE_H

#include "daemon/ledger_table.h"

struct listener {
	ledger_listener call;
	void *arg;
};

struct ledger {
	struct ledger_table *table;
	struct listener *listeners;
	size_t listeners_count;
	bool telling; /* a listener is on the stack */
	uint64_t seq;
	uint32_t judgement;
	size_t open[KD_CRITICAL + 1]; /* told ones by severity */
	struct ledger_silence **silences;
	size_t silences_count;
	bool silences_changed;
};

/* Numbers the change, and whether a silence covers it, and calls the listeners. */
void ledger_tell(struct ledger *ledger, struct ledger_change *change);
/* The same of a turn of an item, which ends an ack besides where it must; none: nothing is told. */
void ledger_tell_turn(struct ledger *ledger, enum ledger_turn turn, struct ledger_item *item, enum kd_severity from,
    const char *why, int64_t now_ms);
/* NULL: the record is full of what matters more. */
struct ledger_item *ledger_find_or_add(
    struct ledger *ledger, struct ledger_record *record, const struct finding *finding);
extern const char ledger_self_probe[]; /* "self" */
/* Another object of the same stream: what goes to another thread shares nothing. NULL stays NULL. */
struct stream_id *ledger_copy_stream(const struct stream_id *stream);
/* Is it open, and does anybody know? */
bool ledger_is_told(const struct ledger_item *item);
/* Around each turn, so that ledger_count_open() need not walk 100,000 findings. */
void ledger_count_out(struct ledger *ledger, const struct ledger_item *item);
void ledger_count_in(struct ledger *ledger, const struct ledger_item *item);
/* What kdiag itself has that flaps: is it calm? */
void ledger_settle_self(struct ledger *ledger, int64_t now_ms);

#endif
