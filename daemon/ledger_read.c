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
	if (item->finding.state == FINDING_OPEN && item->finding.severity > KD_UNKNOWN)
		return item->finding.severity;
	if (item->life.unseen)
		return KD_UNKNOWN;
	return item->finding.state == FINDING_OPEN ? item->finding.severity : KD_OK;
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
	if ((order = ranks[a->finding.state] - ranks[b->finding.state]) != 0)
		return order;
	if ((order = strcmp(a->finding.probe, b->finding.probe)) != 0)
		return order;
	if ((order = strcmp(a->finding.check, b->finding.check)) != 0)
		return order;
	return strcmp(a->finding.subject, b->finding.subject);
}

static void
show(const struct ledger *ledger, const struct ledger_item *item, ledger_visit visit, void *arg)
{
	const struct ledger_entry entry = {
	    .finding = &item->finding,
	    .ack = item->ack,
	    .silenced_until_ms = ledger_silenced_until(ledger, &item->finding),
	    .flapping = item->life.flapping,
	    .quiet = item->life.quiet,
	    .unseen = item->life.unseen,
	};

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

void
ledger_each_unsorted(const struct ledger *ledger, const struct stream_id *stream, ledger_visit visit, void *arg)
{
	const struct ledger_record *record = ledger_table_find_record(ledger->table, stream);

	for (size_t i = 0; record != NULL && i < record->count; i++)
		show(ledger, record->items[i], visit, arg);
}

void
ledger_each_all(const struct ledger *ledger, ledger_visit visit, void *arg)
{
	const struct ledger_record *record;

	for (record = ledger_table_first(ledger->table); record != NULL; record = LIST_NEXT(record, all))
		for (size_t i = 0; i < record->count; i++)
			show(ledger, record->items[i], visit, arg);
}

const struct finding *
ledger_find(const struct ledger *ledger, const char *id)
{
	const struct ledger_item *item = ledger_table_find_id(ledger->table, id);

	return item != NULL ? &item->finding : NULL;
}

bool
ledger_is_acked(const struct ledger *ledger, const char *id)
{
	const struct ledger_item *item = ledger_table_find_id(ledger->table, id);

	return item != NULL && item->ack != NULL;
}

enum kd_severity
ledger_verdict(const struct ledger *ledger, const struct stream_id *stream)
{
	const struct ledger_record *record = ledger_table_find_record(ledger->table, stream);
	enum kd_severity worst = KD_OK;

	if (record == NULL || record->count == 0)
		return stream == NULL ? KD_OK : KD_UNKNOWN;
	for (size_t i = 0; i < record->count; i++)
		if (weight(record->items[i]) > worst && ledger_silenced_until(ledger, &record->items[i]->finding) == 0)
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
