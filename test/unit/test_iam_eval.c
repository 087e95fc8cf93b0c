/* SPDX-License-Identifier: Apache-2.0 */
/* test_iam_eval: the lines of `kdiagctl iam eval`: their forms, what a bad one does to the next, documents met before, and ten thousand hostile policies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/iam_eval.h"
#include "common/mem.h"
#include "test/unit/rounds.h"

#define ROLE "\"principal\":\"arn:aws:iam::123456789012:role/r\""
#define REQUEST \
	ROLE ",\"action\":\"kinesis:PutRecord\",\"resource\":\"arn:aws:kinesis:us-east-1:123456789012:stream/orders\""
#define ALLOW "{\"Statement\":{\"Sid\":\"S\",\"Effect\":\"Allow\",\"Action\":\"kinesis:*\",\"Resource\":\"*\"}}"
#define DENY  "{\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"kinesis:*\",\"Resource\":\"*\"}}"

static void
expect(struct iam_eval *eval, const char *line, bool as_json, const char *expected)
{
	struct str out = {0};

	iam_eval_line(eval, line, strlen(line), as_json, &out);
	assert_string_equal(out.s, expected);
	str_free(&out);
}

static void
answers_as_text(void **state)
{
	struct iam_eval *eval = iam_eval_new();

	(void)state;
	expect(eval, "{" REQUEST ",\"identityPolicies\":[" ALLOW "]}", false, "Allowed");
	expect(eval, "{\"identityPolicies\" : [ " ALLOW " , " DENY " ] , " REQUEST "}", false, "ExplicitlyDenied");
	expect(eval, "{" REQUEST "}", false, "ImplicitlyDenied");
	expect(eval,
	    "{" REQUEST
	    ",\"contextComplete\":false,\"identityPolicies\":[{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\","
	    "\"Resource\":\"*\",\"Condition\":{\"Null\":{\"a:\\u001b\":true}}}}]}",
	    false, "Conditional: a:\\x1b");
	iam_eval_free(eval);
}

static void
answers_as_json(void **state)
{
	struct iam_eval *eval = iam_eval_new();

	(void)state;
	expect(eval, "{" REQUEST ",\"identityPolicies\":[" ALLOW "]}", true,
	    "{\"decision\":\"Allowed\",\"by\":{\"policy\":\"identityPolicies[0]\",\"statement\":0,\"sid\":\"S\"},"
	    "\"key\":null,"
	    "\"why\":\"statement 0 of identityPolicies[0] allows kinesis:PutRecord\"}");
	expect(eval, "{" REQUEST ",\"boundary\":" DENY "}", true,
	    "{\"decision\":\"ExplicitlyDenied\",\"by\":{\"policy\":\"boundary\",\"statement\":0,\"sid\":null},\"key\":"
	    "null,"
	    "\"why\":\"statement 0 of boundary denies kinesis:PutRecord\"}");
	expect(eval, "{" REQUEST "}", true,
	    "{\"decision\":\"ImplicitlyDenied\",\"by\":null,\"key\":null,\"why\":\"no statement of the identity "
	    "policies allows "
	    "kinesis:PutRecord on arn:aws:kinesis:us-east-1:123456789012:stream/orders\"}");
	expect(eval, "{" REQUEST ",\"resourceAccount\":\"999988887777\"}", true,
	    "{\"decision\":\"ImplicitlyDenied\",\"by\":null,\"key\":null,\"why\":\"no statement of the resource policy "
	    "allows "
	    "kinesis:PutRecord on arn:aws:kinesis:us-east-1:123456789012:stream/orders, which is in another account: "
	    "both sides must\"}");
	expect(
	    eval, "7", true, "{\"decision\":\"Error\",\"by\":null,\"key\":null,\"why\":\"the line is not an object\"}");
	iam_eval_free(eval);
}

static void
survives_bad_lines(void **state)
{
	static const struct {
		const char *line, *expected;
	} bad[] = {{"", "Error: line 1, column 0: there is nothing in it"},
	    {"   ", "Error: line 1, column 0: there is nothing in it"}, {"[]", "Error: the line is not an object"},
	    {"{}", "Error: principal is missing"},
	    {"{" REQUEST ",\"boundary\":{\"Statement\":[}]}}", "Error: line 1, column 169: unexpected token near '}'"},
	    {"{" REQUEST ",\"identityPolicies\":{}}", "Error: identityPolicies is not an array"},
	    {"{" REQUEST ",\"identityPolicies\":[null]}",
		"Error: identityPolicies[0]: it is neither an object nor a string"},
	    {"{" REQUEST ",\"identityPolicies\":[0]}",
		"Error: identityPolicies[0]: it is neither an object nor a string"},
	    {"{" REQUEST ",\"boundary\":0}", "Error: boundary: it is neither an object nor a string"},
	    {"{" REQUEST ",\"context\":[]}", "Error: context is not an object"},
	    {"{" REQUEST ",\"contextComplete\":\"no\"}", "Error: contextComplete is not a boolean"},
	    {"{" REQUEST ",\"resourceAccount\":\"12\"}", "Error: resourceAccount is not an account of 12 digits"},
	    {"{\"principal\":7}", "Error: principal is not a string"}, {"{" REQUEST "} x", NULL}, {"{" REQUEST, NULL},
	    {"{" REQUEST ",\"identityPolicies\":[" ALLOW, NULL}, {"{\"a\":\"\\", NULL},
	    {"{" REQUEST ",\"boundary\":" ALLOW ",\"boundary\":" ALLOW "}", NULL},
	    {"{" REQUEST ",\"boundary\":" ALLOW ",\"boundar\\u0079\":" ALLOW "}", NULL}, {"\xff\xfe", NULL}};
	struct iam_eval *eval = iam_eval_new();
	struct str out = {0};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(bad); i++) {
		str_clear(&out);
		iam_eval_line(eval, bad[i].line, strlen(bad[i].line), false, &out);
		if (strncmp(out.s, "Error: ", 7) != 0 ||
		    (bad[i].expected != NULL && strcmp(out.s, bad[i].expected) != 0))
			fail_msg("%s: %s", bad[i].line, out.s);
		expect(eval, "{" REQUEST ",\"identityPolicies\":[" ALLOW "]}", false, "Allowed");
	}
	str_free(&out);
	iam_eval_free(eval);
}

/* A document that was met in one place is not taken for one in another, where it may say less or more. */
static void
tells_places_apart(void **state)
{
	struct iam_eval *eval = iam_eval_new();

	(void)state;
	for (int i = 0; i < 3; i++) {
		expect(eval, "{" REQUEST ",\"identityPolicies\":[" ALLOW "]}", false, "Allowed");
		expect(eval, "{" REQUEST ",\"boundary\":" ALLOW "}", false, "ImplicitlyDenied");
		expect(eval, "{" REQUEST ",\"identityPolicies\":[" ALLOW "],\"boundary\":" ALLOW "}", false, "Allowed");
		expect(eval, "{" REQUEST ",\"resourcePolicy\":" ALLOW "}", false,
		    "Error: resourcePolicy: statement 0: Principal (or NotPrincipal) is missing: a resource policy "
		    "needs it");
	}
	iam_eval_free(eval);
}

/* More different documents than are remembered, in one line and in many. */
static void
outlives_its_cache(void **state)
{
	struct iam_eval *eval = iam_eval_new();

	(void)state;
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 300; i++) {
			struct str line = {0};

			str_add(&line, "{" REQUEST ",\"identityPolicies\":[");
			for (int j = 0; j < 20; j++)
				str_printf(&line,
				    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"kinesis:%s\",\"Resource\":\"arn:"
				    "aws:s3:::%d\"}},",
				    "Get*", i * 7 + j);
			str_printf(&line,
			    "{\"Statement\":{\"Effect\":\"%s\",\"Action\":\"*\",\"Resource\":\"*\",\"Sid\":\"%d\"}}]}",
			    i % 2 ? "Allow" : "Deny", i);
			expect(eval, line.s, false, i % 2 ? "Allowed" : "ExplicitlyDenied");
			str_free(&line);
		}
	iam_eval_free(eval);
}

static void
bounds_a_line(void **state)
{
	struct iam_eval *eval = iam_eval_new();
	struct str line = {0};

	(void)state;
	while (line.len <= IAM_EVAL_LINE_MAX)
		str_add(&line, "                                                                ");
	expect(eval, line.s, false, "Error: the line has more than 4 MiB");
	str_clear(&line);
	str_add(&line, "{" REQUEST ",\"identityPolicies\":[");
	for (int i = 0; i < IAM_EVAL_POLICIES_MAX; i++)
		str_add(&line, ALLOW ",");
	str_add(&line, ALLOW "]}");
	expect(eval, line.s, false, "Error: identityPolicies has more than 256 policies");
	str_clear(&line);
	str_add(&line, "{" REQUEST ",\"context\":{");
	for (int i = 0; i < 512; i++)
		str_printf(&line, "\"a:%d\":\"\",", i);
	str_add(&line, "\"a:b\":\"\"}}");
	expect(eval, line.s, false, "Error: context has more than 512 keys");
	str_free(&line);
	iam_eval_free(eval);
}

/* ---- hostile policies ---- */

static const char *const hostile_actions[] = {"*", "kinesis:*****************************d",
    "kinesis:*?*?*?*?*?*?*?*?*?*?x", "k:*r*r*r*r*r*r*r", "kinesis:P*u*t*R*e*c*o*r*d*"};
static const char *const hostile_resources[] = {"*", "arn:*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
    "arn:*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?x", "arn:aws:kinesis:*:*:*:*:*:*:*",
    "arn:aws:kinesis:us-east-1:123456789012:${a:k}${a:k}${a:k}${a:k}${a:k}${a:k}",
    "arn:aws:kinesis:us-east-1:123456789012:*${a:k}*${a:k}*", "arn:::::::::::::::::"};
static const char *const hostile_conditions[] = {"{}",
    "{\"StringLike\":{\"a:k\":[\"*a*a*a*a*a*a*a*a*b\",\"*?a*?a*?a*?a*?b\",\"${a:k}*${a:k}b\"]}}",
    "{\"ForAllValues:StringNotLike\":{\"a:m\":[\"*b*b*b\",\"${a:k}\"]}}", "{\"ArnLike\":{\"a:k\":\"arn:*:*:*:*:*:*\"}}",
    "{\"ForAnyValue:ArnNotLikeIfExists\":{\"a:m\":[\"*:*:*:*:*:*\",\"?\"]}}", "{\"Null\":{\"a:none\":[true,false]}}"};

/* A generator of our own, so that a failure comes again. */
static unsigned
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void
add_hostile_policy(struct str *line, uint32_t *seed)
{
	unsigned statements = next_random(seed) % 12;

	str_add(line, "{\"Version\":\"2012-10-17\",\"Statement\":[");
	for (unsigned i = 0; i <= statements; i++)
		str_printf(line,
		    "%s{\"Effect\":\"%s\",\"%sAction\":\"%s\",\"%sResource\":[\"%s\",\"%s\"],\"Condition\":%s}",
		    i > 0 ? "," : "", next_random(seed) % 8 == 0 ? "Deny" : "Allow",
		    next_random(seed) % 4 == 0 ? "Not" : "",
		    hostile_actions[next_random(seed) % KD_COUNT(hostile_actions)],
		    next_random(seed) % 4 == 0 ? "Not" : "",
		    hostile_resources[next_random(seed) % KD_COUNT(hostile_resources)],
		    hostile_resources[next_random(seed) % KD_COUNT(hostile_resources)],
		    hostile_conditions[next_random(seed) % KD_COUNT(hostile_conditions)]);
	str_add(line, "]}");
}

static void
add_hostile_request(struct str *line, unsigned number)
{
	unsigned letters = number % 50 == 0 ? 1500 : 40;

	str_add(
	    line, "]," ROLE ",\"action\":\"kinesis:PutRecord\",\"resource\":\"arn:aws:kinesis:us-east-1:123456789012:");
	for (unsigned i = 0; i < letters; i++)
		str_add_char(line, 'a');
	str_add(line, "\",\"context\":{\"a:m\":[\"aaaa\",\"arn:a:a:a:a:a\"],\"a:k\":\"");
	for (unsigned i = 0; i < letters; i++)
		str_add_char(line, 'a');
	str_add(line, "\"}}");
}

static bool
is_answer(const char *text)
{
	return strcmp(text, "Allowed") == 0 || strcmp(text, "ExplicitlyDenied") == 0 ||
	       strcmp(text, "ImplicitlyDenied") == 0 || strstr(text, "Error: the policies take more than") == text;
}

enum { HOSTILE = 10000, CPU_SECONDS_MAX = 60 /* it takes one; valgrind and sanitizers may take their time */ };

static void
ends_on_ten_thousand_hostile_policies(void **state)
{
	struct iam_eval *eval = iam_eval_new();
	struct str line = {0}, out = {0};
	clock_t start = clock();
	uint32_t seed = 5;

	(void)state;
	for (unsigned i = 0; i < rounds(HOSTILE / 4); i++) {
		str_clear(&line);
		str_clear(&out);
		str_add(&line, "{\"identityPolicies\":[");
		for (int j = 0; j < 4; j++) {
			str_add(&line, j > 0 ? "," : "");
			add_hostile_policy(&line, &seed);
		}
		add_hostile_request(&line, i);
		iam_eval_line(eval, line.s, line.len, false, &out);
		if (!is_answer(out.s))
			fail_msg("%s: %s", line.s, out.s);
	}
	assert_true((clock() - start) / CLOCKS_PER_SEC < CPU_SECONDS_MAX);
	str_free(&line);
	str_free(&out);
	iam_eval_free(eval);
}

/* As large as a line may be: the budget ends it, and says so. */
static void
ends_on_the_largest(void **state)
{
	static const char *const pieces[] = {"arn:*?a*?a*?a*?a*?a*?b", "arn:*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
	    "arn:aws:kinesis:us-east-1:123456789012:*?b*x"};
	struct iam_eval *eval = iam_eval_new();
	struct str line = {0}, out = {0};

	(void)state;
	for (size_t p = 0; p < KD_COUNT(pieces); p++) {
		str_clear(&line);
		str_clear(&out);
		str_add(&line, "{\"identityPolicies\":[");
		for (int i = 0; i < 12; i++) {
			size_t start = line.len;

			str_printf(&line,
			    "%s{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":[\"arn:x\"",
			    i > 0 ? "," : "");
			while (line.len - start < 250000)
				str_printf(&line, ",\"%s\"", pieces[p]);
			str_add(&line, "]}}");
		}
		add_hostile_request(&line, 0);
		iam_eval_line(eval, line.s, line.len, false, &out);
		assert_true(is_answer(out.s));
	}
	assert_string_equal(out.s, "Error: the policies take more than 4000000 steps to evaluate: no answer");
	str_free(&line);
	str_free(&out);
	iam_eval_free(eval);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_as_text),
	    cmocka_unit_test(answers_as_json),
	    cmocka_unit_test(survives_bad_lines),
	    cmocka_unit_test(tells_places_apart),
	    cmocka_unit_test(outlives_its_cache),
	    cmocka_unit_test(bounds_a_line),
	    cmocka_unit_test(ends_on_ten_thousand_hostile_policies),
	    cmocka_unit_test(ends_on_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
