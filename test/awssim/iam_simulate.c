/* SPDX-License-Identifier: Apache-2.0 */
/* iam_simulate: owns the form of the question and of the answer; the evaluation is common/iam_policy's. */
#include "test/awssim/iam_simulate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kdiag/probe.h>

#include "common/iam_policy.h"
#include "common/mem.h"
#include "common/str.h"
#include "test/awssim/answer.h"
#include "test/awssim/iam_world.h"

enum { DOCUMENTS_MAX = 500, ACTIONS_MAX = 128 };

/* What one principal has. */
struct bundle {
	struct iam_arena arena;
	struct iam_document identity[DOCUMENTS_MAX], boundary;
	size_t count;
	bool has_boundary;
	struct iam_caller caller;
};

static void
add_text(struct bundle *bundle, const char *document)
{
	if (document != NULL && bundle->count < DOCUMENTS_MAX &&
	    iam_document_read(&bundle->arena, document, strlen(document), IAM_IDENTITY_POLICY,
		&bundle->identity[bundle->count], NULL) == 0)
		bundle->count++;
}

static const char *
default_document(const struct iam_world *world, const char *account, const char *arn)
{
	const struct sim_policy *policy = iam_world_find_policy(world, account, arn);
	const struct sim_text *version =
	    policy != NULL ? iam_world_find_text(policy->versions, policy->versions_count, policy->default_version)
			   : NULL;

	return version != NULL ? version->document : NULL;
}

static void
add_holder(struct bundle *bundle, const struct iam_world *world, const struct sim_holder *holder)
{
	for (size_t i = 0; i < holder->attached_count; i++)
		add_text(bundle, default_document(world, holder->account, holder->attached[i]));
	for (size_t i = 0; i < holder->inlines_count; i++)
		add_text(bundle, holder->inlines[i].document);
}

static void
add_boundary(struct bundle *bundle, const struct iam_world *world, const struct sim_holder *holder)
{
	const char *document =
	    holder->boundary != NULL ? default_document(world, holder->account, holder->boundary) : NULL;

	bundle->has_boundary = document != NULL && iam_document_read(&bundle->arena, document, strlen(document),
						       IAM_BOUNDARY, &bundle->boundary, NULL) == 0;
}

/* false: there is no such principal. */
static bool
fill_bundle(struct bundle *bundle, const struct call *call, const char *arn)
{
	const struct iam_world *world = &call->sim->scenario->iam;
	const char *account = call->identity->account, *name = strrchr(arn, '/');
	bool user = strstr(arn, ":user/") != NULL;
	const struct sim_holder *holder, *group;

	if (name == NULL || iam_caller_parse(&bundle->arena, arn, &bundle->caller, NULL) != 0)
		return false;
	if ((holder = iam_world_find_holder(world, user ? SIM_USER : SIM_ROLE, account, name + 1)) == NULL)
		return false;
	add_holder(bundle, world, holder);
	for (size_t i = 0; i < holder->groups_count; i++)
		if ((group = iam_world_find_holder(world, SIM_GROUP, account, holder->groups[i])) != NULL)
			add_holder(bundle, world, group);
	add_boundary(bundle, world, holder);
	return true;
}

static const char *
decide(const struct bundle *bundle, const char *action, const char *resource)
{
	struct iam_context context = {.complete = true};
	const struct iam_request request = {.identity = bundle->identity,
	    .identity_count = bundle->count,
	    .boundary = bundle->has_boundary ? &bundle->boundary : NULL,
	    .caller = &bundle->caller,
	    .action = action,
	    .resource = resource,
	    .context = &context};
	struct iam_answer answer;

	if (iam_policy_check(&request, NULL) != 0)
		return "implicitDeny";
	answer = iam_policy_evaluate(&request);
	return answer.decision == IAM_ALLOWED             ? "allowed"
	       : answer.decision == IAM_EXPLICITLY_DENIED ? "explicitDeny"
							  : "implicitDeny";
}

static void
add_result(struct str *out, const char *action, const char *resource, const char *decision)
{
	char *shown = answer_escape_xml(action), *on = answer_escape_xml(resource);

	str_printf(out,
	    "<member><EvalActionName>%s</EvalActionName><EvalResourceName>%s</EvalResourceName><EvalDecision>%s</"
	    "EvalDecision>"
	    "</member>",
	    shown, on, decision);
	free(shown);
	free(on);
}

void
iam_simulate(struct call *call)
{
	const char *arn = call_param(call, "PolicySourceArn"), *resource = call_param(call, "ResourceArns.member.1"),
		   *action;
	struct bundle *bundle = mem_new(1, sizeof(*bundle));
	struct str out = {0};
	char key[40];

	if (arn == NULL || !fill_bundle(bundle, call, arn)) {
		answer_error(
		    call, 404, "NoSuchEntity", "The principal %.300s cannot be found.", arn != NULL ? arn : "");
		goto out;
	}
	str_add(&out, "<EvaluationResults>");
	for (int i = 1; i <= ACTIONS_MAX; i++) {
		(void)snprintf(key, sizeof(key), "ActionNames.member.%d", i);
		if ((action = call_param(call, key)) == NULL)
			break;
		add_result(&out, action, resource != NULL ? resource : "*",
		    decide(bundle, action, resource != NULL ? resource : "*"));
	}
	str_add(&out, "</EvaluationResults><IsTruncated>false</IsTruncated>\n");
	answer_xml(call, out.s);
out:
	str_free(&out);
	iam_arena_free(&bundle->arena);
	free(bundle);
}
