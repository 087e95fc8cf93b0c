/* SPDX-License-Identifier: Apache-2.0 */
/* iam_caller: owns the forms of principals and which of them mean the same one; knows nothing of statements. */
#include "common/iam_caller.h"

#include <string.h>
#include <strings.h>

#include "common/iam_match.h"
#include "common/mem.h"

enum { ACCOUNT_DIGITS = 12, TEXT_MAX = 2048 }; /* IAM's own limit of an ARN */

static bool
is_account(const char *text)
{
	return strlen(text) == ACCOUNT_DIGITS && strspn(text, "0123456789") == ACCOUNT_DIGITS;
}

static bool
starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static const char *
behind_last_slash(const char *text)
{
	const char *slash = strrchr(text, '/');

	return slash != NULL ? slash + 1 : text;
}

/* The parts of an IAM or STS ARN, in the arena. */
struct arn {
	const char *partition, *service, *account, *resource;
};

static bool
split(struct iam_arena *arena, const char *text, struct arn *arn)
{
	const char *parts[IAM_ARN_SEGMENTS];
	struct iam_arn cut;

	iam_match_split_arn((struct iam_text){text, strlen(text)}, &cut);
	if (cut.count < IAM_ARN_SEGMENTS)
		return false;
	for (size_t i = 0; i < IAM_ARN_SEGMENTS; i++)
		parts[i] = iam_arena_copy(arena, cut.segments[i].s, cut.segments[i].len);
	*arn = (struct arn){parts[1], parts[2], parts[4], parts[5]};
	return *parts[1] != '\0' && *parts[3] == '\0' && is_account(parts[4]);
}

/* ---- keys ---- */

static bool
is_service(const struct iam_caller *caller)
{
	return caller->kind == IAM_NAMED && strstr(caller->text, ".amazonaws.com") != NULL;
}

static const char *
principal_arn(struct iam_arena *arena, const struct iam_caller *caller)
{
	const char *form[] = {"arn:", caller->partition, ":iam::", caller->account,
	    caller->kind == IAM_ROOT ? ":root" : ":role/", caller->name};
	char *arn, *end;
	size_t len = 0;

	if (caller->kind == IAM_NAMED)
		return NULL;
	if (caller->kind != IAM_SESSION && strncmp(caller->text, "arn:", 4) == 0)
		return caller->text;
	for (size_t i = 0; i < sizeof form / sizeof form[0]; i++)
		len += strlen(form[i]);
	arn = end = iam_arena_new(arena, len + 1, 1);
	for (size_t i = 0; i < sizeof form / sizeof form[0]; i++)
		end = stpcpy(end, form[i]);
	return arn;
}

/* IAM user guide, "AWS global condition context keys", properties of the principal. */
static void
derive_keys(struct iam_arena *arena, struct iam_caller *caller)
{
	static const char *const types[] = {[IAM_USER] = "User",
	    [IAM_ROLE] = "AssumedRole",
	    [IAM_SESSION] = "AssumedRole",
	    [IAM_FEDERATED_USER] = "FederatedUser",
	    [IAM_ROOT] = "Account",
	    [IAM_NAMED] = NULL};
	const char *account = caller->kind != IAM_NAMED ? caller->account : NULL;
	const struct iam_caller_key keys[IAM_CALLER_KEYS] = {
	    {"aws:PrincipalArn", principal_arn(arena, caller)},
	    {"aws:PrincipalAccount", account},
	    {"aws:PrincipalType", types[caller->kind]},
	    {"aws:username", caller->kind == IAM_USER ? caller->name : NULL},
	    {"aws:PrincipalIsAWSService", is_service(caller) ? "true" : "false"},
	    {"aws:PrincipalServiceName", is_service(caller) ? caller->text : NULL},
	    {caller->kind == IAM_ROOT ? "aws:userid" : "", account},
	};

	memcpy(caller->keys, keys, sizeof keys);
}

/* ---- the caller ---- */

static const struct {
	const char *service, *prefix;
	enum iam_caller_kind kind;
} kinds[] = {
    {"iam", "user/", IAM_USER},
    {"iam", "role/", IAM_ROLE},
    {"sts", "assumed-role/", IAM_SESSION},
    {"sts", "federated-user/", IAM_FEDERATED_USER},
    {"iam", "saml-provider/", IAM_NAMED},
    {"iam", "oidc-provider/", IAM_NAMED},
};

/* The name in what stands behind the prefix; NULL: it is not whole. */
static const char *
name_of(struct iam_arena *arena, enum iam_caller_kind kind, const char *rest)
{
	const char *slash = strchr(rest, '/'), *name = rest;

	if (kind == IAM_SESSION) {
		if (slash == NULL || slash == rest || slash[1] == '\0' || strchr(slash + 1, '/') != NULL)
			return NULL;
		return iam_arena_copy(arena, rest, (size_t)(slash - rest));
	}
	if (kind == IAM_USER || kind == IAM_ROLE)
		name = behind_last_slash(rest);
	return *name != '\0' ? name : NULL;
}

static int
parse_arn(struct iam_arena *arena, const char *text, struct iam_caller *caller, char **cause)
{
	struct arn arn;

	if (!split(arena, text, &arn))
		return cause_set(cause, "the principal is no ARN of IAM or STS with an account of 12 digits");
	caller->partition = arn.partition;
	caller->account = arn.account;
	if (strcmp(arn.service, "iam") == 0 && strcmp(arn.resource, "root") == 0) {
		caller->kind = IAM_ROOT;
		return 0;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(arn.service, kinds[i].service) != 0 || !starts(arn.resource, kinds[i].prefix))
			continue;
		caller->kind = kinds[i].kind;
		caller->name = name_of(arena, caller->kind, arn.resource + strlen(kinds[i].prefix));
		if (caller->kind == IAM_NAMED)
			caller->partition = caller->account = "";
		if (caller->name != NULL)
			return 0;
	}
	return cause_set(cause, "the principal is no user, role, session, federated user or root");
}

static int
parse(struct iam_arena *arena, const char *text, struct iam_caller *caller, char **cause)
{
	*caller = (struct iam_caller){.kind = IAM_NAMED, .partition = "", .account = "", .name = ""};
	if (*text == '\0' || strnlen(text, TEXT_MAX + 1) > TEXT_MAX)
		return cause_set(cause, "the principal is empty or longer than %d bytes", TEXT_MAX);
	if (strpbrk(text, "*? \t\n") != NULL)
		return cause_set(cause, "the principal is one caller: no wildcard and no blank may stand in it");
	caller->text = iam_arena_copy(arena, text, strlen(text));
	if (starts(text, "arn:"))
		return parse_arn(arena, caller->text, caller, cause);
	if (!is_account(text))
		return 0;
	caller->kind = IAM_ROOT;
	caller->account = caller->text;
	caller->partition = "aws";
	return 0;
}

int
iam_caller_parse(struct iam_arena *arena, const char *text, struct iam_caller *caller, char **cause)
{
	if (parse(arena, text, caller, cause) != 0)
		return -1;
	derive_keys(arena, caller);
	return 0;
}

/* ---- Principal ---- */

static int
parse_aws_arn(struct iam_arena *arena, const char *text, struct iam_principal *principal, char **cause)
{
	struct iam_caller named;

	if (strpbrk(text, "*?") != NULL)
		return cause_set(cause, "Principal: a wildcard may not stand for a part of an ARN");
	if (parse(arena, text, &named, NULL) != 0 || named.kind == IAM_NAMED)
		return cause_set(
		    cause, "Principal: AWS takes \"*\", an account, or the ARN of a user, role, session or root");
	*principal = (struct iam_principal){.kind = IAM_AWS_ARN, .text = named.text, .account = named.account};
	if (named.kind == IAM_ROOT)
		principal->kind = IAM_ACCOUNT;
	else if (named.kind == IAM_ROLE)
		principal->role = named.name;
	else if (named.kind == IAM_USER)
		principal->user = named.name;
	return 0;
}

/* What IAM leaves in a policy for a user or role that is gone: AIDA…, AROA…; it means nobody. */
static bool
is_unique_id(const char *text)
{
	size_t len = strnlen(text, 129);

	return len >= 16 && len <= 128 && *text == 'A' && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len;
}

int
iam_caller_parse_principal(
    struct iam_arena *arena, const char *type, const char *text, struct iam_principal *principal, char **cause)
{
	*principal = (struct iam_principal){.kind = IAM_OTHER, .text = "", .account = ""};
	if (strcmp(type, "AWS") == 0 && strcmp(text, "*") == 0) {
		principal->kind = IAM_ANYONE;
		return 0;
	}
	if (strcmp(type, "AWS") == 0 && !is_unique_id(text))
		return parse_aws_arn(arena, text, principal, cause);
	if (*text == '\0' || strpbrk(text, "*?") != NULL)
		return cause_set(cause, "Principal: %s is empty or has a wildcard", type);
	if (strcmp(type, "AWS") != 0)
		principal->text = iam_arena_copy(arena, text, strlen(text));
	return 0;
}

static enum iam_level
match_arn(const struct iam_principal *principal, const struct iam_caller *caller)
{
	if (strcmp(principal->text, caller->text) == 0)
		return caller->kind == IAM_ROLE ? IAM_LEVEL_ROLE : IAM_LEVEL_DIRECT;
	if (strcmp(principal->account, caller->account) != 0)
		return IAM_LEVEL_NONE;
	if (caller->kind == IAM_SESSION && principal->role != NULL && strcmp(principal->role, caller->name) == 0)
		return IAM_LEVEL_ROLE;
	if (caller->kind == IAM_FEDERATED_USER && principal->user != NULL && strcmp(principal->user, caller->name) == 0)
		return IAM_LEVEL_ROLE;
	return IAM_LEVEL_NONE;
}

enum iam_level
iam_caller_match(const struct iam_principal *principal, const struct iam_caller *caller)
{
	switch (principal->kind) {
	case IAM_ANYONE:
		return IAM_LEVEL_DIRECT;
	case IAM_ACCOUNT:
		if (caller->kind == IAM_NAMED || strcmp(principal->account, caller->account) != 0)
			return IAM_LEVEL_NONE;
		return caller->kind == IAM_ROOT ? IAM_LEVEL_DIRECT : IAM_LEVEL_ACCOUNT;
	case IAM_AWS_ARN:
		return caller->kind != IAM_NAMED ? match_arn(principal, caller) : IAM_LEVEL_NONE;
	default:
		return caller->kind == IAM_NAMED && strcmp(principal->text, caller->text) == 0 ? IAM_LEVEL_DIRECT
											       : IAM_LEVEL_NONE;
	}
}

/* ---- asking ---- */

const struct iam_caller_key *
iam_caller_find_key(const struct iam_caller *caller, const char *name)
{
	for (size_t i = 0; i < IAM_CALLER_KEYS; i++)
		if (strcasecmp(caller->keys[i].name, name) == 0)
			return &caller->keys[i];
	return NULL;
}
