/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_texts: what is said alike stands there once, what differs in any part does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/ledger_texts.h"

static struct finding
shown(const struct ledger_text *text)
{
	struct finding finding = {0};

	ledger_text_show(text, &finding);
	return finding;
}

static void
assert_text(const char *is, const char *wanted)
{
	assert_int_equal(is == NULL, wanted == NULL);
	if (is != NULL)
		assert_string_equal(is, wanted);
}

static void
assert_says(const struct ledger_text *text, const struct finding *wanted)
{
	const struct finding is = shown(text);

	assert_text(is.summary, wanted->summary != NULL ? wanted->summary : "");
	assert_text(is.evidence, wanted->evidence);
	assert_text(is.next, wanted->next);
	assert_text(is.blame, wanted->blame);
}

static void
test_texts_are_shared(void **state)
{
	/* "" is not nothing, and where one part ends is a part of it */
	static const struct finding said[] = {{.summary = (char *)"a"}, {.summary = (char *)"b"},
	    {.summary = (char *)"a", .evidence = (char *)"{}"}, {.summary = (char *)"a", .evidence = (char *)""},
	    {.summary = (char *)"a", .next = (char *)"{}"}, {.summary = (char *)"a", .blame = (char *)"{}"},
	    {.summary = (char *)"", .evidence = (char *)"a"}, {.evidence = (char *)"a{}"}, {.summary = NULL}};
	struct ledger_texts *texts = ledger_texts_new();
	struct ledger_text *one[KD_COUNT(said)] = {NULL}, *other[KD_COUNT(said)] = {NULL};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(said); i++) {
		ledger_texts_set(texts, &one[i], &said[i]);
		ledger_texts_set(texts, &other[i], &said[i]);
		assert_ptr_equal(one[i], other[i]);
		assert_says(one[i], &said[i]);
		for (size_t k = 0; k < i; k++)
			assert_ptr_not_equal(one[i], one[k]);
	}
	for (size_t i = 0; i < KD_COUNT(said); i++) {
		ledger_texts_drop(texts, &one[i]);
		assert_null(one[i]);
		assert_says(other[i], &said[i]);
		ledger_texts_drop(texts, &other[i]);
	}
	ledger_texts_free(texts); /* asserts that nothing is left */
}

static void
test_text_changes(void **state)
{
	struct ledger_texts *texts = ledger_texts_new();
	struct ledger_text *one = NULL, *other = NULL;
	struct finding said = {.summary = (char *)"4 open shards", .evidence = (char *)"{\"open_shards\":4}"};

	(void)state;
	ledger_texts_set(texts, &one, &said);
	ledger_texts_set(texts, &other, &said);
	said = shown(one); /* its own texts, with another beginning */
	said.summary = (char *)"5 open shards";
	ledger_texts_set(texts, &one, &said);
	assert_string_equal(shown(one).summary, "5 open shards");
	assert_string_equal(shown(one).evidence, "{\"open_shards\":4}");
	assert_string_equal(shown(other).summary, "4 open shards");
	ledger_texts_drop(texts, &one);
	ledger_texts_drop(texts, &one); /* holds nothing */
	ledger_texts_drop(texts, &other);
	ledger_texts_free(texts);
}

static void
test_names(void **state)
{
	struct ledger_texts *texts = ledger_texts_new();
	struct finding finding = {.probe = (char *)"throttling", .check = (char *)"writes"};
	const struct ledger_names *plain = ledger_texts_names(texts, &finding), *whole;

	(void)state;
	finding.step = (char *)"Check for throttling";
	whole = ledger_texts_names(texts, &finding);
	assert_ptr_not_equal(plain, whole);
	assert_null(plain->step);
	assert_string_equal(whole->step, "Check for throttling");
	assert_ptr_equal(ledger_texts_names(texts, &finding), whole);
	finding.step = NULL;
	assert_ptr_equal(ledger_texts_names(texts, &finding), plain);
	ledger_texts_free(texts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_texts_are_shared),
	    cmocka_unit_test(test_text_changes),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
