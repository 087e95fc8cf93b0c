/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cases: runs every probe on the facts of test/cases/PROBE/CASE/facts.json and compares with findings.json beside it. facts.json is what
 * `kdiagctl facts` prints, with "settings": {NAME: TEXT} where a case needs others than the defaults.
 *
 * The probes come from KDIAG_PROBES_DIR, else from the folder `probes` beside that of this program; the cases from KDIAG_CASES, else ./test/cases.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fact.h"
#include "common/finding.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/option.h"
#include "common/plugin.h"

enum { CASE_BYTES_MAX = 1024 * 1024, PATH_BYTES = 4096 };

struct case_dir {
	char *name; /* "PROBE/CASE" */
	char *path;
	const struct kd_probe *probe;
};

struct suite {
	struct plugins *plugins;
	struct case_dir *cases;
	struct CMUnitTest *tests;
	size_t count;
};

/* ---- one case ---- */

static json_t *
read_json(const struct case_dir *dir, const char *file)
{
	char *path = mem_printf("%s/%s", dir->path, file), *cause = NULL;
	json_t *value = json_read_file(path, CASE_BYTES_MAX, &cause);

	if (value == NULL)
		fail_msg("%s", cause);
	free(path);
	return value;
}

static struct kd_facts *
read_facts(const struct case_dir *dir, const json_t *document, const struct kd_settings *settings)
{
	struct kd_need *needs = need_resolve_all(dir->probe, settings);
	char *cause = NULL;
	struct kd_facts *facts = facts_from_json(document, needs, dir->probe->needs_count, &cause);

	if (facts == NULL)
		fail_msg("%s/facts.json: %s", dir->path, cause);
	free(needs);
	return facts;
}

static struct kd_settings *
read_settings(const struct case_dir *dir, const json_t *document)
{
	const struct kd_probe *probe = dir->probe;
	json_t *given = NULL;
	struct kd_settings *settings;
	char *cause = NULL;

	if (json_get_object(document, "settings", &given, &cause) == 0)
		return settings_new(probe->options, probe->options_count);
	settings = given != NULL ? settings_from_json(probe->options, probe->options_count, given, &cause) : NULL;
	if (settings == NULL)
		fail_msg("%s/facts.json: settings: %s", dir->path, cause);
	return settings;
}

static json_t *
judge(const struct case_dir *dir, const struct kd_facts *facts, const struct kd_settings *settings)
{
	struct kd_report *report = report_new(dir->probe, facts_stream(facts));
	json_t *got;

	dir->probe->judge(facts, settings, report);
	assert_int_equal(report_dropped(report), 0);
	got = report_to_json(report);
	report_free(report);
	return got;
}

/* Takes got; both are JSON. */
static void
expect_equal(const char *what, const json_t *expected, json_t *got)
{
	char *left, *right;

	if (!json_equal(expected, got)) {
		left = json_dumps(expected, JSON_INDENT(2));
		right = json_dumps(got, JSON_INDENT(2));
		print_error("%s\n--- expected\n%s\n--- got\n%s\n", what, left, right);
		free(left);
		free(right);
		fail();
	}
	json_decref(got);
}

static bool
is_reported(const json_t *findings, const char *check)
{
	for (size_t i = 0; i < json_array_size(findings); i++)
		if (strcmp(json_string_value(json_object_get(json_array_get(findings, i), "check")), check) == 0)
			return true;
	return false;
}

/* Every check is reported, for one that falls silent counts as gone. */
static void
expect_all_checks(const struct kd_probe *probe, const json_t *report)
{
	for (size_t i = 0; i < probe->checks_count; i++)
		if (!is_reported(json_object_get(report, "findings"), probe->checks[i].name))
			fail_msg("check %s is not reported", probe->checks[i].name);
}

static void
test_case(void **state)
{
	const struct case_dir *dir = *state;
	json_t *document = read_json(dir, "facts.json"), *expected = read_json(dir, "findings.json"), *written;
	struct kd_settings *settings = read_settings(dir, document);
	struct kd_facts *facts = read_facts(dir, document, settings), *again;

	expect_equal(dir->path, expected, judge(dir, facts, settings));
	expect_equal("judged a second time", expected, judge(dir, facts, settings));
	expect_all_checks(dir->probe, expected);

	written = facts_to_json(facts);
	again = read_facts(dir, written, settings);
	expect_equal("facts written and read again", written, facts_to_json(again));
	expect_equal("judged by facts that were written and read again", expected, judge(dir, again, settings));

	facts_free(again);
	facts_free(facts);
	settings_free(settings);
	json_decref(written);
	json_decref(expected);
	json_decref(document);
}

/* ---- all of them ---- */

static int
is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool
is_case(const char *path)
{
	char *facts = mem_printf("%s/facts.json", path);
	bool there = access(facts, F_OK) == 0;

	free(facts);
	return there;
}

static void
add_case(struct suite *suite, const char *probe, const char *name, char *path_taken)
{
	int i = plugins_find(suite->plugins, probe);

	if (i < 0) {
		fprintf(stderr, "test_cases: %s: there is no probe %s\n", path_taken, probe);
		exit(1);
	}
	suite->cases = mem_resize(suite->cases, suite->count + 1, sizeof(*suite->cases));
	suite->cases[suite->count++] =
	    (struct case_dir){mem_printf("%s/%s", probe, name), path_taken, plugins_at(suite->plugins, (size_t)i)};
}

/* Folders of the cases' root that hold no cases of this form are other tests' data. */
static void
add_probe(struct suite *suite, const char *root, const char *probe)
{
	char *folder = mem_printf("%s/%s", root, probe);
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_shown, alphasort);

	for (int i = 0; i < count; i++) {
		char *path = mem_printf("%s/%s", folder, entries[i]->d_name);

		if (is_case(path))
			add_case(suite, probe, entries[i]->d_name, path);
		else
			free(path);
		free(entries[i]);
	}
	free(entries);
	free(folder);
}

static void
add_all(struct suite *suite, const char *root)
{
	struct dirent **entries = NULL;
	int count = scandir(root, &entries, is_shown, alphasort);

	if (count < 0) {
		perror(root);
		exit(1);
	}
	for (int i = 0; i < count; i++) {
		add_probe(suite, root, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

/* A probe without cases is one that nobody has tried. */
static void
expect_cases_of_all(const struct suite *suite)
{
	for (size_t i = 0; i < plugins_count(suite->plugins); i++) {
		const struct kd_probe *probe = plugins_at(suite->plugins, i);
		bool tried = false;

		for (size_t c = 0; c < suite->count; c++)
			tried = tried || suite->cases[c].probe == probe;
		if (!tried) {
			fprintf(stderr, "test_cases: probe %s has no case\n", probe->name);
			exit(1);
		}
	}
}

/* BUILD/probes for BUILD/test/test_cases. */
static char *
probes_folder(void)
{
	const char *given = getenv("KDIAG_PROBES_DIR");
	char path[PATH_BYTES] = "";

	if (given != NULL)
		return mem_strdup(given);
	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0) {
		perror("/proc/self/exe");
		exit(1);
	}
	for (int i = 0; i < 2; i++)
		if (strrchr(path, '/') != NULL)
			*strrchr(path, '/') = '\0';
	return mem_printf("%s/probes", path);
}

static void
open_probes(struct suite *suite)
{
	char *folder = probes_folder();

	suite->plugins = plugins_open(folder);
	for (size_t i = 0; i < plugins_refused_count(suite->plugins); i++)
		fprintf(stderr, "test_cases: %s\n", plugins_refused_why(suite->plugins, i));
	if (plugins_refused_count(suite->plugins) > 0 || plugins_count(suite->plugins) == 0)
		exit(1);
	free(folder);
}

static void
free_suite(struct suite *suite)
{
	for (size_t i = 0; i < suite->count; i++) {
		free(suite->cases[i].name);
		free(suite->cases[i].path);
	}
	free(suite->cases);
	free(suite->tests);
	plugins_close(suite->plugins);
}

int
main(void)
{
	const char *root = getenv("KDIAG_CASES");
	struct suite suite = {0};
	int failed;

	open_probes(&suite);
	add_all(&suite, root != NULL ? root : "test/cases");
	expect_cases_of_all(&suite);
	suite.tests = mem_new(suite.count, sizeof(*suite.tests));
	for (size_t i = 0; i < suite.count; i++)
		suite.tests[i] = (struct CMUnitTest){
		    .name = suite.cases[i].name, .test_func = test_case, .initial_state = &suite.cases[i]};
	failed = _cmocka_run_group_tests("cases", suite.tests, suite.count, NULL, NULL);
	free_suite(&suite);
	return failed;
}
