/* SPDX-License-Identifier: Apache-2.0 */
/* metric_budget: how far the day's money reaches, at any time of it, and what is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "daemon/metric_budget.h"

#define MIDNIGHT INT64_C(1795564800000) /* 2026-11-25T00:00:00Z */
#define HOUR     (INT64_C(3600) * 1000)

static double
stretch(double usd_per_day, double spent_usd, double planned_usd_day, int64_t at_ms)
{
	const struct metric_budget budget = {usd_per_day, spent_usd, planned_usd_day};

	return metric_budget_stretch(&budget, MIDNIGHT + at_ms);
}

static void
test_stretch(void **state)
{
	(void)state;
	assert_true(stretch(0, 100, 100, 0) == 1); /* no budget */
	assert_true(stretch(2, 0, 1, 0) == 1);
	assert_true(stretch(1, 0, 2, 0) == 2);
	assert_true(stretch(1, 0.5, 2, 12 * HOUR) == 2);
	assert_true(stretch(1, 0.75, 2, 12 * HOUR) == 4);   /* somebody asked a lot by hand */
	assert_true(stretch(1, 0.25, 1.4, 12 * HOUR) == 1); /* it was off for a while: there is money left */
	assert_true(stretch(1, 0, 24, 23 * HOUR) == 1);
	assert_true(isinf(stretch(1, 1, 0.5, 12 * HOUR)));
	assert_true(isinf(stretch(1, 1.01, 0.5, 24 * HOUR - 1)));
	assert_true(stretch(1, 0, 0, 0) == 1); /* nothing is planned */
}

static void
test_told(void **state)
{
	const struct metric_budget small = {1, 0, 2}, large = {3, 0, 2}, none = {0, 0, 2};

	(void)state;
	assert_false(metric_budget_is_tight(&small, 1.005, false));
	assert_true(metric_budget_is_tight(&small, 1.2, false));
	/* Shortly before midnight the rest reaches for a full interval: the finding does not end and begin anew. */
	assert_true(metric_budget_is_tight(&small, 1, true));
	assert_false(metric_budget_is_tight(&large, 1, true));
	assert_false(metric_budget_is_tight(&none, 1, true));
	assert_true(metric_budget_is_tight(&large, (double)INFINITY, false));
}

static void
test_sentences(void **state)
{
	const struct metric_budget budget = {0.4, 0.1, 1.16};
	struct str text = {0};

	(void)state;
	metric_budget_describe(&budget, 2.93, &text);
	assert_string_equal(text.s,
	    "metrics are asked for 2.9 times less often, to stay within $0.40 a day (aws.budget_usd_per_day); "
	    "at their intervals they cost $1.16");
	str_clear(&text);
	metric_budget_describe(&budget, (double)INFINITY, &text);
	assert_string_equal(
	    text.s, "no metric is asked for until 00:00 UTC: the day's $0.40 are spent (aws.budget_usd_per_day)");
	str_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stretch),
	    cmocka_unit_test(test_told),
	    cmocka_unit_test(test_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
