/* SPDX-License-Identifier: Apache-2.0 */
/* http_loop: owns libcurl's multi handle, the events of its sockets and its timer. Knows no transfers, only that they end. */
#include "daemon/aws/http_loop.h"

#include <stdlib.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/mem.h"

/* A socket that libcurl wants watched. */
struct watch {
	TAILQ_ENTRY(watch) link;
	struct http_loop *loop;
	struct event event;
	int what; /* CURL_POLL_… */
};

TAILQ_HEAD(watch_list, watch);

struct http_loop {
	struct event_base *base;
	CURLM *multi;
	struct event timer;
	struct watch_list watches;
	http_loop_done_cb done;
	void *arg;
};

/* libcurl's messages come one by one, so that a callback may remove handles whose message is still to come. */
static void
act(struct http_loop *loop, curl_socket_t fd, int what)
{
	CURLMsg *message;
	int running, left;

	curl_multi_socket_action(loop->multi, fd, what, &running);
	while ((message = curl_multi_info_read(loop->multi, &left)) != NULL) {
		if (message->msg == CURLMSG_DONE)
			loop->done(message->easy_handle, message->data.result, loop->arg);
	}
}

static void
ready_cb(evutil_socket_t fd, short what, void *arg)
{
	struct watch *watch = arg;

	/* libcurl may drop the watch in here. */
	act(watch->loop, fd, (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

/* Only sets the timer: libcurl calls this from within its own functions. */
static int
set_timer_cb(CURLM *multi, long timeout_ms, void *arg)
{
	struct http_loop *loop = arg;
	struct timeval wait = {timeout_ms / 1000, timeout_ms % 1000 * 1000};

	(void)multi;
	if (timeout_ms < 0)
		event_del(&loop->timer);
	else
		event_add(&loop->timer, &wait);
	return 0;
}

static void
drop_watch(struct http_loop *loop, struct watch *watch)
{
	event_del(&watch->event);
	TAILQ_REMOVE(&loop->watches, watch, link);
	free(watch);
}

static void
set_watch(struct watch *watch, curl_socket_t fd, int what)
{
	short events = EV_PERSIST;

	events |= what & CURL_POLL_IN ? EV_READ : 0;
	events |= what & CURL_POLL_OUT ? EV_WRITE : 0;
	watch->what = what;
	event_assign(&watch->event, watch->loop->base, fd, events, ready_cb, watch);
	event_add(&watch->event, NULL);
}

static void
add_watch(struct http_loop *loop, curl_socket_t fd, int what)
{
	struct watch *watch = mem_new(1, sizeof(*watch));

	watch->loop = loop;
	TAILQ_INSERT_HEAD(&loop->watches, watch, link);
	curl_multi_assign(loop->multi, fd, watch);
	set_watch(watch, fd, what);
}

/* The removal of a socket that was never announced happens, and is no error. */
static int
watch_cb(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct watch *watch = known;

	(void)easy;
	if (what == CURL_POLL_REMOVE && watch != NULL) {
		drop_watch(arg, watch);
	} else if (what != CURL_POLL_REMOVE && watch == NULL) {
		add_watch(arg, fd, what);
	} else if (what != CURL_POLL_REMOVE && watch->what != what) {
		event_del(&watch->event);
		set_watch(watch, fd, what);
	}
	return 0;
}

struct http_loop *
http_loop_new(struct event_base *base, http_loop_done_cb done, void *arg)
{
	struct http_loop *loop;
	CURLM *multi = curl_multi_init();

	if (multi == NULL)
		return NULL;
	loop = mem_new(1, sizeof(*loop));
	*loop = (struct http_loop){.base = base, .multi = multi, .done = done, .arg = arg};
	TAILQ_INIT(&loop->watches);
	evtimer_assign(&loop->timer, base, timer_cb, loop);
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_cb);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, loop);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer_cb);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, loop);
	return loop;
}

void
http_loop_free(struct http_loop *loop)
{
	struct watch *watch;

	if (loop == NULL)
		return;
	curl_multi_cleanup(loop->multi);
	while ((watch = TAILQ_FIRST(&loop->watches)) != NULL) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see that what is freed is off the list */
		drop_watch(loop, watch);
	}
	event_del(&loop->timer);
	free(loop);
}

CURLM *
http_loop_multi(struct http_loop *loop)
{
	return loop->multi;
}
