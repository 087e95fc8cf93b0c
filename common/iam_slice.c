/* SPDX-License-Identifier: Apache-2.0 */
/* iam_slice: owns the search for where a document starts and ends in a line; knows of JSON only brackets and strings. */
#include "common/iam_slice.h"

#include <string.h>

struct cursor {
	const char *at, *end;
	const char *copied; /* up to here the line is in rest */
	struct iam_slices *slices;
};

static bool
take(struct cursor *cursor, char c)
{
	while (cursor->at < cursor->end && strchr(" \t\r\n", *cursor->at) != NULL && *cursor->at != '\0')
		cursor->at++;
	if (cursor->at == cursor->end || *cursor->at != c)
		return false;
	cursor->at++;
	return true;
}

static bool
look(struct cursor *cursor, char c)
{
	bool there = take(cursor, c);

	cursor->at -= there;
	return there;
}

/* From behind the opening quote to behind the closing one: the first that has an even number of backslashes before it. */
static bool
skip_string(struct cursor *cursor)
{
	const char *start = cursor->at, *quote, *slash;

	while ((quote = memchr(cursor->at, '"', (size_t)(cursor->end - cursor->at))) != NULL) {
		for (slash = quote; slash > start && slash[-1] == '\\'; slash--)
			;
		cursor->at = quote + 1;
		if ((quote - slash) % 2 == 0)
			return true;
	}
	return false;
}

/* An object, an array or a string; whether its brackets fit each other is not asked. */
static bool
skip_nested(struct cursor *cursor)
{
	size_t depth = 0;

	while (cursor->at < cursor->end) {
		char c = *cursor->at++;

		if (c == '"' && !skip_string(cursor))
			return false;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth == 0)
			return true;
	}
	return false;
}

static bool
skip_value(struct cursor *cursor)
{
	if (look(cursor, '{') || look(cursor, '[') || look(cursor, '"'))
		return skip_nested(cursor);
	while (cursor->at < cursor->end && strchr(",]}", *cursor->at) == NULL)
		cursor->at++;
	return cursor->at < cursor->end;
}

/* A value that is an object is cut out; any other stays. */
static bool
cut_document(struct cursor *cursor, struct iam_slice *slice)
{
	const char *start;

	*slice = (struct iam_slice){0};
	if (!look(cursor, '{'))
		return skip_value(cursor);
	start = cursor->at;
	if (!skip_nested(cursor))
		return false;
	*slice = (struct iam_slice){start, (size_t)(cursor->at - start)};
	str_add_len(&cursor->slices->rest, cursor->copied, (size_t)(start - cursor->copied));
	str_add_char(&cursor->slices->rest, '0');
	cursor->copied = cursor->at;
	return true;
}

static bool
cut_identity(struct cursor *cursor)
{
	struct iam_slices *slices = cursor->slices;

	if (!take(cursor, '['))
		return skip_value(cursor);
	if (take(cursor, ']'))
		return true;
	do {
		if (slices->identity_count == IAM_SLICES_MAX ||
		    !cut_document(cursor, &slices->identity[slices->identity_count++]))
			return false;
	} while (take(cursor, ','));
	return take(cursor, ']');
}

static bool
is_key(const char *key, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(key, name, len) == 0;
}

static bool
cut_member(struct cursor *cursor)
{
	const char *key;
	size_t len;

	if (!take(cursor, '"'))
		return false;
	key = cursor->at;
	if (!skip_string(cursor))
		return false;
	len = (size_t)(cursor->at - key) - 1;
	if (!take(cursor, ':'))
		return false;
	if (is_key(key, len, "identityPolicies"))
		return cut_identity(cursor);
	if (is_key(key, len, "boundary"))
		return cut_document(cursor, &cursor->slices->boundary);
	if (is_key(key, len, "resourcePolicy"))
		return cut_document(cursor, &cursor->slices->resource_policy);
	return skip_value(cursor);
}

bool
iam_slice_line(const char *line, size_t len, struct iam_slices *slices)
{
	struct cursor cursor = {.at = line, .end = line + len, .copied = line, .slices = slices};

	str_clear(&slices->rest);
	slices->identity_count = 0;
	slices->boundary = slices->resource_policy = (struct iam_slice){0};
	if (!take(&cursor, '{'))
		return false;
	do {
		if (!cut_member(&cursor))
			return false;
	} while (take(&cursor, ','));
	if (!take(&cursor, '}'))
		return false;
	str_add_len(&slices->rest, cursor.copied, (size_t)(cursor.end - cursor.copied));
	return true;
}
