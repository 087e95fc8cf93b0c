/* SPDX-License-Identifier: Apache-2.0 */
/* config_section: reads a map of the file into settings by its tables; knows nothing of what the options mean. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/config_read.h"

enum { CANDIDATES_MAX = 96 }; /* a probe's 64 options, every probe's 4, and room */

static const char *
name_kind(enum yaml_kind kind)
{
	static const char *const names[] = {
	    [YAML_SCALAR_KIND] = "one value", [YAML_LIST_KIND] = "a list", [YAML_MAP_KIND] = "a map"};

	return names[kind];
}

static int
run_check(const struct config_table *table, size_t option, const char *text, char **cause)
{
	if (table->checks == NULL || table->checks[option] == NULL)
		return 0;
	return table->checks[option](text, cause);
}

/*
 * Asks the option's rule about what was just set: a text, or each entry of a list. nodes: where the entries stand, or
 * NULL: all of them at `at`.
 */
static void
check_value(struct config_reading *reading, const struct config_overlay *overlay, size_t option,
    const struct yaml_node *at, const struct yaml_node *nodes)
{
	const char *const *entries, *text = kd_string(overlay->settings, option);
	char *why = NULL;
	size_t count;

	if (text != NULL && run_check(overlay->table, option, text, &why) != 0)
		config_report_error(reading, at, "%s", why);
	entries = kd_list(overlay->settings, option, &count);
	for (size_t i = 0; i < count; i++)
		if (run_check(overlay->table, option, entries[i], &why) != 0)
			config_report_error(reading, nodes != NULL ? &nodes[i] : at, "%s", why);
	free(why);
}

/* The texts are borrowed from the list; the caller frees the array. NULL, with errors, when an entry is no text. */
static const char **
borrow_entries(struct config_reading *reading, const struct yaml_node *list)
{
	const char **entries = mem_new(list->count, sizeof *entries);
	bool good = true;

	for (size_t i = 0; i < list->count; i++) {
		const struct yaml_node *entry = &list->children[i];
		if (entry->kind != YAML_SCALAR_KIND || yaml_tree_is_null(entry)) {
			config_report_error(reading, entry, "an entry of this list must be one value, not %s",
			    entry->kind == YAML_SCALAR_KIND ? "nothing" : name_kind(entry->kind));
			good = false;
		} else {
			entries[i] = entry->text;
		}
	}
	if (good)
		return entries;
	free(entries);
	return NULL;
}

static void
read_list(
    struct config_reading *reading, const struct yaml_node *node, const struct config_overlay *overlay, size_t option)
{
	const char **entries = borrow_entries(reading, node);
	char *why = NULL;

	if (entries == NULL)
		return;
	if (settings_set_list(overlay->settings, option, entries, node->count, &why) != 0)
		config_report_error(reading, node, "%s", why);
	else
		check_value(reading, overlay, option, node, node->children);
	free(entries);
	free(why);
}

static void
read_value(
    struct config_reading *reading, const struct yaml_node *node, const struct config_overlay *overlay, size_t option)
{
	bool takes_list = overlay->table->options[option].type == KD_LIST;
	char *why = NULL;

	if (yaml_tree_is_null(node))
		return;
	if (node->kind == YAML_MAP_KIND || (node->kind == YAML_LIST_KIND && !takes_list)) {
		config_report_error(reading, node, "%s takes %s, not %s", node->key,
		    takes_list ? "a list" : "one value", name_kind(node->kind));
		return;
	}
	if (node->kind == YAML_LIST_KIND) {
		read_list(reading, node, overlay, option);
		return;
	}
	if (settings_set(overlay->settings, option, node->text, &why) != 0)
		config_report_error(reading, node, "%s", why);
	else
		check_value(reading, overlay, option, node, NULL);
	free(why);
}

static void
refuse_key(struct config_reading *reading, const struct yaml_node *node, const char *what,
    const struct config_overlay *overlays, size_t overlays_count, const char *const *others, size_t others_count)
{
	const char *candidates[CANDIDATES_MAX];
	char *key = config_report_show(node->key), *hint;
	size_t count = 0;

	for (size_t i = 0; i < overlays_count; i++)
		for (size_t k = 0; k < overlays[i].table->count && count < CANDIDATES_MAX; k++)
			candidates[count++] = overlays[i].table->options[k].name;
	for (size_t i = 0; i < others_count && count < CANDIDATES_MAX; i++)
		candidates[count++] = others[i];
	hint = config_report_suggest(reading, node->key, candidates, count, "kdiagd --options lists them all");
	config_report_error_key(reading, node, "unknown key \"%s\" in %s%s", key, what, hint);
	free(hint);
	free(key);
}

static bool
is_among(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static void
read_key(struct config_reading *reading, const struct yaml_node *node, const char *what,
    const struct config_overlay *overlays, size_t overlays_count, const char *const *others, size_t others_count)
{
	int option;

	for (size_t i = 0; i < overlays_count; i++) {
		if ((option = option_find(overlays[i].table->options, overlays[i].table->count, node->key)) < 0)
			continue;
		read_value(reading, node, &overlays[i], (size_t)option);
		return;
	}
	if (!is_among(node->key, others, others_count))
		refuse_key(reading, node, what, overlays, overlays_count, others, others_count);
}

void
config_section_read(struct config_reading *reading, const struct yaml_node *map, const char *what,
    const struct config_overlay *overlays, size_t overlays_count, const char *const *others, size_t others_count)
{
	for (size_t i = 0; i < map->count; i++)
		read_key(reading, &map->children[i], what, overlays, overlays_count, others, others_count);
}

struct kd_settings *
config_section_defaults(enum config_part part)
{
	return settings_new(config_options_tables[part].options, config_options_tables[part].count);
}

struct kd_settings *
config_section_read_part(struct config_reading *reading, const struct yaml_node *map, enum config_part part,
    const char *const *others, size_t others_count)
{
	struct config_overlay overlay = {&config_options_tables[part], config_section_defaults(part)};

	if (map != NULL)
		config_section_read(reading, map, overlay.table->name, &overlay, 1, others, others_count);
	return overlay.settings;
}

const struct yaml_node *
config_section_find(struct config_reading *reading, const struct yaml_node *map, const char *key, enum yaml_kind kind)
{
	const struct yaml_node *node = yaml_tree_get(map, key);

	if (node == NULL || yaml_tree_is_null(node))
		return NULL;
	if (node->kind == kind)
		return node;
	config_report_error(reading, node, "%s takes %s, not %s", key, name_kind(kind), name_kind(node->kind));
	return NULL;
}

bool
config_section_says(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *node = yaml_tree_get(map, key);

	return node != NULL && !yaml_tree_is_null(node);
}

bool
config_section_is_map(struct config_reading *reading, const struct yaml_node *node, const char *what)
{
	if (node->kind == YAML_MAP_KIND)
		return true;
	config_report_error(reading, node, "%s must be a map (key: value), not %s", what, name_kind(node->kind));
	return false;
}

const struct yaml_node *
config_section_at(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *node = yaml_tree_get(map, key);

	return node != NULL ? node : map;
}

char **
config_section_copy_list(const struct kd_settings *settings, size_t option, size_t *count)
{
	const char *const *entries = kd_list(settings, option, count);
	char **copy;

	if (*count == 0)
		return NULL;
	copy = mem_new(*count, sizeof *copy);
	for (size_t i = 0; i < *count; i++)
		copy[i] = mem_strdup(entries[i]);
	return copy;
}
