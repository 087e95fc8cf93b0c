/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule: which probe of which stream is due, and the way of each look: collect → host → ledger. Spreads the streams over their interval. Knows the streams that are
 * watched (named in the config, or discovered); knows nothing of AWS but the places, and nothing of what findings mean.
 */
#ifndef KDIAG_SCHEDULE_H
#define KDIAG_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/collect.h"
#include "daemon/config.h"
#include "daemon/host.h"
#include "daemon/ledger.h"

struct schedule;
struct watch;

struct schedule_parts {
	struct event_base *base;
	struct collect *collect;
	struct host *host;
	struct ledger *ledger;
	/* The place of an account in a region; NULL with a sentence. */
	struct aws_place *(*place)(const char *account, const char *region, char **cause, void *arg);
	void *place_arg;
	/* What a probe kept for a stream before the start: the schedule's; NULL: nothing. And what it keeps now; state NULL: nothing any more, probe NULL: none of them. Both may be NULL: nothing outlives the end. */
	char *(*recall)(const struct stream_id *stream, const char *probe, void *arg);
	void (*kept)(const struct stream_id *stream, const char *probe, const char *state, void *arg);
	void *memory_arg;
};

/* passive: nothing runs by itself, only what schedule_run asks for (kdiagd -1). */
struct schedule *schedule_new(const struct schedule_parts *parts, bool passive);
/* Runs that are under way are done with what they have. */
void schedule_free(struct schedule *schedule);

/*
 * Watches what config names, from now on: new streams start, those that are gone from it end (and are forgotten by the ledger), the others go on with the new
 * settings, with what their probes kept. Discovered streams stay while a discover rule still covers them. References config. parts: as in
 * schedule_new; a collector other than before takes over, and the old one is free to go when this returns.
 */
void schedule_configure(struct schedule *schedule, struct config *config, const struct schedule_parts *parts);
enum { SCHEDULE_STREAMS_MAX = 20000 }; /* a discovered stream past them is not watched */
/* Watches a discovered stream, if it is not watched already. false: there are too many. */
bool schedule_discovered(struct schedule *schedule, const char *account, const char *region, const char *name);
/* Ends a discovered stream. why is what its findings resolve with. */
void schedule_undiscover(struct schedule *schedule, struct watch *watch, const char *why);

/* Does a discover rule of the config cover it? */
bool schedule_covers(const struct schedule *schedule, const struct stream_id *id);

/* ---- looks by hand ---- */

struct schedule_run;
/* One report of a run: borrowed for the call. */
typedef void (*schedule_report_cb)(const struct watch *watch, const struct kd_report *report, void *arg);
typedef void (*schedule_done_cb)(void *arg);
/* Looks now, with fresh facts: at one stream (NULL: all), by one probe (-1: all that are enabled). done is called once, from the loop. */
void schedule_run(struct schedule *schedule, struct watch *watch, int probe, schedule_report_cb report,
    schedule_done_cb done, void *arg);

/* ---- reading ---- */

size_t schedule_count(const struct schedule *schedule);
struct watch *schedule_at(const struct schedule *schedule, size_t i); /* in order of name, region, account */
const struct stream_id *watch_id(const struct watch *watch);
bool watch_is_discovered(const struct watch *watch);
/* For discovery: since when (clock_mono_ms) the stream stands in no listing; 0: it does. */
int64_t watch_unlisted_ms(const struct watch *watch);
void watch_set_unlisted_ms(struct watch *watch, int64_t ms);
/* When the last look ended, wall time; 0: never. */
int64_t watch_as_of_ms(const struct watch *watch);
/* Has every probe of it looked at least once? */
bool watch_is_complete(const struct watch *watch);
/* Did its looks stop coming, three intervals long? */
bool watch_is_stale(const struct watch *watch);
bool watch_runs(const struct watch *watch, size_t probe);
int64_t watch_interval_s(const struct watch *watch);
struct kd_facts *watch_facts(const struct watch *watch);
/* How many streams of the given name (exactly "name", "region/name" or "account/region/name") there are; *found is one of them. */
size_t schedule_find(const struct schedule *schedule, const char *name, struct watch **found);
/* Is the loop keeping up: no look overdue, none past its deadline? */
bool schedule_is_sound(const struct schedule *schedule);

#endif
