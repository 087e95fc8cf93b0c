/* SPDX-License-Identifier: Apache-2.0 */
/* metric_place: a place's metrics cut into calls: what is due is gathered, sorted so that like goes with like, and sent, a few calls at once; what comes back goes to each series by itself. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "daemon/metric_private.h"

/* A call of 500 metrics holds half a megabyte while it is under way, and the pace lets few through: of thousands of streams the others wait as lists of what they will ask. */
enum { CALLS_AT_ONCE = 8 };

/* What is sent in one turn of the loop, and how it ends: told of once, however many calls it takes. */
struct metric_batch {
	struct metric_place *place;
	bool urgent;
	size_t calls; /* waiting or under way */
	size_t asked, good, bad;
	/* The first that failed. */
	enum aws_fault fault;
	char *why;
	bool is_denied;
};

struct metric_call {
	struct metric_place *place;
	struct metric_batch *batch;
	struct cloudwatch_op *op;   /* NULL: it waits for its turn */
	struct metric_item **items; /* NULL inside: its stream is gone */
	size_t count;
	struct metric_range range;
	int64_t base_ms, asked_ms; /* clock_mono_ms() */
	LIST_ENTRY(metric_call) link;
};

/* ---- places ---- */

static void kick_cb(evutil_socket_t fd, short what, void *arg);

struct metric_place *
metric_place_get(struct metric_feed *feed, struct aws_place *aws)
{
	struct metric_place *place;

	LIST_FOREACH(place, &feed->places, link)
	if (place->aws == aws)
		return place;
	place = mem_new(1, sizeof(*place));
	place->feed = feed;
	place->aws = aws;
	TAILQ_INIT(&place->parts);
	TAILQ_INIT(&place->answered);
	LIST_INIT(&place->calls);
	evtimer_assign(&place->kick, collect_base(feed->collect), kick_cb, place);
	LIST_INSERT_HEAD(&feed->places, place, link);
	return place;
}

static void
batch_free(struct metric_batch *batch)
{
	free(batch->why);
	free(batch);
}

static void
call_free(struct metric_call *call)
{
	call->place->feed->asking -= call->count;
	call->place->under_way -= call->op != NULL;
	LIST_REMOVE(call, link);
	free(call->items);
	free(call);
}

static void
tell(const struct metric_place *place, const char *check, const char *why)
{
	collect_tell(place->feed->collect, place->aws, check, METRIC_OPERATION, why);
}

void
metric_place_free(struct metric_place *place)
{
	struct metric_call *call, *next;

	assert(TAILQ_EMPTY(&place->parts));
	for (call = LIST_FIRST(&place->calls); call != NULL; call = next) {
		next = LIST_NEXT(call, link);
		if (call->op != NULL)
			cloudwatch_cancel(call->op);
		if (--call->batch->calls == 0)
			batch_free(call->batch);
		call_free(call);
	}
	if (place->is_denied)
		tell(place, "denied", NULL);
	if (place->is_troubled)
		tell(place, "answer", NULL);
	event_del(&place->kick);
	metric_failure_unref(place->failure);
	LIST_REMOVE(place, link);
	free(place);
}

void
metric_place_kick(struct metric_place *place)
{
	static const struct timeval now = {0, 0};

	if (!evtimer_pending(&place->kick, NULL))
		evtimer_add(&place->kick, &now);
}

void
metric_place_forget(struct metric_place *place, const struct metric_item *item)
{
	struct metric_call *call;
	size_t i;

	LIST_FOREACH(call, &place->calls, link)
	for (i = 0; i < call->count; i++)
		if (call->items[i] == item)
			call->items[i] = NULL;
}

/* ---- how it goes ---- */

static void
set_trouble(struct metric_place *place, const char *why)
{
	if (why != NULL || place->is_troubled)
		tell(place, "answer", why);
	place->is_troubled = why != NULL;
}

void
metric_place_note_late(struct metric_place *place, const char *why)
{
	place->history |= 1;
	set_trouble(place, why);
}

static void
set_denied(struct metric_place *place, const char *why)
{
	if (why != NULL || place->is_denied)
		tell(place, "denied", why);
	place->is_denied = why != NULL;
}

/* What the client has a finding for is not told twice; see collect.c, note_failure(). */
static void
note_bad(struct metric_place *place, const struct metric_batch *batch)
{
	char *told = aws_place_blame(place->aws, "monitoring", batch->fault);
	char *why = batch->asked > 1 ? mem_printf("%s (%zu of %zu metrics came without a good answer)", batch->why,
					   batch->bad, batch->asked)
				     : mem_strdup(batch->why);

	if (told != NULL)
		set_trouble(place, NULL);
	else if (collect_fails(place->history))
		set_trouble(place, why);
	free(told);
	free(why);
}

struct failing {
	size_t denied, other;
};

static void
count_failing(const struct metric_want *want, struct failing *failing)
{
	size_t i;

	for (i = 0; want->active && i < metric_want_count(want); i++) {
		const struct metric_failure *failure = metric_want_item(want, i)->failure;

		if (failure != NULL && failure->fault != AWS_OK)
			(*(failure->fault == AWS_DENIED ? &failing->denied : &failing->other))++;
	}
}

/* What failed is tried again at times of its own: a batch that went well proves nothing about the metrics that it does not hold. */
static struct failing
find_failing(const struct metric_place *place)
{
	struct failing failing = {0};
	const struct metric_part *part;
	size_t i;

	TAILQ_FOREACH(part, &place->parts, link)
	for (i = 0; i < part->rows->count && !metric_part_is_gone(part); i++)
		count_failing(&part->wants[i], &failing);
	return failing;
}

static void
note_end(struct metric_place *place, const struct metric_batch *batch)
{
	const struct failing failing = find_failing(place);

	place->history = place->history << 1 | (batch->bad > 0 && !batch->is_denied);
	if (batch->is_denied)
		set_denied(place, batch->why);
	else if (failing.denied == 0)
		set_denied(place, NULL);
	if (batch->bad > 0 && !batch->is_denied)
		note_bad(place, batch);
	else if (failing.other == 0 && collect_recovered(place->history))
		set_trouble(place, NULL);
}

/* ---- answers ---- */

static void
item_failed(struct metric_batch *batch, struct metric_item *item, enum aws_fault fault, const char *why)
{
	metric_item_fail(item, fault, why);
	if (batch->bad++ > 0 && (batch->is_denied || fault != AWS_DENIED))
		return;
	batch->fault = fault;
	batch->is_denied = fault == AWS_DENIED;
	cause_set(&batch->why, "%s", why);
}

/* What ails one series of an answer that came. */
static void
series_failed(struct metric_batch *batch, struct metric_item *item, const struct cloudwatch_series *series)
{
	static const struct {
		enum aws_fault fault;
		const char *what;
	} kinds[] = {
	    [CLOUDWATCH_ABSENT] = {AWS_BAD_ANSWER, "GetMetricData says nothing of"},
	    [CLOUDWATCH_PARTIAL] = {AWS_SERVICE, "GetMetricData gives only part of"},
	    [CLOUDWATCH_INTERNAL] = {AWS_SERVICE, "GetMetricData fails over"},
	    [CLOUDWATCH_FORBIDDEN] = {AWS_DENIED, "GetMetricData may not read"},
	};
	const struct metric_want *want = item->want;
	const char *stream = collect_stream_id(want->part->stream)->name;
	char *why = mem_printf("%s %s of %s%s%s%s%s", kinds[series->status].what, want->row->need.metric, stream,
	    item->series.subject != NULL ? "/" : "", item->series.subject != NULL ? item->series.subject : "",
	    series->why != NULL ? ": " : "", series->why != NULL ? series->why : "");

	item_failed(batch, item, kinds[series->status].fault, why);
	free(why);
}

static void
mark_answered(struct metric_part *part)
{
	if (!part->is_answered)
		TAILQ_INSERT_TAIL(&part->place->answered, part, answered);
	part->is_answered = true;
}

static void
take_series(struct metric_call *call, struct metric_item *item, const struct aws_error *error,
    const struct cloudwatch_series *series, int64_t now_ms)
{
	item->asking--;
	if (series->status == CLOUDWATCH_COMPLETE) {
		metric_item_take(item, &call->range, call->base_ms, call->asked_ms, now_ms, series->values);
		call->batch->good++;
	} else if (error->fault != AWS_OK) {
		item_failed(call->batch, item, error->fault, error->message);
	} else {
		series_failed(call->batch, item, series);
	}
	mark_answered(item->want->part);
}

/* Jobs end, and whoever waited for them may do anything to the streams. */
static void
advance_answered(struct metric_place *place)
{
	struct metric_part *part;

	while ((part = TAILQ_FIRST(&place->answered)) != NULL) {
		TAILQ_REMOVE(&place->answered, part, answered);
		part->is_answered = false;
		collect_advance(part->stream);
	}
}

static void
call_end(struct metric_call *call)
{
	struct metric_place *place = call->place;
	struct metric_batch *batch = call->batch;

	call_free(call);
	if (--batch->calls > 0)
		return;
	note_end(place, batch);
	batch_free(batch);
}

static void start_calls(struct metric_place *place);

static void
answer_cb(const struct aws_error *error, const struct cloudwatch_series *series, size_t count, void *arg)
{
	struct metric_call *call = arg;
	struct metric_place *place = call->place;
	int64_t now_ms = clock_now_ms();
	size_t i;

	for (i = 0; i < count; i++)
		if (call->items[i] != NULL)
			take_series(call, call->items[i], error, &series[i], now_ms);
	call_end(call);
	start_calls(place);
	advance_answered(place);
}

/* ---- what goes into a call ---- */

/* A series to be sent, with what it is sorted by: what one call has in common, and then the start, so that no long window makes a call of short ones heavy. */
struct due {
	struct metric_item *item;
	struct metric_range range;
	int64_t base_ms;
};

struct due_list {
	struct due *rows;
	size_t count, room;
};

static int64_t
period_of(const struct due *due)
{
	return due->item->want->row->need.period_s;
}

static int
compare_due(const void *left, const void *right)
{
	const struct due *a = left, *b = right;

	if (a->item->urgent != b->item->urgent)
		return b->item->urgent - a->item->urgent;
	if (a->range.end_ms != b->range.end_ms)
		return a->range.end_ms < b->range.end_ms ? -1 : 1;
	if (period_of(a) != period_of(b))
		return period_of(a) < period_of(b) ? -1 : 1;
	if (a->range.start_ms != b->range.start_ms)
		return a->range.start_ms < b->range.start_ms ? -1 : 1;
	return 0;
}

static bool
goes_with(const struct due *a, const struct due *b)
{
	return a->item->urgent == b->item->urgent && a->range.end_ms == b->range.end_ms && period_of(a) == period_of(b);
}

/* How many of the rows fit into one call with the first, whose window is the longest. */
static size_t
count_for_call(const struct due *rows, size_t count)
{
	size_t points = (size_t)((rows[0].range.end_ms - rows[0].range.start_ms) / (period_of(&rows[0]) * 1000));
	size_t most = points >= CLOUDWATCH_POINTS_MAX ? 1 : CLOUDWATCH_POINTS_MAX / points, i;

	if (most > CLOUDWATCH_QUERIES_MAX)
		most = CLOUDWATCH_QUERIES_MAX;
	for (i = 1; i < count && i < most && goes_with(&rows[0], &rows[i]); i++)
		;
	return i;
}

static struct cloudwatch_query
query_of(const struct metric_item *item)
{
	static const char *const dimensions[] = {
	    [KD_PER_STREAM] = NULL, [KD_PER_SHARD] = "ShardId", [KD_PER_CONSUMER] = "ConsumerName"};
	const struct metric_want *want = item->want;

	return (struct cloudwatch_query){
	    .metric = want->row->need.metric,
	    .stat = need_stat_name(want->row->need.stat),
	    .period_s = want->row->need.period_s,
	    .stream = collect_stream_id(want->part->stream)->name,
	    .dimension = dimensions[want->row->need.per],
	    .subject = item->series.subject,
	};
}

/* Waits for its turn. What is asked for by hand is ahead of all that is not. */
static void
add_call(struct metric_batch *batch, const struct due *rows, size_t count)
{
	struct metric_place *place = batch->place;
	struct metric_call *call = mem_new(1, sizeof(*call));
	int64_t now_ms = clock_mono_ms();

	call->place = place;
	call->batch = batch;
	call->range = rows[0].range;
	call->base_ms = rows[0].base_ms;
	call->count = count;
	call->items = mem_new(count, sizeof(struct metric_item *));
	for (size_t i = 0; i < count; i++) {
		call->items[i] = rows[i].item;
		rows[i].item->asking++;
		rows[i].item->sent_ms = now_ms;
		rows[i].item->sent_urgent = batch->urgent;
	}
	LIST_INSERT_HEAD(&place->calls, call, link);
	batch->calls++;
	batch->asked += count;
	place->feed->asking += count;
}

static void
drop_items(struct metric_call *call)
{
	size_t kept = 0;

	for (size_t i = 0; i < call->count; i++)
		if (call->items[i] != NULL)
			call->items[kept++] = call->items[i];
	call->batch->asked -= call->count - kept;
	call->place->feed->asking -= call->count - kept;
	call->count = kept;
}

static void
start_call(struct metric_call *call)
{
	struct cloudwatch_query *queries = mem_new(call->count, sizeof(*queries));
	struct cloudwatch_ask ask = {
	    .start_ms = call->range.start_ms, .end_ms = call->range.end_ms, .urgent = call->batch->urgent};

	call->asked_ms = clock_mono_ms();
	for (size_t i = 0; i < call->count; i++) {
		call->items[i]->sent_ms = call->asked_ms;
		queries[i] = query_of(call->items[i]);
	}
	call->place->under_way++;
	call->op = cloudwatch_get_metric_data(call->place->aws, &ask, queries, call->count, answer_cb, call);
	free(queries);
}

/* The next whose turn it is, the oldest of its kind; NULL: none waits. */
static struct metric_call *
next_call(const struct metric_place *place)
{
	struct metric_call *call, *next = NULL;

	LIST_FOREACH(call, &place->calls, link)
	{
		if (call->op == NULL && (next == NULL || call->batch->urgent >= next->batch->urgent))
			next = call;
	}
	return next;
}

/* Streams may have gone while their calls waited. */
static void
drop_gone(struct metric_place *place)
{
	struct metric_call *call, *next;

	for (call = LIST_FIRST(&place->calls); call != NULL; call = next) {
		next = LIST_NEXT(call, link);
		if (call->op != NULL)
			continue;
		drop_items(call);
		if (call->count == 0)
			call_end(call);
	}
}

static void
start_calls(struct metric_place *place)
{
	struct metric_call *call;

	drop_gone(place);
	while ((call = next_call(place)) != NULL && (place->under_way < CALLS_AT_ONCE || call->batch->urgent))
		start_call(call);
}

/* ---- a batch ---- */

static void
add_due(struct due_list *list, struct metric_item *item, int64_t base_ms)
{
	struct due *row;

	if (list->count == list->room) {
		list->room = list->room * 2 + 64;
		list->rows = mem_resize(list->rows, list->room, sizeof(*list->rows));
	}
	row = &list->rows[list->count++];
	row->item = item;
	row->base_ms = base_ms;
	row->range = metric_series_next(&item->series, &item->want->row->need, base_ms);
}

static void
find_due_of(const struct metric_want *want, int64_t aws_now_ms, struct due_list *list)
{
	int64_t base_ms = metric_want_base_at(want, aws_now_ms);

	for (size_t i = 0; i < metric_want_count(want); i++)
		if (metric_item_is_due(metric_want_item(want, i), base_ms))
			add_due(list, metric_want_item(want, i), base_ms);
}

static void
find_due(const struct metric_place *place, struct due_list *list)
{
	int64_t aws_now_ms = aws_place_now_ms(place->aws);
	struct metric_part *part;

	TAILQ_FOREACH(part, &place->parts, link)
	{
		if (part->is_waiting)
			mark_answered(part);
		part->is_waiting = false;
		if (metric_part_is_gone(part))
			continue;
		for (size_t i = 0; i < part->rows->count; i++)
			if (part->wants[i].active)
				find_due_of(&part->wants[i], aws_now_ms, list);
	}
}

/* What the day's money does not reach for fails at once; what is asked for by hand comes first in the list. */
static void
drop_unpaid(struct due_list *list, double paid)
{
	while (list->count > 0 && (double)list->count > paid) {
		struct metric_item *item = list->rows[--list->count].item;

		item->urgent = false;
		metric_item_fail(item, AWS_OK, METRIC_UNPAID);
		mark_answered(item->want->part);
	}
}

static void
send_due(struct metric_place *place, const struct due_list *list)
{
	struct metric_batch *batch = NULL;
	size_t at, count;

	for (at = 0; at < list->count; at += count) {
		if (batch == NULL || batch->urgent != list->rows[at].item->urgent) {
			batch = mem_new(1, sizeof(*batch));
			batch->place = place;
			batch->urgent = list->rows[at].item->urgent;
		}
		count = count_for_call(&list->rows[at], list->count - at);
		add_call(batch, &list->rows[at], count);
	}
	for (at = 0; at < list->count; at++)
		list->rows[at].item->urgent = false;
	start_calls(place);
}

static void
kick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct metric_place *place = arg;
	double paid = metric_feed_budget(place->feed);
	struct due_list list = {0};

	(void)fd;
	(void)what;
	find_due(place, &list);
	if (list.count > 1)
		qsort(list.rows, list.count, sizeof(*list.rows), compare_due);
	drop_unpaid(&list, paid);
	send_due(place, &list);
	free(list.rows);
	advance_answered(place);
}
