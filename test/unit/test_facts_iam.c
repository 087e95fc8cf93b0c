/* SPDX-License-Identifier: Apache-2.0 */
/* test_facts_iam: what the policies of a fact allow, which statement says so, and that what could not be read is never guessed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/fact.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/str.h"

#define STREAM "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
#define ROLE   "arn:aws:iam::123456789012:role/orders-producer"

static const struct kd_need needs[] = {{.kind = KD_PRINCIPALS}};

/* Facts of one principal with these policies (JSON, in an array), and these resource policies. */
static struct kd_facts *
make_facts(const char *arn, const char *policies, const char *resource_policies)
{
	char *text =
	    mem_printf("{\"v\":1,\"region\":\"us-east-1\",\"stream\":\"orders\",\"arn\":\"" STREAM "\",\"facts\":[{"
		       "\"kind\":\"principals\",\"value\":{\"principals\":[{\"arn\":\"%s\",\"use\":\"producer\","
		       "\"policies\":[%s]}],\"resource_policies\":[%s]}}]}",
		arn, policies, resource_policies);
	char *cause = NULL;
	json_t *document = json_read(text, strlen(text), &cause);
	struct kd_facts *facts;

	if (document == NULL)
		fail_msg("%s", cause);
	if ((facts = facts_from_json(document, needs, KD_COUNT(needs), &cause)) == NULL)
		fail_msg("%s", cause);
	json_decref(document);
	free(text);
	return facts;
}

#define INLINE(name, statement) \
	"{\"name\":\"" name \
	"\",\"kind\":\"inline\",\"document\":{\"Version\":\"2012-10-17\",\"Statement\":[" statement "]}}"
#define BOUNDARY(statement) \
	"{\"name\":\"limit\",\"kind\":\"boundary\",\"document\":{\"Version\":\"2012-10-17\",\"Statement\":[" statement \
	"]}}"
#define RESOURCE(arn, statement) \
	"{\"kind\":\"resource\",\"arn\":\"" arn \
	"\",\"document\":{\"Version\":\"2012-10-17\",\"Statement\":[" statement "]}}"
#define ALLOW_PUT "{\"Effect\":\"Allow\",\"Action\":\"kinesis:PutRecord*\",\"Resource\":\"" STREAM "\"}"

static void
expect(struct kd_facts *facts_taken, const char *action, const char *resource, enum kd_iam_decision decision,
    const char *policy, const char *label)
{
	struct kd_iam_answer answer = kd_iam_decide(facts_taken, 0, 0, action, resource);

	assert_int_equal(answer.decision, decision);
	if (label == NULL) {
		assert_null(answer.by);
	} else {
		assert_non_null(answer.by);
		assert_string_equal(answer.by->label, label);
		if (policy != NULL)
			assert_string_equal(answer.by->policy->name, policy);
	}
	facts_free(facts_taken);
}

static void
test_allowed_and_not_granted(void **state)
{
	(void)state;
	expect(make_facts(ROLE, INLINE("write", ALLOW_PUT), ""), "kinesis:PutRecords", STREAM, KD_IAM_ALLOWED, "write",
	    "statement 1");
	expect(make_facts(ROLE, INLINE("write", ALLOW_PUT), ""), "kinesis:GetRecords", STREAM, KD_IAM_NOT_GRANTED, NULL,
	    NULL);
	expect(make_facts(ROLE, "", ""), "kinesis:GetRecords", STREAM, KD_IAM_NOT_GRANTED, NULL, NULL);
}

static void
test_denied_by_the_second_policy(void **state)
{
	(void)state;
	expect(make_facts(ROLE,
		   BOUNDARY("{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}") "," INLINE("write",
		       ALLOW_PUT) "," INLINE("freeze", "{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"},{"
						       "\"Sid\":\"Freeze\",\"Effect\":\"Deny\",\"Action\":"
						       "\"kinesis:Put*\",\"Resource\":\"*\"}"),
		   ""),
	    "kinesis:PutRecords", STREAM, KD_IAM_DENIED, "freeze", "statement Freeze");
}

static void
test_boundary_is_lacking(void **state)
{
	struct kd_facts *facts = make_facts(ROLE,
	    INLINE("write", ALLOW_PUT) "," BOUNDARY("{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}"),
	    "");
	struct kd_iam_answer answer = kd_iam_decide(facts, 0, 0, "kinesis:PutRecord", STREAM);

	(void)state;
	assert_int_equal(answer.decision, KD_IAM_NOT_GRANTED);
	assert_int_equal(answer.lacking, KD_IAM_BOUNDARY);
	facts_free(facts);
	expect(make_facts(ROLE,
		   INLINE("write", ALLOW_PUT) "," BOUNDARY(
		       "{\"Sid\":\"NoPut\",\"Effect\":\"Deny\",\"Action\":\"kinesis:PutRecord\",\"Resource\":\"*\"}"),
		   ""),
	    "kinesis:PutRecord", STREAM, KD_IAM_DENIED, "limit", "statement NoPut");
}

static void
test_resource_policy_of_this_resource_only(void **state)
{
#define NAMED "{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"" ROLE "\"},\"Action\":\"kinesis:*\",\"Resource\":\"*\"}"
	(void)state;
	expect(make_facts(ROLE, "", RESOURCE(STREAM, NAMED)), "kinesis:PutRecord", STREAM, KD_IAM_ALLOWED, NULL,
	    "statement 1");
	expect(make_facts(ROLE, "", RESOURCE(STREAM "/consumer/c:1", NAMED)), "kinesis:PutRecord", STREAM,
	    KD_IAM_NOT_GRANTED, NULL, NULL);
	expect(make_facts(ROLE, "", RESOURCE(STREAM "/consumer/c:1", NAMED)), "kinesis:SubscribeToShard",
	    STREAM "/consumer/c:1", KD_IAM_ALLOWED, NULL, "statement 1");
	/* There is none: nothing is unknown. */
	expect(make_facts(ROLE, INLINE("write", ALLOW_PUT),
		   "{\"kind\":\"resource\",\"arn\":\"" STREAM "\",\"missing\":\"no_data\",\"why\":\"it has none\"}"),
	    "kinesis:PutRecord", STREAM, KD_IAM_ALLOWED, "write", "statement 1");
}

static void
test_what_could_not_be_read_is_unknown(void **state)
{
	static const char unread[] = "{\"name\":\"other\",\"kind\":\"managed\",\"missing\":\"denied\",\"why\":\"iam:"
				     "GetPolicyVersion is denied\"}";
	char *both = mem_printf("%s,%s", INLINE("write", ALLOW_PUT), unread);
	struct kd_facts *facts = make_facts(ROLE, both, "");
	struct kd_iam_answer answer = kd_iam_decide(facts, 0, 0, "kinesis:PutRecord", STREAM);

	(void)state;
	assert_int_equal(answer.decision, KD_IAM_UNKNOWN);
	assert_int_equal(answer.reason, KD_DENIED);
	assert_string_equal(answer.why, "iam:GetPolicyVersion is denied");
	facts_free(facts);
	free(both);
	/* The stream's own policy might deny. */
	expect(make_facts(ROLE, INLINE("write", ALLOW_PUT),
		   "{\"kind\":\"resource\",\"arn\":\"" STREAM "\",\"missing\":\"denied\",\"why\":\"no\"}"),
	    "kinesis:PutRecord", STREAM, KD_IAM_UNKNOWN, NULL, NULL);
	/* A deny that is known holds all the same. */
	both =
	    mem_printf("%s,%s", INLINE("freeze", "{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}"), unread);
	expect(make_facts(ROLE, both, ""), "kinesis:PutRecord", STREAM, KD_IAM_DENIED, "freeze", "statement 1");
	free(both);
}

static void
test_malformed_policy_is_named(void **state)
{
	struct kd_facts *facts =
	    make_facts(ROLE, "{\"name\":\"broken\",\"kind\":\"inline\",\"document\":\"{\\\"Statement\\\":[{}]}\"}", "");
	struct kd_iam_answer answer = kd_iam_decide(facts, 0, 0, "kinesis:PutRecord", STREAM);

	(void)state;
	assert_int_equal(answer.decision, KD_IAM_UNKNOWN);
	assert_int_equal(answer.reason, KD_FAILED);
	assert_true(strncmp(answer.why, "policy broken makes no sense", 28) == 0);
	facts_free(facts);
}

static void
test_conditions(void **state)
{
#define IF(condition) \
	"{\"Effect\":\"Allow\",\"Action\":\"kinesis:PutRecord\",\"Resource\":\"*\",\"Condition\":{" condition "}}"
	struct kd_facts *facts =
	    make_facts(ROLE, INLINE("vpc", IF("\"StringEquals\":{\"aws:SourceVpce\":\"vpce-1\"}")), "");
	struct kd_iam_answer answer = kd_iam_decide(facts, 0, 0, "kinesis:PutRecord", STREAM);

	(void)state;
	assert_int_equal(answer.decision, KD_IAM_CONDITIONAL);
	assert_string_equal(answer.key, "aws:SourceVpce");
	assert_string_equal(answer.by->label, "statement 1");
	facts_free(facts);
	/* What is known of each request: TLS, the region, the caller, his account. */
	expect(make_facts(ROLE,
		   INLINE("tls",
		       IF("\"Bool\":{\"aws:SecureTransport\":\"true\"},\"StringEquals\":{\"aws:RequestedRegion\":"
			  "\"us-east-1\",\"aws:PrincipalAccount\":\"123456789012\"}")),
		   ""),
	    "kinesis:PutRecord", STREAM, KD_IAM_ALLOWED, "tls", "statement 1");
	expect(make_facts(ROLE,
		   INLINE("kms", "{\"Effect\":\"Allow\",\"Action\":\"kms:Decrypt\",\"Resource\":\"*\",\"Condition\":{"
				 "\"StringEquals\":{\"kms:"
				 "ViaService\":\"kinesis.us-east-1.amazonaws.com\"}}}"),
		   ""),
	    "kms:Decrypt", "arn:aws:kms:us-east-1:123456789012:key/1", KD_IAM_ALLOWED, "kms", "statement 1");
}

/* A policy alone is held by nobody yet: what hangs on the holder is not known. */
static void
test_policy_as_principal(void **state)
{
	static const char managed[] = "arn:aws:iam::aws:policy/AmazonKinesisFullAccess";

	(void)state;
	expect(make_facts(managed, INLINE("full", ALLOW_PUT), ""), "kinesis:PutRecord", STREAM, KD_IAM_ALLOWED, "full",
	    "statement 1");
	expect(make_facts(managed,
		   INLINE("who", IF("\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::123456789012:role/x\"}")), ""),
	    "kinesis:PutRecord", STREAM, KD_IAM_CONDITIONAL, "who", "statement 1");
}

static void
test_statements(void **state)
{
	struct kd_facts *facts = make_facts(ROLE,
	    BOUNDARY("{\"Effect\":\"Allow\",\"NotAction\":\"iam:*\",\"Resource\":\"*\"}") "," INLINE("write",
		"{\"Sid\":\"S\",\"Effect\":\"Allow\",\"Action\":[\"kinesis:Put*\",\"*\"],\"Resource\":[\"" STREAM
		"\",\"arn:aws:kinesis:*:*:stream/${aws:username}/?\"]}"),
	    "");
	size_t count;
	const struct kd_statement *list = kd_iam_statements(facts, 0, 0, &count);

	(void)state;
	assert_int_equal(count, 2);
	assert_int_equal(list[0].layer, KD_IAM_IDENTITY);
	assert_string_equal(list[0].label, "statement S");
	assert_string_equal(list[0].actions[0], "kinesis:put*");
	assert_string_equal(list[0].actions[1], "*");
	assert_string_equal(list[0].resources[0], STREAM);
	assert_string_equal(list[0].resources[1], "arn:aws:kinesis:*:*:stream/${aws:username}/?");
	assert_int_equal(list[1].layer, KD_IAM_BOUNDARY);
	assert_true(list[1].not_actions);
	facts_free(facts);
}

static void
test_wrong_questions(void **state)
{
	struct kd_facts *facts = make_facts(ROLE, INLINE("write", ALLOW_PUT), "");
	size_t count = 7;

	(void)state;
	assert_int_equal(kd_iam_decide(facts, 1, 0, "kinesis:PutRecord", STREAM).decision, KD_IAM_UNKNOWN);
	assert_int_equal(kd_iam_decide(facts, 0, 1, "kinesis:PutRecord", STREAM).decision, KD_IAM_UNKNOWN);
	assert_int_equal(kd_iam_decide(facts, 0, 0, "PutRecord", STREAM).decision, KD_IAM_UNKNOWN);
	assert_int_equal(kd_iam_decide(facts, 0, 0, "kinesis:Put*", STREAM).decision, KD_IAM_UNKNOWN);
	assert_int_equal(kd_iam_decide(facts, 0, 0, "kinesis:PutRecord", "orders").decision, KD_IAM_UNKNOWN);
	assert_null(kd_iam_statements(facts, 0, 9, &count));
	assert_int_equal(count, 0);
	facts_free(facts);
}

/* A megabyte of patterns that try each star at each letter: an answer comes all the same, be it that there is none. */
static void
test_hostile_policies_end(void **state)
{
	struct str policies = {0};
	struct kd_facts *facts;
	size_t count;

	(void)state;
	for (int i = 0; i < 20; i++) {
		str_printf(&policies,
		    "%s{\"name\":\"p%d\",\"kind\":\"inline\",\"document\":{\"Version\":\"2012-10-17\",\"Statement\":[{"
		    "\"Effect\":"
		    "\"Allow\",\"Action\":[\"kinesis:x\"",
		    i > 0 ? "," : "", i);
		for (int j = 0; j < 1000; j++)
			str_printf(&policies, ",\"kinesis:*a*b*?c*%d*\"", j);
		str_add(&policies, "],\"Resource\":[\"arn:*a*a*a*a*a*b\"");
		for (int j = 0; j < 500; j++)
			str_printf(&policies, ",\"arn:*s*t*r*e*a*m*?*%d\"", j);
		str_add(&policies, "]}]}}");
	}
	facts = make_facts(ROLE, policies.s, "");
	for (int i = 0; i < 16; i++)
		assert_int_not_equal(kd_iam_decide(facts, 0, 0, "kinesis:PutRecord", STREAM).decision, KD_IAM_ALLOWED);
	assert_non_null(kd_iam_statements(facts, 0, 0, &count));
	assert_int_equal(count, 20);
	str_free(&policies);
	facts_free(facts);
}

static void
test_patterns(void **state)
{
	(void)state;
	assert_true(kd_iam_action_covers("kinesis:put*", "kinesis:PutRecords"));
	assert_true(kd_iam_action_covers("*", "kinesis:PutRecords"));
	assert_false(kd_iam_action_covers("kinesis:get*", "kinesis:PutRecords"));
	assert_true(kd_iam_resource_covers("arn:aws:kinesis:*:*:stream/ord*", STREAM "/consumer/c:1"));
	assert_true(kd_iam_resource_covers("*", STREAM));
	assert_false(kd_iam_resource_covers("arn:aws:kinesis:us-east-1:123456789012:orders", STREAM));
	assert_false(kd_iam_resource_covers(STREAM, STREAM "/consumer/c:1"));
	assert_false(kd_iam_resource_covers("arn:aws:kinesis:*:*:stream/${aws:username}", STREAM));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_allowed_and_not_granted),
	    cmocka_unit_test(test_denied_by_the_second_policy),
	    cmocka_unit_test(test_boundary_is_lacking),
	    cmocka_unit_test(test_resource_policy_of_this_resource_only),
	    cmocka_unit_test(test_what_could_not_be_read_is_unknown),
	    cmocka_unit_test(test_malformed_policy_is_named),
	    cmocka_unit_test(test_conditions),
	    cmocka_unit_test(test_policy_as_principal),
	    cmocka_unit_test(test_statements),
	    cmocka_unit_test(test_wrong_questions),
	    cmocka_unit_test(test_hostile_policies_end),
	    cmocka_unit_test(test_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
