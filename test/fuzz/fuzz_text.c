/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_text: what text and clock promise of any bytes. The input's first byte is a size, the next up to a newline a pattern,
 * a word or a number, and the rest the text.
 */
#include <assert.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"

enum { GLOB_MAX = 48 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_clean(const char *s, size_t len, size_t max)
{
	char *all = text_clean(s, len, SIZE_MAX), *some = text_clean(s, len, max);
	size_t cut = text_cut(s, len, max);

	assert(text_is_utf8(all, strlen(all)) && text_is_utf8(some, strlen(some)));
	assert(strlen(some) <= max && strncmp(all, some, strlen(some)) == 0);
	if (text_is_utf8(s, len) && memchr(s, '\0', len) == NULL)
		assert(strlen(all) == len && memcmp(all, s, len) == 0 && strlen(some) == cut);
	assert(cut <= len && cut <= max && (cut == len || cut + 4 > max));
	if (text_is_utf8(s, len))
		assert(text_is_utf8(s, cut) && text_is_utf8(s + cut, len - cut));
	free(all);
	free(some);
}

/* \uNNNN as UTF-8, all of them from U+0080 to U+FFFF. */
static void
add_point(struct str *out, unsigned point)
{
	if (point >= 0x800)
		str_add_char(out, (char)(0xe0 | point >> 12));
	str_add_char(out, (char)(point >= 0x800 ? 0x80 | (point >> 6 & 0x3f) : 0xc0 | point >> 6));
	str_add_char(out, (char)(0x80 | (point & 0x3f)));
}

/* What text_escape was given. */
static char *
unescape(const char *s, size_t *len)
{
	struct str out = {0};
	unsigned value;

	while (*s != '\0') {
		if (*s != '\\') {
			str_add_char(&out, *s++);
		} else if (s[1] == '\\') {
			str_add_char(&out, '\\');
			s += 2;
		} else if (sscanf(s, "\\x%2x", &value) == 1) {
			str_add_char(&out, (char)value);
			s += 4;
		} else {
			assert(sscanf(s, "\\u%4x", &value) == 1);
			add_point(&out, value);
			s += 6;
		}
	}
	*len = out.len;
	return str_take(&out);
}

static void
try_escape(const char *s, size_t len, size_t max)
{
	char *all = text_escape(s, len, SIZE_MAX), *some = text_escape(s, len, max), *back;
	size_t back_len;

	assert(text_is_utf8(all, strlen(all)) && text_is_utf8(some, strlen(some)));
	assert(strlen(some) <= max && strncmp(all, some, strlen(some)) == 0);
	for (const unsigned char *p = (const unsigned char *)all; *p != '\0'; p++)
		assert(*p >= 0x20 && *p != 0x7f && !(p[0] == 0xc2 && p[1] < 0xa0));
	back = unescape(all, &back_len);
	assert(back_len == len && (len == 0 || memcmp(back, s, len) == 0));
	free(all);
	free(some);
	free(back);
}

static void
try_cut_middle(const char *s, size_t columns)
{
	for (int ascii = 0; ascii < 2; ascii++) {
		char *cut = text_cut_middle(s, columns, ascii);

		assert(text_columns(cut) <= columns);
		if (text_columns(s) <= columns)
			assert(strcmp(cut, s) == 0);
		assert(!text_is_utf8(s, strlen(s)) || text_is_utf8(cut, strlen(cut)));
		free(cut);
	}
}

/* The matcher as one would define it: may[j] says whether the pattern so far matches the first j bytes. */
static bool
glob_by_definition(const char *pattern, const char *s)
{
	bool may[GLOB_MAX + 1] = {true}, diagonal, above;
	size_t len = strlen(s);

	for (; *pattern != '\0'; pattern++) {
		diagonal = may[0];
		may[0] = may[0] && *pattern == '*';
		for (size_t j = 1; j <= len; j++) {
			above = may[j];
			if (*pattern == '*')
				may[j] = above || may[j - 1];
			else
				may[j] = diagonal && (*pattern == '?' || *pattern == s[j - 1]);
			diagonal = above;
		}
	}
	return may[len];
}

static void
try_glob(const char *pattern, const char *s)
{
	char *short_pattern = mem_strndup(pattern, GLOB_MAX), *short_s = mem_strndup(s, GLOB_MAX);

	text_glob(pattern, s);
	assert(text_glob(short_pattern, short_s) == glob_by_definition(short_pattern, short_s));
	assert(text_glob("*", s) && text_glob(s, s));
	free(short_pattern);
	free(short_s);
}

static void
try_numbers(const char *word)
{
	char buf[CLOCK_TEXT_SIZE], *text;
	int64_t value, again;

	if (text_parse_duration(word, &value) == 0) {
		assert(value >= 0 && value <= INT64_MAX / 1000);
		text = text_format_duration(value);
		assert(text_parse_duration(text, &again) == 0 && again == value);
		free(text);
	}
	if (text_parse_integer(word, &value) == 0) {
		text = mem_printf("%lld", (long long)value);
		assert(text_parse_integer(text, &again) == 0 && again == value);
		free(text);
	}
	if (clock_parse(word, &value) == 0) {
		assert(
		    value >= 0 && clock_parse(clock_format(value, buf), &again) == 0 && again == value - value % 1000);
		assert(strncmp(buf, word, strlen("2026-11-22T10:14:00")) == 0);
	}
}

static void
try_words(const char *word, const char *s)
{
	const char *candidates[] = {"stream_mode", s, "shard_count", word};
	const char *closest = text_closest(word, candidates, KD_COUNT(candidates));

	assert(closest != NULL || strlen(word) < 2 || strlen(word) > 64);
	assert(!text_is_region(word) || strpbrk(word, "./:@?# \\") == NULL);
	assert(!text_is_stream_name(word) || (strlen(word) <= 128 && strpbrk(word, "/:*? \n") == NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool located;
	char *whole, *word, *s;
	size_t max;

	if (!located)
		located = setlocale(LC_CTYPE, "C.UTF-8") != NULL;
	if (size == 0)
		return 0;
	max = data[0];
	try_clean((const char *)data + 1, size - 1, max);
	try_escape((const char *)data + 1, size - 1, max);
	whole = s = mem_strndup((const char *)data + 1, size - 1);
	word = strsep(&s, "\n");
	if (s == NULL)
		s = word;
	try_cut_middle(s, max);
	try_glob(word, s);
	try_numbers(word);
	try_words(word, s);
	free(whole);
	return 0;
}
