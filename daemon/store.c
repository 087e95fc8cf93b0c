/* SPDX-License-Identifier: Apache-2.0 */
/* store: owns the thread that may wait for the disk, and what passes between it and the loop; refuses to know what the rows say. */
#include "daemon/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/mem.h"

enum {
	RETRY_MS = 5000,
	ASKS_MAX = 16,
	STACK_BYTES = 1024 * 1024, /* SQLite's parser and quick_check; the sanitizers want some more */
};

/* Somebody asks for the history. */
struct ask {
	struct store_query query;
	store_history_cb done;
	void *arg;
	json_t *list; /* the answer; NULL: why there is none */
	char *why;
	TAILQ_ENTRY(ask) link;
};
TAILQ_HEAD(ask_list, ask);

/* What the thread has to tell. */
struct news {
	bool written, recovered, anew;
	char *trouble, *anew_why;
};

/* Below the mutex all is under it. It belongs to the thread too: who leaves last frees it. */
struct store {
	struct store_options options; /* path: its own */
	char *path;
	int lock_fd, wake_fd;
	struct event *wake;
	struct store_rows *rows; /* the loop makes and frees them; the thread reads them while `writing` */
	struct store_db *db;     /* the thread's alone, once it runs */
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t work, idle;
	bool writing, ending, abandoned, ended;
	bool in_trouble; /* the thread's: it was told */
	struct ask_list asks, answers;
	size_t asks_count;
	struct news news;
};

/* Real time: how long a disk hangs does not run faster in a test. */
static struct timespec
real_after(int64_t ms)
{
	struct timespec when;

	clock_gettime(CLOCK_MONOTONIC, &when);
	when.tv_sec += ms / 1000;
	when.tv_nsec += ms % 1000 * 1000000;
	if (when.tv_nsec >= 1000000000) {
		when.tv_sec++;
		when.tv_nsec -= 1000000000;
	}
	return when;
}

/* ---- the thread; the mutex is held but while it works on the disk ---- */

static void
nudge(struct store *store)
{
	const uint64_t one = 1;

	if (!store->abandoned && write(store->wake_fd, &one, sizeof(one)) == -1)
		return; /* the counter is full: the loop is awake already */
}

static void
tell_trouble(struct store *store, const char *why)
{
	if (store->in_trouble)
		return;
	store->in_trouble = true;
	store->news.recovered = false;
	free(store->news.trouble);
	store->news.trouble = mem_strdup(why);
	nudge(store);
}

static void
tell_recovered(struct store *store)
{
	if (!store->in_trouble)
		return;
	store->in_trouble = false;
	store->news.recovered = true;
	nudge(store);
}

static void
tell_anew(struct store *store, char *why_taken)
{
	store->news.anew = true;
	free(store->news.anew_why);
	store->news.anew_why = why_taken;
	nudge(store);
}

/* Out of the way with it, and a new one in its place. aside_why: the sentence about the old one, the caller's. */
static enum store_result
replace(struct store *store, enum store_result what, const char *reason, char **aside_why, char **why)
{
	char *to = store_db_put_aside(store->path, what, clock_now_ms(), why);
	enum store_result result;

	if (to == NULL)
		return STORE_TROUBLE;
	*aside_why = mem_printf("%s was of no use (%s): it was put aside as %s, and the memory of findings begins anew",
	    store->path, reason, to);
	free(to);
	result = store_db_open(&store->db, store->path, why);
	return result == STORE_DONE ? result : STORE_TROUBLE;
}

/* Opens it, and replaces what is of no use. Without the mutex. */
static enum store_result
open_db(struct store *store, char **aside_why, char **why)
{
	enum store_result result = store_db_open(&store->db, store->path, why);
	char *reason;

	if (result == STORE_DONE || result == STORE_TROUBLE)
		return result;
	reason = mem_strdup(*why);
	result = replace(store, result, reason, aside_why, why);
	free(reason);
	return result;
}

/* The rows, and whatever stands in their way. Without the mutex. */
static enum store_result
write_once(struct store *store, char **aside_why, bool *opened, char **why)
{
	enum store_result result = STORE_DONE;
	char *reason;

	if (store->db == NULL) {
		result = open_db(store, aside_why, why);
		if (result != STORE_DONE) {
			store_db_close(store->db); /* for reading alone it was good at the start */
			store->db = NULL;
			return result;
		}
		*opened = true;
	}
	result = store_db_write(store->db, store->rows, why);
	if (result != STORE_DAMAGED)
		return result;
	store_db_close(store->db);
	store->db = NULL;
	reason = mem_strdup(*why);
	result = replace(store, STORE_DAMAGED, reason, aside_why, why);
	free(reason);
	*opened = true;
	return result == STORE_DONE ? store_db_write(store->db, store->rows, why) : result;
}

static enum store_result
do_write(struct store *store)
{
	char *aside_why = NULL, *why = NULL;
	bool opened = false;
	enum store_result result;

	pthread_mutex_unlock(&store->mutex);
	result = write_once(store, &aside_why, &opened, &why);
	pthread_mutex_lock(&store->mutex);
	if (result == STORE_DONE) {
		store->writing = false;
		store->news.written = true;
		pthread_cond_signal(&store->idle);
		nudge(store);
		tell_recovered(store);
	} else {
		tell_trouble(store, why != NULL ? why : "it cannot be written");
		pthread_cond_signal(&store->idle);
	}
	if (opened || aside_why != NULL)
		tell_anew(store, aside_why);
	free(why);
	return result;
}

static void
do_ask(struct store *store)
{
	struct ask *ask = TAILQ_FIRST(&store->asks);

	TAILQ_REMOVE(&store->asks, ask, link);
	pthread_mutex_unlock(&store->mutex);
	if (store->db != NULL)
		ask->list = store_db_history(store->db, &ask->query, &ask->why);
	else
		cause_set(&ask->why, "the database is not open (kdiagctl status says why)");
	pthread_mutex_lock(&store->mutex);
	TAILQ_INSERT_TAIL(&store->answers, ask, link);
	nudge(store);
}

/* Writes first, so that who asks after a change sees it; but a disk that refuses does not keep the asking waiting. */
static void
work(struct store *store)
{
	struct timespec until = {0};
	bool refused = false;

	while (!store->abandoned) {
		if (store->writing && !refused) {
			refused = do_write(store) != STORE_DONE;
			until = real_after(store->options.retry_ms);
		} else if (!TAILQ_EMPTY(&store->asks)) {
			do_ask(store);
		} else if (store->ending) {
			return;
		} else if (refused) {
			refused = pthread_cond_timedwait(&store->work, &store->mutex, &until) != ETIMEDOUT;
		} else {
			pthread_cond_wait(&store->work, &store->mutex);
		}
	}
}

static void
free_asks(struct ask_list *list)
{
	struct ask *ask;

	while ((ask = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, ask, link);
		json_decref(ask->list);
		free(ask->why);
		free(ask->query.account);
		free(ask->query.region);
		free(ask->query.stream);
		free(ask->query.id);
		free(ask);
	}
}

static void
destroy(struct store *store)
{
	store_db_close(store->db);
	store_rows_free(store->rows);
	free_asks(&store->asks);
	free_asks(&store->answers);
	free(store->news.trouble);
	free(store->news.anew_why);
	pthread_cond_destroy(&store->work);
	pthread_cond_destroy(&store->idle);
	pthread_mutex_destroy(&store->mutex);
	if (store->wake_fd >= 0)
		close(store->wake_fd);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	free(store->path);
	free(store);
}

static void *
run(void *arg)
{
	struct store *store = arg;
	bool mine;

	pthread_mutex_lock(&store->mutex);
	work(store);
	store->ended = true;
	pthread_cond_signal(&store->idle);
	mine = store->abandoned;
	pthread_mutex_unlock(&store->mutex);
	if (mine)
		destroy(store);
	return NULL;
}

/* ---- the loop's side ---- */

static void
answer_asks(struct ask_list *answers, struct store *store)
{
	struct ask *ask;

	TAILQ_FOREACH(ask, answers, link)
	{
		store->asks_count--;
		ask->done(ask->list, ask->why, ask->arg);
	}
	free_asks(answers);
}

static void
finish_rows(struct store *store)
{
	struct store_rows *rows = store->rows;

	store->rows = NULL;
	store->options.written(rows, store->options.arg);
	store_rows_free(rows);
}

static void
wake_cb(evutil_socket_t fd, short what, void *arg)
{
	struct store *store = arg;
	struct ask_list answers = TAILQ_HEAD_INITIALIZER(answers);
	struct news news;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) == -1 && errno != EAGAIN)
		return;
	pthread_mutex_lock(&store->mutex);
	news = store->news;
	store->news = (struct news){0};
	TAILQ_CONCAT(&answers, &store->answers, link);
	pthread_mutex_unlock(&store->mutex);
	if (news.trouble != NULL)
		store->options.trouble(news.trouble, store->options.arg);
	if (news.written)
		finish_rows(store);
	if (news.recovered)
		store->options.trouble(NULL, store->options.arg);
	if (news.anew)
		store->options.anew(news.anew_why, store->options.arg);
	answer_asks(&answers, store);
	free(news.trouble);
	free(news.anew_why);
}

/* A folder that cannot be written to needs no lock. -1: another has it. */
static int
lock(struct store *store, char **cause)
{
	char *path = mem_printf("%s.lock", store->path);
	int result = 0;

	store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock_fd >= 0 && flock(store->lock_fd, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK)
		result = cause_set(cause,
		    "another kdiagd keeps its findings in %s: stop that one, or give this one a daemon.state of its "
		    "own",
		    store->path);
	free(path);
	return result;
}

static int
start_thread(struct store *store, char **cause)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&store->thread, &attr, run, store);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (failed == 0)
		return 0;
	return cause_set(cause, "no thread for the disk: %s (see the limits of the unit, TasksMax)", strerror(failed));
}

/* What a start can read; empty rows when that is nothing. What is wrong becomes news. */
static struct store_rows *
load(struct store *store)
{
	char *aside_why = NULL, *why = NULL, *reason;
	enum store_result result = open_db(store, &aside_why, &why);
	struct store_rows *rows = store->db != NULL ? store_db_load(store->db, &why) : NULL;

	if (store->db != NULL && rows == NULL && result == STORE_DONE) { /* damaged where quick_check does not look */
		store_db_close(store->db);
		store->db = NULL;
		reason = mem_strdup(why);
		result = replace(store, STORE_DAMAGED, reason, &aside_why, &why);
		free(reason);
	}
	if (result != STORE_DONE) {
		store_db_close(store->db);
		store->db = NULL;
		tell_trouble(store, why);
	}
	if (aside_why != NULL)
		tell_anew(store, aside_why);
	free(why);
	return rows != NULL ? rows : mem_new(1, sizeof(*rows));
}

static struct store *
make(const struct store_options *options)
{
	struct store *store = mem_new(1, sizeof(*store));
	pthread_condattr_t attr;

	store->options = *options;
	if (store->options.retry_ms == 0)
		store->options.retry_ms = RETRY_MS;
	store->path = mem_strdup(options->path);
	store->lock_fd = -1;
	store->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	TAILQ_INIT(&store->asks);
	TAILQ_INIT(&store->answers);
	pthread_mutex_init(&store->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&store->work, &attr);
	pthread_cond_init(&store->idle, &attr);
	pthread_condattr_destroy(&attr);
	return store;
}

struct store *
store_open(const struct store_options *options, struct store_rows **loaded, char **cause)
{
	struct store *store = make(options);

	*loaded = NULL;
	store->wake =
	    store->wake_fd >= 0 ? event_new(options->base, store->wake_fd, EV_READ | EV_PERSIST, wake_cb, store) : NULL;
	if (store->wake == NULL) {
		cause_set(cause, "no file descriptor for the store: is their limit reached?");
		goto fail;
	}
	event_add(store->wake, NULL);
	if (lock(store, cause) == -1)
		goto fail;
	*loaded = load(store);
	if (start_thread(store, cause) == 0)
		return store;
fail:
	store_rows_free(*loaded);
	*loaded = NULL;
	if (store->wake != NULL)
		event_free(store->wake);
	destroy(store);
	return NULL;
}

void
store_close(struct store *store, int64_t grace_ms)
{
	const struct timespec until = real_after(grace_ms);
	pthread_t thread;
	int failed = 0;
	bool ended;

	if (store == NULL)
		return;
	event_free(store->wake);
	thread = store->thread;
	pthread_mutex_lock(&store->mutex);
	store->ending = true;
	pthread_cond_signal(&store->work);
	while (!store->ended && failed == 0)
		failed = pthread_cond_timedwait(&store->idle, &store->mutex, &until);
	ended = store->ended;
	store->abandoned = !ended;
	pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->mutex);
	if (ended) {
		pthread_join(thread, NULL);
		answer_asks(&store->answers, store);
		destroy(store);
		return;
	}
	/* Left behind knowingly: it may hang on the disk. Should it come back, it frees the store. */
	pthread_detach(thread);
}

bool
store_wait(struct store *store, int64_t grace_ms)
{
	const struct timespec until = real_after(grace_ms);
	int failed = 0;

	pthread_mutex_lock(&store->mutex);
	while (store->writing && !store->in_trouble && failed == 0)
		failed = pthread_cond_timedwait(&store->idle, &store->mutex, &until);
	pthread_mutex_unlock(&store->mutex);
	wake_cb(store->wake_fd, 0, store);
	return store->rows == NULL;
}

bool
store_is_busy(const struct store *store)
{
	return store->rows != NULL;
}

const struct store_rows *
store_under_way(const struct store *store)
{
	return store->rows;
}

void
store_write(struct store *store, struct store_rows *rows_taken)
{
	assert(store->rows == NULL);
	pthread_mutex_lock(&store->mutex);
	store->rows = rows_taken;
	store->writing = true;
	pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->mutex);
}

int
store_history(struct store *store, const struct store_query *query, store_history_cb done, void *arg)
{
	struct ask *ask;

	if (store->asks_count >= ASKS_MAX)
		return -1;
	ask = mem_new(1, sizeof(*ask));
	ask->query = *query;
	ask->query.account = mem_strdup(query->account);
	ask->query.region = mem_strdup(query->region);
	ask->query.stream = mem_strdup(query->stream);
	ask->query.id = mem_strdup(query->id);
	ask->done = done;
	ask->arg = arg;
	store->asks_count++;
	pthread_mutex_lock(&store->mutex);
	TAILQ_INSERT_TAIL(&store->asks, ask, link);
	pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->mutex);
	return 0;
}
