/* SPDX-License-Identifier: Apache-2.0 */
/* test_words: hash keys of 128 bits, ages as a person says them, and the names of states and modes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/words.h"

static void
test_hashes(void **state)
{
	static const struct {
		const char *text;
		struct kd_hash hash;
	} rows[] = {{"0", {0, 0}}, {"1", {0, 1}}, {"10", {0, 10}}, {"4294967296", {0, UINT64_C(1) << 32}},
	    {"18446744073709551615", {0, UINT64_MAX}}, {"18446744073709551616", {1, 0}},
	    {"170141183460469231731687303715884105728", {UINT64_C(1) << 63, 0}},
	    {"340282366920938463463374607431768211455", {UINT64_MAX, UINT64_MAX}}};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		struct kd_hash hash;
		char text[KD_HASH_SIZE];

		assert_int_equal(words_parse_hash(rows[i].text, &hash), 0);
		assert_true(hash.high == rows[i].hash.high && hash.low == rows[i].hash.low);
		assert_string_equal(kd_hash_decimal(hash, text), rows[i].text);
	}
}

static void
test_bad_hashes(void **state)
{
	static const char *const rows[] = {"", "-1", "+1", " 1", "1 ", "01", "00", "1e5", "0x1f", "1.0",
	    "340282366920938463463374607431768211456", "999999999999999999999999999999999999999",
	    "1000000000000000000000000000000000000000", "\xd9\xa1"};
	struct kd_hash hash;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++)
		assert_int_equal(words_parse_hash(rows[i], &hash), -1);
	assert_int_equal(words_parse_hash(NULL, &hash), -1);
}

static void
test_ages(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {{-5, "0 s"}, {0, "0 s"}, {8, "8 s"}, {59, "59 s"}, {60, "1 min"}, {119, "1 min"},
	    {23 * 60, "23 min"}, {3599, "59 min"}, {3600, "1 h"}, {3659, "1 h"}, {3660, "1 h 1 min"},
	    {11400, "3 h 10 min"}, {86399, "23 h 59 min"}, {86400, "1 d"}, {86400 + 3599, "1 d"},
	    {2 * 86400 + 4 * 3600 + 59, "2 d 4 h"}, {INT64_MAX, "106751991167300 d 15 h"}};
	char text[KD_AGE_SIZE];

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++)
		assert_string_equal(kd_age(rows[i].seconds, text), rows[i].text);
}

struct number {
	double value;
	const char *text;
};

static void
expect_numbers(const char *(*say)(double, char[KD_NUMBER_SIZE]), const struct number *rows, size_t count)
{
	char text[KD_NUMBER_SIZE];

	for (size_t i = 0; i < count; i++)
		assert_string_equal(say(rows[i].value, text), rows[i].text);
}

static void
test_shares(void **state)
{
	static const struct number rows[] = {{0, "0 %"}, {0.001, "less than 0.1 %"}, {0.1, "0.1 %"}, {3.16, "3.2 %"},
	    {9.96, "10 %"}, {54.2, "54 %"}, {99.4, "99 %"}, {99.7, "99.7 %"}, {99.95, "more than 99.9 %"},
	    {100, "100 %"}, {213.4, "213 %"}};

	(void)state;
	expect_numbers(kd_share, rows, KD_COUNT(rows));
}

static void
test_byte_rates(void **state)
{
	static const struct number rows[] = {{0, "0 B/s"}, {870, "870 B/s"}, {1000, "1 KiB/s"}, {12288, "12 KiB/s"},
	    {1024.0 * 1024, "1 MiB/s"}, {3.7 * 1048576, "3.7 MiB/s"}, {250.0 * 1048576, "250 MiB/s"},
	    {5e15, "4656613 GiB/s"}};

	(void)state;
	expect_numbers(kd_byte_rate, rows, KD_COUNT(rows));
}

static void
test_amounts(void **state)
{
	static const struct number rows[] = {{0, "0"}, {0.04, "0.04"}, {0.4, "0.4"}, {17.3, "17"}, {999, "999"},
	    {12400, "12,400"}, {-1234567, "-1,234,567"}, {1e300, "1e+300"}};

	(void)state;
	expect_numbers(kd_amount, rows, KD_COUNT(rows));
}

static void
test_millis(void **state)
{
	static const struct number rows[] = {{0, "0 ms"}, {0.4, "0.4 ms"}, {12, "12 ms"}, {999, "999 ms"},
	    {1400, "1.4 s"}, {15000, "15 s"}, {60000, "1 min"}, {46800000, "13 h"}, {1e300, "104166666 d 16 h"}};

	(void)state;
	expect_numbers(kd_millis, rows, KD_COUNT(rows));
}

static void
test_times(void **state)
{
	char text[KD_NUMBER_SIZE];

	(void)state;
	assert_string_equal(kd_time(INT64_C(1763806440250), text), "2025-11-22T10:14:00Z");
}

static void
test_middle_of_hashes(void **state)
{
	static const struct {
		struct kd_hash first, last;
		const char *middle;
	} rows[] = {
	    {{0, 0}, {UINT64_MAX, UINT64_MAX}, "170141183460469231731687303715884105728"},
	    {{0, 0}, {0, 1}, "1"},
	    {{0, 7}, {0, 7}, "7"},
	    {{0, UINT64_MAX}, {1, 0}, "18446744073709551616"},
	    {{0, 0}, {1, 0}, "9223372036854775808"},
	    {{0, 0}, {1, UINT64_MAX}, "18446744073709551616"},
	    {{1, 0}, {2, UINT64_MAX}, "36893488147419103232"},
	};
	char text[KD_HASH_SIZE];

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++)
		assert_string_equal(kd_hash_decimal(kd_hash_middle(rows[i].first, rows[i].last), text), rows[i].middle);
}

static void
test_names(void **state)
{
	enum kd_status status;
	enum kd_mode mode;

	(void)state;
	for (int i = KD_STATUS_CREATING; i <= KD_STATUS_GONE; i++) {
		assert_int_equal(words_parse_status(kd_status_name((enum kd_status)i), &status), 0);
		assert_int_equal(status, i);
	}
	for (int i = KD_MODE_PROVISIONED; i <= KD_MODE_ON_DEMAND; i++) {
		assert_int_equal(words_parse_mode(kd_mode_name((enum kd_mode)i), &mode), 0);
		assert_int_equal(mode, i);
	}
	assert_string_equal(kd_status_name(KD_STATUS_GONE), "GONE");
	assert_string_equal(kd_status_name((enum kd_status)0), "UNKNOWN");
	assert_string_equal(kd_status_name((enum kd_status) - 1), "UNKNOWN");
	assert_string_equal(kd_mode_name(KD_MODE_UNKNOWN), "UNKNOWN");
	assert_string_equal(kd_mode_name((enum kd_mode)77), "UNKNOWN");
	assert_int_equal(words_parse_status("UNKNOWN", &status), -1);
	assert_int_equal(words_parse_status("active", &status), -1);
	assert_int_equal(words_parse_status(NULL, &status), -1);
	assert_int_equal(words_parse_mode("", &mode), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hashes),
	    cmocka_unit_test(test_bad_hashes),
	    cmocka_unit_test(test_ages),
	    cmocka_unit_test(test_shares),
	    cmocka_unit_test(test_byte_rates),
	    cmocka_unit_test(test_amounts),
	    cmocka_unit_test(test_millis),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_middle_of_hashes),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
