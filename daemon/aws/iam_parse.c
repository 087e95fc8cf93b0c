/* SPDX-License-Identifier: Apache-2.0 */
/* iam_parse: owns a table of IAM's operations, a row each, and what their answers must hold; sends nothing. */
#include "daemon/aws/iam_parse.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <kdiag/probe.h>

#include "common/iam_document.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/aws/xml.h"

/* API reference, the members' constraints. A Marker has no documented end. */
enum { NAME_MAX_LEN = 128, ARN_MAX = 2048, MARKER_MAX = 64 * 1024, SHOWN_MAX = 80 };

struct row {
	const char *operation, *name_key, *detail_key;
	const char *list;               /* where the members of a list stand, below the result; NULL: it is none */
	const char *name, *arn, *extra; /* in a member; name "": the member's own text */
	const char *thing;              /* where what was asked for stands, below the result; "": the result itself */
	const char *echo;               /* in it: the member that says whose it is, as asked for; NULL: none */
	const char *detail_echo;
	const char *boundary, *version, *document; /* in it; NULL: not of this operation */
};

#define ATTACHED(who) \
	{ \
		.operation = "ListAttached" who "Policies", .name_key = who "Name", .list = "AttachedPolicies", \
		.name = "PolicyName", .arn = "PolicyArn" \
	}
#define INLINE(who) \
	{ \
		.operation = "List" who "Policies", .name_key = who "Name", .list = "PolicyNames", .name = "" \
	}
#define INLINE_TEXT(who) \
	{ \
		.operation = "Get" who "Policy", .name_key = who "Name", .detail_key = "PolicyName", .thing = "", \
		.echo = who "Name", .detail_echo = "PolicyName", .document = "PolicyDocument" \
	}
#define HOLDER(who) \
	{ \
		.operation = "Get" who, .name_key = who "Name", .thing = who, .echo = who "Name", \
		.boundary = "PermissionsBoundary/PermissionsBoundaryArn" \
	}

static const struct row rows[IAM_OPERATIONS] = {
    [IAM_OP_GET_ROLE] = HOLDER("Role"),
    [IAM_OP_GET_USER] = HOLDER("User"),
    [IAM_OP_GET_POLICY] = {.operation = "GetPolicy",
	.name_key = "PolicyArn",
	.thing = "Policy",
	.echo = "Arn",
	.version = "DefaultVersionId"},
    [IAM_OP_GET_POLICY_VERSION] = {.operation = "GetPolicyVersion",
	.name_key = "PolicyArn",
	.detail_key = "VersionId",
	.thing = "PolicyVersion",
	.detail_echo = "VersionId",
	.document = "Document"},
    [IAM_OP_GET_ROLE_POLICY] = INLINE_TEXT("Role"),
    [IAM_OP_GET_USER_POLICY] = INLINE_TEXT("User"),
    [IAM_OP_GET_GROUP_POLICY] = INLINE_TEXT("Group"),
    [IAM_OP_LIST_ATTACHED_ROLE_POLICIES] = ATTACHED("Role"),
    [IAM_OP_LIST_ATTACHED_USER_POLICIES] = ATTACHED("User"),
    [IAM_OP_LIST_ATTACHED_GROUP_POLICIES] = ATTACHED("Group"),
    [IAM_OP_LIST_ROLE_POLICIES] = INLINE("Role"),
    [IAM_OP_LIST_USER_POLICIES] = INLINE("User"),
    [IAM_OP_LIST_GROUP_POLICIES] = INLINE("Group"),
    [IAM_OP_LIST_GROUPS_FOR_USER] = {.operation = "ListGroupsForUser",
	.name_key = "UserName",
	.list = "Groups",
	.name = "GroupName"},
    [IAM_OP_SIMULATE_PRINCIPAL_POLICY] = {.operation = "SimulatePrincipalPolicy",
	.name_key = "PolicySourceArn",
	.detail_key = "ResourceArns.member.1",
	.list = "EvaluationResults",
	.name = "EvalActionName",
	.arn = "EvalResourceName",
	.extra = "EvalDecision"},
};

const char *
iam_parse_operation_name(enum iam_operation operation)
{
	return rows[operation].operation;
}

const char *
iam_parse_name_key(enum iam_operation operation)
{
	return rows[operation].name_key;
}

const char *
iam_parse_detail_key(enum iam_operation operation)
{
	return rows[operation].detail_key;
}

bool
iam_parse_is_list(enum iam_operation operation)
{
	return rows[operation].list != NULL;
}

static void
clear_item(struct iam_item *item)
{
	free(item->name);
	free(item->arn);
	free(item->extra);
}

void
iam_parse_clear(struct iam_result *result)
{
	for (size_t i = 0; i < result->count; i++)
		clear_item(&result->items[i]);
	free(result->items);
	free(result->boundary);
	free(result->version);
	free(result->document);
	free(result->marker);
	*result = (struct iam_result){0};
}

/* ---- texts ---- */

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=,.@_-"
#define ARN_CHARACTERS  NAME_CHARACTERS ":/*"

/* Not empty, not too long, and nothing in it but these: names stand in commands that people paste. characters NULL: anything but blanks and control bytes. */
static int
check_text(const char *key, const char *text, size_t max, const char *characters, char **cause)
{
	if (text == NULL || *text == '\0')
		return cause_set(cause, "%s is missing", key);
	if (strnlen(text, max + 1) > max)
		return cause_set(cause, "%s is longer than %zu bytes", key, max);
	if (characters != NULL && text[strspn(text, characters)] != '\0')
		return cause_set(cause, "%s has a character in it that none has", key);
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return cause_set(cause, "%s has a blank or a control byte in it", key);
	return 0;
}

static int
take_text(const struct xml_node *node, const char *path, size_t max, const char *characters, char **into, char **cause)
{
	const char *text = *path == '\0' ? node->text : xml_text(node, path);
	const char *key = *path == '\0' ? "a member" : path;

	if (check_text(key, text, max, characters, cause) != 0)
		return -1;
	free(*into);
	*into = mem_strdup(text);
	return 0;
}

/* IAM's names ignore case. */
static int
check_echo(const struct xml_node *thing, const char *key, const char *asked, char **cause)
{
	const char *told = key != NULL ? xml_text(thing, key) : NULL;
	char *shown;

	if (key == NULL)
		return 0;
	if (told == NULL)
		return cause_set(cause, "%s is missing", key);
	if (asked == NULL || strcasecmp(told, asked) == 0)
		return 0;
	shown = text_escape(told, strlen(told), SHOWN_MAX);
	cause_set(cause, "it is about %s \"%s\"", key, shown);
	free(shown);
	return -1;
}

static int
take_document(const struct xml_node *thing, const char *key, struct iam_result *result, char **cause)
{
	const char *text = xml_text(thing, key);
	struct str plain = {0};
	int rc = -1;

	if (text == NULL || *text == '\0')
		return cause_set(cause, "%s is missing", key);
	if (iam_document_decode(text, strlen(text), &plain, cause) != 0)
		goto out;
	if (memchr(plain.s, '\0', plain.len) != NULL || plain.s[strspn(plain.s, " \t\r\n")] != '{' ||
	    !text_is_utf8(plain.s, plain.len)) {
		cause_set(cause, "%s is no JSON object", key);
		goto out;
	}
	free(result->document);
	result->document = str_take(&plain);
	rc = 0;
out:
	str_free(&plain);
	return rc;
}

/* ---- one thing ---- */

static int
take_thing(const struct row *row, const char *name, const char *detail, const struct xml_node *found,
    struct iam_result *result, char **cause)
{
	const struct xml_node *thing = *row->thing == '\0' ? found : xml_find(found, row->thing);

	if (thing == NULL)
		return cause_set(cause, "%s is missing", row->thing);
	if (check_echo(thing, row->echo, name, cause) != 0 || check_echo(thing, row->detail_echo, detail, cause) != 0)
		return -1;
	if (row->boundary != NULL && xml_find(thing, row->boundary) != NULL &&
	    take_text(thing, row->boundary, ARN_MAX, ARN_CHARACTERS, &result->boundary, cause) != 0)
		return -1;
	if (row->version != NULL &&
	    take_text(thing, row->version, NAME_MAX_LEN, NAME_CHARACTERS, &result->version, cause) != 0)
		return -1;
	return row->document != NULL ? take_document(thing, row->document, result, cause) : 0;
}

/* ---- lists ---- */

static int
take_item(const struct row *row, const struct xml_node *member, struct iam_result *result, char **cause)
{
	struct iam_item item = {0};

	if (take_text(member, row->name, NAME_MAX_LEN, row->extra != NULL ? ARN_CHARACTERS : NAME_CHARACTERS,
		&item.name, cause) != 0 ||
	    (row->arn != NULL && take_text(member, row->arn, ARN_MAX, ARN_CHARACTERS, &item.arn, cause) != 0) ||
	    (row->extra != NULL &&
		take_text(member, row->extra, NAME_MAX_LEN, NAME_CHARACTERS, &item.extra, cause) != 0)) {
		clear_item(&item);
		return -1;
	}
	result->items = mem_resize(result->items, result->count + 1, sizeof(*result->items));
	result->items[result->count++] = item;
	return 0;
}

static int
take_marker(const struct xml_node *found, struct iam_result *result, char **cause)
{
	const char *truncated = xml_text(found, "IsTruncated");

	free(result->marker);
	result->marker = NULL;
	if (truncated == NULL || strcmp(truncated, "true") != 0)
		return 0;
	return take_text(found, "Marker", MARKER_MAX, NULL, &result->marker, cause);
}

static int
take_list(const struct row *row, const struct xml_node *found, struct iam_result *result, char **cause)
{
	const struct xml_node *list = xml_find(found, row->list);
	char *why = NULL;

	if (list == NULL)
		return cause_set(cause, "%s is missing", row->list);
	for (size_t i = 0; i < list->count; i++) {
		if (result->count >= IAM_ITEMS_MAX)
			return cause_set(cause, "%s has more than %d entries", row->list, IAM_ITEMS_MAX);
		if (take_item(row, &list->children[i], result, &why) == 0)
			continue;
		cause_set(cause, "%s[%zu]: %s", row->list, i, why);
		free(why);
		return -1;
	}
	return take_marker(found, result, cause);
}

int
iam_parse_answer(enum iam_operation operation, const char *name, const char *detail, const char *body, size_t len,
    struct iam_result *result, char **cause)
{
	const struct row *row = &rows[operation];
	struct xml_node *root = xml_read(body, len, cause);
	const struct xml_node *found;
	char *path;
	int rc;

	if (root == NULL)
		return -1;
	path = mem_printf("%sResult", row->operation);
	found = xml_find(root, path);
	if (found == NULL)
		rc = cause_set(cause, "it has no %s", path);
	else if (row->list != NULL)
		rc = take_list(row, found, result, cause);
	else
		rc = take_thing(row, name, detail, found, result, cause);
	free(path);
	xml_free(root);
	return rc;
}
