/* SPDX-License-Identifier: Apache-2.0 */
/* config_stream: reads the streams of the file and who shall reach them; no stream twice. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/config_read.h"

static void
free_texts(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

void
config_stream_clear(struct config_stream *stream)
{
	stream_id_unref(stream->id);
	config_expect_free(stream->expect);
	for (size_t i = 0; i < stream->principals_count; i++) {
		free(stream->principals[i].arn);
		free(stream->principals[i].use);
		free(stream->principals[i].lease_table);
		free_texts(stream->principals[i].actions, stream->principals[i].actions_count);
	}
	free(stream->principals);
	free_texts(stream->log_groups, stream->log_groups_count);
	free(stream->log_filter);
	config_probe_free_row(stream->probes);
	*stream = (struct config_stream){0};
}

/* ---- principals and log groups ---- */

static void
read_principal(struct config_reading *reading, const struct yaml_node *node, struct config_principal *principal)
{
	struct kd_settings *settings;

	if (!config_section_is_map(reading, node, "a principal"))
		return;
	settings = config_section_read_part(reading, node, CONFIG_PRINCIPAL, NULL, 0);
	principal->arn = mem_strdup(kd_string(settings, PRINCIPAL_ARN));
	principal->use = mem_strdup(kd_string(settings, PRINCIPAL_USE));
	principal->lease_table = mem_strdup(kd_string(settings, PRINCIPAL_LEASE_TABLE));
	principal->actions = config_section_copy_list(settings, PRINCIPAL_ACTIONS, &principal->actions_count);
	if (!config_section_says(node, "arn"))
		config_report_error(reading, node, "a principal needs an arn");
	if (principal->use != NULL && principal->actions != NULL)
		config_report_error(reading, node, "a principal takes use or actions, not both");
	if (principal->lease_table != NULL && (principal->use == NULL || strcmp(principal->use, "kcl") != 0))
		config_report_error(reading, node, "lease_table belongs to use: kcl");
	if (!config_section_says(node, "use") && !config_section_says(node, "actions"))
		config_report_error(reading, node, "a principal needs a use (such as producer) or its actions");
	settings_free(settings);
}

static void
read_principals(struct config_reading *reading, const struct yaml_node *map, struct config_stream *stream)
{
	const struct yaml_node *list = config_section_find(reading, map, "principals", YAML_LIST_KIND);

	if (list == NULL)
		return;
	stream->principals = mem_new(list->count, sizeof *stream->principals);
	stream->principals_count = list->count;
	for (size_t i = 0; i < list->count; i++)
		read_principal(reading, &list->children[i], &stream->principals[i]);
}

/* ---- which stream ---- */

/* "stream "orders"" for sentences, or "the stream". The caller's. */
static char *
say_stream(const char *name)
{
	char *shown = name != NULL ? config_report_show(name) : NULL;
	char *said = shown != NULL ? mem_printf("stream \"%s\"", shown) : mem_strdup("the stream");

	free(shown);
	return said;
}

static void
check_region(struct config_reading *reading, const struct yaml_node *node, const char *name)
{
	char *said;

	if (config_section_says(node, "region"))
		return; /* it was refused */
	said = say_stream(name);
	config_report_error(reading, node,
	    config_section_says(node, "params")
		? "%s has no region, nor has its params file (give it here, or aws.region for all)"
		: "%s has no region (give it here, or aws.region for all)",
	    said);
	free(said);
}

/* complete: what may give a region could be read. */
static struct stream_id *
read_id(struct config_reading *reading, const struct yaml_node *node, const struct kd_settings *settings, bool complete)
{
	const char *name = kd_string(settings, STREAM_NAME), *account = kd_string(settings, STREAM_ACCOUNT);
	const char *region = kd_string(settings, STREAM_REGION);

	if (!config_section_says(node, "name"))
		config_report_error(reading, node, "a stream needs a name (name: orders)");
	config_read_check_account(reading, config_section_at(node, "account"), account);
	if (region == NULL)
		region = reading->config->aws.region;
	if (region == NULL && complete)
		check_region(reading, node, name);
	return stream_id_new(account, region != NULL ? region : "", name != NULL ? name : "");
}

/* Fills the stream whatever is wrong, so that all mistakes are found in one go. */
static void
read_stream(struct config_reading *reading, const struct yaml_node *node, struct config_stream *stream)
{
	static const char *const others[] = {"expect", "principals", "probes"};
	const struct yaml_node *params_at = config_section_at(node, "params");
	struct kd_settings *settings, *params = NULL;
	size_t errors;

	settings = config_section_read_part(reading, node, CONFIG_STREAM, others, KD_COUNT(others));
	errors = reading->errors;
	if (kd_is_set(settings, STREAM_PARAMS))
		params = config_params_read(reading, params_at, settings);
	stream->id = read_id(reading, node, settings, reading->errors == errors);
	stream->expect =
	    config_expect_read(reading, config_section_find(reading, node, "expect", YAML_MAP_KIND), params, params_at);
	read_principals(reading, node, stream);
	stream->log_groups = config_section_copy_list(settings, STREAM_LOG_GROUPS, &stream->log_groups_count);
	stream->log_filter = mem_strdup(kd_string(settings, STREAM_LOG_FILTER));
	stream->probes = config_probe_share(reading->config);
	config_probe_read(reading, config_section_find(reading, node, "probes", YAML_MAP_KIND), stream->probes);
	settings_free(settings);
}

/* ---- all of them ---- */

struct place {
	const struct stream_id *id;
	const struct yaml_node *node;
	size_t index;
};

static int
compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	int order = stream_id_compare(a->id, b->id);

	return order != 0 ? order : a->index < b->index ? -1 : a->index > b->index;
}

/* Streams without a name or a region have been told of already. */
static bool
is_same_stream(const struct stream_id *a, const struct stream_id *b)
{
	return *a->name != '\0' && *a->region != '\0' && stream_id_compare(a, b) == 0;
}

/* By sorting: the file may hold thousands. */
static void
check_duplicates(struct config_reading *reading)
{
	const struct config *config = reading->config;
	struct place *places = mem_new(config->streams_count, sizeof *places);
	const struct place *first = places;
	char *said;

	for (size_t i = 0; i < config->streams_count; i++)
		places[i] = (struct place){config->streams[i].id, reading->stream_nodes[i], i};
	qsort(places, config->streams_count, sizeof *places, compare_places);
	for (size_t i = 1; i < config->streams_count; i++) {
		if (!is_same_stream(first->id, places[i].id)) {
			first = &places[i];
			continue;
		}
		said = say_stream(first->id->name);
		config_report_error(reading, config_section_at(places[i].node, "name"),
		    "%s in %s stands here twice (first in line %zu)", said, first->id->region,
		    config_section_at(first->node, "name")->line);
		free(said);
	}
	free(places);
}

void
config_stream_read_all(struct config_reading *reading, const struct yaml_node *list)
{
	struct config *config = reading->config;

	if (list == NULL || list->count == 0)
		return;
	config->streams = mem_new(list->count, sizeof *config->streams);
	reading->stream_nodes = mem_new(list->count, sizeof *reading->stream_nodes);
	for (size_t i = 0; i < list->count; i++) {
		if (!config_section_is_map(reading, &list->children[i], "an entry of streams"))
			continue;
		reading->stream_nodes[config->streams_count] = &list->children[i];
		read_stream(reading, &list->children[i], &config->streams[config->streams_count++]);
	}
	check_duplicates(reading);
	free(reading->stream_nodes);
	reading->stream_nodes = NULL;
}
