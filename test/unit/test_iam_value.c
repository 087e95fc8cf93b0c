/* SPDX-License-Identifier: Apache-2.0 */
/* test_iam_value: numbers, dates, addresses, booleans and Base64, at their borders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/iam_value.h"
#include "common/mem.h"

static void
reads_numbers(void **state)
{
	static const char *const bad[] = {"", "-", ".", "1e", "0x10", "inf", "nan", "1 ", " 1", "1,0", "1e999", "1-2"};
	double number;

	(void)state;
	assert_true(iam_value_number("-12.50", &number) && number == -12.5);
	assert_true(iam_value_number("+1e3", &number) && number == 1000);
	for (size_t i = 0; i < KD_COUNT(bad); i++)
		if (iam_value_number(bad[i], &number))
			fail_msg("\"%s\" is taken for a number", bad[i]);
}

static void
reads_dates(void **state)
{
	static const struct {
		const char *text;
		double epoch_s;
	} good[] = {{"1970-01-01T00:00:00Z", 0}, {"1970", 0}, {"1970-02", 31 * 86400.0}, {"2000-02-29", 951782400},
	    {"2026-11-22T10:00Z", 1795341600}, {"2026-11-22T10:00:00.25Z", 1795341600.25},
	    {"2026-11-22T12:00:00+02:00", 1795341600}, {"2026-11-22T00:00:00-10:00", 1795341600},
	    {"2026-11-22T10:00:00", 1795341600}, {"1795341600", 1795341600}, {"0", 0}, {"-86400", -86400},
	    {"1969-12-31", -86400}, {"0000-03-01", -62162035200}};
	static const char *const bad[] = {"", "x", "2026-", "2026-13", "2026-00", "2026-02-29", "2026-11-31",
	    "2026-11-2", "2026-11-22T", "2026-11-22T10", "2026-11-22T25:00Z", "2026-11-22T10:60Z",
	    "2026-11-22T10:00:61Z", "2026-11-22T10:00:00+2", "2026-11-22T10:00:00+24:00", "2026-11-22T10:00:00Zx",
	    "20261122T100000Z", "22-11-2026", "2026-11-22 10:00:00", "2026-11-22T10:00:00.Z"};
	double epoch_s;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(good); i++)
		if (!iam_value_date(good[i].text, &epoch_s) || epoch_s != good[i].epoch_s)
			fail_msg("%s is read as %f", good[i].text, epoch_s);
	for (size_t i = 0; i < KD_COUNT(bad); i++)
		if (iam_value_date(bad[i], &epoch_s))
			fail_msg("\"%s\" is taken for a date", bad[i]);
}

static bool
is_in(const char *network, const char *address)
{
	struct iam_network a, b;

	assert_true(iam_value_network(network, &a));
	assert_true(iam_value_network(address, &b));
	return iam_value_in_network(&a, &b);
}

static void
reads_networks(void **state)
{
	static const char *const bad[] = {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0",
	    "::/129", "10.0.0.0/0008", "1.2.3.4.5", "g::", "10.0.0.1 ", "::1/ 8",
	    "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"};
	struct iam_network network;

	(void)state;
	assert_true(is_in("10.0.0.0/8", "10.255.255.255") && !is_in("10.0.0.0/8", "11.0.0.0"));
	assert_true(is_in("10.128.0.0/9", "10.128.0.1") && !is_in("10.128.0.0/9", "10.127.255.255"));
	assert_true(is_in("0.0.0.0/0", "255.255.255.255") && !is_in("0.0.0.0/0", "::1"));
	assert_true(is_in("192.0.2.1", "192.0.2.1") && !is_in("192.0.2.1/32", "192.0.2.0"));
	assert_true(is_in("2001:db8::/33", "2001:db8:7fff::") && !is_in("2001:db8::/33", "2001:db8:8000::"));
	assert_true(is_in("10.0.0.0/8", "10.1.0.0/16") && !is_in("10.1.0.0/16", "10.0.0.0/8"));
	for (size_t i = 0; i < KD_COUNT(bad); i++)
		if (iam_value_network(bad[i], &network))
			fail_msg("\"%s\" is taken for a network", bad[i]);
}

static void
reads_booleans(void **state)
{
	bool value;

	(void)state;
	assert_true(iam_value_boolean("TRUE", &value) && value);
	assert_true(iam_value_boolean("false", &value) && !value);
	assert_false(
	    iam_value_boolean("yes", &value) || iam_value_boolean("", &value) || iam_value_boolean("1", &value));
}

static void
reads_base64(void **state)
{
	static const char *const bad[] = {"a", "ab", "abc", "a===", "ab=c", "====", "ab c", "abcd\n", "ab\xc3\xa9"};
	struct iam_arena arena = {0};
	const char *bytes;
	size_t len;

	(void)state;
	assert_true(iam_value_base64(&arena, "AP9h", &bytes, &len) && len == 3 && memcmp(bytes, "\0\xff\x61", 3) == 0);
	assert_true(iam_value_base64(&arena, "YWI=", &bytes, &len) && len == 2 && memcmp(bytes, "ab", 2) == 0);
	assert_true(iam_value_base64(&arena, "YQ==", &bytes, &len) && len == 1 && *bytes == 'a');
	assert_true(iam_value_base64(&arena, "", &bytes, &len) && len == 0);
	for (size_t i = 0; i < KD_COUNT(bad); i++)
		if (iam_value_base64(&arena, bad[i], &bytes, &len))
			fail_msg("\"%s\" is taken for Base64", bad[i]);
	iam_arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_numbers),
	    cmocka_unit_test(reads_dates),
	    cmocka_unit_test(reads_networks),
	    cmocka_unit_test(reads_booleans),
	    cmocka_unit_test(reads_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
