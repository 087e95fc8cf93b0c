/* SPDX-License-Identifier: Apache-2.0 */
/* watch: one watched stream and its probes' looks, one after the other: wait → gather → judge → ledger. Private to the schedule. */
#ifndef KDIAG_WATCH_H
#define KDIAG_WATCH_H

#include <event2/event_struct.h>
#include <sys/queue.h>

#include "daemon/lossy.h"
#include "daemon/schedule.h"

enum task_phase { TASK_WAITING, TASK_GATHERING, TASK_JUDGING };

/* Somebody waits for a look that began at or after since_ms. */
struct ticket {
	struct schedule_run *run;
	int64_t since_ms;
	bool detailed; /* about this stream alone: what costs extra is worth its price */
	TAILQ_ENTRY(ticket) link;
};
TAILQ_HEAD(ticket_list, ticket);

/* One probe of one stream. */
struct task {
	struct watch *watch;
	uint32_t probe; /* index in the config's plugins */
	enum task_phase phase;
	int64_t due_ms;   /* clock_mono_ms(): of the next look while waiting, the deadline while gathering */
	int64_t since_ms; /* of the look under way */
	int64_t done_ms;  /* when the last look ended; 0: none yet */
	struct collect_job *gathering;
	struct host_job *judging;
	struct ticket_list tickets;
	char *state;         /* what the probe keeps */
	struct lossy *lossy; /* the last look lost findings */
};

struct watch {
	struct schedule *schedule;
	const struct config_stream *config;
	struct config_stream *discovered; /* config, when it is ours to free; else NULL */
	struct collect_stream *facts;
	struct task **tasks; /* by probe index; NULL: not enabled */
	size_t tasks_count;
	struct event timer; /* for all that wait: most come due together */
	int64_t armed_ms;   /* clock_mono_ms() at which it shall go off */
	uint32_t spread;    /* where in its interval this stream stands */
	int64_t as_of_ms;
	int64_t unlisted_ms;
};

struct schedule {
	struct schedule_parts parts;
	bool passive;
	struct config *config;
	struct watch **watches;
	size_t count, capacity;
	size_t starting; /* streams that the first looks are spread over */
	struct lossy_list lossy;
	LIST_HEAD(, schedule_run) runs;
};

/* schedule.c, for watch.c: a run's ticket was served (report) or dropped (NULL). */
void schedule_ticket_done(struct schedule_run *run, const struct watch *watch, const struct kd_report *report);

/* config or discovered (taken): exactly one. NULL with a sentence: the place could not be made. */
struct watch *watch_new(struct schedule *schedule, const struct config_stream *config,
    struct config_stream *discovered_taken, char **cause);
void watch_free(struct watch *watch);
/* It ends: what is open of it resolves with that reason. */
void watch_forget(struct watch *watch, const char *why);
/*
 * Lays a new config over it; what a probe kept is carried over by its name. old: the plugins of before, by whose indices the tasks stand. new_place: the
 * collector is another one now. 0; -1 with a sentence: its place cannot be had, and the watch must be freed.
 */
int watch_configure(struct watch *watch, const struct plugins *old, bool new_place, const struct config_stream *config,
    struct config_stream *discovered_taken, char **cause);
/* A look by hand: the ticket is served by a look that begins now. detailed: it is about this stream alone. */
void watch_look(struct watch *watch, size_t probe, struct schedule_run *run, bool detailed);
bool watch_is_sound(const struct watch *watch, int64_t now_ms);

#endif
