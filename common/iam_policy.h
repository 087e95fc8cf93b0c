/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iam_policy: may this principal do this action on this resource, and which statement says so? Pure: no I/O, no clock.
 *
 * Order (IAM user guide, "Policy evaluation logic"): an explicit deny in any policy wins. Within an account, an allow of the identity policies and of the
 * boundary suffices, or one of the resource policy: if that names the user, the session or everyone, nothing else limits it; if it names the role (or the user
 * behind a federated session), the boundary does; if it names the account, it only leaves the answer to the identity policies. Across accounts the resource policy,
 * the identity policies and the boundary must all allow. The root user of an account may do in it what is not denied. A key policy of KMS and a role's
 * trust policy must themselves allow, also within the account; none can be without one, so where it is not given it is taken to leave the answer to the account.
 *
 * What cannot be seen from here is not judged: session policies, the organization's SCPs and RCPs, VPC endpoint policies. Any of them can only take away.
 */
#ifndef KDIAG_IAM_POLICY_H
#define KDIAG_IAM_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/iam_caller.h"
#include "common/iam_context.h"
#include "common/iam_document.h"

enum iam_decision {
	IAM_ALLOWED,
	IAM_EXPLICITLY_DENIED,
	IAM_IMPLICITLY_DENIED,
	IAM_CONDITIONAL, /* on a key that nobody told */
	IAM_OVER_BUDGET, /* the policies take more steps than one evaluation may have: no answer */
};

enum iam_layer { IAM_LAYER_IDENTITY, IAM_LAYER_BOUNDARY, IAM_LAYER_RESOURCE, IAM_LAYERS };

/* Everything is borrowed. Strings are checked by iam_policy_check. */
struct iam_request {
	const struct iam_document *identity; /* a user's own and those of its groups, or a role's */
	size_t identity_count;
	const struct iam_document *boundary, *resource_policy; /* NULL: there is none */
	const struct iam_caller *caller;
	const char *action;           /* "kinesis:PutRecord" */
	const char *resource;         /* an ARN or "*" */
	const char *resource_account; /* NULL: the one in the ARN, else the principal's */
	const struct iam_context *context;
};

struct iam_answer {
	enum iam_decision decision;
	/* The statement that decided; no layer (IAM_LAYERS) when an allow is missing, or the root user needs none. */
	enum iam_layer layer;
	size_t policy, statement; /* from 0 */
	const char *sid;          /* or NULL; the document's */
	const char *key;          /* CONDITIONAL: on which; the document's */
	enum iam_layer lacking;   /* IMPLICITLY_DENIED: the layer whose allow is missing */
	bool cross_account;
};

/* Is this a request? 0, or -1 with a sentence that names the wrong part. */
int iam_policy_check(const struct iam_request *request, char **cause);
/*
 * Answers a request that iam_policy_check took. kinesis actions that take only `*` are asked on `*`, whatever the resource (Service authorization reference);
 * those that take only a consumer, asked on a stream, on a consumer of it that no pattern names.
 */
struct iam_answer iam_policy_evaluate(const struct iam_request *request);

/* "Allowed", "ExplicitlyDenied", … */
const char *iam_policy_decision_name(enum iam_decision decision);
/* Where the deciding statement stands: "identityPolicies[0]", "boundary", "resourcePolicy"; the caller's, NULL when there is none. */
char *iam_policy_place(const struct iam_answer *answer);
/* The reason in a sentence; the caller's. */
char *iam_policy_explain(const struct iam_request *request, const struct iam_answer *answer);

#endif
