/* SPDX-License-Identifier: Apache-2.0 */
/* The collector against Kinesis calls that the test itself answers: who is asked, how often, and what each need gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/collect.h"

/* ---- a Kinesis of our own: these stand in for daemon/aws/kinesis.c and client.c ---- */

enum call_kind { DESCRIBE, SHARDS, CONSUMERS, LIST };

struct kinesis_op {
	enum call_kind kind;
	char stream[128];
	bool urgent, cancelled, answered;
	void (*cb)(void);
	void *arg;
};

static struct kinesis_op ops[1024];
static size_t ops_made;
static double rate;

static struct kinesis_op *
record(enum call_kind kind, const char *stream, bool urgent, void (*cb)(void), void *arg)
{
	struct kinesis_op *op = &ops[ops_made++];

	assert_true(ops_made < 1024);
	memset(op, 0, sizeof(*op));
	op->kind = kind;
	op->urgent = urgent;
	op->cb = cb;
	op->arg = arg;
	strncpy(op->stream, stream == NULL ? "" : stream, sizeof(op->stream) - 1);
	return op;
}

struct kinesis_op *
kinesis_describe_stream_summary(
    struct aws_place *place, const struct kinesis_ask *ask, kinesis_summary_cb cb, void *arg)
{
	(void)place;
	return record(DESCRIBE, ask->stream, ask->urgent, (void (*)(void))cb, arg);
}

struct kinesis_op *
kinesis_list_shards(struct aws_place *place, const struct kinesis_ask *ask, kinesis_shards_cb cb, void *arg)
{
	(void)place;
	return record(SHARDS, ask->stream, ask->urgent, (void (*)(void))cb, arg);
}

struct kinesis_op *
kinesis_list_stream_consumers(
    struct aws_place *place, const char *arn, const struct kinesis_ask *ask, kinesis_consumers_cb cb, void *arg)
{
	(void)place;
	return record(CONSUMERS, arn, ask->urgent, (void (*)(void))cb, arg);
}

struct kinesis_op *
kinesis_list_streams(struct aws_place *place, const struct kinesis_ask *ask, kinesis_streams_cb cb, void *arg)
{
	(void)place;
	return record(LIST, NULL, ask->urgent, (void (*)(void))cb, arg);
}

void
kinesis_cancel(struct kinesis_op *op)
{
	op->cancelled = true;
}

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

const char *
aws_place_account(const struct aws_place *place)
{
	(void)place;
	return "default";
}

const char *
aws_place_region(const struct aws_place *place)
{
	(void)place;
	return "us-east-1";
}

/* The oldest call of that kind about that stream that waits for an answer. */
static struct kinesis_op *
waiting(enum call_kind kind, const char *stream)
{
	size_t i;

	for (i = 0; i < ops_made; i++)
		if (ops[i].kind == kind && !ops[i].cancelled && !ops[i].answered && strcmp(ops[i].stream, stream) == 0)
			return &ops[i];
	return NULL;
}

static size_t
made(enum call_kind kind)
{
	size_t i, n = 0;

	for (i = 0; i < ops_made; i++)
		n += ops[i].kind == kind && !ops[i].cancelled;
	return n;
}

static const struct aws_error good = {.fault = AWS_OK};

static struct aws_error
error_of(enum aws_fault fault, const char *message)
{
	struct aws_error error = {.fault = fault};

	strncpy(error.message, message, sizeof(error.message) - 1);
	return error;
}

static void
answer_summary(const char *stream, int64_t open_shards)
{
	struct kinesis_op *op = waiting(DESCRIBE, stream);
	struct kinesis_summary answer = {.summary = {.status = KD_STATUS_ACTIVE,
					     .mode = KD_MODE_PROVISIONED,
					     .retention_hours = 24,
					     .open_shards = open_shards,
					     .consumers = 1,
					     .encryption = "NONE"},
	    .name = stream,
	    .arn = "arn:aws:kinesis:us-east-1:123456789012:stream/x"};

	assert_non_null(op);
	op->answered = true;
	((kinesis_summary_cb)op->cb)(&good, &answer, op->arg);
}

static void
answer_summary_error(const char *stream, enum aws_fault fault, const char *message)
{
	struct kinesis_op *op = waiting(DESCRIBE, stream);
	struct aws_error error = error_of(fault, message);

	assert_non_null(op);
	op->answered = true;
	((kinesis_summary_cb)op->cb)(&error, NULL, op->arg);
}

static void
answer_shards(const char *stream, size_t count)
{
	struct kinesis_op *op = waiting(SHARDS, stream);
	struct kd_shard shards[8] = {{.id = "shardId-000000000000"}};
	size_t i;

	assert_non_null(op);
	for (i = 0; i < count; i++)
		shards[i].id = "shardId-000000000000";
	op->answered = true;
	((kinesis_shards_cb)op->cb)(&good, shards, count, op->arg);
}

static void
answer_list(const struct kinesis_stream *rows, size_t count)
{
	struct kinesis_op *op = waiting(LIST, "");

	assert_non_null(op);
	op->answered = true;
	((kinesis_streams_cb)op->cb)(&good, rows, count, op->arg);
}

static void
answer_list_error(enum aws_fault fault, const char *message)
{
	struct kinesis_op *op = waiting(LIST, "");
	struct aws_error error = error_of(fault, message);

	assert_non_null(op);
	op->answered = true;
	((kinesis_streams_cb)op->cb)(&error, NULL, 0, op->arg);
}

/* ---- the stage ---- */

static struct event_base *base;
static struct collect *collect;
static struct aws_place *const place = (struct aws_place *)&rate; /* never looked into */
static char told[256];
static int tellings;

static void
notice_cb(const char *check, const char *subject, const char *why, void *arg)
{
	char *text = mem_printf("%s/%s: %s", check, subject, why == NULL ? "over" : why);

	(void)arg;
	tellings++;
	strncpy(told, text, sizeof(told) - 1);
	free(text);
}

static int
setup(void **state)
{
	(void)state;
	ops_made = 0;
	rate = 0;
	tellings = 0;
	memset(told, 0, sizeof(told));
	clock_freeze(1800000000000, 1000000);
	base = event_base_new();
	collect = collect_new(base, notice_cb, NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	collect_free(collect);
	event_base_free(base);
	return 0;
}

static struct collect_stream *
watch(const char *name, const struct kd_expect *expect)
{
	struct stream_id *id = stream_id_new("default", "us-east-1", name);
	struct collect_stream *stream = collect_stream_new(
	    collect, place, &(const struct collect_spec){.id = id, .expect = expect, .interval_s = 60});

	stream_id_unref(id);
	return stream;
}

/* What one gathering got. */
struct got {
	struct fact *facts[8];
	size_t count;
	int times;
};

static void
got_cb(struct fact *const *facts, size_t count, void *arg)
{
	struct got *got = arg;
	size_t i;

	for (i = 0; i < count; i++)
		got->facts[i] = fact_ref(facts[i]);
	got->count = count;
	got->times++;
}

static void
got_clear(struct got *got)
{
	size_t i;

	for (i = 0; i < got->count; i++)
		fact_unref(got->facts[i]);
	memset(got, 0, sizeof(*got));
}

static const struct kd_need all_needs[] = {
    {.kind = KD_STREAM_STATUS}, {.kind = KD_STREAM_SUMMARY}, {.kind = KD_SHARDS}, {.kind = KD_EXPECT}};
static const struct kd_need status_need[] = {{.kind = KD_STREAM_STATUS}};
static const struct kd_need summary_need[] = {{.kind = KD_STREAM_SUMMARY}};
static const struct kd_need consumers_need[] = {{.kind = KD_CONSUMERS}};

static struct collect_job *
gather(struct collect_stream *stream, const struct kd_need *needs, size_t count, bool urgent, struct got *got)
{
	struct collect_terms terms = {.since_ms = clock_mono_ms() - (urgent ? 0 : 30000),
	    .urgent = urgent,
	    .deadline_ms = clock_mono_ms() + 60000};

	return collect_gather(stream, needs, count, &terms, got_cb, got);
}

static void
turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

/* ---- tests ---- */

static void
one_description_answers_for_all(void **state)
{
	struct collect_stream *stream = watch("orders", NULL);
	struct got first = {0}, second = {0};

	(void)state;
	gather(stream, all_needs, 4, false, &first);
	gather(stream, status_need, 1, false, &second);
	assert_int_equal(made(DESCRIBE), 1);
	assert_int_equal(first.times, 0);
	answer_summary("orders", 4);
	assert_int_equal(second.times, 1);
	answer_shards("orders", 4);
	assert_int_equal(first.times, 1);
	assert_int_equal(made(DESCRIBE) + made(SHARDS), 2);
	assert_int_equal(made(LIST), 0);
	assert_int_equal(fact_reason(first.facts[2]), KD_KNOWN);
	assert_int_equal(fact_reason(first.facts[3]), KD_NOT_CONFIGURED);
	got_clear(&first);
	got_clear(&second);
	collect_stream_free(stream);
}

static void
answers_serve_for_half_an_interval(void **state)
{
	struct collect_stream *stream = watch("orders", NULL);
	struct got got = {0};

	(void)state;
	gather(stream, summary_need, 1, false, &got);
	answer_summary("orders", 4);
	assert_int_equal(got.times, 1);
	got_clear(&got);
	clock_freeze(1800000020000, 1020000);
	gather(stream, summary_need, 1, false, &got);
	assert_int_equal(got.times, 0); /* never from within */
	turn();
	assert_int_equal(got.times, 1);
	assert_int_equal(made(DESCRIBE), 1);
	got_clear(&got);
	clock_freeze(1800000060000, 1060000);
	gather(stream, summary_need, 1, false, &got);
	assert_int_equal(made(DESCRIBE), 2);
	answer_summary("orders", 4);
	got_clear(&got);
	collect_stream_free(stream);
}

static void
shards_are_not_listed_again_while_their_number_holds(void **state)
{
	struct collect_stream *stream = watch("orders", NULL);
	struct got got = {0};

	(void)state;
	gather(stream, all_needs, 4, false, &got);
	answer_summary("orders", 4);
	answer_shards("orders", 4);
	got_clear(&got);
	clock_freeze(1800000060000, 1060000);
	gather(stream, all_needs, 4, false, &got);
	answer_summary("orders", 4);
	assert_int_equal(got.times, 1);
	assert_int_equal(made(SHARDS), 1);
	got_clear(&got);
	clock_freeze(1800000120000, 1120000);
	gather(stream, all_needs, 4, false, &got);
	answer_summary("orders", 5); /* resharded */
	assert_int_equal(got.times, 0);
	answer_shards("orders", 5);
	assert_int_equal(got.times, 1);
	got_clear(&got);
	clock_freeze(1800001120000, 2120000); /* more than 15 min later */
	gather(stream, all_needs, 4, false, &got);
	answer_summary("orders", 5);
	answer_shards("orders", 5);
	assert_int_equal(got.times, 1);
	got_clear(&got);
	collect_stream_free(stream);
}

static void
by_hand_goes_ahead_and_is_fresh(void **state)
{
	struct collect_stream *stream = watch("orders", NULL);
	struct got waits = {0}, by_hand = {0};

	(void)state;
	gather(stream, summary_need, 1, false, &waits);
	clock_freeze(1800000001000, 1001000);
	gather(stream, summary_need, 1, true, &by_hand);
	assert_true(ops[0].cancelled); /* it stood in the queue */
	assert_true(ops[1].urgent);
	answer_summary("orders", 4);
	assert_int_equal(waits.times, 1);
	assert_int_equal(by_hand.times, 1);
	got_clear(&waits);
	got_clear(&by_hand);
	collect_stream_free(stream);
}

static void
a_stream_that_is_gone_has_a_status_and_nothing_else(void **state)
{
	struct collect_stream *stream = watch("orders", NULL);
	struct got got = {0};
	const struct kd_stream_status *status;

	(void)state;
	gather(stream, all_needs, 4, false, &got);
	answer_summary_error("orders", AWS_NOT_FOUND, "Stream orders under account 123456789012 not found.");
	assert_int_equal(got.times, 1);
	assert_int_equal(made(SHARDS), 0);
	status = fact_value(got.facts[0], KD_STREAM_STATUS, NULL);
	assert_int_equal(status->status, KD_STATUS_GONE);
	assert_int_equal(fact_reason(got.facts[1]), KD_NO_DATA);
	assert_string_equal(fact_why(got.facts[2]), "stream orders does not exist in us-east-1");
	assert_string_equal(fact_blame(got.facts[2]), "stream_status/status/stream");
	got_clear(&got);
	collect_stream_free(stream);
}

static void
denied_is_one_finding_a_place(void **state)
{
	struct collect_stream *a = watch("a", NULL), *b = watch("b", NULL);
	struct got got = {0};

	(void)state;
	gather(a, summary_need, 1, false, &got);
	answer_summary_error("a", AWS_DENIED, "not authorized to perform: kinesis:DescribeStreamSummary");
	assert_int_equal(fact_reason(got.facts[0]), KD_DENIED);
	assert_string_equal(fact_blame(got.facts[0]), "self/denied/kinesis:DescribeStreamSummary default us-east-1");
	assert_string_equal(told, "denied/kinesis:DescribeStreamSummary default us-east-1: not authorized to perform: "
				  "kinesis:DescribeStreamSummary");
	got_clear(&got);
	gather(b, summary_need, 1, false, &got);
	answer_summary_error("b", AWS_DENIED, "not authorized");
	assert_string_equal(told,
	    "denied/kinesis:DescribeStreamSummary default us-east-1: not authorized (it is so for "
	    "2 streams)");
	assert_int_equal(tellings, 2);
	got_clear(&got);
	clock_freeze(1800000060000, 1060000);
	gather(a, summary_need, 1, false, &got);
	answer_summary("a", 1);
	assert_int_equal(tellings, 2);
	got_clear(&got);
	gather(b, summary_need, 1, false, &got);
	answer_summary("b", 1);
	assert_int_equal(tellings, 3);
	assert_string_equal(told, "denied/kinesis:DescribeStreamSummary default us-east-1: over");
	got_clear(&got);
	collect_stream_free(a);
	collect_stream_free(b);
}

static void
what_does_not_come_is_late(void **state)
{
	struct collect_stream *stream = watch("orders", NULL);
	struct collect_terms terms = {.since_ms = clock_mono_ms(), .deadline_ms = clock_mono_ms()};
	struct got got = {0};

	(void)state;
	rate = 5;
	collect_gather(stream, summary_need, 1, &terms, got_cb, &got);
	turn();
	assert_int_equal(got.times, 1);
	assert_int_equal(fact_reason(got.facts[0]), KD_LATE);
	assert_non_null(strstr(fact_why(got.facts[0]), "kinesis:DescribeStreamSummary"));
	got_clear(&got);
	answer_summary("orders", 4); /* it comes after all, and serves the next */
	clock_freeze(1800000001000, 1001000);
	gather(stream, summary_need, 1, false, &got);
	turn();
	assert_int_equal(fact_reason(got.facts[0]), KD_KNOWN);
	assert_int_equal(made(DESCRIBE), 1);
	got_clear(&got);
	collect_stream_free(stream);
}

static void
a_network_fault_blames_the_service(void **state)
{
	struct collect_stream *stream = watch("orders", NULL);
	struct got got = {0};

	(void)state;
	gather(stream, all_needs, 4, false, &got);
	answer_summary_error("orders", AWS_NETWORK, "could not reach kinesis.us-east-1.amazonaws.com");
	assert_int_equal(got.times, 1);
	assert_int_equal(fact_reason(got.facts[0]), KD_FAILED);
	assert_string_equal(fact_blame(got.facts[1]), "self/service/kinesis us-east-1");
	assert_int_equal(fact_reason(got.facts[2]), KD_FAILED);
	assert_int_equal(tellings, 0); /* the client has a finding for it */
	got_clear(&got);
	collect_stream_free(stream);
}

#define DESCRIBE_SUBJECT "kinesis:DescribeStreamSummary default us-east-1"

/* The next minute's look at the stream's summary, and how it ends: AWS_OK or a fault. Clears what it got. */
static void
look(struct collect_stream *stream, const char *name, enum aws_fault fault)
{
	static int64_t minutes;
	struct got got = {0};

	minutes++;
	clock_freeze(1800000000000 + minutes * 60000, 1000000 + minutes * 60000);
	gather(stream, summary_need, 1, false, &got);
	if (fault == AWS_OK)
		answer_summary(name, 4);
	else
		answer_summary_error(name, fault, "it makes no sense");
	assert_int_equal(got.times, 1);
	if (fault != AWS_OK && fault != AWS_NETWORK)
		assert_string_equal(fact_blame(got.facts[0]),
		    fault == AWS_DENIED ? "self/denied/" DESCRIBE_SUBJECT : "self/answer/" DESCRIBE_SUBJECT);
	got_clear(&got);
}

/* However many streams and checks it strikes. */
static void
what_fails_again_is_one_finding(void **state)
{
	struct collect_stream *a = watch("a", NULL), *b = watch("b", NULL);

	(void)state;
	look(a, "a", AWS_BAD_ANSWER);
	assert_int_equal(tellings, 0);
	look(a, "a", AWS_BAD_ANSWER);
	assert_int_equal(tellings, 1);
	assert_string_equal(told, "answer/" DESCRIBE_SUBJECT ": it makes no sense");
	look(b, "b", AWS_BAD_ANSWER);
	look(b, "b", AWS_BAD_ANSWER);
	assert_string_equal(told, "answer/" DESCRIBE_SUBJECT ": it makes no sense (it is so for 2 streams)");
	tellings = 0;
	look(b, "b", AWS_OK);
	look(b, "b", AWS_OK);
	look(a, "a", AWS_OK);
	assert_int_equal(tellings, 0); /* one good answer may be luck */
	look(a, "a", AWS_OK);
	assert_int_equal(tellings, 1);
	assert_string_equal(told, "answer/" DESCRIBE_SUBJECT ": over");
	look(a, "a", AWS_BAD_ANSWER); /* the second of the last four */
	look(a, "a", AWS_OK);
	look(a, "a", AWS_BAD_ANSWER);
	assert_string_equal(told, "answer/" DESCRIBE_SUBJECT ": it makes no sense");
	collect_stream_free(a);
	assert_string_equal(told, "answer/" DESCRIBE_SUBJECT ": over"); /* nobody asks any more */
	collect_stream_free(b);
}

static void
one_cause_is_handed_over_to_the_client(void **state)
{
	struct collect_stream *a = watch("a", NULL);

	(void)state;
	look(a, "a", AWS_BAD_ANSWER);
	look(a, "a", AWS_BAD_ANSWER);
	look(a, "a", AWS_NETWORK);
	assert_string_equal(told, "answer/" DESCRIBE_SUBJECT ": over");
	collect_stream_free(a);
}

/* Not to be able to ask proves no permission. */
static void
a_denial_outlives_other_faults(void **state)
{
	struct collect_stream *a = watch("a", NULL);

	(void)state;
	look(a, "a", AWS_DENIED);
	assert_int_equal(tellings, 1);
	look(a, "a", AWS_NETWORK);
	look(a, "a", AWS_NETWORK);
	assert_int_equal(tellings, 1);
	look(a, "a", AWS_OK);
	assert_string_equal(told, "denied/" DESCRIBE_SUBJECT ": over");
	collect_stream_free(a);
}

/* ListShards is not asked when the summary is refused, and so it is not refused. */
static void
only_what_was_asked_is_denied(void **state)
{
	struct collect_stream *a = watch("a", NULL);
	struct got got = {0};

	(void)state;
	gather(a, all_needs, 4, false, &got);
	answer_summary_error("a", AWS_DENIED, "not authorized");
	assert_int_equal(fact_reason(got.facts[2]), KD_DENIED);
	assert_string_equal(fact_blame(got.facts[2]), "self/denied/" DESCRIBE_SUBJECT);
	assert_int_equal(tellings, 1);
	got_clear(&got);
	collect_stream_free(a);
}

/* The shards wait for the summary: it is the one that is late. */
static void
late_names_what_did_not_come(void **state)
{
	struct collect_stream *stream = watch("orders", NULL);
	struct collect_terms terms = {.since_ms = clock_mono_ms(), .deadline_ms = clock_mono_ms()};
	struct got got = {0};

	(void)state;
	collect_gather(stream, all_needs, 4, &terms, got_cb, &got);
	turn();
	assert_int_equal(got.times, 1);
	assert_string_equal(fact_why(got.facts[0]), "no answer to kinesis:DescribeStreamSummary in time");
	assert_string_equal(fact_why(got.facts[2]), "no answer to kinesis:DescribeStreamSummary in time");
	assert_string_equal(fact_blame(got.facts[2]), "self/answer/" DESCRIBE_SUBJECT);
	assert_string_equal(told, "answer/" DESCRIBE_SUBJECT ": no answer to kinesis:DescribeStreamSummary in time");
	got_clear(&got);
	answer_summary("orders", 4);
	assert_string_equal(told, "answer/" DESCRIBE_SUBJECT ": over");
	collect_stream_free(stream);
}

static void
consumers_need_no_call_when_there_are_none(void **state)
{
	struct collect_stream *stream = watch("orders", NULL);
	struct got got = {0};
	struct kinesis_op *op;
	struct kinesis_summary none = {.summary = {.status = KD_STATUS_ACTIVE,
					   .mode = KD_MODE_PROVISIONED,
					   .retention_hours = 24,
					   .open_shards = 1,
					   .encryption = "NONE"},
	    .name = "orders",
	    .arn = "arn:x"};
	size_t count = 9;

	(void)state;
	gather(stream, consumers_need, 1, false, &got);
	op = waiting(DESCRIBE, "orders");
	op->answered = true;
	((kinesis_summary_cb)op->cb)(&good, &none, op->arg);
	assert_int_equal(got.times, 1);
	assert_int_equal(made(CONSUMERS), 0);
	assert_non_null(fact_value(got.facts[0], KD_CONSUMERS, &count));
	assert_int_equal(count, 0);
	got_clear(&got);
	clock_freeze(1800000060000, 1060000);
	gather(stream, consumers_need, 1, false, &got);
	answer_summary("orders", 1);
	assert_string_equal(ops[ops_made - 1].stream, "arn:aws:kinesis:us-east-1:123456789012:stream/x");
	op = waiting(CONSUMERS, ops[ops_made - 1].stream);
	op->answered = true;
	((kinesis_consumers_cb)op->cb)(&good, NULL, 0, op->arg);
	assert_int_equal(got.times, 1);
	got_clear(&got);
	collect_stream_free(stream);
}

/* ---- many streams ---- */

static struct collect_stream *many[400];

static void
watch_many(size_t count)
{
	char name[32];
	size_t i;

	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "s%03zu", i);
		many[i] = watch(name, NULL);
	}
}

static void
free_many(size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		collect_stream_free(many[i]);
}

static void
one_listing_gives_the_status_of_all(void **state)
{
	struct got a = {0}, gone = {0};
	struct kinesis_stream rows[] = {
	    {.name = "other", .arn = "arn:o", .status = KD_STATUS_ACTIVE, .mode = KD_MODE_PROVISIONED},
	    {.name = "s000", .arn = "arn:0", .status = KD_STATUS_UPDATING, .mode = KD_MODE_ON_DEMAND},
	};
	const struct kd_stream_status *status;

	(void)state;
	rate = 5; /* 5/s: half a minute's worth is 150, and the cap is 100 */
	watch_many(101);
	gather(many[0], status_need, 1, false, &a);
	gather(many[7], status_need, 1, false, &gone);
	assert_int_equal(made(LIST), 1);
	assert_int_equal(made(DESCRIBE), 0);
	answer_list(rows, 2);
	assert_int_equal(a.times, 1);
	status = fact_value(a.facts[0], KD_STREAM_STATUS, NULL);
	assert_int_equal(status->status, KD_STATUS_UPDATING);
	assert_int_equal(status->mode, KD_MODE_ON_DEMAND);
	assert_int_equal(gone.times, 0); /* not listed: asked by name before it is called gone */
	assert_true(waiting(DESCRIBE, "s007")->urgent);
	answer_summary_error("s007", AWS_NOT_FOUND, "");
	assert_int_equal(gone.times, 1);
	status = fact_value(gone.facts[0], KD_STREAM_STATUS, NULL);
	assert_int_equal(status->status, KD_STATUS_GONE);
	got_clear(&a);
	got_clear(&gone);
	free_many(101);
}

static void
a_changed_stream_is_described_first(void **state)
{
	struct got status = {0}, summary = {0};
	struct kinesis_stream row = {.name = "s000", .arn = "arn:0", .status = KD_STATUS_ACTIVE};
	struct kinesis_op *first;

	(void)state;
	watch_many(101);
	gather(many[0], status_need, 1, false, &status);
	answer_list(&row, 1);
	got_clear(&status);
	gather(many[0], summary_need, 1, false, &summary);
	first = waiting(DESCRIBE, "s000");
	assert_false(first->urgent);
	clock_freeze(1800000060000, 1060000);
	gather(many[0], status_need, 1, false, &status);
	row.status = KD_STATUS_DELETING;
	answer_list(&row, 1);
	assert_true(first->cancelled);
	assert_true(waiting(DESCRIBE, "s000")->urgent);
	answer_summary("s000", 1);
	assert_int_equal(summary.times, 1);
	got_clear(&status);
	got_clear(&summary);
	free_many(101);
}

/* 400 streams take 80 s at 5/s: meanwhile the summary of the turn before serves, and the next is asked for behind. */
static void
a_turn_does_not_hold_looks_up(void **state)
{
	struct got got = {0};
	struct kinesis_stream row = {.name = "s000", .arn = "arn:0", .status = KD_STATUS_ACTIVE};

	(void)state;
	rate = 5;
	watch_many(400);
	gather(many[0], status_need, 1, false, &got);
	answer_list(&row, 1);
	got_clear(&got);
	gather(many[0], summary_need, 1, false, &got);
	turn();
	assert_int_equal(got.times, 0); /* the first has to wait */
	answer_summary("s000", 3);
	assert_int_equal(got.times, 1);
	got_clear(&got);
	clock_freeze(1800000060000, 1060000);
	gather(many[0], summary_need, 1, false, &got);
	turn();
	assert_int_equal(got.times, 1);
	assert_non_null(fact_value(got.facts[0], KD_STREAM_SUMMARY, NULL));
	assert_false(waiting(DESCRIBE, "s000")->urgent);
	got_clear(&got);
	/* By hand, after two turns, and when the status has changed it does not. */
	gather(many[0], summary_need, 1, true, &got);
	turn();
	assert_int_equal(got.times, 0);
	answer_summary("s000", 4);
	assert_int_equal(got.times, 1);
	got_clear(&got);
	clock_freeze(1800000120000, 1120000);
	gather(many[0], status_need, 1, false, &got);
	row.status = KD_STATUS_UPDATING;
	answer_list(&row, 1);
	got_clear(&got);
	assert_true(waiting(DESCRIBE, "s000")->urgent);
	gather(many[0], summary_need, 1, false, &got);
	turn();
	assert_int_equal(got.times, 0);
	answer_summary("s000", 4);
	assert_int_equal(got.times, 1);
	got_clear(&got);
	clock_freeze(1800000300000, 1300000);
	gather(many[0], summary_need, 1, false, &got);
	turn();
	assert_int_equal(got.times, 0);
	answer_summary("s000", 4);
	got_clear(&got);
	free_many(400);
}

/* Each would be followed by a listing of its own: five a second in a place of thousands. */
static void
a_description_that_waited_does_not_age_the_status(void **state)
{
	struct got status = {0}, summary = {0};
	struct kinesis_stream row = {.name = "s000", .arn = "arn:0", .status = KD_STATUS_UPDATING};

	(void)state;
	watch_many(101);
	gather(many[0], summary_need, 1, false, &summary);
	clock_freeze(1800000300000, 1300000);
	gather(many[0], status_need, 1, false, &status);
	answer_list(&row, 1);
	got_clear(&status);
	answer_summary("s000", 1); /* asked for five minutes ago, and newer than the listing */
	clock_freeze(1800000310000, 1310000);
	gather(many[0], status_need, 1, false, &status);
	turn();
	assert_int_equal(status.times, 1);
	assert_int_equal(((const struct kd_stream_status *)fact_value(status.facts[0], KD_STREAM_STATUS, NULL))->status,
	    KD_STATUS_ACTIVE);
	assert_int_equal(made(LIST), 1);
	got_clear(&status);
	got_clear(&summary);
	free_many(101);
}

static void
without_list_streams_it_goes_one_by_one(void **state)
{
	struct got got = {0};

	(void)state;
	rate = 5;
	watch_many(200);
	gather(many[0], status_need, 1, false, &got);
	answer_list_error(AWS_DENIED, "not authorized to perform: kinesis:ListStreams");
	assert_non_null(strstr(told, "denied/kinesis:ListStreams default us-east-1"));
	assert_non_null(strstr(told, "200 streams is asked one by one, a turn takes 40 s"));
	assert_int_equal(got.times, 0);
	answer_summary("s000", 1);
	assert_int_equal(got.times, 1);
	got_clear(&got);
	gather(many[1], status_need, 1, false, &got);
	assert_int_equal(made(LIST), 1);
	answer_summary("s001", 1);
	got_clear(&got);
	free_many(200);
}

static void
a_failed_listing_is_everybodys_answer(void **state)
{
	struct got a = {0}, b = {0};

	(void)state;
	watch_many(150);
	gather(many[0], status_need, 1, false, &a);
	gather(many[1], status_need, 1, false, &b);
	answer_list_error(AWS_NETWORK, "could not reach it");
	assert_int_equal(a.times + b.times, 2);
	assert_int_equal(fact_reason(b.facts[0]), KD_FAILED);
	got_clear(&a);
	got_clear(&b);
	for (int i = 1; i < 3; i++) {
		clock_freeze(1800000000000 + i * 60000, 1000000 + i * 60000);
		gather(many[0], status_need, 1, false, &a);
		answer_list_error(AWS_BAD_ANSWER, "it makes no sense");
		assert_string_equal(fact_blame(a.facts[0]), "self/answer/kinesis:ListStreams default us-east-1");
		got_clear(&a);
	}
	assert_string_equal(told, "answer/kinesis:ListStreams default us-east-1: it makes no sense");
	free_many(150);
}

static void
a_cancelled_job_hears_nothing(void **state)
{
	struct collect_stream *stream = watch("orders", NULL);
	struct got got = {0};

	(void)state;
	collect_cancel(gather(stream, summary_need, 1, false, &got));
	answer_summary("orders", 1);
	turn();
	assert_int_equal(got.times, 0);
	collect_stream_free(stream);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(one_description_answers_for_all, setup, teardown),
	    cmocka_unit_test_setup_teardown(answers_serve_for_half_an_interval, setup, teardown),
	    cmocka_unit_test_setup_teardown(shards_are_not_listed_again_while_their_number_holds, setup, teardown),
	    cmocka_unit_test_setup_teardown(by_hand_goes_ahead_and_is_fresh, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_stream_that_is_gone_has_a_status_and_nothing_else, setup, teardown),
	    cmocka_unit_test_setup_teardown(denied_is_one_finding_a_place, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_does_not_come_is_late, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_network_fault_blames_the_service, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_fails_again_is_one_finding, setup, teardown),
	    cmocka_unit_test_setup_teardown(one_cause_is_handed_over_to_the_client, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_denial_outlives_other_faults, setup, teardown),
	    cmocka_unit_test_setup_teardown(only_what_was_asked_is_denied, setup, teardown),
	    cmocka_unit_test_setup_teardown(late_names_what_did_not_come, setup, teardown),
	    cmocka_unit_test_setup_teardown(consumers_need_no_call_when_there_are_none, setup, teardown),
	    cmocka_unit_test_setup_teardown(one_listing_gives_the_status_of_all, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_changed_stream_is_described_first, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_turn_does_not_hold_looks_up, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_description_that_waited_does_not_age_the_status, setup, teardown),
	    cmocka_unit_test_setup_teardown(without_list_streams_it_goes_one_by_one, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_failed_listing_is_everybodys_answer, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_cancelled_job_hears_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
