/* SPDX-License-Identifier: Apache-2.0 */
/* metric_points: what goes in comes out, and how little room it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <math.h>
#include <stdlib.h>

#include "daemon/metric_points.h"

enum { MANY = 1500 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
assert_value(double is, double wanted)
{
	if (isnan(wanted))
		assert_true(isnan(is));
	else
		assert_true(is == wanted);
}

/* Comes back as it was; so many bytes at most. */
static void
check(const double *values, size_t count, size_t bytes)
{
	struct metric_points *points = metric_points_pack(values, count);
	double back[MANY];

	assert_int_equal(metric_points_count(points), count);
	metric_points_unpack(points, 0, count, back);
	for (size_t i = 0; i < count; i++)
		assert_value(back[i], values[i]);
	assert_in_range(malloc_usable_size(points), 1, bytes + 12 + 24); /* the head, and what malloc rounds up to */
	free(points);
}

static void
fill(double *values, double first, double step)
{
	for (size_t i = 0; i < MANY; i++)
		values[i] = first + (double)i * step;
}

static void
test_whole_numbers(void **state)
{
	double values[MANY];

	(void)state;
	fill(values, 0, 0);
	check(values, MANY, 0);
	values[7] = NAN;
	check(values, MANY, MANY);
	fill(values, 3e9, 0);
	check(values, MANY, 0);
	fill(values, 3e9, 1);
	check(values, 255, 255); /* the 256th number is the mark of a gap */
	check(values, 256, 2 * 256);
	check(values, MANY, 2 * MANY);
	values[MANY - 1] = NAN;
	check(values, MANY, 2 * MANY);
	fill(values, -3e9, 4e6);
	check(values, MANY, 5 * MANY);
	fill(values, 9007199254740991.0, -9007199254740991.0);
	check(values, 3, 3 * 7);
}

static void
test_fractions(void **state)
{
	/* 19 of 20 is on the border of a threshold of 95 %: it shall stay there */
	static const double shares[] = {1, 0.95, 1, NAN, 0.999999}, tenths[] = {0.1, 0.2, 0.3, 12.7};

	(void)state;
	check(shares, COUNT(shares), 3 * COUNT(shares));
	check(tenths, COUNT(tenths), COUNT(tenths));
}

/* Seven digits of the largest; once they are lost, no more go, however often it is packed. */
static void
test_means(void **state)
{
	double values[MANY], back[MANY], again[MANY];
	struct metric_points *points;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		values[i] = 12 + sin((double)i);
	points = metric_points_pack(values, MANY);
	assert_in_range(malloc_usable_size(points), 1, 4 * MANY);
	metric_points_unpack(points, 0, MANY, back);
	free(points);
	for (size_t i = 0; i < MANY; i++)
		assert_true(fabs(back[i] - values[i]) <= 13e-7);
	points = metric_points_pack(back, MANY);
	metric_points_unpack(points, 0, MANY, again);
	free(points);
	for (size_t i = 0; i < MANY; i++)
		assert_true(again[i] == back[i]);
}

static void
test_strange_values(void **state)
{
	static const double values[] = {1e300, -1e-300, INFINITY, -INFINITY, NAN, 0.1, 9007199254740994.0};
	static const double tiny[] = {1e-9, 2e-9}, tiniest[] = {1e-30, 3};

	(void)state;
	check(values, COUNT(values), 8 * COUNT(values));
	for (size_t i = 0; i < COUNT(values); i++)
		if (!isnan(values[i]))
			check(&values[i], 1, 8);
	check(tiny, COUNT(tiny), COUNT(tiny));
	check(&tiniest[0], 1, 8);
}

static void
test_nothing(void **state)
{
	static const double gaps[] = {NAN, NAN};
	double back[2] = {1, 1};

	(void)state;
	assert_null(metric_points_pack(gaps, COUNT(gaps)));
	assert_null(metric_points_pack(gaps, 0));
	assert_int_equal(metric_points_count(NULL), 0);
	metric_points_unpack(NULL, 0, 2, back);
	assert_true(isnan(back[0]) && isnan(back[1]));
}

/* What lies outside is not known. */
static void
test_part(void **state)
{
	static const double values[] = {10, 11, 12};
	struct metric_points *points = metric_points_pack(values, COUNT(values));
	double back[3];

	(void)state;
	metric_points_unpack(points, 1, 3, back);
	assert_true(back[0] == 11 && back[1] == 12 && isnan(back[2]));
	metric_points_unpack(points, -2, 3, back);
	assert_true(isnan(back[0]) && isnan(back[1]) && back[2] == 10);
	metric_points_unpack(points, 100, 3, back);
	assert_true(isnan(back[0]) && isnan(back[2]));
	free(points);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whole_numbers),
	    cmocka_unit_test(test_fractions),
	    cmocka_unit_test(test_means),
	    cmocka_unit_test(test_strange_values),
	    cmocka_unit_test(test_nothing),
	    cmocka_unit_test(test_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
