/* SPDX-License-Identifier: Apache-2.0 */
/* str, mem and stream_id: memory, growing strings, sentences, and counted names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "common/str.h"
#include "common/stream_id.h"

static void
test_str_empty(void **state)
{
	struct str str = {0};
	char *s;

	(void)state;
	str_clear(&str);
	assert_null(str.s);
	s = str_take(&str);
	assert_string_equal(s, "");
	free(s);
	str_free(&str);
	str_add(&str, "");
	assert_string_equal(str.s, "");
	assert_int_equal(str.len, 0);
	str_free(&str);
	assert_null(str.s);
}

static void
test_str_add(void **state)
{
	struct str str = {0};
	char *s;

	(void)state;
	str_add(&str, "one");
	str_add_char(&str, ' ');
	str_add_len(&str, "two and more", 3);
	str_printf(&str, " %d%s", 3, "!");
	assert_string_equal(str.s, "one two 3!");
	assert_int_equal(str.len, 10);
	str_clear(&str);
	assert_string_equal(str.s, "");
	str_add_len(&str, "a\0b", 3);
	assert_int_equal(str.len, 3);
	assert_memory_equal(str.s, "a\0b", 4);
	s = str_take(&str);
	assert_null(str.s);
	assert_int_equal(str.len + str.cap, 0);
	free(s);
}

/* Each length around the doublings, by both ways of adding. */
static void
test_str_borders(void **state)
{
	char text[300];

	(void)state;
	memset(text, 'x', sizeof text);
	for (size_t len = 0; len < sizeof text; len++) {
		struct str added = {0}, printed = {0};

		str_add_len(&added, text, len);
		str_printf(&printed, "%.*s", (int)len, text);
		assert_int_equal(strlen(added.s), len);
		assert_string_equal(added.s, printed.s);
		assert_true(added.cap > added.len && printed.cap > printed.len);
		str_free(&added);
		str_free(&printed);
	}
}

static void
test_str_large(void **state)
{
	struct str str = {0};

	(void)state;
	for (int i = 0; i < 100000; i++)
		str_printf(&str, "%d,", i % 10);
	assert_int_equal(str.len, 200000);
	assert_string_equal(str.s + str.len - 4, "8,9,");
	assert_true(str.cap < 4 * str.len);
	str_free(&str);
}

static void
test_mem_copies(void **state)
{
	int *numbers = mem_new(4, sizeof *numbers);
	char *s;

	(void)state;
	assert_int_equal(numbers[0] | numbers[3], 0);
	numbers = mem_resize(numbers, 1000, sizeof *numbers);
	numbers[999] = 1;
	free(numbers);
	free(mem_new(0, 8));
	free(mem_resize(NULL, 0, 8));
	assert_null(mem_strdup(NULL));
	assert_null(mem_strndup(NULL, 3));
	s = mem_strndup("abcdef", 3);
	assert_string_equal(s, "abc");
	free(s);
	s = mem_strndup("ab", 10);
	assert_string_equal(s, "ab");
	free(s);
	s = mem_printf("%s-%d", "n", 7);
	assert_string_equal(s, "n-7");
	free(s);
}

static void
test_cause(void **state)
{
	char *cause = NULL;

	(void)state;
	assert_int_equal(cause_set(NULL, "unheard %d", 1), -1);
	assert_null(cause_null(NULL, "unheard"));
	assert_int_equal(cause_set(&cause, "no %s", "file"), -1);
	assert_string_equal(cause, "no file");
	assert_null(cause_null(&cause, "x.yaml: %s", cause));
	assert_string_equal(cause, "x.yaml: no file");
	free(cause);
}

static void
test_stream_id_life(void **state)
{
	char name[] = "orders";
	struct stream_id *id = stream_id_new("prod", "us-east-1", name);

	(void)state;
	name[0] = 'X';
	assert_string_equal(id->name, "orders");
	assert_string_equal(id->arn, "");
	assert_ptr_equal(stream_id_ref(id), id);
	stream_id_unref(id);
	stream_id_set_arn(id, "arn:aws:kinesis:us-east-1:123456789012:stream/orders");
	stream_id_set_arn(id, id->arn);
	assert_string_equal(id->arn, "arn:aws:kinesis:us-east-1:123456789012:stream/orders");
	stream_id_set_arn(id, NULL);
	assert_string_equal(id->arn, "");
	assert_null(stream_id_ref(NULL));
	stream_id_unref(id);
	stream_id_unref(NULL);
}

static void
test_stream_id_order(void **state)
{
	static const char *const sorted[][3] = {
	    {"prod", "us-east-1", "a"},
	    {"prod", "eu-west-1", "b"},
	    {"dev", "us-east-1", "b"},
	    {"prod", "us-east-1", "b"},
	};
	struct stream_id *ids[KD_COUNT(sorted)];

	(void)state;
	for (size_t i = 0; i < KD_COUNT(sorted); i++)
		ids[i] = stream_id_new(sorted[i][0], sorted[i][1], sorted[i][2]);
	for (size_t i = 0; i < KD_COUNT(sorted); i++)
		for (size_t j = 0; j < KD_COUNT(sorted); j++) {
			int order = stream_id_compare(ids[i], ids[j]);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	for (size_t i = 0; i < KD_COUNT(sorted); i++)
		stream_id_unref(ids[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_str_empty),
	    cmocka_unit_test(test_str_add),
	    cmocka_unit_test(test_str_borders),
	    cmocka_unit_test(test_str_large),
	    cmocka_unit_test(test_mem_copies),
	    cmocka_unit_test(test_cause),
	    cmocka_unit_test(test_stream_id_life),
	    cmocka_unit_test(test_stream_id_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
