/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_table: owns the memory of findings, and refuses to know what they mean. */
#include "daemon/ledger_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

enum {
	ID_BUCKETS = 16384,    /* 128 KiB; six findings in each at 100,000 */
	STREAM_BUCKETS = 2048, /* 16 KiB; five streams in each at 10,000 */
	NEAR = 64,             /* findings looked at before an id is made: as much as that costs */
};

LIST_HEAD(record_list, ledger_record);

struct ledger_table {
	struct ledger_item *ids[ID_BUCKETS];
	struct record_list streams[STREAM_BUCKETS];
	struct record_list all;
	struct ledger_item **touched; /* in that order; NULL: no longer */
	size_t touched_count, touched_room, touched_left;
	uint64_t last_no;
	uint64_t *dropped; /* numbers of saved items that are no more */
	size_t dropped_count, dropped_room, dropped_taken;
	struct ledger_texts *texts;
};

/* ---- ids ---- */

static const char digits[] = "0123456789abcdef";

/* As finding_make_id() writes them. */
static void
write_id(uint32_t id, char text[FINDING_ID_SIZE])
{
	for (size_t i = FINDING_ID_SIZE - 1; i-- > 0; id >>= 4)
		text[i] = digits[id & 0xf];
	text[FINDING_ID_SIZE - 1] = '\0';
}

/* -1: this is none. */
static int
read_id(const char *text, uint32_t *id)
{
	*id = 0;
	for (size_t i = 0; i < FINDING_ID_SIZE - 1; i++) {
		const char *digit = text[i] != '\0' ? strchr(digits, text[i]) : NULL;

		if (digit == NULL)
			return -1;
		*id = *id << 4 | (uint32_t)(digit - digits);
	}
	return text[FINDING_ID_SIZE - 1] == '\0' ? 0 : -1;
}

static uint32_t
make_id(const struct finding *finding)
{
	struct finding named = *finding;
	uint32_t id;

	finding_make_id(&named);
	if (read_id(named.id, &id) != 0)
		abort(); /* it is eight digits: finding.h */
	return id;
}

/* ---- texts ---- */

static const char subject_stream[] = "stream"; /* what most findings are about */

static char *
share_subject(const char *subject)
{
	return strcmp(subject, subject_stream) == 0 ? (char *)subject_stream : mem_strdup(subject);
}

static bool
is_word(const char *word, const char *to)
{
	return word == to || (word != NULL && to != NULL && strcmp(word, to) == 0);
}

const char *
ledger_table_probe(const struct ledger_table *table, const char *probe)
{
	return ledger_texts_probe(table->texts, probe);
}

void
ledger_table_copy_texts(struct ledger_table *table, struct ledger_item *item, const struct finding *from)
{
	ledger_texts_set(table->texts, &item->text, from);
	if (!is_word(item->names->symptom, from->symptom) || !is_word(item->names->step, from->step)) {
		const struct finding named = {.probe = item->names->probe,
		    .check = item->names->check,
		    .symptom = from->symptom,
		    .step = from->step};

		item->names = ledger_texts_names(table->texts, &named);
	}
}

struct finding
ledger_item_view(const struct ledger_item *item)
{
	const struct ledger_life *life = &item->life;
	struct finding finding = {
	    .stream = item->record->stream,
	    .probe = item->names->probe,
	    .check = item->names->check,
	    .subject = item->subject,
	    .severity = (enum kd_severity)life->severity,
	    .state = (enum finding_state)life->state,
	    .reason = (enum kd_reason)item->reason,
	    .symptom = item->names->symptom,
	    .step = item->names->step,
	    .first_seen_ms = life->first_seen_ms,
	    .last_seen_ms = life->last_seen_ms,
	    .changed_ms = life->changed_ms,
	    .count = life->count,
	};

	write_id(item->id, finding.id);
	ledger_text_show(item->text, &finding);
	return finding;
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
has_names(const struct ledger_item *item, const struct finding *finding)
{
	return strcmp(item->names->check, finding->check) == 0 && strcmp(item->subject, finding->subject) == 0 &&
	       strcmp(item->names->probe, finding->probe) == 0;
}

static struct ledger_item *
find_near(struct ledger_record *record, const struct finding *finding)
{
	for (size_t i = 0; i < NEAR && i < record->count; i++) {
		size_t at = (record->next + i) % record->count;

		if (!has_names(record->items[at], finding))
			continue;
		record->next = at + 1;
		return record->items[at];
	}
	return NULL;
}

struct ledger_item *
ledger_table_find(const struct ledger_table *table, struct ledger_record *record, const struct finding *finding)
{
	struct ledger_item *item = finding->id[0] == '\0' ? find_near(record, finding) : NULL;
	uint32_t id;

	if (item != NULL)
		return item;
	if (read_id(finding->id, &id) != 0)
		id = make_id(finding);
	for (item = table->ids[id % ID_BUCKETS]; item != NULL; item = item->same_bucket)
		if (item->id == id && item->record == record && has_names(item, finding))
			break;
	return item;
}

/* Streams have few findings, and there are thousands of streams: room grows by little. */
static void
append_item(struct ledger_record *record, struct ledger_item *item)
{
	if (record->count == record->room) {
		record->room += record->room / 8 + 4;
		record->items = mem_resize(record->items, record->room, sizeof(struct ledger_item *));
	}
	record->items[record->count++] = item;
}

struct ledger_item *
ledger_table_add(struct ledger_table *table, struct ledger_record *record, const struct finding *finding)
{
	struct finding named = *finding;
	struct ledger_item *item, **bucket;

	if (record->count >= LEDGER_RECORD_MAX)
		return NULL;
	item = mem_new(1, sizeof(*item));
	named.stream = record->stream;
	item->record = record;
	item->id = make_id(&named);
	item->names = ledger_texts_names(table->texts, finding);
	item->subject = share_subject(finding->subject);
	ledger_texts_set(table->texts, &item->text, &(struct finding){0});
	item->no = ++table->last_no;
	append_item(record, item);
	bucket = &table->ids[item->id % ID_BUCKETS];
	item->same_bucket = *bucket;
	*bucket = item;
	return item;
}

static void
leave_bucket(struct ledger_item *item)
{
	struct ledger_item **link = &item->record->table->ids[item->id % ID_BUCKETS];

	while (*link != item)
		link = &(*link)->same_bucket;
	*link = item->same_bucket;
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
	leave_bucket(item);
	ledger_table_untouch(item);
	ledger_table_note_dropped(item);
	ledger_ack_free(item->ack);
	ledger_life_clear(&item->life);
	ledger_texts_drop(record->table->texts, &item->text);
	if (item->subject != subject_stream)
		free(item->subject);
	free(item);
}

/* ---- what is to be saved ---- */

/* Those that stay move up. */
static void
close_gaps(struct ledger_table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->touched_count; i++) {
		struct ledger_item *item = table->touched[i];

		if (item == NULL)
			continue;
		table->touched[kept++] = item;
		item->touched_at = (uint32_t)kept;
	}
	table->touched_count = kept;
}

/* The list grows only when it is more than half full. */
static void
append_touched(struct ledger_table *table, struct ledger_item *item)
{
	if (table->touched_count == table->touched_room && table->touched_left <= table->touched_room / 2)
		close_gaps(table);
	if (table->touched_count == table->touched_room) {
		table->touched_room = table->touched_room * 2 + 16;
		table->touched = mem_resize(table->touched, table->touched_room, sizeof(struct ledger_item *));
	}
	table->touched[table->touched_count++] = item;
	table->touched_left++;
	item->touched_at = (uint32_t)table->touched_count;
}

void
ledger_table_touch(struct ledger_item *item, enum ledger_touch touch)
{
	if (item->touched_at == 0)
		append_touched(item->record->table, item);
	if (touch > item->touch)
		item->touch = touch;
}

struct ledger_item *
ledger_table_touched(const struct ledger_table *table, size_t *at)
{
	while (*at < table->touched_count && table->touched[*at] == NULL)
		(*at)++;
	return *at < table->touched_count ? table->touched[(*at)++] : NULL;
}

void
ledger_table_untouch(struct ledger_item *item)
{
	struct ledger_table *table = item->record->table;

	item->touch = LEDGER_UNTOUCHED;
	if (item->touched_at == 0)
		return;
	table->touched[item->touched_at - 1] = NULL;
	item->touched_at = 0;
	if (--table->touched_left == 0)
		table->touched_count = 0;
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
	return item->life.state == FINDING_OPEN ? 2 : item->life.state == FINDING_PENDING ? 1 : 0;
}

struct ledger_item *
ledger_table_find_id(const struct ledger_table *table, const char *id)
{
	struct ledger_item *item, *found = NULL;
	uint32_t wanted;

	if (read_id(id, &wanted) != 0)
		return NULL;
	for (item = table->ids[wanted % ID_BUCKETS]; item != NULL; item = item->same_bucket)
		if (item->id == wanted && (found == NULL || interest(item) > interest(found)))
			found = item;
	return found;
}

/* ---- the table ---- */

struct ledger_table *
ledger_table_new(void)
{
	struct ledger_table *table = mem_new(1, sizeof(*table));

	table->texts = ledger_texts_new();
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
	ledger_texts_free(table->texts);
	free(table->touched);
	free(table->dropped);
	free(table);
}
