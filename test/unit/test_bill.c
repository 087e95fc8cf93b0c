/* SPDX-License-Identifier: Apache-2.0 */
/* bill: what is counted on which day, what it costs, and that a restart and another client change nothing about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "daemon/bill.h"

#define NOON INT64_C(1795608000000) /* 2026-11-25T12:00:00Z */
#define DAY  (INT64_C(86400) * 1000)

static void
row_cb(const struct aws_operation_count *row, void *arg)
{
	str_printf(arg, "%s %s %s %" PRIu64 " %" PRIu64 ";", row->account, row->region, row->operation, row->calls,
	    row->metrics);
}

static void
expect(struct bill *bill, int64_t now_ms, const char *rows)
{
	struct str text = {0};

	str_add(&text, "");
	bill_each(bill, now_ms, row_cb, &text);
	assert_string_equal(text.s, rows);
	str_free(&text);
}

static void
count(struct bill *bill, const char *region, const char *operation, uint64_t calls, uint64_t metrics, int64_t now_ms)
{
	const struct aws_operation_count row = {"prod", region, operation, calls, metrics};

	bill_count(bill, &row, now_ms);
}

static void
test_day(void **state)
{
	struct bill *bill = bill_new();

	(void)state;
	expect(bill, NOON, "");
	assert_true(bill_usd_today(bill, NOON) == 0);
	count(bill, "us-east-1", "GetMetricData", 28, 14000, NOON);
	count(bill, "us-east-1", "DescribeStreamSummary", 5, 0, NOON);
	count(bill, "eu-west-1", "GetMetricData", 0, 0, NOON);
	count(bill, "us-east-1", "GetMetricData", 56, 28000, NOON + 60000);
	expect(bill, NOON, "prod us-east-1 DescribeStreamSummary 5 0;prod us-east-1 GetMetricData 56 28000;");
	assert_true(bill_usd_today(bill, NOON) > 0.2799 && bill_usd_today(bill, NOON) < 0.2801);
	/* Midnight. */
	expect(bill, NOON + DAY / 2 - 1,
	    "prod us-east-1 DescribeStreamSummary 5 0;prod us-east-1 GetMetricData 56 28000;");
	expect(bill, NOON + DAY / 2, "");
	count(bill, "us-east-1", "GetMetricData", 57, 28014, NOON + DAY);
	expect(bill, NOON + DAY, "prod us-east-1 GetMetricData 1 14;");
	bill_free(bill);
	bill_free(NULL);
}

static void
test_other_client(void **state)
{
	struct bill *bill = bill_new();

	(void)state;
	count(bill, "us-east-1", "GetMetricData", 10, 100, NOON);
	bill_begin_client(bill);
	count(bill, "us-east-1", "GetMetricData", 12, 120, NOON);
	expect(bill, NOON, "prod us-east-1 GetMetricData 22 220;");
	bill_free(bill);
}

static void
save_cb(const char *day, const char *name, int64_t value, void *arg)
{
	str_printf(arg, "%s %s %" PRId64 ";", day, name, value);
}

static void
expect_saved(struct bill *bill, bool all, const char *saved)
{
	struct str text = {0};

	str_add(&text, "");
	bill_save(bill, all, save_cb, &text);
	assert_string_equal(text.s, saved);
	str_free(&text);
}

static void
test_save(void **state)
{
	struct bill *bill = bill_new();

	(void)state;
	count(bill, "us-east-1", "GetMetricData", 2, 28, NOON);
	count(bill, "us-east-1", "ListStreams", 1, 0, NOON);
	expect_saved(bill, false,
	    "2026-11-25 calls/prod/us-east-1/GetMetricData 2;2026-11-25 metrics/prod/us-east-1/GetMetricData 28;"
	    "2026-11-25 calls/prod/us-east-1/ListStreams 1;");
	expect_saved(bill, false, "");
	count(bill, "us-east-1", "ListStreams", 4, 0, NOON);
	expect_saved(bill, false, "2026-11-25 calls/prod/us-east-1/ListStreams 4;");
	count(bill, "us-east-1", "ListStreams", 6, 0, NOON + DAY);
	expect_saved(bill, true, "2026-11-26 calls/prod/us-east-1/ListStreams 2;");
	bill_free(bill);
}

static void
test_restore(void **state)
{
	struct bill *bill = bill_new();
	size_t i;
	static const char *const odd[] = {"", "calls", "calls/prod", "calls/prod/us-east-1", "calls/prod/us-east-1/",
	    "calls/prod/us-east-1/X/Y", "retries", "calls//us-east-1/X"};

	(void)state;
	bill_restore(bill, "2026-11-25", "calls/prod/us-east-1/GetMetricData", 3, NOON);
	bill_restore(bill, "2026-11-25", "metrics/prod/us-east-1/GetMetricData", 42, NOON);
	bill_restore(bill, "2026-11-24", "metrics/prod/us-east-1/GetMetricData", 7000, NOON);
	bill_restore(bill, "2026-11-25", "calls/prod/us-east-1/ListStreams", -3, NOON);
	for (i = 0; i < KD_COUNT(odd); i++)
		bill_restore(bill, "2026-11-25", odd[i], 1, NOON);
	expect(bill, NOON, "prod us-east-1 GetMetricData 3 42;");
	expect_saved(bill, false, "");
	count(bill, "us-east-1", "GetMetricData", 1, 14, NOON);
	expect(bill, NOON, "prod us-east-1 GetMetricData 4 56;");
	expect_saved(bill, false,
	    "2026-11-25 calls/prod/us-east-1/GetMetricData 4;2026-11-25 metrics/prod/us-east-1/GetMetricData 56;");
	bill_free(bill);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_day),
	    cmocka_unit_test(test_other_client),
	    cmocka_unit_test(test_save),
	    cmocka_unit_test(test_restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
