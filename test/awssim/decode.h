/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode: a YAML map into a struct by a table of fields, each mistake with file:line:column and a suggestion. Knows no
 * scenario.
 */
#ifndef KDIAG_AWSSIM_DECODE_H
#define KDIAG_AWSSIM_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/yaml_tree.h"

/* Where the map comes from (for messages) and where the sentence goes. */
struct decode {
	const char *file;
	char **cause;
	void *arg; /* for the readers */
};

/* What a field's value becomes at its offset. */
enum decode_type {
	DECODE_STRING,   /* char *, the struct's own; what stood there is freed */
	DECODE_INTEGER,  /* int64_t within min and max */
	DECODE_FRACTION, /* double from 0 to 1 */
	DECODE_NUMBER,   /* double, not negative, within min and max */
	DECODE_BOOLEAN,  /* bool */
	DECODE_DURATION, /* int64_t, in milliseconds; min and max in seconds */
	DECODE_CHOICE,   /* int, the index of the word among choices (NULL-terminated) */
	DECODE_READER,   /* whatever read() makes of it; into is the whole struct */
	DECODE_SKIP,     /* known, but not read now */
};

struct decode_field {
	const char *key;
	enum decode_type type;
	size_t offset;
	bool required;
	int64_t min, max; /* both 0: not negative */
	const char *const *choices;
	int (*read)(const struct decode *in, const struct yaml_node *node, void *into);
};

/* 0, or -1 with "FILE:LINE:COLUMN: sentence" in *in->cause. Fields that are absent or null are left alone. */
int decode_map(
    const struct decode *in, const struct yaml_node *node, const struct decode_field *fields, size_t count, void *into);
/* Is it a list (what: "streams", for the sentence)? 0 or -1. */
int decode_list(const struct decode *in, const struct yaml_node *node, const char *what);
/* A scalar's text, borrowed; NULL with a sentence. */
const char *decode_text(const struct decode *in, const struct yaml_node *node, const char *what);
int decode_integer(const struct decode *in, const struct yaml_node *node, int64_t min, int64_t max, int64_t *value);
/* max 0: 2^53. */
int decode_number(const struct decode *in, const struct yaml_node *node, double min, double max, double *value);
/* Writes "FILE:LINE:COLUMN: …" and returns -1. */
int decode_fail(const struct decode *in, const struct yaml_node *node, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
