/* SPDX-License-Identifier: Apache-2.0 */
/* iam_document: owns the grammar of policy documents (IAM user guide, "JSON policy element reference"); knows nothing of requests. */
#include "common/iam_document.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/json_view.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"

enum { SHOWN_MAX = 80 };

/* What the elements of a statement are read into and with. */
struct reader {
	struct iam_arena *arena;
	enum iam_document_kind kind;
	bool variables;
	char **cause;
};

/* A sentence about a text out of the document. */
static int
refuse_text(struct reader *reader, const char *fmt, const char *text)
{
	char *shown = text_escape(text, strlen(text), SHOWN_MAX);

	cause_set(reader->cause, fmt, shown);
	free(shown);
	return -1;
}

/* ---- Action, Resource ---- */

static bool
is_all_stars(const char *text)
{
	return *text == '*' && text[strspn(text, "*")] == '\0';
}

static bool
is_action(const char *text)
{
	const char *colon = strchr(text, ':');
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.*?:");

	return is_all_stars(text) || (colon != NULL && colon != text && colon[1] != '\0' && text[len] == '\0');
}

static bool
is_resource(const char *text)
{
	return is_all_stars(text) || strncmp(text, "arn:", 4) == 0;
}

struct element_form {
	const char *name, *not_name;
	unsigned flags;
	bool (*check)(const char *text);
	const char *refusal, *missing; /* missing: what IAM itself says in other words */
};

static const struct element_form action_form = {"Action", "NotAction", IAM_WILD | IAM_LOWER, is_action,
    "\"%s\" is no action: write SERVICE:ACTION or \"*\"", "Action (or NotAction) is missing"};
static const struct element_form resource_form = {"Resource", "NotResource", IAM_WILD | IAM_VARIABLES | IAM_ARN_TAIL,
    is_resource, "\"%s\" is no resource: write an ARN or \"*\"", "Resource (or NotResource) is missing"};

static int
compile_patterns(
    struct reader *reader, const struct element_form *form, struct json_view value, struct iam_element *element)
{
	size_t count;
	struct json_view one = json_view_one_or_many(value, &count);
	struct iam_pattern *patterns = iam_arena_new(reader->arena, count + 1, sizeof *patterns);
	unsigned flags = reader->variables ? form->flags : form->flags & ~(unsigned)IAM_VARIABLES;
	const char *text;

	if (count == 0)
		return cause_set(reader->cause, "%s%s is empty", element->negated ? "Not" : "", form->name);
	for (size_t i = 0; i < count; i++, one = json_view_next(one)) {
		if ((text = json_view_string(one, NULL)) == NULL)
			return cause_set(reader->cause, "%s%s is neither a string nor an array of strings",
			    element->negated ? "Not" : "", form->name);
		if (!form->check(text))
			return refuse_text(reader, form->refusal, text);
		if (iam_pattern_compile(reader->arena, text, flags, &patterns[i], reader->cause) != 0)
			return -1;
	}
	element->patterns = patterns;
	element->count = count;
	return 0;
}

static int
compile_element(
    struct reader *reader, const struct element_form *form, struct json_view statement, struct iam_element *element)
{
	struct json_view is = json_view_member(statement, form->name);
	struct json_view is_not = json_view_member(statement, form->not_name);

	if (json_view_exists(is) && json_view_exists(is_not))
		return cause_set(
		    reader->cause, "both %s and %s are there: only one may be", form->name, form->not_name);
	element->negated = json_view_exists(is_not);
	element->absent = !json_view_exists(is) && !element->negated;
	if (element->absent)
		return 0;
	return compile_patterns(reader, form, element->negated ? is_not : is, element);
}

/* Only the trust policy of a role, whose actions are sts:…, goes without Resource. */
static bool
is_trust(const struct iam_element *actions)
{
	for (size_t i = 0; i < actions->count; i++)
		if (actions->patterns[i].len < 4 || memcmp(actions->patterns[i].text, "sts:", 4) != 0)
			return false;
	return true;
}

static int
compile_actions_and_resources(struct reader *reader, struct json_view json, struct iam_statement *statement)
{
	if (compile_element(reader, &action_form, json, &statement->actions) != 0 ||
	    compile_element(reader, &resource_form, json, &statement->resources) != 0)
		return -1;
	if (statement->actions.absent)
		return cause_set(reader->cause, "%s", action_form.missing);
	if (!statement->resources.absent || (reader->kind == IAM_RESOURCE_POLICY && is_trust(&statement->actions)))
		return 0;
	return cause_set(reader->cause, "%s", resource_form.missing);
}

/* ---- Principal ---- */

static int
compile_principals_of(
    struct reader *reader, const char *type, struct json_view value, struct iam_principal *principals, size_t *count)
{
	size_t values;
	struct json_view one = json_view_one_or_many(value, &values);
	const char *text;

	if (values == 0)
		return cause_set(reader->cause, "Principal: %s is empty", type);
	for (size_t i = 0; i < values; i++, one = json_view_next(one)) {
		if ((text = json_view_string(one, NULL)) == NULL)
			return cause_set(
			    reader->cause, "Principal: %s is neither a string nor an array of strings", type);
		if (iam_caller_parse_principal(reader->arena, type, text, &principals[(*count)++], reader->cause) != 0)
			return -1;
	}
	return 0;
}

static int
compile_principal_object(struct reader *reader, struct json_view object, struct iam_statement *statement)
{
	static const char *const types[] = {"AWS", "Service", "Federated", "CanonicalUser"};
	struct iam_principal *principals;
	struct json_view values[KD_COUNT(types)];
	size_t known = 0, room = 1, count;

	for (size_t i = 0; i < KD_COUNT(types); i++) {
		values[i] = json_view_member(object, types[i]);
		known += json_view_exists(values[i]);
		(void)json_view_one_or_many(values[i], &count);
		room += count;
	}
	if (known == 0 || known != json_view_count(object))
		return cause_set(reader->cause,
		    "Principal takes AWS, Service, Federated and CanonicalUser, at least one, and nothing else");
	statement->principals = principals = iam_arena_new(reader->arena, room, sizeof *principals);
	for (size_t i = 0; i < KD_COUNT(types); i++)
		if (json_view_exists(values[i]) &&
		    compile_principals_of(reader, types[i], values[i], principals, &statement->principals_count) != 0)
			return -1;
	return 0;
}

static int
compile_principals(struct reader *reader, struct json_view json, struct iam_statement *statement)
{
	struct json_view is = json_view_member(json, "Principal"), is_not = json_view_member(json, "NotPrincipal");
	struct json_view value = json_view_exists(is) ? is : is_not;
	struct iam_principal *anyone;
	const char *text = json_view_string(value, NULL);

	if (reader->kind != IAM_RESOURCE_POLICY && json_view_exists(value))
		return cause_set(reader->cause, "Principal may only stand in a resource policy");
	if (reader->kind != IAM_RESOURCE_POLICY)
		return 0;
	if (!json_view_exists(value))
		return cause_set(reader->cause, "Principal (or NotPrincipal) is missing: a resource policy needs it");
	if (json_view_exists(is) && json_view_exists(is_not))
		return cause_set(reader->cause, "both Principal and NotPrincipal are there: only one may be");
	statement->principals_negated = json_view_exists(is_not);
	if (json_view_is(value, JSON_OBJECT))
		return compile_principal_object(reader, value, statement);
	if (text == NULL || strcmp(text, "*") != 0)
		return cause_set(reader->cause, "Principal is neither \"*\" nor an object");
	statement->principals = anyone = iam_arena_new(reader->arena, 1, sizeof *anyone);
	statement->principals_count = 1;
	return iam_caller_parse_principal(reader->arena, "AWS", "*", anyone, reader->cause);
}

/* ---- a statement ---- */

/* Every member must be one of these; a misspelt Condition would else make a statement wider than it was meant. */
static int
check_names(struct reader *reader, struct json_view object, const char *const *names, size_t count)
{
	const char *name, *closest;
	struct json_view key;
	size_t at, i;

	JSON_VIEW_EACH (object, at, key) {
		name = json_view_string(key, NULL);
		for (i = 0; i < count && strcmp(name, names[i]) != 0; i++)
			;
		if (i < count)
			continue;
		closest = text_closest(name, names, count);
		refuse_text(reader, "there is no element \"%s\"", name);
		if (closest != NULL && reader->cause != NULL) {
			char *known = mem_strdup(*reader->cause);

			cause_set(reader->cause, "%s (did you mean %s?)", known, closest);
			free(known);
		}
		return -1;
	}
	return 0;
}

static int
compile_effect(struct reader *reader, struct json_view json, struct iam_statement *statement)
{
	struct json_view effect = json_view_member(json, "Effect"), sid = json_view_member(json, "Sid");
	const char *text = json_view_string(effect, NULL);
	size_t len;

	if (!json_view_exists(effect))
		return cause_set(reader->cause, "Effect is missing: write Allow or Deny");
	statement->deny = text != NULL && strcmp(text, "Deny") == 0;
	if (text == NULL || (!statement->deny && strcmp(text, "Allow") != 0))
		return cause_set(reader->cause, "Effect is neither Allow nor Deny");
	if (!json_view_exists(sid))
		return 0;
	if ((text = json_view_string(sid, &len)) == NULL)
		return cause_set(reader->cause, "Sid is not a string");
	statement->sid = iam_arena_copy(reader->arena, text, len);
	return 0;
}

static int
compile_statement(struct reader *reader, struct json_view json, struct iam_statement *statement)
{
	static const char *const names[] = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction",
	    "Resource", "NotResource", "Condition"};
	struct json_view condition = json_view_member(json, "Condition");

	if (!json_view_is(json, JSON_OBJECT))
		return cause_set(reader->cause, "it is not an object");
	if (check_names(reader, json, names, KD_COUNT(names)) != 0 || compile_effect(reader, json, statement) != 0 ||
	    compile_principals(reader, json, statement) != 0 ||
	    compile_actions_and_resources(reader, json, statement) != 0)
		return -1;
	if (!json_view_exists(condition))
		return 0;
	return iam_condition_compile(reader->arena, condition, reader->variables, &statement->conditions,
	    &statement->conditions_count, reader->cause);
}

/* ---- a document ---- */

static int
read_version(struct reader *reader, struct json_view json)
{
	struct json_view version = json_view_member(json, "Version");
	const char *text = json_view_string(version, NULL);

	if (!json_view_exists(version)) /* then it is 2008-10-17 */
		return 0;
	reader->variables = text != NULL && strcmp(text, "2012-10-17") == 0;
	if (reader->variables || (text != NULL && strcmp(text, "2008-10-17") == 0))
		return 0;
	return cause_set(reader->cause, "Version is neither \"2012-10-17\" nor \"2008-10-17\"");
}

static int
compare_sids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "Statement IDs (SID) in a single policy must be unique": IAM takes no other identity policy. */
static int
check_sids(struct reader *reader, const struct iam_document *document)
{
	const char **sids = iam_arena_new(reader->arena, document->count, sizeof *sids);
	size_t count = 0;

	if (document->kind == IAM_RESOURCE_POLICY)
		return 0;
	for (size_t i = 0; i < document->count; i++)
		if (document->statements[i].sid != NULL && *document->statements[i].sid != '\0')
			sids[count++] = document->statements[i].sid;
	qsort(sids, count, sizeof *sids, compare_sids);
	for (size_t i = 1; i < count; i++)
		if (strcmp(sids[i - 1], sids[i]) == 0)
			return refuse_text(reader, "the Sid \"%s\" is there twice", sids[i]);
	return 0;
}

static int
compile_statements(struct reader *reader, struct json_view value, struct iam_document *document)
{
	size_t count;
	struct json_view one = json_view_one_or_many(value, &count);
	struct iam_statement *statements = iam_arena_new(reader->arena, count + 1, sizeof *statements);
	char *why = NULL, **cause = reader->cause;
	int result = 0;

	if (!json_view_exists(value) || count == 0)
		return cause_set(cause, "Statement is missing or empty");
	document->statements = statements;
	document->count = count;
	reader->cause = &why;
	for (size_t i = 0; result == 0 && i < count; i++, one = json_view_next(one))
		if ((result = compile_statement(reader, one, &statements[i])) != 0)
			cause_set(cause, "statement %zu: %s", i, why);
	reader->cause = cause;
	free(why);
	return result == 0 ? check_sids(reader, document) : -1;
}

/* What a value takes as text, about. Who read the document has bounded how deep this goes. */
static size_t
measure(struct json_view value)
{
	bool object = json_view_is(value, JSON_OBJECT);
	size_t size = 1, i;
	struct json_view one;

	if (json_view_string(value, &size) != NULL)
		return size + 2;
	JSON_VIEW_EACH (value, i, one) {
		size += 1 + measure(one);
		if (object)
			size += measure(json_view_value(one));
	}
	return size;
}

static int
refuse_size(char **cause)
{
	return cause_set(cause, "it has more than %d KiB", IAM_DOCUMENT_MAX / 1024);
}

static int
compile_object(struct iam_arena *arena, struct json_view json, enum iam_document_kind kind,
    struct iam_document *document, char **cause)
{
	static const char *const names[] = {"Version", "Id", "Statement"};
	struct reader reader = {.arena = arena, .kind = kind, .cause = cause};
	struct json_view id = json_view_member(json, "Id");

	*document = (struct iam_document){.kind = kind, .arena = arena};
	if (!json_view_is(json, JSON_OBJECT))
		return cause_set(cause, "it is neither an object nor a string");
	if (check_names(&reader, json, names, KD_COUNT(names)) != 0 || read_version(&reader, json) != 0)
		return -1;
	if (json_view_exists(id) && !json_view_is(id, JSON_STRING))
		return cause_set(cause, "Id is not a string");
	return compile_statements(&reader, json_view_member(json, "Statement"), document);
}

int
iam_document_compile(struct iam_arena *arena, struct json_view json, enum iam_document_kind kind,
    struct iam_document *document, char **cause)
{
	size_t len;
	const char *text = json_view_string(json, &len);

	if (text != NULL)
		return iam_document_read(arena, text, len, kind, document, cause);
	return measure(json) <= IAM_DOCUMENT_MAX ? compile_object(arena, json, kind, document, cause)
						 : refuse_size(cause);
}

/* ---- text ---- */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
decode(const char *text, size_t len, struct str *out, char **cause)
{
	for (size_t i = 0; i < len; i++) {
		int high = i + 2 < len ? hex(text[i + 1]) : -1, low = high >= 0 ? hex(text[i + 2]) : -1;

		if (text[i] == '%' && low < 0)
			return cause_set(cause, "it is neither JSON nor percent-encoded JSON");
		str_add_char(out, text[i] == '%' ? (char)(high << 4 | low) : text[i]);
		i += text[i] == '%' ? 2 : 0;
	}
	return 0;
}

static bool
is_raw(const char *text, size_t len)
{
	size_t blank = 0;

	while (blank < len && strchr(" \t\r\n", text[blank]) != NULL)
		blank++;
	return blank < len && text[blank] == '{';
}

int
iam_document_decode(const char *text, size_t len, struct str *plain, char **cause)
{
	/* Each byte is three when it is encoded. */
	if (len > 3 * (size_t)IAM_DOCUMENT_MAX)
		return refuse_size(cause);
	if (is_raw(text, len))
		str_add_len(plain, text, len);
	else if (decode(text, len, plain, cause) != 0)
		return -1;
	return plain->len > IAM_DOCUMENT_MAX ? refuse_size(cause) : 0;
}

static int
read_raw(struct iam_arena *arena, const char *text, size_t len, enum iam_document_kind kind,
    struct iam_document *document, char **cause)
{
	struct json_doc json = {0};
	int result = -1;

	if (len > IAM_DOCUMENT_MAX)
		return refuse_size(cause);
	if (json_read_any_doc(&json, text, len, false, cause) != 0)
		; /* the sentence is there */
	else if (json_view_is(json_doc_root(&json), JSON_STRING))
		cause_set(cause, "it is a string within a string");
	else
		result = compile_object(arena, json_doc_root(&json), kind, document, cause);
	json_doc_clear(&json);
	return result;
}

int
iam_document_read(struct iam_arena *arena, const char *text, size_t len, enum iam_document_kind kind,
    struct iam_document *document, char **cause)
{
	struct str plain = {0};
	int result;

	if (is_raw(text, len))
		return read_raw(arena, text, len, kind, document, cause);
	result = iam_document_decode(text, len, &plain, cause);
	if (result == 0)
		result = read_raw(arena, plain.s != NULL ? plain.s : "", plain.len, kind, document, cause);
	str_free(&plain);
	return result;
}
