/* SPDX-License-Identifier: Apache-2.0 */
/* text: owns how foreign text is checked, cleaned, cut, matched and read as a number; knows nothing of what it says. */
#include "common/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "common/mem.h"
#include "common/str.h"

#define REPLACEMENT "\xef\xbf\xbd"     /* U+FFFD in UTF-8 */
#define ELLIPSIS    "\xe2\x80\xa6"     /* U+2026 in UTF-8 */
#define MAX_MS      ((int64_t)1 << 53) /* past it a double, and so JSON elsewhere, loses milliseconds */

enum {
	UTF8_MAX = 4,     /* the bytes of the longest character */
	ESCAPE_MAX = 16,  /* the longest form that one character takes, with room */
	CLOSEST_MAX = 64, /* a longer word is no slip of the finger, and the table of distances stays small */
};

/* ---- UTF-8 ---- */

static bool
is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t
text_decode(const char *s, size_t len, uint32_t *point)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least; /* below it the form is overlong */
	} forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
	const unsigned char *p = (const unsigned char *)s;
	size_t form = 0;

	while (form < UTF8_MAX && (p[0] & forms[form].mask) != forms[form].lead)
		form++;
	if (form == UTF8_MAX || form >= len)
		return 0;
	*point = p[0] & (unsigned char)~forms[form].mask;
	for (size_t i = 1; i <= form; i++) {
		if (!is_continuation(p[i]))
			return 0;
		*point = *point << 6 | (p[i] & 0x3f);
	}
	if (*point < forms[form].least || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return form + 1;
}

/* How many bytes of s are ASCII and no NUL: nearly always all. */
static size_t
ascii_span(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && (signed char)s[n] > 0)
		n++;
	return n;
}

bool
text_is_utf8(const char *s, size_t len)
{
	uint32_t point;
	size_t n;

	for (size_t i = ascii_span(s, len); i < len; i += n)
		if ((n = text_decode(s + i, len - i, &point)) == 0)
			return false;
	return true;
}

char *
text_clean(const char *s, size_t len, size_t max)
{
	struct str out = {0};
	size_t i = ascii_span(s, len < max ? len : max), n;
	uint32_t point;

	if (i == len || i == max)
		return mem_strndup(s, i);
	str_add_len(&out, s, i);
	for (; i<len; i += n> 0 ? n : 1) {
		n = s[i] != '\0' ? text_decode(s + i, len - i, &point) : 0;
		size_t add = n > 0 ? n : sizeof REPLACEMENT - 1;
		if (add > max - out.len)
			break;
		str_add_len(&out, n > 0 ? s + i : REPLACEMENT, add);
	}
	return str_take(&out);
}

size_t
text_cut(const char *s, size_t len, size_t max)
{
	uint32_t point;

	if (len <= max)
		return len;
	for (size_t back = 1; back < UTF8_MAX && back <= max; back++)
		if (text_decode(s + max - back, len - max + back, &point) > back)
			return max - back;
	return max;
}

/* ---- showing it ---- */

/* Characters that act on a terminal or a reader instead of being seen: C0, DEL, C1, line separators, bidi overrides. */
static bool
is_unsafe(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f) || point == 0x2028 || point == 0x2029 ||
	       (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

/* How the character at s is shown; returns how many of its bytes that covers. */
static size_t
escape_one(const char *s, size_t len, char out[ESCAPE_MAX])
{
	uint32_t point = 0;
	size_t n = text_decode(s, len, &point);

	if (n == 0 || (n == 1 && is_unsafe(point)))
		snprintf(out, ESCAPE_MAX, "\\x%02x", (unsigned char)*s);
	else if (is_unsafe(point))
		snprintf(out, ESCAPE_MAX, "\\u%04" PRIx32, point);
	else
		snprintf(out, ESCAPE_MAX, "%s%.*s", point == '\\' ? "\\" : "", (int)n, s);
	return n > 0 ? n : 1;
}

char *
text_escape(const char *s, size_t len, size_t max)
{
	struct str out = {0};
	char one[ESCAPE_MAX];

	for (size_t i = 0; i < len;) {
		i += escape_one(s + i, len - i, one);
		if (strlen(one) > max - out.len)
			break;
		str_add(&out, one);
	}
	return str_take(&out);
}

/* The columns of the character at s, and its bytes in *n. What the locale cannot tell counts one. */
static size_t
columns_of(const char *s, size_t len, size_t *n)
{
	uint32_t point;
	int width;

	if ((*n = text_decode(s, len, &point)) == 0) {
		*n = 1;
		return 1;
	}
	width = wcwidth((wchar_t)point);
	return width >= 0 ? (size_t)width : 1;
}

size_t
text_columns(const char *s)
{
	size_t len = strlen(s), columns = 0, n;

	for (size_t i = 0; i < len; i += n)
		columns += columns_of(s + i, len - i, &n);
	return columns;
}

/* The length of the longest prefix of s that is at most `columns` wide, with the marks that stand on its last letter. */
static size_t
prefix_of_columns(const char *s, size_t len, size_t columns)
{
	size_t i, n, width, used = 0;

	for (i = 0; i < len; i += n) {
		width = columns_of(s + i, len - i, &n);
		if (used + width > columns)
			break;
		used += width;
	}
	return i;
}

/* Where the longest suffix of s starts that is at most `columns` wide and does not start in a mark without its letter. */
static size_t
suffix_of_columns(const char *s, size_t len, size_t columns)
{
	size_t i, n, width, left = text_columns(s);

	for (i = 0; i < len; i += n) {
		width = columns_of(s + i, len - i, &n);
		if (left <= columns && width > 0)
			break;
		left -= width;
	}
	return i;
}

/* Two thirds before the mark, one behind it: the start of a name tells more, but the end holds its version. */
char *
text_cut_middle(const char *s, size_t columns, bool ascii)
{
	const char *mark = ascii ? ".." : ELLIPSIS;
	size_t mark_columns = ascii ? 2 : 1, len = strlen(s), tail;

	if (text_columns(s) <= columns)
		return mem_strdup(s);
	if (columns < mark_columns + 2)
		return mem_strndup(s, prefix_of_columns(s, len, columns));
	columns -= mark_columns;
	tail = columns / 3 > 0 ? columns / 3 : 1;
	return mem_printf(
	    "%.*s%s%s", (int)prefix_of_columns(s, len, columns - tail), s, mark, s + suffix_of_columns(s, len, tail));
}

/* ---- matching ---- */

/* Only the last star ever needs another try: what stood before it has matched as early as it can. */
bool
text_glob(const char *pattern, const char *s)
{
	const char *star = NULL, *retry = NULL;

	while (*s != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			retry = s;
		} else if (*pattern == '?' || *pattern == *s) {
			pattern++;
			s++;
		} else if (star != NULL) {
			pattern = star + 1;
			s = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool
same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Edit distance with neighbours swapped as one edit (optimal string alignment), ignoring case. Both at most CLOSEST_MAX long. */
static size_t
edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][CLOSEST_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2], *spare;

	for (size_t j = 0; j <= b_len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + !same_letter(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b_len];
}

/* "shards" or "mode" for "shard_count" and "stream_mode": all but the last letter of the word stands in the candidate. */
static bool
holds_word(const char *candidate, const char *word, size_t len)
{
	char stem[CLOSEST_MAX + 1];

	if (len < 4)
		return false;
	memcpy(stem, word, len);
	stem[len > 4 ? len - 1 : len] = '\0';
	return strcasestr(candidate, stem) != NULL;
}

const char *
text_closest(const char *word, const char *const *candidates, size_t count)
{
	size_t len = strlen(word), limit = len / 3 > 0 ? len / 3 : 1, best = SIZE_MAX, distance, other;
	const char *closest = NULL;

	if (len < 2 || len > CLOSEST_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if ((other = strlen(candidates[i])) > CLOSEST_MAX)
			continue;
		distance = edit_distance(word, len, candidates[i], other);
		if (distance >= best || (distance > limit && !holds_word(candidates[i], word, len)))
			continue;
		best = distance;
		closest = candidates[i];
	}
	return closest;
}

/* ---- numbers and names ---- */

/* `from`: from how many seconds on a whole number of the unit is written in it. Days only from two on: people say "24h". */
static const struct {
	char letter;
	int64_t seconds, from;
} units[] = {{'d', 86400, 172800}, {'h', 3600, 3600}, {'m', 60, 60}, {'s', 1, 0}};

int
text_parse_duration(const char *s, int64_t *seconds)
{
	int64_t value = 0;
	size_t digits = strspn(s, "0123456789");

	if (digits == 0 || s[digits] == '\0' || s[digits + 1] != '\0')
		return -1;
	for (size_t i = 0; i < digits; i++)
		if ((value = value * 10 + (s[i] - '0')) > MAX_MS / 1000)
			return -1;
	for (size_t i = 0; i < KD_COUNT(units); i++) {
		if (units[i].letter != s[digits])
			continue;
		if (value > MAX_MS / 1000 / units[i].seconds)
			return -1;
		*seconds = value * units[i].seconds;
		return 0;
	}
	return -1;
}

char *
text_format_duration(int64_t seconds)
{
	size_t i = 0;

	while (i < KD_COUNT(units) - 1 && (seconds < units[i].from || seconds % units[i].seconds != 0))
		i++;
	return mem_printf("%" PRId64 "%c", seconds / units[i].seconds, units[i].letter);
}

int
text_parse_integer(const char *s, int64_t *value)
{
	const char *digits = *s == '-' || *s == '+' ? s + 1 : s;
	size_t len = strspn(digits, "0123456789");
	long long parsed;

	if (len == 0 || digits[len] != '\0')
		return -1;
	errno = 0;
	parsed = strtoll(s, NULL, 10);
	if (errno != 0)
		return -1;
	*value = parsed;
	return 0;
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* 1 to max bytes, all of `allowed`. */
static bool
is_made_of(const char *s, const char *allowed, size_t max)
{
	size_t len = strnlen(s, max + 1);

	return len > 0 && len <= max && strspn(s, allowed) == len;
}

bool
text_is_stream_name(const char *s)
{
	return is_made_of(s, LOWER UPPER DIGITS "_.-", 128);
}

bool
text_is_region(const char *s)
{
	return is_made_of(s, LOWER DIGITS "-", 63) && s[0] != '-' && s[strlen(s) - 1] != '-';
}

const char *
text_plural(size_t count)
{
	return count == 1 ? "" : "s";
}
