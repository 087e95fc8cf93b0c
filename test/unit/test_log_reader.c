/* SPDX-License-Identifier: Apache-2.0 */
/* test_log_reader: what is asked for when, against a log of this file's own: the past, what is new, what is late, what is too much, and failures in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/log_reader.h"

enum { SECOND = 1000, TICK = 10 * SECOND, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, PAGE = 500 };

static const int64_t base = INT64_C(1795341600000);

/* ---- the log: an event every `every_ms`, from the beginning of time; some are to be had later ---- */

static struct {
	int64_t now_ms;
	int64_t every_ms;
	int64_t late_every, late_ms; /* every so many-th event comes so much later; 0: none */
	unsigned calls, fail_at;     /* fail_at: the call with this number fails; 0: none */
	size_t events;
	int64_t first_from_ms, last_until_ms;
} log_now;

struct logs_op {
	struct logs_span span;
	logs_events_cb events;
	logs_done_cb done;
	void *arg;
};

static struct logs_op *under_way;

int64_t
aws_place_now_ms(const struct aws_place *place)
{
	assert_null(place);
	return log_now.now_ms;
}

struct logs_op *
logs_filter_events(
    struct aws_place *place, const struct logs_span *span, logs_events_cb events, logs_done_cb done, void *arg)
{
	struct logs_op *op = mem_new(1, sizeof(*op));

	assert_null(place);
	assert_null(under_way);
	assert_string_equal(span->group, "/g");
	assert_true(span->from_ms < span->until_ms && span->until_ms <= log_now.now_ms + 1);
	*op = (struct logs_op){*span, events, done, arg};
	if (log_now.calls == 0)
		log_now.first_from_ms = span->from_ms;
	log_now.last_until_ms = span->until_ms;
	log_now.calls++;
	under_way = op;
	return op;
}

struct logs_op *
logs_describe_groups(struct aws_place *place, const char *prefix, bool urgent, logs_groups_cb cb, void *arg)
{
	(void)place;
	(void)prefix;
	(void)urgent;
	(void)cb;
	(void)arg;
	fail();
	return NULL;
}

void
logs_cancel(struct logs_op *op)
{
	if (op == NULL)
		return;
	assert_ptr_equal(op, under_way);
	under_way = NULL;
	free(op);
}

/* ---- answering ---- */

static struct logs_event page[PAGE];
static char ids[PAGE][24];
static const char text[] = "2026-11-22T10:00:00Z INFO processed 17 records";

static size_t
fill_page(int64_t *number, int64_t until_ms)
{
	size_t count = 0;

	for (; *number * log_now.every_ms < until_ms && count < PAGE; ++*number) {
		int64_t ms = *number * log_now.every_ms;

		if (log_now.late_every != 0 && *number % log_now.late_every == 0 &&
		    ms + log_now.late_ms > log_now.now_ms)
			continue;
		snprintf(ids[count], sizeof(ids[count]), "%lld", (long long)*number);
		page[count] = (struct logs_event){
		    .id = ids[count], .stream = "s", .message = text, .message_len = sizeof(text) - 1, .ms = ms};
		count++;
	}
	return count;
}

static void
answer(struct logs_op *op)
{
	static const struct aws_error good = {.fault = AWS_OK};
	struct logs_outcome outcome = {.read_ms = op->span.from_ms};
	int64_t number = (op->span.from_ms + log_now.every_ms - 1) / log_now.every_ms;
	size_t count;

	do {
		count = fill_page(&number, op->span.until_ms);
		outcome.events += count;
		log_now.events += count;
		if (count > 0)
			outcome.read_ms = page[count - 1].ms;
		op->events(page, count, op->arg);
		outcome.complete = number * log_now.every_ms >= op->span.until_ms;
	} while (!outcome.complete && outcome.events < op->span.events_max);
	if (outcome.complete)
		outcome.read_ms = op->span.until_ms;
	op->done(&good, &outcome, op->arg);
}

static unsigned ended;

/* All calls of a read, one after the other. */
static void
pump(void)
{
	struct aws_error failed;

	while (under_way != NULL) {
		struct logs_op *op = under_way;

		under_way = NULL;
		if (log_now.calls == log_now.fail_at) {
			aws_error_set(&failed, AWS_THROTTLED, "too fast");
			op->done(&failed, NULL, op->arg);
		} else {
			answer(op);
		}
		free(op);
	}
}

static void
ended_cb(struct log_reader *reader, void *arg)
{
	(void)reader;
	assert_ptr_equal(arg, &ended);
	ended++;
}

static const struct log_reader_limits limits = {.events = 1000, .past_events = 20000};
static struct log_sources *sources;
static struct log_reader *reader;

static int
set_up(void **state)
{
	(void)state;
	memset(&log_now, 0, sizeof(log_now));
	log_now.now_ms = base;
	log_now.every_ms = TICK;
	clock_freeze(base, HOUR);
	ended = 0;
	sources = log_sources_new();
	reader = log_reader_new(
	    NULL, log_sources_take(sources, "default", "us-east-1", "/g", NULL), &limits, ended_cb, &ended);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	log_reader_free(reader);
	log_sources_free(sources);
	assert_null(under_way);
	return 0;
}

static void
read_at(int64_t now_ms)
{
	log_now.now_ms = now_ms;
	log_now.calls = 0;
	log_now.events = 0;
	log_reader_read(reader, 24 * (int64_t)HOUR, false);
	assert_true(log_reader_is_reading(reader));
	pump();
	assert_false(log_reader_is_reading(reader));
}

static double
counted(void)
{
	struct log_group_view view;
	double count;

	log_group_look(log_source_group(log_reader_source(reader)), &view);
	count = view.group.templates[0].count;
	log_group_view_clear(&view);
	return count;
}

/* ---- the tests ---- */

static void
the_past_comes_first(void **state)
{
	(void)state;
	read_at(base);
	assert_true(log_now.first_from_ms == base - 24 * (int64_t)HOUR);
	assert_true(log_now.last_until_ms == base);
	assert_true(counted() == 24 * 360);
	assert_true(log_reader_share(reader) == 1);
	assert_int_equal(ended, 1);
	assert_true(log_reader_asked_ms(reader) == HOUR);
	assert_int_equal(log_reader_error(reader)->fault, AWS_OK);
}

static void
what_is_new_is_one_call_with_a_little_overlap(void **state)
{
	(void)state;
	read_at(base);
	for (int minute = 1; minute <= 10; minute++) {
		read_at(base + minute * (int64_t)MINUTE);
		assert_int_equal(log_now.calls, 1);
		assert_true(log_now.first_from_ms >= base + (minute - 7) * (int64_t)MINUTE);
		assert_true(log_now.events <= 7 * 6);
	}
	assert_true(counted() == 24 * 360 + 60);
}

static void
late_events_are_counted_once(void **state)
{
	(void)state;
	log_now.late_every = 7;
	log_now.late_ms = 3 * MINUTE;
	read_at(base);
	for (int minute = 1; minute <= 20; minute++)
		read_at(base + minute * (int64_t)MINUTE);
	log_now.late_every = 0;
	read_at(base + 21 * (int64_t)MINUTE);
	assert_true(counted() == 24 * 360 + 21 * 6);
}

static void
a_failure_loses_nothing(void **state)
{
	(void)state;
	read_at(base);
	log_now.fail_at = 1;
	read_at(base + MINUTE);
	assert_int_equal(log_reader_error(reader)->fault, AWS_THROTTLED);
	assert_true(log_group_until_ms(log_source_group(log_reader_source(reader))) == base);
	log_now.fail_at = 0;
	read_at(base + 2 * MINUTE);
	assert_int_equal(log_reader_error(reader)->fault, AWS_OK);
	assert_true(counted() == 24 * 360 + 12);
}

static void
a_failure_in_the_past_goes_on_there(void **state)
{
	unsigned calls;

	(void)state;
	log_now.fail_at = 3;
	read_at(base);
	assert_int_equal(log_reader_error(reader)->fault, AWS_THROTTLED);
	log_now.fail_at = 0;
	read_at(base + MINUTE);
	calls = log_now.calls;
	assert_true(calls >= 1 && calls < 8);
	assert_true(counted() == 24 * 360 + 6);
}

/* 20 a second for a day are 1.7 million: a share of each quarter of an hour, and the numbers are right in the middle. */
static void
a_loud_past_is_sampled(void **state)
{
	(void)state;
	log_now.every_ms = 50;
	read_at(base);
	assert_true(log_now.events < 30000 && log_now.calls < 150);
	assert_true(counted() > 0.9 * 1728000 && counted() < 1.1 * 1728000);
}

/* From six a minute to three thousand: what is more than the budget is left out, and said; then sampled evenly, and the numbers are right again. */
static void
too_much_is_sampled_and_said(void **state)
{
	double before;

	(void)state;
	read_at(base);
	log_now.every_ms = 20;
	read_at(base + MINUTE);
	assert_true(log_now.events <= 2000);
	assert_true(log_reader_share(reader) < 0.5);
	before = counted();
	for (int minute = 2; minute <= 6; minute++) {
		read_at(base + minute * (int64_t)MINUTE);
		assert_true(log_now.events <= 2000 && log_now.calls <= 6);
		assert_true(log_reader_share(reader) < 0.5 && log_reader_share(reader) > 0.1);
	}
	assert_true(counted() - before > 0.8 * 15000 && counted() - before < 1.2 * 15000);
	log_now.every_ms = TICK;
	for (int minute = 7; minute <= 14; minute++)
		read_at(base + minute * (int64_t)MINUTE);
	assert_true(log_reader_share(reader) == 1);
}

static void
after_a_long_stop_only_the_newest_past(void **state)
{
	(void)state;
	read_at(base);
	read_at(base + 72 * (int64_t)HOUR);
	assert_true(log_now.first_from_ms == base + 48 * (int64_t)HOUR);
	assert_true(counted() == 48 * 360);
	/* What was learnt is known still. */
	assert_true(log_group_since_ms(log_source_group(log_reader_source(reader))) == base - 24 * (int64_t)HOUR);
}

static void
a_clock_that_steps_back_does_no_harm(void **state)
{
	(void)state;
	read_at(base);
	read_at(base - 5 * MINUTE);
	read_at(base + MINUTE);
	assert_true(counted() == 24 * 360 + 6);
	/* By more than a quarter of an hour it was wrong before: learning begins anew. */
	read_at(base - 100 * (int64_t)HOUR);
	assert_true(counted() == 24 * 360);
}

static void
the_end_may_come_at_any_time(void **state)
{
	(void)state;
	log_reader_read(reader, HOUR, false);
	log_reader_read(reader, HOUR, true);
	assert_int_equal(log_now.calls, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_past_comes_first, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_new_is_one_call_with_a_little_overlap, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(late_events_are_counted_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_failure_loses_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_failure_in_the_past_goes_on_there, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_loud_past_is_sampled, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(too_much_is_sampled_and_said, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(after_a_long_stop_only_the_newest_past, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_clock_that_steps_back_does_no_harm, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_end_may_come_at_any_time, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
