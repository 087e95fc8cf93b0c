/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of option and settings: each type at its borders, the sentences, tables that are unsound, the JSON round
 * trip.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "common/option.h"

enum { NAME, COUNT, ON, WAIT, SHARE, TAGS, FREE, BARE };

static const struct kd_option table[] = {
    [NAME] = {"name", KD_STRING, "orders", 0, 10, "a name"},
    [COUNT] = {"count", KD_INTEGER, "5", -3, 100, "a count"},
    [ON] = {"on", KD_BOOLEAN, "true", 0, 0, "a switch"},
    [WAIT] = {"wait", KD_DURATION, "15m", 10, 86400, "a wait"},
    [SHARE] = {"share", KD_PERCENT, "25%", 0, 100, "a share"},
    [TAGS] = {"tags", KD_LIST, "a, b", 0, 3, "some tags"},
    [FREE] = {"free", KD_INTEGER, NULL, 0, 0, "a number without bounds"},
    [BARE] = {"bare", KD_STRING, NULL, 0, 0, "a text that may be missing"},
};

static int
set_up(void **state)
{
	*state = settings_new(table, KD_COUNT(table));
	return 0;
}

static int
tear_down(void **state)
{
	settings_free(*state);
	return 0;
}

static void
assert_refused(struct kd_settings *settings, size_t option, const char *text, const char *sentence)
{
	char *before = settings_format(settings, option), *after, *cause = NULL;

	assert_int_equal(settings_set(settings, option, text, &cause), -1);
	assert_non_null(cause);
	assert_string_equal(cause, sentence);
	after = settings_format(settings, option);
	if (before == NULL)
		assert_null(after);
	else
		assert_string_equal(before, after);
	free(before);
	free(after);
	free(cause);
}

static void
assert_taken(struct kd_settings *settings, size_t option, const char *text, const char *written)
{
	char *cause = NULL, *format;

	if (settings_set(settings, option, text, &cause) != 0)
		fail_msg("%s: %s", text, cause);
	format = settings_format(settings, option);
	assert_string_equal(format, written);
	free(format);
}

static void
test_defaults(void **state)
{
	size_t count;
	const char *const *tags = kd_list(*state, TAGS, &count);

	assert_string_equal(kd_string(*state, NAME), "orders");
	assert_int_equal(kd_integer(*state, COUNT), 5);
	assert_true(kd_boolean(*state, ON));
	assert_int_equal(kd_duration_s(*state, WAIT), 900);
	assert_true(kd_percent(*state, SHARE) == 25.0);
	assert_int_equal(count, 2);
	assert_string_equal(tags[0], "a");
	assert_string_equal(tags[1], "b");
	assert_true(kd_is_set(*state, NAME));
	assert_false(kd_is_set(*state, BARE));
	assert_null(kd_string(*state, BARE));
	assert_int_equal(kd_integer(*state, FREE), 0);
	assert_null(settings_format(*state, BARE));
}

/* A probe that asks for the wrong thing hears "not set"; it does not end the daemon. */
static void
test_wrong_getter(void **state)
{
	size_t count = 7;

	assert_null(kd_string(*state, COUNT));
	assert_int_equal(kd_integer(*state, NAME), 0);
	assert_int_equal(kd_integer(*state, KD_COUNT(table)), 0);
	assert_false(kd_is_set(*state, SIZE_MAX));
	assert_false(kd_boolean(*state, COUNT));
	assert_null(kd_list(*state, NAME, &count));
	assert_int_equal(count, 0);
}

static void
test_string(void **state)
{
	assert_taken(*state, NAME, "0123456789", "0123456789");
	assert_taken(*state, NAME, "", "");
	assert_taken(*state, NAME, "häuser", "häuser");
	assert_refused(*state, NAME, "0123456789a", "the text is too long (11 bytes, at most 10)");
	assert_refused(*state, NAME, "a\nb", "the text holds a control character");
	assert_refused(*state, NAME, "a\x7f", "the text holds a control character");
	assert_refused(*state, NAME, "\xc3(", "the text is not UTF-8");
}

static void
test_integer(void **state)
{
	assert_taken(*state, COUNT, "-3", "-3");
	assert_taken(*state, COUNT, "100", "100");
	assert_taken(*state, COUNT, "007", "7");
	assert_refused(*state, COUNT, "-4", "-4 is out of range (-3 to 100)");
	assert_refused(*state, COUNT, "101", "101 is out of range (-3 to 100)");
	assert_refused(*state, COUNT, "99999999999999999999999", "99999999999999999999999 is out of range (-3 to 100)");
	assert_refused(*state, COUNT, "5.0", "\"5.0\" is no whole number");
	assert_refused(*state, COUNT, "0x10", "\"0x10\" is no whole number");
	assert_refused(*state, COUNT, "", "\"\" is no whole number");
	assert_refused(*state, COUNT, "-", "\"-\" is no whole number");
	assert_refused(*state, COUNT, "5 ", "\"5 \" is no whole number");
	assert_taken(*state, FREE, "9007199254740992", "9007199254740992");
	assert_taken(*state, FREE, "-9007199254740992", "-9007199254740992");
	assert_refused(*state, FREE, "9007199254740993", "9007199254740993 is out of range (it must stay below 2^53)");
	assert_refused(
	    *state, FREE, "-99999999999999999999", "-99999999999999999999 is out of range (it must stay below 2^53)");
}

static void
test_boolean(void **state)
{
	static const char *const yes[] = {"true", "yes", "on", "TRUE", "On"}, *const no[] = {
										  "false", "no", "off", "No"};

	for (size_t i = 0; i < KD_COUNT(yes); i++)
		assert_taken(*state, ON, yes[i], "true");
	for (size_t i = 0; i < KD_COUNT(no); i++)
		assert_taken(*state, ON, no[i], "false");
	assert_false(kd_boolean(*state, ON));
	assert_refused(*state, ON, "1", "\"1\" is no boolean (write true or false)");
	assert_refused(*state, ON, "y", "\"y\" is no boolean (write true or false)");
}

static void
test_duration(void **state)
{
	assert_taken(*state, WAIT, "10s", "10s");
	assert_taken(*state, WAIT, "24h", "24h");
	assert_taken(*state, WAIT, "1d", "24h");
	assert_taken(*state, WAIT, "90m", "90m");
	assert_refused(*state, WAIT, "5s", "5s is out of range (10s to 24h)");
	assert_refused(*state, WAIT, "25h", "25h is out of range (10s to 24h)");
	assert_refused(*state, WAIT, "1 day", "\"1 day\" is no duration (write 30s, 15m, 24h or 7d)");
	assert_refused(*state, WAIT, "60", "\"60\" is no duration (write 30s, 15m, 24h or 7d)");
	assert_refused(*state, WAIT, "1h\x1b[2J", "\"1h\\x1b[2J\" is no duration (write 30s, 15m, 24h or 7d)");
}

static void
test_percent(void **state)
{
	assert_taken(*state, SHARE, "0%", "0%");
	assert_taken(*state, SHARE, "100%", "100%");
	assert_taken(*state, SHARE, "100.000000%", "100%");
	assert_taken(*state, SHARE, "2.50%", "2.5%");
	assert_true(kd_percent(*state, SHARE) == 2.5);
	assert_taken(*state, SHARE, "0.000001%", "0.000001%");
	assert_refused(*state, SHARE, "100.000001%", "100.000001% is out of range (0% to 100%)");
	assert_refused(*state, SHARE, "101%", "101% is out of range (0% to 100%)");
	assert_refused(*state, SHARE, "25", "\"25\" is no percentage (write 25% or 2.5%)");
	assert_refused(*state, SHARE, "-1%", "\"-1%\" is no percentage (write 25% or 2.5%)");
	assert_refused(*state, SHARE, "1.%", "\"1.%\" is no percentage (write 25% or 2.5%)");
	assert_refused(*state, SHARE, ".5%", "\".5%\" is no percentage (write 25% or 2.5%)");
	assert_refused(*state, SHARE, "1,5%", "\"1,5%\" is no percentage (write 25% or 2.5%)");
	assert_refused(*state, SHARE, "nan%", "\"nan%\" is no percentage (write 25% or 2.5%)");
	assert_refused(*state, SHARE, "5%%", "\"5%%\" is no percentage (write 25% or 2.5%)");
	assert_refused(*state, SHARE, "1e1%", "\"1e1%\" is no percentage (write 25% or 2.5%)");
	assert_refused(*state, SHARE, "0.0000001%", "\"0.0000001%\" is no percentage (write 25% or 2.5%)");
	assert_refused(*state, SHARE, "9999999999%", "\"9999999999%\" is no percentage (write 25% or 2.5%)");
}

static void
test_list(void **state)
{
	const char *many[] = {"a", "b,c", "d", "e"};
	char *cause = NULL;
	size_t count;

	assert_taken(*state, TAGS, "x", "x");
	assert_taken(*state, TAGS, " x ,y,\tz ", "x, y, z");
	assert_taken(*state, TAGS, "  ", "");
	assert_true(kd_is_set(*state, TAGS));
	kd_list(*state, TAGS, &count);
	assert_int_equal(count, 0);
	assert_refused(*state, TAGS, "a,,b", "an entry of the list is empty");
	assert_refused(*state, TAGS, "a,", "an entry of the list is empty");
	assert_refused(*state, TAGS, "a, b, c, d", "the list is too long (at most 3 entries)");
	assert_refused(*state, TAGS, "a, b\x01", "the text holds a control character");
	assert_int_equal(settings_set_list(*state, TAGS, many, 3, NULL), 0);
	assert_string_equal(kd_list(*state, TAGS, &count)[1], "b,c");
	assert_int_equal(settings_set_list(*state, TAGS, many, 4, &cause), -1);
	assert_string_equal(cause, "the list is too long (at most 3 entries)");
	kd_list(*state, TAGS, &count);
	assert_int_equal(count, 3);
	assert_int_equal(settings_set_list(*state, TAGS, NULL, 0, NULL), 0);
	free(cause);
}

static void
test_copy_is_deep(void **state)
{
	struct kd_settings *copy = settings_copy(*state);
	size_t count;

	settings_set(*state, NAME, "other", NULL);
	settings_set(*state, TAGS, "z", NULL);
	assert_string_equal(kd_string(copy, NAME), "orders");
	assert_string_equal(kd_list(copy, TAGS, &count)[0], "a");
	assert_int_equal(count, 2);
	settings_free(copy);
}

static void
test_json_round_trip(void **state)
{
	struct kd_settings *back;
	json_t *json, *again;
	char *cause = NULL;

	settings_set(*state, SHARE, "12.5%", NULL);
	settings_set(*state, TAGS, "", NULL);
	settings_set(*state, BARE, "x, y", NULL);
	json = settings_to_json(*state);
	assert_string_equal(json_string_value(json_object_get(json, "share")), "12.5%");
	assert_true(json_is_array(json_object_get(json, "tags")));
	assert_null(json_object_get(json, "free"));
	back = settings_from_json(table, KD_COUNT(table), json, &cause);
	assert_non_null(back);
	again = settings_to_json(back);
	assert_true(json_equal(json, again));
	json_decref(json);
	json_decref(again);
	settings_free(back);
}

static void
test_json_refused(void **state)
{
	static const struct {
		const char *json, *sentence;
	} cases[] = {
	    {"[]", "the settings are not an object"},
	    {"{\"nane\":\"x\"}", "nane: there is no such option"},
	    {"{\"count\":5}", "count: not a string"},
	    {"{\"count\":\"500\"}", "count: 500 is out of range (-3 to 100)"},
	    {"{\"tags\":\"a\"}", "tags: not an array"},
	    {"{\"tags\":[1]}", "tags: not an array of strings"},
	    {"{\"tags\":[\"\"]}", "tags: an entry of the list is empty"},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(cases); i++) {
		json_t *json = json_loads(cases[i].json, 0, NULL);
		char *cause = NULL;
		assert_null(settings_from_json(table, KD_COUNT(table), json, &cause));
		assert_string_equal(cause, cases[i].sentence);
		json_decref(json);
		free(cause);
	}
}

static void
test_tables(void **state)
{
	static const struct {
		struct kd_option row;
		const char *sentence;
	} cases[] = {
	    {{NULL, KD_STRING, NULL, 0, 0, "h"}, "an option's name is not in snake_case"},
	    {{"Name", KD_STRING, NULL, 0, 0, "h"}, "an option's name is not in snake_case"},
	    {{"a-b", KD_STRING, NULL, 0, 0, "h"}, "an option's name is not in snake_case"},
	    {{"", KD_STRING, NULL, 0, 0, "h"}, "an option's name is not in snake_case"},
	    {{"a", (enum kd_option_type)99, NULL, 0, 0, "h"}, "option a has no type that kdiag knows"},
	    {{"a", KD_STRING, NULL, 0, 0, NULL}, "option a has no help, or one that is not a line of text"},
	    {{"a", KD_STRING, NULL, 0, 0, "x\ny"}, "option a has no help, or one that is not a line of text"},
	    {{"a", KD_INTEGER, NULL, 5, 4, "h"}, "option a has bounds that make no sense"},
	    {{"a", KD_DURATION, NULL, -1, 4, "h"}, "option a has bounds that make no sense"},
	    {{"a", KD_PERCENT, NULL, 0, INT64_MAX, "h"}, "option a has bounds that make no sense"},
	    {{"a", KD_INTEGER, NULL, INT64_MIN, 0, "h"}, "option a has bounds that make no sense"},
	    {{"a", KD_INTEGER, "7", 1, 4, "h"}, "option a has a bad default: 7 is out of range (1 to 4)"},
	    {{"a", KD_DURATION, "soon", 0, 0, "h"},
		"option a has a bad default: \"soon\" is no duration (write 30s, 15m, 24h or 7d)"},
	};
	const struct kd_option twice[] = {{"a", KD_STRING, NULL, 0, 0, "h"}, {"a", KD_LIST, NULL, 0, 0, "h"}};
	char *cause = NULL;

	(void)state;
	assert_int_equal(option_check_table(table, KD_COUNT(table), &cause), 0);
	assert_int_equal(option_check_table(NULL, 0, &cause), 0);
	assert_null(cause);
	for (size_t i = 0; i < KD_COUNT(cases); i++) {
		assert_int_equal(option_check_table(&cases[i].row, 1, &cause), -1);
		assert_string_equal(cause, cases[i].sentence);
	}
	assert_int_equal(option_check_table(twice, 2, &cause), -1);
	assert_string_equal(cause, "option a stands there twice");
	assert_int_equal(option_check_table(NULL, 2, &cause), -1);
	free(cause);
}

static void
test_ranges_and_names(void **state)
{
	static const char *const ranges[] = {
	    "at most 10 bytes", "-3 to 100", "", "10s to 24h", "0% to 100%", "at most 3 entries", "", ""};
	static const char *const types[] = {
	    "string", "integer", "boolean", "duration", "percent", "list", "integer", "string"};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(table); i++) {
		char *range = option_format_range(&table[i]);
		assert_string_equal(range, ranges[i]);
		assert_string_equal(option_type_name(table[i].type), types[i]);
		free(range);
	}
	assert_int_equal(option_find(table, KD_COUNT(table), "share"), SHARE);
	assert_int_equal(option_find(table, KD_COUNT(table), "shar"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_defaults, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_wrong_getter, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_string, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_integer, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_boolean, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_duration, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_percent, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_list, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_copy_is_deep, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_json_round_trip, set_up, tear_down),
	    cmocka_unit_test(test_json_refused),
	    cmocka_unit_test(test_tables),
	    cmocka_unit_test(test_ranges_and_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
