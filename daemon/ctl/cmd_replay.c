/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_replay: judges facts from a file with one probe, without a daemon: for bug reports and for who writes probes. */
#include <errno.h>
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
#include "common/str.h"
#include "common/text.h"
#include "daemon/ctl/ctl.h"
#include "daemon/ctl/table.h"

/* 10,000 shards, a page of ListShards, are 3 MB of facts. */
enum { DOCUMENT_MAX = 64 * 1024 * 1024, CHUNK = 64 * 1024 };

/* ---- the document ---- */

static json_t *
read_stdin(char **cause)
{
	struct str text = {0};
	json_t *document = NULL;
	char chunk[CHUNK], *why = NULL;
	ssize_t n;

	while ((n = read(STDIN_FILENO, chunk, sizeof chunk)) > 0 && text.len + (size_t)n <= DOCUMENT_MAX)
		str_add_len(&text, chunk, (size_t)n);
	if (n < 0)
		cause_set(cause, "cannot read the standard input: %s", strerror(errno));
	else if (n > 0)
		cause_set(cause, "the standard input has more than %d bytes", DOCUMENT_MAX);
	else if ((document = json_read(text.s != NULL ? text.s : "", text.len, &why)) == NULL)
		cause_set(cause, "the standard input is no JSON: %s", why);
	free(why);
	str_free(&text);
	return document;
}

/* ---- the probe ---- */

/* Beside our own binary in a build tree. The caller's, or NULL. */
static char *
folder_beside(void)
{
	char exe[4096], *slash, *folder;
	ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
	struct stat st;

	if (len <= 0)
		return NULL;
	exe[len] = '\0';
	if ((slash = strrchr(exe, '/')) == NULL)
		return NULL;
	*slash = '\0';
	folder = mem_printf("%s/probes", exe);
	if (stat(folder, &st) == 0 && S_ISDIR(st.st_mode))
		return folder;
	free(folder);
	return NULL;
}

static char *
probes_folder(const struct ctl *ctl)
{
	const char *named = getenv("KDIAG_PROBES");
	char *beside;

	if (ctl->probes != NULL)
		return mem_strdup(ctl->probes);
	if (named != NULL && *named != '\0')
		return mem_strdup(named);
	return (beside = folder_beside()) != NULL ? beside : mem_strdup(KDIAG_PROBES);
}

/* Why there is no such probe: it was refused, the folder could not be read, or the name is a slip. */
static void
explain_missing(const struct plugins *plugins, const char *name, const char *folder, char **cause)
{
	size_t count = plugins_count(plugins);
	const char **names = mem_new(count + 1, sizeof *names), *closest;

	for (size_t i = 0; i < plugins_refused_count(plugins); i++)
		if (strcmp(plugins_refused_name(plugins, i), name) == 0 || (count == 0 && *cause == NULL))
			cause_set(cause, "%s", plugins_refused_why(plugins, i));
	for (size_t i = 0; i < count; i++)
		names[i] = plugins_at(plugins, i)->name;
	closest = text_closest(name, names, count);
	if (*cause == NULL)
		cause_set(cause, "no probe \"%s\" in %s%s%s%s", name, folder, closest != NULL ? " (did you mean " : "",
		    closest != NULL ? closest : "", closest != NULL ? "?)" : "");
	free(names);
}

static const struct kd_probe *
find_probe(const struct plugins *plugins, const char *name, const char *folder, char **cause)
{
	int index = plugins_find(plugins, name);

	if (index >= 0)
		return plugins_at(plugins, (size_t)index);
	explain_missing(plugins, name, folder, cause);
	return NULL;
}

/* ---- judging ---- */

static struct kd_settings *
read_settings(const json_t *document, const struct kd_probe *probe, char **cause)
{
	json_t *object = NULL;
	struct kd_settings *settings;
	char *why = NULL;

	if (json_get_object(document, "settings", &object, cause) < 0)
		return NULL;
	if (object == NULL)
		return settings_new(probe->options, probe->options_count);
	if ((settings = settings_from_json(probe->options, probe->options_count, object, &why)) == NULL)
		cause_set(cause, "settings: %s", why);
	free(why);
	return settings;
}

/* The caller's report, or NULL with a sentence. */
static struct kd_report *
judge(const struct kd_probe *probe, const json_t *document, char **cause)
{
	struct kd_settings *settings = read_settings(document, probe, cause);
	struct kd_need *needs = settings != NULL ? need_resolve_all(probe, settings) : NULL;
	struct kd_facts *facts = needs != NULL ? facts_from_json(document, needs, probe->needs_count, cause) : NULL;
	struct kd_report *report = NULL;

	if (facts != NULL) {
		report = report_new(probe, facts_stream(facts));
		probe->judge(facts, settings, report);
	}
	facts_free(facts);
	free(needs);
	settings_free(settings);
	return report;
}

/* ---- showing ---- */

static void
print_report(const struct screen *screen, const struct kd_report *report)
{
	static const enum table_kind kinds[] = {TABLE_LEFT, TABLE_LEFT, TABLE_NAME, TABLE_WRAP};
	struct table *table = table_new(screen, kinds, KD_COUNT(kinds));

	for (size_t i = 0; i < report_count(report); i++) {
		const struct finding *finding = report_at(report, i);
		bool whole = strcmp(finding->subject, "stream") == 0;
		const char *cells[] = {
		    screen_word(finding->severity), finding->check, whole ? "" : finding->subject, finding->summary};

		table_add(table, finding->severity, cells);
	}
	table_print(table);
	table_free(table);
	if (report_count(report) == 0)
		screen_printf(screen, "nothing to say\n");
	if (report_dropped(report) > 0)
		screen_printf(screen, "and %zu that were too many or wrong\n", report_dropped(report));
}

static void
show_report(const struct ctl *ctl, const struct kd_report *report)
{
	json_t *json;

	if (!ctl->json) {
		print_report(&ctl->screen, report);
		return;
	}
	json = report_to_json(report);
	ctl_print_json(ctl, json);
	json_decref(json);
}

static int
exec(struct ctl *ctl)
{
	const char *file = ctl_arg(ctl, 0);
	char *folder = probes_folder(ctl), *cause = NULL;
	struct plugins *plugins = plugins_open(folder);
	const struct kd_probe *probe = find_probe(plugins, ctl_arg(ctl, 1), folder, &cause);
	json_t *document = NULL;
	struct kd_report *report = NULL;
	int status = CTL_OK;

	if (probe != NULL)
		document = strcmp(file, "-") == 0 ? read_stdin(&cause) : json_read_file(file, DOCUMENT_MAX, &cause);
	if (document != NULL)
		report = judge(probe, document, &cause);
	if (report != NULL)
		show_report(ctl, report);
	else
		status = ctl_fail(ctl, CTL_ERROR, "%s", cause);
	report_free(report);
	json_decref(document);
	plugins_close(plugins);
	free(folder);
	free(cause);
	return status;
}

const struct ctl_command cmd_replay = {
    .name = "replay",
    .args = "FILE|- PROBE [--probes FOLDER]",
    .help = "judge facts from a file with a probe, without a daemon",
    .args_min = 2,
    .args_max = 2,
    .takes = "p",
    .exec = exec,
};
