/* SPDX-License-Identifier: Apache-2.0 */
/* iam_caller: who makes the request, and how the Principal element of a resource policy may name him (IAM user guide, "Principal"). Pure. */
#ifndef KDIAG_IAM_CALLER_H
#define KDIAG_IAM_CALLER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/iam_arena.h"

enum iam_caller_kind {
	IAM_USER,
	IAM_ROLE,           /* a role's ARN: any session of it */
	IAM_SESSION,        /* sts assumed-role/ROLE/SESSION */
	IAM_FEDERATED_USER, /* sts federated-user/NAME, of GetFederationToken */
	IAM_ROOT,           /* an account's root user */
	IAM_NAMED,          /* what has no account: a service, an identity provider, a canonical user */
};

/* A condition key that follows from the caller alone; value NULL: such a caller has no such key. */
struct iam_caller_key {
	const char *name, *value;
};

enum { IAM_CALLER_KEYS = 7 };

struct iam_caller {
	enum iam_caller_kind kind;
	const char *text;                /* as given */
	const char *partition, *account; /* "" when NAMED */
	const char *name;                /* of the user, the role without its path, the federated user; else "" */
	struct iam_caller_key keys[IAM_CALLER_KEYS];
};

/* Reads an ARN, a 12-digit account (its root user) or a name without account, into the arena. 0, or -1 with a sentence. */
int iam_caller_parse(struct iam_arena *arena, const char *text, struct iam_caller *caller, char **cause);

enum iam_principal_kind { IAM_ANYONE, IAM_ACCOUNT, IAM_AWS_ARN, IAM_OTHER };

/* One value of a Principal element. */
struct iam_principal {
	enum iam_principal_kind kind;
	const char *text;    /* the ARN, the service's or provider's name */
	const char *account; /* of an account or an ARN, else "" */
	const char *role;    /* the role's name without its path, when it is a role's ARN, else NULL */
	const char *user;    /* the user's name, when it is a user's ARN, else NULL */
};

/* type: "AWS", "Service", "Federated" or "CanonicalUser". 0, or -1 with a sentence. */
int iam_caller_parse_principal(
    struct iam_arena *arena, const char *type, const char *text, struct iam_principal *principal, char **cause);

/* How directly the caller is meant, which decides on what else must allow (IAM user guide, "Policy evaluation logic", resource-based policies). */
enum iam_level {
	IAM_LEVEL_NONE,
	IAM_LEVEL_ACCOUNT, /* his account: his identity policies must allow, too */
	IAM_LEVEL_ROLE,    /* the role behind the session (the user behind the federated one): the boundary limits it */
	IAM_LEVEL_DIRECT,  /* himself, or everyone: nothing limits it */
	IAM_LEVELS,
};

enum iam_level iam_caller_match(const struct iam_principal *principal, const struct iam_caller *caller);

/* What the caller alone says about a condition key, or NULL: nothing. */
const struct iam_caller_key *iam_caller_find_key(const struct iam_caller *caller, const char *name);

#endif
