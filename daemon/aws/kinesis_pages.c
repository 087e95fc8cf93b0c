/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinesis_pages: what the pages of one Kinesis answer gave: rows and their texts, which live and die together. Knows no
 * JSON.
 */
#include "daemon/aws/kinesis_pages.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* ---- texts: many short strings that live and die together, without an allocation for each ---- */

enum { TEXTS_BLOCK = 16 << 10 };

struct kinesis_texts {
	struct kinesis_texts *next;
	size_t used, size;
	char s[];
};

const char *
kinesis_pages_keep(struct kinesis_pages *pages, const char *s)
{
	size_t len = strlen(s) + 1, size = len > TEXTS_BLOCK ? len : TEXTS_BLOCK;
	struct kinesis_texts *block = pages->texts;

	if (block == NULL || block->size - block->used < len) {
		/* A single summary needs less than a kilobyte. */
		if (block == NULL && len < 1024)
			size = 1024;
		block = mem_new(1, sizeof(*block) + size);
		block->size = size;
		block->next = pages->texts;
		pages->texts = block;
	}
	memcpy(block->s + block->used, s, len);
	block->used += len;
	return block->s + block->used - len;
}

void
kinesis_pages_clear(struct kinesis_pages *pages)
{
	struct kinesis_texts *block;

	while ((block = pages->texts) != NULL) {
		pages->texts = block->next;
		free(block);
	}
	free(pages->rows);
	free(pages->next_token);
	*pages = (struct kinesis_pages){0};
}

/* ---- rows ---- */

/* Every kind of row starts with its name. */
_Static_assert(offsetof(struct kd_shard, id) == 0, "kinesis_pages_sort");
_Static_assert(offsetof(struct kd_consumer, name) == 0, "kinesis_pages_sort");
_Static_assert(offsetof(struct kinesis_stream, name) == 0, "kinesis_pages_sort");

static const char *
row_name(const void *row)
{
	return *(const char *const *)row;
}

static int
compare_rows(const void *a, const void *b)
{
	return strcmp(row_name(a), row_name(b));
}

int
kinesis_pages_check(const struct kinesis_pages *pages, size_t first, size_t row_size, char **cause)
{
	const char *rows = pages->rows;

	if (first == 0 || first >= pages->count || compare_rows(rows, rows + first * row_size) != 0)
		return 0;
	return cause_set(cause, "NextToken leads in a circle, %s came again", row_name(rows));
}

int
kinesis_pages_sort(struct kinesis_pages *pages, size_t row_size, char **cause)
{
	const char *rows = pages->rows;
	size_t i;

	if (pages->count < 2)
		return 0;
	qsort(pages->rows, pages->count, row_size, compare_rows);
	for (i = 1; i < pages->count; i++)
		if (compare_rows(rows + (i - 1) * row_size, rows + i * row_size) == 0)
			return cause_set(cause, "%s is there twice", row_name(rows + i * row_size));
	return 0;
}

/* Room for one more row, zeroed; it counts once the caller says count++. */
void *
kinesis_pages_next_row(struct kinesis_pages *pages, size_t row_size)
{
	char *row;

	if (pages->count == pages->capacity) {
		pages->capacity = pages->capacity == 0 ? 16 : pages->capacity * 2;
		pages->rows = mem_resize(pages->rows, pages->capacity, row_size);
	}
	row = (char *)pages->rows + pages->count * row_size;
	memset(row, 0, row_size);
	return row;
}
