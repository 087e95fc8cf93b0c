/* SPDX-License-Identifier: Apache-2.0 */
/* control: owns the listening socket and who may come in; what a client says and gets is control_session's. */
#include "daemon/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/json.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/proto.h"
#include "daemon/control_session.h"

enum {
	BACKLOG = 128,
	ACCEPT_MAX = 16, /* clients let in in a row: the loop has others to serve */
	SESSIONS_MAX = 64,
	IDLE_MS = 10 * 60 * 1000,
	STALL_MS = 30 * 1000,
	SOCKET_UMASK = 0117, /* leaves 0660 */
};

struct control {
	struct control_room room;
	int fd;
	struct event *accept_event;
	struct event *retry_event; /* one second after file descriptors ran low */
	bool paused, told;         /* told: the pause is in the log */
	char *path;                /* NULL: the socket is not ours to unlink */
	dev_t dev;
	ino_t ino;
};

/* ---- the socket's file ---- */

static int
fill_address(const char *path, struct sockaddr_un *address, char **cause)
{
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof address->sun_path)
		return cause_set(cause,
		    "the socket's path has %zu bytes, and %zu at most are possible: \"%s\" (daemon.socket)", len,
		    sizeof address->sun_path - 1, path);
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(address->sun_path, path, len);
	return 0;
}

/* Does somebody listen there? 0: nobody; -1: yes, or one cannot know. EAGAIN is a listener whose queue is full. */
static int
check_nobody_listens(const struct sockaddr_un *address, char **cause)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;

	if (fd < 0)
		return cause_set(cause, "cannot make a socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)address, sizeof *address) != 0)
		error = errno;
	close(fd);
	if (error == 0 || error == EAGAIN)
		return cause_set(cause,
		    "another kdiagd listens on %s: stop that one, or give this one a daemon.socket of its own",
		    address->sun_path);
	if (error != ECONNREFUSED && error != ENOENT)
		return cause_set(
		    cause, "cannot tell whether another kdiagd listens on %s: %s", address->sun_path, strerror(error));
	return 0;
}

/* Makes way: a socket that a dead kdiagd left behind is removed, and nothing else ever. */
static int
clear_path(const struct sockaddr_un *address, char **cause)
{
	struct stat st;

	if (lstat(address->sun_path, &st) != 0)
		return 0; /* bind() will say what else is wrong */
	if (!S_ISSOCK(st.st_mode))
		return cause_set(
		    cause, "%s is no socket: remove it, or name another place in daemon.socket", address->sun_path);
	if (check_nobody_listens(address, cause) != 0)
		return -1;
	if (unlink(address->sun_path) != 0 && errno != ENOENT)
		return cause_set(cause, "cannot remove the old socket %s: %s", address->sun_path, strerror(errno));
	return 0;
}

/* With the umask around bind() there is no moment at which the socket is open to more than it should be. */
static int
bind_socket(int fd, const struct sockaddr_un *address)
{
	mode_t before = umask(SOCKET_UMASK);
	int bound = bind(fd, (const struct sockaddr *)address, sizeof *address), error = errno;

	umask(before);
	errno = error;
	return bound;
}

static int
listen_at(struct control *control, const char *path, char **cause)
{
	struct sockaddr_un address;
	struct stat st;

	if (fill_address(path, &address, cause) != 0 || clear_path(&address, cause) != 0)
		return -1;
	if ((control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
		return cause_set(cause, "cannot make a socket: %s", strerror(errno));
	if (bind_socket(control->fd, &address) != 0)
		return cause_set(
		    cause, "cannot listen on %s: %s (make its folder, or set daemon.socket)", path, strerror(errno));
	control->path = mem_strdup(path);
	if (lstat(path, &st) == 0) {
		control->dev = st.st_dev;
		control->ino = st.st_ino;
	}
	if (listen(control->fd, BACKLOG) != 0)
		return cause_set(cause, "cannot listen on %s: %s", path, strerror(errno));
	return 0;
}

/* Only the socket that we made: another may stand in its place by now. */
static void
unlink_ours(const struct control *control)
{
	struct stat st;

	if (control->path != NULL && lstat(control->path, &st) == 0 && st.st_dev == control->dev &&
	    st.st_ino == control->ino)
		unlink(control->path);
}

/* ---- letting clients in ---- */

static void
resume(struct control *control)
{
	if (!control->paused)
		return;
	control->paused = false;
	evtimer_del(control->retry_event);
	event_add(control->accept_event, NULL);
}

/* Without this the loop would spin: a client that cannot be accepted stays in the queue. */
static void
pause_accept(struct control *control)
{
	static const struct timeval retry = {.tv_sec = 1};

	if (!control->told)
		log_warn("no new client of the control socket until a file descriptor is free");
	control->told = true;
	control->paused = true;
	event_del(control->accept_event);
	evtimer_add(control->retry_event, &retry);
}

/* Tries at once, so that it is said when all is well again, also when nobody waits. */
static void
retry_cb(evutil_socket_t fd, short what, void *arg)
{
	struct control *control = arg;

	(void)fd;
	(void)what;
	resume(control);
	event_active(control->accept_event, EV_READ, 0);
}

static void
session_closed_cb(void *arg)
{
	resume(arg);
}

/* One line tells why; whether it arrives is not waited for. */
static void
turn_away(struct control *control, int fd)
{
	char *message = mem_printf("%zu clients are connected already: try again later", control->room.counts.sessions);
	char *line = proto_write_error(PROTO_BUSY, message);

	control->room.counts.refused++;
	if (send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("a client went away before it heard that the control socket is busy");
	close(fd);
	free(line);
	free(message);
}

static void
let_in(struct control *control, int fd)
{
	struct control_room *room = &control->room;

	if (room->counts.sessions >= room->options.sessions_max)
		control_room_sweep(room);
	if (room->counts.sessions >= room->options.sessions_max)
		turn_away(control, fd);
	else
		control_session_new(room, fd);
}

static void
accept_cb(evutil_socket_t listener, short what, void *arg)
{
	struct control *control = arg;
	int fd;

	(void)what;
	for (int i = 0; i < ACCEPT_MAX; i++) {
		fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			let_in(control, fd);
		} else if (errno == EAGAIN) {
			/* Nobody waits any more: one free descriptor alone may be gone with the next client. */
			if (control->told)
				log_info("clients of the control socket are let in again");
			control->told = false;
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			pause_accept(control);
			return;
		}
	}
}

/* ---- the whole ---- */

static void
fill_defaults(struct control_options *options)
{
	if (options->sessions_max == 0)
		options->sessions_max = SESSIONS_MAX;
	if (options->output_max == 0)
		options->output_max = PROTO_ANSWER_MAX;
	if (options->idle_ms == 0)
		options->idle_ms = IDLE_MS;
	if (options->stall_ms == 0)
		options->stall_ms = STALL_MS;
}

struct control *
control_new(struct event_base *base, const struct control_options *options, char **cause)
{
	struct control *control = mem_new(1, sizeof *control);

	TAILQ_INIT(&control->room.sessions);
	control->room.base = base;
	control->room.options = *options;
	control->room.options.path = control->room.options.operators = NULL;
	fill_defaults(&control->room.options);
	control->room.peers = control_peers_new(options->operators);
	control->room.closed_cb = session_closed_cb;
	control->room.closed_arg = control;
	control->fd = options->listen_fd;
	if (options->listen_fd < 0 && listen_at(control, options->path, cause) != 0) {
		control_free(control);
		return NULL;
	}
	control->accept_event = event_new(base, control->fd, EV_READ | EV_PERSIST, accept_cb, control);
	control->retry_event = evtimer_new(base, retry_cb, control);
	if (control->accept_event == NULL || control->retry_event == NULL ||
	    event_add(control->accept_event, NULL) != 0) {
		cause_set(cause, "cannot wait for clients of the control socket");
		control_free(control);
		return NULL;
	}
	return control;
}

void
control_configure(struct control *control, const char *operators)
{
	control_peers_configure(control->room.peers, operators);
}

void
control_free(struct control *control)
{
	struct control_session *session;

	if (control == NULL)
		return;
	if (control->accept_event != NULL)
		event_free(control->accept_event);
	if (control->retry_event != NULL)
		event_free(control->retry_event);
	control->room.closed_cb = NULL;
	while ((session = TAILQ_FIRST(&control->room.sessions)) != NULL)
		control_session_close(session);
	unlink_ours(control);
	if (control->fd >= 0)
		close(control->fd);
	control_peers_free(control->room.peers);
	free(control->path);
	free(control);
}

void
control_publish(struct control *control, const json_t *event)
{
	char *line;

	if (control->room.counts.subscribers == 0)
		return;
	line = json_line(event);
	control_room_tell(&control->room, line);
	free(line);
}

struct control_counts
control_counts(const struct control *control)
{
	return control->room.counts;
}
