/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics' feed in a collector, against a CloudWatch that the test itself plays: how few calls there are, what fails alone, what is served meanwhile, and what it may cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/event.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/aws/cloudwatch.h"
#include "daemon/collect_feed.h"
#include "daemon/metric_feed.h"

enum {
	MANY = 100,
	EACH = 14,
	OPS_MAX = 400,
	QUERIES_MAX = CLOUDWATCH_QUERIES_MAX,
	MINUTE = 60 * 1000,
	HOUR = 60 * MINUTE
};

#define NOON INT64_C(1795608000000) /* 2026-11-25T12:00:00Z */

/* ---- a CloudWatch of our own ---- */

struct cloudwatch_op {
	struct cloudwatch_ask ask;
	size_t count;
	char *names[QUERIES_MAX]; /* "orders IncomingRecords", "orders IncomingBytes shardId-…" */
	int64_t period_s[QUERIES_MAX];
	bool answered, cancelled;
	cloudwatch_cb cb;
	void *arg;
};

static struct cloudwatch_op *ops[OPS_MAX];
static size_t ops_made;
static double rate;

struct cloudwatch_op *
cloudwatch_get_metric_data(struct aws_place *place, const struct cloudwatch_ask *ask,
    const struct cloudwatch_query *queries, size_t count, cloudwatch_cb cb, void *arg)
{
	struct cloudwatch_op *op = mem_new(1, sizeof(*op));
	size_t i;

	(void)place;
	assert_true(ops_made < OPS_MAX && count >= 1 && count <= QUERIES_MAX);
	op->ask = *ask;
	op->count = count;
	op->cb = cb;
	op->arg = arg;
	for (i = 0; i < count; i++) {
		const struct cloudwatch_query *query = &queries[i];

		op->period_s[i] = query->period_s;
		op->names[i] = mem_printf("%s %s%s%s", query->stream, query->metric, query->subject != NULL ? " " : "",
		    query->subject != NULL ? query->subject : "");
		assert_true((query->dimension != NULL) == (query->subject != NULL));
		assert_int_equal(ask->start_ms % (query->period_s * 1000), 0);
		assert_int_equal(ask->end_ms % (query->period_s * 1000), 0);
	}
	ops[ops_made++] = op;
	return op;
}

void
cloudwatch_cancel(struct cloudwatch_op *op)
{
	op->cancelled = true;
}

/* The value of a minute: how many minutes it lies behind noon. */
static double
value_at(int64_t ms)
{
	return (double)(ms - NOON) / MINUTE;
}

/* How one series of an answer fares; NULL: all are complete. */
typedef enum cloudwatch_status (*fate)(const char *name);

static void
answer_op(struct cloudwatch_op *op, fate fate_of, const struct aws_error *error)
{
	struct cloudwatch_series series[QUERIES_MAX] = {{0}};
	size_t i, k;

	op->answered = true;
	for (i = 0; i < op->count; i++) {
		series[i].status = fate_of == NULL ? CLOUDWATCH_COMPLETE : fate_of(op->names[i]);
		series[i].count = (size_t)((op->ask.end_ms - op->ask.start_ms) / (op->period_s[i] * 1000));
		series[i].values = mem_new(series[i].count, sizeof(double));
		for (k = 0; k < series[i].count; k++)
			series[i].values[k] = value_at(op->ask.start_ms + (int64_t)k * op->period_s[i] * 1000);
	}
	op->cb(error, series, op->count, op->arg);
	for (i = 0; i < op->count; i++)
		free(series[i].values);
}

static const struct aws_error good = {.fault = AWS_OK};

/* All calls that wait. */
static void
answer_all(fate fate_of)
{
	size_t i;

	for (i = 0; i < ops_made; i++)
		if (!ops[i]->answered && !ops[i]->cancelled)
			answer_op(ops[i], fate_of, &good);
}

static enum cloudwatch_status
nothing_came(const char *name)
{
	(void)name;
	return CLOUDWATCH_ABSENT;
}

static void
fail_all(enum aws_fault fault, const char *why)
{
	struct aws_error error = {.fault = fault};
	size_t i;

	snprintf(error.message, sizeof(error.message), "%s", why);
	for (i = 0; i < ops_made; i++)
		if (!ops[i]->answered && !ops[i]->cancelled)
			answer_op(ops[i], nothing_came, &error);
}

static size_t
asked_metrics(size_t from)
{
	size_t i, count = 0;

	for (i = from; i < ops_made; i++)
		count += ops[i]->count;
	return count;
}

/* Is it asked for in one of the calls from that one on? */
static bool
is_asked(size_t from, const char *name)
{
	size_t i, k;

	for (i = from; i < ops_made; i++)
		for (k = 0; k < ops[i]->count; k++)
			if (strcmp(ops[i]->names[k], name) == 0)
				return true;
	return false;
}

/* ---- a Kinesis that answers from within the loop is not needed: each call is kept, and answered by hand ---- */

struct kinesis_op {
	void (*cb)(void);
	void *arg;
};

static struct kinesis_op describing, listing_shards, listing_consumers;
static size_t describes, shard_listings;

static struct kinesis_op *
keep(struct kinesis_op *op, void (*cb)(void), void *arg)
{
	assert_null(op->cb);
	op->cb = cb;
	op->arg = arg;
	return op;
}

struct kinesis_op *
kinesis_describe_stream_summary(
    struct aws_place *place, const struct kinesis_ask *ask, kinesis_summary_cb cb, void *arg)
{
	(void)place;
	(void)ask;
	describes++;
	return keep(&describing, (void (*)(void))cb, arg);
}

struct kinesis_op *
kinesis_list_shards(struct aws_place *place, const struct kinesis_ask *ask, kinesis_shards_cb cb, void *arg)
{
	(void)place;
	(void)ask;
	shard_listings++;
	return keep(&listing_shards, (void (*)(void))cb, arg);
}

struct kinesis_op *
kinesis_list_stream_consumers(
    struct aws_place *place, const char *arn, const struct kinesis_ask *ask, kinesis_consumers_cb cb, void *arg)
{
	(void)place;
	(void)arn;
	(void)ask;
	return keep(&listing_consumers, (void (*)(void))cb, arg);
}

struct kinesis_op *
kinesis_list_streams(struct aws_place *place, const struct kinesis_ask *ask, kinesis_streams_cb cb, void *arg)
{
	(void)place;
	(void)ask;
	(void)cb;
	(void)arg;
	fail_msg("no test here asks for a listing");
	return NULL;
}

void
kinesis_cancel(struct kinesis_op *op)
{
	op->cb = NULL;
}

static const char *const byte_metrics[] = {"IncomingBytes"};

static void
answer_summary(int64_t consumers)
{
	const struct kinesis_summary answer = {.summary = {.status = KD_STATUS_ACTIVE,
						   .mode = KD_MODE_PROVISIONED,
						   .retention_hours = 24,
						   .open_shards = 2,
						   .consumers = consumers,
						   .encryption = "NONE",
						   .shard_metrics = byte_metrics,
						   .shard_metrics_count = 1},
	    .name = "orders",
	    .arn = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"};
	kinesis_summary_cb cb = (kinesis_summary_cb)describing.cb;

	assert_non_null(cb);
	describing.cb = NULL;
	cb(&good, &answer, describing.arg);
}

static void
answer_gone(void)
{
	const struct aws_error error = {.fault = AWS_NOT_FOUND, .message = "no such stream"};
	kinesis_summary_cb cb = (kinesis_summary_cb)describing.cb;

	assert_non_null(cb);
	describing.cb = NULL;
	cb(&error, NULL, describing.arg);
}

static void
answer_shards(const char *first, const char *second)
{
	const struct kd_shard shards[] = {{.id = first}, {.id = second}};
	kinesis_shards_cb cb = (kinesis_shards_cb)listing_shards.cb;

	assert_non_null(cb);
	listing_shards.cb = NULL;
	cb(&good, shards, 2, listing_shards.arg);
}

static void
answer_consumers(void)
{
	const struct kd_consumer consumers[] = {{.name = "billing", .arn = "arn", .status = KD_STATUS_ACTIVE}};
	kinesis_consumers_cb cb = (kinesis_consumers_cb)listing_consumers.cb;

	assert_non_null(cb);
	listing_consumers.cb = NULL;
	cb(&good, consumers, 1, listing_consumers.arg);
}

/* ---- the client, as far as anyone here knows it ---- */

double
aws_place_rate(const struct aws_place *place, const char *operation)
{
	(void)place;
	(void)operation;
	return rate;
}

char *
aws_place_blame(const struct aws_place *place, const char *service, enum aws_fault fault)
{
	(void)place;
	return fault == AWS_NETWORK ? mem_printf("self/service/%s us-east-1", service) : NULL;
}

static int64_t mended_ms;

bool
aws_place_is_mended_since(const struct aws_place *place, int64_t mono_ms)
{
	(void)place;
	return mended_ms > mono_ms;
}

const char *
aws_place_account(const struct aws_place *place)
{
	(void)place;
	return "prod";
}

const char *
aws_place_region(const struct aws_place *place)
{
	(void)place;
	return "us-east-1";
}

int64_t
aws_place_now_ms(const struct aws_place *place)
{
	(void)place;
	return clock_now_ms();
}

/* ---- the stage ---- */

static struct event_base *base;
static struct collect *collect;
static struct metric_feed *feed;
static struct metric_feed_options options;
static struct aws_place *const place = (struct aws_place *)&rate; /* never looked into */
static char told[512];
static int tellings;
static double spent;

static void
notice_cb(const char *check, const char *subject, const char *why, void *arg)
{
	(void)arg;
	tellings++;
	snprintf(told, sizeof(told), "%s/%s: %s", check, subject, why == NULL ? "over" : why);
}

static double
spent_cb(void *arg)
{
	(void)arg;
	return spent;
}

static void
expect_told(const char *text)
{
	assert_string_equal(told, text);
	told[0] = '\0';
}

static int
setup(void **state)
{
	(void)state;
	ops_made = 0;
	rate = 0;
	tellings = 0;
	spent = 0;
	mended_ms = 0;
	describes = shard_listings = 0;
	told[0] = '\0';
	memset(&describing, 0, sizeof(describing));
	memset(&listing_shards, 0, sizeof(listing_shards));
	memset(&listing_consumers, 0, sizeof(listing_consumers));
	clock_freeze(NOON, 1000000);
	base = event_base_new();
	collect = collect_new(base, notice_cb, NULL);
	options = (struct metric_feed_options){.settle_s = 120, .spent_usd = spent_cb, .notice = notice_cb};
	feed = metric_feed_add(collect, &options);
	return 0;
}

static void
pass(int64_t ms)
{
	clock_freeze(clock_now_ms() + ms, clock_mono_ms() + ms);
}

/* What stands for now: batches go out, deadlines that are over pass. */
static void
turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static struct collect_want
want(const char *metric, enum kd_per per, int64_t window_s, int64_t shift_s, int64_t interval_s)
{
	const struct kd_need need = {.kind = KD_METRIC,
	    .metric = metric,
	    .stat = KD_SUM,
	    .per = per,
	    .period_s = 60,
	    .window_s = window_s,
	    .shift_s = shift_s};

	return (struct collect_want){.need = need, .interval_s = interval_s};
}

/* What a test that failed has left. */
static struct collect_stream *watched[MANY];

static void
unwatch(struct collect_stream *stream)
{
	size_t i;

	for (i = 0; watched[i] != stream; i++)
		;
	watched[i] = NULL;
	collect_stream_free(stream);
}

static struct collect_stream *
watch(const char *name, const struct collect_want *wants, size_t count)
{
	struct stream_id *id = stream_id_new("prod", "us-east-1", name);
	const struct collect_spec spec = {.id = id, .interval_s = 60, .wants = wants, .wants_count = count};
	struct collect_stream *stream = collect_stream_new(collect, place, &spec);

	stream_id_unref(id);
	for (size_t i = 0; i < MANY; i++) {
		if (watched[i] == NULL) {
			watched[i] = stream;
			return stream;
		}
	}
	fail_msg("more streams than MANY");
	return NULL;
}

static int
teardown(void **state)
{
	bool left = false;
	size_t i, k;

	(void)state;
	for (i = 0; i < MANY; i++)
		left |= watched[i] != NULL;
	memset(watched, 0, sizeof(watched));
	if (left) /* the test failed: its jobs stand in the way of an orderly end */
		return -1;
	collect_free(collect);
	event_base_free(base);
	for (i = 0; i < ops_made; i++) {
		for (k = 0; k < ops[i]->count; k++)
			free(ops[i]->names[k]);
		free(ops[i]);
	}
	return 0;
}

/* What a look got. */
struct look {
	int calls;
	size_t count;
	struct fact *facts[4];
	struct collect_job *job;
};

static void
look_cb(struct fact *const *facts, size_t count, void *arg)
{
	struct look *look = arg;

	look->calls++;
	look->count = count;
	look->job = NULL;
	for (size_t i = 0; i < count; i++)
		look->facts[i] = fact_ref(facts[i]);
}

static void
forget(struct look *look)
{
	for (size_t i = 0; i < look->count; i++)
		fact_unref(look->facts[i]);
	memset(look, 0, sizeof(*look));
}

static struct collect_terms
terms_of(bool by_hand)
{
	return (struct collect_terms){.since_ms = clock_mono_ms() - (by_hand ? 0 : 30000),
	    .urgent = by_hand,
	    .detailed = by_hand,
	    .deadline_ms = clock_mono_ms() + 60000};
}

static void
look_with(struct collect_stream *stream, const struct kd_need *needs, size_t count, const struct collect_terms *terms,
    struct look *look)
{
	forget(look);
	look->job = collect_gather(stream, needs, count, terms, look_cb, look);
	turn();
}

static void
look_at(struct collect_stream *stream, const struct kd_need *needs, size_t count, struct look *look)
{
	const struct collect_terms terms = terms_of(false);

	look_with(stream, needs, count, &terms, look);
}

/* The look is over, and its first fact is known; the last value of its first series. */
static double
last_value(const struct look *look)
{
	size_t count;
	const struct kd_series *series;

	assert_int_equal(look->calls, 1);
	series = fact_value(look->facts[0], KD_METRIC, &count);
	assert_non_null(series);
	assert_true(count > 0);
	return series[0].values[series[0].count - 1];
}

static void
expect_missing(const struct look *look, enum kd_reason reason, const char *why, const char *blame)
{
	assert_int_equal(look->calls, 1);
	assert_int_equal(fact_reason(look->facts[0]), reason);
	assert_string_equal(fact_why(look->facts[0]), why);
	if (blame == NULL)
		assert_null(fact_blame(look->facts[0]));
	else
		assert_string_equal(fact_blame(look->facts[0]), blame);
}

/* ---- batches ---- */

/* 100 streams of 14 metrics are 1,400 metrics in 3 calls, whenever in the minute each stream is looked at. */
static void
test_one_batch_a_minute(void **state)
{
	static char names[EACH][16];
	struct collect_want wants[EACH];
	struct collect_stream *streams[MANY];
	struct look look = {0};
	char name[16];
	size_t i, minute, before;

	(void)state;
	for (i = 0; i < EACH; i++) {
		snprintf(names[i], sizeof(names[i]), "Metric%zu", i);
		wants[i] = want(names[i], KD_PER_STREAM, 900, 0, 60);
	}
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "s-%03zu", i);
		streams[i] = watch(name, wants, EACH);
	}
	for (minute = 0; minute < 5; minute++) {
		before = ops_made;
		for (i = 0; i < MANY; i++) {
			look_at(streams[i], &wants[i % EACH].need, 1, &look);
			answer_all(NULL);
			turn();
			assert_true(last_value(&look) == (double)minute - 3);
			pass(MINUTE / MANY);
		}
		assert_int_equal(ops_made - before, 3);
		assert_int_equal(asked_metrics(before), MANY * EACH);
		/* Later on only what is new, and what may have changed. */
		assert_int_equal(
		    ops[before]->ask.end_ms - ops[before]->ask.start_ms, minute == 0 ? 15 * MINUTE : 15 * MINUTE);
	}
	forget(&look);
	for (i = 0; i < MANY; i++)
		unwatch(streams[i]);
}

/* The same series for two probes: once, with the longest window, at the shortest interval; each gets its own window. */
static void
test_shared(void **state)
{
	const struct collect_want wants[] = {want("IncomingRecords", KD_PER_STREAM, 300, 0, 60),
	    want("IncomingRecords", KD_PER_STREAM, 3600, 0, 300), want("IncomingBytes", KD_PER_STREAM, 300, 0, 300)};
	const struct kd_need needs[] = {wants[0].need, wants[1].need};
	struct collect_stream *stream = watch("orders", wants, 3);
	struct look look = {0};
	const struct kd_series *series;
	size_t count;

	(void)state;
	look_at(stream, needs, 2, &look);
	assert_int_equal(ops_made, 1);
	assert_int_equal(ops[0]->count, 2);
	assert_int_equal(ops[0]->ask.end_ms, NOON - 2 * MINUTE);
	assert_int_equal(ops[0]->ask.start_ms, NOON - 62 * MINUTE);
	answer_all(NULL);
	series = fact_value(look.facts[0], KD_METRIC, &count);
	assert_int_equal(series[0].count, 5);
	series = fact_value(look.facts[1], KD_METRIC, &count);
	assert_int_equal(series[0].count, 60);
	assert_true(series[0].values[0] == -62 && series[0].values[59] == -3);
	/* The next minute only what is wanted each minute. */
	pass(MINUTE);
	look_at(stream, needs, 2, &look);
	assert_int_equal(ops_made, 2);
	assert_int_equal(ops[1]->count, 1);
	assert_int_equal(ops[1]->ask.start_ms, NOON - 17 * MINUTE);
	answer_all(NULL);
	assert_true(last_value(&look) == -2);
	pass(4 * MINUTE);
	look_at(stream, needs, 2, &look);
	assert_int_equal(ops[2]->count, 2);
	answer_all(NULL);
	forget(&look);
	unwatch(stream);
}

/* An interval below the minute brings nothing new: a look in between is served with what is there. */
static void
test_between(void **state)
{
	const struct collect_want wants[] = {want("IncomingRecords", KD_PER_STREAM, 300, 0, 10)};
	struct collect_stream *stream = watch("orders", wants, 1);
	struct look look = {0};
	int i;

	(void)state;
	look_at(stream, &wants[0].need, 1, &look);
	answer_all(NULL);
	for (i = 0; i < 5; i++) {
		pass(10000);
		look_at(stream, &wants[0].need, 1, &look);
		assert_true(last_value(&look) == -3);
	}
	assert_int_equal(ops_made, 1);
	pass(10000);
	look_at(stream, &wants[0].need, 1, &look);
	assert_int_equal(ops_made, 2);
	answer_all(NULL);
	assert_true(last_value(&look) == -2);
	forget(&look);
	unwatch(stream);
}

/* By hand: this stream's afresh, ahead of others, and all that was asked for in one turn together. */
static void
test_by_hand(void **state)
{
	const struct collect_want wants[] = {
	    want("IncomingRecords", KD_PER_STREAM, 300, 0, 60), want("IncomingBytes", KD_PER_STREAM, 300, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 2), *other = watch("clicks", wants, 2);
	struct look look = {0}, again = {0};
	struct collect_terms terms;

	(void)state;
	look_at(stream, &wants[0].need, 1, &look);
	assert_int_equal(ops[0]->count, 4);
	assert_false(ops[0]->ask.urgent);
	answer_all(NULL);
	pass(1000);
	terms = terms_of(true);
	look.job = NULL;
	forget(&look);
	look.job = collect_gather(stream, &wants[0].need, 1, &terms, look_cb, &look);
	again.job = collect_gather(stream, &wants[1].need, 1, &terms, look_cb, &again);
	turn();
	assert_int_equal(ops_made, 2);
	assert_int_equal(ops[1]->count, 2);
	assert_true(ops[1]->ask.urgent && is_asked(1, "orders IncomingRecords"));
	assert_int_equal(look.calls, 0);
	answer_all(NULL);
	assert_true(last_value(&look) == -3 && last_value(&again) == -3);
	/* One that fails is served with what was there a second ago. */
	pass(1000);
	terms = terms_of(true);
	look_with(stream, &wants[0].need, 1, &terms, &look);
	assert_int_equal(ops_made, 3);
	fail_all(AWS_SERVICE, "it broke");
	assert_true(last_value(&look) == -3);
	forget(&look);
	forget(&again);
	unwatch(stream);
	unwatch(other);
}

/* ---- what fails ---- */

static enum cloudwatch_status
bytes_fail(const char *name)
{
	return strstr(name, "Bytes") != NULL ? CLOUDWATCH_INTERNAL : CLOUDWATCH_COMPLETE;
}

static enum cloudwatch_status
bytes_are_forbidden(const char *name)
{
	return strstr(name, "Bytes") != NULL ? CLOUDWATCH_FORBIDDEN : CLOUDWATCH_COMPLETE;
}

#define ANSWER_SUBJECT "answer/cloudwatch:GetMetricData prod us-east-1"
#define DENIED_SUBJECT "denied/cloudwatch:GetMetricData prod us-east-1"

/* One series fails for a while: the others go on, and what is at hand of it serves while it is young. */
static void
test_one_fails(void **state)
{
	const struct collect_want wants[] = {
	    want("IncomingBytes", KD_PER_STREAM, 1800, 0, 60), want("IncomingRecords", KD_PER_STREAM, 300, 0, 60)};
	const struct kd_need needs[] = {wants[0].need, wants[1].need};
	struct collect_stream *stream = watch("orders", wants, 2);
	struct look look = {0};
	int minute;

	(void)state;
	look_at(stream, needs, 2, &look);
	answer_all(NULL);
	assert_true(last_value(&look) == -3);
	for (minute = 1; minute <= 6; minute++) {
		pass(MINUTE);
		look_at(stream, needs, 2, &look);
		answer_all(bytes_fail);
		turn();
		assert_int_equal(look.calls, 1);
		assert_int_equal(fact_reason(look.facts[1]), KD_KNOWN);
		assert_int_equal(tellings, minute < 2 ? 1 : minute); /* the budget's "over", at the start, is one */
		if (minute < 6)
			assert_true(last_value(&look) == -3);
	}
	expect_told(ANSWER_SUBJECT
	    ": GetMetricData fails over IncomingBytes of orders (1 of 2 metrics came without a good answer)");
	expect_missing(&look, KD_FAILED, "GetMetricData fails over IncomingBytes of orders", "self/" ANSWER_SUBJECT);
	/* From where it had got to, so that there is no hole; over after two good answers. */
	pass(MINUTE);
	look_at(stream, needs, 2, &look);
	assert_int_equal(ops[ops_made - 1]->ask.start_ms, NOON - 17 * MINUTE);
	answer_all(NULL);
	assert_true(last_value(&look) == 4);
	assert_string_equal(told, "");
	pass(MINUTE);
	look_at(stream, needs, 2, &look);
	answer_all(NULL);
	expect_told(ANSWER_SUBJECT ": over");
	forget(&look);
	unwatch(stream);
}

static void
test_denied(void **state)
{
	const struct collect_want wants[] = {want("IncomingBytes", KD_PER_STREAM, 300, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 1);
	struct look look = {0};

	(void)state;
	look_at(stream, &wants[0].need, 1, &look);
	fail_all(AWS_DENIED, "not allowed: cloudwatch:GetMetricData");
	expect_told(DENIED_SUBJECT ": not allowed: cloudwatch:GetMetricData");
	expect_missing(&look, KD_DENIED, "not allowed: cloudwatch:GetMetricData", "self/" DENIED_SUBJECT);
	/* Not asked anew by each look. */
	pass(1000);
	look_at(stream, &wants[0].need, 1, &look);
	turn();
	assert_int_equal(look.calls, 1);
	assert_int_equal(ops_made, 1);
	pass(MINUTE);
	look_at(stream, &wants[0].need, 1, &look);
	assert_int_equal(ops_made, 2);
	answer_all(bytes_are_forbidden);
	expect_told(DENIED_SUBJECT ": GetMetricData may not read IncomingBytes of orders");
	pass(MINUTE);
	look_at(stream, &wants[0].need, 1, &look);
	answer_all(NULL);
	expect_told(DENIED_SUBJECT ": over");
	forget(&look);
	unwatch(stream);
}

/* What the client tells of is not told twice. */
static void
test_service_down(void **state)
{
	const struct collect_want wants[] = {want("IncomingBytes", KD_PER_STREAM, 300, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 1);
	struct look look = {0};
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		look_at(stream, &wants[0].need, 1, &look);
		fail_all(AWS_NETWORK, "no route");
		expect_missing(&look, KD_FAILED, "no route", "self/service/monitoring us-east-1");
		pass(MINUTE);
	}
	assert_int_equal(tellings, 1);
	forget(&look);
	unwatch(stream);
}

/* What failed rests for a minute, so that no look makes more of it; but not when what explained it is over: a look that begins then shall not hear of it. */
static void
test_service_mended(void **state)
{
	const struct collect_want wants[] = {want("IncomingBytes", KD_PER_STREAM, 300, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 1);
	struct look look = {0};

	(void)state;
	look_at(stream, &wants[0].need, 1, &look);
	fail_all(AWS_NETWORK, "no route");
	pass(20000);
	look_at(stream, &wants[0].need, 1, &look);
	expect_missing(&look, KD_FAILED, "no route", "self/service/monitoring us-east-1");
	assert_int_equal(ops_made, 1);
	pass(1000);
	mended_ms = clock_mono_ms();
	look_at(stream, &wants[0].need, 1, &look);
	assert_int_equal(ops_made, 2);
	answer_all(NULL);
	assert_true(last_value(&look) == -3);
	forget(&look);
	unwatch(stream);
}

static void
test_late(void **state)
{
	const struct collect_want wants[] = {want("IncomingBytes", KD_PER_STREAM, 300, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 1);
	struct look look = {0};
	struct collect_terms terms = terms_of(false);

	(void)state;
	rate = 12.5;
	terms.deadline_ms = clock_mono_ms();
	look_with(stream, &wants[0].need, 1, &terms, &look);
	expect_missing(&look, KD_LATE,
	    "no answer to cloudwatch:GetMetricData in time (it may be called 12.5 times a second here: aws.pace)",
	    "self/" ANSWER_SUBJECT);
	/* The answer that comes after all serves the next one, also when that may not wait. */
	answer_all(NULL);
	look_with(stream, &wants[0].need, 1, &terms, &look);
	turn();
	assert_true(last_value(&look) == -3);
	/* With something young at hand it is not late. */
	pass(2 * MINUTE);
	terms = terms_of(false);
	terms.deadline_ms = clock_mono_ms();
	look_with(stream, &wants[0].need, 1, &terms, &look);
	assert_true(last_value(&look) == -3);
	forget(&look);
	unwatch(stream);
}

static void
test_no_datapoint(void **state)
{
	const struct collect_want wants[] = {want("IncomingBytes", KD_PER_STREAM, 60, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 1);
	struct look look = {0};
	struct cloudwatch_series none = {.status = CLOUDWATCH_COMPLETE, .count = 1};
	double value = NAN;

	(void)state;
	look_at(stream, &wants[0].need, 1, &look);
	none.values = &value;
	ops[0]->answered = true;
	ops[0]->cb(&good, &none, 1, ops[0]->arg);
	assert_int_equal(look.calls, 1);
	assert_int_equal(fact_reason(look.facts[0]), KD_NO_DATA);
	forget(&look);
	unwatch(stream);
}

/* AWS's clock, as it is seen from here, is set right: the hour that was not there yet is no answer, and is not asked for again and again. */
static void
test_clock_set_back(void **state)
{
	const struct collect_want wants[] = {want("IncomingBytes", KD_PER_STREAM, 300, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 1);
	struct look look = {0};
	size_t before;

	(void)state;
	clock_freeze(NOON + HOUR, clock_mono_ms());
	look_at(stream, &wants[0].need, 1, &look);
	answer_all(NULL);
	clock_freeze(NOON, clock_mono_ms() + MINUTE);
	before = ops_made;
	look_at(stream, &wants[0].need, 1, &look);
	answer_all(NULL);
	turn();
	assert_true(last_value(&look) == -3);
	assert_int_equal(ops_made - before, 1);
	look_at(stream, &wants[0].need, 1, &look);
	turn();
	assert_true(last_value(&look) == -3);
	assert_int_equal(ops_made - before, 1);
	forget(&look);
	unwatch(stream);
}

/* ---- windows of the past ---- */

/* Yesterday's hour is read an hour ahead, and once an hour; the windows of many streams not all at once. */
static void
test_shifted(void **state)
{
	const struct collect_want wants[] = {want("IncomingRecords", KD_PER_STREAM, 3600, 86400, 60)};
	struct collect_stream *streams[48];
	struct look look = {0};
	size_t i, most = 0, before, minute;
	char name[16];

	(void)state;
	for (i = 0; i < 48; i++) {
		snprintf(name, sizeof(name), "s-%03zu", i);
		streams[i] = watch(name, wants, 1);
	}
	look_at(streams[0], &wants[0].need, 1, &look);
	assert_int_equal(ops_made, 1);
	assert_int_equal(ops[0]->ask.start_ms, NOON - 2 * MINUTE - 25 * HOUR);
	assert_int_equal(ops[0]->ask.end_ms, NOON - 2 * MINUTE - 23 * HOUR);
	answer_all(NULL);
	assert_true(last_value(&look) == -24 * 60 - 3);
	before = asked_metrics(0);
	for (minute = 1; minute <= 120; minute++) {
		size_t asked = asked_metrics(0);

		pass(MINUTE);
		for (i = 0; i < 48; i++) {
			look_at(streams[i], &wants[0].need, 1, &look);
			answer_all(NULL);
			turn();
			assert_true(last_value(&look) == (double)minute - 24 * 60 - 3);
		}
		if (asked_metrics(0) - asked > most)
			most = asked_metrics(0) - asked;
	}
	assert_int_equal(asked_metrics(0) - before, 2 * 48);
	assert_in_range(most, 1, 12);
	forget(&look);
	for (i = 0; i < 48; i++)
		unwatch(streams[i]);
}

/* ---- shards and consumers ---- */

static const char first_shard[] = "shardId-000000000000", second_shard[] = "shardId-000000000001",
		  third_shard[] = "shardId-000000000002";

/* Not while all is well; with trouble, those that are on; with a reshard, those that are open. */
static void
test_shards(void **state)
{
	const struct collect_want wants[] = {want("IncomingBytes", KD_PER_SHARD, 300, 0, 60),
	    want("IncomingRecords", KD_PER_SHARD, 300, 0, 60), want("IncomingBytes", KD_PER_STREAM, 300, 0, 60)};
	const struct kd_need needs[] = {wants[0].need, wants[1].need};
	struct collect_stream *stream = watch("orders", wants, 3);
	struct look look = {0};
	struct collect_terms terms = terms_of(false);
	const struct kd_series *series;
	size_t count, before;

	(void)state;
	look_with(stream, needs, 2, &terms, &look);
	turn();
	expect_missing(&look, KD_NOT_CONFIGURED,
	    "shard-level metrics are asked for while something is wrong with the stream, or by a look at it by hand",
	    NULL);
	assert_int_equal(describes, 0);
	assert_int_equal(ops_made, 0);
	terms.detailed = true;
	look_with(stream, needs, 2, &terms, &look);
	answer_summary(0);
	answer_shards(first_shard, second_shard);
	turn();
	assert_int_equal(ops_made, 1);
	assert_true(is_asked(0, "orders IncomingBytes shardId-000000000001"));
	assert_int_equal(ops[0]->count, 3); /* the stream's own with them, for it was due */
	answer_all(NULL);
	assert_int_equal(look.calls, 1);
	series = fact_value(look.facts[0], KD_METRIC, &count);
	assert_int_equal(count, 2);
	assert_string_equal(series[1].subject, second_shard);
	assert_int_equal(fact_reason(look.facts[1]), KD_NOT_CONFIGURED);
	assert_string_equal(fact_why(look.facts[1]), "shard-level IncomingRecords is off for orders");
	/* The next minute, after a reshard. */
	pass(MINUTE);
	terms = terms_of(false);
	terms.detailed = true;
	look_with(stream, needs, 1, &terms, &look);
	answer_summary(0);
	if (listing_shards.cb != NULL)
		answer_shards(second_shard, third_shard);
	turn();
	answer_all(NULL);
	assert_int_equal(look.calls, 1);
	/* All is well again: no more of them. */
	pass(MINUTE);
	look_at(stream, needs, 1, &look);
	turn();
	assert_int_equal(look.calls, 1);
	before = ops_made;
	look_at(stream, &wants[2].need, 1, &look);
	assert_int_equal(asked_metrics(before), 1);
	answer_all(NULL);
	forget(&look);
	unwatch(stream);
}

static void
test_shards_setting(void **state)
{
	const struct collect_want wants[] = {want("IncomingBytes", KD_PER_SHARD, 300, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 1);
	struct look look = {0};
	struct collect_terms terms = terms_of(true);

	(void)state;
	options.shards = METRIC_SHARDS_NEVER;
	metric_feed_configure(feed, &options);
	look_with(stream, &wants[0].need, 1, &terms, &look);
	turn();
	expect_missing(
	    &look, KD_NOT_CONFIGURED, "shard-level metrics are not asked for (aws.shard_metrics: never)", NULL);
	options.shards = METRIC_SHARDS_ALWAYS;
	metric_feed_configure(feed, &options);
	look_at(stream, &wants[0].need, 1, &look);
	answer_summary(0);
	answer_shards(first_shard, second_shard);
	turn();
	answer_all(NULL);
	assert_true(last_value(&look) == -3);
	forget(&look);
	unwatch(stream);
}

static void
test_consumers(void **state)
{
	const struct collect_want wants[] = {
	    want("SubscribeToShardEvent.MillisBehindLatest", KD_PER_CONSUMER, 300, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 1);
	struct look look = {0};
	const struct kd_series *series;
	size_t count;

	(void)state;
	look_at(stream, &wants[0].need, 1, &look);
	answer_summary(1);
	answer_consumers();
	turn();
	assert_true(is_asked(0, "orders SubscribeToShardEvent.MillisBehindLatest billing"));
	answer_all(NULL);
	assert_int_equal(look.calls, 1);
	series = fact_value(look.facts[0], KD_METRIC, &count);
	assert_int_equal(count, 1);
	assert_string_equal(series[0].subject, "billing");
	/* None any more: known, and empty. */
	pass(MINUTE);
	look_at(stream, &wants[0].need, 1, &look);
	answer_summary(0);
	turn();
	assert_int_equal(look.calls, 1);
	assert_non_null(fact_value(look.facts[0], KD_METRIC, &count));
	assert_int_equal(count, 0);
	forget(&look);
	unwatch(stream);
}

/* Of a stream that does not exist nothing is asked. */
static void
test_gone(void **state)
{
	static const struct kd_need summary = {.kind = KD_STREAM_SUMMARY};
	const struct collect_want wants[] = {want("IncomingBytes", KD_PER_STREAM, 300, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 1);
	struct look look = {0};

	(void)state;
	look_at(stream, &summary, 1, &look);
	answer_gone();
	look_at(stream, &wants[0].need, 1, &look);
	turn();
	expect_missing(&look, KD_NO_DATA, "stream orders does not exist in us-east-1", "stream_status/status/stream");
	assert_int_equal(ops_made, 0);
	forget(&look);
	unwatch(stream);
}

/* ---- a new config, and the end ---- */

static void
test_configure(void **state)
{
	const struct collect_want wants[] = {
	    want("IncomingBytes", KD_PER_STREAM, 300, 0, 60), want("IncomingRecords", KD_PER_STREAM, 300, 0, 60)};
	const struct collect_want longer[] = {want("IncomingBytes", KD_PER_STREAM, 1800, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 2);
	struct stream_id *id = stream_id_new("prod", "us-east-1", "orders");
	struct collect_spec spec = {.id = id, .interval_s = 60, .wants = longer, .wants_count = 1};
	struct look look = {0};

	(void)state;
	look_at(stream, &wants[0].need, 1, &look);
	collect_cancel(look.job);
	look.job = NULL;
	collect_stream_configure(stream, &spec); /* with a call under way for what is not wanted any more */
	answer_all(NULL);
	look_at(stream, &longer[0].need, 1, &look);
	assert_int_equal(ops_made, 2);
	assert_int_equal(ops[1]->count, 1);
	assert_int_equal(ops[1]->ask.start_ms, NOON - 32 * MINUTE);
	answer_all(NULL);
	assert_true(last_value(&look) == -3);
	/* Nobody wants it. */
	look_at(stream, &wants[1].need, 1, &look);
	turn();
	expect_missing(&look, KD_NOT_CONFIGURED, "no probe that runs here wants this metric", NULL);
	forget(&look);
	stream_id_unref(id);
	unwatch(stream);
}

/* The stream goes while its call is under way; then all goes. */
static void
test_end(void **state)
{
	const struct collect_want wants[] = {want("IncomingBytes", KD_PER_STREAM, 300, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 1), *other = watch("clicks", wants, 1);
	struct look look = {0};

	(void)state;
	look_at(stream, &wants[0].need, 1, &look);
	collect_cancel(look.job);
	unwatch(stream);
	answer_all(NULL);
	pass(MINUTE);
	look_at(other, &wants[0].need, 1, &look);
	collect_cancel(look.job);
	unwatch(other);
	assert_int_equal(ops_made, 2);
}

static void
test_show(void **state)
{
	const struct collect_want wants[] = {
	    want("IncomingBytes", KD_PER_STREAM, 300, 0, 60), want("IncomingBytes", KD_PER_SHARD, 300, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 2);
	struct look look = {0};
	struct kd_facts *facts = collect_facts(stream);

	(void)state;
	assert_int_equal(facts_count(facts), 1); /* what is expected of it */
	facts_free(facts);
	look_at(stream, &wants[0].need, 1, &look);
	answer_all(NULL);
	facts = collect_facts(stream);
	assert_int_equal(facts_count(facts), 2);
	assert_int_equal(fact_reason(facts_at(facts, 1)), KD_KNOWN);
	facts_free(facts);
	forget(&look);
	unwatch(stream);
}

/* ---- money ---- */

static void
plan_cb(const struct metric_plan *plan, void *arg)
{
	struct metric_plan *plans = arg;

	plans[plan->stream == NULL ? 0 : 1] = *plan;
}

static void
test_plan(void **state)
{
	const struct collect_want wants[] = {want("IncomingBytes", KD_PER_STREAM, 300, 0, 60),
	    want("IncomingRecords", KD_PER_STREAM, 300, 0, 300), want("IncomingRecords", KD_PER_STREAM, 300, 86400, 60),
	    want("IncomingBytes", KD_PER_SHARD, 300, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 4);
	struct metric_plan plans[2];

	(void)state;
	metric_feed_each_plan(feed, plan_cb, plans);
	assert_string_equal(plans[0].account, "prod");
	assert_int_equal(plans[0].metrics, 1);
	assert_int_equal(plans[0].cycle_s, 60);
	assert_true(plans[0].per_day == 1440 + 288 + 24);
	assert_string_equal(plans[1].stream->name, "orders");
	assert_true(plans[1].per_day == plans[0].per_day);
	assert_true(fabs(metric_feed_usd_day(feed) - 0.01752) < 1e-9);
	unwatch(stream);
}

/* At 60 s one metric costs $0.0144 a day: with half of that it is asked for every other minute, and that is told. */
static void
test_budget(void **state)
{
	const struct collect_want wants[] = {want("IncomingBytes", KD_PER_STREAM, 300, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 1);
	struct look look = {0};
	int minute;

	(void)state;
	options.usd_per_day = 0.0072;
	spent = 0.0036; /* it is noon */
	metric_feed_configure(feed, &options);
	expect_told("budget/cloudwatch: metrics are asked for 2.0 times less often, to stay within $0.01 a day "
		    "(aws.budget_usd_per_day); at their intervals they cost $0.01");
	for (minute = 0; minute < 60; minute++) {
		size_t before = ops_made;

		look_at(stream, &wants[0].need, 1, &look);
		spent += (double)asked_metrics(before) * METRIC_PRICE_USD;
		answer_all(NULL);
		turn();
		assert_true(last_value(&look) >= minute - 5);
		pass(MINUTE);
	}
	assert_in_range(ops_made, 29, 31);
	assert_true(metric_feed_stretch(feed) > 1.9 && metric_feed_stretch(feed) < 2.1);
	/* The money is spent: what is there serves while it is young, then that is said; by hand it is no other. */
	spent = 0.0072;
	pass(6 * MINUTE);
	look_at(stream, &wants[0].need, 1, &look);
	turn();
	expect_missing(&look, KD_STALE, "the day's money for metrics is spent until 00:00 UTC (aws.budget_usd_per_day)",
	    "self/budget/cloudwatch");
	assert_true(isinf(metric_feed_stretch(feed)));
	/* A larger budget. */
	options.usd_per_day = 1;
	told[0] = '\0';
	metric_feed_configure(feed, &options);
	expect_told("budget/cloudwatch: over");
	pass(MINUTE);
	look_at(stream, &wants[0].need, 1, &look);
	answer_all(NULL);
	assert_true(last_value(&look) > 60);
	forget(&look);
	unwatch(stream);
}

/* What is left does not reach for all: so many are asked for as it does. */
static void
test_last_cents(void **state)
{
	const struct collect_want wants[] = {want("IncomingBytes", KD_PER_STREAM, 300, 0, 60),
	    want("IncomingRecords", KD_PER_STREAM, 300, 0, 60), want("GetRecords.Bytes", KD_PER_STREAM, 300, 0, 60)};
	struct collect_stream *stream = watch("orders", wants, 3);
	struct look look = {0};

	(void)state;
	options.usd_per_day = 1;
	spent = 1 - 2.5 * METRIC_PRICE_USD;
	metric_feed_configure(feed, &options);
	look_at(stream, &wants[0].need, 1, &look);
	assert_int_equal(asked_metrics(0), 2);
	answer_all(NULL);
	turn();
	assert_int_equal(look.calls, 1);
	forget(&look);
	unwatch(stream);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_one_batch_a_minute, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shared, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_between, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_by_hand, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_one_fails, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_service_mended, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_denied, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_service_down, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_late, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_datapoint, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_clock_set_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shifted, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shards, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shards_setting, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_consumers, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gone, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_configure, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_show, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_plan, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_budget, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_last_cents, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
