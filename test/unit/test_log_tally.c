/* SPDX-License-Identifier: Apache-2.0 */
/* test_log_tally: counting by minute and hour, peaks, silences, and what becomes of two that are one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/log_tally.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };

/* An hour's begin: 2026-11-22T10:00:00Z. */
static const int64_t base = INT64_C(1795341600000);

static struct log_tally_hour
hour_of(const struct log_tally *tally, int64_t ms)
{
	struct log_tally_hour hour = {-1, -1, -1};

	assert_true(log_tally_hour(tally, ms / HOUR, &hour));
	return hour;
}

static void
counts_by_minute_and_hour(void **state)
{
	struct log_tally tally = {0};
	struct log_tally_hour hour;

	(void)state;
	log_tally_begin(&tally, base);
	for (int i = 0; i < 120; i++)
		log_tally_add(&tally, base + i * MINUTE, 1);
	assert_true(tally.count == 120);
	assert_true(tally.first_ms == base);
	assert_true(tally.last_ms == base + 119 * MINUTE);
	hour = hour_of(&tally, base);
	assert_true(hour.count == 60 && hour.peak == 5 && hour.gap_s == 60);
	assert_true(hour_of(&tally, base + HOUR).count == 60);
	assert_true(log_tally_recent(&tally, base + 119 * MINUTE + 1, 5) == 5);
	assert_true(log_tally_minutes_from(base + 119 * MINUTE + 1, 5) == base + 115 * MINUTE);
	/* Two minutes later nothing more has come. */
	assert_true(log_tally_recent(&tally, base + 121 * MINUTE, 5) == 3);
	assert_true(log_tally_recent(&tally, base + 300 * MINUTE, 5) == 0);
}

static void
order_does_not_matter(void **state)
{
	struct log_tally one = {0}, other = {0};

	(void)state;
	log_tally_begin(&one, base);
	log_tally_begin(&other, base);
	for (int i = 0; i < 60; i++) {
		log_tally_add(&one, base + i * MINUTE, 1);
		log_tally_add(&other, base + (i % 2 == 0 ? i + 1 : i - 1) * MINUTE, 1);
	}
	assert_true(hour_of(&one, base).count == hour_of(&other, base).count);
	assert_true(log_tally_recent(&one, base + 59 * MINUTE, 15) == log_tally_recent(&other, base + 59 * MINUTE, 15));
	assert_true(one.first_ms == other.first_ms && one.last_ms == other.last_ms && one.count == other.count);
}

static void
a_burst_is_a_peak_of_its_hour(void **state)
{
	struct log_tally tally = {0};

	(void)state;
	log_tally_begin(&tally, base);
	log_tally_add(&tally, base + 10 * MINUTE, 100);
	for (int i = 0; i < 7; i++)
		log_tally_add(&tally, base + 31 * MINUTE, 10);
	assert_true(hour_of(&tally, base).peak == 100);
	assert_true(hour_of(&tally, base).count == 170);
	log_tally_add(&tally, base + HOUR, 1);
	assert_true(hour_of(&tally, base + HOUR).peak == 1);
}

static void
a_silence_is_one_of_all_its_hours(void **state)
{
	struct log_tally tally = {0};

	(void)state;
	log_tally_begin(&tally, base);
	log_tally_add(&tally, base + 30 * MINUTE, 1);
	log_tally_add(&tally, base + 150 * MINUTE, 1);
	assert_true(hour_of(&tally, base).gap_s == 7200);
	assert_true(hour_of(&tally, base + HOUR).gap_s == 7200);
	assert_true(hour_of(&tally, base + 2 * HOUR).gap_s == 7200);
	assert_true(hour_of(&tally, base + HOUR).count == 0);
	/* It lasts: at the end of what was read, too. */
	log_tally_look(&tally, base + 330 * MINUTE);
	assert_true(hour_of(&tally, base + 4 * HOUR).gap_s == 3 * 3600);
	/* What was not looked at is no silence. */
	log_tally_begin(&tally, base + 400 * MINUTE);
	log_tally_add(&tally, base + 401 * MINUTE, 1);
	assert_true(hour_of(&tally, base + 6 * HOUR).gap_s == 60);
}

static void
what_is_older_than_the_ring_is_gone(void **state)
{
	struct log_tally tally = {0};
	struct log_tally_hour hour;

	(void)state;
	log_tally_begin(&tally, base);
	log_tally_add(&tally, base, 5);
	log_tally_add(&tally, base + (LOG_TALLY_HOURS - 1) * (int64_t)HOUR, 1);
	assert_true(hour_of(&tally, base).count == 5);
	log_tally_add(&tally, base + LOG_TALLY_HOURS * (int64_t)HOUR, 1);
	assert_false(log_tally_hour(&tally, base / HOUR, &hour));
	/* An event of then, now: counted, and in no hour. */
	log_tally_add(&tally, base, 1);
	assert_true(tally.count == 8);
	assert_true(hour_of(&tally, base + LOG_TALLY_HOURS * (int64_t)HOUR).count == 1);
	log_tally_add(&tally, base + 1000 * (int64_t)HOUR, 1);
	assert_true(hour_of(&tally, base + 999 * (int64_t)HOUR).count == 0);
}

static void
two_become_one(void **state)
{
	struct log_tally into = {0}, from = {0};

	(void)state;
	log_tally_begin(&into, base);
	log_tally_begin(&from, base);
	for (int i = 0; i < 90; i++) {
		log_tally_add(&into, base + i * MINUTE, 1);
		if (i % 10 == 0)
			log_tally_add(&from, base + i * MINUTE + 1000, 1);
	}
	log_tally_merge(&into, &from);
	assert_true(into.count == 99);
	assert_true(hour_of(&into, base).count == 66);
	assert_true(hour_of(&into, base).peak == 6);
	assert_true(hour_of(&into, base).gap_s <= 60);
	assert_true(log_tally_recent(&into, base + 89 * MINUTE, 15) == 16);
	assert_true(into.last_ms == base + 89 * MINUTE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_by_minute_and_hour),
	    cmocka_unit_test(order_does_not_matter),
	    cmocka_unit_test(a_burst_is_a_peak_of_its_hour),
	    cmocka_unit_test(a_silence_is_one_of_all_its_hours),
	    cmocka_unit_test(what_is_older_than_the_ring_is_gone),
	    cmocka_unit_test(two_become_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
