/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_self: findings about kdiag itself: what is known for certain, without looks to count. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "daemon/ledger_private.h"

const char ledger_self_probe[] = "self";

enum { FLAPPING = 6 }; /* as of a probe's findings: an AWS that answers now and then would be a line a minute */

static struct finding
name_self(const char *check, const char *subject)
{
	struct finding named = {
	    .probe = (char *)ledger_self_probe,
	    .check = (char *)check,
	    .subject = (char *)subject,
	};

	finding_make_id(&named);
	return named;
}

void
ledger_raise(struct ledger *ledger, const char *check, const char *subject, enum kd_severity severity,
    const char *summary, const char *next, int64_t now_ms)
{
	struct finding named = name_self(check, subject);
	struct ledger_record *record = ledger_table_make_record(ledger->table, NULL);
	struct ledger_item *item;
	enum kd_severity from;
	enum ledger_turn turn;

	assert(!ledger->telling && severity != KD_OK);
	named.severity = severity;
	named.summary = (char *)summary;
	named.next = (char *)next;
	if ((item = ledger_find_or_add(ledger, record, &named)) == NULL)
		return; /* 2,000 are open already: nobody misses the next */
	from = (enum kd_severity)item->life.severity;
	ledger_count_out(ledger, item);
	turn = ledger_life_set(&item->life, severity, FLAPPING, now_ms);
	ledger_table_copy_texts(ledger->table, item, &named);
	item->reason = severity == KD_UNKNOWN ? KD_FAILED : KD_KNOWN;
	ledger_count_in(ledger, item);
	ledger_table_touch(item, turn != LEDGER_TURN_NONE ? LEDGER_TURNED : LEDGER_LOOKED_AT);
	ledger_tell_turn(ledger, turn, item, from, NULL, now_ms);
}

static void
say_over(struct ledger *ledger, struct ledger_item *item)
{
	struct finding over = ledger_item_view(item);
	char *now = mem_printf("over: %s", over.summary);

	over.summary = text_clean(now, strlen(now), FINDING_TEXT_MAX);
	ledger_table_copy_texts(ledger->table, item, &over);
	free(over.summary);
	free(now);
}

/* It has taken that turn for the better. What is over says so; what flaps is not. why: NULL when it was seen to be over. */
static void
tell_better(struct ledger *ledger, struct ledger_item *item, enum ledger_turn turn, enum kd_severity from,
    const char *why, int64_t now_ms)
{
	if (turn == LEDGER_TURN_RESOLVED)
		say_over(ledger, item);
	ledger_table_touch(item, turn != LEDGER_TURN_NONE ? LEDGER_TURNED : LEDGER_LOOKED_AT);
	ledger_tell_turn(ledger, turn, item, from, why, now_ms);
}

static void
end_self(struct ledger *ledger, struct ledger_item *item, const char *why, unsigned flapping, int64_t now_ms)
{
	enum kd_severity from = (enum kd_severity)item->life.severity;
	enum ledger_turn turn;

	ledger_count_out(ledger, item);
	turn = ledger_life_set(&item->life, KD_OK, flapping, now_ms);
	ledger_count_in(ledger, item);
	tell_better(ledger, item, turn, from, why, now_ms);
}

void
ledger_settle_self(struct ledger *ledger, int64_t now_ms)
{
	struct ledger_record *record = ledger_table_find_record(ledger->table, NULL);

	for (size_t i = record != NULL ? record->count : 0; i-- > 0;) {
		struct ledger_item *item = record->items[i];
		enum kd_severity from = (enum kd_severity)item->life.severity;
		enum ledger_turn turn;

		if (!item->life.flapping)
			continue;
		ledger_count_out(ledger, item);
		turn = ledger_life_settle(&item->life, now_ms);
		ledger_count_in(ledger, item);
		if (turn != LEDGER_TURN_NONE)
			tell_better(ledger, item, turn, from, NULL, now_ms);
	}
}

void
ledger_clear(struct ledger *ledger, const char *check, const char *subject, int64_t now_ms)
{
	struct ledger_record *record = ledger_table_find_record(ledger->table, NULL);
	struct finding named = name_self(check, subject);
	struct ledger_item *item = ledger_table_find(ledger->table, record, &named);

	assert(!ledger->telling);
	if (item != NULL && item->life.state == FINDING_OPEN)
		end_self(ledger, item, NULL, FLAPPING, now_ms);
}

void
ledger_sweep_self(struct ledger *ledger, int64_t since_ms, const char *why, int64_t now_ms)
{
	struct ledger_record *record = ledger_table_find_record(ledger->table, NULL);

	for (size_t i = record != NULL ? record->count : 0; i-- > 0;) {
		struct ledger_item *item = record->items[i];

		if (item->life.state == FINDING_OPEN && item->life.last_seen_ms < since_ms)
			end_self(ledger, item, why, 0, now_ms);
	}
}
