/* SPDX-License-Identifier: Apache-2.0 */
/* syslog_queue: owns the thread that may hang in syslog(3) and what waits for it; refuses to know what the lines say. */
#include "daemon/syslog_queue.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <syslog.h>
#include <time.h>

#include "common/mem.h"

enum {
	LINES_MAX = 10000,
	BYTES_MAX = 8 * 1024 * 1024,
	STACK_BYTES = 256 * 1024, /* syslog(3) formats on 1 KiB of it; the sanitizers want some more */
	STALLED_MS = 10000,
	SHUT_MS = 100, /* so often it is tried whether a log daemon is there again */
};

struct line {
	STAILQ_ENTRY(line) next;
	int priority; /* with the facility */
	uint64_t seq; /* of the change that it tells of; 0: of none */
	size_t size;  /* of this object */
	char text[];
};
STAILQ_HEAD(line_list, line);

/* All under the mutex, but for what is set once. It belongs to the thread too: who leaves last frees it. */
struct syslog_queue {
	struct syslog_queue_options options;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;    /* the thread: there is a line, or the end has come */
	pthread_cond_t shut;    /* the thread, while there is no log daemon: the owner is gone */
	pthread_cond_t drained; /* the owner: nothing is left */
	struct line_list lines;
	size_t count, bytes;
	int facility;
	bool cee;
	bool refused;          /* nobody is there */
	bool ending;           /* no line follows */
	bool abandoned;        /* the owner is gone */
	int64_t busy_since_ms; /* in begin() or write(), or nobody is there to write to; 0: not */
	uint64_t sent, dropped;
	uint64_t told_seq; /* of the last change that went out */
	uint64_t unsaid;   /* dropped, and no line has told of it yet */
};

/* Real time, not the clock's: how long a log daemon hangs, and how long an end may take, does not run faster in a test. */
static int64_t
real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- lines; with the mutex held ---- */

static void
append(struct syslog_queue *queue, int priority, const char *text, uint64_t seq)
{
	size_t len = strlen(text), size = sizeof(struct line) + len + 1;
	struct line *line = mem_new(1, size);

	line->priority = queue->facility | priority;
	line->seq = seq;
	line->size = size;
	memcpy(line->text, text, len + 1);
	STAILQ_INSERT_TAIL(&queue->lines, line, next);
	queue->count++;
	queue->bytes += size;
}

static struct line *
take_first(struct syslog_queue *queue)
{
	struct line *line = STAILQ_FIRST(&queue->lines);

	STAILQ_REMOVE_HEAD(&queue->lines, next);
	queue->count--;
	queue->bytes -= line->size;
	return line;
}

static void
drop_all(struct syslog_queue *queue)
{
	while (!STAILQ_EMPTY(&queue->lines))
		free(take_first(queue));
}

/* Behind the last line before the gap, since none was taken in after it. */
static void
tell_of_gap(struct syslog_queue *queue)
{
	char *notice;

	if (queue->unsaid == 0 || queue->count > queue->options.lines_max / 2 || queue->bytes > BYTES_MAX / 2)
		return;
	notice = queue->options.notice(queue->unsaid, queue->cee);
	append(queue, LOG_WARNING, notice, 0);
	queue->unsaid = 0;
	free(notice);
}

static bool
has_room(const struct syslog_queue *queue, const char *text)
{
	return queue->unsaid == 0 && queue->count < queue->options.lines_max &&
	       queue->bytes + sizeof(struct line) + strlen(text) + 1 <= BYTES_MAX;
}

/* ---- the thread ---- */

/* Waits for a log daemon, a while or until there is something else to do: the lines stay where they are. False: there is none yet. */
static bool
wait_for_peer(struct syslog_queue *queue)
{
	int64_t until_ms;
	struct timespec until;
	bool open;

	if (queue->options.is_open == NULL)
		return true;
	if (queue->busy_since_ms == 0)
		queue->busy_since_ms = real_ms();
	pthread_mutex_unlock(&queue->mutex);
	open = queue->options.is_open(queue->options.write_arg);
	pthread_mutex_lock(&queue->mutex);
	queue->refused = !open;
	if (open)
		return true;
	until_ms = real_ms() + SHUT_MS;
	until = (struct timespec){.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
	(void)pthread_cond_timedwait(&queue->shut, &queue->mutex, &until);
	return false;
}

/* One line out, if there is somebody who takes it; the mutex is let go of while that lasts. */
static void
send_first(struct syslog_queue *queue)
{
	struct line *line;

	if (!wait_for_peer(queue))
		return;
	line = take_first(queue);
	tell_of_gap(queue);
	queue->busy_since_ms = real_ms();
	pthread_mutex_unlock(&queue->mutex);
	queue->options.write(line->priority, line->text, queue->options.write_arg);
	pthread_mutex_lock(&queue->mutex);
	if (line->seq != 0)
		queue->told_seq = line->seq;
	free(line);
	queue->busy_since_ms = 0;
	queue->sent++;
}

static void
destroy(struct syslog_queue *queue)
{
	drop_all(queue);
	pthread_cond_destroy(&queue->wake);
	pthread_cond_destroy(&queue->shut);
	pthread_cond_destroy(&queue->drained);
	pthread_mutex_destroy(&queue->mutex);
	free(queue);
}

static void *
run(void *arg)
{
	struct syslog_queue *queue = arg;
	bool mine;

	/* Here and not in the owner's thread, for connecting may hang as well. */
	if (queue->options.begin != NULL)
		queue->options.begin();
	pthread_mutex_lock(&queue->mutex);
	queue->busy_since_ms = 0;
	for (;;) {
		tell_of_gap(queue);
		while (!queue->abandoned && !STAILQ_EMPTY(&queue->lines))
			send_first(queue);
		if (queue->ending)
			break;
		pthread_cond_wait(&queue->wake, &queue->mutex);
	}
	pthread_cond_signal(&queue->drained);
	mine = queue->abandoned;
	pthread_mutex_unlock(&queue->mutex);
	if (mine)
		destroy(queue);
	return NULL;
}

/* The loop's thread alone takes signals. */
static int
start_thread(struct syslog_queue *queue)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&queue->thread, &attr, run, queue);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return failed;
}

/* ---- the owner's side ---- */

struct syslog_queue *
syslog_queue_new(const struct syslog_queue_options *options, char **cause)
{
	struct syslog_queue *queue = mem_new(1, sizeof(*queue));
	pthread_condattr_t attr;
	int failed;

	assert(options->notice != NULL && options->write != NULL);
	queue->options = *options;
	if (queue->options.lines_max == 0)
		queue->options.lines_max = LINES_MAX;
	queue->facility = options->facility;
	queue->busy_since_ms = real_ms(); /* the thread's first act */
	STAILQ_INIT(&queue->lines);
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->wake, &attr);
	pthread_cond_init(&queue->shut, &attr);
	pthread_cond_init(&queue->drained, &attr);
	pthread_condattr_destroy(&attr);
	if ((failed = start_thread(queue)) == 0)
		return queue;
	destroy(queue);
	return cause_null(cause, "no thread for syslog: %s (see the limits of the unit, TasksMax)", strerror(failed));
}

/* Did the thread come to its end within the time? With the mutex held. */
static bool
wait_for_end(struct syslog_queue *queue, int64_t grace_ms)
{
	int64_t until_ms = real_ms() + grace_ms;
	const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
	int failed = 0;

	while (failed == 0 && (queue->busy_since_ms != 0 || !STAILQ_EMPTY(&queue->lines)))
		failed = pthread_cond_timedwait(&queue->drained, &queue->mutex, &until);
	return queue->busy_since_ms == 0 && STAILQ_EMPTY(&queue->lines);
}

/* With the mutex held. */
static uint64_t
told(const struct syslog_queue *queue)
{
	return queue->busy_since_ms == 0 && STAILQ_EMPTY(&queue->lines) ? UINT64_MAX : queue->told_seq;
}

uint64_t
syslog_queue_told(struct syslog_queue *queue)
{
	uint64_t seq;

	pthread_mutex_lock(&queue->mutex);
	seq = told(queue);
	pthread_mutex_unlock(&queue->mutex);
	return seq;
}

uint64_t
syslog_queue_free(struct syslog_queue *queue, int64_t grace_ms)
{
	pthread_t thread;
	uint64_t seq;
	bool ended;

	if (queue == NULL)
		return UINT64_MAX;
	thread = queue->thread;
	pthread_mutex_lock(&queue->mutex);
	queue->ending = true;
	pthread_cond_signal(&queue->wake);
	ended = wait_for_end(queue, grace_ms);
	queue->abandoned = !ended;
	pthread_cond_signal(&queue->shut);
	seq = told(queue);
	pthread_mutex_unlock(&queue->mutex);
	if (ended) {
		pthread_join(thread, NULL);
		destroy(queue);
		return seq;
	}
	/* Leaked knowingly: the thread still reads the queue. Should it ever come back, it frees it; else the end of the process does. */
	pthread_detach(thread);
	return seq;
}

void
syslog_queue_configure(struct syslog_queue *queue, int facility, bool cee)
{
	pthread_mutex_lock(&queue->mutex);
	queue->facility = facility;
	queue->cee = cee;
	pthread_mutex_unlock(&queue->mutex);
}

void
syslog_queue_put(struct syslog_queue *queue, int priority, const char *line, uint64_t seq)
{
	pthread_mutex_lock(&queue->mutex);
	assert(!queue->ending);
	if (has_room(queue, line)) {
		append(queue, priority, line, seq);
	} else {
		queue->dropped++;
		queue->unsaid++;
	}
	pthread_cond_signal(&queue->wake);
	pthread_mutex_unlock(&queue->mutex);
}

struct sink_syslog_counts
syslog_queue_counts(struct syslog_queue *queue)
{
	struct sink_syslog_counts counts;

	pthread_mutex_lock(&queue->mutex);
	counts = (struct sink_syslog_counts){
	    .sent = queue->sent,
	    .dropped = queue->dropped,
	    .queued = queue->count,
	    .stalled = queue->busy_since_ms != 0 && real_ms() - queue->busy_since_ms > STALLED_MS,
	    .shut = queue->refused,
	};
	pthread_mutex_unlock(&queue->mutex);
	return counts;
}
