/* SPDX-License-Identifier: Apache-2.0 */
/* http: transfers against a server of the test's own that answers well, badly, slowly, too much or not at all. */
#include "daemon/aws/http.h"

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <kdiag/probe.h>

#include "common/mem.h"
#include "common/str.h"
#include "daemon/aws/http_failure.h"
#include "test/unit/fake_server.h"

/* ---- a resolver that hangs: getaddrinfo() as libcurl's thread finds it, for names that end in .hang ---- */

static pthread_mutex_t hang_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t hang_cond = PTHREAD_COND_INITIALIZER;
static bool hang_over;
static int hanging;

static bool
ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), end_len = strlen(end);

	return len >= end_len && strcmp(s + len - end_len, end) == 0;
}

int resolve_or_hang(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out) __asm__(
    "getaddrinfo");

int
resolve_or_hang(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (name != NULL && ends_with(name, ".hang")) {
		pthread_mutex_lock(&hang_mutex);
		hanging++;
		while (!hang_over)
			pthread_cond_wait(&hang_cond, &hang_mutex);
		hanging--;
		pthread_cond_broadcast(&hang_cond);
		pthread_mutex_unlock(&hang_mutex);
		return EAI_NONAME;
	}
	if (name != NULL && ends_with(name, ".invalid"))
		return EAI_NONAME;
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(name, service, hints, out);
}

static void
end_hanging(void)
{
	const struct timespec a_little = {0, 50000000};

	pthread_mutex_lock(&hang_mutex);
	hang_over = true;
	pthread_cond_broadcast(&hang_cond);
	while (hanging > 0)
		pthread_cond_wait(&hang_cond, &hang_mutex);
	hang_over = false;
	pthread_mutex_unlock(&hang_mutex);
	/* libcurl's thread frees what it owns behind getaddrinfo(); nothing tells when. */
	nanosleep(&a_little, NULL);
}

/* ---- the fixture ---- */

/* What a callback has seen. */
struct outcome {
	int called, status;
	bool timed_out;
	char *failure, *body, *server;
	size_t body_len;
	int64_t date_ms;
	struct http_transfer *cancels; /* in the callback */
};

static struct event_base *base;
static struct http *http;
static struct fake_server server;
static char *last_request;
static size_t waited_for;

static void
outcome_clear(struct outcome *outcome)
{
	free(outcome->failure);
	free(outcome->body);
	free(outcome->server);
	*outcome = (struct outcome){0};
}

static void
outcome_cb(const struct http_answer *answer, void *arg)
{
	struct outcome *outcome = arg;

	outcome->called++;
	outcome->status = answer->status;
	outcome->timed_out = answer->timed_out;
	outcome->failure = mem_strdup(answer->failure);
	outcome->body_len = answer->body_len;
	outcome->body = mem_new(answer->body_len + 1, 1);
	memcpy(outcome->body, answer->body, answer->body_len + 1);
	outcome->date_ms = http_answer_date_ms(answer);
	outcome->server = mem_strdup(http_answer_header(answer, "SERVER"));
	http_cancel(outcome->cancels);
	if (waited_for > 0 && --waited_for == 0)
		event_base_loopbreak(base);
}

/* Until `count` callbacks came; 20 s are the end of a test that hangs. */
static void
wait_for(size_t count)
{
	const struct timeval limit = {20, 0};

	waited_for = count;
	event_base_loopexit(base, &limit);
	event_base_dispatch(base);
	assert_int_equal(waited_for, 0);
}

static void
run_ms(long ms)
{
	const struct timeval limit = {ms / 1000, ms % 1000 * 1000};

	event_base_loopexit(base, &limit);
	event_base_dispatch(base);
}

/* Until it holds, for 20 s at most; then it is the caller's to assert it. */
#define run_until(condition) \
	for (int i_ = 0; i_ < 2000 && !(condition); i_++) \
	run_ms(10)

static void answer_request(struct fake_connection *connection, void *arg);

static void
set_up_with(const struct http_limits *limits)
{
	char *cause = NULL;

	base = event_base_new();
	fake_start(&server, base, answer_request, NULL);
	http = http_new(base, limits, &cause);
	assert_non_null(http);
	assert_null(cause);
}

static int
set_up(void **state)
{
	(void)state;
	set_up_with(&http_default_limits);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	http_free(http);
	fake_stop(&server);
	event_base_free(base);
	free(last_request);
	last_request = NULL;
	return 0;
}

static struct http_transfer *
send_to(const char *method, const char *path, const char *body, long timeout_ms, struct outcome *outcome)
{
	static const char *const headers[] = {"X-One: 1", "Content-Type: text/x"};
	char *url = mem_printf("http://127.0.0.1:%d%s", server.port, path), *cause = NULL;
	struct http_request request = {.method = method,
	    .url = url,
	    .headers = headers,
	    .headers_count = body != NULL ? 2 : 1,
	    .body = body,
	    .body_len = body != NULL ? strlen(body) : 0,
	    .timeout_ms = timeout_ms};
	struct http_transfer *transfer = http_send(http, &request, outcome_cb, outcome, &cause);

	if (transfer == NULL)
		fail_msg("%s", cause);
	assert_int_equal(outcome->called, 0);
	free(url);
	return transfer;
}

/* One request from start to end. */
static struct outcome
ask(const char *method, const char *path, const char *body)
{
	struct outcome outcome = {0};

	send_to(method, path, body, 5000, &outcome);
	wait_for(1);
	assert_int_equal(outcome.called, 1);
	assert_int_equal(http_active(http), 0);
	return outcome;
}

static struct outcome
ask_url(const char *url, long timeout_ms, bool no_proxy)
{
	struct http_request request = {.method = "GET", .url = url, .timeout_ms = timeout_ms, .no_proxy = no_proxy};
	struct outcome outcome = {0};
	char *cause = NULL;

	if (http_send(http, &request, outcome_cb, &outcome, &cause) == NULL)
		fail_msg("%s", cause);
	wait_for(1);
	return outcome;
}

/* ---- what the server does, by path ---- */

static void
send_huge_body(struct fake_connection *connection)
{
	char *chunk = mem_new(1 << 20, 1);

	memset(chunk, 'x', 1 << 20);
	for (int i = 0; i < 20; i++)
		fake_send(connection, chunk, 1 << 20);
	free(chunk);
}

static void
do_echo(struct fake_connection *connection)
{
	fake_answer(connection, 200, "Server: fake\r\nDate: Sun, 22 Nov 2026 10:14:00 GMT\r\n", connection->body);
}

static void
do_binary(struct fake_connection *connection)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: never\r\n\r\na\0b\0c";

	fake_send(connection, answer, sizeof(answer) - 1);
}

static void
do_redirect(struct fake_connection *connection)
{
	fake_answer(connection, 302, "Location: /echo\r\n", "");
}

static void
do_interim(struct fake_connection *connection)
{
	fake_send_text(connection, "HTTP/1.1 103 Early Hints\r\nServer: interim\r\n\r\n");
	fake_answer(connection, 200, "Server:   last  \r\n", "");
}

static void
do_cut(struct fake_connection *connection)
{
	fake_send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	fake_close_later(connection);
}

static void
do_cut_chunk(struct fake_connection *connection)
{
	fake_send_text(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nhalf");
	fake_close_later(connection);
}

static void
do_garbage(struct fake_connection *connection)
{
	fake_send_text(connection, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
	fake_close_later(connection);
}

static void
do_huge_announced(struct fake_connection *connection)
{
	fake_send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 20971520\r\n\r\n");
	send_huge_body(connection);
}

static void
do_huge(struct fake_connection *connection)
{
	fake_send_text(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	send_huge_body(connection);
}

static void
do_huge_headers(struct fake_connection *connection)
{
	fake_send_text(connection, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 3000; i++)
		fake_send_text(connection, "X-Padding: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n");
	fake_send_text(connection, "\r\n");
}

static void
do_endless_interim(struct fake_connection *connection)
{
	for (int i = 0; i < 10000; i++)
		fake_send_text(connection, "HTTP/1.1 103 Early Hints\r\nServer: interim\r\n\r\n");
}

static void
do_nothing(struct fake_connection *connection)
{
	(void)connection;
}

static void
do_stop_within(struct fake_connection *connection)
{
	fake_send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
}

static void
do_refuse_connect(struct fake_connection *connection)
{
	fake_send_text(connection, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
}

static const struct behaviour {
	const char *line; /* what the request starts with */
	void (*act)(struct fake_connection *connection);
} behaviours[] = {
    {"POST /echo ", do_echo},
    {"PUT /echo ", do_echo},
    {"GET /echo ", do_echo},
    {"GET /binary ", do_binary},
    {"GET /redirect ", do_redirect},
    {"GET /interim ", do_interim},
    {"GET /close ", fake_close},
    {"GET /reset ", fake_reset},
    {"GET /cut ", do_cut},
    {"GET /cut-chunk ", do_cut_chunk},
    {"GET /garbage ", do_garbage},
    {"GET /huge ", do_huge},
    {"GET /huge-announced ", do_huge_announced},
    {"GET /huge-headers ", do_huge_headers},
    {"GET /endless-interim ", do_endless_interim},
    {"GET /hang ", do_nothing},
    {"GET /stop-within ", do_stop_within},
    {"CONNECT ", do_refuse_connect},
};

static void
answer_request(struct fake_connection *connection, void *arg)
{
	(void)arg;
	free(last_request);
	last_request = mem_strdup(connection->text);
	for (size_t i = 0; i < KD_COUNT(behaviours); i++) {
		if (strncmp(connection->text, behaviours[i].line, strlen(behaviours[i].line)) == 0) {
			behaviours[i].act(connection);
			return;
		}
	}
	fail_msg("no behaviour for %s", connection->text);
}

/* ---- the tests ---- */

static void
what_is_sent(void **state)
{
	struct outcome outcome = ask("POST", "/echo", "{\"a\":1}");
	char *expected = mem_printf("POST /echo HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: kdiag/" KDIAG_VERSION
				    "\r\nX-One: 1\r\nContent-Type: text/x\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
	    server.port);

	(void)state;
	assert_null(outcome.failure);
	assert_int_equal(outcome.status, 200);
	assert_string_equal(outcome.body, "{\"a\":1}");
	assert_string_equal(outcome.server, "fake");
	assert_int_equal(outcome.date_ms, INT64_C(1795342440000));
	assert_string_equal(last_request, expected);
	free(expected);
	outcome_clear(&outcome);
	outcome = ask("PUT", "/echo", NULL);
	expected = mem_printf("PUT /echo HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: kdiag/" KDIAG_VERSION
			      "\r\nX-One: 1\r\nContent-Length: 0\r\n\r\n",
	    server.port);
	assert_string_equal(last_request, expected);
	assert_string_equal(outcome.body, "");
	free(expected);
	outcome_clear(&outcome);
	outcome = ask("GET", "/echo", NULL);
	expected = mem_printf("GET /echo HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: kdiag/" KDIAG_VERSION
			      "\r\nX-One: 1\r\n\r\n",
	    server.port);
	assert_string_equal(last_request, expected);
	free(expected);
	outcome_clear(&outcome);
	assert_int_equal(http_connections_opened(http), 1);
	assert_int_equal(server.accepted, 1);
}

static void
what_comes_back(void **state)
{
	struct outcome outcome = ask("GET", "/binary", NULL);

	(void)state;
	assert_int_equal(outcome.body_len, 5);
	assert_memory_equal(outcome.body, "a\0b\0c", 6);
	assert_int_equal(outcome.date_ms, 0);
	assert_null(outcome.server);
	outcome_clear(&outcome);
	outcome = ask("GET", "/redirect", NULL);
	assert_int_equal(outcome.status, 302);
	assert_int_equal(server.requests, 2);
	outcome_clear(&outcome);
	outcome = ask("GET", "/interim", NULL);
	assert_int_equal(outcome.status, 200);
	assert_string_equal(outcome.server, "last");
	outcome_clear(&outcome);
}

static void
connections_are_kept_and_capped(void **state)
{
	struct outcome outcomes[60] = {0};

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < KD_COUNT(outcomes); i++)
			send_to("POST", "/echo", "x", 5000, &outcomes[i]);
		assert_int_equal(http_active(http), 60);
		wait_for(60);
		for (size_t i = 0; i < KD_COUNT(outcomes); i++) {
			assert_int_equal(outcomes[i].status, 200);
			assert_int_equal(outcomes[i].called, 1);
			outcome_clear(&outcomes[i]);
		}
	}
	assert_int_equal(server.requests, 180);
	assert_true(server.accepted <= 8);
	assert_int_equal(http_connections_opened(http), server.accepted);
}

/* The other side closes what it is tired of: that is noticed once, not all the time, and costs the next request nothing but a connection. */
static void
closed_while_idle(void **state)
{
	struct outcome outcome = ask("GET", "/echo", NULL);
	int before = event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED);

	(void)state;
	outcome_clear(&outcome);
	fake_close(LIST_FIRST(&server.connections));
	run_until(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED) == before - 2);
	assert_int_equal(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), before - 2); /* both ends' */
	outcome = ask("GET", "/echo", NULL);
	assert_null(outcome.failure);
	assert_int_equal(outcome.status, 200);
	assert_int_equal(server.accepted, 2);
	assert_int_equal(http_connections_opened(http), 2);
	outcome_clear(&outcome);
}

static void
faults(void **state)
{
	static const struct {
		const char *path, *failure; /* with %d for the port */
	} rows[] = {
	    {"/close", "127.0.0.1:%d closed the connection without an answer"},
	    {"/reset", "the connection to 127.0.0.1:%d broke off: connection reset by peer"},
	    {"/cut", "the answer of 127.0.0.1:%d was cut off"},
	    {"/cut-chunk", "the answer of 127.0.0.1:%d was cut off"},
	    {"/garbage", "127.0.0.1:%d does not speak HTTP"},
	    {"/huge", "the answer of 127.0.0.1:%d is larger than 8192 KiB"},
	    {"/huge-announced", "the answer of 127.0.0.1:%d is larger than 8192 KiB"},
	    {"/huge-headers", "127.0.0.1:%d sent more than 64 KiB of headers"},
	    {"/endless-interim", "127.0.0.1:%d sent more than 64 KiB of headers"},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		struct outcome outcome = ask("GET", rows[i].path, NULL);
		const char *at = strstr(rows[i].failure, "%d");
		char *expected =
		    mem_printf("%.*s%d%s", (int)(at - rows[i].failure), rows[i].failure, server.port, at + 2);

		assert_non_null(outcome.failure);
		assert_string_equal(outcome.failure, expected);
		assert_false(outcome.timed_out);
		outcome_clear(&outcome);
		free(expected);
		/* What went wrong leaves the handle in order. */
		outcome = ask("POST", "/echo", "again");
		assert_null(outcome.failure);
		assert_string_equal(outcome.body, "again");
		outcome_clear(&outcome);
	}
}

static void
nobody_there(void **state)
{
	struct fake_server other;
	struct outcome outcome;
	char *url, *expected;

	(void)state;
	fake_start(&other, base, answer_request, NULL);
	url = mem_printf("http://127.0.0.1:%d/", other.port);
	expected = mem_printf("could not reach 127.0.0.1:%d: connection refused", other.port);
	fake_stop(&other);
	outcome = ask_url(url, 5000, false);
	assert_string_equal(outcome.failure, expected);
	assert_int_equal(outcome.status, 0);
	outcome_clear(&outcome);
	free(url);
	free(expected);
	url = mem_printf("https://127.0.0.1:%d/echo", server.port);
	expected = mem_printf("could not reach 127.0.0.1:%d within 0.5 s", server.port);
	outcome = ask_url(url, 500, false);
	assert_string_equal(outcome.failure, expected);
	free(url);
	free(expected);
	outcome_clear(&outcome);
	outcome = ask_url("https://nowhere.invalid/", 5000, false);
	assert_string_equal(
	    outcome.failure, "could not resolve nowhere.invalid (no such name, or no name server answers)");
	outcome_clear(&outcome);
}

static void
no_answer_in_time(void **state)
{
	struct outcome outcome = {0};
	char *expected = mem_printf("no answer from 127.0.0.1:%d within 1 s", server.port);

	(void)state;
	send_to("GET", "/hang", NULL, 1000, &outcome);
	wait_for(1);
	assert_true(outcome.timed_out);
	assert_string_equal(outcome.failure, expected);
	outcome_clear(&outcome);
	free(expected);
	expected = mem_printf("127.0.0.1:%d did not end its answer within 1 s", server.port);
	send_to("GET", "/stop-within", NULL, 1000, &outcome);
	wait_for(1);
	assert_true(outcome.timed_out);
	assert_string_equal(outcome.failure, expected);
	outcome_clear(&outcome);
	free(expected);
}

static void
too_slow(void **state)
{
	struct http_limits limits = http_default_limits;
	struct outcome outcome = {0};
	char *expected;

	(void)state;
	limits.low_speed_s = 1;
	set_up_with(&limits);
	expected = mem_printf("127.0.0.1:%d sent less than 100 bytes a second for 1 s", server.port);
	send_to("GET", "/stop-within", NULL, 15000, &outcome);
	wait_for(1);
	assert_string_equal(outcome.failure, expected);
	assert_true(outcome.timed_out);
	outcome_clear(&outcome);
	free(expected);
}

/* libcurl itself forgets the time of those that wait for a connection. */
static void
no_connection_in_time(void **state)
{
	struct http_limits limits = http_default_limits;
	struct outcome first = {0}, second = {0};
	char *expected;

	(void)state;
	limits.connections_per_host = 1;
	set_up_with(&limits);
	expected = mem_printf("no connection to 127.0.0.1:%d was free within 0.1 s", server.port);
	send_to("GET", "/hang", NULL, 15000, &first);
	run_until(server.requests == 1);
	send_to("GET", "/echo", NULL, 100, &second);
	wait_for(1);
	assert_int_equal(first.called, 0);
	assert_string_equal(second.failure, expected);
	assert_true(second.timed_out);
	outcome_clear(&second);
	free(expected);
}

static void
urls_refused(void **state)
{
	static const struct {
		const char *url, *part;
	} rows[] = {
	    {"", "no URL"},
	    {"http://", "no URL"},
	    {"https://h:99999/", "no URL"},
	    {"https://a b/", "no URL"},
	    {"https://h/\r\nX: y", "no URL"},
	    {"file:///etc/passwd", ""},
	    {"ftp://127.0.0.1/", "ftp: is no scheme"},
	    {"gopher://127.0.0.1/", "gopher: is no scheme"},
	    {"http://kinesis.us-east-1.amazonaws.com/", "plain http to kinesis.us-east-1.amazonaws.com"},
	    {"http://10.0.0.1/", "plain http to 10.0.0.1"},
	    {"http://128.0.0.1/", "plain http to 128.0.0.1"},
	    {"http://127.0.0.1.example/", "plain http to 127.0.0.1.example"},
	    {"http://127.0.0.1.5/", "plain http"},
	    {"http://localhost.example/", "plain http"},
	    {"http://169.254.169.253/", "plain http"},
	    {"http://[::2]/", "plain http"},
	    {"http://me:hunter2@127.0.0.1/", "user or a password"},
	    {"https://hunter2@h/", "user or a password"},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		struct http_request request = {.method = "GET", .url = rows[i].url, .timeout_ms = 100};
		char *cause = NULL;

		assert_null(http_send(http, &request, outcome_cb, NULL, &cause));
		assert_non_null(cause);
		if (strstr(cause, rows[i].part) == NULL)
			fail_msg("%s: \"%s\" is not in \"%s\"", rows[i].url, rows[i].part, cause);
		assert_null(strstr(cause, "hunter2"));
		free(cause);
	}
	assert_int_equal(http_active(http), 0);
}

static void
urls_used(void **state)
{
	static const char *const urls[] = {"http://localhost:1/", "http://127.9.9.9:1/", "http://[::1]:1/",
	    "http://169.254.169.254/", "http://169.254.170.2/", "http://169.254.170.23/", "http://[fd00:ec2::254]/",
	    "https://h.invalid/"};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(urls); i++) {
		struct http_request request = {.method = "GET", .url = urls[i], .timeout_ms = 1000};
		struct http_transfer *transfer = http_send(http, &request, outcome_cb, NULL, NULL);

		assert_non_null(transfer);
		http_cancel(transfer);
	}
	assert_int_equal(http_active(http), 0);
	run_ms(20);
}

static void
line_breaks_in_headers(void **state)
{
	static const char *const headers[] = {"X-One: 1\r\nX-Two: 2"};
	struct http_request request = {
	    .method = "GET", .url = "http://127.0.0.1:1/", .headers = headers, .headers_count = 1, .timeout_ms = 100};
	char *cause = NULL;

	(void)state;
	assert_null(http_send(http, &request, outcome_cb, NULL, &cause));
	assert_string_equal(cause, "a header for 127.0.0.1:1 has a line break in it");
	free(cause);
}

static void
cancelled(void **state)
{
	struct outcome outcomes[20] = {0};
	struct http_transfer *transfers[20];

	(void)state;
	for (int i = 0; i < 20; i++)
		transfers[i] = send_to("GET", "/hang", NULL, 5000, &outcomes[i]);
	http_cancel(transfers[0]);
	run_ms(50);
	for (int i = 1; i < 20; i++)
		http_cancel(transfers[i]);
	http_cancel(NULL);
	assert_int_equal(http_active(http), 0);
	run_ms(50);
	for (int i = 0; i < 20; i++)
		assert_int_equal(outcomes[i].called, 0);
}

/* All are answered in the same turn, so that messages of the cancelled ones are on their way. */
static void
cancelled_in_callbacks(void **state)
{
	struct outcome outcomes[8] = {0};
	int called = 0;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		struct http_transfer *transfer = send_to("POST", "/echo", "x", 5000, &outcomes[i]);

		if (i > 0)
			outcomes[i - 1].cancels = transfer;
	}
	while (http_active(http) > 0) {
		run_ms(20);
		for (size_t i = 0; i < 8; i++) {
			if (outcomes[i].called > 0 && i > 0)
				outcomes[i - 1].cancels = NULL;
		}
	}
	for (size_t i = 0; i < 8; i++) {
		assert_true(outcomes[i].called <= 1);
		called += outcomes[i].called;
		outcome_clear(&outcomes[i]);
	}
	assert_true(called >= 1);
}

static void
freed_while_under_way(void **state)
{
	struct outcome outcomes[3] = {0};

	(void)state;
	send_to("GET", "/hang", NULL, 5000, &outcomes[0]);
	send_to("GET", "/stop-within", NULL, 5000, &outcomes[1]);
	run_ms(50);
	send_to("GET", "/echo", NULL, 5000, &outcomes[2]);
	http_free(http);
	http = NULL;
	run_ms(20);
	for (int i = 0; i < 3; i++)
		assert_int_equal(outcomes[i].called, 0);
	http_free(NULL);
}

static double
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The name server does not answer: the loop goes on, the time limit holds, and the end of the daemon does not wait for it. */
static void
resolver_that_hangs(void **state)
{
	struct http_limits limits = http_default_limits;
	struct http_request request = {.method = "GET", .url = "https://two.hang/", .timeout_ms = 5000};
	struct outcome outcome;
	double start_s = now_s();

	(void)state;
	limits.connect_timeout_ms = 300;
	set_up_with(&limits);
	outcome = ask_url("https://one.hang/", 5000, false);
	assert_string_equal(outcome.failure, "could not resolve one.hang within 0.3 s");
	assert_true(outcome.timed_out);
	outcome_clear(&outcome);
	assert_non_null(http_send(http, &request, outcome_cb, &outcome, NULL));
	run_ms(50);
	http_free(http);
	http = NULL;
	assert_true(now_s() - start_s < 20); /* it hangs until it is told to end */
	assert_int_equal(outcome.called, 0);
	end_hanging();
}

static void
proxies(void **state)
{
	char *proxy = mem_printf("http://me:hunter2@127.0.0.1:%d", server.port);
	struct outcome outcome;

	(void)state;
	setenv("https_proxy", proxy, 1);
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	outcome = ask_url("https://kinesis.us-east-1.amazonaws.com/", 5000, false);
	assert_string_equal(
	    outcome.failure, "the proxy answered HTTP 403 when asked for kinesis.us-east-1.amazonaws.com");
	assert_int_equal(strncmp(last_request, "CONNECT kinesis.us-east-1.amazonaws.com:443 ", 44), 0);
	outcome_clear(&outcome);
	outcome = ask("POST", "/echo", "loopback is never proxied");
	assert_null(outcome.failure);
	outcome_clear(&outcome);
	outcome = ask_url("https://nowhere.invalid/", 5000, true);
	assert_non_null(strstr(outcome.failure, "could not resolve nowhere.invalid"));
	outcome_clear(&outcome);
	setenv("https_proxy", "http://proxy.invalid:3128", 1);
	outcome = ask_url("https://nowhere.invalid/", 5000, false);
	assert_string_equal(outcome.failure, "could not resolve the name of the proxy on the way to nowhere.invalid");
	outcome_clear(&outcome);
	setenv("https_proxy", "http://me:hunter2@127.0.0.1:1", 1);
	outcome = ask_url("https://nowhere.invalid/", 5000, false);
	assert_string_equal(
	    outcome.failure, "could not reach the proxy 127.0.0.1:1 on the way to nowhere.invalid: connection refused");
	outcome_clear(&outcome);
	unsetenv("https_proxy");
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	free(proxy);
}

static void
remedies(void **state)
{
	static const char *const cases[][2] = {
	    {"SSL certificate problem: self-signed certificate in certificate chain",
		"the request to h failed: SSL certificate problem: self-signed certificate in certificate chain "
		"(aws.ca_file "
		"names the certificates to trust)"},
	    {"OpenSSL/3: error:0A00010B:SSL routines::wrong version number",
		"the request to h failed: OpenSSL/3: error:0A00010B:SSL routines::wrong version number (it does not "
		"speak TLS: an http URL?)"},
	    {"SSL certificate problem: certificate has expired",
		"the request to h failed: SSL certificate problem: certificate has expired"},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(cases); i++) {
		const struct http_failure failure = {.host = "h", .detail = cases[i][0]};
		char *text = http_failure_describe(&failure, CURLE_PEER_FAILED_VERIFICATION);

		assert_string_equal(text, cases[i][1]);
		free(text);
	}
}

static void
ca_files(void **state)
{
	char *url = mem_printf("https://127.0.0.1:%d/echo", server.port);
	struct http_request request = {
	    .method = "GET", .url = url, .timeout_ms = 300, .ca_file = "/nonexistent/ca.pem"};
	struct outcome outcome = {0};

	(void)state;
	assert_non_null(http_send(http, &request, outcome_cb, &outcome, NULL));
	wait_for(1);
	assert_non_null(strstr(outcome.failure, "/nonexistent/ca.pem"));
	outcome_clear(&outcome);
	request.ca_file = NULL;
	assert_non_null(http_send(http, &request, outcome_cb, &outcome, NULL));
	wait_for(1);
	assert_null(strstr(outcome.failure, "/nonexistent/ca.pem"));
	outcome_clear(&outcome);
	free(url);
	outcome = ask("POST", "/echo", "x");
	assert_null(outcome.failure);
	outcome_clear(&outcome);
}

static void
headers_by_name(void **state)
{
	struct http_answer answer = {.headers = "HTTP/1.1 200 OK\0A: 1\0b:2\0Bc: \t3\0A: 4\0Empty:\0"};

	(void)state;
	assert_string_equal(http_answer_header(&answer, "a"), "1");
	assert_string_equal(http_answer_header(&answer, "B"), "2");
	assert_string_equal(http_answer_header(&answer, "BC"), "3");
	assert_string_equal(http_answer_header(&answer, "empty"), "");
	assert_null(http_answer_header(&answer, "HTTP/1.1 200 OK"));
	assert_null(http_answer_header(&answer, "c"));
	answer.headers = NULL;
	assert_null(http_answer_header(&answer, "a"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_is_sent, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_comes_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(connections_are_kept_and_capped, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(closed_while_idle, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(faults, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(nobody_there, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(no_answer_in_time, set_up, tear_down),
	    cmocka_unit_test_teardown(too_slow, tear_down),
	    cmocka_unit_test_teardown(no_connection_in_time, tear_down),
	    cmocka_unit_test_setup_teardown(urls_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(urls_used, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(line_breaks_in_headers, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(cancelled, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(cancelled_in_callbacks, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(freed_while_under_way, set_up, tear_down),
	    cmocka_unit_test_teardown(resolver_that_hangs, tear_down),
	    cmocka_unit_test_setup_teardown(proxies, set_up, tear_down),
	    cmocka_unit_test(remedies),
	    cmocka_unit_test_setup_teardown(ca_files, set_up, tear_down),
	    cmocka_unit_test(headers_by_name),
	};

	/* The server writes to clients that have gone. The daemon ignores it too: libcurl with CURLOPT_NOSIGNAL relies on that. */
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
