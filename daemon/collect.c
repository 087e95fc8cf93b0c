/* SPDX-License-Identifier: Apache-2.0 */
/* collect: one stream's facts: what Kinesis said and what it is asked for; for all else it turns to the feeds. Who waits is collect_job.c's, the place's listing collect_place.c's. */
#include "daemon/collect.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/collect_place.h"

/* The list of open shards is trusted this long while the summary goes on counting as many, with no reshard under way. */
enum { SHARDS_TRUSTED_MS = 15 * 60 * 1000, TURNS_TRUSTED = 2 };

static const enum kd_need_kind slot_kinds[SLOTS] = {
    [SLOT_STATUS] = KD_STREAM_STATUS,
    [SLOT_SUMMARY] = KD_STREAM_SUMMARY,
    [SLOT_SHARDS] = KD_SHARDS,
    [SLOT_CONSUMERS] = KD_CONSUMERS,
};

/* SLOTS: not fetched. */
static enum slot_index
slot_of(enum kd_need_kind kind)
{
	enum slot_index i;

	for (i = 0; i < SLOTS && slot_kinds[i] != kind; i++)
		;
	return i;
}

struct collect *
collect_new(struct event_base *base, collect_notice_cb notice, void *arg)
{
	struct collect *collect = mem_new(1, sizeof(*collect));

	collect->base = base;
	collect->notice = notice;
	collect->notice_arg = arg;
	LIST_INIT(&collect->places);
	return collect;
}

void
collect_free(struct collect *collect)
{
	struct collect_place *place;

	if (collect == NULL)
		return;
	while ((place = LIST_FIRST(&collect->places)) != NULL)
		collect_place_free(place);
	for (size_t i = 0; i < collect->feeds_count; i++)
		collect->feeds[i].ops->free(collect->feeds[i].self);
	free(collect);
}

static struct fact *
new_expect(const struct collect_stream *stream, const struct kd_expect *expect)
{
	char *why;
	struct fact *fact;

	if (expect != NULL)
		return fact_new_expect(clock_now_ms(), expect);
	why = mem_printf("nothing is declared for %s (expect: in the config)", stream->id->name);
	fact = fact_new_missing(KD_EXPECT, KD_NOT_CONFIGURED, why, NULL);
	free(why);
	return fact;
}

static void
configure_parts(struct collect_stream *stream, const struct collect_spec *spec)
{
	const struct collect *collect = stream->place->collect;

	for (size_t i = 0; i < collect->feeds_count; i++)
		collect->feeds[i].ops->configure(stream->parts[i], spec);
}

struct collect_stream *
collect_stream_new(struct collect *collect, struct aws_place *aws, const struct collect_spec *spec)
{
	struct collect_stream *stream = mem_new(1, sizeof(*stream));

	stream->id = stream_id_ref(spec->id);
	stream->interval_ms = spec->interval_s * 1000;
	stream->expect = new_expect(stream, spec->expect);
	collect_place_add(collect_place_get(collect, aws), stream);
	collect_init_jobs(stream);
	for (size_t i = 0; i < collect->feeds_count; i++)
		stream->parts[i] = collect->feeds[i].ops->attach(collect->feeds[i].self, stream);
	configure_parts(stream, spec);
	return stream;
}

void
collect_stream_configure(struct collect_stream *stream, const struct collect_spec *spec)
{
	stream_id_ref(spec->id);
	stream_id_set_arn(spec->id, stream->id->arn);
	stream_id_unref(stream->id);
	stream->id = spec->id;
	fact_unref(stream->expect);
	stream->expect = new_expect(stream, spec->expect);
	stream->interval_ms = spec->interval_s * 1000;
	collect_place_configure(stream->place);
	configure_parts(stream, spec);
}

void
collect_stream_free(struct collect_stream *stream)
{
	enum slot_index i;

	if (stream == NULL)
		return;
	assert(LIST_EMPTY(&stream->jobs));
	for (i = 0; i < stream->place->collect->feeds_count; i++)
		stream->place->collect->feeds[i].ops->detach(stream->parts[i]);
	for (i = 0; i < SLOTS; i++) {
		collect_place_trouble(stream->place, stream, i, TROUBLE_NONE, NULL);
		if (stream->slots[i].op != NULL)
			kinesis_cancel(stream->slots[i].op);
		fact_unref(stream->slots[i].fact);
	}
	collect_place_remove(stream->place, stream);
	fact_unref(stream->expect);
	stream_id_unref(stream->id);
	free(stream);
}

int64_t
collect_turn_ms(const struct collect_stream *stream)
{
	return collect_place_turn_ms(stream->place);
}

/* ---- missing facts ---- */

static struct fact *
missing_gone(const struct collect_stream *stream, enum slot_index slot)
{
	char *why = mem_printf("stream %s does not exist in %s", stream->id->name, stream->id->region);
	struct fact *fact = fact_new_missing(slot_kinds[slot], KD_NO_DATA, why, "stream_status/status/stream");

	free(why);
	return fact;
}

/* The finding that explains it: one that the client has open, or the trouble that the collector tells of. The caller's. */
static char *
blame_of(const struct collect_stream *stream, enum slot_index asked, enum aws_fault fault)
{
	char *blame = fault == AWS_DENIED ? NULL : aws_place_blame(stream->place->aws, "kinesis", fault);

	if (blame != NULL)
		return blame;
	return collect_place_blame(stream->place, fault == AWS_DENIED ? TROUBLE_DENIED : TROUBLE_ANSWER, asked);
}

struct fact *
collect_missing(
    const struct collect_stream *stream, enum slot_index slot, enum slot_index asked, const struct aws_error *error)
{
	struct fact *fact;
	char *blame;

	if (error->fault == AWS_NOT_FOUND)
		return missing_gone(stream, slot);
	blame = blame_of(stream, asked, error->fault);
	fact = fact_new_missing(slot_kinds[slot], aws_error_reason(error), error->message, blame);
	free(blame);
	return fact;
}

/*
 * A denial is told at once. What may pass is told when it comes again, just before the streams' own findings would open. What the client has a finding for
 * proves neither that a denial is over nor that the operation answers; only the latter is handed over, for both would tell of one cause.
 */
static void
note_failure(struct collect_stream *stream, enum slot_index asked, const struct aws_error *error)
{
	struct slot *slot = &stream->slots[asked];
	char *told = aws_place_blame(stream->place->aws, "kinesis", error->fault);

	slot->history = slot->history << 1 | (error->fault != AWS_NOT_FOUND);
	if (error->fault == AWS_NOT_FOUND)
		collect_place_trouble(stream->place, stream, asked, TROUBLE_NONE, NULL);
	else if (error->fault == AWS_DENIED)
		collect_place_trouble(stream->place, stream, asked, TROUBLE_DENIED, error->message);
	else if (told == NULL && collect_fails(slot->history))
		collect_place_trouble(stream->place, stream, asked, TROUBLE_ANSWER, error->message);
	else if (told != NULL && slot->trouble == TROUBLE_ANSWER)
		collect_place_trouble(stream->place, stream, asked, TROUBLE_NONE, NULL);
	free(told);
}

/* Whose answer does a slot wait for? */
static enum slot_index
awaited(const struct collect_stream *stream, enum slot_index slot)
{
	if (slot == SLOT_STATUS && stream->place->list_op != NULL && collect_place_is_bulk(stream->place))
		return SLOT_STATUS;
	return slot != SLOT_STATUS && stream->slots[slot].op != NULL ? slot : SLOT_SUMMARY;
}

/* A deadline holds for so many attempts that what misses it is told at once. */
static struct fact *
missing_late(struct collect_stream *stream, enum slot_index slot)
{
	enum slot_index asked = awaited(stream, slot);
	const char *operation = collect_slot_operation(asked);
	double rate = aws_place_rate(stream->place->aws, operation);
	char *why, *blame = collect_place_blame(stream->place, TROUBLE_ANSWER, asked);
	struct fact *fact;

	if (rate > 0)
		why =
		    mem_printf("no answer to kinesis:%s in time (it may be called %.4g times a second here: aws.pace)",
			operation, rate);
	else
		why = mem_printf("no answer to kinesis:%s in time", operation);
	if (asked == SLOT_STATUS)
		collect_place_list_trouble(stream->place, why);
	else
		collect_place_trouble(stream->place, stream, asked, TROUBLE_ANSWER, why);
	fact = fact_new_missing(slot_kinds[slot], KD_LATE, why, blame);
	free(blame);
	free(why);
	return fact;
}

/* ---- what a need is served with ---- */

/* The feed of that kind: its index, or feeds_count. */
static size_t
feed_of(const struct collect *collect, enum kd_need_kind kind)
{
	size_t i;

	for (i = 0; i < collect->feeds_count && collect->feeds[i].ops->kind != kind; i++)
		;
	return i;
}

static bool
is_fresh(const struct slot *slot, const struct collect_terms *terms)
{
	return slot->fact != NULL && slot->asked_ms >= terms->since_ms;
}

/*
 * Where a turn of all streams takes longer than a look may wait, what changes slowly serves a look although it is of the turn before: else the probes that
 * judge by the minute would look but once a turn. The next turn goes on behind (collect_renew), and a stream whose status has changed is described anew first.
 */
static bool
is_trusted(const struct collect_stream *stream, enum slot_index index, const struct collect_terms *terms)
{
	const struct slot *slot = &stream->slots[index];
	int64_t turn_ms;

	if (index == SLOT_STATUS || terms->urgent || slot->doubted || slot->fact == NULL ||
	    fact_reason(slot->fact) != KD_KNOWN)
		return false;
	turn_ms = collect_place_turn_ms(stream->place);
	return turn_ms > stream->place->interval_ms / 2 && clock_mono_ms() - slot->asked_ms < TURNS_TRUSTED * turn_ms;
}

static bool
is_usable(const struct collect_stream *stream, enum slot_index index, const struct collect_terms *terms)
{
	return is_fresh(&stream->slots[index], terms) || is_trusted(stream, index, terms);
}

bool
collect_is_own(enum kd_need_kind kind)
{
	return slot_of(kind) != SLOTS;
}

/* Of a kind that nobody here fetches: the program was built without its feed, or a test. */
static struct fact *
missing_feed(const struct kd_need *need)
{
	return fact_new_missing(need->kind, KD_NOT_CONFIGURED, "kdiag does not gather this kind of fact here", NULL);
}

struct fact *
collect_get(const struct collect_stream *stream, const struct kd_need *need, const struct collect_terms *terms)
{
	const struct collect *collect = stream->place->collect;
	enum slot_index slot = slot_of(need->kind);
	size_t feed = feed_of(collect, need->kind);

	if (slot != SLOTS)
		return is_usable(stream, slot, terms) ? fact_ref(stream->slots[slot].fact) : NULL;
	if (need->kind == KD_EXPECT)
		return fact_ref(stream->expect);
	if (feed == collect->feeds_count)
		return missing_feed(need);
	return collect->feeds[feed].ops->get(stream->parts[feed], need, terms);
}

struct fact *
collect_late(struct collect_stream *stream, const struct kd_need *need)
{
	const struct collect *collect = stream->place->collect;
	enum slot_index slot = slot_of(need->kind);
	size_t feed = feed_of(collect, need->kind);

	return slot != SLOTS ? missing_late(stream, slot) : collect->feeds[feed].ops->late(stream->parts[feed], need);
}

static void follow(struct collect_stream *stream, enum slot_index index);

/* Sees to it that an answer to this slot is under way. */
static void
ask(struct collect_stream *stream, enum slot_index index, const struct collect_terms *terms)
{
	struct slot *slot = &stream->slots[index];

	if (is_usable(stream, index, terms))
		return;
	if (index == SLOT_SUMMARY) {
		collect_describe(stream, terms->urgent);
	} else if (index == SLOT_STATUS) {
		slot->wanted = true;
		if (!terms->urgent && collect_place_is_bulk(stream->place))
			collect_place_list(stream->place, false);
		else
			collect_describe(stream, terms->urgent);
	} else if (slot->op == NULL) {
		slot->wanted = true;
		slot->op_urgent = terms->urgent;
		if (is_usable(stream, SLOT_SUMMARY, terms))
			follow(stream, index);
		else
			collect_describe(stream, terms->urgent);
	}
}

/* What serves by trust alone gets its turn; nobody waits for it. */
static void
renew(struct collect_stream *stream, enum slot_index index, const struct collect_terms *terms)
{
	if (index == SLOT_STATUS || is_fresh(&stream->slots[index], terms))
		return;
	if (index != SLOT_SUMMARY)
		stream->slots[index].wanted = true;
	collect_describe(stream, false);
}

void
collect_renew(struct collect_stream *stream, const struct kd_need *need, const struct collect_terms *terms)
{
	enum slot_index slot = slot_of(need->kind);

	if (slot != SLOTS && is_usable(stream, slot, terms))
		renew(stream, slot, terms);
}

void
collect_doubt(struct collect_stream *stream)
{
	for (enum slot_index i = SLOT_SUMMARY; i < SLOTS; i++)
		stream->slots[i].doubted = true;
}

void
collect_ask(struct collect_stream *stream, const struct kd_need *need, const struct collect_terms *terms)
{
	const struct collect *collect = stream->place->collect;
	enum slot_index slot = slot_of(need->kind);
	size_t feed = feed_of(collect, need->kind);

	if (slot != SLOTS)
		ask(stream, slot, terms);
	else if (feed < collect->feeds_count)
		collect->feeds[feed].ops->ask(stream->parts[feed], need, terms);
}

const struct fact *
collect_stream_fact(const struct collect_stream *stream, enum kd_need_kind kind)
{
	return stream->slots[slot_of(kind)].fact;
}

const struct fact *
collect_require(struct collect_stream *stream, enum kd_need_kind kind, const struct collect_terms *terms)
{
	enum slot_index slot = slot_of(kind);

	if (!is_usable(stream, slot, terms))
		ask(stream, slot, terms);
	else
		renew(stream, slot, terms);
	return is_usable(stream, slot, terms) ? stream->slots[slot].fact : NULL;
}

/* ---- answers ---- */

void
collect_settle(struct collect_stream *stream, enum slot_index index, struct fact *fact_taken, int64_t asked_ms)
{
	struct slot *slot = &stream->slots[index];

	fact_unref(slot->fact);
	slot->fact = fact_taken;
	slot->asked_ms = asked_ms;
	slot->wanted = false;
	slot->doubted = false;
	if (fact_reason(fact_taken) != KD_KNOWN)
		return;
	slot->history <<= 1;
	if (slot->trouble != TROUBLE_ANSWER || collect_recovered(slot->history))
		collect_place_trouble(stream->place, stream, index, TROUBLE_NONE, NULL);
}

/* The operation of that slot has failed, and it alone: what it was asked for is missing. */
static void
settle_failed(struct collect_stream *stream, enum slot_index index, const struct aws_error *error)
{
	note_failure(stream, index, error);
	collect_settle(stream, index, collect_missing(stream, index, index, error), stream->slots[index].op_asked_ms);
}

/* ListShards again, or are those that we have still the ones that the summary counts? */
static bool
shards_are_good(const struct collect_stream *stream, const struct kd_stream_summary *summary)
{
	const struct slot *slot = &stream->slots[SLOT_SHARDS];
	size_t count;

	if (slot->fact == NULL || fact_value(slot->fact, KD_SHARDS, &count) == NULL)
		return false;
	return !slot->op_urgent && (int64_t)count == summary->open_shards && summary->status != KD_STATUS_UPDATING &&
	       clock_now_ms() - fact_ms(slot->fact) < SHARDS_TRUSTED_MS;
}

static void
shards_cb(const struct aws_error *error, const struct kd_shard *shards, size_t count, void *arg)
{
	struct collect_stream *stream = arg;
	struct slot *slot = &stream->slots[SLOT_SHARDS];

	slot->op = NULL;
	if (error->fault == AWS_OK)
		collect_settle(stream, SLOT_SHARDS, fact_new_shards(clock_now_ms(), shards, count), slot->op_asked_ms);
	else
		settle_failed(stream, SLOT_SHARDS, error);
	collect_renewed(stream);
}

static void
consumers_cb(const struct aws_error *error, const struct kd_consumer *consumers, size_t count, void *arg)
{
	struct collect_stream *stream = arg;
	struct slot *slot = &stream->slots[SLOT_CONSUMERS];

	slot->op = NULL;
	if (error->fault == AWS_OK)
		collect_settle(
		    stream, SLOT_CONSUMERS, fact_new_consumers(clock_now_ms(), consumers, count), slot->op_asked_ms);
	else
		settle_failed(stream, SLOT_CONSUMERS, error);
	collect_renewed(stream);
}

static void
fetch_after_summary(struct collect_stream *stream, enum slot_index index)
{
	struct slot *slot = &stream->slots[index];
	struct kinesis_ask kinesis_ask = {.stream = stream->id->name, .urgent = slot->op_urgent};

	slot->wanted = false;
	slot->op_asked_ms = clock_mono_ms();
	if (index == SLOT_SHARDS)
		slot->op = kinesis_list_shards(stream->place->aws, &kinesis_ask, shards_cb, stream);
	else
		slot->op = kinesis_list_stream_consumers(
		    stream->place->aws, stream->id->arn, &kinesis_ask, consumers_cb, stream);
}

/* The summary is in: what waited for it (shards, consumers) is had from it, from before, or from AWS. */
static void
follow(struct collect_stream *stream, enum slot_index index)
{
	struct slot *slot = &stream->slots[index];
	const struct slot *from = &stream->slots[SLOT_SUMMARY];
	const struct kd_stream_summary *summary = fact_value(from->fact, KD_STREAM_SUMMARY, NULL);

	if (summary == NULL)
		collect_settle(stream, index,
		    fact_new_missing(
			slot_kinds[index], fact_reason(from->fact), fact_why(from->fact), fact_blame(from->fact)),
		    from->asked_ms);
	else if (index == SLOT_SHARDS && shards_are_good(stream, summary))
		collect_settle(stream, index, fact_ref(slot->fact), from->asked_ms);
	else if (index == SLOT_CONSUMERS && summary->consumers == 0)
		collect_settle(stream, index, fact_new_consumers(fact_ms(from->fact), NULL, 0), from->asked_ms);
	else
		fetch_after_summary(stream, index);
}

/*
 * A failed description says nothing against a newer listing. One that waited for its turn for minutes is the newer answer, although it was asked for before: it must not
 * make the status look old, or each would be followed by a listing of its own.
 */
static void
settle_status(struct collect_stream *stream, struct fact *fact_taken, int64_t asked_ms)
{
	const struct slot *slot = &stream->slots[SLOT_STATUS];

	if (slot->fact != NULL && slot->asked_ms > asked_ms)
		asked_ms = slot->asked_ms;
	if (fact_reason(fact_taken) != KD_KNOWN && !slot->wanted && slot->fact != NULL &&
	    collect_place_is_bulk(stream->place))
		fact_unref(fact_taken);
	else
		collect_settle(stream, SLOT_STATUS, fact_taken, asked_ms);
}

static void
summary_cb(const struct aws_error *error, const struct kinesis_summary *answer, void *arg)
{
	struct collect_stream *stream = arg;
	struct slot *slot = &stream->slots[SLOT_SUMMARY];
	struct kd_stream_status status = {.status = KD_STATUS_GONE};
	int64_t now_ms = clock_now_ms();
	enum slot_index i;

	slot->op = NULL;
	if (error->fault == AWS_OK) {
		stream_id_set_arn(stream->id, answer->arn);
		status.status = answer->summary.status;
		status.mode = answer->summary.mode;
		collect_settle(stream, SLOT_SUMMARY, fact_new_summary(now_ms, &answer->summary), slot->op_asked_ms);
	} else {
		settle_failed(stream, SLOT_SUMMARY, error);
	}
	if (error->fault == AWS_OK || error->fault == AWS_NOT_FOUND)
		settle_status(stream, fact_new_status(now_ms, &status), slot->op_asked_ms);
	else
		settle_status(stream, collect_missing(stream, SLOT_STATUS, SLOT_SUMMARY, error), slot->op_asked_ms);
	for (i = SLOT_SHARDS; i < SLOTS; i++)
		if (stream->slots[i].wanted && stream->slots[i].op == NULL)
			follow(stream, i);
	collect_renewed(stream);
}

void
collect_describe(struct collect_stream *stream, bool urgent)
{
	struct slot *slot = &stream->slots[SLOT_SUMMARY];
	struct kinesis_ask kinesis_ask = {.stream = stream->id->name, .urgent = urgent};

	if (slot->op != NULL && (slot->op_urgent || !urgent))
		return;
	if (slot->op != NULL)
		kinesis_cancel(slot->op);
	slot->op_urgent = urgent;
	slot->op_asked_ms = clock_mono_ms();
	slot->op = kinesis_describe_stream_summary(stream->place->aws, &kinesis_ask, summary_cb, stream);
}

struct kd_facts *
collect_facts(const struct collect_stream *stream)
{
	struct kd_facts *facts = facts_new(stream->id, clock_now_ms(), NULL);
	enum slot_index i;

	for (i = 0; i < SLOTS; i++)
		if (stream->slots[i].fact != NULL)
			facts_add_taken(facts, fact_ref(stream->slots[i].fact));
	facts_add_taken(facts, fact_ref(stream->expect));
	for (size_t f = 0; f < stream->place->collect->feeds_count; f++)
		stream->place->collect->feeds[f].ops->show(stream->parts[f], facts);
	return facts;
}
