/* SPDX-License-Identifier: Apache-2.0 */
/* say: owns the words; what is judged is trial's. */
#include "probes/iam_coverage/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* As much as kd_next takes. */
enum { PASTE_BYTES = 1200 };

/* ---- sentences ---- */

void
say_add(struct say_text *text, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text->s + text->used, sizeof(text->s) - text->used, fmt, ap);
	va_end(ap);
	if (n > 0)
		text->used += (size_t)n < sizeof(text->s) - text->used ? (size_t)n : sizeof(text->s) - text->used - 1;
}

static const char *
policy_name(const struct kd_policy *policy)
{
	if (policy->name != NULL)
		return policy->name;
	return policy->arn != NULL ? arn_tail(policy->arn) : "";
}

/* Its Sid or its number. */
static const char *
name_of(const struct kd_statement *by)
{
	static const char prefix[] = "statement ";

	return strncmp(by->label, prefix, strlen(prefix)) == 0 ? by->label + strlen(prefix) : by->label;
}

void
say_statement(struct say_text *text, const struct kd_statement *by)
{
	static const char *const kinds[] = {[KD_IAM_IDENTITY] = "policy",
	    [KD_IAM_BOUNDARY] = "the boundary",
	    [KD_IAM_RESOURCE] = "the resource policy of"};

	say_add(text, "%s of %s %s", by->label, kinds[by->layer], policy_name(by->policy));
	if (by->policy->group != NULL)
		say_add(text, " (group %s)", by->policy->group);
}

void
say_unmet(struct say_text *text, const struct kd_statement *by)
{
	say_statement(text, by);
	say_add(text, " has it under a condition that is not met");
}

void
say_actions(const struct trial *trial, trial_wanted wanted, const struct trial_chosen *chosen, struct say_text *text)
{
	say_add(text, "%s", chosen->first->action.name);
	for (size_t i = 0; chosen->count == 2 && i < trial->count; i++)
		if (wanted(&trial->verdicts[i]) && &trial->verdicts[i] != chosen->first)
			say_add(text, " and %s", trial->verdicts[i].action.name);
	if (chosen->count > 2)
		say_add(text, " and %zu more actions", chosen->count - 1);
}

void
say_wrong_arn(const struct trial *trial, const struct trial_verdict *verdict, struct say_text *text)
{
	const char *tail = arn_tail(verdict->near);

	if (verdict->action.on == ON_CONSUMERS && kd_iam_resource_covers(verdict->near, trial->resources[ON_STREAM]))
		say_add(text, "granted on %s but not on its consumers (/consumer/*)", tail);
	else if (strncmp(tail, "stream/", 7) != 0)
		say_add(
		    text, "granted on \"%s\", which matches no stream: \"stream/\" is missing before the name", tail);
	else if (strstr(tail, "/consumer/") != NULL)
		say_add(text, "granted on %s but not on the stream itself", tail);
	else
		say_add(text, "granted on another region or account (%s)", verdict->near);
}

void
say_evidence(const struct trial *trial, trial_wanted wanted, const struct kd_statement *by)
{
	struct say_text actions = {.s = ""};

	for (size_t i = 0; i < trial->count; i++)
		if (wanted(&trial->verdicts[i]))
			say_add(&actions, "%s%s", actions.used > 0 ? " " : "", trial->verdicts[i].action.name);
	kd_evidence_string(trial->out, "principal", trial->principal->arn);
	if (trial->principal->use != NULL)
		kd_evidence_string(trial->out, "use", trial->principal->use);
	kd_evidence_string(trial->out, "actions", actions.s);
	if (by == NULL)
		return;
	kd_evidence_string(trial->out, "policy", policy_name(by->policy));
	kd_evidence_string(trial->out, "statement", name_of(by));
}

/* ---- statements to paste ---- */

struct say_paste {
	char s[PASTE_BYTES];
	size_t used;
	bool full;
};

static void put(struct say_paste *paste, const char *fmt, ...) KD_PRINTF(2, 3);

static void
put(struct say_paste *paste, const char *fmt, ...)
{
	size_t room = sizeof(paste->s) - paste->used;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(paste->s + paste->used, room, fmt, ap);
	va_end(ap);
	paste->full |= n < 0 || (size_t)n >= room;
	paste->used += paste->full ? 0 : (size_t)n;
}

/* A thing without an ARN of its own is written as one for all of its kind here. */
static void
put_resource(const struct trial *trial, enum use_on on, struct say_paste *paste)
{
	static const char *const kinds[ON_KINDS] = {[ON_TABLE] = "dynamodb", [ON_INDEX] = "dynamodb", [ON_KEY] = "kms"};
	static const char *const things[ON_KINDS] = {
	    [ON_TABLE] = "table/*", [ON_INDEX] = "table/*/index/*", [ON_KEY] = "key/*"};

	if (*trial->resources[on] != '\0')
		put(paste, "\"%s\"", trial->resources[on]);
	else
		put(paste, "\"arn:%s:%s:%s:%s:%s\"", trial->partition, kinds[on], kd_stream_region(trial->facts),
		    trial->account, things[on]);
}

/* One statement for each kind of resource; what no longer has room is left out whole. in_resource: for a resource policy, which names who. */
static void
make_statements(const struct trial *trial, trial_wanted wanted, bool in_resource, struct say_paste *paste)
{
	for (enum use_on on = 0; on < ON_KINDS; on++) {
		size_t before = paste->used, count = 0;

		for (size_t i = 0; i < trial->count; i++) {
			const struct trial_verdict *verdict = &trial->verdicts[i];

			if (verdict->action.on != on || !wanted(verdict))
				continue;
			if (count++ == 0) {
				put(paste, "%s{\"Effect\":\"Allow\",", before > 0 ? "," : "");
				if (in_resource)
					put(paste, "\"Principal\":{\"AWS\":\"%s\"},", trial->principal->arn);
				put(paste, "\"Action\":[\"%s\"", verdict->action.name);
			} else {
				put(paste, ",\"%s\"", verdict->action.name);
			}
		}
		if (count == 0)
			continue;
		put(paste, "],\"Resource\":");
		put_resource(trial, on, paste);
		put(paste, "}");
		if (paste->full) {
			paste->used = before;
			paste->s[before] = '\0';
			return;
		}
	}
}

void
say_next_statements(const struct trial *trial, trial_wanted wanted, bool in_resource)
{
	struct say_paste paste = {.s = ""};

	make_statements(trial, wanted, in_resource, &paste);
	if (paste.used > 0)
		kd_next(trial->out, "%s", paste.s);
}

/* Actions ignore case, and come in small letters: one that is known is written as AWS does. */
static const char *
spelt(const struct trial *trial, const char *action)
{
	for (size_t i = 0; i < trial->count; i++)
		if (strcasecmp(trial->verdicts[i].action.name, action) == 0)
			return trial->verdicts[i].action.name;
	return action;
}

static bool
is_sid(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] == '\0';
}

/* The same statement, made to spare the stream; "": it can only be taken out. */
static void
make_exception(const struct trial *trial, const struct kd_statement *by, struct say_paste *paste)
{
	if (by->conditional || by->layer == KD_IAM_RESOURCE || by->not_resources || by->not_actions)
		return;
	if (by->resources_count != 1 || !kd_iam_resource_covers(by->resources[0], trial->resources[ON_STREAM]) ||
	    strcmp(by->resources[0], trial->resources[ON_STREAM]) == 0)
		return;
	put(paste, "{");
	/* A Sid has letters and digits (IAM user guide); a number is our own count, and nothing else gets into what is pasted. */
	if (name_of(by)[strspn(name_of(by), "0123456789")] != '\0' && is_sid(name_of(by)))
		put(paste, "\"Sid\":\"%s\",", name_of(by));
	put(paste, "\"Effect\":\"Deny\",\"Action\":[");
	for (size_t i = 0; i < by->actions_count; i++)
		put(paste, "%s\"%s\"", i > 0 ? "," : "", spelt(trial, by->actions[i]));
	put(paste, "],\"NotResource\":[\"%s\",\"%s\"]}", trial->resources[ON_STREAM], trial->resources[ON_CONSUMERS]);
}

/* How to see the policy. */
static void
next_policy(const struct trial *trial, const struct kd_statement *by)
{
	const struct kd_policy *policy = by->policy;
	bool user = strstr(trial->principal->arn, ":user/") != NULL;

	if (by->layer == KD_IAM_RESOURCE)
		kd_next(trial->out, "aws kinesis get-resource-policy --resource-arn %s --region %s", policy->arn,
		    kd_stream_region(trial->facts));
	else if (policy->arn != NULL)
		kd_next(trial->out, "aws iam get-policy-version --policy-arn %s --version-id %s", policy->arn,
		    policy->version != NULL ? policy->version : "v1");
	else if (policy->group != NULL)
		kd_next(trial->out, "aws iam get-group-policy --group-name %s --policy-name %s", policy->group,
		    policy->name);
	else
		kd_next(trial->out, "aws iam get-%s-policy --%s-name %s --policy-name %s", user ? "user" : "role",
		    user ? "user" : "role", arn_name(trial->principal->arn), policy->name);
}

void
say_next_exception(const struct trial *trial, const struct kd_statement *by)
{
	struct say_paste paste = {.s = ""};

	make_exception(trial, by, &paste);
	if (paste.used > 0 && !paste.full)
		kd_next(trial->out, "%s", paste.s);
	else
		next_policy(trial, by);
}
