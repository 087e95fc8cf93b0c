/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_params: reads a params file (Massdriver's, as it is): what it declares becomes settings of `expect`. The
 * file belongs to another tool, so what else stands in it is no mistake; what is of the wrong type or out of range
 * is, and is told where the config names the file.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/mem.h"
#include "daemon/config_read.h"

enum { PARAMS_MAX = 1024 * 1024 }; /* such files hold some hundred bytes */

struct params {
	struct config_reading *reading;
	const struct yaml_node *at;
	const json_t *document;
	struct kd_settings *stream, *expect;
};

/* at is a mistake: `PATH: SECTION.WHY`. */
static void
refuse(const struct params *params, const char *section, const char *why)
{
	char *path = config_report_show(params->at->text);

	config_report_error(params->reading, params->at, "%s: %s.%s", path, section, why);
	free(path);
}

/* Sets an option by its table's rules; what they refuse is told with the member's name. */
static void
set_member(const struct params *params, enum config_part part, size_t option, const char *section, const char *member,
    const char *text)
{
	const struct config_table *table = &config_options_tables[part];
	struct kd_settings *settings = part == CONFIG_STREAM ? params->stream : params->expect;
	char *why = NULL, *sentence;
	int result = table->checks[option] != NULL ? table->checks[option](text, &why) : 0;

	if (result == 0)
		result = settings_set(settings, option, text, &why);
	if (result != 0) {
		sentence = mem_printf("%s: %s", member, why);
		refuse(params, section, sentence);
		free(sentence);
	}
	free(why);
}

static void
read_text(const struct params *params, const json_t *object, enum config_part part, size_t option, const char *section,
    const char *member)
{
	const char *text;
	char *why = NULL;
	int got = json_get_string(object, member, &text, &why);

	if (got < 0)
		refuse(params, section, why);
	else if (got > 0)
		set_member(params, part, option, section, member, text);
	free(why);
}

static void
read_number(const struct params *params, const json_t *object, size_t option, const char *section, const char *member)
{
	char *why = NULL, text[32];
	int64_t number;
	int got = json_get_integer(object, member, &number, &why);

	if (got < 0)
		refuse(params, section, why);
	if (got > 0) {
		snprintf(text, sizeof text, "%" PRId64, number);
		set_member(params, CONFIG_EXPECT, option, section, member, text);
	}
	free(why);
}

/* The names in an array; NULL, with an error, when one is no metric. The caller frees the array only. */
static const char **
borrow_metrics(const struct params *params, const json_t *array)
{
	const char **names = mem_new(json_array_size(array), sizeof *names);
	char *why = NULL, *sentence;

	for (size_t i = 0; i < json_array_size(array) && why == NULL; i++) {
		if ((names[i] = json_string_value(json_array_get(array, i))) == NULL)
			cause_set(&why, "an entry is not a string");
		else
			config_check_shard_metric(names[i], &why);
	}
	if (why == NULL)
		return names;
	sentence = mem_printf("shard_level_metrics: %s", why);
	refuse(params, "observability", sentence);
	free(sentence);
	free(why);
	free(names);
	return NULL;
}

static void
set_metrics(const struct params *params, const json_t *array)
{
	const char **names = borrow_metrics(params, array);
	char *why = NULL, *sentence;

	if (names != NULL &&
	    settings_set_list(params->expect, EXPECT_SHARD_LEVEL_METRICS, names, json_array_size(array), &why) != 0) {
		sentence = mem_printf("shard_level_metrics: %s", why);
		refuse(params, "observability", sentence);
		free(sentence);
	}
	free(why);
	free(names);
}

/* enable_shard_level_metrics: false declares that none shall be on, whatever the list still says. */
static void
read_metrics(const struct params *params, const json_t *object)
{
	bool enabled = true;
	char *why = NULL;
	json_t *array;
	int got = json_get_boolean(object, "enable_shard_level_metrics", &enabled, &why);

	if (got < 0)
		refuse(params, "observability", why);
	else if (!enabled)
		settings_set_list(params->expect, EXPECT_SHARD_LEVEL_METRICS, NULL, 0, NULL);
	else if ((got = json_get_array(object, "shard_level_metrics", &array, &why)) < 0)
		refuse(params, "observability", why);
	else if (got > 0)
		set_metrics(params, array);
	free(why);
}

/* A part of the document; NULL when it is not there, or with an error when it is no object. */
static const json_t *
find_section(const struct params *params, const char *name)
{
	char *why = NULL, *path;
	json_t *object = NULL;

	if (json_get_object(params->document, name, &object, &why) < 0) {
		path = config_report_show(params->at->text);
		config_report_error(params->reading, params->at, "%s: %s", path, why);
		free(path);
	}
	free(why);
	return object;
}

static void
read_document(const struct params *params)
{
	const json_t *object;

	if ((object = find_section(params, "stream")) != NULL) {
		if (!kd_is_set(params->stream, STREAM_REGION))
			read_text(params, object, CONFIG_STREAM, STREAM_REGION, "stream", "region");
		read_number(params, object, EXPECT_RETENTION_HOURS, "stream", "retention_hours");
	}
	if ((object = find_section(params, "capacity")) != NULL) {
		read_text(params, object, CONFIG_EXPECT, EXPECT_STREAM_MODE, "capacity", "stream_mode");
		read_number(params, object, EXPECT_SHARD_COUNT, "capacity", "shard_count");
	}
	if ((object = find_section(params, "observability")) != NULL)
		read_metrics(params, object);
}

/* A relative path starts at the config file's folder, wherever the daemon was started. */
static char *
resolve_path(const char *config_path, const char *path)
{
	const char *slash = strrchr(config_path, '/');

	if (*path == '/' || slash == NULL)
		return mem_strdup(path);
	return mem_printf("%.*s/%s", (int)(slash - config_path), config_path, path);
}

struct kd_settings *
config_params_read(struct config_reading *reading, const struct yaml_node *at, struct kd_settings *stream)
{
	struct params params = {
	    .reading = reading, .at = at, .stream = stream, .expect = config_section_defaults(CONFIG_EXPECT)};
	char *path = resolve_path(reading->path, kd_string(stream, STREAM_PARAMS)), *why = NULL, *shown;
	json_t *document = json_read_file(path, PARAMS_MAX, &why);

	params.document = document;
	shown = config_report_show(why != NULL ? why : at->text);
	if (document == NULL)
		config_report_error(reading, at, "%s", shown);
	else if (!json_is_object(document))
		config_report_error(reading, at, "%s: is not a params file (a JSON object)", shown);
	else
		read_document(&params);
	json_decref(document);
	free(shown);
	free(path);
	free(why);
	return params.expect;
}
