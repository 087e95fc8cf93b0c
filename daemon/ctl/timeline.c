/* SPDX-License-Identifier: Apache-2.0 */
/* timeline: owns how changes read and where their parts stand; knows nothing of who asks for them. */
#include "daemon/ctl/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/ctl/pen.h"
#include "daemon/ctl/shown.h"

enum {
	TIME_AT = 2,
	WORD_AT = 9,
	WORD_MIN = 8,
	COLUMN_GAP = 2,
	TEXT_GAP = 3,
	TEXT_GOOD = 24, /* narrower, a sentence is hard to read: it gets lines of its own */
	NAME_WIDTH_MAX = 24,
	CHECK_WIDTH_MAX = 28,
	LINE_EVENTS = 6, /* of a finding's page */
};

/* ---- one change ---- */

/* What shows a severity, and what is no change and left out; what is not here does neither. */
static const struct kind {
	const char *name;
	bool severe, hidden;
} kinds[] = {
    {"opened", true, false},
    {"changed", true, false},
    {"flapping", true, false},
    {"reminder", true, true},
};

static const struct kind *
find_kind(const json_t *event)
{
	static const struct kind other = {0};

	for (size_t i = 0; i < KD_COUNT(kinds); i++)
		if (strcmp(kinds[i].name, ctl_text(event, "event")) == 0)
			return &kinds[i];
	return &other;
}

static bool
is_event(const json_t *event, const char *name)
{
	return strcmp(ctl_text(event, "event"), name) == 0;
}

static const char *
word_of(const json_t *event)
{
	enum kd_severity from = ctl_severity(event, "from"), to = ctl_severity(event, "severity");

	if (!is_event(event, "changed") || from == to)
		return ctl_text(event, "event");
	return to > from ? "rose" : "fell";
}

char *
timeline_text(const json_t *event)
{
	const char *by = ctl_text(event, "by"), *why = ctl_text(event, "why");
	const char *open = *why != '\0' ? " (" : "", *close = *why != '\0' ? ")" : "";
	char age[SCREEN_AGE_SIZE];

	if (is_event(event, "resolved"))
		return mem_printf("after %s%s%s%s", screen_age(ctl_seconds_ms(event, "open_s"), age), open, why, close);
	if (find_kind(event)->severe)
		return mem_printf("%s%s%s%s", ctl_text(event, "summary"), open, why, close);
	if (*by == '\0')
		return mem_strdup(why);
	return mem_printf("%s%s%s%s", strstr(by, "uid ") != NULL ? "by " : "", by, *why != '\0' ? ": " : "", why);
}

/* Of a stream, or of all: about no finding. */
static bool
is_of_silence(const json_t *event)
{
	return strcmp(ctl_text(event, "check"), "silence") == 0 &&
	       (is_event(event, "silenced") || is_event(event, "unsilenced"));
}

const char *
timeline_about(const json_t *event)
{
	const char *stream = ctl_text(event, "stream");

	if (*stream != '\0')
		return stream;
	return *ctl_text(event, "check") != '\0' && !is_of_silence(event) ? "kdiagd" : "all streams";
}

char *
timeline_check(const json_t *event)
{
	const char *probe = ctl_text(event, "probe"), *check = ctl_text(event, "check");
	struct shown shown;

	if (*check == '\0' || is_of_silence(event))
		return mem_strdup(*probe != '\0' && strcmp(probe, "*") != 0 ? probe : "all probes");
	shown_read(&shown, event);
	return shown_check(&shown);
}

/* ---- where things stand ---- */

struct layout {
	const struct screen *screen;
	bool with_names, many_accounts, many_regions;
	size_t word, name, check; /* columns */
	size_t label_at, text_at;
	bool stacked; /* no room for text beside the label */
};

/* As it would be typed: "orders", "us-east-1/orders", "prod/us-east-1/orders". The caller's. */
static char *
name_of(const struct layout *layout, const json_t *event)
{
	const char *name = timeline_about(event), *region = ctl_text(event, "region");

	if (*ctl_text(event, "stream") == '\0')
		return mem_strdup(name);
	if (layout->many_accounts)
		return mem_printf("%s/%s/%s", ctl_text(event, "account"), region, name);
	return layout->many_regions ? mem_printf("%s/%s", region, name) : mem_strdup(name);
}

static char *
fit_cell(const struct layout *layout, char *text_taken, size_t columns)
{
	char *safe = screen_safe(layout->screen, text_taken);
	char *cut = text_cut_middle(safe, columns, !layout->screen->utf8);

	free(text_taken);
	free(safe);
	return cut;
}

static void
widen(size_t *width, char *text_taken)
{
	size_t columns = text_columns(text_taken);

	if (columns > *width)
		*width = columns;
	free(text_taken);
}

static bool
has_many_regions(const json_t *events)
{
	const char *first = NULL, *region;

	for (size_t i = 0; i < json_array_size(events); i++) {
		region = ctl_text(json_array_get(events, i), "region");
		if (first == NULL && *region != '\0')
			first = region;
		if (*region != '\0' && strcmp(first, region) != 0)
			return true;
	}
	return false;
}

static void
layout_init(struct layout *layout, const struct screen *screen, const json_t *events, bool with_names)
{
	*layout = (struct layout){.screen = screen, .with_names = with_names, .word = WORD_MIN};
	layout->many_accounts = shown_many_accounts(events);
	layout->many_regions = has_many_regions(events);
	for (size_t i = 0; i < json_array_size(events); i++) {
		const json_t *event = json_array_get(events, i);

		if (find_kind(event)->hidden)
			continue;
		widen(&layout->word, screen_safe(screen, word_of(event)));
		widen(&layout->check, fit_cell(layout, timeline_check(event), CHECK_WIDTH_MAX));
		if (with_names)
			widen(&layout->name, fit_cell(layout, name_of(layout, event), NAME_WIDTH_MAX));
	}
	layout->label_at = WORD_AT + layout->word + COLUMN_GAP + 4 + COLUMN_GAP;
	layout->text_at = layout->label_at + (with_names ? layout->name + COLUMN_GAP : 0) + layout->check + TEXT_GAP;
	layout->stacked = layout->text_at + TEXT_GOOD > screen->width;
}

/* Name and check, in their columns; the caller's. */
static char *
label_of(const struct layout *layout, const json_t *event)
{
	char *check = fit_cell(layout, timeline_check(event), CHECK_WIDTH_MAX), *name, *label;

	if (!layout->with_names)
		return check;
	name = fit_cell(layout, name_of(layout, event), NAME_WIDTH_MAX);
	label = mem_printf("%s%*s%s", name, (int)(layout->name - text_columns(name) + COLUMN_GAP), "", check);
	free(name);
	free(check);
	return label;
}

/* ---- printing ---- */

static void
put_severity(const struct screen *screen, struct pen *pen, size_t column, enum kd_severity severity)
{
	const char *word = screen_word(severity);

	pen_put(pen, column - 1, " ", 1); /* so that the colour begins behind the padding */
	fputs(screen_color(screen, severity), screen->out);
	pen_put(pen, column, word, strlen(word));
	fputs(screen_plain(screen), screen->out);
}

static void
put_text(const struct screen *screen, struct pen *pen, size_t column, const char *text)
{
	size_t width = screen->width > column + TEXT_GOOD ? screen->width - column : TEXT_GOOD;
	char *safe = screen_safe(screen, text);

	pen_wrap(pen, column, safe, width);
	free(safe);
}

/* label: "" when it is that of the line above. */
static void
print_change(const struct layout *layout, const json_t *event, const char *time, const char *label)
{
	struct pen pen = {.out = layout->screen->out};
	char *text = timeline_text(event), *word = screen_safe(layout->screen, word_of(event));
	bool severe = find_kind(event)->severe;
	size_t text_at = layout->stacked || (*label == '\0' && !severe) ? layout->label_at : layout->text_at;

	pen_put(&pen, TIME_AT, time, 5);
	pen_put(&pen, WORD_AT, word, strlen(word));
	if (severe)
		put_severity(layout->screen, &pen, layout->label_at - COLUMN_GAP - 4, ctl_severity(event, "severity"));
	pen_put(&pen, layout->label_at, label, strlen(label));
	if (layout->stacked && *label != '\0' && *text != '\0')
		pen_end_line(&pen);
	put_text(layout->screen, &pen, text_at, text);
	pen_end_line(&pen);
	free(word);
	free(text);
}

void
timeline_print(const struct screen *screen, const json_t *events, bool with_names)
{
	char day[11] = "", time[CLOCK_TEXT_SIZE], *above = mem_strdup(""), *label;
	const char *id = "";
	struct layout layout;

	layout_init(&layout, screen, events, with_names);
	for (size_t i = 0; i < json_array_size(events); i++) {
		const json_t *event = json_array_get(events, i);

		if (find_kind(event)->hidden)
			continue;
		clock_format(ctl_time(event, "ts"), time);
		if (strncmp(day, time, 10) != 0) {
			fprintf(screen->out, "%.10s%s\n", time, *day == '\0' ? " (UTC)" : "");
			snprintf(day, sizeof day, "%.10s", time);
			*above = '\0';
		}
		label = label_of(&layout, event);
		print_change(&layout, event, time + 11,
		    strcmp(label, above) == 0 && strcmp(id, ctl_text(event, "id")) == 0 ? "" : label);
		free(above);
		above = label;
		id = ctl_text(event, "id");
	}
	free(above);
}

/* ---- in one line ---- */

static void
add_event(struct str *line, const struct screen *screen, const json_t *event, int64_t now_ms)
{
	char time[SCREEN_AGE_SIZE], *text = timeline_text(event);

	str_printf(line, "%s%s %s", line->len > 0 ? screen_dot(screen) : "",
	    screen_minute(ctl_time(event, "ts"), now_ms, time), word_of(event));
	if (find_kind(event)->severe)
		str_printf(line, "%s %s", is_event(event, "changed") ? " to" : "",
		    screen_word(ctl_severity(event, "severity")));
	else if (*text != '\0')
		str_printf(line, " %s", text);
	free(text);
}

char *
timeline_line(const struct screen *screen, const json_t *events, int64_t now_ms)
{
	size_t count = json_array_size(events), first = count, shown = 0, earlier = 0;
	struct str line = {0};

	while (first > 0 && shown < LINE_EVENTS)
		shown += !find_kind(json_array_get(events, --first))->hidden;
	for (size_t i = 0; i < first; i++)
		earlier += !find_kind(json_array_get(events, i))->hidden;
	if (shown == 0)
		return NULL;
	if (earlier > 0)
		str_printf(&line, "%zu earlier", earlier);
	for (size_t i = first; i < count; i++)
		if (!find_kind(json_array_get(events, i))->hidden)
			add_event(&line, screen, json_array_get(events, i), now_ms);
	return str_take(&line);
}
