/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_table: owns the memory of findings, and refuses to know what they mean. */
#include "daemon/ledger_table.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

enum {
	ID_BUCKETS = 16384,    /* 128 KiB; six findings in each at 100,000 */
	STREAM_BUCKETS = 2048, /* 16 KiB; five streams in each at 10,000 */
	NEAR = 8,              /* findings looked at before an id is made: as much as that costs */
};

LIST_HEAD(item_list, ledger_item);
LIST_HEAD(record_list, ledger_record);
TAILQ_HEAD(touched_list, ledger_item);

struct ledger_table {
	struct item_list ids[ID_BUCKETS];
	struct record_list streams[STREAM_BUCKETS];
	struct record_list all;
	struct touched_list touched;
	uint64_t last_no;
	uint64_t *dropped; /* numbers of saved items that are no more */
	size_t dropped_count, dropped_room, dropped_taken;
	void *
	    words; /* a tree of tsearch(3): names of probes and checks, symptoms, steps: few, and each in thousands of findings */
};

/* ---- words ---- */

static int
compare_words(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The one copy of this word. They are as many as the probes' tables have rows, and stay until the end. */
static char *
share_word(struct ledger_table *table, const char *word)
{
	void *node;
	char *copy;

	if (word == NULL)
		return NULL;
	if ((node = tfind(word, &table->words, compare_words)) != NULL)
		return *(char **)node;
	copy = mem_strdup(word);
	node = tsearch(copy, &table->words, compare_words);
	if (node == NULL)
		abort(); /* no memory: what mem.h does */
	return copy;
}

static const char subject_stream[] = "stream"; /* what most findings are about */

static char *
share_subject(const char *subject)
{
	return strcmp(subject, subject_stream) == 0 ? (char *)subject_stream : mem_strdup(subject);
}

static void
set_text(char **text, const char *to)
{
	if (*text != NULL && to != NULL && strcmp(*text, to) == 0)
		return;
	free(*text);
	*text = mem_strdup(to);
}

static void
set_word(struct ledger_table *table, char **word, const char *to)
{
	if (*word == NULL || to == NULL || strcmp(*word, to) != 0)
		*word = share_word(table, to);
}

void
ledger_table_copy_texts(struct ledger_table *table, struct ledger_item *item, const struct finding *from)
{
	struct finding *finding = &item->finding;

	set_text(&finding->summary, from->summary != NULL ? from->summary : "");
	set_text(&finding->evidence, from->evidence);
	set_text(&finding->next, from->next);
	set_text(&finding->blame, from->blame);
	set_word(table, &finding->symptom, from->symptom);
	set_word(table, &finding->step, from->step);
}

/* ---- hashing (FNV-1a) ---- */

static uint32_t
hash_text(uint32_t hash, const char *s)
{
	for (; *s != '\0'; s++)
		hash = (hash ^ (unsigned char)*s) * UINT32_C(16777619);
	return hash;
}

static uint32_t
bucket_of_id(const char *id)
{
	return hash_text(UINT32_C(2166136261), id) % ID_BUCKETS;
}

static uint32_t
bucket_of_stream(const struct stream_id *stream)
{
	uint32_t hash = UINT32_C(2166136261);

	if (stream == NULL)
		return 0;
	hash = hash_text(hash, stream->name);
	hash = hash_text(hash, stream->region);
	return hash_text(hash, stream->account) % STREAM_BUCKETS;
}

/* ---- records ---- */

static bool
same_stream(const struct stream_id *a, const struct stream_id *b)
{
	return a == b || (a != NULL && b != NULL && stream_id_compare(a, b) == 0);
}

struct ledger_record *
ledger_table_find_record(const struct ledger_table *table, const struct stream_id *stream)
{
	struct ledger_record *record;

	LIST_FOREACH(record, &table->streams[bucket_of_stream(stream)], same_bucket)
	if (same_stream(record->stream, stream))
		return record;
	return NULL;
}

/* The new object may not have been told the ARN yet. */
static void
adopt_stream(struct ledger_record *record, struct stream_id *stream)
{
	struct stream_id *old = record->stream;

	if (old == stream)
		return;
	if (stream->arn[0] == '\0' && old->arn[0] != '\0')
		stream_id_set_arn(stream, old->arn);
	record->stream = stream_id_ref(stream);
	for (size_t i = 0; i < record->count; i++)
		record->items[i]->finding.stream = stream;
	stream_id_unref(old);
}

struct ledger_record *
ledger_table_make_record(struct ledger_table *table, struct stream_id *stream)
{
	struct ledger_record *record = ledger_table_find_record(table, stream);

	if (record != NULL) {
		adopt_stream(record, stream);
		return record;
	}
	record = mem_new(1, sizeof(*record));
	record->table = table;
	record->stream = stream_id_ref(stream);
	LIST_INSERT_HEAD(&table->streams[bucket_of_stream(stream)], record, same_bucket);
	LIST_INSERT_HEAD(&table->all, record, all);
	return record;
}

void
ledger_table_drop_record(struct ledger_record *record)
{
	while (record->count > 0)
		ledger_table_drop(record->items[record->count - 1]);
	LIST_REMOVE(record, same_bucket);
	LIST_REMOVE(record, all);
	stream_id_unref(record->stream);
	free(record->items);
	free(record);
}

struct ledger_record *
ledger_table_first(const struct ledger_table *table)
{
	return LIST_FIRST(&table->all);
}

/* ---- items ---- */

static bool
same_names(const struct finding *a, const struct finding *b)
{
	return strcmp(a->check, b->check) == 0 && strcmp(a->subject, b->subject) == 0 &&
	       strcmp(a->probe, b->probe) == 0;
}

static struct ledger_item *
find_near(struct ledger_record *record, const struct finding *finding)
{
	for (size_t i = 0; i < NEAR && i < record->count; i++) {
		size_t at = (record->next + i) % record->count;

		if (!same_names(&record->items[at]->finding, finding))
			continue;
		record->next = at + 1;
		return record->items[at];
	}
	return NULL;
}

static struct ledger_item *
find_by_id(const struct ledger_table *table, const struct ledger_record *record, const struct finding *finding)
{
	struct ledger_item *item;

	LIST_FOREACH(item, &table->ids[bucket_of_id(finding->id)], same_bucket)
	if (item->record == record && strcmp(item->finding.id, finding->id) == 0 && same_names(&item->finding, finding))
		return item;
	return NULL;
}

struct ledger_item *
ledger_table_find(const struct ledger_table *table, struct ledger_record *record, const struct finding *finding)
{
	struct finding named = *finding;
	struct ledger_item *item;

	if (named.id[0] != '\0')
		return find_by_id(table, record, finding);
	if ((item = find_near(record, finding)) != NULL)
		return item;
	finding_make_id(&named);
	return find_by_id(table, record, &named);
}

/* Streams have few findings, and there are thousands of streams: room grows by a half only. */
static void
append_item(struct ledger_record *record, struct ledger_item *item)
{
	if (record->count == record->room) {
		record->room += record->room / 2 + 4;
		record->items = mem_resize(record->items, record->room, sizeof(struct ledger_item *));
	}
	record->items[record->count++] = item;
}

struct ledger_item *
ledger_table_add(struct ledger_table *table, struct ledger_record *record, const struct finding *finding)
{
	struct ledger_item *item;

	if (record->count >= LEDGER_RECORD_MAX)
		return NULL;
	item = mem_new(1, sizeof(*item));
	item->finding.stream = record->stream;
	item->finding.probe = share_word(table, finding->probe);
	item->finding.check = share_word(table, finding->check);
	item->finding.subject = share_subject(finding->subject);
	item->finding.summary = mem_strdup("");
	finding_make_id(&item->finding);
	item->record = record;
	item->no = ++table->last_no;
	append_item(record, item);
	LIST_INSERT_HEAD(&table->ids[bucket_of_id(item->finding.id)], item, same_bucket);
	return item;
}

void
ledger_table_drop(struct ledger_item *item)
{
	struct ledger_record *record = item->record;
	size_t i = record->count - 1;

	while (record->items[i] != item) {
		assert(i > 0);
		i--;
	}
	record->items[i] = record->items[--record->count];
	LIST_REMOVE(item, same_bucket);
	ledger_table_untouch(item);
	ledger_table_note_dropped(item);
	ledger_ack_free(item->ack);
	ledger_life_clear(&item->life);
	if (item->finding.subject != subject_stream)
		free(item->finding.subject);
	free(item->finding.summary);
	free(item->finding.evidence);
	free(item->finding.next);
	free(item->finding.blame);
	free(item);
}

/* ---- what is to be saved ---- */

void
ledger_table_touch(struct ledger_item *item, enum ledger_touch touch)
{
	if (item->touch == LEDGER_UNTOUCHED)
		TAILQ_INSERT_TAIL(&item->record->table->touched, item, touched);
	if (touch > item->touch)
		item->touch = touch;
}

struct ledger_item *
ledger_table_touched(const struct ledger_table *table)
{
	return TAILQ_FIRST(&table->touched);
}

void
ledger_table_untouch(struct ledger_item *item)
{
	if (item->touch != LEDGER_UNTOUCHED)
		TAILQ_REMOVE(&item->record->table->touched, item, touched);
	item->touch = LEDGER_UNTOUCHED;
}

void
ledger_table_note_dropped(struct ledger_item *item)
{
	struct ledger_table *table = item->record->table;

	if (!item->saved)
		return;
	item->saved = false;
	if (table->dropped_count == table->dropped_room) {
		table->dropped_room = table->dropped_room * 2 + 16;
		table->dropped = mem_resize(table->dropped, table->dropped_room, sizeof(uint64_t));
	}
	table->dropped[table->dropped_count++] = item->no;
}

uint64_t
ledger_table_take_dropped(struct ledger_table *table)
{
	if (table->dropped_taken < table->dropped_count)
		return table->dropped[table->dropped_taken++];
	table->dropped_taken = table->dropped_count = 0;
	return 0;
}

void
ledger_table_renumber(struct ledger_item *item, uint64_t no)
{
	item->no = no;
	if (no > item->record->table->last_no)
		item->record->table->last_no = no;
}

void
ledger_ack_free(struct ledger_ack *ack)
{
	if (ack == NULL)
		return;
	free(ack->by);
	free(ack->text);
	free(ack);
}

static int
interest(const struct ledger_item *item)
{
	return item->finding.state == FINDING_OPEN ? 2 : item->finding.state == FINDING_PENDING ? 1 : 0;
}

struct ledger_item *
ledger_table_find_id(const struct ledger_table *table, const char *id)
{
	struct ledger_item *item, *found = NULL;

	LIST_FOREACH(item, &table->ids[bucket_of_id(id)], same_bucket)
	if (strcmp(item->finding.id, id) == 0 && (found == NULL || interest(item) > interest(found)))
		found = item;
	return found;
}

/* ---- the table ---- */

struct ledger_table *
ledger_table_new(void)
{
	struct ledger_table *table = mem_new(1, sizeof(*table));

	TAILQ_INIT(&table->touched);
	return table;
}

void
ledger_table_free(struct ledger_table *table)
{
	struct ledger_record *record, *next;

	if (table == NULL)
		return;
	for (record = LIST_FIRST(&table->all); record != NULL; record = next) {
		next = LIST_NEXT(record, all);
		ledger_table_drop_record(record);
	}
	tdestroy(table->words, free);
	free(table->dropped);
	free(table);
}
