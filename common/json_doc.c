/* SPDX-License-Identifier: Apache-2.0 */
/* json_doc: a reader that turns away whatever it is not sure of. */
#include "common/json_doc.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_view.h"
#include "common/mem.h"
#include "common/text.h"

enum {
	DIGITS_MAX = 18,        /* always fit 64 bits */
	POWER_MAX = 22,         /* 10^22 is the last power of ten that a double holds exactly */
	FEW_KEYS = 16,          /* are compared each with each; more are sorted for it */
	REUSED_MAX = 64 * 1024, /* bytes of either buffer */
	PADDING = 8,            /* NULs behind the text: eight characters are looked at in one go */
	TEXT_A_NODE = 16,       /* bytes of text a value, as AWS's answers have it: room for them at once */
};

#define EXACT_MAX (UINT64_C(1) << 53) /* the last of all whole numbers that doubles hold without a gap */

/* Strings are rewritten in place: what they mean is never longer than how they are written. */
struct reader {
	struct json_doc *doc;
	char *at, *end; /* *end is a NUL */
	int depth_left;
	bool nul;
};

static bool read_value(struct reader *reader);

static void
skip_space(struct reader *reader)
{
	while (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t')
		reader->at++;
}

/* Takes the character, with the space before and behind it, if it is what comes next. */
static bool
take(struct reader *reader, char c)
{
	skip_space(reader);
	if (*reader->at != c)
		return false;
	reader->at++;
	skip_space(reader);
	return true;
}

static struct json_node *
add_node(struct reader *reader, json_type type)
{
	struct json_doc *doc = reader->doc;
	struct json_node *node;

	if (doc->count == doc->room) {
		doc->room += doc->room / 2 + 8;
		doc->nodes = mem_resize(doc->nodes, doc->room, sizeof(*doc->nodes));
	}
	node = &doc->nodes[doc->count++];
	*node = (struct json_node){.type = type, .next = (uint32_t)doc->count};
	return node;
}

/* ---- strings ---- */

/* Four hexadecimal digits at s, which ends in a NUL somewhere. */
static bool
read_unit(const char *s, uint32_t *unit)
{
	char digits[5] = {0};

	memcpy(digits, s, strnlen(s, 4));
	*unit = (uint32_t)strtoul(digits, NULL, 16);
	return strspn(digits, "0123456789abcdefABCDEF") == 4;
}

static char *
put_utf8(char *out, uint32_t point)
{
	static const unsigned char leads[] = {0x00, 0xc0, 0xe0, 0xf0};
	int more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;

	*out++ = (char)(leads[more] | point >> (6 * more));
	while (more-- > 0)
		*out++ = (char)(0x80 | (point >> (6 * more) & 0x3f));
	return out;
}

/* What the \u means whose digits stand at *s, which it moves behind them; NULL when it means nothing. */
static char *
put_unit(const struct reader *reader, char *out, const char **s)
{
	uint32_t unit, low;

	if (!read_unit(*s, &unit) || (unit == 0 && !reader->nul))
		return NULL;
	*s += 4;
	if (unit < 0xd800 || unit > 0xdfff)
		return put_utf8(out, unit);
	if (unit > 0xdbff || (*s)[0] != '\\' || (*s)[1] != 'u' || !read_unit(*s + 2, &low) || low < 0xdc00 ||
	    low > 0xdfff)
		return NULL;
	*s += 6;
	return put_utf8(out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
}

/* The same of any escape; *s stands behind the backslash. */
static char *
put_escape(const struct reader *reader, char *out, const char **s)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *named = **s != '\0' ? strchr(names, **s) : NULL;

	if (named != NULL) {
		(*s)++;
		*out = values[named - names];
		return out + 1;
	}
	if (*(*s)++ != 'u')
		return NULL;
	return put_unit(reader, out, s);
}

/* Takes what stands between s and the quote at end, which has escapes; its new end, or NULL. */
static char *
unescape(const struct reader *reader, char *s, const char *end)
{
	const char *from = s, *next;
	char *out = s;

	while ((next = memchr(from, '\\', (size_t)(end - from))) != NULL) {
		memmove(out, from, (size_t)(next - from));
		out += next - from;
		from = next + 1;
		if ((out = put_escape(reader, out, &from)) == NULL)
			return NULL;
	}
	memmove(out, from, (size_t)(end - from));
	return out + (end - from);
}

/* Of eight characters at s: none is a quote, a backslash, a control or outside of ASCII. */
static bool
are_plain(const char *s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
	uint64_t chars, quotes, backslashes;

	memcpy(&chars, s, sizeof(chars));
	quotes = chars ^ ones * '"';
	backslashes = chars ^ ones * '\\';
	/* A byte's high bit stays clear where the byte is neither high nor under what is subtracted. */
	return (((quotes - ones) | (backslashes - ones) | (chars - ones * 0x20) | chars) & highs) == 0;
}

/* The quote that ends the string which starts at reader->at, or NULL. *escaped, *ascii: what was on the way. */
static char *
find_quote(const struct reader *reader, bool *escaped, bool *ascii)
{
	unsigned char seen = 0;
	char *s = reader->at;

	*escaped = false;
	while (are_plain(s))
		s += sizeof(uint64_t);
	for (; *s != '"'; s++) {
		if ((unsigned char)*s < 0x20)
			return NULL;
		seen |= (unsigned char)*s;
		if (*s == '\\') {
			*escaped = true;
			if ((unsigned char)*++s < 0x20)
				return NULL;
		}
	}
	*ascii = seen < 0x80;
	return s;
}

static bool
read_string(struct reader *reader)
{
	struct json_node *node = add_node(reader, JSON_STRING);
	bool escaped, ascii;
	char *quote, *end;

	if (*reader->at++ != '"' || (quote = end = find_quote(reader, &escaped, &ascii)) == NULL)
		return false;
	if (!ascii && !text_is_utf8(reader->at, (size_t)(quote - reader->at)))
		return false;
	if (escaped && (end = unescape(reader, reader->at, quote)) == NULL)
		return false;
	*end = '\0';
	node->is.string.at = (uint32_t)(reader->at - reader->doc->text);
	node->is.string.len = (uint32_t)(end - reader->at);
	reader->at = quote + 1;
	return true;
}

/* ---- numbers ---- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Appends the digits that come next to *number, as long as it holds them; how many there were. */
static size_t
take_digits(struct reader *reader, uint64_t *number)
{
	const char *from = reader->at;

	for (; is_digit(*reader->at); reader->at++)
		if (*number < UINT64_MAX / 10)
			*number = *number * 10 + (uint64_t)(*reader->at - '0');
	return (size_t)(reader->at - from);
}

static bool
take_one(struct reader *reader, char a, char b)
{
	if (*reader->at != a && *reader->at != b)
		return false;
	reader->at++;
	return true;
}

/* "e+5": false when it is cut short. */
static bool
take_exponent(struct reader *reader, int *exponent)
{
	bool negative = *reader->at == '-';
	uint64_t value = 0;

	take_one(reader, '-', '+');
	if (take_digits(reader, &value) == 0)
		return false;
	*exponent = value > POWER_MAX * 2 ? POWER_MAX * 2 : (int)value;
	*exponent = negative ? -*exponent : *exponent;
	return true;
}

/* Where both the digits and the power of ten are exact as doubles one operation on them rounds as strtod does, in a tenth of its time. */
static bool
set_real(struct json_node *node, const char *s, bool negative, uint64_t digits, size_t count, int exponent)
{
	static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
	    1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	double real = (double)digits;

	node->type = JSON_REAL;
	if (count > DIGITS_MAX || digits > EXACT_MAX || exponent < -POWER_MAX || exponent > POWER_MAX) {
		node->is.real = strtod(s, NULL);
		return isfinite(node->is.real);
	}
	real = exponent < 0 ? real / powers[-exponent] : real * powers[exponent];
	node->is.real = negative ? -real : real;
	return true;
}

static bool
set_integer(struct json_node *node, const char *s, bool negative, uint64_t digits, size_t count)
{
	if (count <= DIGITS_MAX) {
		node->is.integer = negative ? -(int64_t)digits : (int64_t)digits;
		return true;
	}
	errno = 0;
	node->is.integer = strtoll(s, NULL, 10);
	return errno == 0;
}

static bool
read_number(struct reader *reader)
{
	struct json_node *node = add_node(reader, JSON_INTEGER);
	const char *s = reader->at;
	bool negative = take_one(reader, '-', '-'), has_exponent;
	size_t whole, fraction = 0;
	uint64_t digits = 0;
	int exponent = 0;

	whole = *reader->at == '0' ? (size_t)take_one(reader, '0', '0') : take_digits(reader, &digits);
	if (whole == 0)
		return false;
	if (take_one(reader, '.', '.') && (fraction = take_digits(reader, &digits)) == 0)
		return false;
	has_exponent = take_one(reader, 'e', 'E');
	if (has_exponent && !take_exponent(reader, &exponent))
		return false;
	if (fraction == 0 && !has_exponent)
		return set_integer(node, s, negative, digits, whole);
	/* Of more digits than count there is no use for the exponent. */
	return set_real(node, s, negative, digits, whole + fraction,
	    exponent - (int)(fraction > DIGITS_MAX ? DIGITS_MAX : fraction));
}

/* ---- the rest ---- */

static bool
read_word(struct reader *reader)
{
	static const struct {
		const char *word;
		size_t len;
		json_type type;
	} words[] = {{"true", 4, JSON_TRUE}, {"false", 5, JSON_FALSE}, {"null", 4, JSON_NULL}};

	for (size_t i = 0; i < KD_COUNT(words); i++) {
		if (strncmp(reader->at, words[i].word, words[i].len) != 0)
			continue;
		reader->at += words[i].len;
		(void)add_node(reader, words[i].type);
		return true;
	}
	return false;
}

static int
compare_keys(const void *left, const void *right)
{
	const struct json_view *a = left, *b = right;
	const struct json_node *x = &a->doc->nodes[a->at], *y = &b->doc->nodes[b->at];

	if (x->is.string.len != y->is.string.len)
		return x->is.string.len < y->is.string.len ? -1 : 1;
	return memcmp(a->doc->text + x->is.string.at, b->doc->text + y->is.string.at, x->is.string.len);
}

static bool
many_keys_differ(struct json_view object)
{
	size_t count = json_view_count(object);
	struct json_view *keys = mem_new(count, sizeof(*keys)), key = json_view_first(object);
	bool differ = true;

	for (size_t i = 0; i < count; i++, key = json_view_next(key))
		keys[i] = key;
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < count && differ; i++)
		differ = compare_keys(&keys[i - 1], &keys[i]) != 0;
	free(keys);
	return differ;
}

static bool
keys_differ(struct json_view object)
{
	size_t count = json_view_count(object);
	struct json_view key = json_view_first(object);

	if (count > FEW_KEYS)
		return many_keys_differ(object);
	for (size_t i = 0; i + 1 < count; i++, key = json_view_next(key)) {
		struct json_view other = json_view_next(key);

		for (size_t j = i + 1; j < count; j++, other = json_view_next(other))
			if (compare_keys(&key, &other) == 0)
				return false;
	}
	return true;
}

static bool
read_member(struct reader *reader)
{
	size_t key = reader->doc->count;

	if (!read_string(reader) || !take(reader, ':') || !read_value(reader))
		return false;
	reader->doc->nodes[key].next = (uint32_t)reader->doc->count;
	return true;
}

/* Both forms are lists between brackets. */
static bool
read_list(struct reader *reader, json_type type, char closing, bool (*read_one)(struct reader *))
{
	size_t at = reader->doc->count;
	uint32_t count = 0;
	bool sound = reader->depth_left-- > 0, more = sound && !take(reader, closing);

	(void)add_node(reader, type);
	for (; more; count++) {
		sound = read_one(reader);
		more = sound && take(reader, ',');
		if (sound && !more)
			sound = take(reader, closing);
	}
	reader->depth_left++;
	reader->doc->nodes[at].is.count = count;
	reader->doc->nodes[at].next = (uint32_t)reader->doc->count;
	return sound && (type != JSON_OBJECT || keys_differ((struct json_view){reader->doc, at}));
}

static bool
read_value(struct reader *reader)
{
	if (take(reader, '{'))
		return read_list(reader, JSON_OBJECT, '}', read_member);
	if (take(reader, '['))
		return read_list(reader, JSON_ARRAY, ']', read_value);
	if (*reader->at == '"')
		return read_string(reader);
	return *reader->at >= 'a' ? read_word(reader) : read_number(reader);
}

static void
make_room(struct json_doc *doc, size_t len)
{
	size_t nodes = len / TEXT_A_NODE + 8;

	if (doc->text_room < len + PADDING) {
		doc->text_room = len + PADDING;
		doc->text = mem_resize(doc->text, doc->text_room, 1);
	}
	if (doc->room < nodes) {
		doc->room = nodes;
		doc->nodes = mem_resize(doc->nodes, doc->room, sizeof(*doc->nodes));
	}
}

bool
json_doc_read(struct json_doc *doc, const char *text, size_t len, int depth_max, bool nul)
{
	struct reader reader = {.doc = doc, .depth_left = depth_max, .nul = nul};

	doc->count = 0;
	if (len > UINT32_MAX)
		return false;
	make_room(doc, len);
	memcpy(doc->text, text, len);
	memset(doc->text + len, 0, PADDING);
	reader.at = doc->text;
	reader.end = doc->text + len;
	skip_space(&reader);
	if (read_value(&reader)) {
		skip_space(&reader);
		if (reader.at == reader.end)
			return true;
	}
	doc->count = 0;
	return false;
}

void
json_doc_clear(struct json_doc *doc)
{
	free(doc->text);
	free(doc->nodes);
	*doc = (struct json_doc){0};
}

void
json_doc_reuse(struct json_doc *doc)
{
	doc->count = 0;
	if (doc->text_room > REUSED_MAX || doc->room > REUSED_MAX / sizeof(*doc->nodes))
		json_doc_clear(doc);
}
