/* SPDX-License-Identifier: Apache-2.0 */
/* control: the socket with friendly, slow, rude and many clients; the operations here are toys. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/proto.h"
#include "common/str.h"
#include "daemon/control.h"
#include "daemon/control_peer.h"

enum { PATIENCE_TICKS = 4000, HELD_MAX = 8 }; /* ticks of 5 ms: 20 s, for valgrind's sake */

static char folder[] = "/tmp/test_control.XXXXXX";
static char path[64];
static struct event_base *base;
static struct control *control;
static struct event *tick;
static struct control_session *held[HELD_MAX]; /* by the operation "later" */
static size_t held_count;
static unsigned changes_done;
static struct str logged;

/* ---- the operations ---- */

static void
exec_echo(struct control_session *session, const json_t *request, void *app)
{
	json_t *result = json_pack("{s:O?}", "said", json_object_get(request, "say"));

	assert_ptr_equal(app, &changes_done);
	control_reply(session, result);
	json_decref(result);
}

static void
exec_later(struct control_session *session, const json_t *request, void *app)
{
	(void)request;
	(void)app;
	assert_true(held_count < HELD_MAX);
	held[held_count++] = control_hold(session);
}

static void
exec_change(struct control_session *session, const json_t *request, void *app)
{
	(void)request;
	(*(unsigned *)app)++;
	control_reply(session, json_null());
}

static void
exec_big(struct control_session *session, const json_t *request, void *app)
{
	size_t size = (size_t)json_integer_value(json_object_get(request, "size"));
	char *text = mem_new(size + 1, 1);
	json_t *result;

	(void)app;
	memset(text, 'x', size);
	result = json_string(text);
	control_reply(session, result);
	json_decref(result);
	free(text);
}

static void
exec_subscribe(struct control_session *session, const json_t *request, void *app)
{
	json_t *result = json_pack("{s:b}", "subscribed", 1);

	(void)request;
	(void)app;
	if (control_subscribe(session))
		control_reply(session, result);
	json_decref(result);
}

static const struct control_op ops[] = {{"echo", false, exec_echo}, {"later", false, exec_later},
    {"change", true, exec_change}, {"big", false, exec_big}, {"subscribe", false, exec_subscribe}};

/* ---- scaffolding ---- */

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
log_cb(enum log_level level, const char *text, void *arg)
{
	(void)level;
	(void)arg;
	str_printf(&logged, "%s\n", text);
}

static struct control_options
options_default(void)
{
	return (struct control_options){
	    .path = path, .listen_fd = -1, .ops = ops, .ops_count = KD_COUNT(ops), .app = &changes_done};
}

static void
start(const struct control_options *options)
{
	char *cause = NULL;

	control = control_new(base, options, &cause);
	if (control == NULL)
		fail_msg("%s", cause);
}

static int
setup(void **state)
{
	static const struct timeval every = {.tv_usec = 5000};

	(void)state;
	base = event_base_new();
	tick = event_new(base, -1, EV_PERSIST, tick_cb, NULL);
	event_add(tick, &every);
	held_count = changes_done = 0;
	str_clear(&logged);
	log_to(log_cb, NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	control_free(control);
	control = NULL;
	for (size_t i = 0; i < held_count; i++)
		control_release(held[i]);
	held_count = 0;
	event_free(tick);
	event_base_free(base);
	str_free(&logged);
	log_to(NULL, NULL);
	assert_int_not_equal(access(path, F_OK), 0);
	return 0;
}

static int
connect_client(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_return_code(connect(fd, (struct sockaddr *)&address, sizeof address), errno);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void
turn_loop(void)
{
	event_base_loop(base, EVLOOP_ONCE);
}

/* Turns until the condition holds; a failure names it. */
#define TURN_UNTIL(condition) \
	do { \
		int ticks_ = 0; \
		while (!(condition) && ticks_++ < PATIENCE_TICKS) \
			turn_loop(); \
		if (!(condition)) \
			fail_msg("never: %s", #condition); \
	} while (0)

static void
say(int fd, const char *text, size_t len)
{
	ssize_t sent;

	while (len > 0) {
		sent = send(fd, text, len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN) {
			turn_loop();
			continue;
		}
		assert_true(sent > 0);
		text += sent;
		len -= (size_t)sent;
	}
}

static void
say_line(int fd, const char *line)
{
	say(fd, line, strlen(line));
	say(fd, "\n", 1);
}

/* What has come so far is added; true at the end of file. */
static bool
hear(int fd, struct str *heard)
{
	static char chunk[65536];
	ssize_t got;

	while ((got = recv(fd, chunk, sizeof chunk, 0)) > 0)
		str_add_len(heard, chunk, (size_t)got);
	return got == 0 || errno != EAGAIN;
}

static size_t
count_lines(const struct str *heard)
{
	size_t lines = 0;

	for (size_t i = 0; i < heard->len; i++)
		lines += heard->s[i] == '\n';
	return lines;
}

static bool
heard_lines(int fd, struct str *heard, size_t lines)
{
	hear(fd, heard);
	return count_lines(heard) >= lines;
}

/* One request, one answer that must be this. */
static void
ask(int fd, const char *request, const char *answer)
{
	struct str heard = {0};

	say_line(fd, request);
	TURN_UNTIL(heard_lines(fd, &heard, 1));
	if (strstr(heard.s, answer) == NULL)
		fail_msg("%s: \"%s\" does not hold \"%s\"", request, heard.s, answer);
	str_free(&heard);
}

#define SAID(text) "{\"ok\":true,\"v\":1,\"result\":{\"said\":" text "}}\n"

/* ---- answers ---- */

static void
test_answers(void **state)
{
	struct control_options options = options_default();
	int fd;

	(void)state;
	start(&options);
	fd = connect_client();
	ask(fd, "{\"op\":\"echo\",\"say\":\"hello\"}", SAID("\"hello\""));
	ask(fd, "{\"op\":\"echo\",\"say\":7}\r", SAID("7"));
	ask(fd, "{\"op\":\"ehco\"}",
	    "\"unknown_op\",\"message\":\"there is no operation \\\"ehco\\\" (did you mean \\\"echo\\\"?)");
	ask(fd, "{\"op\":\"frobnicate\"}", "\"there is no operation \\\"frobnicate\\\"\"");
	ask(fd, "GET / HTTP/1.1", "\"code\":\"bad_request\"");
	ask(fd, "", "\"code\":\"bad_request\"");
	ask(fd, "{\"op\":\"\xff\"}", "\"code\":\"bad_request\"");
	ask(fd, "{\"op\":\"change\"}", "\"result\":null");
	assert_int_equal(changes_done, 1);
	ask(fd, "{\"op\":\"echo\"}", "{\"said\":null}");
	assert_int_equal(control_counts(control).sessions, 1);
	close(fd);
	TURN_UNTIL(control_counts(control).sessions == 0);
	assert_int_equal(control_counts(control).accepted, 1);
	assert_int_equal(control_counts(control).dropped, 0);
	assert_int_equal(logged.len, 0);
}

static void
test_mode(void **state)
{
	struct control_options options = options_default();
	struct stat st;
	mode_t before = umask(0);

	(void)state;
	start(&options);
	assert_int_equal(umask(before), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0660);
}

/* Many requests at once come back in order, and none overtakes the first, which is answered late. */
static void
test_pipeline(void **state)
{
	enum { COUNT = 1500 };
	struct control_options options = options_default();
	struct str all = {0}, heard = {0}, expected = {0};
	int fd;

	(void)state;
	start(&options);
	fd = connect_client();
	str_add(&all, "{\"op\":\"later\"}\n");
	str_add(&expected, "{\"ok\":true,\"v\":1,\"result\":true}\n");
	for (int i = 0; i < COUNT; i++) {
		str_printf(&all, "{\"op\":\"echo\",\"say\":%d}\n", i);
		str_printf(&expected, "{\"ok\":true,\"v\":1,\"result\":{\"said\":%d}}\n", i);
	}
	say(fd, all.s, all.len);
	TURN_UNTIL(held_count == 1);
	for (int i = 0; i < 10; i++)
		turn_loop();
	hear(fd, &heard);
	assert_int_equal(heard.len, 0);
	control_reply(held[0], json_true());
	TURN_UNTIL(heard_lines(fd, &heard, COUNT + 1));
	assert_string_equal(heard.s, expected.s);
	str_free(&heard);
	str_free(&all);
	str_free(&expected);
	close(fd);
}

/* echo '{"op":…}' | socat - UNIX:…: the writing side is shut before the answer is there. */
static void
test_half_closed(void **state)
{
	struct control_options options = options_default();
	struct str heard = {0};
	int fd;

	(void)state;
	start(&options);
	fd = connect_client();
	say_line(fd, "{\"op\":\"later\"}");
	say_line(fd, "{\"op\":\"big\",\"size\":3000000}");
	say(fd, "{\"op\":\"echo\",\"say\":\"no newline\"}", 32);
	shutdown(fd, SHUT_WR);
	TURN_UNTIL(held_count == 1);
	for (int i = 0; i < 10; i++)
		turn_loop();
	assert_false(control_session_gone(held[0]));
	control_reply(held[0], json_true());
	TURN_UNTIL(hear(fd, &heard));
	assert_int_equal(count_lines(&heard), 3);
	assert_true(heard.len > 3000000);
	assert_non_null(strstr(heard.s + heard.len - 60, SAID("\"no newline\"")));
	TURN_UNTIL(control_session_gone(held[0]));
	str_free(&heard);
	close(fd);
}

static void
test_gone_while_waiting(void **state)
{
	struct control_options options = options_default();
	int fd;

	(void)state;
	start(&options);
	fd = connect_client();
	say_line(fd, "{\"op\":\"later\"}");
	TURN_UNTIL(held_count == 1);
	close(fd);
	TURN_UNTIL(control_session_gone(held[0]));
	control_reply(held[0], json_true());
	assert_int_equal(control_counts(control).sessions, 0);
	assert_int_equal(control_session_peer(held[0])->uid, getuid());
}

/* Held over the end of control itself. */
static void
test_free_while_held(void **state)
{
	struct control_options options = options_default();
	int fd;

	(void)state;
	start(&options);
	fd = connect_client();
	say_line(fd, "{\"op\":\"later\"}");
	TURN_UNTIL(held_count == 1);
	control_free(control);
	control = NULL;
	assert_true(control_session_gone(held[0]));
	control_reply_error(held[0], PROTO_BUSY, "too late");
	assert_true(control_session_peer(held[0])->pid == getpid());
	close(fd);
}

/* ---- rude clients ---- */

static void
test_line_length(void **state)
{
	struct control_options options = options_default();
	struct str line = {0}, heard = {0};
	int fd;

	(void)state;
	start(&options);
	fd = connect_client();
	str_add(&line, "{\"op\":\"echo\",\"say\":\"");
	while (line.len < PROTO_REQUEST_MAX - 2)
		str_add_char(&line, 'x');
	str_add(&line, "\"}\n");
	assert_int_equal(line.len, PROTO_REQUEST_MAX + 1);
	say(fd, line.s, line.len);
	TURN_UNTIL(heard_lines(fd, &heard, 1));
	assert_non_null(strstr(heard.s, "\"ok\":true"));
	str_clear(&heard);
	line.s[line.len - 1] = ' ';
	str_add_char(&line, '\n');
	say(fd, line.s, line.len);
	TURN_UNTIL(hear(fd, &heard));
	assert_string_equal(heard.s,
	    "{\"ok\":false,\"v\":1,\"error\":{\"code\":\"too_long\",\"message\":\"a line may have "
	    "65536 bytes: this connection is closed\"}}\n");
	close(fd);
	TURN_UNTIL(control_counts(control).sessions == 0);
	str_free(&line);
	str_free(&heard);
}

/* A megabyte without a newline: the reason arrives though the client is still writing. */
static void
test_megabyte(void **state)
{
	struct control_options options = options_default();
	struct str heard = {0};
	static char chunk[1024 * 1024];
	int fd;

	(void)state;
	start(&options);
	fd = connect_client();
	memset(chunk, '[', sizeof chunk);
	say(fd, chunk, sizeof chunk);
	TURN_UNTIL(hear(fd, &heard));
	assert_int_equal(count_lines(&heard), 1);
	assert_non_null(strstr(heard.s, "\"too_long\""));
	close(fd);
	TURN_UNTIL(control_counts(control).sessions == 0);
	str_free(&heard);
}

/* Without an end: the client is cut off. */
static void
test_endless(void **state)
{
	struct control_options options = options_default();
	static char chunk[65536];
	ssize_t sent = 0;
	int fd;

	(void)state;
	start(&options);
	fd = connect_client();
	memset(chunk, 'x', sizeof chunk);
	for (int i = 0; i < PATIENCE_TICKS && (sent >= 0 || errno == EAGAIN); i++) {
		sent = send(fd, chunk, sizeof chunk, MSG_NOSIGNAL);
		turn_loop();
	}
	assert_true(sent < 0 && (errno == EPIPE || errno == ECONNRESET));
	TURN_UNTIL(control_counts(control).sessions == 0);
	close(fd);
}

static void
test_thousand_garbage_lines(void **state)
{
	struct control_options options = options_default();
	struct str heard = {0};
	unsigned random = 1;
	char line[40];
	int fd;

	(void)state;
	start(&options);
	fd = connect_client();
	for (int i = 0; i < 1000; i++) {
		for (size_t j = 0; j < sizeof line; j++) {
			random = random * 1103515245 + 12345;
			line[j] = (char)(random >> 16);
			if (line[j] == '\n')
				line[j] = '\0';
		}
		say(fd, line, sizeof line);
		say(fd, "\n", 1);
		turn_loop();
		hear(fd, &heard);
	}
	TURN_UNTIL(heard_lines(fd, &heard, 1000));
	assert_int_equal(count_lines(&heard), 1000);
	ask(fd, "{\"op\":\"echo\",\"say\":1}", SAID("1"));
	str_free(&heard);
	close(fd);
}

/* A byte at a time costs nothing and disturbs nobody. */
static void
test_slow_line(void **state)
{
	static const char request[] = "{\"op\":\"echo\",\"say\":\"slow\"}\n";
	struct control_options options = options_default();
	struct str heard = {0};
	int slow, quick;

	(void)state;
	start(&options);
	slow = connect_client();
	quick = connect_client();
	for (size_t i = 0; i < sizeof request - 1; i++) {
		say(slow, request + i, 1);
		ask(quick, "{\"op\":\"echo\",\"say\":1}", SAID("1"));
	}
	TURN_UNTIL(heard_lines(slow, &heard, 1));
	assert_string_equal(heard.s, SAID("\"slow\""));
	str_free(&heard);
	close(slow);
	close(quick);
}

static void
test_idle(void **state)
{
	struct control_options options = options_default();
	struct str heard = {0};
	int idle, watching, waiting;

	(void)state;
	options.idle_ms = 100;
	start(&options);
	watching = connect_client();
	ask(watching, "{\"op\":\"subscribe\"}", "{\"subscribed\":true}");
	waiting = connect_client();
	say_line(waiting, "{\"op\":\"later\"}");
	idle = connect_client();
	TURN_UNTIL(control_counts(control).sessions == 3);
	TURN_UNTIL(hear(idle, &heard));
	for (int i = 0; i < 60; i++)
		turn_loop();
	assert_int_equal(control_counts(control).sessions, 2);
	assert_false(control_session_gone(held[0]));
	assert_int_equal(control_counts(control).dropped, 0);
	control_reply(held[0], json_true());
	TURN_UNTIL(heard_lines(waiting, &heard, 1));
	TURN_UNTIL(hear(waiting, &heard)); /* now it is idle, too */
	str_free(&heard);
	close(idle);
	close(waiting);
	close(watching);
}

/* Asks for much and never reads: further requests are not even read, and after a while it is dropped. */
static void
test_never_reads(void **state)
{
	struct control_options options = options_default();
	int rude, kind;

	(void)state;
	options.stall_ms = 4000; /* longer than valgrind takes for what one turn of the loop makes here */
	start(&options);
	rude = connect_client();
	kind = connect_client();
	for (int i = 0; i < 50; i++)
		say_line(rude, "{\"op\":\"big\",\"size\":1000000}");
	say_line(rude, "{\"op\":\"change\"}");
	ask(kind, "{\"op\":\"echo\",\"say\":1}", SAID("1"));
	TURN_UNTIL(control_counts(control).dropped == 1);
	assert_int_equal(control_counts(control).sessions, 1);
	assert_int_equal(changes_done, 0);
	assert_non_null(strstr(logged.s, "it does not read"));
	ask(kind, "{\"op\":\"echo\",\"say\":2}", SAID("2"));
	close(rude);
	close(kind);
}

/* All slow clients together have one limit. */
static void
test_output_max(void **state)
{
	struct control_options options = options_default();
	struct str heard = {0};
	int first, second;

	(void)state;
	options.output_max = 3000000;
	start(&options);
	first = connect_client();
	ask(first, "{\"op\":\"big\",\"size\":3000000}", "\"code\":\"busy\",\"message\":\"the answer has 30000");
	say_line(first, "{\"op\":\"big\",\"size\":2000000}");
	second = connect_client();
	ask(second, "{\"op\":\"echo\",\"say\":1}", SAID("1"));
	ask(second, "{\"op\":\"big\",\"size\":1500000}", "\"code\":\"busy\"");
	TURN_UNTIL(heard_lines(first, &heard, 1));
	say_line(second, "{\"op\":\"big\",\"size\":1500000}");
	str_clear(&heard);
	TURN_UNTIL(heard_lines(second, &heard, 1));
	assert_non_null(strstr(heard.s, "\"ok\":true"));
	str_free(&heard);
	close(first);
	close(second);
}

/* ---- many clients ---- */

static void
test_many(void **state)
{
	enum { CLIENTS = 64, ROUNDS = 20 };
	struct control_options options = options_default();
	struct str heard[CLIENTS] = {0}, expected = {0};
	int fds[CLIENTS], extra;

	(void)state;
	start(&options);
	for (int i = 0; i < CLIENTS; i++)
		fds[i] = connect_client();
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < CLIENTS; i++) {
			char *line = mem_printf("{\"op\":\"echo\",\"say\":%d}", i * 1000 + round);

			say_line(fds[i], line);
			free(line);
		}
	for (int i = 0; i < CLIENTS; i++) {
		TURN_UNTIL(heard_lines(fds[i], &heard[i], ROUNDS));
		str_clear(&expected);
		for (int round = 0; round < ROUNDS; round++)
			str_printf(&expected, "{\"ok\":true,\"v\":1,\"result\":{\"said\":%d}}\n", i * 1000 + round);
		assert_string_equal(heard[i].s, expected.s);
		str_free(&heard[i]);
	}
	str_free(&expected);
	assert_int_equal(control_counts(control).sessions, CLIENTS);

	extra = connect_client();
	TURN_UNTIL(hear(extra, &heard[0]));
	assert_string_equal(heard[0].s,
	    "{\"ok\":false,\"v\":1,\"error\":{\"code\":\"busy\",\"message\":\"64 clients are "
	    "connected already: try again later\"}}\n");
	close(extra);
	assert_int_equal(control_counts(control).refused, 1);
	close(fds[7]);
	TURN_UNTIL(control_counts(control).sessions == CLIENTS - 1);
	fds[7] = connect_client();
	ask(fds[7], "{\"op\":\"echo\",\"say\":1}", SAID("1"));
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
	str_free(&heard[0]);
}

/* File descriptors run out: the loop does not spin, those inside are served, and later ones get in by themselves. */
static void
test_no_descriptors(void **state)
{
	struct control_options options = options_default();
	const char *preload = getenv("LD_PRELOAD");
	struct rlimit before, tight;
	int first, second, third, lowest;
	int64_t began_ms;

	(void)state;
	if (preload != NULL && strstr(preload, "vgpreload") != NULL)
		skip(); /* valgrind plays the limit itself, and loses the connection that it refuses */
	start(&options);
	first = connect_client();
	ask(first, "{\"op\":\"echo\",\"say\":1}", SAID("1"));
	second = connect_client();
	third = connect_client();
	lowest = dup(0);
	close(lowest);
	getrlimit(RLIMIT_NOFILE, &before);
	tight = before;
	tight.rlim_cur = (rlim_t)lowest;
	setrlimit(RLIMIT_NOFILE, &tight);
	TURN_UNTIL(logged.len > 0);
	assert_non_null(strstr(logged.s, "no new client of the control socket until a file descriptor is free: "));
	began_ms = clock_mono_ms();
	for (int i = 0; i < 20; i++)
		turn_loop();
	assert_true(clock_mono_ms() - began_ms >= 50); /* 20 ticks, and nothing else woke the loop */
	ask(first, "{\"op\":\"echo\",\"say\":2}", SAID("2"));
	assert_int_equal(control_counts(control).sessions, 1);
	close(first); /* frees a descriptor, here and at the other end */
	ask(second, "{\"op\":\"echo\",\"say\":3}", SAID("3"));
	setrlimit(RLIMIT_NOFILE, &before);
	ask(third, "{\"op\":\"echo\",\"say\":4}", SAID("4"));
	/* At its next try: with no descriptor free it cannot know that nobody waits. */
	TURN_UNTIL(strstr(logged.s, "let in again") != NULL);
	close(second);
	close(third);
}

/* ---- subscribers ---- */

static json_t *
event_of(int seq, size_t size)
{
	char *text = mem_new(size + 1, 1);
	json_t *event;

	memset(text, 's', size);
	event = json_pack("{s:i, s:s}", "seq", seq, "summary", text);
	free(text);
	return event;
}

static void
test_publish(void **state)
{
	struct control_options options = options_default();
	struct str heard = {0};
	json_t *event = event_of(1, 3);
	int watching, other;

	(void)state;
	start(&options);
	control_publish(control, event); /* to nobody */
	watching = connect_client();
	other = connect_client();
	ask(watching, "{\"op\":\"subscribe\"}", "{\"subscribed\":true}");
	ask(watching, "{\"op\":\"subscribe\"}", "{\"subscribed\":true}");
	ask(other, "{\"op\":\"echo\",\"say\":1}", SAID("1"));
	assert_int_equal(control_counts(control).subscribers, 1);
	control_publish(control, event);
	say_line(watching, "{\"op\":\"echo\",\"say\":2}");
	TURN_UNTIL(heard_lines(watching, &heard, 2));
	assert_string_equal(heard.s, "{\"seq\":1,\"summary\":\"sss\"}\n" SAID("2"));
	str_clear(&heard);
	hear(other, &heard);
	assert_int_equal(heard.len, 0);
	close(watching);
	TURN_UNTIL(control_counts(control).subscribers == 0);
	json_decref(event);
	str_free(&heard);
	close(other);
}

static void
test_subscriber_never_reads(void **state)
{
	struct control_options options = options_default();
	struct str heard = {0};
	int rude, kind, published = 0;

	(void)state;
	start(&options);
	rude = connect_client();
	kind = connect_client();
	ask(rude, "{\"op\":\"subscribe\"}", "{\"subscribed\":true}");
	ask(kind, "{\"op\":\"subscribe\"}", "{\"subscribed\":true}");
	while (control_counts(control).dropped == 0 && published < 10000) {
		json_t *event = event_of(published++, 1000);

		control_publish(control, event);
		json_decref(event);
		turn_loop();
		hear(kind, &heard);
	}
	assert_int_equal(control_counts(control).dropped, 1);
	assert_true(published > 1000 && published < 3000);
	TURN_UNTIL(heard_lines(kind, &heard, (size_t)published));
	assert_int_equal(control_counts(control).subscribers, 1);
	str_free(&heard);
	close(rude);
	close(kind);
}

/* At most half of the places; and one that shut its writing side and went away does not hold its own for ever. */
static void
test_subscribers_max(void **state)
{
	struct control_options options = options_default();
	int fds[4], late;

	(void)state;
	options.sessions_max = 8;
	start(&options);
	for (int i = 0; i < 4; i++) {
		fds[i] = connect_client();
		ask(fds[i], "{\"op\":\"subscribe\"}", "{\"subscribed\":true}");
	}
	late = connect_client();
	ask(late, "{\"op\":\"subscribe\"}", "\"code\":\"busy\",\"message\":\"4 clients watch already");
	ask(late, "{\"op\":\"echo\",\"say\":1}", SAID("1"));
	shutdown(fds[0], SHUT_WR);
	for (int i = 0; i < 10; i++)
		turn_loop();
	ask(late, "{\"op\":\"subscribe\"}", "\"code\":\"busy\"");
	assert_int_equal(control_counts(control).subscribers, 4);
	close(fds[0]);
	ask(late, "{\"op\":\"subscribe\"}", "{\"subscribed\":true}");
	assert_int_equal(control_counts(control).subscribers, 4);
	for (int i = 1; i < 4; i++)
		close(fds[i]);
	close(late);
}

/* ---- who may ---- */

/* A child without rights asks; its exit status says whether the answer held the text. */
static int
ask_as_nobody(const char *request, const char *answer)
{
	int pid, status = -1;

	fflush(NULL);
	if ((pid = fork()) == 0) {
		struct sockaddr_un address = {.sun_family = AF_UNIX};
		char buf[4096] = "";
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
		if (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0 ||
		    connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
		    write(fd, request, strlen(request)) < 0 || write(fd, "\n", 1) < 0 ||
		    read(fd, buf, sizeof buf - 1) < 0)
			_exit(9);
		_exit(strstr(buf, answer) != NULL ? 0 : 1);
	}
	for (int i = 0; i < PATIENCE_TICKS && waitpid(pid, &status, WNOHANG) == 0; i++)
		turn_loop();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_permission(void **state)
{
	struct control_options options = options_default();
	const struct group *nobodys;

	(void)state;
	if (getuid() != 0)
		skip(); /* only root can ask as somebody else */
	start(&options);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(ask_as_nobody("{\"op\":\"echo\",\"say\":1}", SAID("1")), 0);
	assert_int_equal(
	    ask_as_nobody("{\"op\":\"change\"}",
		"\"not_allowed\",\"message\":\"change is for root and kdiagd's user; you are nobody (daemon.operators"),
	    0);
	control_configure(control, "root");
	assert_int_equal(ask_as_nobody("{\"op\":\"change\"}", "the group root; you are nobody"), 0);
	control_configure(control, "no-such-group");
	assert_int_equal(ask_as_nobody("{\"op\":\"change\"}", "\"not_allowed\""), 0);
	assert_non_null(strstr(logged.s, "no group \"no-such-group\" (daemon.operators)"));
	assert_int_equal(changes_done, 0);
	if ((nobodys = getgrgid(65534)) != NULL) {
		control_configure(control, nobodys->gr_name);
		assert_int_equal(ask_as_nobody("{\"op\":\"change\"}", "\"ok\":true"), 0);
		assert_int_equal(changes_done, 1);
	}
}

static void
test_peers(void **state)
{
	struct control_peers *peers = control_peers_new("daemon");
	char name[64];

	(void)state;
	control_peers_name(peers, 0, name, sizeof name);
	assert_string_equal(name, "root");
	control_peers_name(peers, 4000000, name, sizeof name);
	assert_string_equal(name, "uid 4000000");
	assert_true(control_peers_may_change(peers, 0, 0));
	assert_true(control_peers_may_change(peers, geteuid(), 4000000));
	assert_false(control_peers_may_change(peers, 4000000, 4000000));
	/* Debian's user daemon (1) has the group daemon (1) as its own. */
	assert_true(control_peers_may_change(peers, 1, 4000000));
	assert_true(control_peers_may_change(peers, 4000000, 1));
	control_peers_configure(peers, "bin");
	assert_false(control_peers_may_change(peers, 1, 4000000));
	control_peers_configure(peers, NULL);
	assert_null(control_peers_operators(peers));
	assert_false(control_peers_may_change(peers, 1, 1));
	for (uid_t uid = 5000000; uid < 5000100; uid++)
		assert_false(control_peers_may_change(peers, uid, 0));
	control_peers_free(peers);
	control_peers_free(NULL);
}

/* ---- the socket's place ---- */

static void
check_refused(const char *at, const char *says)
{
	struct control_options options = options_default();
	char *cause = NULL;

	options.path = at;
	assert_null(control_new(base, &options, &cause));
	if (strstr(cause, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", cause, says);
	free(cause);
}

static void
test_place(void **state)
{
	struct control_options options = options_default();
	char *busy = mem_printf("another kdiagd listens on %s: stop that one", path);
	char *file = mem_printf("%s/file", folder), *missing = mem_printf("%s/no/where", folder);
	char *link = mem_printf("%s/link", folder), *no_socket = mem_printf("%s is no socket: remove it", file);
	char *longest = mem_new(200, 1);
	struct stat st;

	(void)state;
	start(&options);
	check_refused(path, busy);
	memset(longest, 'p', 108);
	check_refused(longest, "the socket's path has 108 bytes, and 107 at most are possible: \"ppp");
	check_refused("", "the socket's path has 0 bytes");
	check_refused(missing, "No such file or directory (make its folder, or set daemon.socket)");
	close(open(file, O_CREAT | O_WRONLY, 0600));
	check_refused(file, no_socket);
	assert_int_equal(symlink(path, link), 0);
	check_refused(link, "is no socket");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(stat(path, &st), 0);
	unlink(file);
	unlink(link);
	free(busy);
	free(file);
	free(missing);
	free(link);
	free(no_socket);
	free(longest);
}

/* What a killed daemon left behind is taken over; what another has put in our place is not unlinked. */
static void
test_stale_socket(void **state)
{
	struct control_options options = options_default();
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int dead = socket(AF_UNIX, SOCK_STREAM, 0), fd;

	(void)state;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(bind(dead, (struct sockaddr *)&address, sizeof address), 0);
	close(dead);
	start(&options);
	fd = connect_client();
	ask(fd, "{\"op\":\"echo\",\"say\":1}", SAID("1"));
	close(fd);
	unlink(path);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	control_free(control);
	control = NULL;
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
}

static void
test_activation(void **state)
{
	struct control_options options = options_default();
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	(void)state;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	options.path = NULL;
	options.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(options.listen_fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(options.listen_fd, 5), 0);
	start(&options);
	fd = connect_client();
	ask(fd, "{\"op\":\"echo\",\"say\":1}", SAID("1"));
	close(fd);
	control_free(control);
	control = NULL;
	assert_int_equal(access(path, F_OK), 0); /* systemd's, not ours */
	unlink(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_answers),
	    TEST(test_mode),
	    TEST(test_pipeline),
	    TEST(test_half_closed),
	    TEST(test_gone_while_waiting),
	    TEST(test_free_while_held),
	    TEST(test_line_length),
	    TEST(test_megabyte),
	    TEST(test_endless),
	    TEST(test_thousand_garbage_lines),
	    TEST(test_slow_line),
	    TEST(test_idle),
	    TEST(test_never_reads),
	    TEST(test_output_max),
	    TEST(test_many),
	    TEST(test_no_descriptors),
	    TEST(test_publish),
	    TEST(test_subscriber_never_reads),
	    TEST(test_subscribers_max),
	    TEST(test_permission),
	    TEST(test_peers),
	    TEST(test_place),
	    TEST(test_stale_socket),
	    TEST(test_activation),
	};
	int failed;

	signal(SIGPIPE, SIG_IGN); /* as kdiagd does: libevent writes with writev() */
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/s", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}
