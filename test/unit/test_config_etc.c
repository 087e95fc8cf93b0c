/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of etc/kdiagd.yaml, the file as it is installed: it has every option of every table at its default with its
 * help, what stands there commented out is accepted, and the file as it is says what is still to be done. And of its
 * manual page, which explains every option. Run from the tree's top; the probes are found as in test_config.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/mem.h"
#include "common/str.h"
#include "daemon/config_read.h"

#define ETC    "etc/kdiagd.yaml"
#define MANUAL "etc/kdiagd.yaml.5"

enum { FILE_MAX = 64 * 1024 };

static char folder[] = "/tmp/kdiag-etc-XXXXXX";
static char *probes_folder, *text;
static struct plugins *plugins;

/* ---- the stage ---- */

static char *
find_probes(void)
{
	const char *env = getenv("KDIAG_PROBES_DIR");
	char self[4096];
	ssize_t len;

	if (env != NULL)
		return mem_strdup(env);
	len = readlink("/proc/self/exe", self, sizeof self - 1);
	assert_true(len > 0);
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	return mem_printf("%s/../probes", self);
}

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *content;
	size_t len;

	if (f == NULL)
		fail_msg("%s is not there: run this from the top of the tree", path);
	content = mem_new(FILE_MAX, 1);
	len = fread(content, 1, FILE_MAX - 1, f);
	assert_true(len > 0 && len < FILE_MAX - 1);
	fclose(f);
	return content;
}

static int
set_up(void **state)
{
	(void)state;
	text = read_file(ETC);
	assert_non_null(mkdtemp(folder));
	probes_folder = find_probes();
	plugins = plugins_open(probes_folder);
	if (plugins_count(plugins) == 0)
		fail_msg("no probe in %s: run make first, or set KDIAG_PROBES_DIR", probes_folder);
	return 0;
}

static int
tear_down(void **state)
{
	char *command = mem_printf("rm -rf %s", folder);

	(void)state;
	assert_int_equal(system(command), 0);
	plugins_close(plugins);
	free(command);
	free(probes_folder);
	free(text);
	return 0;
}

static void
write_file(const char *name, const char *content)
{
	char *path = mem_printf("%s/%s", folder, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(content, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
	free(path);
}

/* The report's lines without the folder; a config that was loaded goes into *config. The caller's. */
static char *
load(const char *content, struct config **config)
{
	char *path = mem_printf("%s/kdiagd.yaml", folder);
	struct config_report report;
	struct str out = {0};

	write_file("kdiagd.yaml", content);
	*config = config_load(path, probes_folder, &report);
	for (size_t i = 0; i < report.count; i++)
		str_printf(&out, "%s\n", report.lines[i] + strlen(folder) + 1);
	config_report_clear(&report);
	free(path);
	return str_take(&out);
}

/* ---- what the file must say ---- */

/* The words of all comments in one line, so that the wrapping of a help does not matter. */
static char *
read_comments(void)
{
	char *copy = mem_strdup(text), *rest = copy, *line;
	struct str out = {0};

	while ((line = strsep(&rest, "\n")) != NULL) {
		line += strspn(line, " ");
		if (strncmp(line, "# ", 2) == 0 && line[2] != ' ')
			str_printf(&out, "%s ", line + 2);
	}
	free(copy);
	return str_take(&out);
}

/* The lines between the line `head` and the next one that is indented no deeper. The caller's. */
static char *
read_section(const char *head)
{
	size_t indent = strspn(head, " ");
	char *copy = mem_strdup(text), *rest = copy, *line;
	struct str out = {0};
	bool inside = false;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (inside && *line != '\0' && strspn(line, " ") <= indent)
			break;
		if (inside)
			str_printf(&out, "%s\n", line);
		inside = inside || strcmp(line, head) == 0;
	}
	if (!inside)
		fail_msg("%s has no line \"%s\"", ETC, head);
	free(copy);
	return str_take(&out);
}

/* The line stands in the section, once. */
static void
assert_line(const char *section, const char *line)
{
	char *whole = mem_printf("\n%s\n", line), *all = mem_printf("\n%s", section);
	const char *at = strstr(all, whole);

	if (at == NULL)
		fail_msg("%s lacks the line \"%s\"", ETC, line);
	else if (strstr(at + 1, whole) != NULL)
		fail_msg("%s has the line \"%s\" twice", ETC, line);
	free(whole);
	free(all);
}

static void
assert_option(const char *section, int indent, const struct kd_option *option, const char *def)
{
	char *line = mem_printf(
	    "%*s#%s:%s%s", indent, "", option->name, def != NULL && *def != '\0' ? " " : "", def != NULL ? def : "");

	assert_line(section, line);
	free(line);
}

static void
assert_help(const char *path, const char *words, const struct kd_option *option)
{
	if (strstr(words, option->help) == NULL)
		fail_msg("%s lacks the help of %s: %s", path, option->name, option->help);
}

/* Every table's and probe's options. */
static void
each_option(const char *path, const char *words,
    void (*check)(const char *path, const char *words, const struct kd_option *option))
{
	for (size_t part = 0; part < CONFIG_PARTS; part++)
		for (size_t i = 0; i < config_options_tables[part].count; i++)
			check(path, words, &config_options_tables[part].options[i]);
	for (size_t p = 0; p < plugins_count(plugins); p++)
		for (size_t i = 0; i < plugins_at(plugins, p)->options_count; i++)
			check(path, words, &plugins_at(plugins, p)->options[i]);
}

static void
test_sections(void **state)
{
	(void)state;
	for (size_t part = CONFIG_DAEMON; part <= CONFIG_AWS; part++) {
		const struct config_table *table = &config_options_tables[part];
		char *head = mem_printf("%s:", table->name), *section = read_section(head);
		for (size_t i = 0; i < table->count; i++) {
			bool prefixed =
			    part == CONFIG_DAEMON && i == DAEMON_PROBES; /* it follows the PREFIX of the build */
			assert_option(
			    section, 2, &table->options[i], prefixed ? "/usr/lib/kdiag/probes" : table->options[i].def);
		}
		free(section);
		free(head);
	}
}

static void
test_probes(void **state)
{
	const struct config_table *common = &config_options_tables[CONFIG_PROBE];

	(void)state;
	for (size_t p = 0; p < plugins_count(plugins); p++) {
		const struct kd_probe *probe = plugins_at(plugins, p);
		char *head = mem_printf("  %s:", probe->name), *section = read_section(head);
		for (size_t i = 0; i < common->count; i++) {
			char *def = config_options_probe_default(probe, i);
			assert_option(section, 4, &common->options[i], def);
			free(def);
		}
		for (size_t i = 0; i < probe->options_count; i++)
			assert_option(section, 4, &probe->options[i], probe->options[i].def);
		free(section);
		free(head);
	}
}

static void
test_help(void **state)
{
	char *comments = read_comments();

	(void)state;
	each_option(ETC, comments, assert_help);
	free(comments);
}

static void
assert_item(const char *path, const char *words, const struct kd_option *option)
{
	char *item = mem_printf(".It Ic %s ", option->name);

	if (strstr(words, item) == NULL)
		fail_msg("%s has no item for %s", path, option->name);
	free(item);
	assert_help(path, words, option);
}

static void
test_manual(void **state)
{
	char *words = read_file(MANUAL);

	(void)state;
	for (char *end = words; (end = strchr(end, '\n')) != NULL;)
		*end = ' ';
	each_option(MANUAL, words, assert_item);
	free(words);
}

/* Every key that an entry of a list may have stands in the examples. */
static void
test_examples_are_whole(void **state)
{
	(void)state;
	for (size_t part = CONFIG_ACCOUNT; part <= CONFIG_DISCOVER; part++) {
		const struct config_table *table = &config_options_tables[part];
		for (size_t i = 0; i < table->count; i++) {
			char *key = mem_printf("%s: ", table->options[i].name);
			if (strstr(text, key) == NULL)
				fail_msg("%s shows no %s of %s", ETC, table->options[i].name, table->where);
			free(key);
		}
	}
}

/* ---- what the file must be ---- */

static void
test_as_installed(void **state)
{
	struct config *config;
	char *lines = load(text, &config), *colon;

	(void)state;
	assert_null(config);
	colon = strstr(lines, ": ");
	assert_non_null(colon);
	assert_string_equal(colon,
	    ": nothing to watch: name a stream under streams (- {name: orders, region: us-east-1}), or use discover\n");
	free(lines);
}

/* A commented option ("    #open: 2 of 3") without its mark; another line as it is. The caller's. */
static char *
bare_option(const char *line)
{
	size_t indent = strspn(line, " ");

	if (indent > 0 && line[indent] == '#' && line[indent + 1] >= 'a' && line[indent + 1] <= 'z')
		return mem_printf("%*s%s", (int)indent, "", line + indent + 1);
	return mem_strdup(line);
}

/* A commented example ("#  - name: orders") without its mark, and without the [] in its place. */
static char *
bare_example(const char *line)
{
	size_t len = strlen(line);

	if (strncmp(line, "#  ", 3) == 0)
		return mem_strdup(line + 1);
	if (len > 4 && strcmp(line + len - 4, ": []") == 0)
		return mem_strndup(line, len - 3);
	return mem_strdup(line);
}

static char *
bare_all(char *(*bare)(const char *line))
{
	char *copy = mem_strdup(text), *rest = copy, *line, *changed;
	struct str out = {0};

	while ((line = strsep(&rest, "\n")) != NULL) {
		changed = bare(line);
		str_printf(&out, "%s\n", changed);
		free(changed);
	}
	free(copy);
	return str_take(&out);
}

static void
test_options_are_accepted(void **state)
{
	char *all = bare_all(bare_option), *at = strstr(all, "\nstreams: []\n"), *content, *lines;
	struct config *config;

	(void)state;
	assert_non_null(at);
	assert_true(strcmp(all, text) != 0);
	content = mem_printf("%.*s\nstreams: [{name: orders, region: us-east-1}]\n%s", (int)(at - all), all,
	    at + strlen("\nstreams: []\n"));
	lines = load(content, &config);
	assert_string_equal(lines, "");
	assert_non_null(config);
	assert_int_equal(config->daemon.interval_s, 60);
	config_unref(config);
	free(lines);
	free(content);
	free(all);
}

static void
test_examples_are_accepted(void **state)
{
	char *content = bare_all(bare_example), *lines, *rest, *line;
	struct config *config;

	(void)state;
	write_file("clicks.params.json", "{\"stream\":{\"region\":\"us-east-1\",\"retention_hours\":24}}");
	lines = load(content, &config);
	for (rest = lines; (line = strsep(&rest, "\n")) != NULL && *line != '\0';)
		if (strstr(line, "are not checked by this version") == NULL)
			fail_msg("%s", line);
	assert_non_null(config);
	assert_int_equal(config->streams_count, 2);
	assert_int_equal(config->discover_count, 1);
	assert_non_null(config_find_account(config, "prod"));
	config_unref(config);
	free(lines);
	free(content);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sections),
	    cmocka_unit_test(test_probes),
	    cmocka_unit_test(test_help),
	    cmocka_unit_test(test_manual),
	    cmocka_unit_test(test_examples_are_whole),
	    cmocka_unit_test(test_as_installed),
	    cmocka_unit_test(test_options_are_accepted),
	    cmocka_unit_test(test_examples_are_accepted),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
