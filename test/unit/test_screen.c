/* SPDX-License-Identifier: Apache-2.0 */
/* screen and table: what people see, in UTF-8 and in ASCII, wide and narrow, and with hostile texts. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* kdiagctl's objects stand in no archive. */
#include "daemon/ctl/pen.c"    // NOLINT(bugprone-suspicious-include)
#include "daemon/ctl/screen.c" // NOLINT(bugprone-suspicious-include)
#include "daemon/ctl/table.c"  // NOLINT(bugprone-suspicious-include)

static struct screen screen;
static char *text;
static size_t text_len;

/* A screen that writes into `text`. */
static int
setup(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	screen = (struct screen){.out = open_memstream(&text, &text_len), .utf8 = true, .width = SCREEN_WIDTH};
	return screen.out == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	fclose(screen.out);
	free(text);
	return 0;
}

static void
check_text(const char *expected)
{
	fflush(screen.out);
	assert_string_equal(text, expected);
}

static void
test_age(void **state)
{
	static const struct {
		int64_t ms;
		const char *age;
	} rows[] = {{-5000, "0 s"}, {0, "0 s"}, {999, "0 s"}, {8000, "8 s"}, {59999, "59 s"}, {60000, "1 min"},
	    {23 * 60000, "23 min"}, {3599999, "59 min"}, {3600000, "1 h"}, {172799999, "47 h"}, {172800000, "2 d"},
	    {INT64_MAX, "106751991167 d"}};
	char buf[SCREEN_AGE_SIZE];

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++)
		assert_string_equal(screen_age(rows[i].ms, buf), rows[i].age);
}

static void
test_time(void **state)
{
	const int64_t noon = 1795348800000; /* 2026-11-22T12:00:00Z */
	char buf[SCREEN_AGE_SIZE];

	(void)state;
	assert_string_equal(screen_time(noon + 4000, noon, buf), "12:00:04Z");
	assert_string_equal(screen_time(noon - 43200000, noon, buf), "00:00:00Z");
	assert_string_equal(screen_time(noon - 43201000, noon, buf), "2026-11-21 23:59:59Z");
	assert_string_equal(screen_time(0, noon, buf), "never");
	assert_string_equal(screen_time(INT64_MAX, noon, buf), "9999-12-31 23:59:59Z");
}

static void
test_minute(void **state)
{
	const int64_t noon = 1795348800000; /* 2026-11-22T12:00:00Z */
	char buf[SCREEN_AGE_SIZE];

	(void)state;
	assert_string_equal(screen_minute(noon + 59999, noon, buf), "12:00Z");
	assert_string_equal(screen_minute(noon - 43201000, noon, buf), "2026-11-21 23:59Z");
	assert_string_equal(screen_minute(0, noon, buf), "never");
}

static void
test_span(void **state)
{
	static const struct {
		int64_t seconds;
		const char *span;
	} rows[] = {{0, "0 s"}, {1, "1 s"}, {60, "1 min"}, {61, "61 s"}, {5400, "90 min"}, {3600, "1 h"},
	    {86400, "24 h"}, {129600, "36 h"}, {172800, "2 d"}, {604800, "7 d"}, {604801, "604801 s"}};
	char buf[SCREEN_AGE_SIZE];

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++)
		assert_string_equal(screen_span(rows[i].seconds, buf), rows[i].span);
}

static void
test_integer(void **state)
{
	static const struct {
		int64_t value;
		const char *shown;
	} rows[] = {{0, "0"}, {999, "999"}, {1000, "1,000"}, {46920000, "46,920,000"}, {-999, "-999"},
	    {-1000, "-1,000"}, {-123456, "-123,456"}, {INT64_MIN, "-9,223,372,036,854,775,808"}};
	char buf[SCREEN_AGE_SIZE];

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++)
		assert_string_equal(screen_integer(rows[i].value, buf), rows[i].shown);
}

static void
check_safe(bool utf8, const char *from, const char *expected)
{
	char *safe;

	screen.utf8 = utf8;
	safe = screen_safe(&screen, from);
	assert_string_equal(safe, expected);
	free(safe);
}

static void
test_safe(void **state)
{
	(void)state;
	check_safe(true, "é · …", "é · …");
	check_safe(false, "é · … → 日本", "? - ... -> ??");
	check_safe(true, "\033[31mred\007\n", "\\x1b[31mred\\x07\\x0a");
	check_safe(false, "\033]0;evil\007", "\\x1b]0;evil\\x07");
	check_safe(true,
	    "\xc2\x9b"
	    "31m",
	    "\\u009b31m");
	check_safe(true,
	    "a\xe2\x80\xae"
	    "b",
	    "a\\u202eb");
	check_safe(true, "bad \xff\xc3", "bad \\xff\\xc3");
	check_safe(false, "bad \xff\xc3", "bad \\xff\\xc3");
	check_safe(true, "", "");
	check_safe(true, NULL, "");
}

static void
test_printf(void **state)
{
	(void)state;
	screen.color = true;
	screen_printf(&screen, "one %s\ntwo %d\n", "\033[2J", 2);
	check_text("one \\x1b[2J\ntwo 2\n");
}

static void
test_print_line(void **state)
{
	(void)state;
	screen_print_line(&screen, "one %s, %d", "\r\n\033[2J\\", 2);
	check_text("one \\x0d\\x0a\\x1b[2J\\\\, 2\n");
}

/* Colour never stands alone, and there is none where it is off. */
static void
test_color(void **state)
{
	(void)state;
	for (enum kd_severity severity = KD_OK; severity <= KD_CRITICAL; severity++) {
		assert_string_equal(screen_color(&screen, severity), "");
		assert_true(strlen(screen_word(severity)) > 0 && strlen(screen_word(severity)) <= 4);
	}
	assert_string_equal(screen_plain(&screen), "");
	screen.color = true;
	assert_string_equal(screen_color(&screen, KD_CRITICAL), "\033[31m");
	assert_string_equal(screen_plain(&screen), "\033[0m");
	assert_string_equal(screen_dot(&screen), " · ");
	screen.utf8 = false;
	assert_string_equal(screen_dot(&screen), " - ");
}

static void
test_wants_color(void **state)
{
	(void)state;
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	assert_true(wants_color());
	setenv("NO_COLOR", "", 1);
	assert_true(wants_color());
	setenv("NO_COLOR", "0", 1);
	assert_false(wants_color());
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	assert_false(wants_color());
	unsetenv("TERM");
	assert_false(wants_color());
}

/* Not a terminal: 80 columns, no colour, whatever the environment says. */
static void
test_init(void **state)
{
	struct screen made;
	FILE *file = tmpfile();

	(void)state;
	setenv("TERM", "xterm", 1);
	setenv("COLUMNS", "300", 1);
	screen_init(&made, file, false);
	assert_int_equal(made.width, 80);
	assert_false(made.color || made.terminal);
	assert_true(made.utf8);
	setlocale(LC_CTYPE, "C");
	screen_init(&made, file, false);
	assert_false(made.utf8);
	fclose(file);
}

/* ---- wrapping ---- */

static void
test_break(void **state)
{
	static const struct {
		const char *from;
		size_t columns, len, skip;
	} rows[] = {
	    {"", 10, 0, 0},
	    {"short", 10, 5, 0},
	    {"exactly 10", 10, 10, 0},
	    {"two words", 8, 3, 1},
	    {"two words", 3, 3, 1},
	    {"two  words", 4, 3, 2},
	    {"unbreakable", 4, 4, 0},
	    {"config_drift/shard_level_metrics: off", 30, 13, 0}, /* names by their slashes, */
	    {"shard_level_metrics: off", 10, 6, 0},               /* else where their words are joined, */
	    {"of /aws/lambda/orders-consumer", 12, 2, 1},         /* but first of all between words */
	    {"/aws/lambda/orders-consumer", 24, 12, 0},
	    {"/aws", 3, 3, 0},
	    {"it takes 2.4 s, past 1 s", 13, 8, 1}, /* a number keeps its unit, */
	    {"it takes 2.4 s, past 1 s", 14, 8, 1},
	    {"it takes 2.4 s, past 1 s", 15, 15, 1},
	    {"1234567 ms", 8, 7, 1}, /* where it can */
	    {"éééé", 2, 4, 0},
	    {"日本語", 5, 6, 0},
	    {"日本語", 1, 3, 0}, /* wider than the line: shown all the same */
	    {"ab", 0, 1, 0},
	    {"      ", 3, 0, 6},
	    {" x", 1, 0, 1},
	};
	size_t skip;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		assert_int_equal(screen_break(rows[i].from, rows[i].columns, &skip), rows[i].len);
		assert_int_equal(skip, rows[i].skip);
	}
}

/* Whatever comes, it ends, and no line is wider than it may be. */
static void
test_break_ends(void **state)
{
	static const char alphabet[] = " ab-é日";
	unsigned random = 7;
	char line[64];

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct str all = {0};
		size_t columns, len, skip, turns = 0;

		for (int i = 0; i < 20; i++) {
			random = random * 1103515245 + 12345;
			size_t at = (random >> 16) % 6;

			str_add_len(&all, alphabet + (at == 5 ? 6 : at), at == 5 ? 3 : at == 4 ? 2 : 1);
		}
		columns = 2 + (random >> 20) % 10;
		for (const char *rest = all.s; *rest != '\0'; rest += len + skip) {
			len = screen_break(rest, columns, &skip);
			assert_true(len + skip > 0 && turns++ < 60);
			assert_true(len < sizeof line);
			memcpy(line, rest, len);
			line[len] = '\0';
			assert_true(text_columns(line) <= columns);
		}
		str_free(&all);
	}
}

static void
test_paragraph(void **state)
{
	(void)state;
	screen.width = 40;
	screen_paragraph(&screen, 2, "evidence", 18, "iterator age 46,920,000 ms · retention 24 h");
	screen_paragraph(&screen, 0, "", 4, "one line");
	screen_paragraph(&screen, 0, "", 4, "");
	screen_paragraph(&screen, 2, "a label that is too long", 10, "x\ny");
	check_text("  evidence        iterator age\n"
		   "                  46,920,000 ms ·\n"
		   "                  retention 24 h\n"
		   "    one line\n"
		   "    \n"
		   "  a label that is too long x\\x0ay\n");
}

/* ---- tables ---- */

static const enum table_kind kinds[] = {TABLE_LEFT, TABLE_NAME, TABLE_LEFT, TABLE_WRAP, TABLE_RIGHT, TABLE_LEFT};

static void
add(struct table *table, enum kd_severity severity, const char *name, const char *sentence, const char *age,
    const char *id)
{
	const char *cells[] = {screen_word(severity), name, *name != '\0' ? "us-east-1" : "", sentence, age, id};

	table_add(table, severity, cells);
}

/* SCREENS' own example, in 80 columns. */
static void
test_table(void **state)
{
	struct table *table = table_new(&screen, kinds, KD_COUNT(kinds));

	(void)state;
	add(table, KD_CRITICAL, "orders",
	    "13 h behind (54 % of retention) and falling back; records are lost in 3 h 10 min", "23 min", "5f0c2a9e");
	add(table, KD_WARNING, "clicks", "6 open shards, 8 expected", "2 h", "91ab03c4");
	add(table, KD_UNKNOWN, "audit", "may not read role audit-consumer: iam:GetRolePolicy denied to kdiag", "5 min",
	    "77d0e1f2");
	table_print(table);
	table_free(table);
	check_text("CRIT  orders  us-east-1  13 h behind (54 % of retention) and\n"
		   "                         falling back; records are lost in 3 h\n"
		   "                         10 min                                 23 min  5f0c2a9e\n"
		   "WARN  clicks  us-east-1  6 open shards, 8 expected                 2 h  91ab03c4\n"
		   "?     audit   us-east-1  may not read role audit-consumer:\n"
		   "                         iam:GetRolePolicy denied to kdiag       5 min  77d0e1f2\n");
}

static void
test_table_color(void **state)
{
	struct table *table = table_new(&screen, kinds, KD_COUNT(kinds));

	(void)state;
	screen.color = true;
	add(table, KD_CRITICAL, "a", "b\033[0m", "", "");
	add(table, KD_OK, "a", "b", "", "");
	table_print(table);
	table_free(table);
	check_text("\033[31mCRIT\033[0m  a  us-east-1  b\\x1b[0m\n\033[32mok\033[0m    a  us-east-1  b\n");
}

/* The widest line that came out. */
static size_t
widest_line(void)
{
	size_t widest = 0, columns;

	fflush(screen.out);
	for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		if ((columns = text_columns(line)) > widest)
			widest = columns;
	}
	return widest;
}

/* Long names give way, neither the number nor the id. */
static void
test_table_narrow(void **state)
{
	struct table *table = table_new(&screen, kinds, KD_COUNT(kinds));

	(void)state;
	add(table, KD_WARNING, "prod-clickstream-enriched-team-events-m-v2",
	    "6 open shards, 8 expected, and so on and on", "23 min", "91ab03c4");
	table_print(table);
	table_free(table);
	check_text("WARN  prod-cli…m-v2  us-east-1  6 open shards, 8 expected, and\n"
		   "                                so on and on                    23 min  91ab03c4\n");
}

static void
test_table_widths(void **state)
{
	static const char *const names[] = {
	    "a", "prod-clickstream-enriched-team-events-m-v2", "日本語日本語日本語日本語"};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(names); i++) {
		struct table *table = table_new(&screen, kinds, KD_COUNT(kinds));

		for (int j = 0; j < 100; j++)
			add(table, KD_UNKNOWN, names[i],
			    "日本語 x averyveryveryveryverylongwordthatdoesnotfit averyveryveryverylongone", "59 min",
			    "0123abcd");
		table_print(table);
		table_free(table);
	}
	assert_int_equal(widest_line(), 80);
}

/* Empty columns take no room; an empty table prints nothing. */
static void
test_table_empty(void **state)
{
	struct table *table = table_new(&screen, kinds, KD_COUNT(kinds));
	const char *cells[] = {"ok", NULL, "", "fine", NULL, ""};

	(void)state;
	table_print(table);
	check_text("");
	table_add(table, KD_OK, cells);
	table_print(table);
	table_free(table);
	table_free(NULL);
	check_text("ok  fine\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_age),
	    TEST(test_time),
	    TEST(test_minute),
	    TEST(test_span),
	    TEST(test_integer),
	    TEST(test_safe),
	    TEST(test_printf),
	    TEST(test_print_line),
	    TEST(test_color),
	    TEST(test_wants_color),
	    TEST(test_init),
	    TEST(test_break),
	    TEST(test_break_ends),
	    TEST(test_paragraph),
	    TEST(test_table),
	    TEST(test_table_color),
	    TEST(test_table_narrow),
	    TEST(test_table_widths),
	    TEST(test_table_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
