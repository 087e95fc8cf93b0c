/* SPDX-License-Identifier: Apache-2.0 */
/* test_collect_logs: the feed of log groups against a collector and a client that this file plays: who is read when, what is shared, what is told, what is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/fact.h"
#include "common/mem.h"
#include "common/str.h"
#include "daemon/collect_logs.h"

enum { MINUTE = 60 * 1000 };

static const int64_t base = INT64_C(1795341600000);

/* ---- the client ---- */

struct logs_op {
	struct logs_op *next;
	char *subject;
	bool urgent;
	struct logs_span span;
	logs_events_cb events;
	logs_done_cb done;
	logs_groups_cb groups;
	void *arg;
};

static struct logs_op *ops_under_way;
static unsigned reads, lookups;

int64_t
aws_place_now_ms(const struct aws_place *place)
{
	(void)place;
	return clock_now_ms();
}

const char *
aws_place_region(const struct aws_place *place)
{
	(void)place;
	return "us-east-1";
}

double
aws_place_rate(const struct aws_place *place, const char *operation)
{
	(void)place;
	assert_string_equal(operation, "FilterLogEvents");
	return 2.5;
}

char *
aws_place_blame(const struct aws_place *place, const char *service, enum aws_fault fault)
{
	(void)place;
	assert_string_equal(service, "logs");
	return fault == AWS_NETWORK ? mem_strdup("self/service/logs us-east-1") : NULL;
}

static int64_t mended_ms;

bool
aws_place_is_mended_since(const struct aws_place *place, int64_t mono_ms)
{
	(void)place;
	return mended_ms > mono_ms;
}

static struct logs_op *
start(const char *subject, bool urgent, void *arg)
{
	struct logs_op *op = mem_new(1, sizeof(*op));

	op->subject = mem_strdup(subject);
	op->urgent = urgent;
	op->arg = arg;
	op->next = ops_under_way;
	ops_under_way = op;
	return op;
}

struct logs_op *
logs_filter_events(
    struct aws_place *place, const struct logs_span *span, logs_events_cb events, logs_done_cb done, void *arg)
{
	struct logs_op *op = start(span->group, span->urgent, arg);

	(void)place;
	op->span = *span;
	op->events = events;
	op->done = done;
	reads++;
	return op;
}

struct logs_op *
logs_describe_groups(struct aws_place *place, const char *prefix, bool urgent, logs_groups_cb cb, void *arg)
{
	struct logs_op *op = start(prefix, urgent, arg);

	(void)place;
	op->groups = cb;
	lookups++;
	return op;
}

void
logs_cancel(struct logs_op *op)
{
	struct logs_op **at;

	if (op == NULL)
		return;
	for (at = &ops_under_way; *at != op; at = &(*at)->next)
		assert_non_null(*at);
	*at = op->next;
	free(op->subject);
	free(op);
}

/* The call about that group or prefix, out of the list; fails when there is none. */
static struct logs_op *
take_op(const char *subject)
{
	for (struct logs_op **at = &ops_under_way; *at != NULL; at = &(*at)->next)
		if (strcmp((*at)->subject, subject) == 0) {
			struct logs_op *op = *at;

			*at = op->next;
			return op;
		}
	fail_msg("nobody asks for %s", subject);
	return NULL;
}

static void
drop_op(struct logs_op *op)
{
	free(op->subject);
	free(op);
}

/* Five events, then the end of the span. */
static void
answer_read(const char *subject)
{
	static const struct aws_error good = {.fault = AWS_OK};
	static const char text[] = "2026-11-22T10:00:00Z INFO processed 17 records";
	struct logs_op *op = take_op(subject);
	struct logs_outcome outcome = {.complete = true, .read_ms = op->span.until_ms, .events = 5};
	char id[32];

	for (int i = 0; i < 5; i++) {
		struct logs_event event = {
		    .id = id, .message = text, .message_len = sizeof(text) - 1, .ms = op->span.until_ms - 1 - i};

		snprintf(id, sizeof(id), "%s%lld", subject, (long long)event.ms);
		op->events(&event, 1, op->arg);
	}
	op->done(&good, &outcome, op->arg);
	drop_op(op);
}

static void
answer_error(const char *subject, enum aws_fault fault)
{
	struct logs_op *op = take_op(subject);
	struct aws_error error;

	aws_error_set(&error, fault, "the sentence");
	if (op->groups != NULL)
		op->groups(&error, NULL, 0, false, op->arg);
	else
		op->done(&error, NULL, op->arg);
	drop_op(op);
}

static void
answer_names(const char *prefix, const char *const *names, size_t count, bool cut)
{
	static const struct aws_error good = {.fault = AWS_OK};
	struct logs_op *op = take_op(prefix);

	op->groups(&good, names, count, cut, op->arg);
	drop_op(op);
}

static void
answer_all_reads(void)
{
	while (ops_under_way != NULL)
		answer_read(ops_under_way->subject);
}

/* ---- the collector ---- */

struct collect_stream {
	struct stream_id *id;
	void *part;
	unsigned advanced;
};

static const struct collect_feed_ops *feed_ops;
static void *feed;
static struct str told;

void
collect_add_feed(struct collect *collect, const struct collect_feed_ops *ops, void *feed_taken)
{
	assert_null(collect);
	feed_ops = ops;
	feed = feed_taken;
}

struct aws_place *
collect_stream_place(const struct collect_stream *stream)
{
	(void)stream;
	return NULL;
}

struct stream_id *
collect_stream_id(const struct collect_stream *stream)
{
	return stream->id;
}

void
collect_advance(struct collect_stream *stream)
{
	stream->advanced++;
}

void
collect_tell(struct collect *collect, struct aws_place *aws, const char *check, const char *operation, const char *why)
{
	(void)collect;
	(void)aws;
	str_printf(&told, "%s %s: %s\n", check, operation, why != NULL ? why : "over");
}

char *
collect_blame(struct aws_place *aws, const char *check, const char *operation)
{
	(void)aws;
	return mem_printf("self/%s/%s", check, operation);
}

bool
collect_fails(unsigned history)
{
	return (history & 3) == 3;
}

bool
collect_recovered(unsigned history)
{
	return (history & 3) == 0;
}

/* ---- streams ---- */

static struct log_sources *sources;
static struct str kept;
static int64_t mono_ms;

static void
kept_cb(const struct stream_id *stream, const char *probe, const char *state, void *arg)
{
	assert_null(arg);
	str_printf(&kept, "%s %s %s\n", stream->name, probe, state != NULL ? "kept" : "forgotten");
}

static void
set_time(int64_t minutes)
{
	mono_ms = (60 + minutes) * MINUTE;
	clock_freeze(base + minutes * MINUTE, mono_ms);
}

static int
set_up(void **state)
{
	(void)state;
	set_time(0);
	reads = lookups = 0;
	mended_ms = 0;
	sources = log_sources_new();
	log_sources_remember(sources, &(const struct log_sources_memory){.kept = kept_cb});
	collect_logs_add(NULL, sources);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	feed_ops->free(feed);
	log_sources_free(sources);
	assert_null(ops_under_way);
	str_free(&told);
	str_free(&kept);
	return 0;
}

static void
configure(struct collect_stream *stream, char *const *groups, size_t count)
{
	const struct collect_spec spec = {.id = stream->id, .log_groups = groups, .log_groups_count = count};

	feed_ops->configure(stream->part, &spec);
}

static void
attach(struct collect_stream *stream, const char *name, char *const *groups, size_t count)
{
	*stream = (struct collect_stream){.id = stream_id_new("default", "us-east-1", name)};
	stream->part = feed_ops->attach(feed, stream);
	configure(stream, groups, count);
}

static void
detach(struct collect_stream *stream)
{
	feed_ops->detach(stream->part);
	stream_id_unref(stream->id);
}

static const struct kd_need need = {.kind = KD_LOG_GROUPS, .window_s = 3600};

static void
ask(struct collect_stream *stream, bool urgent)
{
	const struct collect_terms terms = {.since_ms = mono_ms, .urgent = urgent};

	feed_ops->ask(stream->part, &need, &terms);
}

static struct fact *
get(struct collect_stream *stream)
{
	const struct collect_terms terms = {.since_ms = mono_ms};

	return feed_ops->get(stream->part, &need, &terms);
}

static const struct kd_log_group *
groups_of(const struct fact *fact, size_t expected)
{
	size_t count;
	const struct kd_log_group *groups = fact_value(fact, KD_LOG_GROUPS, &count);

	assert_non_null(groups);
	assert_int_equal(count, expected);
	return groups;
}

static char one[] = "/g/one", two[] = "/g/two", three[] = "/g/three", four[] = "/g/four", five[] = "/g/five",
	    prefix[] = "/ecs/orders-*";

/* ---- the tests ---- */

static void
nothing_declared_is_not_configured(void **state)
{
	struct collect_stream stream;
	struct fact *fact;

	(void)state;
	attach(&stream, "orders", NULL, 0);
	fact = get(&stream);
	assert_int_equal(fact_reason(fact), KD_NOT_CONFIGURED);
	assert_int_equal(reads, 0);
	fact_unref(fact);
	detach(&stream);
}

static void
a_shared_group_is_read_once(void **state)
{
	static char *groups[] = {one};
	struct collect_stream a, b;
	struct fact *fact;

	(void)state;
	attach(&a, "a", groups, 1);
	attach(&b, "b", groups, 1);
	assert_null(get(&a));
	ask(&a, false);
	ask(&b, false);
	ask(&a, false);
	assert_int_equal(reads, 1);
	answer_read(one);
	assert_int_equal(a.advanced, 1);
	assert_int_equal(b.advanced, 1);
	fact = get(&b);
	assert_true(groups_of(fact, 1)[0].templates[0].count == 5);
	assert_string_equal(groups_of(fact, 1)[0].name, one);
	fact_unref(fact);
	/* The next look wants it newer. */
	set_time(1);
	assert_null(get(&a));
	detach(&a);
	assert_true(kept.s == NULL || strstr(kept.s, "forgotten") == NULL);
	detach(&b);
	assert_non_null(strstr(kept.s, "log-group:/g/one logs forgotten"));
}

static void
a_prefix_is_looked_up(void **state)
{
	static char *groups[] = {prefix, one};
	static const char *const names[] = {"/ecs/orders-a", "/ecs/orders-b"};
	struct collect_stream stream;
	struct fact *fact;

	(void)state;
	attach(&stream, "orders", groups, 2);
	assert_null(get(&stream));
	ask(&stream, false);
	assert_int_equal(lookups, 1);
	answer_names("/ecs/orders-", names, 2, false);
	assert_int_equal(stream.advanced, 1);
	ask(&stream, false);
	answer_read(ops_under_way->subject);
	assert_null(get(&stream));
	answer_all_reads();
	fact = get(&stream);
	groups_of(fact, 3);
	fact_unref(fact);
	/* Again after a quarter of an hour: one has gone, none is left. */
	set_time(16);
	ask(&stream, false);
	assert_int_equal(lookups, 2);
	answer_names("/ecs/orders-", names, 0, false);
	assert_non_null(strstr(kept.s, "log-group:/ecs/orders-a logs forgotten"));
	answer_read(one);
	fact = get(&stream);
	assert_int_equal(groups_of(fact, 2)[1].missing, KD_NOT_CONFIGURED);
	assert_string_equal(
	    groups_of(fact, 2)[1].why, "no log group in us-east-1 is called /ecs/orders-* (log_groups in the config)");
	fact_unref(fact);
	detach(&stream);
}

static void
a_prefix_of_too_many_is_cut_and_said(void **state)
{
	static char *groups[] = {prefix};
	const char **names = mem_new(150, sizeof(*names));
	struct collect_stream stream;
	struct fact *fact;

	(void)state;
	for (int i = 0; i < 150; i++)
		names[i] = mem_printf("/ecs/orders-%d", i);
	attach(&stream, "orders", groups, 1);
	ask(&stream, false);
	answer_names("/ecs/orders-", names, 150, false);
	fact = feed_ops->late(stream.part, &need);
	assert_int_equal(groups_of(fact, 101)[100].missing, KD_NOT_CONFIGURED);
	assert_non_null(strstr(groups_of(fact, 101)[100].why, "more than 100 log groups are called /ecs/orders-*"));
	assert_int_equal(groups_of(fact, 101)[0].missing, KD_LATE);
	fact_unref(fact);
	for (int i = 0; i < 150; i++)
		free((char *)names[i]);
	free(names);
	detach(&stream);
}

static void
a_lookup_that_fails_is_the_prefix_s_own(void **state)
{
	static char *groups[] = {prefix};
	struct collect_stream stream;
	struct fact *fact;

	(void)state;
	attach(&stream, "orders", groups, 1);
	ask(&stream, false);
	answer_error("/ecs/orders-", AWS_DENIED);
	assert_string_equal(told.s, "denied logs:DescribeLogGroups: the sentence\n");
	fact = get(&stream);
	assert_int_equal(groups_of(fact, 1)[0].missing, KD_DENIED);
	assert_string_equal(groups_of(fact, 1)[0].name, prefix);
	assert_string_equal(groups_of(fact, 1)[0].blame, "self/denied/logs:DescribeLogGroups");
	fact_unref(fact);
	detach(&stream);
}

/* A look that goes on, or begins, when the service answers again does not hear that it did not. */
static void
what_failed_is_read_anew_when_the_service_is_mended(void **state)
{
	static char *groups[] = {one, prefix};
	static const char *const names[] = {two};
	struct collect_stream stream;
	struct fact *fact;

	(void)state;
	attach(&stream, "orders", groups, 2);
	ask(&stream, false);
	answer_error("/ecs/orders-", AWS_NETWORK);
	ask(&stream, false);
	answer_error(one, AWS_NETWORK);
	fact = get(&stream);
	assert_string_equal(groups_of(fact, 2)[0].blame, "self/service/logs us-east-1");
	assert_string_equal(groups_of(fact, 2)[1].blame, "self/service/logs us-east-1");
	fact_unref(fact);
	assert_int_equal(lookups, 1);
	assert_int_equal(reads, 1);
	mended_ms = clock_mono_ms() + 1;
	assert_null(get(&stream));
	ask(&stream, false);
	assert_int_equal(lookups, 2);
	set_time(1); /* after it was mended */
	answer_names("/ecs/orders-", names, 1, false);
	ask(&stream, false);
	assert_int_equal(reads, 3);
	answer_all_reads();
	fact = get(&stream);
	assert_int_equal(groups_of(fact, 2)[0].missing, KD_KNOWN);
	assert_int_equal(groups_of(fact, 2)[1].missing, KD_KNOWN);
	fact_unref(fact);
	detach(&stream);
}

static void
a_denial_is_told_once_for_its_place(void **state)
{
	static char *groups[] = {one, two};
	struct collect_stream stream;
	struct fact *fact;

	(void)state;
	attach(&stream, "orders", groups, 2);
	ask(&stream, false);
	answer_error(one, AWS_DENIED);
	answer_error(two, AWS_DENIED);
	fact = get(&stream);
	assert_int_equal(groups_of(fact, 2)[0].missing, KD_DENIED);
	assert_string_equal(groups_of(fact, 2)[0].blame, "self/denied/logs:FilterLogEvents");
	fact_unref(fact);
	set_time(1);
	str_clear(&told);
	ask(&stream, false);
	answer_read(one);
	assert_true(told.len == 0); /* the other one is denied still */
	answer_read(two);
	assert_string_equal(told.s, "denied logs:FilterLogEvents: over\n");
	detach(&stream);
}

static void
a_group_that_is_not_there_is_no_trouble_of_ours(void **state)
{
	static char *groups[] = {one};
	struct collect_stream stream;
	struct fact *fact;

	(void)state;
	attach(&stream, "orders", groups, 1);
	for (int minute = 0; minute < 4; minute++) {
		set_time(minute);
		ask(&stream, false);
		answer_error(one, AWS_NOT_FOUND);
	}
	fact = get(&stream);
	assert_int_equal(groups_of(fact, 1)[0].missing, KD_NOT_CONFIGURED);
	assert_string_equal(
	    groups_of(fact, 1)[0].why, "log group /g/one does not exist in us-east-1 (log_groups in the config)");
	assert_true(told.len == 0);
	fact_unref(fact);
	detach(&stream);
}

static void
what_fails_again_is_told_unless_it_is_already(void **state)
{
	static char *groups[] = {one};
	struct collect_stream stream;

	(void)state;
	attach(&stream, "orders", groups, 1);
	for (int minute = 0; minute < 3; minute++) {
		set_time(minute);
		ask(&stream, false);
		answer_error(one, AWS_NETWORK);
	}
	assert_true(told.len == 0); /* the client has a finding of it */
	for (int minute = 3; minute < 5; minute++) {
		set_time(minute);
		ask(&stream, false);
		answer_error(one, AWS_BAD_ANSWER);
	}
	assert_non_null(strstr(told.s, "answer logs:FilterLogEvents: the sentence"));
	detach(&stream);
	assert_non_null(strstr(told.s, "answer logs:FilterLogEvents: over"));
}

/* Two may read a past, three in all: who is new does not keep the others waiting; by hand goes first. */
static void
some_are_read_at_once_the_urgent_first(void **state)
{
	static char *groups[] = {one, two, three, four}, *last[] = {five};
	struct collect_stream stream, other;

	(void)state;
	attach(&stream, "orders", groups, 4);
	attach(&other, "clicks", last, 1);
	ask(&stream, false);
	ask(&other, true);
	assert_int_equal(reads, 2);
	answer_read(ops_under_way->subject);
	assert_int_equal(reads, 3);
	assert_string_equal(ops_under_way->subject, five);
	assert_true(ops_under_way->urgent);
	answer_all_reads();
	assert_int_equal(reads, 5);
	/* None is new any more. */
	set_time(1);
	ask(&stream, false);
	assert_int_equal(reads, 8);
	answer_all_reads();
	assert_int_equal(reads, 9);
	detach(&stream);
	detach(&other);
}

static void
the_deadline_gives_what_there_is(void **state)
{
	static char *groups[] = {one, two};
	struct collect_stream stream;
	struct fact *fact;

	(void)state;
	attach(&stream, "orders", groups, 2);
	ask(&stream, false);
	answer_read(one);
	fact = feed_ops->late(stream.part, &need);
	assert_int_equal(groups_of(fact, 2)[0].missing, KD_KNOWN);
	assert_true(groups_of(fact, 2)[1].behind); /* the past of an hour is being read */
	fact_unref(fact);
	/* What was read some minutes ago is better than none, of an hour ago it is not. */
	set_time(5);
	fact = feed_ops->late(stream.part, &need);
	assert_int_equal(groups_of(fact, 2)[0].missing, KD_KNOWN);
	fact_unref(fact);
	set_time(60);
	fact = feed_ops->late(stream.part, &need);
	assert_int_equal(groups_of(fact, 2)[0].missing, KD_LATE);
	assert_non_null(
	    strstr(groups_of(fact, 2)[0].why, "(logs:FilterLogEvents may be called 2.5 times a second here"));
	fact_unref(fact);
	detach(&stream);
}

static void
a_new_config_keeps_what_stays(void **state)
{
	static char *before[] = {one, two}, *after[] = {two, three};
	struct collect_stream stream;
	struct fact *fact;

	(void)state;
	attach(&stream, "orders", before, 2);
	ask(&stream, false);
	answer_read(one);
	answer_read(two);
	configure(&stream, after, 2);
	assert_non_null(strstr(kept.s, "log-group:/g/one logs forgotten"));
	assert_null(strstr(kept.s, "log-group:/g/two logs forgotten"));
	ask(&stream, false);
	assert_int_equal(reads, 3);
	answer_read(three);
	fact = get(&stream);
	assert_true(groups_of(fact, 2)[0].templates[0].count == 5);
	fact_unref(fact);
	/* At the end all is saved, and nothing forgotten. */
	str_clear(&kept);
	log_sources_close(sources);
	assert_non_null(strstr(kept.s, "log-group:/g/two logs kept"));
	detach(&stream);
	assert_null(strstr(kept.s, "forgotten"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(nothing_declared_is_not_configured, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_shared_group_is_read_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_prefix_is_looked_up, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_prefix_of_too_many_is_cut_and_said, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_lookup_that_fails_is_the_prefix_s_own, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_failed_is_read_anew_when_the_service_is_mended, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_denial_is_told_once_for_its_place, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_group_that_is_not_there_is_no_trouble_of_ours, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_fails_again_is_told_unless_it_is_already, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(some_are_read_at_once_the_urgent_first, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_deadline_gives_what_there_is, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_new_config_keeps_what_stays, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
