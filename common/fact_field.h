/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fact_field: the types of field that a fact's value is made of, and how each is copied into one block of memory, written as JSON
 * and read back. For fact_value.c only.
 */
#ifndef KDIAG_FACT_FIELD_H
#define KDIAG_FACT_FIELD_H

#include <jansson.h>
#include <kdiag/probe.h>

#include "common/iam_arena.h"

/* A list that comes from outside has an end: Kinesis has seven shard-level metrics, a principal at most 100 actions, and a series NEED_POINTS_MAX points. */
enum { FACT_FIELD_TEXTS_MAX = 128, FACT_FIELD_NUMBERS_MAX = 1440 };

/* A block that is filled from its start; with base NULL it only counts what would be used. */
struct pack {
	char *base;
	size_t used;
};

/*
 * STATUS_LIVE: any status but GONE. COUNT_OR_NONE: -1 is null. TEXTS: an array of strings, null where `declared` is false. NUMBERS: an array
 * of doubles; one that is no number is null. REASON: why something is missing, null when it is not. WHY: a text that is never NULL. DOCUMENT: JSON as
 * text, read from an object too. ITEMS: an array of objects, each of the fields of `items`. NUMBER: a double.
 */
enum fact_field_type {
	FIELD_STATUS,
	FIELD_STATUS_LIVE,
	FIELD_MODE,
	FIELD_COUNT,
	FIELD_COUNT_OR_NONE,
	FIELD_TIME,
	FIELD_TEXT,
	FIELD_TEXT_REQUIRED,
	FIELD_TEXTS,
	FIELD_NUMBERS,
	FIELD_HASH,
	FIELD_REASON,
	FIELD_WHY,
	FIELD_DOCUMENT,
	FIELD_ITEMS,
	FIELD_BOOLEAN,
	FIELD_NUMBER,
};

struct fact_field;

/* What a list of things inside a thing is made of. */
struct fact_items {
	size_t size;
	const struct fact_field *fields;
	size_t fields_count;
	size_t max; /* entries from outside */
};

struct fact_field {
	const char *key;
	enum fact_field_type type;
	size_t offset;
	size_t count;                   /* TEXTS, NUMBERS, ITEMS: the offset of its count, */
	size_t declared;                /* and for TEXTS of the bool that tells an empty list from none; 0: has none */
	const struct fact_items *items; /* ITEMS */
};

/* Where lists live while a value is read. */
struct fact_field_scratch {
	struct iam_arena arena;
};

/* Room for size bytes, aligned for any field of a fact; NULL while only counting. */
void *pack_space(struct pack *pack, size_t size);
/* A copy; NULL stays NULL. */
const char *pack_text(struct pack *pack, const char *text);

/* Makes the texts of a shallow copy its own. */
void fact_field_pack(const struct fact_field *field, struct pack *pack, void *item);
void fact_field_write(const struct fact_field *field, json_t *object, const void *item);
/* Fills the field of a zeroed item; texts are borrowed from the object. 0, or -1 with a sentence. */
int fact_field_read(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause);
/* Frees what the scratch holds: the numbers of the items that were read are gone. */
void fact_field_forget(struct fact_field_scratch *scratch);

#endif
