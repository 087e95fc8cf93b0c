/* SPDX-License-Identifier: Apache-2.0 */
/* iam_match: owns how a compiled pattern and a text are laid on each other; knows nothing of statements, keys or decisions. */
#include "common/iam_match.h"

#include <string.h>
#include <strings.h>

bool
iam_match_spend(struct iam_work *work, size_t steps)
{
	work->left -= (int64_t)steps;
	return work->left >= 0;
}

/* ---- globs ---- */

static size_t
character_len(struct iam_text text, size_t at)
{
	size_t len = 1;

	while (at + len < text.len && ((unsigned char)text.s[at + len] & 0xc0) == 0x80)
		len++;
	return len;
}

/* A segment is a pattern without stars. Its length in the text when it stands at `at`, else -1. */
static ptrdiff_t
segment_at(struct iam_text segment, struct iam_text text, size_t at, struct iam_work *work)
{
	size_t pos = at, i;

	for (i = 0; i < segment.len && pos < text.len; i++) {
		if (segment.s[i] == IAM_ONE)
			pos += character_len(text, pos);
		else if (segment.s[i] == text.s[pos])
			pos++;
		else
			break;
	}
	if (!iam_match_spend(work, i + 1) || i < segment.len)
		return -1;
	return (ptrdiff_t)(pos - at);
}

/* Does the segment stand at the very end, not before `from`? Read backwards, since a `?` may be several bytes. */
static bool
segment_ends(struct iam_text segment, struct iam_text text, size_t from, struct iam_work *work)
{
	size_t pos = text.len;

	for (size_t i = segment.len; i-- > 0;) {
		if (pos == from || !iam_match_spend(work, 1))
			return false;
		pos--;
		if (segment.s[i] == IAM_ONE)
			while (pos > from && ((unsigned char)text.s[pos] & 0xc0) == 0x80)
				pos--;
		else if (segment.s[i] != text.s[pos])
			return false;
	}
	return true;
}

/* The end of the segment's first place at or behind `from`, or -1. Two-way search (glibc's memmem) is linear; with a `?` every place is tried. */
static ptrdiff_t
segment_find(struct iam_text segment, struct iam_text text, size_t from, struct iam_work *work)
{
	ptrdiff_t len;
	const char *found;

	if (memchr(segment.s, IAM_ONE, segment.len) == NULL) {
		if (!iam_match_spend(work, segment.len + text.len - from))
			return -1;
		found = memmem(text.s + from, text.len - from, segment.s, segment.len);
		return found != NULL ? found - text.s + (ptrdiff_t)segment.len : -1;
	}
	for (; from < text.len; from += character_len(text, from)) {
		if ((len = segment_at(segment, text, from, work)) >= 0)
			return (ptrdiff_t)from + len;
		if (work->left < 0)
			return -1;
	}
	return -1;
}

/* Cuts the next segment off the pattern; more: a star stands behind it. */
static struct iam_text
cut_segment(struct iam_text *pattern, bool *more)
{
	const char *star = pattern->len > 0 ? memchr(pattern->s, IAM_STAR, pattern->len) : NULL;
	struct iam_text segment = *pattern;

	*more = star != NULL;
	if (star == NULL)
		return segment;
	segment.len = (size_t)(star - pattern->s);
	pattern->s = star + 1;
	pattern->len -= segment.len + 1;
	return segment;
}

/* The first segment stands at the start, the last at the end, and each between them is best taken where it comes first. */
bool
iam_match_glob(struct iam_text pattern, struct iam_text text, struct iam_work *work)
{
	bool more;
	struct iam_text segment = cut_segment(&pattern, &more);
	ptrdiff_t at = segment_at(segment, text, 0, work);

	if (at < 0)
		return false;
	if (!more)
		return (size_t)at == text.len;
	for (;;) {
		segment = cut_segment(&pattern, &more);
		if (!more)
			return segment_ends(segment, text, (size_t)at, work);
		if (segment.len > 0 && (at = segment_find(segment, text, (size_t)at, work)) < 0)
			return false;
	}
}

/* ---- ARNs ---- */

void
iam_match_split_arn(struct iam_text text, struct iam_arn *arn)
{
	*arn = (struct iam_arn){.whole = text};
	while (arn->count < IAM_ARN_SEGMENTS - 1) {
		const char *colon = memchr(text.s, ':', text.len);
		size_t len;

		if (colon == NULL)
			break;
		len = (size_t)(colon - text.s);
		arn->segments[arn->count++] = (struct iam_text){text.s, len};
		text.s += len + 1;
		text.len -= len + 1;
	}
	arn->segments[arn->count++] = text;
}

bool
iam_match_resource(struct iam_text pattern, const struct iam_arn *arn, struct iam_work *work)
{
	const char *colon;
	size_t i;

	for (i = 0; i < IAM_ARN_SEGMENTS - 1 && (colon = memchr(pattern.s, ':', pattern.len)) != NULL; i++) {
		struct iam_text segment = {pattern.s, (size_t)(colon - pattern.s)};

		if (i + 1 >= arn->count || !iam_match_glob(segment, arn->segments[i], work))
			return false;
		pattern.s = colon + 1;
		pattern.len -= segment.len + 1;
	}
	const char *rest = arn->segments[i].s;
	return iam_match_glob(pattern, (struct iam_text){rest, arn->whole.len - (size_t)(rest - arn->whole.s)}, work);
}

bool
iam_match_arn_like(struct iam_text pattern, const struct iam_arn *arn, struct iam_work *work)
{
	struct iam_arn parts;

	iam_match_split_arn(pattern, &parts);
	if (parts.count < IAM_ARN_SEGMENTS || arn->count < IAM_ARN_SEGMENTS)
		return false;
	for (size_t i = 0; i < IAM_ARN_SEGMENTS; i++)
		if (!iam_match_glob(parts.segments[i], arn->segments[i], work))
			return false;
	return true;
}
