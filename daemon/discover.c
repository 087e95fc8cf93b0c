/* SPDX-License-Identifier: Apache-2.0 */
/* discover: the rules' places, their listings, and what comes and goes in them. */
#include "daemon/discover.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"

enum {
	LIST_EVERY_MS = 5 * 60 * 1000,
	GONE_MS = 24 * 60 * 60 * 1000, /* so long a discovered stream may be missing before it is let go */
};

/* A place that the rules name: an account in a region. */
struct spot {
	char *account, *region;
	struct aws_place *place;
	bool listed; /* since the last configure, or failed to be */
};

struct discover {
	struct schedule_parts parts;
	struct schedule *schedule;
	struct config *config;
	struct spot *spots;
	size_t count;
	struct event *timer, *first;
	void (*done)(void *arg);
	void *done_arg;
	discover_notice_cb notice;
	void *notice_arg;
};

static void
say(struct discover *discover, const struct spot *spot, const char *why)
{
	char *subject = mem_printf("%s %s", spot->account, spot->region);

	discover->notice("discover", subject, why, discover->notice_arg);
	free(subject);
}

static bool
matches(const struct discover *discover, const struct spot *spot, const char *name)
{
	const struct config *config = discover->config;
	size_t i, r;

	for (i = 0; i < config->discover_count; i++) {
		const struct config_discover *rule = &config->discover[i];

		if (strcmp(rule->account, spot->account) != 0 || !text_glob(rule->match, name))
			continue;
		for (r = 0; r < rule->regions_count; r++)
			if (strcmp(rule->regions[r], spot->region) == 0)
				return true;
	}
	return false;
}

/* ---- what a listing says ---- */

static void
add_rows(struct discover *discover, const struct spot *spot, const struct kinesis_stream *rows, size_t count)
{
	size_t i, too_many = 0;
	char *why;

	for (i = 0; i < count; i++) {
		if (!matches(discover, spot, rows[i].name))
			continue;
		too_many += !schedule_discovered(discover->schedule, spot->account, spot->region, rows[i].name);
	}
	if (too_many == 0) {
		say(discover, spot, NULL);
		return;
	}
	why = mem_printf("%zu discovered stream%s not watched: %d are the most (narrow match: in the config)", too_many,
	    too_many == 1 ? " is" : "s are", SCHEDULE_STREAMS_MAX);
	say(discover, spot, why);
	free(why);
}

static int
compare_row(const void *name, const void *row)
{
	return strcmp(name, ((const struct kinesis_stream *)row)->name);
}

/* Notes which of this place's discovered streams are missing, and lets go of those that have been for a day. */
static void
note_missing(struct discover *discover, const struct spot *spot, const struct kinesis_stream *rows, size_t count)
{
	int64_t now_ms = clock_mono_ms();
	size_t i;

	for (i = schedule_count(discover->schedule); i-- > 0;) {
		struct watch *watch = schedule_at(discover->schedule, i);
		const struct stream_id *id = watch_id(watch);

		if (!watch_is_discovered(watch) || strcmp(id->account, spot->account) != 0 ||
		    strcmp(id->region, spot->region) != 0)
			continue;
		if (count > 0 && bsearch(id->name, rows, count, sizeof(*rows), compare_row) != NULL)
			watch_set_unlisted_ms(watch, 0);
		else if (watch_unlisted_ms(watch) == 0)
			watch_set_unlisted_ms(watch, now_ms);
		else if (now_ms - watch_unlisted_ms(watch) >= GONE_MS)
			schedule_undiscover(discover->schedule, watch, "the discovered stream has been gone for a day");
	}
}

static void
check_first(struct discover *discover)
{
	static const struct timeval now = {0, 0};
	size_t i;

	for (i = 0; i < discover->count; i++)
		if (!discover->spots[i].listed)
			return;
	if (discover->done != NULL)
		event_add(discover->first, &now);
}

static void
list_cb(
    struct aws_place *place, const struct aws_error *error, const struct kinesis_stream *rows, size_t count, void *arg)
{
	struct discover *discover = arg;
	size_t i;

	for (i = 0; i < discover->count; i++) {
		struct spot *spot = &discover->spots[i];

		if (spot->place != place)
			continue;
		if (error->fault == AWS_OK) {
			add_rows(discover, spot, rows, count);
			note_missing(discover, spot, rows, count);
		} else {
			say(discover, spot, error->message);
		}
		spot->listed = true;
	}
	check_first(discover);
}

/* ---- when ---- */

static void
list_all(struct discover *discover)
{
	struct timeval wait = clock_wait(LIST_EVERY_MS);
	size_t i;

	for (i = 0; i < discover->count; i++)
		if (discover->spots[i].place != NULL)
			collect_list(discover->parts.collect, discover->spots[i].place, true);
	if (discover->count > 0)
		event_add(discover->timer, &wait);
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	list_all(arg);
}

static void
first_cb(evutil_socket_t fd, short what, void *arg)
{
	struct discover *discover = arg;
	void (*done)(void *) = discover->done;

	(void)fd;
	(void)what;
	discover->done = NULL;
	if (done != NULL)
		done(discover->done_arg);
}

struct discover *
discover_new(const struct schedule_parts *parts, struct schedule *schedule, discover_notice_cb notice, void *arg)
{
	struct discover *discover = mem_new(1, sizeof(*discover));

	discover->parts = *parts;
	discover->schedule = schedule;
	discover->notice = notice;
	discover->notice_arg = arg;
	discover->timer = event_new(parts->base, -1, 0, timer_cb, discover);
	discover->first = event_new(parts->base, -1, 0, first_cb, discover);
	return discover;
}

static void
clear_spots(struct discover *discover)
{
	size_t i;

	for (i = 0; i < discover->count; i++) {
		free(discover->spots[i].account);
		free(discover->spots[i].region);
	}
	free(discover->spots);
	discover->spots = NULL;
	discover->count = 0;
}

void
discover_free(struct discover *discover)
{
	if (discover == NULL)
		return;
	event_free(discover->timer);
	event_free(discover->first);
	clear_spots(discover);
	config_unref(discover->config);
	free(discover);
}

static void
add_spot(struct discover *discover, const char *account, const char *region)
{
	struct spot *spot;
	char *cause = NULL;
	size_t i;

	for (i = 0; i < discover->count; i++)
		if (strcmp(discover->spots[i].account, account) == 0 && strcmp(discover->spots[i].region, region) == 0)
			return;
	discover->spots = mem_resize(discover->spots, discover->count + 1, sizeof(*discover->spots));
	spot = &discover->spots[discover->count++];
	memset(spot, 0, sizeof(*spot));
	spot->account = mem_strdup(account);
	spot->region = mem_strdup(region);
	spot->place = discover->parts.place(account, region, &cause, discover->parts.place_arg);
	if (spot->place == NULL) {
		say(discover, spot, cause);
		spot->listed = true;
	}
	free(cause);
}

void
discover_configure(struct discover *discover, struct config *config, const struct schedule_parts *parts)
{
	size_t i, r;

	for (i = 0; i < discover->count; i++)
		say(discover, &discover->spots[i], NULL);
	clear_spots(discover);
	config_ref(config);
	config_unref(discover->config);
	discover->config = config;
	discover->parts = *parts;
	collect_listen_list(parts->collect, list_cb, discover);
	for (i = 0; i < config->discover_count; i++)
		for (r = 0; r < config->discover[i].regions_count; r++)
			add_spot(discover, config->discover[i].account, config->discover[i].regions[r]);
	event_del(discover->timer);
	list_all(discover);
}

void
discover_first(struct discover *discover, void (*done)(void *arg), void *arg)
{
	discover->done = done;
	discover->done_arg = arg;
	check_first(discover);
}
