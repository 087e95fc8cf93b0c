/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_save: the ledger's side of the disk: what has to be written, and what comes back; refuses to know where it lies. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/ledger_private.h"

void
ledger_saved_free(struct ledger_saved *saved)
{
	if (saved == NULL)
		return;
	finding_free(saved->finding);
	ledger_ack_free(saved->ack);
	free(saved->life);
	free(saved);
}

static struct ledger_ack *
copy_ack(const struct ledger_ack *ack)
{
	struct ledger_ack *copy;

	if (ack == NULL)
		return NULL;
	copy = mem_new(1, sizeof(*copy));
	*copy = *ack;
	copy->by = mem_strdup(ack->by);
	copy->text = mem_strdup(ack->text);
	return copy;
}

/* What is good needs no memory: the next look says so again. */
static void
save_item(struct ledger_item *item, ledger_keep keep, void *arg)
{
	struct ledger_saved *saved;
	struct finding finding;

	ledger_table_untouch(item);
	if (item->life.state == FINDING_OK) {
		ledger_table_note_dropped(item);
		return;
	}
	saved = mem_new(1, sizeof(*saved));
	saved->no = item->no;
	finding = ledger_item_view(item);
	finding.stream = NULL;
	saved->finding = finding_copy(&finding);
	saved->finding->stream = ledger_copy_stream(item->record->stream);
	saved->ack = copy_ack(item->ack);
	saved->life = ledger_life_write(&item->life);
	item->saved = true;
	keep(saved, arg);
}

void
ledger_save(struct ledger *ledger, bool looks, ledger_keep keep, ledger_gone gone, void *arg)
{
	struct ledger_item *item;
	size_t at = 0;
	uint64_t no;

	while ((item = ledger_table_touched(ledger->table, &at)) != NULL)
		if (looks || item->touch == LEDGER_TURNED)
			save_item(item, keep, arg);
	while ((no = ledger_table_take_dropped(ledger->table)) != 0)
		gone(no, arg);
}

void
ledger_save_anew(struct ledger *ledger)
{
	struct ledger_record *record;

	while (ledger_table_take_dropped(ledger->table) != 0)
		continue;
	for (record = ledger_table_first(ledger->table); record != NULL; record = LIST_NEXT(record, all))
		for (size_t i = 0; i < record->count; i++) {
			record->items[i]->saved = false;
			ledger_table_touch(record->items[i], LEDGER_TURNED);
		}
	ledger->silences_changed = true;
}

/* ---- back ---- */

static bool
makes_sense(const struct ledger_saved *saved)
{
	const struct finding *finding = saved->finding;
	struct finding named = *finding;

	if (saved->no == 0 || finding->state == FINDING_OK || finding->severity == KD_OK)
		return false;
	finding_make_id(&named);
	return strcmp(named.id, finding->id) == 0;
}

int
ledger_restore(struct ledger *ledger, const struct ledger_saved *saved)
{
	const struct finding *from = saved->finding;
	struct ledger_record *record;
	struct ledger_item *item;
	struct ledger_life life;

	if (!makes_sense(saved) || ledger_life_read(&life, saved->life) != 0)
		return -1;
	record = ledger_table_make_record(ledger->table, from->stream);
	item = ledger_table_find(ledger->table, record, from) == NULL ? ledger_table_add(ledger->table, record, from)
								      : NULL;
	if (item == NULL) {
		ledger_life_clear(&life);
		return -1;
	}
	item->life = life;
	item->ack = copy_ack(saved->ack);
	item->saved = true;
	ledger_table_copy_texts(ledger->table, item, from);
	item->life.severity = (uint8_t)from->severity;
	item->life.state = (uint8_t)from->state;
	item->life.first_seen_ms = from->first_seen_ms;
	item->life.last_seen_ms = from->last_seen_ms;
	item->life.changed_ms = from->changed_ms;
	item->life.count = (uint32_t)from->count;
	item->reason = (uint8_t)from->reason;
	ledger_table_renumber(item, saved->no);
	ledger_count_in(ledger, item);
	return 0;
}

void
ledger_restore_seq(struct ledger *ledger, uint64_t seq)
{
	assert(seq >= ledger->seq);
	ledger->seq = seq;
}

/* Those of one record that come one behind the other are named once; the visitor may hear a name again. */
void
ledger_each_probe(const struct ledger *ledger, ledger_stream_visit visit, void *arg)
{
	const struct ledger_record *record;

	for (record = ledger_table_first(ledger->table); record != NULL; record = LIST_NEXT(record, all))
		for (size_t i = 0; record->stream != NULL && i < record->count; i++)
			if (i == 0 || strcmp(record->items[i]->names->probe, record->items[i - 1]->names->probe) != 0)
				visit(record->stream, record->items[i]->names->probe, arg);
}
