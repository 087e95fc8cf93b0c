/* SPDX-License-Identifier: Apache-2.0 */
/* http_loop: owns libcurl's multi handle, the events of its sockets and its timer. Knows no transfers, only that they end. */
#include "daemon/aws/http_loop.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/mem.h"

/* A socket that libcurl wants watched. A connection that was opened here is watched on while it is idle, until it is closed here: else each call would cost two epoll_ctl(2). */
struct watch {
	TAILQ_ENTRY(watch) link;
	struct http_loop *loop;
	struct event event;
	curl_socket_t fd;
	int what; /* CURL_POLL_…; CURL_POLL_NONE: idle */
	bool is_own;
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

	/* Idle: the other side has closed it, which libcurl finds out when it comes to use it. */
	if (watch->what == CURL_POLL_NONE)
		event_del(&watch->event);
	else /* libcurl may drop the watch in here */
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
drop_watch(struct watch *watch)
{
	event_del(&watch->event);
	TAILQ_REMOVE(&watch->loop->watches, watch, link);
	free(watch);
}

static struct watch *
find_watch(struct http_loop *loop, curl_socket_t fd)
{
	struct watch *watch = TAILQ_FIRST(&loop->watches);

	while (watch != NULL && watch->fd != fd)
		watch = TAILQ_NEXT(watch, link);
	return watch;
}

static struct watch *
add_watch(struct http_loop *loop, curl_socket_t fd, bool is_own)
{
	struct watch *watch = mem_new(1, sizeof(*watch));

	*watch = (struct watch){.loop = loop, .fd = fd, .what = CURL_POLL_NONE, .is_own = is_own};
	event_assign(&watch->event, loop->base, fd, 0, ready_cb, watch);
	TAILQ_INSERT_HEAD(&loop->watches, watch, link);
	return watch;
}

static void
set_watch(struct watch *watch, int what)
{
	short events = (short)((what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0));

	watch->what = what;
	if (event_pending(&watch->event, EV_READ | EV_WRITE, NULL) == events)
		return;
	event_del(&watch->event);
	event_assign(&watch->event, watch->loop->base, watch->fd, events | EV_PERSIST, ready_cb, watch);
	event_add(&watch->event, NULL);
}

static void
rest_watch(struct watch *watch)
{
	if (!watch->is_own) {
		drop_watch(watch);
		return;
	}
	if (watch->what & CURL_POLL_OUT) /* it would be ready to be written to all the time */
		event_del(&watch->event);
	watch->what = CURL_POLL_NONE;
}

/* The removal of a socket that was never announced happens, and is no error. */
static int
watch_cb(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct watch *watch = find_watch(arg, fd);

	(void)easy;
	(void)known;
	if (what != CURL_POLL_REMOVE)
		set_watch(watch != NULL ? watch : add_watch(arg, fd, false), what);
	else if (watch != NULL)
		rest_watch(watch);
	return 0;
}

/* ---- sockets ---- */

static curl_socket_t
open_cb(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	(void)purpose;
	if (fd == -1)
		return CURL_SOCKET_BAD;
	add_watch(arg, fd, true);
	return fd;
}

static int
close_cb(void *arg, curl_socket_t fd)
{
	struct watch *watch = find_watch(arg, fd);

	if (watch != NULL)
		drop_watch(watch);
	return close(fd);
}

void
http_loop_adopt(struct http_loop *loop, CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_cb);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, loop);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_cb);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, loop);
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
		drop_watch(watch);
	}
	event_del(&loop->timer);
	free(loop);
}

CURLM *
http_loop_multi(struct http_loop *loop)
{
	return loop->multi;
}
