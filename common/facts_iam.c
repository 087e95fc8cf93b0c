/* SPDX-License-Identifier: Apache-2.0 */
/* facts_iam: owns the compiled form of a fact's policies and what the request is known to carry; the order of policies is iam_policy's. */
#include "common/facts_iam.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/iam_policy.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"

enum { WHY_MAX = 300, COVERS_WORK_MAX = 1000 * 1000, ACCOUNT_DIGITS = 12 };

/* A policy and its compiled form; `why` NULL: it is good. */
struct text {
	const struct kd_policy *policy;
	struct iam_document document;
	const struct kd_statement *statements;
	enum kd_reason reason;
	const char *why;
};

struct judged {
	bool compiled;
	struct iam_caller caller;
	const char *bad_caller; /* why nothing can be judged of him; NULL: it can */
	struct iam_document *identity;
	struct text *texts; /* of the identity policies, then of the boundary */
	size_t identity_count, texts_count;
	struct kd_statement *statements;
	size_t statements_count;
	const struct text *unread; /* the first that counts and is not known; NULL: all are */
	const struct text *boundary;
};

struct facts_iam {
	const struct kd_principals *value;
	struct iam_arena arena;
	struct judged *judged;
	struct text *resources; /* NULL until they are asked for */
};

struct facts_iam *
facts_iam_new(const struct kd_principals *value)
{
	struct facts_iam *iam = mem_new(1, sizeof(*iam));

	iam->value = value;
	iam->judged = mem_new(value->count + 1, sizeof(*iam->judged));
	return iam;
}

void
facts_iam_free(struct facts_iam *iam)
{
	if (iam == NULL)
		return;
	iam_arena_free(&iam->arena);
	free(iam->judged);
	free(iam);
}

/* ---- statements as texts ---- */

/* A compiled pattern as it stood in the document: wildcards and variables are put back. */
static const char *
show_pattern(struct iam_arena *arena, const struct iam_pattern *pattern)
{
	struct str text = {0};
	const char *shown;

	if (pattern->text != NULL)
		str_add_len(&text, pattern->text, pattern->len);
	for (size_t i = 0; pattern->text == NULL && i < pattern->parts_count; i++)
		if (pattern->parts[i].key != NULL)
			str_printf(&text, "${%s}", pattern->parts[i].key);
		else
			str_add_len(&text, pattern->parts[i].text, pattern->parts[i].len);
	for (size_t i = 0; i < text.len; i++)
		if (text.s[i] == IAM_STAR || text.s[i] == IAM_ONE)
			text.s[i] = text.s[i] == IAM_STAR ? '*' : '?';
	shown = iam_arena_copy(arena, text.len > 0 ? text.s : "*", text.len > 0 ? text.len : 1);
	str_free(&text);
	return shown;
}

static const char *const *
show_element(struct iam_arena *arena, const struct iam_element *element)
{
	const char **texts = iam_arena_new(arena, element->count + 1, sizeof(*texts));

	for (size_t i = 0; i < element->count; i++)
		texts[i] = show_pattern(arena, &element->patterns[i]);
	return texts;
}

static enum kd_iam_layer
layer_of(const struct kd_policy *policy)
{
	if (strcmp(policy->kind, "boundary") == 0)
		return KD_IAM_BOUNDARY;
	return strcmp(policy->kind, "resource") == 0 ? KD_IAM_RESOURCE : KD_IAM_IDENTITY;
}

static const char *
make_label(struct iam_arena *arena, const struct iam_statement *statement, size_t index)
{
	char *label = statement->sid != NULL && *statement->sid != '\0' ? mem_printf("statement %s", statement->sid)
									: mem_printf("statement %zu", index + 1);
	const char *kept = iam_arena_copy(arena, label, strlen(label));

	free(label);
	return kept;
}

static void
show_statements(struct iam_arena *arena, const struct text *text, struct kd_statement *into)
{
	for (size_t i = 0; i < text->document.count; i++) {
		const struct iam_statement *from = &text->document.statements[i];

		into[i] = (struct kd_statement){
		    .layer = layer_of(text->policy),
		    .policy = text->policy,
		    .label = make_label(arena, from, i),
		    .deny = from->deny,
		    .conditional = from->conditions_count > 0,
		    .not_actions = from->actions.negated,
		    .not_resources = from->resources.negated,
		    .actions = show_element(arena, &from->actions),
		    .actions_count = from->actions.count,
		    .resources = show_element(arena, &from->resources),
		    .resources_count = from->resources.count,
		};
	}
}

/* ---- compiling ---- */

static const char *
name_of(const struct kd_policy *policy)
{
	return policy->name != NULL ? policy->name : policy->arn != NULL ? policy->arn : "";
}

static void
read_text(struct iam_arena *arena, const struct kd_policy *policy, enum iam_document_kind kind, struct text *text)
{
	char *cause = NULL, *why, *shown;

	text->policy = policy;
	text->reason = policy->missing;
	if (policy->missing != KD_KNOWN || policy->document == NULL) {
		text->reason = policy->missing == KD_KNOWN ? KD_FAILED : policy->missing;
		text->why = *policy->why != '\0' ? policy->why : "a policy could not be read";
		return;
	}
	if (iam_document_read(arena, policy->document, strlen(policy->document), kind, &text->document, &cause) == 0)
		return;
	text->reason = KD_FAILED;
	text->document = (struct iam_document){0};
	why = mem_printf("policy %s makes no sense%s: %s", name_of(policy),
	    strncmp(cause, "statement ", 10) == 0 ? " (statements are counted from 0)" : "", cause);
	shown = text_escape(why, strlen(why), WHY_MAX);
	text->why = iam_arena_copy(arena, shown, strlen(shown));
	free(shown);
	free(why);
	free(cause);
}

/* "arn:aws:iam::ACCOUNT:policy/P" is judged as a role of that account of which nothing more is known: its condition keys are taken away. */
static int
parse_policy_caller(
    struct iam_arena *arena, const char *arn, const char *stream_arn, struct iam_caller *caller, char **cause)
{
	struct iam_arn cut, stream;
	struct iam_text account;
	char *text;
	int rc;

	iam_match_split_arn((struct iam_text){arn, strlen(arn)}, &cut);
	iam_match_split_arn((struct iam_text){stream_arn, strlen(stream_arn)}, &stream);
	if (cut.count < IAM_ARN_SEGMENTS)
		return cause_set(cause, "the principal is no ARN");
	account = cut.segments[4];
	if (account.len != ACCOUNT_DIGITS && stream.count == IAM_ARN_SEGMENTS)
		account = stream.segments[4];
	text = mem_printf(
	    "arn:%.*s:iam::%.*s:role/kdiag", (int)cut.segments[1].len, cut.segments[1].s, (int)account.len, account.s);
	rc = iam_caller_parse(arena, text, caller, cause);
	free(text);
	for (size_t i = 0; rc == 0 && i < IAM_CALLER_KEYS; i++)
		if (strcmp(caller->keys[i].name, "aws:PrincipalAccount") != 0)
			caller->keys[i].name = "";
	return rc;
}

static void
read_caller(struct facts_iam *iam, const struct kd_principal *principal, const char *stream_arn, struct judged *judged)
{
	char *cause = NULL;
	int rc;

	if (strstr(principal->arn, ":policy/") != NULL)
		rc = parse_policy_caller(&iam->arena, principal->arn, stream_arn, &judged->caller, &cause);
	else
		rc = iam_caller_parse(&iam->arena, principal->arn, &judged->caller, &cause);
	if (rc != 0)
		judged->bad_caller = iam_arena_copy(&iam->arena, cause, strlen(cause));
	free(cause);
}

/* Lays the texts in the order in which the evaluation counts them: the identity policies, then the boundary. */
static void
read_texts(struct facts_iam *iam, const struct kd_principal *principal, struct judged *judged)
{
	size_t count = principal->policies_count, at = 0;

	judged->texts = iam_arena_new(&iam->arena, count + 1, sizeof(*judged->texts));
	judged->identity = iam_arena_new(&iam->arena, count + 1, sizeof(*judged->identity));
	for (int boundary = 0; boundary <= 1; boundary++)
		for (size_t i = 0; i < count; i++) {
			const struct kd_policy *policy = &principal->policies[i];
			bool is_boundary = layer_of(policy) == KD_IAM_BOUNDARY;

			if (is_boundary != (boundary == 1))
				continue;
			read_text(
			    &iam->arena, policy, is_boundary ? IAM_BOUNDARY : IAM_IDENTITY_POLICY, &judged->texts[at]);
			if (judged->texts[at].why != NULL && judged->unread == NULL)
				judged->unread = &judged->texts[at];
			if (!is_boundary)
				judged->identity[judged->identity_count++] = judged->texts[at].document;
			else
				judged->boundary = &judged->texts[at];
			at++;
		}
	judged->texts_count = at;
}

static struct judged *
compile(struct facts_iam *iam, const char *stream_arn, size_t principal)
{
	struct judged *judged = &iam->judged[principal];
	size_t at = 0;

	if (judged->compiled)
		return judged;
	judged->compiled = true;
	read_caller(iam, &iam->value->list[principal], stream_arn, judged);
	read_texts(iam, &iam->value->list[principal], judged);
	for (size_t i = 0; i < judged->texts_count; i++)
		judged->statements_count += judged->texts[i].document.count;
	judged->statements = iam_arena_new(&iam->arena, judged->statements_count + 1, sizeof(*judged->statements));
	for (size_t i = 0; i < judged->texts_count; i++) {
		judged->texts[i].statements = &judged->statements[at];
		show_statements(&iam->arena, &judged->texts[i], &judged->statements[at]);
		at += judged->texts[i].document.count;
	}
	return judged;
}

/* The policy of a stream or a consumer; NULL: it has none. */
static const struct text *
find_resource(struct facts_iam *iam, const char *resource)
{
	size_t count = iam->value->resource_policies_count;

	if (iam->resources == NULL) {
		iam->resources = iam_arena_new(&iam->arena, count + 1, sizeof(*iam->resources));
		for (size_t i = 0; i < count; i++) {
			struct text *text = &iam->resources[i];
			struct kd_statement *statements;

			read_text(&iam->arena, &iam->value->resource_policies[i], IAM_RESOURCE_POLICY, text);
			statements = iam_arena_new(&iam->arena, text->document.count + 1, sizeof(*statements));
			show_statements(&iam->arena, text, statements);
			text->statements = statements;
		}
	}
	for (size_t i = 0; i < count; i++)
		if (iam->value->resource_policies[i].arn != NULL &&
		    strcmp(iam->value->resource_policies[i].arn, resource) == 0)
			return iam->resources[i].reason == KD_NO_DATA ? NULL : &iam->resources[i];
	return NULL;
}

/* ---- the question ---- */

/*
 * What is known of every request: Kinesis, KMS and CloudWatch are reached by TLS alone (AWS General Reference, "Service endpoints"), and a key is used by Kinesis on the caller's
 * behalf (KMS developer guide, kms:ViaService). All else hangs on where the caller runs, and so is not known.
 */
static void
fill_context(struct iam_arena *arena, const char *action, const char *resource, struct iam_context *context)
{
	static const char *const secure = "true";
	struct iam_arn arn;
	const char *via;
	char *text;

	iam_context_add(arena, context, "aws:SecureTransport", &secure, 1);
	iam_match_split_arn((struct iam_text){resource, strlen(resource)}, &arn);
	if (strncasecmp(action, "kms:", 4) != 0 || arn.count < IAM_ARN_SEGMENTS)
		return;
	text = mem_printf("kinesis.%.*s.amazonaws.com", (int)arn.segments[3].len, arn.segments[3].s);
	via = text;
	iam_context_add(arena, context, "kms:ViaService", &via, 1);
	free(text);
}

static struct kd_iam_answer
answer_unknown(enum kd_reason reason, const char *why)
{
	return (struct kd_iam_answer){.decision = KD_IAM_UNKNOWN, .reason = reason, .why = why};
}

static const struct kd_statement *
find_statement(const struct judged *judged, const struct text *resource, const struct iam_answer *answer)
{
	const struct text *text = NULL;

	if (answer->layer == IAM_LAYER_IDENTITY)
		text = &judged->texts[answer->policy];
	else if (answer->layer == IAM_LAYER_BOUNDARY)
		text = judged->boundary;
	else if (answer->layer == IAM_LAYER_RESOURCE)
		text = resource;
	return text != NULL ? &text->statements[answer->statement] : NULL;
}

static struct kd_iam_answer
translate(const struct judged *judged, const struct text *resource, const struct iam_answer *answer)
{
	static const enum kd_iam_decision decisions[] = {[IAM_ALLOWED] = KD_IAM_ALLOWED,
	    [IAM_EXPLICITLY_DENIED] = KD_IAM_DENIED,
	    [IAM_IMPLICITLY_DENIED] = KD_IAM_NOT_GRANTED,
	    [IAM_CONDITIONAL] = KD_IAM_CONDITIONAL,
	    [IAM_OVER_BUDGET] = KD_IAM_UNKNOWN};
	static const enum kd_iam_layer layers[] = {[IAM_LAYER_IDENTITY] = KD_IAM_IDENTITY,
	    [IAM_LAYER_BOUNDARY] = KD_IAM_BOUNDARY,
	    [IAM_LAYER_RESOURCE] = KD_IAM_RESOURCE};

	if (answer->decision == IAM_OVER_BUDGET)
		return answer_unknown(KD_FAILED, "the policies take too many steps to evaluate");
	return (struct kd_iam_answer){
	    .decision = decisions[answer->decision],
	    .by = find_statement(judged, resource, answer),
	    .lacking = answer->decision == IAM_IMPLICITLY_DENIED && answer->lacking < IAM_LAYERS
			   ? layers[answer->lacking]
			   : KD_IAM_IDENTITY,
	    .cross_account = answer->cross_account,
	    .key = answer->key,
	    .why = "",
	};
}

static struct kd_iam_answer
evaluate(struct facts_iam *iam, const struct judged *judged, const char *action, const char *resource)
{
	const struct text *on = find_resource(iam, resource);
	bool has_boundary = judged->boundary != NULL && judged->boundary->why == NULL;
	bool has_resource = on != NULL && on->why == NULL;
	struct iam_context context = {0};
	struct iam_request request = {
	    .identity = judged->identity,
	    .identity_count = judged->identity_count,
	    .boundary = has_boundary ? &judged->boundary->document : NULL,
	    .resource_policy = has_resource ? &on->document : NULL,
	    .caller = &judged->caller,
	    .action = action,
	    .resource = resource,
	    .context = &context,
	};
	struct iam_answer answer;

	if (iam_policy_check(&request, NULL) != 0)
		return answer_unknown(KD_FAILED, "the question is not well formed: an action or a resource is none");
	fill_context(&iam->arena, action, resource, &context);
	answer = iam_policy_evaluate(&request);
	/* A deny that is known holds whatever else there is; nothing else does while a policy is not known. */
	if (answer.decision != IAM_EXPLICITLY_DENIED && judged->unread != NULL)
		return answer_unknown(judged->unread->reason, judged->unread->why);
	if (answer.decision != IAM_EXPLICITLY_DENIED && on != NULL && on->why != NULL)
		return answer_unknown(on->reason, on->why);
	return translate(judged, on, &answer);
}

struct kd_iam_answer
facts_iam_decide(
    struct facts_iam *iam, const char *stream_arn, size_t principal, const char *action, const char *resource)
{
	const struct kd_principal *asked;
	const struct judged *judged;

	if (principal >= iam->value->count)
		return answer_unknown(KD_FAILED, "the probe asks for a principal that it does not have");
	asked = &iam->value->list[principal];
	if (asked->missing != KD_KNOWN)
		return answer_unknown(asked->missing, asked->why);
	judged = compile(iam, stream_arn, principal);
	if (judged->bad_caller != NULL)
		return answer_unknown(KD_FAILED, judged->bad_caller);
	return evaluate(iam, judged, action, resource);
}

const struct kd_statement *
facts_iam_statements(struct facts_iam *iam, const char *stream_arn, size_t principal, size_t *count)
{
	const struct judged *judged;

	*count = 0;
	if (principal >= iam->value->count || iam->value->list[principal].missing != KD_KNOWN)
		return NULL;
	judged = compile(iam, stream_arn, principal);
	*count = judged->statements_count;
	return judged->statements_count > 0 ? judged->statements : NULL;
}

/* ---- patterns ---- */

/* Most patterns are of another service: the first letter tells, and nothing is compiled. */
bool
kd_iam_action_covers(const char *pattern, const char *action)
{
	struct iam_work work = {.left = COVERS_WORK_MAX};
	struct iam_arena arena = {0};
	struct iam_pattern compiled = {0};
	const char *lower;
	bool covers;

	if (strpbrk(pattern, "*?") == NULL)
		return strcasecmp(pattern, action) == 0;
	if (*pattern != '*' && *pattern != '?' && strncasecmp(pattern, action, 1) != 0)
		return false;
	lower = iam_pattern_lower(&arena, action);
	covers = iam_pattern_compile(&arena, pattern, IAM_WILD | IAM_LOWER, &compiled, NULL) == 0 &&
		 iam_match_glob(
		     (struct iam_text){compiled.text, compiled.len}, (struct iam_text){lower, strlen(lower)}, &work);
	str_free(&work.scratch);
	iam_arena_free(&arena);
	return covers;
}

bool
kd_iam_resource_covers(const char *pattern, const char *arn)
{
	struct iam_work work = {.left = COVERS_WORK_MAX};
	struct iam_arena arena = {0};
	struct iam_pattern compiled = {0};
	struct iam_arn cut;
	bool covers;

	iam_match_split_arn((struct iam_text){arn, strlen(arn)}, &cut);
	covers = strstr(pattern, "${") == NULL &&
		 iam_pattern_compile(&arena, pattern, IAM_WILD, &compiled, NULL) == 0 &&
		 iam_match_resource((struct iam_text){compiled.text, compiled.len}, &cut, &work);
	str_free(&work.scratch);
	iam_arena_free(&arena);
	return covers;
}
