/* SPDX-License-Identifier: Apache-2.0 */
/* watch: the looks of one stream's probes, and when the next one is due. */
#include "daemon/watch.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/fact.h"
#include "common/mem.h"
#include "daemon/wants.h"

enum {
	FIRST_LOOK_APART_MS =
	    20, /* at the start: so far apart are the first looks of two streams, 50 streams a second */
	DEADLINE_MIN_MS = 60 * 1000, /* three attempts at 10 s, their backoff, and a place in the queue */
	BY_HAND_DEADLINE_MS = 40 * 1000,
	TURNS_UNTIL_LATE = 3,   /* where calls queue for their turn: so many turns without one is late */
	OVERDUE_MS = 30 * 1000, /* a timer that is so late means that the loop hangs */
};

/* FNV-1a over the name and region: streams keep their place in the interval over restarts. */
static uint32_t
spread_of(const struct stream_id *id)
{
	uint32_t hash = 2166136261u;
	const char *s;

	for (s = id->region; *s != '\0'; s++)
		hash = (hash ^ (unsigned char)*s) * 16777619u;
	for (s = id->name; *s != '\0'; s++)
		hash = (hash ^ (unsigned char)*s) * 16777619u;
	return hash;
}

static const struct kd_probe *
probe_of(const struct task *task)
{
	return plugins_at(task->watch->schedule->config->plugins, task->probe);
}

static const struct config_probe *
rules_of(const struct task *task)
{
	return task->watch->config->probes[task->probe];
}

static struct stream_id *
id_of(const struct task *task)
{
	return task->watch->config->id;
}

/* ---- what probes keep ---- */

static char *
recall(const struct task *task)
{
	const struct schedule_parts *parts = &task->watch->schedule->parts;

	return parts->recall != NULL ? parts->recall(id_of(task), probe_of(task)->name, parts->memory_arg) : NULL;
}

/* probe NULL: of all. */
static void
remember(const struct watch *watch, const char *probe, const char *state)
{
	const struct schedule_parts *parts = &watch->schedule->parts;

	if (parts->kept != NULL)
		parts->kept(watch->config->id, probe, state, parts->memory_arg);
}

/* ---- when ---- */

static void
arm(struct watch *watch, int64_t due_ms)
{
	int64_t wait_ms = due_ms - clock_mono_ms();
	struct timeval wait = clock_wait(wait_ms > 0 ? wait_ms : 0);

	if (watch->schedule->passive || (evtimer_pending(&watch->timer, NULL) && watch->armed_ms <= due_ms))
		return;
	watch->armed_ms = due_ms;
	event_add(&watch->timer, &wait);
}

static void
wait_until(struct task *task, int64_t due_ms)
{
	task->phase = TASK_WAITING;
	task->due_ms = due_ms;
	arm(task->watch, due_ms);
}

/*
 * The stream's own place in the interval, where all its probes with one interval come together; half an interval from now at least, so that two looks do not share their
 * facts, and a whole one at most, on the way there by a step of a half.
 */
static int64_t
next_due_ms(const struct task *task)
{
	int64_t interval_ms = rules_of(task)->interval_s * 1000;
	int64_t phase_ms = (int64_t)task->watch->spread % interval_ms;
	int64_t earliest_ms = clock_mono_ms() + interval_ms / 2;
	int64_t due_ms = earliest_ms - earliest_ms % interval_ms + phase_ms;

	if (due_ms < earliest_ms)
		due_ms += interval_ms;
	return due_ms > earliest_ms + interval_ms / 2 ? due_ms - interval_ms / 2 : due_ms;
}

static int64_t
first_due_ms(const struct task *task)
{
	int64_t span_ms = (int64_t)task->watch->schedule->starting * FIRST_LOOK_APART_MS;
	int64_t interval_ms = rules_of(task)->interval_s * 1000;

	if (span_ms > interval_ms)
		span_ms = interval_ms;
	return clock_mono_ms() + (span_ms == 0 ? 0 : (int64_t)task->watch->spread % span_ms);
}

static int64_t
deadline_ms(const struct task *task, bool by_hand)
{
	int64_t interval_ms = rules_of(task)->interval_s * 1000;
	int64_t wait_ms = DEADLINE_MIN_MS, turns_ms;

	if (by_hand)
		return clock_mono_ms() + BY_HAND_DEADLINE_MS;
	turns_ms = collect_turn_ms(task->watch->facts) * TURNS_UNTIL_LATE;
	if (interval_ms > wait_ms)
		wait_ms = interval_ms;
	if (turns_ms > wait_ms)
		wait_ms = turns_ms;
	return clock_mono_ms() + wait_ms;
}

/* ---- one look ---- */

static void look(struct task *task, int64_t since_ms, bool by_hand);

static void
serve_tickets(struct task *task, const struct kd_report *report)
{
	struct ticket *ticket, *next;

	for (ticket = TAILQ_FIRST(&task->tickets); ticket != NULL; ticket = next) {
		next = TAILQ_NEXT(ticket, link);
		if (report != NULL && task->since_ms < ticket->since_ms)
			continue;
		TAILQ_REMOVE(&task->tickets, ticket, link);
		schedule_ticket_done(ticket->run, task->watch, report);
		free(ticket);
	}
}

static void
judged_cb(const struct kd_report *report, int64_t took_us, void *arg)
{
	struct task *task = arg;
	struct watch *watch = task->watch;
	const struct ledger_rules rules = {
	    .open = rules_of(task)->open, .resolve = rules_of(task)->resolve, .flapping = rules_of(task)->flapping};
	struct ledger_when when = {.now_ms = clock_now_ms()};

	(void)took_us;
	task->judging = NULL;
	task->done_ms = clock_mono_ms();
	when.began_ms = when.now_ms - (task->done_ms - task->since_ms);
	watch->as_of_ms = when.now_ms;
	ledger_apply(watch->schedule->parts.ledger, id_of(task), report, probe_of(task)->name, &rules, &when);
	lossy_note(&watch->schedule->lossy, &task->lossy, watch->schedule->parts.ledger, probe_of(task)->name,
	    id_of(task), report_dropped(report));
	remember(watch, probe_of(task)->name, task->state);
	wait_until(task, next_due_ms(task));
	serve_tickets(task, report);
	if (!TAILQ_EMPTY(&task->tickets)) /* who asked after this look had begun */
		look(task, TAILQ_LAST(&task->tickets, ticket_list)->since_ms, true);
}

static void
gathered_cb(struct fact *const *facts, size_t count, void *arg)
{
	struct task *task = arg;
	struct kd_facts *seen = facts_new(id_of(task), clock_now_ms(), task->state);
	size_t i;

	for (i = 0; i < count; i++)
		facts_add_taken(seen, fact_ref(facts[i]));
	task->gathering = NULL;
	task->phase = TASK_JUDGING;
	task->judging = host_judge(task->watch->schedule->parts.host, probe_of(task), seen, rules_of(task)->settings,
	    &task->state, judged_cb, task);
}

static bool
is_detailed(const struct task *task)
{
	const struct schedule *schedule = task->watch->schedule;
	const struct ticket *ticket;

	TAILQ_FOREACH(ticket, &task->tickets, link)
	if (ticket->detailed)
		return true;
	return wants_details(schedule->parts.ledger, schedule->config->plugins, probe_of(task), id_of(task));
}

static void
look(struct task *task, int64_t since_ms, bool by_hand)
{
	const struct kd_probe *probe = probe_of(task);
	struct collect_terms terms = {.since_ms = since_ms,
	    .urgent = by_hand,
	    .detailed = is_detailed(task),
	    .deadline_ms = deadline_ms(task, by_hand)};

	task->phase = TASK_GATHERING;
	task->since_ms = since_ms;
	task->due_ms = terms.deadline_ms;
	task->gathering =
	    collect_gather(task->watch->facts, rules_of(task)->needs, probe->needs_count, &terms, gathered_cb, task);
}

/* Due. Facts that another probe of this stream had fetched in this half of the interval serve this one too. */
static void
due_cb(evutil_socket_t fd, short what, void *arg)
{
	struct watch *watch = arg;
	int64_t now_ms = clock_mono_ms(), next_ms = INT64_MAX;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < watch->tasks_count; i++) {
		struct task *task = watch->tasks[i];

		if (task == NULL || task->phase != TASK_WAITING)
			continue;
		if (task->due_ms <= now_ms || task->due_ms <= watch->armed_ms)
			look(task, now_ms - rules_of(task)->interval_s * 500, false);
		else if (task->due_ms < next_ms)
			next_ms = task->due_ms;
	}
	if (next_ms != INT64_MAX)
		arm(watch, next_ms);
}

void
watch_look(struct watch *watch, size_t probe, struct schedule_run *run, bool detailed)
{
	struct task *task = watch->tasks[probe];
	struct ticket *ticket = mem_new(1, sizeof(*ticket));

	ticket->run = run;
	ticket->since_ms = clock_mono_ms();
	ticket->detailed = detailed;
	TAILQ_INSERT_TAIL(&task->tickets, ticket, link);
	if (task->gathering != NULL) { /* it may be queued for minutes: begin anew, ahead of the queue */
		collect_cancel(task->gathering);
		task->gathering = NULL;
		task->phase = TASK_WAITING;
	}
	if (task->phase == TASK_WAITING)
		look(task, ticket->since_ms, true);
}

/* ---- tasks and watches ---- */

static struct task *
task_new(struct watch *watch, size_t probe)
{
	struct task *task = mem_new(1, sizeof(*task));

	task->watch = watch;
	task->probe = (uint32_t)probe;
	TAILQ_INIT(&task->tickets);
	task->state = recall(task);
	return task;
}

static void
task_free(struct task *task)
{
	if (task == NULL)
		return;
	if (task->gathering != NULL)
		collect_cancel(task->gathering);
	if (task->judging != NULL)
		host_cancel(task->judging);
	serve_tickets(task, NULL);
	lossy_forget(&task->watch->schedule->lossy, &task->lossy, NULL);
	free(task->state);
	free(task);
}

static void
start_tasks(struct watch *watch)
{
	size_t i;

	watch->tasks_count = plugins_count(watch->schedule->config->plugins);
	watch->tasks = mem_new(watch->tasks_count + 1, sizeof(struct task *));
	for (i = 0; i < watch->tasks_count; i++) {
		if (!watch->config->probes[i]->enabled)
			continue;
		watch->tasks[i] = task_new(watch, i);
		wait_until(watch->tasks[i], first_due_ms(watch->tasks[i]));
	}
}

int64_t
watch_interval_s(const struct watch *watch)
{
	int64_t least_s = 0;
	size_t i;

	for (i = 0; i < plugins_count(watch->schedule->config->plugins); i++) {
		const struct config_probe *probe = watch->config->probes[i];

		if (probe->enabled && (least_s == 0 || probe->interval_s < least_s))
			least_s = probe->interval_s;
	}
	return least_s == 0 ? watch->schedule->config->daemon.interval_s : least_s;
}

/* The wants are the caller's to free. */
static struct collect_spec
spec_of(const struct watch *watch, struct collect_want **wants)
{
	const struct config_stream *config = watch->config;
	struct collect_spec spec = {
	    .id = config->id,
	    .expect = config->expect,
	    .interval_s = watch_interval_s(watch),
	    .log_groups = config->log_groups,
	    .log_groups_count = config->log_groups_count,
	    .log_filter = config->log_filter,
	    .principals = config->principals,
	    .principals_count = config->principals_count,
	};

	*wants = wants_of_stream(watch->schedule->config->plugins, config, &spec.wants_count);
	spec.wants = *wants;
	return spec;
}

/* The stream's facts, in its place as the schedule's collector has it. NULL with a sentence. */
static struct collect_stream *
new_facts(const struct watch *watch, char **cause)
{
	const struct schedule_parts *parts = &watch->schedule->parts;
	const struct config_stream *config = watch->config;
	struct aws_place *place = parts->place(config->id->account, config->id->region, cause, parts->place_arg);
	struct collect_want *wants;
	struct collect_spec spec;
	struct collect_stream *facts;

	if (place == NULL)
		return NULL;
	spec = spec_of(watch, &wants);
	facts = collect_stream_new(parts->collect, place, &spec);
	free(wants);
	return facts;
}

struct watch *
watch_new(
    struct schedule *schedule, const struct config_stream *config, struct config_stream *discovered_taken, char **cause)
{
	struct watch *watch = mem_new(1, sizeof(*watch));

	watch->schedule = schedule;
	watch->config = config;
	watch->discovered = discovered_taken;
	watch->spread = spread_of(config->id);
	evtimer_assign(&watch->timer, schedule->parts.base, due_cb, watch);
	watch->facts = new_facts(watch, cause);
	if (watch->facts == NULL) {
		watch_free(watch);
		return NULL;
	}
	start_tasks(watch);
	return watch;
}

static void
free_tasks(struct task **tasks, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		task_free(tasks[i]);
	free(tasks);
}

void
watch_free(struct watch *watch)
{
	event_del(&watch->timer);
	free_tasks(watch->tasks, watch->tasks_count);
	collect_stream_free(watch->facts);
	config_stream_free(watch->discovered);
	free(watch);
}

void
watch_forget(struct watch *watch, const char *why)
{
	struct schedule *schedule = watch->schedule;
	size_t i;

	ledger_forget(schedule->parts.ledger, watch->config->id, NULL, why, clock_now_ms());
	for (i = 0; i < watch->tasks_count; i++)
		if (watch->tasks[i] != NULL)
			lossy_forget(&schedule->lossy, &watch->tasks[i]->lossy, schedule->parts.ledger);
	remember(watch, NULL, NULL);
}

/* The task that ran this probe before, by its name. */
static struct task *
task_before(struct task **tasks, const struct plugins *old, const char *name)
{
	int i = plugins_find(old, name);

	return i < 0 ? NULL : tasks[i];
}

/* The ledger lets go of what a probe found that no longer runs here. */
static void
forget_stopped(struct watch *watch, const struct plugins *old, struct task **before, size_t count)
{
	struct schedule *schedule = watch->schedule;
	size_t i;

	for (i = 0; i < count; i++) {
		const char *name = plugins_at(old, i)->name;
		int now = plugins_find(schedule->config->plugins, name);

		if (before[i] == NULL || (now >= 0 && watch->tasks[now] != NULL))
			continue;
		ledger_forget(schedule->parts.ledger, watch->config->id, name,
		    now < 0 ? "the probe was taken away" : "the probe is switched off for this stream", clock_now_ms());
		lossy_forget(&schedule->lossy, &before[i]->lossy, schedule->parts.ledger);
		remember(watch, name, NULL);
	}
}

static void
carry_states(struct watch *watch, const struct plugins *old, struct task **before)
{
	size_t i;

	for (i = 0; i < watch->tasks_count; i++) {
		struct task *task = watch->tasks[i];
		struct task *was = task == NULL ? NULL : task_before(before, old, probe_of(task)->name);

		if (was == NULL)
			continue;
		free(task->state);
		task->state = was->state;
		task->done_ms = was->done_ms;
		was->state = NULL;
		task->lossy = was->lossy;
		was->lossy = NULL;
	}
}

static void
configure_facts(struct watch *watch)
{
	struct collect_want *wants;
	struct collect_spec spec = spec_of(watch, &wants);

	collect_stream_configure(watch->facts, &spec);
	free(wants);
}

static int
move_facts(struct watch *watch, char **cause)
{
	struct collect_stream *facts = new_facts(watch, cause);

	if (facts == NULL)
		return -1;
	collect_stream_free(watch->facts);
	watch->facts = facts;
	return 0;
}

int
watch_configure(struct watch *watch, const struct plugins *old, bool new_place, const struct config_stream *config,
    struct config_stream *discovered_taken, char **cause)
{
	struct task **before = watch->tasks;
	size_t count = watch->tasks_count;
	struct config_stream *discovered = watch->discovered;

	watch->config = config;
	watch->discovered = discovered_taken;
	start_tasks(watch);
	carry_states(watch, old, before);
	forget_stopped(watch, old, before, count);
	free_tasks(before, count);
	configure_facts(watch);
	config_stream_free(discovered);
	return new_place ? move_facts(watch, cause) : 0;
}

/* ---- reading ---- */

const struct stream_id *
watch_id(const struct watch *watch)
{
	return watch->config->id;
}

int64_t
watch_unlisted_ms(const struct watch *watch)
{
	return watch->unlisted_ms;
}

void
watch_set_unlisted_ms(struct watch *watch, int64_t ms)
{
	watch->unlisted_ms = ms;
}

bool
watch_is_discovered(const struct watch *watch)
{
	return watch->discovered != NULL;
}

int64_t
watch_as_of_ms(const struct watch *watch)
{
	return watch->as_of_ms;
}

bool
watch_is_complete(const struct watch *watch)
{
	size_t i;

	for (i = 0; i < watch->tasks_count; i++)
		if (watch->tasks[i] != NULL && watch->tasks[i]->done_ms == 0)
			return false;
	return true;
}

bool
watch_is_stale(const struct watch *watch)
{
	int64_t longest_ms = 3 * watch_interval_s(watch) * 1000;
	int64_t newest_ms = 0;
	size_t i;

	for (i = 0; i < watch->tasks_count; i++)
		if (watch->tasks[i] != NULL && watch->tasks[i]->done_ms > newest_ms)
			newest_ms = watch->tasks[i]->done_ms;
	if (longest_ms < 2 * DEADLINE_MIN_MS)
		longest_ms = 2 * DEADLINE_MIN_MS;
	return newest_ms != 0 && clock_mono_ms() - newest_ms > longest_ms;
}

bool
watch_runs(const struct watch *watch, size_t probe)
{
	return probe < watch->tasks_count && watch->tasks[probe] != NULL;
}

struct kd_facts *
watch_facts(const struct watch *watch)
{
	return collect_facts(watch->facts);
}

bool
watch_is_sound(const struct watch *watch, int64_t now_ms)
{
	size_t i;

	for (i = 0; i < watch->tasks_count; i++) {
		const struct task *task = watch->tasks[i];

		if (task != NULL && task->phase != TASK_JUDGING && task->due_ms + OVERDUE_MS < now_ms)
			return false;
	}
	return true;
}
