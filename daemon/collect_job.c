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

/*
 * The first need that is not served by now; NULL: all are. Kinesis's own come first, and no others are looked at behind it: thousands of jobs may wait for their turn to describe the
 * stream, and a day of points is not held that long, but made when it is needed.
 */
static const struct kd_need *
take(struct collect_job *job)
{
	for (int own = 1; own >= 0; own--)
		for (size_t i = 0; i < job->count; i++) {
			if (job->facts[i] != NULL || collect_is_own(job->needs[i].kind) != own)
				continue;
			job->facts[i] = collect_get(job->stream, &job->needs[i], &job->terms);
			if (job->facts[i] == NULL)
				return &job->needs[i];
		}
	return NULL;
}

/* Sees to it that all come. Are all there, if need be once they were asked for? */
static bool
serve(struct collect_job *job)
{
	if (take(job) == NULL)
		return true;
	for (size_t i = 0; i < job->count; i++)
		if (job->facts[i] == NULL)
			collect_ask(job->stream, &job->needs[i], &job->terms);
	return take(job) == NULL;
}

/* The same when all were asked for: only what is waited for now may have come too old, and has to be asked for again. */
static bool
serve_next(struct collect_job *job)
{
	const struct kd_need *missing = take(job);

	if (missing == NULL)
		return true;
	collect_ask(job->stream, missing, &job->terms);
	return take(job) == NULL;
}

/* Those that are served at once end by their timers. */
static void
advance(struct collect_stream *stream, bool (*serve_job)(struct collect_job *))
{
	struct collect_job *job, *next;

	for (job = LIST_FIRST(&stream->jobs); job != NULL; job = next) {
		next = LIST_NEXT(job, link);
		if (!job->is_served && serve_job(job))
			finish(job);
	}
}

void
collect_advance(struct collect_stream *stream)
{
	advance(stream, serve_next);
}

void
collect_renewed(struct collect_stream *stream)
{
	advance(stream, serve);
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
	job->terms = *terms;
	job->cb = cb;
	job->arg = arg;
	LIST_INSERT_HEAD(&stream->jobs, job, link);
	for (size_t i = 0; i < count; i++)
		collect_renew(stream, &needs[i], terms);
	job->is_served = serve(job);
	job->due_ms = job->is_served ? clock_mono_ms() : terms->deadline_ms;
	arm(stream, job->due_ms);
	return job;
}

void
collect_cancel(struct collect_job *job)
{
	job_free(job);
}
