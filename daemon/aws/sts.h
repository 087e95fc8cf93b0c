/* SPDX-License-Identifier: Apache-2.0 */
/* sts: GetCallerIdentity and AssumeRole (Query protocol, XML answers read by expat with bounds). */
#ifndef KDIAG_AWS_STS_H
#define KDIAG_AWS_STS_H

#include "daemon/aws/client.h"

struct sts_identity {
	const char *account, *arn, *user_id;
};
typedef void (*sts_identity_cb)(const struct aws_error *error, const struct sts_identity *identity, void *arg);
struct sts_op;
struct sts_op *sts_get_caller_identity(struct aws_place *place, sts_identity_cb cb, void *arg);
/*
 * keys: borrowed, with their expiry. external_id may be NULL. duration 3,600 s (the least maximum that a role can have,
 * and the most when roles are chained).
 */
typedef void (*sts_keys_cb)(const struct aws_error *error, struct aws_keys *keys, void *arg);
struct sts_op *sts_assume_role(struct aws_place *place, const char *role_arn, const char *external_id,
    const char *session_name, sts_keys_cb cb, void *arg);
void sts_cancel(struct sts_op *op);

#endif
