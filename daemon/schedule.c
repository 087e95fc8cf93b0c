/* SPDX-License-Identifier: Apache-2.0 */
/* schedule: the set of watched streams, in order; what a new config makes of it; and looks by hand. */
#include "daemon/schedule.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "daemon/watch.h"

struct schedule_run {
	schedule_report_cb report;
	schedule_done_cb done;
	void *arg;
	size_t pending;
	bool cancelled;
	struct event *timer;
	LIST_ENTRY(schedule_run) link;
};

struct schedule *
schedule_new(const struct schedule_parts *parts, bool passive)
{
	struct schedule *schedule = mem_new(1, sizeof(*schedule));

	schedule->parts = *parts;
	schedule->passive = passive;
	LIST_INIT(&schedule->lossy);
	LIST_INIT(&schedule->runs);
	return schedule;
}

static void
run_free(struct schedule_run *run)
{
	LIST_REMOVE(run, link);
	event_free(run->timer);
	free(run);
}

void
schedule_free(struct schedule *schedule)
{
	struct schedule_run *run, *next;
	size_t i;

	if (schedule == NULL)
		return;
	LIST_FOREACH(run, &schedule->runs, link)
	{
		if (!run->cancelled)
			run->done(run->arg);
		run->cancelled = true;
	}
	for (i = 0; i < schedule->count; i++)
		watch_free(schedule->watches[i]);
	free(schedule->watches);
	for (run = LIST_FIRST(&schedule->runs); run != NULL; run = next) {
		next = LIST_NEXT(run, link);
		run_free(run);
	}
	config_unref(schedule->config);
	free(schedule);
}

/* ---- the set ---- */

/* The index of the stream, or where it belongs; *found says which. */
static size_t
find(const struct schedule *schedule, const struct stream_id *id, bool *found)
{
	size_t low = 0, high = schedule->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (stream_id_compare(schedule->watches[middle]->config->id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < schedule->count && stream_id_compare(schedule->watches[low]->config->id, id) == 0;
	return low;
}

static void
insert(struct schedule *schedule, size_t at, struct watch *watch)
{
	if (schedule->count == schedule->capacity) {
		schedule->capacity = schedule->capacity == 0 ? 16 : schedule->capacity * 2;
		schedule->watches = mem_resize(schedule->watches, schedule->capacity, sizeof(*schedule->watches));
	}
	memmove(
	    schedule->watches + at + 1, schedule->watches + at, (schedule->count - at) * sizeof(*schedule->watches));
	schedule->watches[at] = watch;
	schedule->count++;
}

static void
add(struct schedule *schedule, size_t at, const struct config_stream *config, struct config_stream *discovered_taken)
{
	char *cause = NULL;
	struct watch *watch = watch_new(schedule, config, discovered_taken, &cause);

	if (watch != NULL)
		insert(schedule, at, watch);
	else
		log_warnx("%s", cause);
	free(cause);
}

static void
end(struct schedule *schedule, size_t at, const char *why)
{
	struct watch *watch = schedule->watches[at];

	watch_forget(watch, why);
	watch_free(watch);
	schedule->count--;
	memmove(
	    schedule->watches + at, schedule->watches + at + 1, (schedule->count - at) * sizeof(*schedule->watches));
}

static bool
is_covered(const struct config *config, const struct stream_id *id)
{
	size_t i, r;

	for (i = 0; i < config->discover_count; i++) {
		const struct config_discover *rule = &config->discover[i];

		if (strcmp(rule->account, id->account) != 0 || !text_glob(rule->match, id->name))
			continue;
		for (r = 0; r < rule->regions_count; r++)
			if (strcmp(rule->regions[r], id->region) == 0)
				return true;
	}
	return false;
}

bool
schedule_covers(const struct schedule *schedule, const struct stream_id *id)
{
	return is_covered(schedule->config, id);
}

/* One that goes on: under its name in the new config, or by a discover rule. */
static int
go_on(struct schedule *schedule, struct watch *watch, const struct plugins *old, bool new_place,
    const struct config_stream *named, char **cause)
{
	const struct stream_id *id = watch->config->id;
	struct config_stream *again;

	if (named != NULL)
		return watch_configure(watch, old, new_place, named, NULL, cause);
	if (watch->discovered == NULL || !is_covered(schedule->config, id))
		return cause_set(cause, "the stream is no longer in the config");
	again = config_stream_discovered(schedule->config, id->account, id->region, id->name);
	return watch_configure(watch, old, new_place, again, again, cause);
}

/* What was watched by the old config goes on under the new one, or ends. `named` is by the old indices: the new config's stream, or NULL. */
static void
carry_over(struct schedule *schedule, const struct plugins *old, bool new_place, const struct config_stream **named)
{
	size_t i;

	for (i = schedule->count; i-- > 0;) {
		char *cause = NULL;

		if (go_on(schedule, schedule->watches[i], old, new_place, named[i], &cause) == -1)
			end(schedule, i, cause);
		free(cause);
	}
}

void
schedule_configure(struct schedule *schedule, struct config *config, const struct schedule_parts *parts)
{
	struct config *old = schedule->config;
	const struct config_stream **named = mem_new(schedule->count + 1, sizeof(*named));
	bool new_place = parts->collect != schedule->parts.collect, found;
	size_t i, at;

	schedule->parts = *parts;
	schedule->config = config_ref(config);
	schedule->starting = config->streams_count > schedule->count ? config->streams_count : schedule->count;
	for (i = 0; i < config->streams_count; i++) {
		at = find(schedule, config->streams[i].id, &found);
		if (found)
			named[at] = &config->streams[i];
	}
	if (old != NULL)
		carry_over(schedule, old->plugins, new_place, named);
	for (i = 0; i < config->streams_count; i++) {
		at = find(schedule, config->streams[i].id, &found);
		if (!found)
			add(schedule, at, &config->streams[i], NULL);
	}
	free(named);
	config_unref(old);
}

bool
schedule_discovered(struct schedule *schedule, const char *account, const char *region, const char *name)
{
	struct config_stream *stream = config_stream_discovered(schedule->config, account, region, name);
	bool found;
	size_t at = find(schedule, stream->id, &found);

	if (found || schedule->count >= SCHEDULE_STREAMS_MAX) {
		config_stream_free(stream);
		return found;
	}
	schedule->starting = schedule->count + 1;
	add(schedule, at, stream, stream);
	return true;
}

void
schedule_undiscover(struct schedule *schedule, struct watch *watch, const char *why)
{
	bool found;
	size_t at = find(schedule, watch->config->id, &found);

	assert(found && watch->discovered != NULL);
	end(schedule, at, why);
}

/* ---- looks by hand ---- */

static void
run_done_cb(evutil_socket_t fd, short what, void *arg)
{
	struct schedule_run *run = arg;

	(void)fd;
	(void)what;
	if (!run->cancelled)
		run->done(run->arg);
	run_free(run);
}

static void
run_finish(struct schedule_run *run)
{
	static const struct timeval now = {0, 0};

	event_add(run->timer, &now);
}

void
schedule_ticket_done(struct schedule_run *run, const struct watch *watch, const struct kd_report *report)
{
	if (report != NULL && !run->cancelled)
		run->report(watch, report, run->arg);
	if (--run->pending == 0)
		run_finish(run);
}

static void
run_watch(struct schedule_run *run, struct watch *watch, int probe, bool detailed)
{
	size_t i;

	for (i = 0; i < watch->tasks_count; i++) {
		if (watch->tasks[i] == NULL || (probe >= 0 && (size_t)probe != i))
			continue;
		run->pending++;
		watch_look(watch, i, run, detailed);
	}
}

void
schedule_run(struct schedule *schedule, struct watch *watch, int probe, schedule_report_cb report,
    schedule_done_cb done, void *arg)
{
	struct schedule_run *run = mem_new(1, sizeof(*run));
	size_t i;

	run->report = report;
	run->done = done;
	run->arg = arg;
	LIST_INSERT_HEAD(&schedule->runs, run, link);
	run->timer = event_new(schedule->parts.base, -1, 0, run_done_cb, run);
	for (i = 0; i < schedule->count; i++)
		if (watch == NULL || watch == schedule->watches[i])
			run_watch(run, schedule->watches[i], probe, watch != NULL);
	if (run->pending == 0)
		run_finish(run);
}

/* ---- reading ---- */

size_t
schedule_count(const struct schedule *schedule)
{
	return schedule->count;
}

struct watch *
schedule_at(const struct schedule *schedule, size_t i)
{
	return schedule->watches[i];
}

static bool
is_called(const struct stream_id *id, const char *name)
{
	size_t account = strlen(id->account), region = strlen(id->region);

	if (strncmp(name, id->account, account) == 0 && name[account] == '/' &&
	    strncmp(name + account + 1, id->region, region) == 0 && name[account + 1 + region] == '/')
		return strcmp(name + account + region + 2, id->name) == 0;
	if (strncmp(name, id->region, region) == 0 && name[region] == '/')
		return strcmp(name + region + 1, id->name) == 0;
	return strcmp(name, id->name) == 0;
}

size_t
schedule_find(const struct schedule *schedule, const char *name, struct watch **found)
{
	size_t i, count = 0;

	for (i = 0; i < schedule->count; i++) {
		if (!is_called(schedule->watches[i]->config->id, name))
			continue;
		*found = schedule->watches[i];
		count++;
	}
	return count;
}

bool
schedule_is_sound(const struct schedule *schedule)
{
	int64_t now_ms = clock_mono_ms();
	size_t i;

	if (schedule->passive)
		return true;
	for (i = 0; i < schedule->count; i++)
		if (!watch_is_sound(schedule->watches[i], now_ms))
			return false;
	return true;
}
