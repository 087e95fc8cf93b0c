/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_iam_policy: any line is answered in one of five ways, the same with and without remembered documents, and what is answered is consistent: a deny of everything more
 * denies, an allow more in the identity policies never takes away, and a boundary never gives.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/iam_eval.h"
#include "common/iam_policy.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ALL(EFFECT) "{\"Statement\":{\"Effect\":\"" EFFECT "\",\"Action\":\"*\",\"Resource\":\"*\"}}"

static struct iam_eval *eval;

/* ---- what an answer looks like ---- */

/* How much it lets one do. */
static int
rank(const char *answer)
{
	static const char *const names[] = {"ExplicitlyDenied", "ImplicitlyDenied", "Conditional: ", "Allowed"};

	for (size_t i = 0; i < KD_COUNT(names); i++)
		if (strncmp(answer, names[i], strlen(names[i])) == 0)
			return (int)i;
	assert(strncmp(answer, "Error: ", 7) == 0);
	return -1;
}

static char *
ask(const char *line, size_t len, bool as_json)
{
	struct str out = {0};

	iam_eval_line(eval, line, len, as_json, &out);
	assert(out.len > 0 && out.len < 4000 && text_is_utf8(out.s, out.len) && strpbrk(out.s, "\n\r\x1b") == NULL);
	return str_take(&out);
}

static int
ask_rank(const json_t *object)
{
	char *line = json_line(object), *answer = ask(line, strlen(line), false);
	int ranked = rank(answer);

	free(line);
	free(answer);
	return ranked;
}

/* ---- what must hold between answers ---- */

static int
rank_with(const json_t *object, const char *name, const char *policy)
{
	json_t *changed = json_copy((json_t *)object), *policies = json_array();
	json_t *document = json_loads(policy, 0, NULL), *old = json_object_get(object, name);
	int ranked;

	if (strcmp(name, "identityPolicies") == 0) {
		if (json_is_array(old))
			json_array_extend(policies, old);
		json_array_append_new(policies, document);
		json_object_set_new(changed, name, policies);
	} else {
		json_object_set_new(changed, name, document);
		json_decref(policies);
	}
	ranked = ask_rank(changed);
	json_decref(changed);
	return ranked;
}

static void
check_consistency(const json_t *object, int ranked)
{
	const json_t *boundary = json_object_get(object, "boundary"),
		     *policy = json_object_get(object, "resourcePolicy");
	int other = rank_with(object, "identityPolicies", ALL("Deny"));

	if (json_array_size(json_object_get(object, "identityPolicies")) >= IAM_EVAL_POLICIES_MAX)
		return;
	assert(other == 0 || other == -1); /* -1: over the budget now */
	other = rank_with(object, "identityPolicies", ALL("Allow"));
	assert(other >= ranked || other == -1);
	/* NotPrincipal with Deny looks at whether there is a boundary at all, so without one to begin with only the identity policies are compared. */
	if ((boundary == NULL || json_is_null(boundary)) && (policy == NULL || json_is_null(policy))) {
		other = rank_with(object, "boundary", ALL("Allow"));
		assert(other == ranked || other == -1);
		other = rank_with(object, "boundary", ALL("Deny"));
		assert(other == 0 || other == -1);
	}
}

static void
check_forms(const char *line, size_t len, const char *text)
{
	char *as_json = ask(line, len, true);
	json_t *answer = json_loads(as_json, JSON_REJECT_DUPLICATES, NULL);
	const char *decision = json_string_value(json_object_get(answer, "decision"));

	assert(decision != NULL && strncmp(text, decision, strlen(decision)) == 0);
	json_decref(answer);
	free(as_json);
}

/* ---- documents alone ---- */

static void
try_document(const char *text, size_t len, enum iam_document_kind kind)
{
	struct iam_arena arena = {0};
	struct iam_document document;
	char *cause = NULL;

	if (iam_document_read(&arena, text, len, kind, &document, &cause) != 0)
		assert(cause != NULL && strlen(cause) < 400 && text_is_utf8(cause, strlen(cause)));
	free(cause);
	iam_arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data;
	char *text, *again;
	json_t *object;
	int ranked;

	if (eval == NULL)
		eval = iam_eval_new();
	for (int kind = IAM_IDENTITY_POLICY; kind <= IAM_RESOURCE_POLICY; kind++)
		try_document(line, size, (enum iam_document_kind)kind);
	text = ask(line, size, false);
	again = ask(line, size, false);
	assert(strcmp(text, again) == 0);
	check_forms(line, size, text);
	ranked = rank(text);
	if (ranked >= 0 && (object = json_read(line, size, NULL)) != NULL) {
		assert(ask_rank(object) == ranked);
		check_consistency(object, ranked);
		json_decref(object);
	}
	free(text);
	free(again);
	return 0;
}
