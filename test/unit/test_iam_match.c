/* SPDX-License-Identifier: Apache-2.0 */
/* test_iam_match: wildcards, segments and variables, against a slow and plain matcher, and the bound on the work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/iam_pattern.h"
#include "common/mem.h"

/* By trying everything: right by its looks, and slow. */
static bool
plain_glob(const char *pattern, const char *text)
{
	if (*pattern == '\0')
		return *text == '\0';
	if (*pattern == '*')
		return plain_glob(pattern + 1, text) || (*text != '\0' && plain_glob(pattern, text + 1));
	return *text != '\0' && (*pattern == '?' || *pattern == *text) && plain_glob(pattern + 1, text + 1);
}

static bool
glob(const char *source, const char *text)
{
	struct iam_arena arena = {0};
	struct iam_work work = {.left = 1000000};
	struct iam_pattern pattern;
	bool matched;

	assert_int_equal(iam_pattern_compile(&arena, source, IAM_WILD, &pattern, NULL), 0);
	matched =
	    iam_match_glob((struct iam_text){pattern.text, pattern.len}, (struct iam_text){text, strlen(text)}, &work);
	assert_true(work.left >= 0);
	iam_arena_free(&arena);
	return matched;
}

/* Words over a small alphabet, by counting: all of them up to a length. */
static size_t
make_word(size_t number, const char *alphabet, char *word)
{
	size_t letters = strlen(alphabet), len = 0;

	for (; number > 0; number = (number - 1) / letters)
		word[len++] = alphabet[(number - 1) % letters];
	word[len] = '\0';
	return len;
}

static void
matches_as_the_plain_one(void **state)
{
	char pattern[16], text[16];

	(void)state;
	for (size_t p = 0; p < 1365; p++) /* all of up to 5 letters out of 4 */
		for (size_t t = 0; t < 63; t++) {
			make_word(p, "ab*?", pattern);
			make_word(t, "ab", text);
			if (glob(pattern, text) != plain_glob(pattern, text))
				fail_msg("%s on %s", pattern, text);
		}
}

static void
takes_characters_whole(void **state)
{
	(void)state;
	assert_true(glob("a?c", "a\xc3\xa9"
				"c"));
	assert_false(glob("a??c", "a\xc3\xa9"
				  "c"));
	assert_true(glob("*?", "\xe2\x82\xac"));
	assert_true(glob("?", "\xf0\x9f\x98\x80"));
	assert_false(glob("*???", "\xe2\x82\xac\xe2\x82\xac"));
}

/* ---- ARNs ---- */

static bool
match(const char *source, const char *text, bool like)
{
	struct iam_arena arena = {0};
	struct iam_work work = {.left = 1000000};
	struct iam_pattern pattern;
	struct iam_arn arn;
	struct iam_text compiled;
	bool matched;

	assert_int_equal(iam_pattern_compile(&arena, source, IAM_WILD, &pattern, NULL), 0);
	iam_match_split_arn((struct iam_text){text, strlen(text)}, &arn);
	compiled = (struct iam_text){pattern.text, pattern.len};
	matched = like ? iam_match_arn_like(compiled, &arn, &work) : iam_match_resource(compiled, &arn, &work);
	iam_arena_free(&arena);
	return matched;
}

static void
matches_by_segment(void **state)
{
	const char *consumer = "arn:aws:kinesis:us-east-1:1:stream/orders/consumer/c:1";

	(void)state;
	assert_true(match("arn:aws:kinesis:us-east-1:1:stream/ord*", consumer, false));
	assert_true(match("arn:aws:kinesis:*", consumer, false));
	assert_true(match("arn:*", consumer, false));
	assert_true(match("*", consumer, false));
	assert_false(match("arn:aws:kinesis:*:stream/ord*", consumer, false));
	assert_false(match("arn:aws:kinesis:us-east-1:1", consumer, false));
	assert_false(match("arn:aws:kinesis:us-east-1:1:stream/orders/consumer/c", consumer, false));
	assert_false(match("arn:*", "*", false));
	assert_true(match("arn:aws:*:*:*:stream/*", consumer, true));
	assert_false(match("arn:aws:kinesis:*", consumer, true));
	assert_false(match("arn:*:*:*:*:*", "arn:aws:kinesis", true));
}

/* ---- variables ---- */

static enum iam_truth
lookup_cb(void *arg, const char *key, const char **text)
{
	(void)arg;
	if (strcmp(key, "aws:username") == 0)
		*text = "an*a";
	return strcmp(key, "aws:username") == 0 ? IAM_TRUE : strcmp(key, "no") == 0 ? IAM_FALSE : IAM_UNKNOWN;
}

/* The pattern filled in, as text where a star reads 0xff; NULL when that hangs on *key or has no value. */
static char *
fill(const char *source, unsigned flags, enum iam_truth expected)
{
	struct iam_arena arena = {0};
	struct iam_work work = {.left = 1000000};
	struct iam_pattern pattern;
	struct iam_text filled;
	const char *key = NULL;
	char *copy = NULL;

	assert_int_equal(iam_pattern_compile(&arena, source, flags, &pattern, NULL), 0);
	assert_int_equal(iam_pattern_fill(&pattern, lookup_cb, NULL, &work, &filled, &key), expected);
	if (expected == IAM_TRUE)
		copy = mem_strndup(filled.s, filled.len);
	else
		assert_string_equal(key, expected == IAM_FALSE ? "no" : "x");
	str_free(&work.scratch);
	iam_arena_free(&arena);
	return copy;
}

static void
check_fill(const char *source, unsigned flags, const char *expected)
{
	char *filled = fill(source, flags, IAM_TRUE);

	assert_string_equal(filled, expected);
	free(filled);
}

static void
fills_variables(void **state)
{
	(void)state;
	check_fill("a/${aws:username}/*", IAM_WILD | IAM_VARIABLES, "a/an*a/\xff");
	check_fill("${no, 'x y'}", IAM_VARIABLES, "x y");
	check_fill("${ no , '' }!", IAM_VARIABLES, "!");
	check_fill("${*}${?}${$}", IAM_WILD | IAM_VARIABLES, "*?$");
	check_fill("${aws:username}", IAM_WILD, "${aws:username}");
	check_fill("arn:${no}:a:b:c:${aws:username}", IAM_VARIABLES | IAM_ARN_TAIL, "arn:${no}:a:b:c:an*a");
	check_fill("${no}", IAM_VARIABLES | IAM_ARN_TAIL, "${no}");
	assert_null(fill("a${no}", IAM_VARIABLES, IAM_FALSE));
	assert_null(fill("a${x}", IAM_VARIABLES, IAM_UNKNOWN));
}

static void
refuses_bad_variables(void **state)
{
	static const char *const bad[] = {"${", "a${b", "${}", "${ }", "${,'a'}", "${a,b}", "${a,'}", "${a, ''b}"};
	struct iam_arena arena = {0};
	struct iam_pattern pattern;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(bad); i++) {
		char *cause = NULL;

		assert_int_equal(iam_pattern_compile(&arena, bad[i], IAM_VARIABLES, &pattern, &cause), -1);
		assert_non_null(strstr(cause, "policy variable"));
		free(cause);
	}
	iam_arena_free(&arena);
}

/* ---- the bound ---- */

enum { LONG = 100000 };

/* What makes matchers with backtracking take for ever: here each star is tried once, and a `?` costs counted steps. */
static void
is_bounded(void **state)
{
	static const char *const pieces[] = {"*a", "*a?", "?*", "*?a*b"};
	struct str pattern = {0}, text = {0};
	struct iam_arena arena = {0};
	struct iam_pattern compiled;
	struct iam_work work;

	(void)state;
	while (text.len < LONG)
		str_add(&text, "aaaaaaaaaa");
	for (size_t i = 0; i < KD_COUNT(pieces); i++) {
		work = (struct iam_work){.left = 4000000};
		str_clear(&pattern);
		while (pattern.len < LONG / 4)
			str_add(&pattern, pieces[i]);
		str_add(&pattern, "b");
		assert_int_equal(iam_pattern_compile(&arena, pattern.s, IAM_WILD, &compiled, NULL), 0);
		assert_false(iam_match_glob(
		    (struct iam_text){compiled.text, compiled.len}, (struct iam_text){text.s, text.len}, &work));
		assert_true(work.left > -(int64_t)3 * LONG);
	}
	iam_arena_free(&arena);
	str_free(&pattern);
	str_free(&text);
}

static void
says_when_it_is_spent(void **state)
{
	struct iam_work work = {.left = 3};

	(void)state;
	assert_true(iam_match_spend(&work, 3));
	assert_false(iam_match_spend(&work, 1));
	assert_false(iam_match_glob((struct iam_text){"a", 1}, (struct iam_text){"a", 1}, &work));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(matches_as_the_plain_one),
	    cmocka_unit_test(takes_characters_whole),
	    cmocka_unit_test(matches_by_segment),
	    cmocka_unit_test(fills_variables),
	    cmocka_unit_test(refuses_bad_variables),
	    cmocka_unit_test(is_bounded),
	    cmocka_unit_test(says_when_it_is_spent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
