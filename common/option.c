/* SPDX-License-Identifier: Apache-2.0 */
/*
 * option: owns how a value is read, bounded and written by its option's type, and what a sound table is; keeps no
 * values.
 */
#include "common/option.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "common/option_value.h"
#include "common/str.h"
#include "common/text.h"

#define NUMBER_MAX ((int64_t)1 << 53) /* past it a double, and so JSON elsewhere, loses units */

enum {
	MICRO_DIGITS = 6,    /* the decimals that OPTION_MICRO holds */
	PERCENT_DIGITS = 9,  /* before the point: 10^9 * OPTION_MICRO is below NUMBER_MAX */
	QUOTED_MAX = 80,     /* how much of a wrong value a sentence repeats */
	LIST_MAX = 10000,    /* entries; no list of the config is near it */
	TYPES = KD_LIST + 1, /* of enum kd_option_type */
};

void
option_value_clear(struct option_value *value)
{
	free(value->text);
	for (size_t i = 0; i < value->count; i++)
		free(value->list[i]);
	free(value->list);
	*value = (struct option_value){0};
}

/* -1 and the sentence `"TEXT" is no THING`. */
static int
refuse(const char *text, const char *thing, char **cause)
{
	char *shown = text_escape(text, strlen(text), QUOTED_MAX);

	cause_set(cause, "\"%s\" is no %s", shown, thing);
	free(shown);
	return -1;
}

static bool
is_bounded(const struct kd_option *option)
{
	return option->min != 0 || option->max != 0;
}

/* text: the number as it was written. unit: how many of number make one of min and max. */
static int
check_range(const struct kd_option *option, int64_t number, int64_t unit, const char *text, char **cause)
{
	char *shown, *range;

	if (is_bounded(option) ? number >= option->min * unit && number <= option->max * unit
			       : number >= -NUMBER_MAX && number <= NUMBER_MAX)
		return 0;
	shown = text_escape(text, strlen(text), QUOTED_MAX);
	range = is_bounded(option) ? option_format_range(option) : mem_strdup("it must stay below 2^53");
	cause_set(cause, "%s is out of range (%s)", shown, range);
	free(shown);
	free(range);
	return -1;
}

/*
 * Foreign text that may stand in a setting: it comes back in logs, file names and requests. The sentence does not
 * repeat it: it may be a secret.
 */
static int
check_text(const char *text, char **cause)
{
	if (!text_is_utf8(text, strlen(text)))
		return cause_set(cause, "the text is not UTF-8");
	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return cause_set(cause, "the text holds a control character");
	return 0;
}

/* ---- reading, one a type ---- */

static int
read_string(const struct kd_option *option, const char *text, struct option_value *value, char **cause)
{
	if (check_text(text, cause) != 0)
		return -1;
	if (option->max > 0 && strlen(text) > (size_t)option->max)
		return cause_set(
		    cause, "the text is too long (%zu bytes, at most %" PRId64 ")", strlen(text), option->max);
	value->text = mem_strdup(text);
	return 0;
}

static int
read_integer(const struct kd_option *option, const char *text, struct option_value *value, char **cause)
{
	const char *digits = *text == '-' || *text == '+' ? text + 1 : text;

	if (text_parse_integer(text, &value->number) == 0)
		return check_range(option, value->number, 1, text, cause);
	if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		return refuse(text, "whole number", cause);
	return check_range(option, *text == '-' ? INT64_MIN : INT64_MAX, 1, text, cause);
}

static int
read_boolean(const struct kd_option *option, const char *text, struct option_value *value, char **cause)
{
	static const struct {
		const char *word;
		int64_t means;
	} words[] = {{"true", 1}, {"false", 0}, {"yes", 1}, {"no", 0}, {"on", 1}, {"off", 0}};

	(void)option;
	for (size_t i = 0; i < KD_COUNT(words); i++) {
		if (strcasecmp(text, words[i].word) != 0)
			continue;
		value->number = words[i].means;
		return 0;
	}
	return refuse(text, "boolean (write true or false)", cause);
}

static int
read_duration(const struct kd_option *option, const char *text, struct option_value *value, char **cause)
{
	if (text_parse_duration(text, &value->number) != 0)
		return refuse(text, "duration (write 30s, 15m, 24h or 7d)", cause);
	return check_range(option, value->number, 1, text, cause);
}

/* "25%", "12.5%" into millionths, whatever the locale's decimal point. */
static int
parse_percent(const char *text, int64_t *micro)
{
	size_t whole = strspn(text, "0123456789"), decimals = 0;
	const char *point = text + whole;
	int64_t number = 0;

	if (*point == '.' && (decimals = strspn(point + 1, "0123456789")) == 0)
		return -1;
	if (whole == 0 || whole > PERCENT_DIGITS || decimals > MICRO_DIGITS)
		return -1;
	if (strcmp(point + (decimals > 0 ? decimals + 1 : 0), "%") != 0)
		return -1;
	for (size_t i = 0; i < whole; i++)
		number = number * 10 + (text[i] - '0');
	for (size_t i = 0; i < MICRO_DIGITS; i++)
		number = number * 10 + (i < decimals ? point[1 + i] - '0' : 0);
	*micro = number;
	return 0;
}

static int
read_percent(const struct kd_option *option, const char *text, struct option_value *value, char **cause)
{
	if (parse_percent(text, &value->number) != 0)
		return refuse(text, "percentage (write 25% or 2.5%)", cause);
	return check_range(option, value->number, OPTION_MICRO, text, cause);
}

/* entry: len bytes, not NUL-terminated. */
int
option_value_add(
    const struct kd_option *option, const char *entry, size_t len, struct option_value *value, char **cause)
{
	int64_t max = option->max > 0 ? option->max : LIST_MAX;

	if (len == 0)
		return cause_set(cause, "an entry of the list is empty");
	if (value->count >= (size_t)max)
		return cause_set(cause, "the list is too long (at most %" PRId64 " entries)", max);
	if ((value->count & (value->count - 1)) == 0)
		value->list = mem_resize(value->list, value->count > 0 ? value->count * 2 : 1, sizeof *value->list);
	value->list[value->count++] = mem_strndup(entry, len);
	return check_text(value->list[value->count - 1], cause);
}

/* "a, b"; a text of nothing but spaces is the empty list. */
static int
read_list(const struct kd_option *option, const char *text, struct option_value *value, char **cause)
{
	const char *end;
	size_t len;

	if (text[strspn(text, " \t")] == '\0')
		return 0;
	for (;; text = end + 1) {
		text += strspn(text, " \t");
		end = text + strcspn(text, ",");
		for (len = (size_t)(end - text); len > 0 && strchr(" \t", text[len - 1]) != NULL;)
			len--;
		if (option_value_add(option, text, len, value, cause) != 0)
			return -1;
		if (*end == '\0')
			return 0;
	}
}

/* ---- writing, one a type ---- */

static char *
write_string(const struct option_value *value)
{
	return mem_strdup(value->text);
}

static char *
write_integer(const struct option_value *value)
{
	return mem_printf("%" PRId64, value->number);
}

static char *
write_boolean(const struct option_value *value)
{
	return mem_strdup(value->number ? "true" : "false");
}

static char *
write_duration(const struct option_value *value)
{
	return text_format_duration(value->number);
}

static char *
write_percent(const struct option_value *value)
{
	int64_t decimals = value->number % OPTION_MICRO;
	int digits = MICRO_DIGITS;

	if (decimals == 0)
		return mem_printf("%" PRId64 "%%", value->number / OPTION_MICRO);
	for (; decimals % 10 == 0; digits--)
		decimals /= 10;
	return mem_printf("%" PRId64 ".%0*" PRId64 "%%", value->number / OPTION_MICRO, digits, decimals);
}

static char *
write_list(const struct option_value *value)
{
	struct str out = {0};

	for (size_t i = 0; i < value->count; i++)
		str_printf(&out, "%s%s", i > 0 ? ", " : "", value->list[i]);
	return str_take(&out);
}

static const struct {
	const char *name;
	int (*read)(const struct kd_option *option, const char *text, struct option_value *value, char **cause);
	char *(*write)(const struct option_value *value);
} types[TYPES] = {
    [KD_STRING] = {"string", read_string, write_string},
    [KD_INTEGER] = {"integer", read_integer, write_integer},
    [KD_BOOLEAN] = {"boolean", read_boolean, write_boolean},
    [KD_DURATION] = {"duration", read_duration, write_duration},
    [KD_PERCENT] = {"percent", read_percent, write_percent},
    [KD_LIST] = {"list", read_list, write_list},
};

int
option_value_read(const struct kd_option *option, const char *text, struct option_value *value, char **cause)
{
	return types[option->type].read(option, text, value, cause);
}

char *
option_value_write(const struct kd_option *option, const struct option_value *value)
{
	return types[option->type].write(value);
}

/* ---- tables ---- */

int
option_find(const struct kd_option *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, name) == 0)
			return (int)i;
	return -1;
}

const char *
option_type_name(enum kd_option_type type)
{
	assert((size_t)type < TYPES);
	return types[type].name;
}

char *
option_format_range(const struct kd_option *option)
{
	int64_t unit = option->type == KD_PERCENT ? OPTION_MICRO : 1;
	char *min, *max, *range;

	if (!is_bounded(option) || option->type == KD_BOOLEAN)
		return mem_strdup("");
	if (option->type == KD_STRING || option->type == KD_LIST)
		return mem_printf(
		    "at most %" PRId64 " %s", option->max, option->type == KD_STRING ? "bytes" : "entries");
	min = types[option->type].write(&(struct option_value){.number = option->min * unit});
	max = types[option->type].write(&(struct option_value){.number = option->max * unit});
	range = mem_printf("%s to %s", min, max);
	free(min);
	free(max);
	return range;
}

static bool
is_snake_case(const char *name)
{
	return *name >= 'a' && *name <= 'z' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* Bounds that can be multiplied by OPTION_MICRO, and make sense for the type. */
static bool
has_sound_bounds(const struct kd_option *option)
{
	int64_t most = option->type == KD_PERCENT ? NUMBER_MAX / OPTION_MICRO : NUMBER_MAX;
	bool may_be_negative = option->type == KD_INTEGER;

	return option->min <= option->max && option->max <= most && option->min >= (may_be_negative ? -most : 0);
}

static int
check_row(const struct kd_option *option, char **cause)
{
	struct option_value value = {0};
	char *why = NULL;

	if (option->name == NULL || !is_snake_case(option->name))
		return cause_set(cause, "an option's name is not in snake_case");
	if ((size_t)option->type >= TYPES)
		return cause_set(cause, "option %s has no type that kdiag knows", option->name);
	if (option->help == NULL || *option->help == '\0' || check_text(option->help, NULL) != 0)
		return cause_set(cause, "option %s has no help, or one that is not a line of text", option->name);
	if (!has_sound_bounds(option))
		return cause_set(cause, "option %s has bounds that make no sense", option->name);
	if (option->def != NULL && types[option->type].read(option, option->def, &value, &why) != 0)
		cause_set(cause, "option %s has a bad default: %s", option->name, why);
	option_value_clear(&value);
	free(why);
	return why != NULL ? -1 : 0;
}

int
option_check_table(const struct kd_option *table, size_t count, char **cause)
{
	if (table == NULL && count > 0)
		return cause_set(cause, "the option table is missing");
	for (size_t i = 0; i < count; i++) {
		if (check_row(&table[i], cause) != 0)
			return -1;
		if (option_find(table, i, table[i].name) >= 0)
			return cause_set(cause, "option %s stands there twice", table[i].name);
	}
	return 0;
}
