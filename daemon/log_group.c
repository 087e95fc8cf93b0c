/* SPDX-License-Identifier: Apache-2.0 */
/* log_group: owns what a log group's events become: templates with their rates, and faults. Its saved form is log_group_state.c's. */
#include "daemon/log_group.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log_words.h"
#include "common/mem.h"
#include "common/text.h"
#include "daemon/log_group_private.h"

enum {
	MINUTE_MS = 60 * 1000,
	HOUR_MS = 60 * MINUTE_MS,
	SEEN_MIN = 256, /* event ids that are remembered: it grows with the log, to 128 KiB */
	SEEN_MAX = 8192,
	ID_SIZE = 13,
	HOUR_NUMBERS = 3,
};

/* ---- coming and going ---- */

struct log_group *
log_group_new(int64_t since_ms)
{
	struct log_group *group = mem_new(1, sizeof(*group));

	group->miner = log_template_new(LOG_TEMPLATE_BYTES);
	group->since_ms = group->until_ms = group->gapless_ms = since_ms;
	log_tally_begin(&group->all, since_ms);
	log_tally_begin(&group->errors, since_ms);
	group->seen = log_seen_new(SEEN_MIN);
	return group;
}

void
log_group_free(struct log_group *group)
{
	if (group == NULL)
		return;
	log_template_free(group->miner);
	log_seen_free(group->seen);
	for (size_t i = 0; i < LOG_FAULTS; i++)
		free(group->faults[i]);
	free(group->rows);
	free(group);
}

size_t
log_group_bytes(const struct log_group *group)
{
	size_t bytes = sizeof(*group) + log_template_bytes(group->miner) + log_seen_bytes(group->seen) +
		       group->room * sizeof(*group->rows);

	for (size_t i = 0; i < LOG_FAULTS; i++)
		bytes += group->faults[i] != NULL ? sizeof(*group->faults[i]) : 0;
	return bytes;
}

/* ---- where it stands ---- */

int64_t
log_group_until_ms(const struct log_group *group)
{
	return group->until_ms;
}

int64_t
log_group_since_ms(const struct log_group *group)
{
	return group->since_ms;
}

/* As many events as are remembered, but for a quarter: late ones, which came out of turn. */
int64_t
log_group_overlap_from_ms(const struct log_group *group)
{
	double most = (double)log_seen_room(group->seen) * 3 / 4, events = 0;
	int64_t until = group->until_ms, from = until, before;

	while (until - from < LOG_GROUP_OVERLAP_MS) {
		before = from - (from % MINUTE_MS > 0 ? from % MINUTE_MS : MINUTE_MS);
		events += log_tally_recent(&group->all, before, 1);
		if (events > most)
			break;
		from = before;
	}
	return from > group->gapless_ms ? from : group->gapless_ms;
}

static void
begin_again(struct log_group *group, int64_t ms)
{
	log_tally_begin(&group->all, ms);
	log_tally_begin(&group->errors, ms);
	for (size_t i = 0; i < group->count; i++)
		log_tally_begin(&group->rows[i].tally, ms);
}

void
log_group_skip(struct log_group *group, int64_t ms)
{
	if (ms <= group->until_ms)
		return;
	group->until_ms = group->gapless_ms = ms;
	begin_again(group, ms);
}

/* ---- events that were seen ---- */

static uint64_t
hash_bytes(uint64_t hash, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)s[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* Of the id; an emulator that gives none has time and text. */
static uint64_t
hash_event(const struct logs_event *event)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	if (event->id != NULL)
		return hash_bytes(hash, event->id, strlen(event->id)) | 1;
	hash = hash_bytes(hash, (const char *)&event->ms, sizeof(event->ms));
	return hash_bytes(hash, event->message, event->message_len) | 1;
}

/* As many as five minutes hold, and half as many again, within bounds: before the first of them is forgotten. */
static void
grow_seen(struct log_group *group, int64_t now_ms)
{
	double events = log_tally_recent(&group->all, now_ms, LOG_GROUP_OVERLAP_MS / MINUTE_MS + 1);
	size_t room = log_seen_room(group->seen);

	if (room < SEEN_MAX && events * 3 / 2 > (double)room)
		group->seen = log_seen_grow(group->seen, room * 2);
}

/* ---- rows ---- */

static size_t
find_row(const struct log_group *group, uint64_t id)
{
	size_t i = group->cache[id % LOG_GROUP_CACHE];

	if (i > 0 && i <= group->count && group->rows[i - 1].id == id)
		return i - 1;
	for (i = 0; i < group->count && group->rows[i].id != id; i++)
		;
	return i;
}

static void
drop_row(struct log_group *group, size_t i)
{
	group->rows[i] = group->rows[--group->count];
}

static size_t
stalest_row(const struct log_group *group)
{
	size_t stalest = 0;

	for (size_t i = 1; i < group->count; i++)
		if (group->rows[i].tally.last_ms < group->rows[stalest].tally.last_ms)
			stalest = i;
	return stalest;
}

static struct log_group_row *
add_row(struct log_group *group, uint64_t id, int64_t first_ms)
{
	struct log_group_row *row;

	if (group->count == LOG_GROUP_TEMPLATES) {
		drop_row(group, stalest_row(group));
		group->left_out++;
	}
	if (group->count == group->room) {
		group->room = group->room == 0 ? 16 : group->room * 2;
		group->rows = mem_resize(group->rows, group->room, sizeof(*group->rows));
	}
	row = &group->rows[group->count++];
	*row = (struct log_group_row){.id = id, .first_ms = first_ms};
	log_tally_begin(&row->tally, group->gapless_ms);
	return row;
}

static struct log_group_row *
get_row(struct log_group *group, const struct log_template_match *match, int64_t ms)
{
	size_t i = find_row(group, match->id);

	if (i == group->count)
		i = (size_t)(add_row(group, match->id, match->is_new ? ms : 0) - group->rows);
	group->cache[match->id % LOG_GROUP_CACHE] = (uint16_t)(i + 1);
	return &group->rows[i];
}

/* ---- events ---- */

static void
note_fault(struct log_group *group, enum log_fault fault, uint64_t template, int64_t ms, float weight)
{
	struct log_group_fault **slot = &group->faults[fault];

	if (*slot == NULL)
		*slot = mem_new(1, sizeof(**slot));
	(*slot)->template = template;
	log_tally_add(&(*slot)->tally, ms, weight);
}

/* What a program says to its developers only is no fault of its. */
static enum log_fault
find_fault(const struct logs_event *event, enum log_line_level level)
{
	if (level == LOG_LINE_TRACE || level == LOG_LINE_DEBUG)
		return LOG_FAULT_NONE;
	return log_fault_find(event->message, event->message_len);
}

bool
log_group_take(struct log_group *group, const struct logs_event *event, float weight)
{
	struct log_template_match match;
	enum log_fault fault;

	grow_seen(group, event->ms);
	if (!log_seen_add(group->seen, hash_event(event)))
		return false;
	log_template_learn_line(group->miner, event->message, event->message_len, &match);
	fault = find_fault(event, match.level);
	if (fault != LOG_FAULT_NONE)
		note_fault(group, fault, match.id, event->ms, weight);
	if (match.is_continuation)
		return true;
	group->changed |= match.is_new;
	log_tally_add(&group->all, event->ms, weight);
	if (match.level >= LOG_LINE_ERROR || (match.level == LOG_LINE_PLAIN && fault != LOG_FAULT_NONE))
		log_tally_add(&group->errors, event->ms, weight);
	log_tally_add(&get_row(group, &match, event->ms)->tally, event->ms, weight);
	return true;
}

/* ---- after a read ---- */

/* A template that was taken in by another gives it its counts. */
static void
follow_merges(struct log_group *group)
{
	for (size_t i = group->count; i-- > 0;) {
		uint64_t id = log_template_resolve(group->miner, group->rows[i].id);
		size_t into;

		if (id == group->rows[i].id)
			continue;
		group->changed = true;
		into = find_row(group, id);
		if (into == group->count) {
			group->rows[i].id = id;
			continue;
		}
		log_tally_merge(&group->rows[into].tally, &group->rows[i].tally);
		group->rows[into].merged_ms = group->until_ms;
		if (group->rows[i].first_ms < group->rows[into].first_ms)
			group->rows[into].first_ms = group->rows[i].first_ms;
		drop_row(group, i);
	}
}

void
log_group_settle(struct log_group *group, int64_t until_ms)
{
	if (until_ms > group->until_ms)
		group->until_ms = until_ms;
	follow_merges(group);
}

bool
log_group_is_changed(const struct log_group *group)
{
	return group->changed;
}

/* ---- for a fact ---- */

enum { VIEW_TEMPLATES, VIEW_HOURS, VIEW_IDS, VIEW_TEXTS, VIEW_FAULTS };

struct viewing {
	struct log_group *group;
	struct log_group_view *view;
	struct kd_log_template *templates;
	double *hours;
	char (*ids)[ID_SIZE];
	char (*texts)[LOG_GROUP_TEXT_SIZE];
	size_t count, room;
	int64_t first_hour;
};

static void
fill_hours(const struct viewing *viewing, struct log_tally *tally, double *out)
{
	const struct log_group *group = viewing->group;
	struct log_tally_hour hour;

	log_tally_look(tally, group->until_ms);
	for (int64_t i = 0; i < LOG_TALLY_HOURS; i++, out += HOUR_NUMBERS) {
		int64_t number = viewing->first_hour + i;
		bool known = (number + 1) * HOUR_MS > group->since_ms && log_tally_hour(tally, number, &hour);

		out[0] = known ? hour.count : (double)NAN;
		out[1] = known ? hour.peak : (double)NAN;
		out[2] = known ? hour.gap_s : (double)NAN;
	}
}

static struct kd_log_template *
add_view(struct viewing *viewing, struct log_tally *tally, const char *id, const char *text)
{
	size_t i = viewing->count++;
	struct kd_log_template *template = &viewing->templates[i];
	double *hours = viewing->hours + i * HOUR_NUMBERS * LOG_TALLY_HOURS;

	snprintf(viewing->ids[i], ID_SIZE, "%s", id);
	memcpy(viewing->texts[i], text, text_cut(text, strlen(text), LOG_GROUP_TEXT_SIZE - 1));
	fill_hours(viewing, tally, hours);
	*template = (struct kd_log_template){
	    .id = viewing->ids[i],
	    .text = viewing->texts[i],
	    .level = "",
	    .first_ms = tally->first_ms,
	    .last_ms = tally->last_ms,
	    .count = tally->count,
	    .recent = log_tally_recent(tally, viewing->group->until_ms, LOG_GROUP_RECENT_MINUTES),
	    .hours = hours,
	    .hours_count = HOUR_NUMBERS * LOG_TALLY_HOURS,
	};
	return template;
}

/* A template whose rates were let go is not shown: nothing can be said of it. */
static void
view_template_cb(const struct log_template *mined, void *arg)
{
	struct viewing *viewing = arg;
	size_t i = find_row(viewing->group, mined->id);
	struct kd_log_template *template;
	char id[ID_SIZE];

	if (i == viewing->group->count || viewing->count == viewing->room)
		return;
	snprintf(id, sizeof(id), "%012" PRIx64, mined->id);
	template = add_view(viewing, &viewing->group->rows[i].tally, id, mined->text);
	template->first_ms = viewing->group->rows[i].first_ms;
	template->merged_ms = viewing->group->rows[i].merged_ms;
	template->level = log_line_level_name(mined->level);
	template->failing =
	    mined->level >= LOG_LINE_ERROR || (mined->level != LOG_LINE_INFO && log_words_tell_failure(mined->text));
}

static const char *
text_of(const struct viewing *viewing, uint64_t id)
{
	char name[ID_SIZE];

	snprintf(name, sizeof(name), "%012" PRIx64, log_template_resolve(viewing->group->miner, id));
	for (size_t i = 0; i < viewing->count; i++)
		if (strcmp(viewing->ids[i], name) == 0)
			return viewing->texts[i];
	return "";
}

static size_t
view_faults(const struct viewing *viewing, struct kd_log_fault *faults)
{
	const struct log_group *group = viewing->group;
	size_t count = 0;

	for (int i = 0; i < LOG_FAULTS; i++) {
		const struct log_group_fault *fault = group->faults[i];
		double recent =
		    fault == NULL ? 0 : log_tally_recent(&fault->tally, group->until_ms, LOG_GROUP_FAULT_MINUTES);

		if (fault == NULL || recent <= 0)
			continue;
		faults[count++] = (struct kd_log_fault){
		    .name = log_fault_name((enum log_fault)i),
		    .text = text_of(viewing, fault->template),
		    .first_ms = fault->tally.first_ms,
		    .last_ms = fault->tally.last_ms,
		    .count = recent,
		};
	}
	return count;
}

static void *
take_room(struct log_group_view *view, int which, size_t count, size_t size)
{
	view->memory[which] = mem_new(count, size);
	return view->memory[which];
}

void
log_group_look(struct log_group *group, struct log_group_view *view)
{
	size_t room = group->count + 2;
	struct viewing viewing = {.group = group, .view = view, .room = room};
	struct kd_log_fault *faults = take_room(view, VIEW_FAULTS, LOG_FAULTS, sizeof(*faults));

	viewing.templates = take_room(view, VIEW_TEMPLATES, room, sizeof(*viewing.templates));
	viewing.hours = take_room(view, VIEW_HOURS, room * HOUR_NUMBERS * LOG_TALLY_HOURS, sizeof(double));
	viewing.ids = take_room(view, VIEW_IDS, room, sizeof(*viewing.ids));
	viewing.texts = take_room(view, VIEW_TEXTS, room, sizeof(*viewing.texts));
	viewing.first_hour = group->until_ms / HOUR_MS - LOG_TALLY_HOURS + 1;
	add_view(&viewing, &group->all, "all", "");
	add_view(&viewing, &group->errors, "errors", "");
	log_template_each(group->miner, view_template_cb, &viewing);
	view->group = (struct kd_log_group){
	    .why = "",
	    .since_ms = group->since_ms,
	    .until_ms = group->until_ms,
	    .recent_from_ms = log_tally_minutes_from(group->until_ms, LOG_GROUP_RECENT_MINUTES),
	    .faults_from_ms = log_tally_minutes_from(group->until_ms, LOG_GROUP_FAULT_MINUTES),
	    .hours_from_ms = viewing.first_hour * HOUR_MS,
	    .share = 1,
	    .left_out = (int64_t)group->left_out,
	    .templates = viewing.templates,
	    .templates_count = viewing.count,
	    .faults = faults,
	    .faults_count = view_faults(&viewing, faults),
	};
}

void
log_group_view_clear(struct log_group_view *view)
{
	for (size_t i = 0; i < KD_COUNT(view->memory); i++)
		free(view->memory[i]);
	*view = (struct log_group_view){0};
}
