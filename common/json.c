/* SPDX-License-Identifier: Apache-2.0 */
/* json: owns bounded reading and typed getting on top of jansson; knows nothing of what the documents mean. */
#include "common/json.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json_view.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"

enum {
	DEPTH_MAX = 64,    /* AWS's answers are under 10 deep; jansson goes on to 2,048 and recurses for each */
	CHUNK = 64 * 1024, /* of a file's reading */
	EXACT_BITS = 53,   /* a double holds each whole number up to 2^53 */
};

/* ---- reading ---- */

/* Where in a text one is, as jansson counts it: lines from 1, columns in characters from 1. */
struct place {
	size_t line, column;
};

static void
move_place(struct place *place, char c)
{
	if (c == '\n')
		*place = (struct place){place->line + 1, 0};
	else if (((unsigned char)c & 0xc0) != 0x80)
		place->column++;
}

/* jansson parses by recursion: how deep is decided here, by counting brackets outside of strings. */
static int
check_depth(const char *text, size_t len, char **cause)
{
	struct place place = {1, 0};
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		move_place(&place, text[i]);
		if (in_string && text[i] == '\\' && i + 1 < len)
			move_place(&place, text[++i]);
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string && (text[i] == '[' || text[i] == '{') && ++depth > DEPTH_MAX)
			return cause_set(cause, "line %zu, column %zu: nested more than %d deep", place.line,
			    place.column, DEPTH_MAX);
		else if (!in_string && (text[i] == ']' || text[i] == '}') && depth > 0)
			depth--;
	}
	return 0;
}

/* jansson's own words, which may quote up to 20 bytes of the text: they may be any. */
static int
refuse(const json_error_t *error, char **cause)
{
	char *words = text_escape(error->text, strlen(error->text), sizeof error->text);

	cause_set(cause, "line %d, column %d: %s", error->line, error->column, words);
	free(words);
	return -1;
}

static bool
is_blank(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && (text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r')))
		i++;
	return i == len;
}

/* The same value of what json_doc has read: jansson's own reader takes several times as long. */
static json_t *
to_jansson(struct json_view view)
{
	struct json_view at = json_view_first(view);
	const struct json_node *node = &view.doc->nodes[view.at];
	json_t *value;

	switch (node->type) {
	case JSON_OBJECT:
		value = json_object();
		for (size_t i = 0; i < node->is.count; i++, at = json_view_next(at))
			json_object_set_new_nocheck(value, json_view_string(at, NULL), to_jansson(json_view_value(at)));
		return value;
	case JSON_ARRAY:
		value = json_array();
		for (size_t i = 0; i < node->is.count; i++, at = json_view_next(at))
			json_array_append_new(value, to_jansson(at));
		return value;
	case JSON_STRING:
		return json_stringn_nocheck(json_view_string(view, NULL), node->is.string.len);
	case JSON_INTEGER:
		return json_integer(node->is.integer);
	case JSON_REAL:
		return json_real(node->is.real);
	default:
		return node->type == JSON_NULL ? json_null() : json_boolean(node->type == JSON_TRUE);
	}
}

/* Why it is no JSON: that is jansson's to say. */
static int
refuse_text(const char *text, size_t len, bool nul, char **cause)
{
	size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | (nul ? JSON_ALLOW_NUL : 0);
	json_error_t error;
	json_t *value;

	if (is_blank(text, len))
		return cause_set(cause, "line 1, column 0: there is nothing in it");
	if (check_depth(text, len, cause) != 0)
		return -1;
	if ((value = json_loadb(text, len, flags, &error)) == NULL)
		return refuse(&error, cause);
	json_decref(value);
	/* jansson passes over a NUL byte behind a number or a word. */
	return cause_set(cause, "line 1, column 1: it has a NUL byte in it, or more than 4 GiB");
}

int
json_read_any_doc(struct json_doc *doc, const char *text, size_t len, bool nul, char **cause)
{
	return json_doc_read(doc, text, len, DEPTH_MAX, nul) ? 0 : refuse_text(text, len, nul, cause);
}

int
json_read_doc(struct json_doc *doc, const char *text, size_t len, bool nul, char **cause)
{
	if (json_read_any_doc(doc, text, len, nul, cause) != 0)
		return -1;
	if (json_view_is(json_doc_root(doc), JSON_OBJECT))
		return 0;
	return cause_set(cause, "it is no JSON object");
}

json_t *
json_read(const char *text, size_t len, char **cause)
{
	struct json_doc doc = {0};
	json_t *value = NULL;

	if (json_doc_read(&doc, text, len, DEPTH_MAX, false))
		value = to_jansson(json_doc_root(&doc));
	else
		refuse_text(text, len, false, cause);
	json_doc_clear(&doc);
	return value;
}

/* All of fd into str; stops one byte past max. 0, or -1 with errno. */
static int
read_all(int fd, size_t max, struct str *str)
{
	char *chunk = mem_new(CHUNK, 1);
	ssize_t n = 1;

	while (n > 0 && str->len <= max) {
		do
			n = read(fd, chunk, CHUNK);
		while (n < 0 && errno == EINTR);
		if (n > 0)
			str_add_len(str, chunk, (size_t)n);
	}
	free(chunk);
	return n < 0 ? -1 : 0;
}

/* O_NONBLOCK: opening a FIFO would wait for its writer. */
json_t *
json_read_file(const char *path, size_t max, char **cause)
{
	struct str text = {0};
	struct stat st;
	char *why = NULL;
	json_t *value = NULL;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) < 0)
		return cause_null(cause, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		cause_set(cause, "%s: is no regular file", path);
		goto out;
	}
	if (read_all(fd, max, &text) != 0) {
		cause_set(cause, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (text.len > max) {
		cause_set(cause, "%s: is larger than the %zu bytes that are read", path, max);
		goto out;
	}
	if ((value = json_read(text.s != NULL ? text.s : "", text.len, &why)) == NULL)
		cause_set(cause, "%s: %s", path, why);
out:
	close(fd);
	str_free(&text);
	free(why);
	return value;
}

char *
json_line(const json_t *value)
{
	char *line = json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);

	assert(line != NULL);
	return line;
}

/* ---- getting ---- */

/* 1 and the member; 0 when absent or null; -1 when its type is not among `types` (a set of bits, 1 << json_type). */
static int
get_member(const json_t *object, const char *key, unsigned types, const char *name, json_t **member, char **cause)
{
	json_t *found = json_object_get(object, key);

	if (found == NULL || json_is_null(found))
		return 0;
	if ((types & 1u << json_typeof(found)) == 0)
		return cause_set(cause, "%s is not %s", key, name);
	*member = found;
	return 1;
}

int
json_get_string(const json_t *object, const char *key, const char **value, char **cause)
{
	json_t *member = NULL;
	int got = get_member(object, key, 1u << JSON_STRING, "a string", &member, cause);

	if (got == 1)
		*value = json_string_value(member);
	return got;
}

int
json_get_integer(const json_t *object, const char *key, int64_t *value, char **cause)
{
	const double exact = (double)((int64_t)1 << EXACT_BITS);
	json_t *member = NULL;
	int got = get_member(object, key, 1u << JSON_INTEGER | 1u << JSON_REAL, "an integer", &member, cause);
	double real;

	if (got != 1)
		return got;
	if (json_is_integer(member)) {
		*value = json_integer_value(member);
		return 1;
	}
	real = json_real_value(member);
	if (!(fabs(real) <= exact) || real != floor(real))
		return cause_set(cause, "%s is not an integer", key);
	*value = (int64_t)real;
	return 1;
}

int
json_get_number(const json_t *object, const char *key, double *value, char **cause)
{
	json_t *member = NULL;
	int got = get_member(object, key, 1u << JSON_INTEGER | 1u << JSON_REAL, "a number", &member, cause);

	if (got == 1)
		*value = json_number_value(member);
	return got;
}

int
json_get_boolean(const json_t *object, const char *key, bool *value, char **cause)
{
	json_t *member = NULL;
	int got = get_member(object, key, 1u << JSON_TRUE | 1u << JSON_FALSE, "a boolean", &member, cause);

	if (got == 1)
		*value = json_is_true(member);
	return got;
}

int
json_get_array(const json_t *object, const char *key, json_t **value, char **cause)
{
	return get_member(object, key, 1u << JSON_ARRAY, "an array", value, cause);
}

int
json_get_object(const json_t *object, const char *key, json_t **value, char **cause)
{
	return get_member(object, key, 1u << JSON_OBJECT, "an object", value, cause);
}

/* ---- setting ---- */

void
json_set_text(json_t *object, const char *key, const char *text)
{
	char *clean = text != NULL ? text_clean(text, strlen(text), SIZE_MAX) : NULL;
	/* Checked already; keys are our own. */
	int failed = json_object_set_new_nocheck(object, key, clean != NULL ? json_string_nocheck(clean) : json_null());

	assert(failed == 0);
	(void)failed;
	free(clean);
}

void
json_set_time(json_t *object, const char *key, int64_t ms)
{
	char buf[CLOCK_TEXT_SIZE];

	json_set_text(object, key, clock_format(ms, buf));
}
