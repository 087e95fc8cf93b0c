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
	struct collect_stream *stream = job->stream;

	LIST_REMOVE(job, link);
	if (LIST_EMPTY(&stream->jobs))
		event_del(&stream->timer);
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
arm(struct collect_stream *stream, int64_t due_ms)
{
	int64_t wait_ms = due_ms - clock_mono_ms();
	struct timeval wait = clock_wait(wait_ms > 0 ? wait_ms : 0);

	if (evtimer_pending(&stream->timer, NULL) && stream->armed_ms <= due_ms)
		return;
	stream->armed_ms = due_ms;
	event_add(&stream->timer, &wait);
}

static void
due_cb(evutil_socket_t fd, short what, void *arg)
{
	struct collect_stream *stream = arg;
	int64_t now_ms = clock_mono_ms(), next_ms = INT64_MAX;
	struct collect_job *job, *next;

	(void)fd;
	(void)what;
	if (now_ms < stream->armed_ms)
		now_ms = stream->armed_ms;
	for (job = LIST_FIRST(&stream->jobs); job != NULL; job = next) {
		next = LIST_NEXT(job, link);
		if (job->due_ms <= now_ms)
			finish(job);
		else if (job->due_ms < next_ms)
			next_ms = job->due_ms;
	}
	if (next_ms != INT64_MAX)
		arm(stream, next_ms);
}

void
collect_init_jobs(struct collect_stream *stream)
{
	LIST_INIT(&stream->jobs);
	evtimer_assign(&stream->timer, stream->place->collect->base, due_cb, stream);
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
	job->due_ms = job->pending == 0 ? clock_mono_ms() : terms->deadline_ms;
	arm(stream, job->due_ms);
	return job;
}

void
collect_cancel(struct collect_job *job)
{
	job_free(job);
}
