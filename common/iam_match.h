/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iam_match: wildcards and ARNs by segment. Matching needs no recursion and no second try at an earlier star: it is linear in
 * the text but for segments that hold a `?`, and every step is counted against a budget, so that a hostile policy ends in bounded time.
 */
#ifndef KDIAG_IAM_MATCH_H
#define KDIAG_IAM_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

/* Three-valued: unknown is what hangs on a key that nobody told. */
enum iam_truth { IAM_FALSE, IAM_TRUE, IAM_UNKNOWN };

/* What one evaluation may still spend, in bytes looked at; below 0 every match is false and the evaluation ends as an error. */
struct iam_work {
	int64_t left;
	struct str scratch; /* a pattern with its variables filled in */
};

/* Whether there is something left after these steps. */
bool iam_match_spend(struct iam_work *work, size_t steps);

/* In a compiled pattern wildcards are bytes that no UTF-8 text holds, so that a `*` out of a variable stays a letter. */
#define IAM_STAR '\xff'
#define IAM_ONE  '\xfe'

/* A text as it is matched: bytes with their length. */
struct iam_text {
	const char *s;
	size_t len;
};

/* Does the whole compiled pattern match the whole text? `?` is one character of UTF-8. */
bool iam_match_glob(struct iam_text pattern, struct iam_text text, struct iam_work *work);

enum { IAM_ARN_SEGMENTS = 6 };

/* A text cut at its first five colons. */
struct iam_arn {
	struct iam_text whole;
	struct iam_text segments[IAM_ARN_SEGMENTS];
	size_t count;
};

void iam_match_split_arn(struct iam_text text, struct iam_arn *arn);
/*
 * Resource matching: a wildcard stays within its colon segment, but the last segment of the pattern takes all that is left of the ARN: `arn:aws:kinesis:*` and
 * `arn:*` match everything behind (IAM user guide, "Resource": wildcards in ARNs).
 */
bool iam_match_resource(struct iam_text pattern, const struct iam_arn *arn, struct iam_work *work);
/* ArnEquals and ArnLike: each of six segments by itself; with fewer nothing matches (IAM user guide, "ARN condition operators"). */
bool iam_match_arn_like(struct iam_text pattern, const struct iam_arn *arn, struct iam_work *work);

#endif
