/* SPDX-License-Identifier: Apache-2.0 */
/* config_describe: `kdiagd --options`: the option tables as text for a terminal and as JSON. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/json.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/config_read.h"

enum { WIDTH = 80, INDENT = 23 };

/* ---- text ---- */

/* Words, wrapped at WIDTH; the lines behind the first start at indent, where the first one stands already. */
static void
add_wrapped(struct str *out, const char *text, size_t indent)
{
	size_t column = indent, len;

	for (; *text != '\0'; text += len + (text[len] == ' ')) {
		len = strcspn(text, " ");
		if (column > indent && column + 1 + len > WIDTH) {
			str_printf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			str_add_char(out, ' ');
			column++;
		}
		str_add_len(out, text, len);
		column += text_columns(text) - text_columns(text + len);
	}
	str_add_char(out, '\n');
}

/* help: NULL for an option that was explained before. */
static void
add_row(struct str *out, const struct kd_option *option, const char *def, const char *help)
{
	char *range = option_format_range(option);
	char *first = mem_printf("%s%s%s%s%s", option_type_name(option->type), *range != '\0' ? ", " : "", range,
	    def != NULL && *def != '\0' ? ", default " : "", def != NULL ? def : "");

	str_printf(out, "  %-*s", INDENT - 3, option->name);
	str_add_char(out, ' ');
	if (strlen(option->name) > INDENT - 3)
		str_printf(out, "\n%*s", INDENT, "");
	add_wrapped(out, first, INDENT);
	if (help != NULL) {
		str_printf(out, "%*s", INDENT, "");
		add_wrapped(out, help, INDENT);
	}
	free(first);
	free(range);
}

static void
add_title(struct str *out, const char *name, const char *title)
{
	char *line = mem_printf("%s: %s", name, title);

	if (out->len > 0)
		str_add_char(out, '\n');
	add_wrapped(out, line, 0);
	free(line);
}

static void
add_probe(struct str *out, const struct kd_probe *probe)
{
	const struct config_table *common = &config_options_tables[CONFIG_PROBE];
	char *name = mem_printf("probes.%s", probe->name), *def;

	add_title(out, name, probe->title);
	for (size_t i = 0; i < common->count; i++) {
		def = config_options_probe_default(probe, i);
		add_row(out, &common->options[i], def, NULL);
		free(def);
	}
	for (size_t i = 0; i < probe->options_count; i++)
		add_row(out, &probe->options[i], probe->options[i].def, probe->options[i].help);
	free(name);
}

static char *
describe_text(const struct plugins *plugins)
{
	struct str out = {0};

	for (size_t part = 0; part < CONFIG_PARTS; part++) {
		const struct config_table *table = &config_options_tables[part];
		add_title(&out, table->where, table->title);
		for (size_t i = 0; i < table->count; i++)
			add_row(&out, &table->options[i], table->options[i].def, table->options[i].help);
	}
	for (size_t i = 0; i < plugins_count(plugins); i++)
		add_probe(&out, plugins_at(plugins, i));
	out.s[--out.len] = '\0'; /* the last line's end is the printer's affair */
	return str_take(&out);
}

/* ---- JSON ---- */

static json_t *
option_json(const struct kd_option *option, const char *def)
{
	char *range = option_format_range(option);
	json_t *object = json_object();

	json_set_text(object, "name", option->name);
	json_set_text(object, "type", option_type_name(option->type));
	json_set_text(object, "default", def);
	json_set_text(object, "range", *range != '\0' ? range : NULL);
	json_set_text(object, "help", option->help);
	free(range);
	return object;
}

static json_t *
table_json(const struct config_table *table)
{
	json_t *object = json_object(), *options = json_array();

	for (size_t i = 0; i < table->count; i++)
		json_array_append_new(options, option_json(&table->options[i], table->options[i].def));
	json_set_text(object, "name", table->where);
	json_set_text(object, "title", table->title);
	json_object_set_new(object, "options", options);
	return object;
}

static json_t *
probe_json(const struct kd_probe *probe)
{
	const struct config_table *common = &config_options_tables[CONFIG_PROBE];
	json_t *object = json_object(), *options = json_array();
	char *def;

	for (size_t i = 0; i < common->count; i++) {
		def = config_options_probe_default(probe, i);
		json_array_append_new(options, option_json(&common->options[i], def));
		free(def);
	}
	for (size_t i = 0; i < probe->options_count; i++)
		json_array_append_new(options, option_json(&probe->options[i], probe->options[i].def));
	json_set_text(object, "name", probe->name);
	json_set_text(object, "title", probe->title);
	json_object_set_new(object, "options", options);
	return object;
}

static char *
describe_json(const struct plugins *plugins)
{
	json_t *document = json_object(), *sections = json_array(), *probes = json_array();
	char *line;

	for (size_t part = 0; part < CONFIG_PARTS; part++)
		json_array_append_new(sections, table_json(&config_options_tables[part]));
	for (size_t i = 0; i < plugins_count(plugins); i++)
		json_array_append_new(probes, probe_json(plugins_at(plugins, i)));
	json_object_set_new(document, "sections", sections);
	json_object_set_new(document, "probes", probes);
	line = json_line(document);
	json_decref(document);
	return line;
}

char *
config_describe_options(const struct plugins *plugins, bool json)
{
	return json ? describe_json(plugins) : describe_text(plugins);
}
