/* SPDX-License-Identifier: Apache-2.0 */
/* iam_arena: memory that is taken in small pieces and given back all at once: what a compiled policy document stands in. */
#ifndef KDIAG_IAM_ARENA_H
#define KDIAG_IAM_ARENA_H

#include <stddef.h>

struct iam_arena_block;

/* Zero-initialised it is empty. */
struct iam_arena {
	struct iam_arena_block *blocks;
	char *next;
	size_t left;
};

/* Zeroed memory for count things of size bytes, aligned for any type; the arena's. */
void *iam_arena_new(struct iam_arena *arena, size_t count, size_t size);
/* A copy with a NUL behind it; the arena's. */
char *iam_arena_copy(struct iam_arena *arena, const char *text, size_t len);
/* Forgets what was taken, keeps the newest block for the next user. */
void iam_arena_clear(struct iam_arena *arena);
void iam_arena_free(struct iam_arena *arena);

#endif
