/* SPDX-License-Identifier: Apache-2.0 */
/* iam_eval: owns the form of a line that asks and of a line that answers; leaves the judging to iam_policy. */
#include "common/iam_eval.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/iam_cache.h"
#include "common/iam_policy.h"
#include "common/iam_slice.h"
#include "common/json.h"
#include "common/json_view.h"
#include "common/mem.h"
#include "common/text.h"

enum { SHOWN_MAX = 300, NAME_SHOWN_MAX = 64 };

struct iam_eval {
	struct iam_arena arena;
	struct iam_cache *cache;
	struct iam_slices slices;
	struct json_doc doc; /* the line's, or what is left of it */
};

struct iam_eval *
iam_eval_new(void)
{
	struct iam_eval *eval = mem_new(1, sizeof *eval);

	eval->cache = iam_cache_new();
	return eval;
}

void
iam_eval_free(struct iam_eval *eval)
{
	if (eval == NULL)
		return;
	iam_arena_free(&eval->arena);
	iam_cache_free(eval->cache);
	str_free(&eval->slices.rest);
	json_doc_clear(&eval->doc);
	free(eval);
}

/* ---- reading ---- */

/* A request with what it points to. */
struct line {
	struct iam_request request;
	struct iam_document boundary, resource_policy;
	struct iam_caller caller;
	struct iam_context context;
};

static const char *const names[] = {"identityPolicies", "boundary", "resourcePolicy", "principal", "action", "resource",
    "resourceAccount", "context", "contextComplete"};

/* Kinds of policies that exist at AWS but are not judged here: passing over them would give a wrong answer. */
static const char *const refused[] = {"sessionPolicy", "sessionPolicies", "serviceControlPolicies", "scps",
    "resourceControlPolicies", "rcps", "endpointPolicy"};

static bool
is_among(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, list[i]) == 0)
			return true;
	return false;
}

/* A member that looks like a slip is refused; others are the caller's own notes (a name, an id). */
static int
check_names(struct json_view object, char **cause)
{
	const char *name, *closest;
	struct json_view key;
	size_t i;

	JSON_VIEW_EACH (object, i, key) {
		name = json_view_string(key, NULL);
		if (is_among(name, names, KD_COUNT(names)))
			continue;
		if (is_among(name, refused, KD_COUNT(refused)))
			return cause_set(cause, "%s cannot be judged here", name);
		if ((closest = text_closest(name, names, KD_COUNT(names))) == NULL)
			continue;
		char *shown = text_escape(name, strlen(name), NAME_SHOWN_MAX);
		cause_set(cause, "there is no member \"%s\" (did you mean %s?)", shown, closest);
		free(shown);
		return -1;
	}
	return 0;
}

/* slice: where it stands in the line, when that was cut: then json is only a mark. */
static int
read_document(struct iam_eval *eval, struct json_view json, const struct iam_slice *slice, const char *name,
    size_t index, enum iam_document_kind kind, struct iam_document *document, char **cause)
{
	const struct iam_document *met;
	char *why = NULL;

	if (slice != NULL && slice->s != NULL) {
		if ((met = iam_cache_get(eval->cache, slice->s, slice->len, kind)) == NULL)
			return cause_set(cause, "%s: no document", name);
		*document = *met;
		return 0;
	}
	if (iam_document_compile(&eval->arena, json, kind, document, &why) == 0)
		return 0;
	if (kind == IAM_IDENTITY_POLICY)
		cause_set(cause, "%s[%zu]: %s", name, index, why);
	else
		cause_set(cause, "%s: %s", name, why);
	free(why);
	return -1;
}

static int
read_identity(struct iam_eval *eval, struct json_view object, const struct iam_slices *slices,
    struct iam_request *request, char **cause)
{
	struct json_view array = {0}, one;
	struct iam_document *documents;
	size_t count, i;

	if (json_view_get_array(object, "identityPolicies", &array, cause) < 0)
		return -1;
	if ((count = json_view_count(array)) > IAM_EVAL_POLICIES_MAX)
		return cause_set(cause, "identityPolicies has more than %d policies", IAM_EVAL_POLICIES_MAX);
	request->identity = documents = iam_arena_new(&eval->arena, count + 1, sizeof *documents);
	request->identity_count = count;
	if (slices != NULL && slices->identity_count != count)
		return cause_set(cause, "identityPolicies is written in a way that is not cut");
	JSON_VIEW_EACH (array, i, one)
		if (read_document(eval, one, slices != NULL ? &slices->identity[i] : NULL, "identityPolicies", i,
			IAM_IDENTITY_POLICY, &documents[i], cause) != 0)
			return -1;
	return 0;
}

/* A document that may be absent or null. */
static int
read_optional(struct iam_eval *eval, struct json_view object, const struct iam_slice *slice, const char *name,
    enum iam_document_kind kind, struct iam_document *document, const struct iam_document **place, char **cause)
{
	struct json_view json = json_view_member(object, name);

	if (!json_view_exists(json) || json_view_is(json, JSON_NULL))
		return 0;
	*place = document;
	return read_document(eval, json, slice, name, 0, kind, document, cause);
}

static int
read_string(struct json_view object, const char *name, bool wanted, const char **value, char **cause)
{
	int got = json_view_get_string(object, name, value, cause);

	if (got == 0 && wanted)
		return cause_set(cause, "%s is missing", name);
	return got < 0 ? -1 : 0;
}

static int
read_context(struct iam_eval *eval, struct json_view object, struct iam_context *context, char **cause)
{
	struct json_view keys = {0};

	context->complete = true;
	if (json_view_get_boolean(object, "contextComplete", &context->complete, cause) < 0 ||
	    json_view_get_object(object, "context", &keys, cause) < 0)
		return -1;
	return json_view_exists(keys) ? iam_context_read(&eval->arena, keys, context, cause) : 0;
}

static int
read_request(
    struct iam_eval *eval, struct json_view object, const struct iam_slices *slices, struct line *line, char **cause)
{
	struct iam_request *request = &line->request;
	const char *principal = NULL;

	if (!json_view_is(object, JSON_OBJECT))
		return cause_set(cause, "the line is not an object");
	if (check_names(object, cause) != 0 || read_string(object, "principal", true, &principal, cause) != 0 ||
	    read_string(object, "action", true, &request->action, cause) != 0 ||
	    read_string(object, "resource", true, &request->resource, cause) != 0 ||
	    read_string(object, "resourceAccount", false, &request->resource_account, cause) != 0 ||
	    iam_caller_parse(&eval->arena, principal, &line->caller, cause) != 0)
		return -1;
	request->caller = &line->caller;
	request->context = &line->context;
	if (iam_policy_check(request, cause) != 0 || read_context(eval, object, &line->context, cause) != 0 ||
	    read_identity(eval, object, slices, request, cause) != 0)
		return -1;
	if (read_optional(eval, object, slices != NULL ? &slices->boundary : NULL, "boundary", IAM_BOUNDARY,
		&line->boundary, &request->boundary, cause) != 0)
		return -1;
	return read_optional(eval, object, slices != NULL ? &slices->resource_policy : NULL, "resourcePolicy",
	    IAM_RESOURCE_POLICY, &line->resource_policy, &request->resource_policy, cause);
}

/* ---- writing ---- */

static json_t *
text_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static json_t *
write_by(const struct iam_answer *answer)
{
	char *place = iam_policy_place(answer);
	json_t *by = json_null();

	if (place != NULL)
		by = json_pack("{s:s, s:I, s:o}", "policy", place, "statement", (json_int_t)answer->statement, "sid",
		    text_or_null(answer->sid));
	free(place);
	return by;
}

static void
write_json(const char *decision, json_t *by_taken, const char *key, const char *why, struct str *out)
{
	json_t *object = json_pack(
	    "{s:s, s:o, s:o, s:s}", "decision", decision, "by", by_taken, "key", text_or_null(key), "why", why);
	char *line = json_line(object);

	str_add(out, line);
	free(line);
	json_decref(object);
}

static void
write_error(const char *why, bool as_json, struct str *out)
{
	char *shown = text_escape(why, strlen(why), SHOWN_MAX);

	if (as_json)
		write_json("Error", json_null(), NULL, shown, out);
	else
		str_printf(out, "Error: %s", shown);
	free(shown);
}

static void
write_answer(const struct iam_request *request, const struct iam_answer *answer, bool as_json, struct str *out)
{
	const char *decision = iam_policy_decision_name(answer->decision);
	char *text;

	if (!as_json && answer->decision != IAM_CONDITIONAL && answer->decision != IAM_OVER_BUDGET) {
		str_add(out, decision);
		return;
	}
	if (!as_json && answer->decision == IAM_CONDITIONAL) {
		text = text_escape(answer->key, strlen(answer->key), SHOWN_MAX);
		str_printf(out, "%s: %s", decision, text);
		free(text);
		return;
	}
	text = iam_policy_explain(request, answer);
	if (as_json)
		write_json(decision, write_by(answer), answer->key, text, out);
	else
		str_printf(out, "%s: %s", decision, text);
	free(text);
}

/* ---- a line ---- */

/* The text is the line, or with slices what is left of it. Whether there was an answer. */
static bool
answer_text(struct iam_eval *eval, const char *text, size_t len, const struct iam_slices *slices, bool as_json,
    struct str *out, char **cause)
{
	struct line asked = {0};
	struct iam_answer answer;
	bool read = json_read_any_doc(&eval->doc, text, len, false, cause) == 0 &&
		    read_request(eval, json_doc_root(&eval->doc), slices, &asked, cause) == 0;

	if (read) {
		answer = iam_policy_evaluate(&asked.request);
		write_answer(&asked.request, &answer, as_json, out);
	}
	json_doc_reuse(&eval->doc);
	iam_arena_clear(&eval->arena);
	return read;
}

/* With documents that were met before, or, when anything is wrong with that, as a whole: so each mistake is told with its place in the line. */
void
iam_eval_line(struct iam_eval *eval, const char *line, size_t len, bool as_json, struct str *out)
{
	struct iam_slices *slices = &eval->slices;
	char *cause = NULL;

	if (len > IAM_EVAL_LINE_MAX) {
		cause_set(&cause, "the line has more than %d MiB", IAM_EVAL_LINE_MAX / 1024 / 1024);
		write_error(cause, as_json, out);
		free(cause);
		return;
	}
	iam_cache_begin(eval->cache);
	if (iam_slice_line(line, len, slices) &&
	    answer_text(eval, slices->rest.s, slices->rest.len, slices, as_json, out, NULL))
		return;
	if (!answer_text(eval, line, len, NULL, as_json, out, &cause))
		write_error(cause, as_json, out);
	free(cause);
}
