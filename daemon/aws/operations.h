/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operations: every operation of AWS that this program may call, one row each, with the permission that it takes and what it is wanted for. A call of any other is a bug, and is
 * refused where calls are begun: so what this table says is what the role needs, and all that it needs.
 */
#ifndef KDIAG_AWS_OPERATIONS_H
#define KDIAG_AWS_OPERATIONS_H

#include <stddef.h>

/* What an operation is wanted for; bits. */
enum aws_want {
	AWS_WANT_STREAMS = 1 << 0, /* streams are watched */
	AWS_WANT_LISTING = 1 << 1, /* several of a place, or they are discovered */
	AWS_WANT_SHARDS = 1 << 2,
	AWS_WANT_CONSUMERS = 1 << 3, /* of enhanced fan-out */
	AWS_WANT_METRICS = 1 << 4,
	AWS_WANT_LOGS = 1 << 5,
	AWS_WANT_LOG_PREFIX = 1 << 6, /* log groups by prefix */
	AWS_WANT_PRINCIPALS = 1 << 7, /* of any kind */
	AWS_WANT_ROLES = 1 << 8,
	AWS_WANT_USERS = 1 << 9,       /* and their groups */
	AWS_WANT_SIMULATION = 1 << 10, /* aws.iam_simulate */
	AWS_WANT_ACCOUNTS = 1 << 11,   /* roles of other accounts are assumed */
};

/* The statement of a policy that it stands in; that has a Sid and a resource. */
enum aws_grant {
	AWS_GRANT_STREAMS,
	AWS_GRANT_STREAM_LISTS,
	AWS_GRANT_METRICS,
	AWS_GRANT_LOGS,
	AWS_GRANT_LOG_LISTS,
	AWS_GRANT_IAM,
	AWS_GRANT_ROLES_TO_ASSUME,
	AWS_GRANTS,
	AWS_GRANT_NONE = AWS_GRANTS, /* everybody may: STS's GetCallerIdentity */
};

struct aws_operation {
	const char *service;   /* as endpoint_resolve takes it */
	const char *operation; /* "DescribeStreamSummary" */
	const char *action;    /* "kinesis:DescribeStreamSummary" */
	enum aws_grant grant;
	unsigned wants; /* any of these */
};

/* The i-th row; NULL behind the last. */
const struct aws_operation *aws_operations_at(size_t i);
/* NULL: there is none such. */
const struct aws_operation *aws_operations_find(const char *service, const char *operation);

#endif
