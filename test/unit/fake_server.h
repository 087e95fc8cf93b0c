/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_server: an HTTP server on a loop of a test, for the tests of http and client: it hands each request to the test, which answers with any bytes
 * it likes. Knows no AWS.
 */
#ifndef KDIAG_TEST_FAKE_SERVER_H
#define KDIAG_TEST_FAKE_SERVER_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "common/mem.h"

struct fake_server;

struct fake_connection {
	LIST_ENTRY(fake_connection) link;
	struct fake_server *server;
	struct bufferevent *bev;
	char *text; /* the request under way: headers, an empty line, the body; NUL-terminated */
	const char *body;
};

/* The connection is good until the test closes it or the server is freed. */
typedef void (*fake_request_cb)(struct fake_connection *connection, void *arg);

LIST_HEAD(fake_connections, fake_connection);

struct fake_server {
	struct evconnlistener *listener;
	struct event_base *base;
	struct fake_connections connections;
	int port;
	size_t accepted, requests;
	fake_request_cb cb;
	void *arg;
};

static inline void
fake_close(struct fake_connection *connection)
{
	LIST_REMOVE(connection, link);
	bufferevent_free(connection->bev);
	free(connection->text);
	free(connection);
}

/* The next that the client reads is "connection reset by peer". */
static inline void
fake_reset(struct fake_connection *connection)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	setsockopt(bufferevent_getfd(connection->bev), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	fake_close(connection);
}

static inline void
fake_send(struct fake_connection *connection, const void *data, size_t len)
{
	bufferevent_write(connection->bev, data, len);
}

static inline void
fake_send_text(struct fake_connection *connection, const char *text)
{
	fake_send(connection, text, strlen(text));
}

/* headers: each with \r\n behind it, or "". */
static inline void
fake_answer(struct fake_connection *connection, int status, const char *headers, const char *body)
{
	char *text =
	    mem_printf("HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n%s", status, strlen(body), headers, body);

	fake_send_text(connection, text);
	free(text);
}

static inline void
fake_drained_cb(struct bufferevent *bev, void *arg)
{
	(void)bev;
	fake_close(arg);
}

/* Once all that was sent is out. */
static inline void
fake_close_later(struct fake_connection *connection)
{
	bufferevent_setcb(connection->bev, NULL, fake_drained_cb, NULL, connection);
}

static inline void
fake_read_cb(struct bufferevent *bev, void *arg)
{
	struct fake_connection *connection = arg;
	struct evbuffer *input = bufferevent_get_input(bev);
	struct evbuffer_ptr end = evbuffer_search(input, "\r\n\r\n", 4, NULL);
	const char *length;
	size_t all;

	if (end.pos < 0)
		return;
	free(connection->text);
	connection->text = mem_new((size_t)end.pos + 5, 1);
	evbuffer_copyout(input, connection->text, (size_t)end.pos + 4);
	length = strstr(connection->text, "Content-Length: ");
	all = (size_t)end.pos + 4 + (length != NULL ? strtoul(length + 16, NULL, 10) : 0);
	if (evbuffer_get_length(input) < all)
		return;
	connection->text = mem_resize(connection->text, all + 1, 1);
	evbuffer_remove(input, connection->text, all);
	connection->text[all] = '\0';
	connection->body = connection->text + end.pos + 4;
	connection->server->requests++;
	connection->server->cb(connection, connection->server->arg);
}

static inline void
fake_event_cb(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		fake_close(arg);
}

static inline void
fake_accept_cb(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int len, void *arg)
{
	struct fake_connection *connection = mem_new(1, sizeof(*connection));

	(void)listener;
	(void)address;
	(void)len;
	connection->server = arg;
	connection->server->accepted++;
	connection->bev = bufferevent_socket_new(connection->server->base, fd, BEV_OPT_CLOSE_ON_FREE);
	LIST_INSERT_HEAD(&connection->server->connections, connection, link);
	bufferevent_setcb(connection->bev, fake_read_cb, NULL, fake_event_cb, connection);
	bufferevent_enable(connection->bev, EV_READ | EV_WRITE);
}

static inline void
fake_start(struct fake_server *server, struct event_base *base, fake_request_cb cb, void *arg)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	*server = (struct fake_server){.base = base, .cb = cb, .arg = arg};
	LIST_INIT(&server->connections);
	server->listener = evconnlistener_new_bind(base, fake_accept_cb, server,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, -1, (struct sockaddr *)&address, sizeof(address));
	getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&address, &len);
	server->port = ntohs(address.sin_port);
}

static inline void
fake_stop(struct fake_server *server)
{
	struct fake_connection *connection;

	while ((connection = LIST_FIRST(&server->connections)) != NULL) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see that fake_close() takes what it frees off the list */
		fake_close(connection);
	}
	evconnlistener_free(server->listener);
}

#endif
