/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinesis_pages: what the pages of one Kinesis answer gave: rows and their texts, which live and die together. Knows no
 * JSON.
 */
#ifndef KDIAG_AWS_KINESIS_PAGES_H
#define KDIAG_AWS_KINESIS_PAGES_H

#include <stddef.h>

#include "daemon/aws/kinesis.h"

/* The seven, and room for those that AWS may invent. */
enum { KINESIS_METRICS_MAX = 32 };

struct kinesis_texts;

/* Zero-initialised it is empty; all texts are its own. */
struct kinesis_pages {
	union {
		void *rows;
		struct kd_shard *shards;
		struct kd_consumer *consumers;
		struct kinesis_stream *streams;
	};
	size_t count, capacity;
	struct kinesis_summary summary;
	const char *metrics[KINESIS_METRICS_MAX];
	const char *policy; /* GetResourcePolicy: JSON; NULL: there is none */
	char *next_token;   /* of the last page; NULL: there are no more */
	const char *code;   /* a word for the error's code beside the sentence, or NULL */
	struct kinesis_texts *texts;
};

/* Frees all and leaves it empty. */
void kinesis_pages_clear(struct kinesis_pages *pages);
/* A copy that lives until clear. */
const char *kinesis_pages_keep(struct kinesis_pages *pages, const char *s);
/* Room for one more row, zeroed; it counts once the caller says count++. Rows may move with each. */
void *kinesis_pages_next_row(struct kinesis_pages *pages, size_t row_size);
/* Do the rows from `first` on begin as all rows began? Then a NextToken has led in a circle. -1 with a sentence. */
int kinesis_pages_check(const struct kinesis_pages *pages, size_t first, size_t row_size, char **cause);
/* Sorts the rows by name, and refuses two of one name. row_size as the parser has it. 0, or -1 with a sentence. */
int kinesis_pages_sort(struct kinesis_pages *pages, size_t row_size, char **cause);

#endif
