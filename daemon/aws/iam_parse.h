/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iam_parse: IAM's answers, page by page. Pure. Names and required members as the API reference has them; what is wrong is named, unknown members are passed over,
 * and an answer about another role, user, group or policy than was asked for is refused.
 */
#ifndef KDIAG_AWS_IAM_PARSE_H
#define KDIAG_AWS_IAM_PARSE_H

#include <stdbool.h>
#include <stddef.h>

enum iam_operation {
	IAM_OP_GET_ROLE,
	IAM_OP_GET_USER,
	IAM_OP_GET_POLICY,
	IAM_OP_GET_POLICY_VERSION,
	IAM_OP_GET_ROLE_POLICY,
	IAM_OP_GET_USER_POLICY,
	IAM_OP_GET_GROUP_POLICY,
	IAM_OP_LIST_ATTACHED_ROLE_POLICIES,
	IAM_OP_LIST_ATTACHED_USER_POLICIES,
	IAM_OP_LIST_ATTACHED_GROUP_POLICIES,
	IAM_OP_LIST_ROLE_POLICIES,
	IAM_OP_LIST_USER_POLICIES,
	IAM_OP_LIST_GROUP_POLICIES,
	IAM_OP_LIST_GROUPS_FOR_USER,
	IAM_OP_SIMULATE_PRINCIPAL_POLICY,
	IAM_OPERATIONS,
};

enum {
	IAM_ITEMS_MAX = 1000, /* IAM's quotas, raised ones included, are far lower: 20 policies, 10 groups */
	IAM_PAGES_MAX = 100,
};

/* A row of a list: of policies name and arn (inline ones: name), of groups name, of a simulation the action, the resource, and the decision in `extra`. */
struct iam_item {
	char *name, *arn, *extra;
};

/* What all pages of an answer gave. */
struct iam_result {
	struct iam_item *items;
	size_t count;
	char *boundary; /* GetRole, GetUser: the ARN of the permissions boundary; NULL: there is none */
	char *version;  /* GetPolicy: the default one's id */
	char *document; /* decoded JSON text; GetPolicyVersion, GetRolePolicy and their like */
	char *marker;   /* of the next page; NULL: this was the last */
};

/* "GetRole"; and the name of the parameter for iam_ask's name and detail (NULL: takes none). */
const char *iam_parse_operation_name(enum iam_operation operation);
const char *iam_parse_name_key(enum iam_operation operation);
const char *iam_parse_detail_key(enum iam_operation operation);
bool iam_parse_is_list(enum iam_operation operation);

/* Adds a page to the result; name and detail: as asked for. 0; -1 with a sentence, then what the result holds is of no use. */
int iam_parse_answer(enum iam_operation operation, const char *name, const char *detail, const char *body, size_t len,
    struct iam_result *result, char **cause);
void iam_parse_clear(struct iam_result *result);

#endif
