/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_show: one finding with all that is known of it. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/ctl/shown.h"
#include "daemon/ctl/timeline.h"

enum { LABEL_INDENT = 2, TEXT_INDENT = 18 };

/* "open 23 min" */
static char *
state_text(const struct shown *shown, int64_t now_ms)
{
	char age[SCREEN_AGE_SIZE];

	shown_age(shown, now_ms, age);
	if (shown_has_state(shown, "resolved"))
		return mem_printf("resolved %s ago", age);
	return mem_printf("%s%s%s", shown->state, *age != '\0' ? " " : "", age);
}

/* The state stands flush right where it fits, and on a line of its own where not. */
static void
print_title(const struct screen *screen, const struct shown *shown, int64_t now_ms)
{
	char *check = shown_check(shown), *state = state_text(shown, now_ms);
	char *title = shown_title(screen, shown->stream, shown->account, shown->region);
	char *rest = mem_printf("  %s   %s", check, title), *safe_rest = screen_safe(screen, rest);
	char *safe_state = screen_safe(screen, state);
	const char *word = screen_word(shown->severity);
	size_t used = strlen(shown->id) + 2 + strlen(word) + text_columns(safe_rest);
	size_t left = screen->width > used ? screen->width - used : 0;

	screen_printf(screen, "%s  ", shown->id);
	fprintf(screen->out, "%s%s%s%s", screen_color(screen, shown->severity), word, screen_plain(screen), safe_rest);
	if (left >= text_columns(safe_state) + 2)
		fprintf(screen->out, "%*s%s\n", (int)(left - text_columns(safe_state)), "", safe_state);
	else
		fprintf(screen->out, "\n          %s\n", safe_state);
	free(check);
	free(state);
	free(title);
	free(rest);
	free(safe_rest);
	free(safe_state);
}

/* May the sentence's first letter be a capital? Not that of a name, an action or an option. */
static bool
starts_with_word(const char *sentence, const char *stream)
{
	size_t len = strcspn(sentence, " ");

	for (size_t i = 0; i < len; i++)
		if (!islower((unsigned char)sentence[i]))
			return false;
	return len > 0 && !(strlen(stream) == len && strncmp(sentence, stream, len) == 0);
}

static void
print_sentence(const struct screen *screen, const struct shown *shown)
{
	char *sentence = shown_sentence(shown), *text;
	size_t len = strlen(sentence);

	if (starts_with_word(sentence, shown->stream))
		sentence[0] = (char)toupper((unsigned char)sentence[0]);
	text = mem_printf("%s%s", sentence, len > 0 && strchr(".!?", sentence[len - 1]) == NULL ? "." : "");
	fputc('\n', screen->out);
	screen_paragraph(screen, 0, "", LABEL_INDENT, text);
	fputc('\n', screen->out);
	free(text);
	free(sentence);
}

/* ---- evidence ---- */

/* The unit that a value's name ends in goes behind the value. */
static void
add_name(struct str *text, const char *name, const char **unit)
{
	static const char *const units[][2] = {{"_bytes_per_s", "bytes/s"}, {"_ms_per_s", "ms/s"},
	    {"_per_s", "a second"}, {"_per_minute", "a minute"}, {"_ms", "ms"}, {"_s", "s"}, {"_hours", "h"},
	    {"_percent", "%"}, {"_bytes", "bytes"}, {"_mibps", "MiB/s"}};
	size_t len = strlen(name), tail;

	*unit = "";
	for (size_t i = 0; i < KD_COUNT(units); i++) {
		tail = strlen(units[i][0]);
		if (len <= tail || strcmp(name + len - tail, units[i][0]) != 0)
			continue;
		*unit = units[i][1];
		len -= tail;
		break;
	}
	for (size_t i = 0; i < len; i++)
		str_add_char(text, name[i] == '_' ? ' ' : name[i]);
}

static void
add_value(struct str *text, const json_t *value)
{
	static const double exact_max = 9007199254740992.0; /* 2^53 */
	char buf[SCREEN_AGE_SIZE], *line;

	if (json_is_integer(value)) {
		str_add(text, screen_integer(json_integer_value(value), buf));
	} else if (json_is_real(value) && json_real_value(value) >= 1000 && json_real_value(value) < exact_max) {
		str_add(
		    text, screen_integer((int64_t)(json_real_value(value) + 0.5), buf)); /* nobody reads its fraction */
	} else if (json_is_real(value)) {
		str_printf(text, "%.6g", json_real_value(value));
	} else if (json_is_string(value)) {
		str_add(text, json_string_value(value));
	} else if ((line = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY)) != NULL) {
		str_add(text, line);
		free(line);
	}
}

static void
print_evidence(const struct screen *screen, const json_t *evidence)
{
	json_t *object = json_deep_copy(evidence), *value;
	struct str text = {0};
	const char *name, *unit;

	json_object_foreach(object, name, value)
	{
		str_add(&text, text.len > 0 ? screen_dot(screen) : "");
		add_name(&text, name, &unit);
		str_add(&text, " ");
		add_value(&text, value);
		str_printf(&text, "%s%s", *unit != '\0' ? " " : "", unit);
	}
	if (text.len > 0)
		screen_paragraph(screen, LABEL_INDENT, "evidence", TEXT_INDENT, text.s);
	str_free(&text);
	json_decref(object);
}

/* ---- the rest ---- */

static const char *
symptom_title(const char *symptom)
{
	static const char *const titles[][2] = {{"stream_not_capturing_data", "Stream not capturing data"},
	    {"permission_issues", "Permission issues"}, {"high_latency", "High latency"}};

	for (size_t i = 0; i < KD_COUNT(titles); i++)
		if (strcmp(titles[i][0], symptom) == 0)
			return titles[i][1];
	return symptom;
}

/* A command stays on one line, however long, so that it can be copied. */
static void
print_next(const struct screen *screen, const char *next)
{
	if (*next != '\0')
		screen_print_line(screen, "%*s%-*s%s", LABEL_INDENT, "", TEXT_INDENT - LABEL_INDENT, "next", next);
}

static void
print_seen(const struct screen *screen, const struct shown *shown, int64_t now_ms)
{
	char first[SCREEN_AGE_SIZE], last[SCREEN_AGE_SIZE], times[SCREEN_AGE_SIZE];
	char *text = mem_printf("first %s, last %s, %s time%s", screen_time(shown->first_seen_ms, now_ms, first),
	    screen_time(shown->last_seen_ms, now_ms, last), screen_integer(shown->count, times),
	    shown->count == 1 ? "" : "s");

	screen_paragraph(screen, LABEL_INDENT, "seen", TEXT_INDENT, text);
	free(text);
}

/* Its changes; a page does without when they cannot be told. */
static void
print_history(const struct ctl *ctl, const char *id, int64_t now_ms)
{
	json_t *request = ctl_request("history"), *events;
	char *line;
	int status;

	ctl_request_add(request, "id", id);
	if ((events = ctl_call(ctl, request, CLIENT_TIMEOUT_MS, &status)) == NULL)
		return;
	if ((line = timeline_line(&ctl->screen, events, now_ms)) != NULL)
		screen_paragraph(&ctl->screen, LABEL_INDENT, "history", TEXT_INDENT, line);
	free(line);
	json_decref(events);
}

/* Who has it in hand, or the command that says so; that stays on one line, as print_next()'s. */
static void
print_ack(const struct screen *screen, const struct shown *shown, int64_t now_ms)
{
	char at[SCREEN_AGE_SIZE], *text;

	if (!shown->acked) {
		if (shown_has_state(shown, "open"))
			screen_printf(screen, "%*s%-*s%-*skdiagctl ack %s -m \"…\"\n", LABEL_INDENT, "",
			    TEXT_INDENT - LABEL_INDENT, "ack", TEXT_INDENT, "nobody", shown->id);
		return;
	}
	text = mem_printf("%s (uid %" PRId64 ") at %s%s%s", shown->ack_by, shown->ack_uid,
	    screen_minute(shown->acked_ms, now_ms, at), *shown->ack_text != '\0' ? ": " : "", shown->ack_text);
	screen_paragraph(screen, LABEL_INDENT, "ack", TEXT_INDENT, text);
	free(text);
}

static void
print_silenced(const struct screen *screen, const struct shown *shown, int64_t now_ms)
{
	char until[SCREEN_AGE_SIZE], left[SCREEN_AGE_SIZE], *text;

	if (shown->silenced_until_ms == 0)
		return;
	text = mem_printf("until %s, %s more", screen_minute(shown->silenced_until_ms, now_ms, until),
	    screen_age(shown->silenced_until_ms - now_ms, left));
	screen_paragraph(screen, LABEL_INDENT, "silenced", TEXT_INDENT, text);
	free(text);
}

static void
print_finding(const struct ctl *ctl, const json_t *finding)
{
	const struct screen *screen = &ctl->screen;
	int64_t now_ms = clock_now_ms();
	struct shown shown;
	char *runbook;

	shown_read(&shown, finding);
	print_title(screen, &shown, now_ms);
	print_sentence(screen, &shown);
	if (*shown.subject != '\0' && strcmp(shown.subject, "stream") != 0)
		screen_paragraph(screen, LABEL_INDENT, "about", TEXT_INDENT, shown.subject);
	print_evidence(screen, shown.evidence);
	if (*shown.step != '\0') {
		runbook = mem_printf("%s > %s", symptom_title(shown.symptom), shown.step);
		screen_paragraph(screen, LABEL_INDENT, "runbook", TEXT_INDENT, runbook);
		free(runbook);
	}
	print_next(screen, shown.next);
	if (shown.count > 0)
		print_seen(screen, &shown, now_ms);
	print_history(ctl, shown.id, now_ms);
	print_ack(screen, &shown, now_ms);
	print_silenced(screen, &shown, now_ms);
}

static int
exec_show(struct ctl *ctl)
{
	json_t *request = ctl_request("show"), *finding;
	int status;

	ctl_request_add(request, "id", ctl_arg(ctl, 0));
	if ((finding = ctl_call(ctl, request, CLIENT_TIMEOUT_MS, &status)) == NULL)
		return status;
	if (ctl->json)
		ctl_print_json(ctl, finding);
	else
		print_finding(ctl, finding);
	json_decref(finding);
	return CTL_OK;
}

const struct ctl_command cmd_show = {
    .name = "show",
    .args = "ID",
    .help = "one finding with its evidence; 4 digits of the id will do",
    .args_min = 1,
    .args_max = 1,
    .exec = exec_show,
};
