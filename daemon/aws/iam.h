/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iam: the IAM calls that kdiag makes (Query protocol 2010-05-08, XML answers), all pages of each; IAM is one for a partition, and so is signed for one region of it. What an
 * answer means is iam_parse.c's affair.
 */
#ifndef KDIAG_AWS_IAM_H
#define KDIAG_AWS_IAM_H

#include "daemon/aws/client.h"
#include "daemon/aws/iam_parse.h"

struct iam_ask {
	enum iam_operation operation;
	const char *name;   /* of the role, the user, the group; the ARN of the policy, or of who is simulated */
	const char *detail; /* the inline policy's name, the version's id, the resource that is simulated; or NULL */
	const char *const *actions; /* SimulatePrincipalPolicy */
	size_t actions_count;
	bool urgent;
	int64_t deadline_ms; /* as in aws_request */
};

/* error->fault AWS_OK: the result is there, for the callback only; else it is NULL. AWS_NOT_FOUND: IAM knows no such thing (NoSuchEntity). */
typedef void (*iam_cb)(const struct aws_error *error, const struct iam_result *result, void *arg);

struct iam_op;
/* What the ask points to is copied. Never calls back from within. */
struct iam_op *iam_start(struct aws_place *place, const struct iam_ask *ask, iam_cb cb, void *arg);
/* No callback will come. Not after the callback. */
void iam_cancel(struct iam_op *op);

#endif
