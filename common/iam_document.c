/* SPDX-License-Identifier: Apache-2.0 */
/* iam_document: owns the grammar of policy documents (IAM user guide, "JSON policy element reference"); knows nothing of requests. */
#include "common/iam_document.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
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

/* The i-th of a value that is one or an array. */
static const json_t *
one_of(const json_t *value, size_t i)
{
	return json_is_array(value) ? json_array_get(value, i) : value;
}

static int
compile_patterns(
    struct reader *reader, const struct element_form *form, const json_t *value, struct iam_element *element)
{
	size_t count = json_is_array(value) ? json_array_size(value) : 1;
	struct iam_pattern *patterns = iam_arena_new(reader->arena, count + 1, sizeof *patterns);
	unsigned flags = reader->variables ? form->flags : form->flags & ~(unsigned)IAM_VARIABLES;
	const char *text;

	if (count == 0)
		return cause_set(reader->cause, "%s%s is empty", element->negated ? "Not" : "", form->name);
	for (size_t i = 0; i < count; i++) {
		if ((text = json_string_value(one_of(value, i))) == NULL)
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
    struct reader *reader, const struct element_form *form, const json_t *statement, struct iam_element *element)
{
	const json_t *is = json_object_get(statement, form->name), *is_not = json_object_get(statement, form->not_name);

	if (is != NULL && is_not != NULL)
		return cause_set(
		    reader->cause, "both %s and %s are there: only one may be", form->name, form->not_name);
	element->absent = is == NULL && is_not == NULL;
	element->negated = is_not != NULL;
	if (element->absent)
		return 0;
	return compile_patterns(reader, form, is != NULL ? is : is_not, element);
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
compile_actions_and_resources(struct reader *reader, const json_t *json, struct iam_statement *statement)
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
    struct reader *reader, const char *type, const json_t *value, struct iam_principal *principals, size_t *count)
{
	size_t values = json_is_array(value) ? json_array_size(value) : 1;
	const char *text;

	if (values == 0)
		return cause_set(reader->cause, "Principal: %s is empty", type);
	for (size_t i = 0; i < values; i++) {
		if ((text = json_string_value(one_of(value, i))) == NULL)
			return cause_set(
			    reader->cause, "Principal: %s is neither a string nor an array of strings", type);
		if (iam_caller_parse_principal(reader->arena, type, text, &principals[(*count)++], reader->cause) != 0)
			return -1;
	}
	return 0;
}

static int
compile_principal_object(struct reader *reader, const json_t *object, struct iam_statement *statement)
{
	static const char *const types[] = {"AWS", "Service", "Federated", "CanonicalUser"};
	struct iam_principal *principals;
	const json_t *value;
	size_t known = 0, room = 1;

	for (size_t i = 0; i < KD_COUNT(types); i++) {
		value = json_object_get(object, types[i]);
		known += value != NULL;
		room += json_is_array(value) ? json_array_size(value) : 1;
	}
	if (known == 0 || known != json_object_size(object))
		return cause_set(reader->cause,
		    "Principal takes AWS, Service, Federated and CanonicalUser, at least one, and nothing else");
	statement->principals = principals = iam_arena_new(reader->arena, room, sizeof *principals);
	for (size_t i = 0; i < KD_COUNT(types); i++)
		if ((value = json_object_get(object, types[i])) != NULL &&
		    compile_principals_of(reader, types[i], value, principals, &statement->principals_count) != 0)
			return -1;
	return 0;
}

static int
compile_principals(struct reader *reader, const json_t *json, struct iam_statement *statement)
{
	const json_t *is = json_object_get(json, "Principal"), *is_not = json_object_get(json, "NotPrincipal");
	const json_t *value = is != NULL ? is : is_not;
	struct iam_principal *anyone;

	if (reader->kind != IAM_RESOURCE_POLICY)
		return value == NULL ? 0 : cause_set(reader->cause, "Principal may only stand in a resource policy");
	if (value == NULL)
		return cause_set(reader->cause, "Principal (or NotPrincipal) is missing: a resource policy needs it");
	if (is != NULL && is_not != NULL)
		return cause_set(reader->cause, "both Principal and NotPrincipal are there: only one may be");
	statement->principals_negated = is_not != NULL;
	if (json_is_object(value))
		return compile_principal_object(reader, value, statement);
	if (!json_is_string(value) || strcmp(json_string_value(value), "*") != 0)
		return cause_set(reader->cause, "Principal is neither \"*\" nor an object");
	statement->principals = anyone = iam_arena_new(reader->arena, 1, sizeof *anyone);
	statement->principals_count = 1;
	return iam_caller_parse_principal(reader->arena, "AWS", "*", anyone, reader->cause);
}

/* ---- a statement ---- */

/* Every member must be one of these; a misspelt Condition would else make a statement wider than it was meant. */
static int
check_names(struct reader *reader, const json_t *object, const char *const *names, size_t count)
{
	const char *name, *closest;
	json_t *value;
	size_t i;

	json_object_foreach((json_t *)object, name, value)
	{
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
compile_effect(struct reader *reader, const json_t *json, struct iam_statement *statement)
{
	const json_t *effect = json_object_get(json, "Effect"), *sid = json_object_get(json, "Sid");
	const char *text = json_string_value(effect);

	if (effect == NULL)
		return cause_set(reader->cause, "Effect is missing: write Allow or Deny");
	statement->deny = text != NULL && strcmp(text, "Deny") == 0;
	if (text == NULL || (!statement->deny && strcmp(text, "Allow") != 0))
		return cause_set(reader->cause, "Effect is neither Allow nor Deny");
	if (sid == NULL)
		return 0;
	if (!json_is_string(sid))
		return cause_set(reader->cause, "Sid is not a string");
	statement->sid = iam_arena_copy(reader->arena, json_string_value(sid), json_string_length(sid));
	return 0;
}

static int
compile_statement(struct reader *reader, const json_t *json, struct iam_statement *statement)
{
	static const char *const names[] = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction",
	    "Resource", "NotResource", "Condition"};
	const json_t *condition = json_object_get(json, "Condition");

	if (!json_is_object(json))
		return cause_set(reader->cause, "it is not an object");
	if (check_names(reader, json, names, KD_COUNT(names)) != 0 || compile_effect(reader, json, statement) != 0 ||
	    compile_principals(reader, json, statement) != 0 ||
	    compile_actions_and_resources(reader, json, statement) != 0)
		return -1;
	if (condition == NULL)
		return 0;
	return iam_condition_compile(reader->arena, condition, reader->variables, &statement->conditions,
	    &statement->conditions_count, reader->cause);
}

/* ---- a document ---- */

static int
read_version(struct reader *reader, const json_t *json)
{
	const json_t *version = json_object_get(json, "Version");
	const char *text = json_string_value(version);

	if (version == NULL) /* then it is 2008-10-17 */
		return 0;
	reader->variables = text != NULL && strcmp(text, "2012-10-17") == 0;
	if (reader->variables || (text != NULL && strcmp(text, "2008-10-17") == 0))
		return 0;
	return cause_set(reader->cause, "Version is neither \"2012-10-17\" nor \"2008-10-17\"");
}

/* "Statement IDs (SID) in a single policy must be unique": IAM takes no other identity policy. */
static int
check_sids(struct reader *reader, const struct iam_document *document)
{
	json_t *seen;
	int result = 0;

	if (document->kind == IAM_RESOURCE_POLICY || document->count < 2)
		return 0;
	seen = json_object();
	for (size_t i = 0; result == 0 && i < document->count; i++) {
		const char *sid = document->statements[i].sid;

		if (sid == NULL || *sid == '\0')
			continue;
		if (json_object_get(seen, sid) != NULL)
			result = refuse_text(reader, "the Sid \"%s\" is there twice", sid);
		json_object_set_new(seen, sid, json_true());
	}
	json_decref(seen);
	return result;
}

static int
compile_statements(struct reader *reader, const json_t *value, struct iam_document *document)
{
	size_t count = json_is_array(value) ? json_array_size(value) : 1;
	struct iam_statement *statements = iam_arena_new(reader->arena, count + 1, sizeof *statements);
	char *why = NULL, **cause = reader->cause;
	int result = 0;

	if (value == NULL || count == 0)
		return cause_set(cause, "Statement is missing or empty");
	document->statements = statements;
	document->count = count;
	reader->cause = &why;
	for (size_t i = 0; result == 0 && i < count; i++)
		if ((result = compile_statement(reader, one_of(value, i), &statements[i])) != 0)
			cause_set(cause, "statement %zu: %s", i, why);
	reader->cause = cause;
	free(why);
	return result == 0 ? check_sids(reader, document) : -1;
}

/* What the document takes as text, about; stops once that is more than max. json_read bounds how deep this goes. */
static size_t
measure(const json_t *json, size_t max)
{
	size_t size = 1, i;
	const char *name;
	json_t *value;

	if (json_is_string(json))
		return 2 + json_string_length(json);
	json_array_foreach(json, i, value)
	{
		if (size > max)
			break;
		size += 1 + measure(value, max - size);
	}
	json_object_foreach((json_t *)json, name, value)
	{
		if (size > max)
			break;
		size += 3 + strlen(name) + measure(value, max - size);
	}
	return size;
}

static int
refuse_size(char **cause)
{
	return cause_set(cause, "it has more than %d KiB", IAM_DOCUMENT_MAX / 1024);
}

int
iam_document_compile(struct iam_arena *arena, const json_t *json, enum iam_document_kind kind,
    struct iam_document *document, char **cause)
{
	static const char *const names[] = {"Version", "Id", "Statement"};
	struct reader reader = {.arena = arena, .kind = kind, .cause = cause};
	const json_t *id = json_object_get(json, "Id");

	if (json_is_string(json))
		return iam_document_read(
		    arena, json_string_value(json), json_string_length(json), kind, document, cause);
	*document = (struct iam_document){.kind = kind, .arena = arena};
	if (!json_is_object(json))
		return cause_set(cause, "it is neither an object nor a string");
	if (measure(json, IAM_DOCUMENT_MAX) > IAM_DOCUMENT_MAX)
		return refuse_size(cause);
	if (check_names(&reader, json, names, KD_COUNT(names)) != 0 || read_version(&reader, json) != 0)
		return -1;
	if (id != NULL && !json_is_string(id))
		return cause_set(cause, "Id is not a string");
	return compile_statements(&reader, json_object_get(json, "Statement"), document);
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

int
iam_document_decode(const char *text, size_t len, struct str *plain, char **cause)
{
	size_t blank = 0;

	/* Each byte is three when it is encoded. */
	if (len > 3 * (size_t)IAM_DOCUMENT_MAX)
		return refuse_size(cause);
	while (blank < len && strchr(" \t\r\n", text[blank]) != NULL)
		blank++;
	if (blank < len && text[blank] == '{')
		str_add_len(plain, text, len);
	else if (decode(text, len, plain, cause) != 0)
		return -1;
	return plain->len > IAM_DOCUMENT_MAX ? refuse_size(cause) : 0;
}

int
iam_document_read(struct iam_arena *arena, const char *text, size_t len, enum iam_document_kind kind,
    struct iam_document *document, char **cause)
{
	struct str plain = {0};
	json_t *json = NULL;
	int result = -1;

	if (iam_document_decode(text, len, &plain, cause) != 0)
		goto out;
	if ((json = json_read(plain.s != NULL ? plain.s : "", plain.len, cause)) == NULL)
		goto out;
	if (json_is_string(json))
		cause_set(cause, "it is a string within a string");
	else
		result = iam_document_compile(arena, json, kind, document, cause);
out:
	json_decref(json);
	str_free(&plain);
	return result;
}
