/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_probe: owns how each probe runs, in general and for a stream, and the sharing between streams that say
 * nothing of their own.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/need.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/config_read.h"

enum { LISTED_MAX = 20 }; /* probes that a sentence lists */

static struct config_probe *
ref_probe(struct config_probe *probe)
{
	probe->refs++;
	return probe;
}

static void
unref_probe(struct config_probe *probe)
{
	assert(probe->refs > 0);
	if (--probe->refs > 0)
		return;
	settings_free(probe->settings);
	free(probe->needs);
	free(probe);
}

static struct kd_m_of_n
default_m_of_n(struct kd_m_of_n m_of_n)
{
	return m_of_n.n > 0 ? m_of_n : (struct kd_m_of_n){1, 1};
}

void
config_probe_set_defaults(struct config *config)
{
	size_t count = plugins_count(config->plugins);

	config->probes = mem_new(count + 1, sizeof *config->probes);
	for (size_t i = 0; i < count; i++) {
		const struct kd_probe *probe = plugins_at(config->plugins, i);
		config->probes[i] = mem_new(1, sizeof *config->probes[i]);
		*config->probes[i] = (struct config_probe){
		    .refs = 1,
		    .enabled = true,
		    .interval_s = config->daemon.interval_s,
		    .open = default_m_of_n(probe->open),
		    .resolve = default_m_of_n(probe->resolve),
		    .flapping = CONFIG_FLAPPING,
		    .settings = settings_new(probe->options, probe->options_count),
		};
		config->probes[i]->needs = need_resolve_all(probe, config->probes[i]->settings);
	}
}

struct config_probe **
config_probe_share(const struct config *config)
{
	size_t count = plugins_count(config->plugins);
	struct config_probe **row = mem_new(count + 1, sizeof *row);

	for (size_t i = 0; i < count; i++)
		row[i] = ref_probe(config->probes[i]);
	return row;
}

void
config_probe_free_row(struct config_probe **row)
{
	for (size_t i = 0; row != NULL && row[i] != NULL; i++)
		unref_probe(row[i]);
	free(row);
}

/* ---- names ---- */

/* "(loaded: config_drift, shard_count, stream_status)" without the brackets. */
static char *
list_probes(const struct plugins *plugins)
{
	struct str out = {0};

	for (size_t i = 0; i < plugins_count(plugins) && i < LISTED_MAX; i++)
		str_printf(&out, "%s%s", i > 0 ? ", " : "loaded: ", plugins_at(plugins, i)->name);
	if (plugins_count(plugins) > LISTED_MAX)
		str_add(&out, ", …");
	return str_take(&out);
}

static void
refuse_probe(struct config_reading *reading, const struct yaml_node *node)
{
	const struct plugins *plugins = reading->config->plugins;
	size_t count = plugins_count(plugins);
	const char **names = mem_new(count, sizeof *names);
	char *shown = config_report_show(node->key), *loaded = list_probes(plugins), *hint;

	for (size_t i = 0; i < count; i++)
		names[i] = plugins_at(plugins, i)->name;
	hint = config_report_suggest(reading, node->key, names, count, loaded);
	config_report_error_key(reading, node, "unknown probe \"%s\"%s", shown, hint);
	free(hint);
	free(loaded);
	free(shown);
	free(names);
}

/*
 * The probe's index. -1: it is not loaded, and why is told: a file that was refused is somebody else's mistake, and
 * the daemon runs without it.
 */
static int
find_probe(struct config_reading *reading, const struct yaml_node *node)
{
	const struct plugins *plugins = reading->config->plugins;
	int index = plugins_find(plugins, node->key);

	if (index >= 0)
		return index;
	for (size_t i = 0; i < plugins_refused_count(plugins); i++) {
		if (strcmp(plugins_refused_name(plugins, i), node->key) != 0)
			continue;
		config_report_warn_key(
		    reading, node, "probe %s is not loaded: %s", node->key, plugins_refused_why(plugins, i));
		return -1;
	}
	refuse_probe(reading, node);
	return -1;
}

/* ---- options ---- */

static void
take_m_of_n(const struct kd_settings *common, size_t option, struct kd_m_of_n *m_of_n)
{
	const char *text = kd_string(common, option);

	if (text != NULL)
		config_check_parse_m_of_n(text, m_of_n, NULL);
}

/* A new entry that is `base` with the map over it. */
static struct config_probe *
lay_over(struct config_reading *reading, const struct kd_probe *probe, const struct config_probe *base,
    const struct yaml_node *map)
{
	const struct config_table own = {.name = probe->name, .options = probe->options, .count = probe->options_count};
	struct config_overlay overlays[] = {
	    {&config_options_tables[CONFIG_PROBE], config_section_defaults(CONFIG_PROBE)},
	    {&own, settings_copy(base->settings)}};
	struct kd_settings *common = overlays[0].settings;
	struct config_probe *result = mem_new(1, sizeof *result);

	config_section_read(reading, map, probe->name, overlays, KD_COUNT(overlays), NULL, 0);
	*result = *base;
	result->refs = 1;
	result->settings = overlays[1].settings;
	result->needs = need_resolve_all(probe, result->settings);
	if (kd_is_set(common, PROBE_ENABLED))
		result->enabled = kd_boolean(common, PROBE_ENABLED);
	if (kd_is_set(common, PROBE_INTERVAL))
		result->interval_s = kd_duration_s(common, PROBE_INTERVAL);
	take_m_of_n(common, PROBE_OPEN, &result->open);
	take_m_of_n(common, PROBE_RESOLVE, &result->resolve);
	if (kd_is_set(common, PROBE_FLAPPING))
		result->flapping = (unsigned)kd_integer(common, PROBE_FLAPPING);
	settings_free(common);
	return result;
}

static void
read_one(struct config_reading *reading, const struct yaml_node *node, struct config_probe **row)
{
	struct config_probe *replaced;
	int index = find_probe(reading, node);

	if (index < 0 || yaml_tree_is_null(node))
		return;
	if (node->kind != YAML_MAP_KIND) {
		config_report_error(
		    reading, node, "%s takes a map of options ({enabled: false} switches it off)", node->key);
		return;
	}
	replaced = row[index];
	row[index] = lay_over(reading, plugins_at(reading->config->plugins, (size_t)index), replaced, node);
	unref_probe(replaced);
}

/* Where no probe could be loaded at all, that has been said, and naming each would say it again. */
void
config_probe_read(struct config_reading *reading, const struct yaml_node *map, struct config_probe **row)
{
	if (map == NULL || plugins_count(reading->config->plugins) == 0)
		return;
	for (size_t i = 0; i < map->count; i++)
		read_one(reading, &map->children[i], row);
}
