/* SPDX-License-Identifier: Apache-2.0 */
/* test_permissions: the least policy is what the calls need that the code can make, no more and no less, and etc/iam-policy.json is the whole of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/mem.h"
#include "daemon/aws/iam_parse.h"
#include "daemon/aws/operations.h"
#include "daemon/permissions.h"

#define ALL_BY_DEFAULT \
	(AWS_WANT_STREAMS | AWS_WANT_LISTING | AWS_WANT_SHARDS | AWS_WANT_CONSUMERS | AWS_WANT_METRICS | \
	    AWS_WANT_LOGS | AWS_WANT_LOG_PREFIX | AWS_WANT_PRINCIPALS | AWS_WANT_ROLES | AWS_WANT_USERS)

static json_t *
read_file(const char *path)
{
	char *cause = NULL;
	json_t *value = json_read_file(path, 64 * 1024, &cause);

	if (value == NULL)
		fail_msg("%s", cause);
	return value;
}

static void
expect_equal_taken(json_t *got, json_t *expected)
{
	char *left = json_dumps(got, JSON_INDENT(2)), *right = json_dumps(expected, JSON_INDENT(2));

	assert_string_equal(left, right);
	free(left);
	free(right);
	json_decref(got);
	json_decref(expected);
}

static bool
has_action(const json_t *document, const char *action)
{
	json_t *statements = json_object_get(document, "Statement"), *actions;
	bool has = false;

	for (size_t i = 0; i < json_array_size(statements); i++) {
		actions = json_object_get(json_array_get(statements, i), "Action");
		has |= json_is_string(actions) && strcmp(json_string_value(actions), action) == 0;
		for (size_t a = 0; a < json_array_size(actions); a++)
			has |= strcmp(json_string_value(json_array_get(actions, a)), action) == 0;
	}
	return has;
}

/* All that is on without a word of the config, on every stream; simulating and other accounts are asked for by it. */
static void
test_the_file_is_the_policy(void **state)
{
	(void)state;
	expect_equal_taken(read_file("etc/iam-policy.json"), permissions_policy_of(ALL_BY_DEFAULT));
}

/* Each row is granted by something, or needs nothing; and the services' own tables hold none that has no row. */
static void
test_every_operation_has_a_row(void **state)
{
	json_t *all = permissions_policy_of(~0u);
	const struct aws_operation *row;

	(void)state;
	for (size_t i = 0; (row = aws_operations_at(i)) != NULL; i++) {
		assert_ptr_equal(aws_operations_find(row->service, row->operation), row);
		assert_true(has_action(all, row->action) == (row->grant != AWS_GRANT_NONE));
		assert_true((row->wants == 0) == (row->grant == AWS_GRANT_NONE));
		assert_non_null(strstr(row->action, row->operation));
	}
	for (enum iam_operation i = 0; i < IAM_OPERATIONS; i++)
		assert_non_null(aws_operations_find("iam", iam_parse_operation_name(i)));
	assert_null(aws_operations_find("kinesis", "GetRecords"));
	assert_null(aws_operations_find("kinesis", "GetShardIterator"));
	json_decref(all);
}

/* ---- of a config ---- */

static char folder[] = "/tmp/kdiag-permissions-XXXXXX";

static struct config *
load(const char *yaml)
{
	struct config_report report;
	char *path = mem_printf("%s/kdiagd.yaml", folder), probes[4096] = "";
	struct config *config;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(yaml, file);
	fclose(file);
	assert_true(readlink("/proc/self/exe", probes, sizeof(probes) - 16) > 0);
	*strrchr(probes, '/') = '\0';
	memcpy(strrchr(probes, '/'), "/probes", sizeof("/probes"));
	config = config_load(path, probes, &report);
	if (config == NULL)
		fail_msg("%s", report.lines[0]);
	config_report_clear(&report);
	unlink(path);
	free(path);
	return config;
}

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return rmdir(folder);
}

#define OFF "probes: {log_anomaly: {enabled: false}, shard_count: {enabled: false}, config_drift: {enabled: false}"

static void
test_least_of_one_stream(void **state)
{
	struct config *config = load("streams: [{name: orders, region: us-east-1}]\n");
	json_t *policy = permissions_policy(config, "default");

	(void)state;
	assert_true(has_action(policy, "kinesis:DescribeStreamSummary"));
	assert_true(has_action(policy, "kinesis:ListShards"));
	assert_false(has_action(policy, "kinesis:ListStreams")); /* one is described */
	assert_false(has_action(policy, "iam:GetRole"));         /* nobody is declared */
	assert_false(has_action(policy, "logs:FilterLogEvents"));
	assert_false(has_action(policy, "sts:AssumeRole"));
	assert_string_equal(
	    json_string_value(json_object_get(json_array_get(json_object_get(policy, "Statement"), 0), "Resource")),
	    "arn:aws:kinesis:us-east-1:*:stream/orders");
	json_decref(policy);
	config_unref(config);
}

static void
test_probes_switched_off_want_nothing(void **state)
{
	struct config *config = load(OFF "}\nstreams: [{name: orders, region: cn-north-1, principals: [{arn: "
					 "\"arn:aws-cn:iam::123456789012:role/r\", use: producer}]}]\n");
	unsigned wants = permissions_wants(config, "default");
	json_t *policy = permissions_policy(config, "default");
	char *text = json_dumps(policy, 0);

	(void)state;
	assert_true((wants & AWS_WANT_SHARDS) == 0 || (wants & AWS_WANT_METRICS) != 0);
	assert_true(has_action(policy, "iam:GetRolePolicy") && has_action(policy, "iam:GetPolicyVersion"));
	assert_true(has_action(policy, "kinesis:GetResourcePolicy"));
	assert_false(has_action(policy, "iam:GetUser"));
	assert_false(has_action(policy, "iam:SimulatePrincipalPolicy"));
	assert_non_null(strstr(text, "arn:aws-cn:kinesis:cn-north-1:*:stream/orders"));
	assert_null(strstr(text, "arn:aws:"));
	free(text);
	json_decref(policy);
	config_unref(config);
	config = load(
	    OFF ", iam_coverage: {enabled: false}}\nstreams: [{name: orders, region: us-east-1, principals: [{arn: "
		"\"arn:aws:iam::123456789012:role/r\", use: producer}]}]\n");
	assert_true((permissions_wants(config, "default") & (AWS_WANT_PRINCIPALS | AWS_WANT_ROLES)) == 0);
	config_unref(config);
}

static void
test_accounts_have_each_their_own(void **state)
{
	struct config *config =
	    load("aws: {region: us-east-1, iam_simulate: true}\n"
		 "accounts: [{name: prod, role_arn: \"arn:aws:iam::123456789012:role/kdiag\"}, {name: default}]\n"
		 "streams:\n"
		 "  - {name: orders, account: prod, principals: [{arn: \"arn:aws:iam::123456789012:user/u\", use: "
		 "efo_consumer}]}\n"
		 "discover: [{account: prod, regions: [eu-west-1], match: 'p-*'}]\n");
	json_t *own = permissions_policy(config, "default"), *prod = permissions_policy(config, "prod"), *resources;

	(void)state;
	assert_true(has_action(own, "sts:AssumeRole"));
	assert_false(has_action(own, "kinesis:DescribeStreamSummary"));
	assert_false(has_action(prod, "sts:AssumeRole"));
	assert_true(has_action(prod, "kinesis:ListStreams"));
	assert_true(has_action(prod, "iam:ListGroupsForUser"));
	assert_true(has_action(prod, "iam:SimulatePrincipalPolicy"));
	resources = json_object_get(json_array_get(json_object_get(prod, "Statement"), 0), "Resource");
	assert_int_equal(json_array_size(resources), 4);
	assert_string_equal(
	    json_string_value(json_array_get(resources, 0)), "arn:aws:kinesis:us-east-1:123456789012:stream/orders");
	assert_string_equal(
	    json_string_value(json_array_get(resources, 1)), "arn:aws:kinesis:eu-west-1:123456789012:stream/p-*");
	assert_string_equal(json_string_value(json_array_get(resources, 2)),
	    "arn:aws:kinesis:us-east-1:123456789012:stream/orders/consumer/*");
	json_decref(own);
	json_decref(prod);
	config_unref(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_file_is_the_policy),
	    cmocka_unit_test(test_every_operation_has_a_row),
	    cmocka_unit_test(test_least_of_one_stream),
	    cmocka_unit_test(test_probes_switched_off_want_nothing),
	    cmocka_unit_test(test_accounts_have_each_their_own),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
