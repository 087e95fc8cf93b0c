/* SPDX-License-Identifier: Apache-2.0 */
/* settings: owns the values of an option table and hands them to probes; knows nothing of files, probes or places. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/option.h"
#include "common/option_value.h"

struct kd_settings {
	const struct kd_option *table;
	size_t count;
	struct option_value *values;
};

static struct option_value
copy_value(const struct option_value *from)
{
	struct option_value to = *from;

	assert(from->count == 0 || from->list != NULL);
	to.text = mem_strdup(from->text);
	to.list = from->list != NULL ? mem_new(from->count, sizeof *to.list) : NULL;
	for (size_t i = 0; i < from->count; i++)
		to.list[i] = mem_strdup(from->list[i]);
	return to;
}

struct kd_settings *
settings_new(const struct kd_option *table, size_t count)
{
	struct kd_settings *settings = mem_new(1, sizeof *settings);
	int failed = 0;

	settings->table = table;
	settings->count = count;
	settings->values = mem_new(count, sizeof *settings->values);
	for (size_t i = 0; i < count; i++)
		if (table[i].def != NULL)
			failed |= settings_set(settings, i, table[i].def, NULL);
	assert(failed == 0);
	(void)failed;
	return settings;
}

struct kd_settings *
settings_copy(const struct kd_settings *settings)
{
	struct kd_settings *copy = mem_new(1, sizeof *copy);

	copy->table = settings->table;
	copy->count = settings->count;
	copy->values = mem_new(settings->count, sizeof *copy->values);
	for (size_t i = 0; i < settings->count; i++)
		copy->values[i] = copy_value(&settings->values[i]);
	return copy;
}

void
settings_free(struct kd_settings *settings)
{
	if (settings == NULL)
		return;
	for (size_t i = 0; i < settings->count; i++)
		option_value_clear(&settings->values[i]);
	free(settings->values);
	free(settings);
}

/* Puts a value that was read in the place of the old one, or drops what was read before the mistake. */
static int
replace_value(struct kd_settings *settings, size_t option, struct option_value *value, int result)
{
	if (result != 0) {
		option_value_clear(value);
		return -1;
	}
	value->set = true;
	option_value_clear(&settings->values[option]);
	settings->values[option] = *value;
	return 0;
}

int
settings_set(struct kd_settings *settings, size_t option, const char *text, char **cause)
{
	const struct kd_option *row = &settings->table[option];
	struct option_value value = {0};

	assert(option < settings->count && text != NULL);
	return replace_value(settings, option, &value, option_value_read(row, text, &value, cause));
}

int
settings_set_list(struct kd_settings *settings, size_t option, const char *const *entries, size_t count, char **cause)
{
	const struct kd_option *row = &settings->table[option];
	struct option_value value = {0};
	int result = 0;

	assert(option < settings->count && row->type == KD_LIST);
	for (size_t i = 0; i < count && result == 0; i++)
		result = option_value_add(row, entries[i], strlen(entries[i]), &value, cause);
	return replace_value(settings, option, &value, result);
}

char *
settings_format(const struct kd_settings *settings, size_t option)
{
	assert(option < settings->count);
	if (!settings->values[option].set)
		return NULL;
	return option_value_write(&settings->table[option], &settings->values[option]);
}

json_t *
settings_to_json(const struct kd_settings *settings)
{
	json_t *object = json_object(), *value;
	char *text;

	for (size_t i = 0; i < settings->count; i++) {
		if ((text = settings_format(settings, i)) == NULL)
			continue;
		value = settings->table[i].type == KD_LIST ? json_array() : json_string(text);
		for (size_t entry = 0; entry < settings->values[i].count; entry++)
			json_array_append_new(value, json_string(settings->values[i].list[entry]));
		json_object_set_new(object, settings->table[i].name, value);
		free(text);
	}
	return object;
}

/* The entries are borrowed from the array; the caller frees the list. NULL: one is no string. */
static const char **
borrow_strings(const json_t *array)
{
	size_t count = json_array_size(array);
	const char **strings = mem_new(count, sizeof *strings);

	for (size_t i = 0; i < count; i++) {
		if ((strings[i] = json_string_value(json_array_get(array, i))) != NULL)
			continue;
		free(strings);
		return NULL;
	}
	return strings;
}

static int
set_from_json(struct kd_settings *settings, size_t option, const json_t *value, char **cause)
{
	bool is_list = settings->table[option].type == KD_LIST;
	const char **entries;
	int result;

	if (is_list ? !json_is_array(value) : !json_is_string(value))
		return cause_set(cause, "not a%s", is_list ? "n array" : " string");
	if (!is_list)
		return settings_set(settings, option, json_string_value(value), cause);
	if ((entries = borrow_strings(value)) == NULL)
		return cause_set(cause, "not an array of strings");
	result = settings_set_list(settings, option, entries, json_array_size(value), cause);
	free(entries);
	return result;
}

struct kd_settings *
settings_from_json(const struct kd_option *table, size_t count, const json_t *object, char **cause)
{
	struct kd_settings *settings;
	char *why = NULL;
	const char *name;
	json_t *value;
	int option;

	if (!json_is_object(object))
		return cause_null(cause, "the settings are not an object");
	settings = settings_new(table, count);
	json_object_foreach((json_t *)object, name, value)
	{
		if ((option = option_find(table, count, name)) < 0)
			cause_set(&why, "there is no such option");
		if (option >= 0 && set_from_json(settings, (size_t)option, value, &why) == 0)
			continue;
		cause_set(cause, "%s: %s", name, why);
		free(why);
		settings_free(settings);
		return NULL;
	}
	return settings;
}

/*
 * ---- what a probe sees (kdiag/probe.h). A probe may be anybody's: a wrong index or type gives "not set" and not the
 * daemon's end. ----
 */

static const struct option_value *
peek(const struct kd_settings *settings, size_t option, enum kd_option_type type)
{
	static const struct option_value nothing;

	return option < settings->count && settings->table[option].type == type ? &settings->values[option] : &nothing;
}

bool
kd_is_set(const struct kd_settings *settings, size_t option)
{
	return option < settings->count && settings->values[option].set;
}

const char *
kd_string(const struct kd_settings *settings, size_t option)
{
	return peek(settings, option, KD_STRING)->text;
}

int64_t
kd_integer(const struct kd_settings *settings, size_t option)
{
	return peek(settings, option, KD_INTEGER)->number;
}

bool
kd_boolean(const struct kd_settings *settings, size_t option)
{
	return peek(settings, option, KD_BOOLEAN)->number != 0;
}

int64_t
kd_duration_s(const struct kd_settings *settings, size_t option)
{
	return peek(settings, option, KD_DURATION)->number;
}

double
kd_percent(const struct kd_settings *settings, size_t option)
{
	return (double)peek(settings, option, KD_PERCENT)->number / OPTION_MICRO;
}

const char *const *
kd_list(const struct kd_settings *settings, size_t option, size_t *count)
{
	const struct option_value *value = peek(settings, option, KD_LIST);

	*count = value->count;
	return (const char *const *)value->list;
}
