/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_history: what changed in a period, as a timeline, and how much of that time something was open. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/text.h"
#include "daemon/ctl/shown.h"
#include "daemon/ctl/timeline.h"

enum { DAY_S = 86400 };

/* ---- which time ---- */

struct period {
	int64_t from_ms, until_ms, span_s; /* span_s: as it was asked for, up to now; 0: by a date */
};

/* "2026-11-21", "2026-11-21 22:10", "2026-11-21T22:10:00Z": what is left out is zero, and it is UTC. */
static int
parse_instant(const char *text, int64_t *ms)
{
	static const char rest[] = "0000-00-00T00:00:00Z";
	size_t len = strlen(text);
	char *whole;
	int done;

	if (len > 0 && text[len - 1] == 'Z')
		len--;
	if (len != 10 && len != 13 && len != 16 && len != 19)
		return clock_parse(text, ms);
	whole = mem_printf("%.*s%s", (int)len, text, rest + len);
	if (whole[10] == ' ')
		whole[10] = 'T';
	done = clock_parse(whole, ms);
	free(whole);
	return done;
}

/* A duration before now, or an instant. 0, or -1 when it has been said what is wrong. */
static int
parse_end(const struct ctl *ctl, const char *option, const char *text, int64_t now_ms, int64_t *ms, int64_t *span_s)
{
	*span_s = 0;
	if (text_parse_duration(text, span_s) == 0) {
		*ms = *span_s < now_ms / 1000 ? now_ms - *span_s * 1000 : 1;
		return 0;
	}
	if (parse_instant(text, ms) == 0)
		return 0;
	ctl_fail(ctl, CTL_USAGE, "--%s: \"%s\" is no time (write 30m, 24h, 7d, or 2026-11-21T22:10:00Z)", option, text);
	return -1;
}

static int
period_init(struct period *period, const struct ctl *ctl, int64_t now_ms)
{
	int64_t ignored;

	*period = (struct period){.from_ms = now_ms - DAY_S * 1000, .until_ms = now_ms, .span_s = DAY_S};
	if (ctl->until != NULL && parse_end(ctl, "until", ctl->until, now_ms, &period->until_ms, &ignored) != 0)
		return -1;
	if (ctl->since == NULL && ctl->until != NULL)
		period->from_ms = period->until_ms - DAY_S * 1000;
	if (ctl->since != NULL && parse_end(ctl, "since", ctl->since, now_ms, &period->from_ms, &period->span_s) != 0)
		return -1;
	if (ctl->until != NULL)
		period->span_s = 0;
	if (period->from_ms < period->until_ms)
		return 0;
	ctl_fail(ctl, CTL_USAGE, "nothing lies between: --since must be before --until, and that not after now");
	return -1;
}

/* "the last 24 h", "the time since 2026-11-21 22:10Z"; the caller's. */
static char *
period_text(const struct period *period, bool until_now, int64_t now_ms)
{
	char from[SCREEN_AGE_SIZE], until[SCREEN_AGE_SIZE];

	if (period->span_s != 0)
		return mem_printf("the last %s", screen_span(period->span_s, from));
	screen_minute(period->from_ms, now_ms, from);
	if (until_now)
		return mem_printf("the time since %s", from);
	return mem_printf("the time from %s to %s", from, screen_minute(period->until_ms, now_ms, until));
}

/* ---- how long something was open ---- */

struct segment {
	int64_t from_ms, until_ms;
};

/* The times in which some finding was open at more than info; they overlap. */
struct open_times {
	const struct period *period;
	struct segment *segments;
	size_t count;
	json_t *ids; /* of the findings that were open at all */
};

static void
add_segment(struct open_times *times, int64_t from_ms, int64_t until_ms, enum kd_severity severity)
{
	if (from_ms < times->period->from_ms)
		from_ms = times->period->from_ms;
	if (until_ms > times->period->until_ms)
		until_ms = times->period->until_ms;
	if (severity <= KD_INFO || from_ms >= until_ms)
		return;
	if (times->count % 64 == 0)
		times->segments = mem_resize(times->segments, times->count + 64, sizeof *times->segments);
	times->segments[times->count++] = (struct segment){from_ms, until_ms};
}

/* A finding between two of its changes. */
struct stretch {
	int64_t since_ms; /* 0: not open */
	enum kd_severity severity;
};

static bool
is_life(const char *event)
{
	static const char *const names[] = {"opened", "changed", "resolved", "flapping", "reminder"};

	for (size_t i = 0; i < KD_COUNT(names); i++)
		if (strcmp(names[i], event) == 0)
			return true;
	return false;
}

/* What a change says of the time before it (what began before the period is known by how long it was open), and of the time after it. */
static void
take_event(struct open_times *times, struct stretch *stretch, bool first, const json_t *event)
{
	const char *name = ctl_text(event, "event");
	int64_t ms = ctl_time(event, "ts"), open_ms = ctl_seconds_ms(event, "open_s");
	enum kd_severity severity = ctl_severity(event, "severity");

	if (first && strcmp(name, "opened") != 0)
		*stretch = (struct stretch){
		    .since_ms = open_ms < ms ? ms - open_ms : 1,
		    .severity = strcmp(name, "changed") == 0 ? ctl_severity(event, "from") : severity,
		};
	if (stretch->since_ms != 0)
		add_segment(times, stretch->since_ms, ms, stretch->severity);
	*stretch = (struct stretch){.since_ms = strcmp(name, "resolved") == 0 ? 0 : ms, .severity = severity};
}

/* A change in the order in which they are taken: each finding's own, one after the other. */
struct step {
	const json_t *event;
	const char *id;
	int64_t seq;
};

static int
compare_steps(const void *a, const void *b)
{
	const struct step *first = a, *second = b;
	int by_id = strcmp(first->id, second->id);

	return by_id != 0 ? by_id : first->seq < second->seq ? -1 : first->seq > second->seq;
}

/* The caller's. */
static struct step *
sort_events(const json_t *events, size_t *count)
{
	struct step *steps = mem_new(json_array_size(events) + 1, sizeof *steps);

	*count = 0;
	for (size_t i = 0; i < json_array_size(events); i++) {
		const json_t *event = json_array_get(events, i);
		const char *id = ctl_text(event, "id");

		if (is_life(ctl_text(event, "event")) && *id != '\0')
			steps[(*count)++] = (struct step){event, id, ctl_integer(event, "seq")};
	}
	qsort(steps, *count, sizeof *steps, compare_steps);
	return steps;
}

static void
take_events(struct open_times *times, const json_t *events)
{
	struct stretch stretch = {0};
	struct step *steps;
	size_t count;

	steps = sort_events(events, &count);
	for (size_t i = 0; i < count; i++) {
		const char *id = steps[i].id;
		bool last = i + 1 == count || strcmp(id, steps[i + 1].id) != 0;

		take_event(times, &stretch, json_object_get(times->ids, id) == NULL, steps[i].event);
		json_object_set_new(times->ids, id, json_true());
		if (last && stretch.since_ms != 0)
			add_segment(times, stretch.since_ms, times->period->until_ms, stretch.severity);
		if (last)
			stretch = (struct stretch){0};
	}
	free(steps);
}

/* What was open all the time has left no change in it. */
static void
take_standing(struct open_times *times, const json_t *findings)
{
	struct shown shown;

	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *finding = json_array_get(findings, i);
		bool open, ended_later;

		shown_read(&shown, finding);
		open = shown_has_state(&shown, "open");
		ended_later = shown_has_state(&shown, "resolved") && shown.changed_ms >= times->period->until_ms;
		if ((!open && !ended_later) || shown.first_seen_ms >= times->period->from_ms ||
		    json_object_get(times->ids, shown.id) != NULL)
			continue;
		json_object_set_new(times->ids, shown.id, json_true());
		add_segment(times, times->period->from_ms, times->period->until_ms, ctl_severity(finding, "severity"));
	}
}

static int
compare_segments(const void *a, const void *b)
{
	const struct segment *first = a, *second = b;

	return first->from_ms < second->from_ms ? -1 : first->from_ms > second->from_ms;
}

static int64_t
sum_segments(struct open_times *times)
{
	int64_t sum_ms = 0, end_ms = 0;

	if (times->count > 0)
		qsort(times->segments, times->count, sizeof *times->segments, compare_segments);
	for (size_t i = 0; i < times->count; i++) {
		const struct segment *segment = &times->segments[i];
		int64_t from_ms = segment->from_ms > end_ms ? segment->from_ms : end_ms;

		if (segment->until_ms > from_ms) {
			sum_ms += segment->until_ms - from_ms;
			end_ms = segment->until_ms;
		}
	}
	return sum_ms;
}

/* ---- the command ---- */

/* Of what stands, NULL when that cannot be told: it has been said why. */
static json_t *
ask_findings(const struct ctl *ctl)
{
	json_t *request = ctl_request("findings");
	int status;

	ctl_request_add(request, "stream", ctl_arg(ctl, 0));
	if (ctl->until != NULL)
		json_object_set_new(request, "all", json_true());
	return ctl_call(ctl, request, CLIENT_TIMEOUT_MS, &status);
}

static void
print_open_time(const struct ctl *ctl, const struct period *period, const json_t *events, int64_t now_ms)
{
	struct open_times times = {.period = period, .ids = json_object()};
	json_t *findings = ask_findings(ctl);
	char *text = period_text(period, ctl->until == NULL, now_ms), age[SCREEN_AGE_SIZE];
	const struct screen *screen = &ctl->screen;
	size_t count;
	int64_t open_ms;

	take_events(&times, events);
	take_standing(&times, findings);
	count = json_object_size(times.ids);
	open_ms = sum_segments(&times);
	if (count == 0)
		screen_printf(screen, "nothing was open in %s\n", text);
	else
		screen_printf(screen, "open %s of %s%s%zu finding%s\n", screen_age(open_ms, age), text,
		    screen_dot(screen), count, count == 1 ? "" : "s");
	free(text);
	free(times.segments);
	json_decref(findings);
	json_decref(times.ids);
}

static int
exec_history(struct ctl *ctl)
{
	json_t *request, *events;
	int64_t now_ms = clock_now_ms();
	struct period period;
	int status;

	if (period_init(&period, ctl, now_ms) != 0)
		return CTL_USAGE;
	request = ctl_request("history");
	ctl_request_add(request, "stream", ctl_arg(ctl, 0));
	json_set_time(request, "since", period.from_ms);
	if (ctl->until != NULL)
		json_set_time(request, "until", period.until_ms);
	if ((events = ctl_call(ctl, request, CLIENT_TIMEOUT_MS, &status)) == NULL)
		return status;
	if (ctl->json) {
		ctl_print_json(ctl, events);
	} else {
		timeline_print(&ctl->screen, events, ctl_arg(ctl, 0) == NULL);
		print_open_time(ctl, &period, events, now_ms);
	}
	json_decref(events);
	return CTL_OK;
}

const struct ctl_command cmd_history = {
    .name = "history",
    .args = "[STREAM] [--since 24h|TIME] [--until 1h|TIME]",
    .help = "what changed, by whom and why, and how long it was open",
    .args_max = 1,
    .takes = "FU",
    .exec = exec_history,
};
