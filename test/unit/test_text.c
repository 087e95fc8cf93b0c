/* SPDX-License-Identifier: Apache-2.0 */
/* text: UTF-8, escaping, cutting, matching, "did you mean", durations, integers and names. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/mem.h"
#include "common/text.h"

#define BAD           "\xef\xbf\xbd"
#define SIZE(literal) (sizeof(literal) - 1)

/* Well-formed on the borders, and the ways of not being so (Unicode 15, table 3-7). */
static void
test_is_utf8(void **state)
{
	static const char *const good[] = {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
	    "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa9z"};
	static const char *const bad[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
	    "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe", "\xff", "\xc2",
	    "\xe2\x82", "\xf0\x9f\x98", "\xc2z", "\xe2\x82z", "a\xffz"};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(good); i++)
		assert_true(text_is_utf8(good[i], strlen(good[i])));
	for (size_t i = 0; i < KD_COUNT(bad); i++)
		assert_false(text_is_utf8(bad[i], strlen(bad[i])));
	assert_true(text_is_utf8("a\0b", 3));
	assert_false(text_is_utf8("\xc3\xa9", 1));
}

static void
test_clean(void **state)
{
	static const struct {
		const char *in;
		size_t len, max;
		const char *out;
	} rows[] = {
	    {"", 0, 10, ""},
	    {"plain", 5, SIZE_MAX, "plain"},
	    {"plain", 5, 3, "pla"},
	    {"plain", 5, 0, ""},
	    {"a\xff\xc3\xa9", 4, 99, "a" BAD "\xc3\xa9"},
	    {"a\0b", 3, 99, "a" BAD "b"},
	    {"\xe2\x82", 2, 99, BAD BAD},
	    {"\xc3\xa9\xc3\xa9", 4, 3, "\xc3\xa9"},
	    {"a\xff", 2, 3, "a"},
	    {"a\xff", 2, 4, "a" BAD},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		char *out = text_clean(rows[i].in, rows[i].len, rows[i].max);

		assert_string_equal(out, rows[i].out);
		free(out);
	}
}

static void
test_cut(void **state)
{
	(void)state;
	assert_int_equal(text_cut("abc", 3, 5), 3);
	assert_int_equal(text_cut("abc", 3, 3), 3);
	assert_int_equal(text_cut("abc", 3, 2), 2);
	assert_int_equal(text_cut("abc", 3, 0), 0);
	assert_int_equal(text_cut("", 0, 0), 0);
	assert_int_equal(text_cut("a\xc3\xa9", 3, 2), 1);
	assert_int_equal(text_cut("\xe2\x82\xac!", 4, 3), 3);
	assert_int_equal(text_cut("\xe2\x82\xac!", 4, 2), 0);
	for (size_t max = 0; max < 4; max++)
		assert_int_equal(text_cut("\xf0\x9f\x98\x80", 4, max), 0);
	/* What is no character may be cut anywhere. */
	assert_int_equal(text_cut("\x80\x80\x80\x80", 4, 2), 2);
	assert_int_equal(text_cut("\xe2\x82z", 3, 1), 1);
}

static void
test_escape(void **state)
{
	static const struct {
		const char *in;
		size_t len;
		const char *out;
	} rows[] = {
	    {"plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", SIZE("plain xx xxx xxxx"),
		"plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
	    {"a\nb\rc\td", 7, "a\\x0ab\\x0dc\\x09d"},
	    {"\x1b[31m", 5, "\\x1b[31m"},
	    {"\0", 1, "\\x00"},
	    {"\x1f \x7e\x7f", 4, "\\x1f ~\\x7f"},
	    {"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", 8, "\\u0080\\u009b\\u009f\xc2\xa0"},
	    {"\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9", 9, "\xe2\x80\xa7\\u2028\\u2029"},
	    {"\xe2\x80\xaa\xe2\x80\xae\xe2\x80\xaf", 9, "\\u202a\\u202e\xe2\x80\xaf"},
	    {"\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa", 12, "\xe2\x81\xa5\\u2066\\u2069\xe2\x81\xaa"},
	    {"C:\\x", 4, "C:\\\\x"},
	    {"\xff\xc3", 2, "\\xff\\xc3"},
	    {"\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		char *out = text_escape(rows[i].in, rows[i].len, SIZE_MAX);

		assert_string_equal(out, rows[i].out);
		free(out);
	}
}

/* Cut between characters and never inside of an escape. */
static void
test_escape_max(void **state)
{
	static const char *const by_max[] = {"", "a", "a", "a", "a", "a\\x0a", "a\\x0a", "a\\x0a\xc3\xa9"};

	(void)state;
	for (size_t max = 0; max < KD_COUNT(by_max); max++) {
		char *out = text_escape("a\n\xc3\xa9", 4, max);

		assert_string_equal(out, by_max[max]);
		free(out);
	}
}

static void
test_columns(void **state)
{
	(void)state;
	assert_int_equal(text_columns(""), 0);
	assert_int_equal(text_columns("orders"), 6);
	assert_int_equal(text_columns("\xc3\xa9t\xc3\xa9"), 3);
	assert_int_equal(text_columns("\xe6\x97\xa5\xe6\x9c\xac"), 4);
	assert_int_equal(text_columns("e\xcc\x81"), 1);
	assert_int_equal(text_columns("\xff\xfe"), 2);
}

static void
check_cut_middle(const char *s, size_t columns, bool ascii, const char *expected)
{
	char *out = text_cut_middle(s, columns, ascii);

	assert_string_equal(out, expected);
	assert_true(text_columns(out) <= columns);
	free(out);
}

static void
test_cut_middle(void **state)
{
	(void)state;
	check_cut_middle("prod-clickstream-v2", 13, false, "prod-cli\xe2\x80\xa6m-v2");
	check_cut_middle("prod-clickstream-v2", 14, true, "prod-cli..m-v2");
	check_cut_middle("prod-clickstream-v2", 19, false, "prod-clickstream-v2");
	check_cut_middle("prod-clickstream-v2", 18, false,
	    "prod-clickst\xe2\x80\xa6"
	    "am-v2");
	check_cut_middle("abcdef", 3, false,
	    "a\xe2\x80\xa6"
	    "f");
	check_cut_middle("abcdef", 4, true, "a..f");
	check_cut_middle("abcdef", 3, true, "abc");
	check_cut_middle("abcdef", 2, false, "ab");
	check_cut_middle("abcdef", 0, false, "");
	check_cut_middle("", 0, false, "");
	/* Wide characters are not halved, and a mark stays with its letter. */
	check_cut_middle("\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5", 5, false, "\xe6\x97\xa5\xe2\x80\xa6");
	check_cut_middle("abcde\xcc\x81", 3, false,
	    "a\xe2\x80\xa6"
	    "e\xcc\x81");
	check_cut_middle("abcd\xcc\x81"
			 "e",
	    3, false,
	    "a\xe2\x80\xa6"
	    "e");
	check_cut_middle("\xff\xfe\xff\xfe\xff", 3, false, "\xff\xe2\x80\xa6\xff");
}

static void
test_glob(void **state)
{
	static const struct {
		const char *pattern, *s;
		bool match;
	} rows[] = {
	    {"", "", true},
	    {"", "a", false},
	    {"*", "", true},
	    {"***", "anything", true},
	    {"?", "", false},
	    {"?", "a", true},
	    {"prod-*", "prod-orders", true},
	    {"prod-*", "prod-", true},
	    {"prod-*", "xprod-a", false},
	    {"*-v2", "a-v2-v2", true},
	    {"*-v2", "a-v2x", false},
	    {"a*b*c", "aXbXbXc", true},
	    {"a*b*c", "aXcXb", false},
	    {"*ab", "aab", true},
	    {"a?c*", "abcd", true},
	    {"a?c*", "ac", false},
	    {"Orders", "orders", false},
	    {"[a]", "a", false},
	    {"\\*", "\\anything", true},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++)
		assert_int_equal(text_glob(rows[i].pattern, rows[i].s), rows[i].match);
}

/* A backtracking matcher would take for ever: 2,000 stars against 20,000 letters. */
static void
test_glob_hostile(void **state)
{
	char *pattern = mem_new(4002, 1), *s = mem_new(20001, 1);
	clock_t start = clock();

	(void)state;
	for (size_t i = 0; i < 4000; i++)
		pattern[i] = i % 2 == 0 ? '*' : 'a';
	pattern[4000] = 'b';
	memset(s, 'a', 20000);
	assert_false(text_glob(pattern, s));
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 5);
	free(pattern);
	free(s);
}

static void
test_closest(void **state)
{
	static const char *const keys[] = {
	    "name", "region", "shard_level_metrics", "shard_count", "stream_mode", "retention_hours", "interval"};
	static const struct {
		const char *word, *closest;
	} rows[] = {
	    {"shards", "shard_count"},
	    {"mode", "stream_mode"},
	    {"retention", "retention_hours"},
	    {"regoin", "region"},
	    {"REGION", "region"},
	    {"nam", "name"},
	    {"mane", NULL},
	    {"naem", "name"},
	    {"interval", "interval"},
	    {"intreval_s", "interval"},
	    {"frobnicate", NULL},
	    {"x", NULL},
	    {"", NULL},
	};
	char *giant = mem_new(100001, 1);

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		const char *closest = text_closest(rows[i].word, keys, KD_COUNT(keys));

		if (rows[i].closest == NULL)
			assert_null(closest);
		else
			assert_string_equal(closest, rows[i].closest);
	}
	assert_null(text_closest("name", NULL, 0));
	memset(giant, 'n', 100000);
	assert_null(text_closest(giant, keys, KD_COUNT(keys)));
	assert_null(text_closest("name", (const char *const *)&giant, 1));
	giant[64] = '\0';
	assert_ptr_equal(text_closest(giant, (const char *const *)&giant, 1), giant);
	free(giant);
}

static void
test_parse_duration(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} rows[] = {{"0s", 0}, {"30s", 30}, {"15m", 900}, {"24h", 86400}, {"7d", 604800}, {"007s", 7},
	    {"9007199254740s", 9007199254740}, {"104249991d", 104249991LL * 86400}};
	static const char *const bad[] = {"", "s", "30", "30 s", " 30s", "30s ", "-1s", "+1s", "1.5h", "1h30m", "30S",
	    "1w", "1 day", "9007199254741s", "104249992d", "99999999999999999999999999d", "0x10s"};
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		assert_int_equal(text_parse_duration(rows[i].text, &seconds), 0);
		assert_int_equal(seconds, rows[i].seconds);
	}
	seconds = 42;
	for (size_t i = 0; i < KD_COUNT(bad); i++)
		assert_int_equal(text_parse_duration(bad[i], &seconds), -1);
	assert_int_equal(seconds, 42);
}

static void
test_format_duration(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {{0, "0s"}, {1, "1s"}, {59, "59s"}, {60, "1m"}, {90, "90s"}, {900, "15m"}, {3600, "1h"},
	    {86400, "24h"}, {129600, "36h"}, {172800, "2d"}, {604800, "7d"}, {-60, "-60s"}};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		char *text = text_format_duration(rows[i].seconds);
		int64_t back;

		assert_string_equal(text, rows[i].text);
		assert_int_equal(text_parse_duration(text, &back), rows[i].seconds >= 0 ? 0 : -1);
		if (rows[i].seconds >= 0)
			assert_int_equal(back, rows[i].seconds);
		free(text);
	}
}

static void
test_parse_integer(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} rows[] = {{"0", 0}, {"-0", 0}, {"+7", 7}, {"-12", -12}, {"010", 10}, {"9223372036854775807", INT64_MAX},
	    {"-9223372036854775808", INT64_MIN}};
	static const char *const bad[] = {"", "-", "+", " 1", "1 ", "1.0", "1e3", "0x1", "--1", "9223372036854775808",
	    "-9223372036854775809", "\xd9\xa3", "1\n"};
	int64_t value;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		assert_int_equal(text_parse_integer(rows[i].text, &value), 0);
		assert_true(value == rows[i].value);
	}
	value = 42;
	for (size_t i = 0; i < KD_COUNT(bad); i++)
		assert_int_equal(text_parse_integer(bad[i], &value), -1);
	assert_int_equal(value, 42);
}

static void
test_names(void **state)
{
	char name[130] = {0};

	(void)state;
	assert_true(text_is_stream_name("Orders_2.v-1"));
	assert_false(text_is_stream_name(""));
	assert_false(text_is_stream_name("a b"));
	assert_false(text_is_stream_name("a/b"));
	assert_false(text_is_stream_name("\xc3\xa9"));
	memset(name, 'a', 128);
	assert_true(text_is_stream_name(name));
	name[128] = 'a';
	assert_false(text_is_stream_name(name));

	assert_true(text_is_region("us-gov-west-1"));
	assert_true(text_is_region("a"));
	assert_false(text_is_region(""));
	assert_false(text_is_region("-us"));
	assert_false(text_is_region("us-"));
	assert_false(text_is_region("US-east-1"));
	assert_false(text_is_region("us-east-1.evil.example"));
	assert_false(text_is_region("us-east-1/"));
	name[63] = '\0';
	assert_true(text_is_region(name));
	name[63] = 'a';
	name[64] = '\0';
	assert_false(text_is_region(name));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_is_utf8),
	    cmocka_unit_test(test_clean),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_escape),
	    cmocka_unit_test(test_escape_max),
	    cmocka_unit_test(test_columns),
	    cmocka_unit_test(test_cut_middle),
	    cmocka_unit_test(test_glob),
	    cmocka_unit_test(test_glob_hostile),
	    cmocka_unit_test(test_closest),
	    cmocka_unit_test(test_parse_duration),
	    cmocka_unit_test(test_format_duration),
	    cmocka_unit_test(test_parse_integer),
	    cmocka_unit_test(test_names),
	};

	/* Widths come from the locale; C.UTF-8 is in every glibc. */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
