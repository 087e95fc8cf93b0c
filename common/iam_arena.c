/* SPDX-License-Identifier: Apache-2.0 */
/* iam_arena: owns blocks of memory and hands out pieces; knows nothing of what stands in them. */
#include "common/iam_arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* A typical policy compiles into less than one block. */
enum { BLOCK = 4096, ALIGN = 16 };

struct iam_arena_block {
	struct iam_arena_block *older;
	size_t size; /* of the memory behind this header */
	_Alignas(ALIGN) char memory[];
};

static void
add_block(struct iam_arena *arena, size_t least)
{
	size_t size = least > BLOCK ? least : BLOCK;
	struct iam_arena_block *block = mem_new(1, sizeof *block + size);

	block->older = arena->blocks;
	block->size = size;
	arena->blocks = block;
	arena->next = block->memory;
	arena->left = size;
}

void *
iam_arena_new(struct iam_arena *arena, size_t count, size_t size)
{
	size_t bytes;
	char *piece;

	assert(size > 0 && count < SIZE_MAX / 2 / size);
	bytes = (count * size + ALIGN - 1) / ALIGN * ALIGN;
	if (bytes > arena->left)
		add_block(arena, bytes);
	piece = arena->next;
	arena->next += bytes;
	arena->left -= bytes;
	return piece;
}

char *
iam_arena_copy(struct iam_arena *arena, const char *text, size_t len)
{
	char *copy = iam_arena_new(arena, len + 1, 1);

	memcpy(copy, text, len);
	return copy;
}

static void
free_blocks(struct iam_arena_block *block)
{
	while (block != NULL) {
		struct iam_arena_block *older = block->older;

		free(block);
		block = older;
	}
}

void
iam_arena_clear(struct iam_arena *arena)
{
	struct iam_arena_block *block = arena->blocks;

	if (block == NULL)
		return;
	free_blocks(block->older);
	block->older = NULL;
	memset(block->memory, 0, (size_t)(arena->next - block->memory));
	arena->next = block->memory;
	arena->left = block->size;
}

void
iam_arena_free(struct iam_arena *arena)
{
	free_blocks(arena->blocks);
	*arena = (struct iam_arena){0};
}
