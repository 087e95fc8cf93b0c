/* SPDX-License-Identifier: Apache-2.0 */
/* metric_series: what is asked for next, what is kept of it, and the window that a probe sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "common/need.h"
#include "daemon/metric_series.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define NOON   (INT64_C(1800000000000) + 4 * HOUR) /* 12:00 UTC */

static struct metric_series series;
static struct kd_need need;
static double room[NEED_POINTS_MAX];
static const struct kd_need half_hour = {
    .kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM, .period_s = 60, .window_s = 1800};

static void
begin(const struct kd_need *of)
{
	need = *of;
	metric_series_init(&series, NULL);
}

static int
end(void **state)
{
	(void)state;
	metric_series_clear(&series);
	return 0;
}

/* Asks, and answers each period with the minutes since noon, from `late_ms` on with nothing. */
static struct metric_range
read_at(int64_t base_ms, int64_t late_ms)
{
	struct metric_range range = metric_series_next(&series, &need, base_ms);
	double values[2000];
	size_t i = 0;

	for (int64_t at = range.start_ms; at < range.end_ms; at += need.period_s * 1000)
		values[i++] = at < late_ms ? (double)(at - NOON) / MINUTE : NAN;
	metric_series_take(&series, &need, &range, base_ms, values);
	return range;
}

static void
test_settled(void **state)
{
	(void)state;
	assert_int_equal(metric_series_settled(60, NOON + 119999, 120000), NOON - MINUTE);
	assert_int_equal(metric_series_settled(60, NOON + 120000, 120000), NOON);
	assert_int_equal(metric_series_settled(300, NOON + 419999, 120000), NOON);
	assert_int_equal(metric_series_settled(3600, NOON, 120000), NOON - HOUR);
	assert_int_equal(metric_series_settled(60, 1000, 120000), 0);
}

/* First the whole window; then what is new, and the quarter of an hour that may have changed. */
static void
test_windows(void **state)
{
	struct metric_range range;
	struct kd_series cut;

	(void)state;
	begin(&half_hour);
	assert_false(metric_series_holds(&series, &need, 60, NOON));
	range = read_at(NOON, NOON - 2 * MINUTE);
	assert_int_equal(range.start_ms, NOON - 30 * MINUTE);
	assert_int_equal(range.end_ms, NOON);
	cut = metric_series_cut(&series, &need, 1800, NOON, room);
	assert_int_equal(cut.count, 30);
	assert_int_equal(cut.first_ms, NOON - 30 * MINUTE);
	assert_true(cut.values[0] == -30 && cut.values[27] == -3 && isnan(cut.values[28]) && isnan(cut.values[29]));
	assert_null(cut.subject);
	range = read_at(NOON + MINUTE, NOON + MINUTE);
	assert_int_equal(range.start_ms, NOON - 15 * MINUTE);
	cut = metric_series_cut(&series, &need, 300, NOON + MINUTE, room);
	assert_int_equal(cut.count, 5);
	assert_true(cut.values[0] == -4 && cut.values[2] == -2 && cut.values[4] == 0);
	cut = metric_series_cut(&series, &need, 1800, NOON + MINUTE, room);
	assert_true(cut.values[0] == -29 && cut.values[29] == 0);
	/* Nothing new was read: the window stays where it was. */
	cut = metric_series_cut(&series, &need, 300, NOON + 3 * MINUTE, room);
	assert_int_equal(cut.first_ms, NOON - 4 * MINUTE);
}

/* After an outage no hole is left; after one that was longer than the window all is read anew. */
static void
test_gap(void **state)
{
	struct metric_range range;
	struct kd_series cut;
	size_t i;

	(void)state;
	begin(&half_hour);
	read_at(NOON, NOON);
	range = read_at(NOON + 10 * MINUTE, NOON + HOUR);
	assert_int_equal(range.start_ms, NOON - 15 * MINUTE);
	cut = metric_series_cut(&series, &need, 1800, NOON + 10 * MINUTE, room);
	for (i = 0; i < 30; i++)
		assert_true(cut.values[i] == (double)i - 20);
	range = read_at(NOON + 5 * HOUR, NOON + 9 * HOUR);
	assert_int_equal(range.start_ms, NOON + 5 * HOUR - 30 * MINUTE);
	cut = metric_series_cut(&series, &need, 1800, NOON + 5 * HOUR, room);
	assert_true(cut.values[0] == 270 && cut.values[29] == 299);
}

/* A longer window than before lacks its start; a shorter one is held meanwhile. */
static void
test_widen(void **state)
{
	struct metric_range range;

	(void)state;
	begin(&half_hour);
	read_at(NOON, NOON);
	need.window_s = 7200;
	assert_true(metric_series_holds(&series, &need, 1800, NOON));
	assert_false(metric_series_holds(&series, &need, 7200, NOON));
	range = read_at(NOON + MINUTE, NOON + MINUTE);
	assert_int_equal(range.start_ms, NOON + MINUTE - 2 * HOUR);
	assert_true(metric_series_holds(&series, &need, 7200, NOON + MINUTE));
	assert_true(metric_series_cut(&series, &need, 7200, NOON + MINUTE, room).values[0] == -119);
}

/* The answer to a question that was asked when the window was shorter: what lies before it is not known. */
static void
test_widened_meanwhile(void **state)
{
	struct metric_range range;
	const double ones[30] = {1, 1, 1};

	(void)state;
	begin(&half_hour);
	range = metric_series_next(&series, &need, NOON);
	need.window_s = 7200;
	metric_series_take(&series, &need, &range, NOON, ones);
	assert_true(metric_series_holds(&series, &need, 1800, NOON));
	assert_false(metric_series_holds(&series, &need, 1860, NOON));
	assert_int_equal(metric_series_next(&series, &need, NOON).start_ms, NOON - 2 * HOUR);
}

/* The clock was an hour ahead: what was read of the future was not there yet, and is read anew. */
static void
test_clock_set_back(void **state)
{
	struct metric_range range;

	(void)state;
	begin(&half_hour);
	read_at(NOON, NOON);
	read_at(NOON + HOUR, NOON);
	assert_true(isnan(metric_series_cut(&series, &need, 1800, NOON + HOUR, room).values[29]));
	range = read_at(NOON + MINUTE, NOON + MINUTE);
	assert_int_equal(range.start_ms, NOON - 29 * MINUTE);
	assert_true(metric_series_holds(&series, &need, 1800, NOON + MINUTE));
	assert_true(metric_series_cut(&series, &need, 1800, NOON + MINUTE, room).values[29] == 0);
	assert_int_equal(metric_series_next(&series, &need, NOON + 2 * MINUTE).start_ms, NOON - 14 * MINUTE);
}

/* The same half hour yesterday: an hour is read ahead, in which it moves along. */
static void
test_shifted(void **state)
{
	const struct kd_need yesterday = {.kind = KD_METRIC,
	    .metric = "IncomingRecords",
	    .stat = KD_SUM,
	    .period_s = 300,
	    .window_s = 1800,
	    .shift_s = 86400};
	struct metric_range range;
	struct kd_series cut;

	(void)state;
	begin(&yesterday);
	range = read_at(NOON, NOON);
	assert_int_equal(range.start_ms, NOON - 24 * HOUR - 30 * MINUTE);
	assert_int_equal(range.end_ms, NOON - 23 * HOUR);
	cut = metric_series_cut(&series, &need, 1800, NOON, room);
	assert_int_equal(cut.first_ms, NOON - 24 * HOUR - 30 * MINUTE);
	assert_int_equal(cut.count, 6);
	assert_true(cut.values[0] == -24 * 60 - 30);
	assert_true(metric_series_holds(&series, &need, 1800, NOON + HOUR));
	cut = metric_series_cut(&series, &need, 1800, NOON + HOUR, room);
	assert_true(cut.values[0] == -23 * 60 - 30 && cut.values[5] == -23 * 60 - 5);
	assert_false(metric_series_holds(&series, &need, 1800, NOON + HOUR + 5 * MINUTE));
	range = read_at(NOON + HOUR, NOON + HOUR);
	assert_int_equal(range.end_ms, NOON - 22 * HOUR);
	assert_true(metric_series_holds(&series, &need, 1800, NOON + 2 * HOUR));
}

/* A period that is longer than what is read again. */
static void
test_hours(void **state)
{
	const struct kd_need days = {
	    .kind = KD_METRIC, .metric = "IncomingBytes", .stat = KD_MAXIMUM, .period_s = 3600, .window_s = 86400 * 2};
	struct metric_range range;

	(void)state;
	begin(&days);
	read_at(NOON, NOON);
	range = read_at(NOON + HOUR, NOON + HOUR);
	assert_int_equal(range.start_ms, NOON - HOUR);
	assert_int_equal(range.end_ms, NOON + HOUR);
	assert_true(metric_series_cut(&series, &need, 86400 * 2, NOON + HOUR, room).values[47] == 0);
}

static void
take_one(int64_t base_ms, double value)
{
	struct metric_range range = metric_series_next(&series, &need, base_ms);
	double values[64];

	assert_true((range.end_ms - range.start_ms) / MINUTE <= 64);
	for (size_t i = 0; i < 64; i++)
		values[i] = NAN;
	values[0] = value;
	metric_series_take(&series, &need, &range, base_ms, values);
}

/* What has no datapoint takes no room, until it has one, and again when its last one has left the window. */
static void
test_no_datapoint(void **state)
{
	struct kd_series cut;

	(void)state;
	begin(&half_hour);
	take_one(NOON, NAN);
	assert_null(series.points);
	cut = metric_series_cut(&series, &need, 1800, NOON, room);
	assert_int_equal(cut.count, 30);
	assert_true(isnan(cut.values[0]) && isnan(cut.values[29]));
	take_one(NOON + MINUTE, 7); /* the oldest minute that may still change */
	cut = metric_series_cut(&series, &need, 1800, NOON + MINUTE, room);
	assert_true(isnan(cut.values[13]) && cut.values[14] == 7 && isnan(cut.values[15]));
	take_one(NOON + HOUR, NAN);
	assert_null(series.points);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_settled),
	    cmocka_unit_test_teardown(test_windows, end),
	    cmocka_unit_test_teardown(test_gap, end),
	    cmocka_unit_test_teardown(test_widen, end),
	    cmocka_unit_test_teardown(test_widened_meanwhile, end),
	    cmocka_unit_test_teardown(test_clock_set_back, end),
	    cmocka_unit_test_teardown(test_shifted, end),
	    cmocka_unit_test_teardown(test_hours, end),
	    cmocka_unit_test_teardown(test_no_datapoint, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
