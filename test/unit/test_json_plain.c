/* SPDX-License-Identifier: Apache-2.0 */
/* json_plain against jansson: the same value, or none at all; and that what AWS sends is plain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json_plain.h"
#include "common/mem.h"
#include "common/str.h"

enum { DEPTH = 8 };

/* json_equal() takes a real and an integer of the same value for different, which is what is wanted. */
static bool
agree(const char *text, size_t len)
{
	json_t *plain = json_plain_read(text, len, DEPTH);
	json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	bool same = plain == NULL || (value != NULL && json_equal(plain, value));

	json_decref(plain);
	json_decref(value);
	return same;
}

static bool
is_plain(const char *text)
{
	json_t *plain = json_plain_read(text, strlen(text), DEPTH);
	bool is = plain != NULL;

	json_decref(plain);
	return is;
}

static void
test_plain(void **state)
{
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
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(texts); i++) {
		if (!is_plain(texts[i]))
			fail_msg("not plain: %s", texts[i]);
		if (!agree(texts[i], strlen(texts[i])))
			fail_msg("read otherwise than jansson does: %s", texts[i]);
	}
}

static void
test_turned_away(void **state)
{
	static const char *const texts[] = {
	    "",
	    " ",
	    "1",
	    "\"text\"",
	    "true",
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
	    "{\"a\":1,\"b\":2,\"a\":3}", /* a duplicate is jansson's to name */
	    "{\"\\u0061\":1}",
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
	    "[1234567890123456789]",
	    "[99999999999999999999999999999999999999999999999]",
	    "[0.99999999999999999999999999999999999999999999999]",
	    "[9007199254740993.0]",
	    "[1e23]",
	    "[1e-23]",
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
	    "[[[[[[[[[1]]]]]]]]]",
	    "{\"a\":[{\"a\":[{\"a\":[{\"a\":[{}]}]}]}]}",
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(texts); i++)
		if (is_plain(texts[i]))
			fail_msg("taken for plain: %s", texts[i]);
}

static void
test_nul_ends_nothing(void **state)
{
	static const char *const words[] = {"[1\0]", "[\"a\0b\"]", "[\0]", "\0[]", "[]\0", "[-\0]", "[\"\\\0\"]"};
	static const size_t lens[] = {4, 7, 3, 3, 3, 4, 6};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(words); i++)
		assert_null(json_plain_read(words[i], lens[i], DEPTH));
}

/* Every beginning of a document, and every document with one byte changed: never another value than jansson's. */
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain),
	    cmocka_unit_test(test_turned_away),
	    cmocka_unit_test(test_nul_ends_nothing),
	    cmocka_unit_test(test_mutations),
	    cmocka_unit_test(test_reals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
