/* SPDX-License-Identifier: Apache-2.0 */
/* iam_condition: the Condition block of a statement: every operator of IAM, evaluated with three-valued logic (IAM user guide, "Condition operators"). */
#ifndef KDIAG_IAM_CONDITION_H
#define KDIAG_IAM_CONDITION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/iam_arena.h"
#include "common/iam_match.h"
#include "common/json_view.h"

struct iam_condition;

/*
 * What a request says about a key: IAM_TRUE with its values (borrowed), IAM_FALSE: it has no such key, IAM_UNKNOWN: nobody told. cb is called with arg.
 */
typedef enum iam_truth iam_values_cb(void *arg, const char *key, const char *const **values, size_t *count);

struct iam_question {
	iam_values_cb *values_cb;
	void *arg;
	struct iam_work *work;
};

/* The first value of a key that has exactly one, as policy variables take it: an iam_lookup_cb whose arg is a struct iam_question. */
enum iam_truth iam_condition_lookup(void *arg, const char *key, const char **text);

/*
 * Compiles {"Operator": {"key": value or [values]}} into the arena, an array of *count conditions. variables: `${…}` are variables (Version 2012-10-17).
 * 0, or -1 with a sentence.
 */
int iam_condition_compile(struct iam_arena *arena, struct json_view block, bool variables,
    const struct iam_condition **conditions, size_t *count, char **cause);

/*
 * All of them: operators AND, keys AND, values OR. IAM_UNKNOWN when one hangs on a key that nobody told and none is false; *key is then that key
 * (borrowed). A variable without a value makes a positive operator's value match nothing, and a negated operator false: the statement does not apply
 * (IAM user guide, "Variables and tags").
 */
enum iam_truth iam_condition_evaluate(
    const struct iam_condition *conditions, size_t count, const struct iam_question *question, const char **key);

#endif
