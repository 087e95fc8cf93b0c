/* SPDX-License-Identifier: Apache-2.0 */
/* iam_coverage: may each declared principal do what its use of the stream needs, and if not, which statement says no or is missing? */
#include <kdiag/probe.h>
#include <stdio.h>
#include <string.h>

#include "probes/iam_coverage/say.h"
#include "probes/iam_coverage/trial.h"

static const struct kd_need needs[] = {
    [TRIAL_SUMMARY] = {.kind = KD_STREAM_SUMMARY},
    [TRIAL_PRINCIPALS] = {.kind = KD_PRINCIPALS},
};

enum { CHECK_FOUND, CHECK_MISSING, CHECK_DENIED, CHECK_WRONG_ARN, CHECK_TOO_MUCH, CHECK_SIMULATED };

static const struct kd_check checks[] = {
    [CHECK_FOUND] = {"found", "permission_issues", "Verify that the principals exist and their policies can be read"},
    [CHECK_MISSING] = {"missing", "permission_issues", "Verify that the policies include the needed actions"},
    [CHECK_DENIED] = {"denied", "permission_issues", "Look for statements that deny them"},
    [CHECK_WRONG_ARN] = {"wrong_arn", "permission_issues", "Verify the ARNs that the actions are granted on"},
    [CHECK_TOO_MUCH] = {"too_much", "permission_issues", "Verify that no more is granted than needed"},
    [CHECK_SIMULATED] = {"simulated", "permission_issues", "Compare with AWS's policy simulator"},
};

/* ---- the checks of a principal whose policies are known ---- */

static void
report_missing(const struct trial *trial, const struct trial_chosen *missing)
{
	const struct kd_iam_answer *answer = &missing->first->answer;
	const struct kd_statement *unmet;
	struct say_text text = {.s = ""};

	say_actions(trial, trial_is_missing, missing, &text);
	say_add(&text, missing->count > 1 ? " are not granted: " : " is not granted: ");
	if (answer->lacking == KD_IAM_BOUNDARY)
		say_add(&text, "the permissions boundary of %s does not allow it", trial->subject);
	else if (answer->lacking == KD_IAM_RESOURCE)
		say_add(&text, "the resource policy of stream/%s, in another account, does not allow it",
		    kd_stream_name(trial->facts));
	else if ((unmet = trial_find_unmet(trial, missing->first)) != NULL)
		say_unmet(&text, unmet);
	else if (trial->principal->policies_count == 0)
		say_add(&text, "%s has no policy at all", trial->subject);
	else if (strstr(trial->principal->arn, ":policy/") != NULL)
		say_add(&text, "policy %s does not have it", trial->subject);
	else
		say_add(&text, "no policy of %s has it", trial->subject);
	if (!missing->vital)
		say_add(&text, " (a %s can do without)", trial_use(trial));
	kd_find(trial->out, CHECK_MISSING, trial->subject, missing->vital ? KD_CRITICAL : KD_WARNING, "%s", text.s);
	say_next_statements(trial, trial_is_missing, answer->lacking == KD_IAM_RESOURCE);
	say_evidence(trial, trial_is_missing, NULL);
}

static void
report_conditional(const struct trial *trial, const struct trial_chosen *conditional)
{
	const struct kd_iam_answer *answer = &conditional->first->answer;
	struct say_text text = {.s = ""};

	say_actions(trial, trial_is_conditional, conditional, &text);
	say_add(&text, conditional->count > 1 ? " hang on %s: " : " hangs on %s: ", answer->key);
	if (answer->by != NULL)
		say_statement(&text, answer->by);
	say_add(&text, " asks for it, and it cannot be known from here");
	kd_find(trial->out, CHECK_MISSING, trial->subject, KD_INFO, "%s", text.s);
	say_evidence(trial, trial_is_conditional, answer->by);
	kd_evidence_string(trial->out, "condition_key", answer->key);
}

static void
judge_missing(const struct trial *trial)
{
	const struct trial_verdict *unknown = trial_find_unknown(trial);
	struct trial_chosen missing = trial_choose(trial, trial_is_missing),
			    conditional = trial_choose(trial, trial_is_conditional);

	if (missing.count > 0)
		report_missing(trial, &missing);
	else if (unknown != NULL)
		kd_unknown_because(trial->out, CHECK_MISSING, trial->subject, unknown->answer.reason,
		    trial->principal->blame, "%s of %s cannot be judged: %s", unknown->action.name, trial->subject,
		    unknown->answer.why);
	else if (conditional.count > 0)
		report_conditional(trial, &conditional);
	else if (trial_choose(trial, trial_is_denied).count + trial_choose(trial, trial_is_wrong).count > 0)
		kd_find(trial->out, CHECK_MISSING, trial->subject, KD_OK, "every other action for %s is granted",
		    trial_use(trial));
	else
		kd_find(trial->out, CHECK_MISSING, trial->subject, KD_OK, "every action for %s is granted (%zu)",
		    trial_use(trial), trial->count);
}

/* A policy that could not be read may say anything: `missing` tells of it, the others follow. false: all could be judged. */
static bool
report_unknown(const struct trial *trial, size_t check)
{
	const struct trial_verdict *unknown = trial_find_unknown(trial);
	struct say_text blame = {.s = ""};

	if (unknown == NULL)
		return false;
	say_add(&blame, "iam_coverage/missing/%s", trial->subject);
	kd_unknown_because(trial->out, check, trial->subject, unknown->answer.reason, blame.s,
	    "not all policies of %s are known (missing says why)", trial->subject);
	return true;
}

static void
judge_denied(const struct trial *trial)
{
	struct trial_chosen denied = trial_choose(trial, trial_is_denied);
	struct say_text text = {.s = ""};

	if (denied.count == 0 && report_unknown(trial, CHECK_DENIED))
		return;
	if (denied.count == 0) {
		kd_find(trial->out, CHECK_DENIED, trial->subject, KD_OK, "no statement denies %s an action",
		    trial->subject);
		return;
	}
	say_actions(trial, trial_is_denied, &denied, &text);
	say_add(&text, denied.count > 1 ? " are denied to %s by " : " is denied to %s by ", trial->subject);
	say_statement(&text, denied.first->answer.by);
	kd_find(trial->out, CHECK_DENIED, trial->subject, denied.vital ? KD_CRITICAL : KD_WARNING, "%s", text.s);
	say_next_exception(trial, denied.first->answer.by);
	say_evidence(trial, trial_is_denied, denied.first->answer.by);
}

static void
judge_wrong_arn(const struct trial *trial)
{
	struct trial_chosen wrong = trial_choose(trial, trial_is_wrong);
	struct say_text text = {.s = ""};

	if (wrong.count == 0 && report_unknown(trial, CHECK_WRONG_ARN))
		return;
	if (wrong.count == 0) {
		kd_find(trial->out, CHECK_WRONG_ARN, trial->subject, KD_OK, "no action is granted on a wrong ARN only");
		return;
	}
	say_actions(trial, trial_is_wrong, &wrong, &text);
	say_add(&text, wrong.count > 1 ? " are " : " is ");
	say_wrong_arn(trial, wrong.first, &text);
	say_add(&text, ": ");
	say_statement(&text, wrong.first->near_by);
	kd_find(trial->out, CHECK_WRONG_ARN, trial->subject, wrong.vital ? KD_CRITICAL : KD_WARNING, "%s", text.s);
	say_next_statements(trial, trial_is_wrong, false);
	say_evidence(trial, trial_is_wrong, wrong.first->near_by);
	kd_evidence_string(trial->out, "granted_on", wrong.first->near);
}

/* "kinesis:*" and "*", and what is the same by other words: they let it delete the stream. */
static const char *
find_wide(const struct kd_statement *statement)
{
	if (statement->deny || statement->layer != KD_IAM_IDENTITY)
		return NULL;
	if (statement->not_actions)
		return "all but some actions";
	for (size_t i = 0; i < statement->actions_count; i++)
		if (kd_iam_action_covers(statement->actions[i], "kinesis:DeleteStream") &&
		    kd_iam_action_covers(statement->actions[i], "kinesis:PutRecord") &&
		    kd_iam_action_covers(statement->actions[i], "kinesis:GetRecords"))
			return statement->actions[i];
	return NULL;
}

static void
judge_too_much(const struct trial *trial)
{
	size_t count;
	const struct kd_statement *list = kd_iam_statements(trial->facts, TRIAL_PRINCIPALS, trial->index, &count);
	struct say_text text = {.s = ""};

	for (size_t i = 0; i < count; i++) {
		const char *wide = find_wide(&list[i]);

		if (wide == NULL)
			continue;
		say_statement(&text, &list[i]);
		kd_find(trial->out, CHECK_TOO_MUCH, trial->subject, KD_INFO,
		    "%s allows %s on %s, far more than %s needs: it may delete streams", text.s, wide,
		    list[i].not_resources || list[i].resources_count == 0 ? "nearly everything" : list[i].resources[0],
		    trial_use(trial));
		say_next_statements(trial, trial_is_any, false);
		say_evidence(trial, trial_is_any, &list[i]);
		return;
	}
	if (report_unknown(trial, CHECK_TOO_MUCH))
		return;
	kd_find(trial->out, CHECK_TOO_MUCH, trial->subject, KD_OK, "no statement allows everything on streams");
}

/* ---- AWS's own answer ---- */

static const char *
decision_word(enum kd_iam_decision decision)
{
	static const char *const words[] = {[KD_IAM_ALLOWED] = "allowed",
	    [KD_IAM_DENIED] = "explicitDeny",
	    [KD_IAM_NOT_GRANTED] = "implicitDeny",
	    [KD_IAM_CONDITIONAL] = "conditional",
	    [KD_IAM_UNKNOWN] = "unknown"};

	return words[decision];
}

enum { ACTION_BYTES = 256, WORD_BYTES = 32 };

/* "kinesis:PutRecord allowed RESOURCE" into its parts. */
static bool
read_simulated(const char *line, char action[ACTION_BYTES], char word[WORD_BYTES], char resource[ARN_BYTES])
{
	return sscanf(line, "%255s %31s %2559s", action, word, resource) == 3;
}

/*
 * The simulator sees the principal's own policies alone: not the resource policy of a role, nor another account's (IAM API reference, SimulatePrincipalPolicy), and a
 * condition on what it was not told counts as not met.
 */
static bool
can_compare(const struct kd_iam_answer *answer)
{
	return answer->decision != KD_IAM_UNKNOWN && answer->decision != KD_IAM_CONDITIONAL && !answer->cross_account &&
	       (answer->by == NULL || answer->by->layer != KD_IAM_RESOURCE);
}

static void
report_disagreement(
    const struct trial *trial, const char *action, const char *resource, const char *aws, const char *ours)
{
	kd_find(trial->out, CHECK_SIMULATED, trial->subject, KD_WARNING,
	    "%s on %s: AWS's simulator says %s, kdiag says %s", action, arn_tail(resource), aws, ours);
	kd_next(trial->out,
	    "aws iam simulate-principal-policy --policy-source-arn %s --action-names %s --resource-arns %s",
	    trial->principal->arn, action, resource);
	kd_evidence_string(trial->out, "principal", trial->principal->arn);
}

static void
report_agreement(const struct trial *trial, size_t same, size_t unseen)
{
	if (trial->principal->simulated_count == 0)
		kd_find(trial->out, CHECK_SIMULATED, trial->subject, KD_OK,
		    "AWS's simulator was not asked (aws.iam_simulate)");
	else if (unseen == 0)
		kd_find(
		    trial->out, CHECK_SIMULATED, trial->subject, KD_OK, "AWS's simulator agrees (actions: %zu)", same);
	else
		kd_find(trial->out, CHECK_SIMULATED, trial->subject, KD_OK,
		    "AWS's simulator agrees (actions: %zu; %zu more it cannot see: resource policies, conditions, "
		    "other accounts)",
		    same, unseen);
}

static void
judge_simulated(const struct trial *trial)
{
	const struct kd_principal *principal = trial->principal;
	char action[ACTION_BYTES], word[WORD_BYTES], resource[ARN_BYTES];
	size_t same = 0, unseen = 0;

	for (size_t i = 0; i < principal->simulated_count; i++) {
		struct kd_iam_answer answer;

		if (!read_simulated(principal->simulated[i], action, word, resource))
			continue;
		answer = kd_iam_decide(trial->facts, TRIAL_PRINCIPALS, trial->index, action, resource);
		if (can_compare(&answer) && strcmp(word, decision_word(answer.decision)) != 0) {
			report_disagreement(trial, action, resource, word, decision_word(answer.decision));
			return;
		}
		same += can_compare(&answer);
		unseen += !can_compare(&answer);
	}
	if (principal->simulated_why != NULL)
		kd_unknown_because(trial->out, CHECK_SIMULATED, trial->subject, KD_FAILED, principal->blame, "%s",
		    principal->simulated_why);
	else
		report_agreement(trial, same, unseen);
}

/* ---- one principal ---- */

static void
report_not_found(const struct trial *trial)
{
	const char *tail = arn_tail(trial->principal->arn), *name = strchr(tail, '/');
	const struct kd_principal *principal = trial->principal;
	struct say_text blame = {.s = ""};

	if (principal->missing == KD_NO_DATA) {
		kd_find(trial->out, CHECK_FOUND, trial->subject, KD_CRITICAL,
		    "%.*s %s does not exist in account %s: it was deleted, or its ARN is wrong in the config",
		    (int)(name != NULL ? name - tail : 0), tail, arn_name(tail), trial->account);
		kd_evidence_string(trial->out, "principal", principal->arn);
		kd_next(trial->out, "aws iam get-%.*s --%s %s", (int)(name != NULL ? name - tail : 0), tail,
		    strncmp(tail, "policy/", 7) == 0 ? "policy-arn"
						     : (strncmp(tail, "user/", 5) == 0 ? "user-name" : "role-name"),
		    strncmp(tail, "policy/", 7) == 0 ? principal->arn : arn_name(tail));
	} else {
		kd_unknown_because(trial->out, CHECK_FOUND, trial->subject, principal->missing, principal->blame, "%s",
		    principal->why);
	}
	say_add(&blame, "iam_coverage/found/%s", trial->subject);
	for (size_t check = CHECK_FOUND + 1; check < KD_COUNT(checks); check++)
		kd_unknown_because(trial->out, check, trial->subject, principal->missing, blame.s,
		    principal->missing == KD_NO_DATA ? "%s does not exist"
						     : "the policies of %s are not known (found says why)",
		    trial->subject);
}

static void
judge_principal(struct trial *trial, const struct kd_stream_summary *summary)
{
	trial_judge(trial, summary);
	kd_find(trial->out, CHECK_FOUND, trial->subject, KD_OK, "policies read: %zu", trial->principal->policies_count);
	judge_missing(trial);
	judge_denied(trial);
	judge_wrong_arn(trial);
	judge_too_much(trial);
	judge_simulated(trial);
}

static void
judge_each(const struct kd_facts *facts, const struct kd_principals *all, struct kd_report *out)
{
	const struct kd_stream_summary *summary = kd_get_summary(facts, TRIAL_SUMMARY);

	for (size_t i = 0; i < all->count; i++) {
		struct trial trial;

		trial_begin(&trial, facts, all, i, out);
		if (summary == NULL)
			for (size_t check = 0; check < KD_COUNT(checks); check++)
				kd_unknown(out, check, trial.subject, facts, TRIAL_SUMMARY);
		else if (trial.principal->missing != KD_KNOWN)
			report_not_found(&trial);
		else
			judge_principal(&trial, summary);
	}
}

static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	const struct kd_principals *all = kd_get_principals(facts, TRIAL_PRINCIPALS);

	(void)settings;
	if (all != NULL && all->count > 0) {
		judge_each(facts, all, out);
		return;
	}
	for (size_t check = 0; check < KD_COUNT(checks); check++)
		if (all == NULL && kd_missing(facts, TRIAL_PRINCIPALS) != KD_NOT_CONFIGURED)
			kd_unknown(out, check, NULL, facts, TRIAL_PRINCIPALS);
		else
			kd_find(out, check, NULL, KD_OK,
			    "no principals declared (principals: of the stream in the config)");
}

/* 1 of 1 both ways: what the policies say is so; and they are read every 15 minutes, or by hand, which is when somebody wants to see that it is mended. */
const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI,
    .name = "iam_coverage",
    .title = "May each declared principal do what its use of the stream needs?",
    .needs = needs,
    .needs_count = KD_COUNT(needs),
    .checks = checks,
    .checks_count = KD_COUNT(checks),
    .open = {1, 1},
    .resolve = {1, 1},
    .judge = judge,
};
