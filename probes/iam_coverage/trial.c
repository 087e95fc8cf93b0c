/* SPDX-License-Identifier: Apache-2.0 */
/* trial: owns what is asked of the evaluator, and how a grant on another resource is told from none; what it means to people is say's. */
#include "probes/iam_coverage/trial.h"

#include <stdio.h>
#include <string.h>

/* ---- what is needed, and on what ---- */

/* The key that its owner answers for; NULL: the stream has none, or AWS's own, on which nobody needs a grant. */
static const char *
customer_key(const struct kd_stream_summary *summary)
{
	const char *key = summary->key_id;

	if (summary->encryption == NULL || strcmp(summary->encryption, "KMS") != 0 || key == NULL)
		return NULL;
	return strcmp(arn_tail(key), "alias/aws/kinesis") == 0 ? NULL : key;
}

static void
add_action(struct trial *trial, struct use_action action)
{
	if (trial->count < TRIAL_ACTIONS_MAX)
		trial->verdicts[trial->count++].action = action;
}

static void
lay_actions(struct trial *trial, const struct kd_stream_summary *summary)
{
	const struct kd_principal *principal = trial->principal;
	const struct use *use = use_find(principal->use);

	for (size_t i = 0; use != NULL && i < use->count; i++)
		add_action(trial, use->actions[i]);
	if (use != NULL && customer_key(summary) != NULL)
		add_action(trial, use->key);
	for (size_t i = 0; use == NULL && i < principal->actions_count; i++)
		add_action(trial, (struct use_action){principal->actions[i], use_place(principal->actions[i]), true});
}

/* What is named by an alias, or not declared, has no ARN here that a policy could name. */
static void
lay_resources(struct trial *trial, const struct kd_stream_summary *summary)
{
	const char *arn = kd_stream_arn(trial->facts), *key = customer_key(summary),
		   *table = trial->principal->lease_table;
	const char *region = kd_stream_region(trial->facts);
	char account[ARN_ACCOUNT_SIZE];

	arn_copy_account(arn, arn, account);
	(void)snprintf(trial->resources[ON_STREAM], ARN_BYTES, "%s", arn);
	(void)snprintf(trial->resources[ON_CONSUMERS], ARN_BYTES, "%s/consumer/*", arn);
	(void)snprintf(trial->resources[ON_ANYTHING], ARN_BYTES, "*");
	if (table != NULL) {
		(void)snprintf(trial->resources[ON_TABLE], ARN_BYTES, "arn:%s:dynamodb:%s:%s:table/%s",
		    trial->partition, region, trial->account, table);
		(void)snprintf(trial->resources[ON_INDEX], ARN_BYTES,
		    "arn:%s:dynamodb:%s:%s:table/%s/index/LeaseOwnerToLeaseKeyIndex", trial->partition, region,
		    trial->account, table);
	}
	if (key == NULL || strncmp(arn_tail(key), "alias/", 6) == 0)
		return;
	if (strncmp(key, "arn:", 4) == 0)
		(void)snprintf(trial->resources[ON_KEY], ARN_BYTES, "%s", key);
	else
		(void)snprintf(trial->resources[ON_KEY], ARN_BYTES, "arn:%s:kms:%s:%s:key/%s", trial->partition, region,
		    account, key);
}

/* ---- judging an action ---- */

static bool
grants(const struct kd_statement *statement, const char *action)
{
	bool covered = false;

	if (statement->deny || statement->layer != KD_IAM_IDENTITY)
		return false;
	for (size_t i = 0; i < statement->actions_count && !covered; i++)
		covered = kd_iam_action_covers(statement->actions[i], action);
	return covered != statement->not_actions;
}

static void
fill_wildcards(char *arn)
{
	for (; *arn != '\0'; arn++)
		if (*arn == '*' || *arn == '?')
			*arn = 'x';
}

/* A resource that the pattern covers: letters for its wildcards. false: it covers none of this service. */
static bool
fill_pattern(const char *pattern, const char *service, const char *otherwise, char arn[ARN_BYTES])
{
	char mark[32];

	(void)snprintf(mark, sizeof(mark), ":%s:", service);
	if (strcmp(pattern, "*") != 0 && strstr(pattern, mark) == NULL)
		return false;
	(void)snprintf(arn, ARN_BYTES, "%s", strcmp(pattern, "*") == 0 ? otherwise : pattern);
	fill_wildcards(arn);
	return true;
}

/* The resource is not known by its ARN: granted on any of its service is granted. */
static struct kd_iam_answer
decide_anywhere(const struct trial *trial, const char *action, const char *service, const char *thing)
{
	char arn[ARN_BYTES], otherwise[256];
	struct kd_iam_answer answer;
	size_t count;
	const struct kd_statement *list = kd_iam_statements(trial->facts, TRIAL_PRINCIPALS, trial->index, &count);

	(void)snprintf(otherwise, sizeof(otherwise), "arn:%s:%s:%s:%s:%s/x", trial->partition, service,
	    kd_stream_region(trial->facts), trial->account, thing);
	answer = kd_iam_decide(trial->facts, TRIAL_PRINCIPALS, trial->index, action, otherwise);
	for (size_t i = 0; answer.decision == KD_IAM_NOT_GRANTED && i < count; i++) {
		if (!grants(&list[i], action) || list[i].not_resources)
			continue;
		for (size_t r = 0; answer.decision == KD_IAM_NOT_GRANTED && r < list[i].resources_count; r++)
			if (fill_pattern(list[i].resources[r], service, otherwise, arn))
				answer = kd_iam_decide(trial->facts, TRIAL_PRINCIPALS, trial->index, action, arn);
	}
	return answer;
}

/* A consumer that a policy names, and that may come to be. */
static struct kd_iam_answer
decide_named_consumer(const struct trial *trial, const char *action, const struct kd_statement *statement)
{
	struct kd_iam_answer answer = {.decision = KD_IAM_NOT_GRANTED, .lacking = KD_IAM_IDENTITY};
	char arn[ARN_BYTES];

	if (!grants(statement, action) || statement->not_resources)
		return answer;
	for (size_t i = 0; answer.decision == KD_IAM_NOT_GRANTED && i < statement->resources_count; i++) {
		const char *name = strstr(statement->resources[i], "/consumer/");
		int len = snprintf(arn, sizeof(arn), "%s%s", trial->resources[ON_STREAM], name != NULL ? name : "");

		if (name == NULL || len < 0 || (size_t)len >= sizeof(arn))
			continue;
		fill_wildcards(arn);
		answer = kd_iam_decide(trial->facts, TRIAL_PRINCIPALS, trial->index, action, arn);
	}
	return answer;
}

/* Granted on all consumers of the stream, on one that is registered (its resource policy is here, or that it has none), or on one that the policy names. */
static struct kd_iam_answer
decide_consumers(const struct trial *trial, const char *action)
{
	const struct kd_principals *all = kd_get_principals(trial->facts, TRIAL_PRINCIPALS);
	struct kd_iam_answer on_all =
	    kd_iam_decide(trial->facts, TRIAL_PRINCIPALS, trial->index, action, trial->resources[ON_CONSUMERS]);
	struct kd_iam_answer answer = on_all;
	size_t count;
	const struct kd_statement *list = kd_iam_statements(trial->facts, TRIAL_PRINCIPALS, trial->index, &count);

	for (size_t i = 0; answer.decision == KD_IAM_NOT_GRANTED && i < all->resource_policies_count; i++)
		if (all->resource_policies[i].arn != NULL &&
		    strstr(all->resource_policies[i].arn, "/consumer/") != NULL)
			answer = kd_iam_decide(
			    trial->facts, TRIAL_PRINCIPALS, trial->index, action, all->resource_policies[i].arn);
	for (size_t i = 0; answer.decision == KD_IAM_NOT_GRANTED && i < count; i++)
		answer = decide_named_consumer(trial, action, &list[i]);
	return answer.decision == KD_IAM_NOT_GRANTED ? on_all : answer;
}

static struct kd_iam_answer
decide(const struct trial *trial, const struct use_action *action)
{
	const char *resource = trial->resources[action->on];

	if (action->on == ON_CONSUMERS)
		return decide_consumers(trial, action->name);
	if (*resource != '\0')
		return kd_iam_decide(trial->facts, TRIAL_PRINCIPALS, trial->index, action->name, resource);
	return action->on == ON_KEY ? decide_anywhere(trial, action->name, "kms", "key")
				    : decide_anywhere(trial, action->name, "dynamodb", "table");
}

/* ---- granted, but on what? ---- */

/* Was this stream meant by the pattern, which does not cover what the action is made on? */
static bool
is_near(const struct trial *trial, const struct use_action *action, const char *pattern)
{
	const char *name = kd_stream_name(trial->facts), *tail = arn_tail(pattern);
	size_t len = strlen(name);

	if (strncmp(pattern, "arn:", 4) != 0 || strstr(pattern, ":kinesis:") == NULL ||
	    kd_iam_resource_covers(pattern, trial->resources[action->on]))
		return false;
	if (action->on == ON_CONSUMERS && kd_iam_resource_covers(pattern, trial->resources[ON_STREAM]))
		return true;
	if (strncmp(tail, "stream/", 7) == 0)
		tail += 7;
	return strncmp(tail, name, len) == 0 && (tail[len] == '\0' || tail[len] == '/' || tail[len] == '*');
}

static void
find_near(const struct trial *trial, struct trial_verdict *verdict)
{
	size_t count;
	const struct kd_statement *list = kd_iam_statements(trial->facts, TRIAL_PRINCIPALS, trial->index, &count);

	if (verdict->action.on != ON_STREAM && verdict->action.on != ON_CONSUMERS)
		return;
	for (size_t i = 0; i < count; i++) {
		if (!grants(&list[i], verdict->action.name) || list[i].not_resources)
			continue;
		for (size_t r = 0; r < list[i].resources_count; r++)
			if (is_near(trial, &verdict->action, list[i].resources[r])) {
				verdict->near = list[i].resources[r];
				verdict->near_by = &list[i];
				return;
			}
	}
}

void
trial_judge(struct trial *trial, const struct kd_stream_summary *summary)
{
	lay_actions(trial, summary);
	lay_resources(trial, summary);
	for (size_t i = 0; i < trial->count; i++) {
		struct trial_verdict *verdict = &trial->verdicts[i];

		verdict->answer = decide(trial, &verdict->action);
		if (verdict->answer.decision == KD_IAM_NOT_GRANTED && verdict->answer.lacking == KD_IAM_IDENTITY)
			find_near(trial, verdict);
	}
}

/* ---- verdicts of one kind ---- */

bool
trial_is_any(const struct trial_verdict *verdict)
{
	(void)verdict;
	return true;
}

bool
trial_is_missing(const struct trial_verdict *verdict)
{
	return verdict->answer.decision == KD_IAM_NOT_GRANTED && verdict->near == NULL;
}

bool
trial_is_wrong(const struct trial_verdict *verdict)
{
	return verdict->answer.decision == KD_IAM_NOT_GRANTED && verdict->near != NULL;
}

bool
trial_is_denied(const struct trial_verdict *verdict)
{
	return verdict->answer.decision == KD_IAM_DENIED;
}

bool
trial_is_conditional(const struct trial_verdict *verdict)
{
	return verdict->answer.decision == KD_IAM_CONDITIONAL;
}

struct trial_chosen
trial_choose(const struct trial *trial, trial_wanted wanted)
{
	struct trial_chosen chosen = {.count = 0};

	for (size_t i = 0; i < trial->count; i++) {
		const struct trial_verdict *verdict = &trial->verdicts[i];

		if (!wanted(verdict))
			continue;
		/* What it cannot do without is named first. */
		if (chosen.first == NULL || (verdict->action.vital && !chosen.first->action.vital))
			chosen.first = verdict;
		chosen.vital |= verdict->action.vital;
		chosen.count++;
	}
	return chosen;
}

const struct kd_statement *
trial_find_unmet(const struct trial *trial, const struct trial_verdict *verdict)
{
	size_t count;
	const struct kd_statement *list = kd_iam_statements(trial->facts, TRIAL_PRINCIPALS, trial->index, &count);

	for (size_t i = 0; i < count; i++) {
		if (!list[i].conditional || list[i].not_resources || !grants(&list[i], verdict->action.name))
			continue;
		for (size_t r = 0; r < list[i].resources_count; r++)
			if (kd_iam_resource_covers(list[i].resources[r], trial->resources[verdict->action.on]))
				return &list[i];
	}
	return NULL;
}

const struct trial_verdict *
trial_find_unknown(const struct trial *trial)
{
	for (size_t i = 0; i < trial->count; i++)
		if (trial->verdicts[i].answer.decision == KD_IAM_UNKNOWN)
			return &trial->verdicts[i];
	return NULL;
}

/* ---- who it is ---- */

const char *
trial_use(const struct trial *trial)
{
	return trial->principal->use != NULL ? trial->principal->use : "what is declared";
}

/* The shortest name that no other principal has: its own, with its path, with its use, the whole ARN. */
static void
name_subject(struct trial *trial, const struct kd_principals *all)
{
	const char *arn = trial->principal->arn, *name = arn_name(arn);
	bool same_name = false, same_tail = false, same_arn = false;

	for (size_t i = 0; i < all->count; i++) {
		if (i == trial->index)
			continue;
		same_name |= strcmp(arn_name(all->list[i].arn), name) == 0;
		same_tail |= strcmp(arn_tail(all->list[i].arn), arn_tail(arn)) == 0;
		same_arn |= strcmp(all->list[i].arn, arn) == 0;
	}
	if (!same_name)
		(void)snprintf(trial->subject, sizeof(trial->subject), "%s", name);
	else if (same_arn)
		(void)snprintf(trial->subject, sizeof(trial->subject), "%s (%s)", name, trial_use(trial));
	else
		(void)snprintf(trial->subject, sizeof(trial->subject), "%s", same_tail ? arn : arn_tail(arn));
}

void
trial_begin(struct trial *trial, const struct kd_facts *facts, const struct kd_principals *all, size_t index,
    struct kd_report *out)
{
	*trial = (struct trial){.facts = facts, .principal = &all->list[index], .index = index, .out = out};
	if (sscanf(trial->principal->arn, "arn:%31[^:]:", trial->partition) != 1)
		(void)snprintf(trial->partition, sizeof(trial->partition), "aws");
	arn_copy_account(trial->principal->arn, kd_stream_arn(facts), trial->account);
	name_subject(trial, all);
}
