/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_read: what a reader sees of the findings, in his order; changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/ledger_private.h"

/* What an item counts in its stream's verdict. */
static enum kd_severity
weight(const struct ledger_item *item)
{
	if (item->life.state == FINDING_OPEN && item->life.severity > KD_UNKNOWN)
		return (enum kd_severity)item->life.severity;
	if (item->life.unseen)
		return KD_UNKNOWN;
	return item->life.state == FINDING_OPEN ? (enum kd_severity)item->life.severity : KD_OK;
}

static int
compare_items(const void *left, const void *right)
{
	static const int ranks[] = {
	    [FINDING_OPEN] = 0, [FINDING_PENDING] = 1, [FINDING_RESOLVED] = 2, [FINDING_OK] = 3};
	const struct ledger_item *a = *(const struct ledger_item *const *)left;
	const struct ledger_item *b = *(const struct ledger_item *const *)right;
	int order;

	if (weight(a) != weight(b))
		return weight(a) > weight(b) ? -1 : 1;
	if ((order = ranks[a->life.state] - ranks[b->life.state]) != 0)
		return order;
	if ((order = strcmp(a->names->probe, b->names->probe)) != 0)
		return order;
	if ((order = strcmp(a->names->check, b->names->check)) != 0)
		return order;
	return strcmp(a->subject, b->subject);
}

static void
show(const struct ledger *ledger, const struct ledger_item *item, ledger_visit visit, void *arg)
{
	struct ledger_entry entry = {
	    .finding = ledger_item_view(item),
	    .ack = item->ack,
	    .flapping = item->life.flapping,
	    .quiet = item->life.quiet,
	    .unseen = item->life.unseen,
	};

	entry.silenced_until_ms = ledger_silenced_until(ledger, &entry.finding);
	visit(&entry, arg);
}

void
ledger_each(const struct ledger *ledger, const struct stream_id *stream, ledger_visit visit, void *arg)
{
	const struct ledger_record *record = ledger_table_find_record(ledger->table, stream);
	struct ledger_item **sorted;

	if (record == NULL || record->count == 0)
		return;
	sorted = mem_new(record->count, sizeof(struct ledger_item *));
	memcpy(sorted, record->items, record->count * sizeof(struct ledger_item *));
	qsort(sorted, record->count, sizeof(struct ledger_item *), compare_items);
	for (size_t i = 0; i < record->count; i++)
		show(ledger, sorted[i], visit, arg);
	free(sorted);
}

/* As it is counted in record->troubles. */
static bool
is_trouble(const struct ledger_item *item)
{
	return ledger_is_told(item) && item->life.severity >= KD_WARNING;
}

void
ledger_each_trouble(const struct ledger *ledger, const struct stream_id *stream, ledger_trouble_visit visit, void *arg)
{
	const struct ledger_record *record = ledger_table_find_record(ledger->table, stream);

	if (record == NULL || record->troubles == 0)
		return;
	for (size_t i = 0; i < record->count; i++)
		if (is_trouble(record->items[i]))
			visit(record->items[i]->names->probe, arg);
}

void
ledger_each_all(const struct ledger *ledger, ledger_visit visit, void *arg)
{
	const struct ledger_record *record;

	for (record = ledger_table_first(ledger->table); record != NULL; record = LIST_NEXT(record, all))
		for (size_t i = 0; i < record->count; i++)
			show(ledger, record->items[i], visit, arg);
}

bool
ledger_find(const struct ledger *ledger, const char *id, struct finding *found)
{
	const struct ledger_item *item = ledger_table_find_id(ledger->table, id);

	if (item != NULL)
		*found = ledger_item_view(item);
	return item != NULL;
}

bool
ledger_is_acked(const struct ledger *ledger, const char *id)
{
	const struct ledger_item *item = ledger_table_find_id(ledger->table, id);

	return item != NULL && item->ack != NULL;
}

static bool
is_silenced(const struct ledger *ledger, const struct ledger_item *item)
{
	const struct finding finding = ledger_item_view(item);

	return ledger_silenced_until(ledger, &finding) != 0;
}

enum kd_severity
ledger_verdict(const struct ledger *ledger, const struct stream_id *stream)
{
	const struct ledger_record *record = ledger_table_find_record(ledger->table, stream);
	enum kd_severity worst = KD_OK;

	if (record == NULL || record->count == 0)
		return stream == NULL ? KD_OK : KD_UNKNOWN;
	for (size_t i = 0; i < record->count; i++)
		if (weight(record->items[i]) > worst && !is_silenced(ledger, record->items[i]))
			worst = weight(record->items[i]);
	return worst;
}

uint64_t
ledger_last_seq(const struct ledger *ledger)
{
	return ledger->seq;
}

void
ledger_count_open(const struct ledger *ledger, size_t counts[KD_CRITICAL + 1])
{
	memcpy(counts, ledger->open, sizeof(ledger->open));
}
