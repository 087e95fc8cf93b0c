/* SPDX-License-Identifier: Apache-2.0 */
/* test_series: points that are not there count as nothing, and no series is no trap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "common/series.h"

#define FIRST_MS INT64_C(1763806440000)

static const double values[] = {3, NAN, 1, 7, NAN};
static const double no_values[] = {NAN, NAN};
static const struct kd_series some = {.first_ms = FIRST_MS, .period_s = 60, .count = 5, .values = values};
static const struct kd_series none = {.first_ms = FIRST_MS, .period_s = 60, .count = 2, .values = no_values};
static const struct kd_series empty = {.first_ms = FIRST_MS, .period_s = 60};

static void
test_known_points(void **state)
{
	double value = -1;
	int64_t ms = 0;

	(void)state;
	assert_int_equal(kd_series_known(&some), 3);
	assert_true(kd_series_sum(&some, &value));
	assert_true(value == 11);
	assert_true(kd_series_max(&some, &value));
	assert_true(value == 7);
	assert_true(kd_series_median(&some, &value));
	assert_true(value == 3);
	assert_true(kd_series_last(&some, &value, &ms));
	assert_true(value == 7);
	assert_true(ms == FIRST_MS + 3 * 60000);
	assert_true(kd_series_last(&some, &value, NULL));
}

static void
test_median_of_two_is_between(void **state)
{
	static const double two[] = {10, 20};
	struct kd_series series = {.count = 2, .values = two, .period_s = 60};
	double value = 0;

	(void)state;
	assert_true(kd_series_median(&series, &value));
	assert_true(value == 15);
}

static void
test_level_ignores_the_lesser_part(void **state)
{
	static const double spikes[] = {5, 5, 90, NAN, 5, 90, NAN};
	struct kd_series series = {.count = 7, .values = spikes, .period_s = 60};
	double value = 0;

	(void)state;
	assert_true(kd_series_level(&series, 5, &value));
	assert_true(value == 5);
	assert_true(kd_series_level(&series, 1, &value));
	assert_true(value == 90);
	assert_true(kd_series_level(&series, 9, &value));
	assert_false(kd_series_level(&series, 10, &value));
	assert_false(kd_series_level(&series, 0, &value));
}

static void
test_nothing_known(void **state)
{
	const struct kd_series *all[] = {NULL, &none, &empty};
	double value = -1;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(all); i++) {
		assert_int_equal(kd_series_known(all[i]), 0);
		assert_false(series_has_point(all[i]));
		assert_false(kd_series_sum(all[i], &value));
		assert_false(kd_series_max(all[i], &value));
		assert_false(kd_series_median(all[i], &value));
		assert_false(kd_series_level(all[i], 3, &value));
		assert_false(kd_series_last(all[i], &value, NULL));
		assert_int_equal(kd_series_at_least(all[i], 5, 0), 0);
		assert_int_equal(kd_series_above(all[i], 5, -1), 0);
		assert_true(isnan(kd_series_at(all[i], FIRST_MS)));
		assert_true(kd_series_tail(all[i], 60).count <= 1);
	}
	assert_true(value == -1);
}

static void
test_counting(void **state)
{
	(void)state;
	assert_int_equal(kd_series_at_least(&some, 5, 3), 2);
	assert_int_equal(kd_series_above(&some, 5, 3), 1);
	assert_int_equal(kd_series_at_least(&some, 3, 1), 2);
	assert_int_equal(kd_series_at_least(&some, 0, 0), 0);
	assert_int_equal(kd_series_at_least(&some, 99, 0), 3);
}

static void
test_at(void **state)
{
	(void)state;
	assert_true(kd_series_at(&some, FIRST_MS) == 3);
	assert_true(kd_series_at(&some, FIRST_MS + 3 * 60000) == 7);
	assert_true(isnan(kd_series_at(&some, FIRST_MS + 60000)));
	assert_true(isnan(kd_series_at(&some, FIRST_MS + 1)));
	assert_true(isnan(kd_series_at(&some, FIRST_MS - 60000)));
	assert_true(isnan(kd_series_at(&some, FIRST_MS + 5 * 60000)));
}

static void
test_tail(void **state)
{
	struct kd_series tail = kd_series_tail(&some, 120);

	(void)state;
	assert_int_equal(tail.count, 2);
	assert_true(tail.first_ms == FIRST_MS + 3 * 60000);
	assert_true(tail.values[0] == 7);
	assert_int_equal(kd_series_tail(&some, 61).count, 2);
	assert_int_equal(kd_series_tail(&some, 0).count, 0);
	assert_int_equal(kd_series_tail(&some, -5).count, 0);
	assert_int_equal(kd_series_tail(&some, INT64_MAX).count, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_points),
	    cmocka_unit_test(test_median_of_two_is_between),
	    cmocka_unit_test(test_level_ignores_the_lesser_part),
	    cmocka_unit_test(test_nothing_known),
	    cmocka_unit_test(test_counting),
	    cmocka_unit_test(test_at),
	    cmocka_unit_test(test_tail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
