/* SPDX-License-Identifier: Apache-2.0 */
/* log_json: owns which members of a JSON log line matter and a forgiving way to them; knows nothing of templates. */
#include "common/log_json.h"

#include <stdint.h>
#include <string.h>

#include <kdiag/probe.h>

enum { MEMBERS_MAX = 256 };

/* The members of the usual loggers; of those in a line the first of the list wins. */
static const char *const messages[] = {
    "message", "msg", "@message", "log", "event", "text", "body", "error", "errorMessage"};
static const char *const levels[] = {"level", "severity", "levelname", "lvl", "loglevel", "log.level", "log_level",
    "logLevel", "severityText", "@level"};

static size_t
skip_blanks(const char *s, size_t len, size_t at)
{
	while (at < len && (s[at] == ' ' || s[at] == '\t' || s[at] == '\n' || s[at] == '\r'))
		at++;
	return at;
}

/* Behind the string whose quote is at `at`; len when it has no end. */
static size_t
skip_string(const char *s, size_t len, size_t at)
{
	for (at++; at < len && s[at] != '"'; at++)
		if (s[at] == '\\')
			at++;
	return at < len ? at + 1 : len;
}

/* Behind the value at `at`: a string, a nested thing whole, or what stands before the next comma or bracket. */
static size_t
skip_value(const char *s, size_t len, size_t at)
{
	size_t depth = 0;

	while (at < len) {
		char c = s[at];

		if (c == '"') {
			at = skip_string(s, len, at);
			if (depth == 0)
				return at;
			continue;
		}
		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			return at;
		at++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return at;
	}
	return len;
}

static size_t
find_rank(const char *key, size_t len, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(names[i]) == len && memcmp(names[i], key, len) == 0)
			return i;
	return count;
}

/* What has been found so far, and at which place of its list. */
struct search {
	struct log_json *found;
	size_t message_rank, level_rank;
};

static void
take_member(struct search *search, const char *key, size_t key_len, const char *value, size_t len)
{
	bool is_string = len >= 2 && value[0] == '"';
	size_t rank = find_rank(key, key_len, messages, KD_COUNT(messages));

	if (is_string && value[len - 1] == '"')
		len--;
	if (is_string) {
		value++;
		len--;
	}
	if (is_string && rank < search->message_rank) {
		search->message_rank = rank;
		search->found->message = value;
		search->found->message_len = len;
	}
	rank = find_rank(key, key_len, levels, KD_COUNT(levels));
	if (rank < search->level_rank && len < 16) {
		search->level_rank = rank;
		search->found->level = value;
		search->found->level_len = len;
	}
}

bool
log_json_find(const char *line, size_t len, struct log_json *found)
{
	struct search search = {.found = found, .message_rank = KD_COUNT(messages), .level_rank = KD_COUNT(levels)};
	size_t at = skip_blanks(line, len, 0), key, key_end, value;

	*found = (struct log_json){0};
	if (at >= len || line[at] != '{')
		return false;
	for (unsigned i = 0; i < MEMBERS_MAX; i++) {
		key = skip_blanks(line, len, at + 1);
		if (key >= len || line[key] != '"')
			break;
		key_end = skip_string(line, len, key);
		at = skip_blanks(line, len, key_end);
		if (key_end < key + 2 || at >= len || line[at] != ':')
			break;
		value = skip_blanks(line, len, at + 1);
		at = skip_value(line, len, value);
		take_member(&search, line + key + 1, key_end - key - 2, line + value, at - value);
		at = skip_blanks(line, len, at);
		if (at >= len || line[at] != ',')
			break;
	}
	return found->message != NULL;
}

/* ---- escapes ---- */

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ASCII only: what else is written so is no word that tells templates apart. */
static char
decode_unicode(const char *s, size_t len)
{
	uint32_t point = 0;

	if (len < 4)
		return '?';
	for (size_t i = 0; i < 4; i++) {
		int digit = hex_value(s[i]);

		if (digit < 0)
			return '?';
		point = point * 16 + (uint32_t)digit;
	}
	return point >= ' ' && point < 127 ? (char)point : point == '\n' || point == '\t' ? (char)point : '?';
}

size_t
log_json_unescape(const char *s, size_t len, char *out, size_t size)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t  ";
	size_t used = 0;

	for (size_t i = 0; i < len && used < size; i++) {
		const char *known;

		if (s[i] != '\\' || i + 1 == len) {
			out[used++] = s[i];
			continue;
		}
		i++;
		if (s[i] == 'u') {
			out[used++] = decode_unicode(s + i + 1, len - i - 1);
			i += len - i - 1 < 4 ? len - i - 1 : 4;
		} else if ((known = memchr(from, s[i], sizeof from - 1)) != NULL) {
			out[used++] = to[known - from];
		} else {
			out[used++] = s[i];
		}
	}
	return used;
}
