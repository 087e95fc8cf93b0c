/* SPDX-License-Identifier: Apache-2.0 */
/* collect_job: who waits for which facts of a stream, and until when. Knows not where a fact comes from. */
#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/collect_place.h"

static void
job_free(struct collect_job *job)
{
	LIST_REMOVE(job, link);
	event_del(&job->timer);
	for (size_t i = 0; i < job->count; i++)
		fact_unref(job->facts[i]);
	free(job);
}

/* Of what Kinesis has said since a need was served, the newest serves it, so that all is of one moment; what is still pending is late. */
static void
freshen(struct collect_job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		struct fact *fact;

		if (job->facts[i] != NULL && !collect_is_own(job->needs[i].kind))
			continue; /* a feed makes its fact anew each time */
		fact = collect_get(job->stream, &job->needs[i], &job->terms);
		if (fact == NULL && job->facts[i] == NULL)
			fact = collect_late(job->stream, &job->needs[i]);
		if (fact == NULL)
			continue;
		fact_unref(job->facts[i]);
		job->facts[i] = fact;
	}
}

static void
finish(struct collect_job *job)
{
	struct fact *facts[COLLECT_NEEDS_MAX];
	collect_cb cb = job->cb;
	void *arg = job->arg;
	size_t count = job->count;

	freshen(job);
	for (size_t i = 0; i < count; i++)
		facts[i] = fact_ref(job->facts[i]);
	job_free(job);
	cb(facts, count, arg);
	for (size_t i = 0; i < count; i++)
		fact_unref(facts[i]);
}

static void
job_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish(arg);
}

/* Which of Kinesis's own needs are served by now? false: not all. */
static bool
take_own(struct collect_job *job)
{
	bool all = true;

	for (size_t i = 0; i < job->count; i++) {
		if (job->facts[i] != NULL || !collect_is_own(job->needs[i].kind))
			continue;
		job->facts[i] = collect_get(job->stream, &job->needs[i], &job->terms);
		job->pending -= job->facts[i] != NULL;
		all &= job->facts[i] != NULL;
	}
	return all;
}

/* And of the others? Thousands of jobs may wait for their turn to describe the stream: a day of points is not held that long, but made when it is needed. */
static void
take(struct collect_job *job)
{
	bool all_own = take_own(job);

	if (all_own)
		job->at_hand = 0;
	for (size_t i = 0; i < job->count; i++) {
		struct fact *fact;

		if (job->facts[i] != NULL || collect_is_own(job->needs[i].kind) || (job->at_hand >> i & 1) != 0)
			continue;
		fact = collect_get(job->stream, &job->needs[i], &job->terms);
		if (fact != NULL && !all_own && job->needs[i].kind == KD_METRIC) {
			job->at_hand |= UINT32_C(1) << i;
			fact_unref(fact);
			continue;
		}
		job->facts[i] = fact;
		job->pending -= fact != NULL;
	}
}

static void
ask_pending(struct collect_job *job)
{
	for (size_t i = 0; i < job->count; i++)
		if (job->facts[i] == NULL && (job->at_hand >> i & 1) == 0)
			collect_ask(job->stream, &job->needs[i], &job->terms);
}

/* What came may be older than a job wants it, or be what another answer waited for: so what is pending is asked for again. */
void
collect_advance(struct collect_stream *stream)
{
	struct collect_job *job, *next;

	for (job = LIST_FIRST(&stream->jobs); job != NULL; job = next) {
		next = LIST_NEXT(job, link);
		if (job->pending == 0)
			continue; /* its timer is due at once */
		take(job);
		if (job->pending > 0)
			ask_pending(job);
		take(job);
		if (job->pending == 0)
			finish(job);
	}
}

struct collect_job *
collect_gather(struct collect_stream *stream, const struct kd_need *needs, size_t count,
    const struct collect_terms *terms, collect_cb cb, void *arg)
{
	struct collect_job *job = mem_new(1, sizeof(*job) + count * sizeof(struct fact *));
	int64_t wait_ms = terms->deadline_ms - clock_mono_ms();
	struct timeval wait;

	assert(count <= COLLECT_NEEDS_MAX);
	job->stream = stream;
	job->needs = needs;
	job->count = count;
	job->pending = count;
	job->terms = *terms;
	job->cb = cb;
	job->arg = arg;
	LIST_INSERT_HEAD(&stream->jobs, job, link);
	for (size_t i = 0; i < count; i++)
		collect_renew(stream, &needs[i], terms);
	take(job);
	ask_pending(job);
	take(job); /* what was at hand, once it was asked for */
	wait = clock_wait(job->pending == 0 || wait_ms < 0 ? 0 : wait_ms);
	evtimer_assign(&job->timer, stream->place->collect->base, job_timer_cb, job);
	event_add(&job->timer, &wait);
	return job;
}

void
collect_cancel(struct collect_job *job)
{
	job_free(job);
}
