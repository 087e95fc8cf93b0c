/* SPDX-License-Identifier: Apache-2.0 */
/* control_session: owns one client's lines, answers and end; knows nothing of listening, nor of what the operations do. */
#include "daemon/control_session.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "common/json.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/proto.h"
#include "common/text.h"

enum {
	TURN_MAX = 16,                     /* lines of one client in a row: the loop has others to serve */
	OUTPUT_LOW = 64 * 1024,            /* a client that lets more wait gets no further line read */
	SUBSCRIBER_MAX = 1024 * 1024,      /* may wait for a subscriber: some 2,000 events */
	DISCARD_MAX = 4 * 1024 * 1024,     /* read and thrown away, so that who wrote too long a line hears why */
	LINGER_MS = 2000,                  /* as long for the same */
	INPUT_MAX = PROTO_REQUEST_MAX + 1, /* a whole line with its newline */
	NAME_SHOWN = 64,                   /* bytes of a foreign operation's name in a sentence */
};

struct control_session {
	TAILQ_ENTRY(control_session) link;
	struct control_room *room; /* NULL: gone */
	struct bufferevent *bev;
	struct control_peer *peer;
	unsigned holds; /* the room's own counts */
	bool busy;      /* an operation has not answered yet */
	bool subscribed;
	bool eof;     /* the peer has shut its writing side: it may still want its answers */
	bool turning; /* take_turn is on the stack */
	bool closing; /* what still comes is thrown away, what waits still goes out */
	bool shut;    /* closing, and all is out */
	size_t discarded;
};

/* ---- life ---- */

static struct timeval
real_time(int64_t ms)
{
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

static void
set_timeouts(struct control_session *session, int64_t read_ms)
{
	struct timeval idle = real_time(read_ms), stall = real_time(session->room->options.stall_ms);

	bufferevent_set_timeouts(session->bev, read_ms > 0 ? &idle : NULL, &stall);
}

static size_t
waiting_output(const struct control_session *session)
{
	return evbuffer_get_length(bufferevent_get_output(session->bev));
}

static size_t
waiting_input(const struct control_session *session)
{
	return evbuffer_get_length(bufferevent_get_input(session->bev));
}

void
control_session_close(struct control_session *session)
{
	struct control_room *room = session->room;

	assert(room != NULL);
	session->room = NULL;
	TAILQ_REMOVE(&room->sessions, session, link);
	room->counts.sessions--;
	if (session->subscribed)
		room->counts.subscribers--;
	bufferevent_free(session->bev);
	session->bev = NULL;
	control_release(session);
	if (room->closed_cb != NULL)
		room->closed_cb(room->closed_arg);
}

/* A client that does not read: never waited for. */
static void
drop(struct control_session *session)
{
	log_info("dropped a client of the control socket (uid %u, pid %d): it does not read",
	    (unsigned)session->peer->uid, (int)session->peer->pid);
	session->room->counts.dropped++;
	control_session_close(session);
}

struct control_session *
control_hold(struct control_session *session)
{
	session->holds++;
	return session;
}

static void
destroy(struct control_session *session)
{
	assert(session->room == NULL);
	free(session->peer);
	free(session);
}

/* Not from under take_turn, which looks at it once more. */
void
control_release(struct control_session *session)
{
	assert(session->holds > 0);
	if (--session->holds == 0 && !session->turning)
		destroy(session);
}

bool
control_session_gone(const struct control_session *session)
{
	return session->room == NULL;
}

/* The name is looked up when it is asked for, since that may take its time. */
const struct control_peer *
control_session_peer(const struct control_session *session)
{
	struct control_peer *peer = session->peer;

	if (peer->name[0] == '\0' && session->room != NULL)
		control_peers_name(session->room->peers, peer->uid, peer->name, sizeof peer->name);
	return peer;
}

/* Has the peer closed altogether? POLLHUP tells it from one that has only shut its writing side. */
static bool
has_hung_up(const struct control_session *session)
{
	struct pollfd fd = {.fd = bufferevent_getfd(session->bev)};

	return poll(&fd, 1, 0) == 1 && (fd.revents & (POLLHUP | POLLERR)) != 0;
}

void
control_room_sweep(struct control_room *room)
{
	struct control_session *session, *next;

	for (session = TAILQ_FIRST(&room->sessions); session != NULL; session = next) {
		next = TAILQ_NEXT(session, link);
		if (session->eof && has_hung_up(session))
			control_session_close(session);
	}
}

/* ---- answers ---- */

static void
free_line_cb(const void *line, size_t len, void *arg)
{
	(void)line;
	(void)len;
	free(arg);
}

/* Puts a whole line, which is taken over, behind what waits. */
static void
send_taken(struct control_session *session, char *line, size_t len)
{
	if (evbuffer_add_reference(bufferevent_get_output(session->bev), line, len, free_line_cb, line) == 0)
		return;
	free(line);
	drop(session);
}

/* The operation has answered: the next line may be read, but not from within whoever answers. */
static void
finish(struct control_session *session)
{
	assert(session->busy);
	session->busy = false;
	if (session->room != NULL && !session->turning)
		bufferevent_trigger(session->bev, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

void
control_reply_error(struct control_session *session, const char *code, const char *message)
{
	char *line;

	if (session->room != NULL) {
		line = proto_write_error(code, message);
		send_taken(session, line, strlen(line));
	}
	finish(session);
}

static void
reply_error_taken(struct control_session *session, const char *code, char *message)
{
	control_reply_error(session, code, message);
	free(message);
}

/* How much may still be put before slow clients, all together. */
static size_t
room_left(const struct control_room *room)
{
	size_t left = room->options.output_max, waiting;
	struct control_session *session;

	for (session = TAILQ_FIRST(&room->sessions); session != NULL; session = TAILQ_NEXT(session, link)) {
		waiting = waiting_output(session);
		left -= waiting < left ? waiting : left;
	}
	return left;
}

static void
reply_taken(struct control_session *session, char *line)
{
	size_t len = strlen(line);

	if (len > room_left(session->room)) {
		free(line);
		reply_error_taken(session, PROTO_BUSY,
		    mem_printf(
			"the answer has %zu bytes, and there is no room for them: ask for one stream, or again later",
			len));
		return;
	}
	send_taken(session, line, len);
	finish(session);
}

void
control_reply(struct control_session *session, const json_t *result)
{
	if (session->room == NULL)
		finish(session);
	else
		reply_taken(session, proto_write_result(result));
}

void
control_reply_text(struct control_session *session, const char *result)
{
	if (session->room == NULL)
		finish(session);
	else
		reply_taken(session, proto_write_result_text(result));
}

/* ---- subscribers ---- */

bool
control_subscribe(struct control_session *session)
{
	struct control_room *room = session->room;

	if (room == NULL || session->subscribed)
		return true;
	if (room->counts.subscribers >= room->options.sessions_max / 2)
		control_room_sweep(room);
	if (room->counts.subscribers >= room->options.sessions_max / 2) {
		if (session->busy)
			reply_error_taken(session, PROTO_BUSY,
			    mem_printf("%zu clients watch already: end one of them first", room->counts.subscribers));
		return false;
	}
	session->subscribed = true;
	room->counts.subscribers++;
	set_timeouts(session, 0);
	return true;
}

static void
tell(struct control_session *session, const char *line, size_t len)
{
	struct evbuffer *output = bufferevent_get_output(session->bev);

	if (evbuffer_get_length(output) + len > SUBSCRIBER_MAX || evbuffer_expand(output, len + 1) != 0) {
		drop(session);
		return;
	}
	evbuffer_add(output, line, len);
	evbuffer_add(output, "\n", 1);
}

void
control_room_tell(struct control_room *room, const char *line)
{
	struct control_session *session, *next;
	size_t len = strlen(line);

	for (session = TAILQ_FIRST(&room->sessions); session != NULL; session = next) {
		next = TAILQ_NEXT(session, link);
		if (session->subscribed && !session->closing)
			tell(session, line, len);
	}
}

/* ---- requests ---- */

static void
refuse_unknown(struct control_session *session, const char *name)
{
	const struct control_options *options = &session->room->options;
	const char **names = mem_new(options->ops_count, sizeof *names), *closest;
	char *shown = text_clean(name, strlen(name), NAME_SHOWN);

	for (size_t i = 0; i < options->ops_count; i++)
		names[i] = options->ops[i].name;
	closest = text_closest(name, names, options->ops_count);
	reply_error_taken(session, PROTO_UNKNOWN_OP,
	    mem_printf("there is no operation \"%s\"%s%s%s", shown, closest != NULL ? " (did you mean \"" : "",
		closest != NULL ? closest : "", closest != NULL ? "\"?)" : ""));
	free(shown);
	free(names);
}

static void
refuse_change(struct control_session *session, const char *name)
{
	const char *operators = control_peers_operators(session->room->peers);
	const char *who = control_session_peer(session)->name;
	char *message;

	if (operators != NULL)
		message =
		    mem_printf("%s is for root, kdiagd's user and the group %s; you are %s", name, operators, who);
	else
		message = mem_printf(
		    "%s is for root and kdiagd's user; you are %s (daemon.operators may name a group)", name, who);
	reply_error_taken(session, PROTO_NOT_ALLOWED, message);
}

static const struct control_op *
find_op(const struct control_options *options, const char *name)
{
	for (size_t i = 0; i < options->ops_count; i++)
		if (strcmp(options->ops[i].name, name) == 0)
			return &options->ops[i];
	return NULL;
}

static void
perform(struct control_session *session, const json_t *request)
{
	struct control_room *room = session->room;
	const char *name = "";
	const struct control_op *op;

	json_get_string(request, "op", &name, NULL);
	if ((op = find_op(&room->options, name)) == NULL)
		refuse_unknown(session, name);
	else if (op->changes && !control_peers_may_change(room->peers, session->peer->uid, session->peer->gid))
		refuse_change(session, op->name);
	else
		op->exec(session, request, room->options.app);
}

static void
answer(struct control_session *session, const char *line, size_t len)
{
	char *cause = NULL;
	json_t *request = proto_read_request(line, len, &cause);

	session->busy = true;
	if (request == NULL)
		reply_error_taken(session, PROTO_BAD_REQUEST, cause);
	else
		perform(session, request);
	json_decref(request);
}

/* Says so and closes, but gently: a peer that is still writing would otherwise see the end before the reason. */
static void
refuse_length(struct control_session *session)
{
	session->busy = true;
	reply_error_taken(session, PROTO_TOO_LONG,
	    mem_printf("a line may have %d bytes: this connection is closed", PROTO_REQUEST_MAX));
	if (session->room == NULL)
		return;
	session->closing = true;
	set_timeouts(session, LINGER_MS);
}

/* The next whole line (the caller's); NULL: there is none. What stands before an end of file is a line without its newline, too. */
static char *
take_line(struct control_session *session, size_t *len)
{
	struct evbuffer *input = bufferevent_get_input(session->bev);
	char *line = evbuffer_readln(input, len, EVBUFFER_EOL_LF);

	if (line != NULL || !session->eof || (*len = evbuffer_get_length(input)) == 0 || *len > PROTO_REQUEST_MAX)
		return line;
	line = mem_new(*len + 1, 1);
	evbuffer_remove(input, line, *len);
	return line;
}

static bool
may_take(const struct control_session *session)
{
	return session->room != NULL && !session->busy && !session->closing && waiting_output(session) < OUTPUT_LOW;
}

/* One line, if there is one to answer now. */
static bool
answer_next(struct control_session *session)
{
	char *line;
	size_t len = 0;

	if (!may_take(session))
		return false;
	if ((line = take_line(session, &len)) == NULL) {
		if (waiting_input(session) > PROTO_REQUEST_MAX)
			refuse_length(session);
		return false;
	}
	answer(session, line, len);
	free(line);
	return true;
}

/* Throws away what comes behind the end; ends it when the peer has, or when it is too much. */
static void
linger(struct control_session *session)
{
	struct evbuffer *input = bufferevent_get_input(session->bev);

	session->discarded += evbuffer_get_length(input);
	evbuffer_drain(input, evbuffer_get_length(input));
	if (session->discarded > DISCARD_MAX || (session->eof && waiting_output(session) == 0)) {
		control_session_close(session);
		return;
	}
	if (waiting_output(session) == 0 && !session->shut) {
		session->shut = true;
		shutdown(bufferevent_getfd(session->bev), SHUT_WR);
	}
}

/* After some lines: is there more to do, or is this the end? */
static void
settle(struct control_session *session, bool more)
{
	if (session->room == NULL)
		return;
	if (session->closing)
		linger(session);
	else if (more)
		bufferevent_trigger(session->bev, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
	else if (session->eof && (session->busy || session->subscribed) && has_hung_up(session))
		control_session_close(session);
	else if (session->eof && !session->busy && !session->subscribed && waiting_input(session) == 0 &&
		 waiting_output(session) == 0)
		control_session_close(session);
}

static void
take_turn(struct control_session *session)
{
	int taken = 0;

	if (session->turning)
		return;
	session->turning = true;
	while (taken < TURN_MAX && answer_next(session))
		taken++;
	settle(session, taken == TURN_MAX);
	session->turning = false;
	if (session->holds == 0)
		destroy(session);
}

/* ---- events ---- */

/* Something came, or all that waited has gone out. */
static void
turn_cb(struct bufferevent *bev, void *arg)
{
	(void)bev;
	take_turn(arg);
}

/* Silence is no reason to close on somebody who waits for us. */
static void
handle_idle(struct control_session *session)
{
	if (session->closing || (!session->busy && !session->subscribed && waiting_output(session) == 0))
		control_session_close(session);
	else
		bufferevent_enable(session->bev, EV_READ);
}

static void
event_cb(struct bufferevent *bev, short what, void *arg)
{
	struct control_session *session = arg;

	(void)bev;
	if (what & BEV_EVENT_ERROR) {
		control_session_close(session);
	} else if (what & BEV_EVENT_EOF) {
		session->eof = true;
		take_turn(session);
	} else if (what & BEV_EVENT_TIMEOUT) {
		if (what & BEV_EVENT_WRITING)
			drop(session);
		else
			handle_idle(session);
	}
}

struct control_session *
control_session_new(struct control_room *room, int fd)
{
	struct control_session *session;
	struct bufferevent *bev;
	struct ucred peer = {0};
	socklen_t len = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
	    (bev = bufferevent_socket_new(room->base, fd, BEV_OPT_CLOSE_ON_FREE)) == NULL) {
		log_warn("a client of the control socket came and could not be served");
		close(fd);
		return NULL;
	}
	session = mem_new(1, sizeof *session);
	session->peer = mem_new(1, sizeof *session->peer);
	*session->peer = (struct control_peer){.uid = peer.uid, .gid = peer.gid, .pid = peer.pid};
	session->room = room;
	session->bev = bev;
	session->holds = 1;
	TAILQ_INSERT_TAIL(&room->sessions, session, link);
	room->counts.sessions++;
	room->counts.accepted++;
	bufferevent_setcb(bev, turn_cb, turn_cb, event_cb, session);
	bufferevent_setwatermark(bev, EV_READ, 0, INPUT_MAX);
	set_timeouts(session, room->options.idle_ms);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	return session;
}
