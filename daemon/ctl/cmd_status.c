/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_status: how all streams are, worst first, or how one is; owns the overview's layout. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/ctl/shown.h"

enum {
	FINDINGS_SHOWN = 5, /* of one stream in the overview: its own page has them all */
	HOST_COLUMNS = 24,
};

/* A stream with its rank in the overview. */
struct line {
	const json_t *stream;
	enum kd_severity verdict; /* what stands in its row and in the exit status: stale is unknown */
	size_t index;             /* kdiagd's own order, kept within a verdict */
};

struct overview {
	const struct ctl *ctl;
	const json_t *status;
	int64_t now_ms;
	struct line *lines;
	size_t count, good, explained; /* explained: not seen, for a reason that another row tells */
	json_t *names;                 /* how many streams there are of each NAME and REGION/NAME */
	bool many_accounts;
};

static enum kd_severity
stream_verdict(const json_t *stream)
{
	return ctl_flag(stream, "stale") ? KD_UNKNOWN : ctl_severity(stream, "verdict");
}

static int
compare_lines(const void *a, const void *b)
{
	const struct line *first = a, *second = b;

	if (first->verdict != second->verdict)
		return first->verdict < second->verdict ? 1 : -1;
	return first->index < second->index ? -1 : first->index > second->index;
}

static void
count_name(json_t *names, char *name_taken)
{
	json_object_set_new(names, name_taken, json_integer(ctl_integer(names, name_taken) + 1));
	free(name_taken);
}

static void
overview_init(struct overview *view, const struct ctl *ctl, const json_t *status)
{
	const json_t *streams = json_object_get(status, "streams");

	*view =
	    (struct overview){.ctl = ctl, .status = status, .now_ms = ctl_time(status, "now"), .names = json_object()};
	view->count = json_array_size(streams);
	view->lines = mem_new(view->count, sizeof *view->lines);
	view->many_accounts = shown_many_accounts(streams);
	for (size_t i = 0; i < view->count; i++) {
		const json_t *stream = json_array_get(streams, i);

		view->lines[i] = (struct line){.stream = stream, .verdict = stream_verdict(stream), .index = i};
		count_name(view->names, mem_strdup(ctl_text(stream, "name")));
		count_name(view->names, mem_printf("%s/%s", ctl_text(stream, "region"), ctl_text(stream, "name")));
	}
	qsort(view->lines, view->count, sizeof *view->lines, compare_lines);
}

static void
overview_clear(struct overview *view)
{
	free(view->lines);
	json_decref(view->names);
}

/* ---- the header ---- */

static int64_t
last_look_ms(const struct overview *view)
{
	int64_t last_ms = 0, as_of_ms;

	for (size_t i = 0; i < view->count; i++)
		if ((as_of_ms = ctl_time(view->lines[i].stream, "as_of")) > last_ms)
			last_ms = as_of_ms;
	return last_ms;
}

static void add_part(const struct screen *screen, struct str *line, const char *fmt, ...) KD_PRINTF(3, 4);

/* A part behind a dot, if the line has room for it: the header stays one line. */
static void
add_part(const struct screen *screen, struct str *line, const char *fmt, ...)
{
	va_list ap;
	char *part;

	va_start(ap, fmt);
	part = mem_vprintf(fmt, ap);
	va_end(ap);
	if (text_columns(line->s) + text_columns(screen_dot(screen)) + text_columns(part) <= screen->width)
		str_printf(line, "%s%s", screen_dot(screen), part);
	free(part);
}

static void
print_header(const struct overview *view)
{
	const struct screen *screen = &view->ctl->screen;
	double usd = json_number_value(json_object_get(json_object_get(view->status, "api"), "usd_today"));
	char *host = text_cut_middle(ctl_text(view->status, "host"), HOST_COLUMNS, !screen->utf8);
	int64_t last_ms = last_look_ms(view);
	char age[SCREEN_AGE_SIZE];
	struct str line = {0};

	str_printf(&line, "kdiagd %s on %s", ctl_text(view->status, "version"), host);
	add_part(screen, &line, "up %s", screen_age(ctl_seconds_ms(view->status, "uptime_s"), age));
	add_part(screen, &line, "%zu stream%s", view->count, view->count == 1 ? "" : "s");
	if (last_ms > 0)
		add_part(screen, &line, "last look %s ago", screen_age(view->now_ms - last_ms, age));
	if (usd >= 0.005)
		add_part(screen, &line, "$%.2f today", usd);
	screen_printf(screen, "%s\n", line.s);
	str_free(&line);
	free(host);
}

/* ---- kdiagd itself ---- */

/* The worst that it says of itself; a kdiagd that is not well and does not say why is unknown. */
static enum kd_severity
self_verdict(const json_t *status)
{
	const json_t *self = json_object_get(status, "self");
	enum kd_severity worst = KD_OK;
	struct shown shown;

	for (size_t i = 0; i < json_array_size(self); i++) {
		shown_read(&shown, json_array_get(self, i));
		if (shown_is_bad(&shown) && shown.severity > worst)
			worst = shown.severity;
	}
	return worst == KD_OK && !ctl_flag(status, "healthy") ? KD_UNKNOWN : worst;
}

static void
print_self(const struct overview *view)
{
	static const struct shown unwell = {.severity = KD_UNKNOWN, .id = "", .state = "ok"};
	const json_t *self = json_object_get(view->status, "self");
	struct table *table = shown_table_new(view->ctl);
	size_t shown_count = 0;
	struct shown shown;

	for (size_t i = 0; i < json_array_size(self); i++) {
		shown_read(&shown, json_array_get(self, i));
		if (!shown_is_bad(&shown))
			continue;
		char *check = shown_check(&shown), *sentence = shown_marked(&shown, view->now_ms);

		shown_table_add(table, &shown, check, "", sentence, view->now_ms);
		shown_count++;
		free(check);
		free(sentence);
	}
	if (shown_count == 0)
		shown_table_add(
		    table, &unwell, "", "", "its looks do not keep up: see what it logs (journalctl -u kdiagd)", 0);
	screen_printf(&view->ctl->screen, "\nkdiagd itself\n");
	table_print(table);
	table_free(table);
}

/* ---- streams ---- */

static bool
has_silenced(const json_t *findings)
{
	struct shown shown;

	for (size_t i = 0; i < json_array_size(findings); i++) {
		shown_read(&shown, json_array_get(findings, i));
		if (shown.silenced_until_ms != 0)
			return true;
	}
	return false;
}

/* Why there is no finding to show for a stream that is not well; NULL: another row tells. */
static char *
explain_verdict(const struct overview *view, const json_t *stream)
{
	int64_t as_of_ms = ctl_time(stream, "as_of");
	char age[SCREEN_AGE_SIZE];

	if (as_of_ms == 0)
		return mem_strdup("not looked at yet");
	if (ctl_flag(stream, "stale"))
		return mem_printf("the last look was %s ago", screen_age(view->now_ms - as_of_ms, age));
	if (has_silenced(json_object_get(stream, "findings")))
		return mem_strdup("what is open is silenced");
	if (json_array_size(json_object_get(stream, "findings")) > 0)
		return NULL;
	return mem_strdup("not all probes have looked yet");
}

/* "orders", or as much more as tells it from others of its name. The caller's. */
static char *
stream_argument(const struct overview *view, const json_t *stream)
{
	const char *name = ctl_text(stream, "name"), *region = ctl_text(stream, "region");
	char *place = mem_printf("%s/%s", region, name), *argument;

	if (ctl_integer(view->names, name) <= 1)
		argument = mem_strdup(name);
	else if (ctl_integer(view->names, place) <= 1)
		argument = mem_strdup(place);
	else
		argument = mem_printf("%s/%s", ctl_text(stream, "account"), place);
	free(place);
	return argument;
}

/* A row that is no finding: about the whole stream. */
static void
add_note(struct table *table, enum kd_severity severity, const char *name, const char *place, const char *text)
{
	const char *cells[] = {name != NULL ? screen_word(severity) : "", name, place, text, "", ""};

	table_add(table, severity, cells);
}

/* Is any of them open and worth a row? Then those that are not open (yet) are left to the stream's own page. */
static bool
has_open(const json_t *findings)
{
	struct shown shown;

	for (size_t i = 0; i < json_array_size(findings); i++) {
		shown_read(&shown, json_array_get(findings, i));
		if (shown_is_bad(&shown) && shown_has_state(&shown, "open"))
			return true;
	}
	return false;
}

/* Its findings, the first with its name; returns how many rows that made. */
static size_t
add_findings(const struct overview *view, struct table *table, const json_t *stream, const char *place, size_t rows)
{
	const json_t *findings = json_object_get(stream, "findings");
	bool only_open = has_open(findings);
	size_t left_out = 0, first = rows;
	struct shown shown;
	char *text;

	for (size_t i = 0; i < json_array_size(findings); i++) {
		shown_read(&shown, json_array_get(findings, i));
		if (!shown_is_bad(&shown) || (only_open && !shown_has_state(&shown, "open")))
			continue;
		if (rows - first >= FINDINGS_SHOWN) {
			left_out++;
			continue;
		}
		text = shown_marked(&shown, view->now_ms);
		shown_table_add(table, &shown, rows == 0 ? ctl_text(stream, "name") : "", rows == 0 ? place : "", text,
		    view->now_ms);
		free(text);
		rows++;
	}
	if (left_out > 0) {
		char *argument = stream_argument(view, stream);

		text = mem_printf("and %zu more: kdiagctl status %s", left_out, argument);
		add_note(table, KD_OK, NULL, NULL, text);
		free(text);
		free(argument);
	}
	return rows;
}

static void
add_stream(struct overview *view, struct table *table, const struct line *line)
{
	const json_t *stream = line->stream;
	char *place = shown_place(ctl_text(stream, "account"), ctl_text(stream, "region"), view->many_accounts);
	char *why = explain_verdict(view, stream);
	bool stale = ctl_flag(stream, "stale") && why != NULL;
	size_t rows = 0;

	if (stale) {
		add_note(table, KD_UNKNOWN, ctl_text(stream, "name"), place, why);
		rows++;
	}
	rows = add_findings(view, table, stream, place, rows);
	if (rows == 0 && why != NULL)
		add_note(table, line->verdict, ctl_text(stream, "name"), place, why);
	else if (rows == 0)
		view->explained++;
	free(place);
	free(why);
}

/* One row for many streams. */
static void
print_sum(const struct overview *view, enum kd_severity severity, size_t count, const char *behind)
{
	const struct screen *screen = &view->ctl->screen;

	if (count == 0)
		return;
	fprintf(screen->out, "%s%s%s%*s%zu stream%s%s\n", screen_color(screen, severity), screen_word(severity),
	    screen_plain(screen), (int)(6 - strlen(screen_word(severity))), "", count, count == 1 ? "" : "s", behind);
}

static void
print_streams(struct overview *view)
{
	struct table *table = shown_table_new(view->ctl);

	for (size_t i = 0; i < view->count; i++) {
		if (view->lines[i].verdict <= KD_INFO)
			view->good++;
		else
			add_stream(view, table, &view->lines[i]);
	}
	if (view->good < view->count)
		fputc('\n', view->ctl->screen.out);
	table_print(table);
	print_sum(view, KD_UNKNOWN, view->explained, " could not be seen, for a reason told above");
	print_sum(view, KD_OK, view->good, "");
	if (view->count == 0)
		screen_printf(
		    &view->ctl->screen, "?     no stream is watched yet: kdiagd -t checks what the config says\n");
	table_free(table);
}

/* "acked 1 · silenced 2": what is acknowledged stands in its stream's rows too, what is silenced only here and on its stream's page. */
static void
print_counts(const struct overview *view)
{
	int64_t acked = ctl_integer(view->status, "acked"), silenced = ctl_integer(view->status, "silenced");
	const struct screen *screen = &view->ctl->screen;

	if (acked > 0)
		screen_printf(screen, "acked %" PRId64, acked);
	if (silenced > 0)
		screen_printf(screen, "%ssilenced %" PRId64, acked > 0 ? screen_dot(screen) : "", silenced);
	if (acked > 0 || silenced > 0)
		fputc('\n', screen->out);
}

static void
print_overview(struct overview *view)
{
	bool self_bad = self_verdict(view->status) > KD_INFO;
	char *argument;

	print_header(view);
	if (self_bad)
		print_self(view);
	if (self_bad && view->count > 0 && view->lines[0].verdict <= KD_INFO)
		fputc('\n', view->ctl->screen.out);
	print_streams(view);
	print_counts(view);
	if (view->count == 0 || view->lines[0].verdict <= KD_INFO)
		return;
	argument = stream_argument(view, view->lines[0].stream);
	screen_printf(&view->ctl->screen, "\nkdiagctl diagnose %s   for the runbook of the worst\n", argument);
	free(argument);
}

static int
show_all(const struct ctl *ctl, const json_t *status)
{
	enum kd_severity worst = self_verdict(status);
	struct overview view;

	overview_init(&view, ctl, status);
	if (!ctl->json)
		print_overview(&view);
	if (view.count == 0 && worst < KD_UNKNOWN)
		worst = KD_UNKNOWN;
	if (view.count > 0 && view.lines[0].verdict > worst)
		worst = view.lines[0].verdict;
	overview_clear(&view);
	return ctl_exit_status(worst);
}

/* ---- one stream ---- */

/* How many checks are good, of all that kdiagd remembers; a stream's page does without when it cannot be told. */
static size_t
count_good(const struct ctl *ctl, const char *stream)
{
	json_t *request = ctl_request("findings"), *all;
	size_t good = 0;
	struct shown shown;
	int status;

	ctl_request_add(request, "stream", stream);
	json_object_set_new(request, "all", json_true());
	if ((all = ctl_call(ctl, request, CLIENT_TIMEOUT_MS, &status)) == NULL)
		return 0;
	for (size_t i = 0; i < json_array_size(all); i++) {
		shown_read(&shown, json_array_get(all, i));
		good += shown.severity == KD_OK;
	}
	json_decref(all);
	return good;
}

static void
print_stream_header(const struct overview *view, const json_t *stream)
{
	const struct screen *screen = &view->ctl->screen;
	enum kd_severity verdict = view->lines[0].verdict;
	char *title =
	    shown_title(screen, ctl_text(stream, "name"), ctl_text(stream, "account"), ctl_text(stream, "region"));
	int64_t as_of_ms = ctl_time(stream, "as_of");
	char age[SCREEN_AGE_SIZE], time[SCREEN_AGE_SIZE];

	fprintf(screen->out, "%s%s%s  ", screen_color(screen, verdict), screen_word(verdict), screen_plain(screen));
	if (as_of_ms == 0)
		screen_printf(screen, "%s%snot looked at yet\n", title, screen_dot(screen));
	else
		screen_printf(screen, "%s%slast look %s ago, %s%s\n", title, screen_dot(screen),
		    screen_age(view->now_ms - as_of_ms, age), screen_time(as_of_ms, view->now_ms, time),
		    ctl_flag(stream, "stale") ? ": too old to go by" : "");
	if (*ctl_text(stream, "arn") != '\0')
		screen_printf(screen, "%s\n", ctl_text(stream, "arn"));
	free(title);
}

static void
print_stream(const struct overview *view, const char *argument)
{
	const struct screen *screen = &view->ctl->screen;
	const json_t *stream = view->lines[0].stream, *findings = json_object_get(stream, "findings");
	struct table *table = shown_table_new(view->ctl);
	size_t good = count_good(view->ctl, argument);
	struct shown shown;

	print_stream_header(view, stream);
	for (size_t i = 0; i < json_array_size(findings); i++) {
		shown_read(&shown, json_array_get(findings, i));
		char *check = shown_check(&shown), *sentence = shown_marked(&shown, view->now_ms);

		shown_table_add(table, &shown, check, "", sentence, view->now_ms);
		free(check);
		free(sentence);
	}
	if (json_array_size(findings) + good > 0)
		fputc('\n', screen->out);
	table_print(table);
	table_free(table);
	if (good > 0)
		fprintf(screen->out, "%sok%s    %zu check%s\n", screen_color(screen, KD_OK), screen_plain(screen), good,
		    good == 1 ? "" : "s");
	if (view->lines[0].verdict > KD_INFO)
		screen_printf(screen, "\nkdiagctl diagnose %s   for its runbook\n", argument);
}

static int
show_one(const struct ctl *ctl, const json_t *status, const char *argument)
{
	struct overview view;
	int exit_status = CTL_UNKNOWN;

	overview_init(&view, ctl, status);
	if (view.count != 1) {
		exit_status = ctl_fail(ctl, CTL_ERROR, "kdiagd told of %zu streams when asked for one", view.count);
	} else {
		if (!ctl->json)
			print_stream(&view, argument);
		exit_status = ctl_exit_status(view.lines[0].verdict);
	}
	overview_clear(&view);
	return exit_status;
}

static int
exec_status(struct ctl *ctl)
{
	json_t *request = ctl_request("status"), *status;
	const char *stream = ctl_arg(ctl, 0);
	int exit_status;

	ctl_request_add(request, "stream", stream);
	if ((status = ctl_call(ctl, request, CLIENT_TIMEOUT_MS, &exit_status)) == NULL)
		return exit_status;
	if (ctl->json)
		ctl_print_json(ctl, status);
	exit_status = stream != NULL ? show_one(ctl, status, stream) : show_all(ctl, status);
	json_decref(status);
	return exit_status;
}

const struct ctl_command cmd_status = {
    .name = "status",
    .args = "[STREAM]",
    .help = "how the streams are, worst first; the exit status is the verdict",
    .args_max = 1,
    .kind = CTL_VERDICT,
    .exec = exec_status,
};
