/* SPDX-License-Identifier: Apache-2.0 */
/* json_text: owns how JSON is spelled; knows nothing of what it says. */
#include "common/json_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/text.h"

/* Nothing stands before a first element, nor between a key and its value. */
static void
begin_value(struct str *out)
{
	char last = out->len > 0 ? out->s[out->len - 1] : '[';

	if (last != '[' && last != '{' && last != ':')
		str_add_char(out, ',');
}

void
json_text_open(struct str *out, char bracket)
{
	begin_value(out);
	str_add_char(out, bracket);
}

void
json_text_close(struct str *out, char bracket)
{
	str_add_char(out, bracket);
}

/* ---- strings ---- */

/* How much of s stands for itself. */
static size_t
plain_span(const char *s)
{
	size_t len = 0;

	while (s[len] >= 0x20 && s[len] < 0x7f && s[len] != '"' && s[len] != '\\')
		len++;
	return len;
}

static void
add_escaped(struct str *out, uint32_t point)
{
	static const char named[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	const char *found = point < 0x80 ? strchr(named, (int)point) : NULL;

	if (found != NULL)
		str_printf(out, "\\%c", names[found - named]);
	else if (point > 0xffff)
		str_printf(out, "\\u%04" PRIX32 "\\u%04" PRIX32, 0xd800 + ((point - 0x10000) >> 10),
		    0xdc00 + ((point - 0x10000) & 0x3ff));
	else
		str_printf(out, "\\u%04" PRIX32, point);
}

static void
add_string(struct str *out, const char *s)
{
	size_t len = strlen(s), at = 0, n;
	uint32_t point;

	str_add_char(out, '"');
	while (at < len) {
		n = plain_span(s + at);
		str_add_len(out, s + at, n);
		at += n;
		if (at == len)
			break;
		if ((n = text_decode(s + at, len - at, &point)) == 0)
			point = 0xfffd;
		if (point == 0x7f)
			str_add_char(out, 0x7f);
		else
			add_escaped(out, point);
		at += n > 0 ? n : 1;
	}
	str_add_char(out, '"');
}

/* ---- values ---- */

void
json_text_key(struct str *out, const char *key)
{
	begin_value(out);
	add_string(out, key);
	str_add_char(out, ':');
}

void
json_text_string(struct str *out, const char *text)
{
	begin_value(out);
	if (text != NULL)
		add_string(out, text);
	else
		str_add(out, "null");
}

void
json_text_integer(struct str *out, int64_t value)
{
	char digits[24];

	begin_value(out);
	snprintf(digits, sizeof(digits), "%" PRId64, value);
	str_add(out, digits);
}

void
json_text_boolean(struct str *out, bool value)
{
	json_text_raw(out, value ? "true" : "false");
}

void
json_text_raw(struct str *out, const char *json)
{
	begin_value(out);
	str_add(out, json);
}

/* ---- members ---- */

void
json_text_set(struct str *out, const char *key, const char *text)
{
	json_text_key(out, key);
	json_text_string(out, text);
}

void
json_text_set_integer(struct str *out, const char *key, int64_t value)
{
	json_text_key(out, key);
	json_text_integer(out, value);
}

void
json_text_set_boolean(struct str *out, const char *key, bool value)
{
	json_text_key(out, key);
	json_text_boolean(out, value);
}

void
json_text_set_time(struct str *out, const char *key, int64_t ms)
{
	char time[CLOCK_TEXT_SIZE];

	json_text_set(out, key, ms > 0 ? clock_format(ms, time) : NULL);
}

void
json_text_set_raw(struct str *out, const char *key, const char *json)
{
	json_text_key(out, key);
	json_text_raw(out, json);
}
