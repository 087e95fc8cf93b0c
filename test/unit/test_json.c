/* SPDX-License-Identifier: Apache-2.0 */
/* json: reading what comes from outside, typed getting, and writing. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"

/* depth times `open`, then depth times `close`. The caller's. */
static char *
nest(const char *open, const char *close, size_t depth)
{
	struct str text = {0};

	for (size_t i = 0; i < depth; i++)
		str_add(&text, open);
	for (size_t i = 0; i < depth; i++)
		str_add(&text, close);
	return str_take(&text);
}

/* "[1,1,1]" with count ones. The caller's. */
static char *
list_of(size_t count)
{
	struct str text = {0};

	for (size_t i = 0; i < count; i++)
		str_add(&text, i == 0 ? "[1" : ",1");
	str_add_char(&text, ']');
	return str_take(&text);
}

static void
test_read(void **state)
{
	static const char *const good[] = {"{}", " [1, 2.5, \"x\", true, null]\n", "3", "\"s\"", "null",
	    "{\"a\":\"[[[ \\\" {{{\"}", "\"\\\\\"", "{\"a\":[{\"b\":[]}]}"};
	char *cause = NULL;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(good); i++) {
		json_t *value = json_read(good[i], strlen(good[i]), &cause);

		assert_null(cause);
		assert_non_null(value);
		json_decref(value);
	}
}

/* Each mistake with the words that its sentence must hold. */
static void
test_read_bad(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *says;
	} rows[] = {
	    {"", 0, "line 1, column 0: there is nothing in it"},
	    {" \n\t", 3, "there is nothing in it"},
	    {"{\"a\":1} x", 9, "line 1, column 9: end of file expected near 'x'"},
	    {"{\"a\":1,\n \"a\":2}", 15, "line 2, column 4: duplicate object key"},
	    {"{\"a\":", 5, "near end of file"},
	    {"<html>", 6, "line 1, column 1: "},
	    {"\"\xff\"", 3, "unable to decode byte 0xff"},
	    {"\"\xed\xa0\x80\"", 5, "unable to decode byte 0xed"},
	    {"\"a\0b\"", 5, "control character 0x0"},
	    {"\"a\\u0000b\"", 10, "\\\\u0000 is not allowed"},
	    {"{\"a\":1}\0", 8, "end of file expected"},
	    {"\x1b[31m", 5, "near '\\x1b'"},
	    {"1e999", 5, "real number overflow"},
	    {"99999999999999999999", 20, "too big integer"},
	    {"}}}}", 4, "line 1, column 1: "},
	    {"\"\\", 2, "line 1, column "},
	    {"'a'", 3, "line 1, column 1: "},
	};
	char *cause = NULL;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		assert_null(json_read(rows[i].text, rows[i].len, &cause));
		if (strstr(cause, rows[i].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", cause, rows[i].says);
		assert_true(text_is_utf8(cause, strlen(cause)));
	}
	free(cause);
	assert_null(json_read("[", 1, NULL));
}

static void
test_read_depth(void **state)
{
	static const char *const ways[][2] = {{"[", "]"}, {"{\"a\":[", "]}"}};
	static const size_t most[] = {64, 32};
	char *cause = NULL, *text, *side;
	json_t *value;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(ways); i++) {
		text = nest(ways[i][0], ways[i][1], most[i]);
		value = json_read(text, strlen(text), &cause);
		assert_non_null(value);
		json_decref(value);
		free(text);
		text = nest(ways[i][0], ways[i][1], most[i] + 1);
		assert_null(json_read(text, strlen(text), &cause));
		assert_non_null(strstr(cause, "nested more than 64 deep"));
		free(text);
	}
	text = nest("[\n", "]", 100000);
	assert_null(json_read(text, strlen(text), &cause));
	assert_string_equal(cause, "line 65, column 1: nested more than 64 deep");
	free(text);
	/* Depth goes down again: what stands side by side is not deep. */
	text = mem_printf("[%s]", side = nest("[],", "", 1000));
	text[strlen(text) - 2] = ' ';
	free(side);
	value = json_read(text, strlen(text), &cause);
	assert_int_equal(json_array_size(value), 1000);
	json_decref(value);
	free(text);
	free(cause);
}

static char folder[] = "/tmp/kdiag-test-json-XXXXXX";
static char path[sizeof folder + 16];

static void
write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
test_read_file(void **state)
{
	char *cause = NULL;
	json_t *value;

	(void)state;
	write_file("{\"a\":\n1}");
	value = json_read_file(path, 8, &cause);
	assert_int_equal(json_integer_value(json_object_get(value, "a")), 1);
	json_decref(value);
	assert_null(cause);

	assert_null(json_read_file(path, 7, &cause));
	assert_non_null(strstr(cause, "x.json: is larger than the 7 bytes that are read"));
	write_file("{\"a\":\n1");
	assert_null(json_read_file(path, 1000, &cause));
	assert_memory_equal(cause, path, strlen(path));
	assert_non_null(strstr(cause, "x.json: line 2, column 1: "));
	write_file("");
	assert_null(json_read_file(path, 1000, &cause));
	assert_non_null(strstr(cause, "there is nothing in it"));
	assert_null(json_read_file(folder, 1000, &cause));
	assert_non_null(strstr(cause, ": is no regular file"));
	unlink(path);
	assert_null(json_read_file(path, 1000, &cause));
	assert_non_null(strstr(cause, "x.json: No such file or directory"));
	/* Nobody writes into this FIFO: to wait for it would be for ever. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(json_read_file(path, 1000, &cause));
	assert_non_null(strstr(cause, "x.json: is no regular file"));
	unlink(path);
	free(cause);
}

/* More than one read() takes. */
static void
test_read_file_large(void **state)
{
	char *text = list_of(100000), *cause = NULL;
	json_t *value;

	(void)state;
	write_file(text);
	value = json_read_file(path, 1 << 20, &cause);
	assert_int_equal(json_array_size(value), 100000);
	json_decref(value);
	unlink(path);
	free(text);
}

static void
test_line(void **state)
{
	json_t *value = json_pack("{s:i, s:s, s:[b,n]}", "z", 1, "a", "\xc3\xa9\n\xf0\x9f\x98\x80", "l", 1);
	char *line = json_line(value);

	(void)state;
	assert_string_equal(line, "{\"z\":1,\"a\":\"\\u00E9\\n\\uD83D\\uDE00\",\"l\":[true,null]}");
	free(line);
	json_decref(value);
	value = json_true();
	line = json_line(value);
	assert_string_equal(line, "true");
	free(line);
}

static const char members[] = "{\"s\":\"x\",\"e\":\"\",\"i\":-7,\"big\":9223372036854775807,\"r\":1.5,\"w\":1.7e9,"
			      "\"huge\":1e300,\"edge\":9007199254740992.0,"
			      "\"past\":9007199254740994.0,\"t\":true,\"f\":false,\"n\":null,\"a\":[1],\"o\":{}}";

static void
test_get(void **state)
{
	json_t *object = json_read(members, strlen(members), NULL), *member = NULL;
	const char *string = NULL;
	int64_t integer = 0;
	double number = 0;
	bool boolean = false;

	(void)state;
	assert_int_equal(json_get_string(object, "s", &string, NULL), 1);
	assert_string_equal(string, "x");
	assert_int_equal(json_get_string(object, "e", &string, NULL), 1);
	assert_string_equal(string, "");
	assert_int_equal(json_get_integer(object, "i", &integer, NULL), 1);
	assert_int_equal(integer, -7);
	assert_int_equal(json_get_integer(object, "big", &integer, NULL), 1);
	assert_true(integer == INT64_MAX);
	assert_int_equal(json_get_integer(object, "w", &integer, NULL), 1);
	assert_int_equal(integer, 1700000000);
	assert_int_equal(json_get_integer(object, "edge", &integer, NULL), 1);
	assert_true(integer == (int64_t)1 << 53);
	assert_int_equal(json_get_number(object, "r", &number, NULL), 1);
	assert_true(number == 1.5);
	assert_int_equal(json_get_number(object, "i", &number, NULL), 1);
	assert_true(number == -7);
	assert_int_equal(json_get_boolean(object, "t", &boolean, NULL), 1);
	assert_true(boolean);
	assert_int_equal(json_get_boolean(object, "f", &boolean, NULL), 1);
	assert_false(boolean);
	assert_int_equal(json_get_array(object, "a", &member, NULL), 1);
	assert_int_equal(json_array_size(member), 1);
	assert_int_equal(json_get_object(object, "o", &member, NULL), 1);
	assert_true(json_is_object(member));
	json_decref(object);
}

static void
test_get_absent(void **state)
{
	static const char *const keys[] = {"n", "nowhere"};
	json_t *object = json_read(members, strlen(members), NULL), *member = object;
	const char *string = "kept";
	int64_t integer = 42;
	double number = 42;
	bool boolean = true;
	char *cause = NULL;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(keys); i++) {
		assert_int_equal(json_get_string(object, keys[i], &string, &cause), 0);
		assert_int_equal(json_get_integer(object, keys[i], &integer, &cause), 0);
		assert_int_equal(json_get_number(object, keys[i], &number, &cause), 0);
		assert_int_equal(json_get_boolean(object, keys[i], &boolean, &cause), 0);
		assert_int_equal(json_get_array(object, keys[i], &member, &cause), 0);
		assert_int_equal(json_get_object(object, keys[i], &member, &cause), 0);
	}
	assert_null(cause);
	assert_string_equal(string, "kept");
	assert_int_equal(integer, 42);
	assert_true(number == 42 && boolean);
	assert_ptr_equal(member, object);
	json_decref(object);
}

static void
test_get_wrong(void **state)
{
	json_t *object = json_read(members, strlen(members), NULL), *member;
	const char *string;
	int64_t integer = 42;
	double number;
	bool boolean;
	char *cause = NULL;

	(void)state;
	assert_int_equal(json_get_string(object, "i", &string, &cause), -1);
	assert_string_equal(cause, "i is not a string");
	assert_int_equal(json_get_integer(object, "s", &integer, &cause), -1);
	assert_string_equal(cause, "s is not an integer");
	assert_int_equal(json_get_integer(object, "r", &integer, &cause), -1);
	assert_string_equal(cause, "r is not an integer");
	assert_int_equal(json_get_integer(object, "huge", &integer, &cause), -1);
	assert_int_equal(json_get_integer(object, "past", &integer, &cause), -1);
	assert_int_equal(integer, 42);
	assert_int_equal(json_get_number(object, "t", &number, &cause), -1);
	assert_string_equal(cause, "t is not a number");
	assert_int_equal(json_get_boolean(object, "i", &boolean, &cause), -1);
	assert_string_equal(cause, "i is not a boolean");
	assert_int_equal(json_get_array(object, "o", &member, &cause), -1);
	assert_string_equal(cause, "o is not an array");
	assert_int_equal(json_get_object(object, "a", &member, &cause), -1);
	assert_string_equal(cause, "a is not an object");
	assert_int_equal(json_get_object(object, "s", &member, NULL), -1);
	free(cause);
	json_decref(object);
}

static void
test_set(void **state)
{
	json_t *object = json_object();
	char *line;

	(void)state;
	json_set_text(object, "text", "a\xff\xc3\xa9");
	json_set_text(object, "null", NULL);
	json_set_text(object, "again", "1");
	json_set_text(object, "again", "2");
	json_set_time(object, "time", 1795342440999);
	line = json_line(object);
	assert_string_equal(
	    line, "{\"text\":\"a\\uFFFD\\u00E9\",\"null\":null,\"again\":\"2\",\"time\":\"2026-11-22T10:14:00Z\"}");
	free(line);
	json_decref(object);
}

static int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/x.json", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_read_bad),
	    cmocka_unit_test(test_read_depth),
	    cmocka_unit_test(test_read_file),
	    cmocka_unit_test(test_read_file_large),
	    cmocka_unit_test(test_line),
	    cmocka_unit_test(test_get),
	    cmocka_unit_test(test_get_absent),
	    cmocka_unit_test(test_get_wrong),
	    cmocka_unit_test(test_set),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
