/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_status: how all streams are, worst first, or how one is; owns the overview's layout. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/finding.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/ctl/shown.h"

enum { HOST_COLUMNS = 24 };

/* kdiagd's brief form of its status: it says which streams and findings are worth a row, and how many there are of the others. */
struct overview {
	const struct ctl *ctl;
	const json_t *status, *streams, *totals;
	int64_t now_ms;
};

static enum kd_severity
stream_verdict(const json_t *stream)
{
	return ctl_flag(stream, "stale") ? KD_UNKNOWN : ctl_severity(stream, "verdict");
}

static size_t
total(const struct overview *view, enum kd_severity verdict)
{
	int64_t count = ctl_integer(view->totals, severity_name(verdict));

	return count > 0 ? (size_t)count : 0;
}

static size_t
count_streams(const struct overview *view)
{
	return total(view, KD_OK) + total(view, KD_UNKNOWN) + total(view, KD_WARNING) + total(view, KD_CRITICAL);
}

static enum kd_severity
worst_stream(const struct overview *view)
{
	for (int verdict = KD_CRITICAL; verdict >= KD_UNKNOWN; verdict--)
		if (total(view, (enum kd_severity)verdict) > 0)
			return (enum kd_severity)verdict;
	return KD_OK;
}

/* ---- the header ---- */

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
	int64_t last_ms = ctl_time(view->totals, "last_look");
	size_t count = count_streams(view);
	char age[SCREEN_AGE_SIZE];
	struct str line = {0};

	str_printf(&line, "kdiagd %s on %s", ctl_text(view->status, "version"), host);
	add_part(screen, &line, "up %s", screen_age(ctl_seconds_ms(view->status, "uptime_s"), age));
	add_part(screen, &line, "%zu stream%s", count, count == 1 ? "" : "s");
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

/* Why there is no finding to show for a stream that is not well. The caller's. */
static char *
explain_verdict(const struct overview *view, const json_t *stream)
{
	int64_t as_of_ms = ctl_time(stream, "as_of");
	char age[SCREEN_AGE_SIZE];

	if (as_of_ms == 0)
		return mem_strdup("not looked at yet");
	if (ctl_flag(stream, "stale"))
		return mem_printf("the last look was %s ago", screen_age(view->now_ms - as_of_ms, age));
	if (ctl_integer(stream, "silenced") > 0)
		return mem_strdup("what is open is silenced");
	return mem_strdup("not all probes have looked yet");
}

/* A row that is no finding: about the whole stream. */
static void
add_note(struct table *table, enum kd_severity severity, const char *name, const char *place, const char *text)
{
	const char *cells[] = {name != NULL ? screen_word(severity) : "", name, place, text, "", ""};

	table_add(table, severity, cells);
}

/* Its findings, the first with its name; returns how many rows that made. */
static size_t
add_findings(const struct overview *view, struct table *table, const json_t *stream, const char *place, size_t rows)
{
	const json_t *findings = json_object_get(stream, "findings");
	int64_t left_out = ctl_integer(stream, "left_out");
	struct shown shown;
	char *text, *told = NULL;

	for (size_t i = 0; i < json_array_size(findings); i++) {
		shown_read(&shown, json_array_get(findings, i));
		text = shown_marked(&shown, view->now_ms);
		if (shown_says_again(&shown, text, &told))
			left_out++;
		else
			shown_table_add(table, &shown, rows == 0 ? ctl_text(stream, "name") : "",
			    rows == 0 ? place : "", text, view->now_ms);
		rows++;
		free(text);
	}
	free(told);
	if (left_out > 0) {
		text = mem_printf("and %" PRId64 " more: kdiagctl status %s", left_out, ctl_text(stream, "argument"));
		add_note(table, KD_OK, NULL, NULL, text);
		free(text);
	}
	return rows;
}

static void
add_stream(const struct overview *view, struct table *table, const json_t *stream)
{
	char *place = shown_place(
	    ctl_text(stream, "account"), ctl_text(stream, "region"), ctl_flag(view->totals, "many_accounts"));
	char *why = explain_verdict(view, stream);
	size_t rows = 0;

	if (ctl_flag(stream, "stale")) {
		add_note(table, KD_UNKNOWN, ctl_text(stream, "name"), place, why);
		rows++;
	}
	rows = add_findings(view, table, stream, place, rows);
	if (rows == 0)
		add_note(table, stream_verdict(stream), ctl_text(stream, "name"), place, why);
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

/* How many streams of that verdict have no row of their own. */
static size_t
count_more(const struct overview *view, enum kd_severity verdict)
{
	size_t count = total(view, verdict), shown = 0;

	for (size_t i = 0; i < json_array_size(view->streams); i++)
		shown += stream_verdict(json_array_get(view->streams, i)) == verdict;
	if (verdict == KD_UNKNOWN)
		shown += (size_t)ctl_integer(view->totals, "explained");
	return count > shown ? count - shown : 0;
}

static void
print_streams(const struct overview *view)
{
	struct table *table = shown_table_new(view->ctl);

	for (size_t i = 0; i < json_array_size(view->streams); i++)
		add_stream(view, table, json_array_get(view->streams, i));
	if (worst_stream(view) > KD_INFO)
		fputc('\n', view->ctl->screen.out);
	table_print(table);
	for (int verdict = KD_CRITICAL; verdict >= KD_UNKNOWN; verdict--)
		print_sum(view, (enum kd_severity)verdict, count_more(view, (enum kd_severity)verdict),
		    " more: kdiagctl findings");
	print_sum(view, KD_UNKNOWN, (size_t)ctl_integer(view->totals, "explained"),
	    " could not be seen, for a reason told above");
	print_sum(view, KD_OK, total(view, KD_OK), "");
	if (count_streams(view) == 0)
		screen_printf(&view->ctl->screen,
		    "?     no stream is watched yet: discover has found none (its match and regions)\n");
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

/* "silent until 14:22Z: every stream, by ana: maintenance": with it, nothing below alarms. */
static void
print_silences(const struct overview *view)
{
	const json_t *silences = json_object_get(view->status, "silences");
	char until[SCREEN_AGE_SIZE];

	for (size_t i = 0; i < json_array_size(silences); i++) {
		const json_t *silence = json_array_get(silences, i);
		const char *text = ctl_text(silence, "text"), *probe = ctl_text(silence, "probe");

		screen_minute(ctl_time(silence, "until"), view->now_ms, until);
		screen_print_line(&view->ctl->screen, "silent until %s: %s%severy stream, by %s%s%s", until, probe,
		    *probe != '\0' ? " of " : "", ctl_text(silence, "by"), *text != '\0' ? ": " : "", text);
	}
}

static void
print_overview(const struct overview *view)
{
	bool self_bad = self_verdict(view->status) > KD_INFO, streams_bad = worst_stream(view) > KD_INFO;

	print_header(view);
	print_silences(view);
	if (self_bad)
		print_self(view);
	if (self_bad && count_streams(view) > 0 && !streams_bad)
		fputc('\n', view->ctl->screen.out);
	print_streams(view);
	print_counts(view);
	if (json_array_size(view->streams) > 0)
		screen_printf(&view->ctl->screen, "\nkdiagctl diagnose %s   for the runbook of the worst\n",
		    ctl_text(json_array_get(view->streams, 0), "argument"));
}

static int
show_all(const struct ctl *ctl, const json_t *status)
{
	const struct overview view = {
	    .ctl = ctl,
	    .status = status,
	    .streams = json_object_get(status, "streams"),
	    .totals = json_object_get(status, "totals"),
	    .now_ms = ctl_time(status, "now"),
	};
	enum kd_severity worst = self_verdict(status);

	print_overview(&view);
	if (count_streams(&view) == 0 && worst < KD_UNKNOWN)
		worst = KD_UNKNOWN;
	if (worst_stream(&view) > worst)
		worst = worst_stream(&view);
	return ctl_exit_status(worst);
}

/* The full form, as it came. */
static int
print_all(const struct ctl *ctl, const json_t *status)
{
	const json_t *streams = json_object_get(status, "streams");
	enum kd_severity worst = self_verdict(status), verdict;

	ctl_print_json(ctl, status);
	if (json_array_size(streams) == 0 && worst < KD_UNKNOWN)
		worst = KD_UNKNOWN;
	for (size_t i = 0; i < json_array_size(streams); i++)
		if ((verdict = stream_verdict(json_array_get(streams, i))) > worst)
			worst = verdict;
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
print_stream_header(const struct screen *screen, const json_t *stream, int64_t now_ms)
{
	enum kd_severity verdict = stream_verdict(stream);
	char *title =
	    shown_title(screen, ctl_text(stream, "name"), ctl_text(stream, "account"), ctl_text(stream, "region"));
	int64_t as_of_ms = ctl_time(stream, "as_of");
	char age[SCREEN_AGE_SIZE], time[SCREEN_AGE_SIZE];

	fprintf(screen->out, "%s%s%s  ", screen_color(screen, verdict), screen_word(verdict), screen_plain(screen));
	if (as_of_ms == 0)
		screen_printf(screen, "%s%snot looked at yet\n", title, screen_dot(screen));
	else
		screen_printf(screen, "%s%slast look %s ago, %s%s\n", title, screen_dot(screen),
		    screen_age(now_ms - as_of_ms, age), screen_time(as_of_ms, now_ms, time),
		    ctl_flag(stream, "stale") ? ": too old to go by" : "");
	if (*ctl_text(stream, "arn") != '\0')
		screen_printf(screen, "%s\n", ctl_text(stream, "arn"));
	free(title);
}

static void
print_stream(const struct ctl *ctl, const json_t *stream, const char *argument, int64_t now_ms)
{
	const struct screen *screen = &ctl->screen;
	const json_t *findings = json_object_get(stream, "findings");
	struct table *table = shown_table_new(ctl);
	size_t good = count_good(ctl, argument);
	struct shown shown;
	char *told = NULL;

	print_stream_header(screen, stream, now_ms);
	for (size_t i = 0; i < json_array_size(findings); i++) {
		shown_read(&shown, json_array_get(findings, i));
		char *check = shown_check(&shown), *sentence = shown_marked(&shown, now_ms);
		bool again = shown_says_again(&shown, sentence, &told);

		shown_table_add(table, &shown, check, "", again ? "the same" : sentence, now_ms);
		free(check);
		free(sentence);
	}
	free(told);
	if (json_array_size(findings) + good > 0)
		fputc('\n', screen->out);
	table_print(table);
	table_free(table);
	if (good > 0)
		fprintf(screen->out, "%sok%s    %zu check%s\n", screen_color(screen, KD_OK), screen_plain(screen), good,
		    good == 1 ? "" : "s");
	if (!ctl_flag(stream, "complete"))
		screen_printf(screen, "?     not all probes have looked yet\n");
	if (stream_verdict(stream) > KD_INFO)
		screen_printf(screen, "\nkdiagctl diagnose %s   for its runbook\n", argument);
}

static int
show_one(const struct ctl *ctl, const json_t *status, const char *argument)
{
	const json_t *streams = json_object_get(status, "streams"), *stream = json_array_get(streams, 0);

	if (ctl->json)
		ctl_print_json(ctl, status);
	if (json_array_size(streams) != 1)
		return ctl_fail(
		    ctl, CTL_ERROR, "kdiagd told of %zu streams when asked for one", json_array_size(streams));
	if (!ctl->json)
		print_stream(ctl, stream, argument, ctl_time(status, "now"));
	return ctl_exit_status(stream_verdict(stream));
}

static int
exec_status(struct ctl *ctl)
{
	json_t *request = ctl_request("status"), *status;
	const char *stream = ctl_arg(ctl, 0);
	int exit_status;

	ctl_request_add(request, "stream", stream);
	if (stream == NULL && !ctl->json)
		json_object_set_new(request, "brief", json_true());
	if ((status = ctl_call(ctl, request, CLIENT_TIMEOUT_MS, &exit_status)) == NULL)
		return exit_status;
	if (stream != NULL)
		exit_status = show_one(ctl, status, stream);
	else
		exit_status = ctl->json ? print_all(ctl, status) : show_all(ctl, status);
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
