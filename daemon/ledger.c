/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: owns the listeners and what they are told; refuses to know what makes a finding change. */
#include "daemon/ledger.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/ledger_private.h"

struct ledger *
ledger_new(void)
{
	struct ledger *ledger = mem_new(1, sizeof(*ledger));

	ledger->table = ledger_table_new();
	return ledger;
}

void
ledger_free(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	assert(!ledger->telling);
	ledger_table_free(ledger->table);
	for (size_t i = 0; i < ledger->silences_count; i++)
		ledger_silence_free(ledger->silences[i]);
	free(ledger->silences);
	free(ledger->listeners);
	free(ledger);
}

/* ---- telling ---- */

static const char *const event_names[LEDGER_EVENTS] = {
    [LEDGER_OPENED] = "opened",
    [LEDGER_CHANGED] = "changed",
    [LEDGER_RESOLVED] = "resolved",
    [LEDGER_REMINDER] = "reminder",
    [LEDGER_ACKED] = "acked",
    [LEDGER_UNACKED] = "unacked",
    [LEDGER_SILENCED] = "silenced",
    [LEDGER_UNSILENCED] = "unsilenced",
    [LEDGER_FLAPPING] = "flapping",
};

const char *
ledger_event_name(enum ledger_event event)
{
	return event_names[event];
}

int
ledger_event_parse(const char *name, enum ledger_event *event)
{
	for (int i = 0; i < LEDGER_EVENTS; i++) {
		if (strcmp(event_names[i], name) != 0)
			continue;
		*event = (enum ledger_event)i;
		return 0;
	}
	return -1;
}

struct stream_id *
ledger_copy_stream(const struct stream_id *stream)
{
	struct stream_id *copy;

	if (stream == NULL)
		return NULL;
	copy = stream_id_new(stream->account, stream->region, stream->name);
	stream_id_set_arn(copy, stream->arn);
	return copy;
}

struct ledger_change *
ledger_change_copy(const struct ledger_change *change)
{
	struct ledger_change *copy = mem_new(1, sizeof(*copy));
	struct finding finding = *change->finding;

	*copy = *change;
	finding.stream = NULL;
	finding.evidence = NULL; /* no form of a change has it */
	copy->finding = finding_copy(&finding);
	((struct finding *)copy->finding)->stream = ledger_copy_stream(change->finding->stream);
	copy->why = mem_strdup(change->why);
	copy->by = mem_strdup(change->by);
	return copy;
}

void
ledger_change_free(struct ledger_change *change)
{
	if (change == NULL)
		return;
	finding_free((struct finding *)change->finding);
	free((char *)change->why);
	free((char *)change->by);
	free(change);
}

void
ledger_listen(struct ledger *ledger, ledger_listener listener, void *arg)
{
	ledger->listeners = mem_resize(ledger->listeners, ledger->listeners_count + 1, sizeof(struct listener));
	ledger->listeners[ledger->listeners_count++] = (struct listener){listener, arg};
}

void
ledger_tell(struct ledger *ledger, struct ledger_change *change)
{
	change->seq = ++ledger->seq;
	change->silenced = ledger_silenced_until(ledger, change->finding) != 0;
	ledger->telling = true;
	for (size_t i = 0; i < ledger->listeners_count; i++)
		ledger->listeners[i].call(change, ledger->listeners[i].arg);
	ledger->telling = false;
}

/* A person looks after what he knows: not after what has become worse, nor after what is over. */
static void
end_ack(struct ledger_item *item, enum kd_severity from)
{
	if (item->life.state == FINDING_OPEN && item->life.severity <= from)
		return;
	ledger_ack_free(item->ack);
	item->ack = NULL;
}

void
ledger_tell_turn(struct ledger *ledger, enum ledger_turn turn, struct ledger_item *item, enum kd_severity from,
    const char *why, int64_t now_ms)
{
	static const char calm[] = "no longer flapping";
	static const enum ledger_event events[] = {
	    [LEDGER_TURN_OPENED] = LEDGER_OPENED,
	    [LEDGER_TURN_CHANGED] = LEDGER_CHANGED,
	    [LEDGER_TURN_RESOLVED] = LEDGER_RESOLVED,
	    [LEDGER_TURN_FLAPPING] = LEDGER_FLAPPING,
	    [LEDGER_TURN_CALM] = LEDGER_CHANGED,
	};
	int64_t open_ms = now_ms - item->life.opened_ms;
	struct ledger_change change;
	struct finding finding;

	if (turn == LEDGER_TURN_NONE)
		return;
	end_ack(item, from);
	finding = ledger_item_view(item);
	change = (struct ledger_change){
	    .ms = now_ms,
	    .event = events[turn],
	    .from = turn == LEDGER_TURN_OPENED ? KD_OK : from,
	    .finding = &finding,
	    .why = turn == LEDGER_TURN_RESOLVED ? why
		   : turn == LEDGER_TURN_CALM   ? calm
						: NULL,
	    .open_ms = open_ms > 0 ? open_ms : 0, /* the wall clock may step back */
	};
	ledger_tell(ledger, &change);
}

bool
ledger_is_told(const struct ledger_item *item)
{
	return item->life.state == FINDING_OPEN && !item->life.quiet;
}

static void
count(struct ledger *ledger, const struct ledger_item *item, size_t by)
{
	if (!ledger_is_told(item))
		return;
	ledger->open[item->life.severity] += by;
	if (item->life.severity >= KD_WARNING)
		item->record->troubles += by;
}

void
ledger_count_out(struct ledger *ledger, const struct ledger_item *item)
{
	count(ledger, item, (size_t)-1);
}

void
ledger_count_in(struct ledger *ledger, const struct ledger_item *item)
{
	count(ledger, item, 1);
}
