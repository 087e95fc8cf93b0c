/* SPDX-License-Identifier: Apache-2.0 */
/* host: owns the queue of judgements and their turn in the loop; refuses to know where facts come from and what becomes of findings. */
#include "daemon/host.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/mem.h"

enum {
	TURN_US = 5000,   /* of the loop's time in one go; a judgement takes some 10 us */
	SLOW_US = 100000, /* a judgement that takes this long holds up everything else */
};

struct host_job {
	TAILQ_ENTRY(host_job) next;
	struct host *host;
	const struct kd_probe *probe;
	struct kd_facts *facts;
	const struct kd_settings *settings;
	char **state_slot;
	host_cb cb;
	void *arg;
};
TAILQ_HEAD(job_list, host_job);

struct host {
	struct event *turn;
	struct job_list jobs;
	struct host_job *running;
	struct host_counts counts;
};

/* Real time: what a judgement costs, not how long it seems in a clock that is sped up. */
static int64_t
real_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct kd_report *
host_judge_now(const struct kd_probe *probe, const struct kd_facts *facts, const struct kd_settings *settings)
{
	struct kd_report *report = report_new(probe, facts_stream(facts));

	probe->judge(facts, settings, report);
	return report;
}

/* ---- jobs ---- */

static void
free_job(struct host_job *job)
{
	facts_free(job->facts);
	free(job);
}

static void
replace_state(char **slot, const char *state)
{
	char *old = *slot;

	if (state == NULL)
		return;
	*slot = mem_strdup(state);
	free(old);
}

static void
run_job(struct host *host, struct host_job *job)
{
	int64_t begun_us = real_us(), took_us;
	struct kd_report *report = host_judge_now(job->probe, job->facts, job->settings);

	took_us = real_us() - begun_us;
	host->counts.judged++;
	host->counts.busy_us += took_us;
	if (took_us > SLOW_US)
		log_debug("probe %s took %lld ms to judge %s", job->probe->name, (long long)(took_us / 1000),
		    facts_stream(job->facts)->name);
	if (job->state_slot != NULL)
		replace_state(job->state_slot, report_state(report));
	job->cb(report, took_us, job->arg);
	report_free(report);
}

/* A timer of no time, not event_active(): the loop looks at its sockets between two turns. */
static void
arm(struct host *host)
{
	static const struct timeval now = {0, 0};

	if (!TAILQ_EMPTY(&host->jobs) && !evtimer_pending(host->turn, NULL))
		evtimer_add(host->turn, &now);
}

static void
turn_cb(evutil_socket_t fd, short what, void *arg)
{
	struct host *host = arg;
	struct host_job *job;
	int64_t until_us = real_us() + TURN_US;

	(void)fd;
	(void)what;
	do {
		if ((job = TAILQ_FIRST(&host->jobs)) == NULL)
			break;
		TAILQ_REMOVE(&host->jobs, job, next);
		host->counts.queued--;
		host->running = job;
		run_job(host, job);
		host->running = NULL;
		free_job(job);
	} while (real_us() < until_us);
	arm(host);
}

struct host_job *
host_judge(struct host *host, const struct kd_probe *probe, struct kd_facts *facts_taken,
    const struct kd_settings *settings, char **state_slot, host_cb cb, void *arg)
{
	struct host_job *job = mem_new(1, sizeof(*job));

	*job = (struct host_job){
	    .host = host,
	    .probe = probe,
	    .facts = facts_taken,
	    .settings = settings,
	    .state_slot = state_slot,
	    .cb = cb,
	    .arg = arg,
	};
	TAILQ_INSERT_TAIL(&host->jobs, job, next);
	host->counts.queued++;
	arm(host);
	return job;
}

void
host_cancel(struct host_job *job)
{
	struct host *host;

	if (job == NULL || job == job->host->running)
		return; /* running: its callback is what cancels it, and it has nothing more to come */
	host = job->host;
	TAILQ_REMOVE(&host->jobs, job, next);
	host->counts.queued--;
	free_job(job);
}

/* ---- the host ---- */

struct host *
host_new(struct event_base *base)
{
	struct host *host = mem_new(1, sizeof(*host));

	TAILQ_INIT(&host->jobs);
	if ((host->turn = evtimer_new(base, turn_cb, host)) == NULL)
		abort(); /* no memory: what mem.h does */
	return host;
}

void
host_free(struct host *host)
{
	struct host_job *job, *next;

	if (host == NULL)
		return;
	assert(host->running == NULL);
	event_free(host->turn);
	for (job = TAILQ_FIRST(&host->jobs); job != NULL; job = next) {
		next = TAILQ_NEXT(job, next);
		free_job(job);
	}
	free(host);
}

struct host_counts
host_counts(const struct host *host)
{
	return host->counts;
}
