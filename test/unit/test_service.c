/* SPDX-License-Identifier: Apache-2.0 */
/* service: when a service is left alone, tried again and trusted again, and when throttling lasts. */
#include "daemon/aws/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool
fail_call(struct service *service, bool trial, int64_t now_ms)
{
	return service_failed(service, trial, AWS_NETWORK, "could not reach h", now_ms);
}

static void
left_alone_after_five(void **state)
{
	struct service service = {0};

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_false(fail_call(&service, false, 1000));
	assert_int_equal(service_enter(&service, 1000), SERVICE_OPEN);
	assert_true(fail_call(&service, false, 1000));
	assert_int_equal(service_enter(&service, 1000), SERVICE_CLOSED);
	assert_true(service_is_closed(&service, 5999));
	assert_false(service_is_closed(&service, 6000));
	assert_string_equal(service.last_why, "could not reach h");
	service_clear(&service);
	assert_int_equal(service_enter(&service, 1000), SERVICE_OPEN);
}

static void
answers_between_reset_the_count(void **state)
{
	struct service service = {0};

	(void)state;
	for (int i = 0; i < 20; i++) {
		assert_false(fail_call(&service, false, 0));
		if (i % 4 == 3)
			assert_false(service_answered(&service));
	}
	service_clear(&service);
}

static void
one_trial_at_a_time(void **state)
{
	struct service service = {0};
	int64_t now_ms = 0;
	static const int64_t pauses_ms[] = {5000, 10000, 20000, 40000, 60000, 60000};

	(void)state;
	for (int i = 0; i < 5; i++)
		fail_call(&service, false, now_ms);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(service_enter(&service, now_ms + pauses_ms[i] - 1), SERVICE_CLOSED);
		now_ms += pauses_ms[i];
		assert_int_equal(service_enter(&service, now_ms), SERVICE_TRIAL);
		assert_int_equal(service_enter(&service, now_ms + 100000), SERVICE_CLOSED);
		/* A call that was under way before it was left alone neither ends the trial nor makes the pause longer. */
		assert_false(fail_call(&service, false, now_ms));
		assert_int_equal(service_enter(&service, now_ms), SERVICE_CLOSED);
		assert_false(fail_call(&service, true, now_ms));
	}
	now_ms += 60000;
	assert_int_equal(service_enter(&service, now_ms), SERVICE_TRIAL);
	service_drop_trial(&service);
	assert_int_equal(service_enter(&service, now_ms), SERVICE_TRIAL);
	assert_true(service_answered(&service));
	assert_int_equal(service_enter(&service, now_ms), SERVICE_OPEN);
	assert_false(service_answered(&service));
	service_clear(&service);
}

static void
throttling(void **state)
{
	struct service service = {0};

	(void)state;
	assert_false(service_slowed(&service, false, 0));
	assert_false(service_calmed(&service, 1000000));
	assert_true(service_slowed(&service, true, 1000));
	assert_false(service_slowed(&service, true, 2000));
	assert_false(service_slowed(&service, false, 3000));
	assert_false(service_calmed(&service, 62999));
	assert_true(service_calmed(&service, 63000));
	assert_false(service_calmed(&service, 63000));
	assert_true(service_slowed(&service, true, 64000));
	service_clear(&service);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(left_alone_after_five),
	    cmocka_unit_test(answers_between_reset_the_count),
	    cmocka_unit_test(one_trial_at_a_time),
	    cmocka_unit_test(throttling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
