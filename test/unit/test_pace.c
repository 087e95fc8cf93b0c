/* SPDX-License-Identifier: Apache-2.0 */
/* pace: bursts, order, cancelling and slowing down, with the clock standing still where numbers are checked. */
#include "daemon/aws/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>
#include <kdiag/probe.h>

#include "common/clock.h"

#define OPERATION "DescribeStreamSummary" /* 20 a second */

struct fixture {
	struct event_base *base;
	struct pace *pace;
	char order[300]; /* a letter for each that was let through */
	size_t count;
};

struct waiter {
	struct fixture *fixture;
	char letter;
	struct waiter *then; /* enters when this one is let through */
	struct pace_wait *cancels;
};

static struct fixture fx;
static struct waiter waiters[300];

static void
through_cb(void *arg)
{
	struct waiter *waiter = arg;
	struct fixture *fixture = waiter->fixture;

	fixture->order[fixture->count++] = waiter->letter;
	fixture->order[fixture->count] = '\0';
	if (waiter->then != NULL)
		pace_enter(fixture->pace, OPERATION, true, through_cb, waiter->then);
	pace_cancel(waiter->cancels);
}

static struct pace_wait *
enter(char letter, bool urgent)
{
	struct waiter *waiter = &waiters[(unsigned char)letter];

	waiter->fixture = &fx;
	waiter->letter = letter;
	return pace_enter(fx.pace, OPERATION, urgent, through_cb, waiter);
}

static void
set_up(double share)
{
	memset(&fx, 0, sizeof(fx));
	memset(waiters, 0, sizeof(waiters));
	fx.base = event_base_new();
	fx.pace = pace_new(fx.base, "us-east-1", share);
	clock_freeze(1000000, 1000000);
}

static int
tear_down(void **state)
{
	(void)state;
	pace_free(fx.pace);
	event_base_free(fx.base);
	return 0;
}

static void
pass_ms(int64_t ms)
{
	clock_freeze(clock_now_ms() + ms, clock_mono_ms() + ms);
}

/* Until the timers have had their chance: those of these tests take some 10 ms, and what shall not come is waited for 30 ms. */
static void
run(void)
{
	const struct timeval end = {0, 30000};

	event_base_loopexit(fx.base, &end);
	event_base_dispatch(fx.base);
}

static void
limits_are_known(void **state)
{
	(void)state;
	assert_true(pace_limit("DescribeStreamSummary", "us-east-1") == 20);
	assert_true(pace_limit("ListStreams", "us-east-1") == 5);
	assert_true(pace_limit("ListShards", "us-east-1") == 1000);
	assert_true(pace_limit("GetMetricData", "us-east-1") == 50);
	assert_true(pace_limit("GetCallerIdentity", "us-east-1") == 0);
	assert_true(pace_limit("FilterLogEvents", "us-east-1") == 25);
	assert_true(pace_limit("FilterLogEvents", "eu-central-1") == 5);
	assert_true(pace_limit("FilterLogEvents", "eu-west-1") == 10);
	set_up(0.25);
	assert_true(pace_rate(fx.pace, "DescribeStreamSummary") == 5);
	assert_true(pace_rate(fx.pace, "GetCallerIdentity") == 0);
	assert_int_equal(pace_waiting(fx.pace, "GetCallerIdentity"), 0);
}

/* IAM's operations draw on one bucket: 2 a second of an unpublished limit, whatever is asked. */
static void
iam_shares_one_bucket(void **state)
{
	static struct waiter one = {.fixture = &fx, .letter = 'r'}, other = {.fixture = &fx, .letter = 'p'};

	(void)state;
	set_up(0.25);
	assert_true(pace_rate(fx.pace, "GetRole") == 2 && pace_rate(fx.pace, "GetPolicyVersion") == 2);
	for (int i = 0; i < 2; i++) {
		pace_enter(fx.pace, "GetRole", false, through_cb, &one);
		pace_enter(fx.pace, "GetPolicyVersion", false, through_cb, &other);
	}
	run();
	assert_string_equal(fx.order, "rp");
	assert_int_equal(pace_waiting(fx.pace, "ListRolePolicies"), 2);
}

static void
never_from_within(void **state)
{
	(void)state;
	set_up(5);
	enter('a', false);
	assert_int_equal(fx.count, 0);
	assert_int_equal(pace_waiting(fx.pace, OPERATION), 1);
	run();
	assert_string_equal(fx.order, "a");
	assert_int_equal(pace_waiting(fx.pace, OPERATION), 0);
}

/* 20 x 5 = 100 a second, and as many at once. */
static void
burst_then_rate(void **state)
{
	(void)state;
	set_up(5);
	for (int i = 0; i < 200; i++)
		enter('x', false);
	run();
	assert_int_equal(fx.count, 100);
	assert_int_equal(pace_waiting(fx.pace, OPERATION), 100);
	pass_ms(9);
	run();
	assert_int_equal(fx.count, 100);
	pass_ms(1);
	run();
	assert_int_equal(fx.count, 101);
	pass_ms(500);
	run();
	assert_int_equal(fx.count, 151);
	pass_ms(3600000);
	run();
	assert_int_equal(fx.count, 200);
}

/* 100 a second; a call that weighs 50 leaves room for 50 others, and who follows one that leaves a debt waits until it is paid. */
static void
heavy_calls_take_more(void **state)
{
	(void)state;
	set_up(5);
	enter('a', false);
	run();
	pace_take(fx.pace, OPERATION, 49);
	for (int i = 0; i < 60; i++)
		enter('x', false);
	run();
	assert_int_equal(fx.count, 51);
	pass_ms(3600000);
	run();
	assert_int_equal(fx.count, 61);
	pace_take(fx.pace, OPERATION, 91);
	enter('b', false);
	pass_ms(19);
	run();
	assert_int_equal(fx.count, 61);
	pass_ms(1);
	run();
	assert_int_equal(fx.count, 62);
	/* A refusal does not forgive it: ten are owed, and at 50 a second the next one waits for eleven. */
	pace_take(fx.pace, OPERATION, 10);
	pace_slow_down(fx.pace, OPERATION);
	enter('c', false);
	pass_ms(200);
	run();
	assert_int_equal(fx.count, 62);
	pass_ms(20);
	for (int i = 0; i < 100 && fx.count < 63; i++)
		run(); /* its timer takes as long as the wait would */
	assert_int_equal(fx.count, 63);
	pace_take(fx.pace, "GetCallerIdentity", 1000);
	assert_int_equal(pace_waiting(fx.pace, "GetCallerIdentity"), 0);
}

/* After an hour of rest no more than the burst: 20 x 0.25 = 5. */
static void
rest_is_not_saved_up(void **state)
{
	(void)state;
	set_up(0.25);
	pass_ms(3600000);
	for (int i = 0; i < 20; i++)
		enter('x', false);
	run();
	assert_int_equal(fx.count, 5);
}

/* 20 x 0.01 = 0.2 a second: still one at once. */
static void
slow_rates_start_with_one(void **state)
{
	(void)state;
	set_up(0.01);
	for (int i = 0; i < 3; i++)
		enter('x', false);
	run();
	assert_int_equal(fx.count, 1);
}

static void
unlimited(void **state)
{
	(void)state;
	set_up(0);
	for (int i = 0; i < 250; i++)
		enter('x', false);
	assert_int_equal(fx.count, 0);
	run();
	assert_int_equal(fx.count, 250);
	pace_slow_down(fx.pace, OPERATION);
	assert_true(pace_rate(fx.pace, OPERATION) == 0);
	enter('x', false);
	run();
	assert_int_equal(fx.count, 251);
}

static void
urgent_ones_first(void **state)
{
	(void)state;
	set_up(5);
	enter('a', false);
	enter('b', false);
	enter('U', true);
	enter('V', true);
	enter('c', false);
	run();
	assert_string_equal(fx.order, "UVabc");
}

static void
cancelled_ones_take_no_token(void **state)
{
	struct pace_wait *waits[40];

	(void)state;
	set_up(5);
	for (int i = 0; i < 40; i++)
		waits[i] = enter('x', i % 2 == 0);
	for (int i = 0; i < 40; i++)
		pace_cancel(waits[i]);
	pace_cancel(NULL);
	run();
	assert_int_equal(fx.count, 0);
	for (int i = 0; i < 150; i++)
		enter('y', false);
	run();
	assert_int_equal(fx.count, 100);
}

static void
entering_and_cancelling_in_callbacks(void **state)
{
	(void)state;
	set_up(5);
	enter('a', false);
	waiters['a'].then = &waiters['n'];
	waiters['n'] = (struct waiter){.fixture = &fx, .letter = 'n'};
	waiters['a'].cancels = enter('b', false);
	enter('c', false);
	run();
	assert_string_equal(fx.order, "anc");
	enter('d', false);
	waiters['d'].cancels = enter('e', false);
	run();
	assert_string_equal(fx.order, "ancd");
	assert_int_equal(pace_waiting(fx.pace, OPERATION), 0);
}

static bool
near(double a, double b)
{
	return a > b - 0.001 && a < b + 0.001;
}

static void
slowing_down(void **state)
{
	(void)state;
	set_up(5);
	pace_slow_down(fx.pace, OPERATION);
	assert_true(near(pace_rate(fx.pace, OPERATION), 50));
	enter('a', false);
	run();
	assert_int_equal(fx.count, 0);
	pass_ms(20);
	run();
	assert_int_equal(fx.count, 1);
	pass_ms(30000 - 20);
	assert_true(near(pace_rate(fx.pace, OPERATION), 75));
	pass_ms(30000);
	assert_true(near(pace_rate(fx.pace, OPERATION), 100));
	for (int i = 0; i < 100; i++)
		pace_slow_down(fx.pace, OPERATION);
	assert_true(near(pace_rate(fx.pace, OPERATION), 100.0 / 16));
	assert_true(near(pace_rate(fx.pace, "ListStreams"), 25));
	pass_ms(60000);
	assert_true(near(pace_rate(fx.pace, OPERATION), 100));
}

static void
freed_with_waiters(void **state)
{
	(void)state;
	set_up(0.25);
	for (int i = 0; i < 50; i++)
		enter('x', i % 3 == 0);
	run();
	assert_int_equal(fx.count, 5);
	pace_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(limits_are_known, tear_down),
	    cmocka_unit_test_teardown(iam_shares_one_bucket, tear_down),
	    cmocka_unit_test_teardown(never_from_within, tear_down),
	    cmocka_unit_test_teardown(burst_then_rate, tear_down),
	    cmocka_unit_test_teardown(heavy_calls_take_more, tear_down),
	    cmocka_unit_test_teardown(rest_is_not_saved_up, tear_down),
	    cmocka_unit_test_teardown(slow_rates_start_with_one, tear_down),
	    cmocka_unit_test_teardown(unlimited, tear_down),
	    cmocka_unit_test_teardown(urgent_ones_first, tear_down),
	    cmocka_unit_test_teardown(cancelled_ones_take_no_token, tear_down),
	    cmocka_unit_test_teardown(entering_and_cancelling_in_callbacks, tear_down),
	    cmocka_unit_test_teardown(slowing_down, tear_down),
	    cmocka_unit_test_teardown(freed_with_waiters, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
