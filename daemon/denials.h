/* SPDX-License-Identifier: Apache-2.0 */
/* denials: how many of those that ask an operation of a place are denied it: one finding about kdiag, told with the first and over with the last. */
#ifndef KDIAG_DENIALS_H
#define KDIAG_DENIALS_H

#include <stdbool.h>

#include "daemon/collect_feed.h"

struct denials;

struct denials *denials_new(struct collect *collect);
void denials_free(struct denials *denials);
/* One of them is denied now (why: a sentence) or not (NULL); *denied is its own memory of that, false at first. operation is static: "kinesis:GetResourcePolicy". */
void denials_note(
    struct denials *denials, struct aws_place *place, const char *operation, const char *why, bool *denied);

#endif
