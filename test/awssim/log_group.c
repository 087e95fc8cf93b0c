/* SPDX-License-Identifier: Apache-2.0 */
/* log_group: owns what a minute of a log group holds; knows no call and no clock. */
#include "test/awssim/log_group.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kdiag/probe.h>

#include "common/clock.h"
#include "common/mem.h"
#include "test/awssim/seed.h"

enum { INGESTION_MS = 800, EVENTS_MAX = 200000 }; /* EVENTS_MAX: a minute, of a template */

/* Chance of one event, always the same. */
static uint64_t
draw(const struct sim_log_group *group, int64_t minute, size_t template, size_t k, unsigned purpose)
{
	struct seed seed;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (const char *s = group->name; *s != '\0'; s++)
		hash = (hash ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	seed_init(&seed, minute, hash + template * UINT64_C(1000003) + k * UINT64_C(7919) + purpose);
	return seed_next(&seed);
}

static double
draw_fraction(const struct sim_log_group *group, int64_t minute, size_t template, size_t k, unsigned purpose)
{
	return (double)(draw(group, minute, template, k, purpose) >> 11) / 9007199254740992.0;
}

enum { PURPOSE_ONE_MORE, PURPOSE_PLACE, PURPOSE_LATE, PURPOSE_STREAM, PURPOSE_TEXT };

/* A rate of 2.5 a minute is two events in one minute and three in another. */
static size_t
events_in(const struct sim_log_group *group, int64_t minute, size_t template)
{
	double rate = formula_at(&group->templates[template].per_min, minute * LOG_GROUP_MINUTE_MS, template);
	double whole;

	if (!(rate > 0))
		return 0;
	whole = floor(rate);
	if (draw_fraction(group, minute, template, 0, PURPOSE_ONE_MORE) < rate - whole)
		whole += 1;
	return whole > EVENTS_MAX ? EVENTS_MAX : (size_t)whole;
}

static struct log_group_event
make_event(const struct sim_log_group *group, int64_t minute, size_t template, size_t k, size_t count)
{
	double place = ((double)k + draw_fraction(group, minute, template, k, PURPOSE_PLACE)) / (double)count;
	struct log_group_event event = {
	    .ms = minute * LOG_GROUP_MINUTE_MS + (int64_t)(place * LOG_GROUP_MINUTE_MS), .template = template, .k = k};

	event.ingested_ms = event.ms + INGESTION_MS;
	if (draw_fraction(group, minute, template, k, PURPOSE_LATE) < group->late_share)
		event.ingested_ms += group->late_ms;
	return event;
}

static int
compare(const void *a, const void *b)
{
	const struct log_group_event *x = a, *y = b;

	if (x->ms != y->ms)
		return x->ms < y->ms ? -1 : 1;
	if (x->template != y->template)
		return x->template <y->template ? -1 : 1;
	return x->k < y->k ? -1 : x->k > y->k;
}

struct log_group_event *
log_group_minute(const struct sim_log_group *group, int64_t minute, size_t *count)
{
	struct log_group_event *events = NULL;

	*count = 0;
	for (size_t i = 0; i < group->templates_count; i++) {
		size_t n = events_in(group, minute, i);

		if (n == 0)
			continue;
		events = mem_resize(events, *count + n, sizeof(*events));
		for (size_t k = 0; k < n; k++)
			events[(*count)++] = make_event(group, minute, i, k, n);
	}
	if (*count > 0)
		qsort(events, *count, sizeof(*events), compare);
	return events;
}

/* ---- texts ---- */

static uint64_t
draw_text(const struct sim_log_group *group, const struct log_group_event *event, unsigned at)
{
	return draw(group, event->ms / LOG_GROUP_MINUTE_MS, event->template, event->k, PURPOSE_TEXT + at);
}

static void
write_uuid(uint64_t x, struct str *out)
{
	str_printf(out, "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-a%03" PRIx64 "-%012" PRIx64, x >> 32,
	    x >> 16 & 0xffff, x & 0xfff, x >> 20 & 0xfff, x * 0x9e3779b9u & UINT64_C(0xffffffffffff));
}

static void
write_time(int64_t ms, struct str *out)
{
	char buf[CLOCK_TEXT_SIZE];

	clock_format(ms, buf);
	str_printf(out, "%.19s.%03dZ", buf, (int)(ms % 1000));
}

/* What stands for a name in braces; false: nothing does. */
static bool
write_value(const char *name, size_t len, uint64_t x, int64_t ms, struct str *out)
{
#define IS(text) (len == sizeof(text) - 1 && memcmp(name, text, len) == 0)
	if (IS("n"))
		str_printf(out, "%" PRIu64, x % 10000);
	else if (IS("ms"))
		str_printf(out, "%" PRIu64 ".%02" PRIu64, x % 3000, x >> 32 & 63);
	else if (IS("hex"))
		str_printf(out, "%08" PRIx64, x & 0xffffffff);
	else if (IS("uuid"))
		write_uuid(x, out);
	else if (IS("ip"))
		str_printf(out, "10.%" PRIu64 ".%" PRIu64 ".%" PRIu64, x & 255, x >> 8 & 255, x >> 16 & 255);
	else if (IS("shard"))
		str_printf(out, "shardId-%012" PRIu64, x % 8);
	else if (IS("seq"))
		str_printf(out, "496%020" PRIu64 "%020" PRIu64 "%013" PRIu64, x, x * 3, x % 10000000000000u);
	else if (IS("time"))
		write_time(ms, out);
	else
		return false;
#undef IS
	return true;
}

void
log_group_write(const struct sim_log_group *group, const struct log_group_event *event, struct str *out)
{
	const char *text = group->templates[event->template].text;
	unsigned at = 0;

	while (*text != '\0') {
		size_t plain = strcspn(text, "{"), len;

		str_add_len(out, text, plain);
		text += plain;
		if (*text == '\0')
			break;
		len = strcspn(text + 1, "}");
		if (text[1 + len] == '}' && write_value(text + 1, len, draw_text(group, event, at++), event->ms, out))
			text += len + 2;
		else
			str_add_char(out, *text++);
	}
}

void
log_group_write_stream(const struct sim_log_group *group, const struct log_group_event *event, struct str *out)
{
	uint64_t stream = draw(group, event->ms / LOG_GROUP_MINUTE_MS, event->template, event->k, PURPOSE_STREAM);

	str_printf(out, "2026/11/22/[$LATEST]%032" PRIx64, stream % (uint64_t)group->streams + 1);
}

const char *
log_group_id(const struct sim_log_group *group, const struct log_group_event *event, char buf[LOG_GROUP_ID_SIZE])
{
	(void)group;
	snprintf(buf, LOG_GROUP_ID_SIZE, "3%020" PRId64 "%015zu%020zu", event->ms, event->template, event->k);
	return buf;
}

void
log_group_clear(struct sim_log_group *group)
{
	for (size_t i = 0; i < group->templates_count; i++) {
		free(group->templates[i].text);
		formula_clear(&group->templates[i].per_min);
	}
	free(group->templates);
	free(group->account);
	free(group->region);
	free(group->name);
	*group = (struct sim_log_group){0};
}
