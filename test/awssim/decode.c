/* SPDX-License-Identifier: Apache-2.0 */
/* decode: owns the way from YAML nodes to members of structs; knows no key of any file. */
#include "test/awssim/decode.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"

enum { KEYS_MAX = 32 };

#define INTEGER_MAX ((int64_t)1 << 53)

static int
fail_at(const struct decode *in, size_t line, size_t column, const char *fmt, va_list ap)
{
	char *sentence = mem_vprintf(fmt, ap);

	cause_set(in->cause, "%s:%zu:%zu: %s", in->file, line, column, sentence);
	free(sentence);
	return -1;
}

int
decode_fail(const struct decode *in, const struct yaml_node *node, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_at(in, node->line, node->column, fmt, ap);
	va_end(ap);
	return -1;
}

static int
fail_key(const struct decode *in, const struct yaml_node *node, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_at(in, node->key_line, node->key_column, fmt, ap);
	va_end(ap);
	return -1;
}

int
decode_list(const struct decode *in, const struct yaml_node *node, const char *what)
{
	return node->kind == YAML_LIST_KIND ? 0
					    : decode_fail(in, node, "%s is a list: write [...] or lines with -", what);
}

const char *
decode_text(const struct decode *in, const struct yaml_node *node, const char *what)
{
	if (node->kind == YAML_SCALAR_KIND && !yaml_tree_is_null(node))
		return node->text;
	decode_fail(in, node, "%s is one word or text", what);
	return NULL;
}

int
decode_integer(const struct decode *in, const struct yaml_node *node, int64_t min, int64_t max, int64_t *value)
{
	const char *text = decode_text(in, node, node->key == NULL ? "an entry" : node->key);

	if (text == NULL)
		return -1;
	if (text_parse_integer(text, value) != 0)
		return decode_fail(in, node, "\"%.80s\" is no whole number", text);
	if (max == 0 && min == 0)
		max = INTEGER_MAX;
	if (*value < min || *value > max)
		return decode_fail(in, node, "%s is out of range (%lld to %lld)", text, (long long)min, (long long)max);
	return 0;
}

int
decode_number(const struct decode *in, const struct yaml_node *node, double min, double max, double *value)
{
	const char *text = decode_text(in, node, node->key == NULL ? "an entry" : node->key);
	char *end;

	if (text == NULL)
		return -1;
	*value = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(*value))
		return decode_fail(in, node, "\"%.80s\" is no number", text);
	if (max == 0)
		max = (double)INTEGER_MAX;
	if (*value < min || *value > max)
		return decode_fail(in, node, "%.80s is out of range (%g to %g)", text, min, max);
	return 0;
}

static int
read_duration(
    const struct decode *in, const struct decode_field *field, const struct yaml_node *node, const char *text, void *at)
{
	int64_t seconds;

	if (text_parse_duration(text, &seconds) != 0)
		return decode_fail(in, node, "\"%.80s\" is no duration (write 30s, 15m, 24h or 7d)", text);
	if (field->max != 0 && (seconds < field->min || seconds > field->max))
		return decode_fail(in, node, "%s is out of range (%llds to %llds)", text, (long long)field->min,
		    (long long)field->max);
	*(int64_t *)at = seconds * 1000;
	return 0;
}

static int
read_boolean(const struct decode *in, const struct yaml_node *node, const char *text, bool *value)
{
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return decode_fail(in, node, "\"%.80s\" is neither true nor false", text);
	*value = strcmp(text, "true") == 0;
	return 0;
}

static int
read_fraction(const struct decode *in, const struct yaml_node *node, const char *text, double *value)
{
	char *end;

	*value = strtod(text, &end);
	if (end == text || *end != '\0' || !(*value >= 0 && *value <= 1))
		return decode_fail(in, node, "\"%.80s\" is no number from 0 to 1", text);
	return 0;
}

static int
read_choice(const struct decode *in, const struct decode_field *field, const struct yaml_node *node, const char *text,
    int *value)
{
	struct str all = {0};

	for (int i = 0; field->choices[i] != NULL; i++) {
		if (strcmp(field->choices[i], text) == 0) {
			*value = i;
			str_free(&all);
			return 0;
		}
		str_printf(&all, "%s%s", i == 0 ? "" : ", ", field->choices[i]);
	}
	decode_fail(in, node, "\"%.80s\" is no %s (one of: %s)", text, field->key, all.s);
	str_free(&all);
	return -1;
}

static int
read_string(const char *text, char **at)
{
	free(*at);
	*at = mem_strdup(text);
	return 0;
}

static int
read_field(const struct decode *in, const struct decode_field *field, const struct yaml_node *node, void *into)
{
	void *at = (char *)into + field->offset;
	const char *text;

	if (field->type == DECODE_SKIP)
		return 0;
	if (field->type == DECODE_READER)
		return field->read(in, node, into);
	text = decode_text(in, node, field->key);
	if (text == NULL)
		return -1;
	switch (field->type) {
	case DECODE_STRING:
		return read_string(text, at);
	case DECODE_INTEGER:
		return decode_integer(in, node, field->min, field->max, at);
	case DECODE_FRACTION:
		return read_fraction(in, node, text, at);
	case DECODE_NUMBER:
		return decode_number(in, node, (double)field->min, (double)field->max, at);
	case DECODE_BOOLEAN:
		return read_boolean(in, node, text, at);
	case DECODE_DURATION:
		return read_duration(in, field, node, text, at);
	case DECODE_CHOICE:
		return read_choice(in, field, node, text, at);
	case DECODE_READER:
	case DECODE_SKIP:
		break;
	}
	return -1;
}

static int
fail_unknown(const struct decode *in, const struct yaml_node *child, const struct decode_field *fields, size_t count)
{
	const char *keys[KEYS_MAX], *closest;

	assert(count <= KEYS_MAX);
	for (size_t i = 0; i < count; i++)
		keys[i] = fields[i].key;
	closest = text_closest(child->key, keys, count);
	if (closest == NULL)
		return fail_key(in, child, "unknown key \"%.80s\"", child->key);
	return fail_key(in, child, "unknown key \"%.80s\" (did you mean \"%s\"?)", child->key, closest);
}

static int
check_required(const struct decode *in, const struct yaml_node *node, const struct decode_field *fields, size_t count)
{
	const struct yaml_node *child;

	for (size_t i = 0; i < count; i++) {
		child = yaml_tree_get(node, fields[i].key);
		if (fields[i].required && (child == NULL || yaml_tree_is_null(child)))
			return decode_fail(in, node, "%s is missing", fields[i].key);
	}
	return 0;
}

int
decode_map(
    const struct decode *in, const struct yaml_node *node, const struct decode_field *fields, size_t count, void *into)
{
	if (node->kind != YAML_MAP_KIND)
		return decode_fail(in, node, "here stands a map: write {key: value} or lines of key: value");
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *child = &node->children[i];
		size_t row = 0;

		while (row < count && strcmp(fields[row].key, child->key) != 0)
			row++;
		if (row == count)
			return fail_unknown(in, child, fields, count);
		if (!yaml_tree_is_null(child) && read_field(in, &fields[row], child, into) != 0)
			return -1;
	}
	return check_required(in, node, fields, count);
}
