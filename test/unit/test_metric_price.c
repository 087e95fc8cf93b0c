/* SPDX-License-Identifier: Apache-2.0 */
/* metric_price: FACTS' own sum, and what is asked for once though it is wanted twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "daemon/metric_price.h"

static struct collect_want
want(const char *metric, int64_t period_s, int64_t shift_s, int64_t interval_s)
{
	return (struct collect_want){.need = {.kind = KD_METRIC,
					 .metric = metric,
					 .stat = KD_SUM,
					 .period_s = period_s,
					 .window_s = 3600,
					 .shift_s = shift_s},
	    .interval_s = interval_s};
}

static double
month(const struct collect_want *wants, size_t count)
{
	return round(metric_price_usd_day(wants, count) * METRIC_PRICE_MONTH_DAYS * 100) / 100;
}

/* 14 queries a stream: $6.05 a month at 60 s, $1.21 at 300 s. */
static void
test_fourteen(void **state)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"};
	struct collect_want minute[14], five[14];

	(void)state;
	for (size_t i = 0; i < 14; i++) {
		minute[i] = want(names[i], 60, 0, 60);
		five[i] = want(names[i], 60, 0, 300);
	}
	assert_true(month(minute, 14) == 6.05);
	assert_true(month(five, 14) == 1.21);
}

static void
test_once(void **state)
{
	struct collect_want wants[] = {
	    want("a", 60, 0, 300), want("a", 60, 0, 60), want("a", 60, 86400, 60), want("b", 300, 0, 60)};
	double per_day = 1440 + 24 + 288;

	(void)state;
	wants[1].need.window_s = 900; /* a part of the other */
	assert_true(fabs(metric_price_usd_day(wants, 4) - per_day * METRIC_PRICE_USD) < 1e-9);
	assert_int_equal(metric_price_step_s(&wants[0].need, 90), 60);
	assert_int_equal(metric_price_step_s(&wants[0].need, 1), 60);
}

/* Shards and consumers are not counted before they are known; what is no metric costs nothing. */
static void
test_others(void **state)
{
	struct collect_want wants[] = {want("a", 60, 0, 60), {.need = {.kind = KD_STREAM_SUMMARY}, .interval_s = 60}};

	(void)state;
	wants[0].need.per = KD_PER_SHARD;
	assert_true(metric_price_usd_day(wants, 2) == 0);
	assert_true(metric_price_usd_day(NULL, 0) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fourteen), cmocka_unit_test(test_once), cmocka_unit_test(test_others)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
