/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iam_slice: finds the policy documents in the text of a line without reading them, so that those that were met before need no reading. It decides nothing:
 * what is left of the line, and each document, is still read as JSON by others.
 */
#ifndef KDIAG_IAM_SLICE_H
#define KDIAG_IAM_SLICE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"

enum { IAM_SLICES_MAX = 32 }; /* a principal has rarely more than ten policies; other lines go the long way */

struct iam_slice {
	const char *s; /* NULL: not a document that stands in the line as an object */
	size_t len;
};

/* Where the documents stand in the line. */
struct iam_slices {
	struct iam_slice identity[IAM_SLICES_MAX];
	size_t identity_count;
	struct iam_slice boundary, resource_policy;
	struct str rest; /* the line, with 0 for each of them */
};

/* false: the line is not of a form that is cut here (it may be good JSON all the same). slices->rest keeps its memory for the next line. */
bool iam_slice_line(const char *line, size_t len, struct iam_slices *slices);

#endif
