/* SPDX-License-Identifier: Apache-2.0 */
/* test_iam: the IAM calls against a client that this file plays: what is sent, page after page, and what answers become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "daemon/aws/iam.h"

#define FAKE_SERVICE      "iam"
#define FAKE_CONTENT_TYPE "application/x-www-form-urlencoded; charset=utf-8"
#include "test/unit/fake_call.h"

/* ---- what came ---- */

static struct {
	bool called;
	enum aws_fault fault;
	char message[512];
	size_t count;
	char names[4][64], arns[4][64], extra[64];
	char *boundary, *version, *document;
} got;

static void
forget(void)
{
	free(got.boundary);
	free(got.version);
	free(got.document);
	memset(&got, 0, sizeof(got));
}

static void
got_cb(const struct aws_error *error, const struct iam_result *result, void *arg)
{
	(void)arg;
	forget();
	got.called = true;
	got.fault = error->fault;
	snprintf(got.message, sizeof(got.message), "%s", error->message);
	assert_true((error->fault == AWS_OK) == (result != NULL));
	if (result == NULL)
		return;
	got.count = result->count;
	for (size_t i = 0; i < result->count && i < 4; i++) {
		snprintf(got.names[i], sizeof(got.names[i]), "%s", result->items[i].name);
		if (result->items[i].arn != NULL)
			snprintf(got.arns[i], sizeof(got.arns[i]), "%s", result->items[i].arn);
		if (result->items[i].extra != NULL)
			snprintf(got.extra, sizeof(got.extra), "%s", result->items[i].extra);
	}
	got.boundary = mem_strdup(result->boundary);
	got.version = mem_strdup(result->version);
	got.document = mem_strdup(result->document);
}

static struct iam_op *
ask(enum iam_operation operation, const char *name, const char *detail)
{
	const struct iam_ask ask = {.operation = operation, .name = name, .detail = detail};

	forget();
	return iam_start(NULL, &ask, got_cb, NULL);
}

static int
clean(void **state)
{
	(void)state;
	forget();
	assert_null(under_way);
	return 0;
}

#define XMLNS " xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\""
#define ANSWER(operation, inside) \
	"<" operation "Response" XMLNS "><" operation "Result>" inside "</" operation \
	"Result><ResponseMetadata><RequestId>7a62c49f</RequestId></ResponseMetadata></" operation "Response>"

/* ---- tests ---- */

static void
test_role(void **state)
{
	(void)state;
	ask(IAM_OP_GET_ROLE, "orders-producer", NULL);
	assert_string_equal(under_way->operation, "GetRole");
	assert_string_equal(under_way->body, "Action=GetRole&Version=2010-05-08&RoleName=orders-producer");
	reply(ANSWER("GetRole", "<Role><Path>/</Path><RoleName>orders-producer</RoleName><Arn>a</Arn></Role>"));
	assert_int_equal(got.fault, AWS_OK);
	assert_null(got.boundary);
	ask(IAM_OP_GET_ROLE, "orders-producer", NULL);
	reply(ANSWER("GetRole",
	    "<Role><RoleName>Orders-Producer</RoleName><PermissionsBoundary><PermissionsBoundaryType>Policy"
	    "</PermissionsBoundaryType><PermissionsBoundaryArn>arn:aws:iam::1:policy/limit</PermissionsBoundaryArn>"
	    "</PermissionsBoundary></Role>"));
	assert_string_equal(got.boundary, "arn:aws:iam::1:policy/limit");
	ask(IAM_OP_GET_ROLE, "orders-producer", NULL);
	reply_error(AWS_NOT_FOUND);
	assert_int_equal(got.fault, AWS_NOT_FOUND);
}

static void
expect_bad(enum iam_operation operation, const char *answer, const char *why)
{
	char *sentence =
	    mem_printf("the answer to iam:%s of x makes no sense: %s", iam_parse_operation_name(operation), why);

	ask(operation, "x", "p");
	reply(answer);
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
	assert_string_equal(got.message, sentence);
	free(sentence);
}

static void
test_bad_answers(void **state)
{
	(void)state;
	expect_bad(IAM_OP_GET_ROLE, "<a/>", "it has no GetRoleResult");
	expect_bad(IAM_OP_GET_ROLE, ANSWER("GetRole", ""), "Role is missing");
	expect_bad(IAM_OP_GET_ROLE, ANSWER("GetRole", "<Role/>"), "RoleName is missing");
	expect_bad(
	    IAM_OP_GET_ROLE, ANSWER("GetRole", "<Role><RoleName>y</RoleName></Role>"), "it is about RoleName \"y\"");
	expect_bad(
	    IAM_OP_GET_POLICY, ANSWER("GetPolicy", "<Policy><Arn>x</Arn></Policy>"), "DefaultVersionId is missing");
	expect_bad(IAM_OP_GET_ROLE_POLICY,
	    ANSWER(
		"GetRolePolicy", "<RoleName>x</RoleName><PolicyName>p</PolicyName><PolicyDocument>%7</PolicyDocument>"),
	    "it is neither JSON nor percent-encoded JSON");
	expect_bad(IAM_OP_GET_ROLE_POLICY,
	    ANSWER("GetRolePolicy",
		"<RoleName>x</RoleName><PolicyName>p</PolicyName><PolicyDocument>%5B%5D</PolicyDocument>"),
	    "PolicyDocument is no JSON object");
	expect_bad(IAM_OP_GET_ROLE_POLICY,
	    ANSWER("GetRolePolicy",
		"<RoleName>x</RoleName><PolicyName>p</PolicyName><PolicyDocument>%7B%00%7D</PolicyDocument>"),
	    "PolicyDocument is no JSON object");
	expect_bad(IAM_OP_LIST_ROLE_POLICIES, ANSWER("ListRolePolicies", ""), "PolicyNames is missing");
	expect_bad(IAM_OP_LIST_ROLE_POLICIES,
	    ANSWER("ListRolePolicies", "<PolicyNames><member>a</member><member>b c</member></PolicyNames>"),
	    "PolicyNames[1]: a member has a character in it that none has");
	expect_bad(IAM_OP_LIST_ROLE_POLICIES,
	    ANSWER("ListRolePolicies", "<PolicyNames><member>$(reboot)</member></PolicyNames>"),
	    "PolicyNames[0]: a member has a character in it that none has");
	expect_bad(IAM_OP_LIST_ROLE_POLICIES,
	    ANSWER("ListRolePolicies", "<PolicyNames/><IsTruncated>true</IsTruncated>"), "Marker is missing");
}

static void
test_documents(void **state)
{
	(void)state;
	ask(IAM_OP_GET_POLICY_VERSION, "arn:aws:iam::aws:policy/P", "v3");
	assert_string_equal(under_way->body,
	    "Action=GetPolicyVersion&Version=2010-05-08&PolicyArn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FP&VersionId=v3");
	reply(ANSWER("GetPolicyVersion",
	    "<PolicyVersion><Document>%7B%22Version%22%3A%222012-10-17%22%7D</Document><VersionId>v3</VersionId>"
	    "</PolicyVersion>"));
	assert_string_equal(got.document, "{\"Version\":\"2012-10-17\"}");
	/* Raw, as some emulators send it: a % in it stays one. */
	ask(IAM_OP_GET_USER_POLICY, "ana", "p");
	assert_string_equal(under_way->body, "Action=GetUserPolicy&Version=2010-05-08&UserName=ana&PolicyName=p");
	reply(ANSWER("GetUserPolicy",
	    "<UserName>ana</UserName><PolicyName>p</PolicyName><PolicyDocument> {\"Id\":\"%7B\"}"
	    "</PolicyDocument>"));
	assert_string_equal(got.document, "{\"Id\":\"%7B\"}");
	ask(IAM_OP_GET_POLICY, "arn:aws:iam::aws:policy/P", NULL);
	reply(ANSWER("GetPolicy",
	    "<Policy><Arn>arn:aws:iam::aws:policy/P</Arn><DefaultVersionId>v12</DefaultVersionId></Policy>"));
	assert_string_equal(got.version, "v12");
}

static void
test_pages(void **state)
{
	(void)state;
	ask(IAM_OP_LIST_ATTACHED_ROLE_POLICIES, "r", NULL);
	assert_string_equal(
	    under_way->body, "Action=ListAttachedRolePolicies&Version=2010-05-08&RoleName=r&MaxItems=1000");
	reply(ANSWER("ListAttachedRolePolicies", "<AttachedPolicies><member><PolicyName>a</"
						 "PolicyName><PolicyArn>arn:a</PolicyArn></member></AttachedPolicies>"
						 "<IsTruncated>true</IsTruncated><Marker>m=1</Marker>"));
	assert_false(got.called);
	assert_string_equal(under_way->body,
	    "Action=ListAttachedRolePolicies&Version=2010-05-08&RoleName=r&MaxItems=1000&Marker=m%3D1");
	reply(ANSWER("ListAttachedRolePolicies", "<AttachedPolicies><member><PolicyName>b</"
						 "PolicyName><PolicyArn>arn:b</PolicyArn></member></AttachedPolicies>"
						 "<IsTruncated>false</IsTruncated>"));
	assert_int_equal(got.count, 2);
	assert_string_equal(got.names[1], "b");
	assert_string_equal(got.arns[0], "arn:a");
	/* In a circle. */
	ask(IAM_OP_LIST_GROUPS_FOR_USER, "u", NULL);
	for (int i = 0; i < 2; i++)
		reply(ANSWER("ListGroupsForUser", "<Groups><member><GroupName>g</GroupName></member></"
						  "Groups><IsTruncated>true</IsTruncated><Marker>m</Marker>"));
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
}

static void
test_too_many_rows(void **state)
{
	struct iam_result result = {0};
	char *cause = NULL, *rows = mem_new(IAM_ITEMS_MAX + 1, 64), *body, *end = rows;

	(void)state;
	for (int i = 0; i <= IAM_ITEMS_MAX; i++)
		end += sprintf(end, "<member>p%d</member>", i);
	body = mem_printf(ANSWER("ListRolePolicies", "<PolicyNames>%s</PolicyNames>"), rows);
	assert_int_equal(
	    iam_parse_answer(IAM_OP_LIST_ROLE_POLICIES, "r", NULL, body, strlen(body), &result, &cause), -1);
	assert_string_equal(cause, "PolicyNames has more than 1000 entries");
	iam_parse_clear(&result);
	free(cause);
	free(body);
	free(rows);
}

static void
test_simulation(void **state)
{
	static const char *const actions[] = {"kinesis:PutRecord", "kinesis:PutRecords"};
	const struct iam_ask simulate = {.operation = IAM_OP_SIMULATE_PRINCIPAL_POLICY,
	    .name = "arn:r",
	    .detail = "arn:s",
	    .actions = actions,
	    .actions_count = 2};

	(void)state;
	iam_start(NULL, &simulate, got_cb, NULL);
	assert_string_equal(under_way->body,
	    "Action=SimulatePrincipalPolicy&Version=2010-05-08&PolicySourceArn=arn%3Ar&ResourceArns.member.1=arn%3As&"
	    "ActionNames."
	    "member.1=kinesis%3APutRecord&ActionNames.member.2=kinesis%3APutRecords&MaxItems=1000");
	reply(ANSWER("SimulatePrincipalPolicy",
	    "<IsTruncated>false</IsTruncated><EvaluationResults><member><EvalActionName>kinesis:PutRecord</"
	    "EvalActionName>"
	    "<EvalResourceName>arn:s</EvalResourceName><EvalDecision>explicitDeny</EvalDecision></member></"
	    "EvaluationResults>"));
	assert_int_equal(got.count, 1);
	assert_string_equal(got.extra, "explicitDeny");
}

static void
test_cancel(void **state)
{
	(void)state;
	iam_cancel(ask(IAM_OP_GET_USER, "ana", NULL));
	assert_int_equal(cancelled, 1);
	assert_false(got.called);
	iam_cancel(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_role, clean),
	    cmocka_unit_test_teardown(test_bad_answers, clean),
	    cmocka_unit_test_teardown(test_documents, clean),
	    cmocka_unit_test_teardown(test_pages, clean),
	    cmocka_unit_test_teardown(test_too_many_rows, clean),
	    cmocka_unit_test_teardown(test_simulation, clean),
	    cmocka_unit_test_teardown(test_cancel, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
