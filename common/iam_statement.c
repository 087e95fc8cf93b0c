/* SPDX-License-Identifier: Apache-2.0 */
/* iam_statement: owns how the elements of a statement are laid on a request; knows nothing of the order of policies. */
#include "common/iam_statement.h"

#include <string.h>
#include <strings.h>

/* ---- keys ---- */

static enum iam_truth
give_value(const char *const *value, const char *const **values, size_t *count)
{
	if (*value == NULL)
		return IAM_FALSE;
	*values = value;
	*count = 1;
	return IAM_TRUE;
}

/* What was told comes first, then what follows from the caller; then, when the context is not all, from the resource. */
static enum iam_truth
find_values_cb(void *arg, const char *name, const char *const **values, size_t *count)
{
	struct iam_ask *ask = arg;
	const struct iam_key *told = iam_context_find(ask->context, name, &ask->work);
	const struct iam_caller_key *derived;

	if (told != NULL) {
		*values = told->values;
		*count = told->count;
		return told->count > 0 ? IAM_TRUE : IAM_FALSE;
	}
	if ((derived = iam_caller_find_key(ask->caller, name)) != NULL)
		return give_value(&derived->value, values, count);
	if (ask->context->complete)
		return IAM_FALSE;
	if (ask->resource_account != NULL && strcasecmp(name, "aws:ResourceAccount") == 0)
		return give_value(&ask->resource_account, values, count);
	if (ask->region != NULL && strcasecmp(name, "aws:RequestedRegion") == 0)
		return give_value(&ask->region, values, count);
	return IAM_UNKNOWN;
}

/* ---- elements ---- */

static bool
match_action(const struct iam_element *actions, struct iam_ask *ask)
{
	bool found = false;

	for (size_t i = 0; i < actions->count && !found; i++) {
		const struct iam_pattern *pattern = &actions->patterns[i];

		if (!iam_match_spend(&ask->work, 1))
			return false;
		if (pattern->any)
			found = true;
		else if (pattern->wild)
			found = iam_match_glob((struct iam_text){pattern->text, pattern->len}, ask->action, &ask->work);
		else
			found =
			    pattern->len == ask->action.len && memcmp(pattern->text, ask->action.s, pattern->len) == 0;
	}
	return found != actions->negated;
}

static enum iam_truth
match_pattern(const struct iam_pattern *pattern, const struct iam_question *question, struct iam_ask *ask, bool *lost,
    const char **key)
{
	struct iam_text filled;
	const char *variable = NULL;
	enum iam_truth known;

	if (pattern->any)
		return IAM_TRUE;
	if (!pattern->wild)
		return pattern->len == ask->resource.whole.len &&
			       memcmp(pattern->text, ask->resource.whole.s, pattern->len) == 0
			   ? IAM_TRUE
			   : IAM_FALSE;
	known = iam_pattern_fill(pattern, iam_condition_lookup, (void *)question, &ask->work, &filled, &variable);
	if (known == IAM_TRUE)
		return iam_match_resource(filled, &ask->resource, &ask->work) ? IAM_TRUE : IAM_FALSE;
	*lost |= known == IAM_FALSE;
	if (known == IAM_UNKNOWN)
		*key = variable;
	return known;
}

/* A variable without a value makes a Resource match nothing, and with NotResource the statement void (IAM user guide, "Variables and tags"). */
static enum iam_truth
match_resource(
    const struct iam_element *resources, const struct iam_question *question, struct iam_ask *ask, const char **key)
{
	enum iam_truth found = IAM_FALSE, one;
	bool lost = false;

	if (resources->absent)
		return IAM_TRUE;
	for (size_t i = 0; i < resources->count && found != IAM_TRUE; i++) {
		if (!iam_match_spend(&ask->work, 1))
			return IAM_FALSE;
		one = match_pattern(&resources->patterns[i], question, ask, &lost, key);
		found = one != IAM_FALSE ? one : found;
	}
	if (!resources->negated || found == IAM_UNKNOWN)
		return found;
	return found == IAM_TRUE || lost ? IAM_FALSE : IAM_TRUE;
}

/* ---- Principal ---- */

/*
 * NotPrincipal names exceptions. An account beside one of its users or roles is only there so that the account itself is not denied, and does not except
 * the others in it; alone it excepts all of it (IAM user guide, "NotPrincipal").
 */
static enum iam_level
match_not_principals(const struct iam_statement *statement, const struct iam_ask *ask)
{
	enum iam_level nearest = IAM_LEVEL_NONE, one;
	bool narrowed = false;

	/* "NotPrincipal with Deny will always deny any IAM principal that has a permissions boundary attached, regardless of the values." */
	if (statement->deny && ask->has_boundary)
		return IAM_LEVEL_DIRECT;
	for (size_t i = 0; i < statement->principals_count; i++) {
		const struct iam_principal *principal = &statement->principals[i];

		one = iam_caller_match(principal, ask->caller);
		nearest = one > nearest ? one : nearest;
		narrowed |= principal->kind == IAM_AWS_ARN && strcmp(principal->account, ask->caller->account) == 0;
	}
	if (nearest >= IAM_LEVEL_ROLE || (nearest == IAM_LEVEL_ACCOUNT && !narrowed))
		return IAM_LEVEL_NONE;
	return IAM_LEVEL_DIRECT;
}

static enum iam_level
match_principals(const struct iam_statement *statement, struct iam_ask *ask)
{
	enum iam_level nearest = IAM_LEVEL_NONE, one;

	if (statement->principals_count == 0) /* an identity policy or a boundary: the caller's own */
		return IAM_LEVEL_DIRECT;
	if (!iam_match_spend(&ask->work, statement->principals_count))
		return IAM_LEVEL_NONE;
	if (statement->principals_negated)
		return match_not_principals(statement, ask);
	for (size_t i = 0; i < statement->principals_count; i++) {
		one = iam_caller_match(&statement->principals[i], ask->caller);
		nearest = one > nearest ? one : nearest;
	}
	return nearest;
}

/* ---- the whole ---- */

enum iam_truth
iam_statement_match(const struct iam_statement *statement, struct iam_ask *ask, enum iam_level *level, const char **key)
{
	struct iam_question question = {.values_cb = find_values_cb, .arg = ask, .work = &ask->work};
	enum iam_truth resource, condition;
	const char *on = NULL;

	if (!match_action(&statement->actions, ask) || (*level = match_principals(statement, ask)) == IAM_LEVEL_NONE)
		return IAM_FALSE;
	if ((resource = match_resource(&statement->resources, &question, ask, key)) == IAM_FALSE)
		return IAM_FALSE;
	if (statement->conditions_count == 0)
		return resource;
	condition = iam_condition_evaluate(statement->conditions, statement->conditions_count, &question, &on);
	if (condition == IAM_UNKNOWN && resource == IAM_TRUE)
		*key = on;
	return condition == IAM_TRUE ? resource : condition;
}
