/* SPDX-License-Identifier: Apache-2.0 */
/* test_iam_reader: the order in which a principal is read, what each failure leaves unknown, and that a version is fetched once. The client is played by this file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "common/str.h"
#include "daemon/iam_reader.h"

/* ---- the client: answers by a script of what is asked ---- */

struct aws_call {
	aws_call_cb cb;
	void *arg;
	char *body;
};

static struct aws_call *under_way;

struct aws_call *
aws_call_start(struct aws_place *place, const struct aws_request *request, aws_call_cb cb, void *arg)
{
	(void)place;
	assert_null(under_way);
	under_way = mem_new(1, sizeof(*under_way));
	*under_way = (struct aws_call){.cb = cb, .arg = arg, .body = mem_strdup(request->body)};
	return under_way;
}

void
aws_call_cancel(struct aws_call *call)
{
	assert_ptr_equal(call, under_way);
	under_way = NULL;
	free(call->body);
	free(call);
}

/* What is asked: part of the form; what is answered: XML inside the result; NULL: the fault. */
struct line {
	const char *asked, *answer;
	enum aws_fault fault;
};

static void
play_line(const struct line *line)
{
	struct aws_call *call = under_way;
	struct aws_error error = {.fault = AWS_OK, .retry_after_ms = -1};
	struct http_answer answer = {.status = 200};
	char operation[64], *body = NULL;

	assert_non_null(call);
	if (strstr(call->body, line->asked) == NULL)
		fail_msg("asked %s, not %s", call->body, line->asked);
	assert_int_equal(sscanf(call->body, "Action=%63[^&]", operation), 1);
	under_way = NULL;
	if (line->answer == NULL) {
		aws_error_set(&error, line->fault, "%s is denied", operation);
		call->cb(&error, NULL, call->arg);
	} else {
		body = mem_printf("<%sResponse><%sResult>%s</%sResult></%sResponse>", operation, operation,
		    line->answer, operation, operation);
		answer.body = body;
		answer.body_len = strlen(body);
		call->cb(&error, &answer, call->arg);
	}
	free(body);
	free(call->body);
	free(call);
}

static unsigned done;
static struct iam_library *library;

static void
done_cb(struct iam_reader *reader, void *arg)
{
	(void)reader;
	(void)arg;
	done++;
}

static struct iam_reader *
play(const char *arn, const struct line *lines, size_t count)
{
	struct iam_reader *reader = iam_reader_start(NULL, arn, library, false, done_cb, NULL);

	done = 0;
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(done, 0);
		play_line(&lines[i]);
	}
	assert_int_equal(done, 1);
	assert_null(under_way);
	return reader;
}

static int
set_up(void **state)
{
	(void)state;
	library = iam_library_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	iam_library_free(library);
	return 0;
}

/* "KIND NAME GROUP VERSION DOCUMENT-or-!REASON", a line each. */
static void
expect_policies(const struct iam_reader *reader, const char *text)
{
	size_t count;
	const struct kd_policy *policies = iam_reader_policies(reader, &count);
	struct str got = {0};

	for (size_t i = 0; i < count; i++) {
		const struct kd_policy *p = &policies[i];

		str_printf(&got, "%s %s %s %s ", p->kind, p->name != NULL ? p->name : "-",
		    p->group != NULL ? p->group : "-", p->version != NULL ? p->version : "-");
		if (p->missing == KD_KNOWN)
			str_printf(&got, "%s\n", p->document);
		else
			str_printf(&got, "!%d %s\n", (int)p->missing, p->why);
	}
	assert_string_equal(got.s != NULL ? got.s : "", text);
	str_free(&got);
}

#define ROLE      "arn:aws:iam::123456789012:role/service/orders"
#define FOUND     "<Role><RoleName>orders</RoleName></Role>"
#define NO_NAMES  "<PolicyNames/><IsTruncated>false</IsTruncated>"
#define NO_POLICY "<AttachedPolicies/><IsTruncated>false</IsTruncated>"
#define ATTACHED(n, a) \
	"<AttachedPolicies><member><PolicyName>" n "</PolicyName><PolicyArn>" a \
	"</PolicyArn></member></AttachedPolicies>"
#define NAMED(n)      "<PolicyNames><member>" n "</member></PolicyNames>"
#define DEFAULT(a, v) "<Policy><Arn>" a "</Arn><DefaultVersionId>" v "</DefaultVersionId></Policy>"
#define VERSION(v, d) "<PolicyVersion><Document>" d "</Document><VersionId>" v "</VersionId></PolicyVersion>"

static void
test_role(void **state)
{
	static const struct line lines[] = {
	    {"Action=GetRole&Version=2010-05-08&RoleName=orders",
		"<Role><RoleName>orders</RoleName><PermissionsBoundary><PermissionsBoundaryArn>arn:limit</"
		"PermissionsBoundaryArn>"
		"</PermissionsBoundary></Role>",
		AWS_OK},
	    {"GetPolicy&Version=2010-05-08&PolicyArn=arn%3Alimit", DEFAULT("arn:limit", "v2"), AWS_OK},
	    {"ListAttachedRolePolicies", ATTACHED("read", "arn:read"), AWS_OK},
	    {"ListRolePolicies", NAMED("write"), AWS_OK},
	    {"VersionId=v2", VERSION("v2", "%7B%22l%22%3A1%7D"), AWS_OK},
	    {"GetPolicy&Version=2010-05-08&PolicyArn=arn%3Aread", DEFAULT("arn:read", "v1"), AWS_OK},
	    {"GetRolePolicy&Version=2010-05-08&RoleName=orders&PolicyName=write",
		"<RoleName>orders</RoleName><PolicyName>write</PolicyName><PolicyDocument>{}</PolicyDocument>", AWS_OK},
	    {"PolicyArn=arn%3Aread&VersionId=v1", VERSION("v1", "{\"r\":1}"), AWS_OK},
	};
	/* Again: versions do not change. */
	static const struct line again[] = {
	    {"GetRole", FOUND, AWS_OK},
	    {"ListAttachedRolePolicies", ATTACHED("read", "arn:read"), AWS_OK},
	    {"ListRolePolicies", NO_NAMES, AWS_OK},
	    {"GetPolicy&", DEFAULT("arn:read", "v1"), AWS_OK},
	};
	struct iam_reader *reader = play(ROLE, lines, KD_COUNT(lines));

	(void)state;
	expect_policies(
	    reader, "boundary arn:limit - v2 {\"l\":1}\nmanaged read - v1 {\"r\":1}\ninline write - - {}\n");
	assert_int_equal(iam_reader_error(reader)->fault, AWS_OK);
	iam_reader_free(reader);
	assert_int_equal(iam_library_count(library), 2);
	reader = play(ROLE, again, KD_COUNT(again));
	expect_policies(reader, "managed read - v1 {\"r\":1}\n");
	iam_reader_free(reader);
}

static void
test_user_with_groups(void **state)
{
	static const struct line lines[] = {
	    {"GetUser", "<User><UserName>ana</UserName></User>", AWS_OK},
	    {"ListAttachedUserPolicies", NO_POLICY, AWS_OK},
	    {"ListUserPolicies", NO_NAMES, AWS_OK},
	    {"ListGroupsForUser", "<Groups><member><GroupName>readers</GroupName></member></Groups>", AWS_OK},
	    {"ListAttachedGroupPolicies&Version=2010-05-08&GroupName=readers", ATTACHED("read", "arn:read"), AWS_OK},
	    {"ListGroupPolicies", NAMED("more"), AWS_OK},
	    {"GetPolicy&", DEFAULT("arn:read", "v1"), AWS_OK},
	    {"GetGroupPolicy&Version=2010-05-08&GroupName=readers&PolicyName=more",
		"<GroupName>readers</GroupName><PolicyName>more</PolicyName><PolicyDocument>{}</PolicyDocument>",
		AWS_OK},
	    {"GetPolicyVersion", VERSION("v1", "{}"), AWS_OK},
	};
	struct iam_reader *reader = play("arn:aws:iam::123456789012:user/ana", lines, KD_COUNT(lines));

	(void)state;
	expect_policies(reader, "managed read readers v1 {}\ninline more readers - {}\n");
	iam_reader_free(reader);
}

static void
test_policy(void **state)
{
	static const struct line lines[] = {
	    {"GetPolicy&", DEFAULT("arn:aws:iam::aws:policy/P", "v1"), AWS_OK},
	    {"GetPolicyVersion", VERSION("v1", "{}"), AWS_OK},
	};
	static const struct line none[] = {{"GetPolicy&", NULL, AWS_NOT_FOUND}};
	struct iam_reader *reader = play("arn:aws:iam::aws:policy/P", lines, KD_COUNT(lines));

	(void)state;
	expect_policies(reader, "managed P - v1 {}\n");
	iam_reader_free(reader);
	reader = play("arn:aws:iam::aws:policy/Q", none, KD_COUNT(none));
	assert_int_equal(iam_reader_error(reader)->fault, AWS_NOT_FOUND);
	iam_reader_free(reader);
}

/* Nothing else is asked of somebody who is not there, or may not be looked at. */
static void
test_not_found_and_denied(void **state)
{
	static const struct line none[] = {{"GetRole", NULL, AWS_NOT_FOUND}},
				 denied[] = {{"GetRole", NULL, AWS_DENIED}};
	struct iam_reader *reader = play(ROLE, none, 1);
	enum iam_operation operation;

	(void)state;
	assert_int_equal(iam_reader_error(reader)->fault, AWS_NOT_FOUND);
	assert_null(iam_reader_trouble(reader, &operation));
	iam_reader_free(reader);
	reader = play(ROLE, denied, 1);
	assert_int_equal(iam_reader_error(reader)->fault, AWS_DENIED);
	assert_non_null(iam_reader_trouble(reader, &operation));
	assert_int_equal(operation, IAM_OP_GET_ROLE);
	assert_string_equal(iam_reader_denied(reader, IAM_OP_GET_ROLE), "GetRole is denied");
	assert_null(iam_reader_denied(reader, IAM_OP_GET_USER));
	iam_reader_free(reader);
}

/* A list that may not be read may have held anything; a policy that vanished meanwhile is none. */
static void
test_parts_that_fail(void **state)
{
	static const struct line lines[] = {
	    {"GetRole", FOUND, AWS_OK},
	    {"ListAttachedRolePolicies",
		"<AttachedPolicies><member><PolicyName>gone</PolicyName><PolicyArn>arn:gone</PolicyArn></member>"
		"<member><PolicyName>shut</PolicyName><PolicyArn>arn:shut</PolicyArn></member></AttachedPolicies>",
		AWS_OK},
	    {"ListRolePolicies", NULL, AWS_DENIED},
	    {"PolicyArn=arn%3Agone", NULL, AWS_NOT_FOUND},
	    {"PolicyArn=arn%3Ashut", DEFAULT("arn:shut", "v1"), AWS_OK},
	    {"GetPolicyVersion", NULL, AWS_NETWORK},
	};
	struct iam_reader *reader = play(ROLE, lines, KD_COUNT(lines));
	enum iam_operation operation;
	char *text = mem_printf(
	    "managed shut - v1 !%d GetPolicyVersion is denied\ninline - - - !%d ListRolePolicies is denied\n",
	    KD_FAILED, KD_DENIED);

	(void)state;
	assert_int_equal(iam_reader_error(reader)->fault, AWS_OK);
	expect_policies(reader, text);
	assert_int_equal(iam_reader_trouble(reader, &operation)->fault, AWS_DENIED);
	assert_int_equal(operation, IAM_OP_LIST_ROLE_POLICIES);
	free(text);
	iam_reader_free(reader);
}

static void
test_freed_in_the_midst(void **state)
{
	static const struct line lines[] = {{"GetRole", FOUND, AWS_OK}};
	struct iam_reader *reader = iam_reader_start(NULL, ROLE, library, true, done_cb, NULL);

	(void)state;
	done = 0;
	assert_true(iam_reader_is_urgent(reader));
	play_line(lines);
	iam_reader_free(reader);
	assert_null(under_way);
	assert_int_equal(done, 0);
	iam_reader_free(NULL);
}

/* Nothing grows without end: 1,000 attached ones are cut, and then no answer rests on the rest. */
static void
test_too_many_policies(void **state)
{
	struct str list = {0};
	struct line lines[] = {{"GetRole", FOUND, AWS_OK}, {"ListAttachedRolePolicies", NULL, AWS_OK},
	    {"ListRolePolicies", NO_NAMES, AWS_OK}};
	const struct line last = {"GetPolicy&", NULL, AWS_NETWORK};
	struct iam_reader *reader = iam_reader_start(NULL, ROLE, library, false, done_cb, NULL);
	size_t count;

	(void)state;
	done = 0;
	str_add(&list, "<AttachedPolicies>");
	for (int i = 0; i < 1000; i++)
		str_printf(&list, "<member><PolicyName>p%d</PolicyName><PolicyArn>arn:%d</PolicyArn></member>", i, i);
	str_add(&list, "</AttachedPolicies>");
	lines[1].answer = list.s;
	for (size_t i = 0; i < KD_COUNT(lines); i++)
		play_line(&lines[i]);
	while (done == 0)
		play_line(&last);
	(void)iam_reader_policies(reader, &count);
	assert_int_equal(count, 500);
	assert_string_equal(iam_reader_policies(reader, &count)[499].why, "it has more than 500 policies");
	iam_reader_free(reader);
	/* Those that have gone away meanwhile do not take with them that others were left out. */
	reader = iam_reader_start(NULL, ROLE, library, false, done_cb, NULL);
	done = 0;
	for (size_t i = 0; i < KD_COUNT(lines); i++)
		play_line(&lines[i]);
	while (done == 0)
		play_line(&(const struct line){"GetPolicy&", NULL, AWS_NOT_FOUND});
	(void)iam_reader_policies(reader, &count);
	assert_int_equal(count, 1);
	assert_string_equal(iam_reader_policies(reader, &count)[0].why, "it has more than 500 policies");
	str_free(&list);
	iam_reader_free(reader);
}

static void
test_library_forgets(void **state)
{
	const int64_t day_ms = 24 * 60 * 60 * 1000;

	(void)state;
	iam_library_put(library, "a", "v1", "one", 0);
	iam_library_put(library, "a", "v2", "two", 0);
	assert_string_equal(iam_library_find(library, "a", "v1", day_ms), "one");
	assert_null(iam_library_find(library, "b", "v1", 0));
	iam_library_put(library, "a", "v3", "three", 2 * day_ms + 1); /* v2 has not been used for two days */
	assert_int_equal(iam_library_count(library), 2);
	assert_null(iam_library_find(library, "a", "v2", 2 * day_ms + 1));
	assert_string_equal(iam_library_find(library, "a", "v1", 2 * day_ms + 1), "one");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_role, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_user_with_groups, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_policy, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_not_found_and_denied, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_parts_that_fail, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_freed_in_the_midst, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_too_many_policies, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_library_forgets, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
