/* SPDX-License-Identifier: Apache-2.0 */
/* iam_context: the condition keys of a request: what they are, that they are absent, or that nobody told. Keys ignore case. */
#ifndef KDIAG_IAM_CONTEXT_H
#define KDIAG_IAM_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/iam_arena.h"
#include "common/iam_match.h"
#include "common/json_view.h"

/* Real requests carry some dozens of keys; a tag of the resource is a key, and there are at most 50. */
enum { IAM_CONTEXT_KEYS_MAX = 512 };

struct iam_key {
	const char *name;
	size_t name_len;
	const char *const *values;
	size_t count;
};

/* Zero-initialised nothing is known, and everything may be there. */
struct iam_context {
	struct iam_key *keys;
	size_t count, cap;
	bool complete; /* a key that is not in it is absent from the request */
};

/*
 * Reads {"key": value or [values]} (string, number, boolean; null and [] mean absent) into the arena, from which the strings are taken as they stand
 * in object: it must live as long. 0, or -1 with a sentence.
 */
int iam_context_read(struct iam_arena *arena, struct json_view object, struct iam_context *context, char **cause);
/* Adds a key with its values, all copied into the arena. */
void iam_context_add(
    struct iam_arena *arena, struct iam_context *context, const char *name, const char *const *values, size_t count);
/* The key, if it was told; NULL else. */
const struct iam_key *iam_context_find(const struct iam_context *context, const char *name, struct iam_work *work);

/* The text of a JSON string, number or boolean as a condition value, the arena's or value's; NULL when it is of another type. */
const char *iam_context_text(struct iam_arena *arena, struct json_view value);

#endif
