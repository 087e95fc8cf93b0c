/* SPDX-License-Identifier: Apache-2.0 */
/* iam_pattern: the patterns of a policy: texts with wildcards and policy variables, compiled once and filled in for each request. */
#ifndef KDIAG_IAM_PATTERN_H
#define KDIAG_IAM_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/iam_arena.h"
#include "common/iam_match.h"

/* A piece of a pattern: text, or (key not NULL) a variable, with its default or NULL. */
struct iam_part {
	const char *text, *key, *fallback;
	size_t len;
};

struct iam_pattern {
	const char *text; /* compiled; with variables NULL */
	size_t len;
	bool wild, any; /* any: stars and nothing else */
	const struct iam_part *parts;
	size_t parts_count;
};

enum iam_pattern_flag {
	IAM_WILD = 1,      /* `*` and `?` are wildcards */
	IAM_VARIABLES = 2, /* `${…}` are variables: Version 2012-10-17 only */
	IAM_LOWER = 4,     /* folded to lower case, for what ignores case */
	IAM_ARN_TAIL =
	    8, /* variables only behind the fifth colon, as in Resource (IAM user guide, "Where you can use policy variables") */
};

/* Compiles into the arena. 0, or -1 with a sentence: a variable that is not closed, or has no name. */
int iam_pattern_compile(
    struct iam_arena *arena, const char *text, unsigned flags, struct iam_pattern *pattern, char **cause);

/*
 * What a variable stands for: IAM_TRUE and the text (borrowed); IAM_FALSE: there is no such key in the request; IAM_UNKNOWN.
 */
typedef enum iam_truth iam_lookup_cb(void *arg, const char *key, const char **text);

/*
 * The pattern with its variables filled in, valid until the next call with the same work. IAM_FALSE: a variable has no value (its key in *key).
 * IAM_UNKNOWN: it hangs on *key.
 */
enum iam_truth iam_pattern_fill(const struct iam_pattern *pattern, iam_lookup_cb *lookup, void *arg,
    struct iam_work *work, struct iam_text *filled, const char **key);

/* Copies text in lower case (ASCII only, as IAM's keys and actions are). */
char *iam_pattern_lower(struct iam_arena *arena, const char *text);

#endif
