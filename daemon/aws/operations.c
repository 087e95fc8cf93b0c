/* SPDX-License-Identifier: Apache-2.0 */
/* operations: owns the table; who calls what is the services' affair. */
#include "daemon/aws/operations.h"

#include <string.h>

#include <kdiag/probe.h>

#define KINESIS(name, grant, wants) \
	{ \
		"kinesis", name, "kinesis:" name, grant, wants \
	}
#define LOGS(name, grant, wants) \
	{ \
		"logs", name, "logs:" name, grant, wants \
	}
#define IAM(name, wants) \
	{ \
		"iam", name, "iam:" name, AWS_GRANT_IAM, wants \
	}

/* Shards and consumers are asked for behind the summary, and so are the names of what metrics there are of them. */
static const struct aws_operation rows[] = {
    KINESIS("DescribeStreamSummary", AWS_GRANT_STREAMS, AWS_WANT_STREAMS),
    KINESIS("ListShards", AWS_GRANT_STREAMS, AWS_WANT_SHARDS),
    KINESIS("ListStreamConsumers", AWS_GRANT_STREAMS, AWS_WANT_CONSUMERS),
    KINESIS("GetResourcePolicy", AWS_GRANT_STREAMS, AWS_WANT_PRINCIPALS),
    KINESIS("ListStreams", AWS_GRANT_STREAM_LISTS, AWS_WANT_LISTING),
    {"monitoring", "GetMetricData", "cloudwatch:GetMetricData", AWS_GRANT_METRICS, AWS_WANT_METRICS},
    LOGS("FilterLogEvents", AWS_GRANT_LOGS, AWS_WANT_LOGS),
    LOGS("DescribeLogGroups", AWS_GRANT_LOG_LISTS, AWS_WANT_LOG_PREFIX),
    IAM("GetRole", AWS_WANT_ROLES),
    IAM("ListAttachedRolePolicies", AWS_WANT_ROLES),
    IAM("ListRolePolicies", AWS_WANT_ROLES),
    IAM("GetRolePolicy", AWS_WANT_ROLES),
    IAM("GetUser", AWS_WANT_USERS),
    IAM("ListAttachedUserPolicies", AWS_WANT_USERS),
    IAM("ListUserPolicies", AWS_WANT_USERS),
    IAM("GetUserPolicy", AWS_WANT_USERS),
    IAM("ListGroupsForUser", AWS_WANT_USERS),
    IAM("ListAttachedGroupPolicies", AWS_WANT_USERS),
    IAM("ListGroupPolicies", AWS_WANT_USERS),
    IAM("GetGroupPolicy", AWS_WANT_USERS),
    IAM("GetPolicy", AWS_WANT_PRINCIPALS),
    IAM("GetPolicyVersion", AWS_WANT_PRINCIPALS),
    IAM("SimulatePrincipalPolicy", AWS_WANT_SIMULATION),
    {"sts", "AssumeRole", "sts:AssumeRole", AWS_GRANT_ROLES_TO_ASSUME, AWS_WANT_ACCOUNTS},
    {"sts", "GetCallerIdentity", "sts:GetCallerIdentity", AWS_GRANT_NONE, 0},
};

const struct aws_operation *
aws_operations_at(size_t i)
{
	return i < KD_COUNT(rows) ? &rows[i] : NULL;
}

const struct aws_operation *
aws_operations_find(const char *service, const char *operation)
{
	for (size_t i = 0; i < KD_COUNT(rows); i++)
		if (strcmp(rows[i].service, service) == 0 && strcmp(rows[i].operation, operation) == 0)
			return &rows[i];
	return NULL;
}
