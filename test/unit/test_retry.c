/* SPDX-License-Identifier: Apache-2.0 */
/* retry: attempts, quota and delays of the SDKs' standard mode, on their borders. */
#include "daemon/aws/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ALMOST_ONE 0.9999999

static const struct aws_error service_down = {.fault = AWS_SERVICE, .status = 503, .retry_after_ms = -1};
static const struct aws_error throttled = {.fault = AWS_THROTTLED, .status = 400, .retry_after_ms = -1};
static const struct aws_error denied = {.fault = AWS_DENIED, .status = 400, .retry_after_ms = -1};

static struct retry_quota
full_quota(void)
{
	struct retry_quota quota;

	retry_quota_init(&quota);
	assert_int_equal(quota.tokens, 500);
	return quota;
}

static void
three_attempts(void **state)
{
	struct retry_quota quota = full_quota();
	struct retry retry = {0};

	(void)state;
	retry.attempts = 1;
	assert_int_equal(retry_next(&retry, &quota, &service_down, ALMOST_ONE), 49);
	assert_int_equal(quota.tokens, 500 - 14);
	retry.attempts = 2;
	assert_int_equal(retry_next(&retry, &quota, &service_down, ALMOST_ONE), 99);
	assert_int_equal(quota.tokens, 500 - 28);
	retry.attempts = 3;
	assert_int_equal(retry_next(&retry, &quota, &service_down, ALMOST_ONE), -1);
	assert_int_equal(quota.tokens, 500 - 28);
}

static void
throttling_waits_longer(void **state)
{
	struct retry_quota quota = full_quota();
	struct retry retry = {.attempts = 1};

	(void)state;
	assert_int_equal(retry_next(&retry, &quota, &throttled, 0.5), 500);
	retry.attempts = 2;
	assert_int_equal(retry_next(&retry, &quota, &throttled, 0.5), 1000);
	assert_int_equal(quota.tokens, 500 - 10);
	assert_int_equal(retry_next(&(struct retry){.attempts = 1}, &quota, &throttled, 0), 0);
}

static void
not_retried(void **state)
{
	struct retry_quota quota = full_quota();
	struct retry retry = {.attempts = 1};

	(void)state;
	assert_int_equal(retry_next(&retry, &quota, &denied, 0.5), -1);
	assert_int_equal(quota.tokens, 500);
	assert_int_equal(retry.taken, 0);
}

static void
quota_runs_out(void **state)
{
	struct retry_quota quota = {.tokens = 14};
	struct retry retry = {.attempts = 1};

	(void)state;
	assert_true(retry_next(&retry, &quota, &service_down, 0) == 0);
	assert_int_equal(quota.tokens, 0);
	quota.tokens = 13;
	assert_int_equal(retry_next(&retry, &quota, &service_down, 0), -1);
	assert_int_equal(quota.tokens, 13);
	assert_int_equal(retry_next(&retry, &quota, &throttled, 0), 0);
	quota.tokens = 4;
	assert_int_equal(retry_next(&retry, &quota, &throttled, 0), -1);
}

static void
success_gives_back(void **state)
{
	struct retry_quota quota = full_quota();
	struct retry retry = {.attempts = 1};

	(void)state;
	retry_next(&retry, &quota, &service_down, 0);
	retry.attempts = 2;
	retry_next(&retry, &quota, &throttled, 0);
	assert_int_equal(quota.tokens, 500 - 14 - 5);
	retry_success(&retry, &quota);
	assert_int_equal(quota.tokens, 500 - 14);
	retry_success(&(struct retry){.attempts = 1}, &quota);
	assert_int_equal(quota.tokens, 500 - 13);
	quota.tokens = 500;
	retry_success(&(struct retry){.attempts = 1}, &quota);
	assert_int_equal(quota.tokens, 500);
}

/* t' = max(t, min(hint, t + 5 s)) */
static void
hints_of_aws(void **state)
{
	static const struct {
		int64_t hint_ms, delay_ms;
	} rows[] = {
	    {-1, 500}, {0, 500}, {499, 500}, {501, 501}, {5499, 5499}, {5500, 5500}, {5501, 5500}, {INT64_MAX, 5500}};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		struct aws_error error = throttled;
		struct retry_quota quota = full_quota();
		struct retry retry = {.attempts = 1};

		error.retry_after_ms = rows[i].hint_ms;
		assert_int_equal(retry_next(&retry, &quota, &error, 0.5), rows[i].delay_ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(three_attempts),
	    cmocka_unit_test(throttling_waits_longer),
	    cmocka_unit_test(not_retried),
	    cmocka_unit_test(quota_runs_out),
	    cmocka_unit_test(success_gives_back),
	    cmocka_unit_test(hints_of_aws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
