/* SPDX-License-Identifier: Apache-2.0 */
/* shape: is a JSON input what the operation's model says? As AWS judges, in AWS's words. Knows no operation. */
#ifndef KDIAG_AWSSIM_SHAPE_H
#define KDIAG_AWSSIM_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

enum shape_type { SHAPE_STRING, SHAPE_INTEGER, SHAPE_TIMESTAMP, SHAPE_STRUCTURE, SHAPE_LIST, SHAPE_BOOLEAN };

/* A member, as in the service's model (botocore's service-2.json). */
struct shape_member {
	const char *name;
	enum shape_type type;
	bool required;
	int64_t min, max;                   /* of a string or list its length, of an integer its value; both 0: any */
	bool (*matches)(const char *s);     /* NULL: no pattern */
	const char *pattern;                /* the pattern as AWS's sentence shows it */
	const char *const *choices;         /* NULL: any; else NULL-terminated */
	const struct shape_member *members; /* of a structure */
	size_t members_count;
	const struct shape_member *element; /* of a list: what each of its entries is (its name says nothing) */
};

/* The code for what has the right types and breaks a rule all the same; services may have their own for it. */
#define SHAPE_INVALID "ValidationException"

/* 0; or -1 with the error's code (borrowed) and its message (the caller's). */
int shape_check(
    const json_t *input, const struct shape_member *members, size_t count, const char **code, char **message);

#endif
