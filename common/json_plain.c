/* SPDX-License-Identifier: Apache-2.0 */
/* json_plain: a reader that turns away whatever it is not sure of. Knows no message. */
#include "common/json_plain.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "common/text.h"

enum {
	DIGITS_MAX = 18, /* always fit 64 bits */
	POWER_MAX = 22,  /* 10^22 is the last power of ten that a double holds exactly */
};

#define EXACT_MAX (UINT64_C(1) << 53) /* and this the last of all whole numbers without a gap */

struct reader {
	const char *at, *end; /* nothing is read at end */
	int depth_left;
};

static json_t *read_value(struct reader *reader);

static void
skip_space(struct reader *reader)
{
	while (reader->at < reader->end &&
	       (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
		reader->at++;
}

/* Takes the character, with the space before and behind it, if it is what comes next. */
static bool
take(struct reader *reader, char c)
{
	skip_space(reader);
	if (reader->at == reader->end || *reader->at != c)
		return false;
	reader->at++;
	skip_space(reader);
	return true;
}

/* ---- strings ---- */

/* What stands between the quotes; *escaped: not as it is meant. */
static bool
take_string(struct reader *reader, const char **s, size_t *len, bool *escaped)
{
	bool ascii = true;

	*escaped = false;
	if (reader->at == reader->end || *reader->at != '"')
		return false;
	*s = ++reader->at;
	while (reader->at < reader->end && *reader->at != '"') {
		unsigned char c = (unsigned char)*reader->at++;

		if (c < 0x20)
			return false;
		if (c == '\\') {
			*escaped = true;
			reader->at += reader->at < reader->end;
		}
		ascii = ascii && c < 0x80;
	}
	if (reader->at == reader->end)
		return false;
	*len = (size_t)(reader->at++ - *s);
	return ascii || text_is_utf8(*s, *len);
}

/* Four hexadecimal digits at s. */
static bool
read_unit(const char *s, const char *end, uint32_t *unit)
{
	char digits[5] = {0};

	if (end - s < 4)
		return false;
	memcpy(digits, s, 4);
	*unit = (uint32_t)strtoul(digits, NULL, 16);
	return strspn(digits, "0123456789abcdefABCDEF") == 4;
}

static void
add_utf8(struct str *out, uint32_t point)
{
	int more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
	static const unsigned char leads[] = {0x00, 0xc0, 0xe0, 0xf0};

	str_add_char(out, (char)(leads[more] | point >> (6 * more)));
	while (more-- > 0)
		str_add_char(out, (char)(0x80 | (point >> (6 * more) & 0x3f)));
}

/* Appends what the escape means that stands at s, behind its backslash; its length, or 0 when it means nothing. */
static size_t
add_escape(struct str *out, const char *s, const char *end)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *named = *s != '\0' ? strchr(names, *s) : NULL;
	uint32_t unit, low;

	if (named != NULL) {
		str_add_char(out, values[named - names]);
		return 1;
	}
	if (*s != 'u' || !read_unit(s + 1, end, &unit) || unit == 0)
		return 0;
	if (unit < 0xd800 || unit > 0xdfff) {
		add_utf8(out, unit);
		return 5;
	}
	if (unit > 0xdbff || end - s < 11 || s[5] != '\\' || s[6] != 'u' || !read_unit(s + 7, end, &low) ||
	    low < 0xdc00 || low > 0xdfff)
		return 0;
	add_utf8(out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
	return 11;
}

static json_t *
make_unescaped(const char *s, size_t len)
{
	const char *end = s + len, *next;
	struct str text = {0};
	json_t *value = NULL;
	size_t used;

	while ((next = memchr(s, '\\', (size_t)(end - s))) != NULL) {
		str_add_len(&text, s, (size_t)(next - s));
		if ((used = add_escape(&text, next + 1, end)) == 0)
			goto out;
		s = next + 1 + used;
	}
	str_add_len(&text, s, (size_t)(end - s));
	value = json_stringn_nocheck(text.s, text.len);
out:
	str_free(&text);
	return value;
}

static json_t *
read_string(struct reader *reader)
{
	const char *s;
	size_t len;
	bool escaped;

	if (!take_string(reader, &s, &len, &escaped))
		return NULL;
	return escaped ? make_unescaped(s, len) : json_stringn_nocheck(s, len);
}

/* ---- numbers ---- */

/* Appends the digits that come next to *number; how many there were. With more than DIGITS_MAX in all it has wrapped. */
static int
take_digits(struct reader *reader, uint64_t *number)
{
	int count = 0;

	for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9' && count <= DIGITS_MAX; count++)
		*number = *number * 10 + (uint64_t)(*reader->at++ - '0');
	return count;
}

static bool
take_one(struct reader *reader, const char *set)
{
	if (reader->at == reader->end || *reader->at == '\0' || strchr(set, *reader->at) == NULL)
		return false;
	reader->at++;
	return true;
}

/* -1: no exponent after all. */
static int
take_exponent(struct reader *reader, int *exponent)
{
	bool negative = take_one(reader, "-");
	uint64_t value = 0;
	int digits;

	if (!negative)
		take_one(reader, "+");
	digits = take_digits(reader, &value);
	if (digits == 0 || digits > 2)
		return -1;
	*exponent += negative ? -(int)value : (int)value;
	return 0;
}

/* Both the digits and the power of ten are exact as doubles, and so one operation on them rounds as strtod does. */
static json_t *
make_real(double digits, int exponent)
{
	static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
	    1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

	if (exponent < -POWER_MAX || exponent > POWER_MAX)
		return NULL;
	return json_real(exponent < 0 ? digits / powers[-exponent] : digits * powers[exponent]);
}

static json_t *
read_number(struct reader *reader)
{
	bool negative = take_one(reader, "-");
	uint64_t number = 0;
	int whole, fraction, exponent = 0;

	if (reader->at == reader->end)
		return NULL;
	whole = *reader->at == '0' ? (int)take_one(reader, "0") : take_digits(reader, &number);
	if (whole == 0 || whole > DIGITS_MAX)
		return NULL;
	fraction = take_one(reader, ".") ? take_digits(reader, &number) : -1;
	if (fraction == 0 || whole + fraction > DIGITS_MAX)
		return NULL;
	if (take_one(reader, "eE")) {
		if (take_exponent(reader, &exponent) != 0)
			return NULL;
	} else if (fraction < 0) {
		return json_integer(negative ? -(json_int_t)number : (json_int_t)number);
	}
	if (number >= EXACT_MAX)
		return NULL;
	return make_real(negative ? -(double)number : (double)number, exponent - (fraction > 0 ? fraction : 0));
}

/* ---- the rest ---- */

static json_t *
read_word(struct reader *reader)
{
	static const struct {
		const char *word;
		size_t len;
	} words[] = {{"true", 4}, {"false", 5}, {"null", 4}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if ((size_t)(reader->end - reader->at) < words[i].len ||
		    memcmp(reader->at, words[i].word, words[i].len) != 0)
			continue;
		reader->at += words[i].len;
		return i == 0 ? json_true() : i == 1 ? json_false() : json_null();
	}
	return NULL;
}

/* The same key twice takes the first one's place, and is not plain. */
static bool
read_member(struct reader *reader, json_t *object)
{
	size_t count = json_object_size(object), len;
	json_t *value;
	const char *key;
	bool escaped;

	if (!take_string(reader, &key, &len, &escaped) || escaped || !take(reader, ':') ||
	    (value = read_value(reader)) == NULL)
		return false;
	return json_object_setn_new_nocheck(object, key, len, value) == 0 && json_object_size(object) > count;
}

static bool
read_element(struct reader *reader, json_t *array)
{
	json_t *value = read_value(reader);

	return value != NULL && json_array_append_new(array, value) == 0;
}

/* Both forms are lists between brackets. value_taken is what is filled. */
static json_t *
read_list(struct reader *reader, json_t *value_taken, char closing, bool (*read_one)(struct reader *, json_t *))
{
	bool sound = value_taken != NULL && reader->depth_left-- > 0, more = sound && !take(reader, closing);

	while (more) {
		sound = read_one(reader, value_taken);
		more = sound && take(reader, ',');
		if (sound && !more)
			sound = take(reader, closing);
	}
	reader->depth_left++;
	if (sound)
		return value_taken;
	json_decref(value_taken);
	return NULL;
}

static json_t *
read_value(struct reader *reader)
{
	if (take(reader, '{'))
		return read_list(reader, json_object(), '}', read_member);
	if (take(reader, '['))
		return read_list(reader, json_array(), ']', read_element);
	if (reader->at == reader->end)
		return NULL;
	if (*reader->at == '"')
		return read_string(reader);
	return *reader->at >= 'a' ? read_word(reader) : read_number(reader);
}

json_t *
json_plain_read(const char *text, size_t len, int depth_max)
{
	struct reader reader = {text, text + len, depth_max};
	json_t *value;

	skip_space(&reader);
	if (reader.at == reader.end || (*reader.at != '{' && *reader.at != '['))
		return NULL;
	value = read_value(&reader);
	skip_space(&reader);
	if (value == NULL || reader.at == reader.end)
		return value;
	json_decref(value);
	return NULL;
}
