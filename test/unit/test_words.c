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
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
