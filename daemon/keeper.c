/* SPDX-License-Identifier: Apache-2.0 */
/* keeper: owns what waits for the disk, and what waits behind it; refuses to know how either is done. */
#include "daemon/keeper.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/keeper_history.h"
#include "daemon/keeper_states.h"

enum {
	SOON_MS = 20,            /* real: a change waits so long for others, for one transaction costs as much as ten */
	TICK_MS = 1000,          /* the clock's, but at least TICK_LEAST_MS real */
	TICK_LEAST_MS = 100,     /* in a test whose clock runs fast */
	LOOKS_MS = 60000,        /* what was only looked at again is written so often */
	HANGS_MS = 5000,         /* real: a disk that has not answered for so long is in trouble */
	WAITING_MAX = 10000,     /* changes; at 1 KiB each, 10 MiB */
	SWEEP_MS = 10 * 60000,   /* what is wrong with kdiag itself was seen again by then, or is over */
	ASIDE_MS = 24 * 3600000, /* so long it is said that a database was put aside */
	STATES_REST_MS = 3600000, /* discovery has found all streams by then */
};

struct keeper {
	struct keeper_options options;
	struct store *store;
	struct keeper_states *states;
	struct event *tick, *soon;
	struct store_rows *waiting; /* only its changes */
	size_t told;                /* so many of them were told already, for the disk is in trouble */
	bool under_way_told;        /* those of the rows under way were */
	struct store_rows *replays; /* until keeper_begin() */
	uint64_t passed_seq, told_seq;
	uint64_t lost;
	bool in_trouble, hangs, anew;
	int64_t began_ms, began_mono_ms, looks_ms; /* clock_now_ms(); clock_mono_ms() */
	int64_t asked_ms;                          /* the store; real */
	bool told_aside;
	bool swept, states_dropped;
	char *path;
};

static struct ledger_now
now(void)
{
	return (struct ledger_now){.ms = clock_now_ms(), .mono_ms = clock_mono_ms()};
}

/* Real time, as how long a disk hangs does not run faster in a test. */
static int64_t
real_ms(void)
{
	struct timespec real;

	clock_gettime(CLOCK_MONOTONIC, &real);
	return (int64_t)real.tv_sec * 1000 + real.tv_nsec / 1000000;
}

/* ---- out ---- */

static void
tell(struct keeper *keeper, const struct ledger_change *change)
{
	keeper->options.tell(change, keeper->options.arg);
	if (change->seq > keeper->passed_seq)
		keeper->passed_seq = change->seq;
}

/* Nothing waits for a disk that is in trouble. */
static void
tell_waiting(struct keeper *keeper)
{
	const struct store_rows *rows = store_under_way(keeper->store);

	if (rows != NULL && !keeper->under_way_told) {
		keeper->under_way_told = true;
		for (size_t i = 0; i < rows->changes_count; i++)
			tell(keeper, rows->changes[i]);
	}
	while (keeper->told < keeper->waiting->changes_count)
		tell(keeper, keeper->waiting->changes[keeper->told++]);
}

/* ---- to the disk ---- */

static void
keep_cb(struct ledger_saved *saved_taken, void *arg)
{
	store_rows_add_finding(arg, saved_taken);
}

static void
gone_cb(uint64_t no, void *arg)
{
	store_rows_add_gone(arg, no);
}

static void
silence_cb(const struct ledger_silence *silence, void *arg)
{
	store_rows_add_silence(arg, ledger_silence_copy(silence));
}

static uint64_t
told_seq(struct keeper *keeper)
{
	uint64_t seq = keeper->options.told(keeper->options.arg);

	if (seq > keeper->passed_seq)
		seq = keeper->passed_seq;
	if (seq > keeper->told_seq)
		keeper->told_seq = seq;
	return keeper->told_seq;
}

static void
add_changes(struct keeper *keeper, struct store_rows *rows)
{
	struct store_rows *waiting = keeper->waiting;

	rows->changes = waiting->changes;
	rows->changes_count = waiting->changes_count;
	rows->changes_room = waiting->changes_room;
	waiting->changes = NULL;
	waiting->changes_count = waiting->changes_room = 0;
	keeper->under_way_told = keeper->in_trouble && keeper->told == rows->changes_count;
	keeper->told = 0;
}

/* looks: also what was only looked at again, and the counters. */
static struct store_rows *
gather(struct keeper *keeper, bool looks)
{
	struct store_rows *rows = mem_new(1, sizeof(*rows));
	uint64_t before = keeper->told_seq;
	bool any;

	rows->now_ms = clock_now_ms();
	rows->whole = keeper->anew;
	if (keeper->anew)
		ledger_save_anew(keeper->options.ledger);
	ledger_save(keeper->options.ledger, looks || keeper->anew, keep_cb, gone_cb, rows);
	rows->has_silences = ledger_silences_changed(keeper->options.ledger);
	if (rows->has_silences)
		ledger_silences(keeper->options.ledger, silence_cb, rows);
	keeper_states_save(keeper->states, rows);
	add_changes(keeper, rows);
	rows->last_seq = ledger_last_seq(keeper->options.ledger);
	rows->told_seq = told_seq(keeper);
	if (looks || rows->whole)
		keeper->options.count(rows, keeper->options.arg);
	if (looks && keeper->options.history_s > 0)
		rows->forget_before_ms = rows->now_ms - keeper->options.history_s * 1000;
	any = rows->whole || rows->findings_count > 0 || rows->gone_count > 0 || rows->changes_count > 0 ||
	      rows->has_silences || rows->states_count > 0 || rows->counters_count > 0 || rows->told_seq != before;
	keeper->anew = false;
	if (any)
		return rows;
	store_rows_free(rows);
	return NULL;
}

static void
flush(struct keeper *keeper, bool looks)
{
	struct store_rows *rows;

	if (store_is_busy(keeper->store))
		return;
	if ((rows = gather(keeper, looks)) == NULL)
		return;
	keeper->asked_ms = real_ms();
	store_write(keeper->store, rows);
}

static void
flush_soon(struct keeper *keeper)
{
	static const struct timeval wait = {.tv_usec = SOON_MS * 1000};

	if (!evtimer_pending(keeper->soon, NULL))
		evtimer_add(keeper->soon, &wait);
}

static void
soon_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	flush(arg, false);
}

/* ---- from the store ---- */

static void
written_cb(const struct store_rows *rows, void *arg)
{
	struct keeper *keeper = arg;

	if (keeper->hangs) {
		keeper->hangs = keeper->in_trouble = false;
		keeper->options.notice("disk", NULL, keeper->options.arg);
	}
	for (size_t i = 0; !keeper->under_way_told && i < rows->changes_count; i++)
		tell(keeper, rows->changes[i]);
	keeper->under_way_told = false;
	if (keeper->waiting->changes_count > 0)
		flush_soon(keeper);
}

static void
trouble_cb(const char *why, void *arg)
{
	struct keeper *keeper = arg;
	char *sentence;

	keeper->hangs = false;
	keeper->in_trouble = why != NULL;
	if (why == NULL) {
		keeper->options.notice("disk", NULL, keeper->options.arg);
		if (keeper->lost > 0)
			log_warnx("%" PRIu64
				  " changes are missing in the history: the disk was in trouble for too long",
			    keeper->lost);
		return;
	}
	tell_waiting(keeper);
	sentence = mem_printf("%s cannot be written: %s; findings are in memory alone until it can", keeper->path, why);
	keeper->options.notice("disk", sentence, keeper->options.arg);
	free(sentence);
}

static void
anew_cb(const char *why, void *arg)
{
	struct keeper *keeper = arg;

	keeper->anew = true;
	keeper_states_save_anew(keeper->states);
	if (why != NULL) {
		keeper->told_aside = true;
		keeper->options.notice("aside", why, keeper->options.arg);
	}
	flush_soon(keeper);
}

/* ---- time ---- */

static void
look_for_hang(struct keeper *keeper)
{
	if (keeper->in_trouble || !store_is_busy(keeper->store) || real_ms() - keeper->asked_ms < HANGS_MS)
		return;
	trouble_cb("the disk does not answer", keeper);
	keeper->hangs = true;
}

static void
do_once(struct keeper *keeper, const struct ledger_now *at)
{
	int64_t age_ms = at->mono_ms - keeper->began_mono_ms;

	if (!keeper->swept && age_ms >= SWEEP_MS) {
		keeper->swept = true;
		ledger_sweep_self(
		    keeper->options.ledger, keeper->began_ms, "not seen again since kdiagd was started", at->ms);
	}
	if (keeper->told_aside && age_ms >= ASIDE_MS) {
		keeper->told_aside = false;
		keeper->options.notice("aside", NULL, keeper->options.arg);
	}
	if (!keeper->states_dropped && age_ms >= STATES_REST_MS) {
		keeper->states_dropped = true;
		keeper_states_drop_rest(keeper->states);
	}
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct keeper *keeper = arg;
	const struct ledger_now at = now();
	bool looks = at.mono_ms - keeper->looks_ms >= LOOKS_MS;

	(void)fd;
	(void)what;
	ledger_tick(keeper->options.ledger, &at);
	do_once(keeper, &at);
	look_for_hang(keeper);
	if (looks && !store_is_busy(keeper->store))
		keeper->looks_ms = at.mono_ms;
	flush(keeper, looks);
}

/* ---- from the ledger ---- */

static void
drop_oldest(struct keeper *keeper)
{
	struct store_rows *waiting = keeper->waiting;

	ledger_change_free(waiting->changes[0]);
	memmove(waiting->changes, waiting->changes + 1, --waiting->changes_count * sizeof(*waiting->changes));
	if (keeper->told > 0)
		keeper->told--;
	keeper->lost++;
}

static void
change_cb(const struct ledger_change *change, void *arg)
{
	struct keeper *keeper = arg;

	if (keeper->waiting->changes_count >= WAITING_MAX) {
		tell_waiting(keeper);
		drop_oldest(keeper);
	}
	store_rows_add_change(keeper->waiting, ledger_change_copy(change));
	if (keeper->in_trouble)
		tell_waiting(keeper);
	else
		flush_soon(keeper);
}

/* ---- start and end ---- */

static void
restore(struct keeper *keeper, const struct store_rows *rows)
{
	const struct ledger_now at = now();
	uint64_t seq = rows->last_seq;
	size_t odd = 0;

	for (size_t i = 0; i < rows->findings_count; i++)
		odd += ledger_restore(keeper->options.ledger, rows->findings[i]) != 0;
	for (size_t i = 0; i < rows->silences_count; i++)
		odd += ledger_restore_silence(keeper->options.ledger, rows->silences[i], &at) != 0;
	for (size_t i = 0; i < rows->states_count; i++)
		keeper_states_load(keeper->states, &rows->states[i]);
	for (size_t i = 0; i < rows->counters_count; i++)
		keeper->options.counted(&rows->counters[i], keeper->options.arg);
	if (rows->changes_count > 0 && rows->changes[rows->changes_count - 1]->seq > seq)
		seq = rows->changes[rows->changes_count - 1]->seq;
	ledger_restore_seq(keeper->options.ledger, seq);
	(void)ledger_silences_changed(keeper->options.ledger);
	keeper->told_seq = rows->told_seq;
	keeper->passed_seq = rows->changes_count > 0 ? rows->told_seq : seq;
	if (odd > 0)
		log_warnx("%s: %zu entries made no sense and were left out", keeper->path, odd);
}

struct keeper *
keeper_new(const struct keeper_options *options, char **cause)
{
	struct keeper *keeper = mem_new(1, sizeof(*keeper));
	const struct store_options store = {
	    .base = options->base,
	    .path = options->path,
	    .retry_ms = options->retry_ms,
	    .written = written_cb,
	    .trouble = trouble_cb,
	    .anew = anew_cb,
	    .arg = keeper,
	};

	keeper->options = *options;
	keeper->path = mem_strdup(options->path);
	keeper->began_ms = clock_now_ms();
	keeper->began_mono_ms = keeper->looks_ms = clock_mono_ms();
	keeper->states = keeper_states_new();
	keeper->waiting = mem_new(1, sizeof(*keeper->waiting));
	keeper->tick = event_new(options->base, -1, EV_PERSIST, tick_cb, keeper);
	keeper->soon = evtimer_new(options->base, soon_cb, keeper);
	keeper->store = store_open(&store, &keeper->replays, cause);
	if (keeper->store == NULL || keeper->tick == NULL || keeper->soon == NULL) {
		keeper_free(keeper, 0);
		if (cause != NULL && *cause == NULL)
			cause_set(cause, "no memory for the timers of the store");
		return NULL;
	}
	restore(keeper, keeper->replays);
	return keeper;
}

void
keeper_begin(struct keeper *keeper)
{
	static const struct timeval least = {.tv_usec = TICK_LEAST_MS * 1000};
	struct timeval wait = clock_wait(TICK_MS);

	ledger_listen(keeper->options.ledger, change_cb, keeper);
	for (size_t i = 0; i < keeper->replays->changes_count; i++) {
		keeper->replays->changes[i]->replayed = true;
		tell(keeper, keeper->replays->changes[i]);
	}
	store_rows_free(keeper->replays);
	keeper->replays = NULL;
	event_add(keeper->tick, evutil_timercmp(&wait, &least, <) ? &least : &wait);
}

void
keeper_set_history(struct keeper *keeper, int64_t history_s)
{
	keeper->options.history_s = history_s;
}

void
keeper_flush(struct keeper *keeper)
{
	flush(keeper, true);
}

void
keeper_settle(struct keeper *keeper, int64_t grace_ms)
{
	if (store_wait(keeper->store, grace_ms)) {
		flush(keeper, true);
		(void)store_wait(keeper->store, grace_ms);
	}
	tell_waiting(keeper);
}

void
keeper_free(struct keeper *keeper, int64_t grace_ms)
{
	if (keeper == NULL)
		return;
	if (keeper->store != NULL && keeper->replays == NULL && store_wait(keeper->store, grace_ms))
		flush(keeper, false);
	store_close(keeper->store, grace_ms);
	if (keeper->tick != NULL)
		event_free(keeper->tick);
	if (keeper->soon != NULL)
		event_free(keeper->soon);
	keeper_states_free(keeper->states);
	store_rows_free(keeper->waiting);
	store_rows_free(keeper->replays);
	free(keeper->path);
	free(keeper);
}

/* ---- history, states, counts ---- */

int
keeper_history(struct keeper *keeper, const struct store_query *query, store_history_cb done, void *arg)
{
	return keeper_history_ask(keeper->store, keeper->waiting, query, done, arg);
}

char *
keeper_take_state(struct keeper *keeper, const struct stream_id *stream, const char *probe)
{
	return keeper_states_take(keeper->states, stream, probe);
}

void
keeper_put_state(struct keeper *keeper, const struct stream_id *stream, const char *probe, const char *state)
{
	if (probe == NULL)
		keeper_states_drop_stream(keeper->states, stream);
	else
		keeper_states_put(keeper->states, stream, probe, state);
}

struct keeper_counts
keeper_counts(const struct keeper *keeper)
{
	return (struct keeper_counts){
	    .waiting = keeper->waiting->changes_count,
	    .lost = keeper->lost,
	    .in_trouble = keeper->in_trouble,
	};
}
