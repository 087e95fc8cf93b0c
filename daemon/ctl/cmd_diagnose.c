/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_diagnose: has every probe of a stream look now, and prints the runbook as a checklist, with the cause and the next command. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/ctl/shown.h"

enum { LABEL_INDENT = 0, TEXT_INDENT = 8 };

/* One line of the checklist: the step, and what was found there. */
static void
add_row(struct table *table, enum kd_severity severity, const char *step, const char *text, const char *id)
{
	char *line = mem_printf("%s: %s", step, text);
	const char *cells[] = {screen_word(severity), line, id};

	table_add(table, severity, cells);
	free(line);
}

/* What is good in a step: how many checks, and the sentence they share (NULL: they do not). */
struct good {
	size_t count;
	const char *sentence;
};

static struct good
good_of(const json_t *findings)
{
	struct good good = {0, NULL};

	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *finding = json_array_get(findings, i);
		const char *summary = ctl_text(finding, "summary");

		if (ctl_severity(finding, "severity") != KD_OK)
			continue;
		if (good.count++ == 0)
			good.sentence = summary;
		else if (good.sentence != NULL && strcmp(good.sentence, summary) != 0)
			good.sentence = NULL;
	}
	return good;
}

/* What was said last, and need not be said in full again. */
struct told {
	const char *good;
	char *unknown; /* ours */
};

/* What is not good has a row each; but a step's checks that cannot be seen for one reason have one row together, short when the reason stands above. */
static size_t
add_bad(struct table *table, const char *name, const json_t *findings, struct told *told)
{
	struct shown shown;
	size_t bad = 0, rows = 0;
	bool again;
	char *text;

	for (size_t i = 0; i < json_array_size(findings); i++) {
		shown_read(&shown, json_array_get(findings, i));
		if (shown.severity == KD_OK)
			continue;
		bad++;
		text = shown_sentence(&shown);
		again = shown_says_again(&shown, text, &told->unknown);
		if (!again || rows == 0) {
			add_row(table, shown.severity, name, again ? "the same" : text, shown.id);
			rows++;
		}
		free(text);
	}
	return bad;
}

/* What is good has one for all, and none when the step before said the very same ("no principals declared"): told is that sentence. */
static void
add_good(struct table *table, const char *name, const struct good *good, struct told *told)
{
	char *text;

	if (good->sentence != NULL && told->good != NULL && strcmp(good->sentence, told->good) == 0)
		return;
	text = good->sentence == NULL ? mem_printf("%zu checks are good", good->count) : mem_strdup(good->sentence);
	add_row(table, KD_OK, name, text, "");
	free(text);
	told->good = good->sentence;
}

static void
add_step(struct table *table, const json_t *step, struct told *told)
{
	const json_t *findings = json_object_get(step, "findings");
	const char *name = ctl_text(step, "step");
	const struct good good = good_of(findings);

	if (add_bad(table, name, findings, told) > 0) {
		told->good = NULL;
	} else if (good.count > 0) {
		add_good(table, name, &good, told);
	} else {
		add_row(table, KD_UNKNOWN, name, "not looked at yet", "");
		told->good = NULL;
	}
}

static void
print_symptom(const struct screen *screen, const json_t *symptom)
{
	static const enum table_kind kinds[] = {TABLE_LEFT, TABLE_WRAP, TABLE_LEFT};
	const json_t *steps = json_object_get(symptom, "steps");
	struct table *table = table_new(screen, kinds, KD_COUNT(kinds));
	struct told told = {0};

	screen_printf(screen, "\n%s\n", ctl_text(symptom, "title"));
	for (size_t i = 0; i < json_array_size(steps); i++)
		add_step(table, json_array_get(steps, i), &told);
	if (json_array_size(steps) == 0)
		screen_printf(screen, "no probe asks about this\n");
	table_print(table);
	table_free(table);
	free(told.unknown);
}

static void
print_diagnosis(const struct screen *screen, const json_t *result)
{
	enum kd_severity verdict = ctl_severity(result, "verdict");
	const json_t *symptoms = json_object_get(result, "symptoms");
	char *title =
	    shown_title(screen, ctl_text(result, "stream"), ctl_text(result, "account"), ctl_text(result, "region"));
	int64_t as_of_ms = ctl_time(result, "as_of");
	char time[SCREEN_AGE_SIZE];

	fprintf(screen->out, "%s%s%s  ", screen_color(screen, verdict), screen_word(verdict), screen_plain(screen));
	screen_printf(screen, "%s%slooked at %s\n", title, screen_dot(screen), screen_time(as_of_ms, as_of_ms, time));
	for (size_t i = 0; i < json_array_size(symptoms); i++)
		print_symptom(screen, json_array_get(symptoms, i));
	if (*ctl_text(result, "cause") != '\0') {
		fputc('\n', screen->out);
		screen_paragraph(screen, LABEL_INDENT, "cause", TEXT_INDENT, ctl_text(result, "cause"));
	}
	if (*ctl_text(result, "next") != '\0')
		screen_printf(screen, "%-*s%s\n", TEXT_INDENT, "next", ctl_text(result, "next"));
	free(title);
}

/* "High latency" and "high-latency" are "high_latency" on the wire. The caller's. */
static char *
wire_symptom(const char *typed)
{
	char *symptom = mem_strdup(typed);

	for (char *s = symptom; s != NULL && *s != '\0'; s++)
		*s = *s == ' ' || *s == '-' ? '_' : (char)tolower((unsigned char)*s);
	return symptom;
}

static int
exec(struct ctl *ctl)
{
	char *symptom = wire_symptom(ctl->symptom);
	json_t *request = ctl_request("diagnose"), *result;
	int status;

	ctl_request_add(request, "stream", ctl_arg(ctl, 0));
	ctl_request_add(request, "symptom", symptom);
	free(symptom);
	if ((result = ctl_call(ctl, request, CTL_LOOK_TIMEOUT_MS, &status)) == NULL)
		return status;
	if (ctl->json)
		ctl_print_json(ctl, result);
	else
		print_diagnosis(&ctl->screen, result);
	json_decref(result);
	return CTL_OK;
}

const struct ctl_command cmd_diagnose = {
    .name = "diagnose",
    .args = "STREAM [--symptom SYMPTOM]",
    .help = "look now: the runbook as a checklist, the cause, the next command",
    .args_min = 1,
    .args_max = 1,
    .takes = "S",
    .exec = exec,
};
