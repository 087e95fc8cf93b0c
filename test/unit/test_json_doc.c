/* SPDX-License-Identifier: Apache-2.0 */
/* json_doc against jansson: the same value, or none with both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/json_view.h"
#include "common/mem.h"
#include "common/str.h"

/* json_equal() takes a real and an integer of the same value for different, which is what is wanted. */
static bool
agree(const char *text, size_t len)
{
	json_t *ours = json_read(text, len, NULL);
	json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	bool same = value == NULL ? ours == NULL : memchr(text, '\0', len) != NULL || json_equal(ours, value);

	json_decref(ours);
	json_decref(value);
	return same;
}

static bool
is_read(const char *text, size_t len, int depth_max, bool nul)
{
	static struct json_doc doc; /* whatever it held before: what is read is the same */
	bool is = json_doc_read(&doc, text, len, depth_max, nul);

	assert_int_equal(is, json_doc_root(&doc).doc != NULL);
	json_doc_reuse(&doc);
	assert_true(doc.text_room <= 64 * 1024 && json_doc_root(&doc).doc == NULL);
	return is;
}

/* What is JSON, and what is not, or not to us: jansson says the same of both. */
static const char *const texts[] = {
    "{}",
    "[]",
    " [ ] ",
    "\t{\r\n}\n",
    "{\"a\":1}",
    "{ \"a\" : [ 1 , -2 , 0 , -0 , true , false , null , \"\" ] , \"b\" : { } }",
    "[123456789012345678, -123456789012345678]",
    "[1700000000.0, 1.528216588E9, 1.507643494783E9, 1700000000.123, -0.0, 0.1, 1e22, 1e-22, 5E+1, 3.50]",
    "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\ude00\\uFFFF\"]",
    "[\"a\\nb\",\"\\u0041\",\"x\\\\\"]",
    "[\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \x7f\"]",
    "{\"\xc3\xa9\":\"key\"}",
    "[[[[[[[[1]]]]]]]]",
    "1",
    "\"text\"",
    " true ",
    "null",
    "{\"\\u0061\":1,\"b\":2}",
    "[1234567890123456789, 9223372036854775807, -9223372036854775808]",
    "[0.99999999999999999999999999999999999999999999999]",
    "[9007199254740993.0, 1e23, 1e-23, 1e308, 1e-400, 0.00000000000000000000000000000000000001e38]",
    "[123456789012345678901234567890e-10, 1E00000000000000000005, 0e99999999999999999999]",
    "{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]}}",
};
static const char *const broken[] = {
    "",
    " ",
    "{",
    "[",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{\"a\":1 \"b\":2}",
    "{a:1}",
    "{1:1}",
    "[1}",
    "{\"a\":1]",
    "{} {}",
    "[]x",
    "{\"a\":1,\"b\":2,\"a\":3}",
    "[01]",
    "[-]",
    "[+1]",
    "[.5]",
    "[5.]",
    "[1e]",
    "[1e+]",
    "[-01]",
    "[0x10]",
    "[1.2.3]",
    "[99999999999999999999999999999999999999999999999]",
    "[1e999]",
    "[NaN]",
    "[Infinity]",
    "[tru]",
    "[truex]",
    "[nul",
    "[True]",
    "[\"]",
    "[\"\\\"]",
    "[\"\\x\"]",
    "[\"\\u12\"]",
    "[\"\\u12g4\"]",
    "[\"\\u0000\"]",
    "[\"\\ud83d\"]",
    "[\"\\ud83d\\u0041\"]",
    "[\"\\ud83dx\\ude00\"]",
    "[\"\\ude00\"]",
    "[\"\\ud83d\\ude0",
    "[\"a\nb\"]",
    "[\"\xff\"]",
    "[\"\xc3\"]",
    "[\"\xed\xa0\x80\"]",
    "[\"\xc0\xaf\"]",
    "{\"a\":1,\"\\u0061\":1}",
    "[9223372036854775808]",
    "[-9223372036854775809]",
    "{\"a\":{\"b\":1,\"b\":1}}",
};

static void
test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < KD_COUNT(texts); i++) {
		if (!is_read(texts[i], strlen(texts[i]), 64, false))
			fail_msg("not read: %s", texts[i]);
		if (!agree(texts[i], strlen(texts[i])))
			fail_msg("read otherwise than jansson does: %s", texts[i]);
	}
	for (size_t i = 0; i < KD_COUNT(broken); i++) {
		if (is_read(broken[i], strlen(broken[i]), 64, false))
			fail_msg("taken for JSON: %s", broken[i]);
		if (!agree(broken[i], strlen(broken[i])))
			fail_msg("jansson reads it: %s", broken[i]);
	}
}

static void
test_depth(void **state)
{
	static const char eight[] = "[[[[{\"a\":[[[]],[[1]]]}]]]]", nine[] = "[[[[{\"a\":[[[]],[[[]]]]}]]]]";

	(void)state;
	assert_true(is_read(eight, strlen(eight), 8, false));
	assert_false(is_read(eight, strlen(eight), 7, false));
	assert_false(is_read(nine, strlen(nine), 8, false));
	assert_true(is_read("1", 1, 0, false));
}

static void
test_nul_ends_nothing(void **state)
{
	static const char *const words[] = {"[1\0]", "[\"a\0b\"]", "[\0]", "\0[]", "[]\0", "[-\0]", "[\"\\\0\"]"};
	static const size_t lens[] = {4, 7, 3, 3, 3, 4, 6};
	char *cause = NULL;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(words); i++)
		for (int nul = 0; nul < 2; nul++)
			assert_false(is_read(words[i], lens[i], 8, nul));
	assert_null(json_read("[1\0]", 4, &cause)); /* to jansson it is [1] */
	assert_string_equal(cause, "line 1, column 1: it has a NUL byte in it, or more than 4 GiB");
	free(cause);
}

static void
test_nul_in_strings(void **state)
{
	static const char text[] = "{\"message\":\"a\\u0000b\\u0000\",\"next\":\"c\"}";
	struct json_doc doc = {0};
	struct json_view root;
	size_t len;

	(void)state;
	assert_false(is_read(text, strlen(text), 8, false));
	assert_true(json_doc_read(&doc, text, strlen(text), 8, true));
	root = json_doc_root(&doc);
	assert_memory_equal(json_view_string(json_view_member(root, "message"), &len), "a\0b\0", 5);
	assert_int_equal(len, 4);
	assert_string_equal(json_view_string(json_view_member(root, "next"), NULL), "c");
	json_doc_clear(&doc);
}

/* Every beginning of a document, and every document with one byte changed: what jansson makes of it. */
static void
test_mutations(void **state)
{
	static const char text[] =
	    "{\"a\":[1,-2.5e3,{\"b\":null,\"c\":[true,false]}],\"d\":\"x\\n\\u20ac\\ud83d\\ude00\","
	    "\"e\":{\"f\":1.528216588E9,\"g\":0}}";
	static const char bytes[] = "\0\t \"'+,-.0159:E[\\]aefntu{|}\x7f\x80\xc3\xff";
	char *copy;

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++)
		assert_true(agree(text, len));
	copy = mem_strdup(text);
	for (size_t at = 0; at < sizeof(text) - 1; at++) {
		for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
			copy[at] = bytes[i];
			if (!agree(copy, sizeof(text) - 1))
				fail_msg("read otherwise than jansson does: %s", copy);
		}
		copy[at] = text[at];
	}
	free(copy);
}

/* Reals come out to the last bit as strtod has them. */
static void
test_reals(void **state)
{
	char text[64];

	(void)state;
	srand(1);
	for (int i = 0; i < 20000; i++) {
		long digits = (long)rand() * (rand() % 4000);

		snprintf(text, sizeof(text), "[%ld.%dE%d]", digits % 1000000, rand() % 1000000, rand() % 40 - 20);
		if (!agree(text, strlen(text)))
			fail_msg("read otherwise than jansson does: %s", text);
	}
}

/* Members and elements of all types, as the getters of json.h see them too. */
static void
test_views(void **state)
{
	static const char text[] = "{\"s\":\"x\",\"i\":7,\"r\":7.0,\"h\":0.5,\"t\":true,\"f\":false,\"n\":null,"
				   "\"a\":[1,[2,3],{\"b\":4},\"five\"],\"o\":{\"p\":{\"q\":[]}},\"\":8}";
	static const char *const keys[] = {"s", "i", "r", "h", "t", "f", "n", "a", "o", "", "absent"};
	struct json_doc doc = {0};
	struct json_view root, view, element;
	json_t *value = json_loads(text, 0, NULL), *member;
	double sum = 0, number;
	size_t i;

	(void)state;
	assert_true(json_doc_read(&doc, text, strlen(text), 8, false));
	root = json_doc_root(&doc);
	for (i = 0; i < KD_COUNT(keys); i++) {
		const char *one = NULL, *other = NULL;
		char *why = NULL, *reason = NULL;
		int64_t a = 0, b = 0;
		bool yes = false, no = false;

		number = 0;
		assert_int_equal(
		    json_view_get_string(root, keys[i], &one, &why), json_get_string(value, keys[i], &other, &reason));
		assert_true(one == NULL ? other == NULL : strcmp(one, other) == 0);
		assert_true(why == NULL ? reason == NULL : strcmp(why, reason) == 0);
		assert_int_equal(
		    json_view_get_integer(root, keys[i], &a, &why), json_get_integer(value, keys[i], &b, &reason));
		assert_int_equal(a, b);
		assert_true(why == NULL ? reason == NULL : strcmp(why, reason) == 0);
		assert_int_equal(
		    json_view_get_number(root, keys[i], &sum, &why), json_get_number(value, keys[i], &number, &reason));
		assert_true(json_view_get_number(root, keys[i], &sum, NULL) < 1 || sum == number);
		assert_int_equal(
		    json_view_get_boolean(root, keys[i], &yes, &why), json_get_boolean(value, keys[i], &no, &reason));
		assert_int_equal(yes, no);
		assert_int_equal(
		    json_view_get_array(root, keys[i], &view, &why), json_get_array(value, keys[i], &member, &reason));
		assert_int_equal(json_view_get_object(root, keys[i], &view, &why),
		    json_get_object(value, keys[i], &member, &reason));
		assert_true(why == NULL ? reason == NULL : strcmp(why, reason) == 0);
		free(why);
		free(reason);
	}
	assert_int_equal(json_view_get_array(root, "a", &view, NULL), 1);
	assert_int_equal(json_view_count(view), 4);
	sum = 0;
	JSON_VIEW_EACH (view, i, element) {
		if (json_view_number(element, &number))
			sum += number;
		sum += 10 * (double)json_view_count(element);
	}
	assert_int_equal(i, 4);
	assert_int_equal((int)sum, 31);
	assert_null(json_view_member(root, "absent").doc);
	assert_null(json_view_string(json_view_member(root, "i"), NULL));
	assert_null(json_view_member(json_view_member(root, "a"), "b").doc);
	assert_int_equal(json_view_count(json_view_member(root, "s")), 0);
	json_decref(value);
	json_doc_clear(&doc);
}

/* Many members are compared in another way than few. */
static void
test_many_keys(void **state)
{
	(void)state;
	for (size_t count = 14; count < 20; count++) {
		struct str text = {0};
		size_t len;

		str_add(&text, "{\"");
		for (size_t i = 0; i < count; i++)
			str_printf(&text, "key%zu\":%zu,\"", i, i);
		len = text.len;
		str_add(&text, "last\":0}");
		assert_true(is_read(text.s, text.len, 8, false));
		text.s[len] = '\0';
		text.len = len;
		str_add(&text, "key3\":0}");
		assert_false(is_read(text.s, text.len, 8, false));
		assert_true(agree(text.s, text.len));
		str_free(&text);
	}
}

/* No list of ten thousand keys may take a second. */
static void
test_hostile_keys(void **state)
{
	struct str text = {0};

	(void)state;
	str_add(&text, "{");
	for (int i = 0; i < 200000; i++)
		str_printf(&text, "%s\"%d\":0", i > 0 ? "," : "", i);
	str_add(&text, "}");
	assert_true(is_read(text.s, text.len, 8, false));
	str_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_nul_ends_nothing),
	    cmocka_unit_test(test_nul_in_strings),
	    cmocka_unit_test(test_mutations),
	    cmocka_unit_test(test_reals),
	    cmocka_unit_test(test_views),
	    cmocka_unit_test(test_many_keys),
	    cmocka_unit_test(test_hostile_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
