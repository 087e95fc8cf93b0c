/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_table: where the ledger's findings lie: by stream and by id, bounded, and small. Knows nothing of what happens to them. */
#ifndef KDIAG_LEDGER_TABLE_H
#define KDIAG_LEDGER_TABLE_H

#include <sys/queue.h>

#include "daemon/ledger_life.h"
#include "daemon/ledger_texts.h"

enum { LEDGER_RECORD_MAX = 2000 }; /* findings a stream; some ten probes of at most REPORT_MAX each could say more */

struct ledger_record;
struct ledger_table;

/* What has become of an item since it was saved. */
enum ledger_touch { LEDGER_UNTOUCHED, LEDGER_LOOKED_AT, LEDGER_TURNED };

/* A finding, in little room: ledger_item_view() shows it as others see it. */
struct ledger_item {
	struct ledger_life life;
	struct ledger_record *record;
	const struct ledger_names *names;
	char *subject;                   /* a word that all share, or its own */
	struct ledger_text *text;        /* what it says, with the others that say the same */
	struct ledger_ack *ack;          /* NULL: nobody's */
	struct ledger_item *same_bucket; /* the next */
	uint64_t no;                     /* 1, 2, 3 … */
	uint32_t id;
	uint32_t judgement;  /* the last one that reported it */
	uint32_t touched_at; /* 1 + where it stands among those that have to be saved; 0: nowhere */
	uint8_t reason;      /* enum kd_reason */
	uint8_t touch;       /* enum ledger_touch */
	bool saved;          /* it stands on the disk */
};

/* What is known of one stream, or of kdiag itself. */
struct ledger_record {
	struct ledger_table *table;
	struct stream_id *stream; /* NULL: kdiag itself */
	struct ledger_item **items;
	size_t count, room;
	size_t
	    next; /* of items: where the finding that is looked for stands most likely, behind the last that was found */
	size_t troubles; /* items that are open, warnings at least */
	bool overflowed; /* it was said that this one is full */
	LIST_ENTRY(ledger_record) same_bucket;
	LIST_ENTRY(ledger_record) all;
};

struct ledger_table *ledger_table_new(void);
void ledger_table_free(struct ledger_table *table);

/* NULL: there is none. The second makes it; when the stream comes as another object (after a reload), the record holds on to the new one. */
struct ledger_record *ledger_table_find_record(const struct ledger_table *table, const struct stream_id *stream);
struct ledger_record *ledger_table_make_record(struct ledger_table *table, struct stream_id *stream);
/* Drops its items too. */
void ledger_table_drop_record(struct ledger_record *record);
struct ledger_record *ledger_table_first(const struct ledger_table *table); /* then LIST_NEXT(record, all) */

/* The text that names this probe in all its items: they may be compared by address. */
const char *ledger_table_probe(const struct ledger_table *table, const char *probe);
/*
 * By what the id is made of (32 bits alone are not unique among 100,000). Where finding->id is empty, as in a report, it is looked for first where it stands most likely:
 * probes say the same in the same order each time, and an id costs more than all else that is done about a finding that has not changed.
 */
struct ledger_item *ledger_table_find(
    const struct ledger_table *table, struct ledger_record *record, const struct finding *finding);
/* A new item with the finding's names, its id and no other texts. NULL: the record is full. */
struct ledger_item *ledger_table_add(
    struct ledger_table *table, struct ledger_record *record, const struct finding *finding);
/* The last item of its record takes its place there: count down when dropping in a loop. */
void ledger_table_drop(struct ledger_item *item);
/* By id alone: of several the one that is open, else pending. */
struct ledger_item *ledger_table_find_id(const struct ledger_table *table, const char *id);
/* What the outside sees of it: borrowed, until it changes. */
struct finding ledger_item_view(const struct ledger_item *item);
/* It has to be saved. ledger_table_touched: the next of them from *at on, which begins at 0; NULL: no more. */
void ledger_table_touch(struct ledger_item *item, enum ledger_touch touch);
struct ledger_item *ledger_table_touched(const struct ledger_table *table, size_t *at);
void ledger_table_untouch(struct ledger_item *item);
/* Takes the oldest number of those that were saved and have been dropped since; 0: there is none. */
uint64_t ledger_table_take_dropped(struct ledger_table *table);
void ledger_table_note_dropped(struct ledger_item *item);
/* Gives it the number that it had before. */
void ledger_table_renumber(struct ledger_item *item, uint64_t no);
void ledger_ack_free(struct ledger_ack *ack);
/* Takes over the sentences of a look: summary, evidence, symptom, step, next, blame. */
void ledger_table_copy_texts(struct ledger_table *table, struct ledger_item *item, const struct finding *from);

#endif
