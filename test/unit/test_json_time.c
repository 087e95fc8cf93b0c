/* SPDX-License-Identifier: Apache-2.0 */
/* test_json_time: an instant comes back to the millisecond, and never is null. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "common/json_time.h"

static void
expect_text(int64_t ms, const char *text)
{
	json_t *object = json_object();
	int64_t again = -1;

	json_time_set(object, "t", ms);
	assert_string_equal(json_string_value(json_object_get(object, "t")), text);
	assert_int_equal(json_time_get(object, "t", &again, NULL), 1);
	assert_true(again == ms);
	json_decref(object);
}

static void
test_instants(void **state)
{
	(void)state;
	expect_text(INT64_C(1763806440000), "2025-11-22T10:14:00Z");
	expect_text(INT64_C(1763806440001), "2025-11-22T10:14:00.001Z");
	expect_text(INT64_C(1763806440999), "2025-11-22T10:14:00.999Z");
	expect_text(1, "1970-01-01T00:00:00.001Z");
}

static void
test_never(void **state)
{
	json_t *object = json_object();
	int64_t ms = 7;

	(void)state;
	json_time_set(object, "t", 0);
	assert_true(json_is_null(json_object_get(object, "t")));
	assert_int_equal(json_time_get(object, "t", &ms, NULL), 0);
	json_time_set(object, "t", -5);
	assert_true(json_is_null(json_object_get(object, "t")));
	assert_int_equal(json_time_get(object, "other", &ms, NULL), 0);
	assert_true(ms == 7);
	json_decref(object);
}

static void
test_mistakes(void **state)
{
	json_t *object = json_pack("{s:i, s:s}", "number", 5, "word", "yesterday");
	char *cause = NULL;
	int64_t ms;

	(void)state;
	assert_int_equal(json_time_get(object, "number", &ms, &cause), -1);
	assert_string_equal(cause, "number is not a string");
	assert_int_equal(json_time_get(object, "word", &ms, &cause), -1);
	assert_string_equal(cause, "word is no time (write 2026-11-22T10:14:00Z)");
	free(cause);
	json_decref(object);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_instants),
	    cmocka_unit_test(test_never),
	    cmocka_unit_test(test_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
