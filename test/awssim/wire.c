/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire: owns the requests whose answer is not sent at once. What breaks a connection is done from a timer, never while
 * evhttp is on the stack: it goes on
 * using the connection after its callback.
 */
#include "test/awssim/wire.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include "common/clock.h"
#include "common/mem.h"

enum { UNREAD_MAX = 64 * 1024 }; /* what a peer may send on while it waits */

/* One answer under way. */
struct held {
	TAILQ_ENTRY(held) entry;
	struct wire *wire;
	struct evhttp_request *request;
	struct evhttp_connection *connection;
	struct wire_answer answer;
	struct evbuffer *body;
	struct event *timer;
	int over; /* the timer ends it */
};

struct wire {
	struct event_base *base;
	TAILQ_HEAD(, held) held;
};

struct wire *
wire_new(struct event_base *base)
{
	struct wire *wire = mem_new(1, sizeof(*wire));

	wire->base = base;
	TAILQ_INIT(&wire->held);
	return wire;
}

static void
held_free(struct held *held)
{
	event_free(held->timer);
	evbuffer_free(held->body);
	TAILQ_REMOVE(&held->wire->held, held, entry);
	free(held);
}

void
wire_free(struct wire *wire)
{
	struct held *held, *next;

	if (wire == NULL)
		return;
	for (held = TAILQ_FIRST(&wire->held); held != NULL; held = next) {
		next = TAILQ_NEXT(held, entry);
		held_free(held);
	}
	free(wire);
}

static void
wait_ms(struct held *held, int64_t ms)
{
	struct timeval wait = clock_wait(ms);

	evtimer_add(held->timer, &wait);
}

/*
 * The connection is going. evhttp has cut the request loose when it was the peer who left; else it frees the request
 * itself.
 */
static void
closed_cb(struct evhttp_connection *connection, void *arg)
{
	struct held *held = arg;

	(void)connection;
	if (evhttp_request_get_connection(held->request) == NULL)
		evhttp_request_free(held->request);
	held_free(held);
}

static void
end(struct held *held)
{
	struct evhttp_connection *connection = held->connection;

	evhttp_connection_set_closecb(connection, NULL, NULL);
	held_free(held);
	evhttp_connection_free(connection);
}

/* All is written, or the peer has gone: the end comes from the timer, outside the bufferevent's callback. */
static void
written_cb(struct bufferevent *bev, void *arg)
{
	struct held *held = arg;

	if (held->over || evbuffer_get_length(bufferevent_get_output(bev)) > 0)
		return;
	if (held->answer.way == WIRE_CUT || evbuffer_get_length(held->body) == 0) {
		held->over = 1;
		wait_ms(held, 0);
	}
}

static void
gone_cb(struct bufferevent *bev, short what, void *arg)
{
	struct held *held = arg;

	(void)bev;
	(void)what;
	held->over = 1;
	wait_ms(held, 0);
}

static void
write_head(struct held *held, struct bufferevent *bev)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(held->request);
	struct evbuffer *out = bufferevent_get_output(bev);
	struct evkeyval *header;

	evbuffer_add_printf(
	    out, "HTTP/1.1 %d %s\r\n", held->answer.status, held->answer.status == 200 ? "OK" : "Error");
	TAILQ_FOREACH(header, headers, next)
	evbuffer_add_printf(out, "%s: %s\r\n", header->key, header->value);
	evbuffer_add_printf(out, "Content-Length: %zu\r\n\r\n", evbuffer_get_length(held->body));
}

/* From here on the connection is ours: evhttp's callbacks are off it. */
static void
start_breaking(struct held *held)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(held->connection);

	bufferevent_setcb(bev, NULL, written_cb, gone_cb, held);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	write_head(held, bev);
	if (held->answer.way == WIRE_CUT)
		evbuffer_remove_buffer(held->body, bufferevent_get_output(bev), evbuffer_get_length(held->body) / 2);
	else
		wait_ms(held, held->answer.drip_ms);
}

static void
drip(struct held *held)
{
	struct evbuffer *out = bufferevent_get_output(evhttp_connection_get_bufferevent(held->connection));

	if (evbuffer_remove_buffer(held->body, out, 1) == 1)
		wait_ms(held, held->answer.drip_ms);
}

/* Connecting to nowhere makes Linux send RST at once; a close alone would send FIN first. */
static void
reset(struct held *held)
{
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	evutil_socket_t fd = bufferevent_getfd(evhttp_connection_get_bufferevent(held->connection));

	if (connect(fd, &nowhere, sizeof(nowhere)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	end(held);
}

static void
send_whole(struct held *held)
{
	bufferevent_setwatermark(evhttp_connection_get_bufferevent(held->connection), EV_READ, 0, 0);
	evhttp_connection_set_closecb(held->connection, NULL, NULL);
	evhttp_send_reply(held->request, held->answer.status, NULL, held->body);
	held_free(held);
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct held *held = arg;
	struct bufferevent *bev = evhttp_connection_get_bufferevent(held->connection);
	bufferevent_data_cb write_cb;

	(void)fd;
	(void)what;
	bufferevent_getcb(bev, NULL, &write_cb, NULL, NULL);
	if (held->over)
		end(held);
	else if (held->answer.way == WIRE_WHOLE)
		send_whole(held);
	else if (held->answer.way == WIRE_RESET)
		reset(held);
	else if (write_cb == written_cb)
		drip(held);
	else
		start_breaking(held);
}

/*
 * Lets evhttp see the peer leave meanwhile: it stops reading while a request is being answered, and takes further bytes
 * for its own bug.
 */
static void
watch_peer(struct evhttp_connection *connection)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(connection);
	bufferevent_event_cb event_cb;
	void *arg;

	bufferevent_getcb(bev, NULL, NULL, &event_cb, &arg);
	bufferevent_setcb(bev, NULL, NULL, event_cb, arg);
	bufferevent_setwatermark(bev, EV_READ, 0, UNREAD_MAX);
	bufferevent_enable(bev, EV_READ);
}

void
wire_send(struct wire *wire, struct evhttp_request *request, const struct wire_answer *answer, struct evbuffer *body)
{
	struct held *held;

	if (answer->way == WIRE_WHOLE && answer->delay_ms == 0) {
		evhttp_send_reply(request, answer->status, NULL, body);
		return;
	}
	held = mem_new(1, sizeof(*held));
	held->wire = wire;
	held->request = request;
	held->connection = evhttp_request_get_connection(request);
	held->answer = *answer;
	held->body = evbuffer_new();
	evbuffer_add_buffer(held->body, body);
	held->timer = evtimer_new(wire->base, timer_cb, held);
	TAILQ_INSERT_TAIL(&wire->held, held, entry);
	watch_peer(held->connection);
	evhttp_connection_set_closecb(held->connection, closed_cb, held);
	if (answer->way != WIRE_HANG)
		wait_ms(held, answer->delay_ms);
}
