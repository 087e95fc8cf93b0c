/* SPDX-License-Identifier: Apache-2.0 */
/* test_iam_document: what is a policy document, in which encodings, how large it may be; the sentences about mistakes are mostly in test/cases/iam/malformed.jsonl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/iam_document.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/str.h"

#define STATEMENT "{\"Effect\":\"Allow\",\"Action\":\"kinesis:Put*\",\"Resource\":\"*\"}"
#define DOCUMENT  "{\"Version\":\"2012-10-17\",\"Statement\":[" STATEMENT "]}"

/* The sentence, or NULL when it is taken. */
static char *
refusal(const char *text, enum iam_document_kind kind)
{
	struct iam_arena arena = {0};
	struct iam_document document;
	char *cause = NULL;
	int result = iam_document_read(&arena, text, strlen(text), kind, &document, &cause);

	assert_int_equal(result, cause == NULL ? 0 : -1);
	iam_arena_free(&arena);
	return cause;
}

static void
expect(const char *text, enum iam_document_kind kind, const char *sentence)
{
	char *cause = refusal(text, kind);

	if (sentence == NULL && cause != NULL)
		fail_msg("%s: %s", text, cause);
	if (sentence != NULL && (cause == NULL || strstr(cause, sentence) == NULL))
		fail_msg("%s: %s", text, cause != NULL ? cause : "taken");
	free(cause);
}

static void
reads_each_encoding(void **state)
{
	(void)state;
	expect(DOCUMENT, IAM_IDENTITY_POLICY, NULL);
	expect(" \n\t" DOCUMENT " ", IAM_IDENTITY_POLICY, NULL);
	expect("%7B%22Statement%22%3a{\"Effect\":\"Deny\",\"NotAction\":\"*\",\"NotResource\":\"*\"}%7d",
	    IAM_IDENTITY_POLICY, NULL);
	expect("%7B%", IAM_IDENTITY_POLICY, "neither JSON nor percent-encoded");
	expect("%7", IAM_IDENTITY_POLICY, "neither JSON nor percent-encoded");
	expect("%7Bx", IAM_IDENTITY_POLICY, "line 1");
	expect("%00%7B", IAM_IDENTITY_POLICY, "line 1");
	expect("%22a%22", IAM_IDENTITY_POLICY, "a string within a string");
	expect("", IAM_IDENTITY_POLICY, "there is nothing in it");
	expect("[]", IAM_IDENTITY_POLICY, "neither an object nor a string");
}

static void
compiles_what_it_says(void **state)
{
	struct iam_arena arena = {0};
	struct iam_document document;
	const struct iam_statement *statement;
	const char *text =
	    "{\"Statement\":[" STATEMENT ",{\"Sid\":\"X\",\"Effect\":\"Deny\",\"NotAction\":[\"S3:Get*\",\"*\"],"
	    "\"NotResource\":\"arn:aws:s3:::a\",\"Condition\":{\"Bool\":{\"a:b\":true,\"c:d\":[\"false\"]}}}]}";

	(void)state;
	assert_int_equal(iam_document_read(&arena, text, strlen(text), IAM_IDENTITY_POLICY, &document, NULL), 0);
	assert_int_equal(document.count, 2);
	statement = &document.statements[1];
	assert_true(statement->deny && statement->actions.negated && statement->resources.negated);
	assert_string_equal(statement->sid, "X");
	assert_int_equal(statement->actions.count, 2);
	assert_int_equal(statement->actions.patterns[0].len, strlen("s3:get*"));
	assert_memory_equal(statement->actions.patterns[0].text, "s3:get\xff", strlen("s3:get*"));
	assert_true(statement->actions.patterns[1].any);
	assert_int_equal(statement->conditions_count, 2);
	assert_null(document.statements[0].sid);
	iam_arena_free(&arena);
}

static void
refuses_types(void **state)
{
	static const char *const bad[] = {"{\"Statement\":7}", "{\"Statement\":[7]}", "{\"Statement\":[null]}",
	    "{\"Statement\":null}", "{\"Statement\":\"x\"}", "{\"Statement\":[[" STATEMENT "]]}",
	    "{\"Version\":20121017,\"Statement\":[" STATEMENT "]}", "{\"Version\":null,\"Statement\":[" STATEMENT "]}",
	    "{\"Id\":1,\"Statement\":[" STATEMENT "]}",
	    "{\"Statement\":{\"Effect\":[\"Allow\"],\"Action\":\"a:b\",\"Resource\":\"*\"}}",
	    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":[[\"a:b\"]],\"Resource\":\"*\"}}",
	    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":{},\"Resource\":\"*\"}}",
	    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":[1]}}",
	    "{\"Statement\":{\"Sid\":1,\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":\"*\"}}",
	    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":\"*\",\"Condition\":[]}}",
	    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":\"*\",\"Condition\":{\"Bool\":7}}}",
	    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":\"*\",\"Condition\":{\"Bool\":{\"\":"
	    "true}}}}",
	    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":\"*\",\"Condition\":{\"Bool\":{\"a\":"
	    "[[true]]}}}}",
	    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\":b\",\"Resource\":\"*\"}}",
	    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:\",\"Resource\":\"*\"}}",
	    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:b c\",\"Resource\":\"*\"}}",
	    "{\"Statement\":[" STATEMENT "],\"Statement\":[" STATEMENT "]}"};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(bad); i++) {
		char *cause = refusal(bad[i], IAM_IDENTITY_POLICY);

		if (cause == NULL || strlen(cause) > 300)
			fail_msg("%s: %s", bad[i], cause != NULL ? cause : "taken");
		free(cause);
	}
}

static void
wants_a_principal_where_it_must(void **state)
{
	static const char *const bad[] = {"\"x\"", "7", "{}", "[]", "{\"AWS\":[]}", "{\"AWS\":7}", "{\"AWS\":[7]}",
	    "{\"AWS\":\"\"}", "{\"AWS\":\"123\"}", "{\"AWS\":\"arn:aws:s3:::x\"}",
	    "{\"AWS\":\"arn:aws:iam::1234:root\"}", "{\"Service\":\"\"}", "{\"Service\":\"*\"}",
	    "{\"AWS\":\"*\",\"X\":\"y\"}", "{\"AWS\":\"arn:aws:iam::123456789012:role/\"}",
	    "{\"AWS\":\"arn:aws:sts::123456789012:assumed-role/r\"}"};
	char *text;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(bad); i++) {
		text = mem_printf(
		    "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":%s,\"Action\":\"a:b\",\"Resource\":\"*\"}}",
		    bad[i]);
		expect(text, IAM_RESOURCE_POLICY, "Principal");
		free(text);
	}
	expect(DOCUMENT, IAM_RESOURCE_POLICY, "statement 0: Principal (or NotPrincipal) is missing");
	expect(DOCUMENT, IAM_BOUNDARY, NULL);
	/* Only a trust policy goes without Resource. */
	expect("{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"sts:AssumeRole\"}}",
	    IAM_RESOURCE_POLICY, NULL);
	expect("{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":[\"sts:AssumeRole\",\"a:b\"]}}",
	    IAM_RESOURCE_POLICY, "Resource (or NotResource) is missing");
	expect("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\"}}", IAM_IDENTITY_POLICY,
	    "Resource (or NotResource) is missing");
}

/* `count` times the piece, in a document; its size must not matter but for the bound. */
static char *
repeat(const char *head, const char *piece, const char *tail, size_t bytes)
{
	struct str text = {0};

	str_add(&text, head);
	while (text.len + strlen(piece) + strlen(tail) + 1 <= bytes) {
		str_add(&text, piece);
		str_add(&text, ",");
	}
	str_add(&text, piece);
	str_add(&text, tail);
	return str_take(&text);
}

static void
is_bounded_in_size(void **state)
{
	char *text = repeat("{\"Statement\":[", STATEMENT, "]}", IAM_DOCUMENT_MAX - 100);

	(void)state;
	expect(text, IAM_IDENTITY_POLICY, NULL);
	free(text);
	text = repeat("{\"Statement\":[", STATEMENT, "]}", IAM_DOCUMENT_MAX + 100);
	expect(text, IAM_IDENTITY_POLICY, "more than 256 KiB");
	free(text);
	text = repeat("{\"Statement\":[", "%7B%7D", "]}", 4 * IAM_DOCUMENT_MAX);
	expect(text, IAM_IDENTITY_POLICY, "more than 256 KiB");
	free(text);
	text = repeat(
	    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":\"*\",\"Condition\":{\"Bool\":{\"",
	    "\":1,\"", "\":true}}}}", 3000);
	expect(text, IAM_IDENTITY_POLICY, "");
	free(text);
}

/* The same bound for a document that comes parsed already. */
static void
measures_parsed_documents(void **state)
{
	struct iam_arena arena = {0};
	struct iam_document document;
	struct json_doc json = {0};
	struct str text = {0};
	char *cause = NULL;

	(void)state;
	str_add(&text, "{\"Statement\":[0");
	for (int i = 0; i < IAM_DOCUMENT_MAX / 2; i++)
		str_add(&text, ",0");
	str_add(&text, "]}");
	assert_int_equal(json_read_any_doc(&json, text.s, text.len, false, NULL), 0);
	assert_int_equal(
	    iam_document_compile(&arena, json_doc_root(&json), IAM_IDENTITY_POLICY, &document, &cause), -1);
	assert_string_equal(cause, "it has more than 256 KiB");
	free(cause);
	str_free(&text);
	json_doc_clear(&json);
	iam_arena_free(&arena);
}

static void
is_bounded_in_depth(void **state)
{
	struct str text = {0};

	(void)state;
	str_add(&text, "{\"Statement\":");
	for (int i = 0; i < 100000; i++)
		str_add(&text, "[");
	expect(text.s, IAM_IDENTITY_POLICY, "nested more than 64 deep");
	str_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_each_encoding),
	    cmocka_unit_test(compiles_what_it_says),
	    cmocka_unit_test(refuses_types),
	    cmocka_unit_test(wants_a_principal_where_it_must),
	    cmocka_unit_test(is_bounded_in_size),
	    cmocka_unit_test(measures_parsed_documents),
	    cmocka_unit_test(is_bounded_in_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
