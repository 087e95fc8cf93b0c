/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client: calls against a server that answers by a script: retries, throttling, skewed clocks, refused keys, services left alone, deadlines and cancelling at each
 * stage. The clock stands still; what waits for it waits a twentieth of its time.
 */
#include "daemon/aws/client.h"

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

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/aws/sign.h"
#include "test/unit/fake_server.h"

#define NOW_MS              INT64_C(1795342440000) /* 2026-11-22T10:14:00Z */
#define HTML                "<html>busy</html>"
#define REFUSAL(code, text) "{\"__type\":\"" code "\",\"message\":\"" text "\"}"

#define SAY(status, body) \
	{ \
		status, body, ANSWER, NULL \
	}
#define RESETS \
	{ \
		0, NULL, RESET, NULL \
	}
#define HANGS \
	{ \
		0, NULL, HANG, NULL \
	}
#define SLOW SAY(400, REFUSAL("LimitExceededException", "Rate exceeded"))
#define SLOW_FOR(ms) \
	{ \
		400, REFUSAL("SlowDown", "Rate exceeded"), ANSWER, "x-amz-retry-after: " ms "\r\n" \
	}
#define SKEWED SAY(400, REFUSAL("RequestTimeTooSkewed", "too far off"))

enum how { ANSWER, RESET, HANG };

/* What the server does with the next request; behind the last it answers 200 "{}". */
struct step {
	int status;
	const char *body;
	enum how how;
	const char *headers;
};

struct outcome {
	int called;
	struct aws_error error;
	char *body;
};

static struct event_base *base;
static struct fake_server server;
static struct aws_client *client;
static struct creds *creds;
static struct aws_place *place;
static const struct step *steps;
static size_t steps_left;
static int64_t server_ahead_ms; /* of the clock; signatures more than 5 min off are refused */
static bool server_dates;
static char *last_request;
static struct { /* of the keys' source */
	int fetches;
	bool holds, fails, same;
} source;
static char notices[2000];
static size_t waited_for;

static const char *
no_environment(const char *name)
{
	(void)name;
	return NULL;
}

/* ---- the server ---- */

static const char *
header_of(const char *request, const char *name, char *out, size_t size)
{
	char *start = mem_printf("\r\n%s: ", name);
	const char *at = strstr(request, start);

	assert_non_null(at);
	at += strlen(start);
	snprintf(out, size, "%.*s", (int)strcspn(at, "\r"), at);
	free(start);
	return out;
}

/* Is the request signed by key N's secret, over exactly what came? */
static void
assert_signed(const char *text, const char *body)
{
	static const char *const names[] = {
	    "Host", "Content-Type", "X-Amz-Date", "X-Amz-Target", "X-Amz-Security-Token"};
	char values[5][600], authorization[600], access_key[40], *secret, *expected, *cause = NULL;
	struct sign_header headers[5];
	struct sign_request request = {.method = "POST",
	    .target = "/",
	    .headers = headers,
	    .headers_count = 5,
	    .body = body,
	    .body_len = strlen(body),
	    .normalize_path = true};
	struct sign_scope scope = {
	    .access_key = access_key, .region = "us-east-1", .service = "kinesis", .timestamp = values[2]};

	for (size_t i = 0; i < 5; i++)
		headers[i] = (struct sign_header){names[i], header_of(text, names[i], values[i], sizeof(values[i]))};
	header_of(text, "Authorization", authorization, sizeof(authorization));
	assert_int_equal(sscanf(authorization, "AWS4-HMAC-SHA256 Credential=%39[^/]", access_key), 1);
	secret = mem_printf("secret of %s", access_key);
	scope.secret_key = secret;
	expected = sign_authorization(&scope, &request, &cause);
	assert_null(cause);
	assert_string_equal(authorization, expected);
	free(expected);
	free(secret);
}

static int64_t
time_of(const char *text)
{
	char value[40];
	struct tm tm = {0};

	header_of(text, "X-Amz-Date", value, sizeof(value));
	assert_non_null(strptime(value, "%Y%m%dT%H%M%SZ", &tm));
	return (int64_t)timegm(&tm) * 1000;
}

static void
answer(struct fake_connection *connection, int status, const char *headers, const char *body)
{
	time_t now = (time_t)((clock_now_ms() + server_ahead_ms) / 1000);
	char date[100] = "", *all;
	struct tm tm;

	if (server_dates)
		strftime(date, sizeof(date), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&now, &tm));
	all = mem_printf("%s%s", date, headers != NULL ? headers : "");
	fake_answer(connection, status, all, body);
	free(all);
}

static void
request_cb(struct fake_connection *connection, void *arg)
{
	struct step step = {.status = 200, .body = "{}"};

	(void)arg;
	free(last_request);
	last_request = mem_strdup(connection->text);
	assert_signed(connection->text, connection->body);
	if (steps_left > 0) {
		step = *steps++;
		steps_left--;
	} else if (llabs(time_of(connection->text) - clock_now_ms() - server_ahead_ms) > 300000) {
		step = (struct step){.status = 400,
		    .body = REFUSAL("InvalidSignatureException", "Signature expired: 1 is now earlier than 2")};
	}
	if (step.how == RESET)
		fake_reset(connection);
	else if (step.how == ANSWER)
		answer(connection, step.status, step.headers, step.body);
}

static void
play(const struct step *script, size_t count)
{
	steps = script;
	steps_left = count;
	server.requests = 0;
}
#define PLAY(...) \
	play((const struct step[]){__VA_ARGS__}, sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step))

/* ---- the fixture ---- */

static void
bring_keys(struct creds *which)
{
	char *id, *secret;

	if (source.fails) {
		creds_fetched(which, NULL, "the source is dry");
		return;
	}
	id = mem_printf("AKID%d", source.same ? 1 : source.fetches);
	secret = mem_printf("secret of %s", id);
	creds_fetched(which, aws_keys_new(id, secret, "token+/=", 0, "test"), NULL);
	free(id);
	free(secret);
}

static void
fetch_cb(struct creds *which, void *arg)
{
	(void)arg;
	source.fetches++;
	if (!source.holds)
		bring_keys(which);
}

static void
abandon_cb(void *arg)
{
	(void)arg;
}

static void
notice_cb(enum aws_notice notice, bool bad, const char *subject, const char *why, void *arg)
{
	size_t len = strlen(notices);

	(void)arg;
	assert_non_null(why);
	snprintf(notices + len, sizeof(notices) - len, "%s%s(%s) ", bad ? "+" : "-", aws_notice_check(notice), subject);
}

static void
make_client(double pace_share, const char *endpoint_url)
{
	struct aws_client_options options = {.limits = http_default_limits,
	    .pace_share = pace_share,
	    .endpoint_url = endpoint_url,
	    .call_timeout_ms = 5000,
	    .env = no_environment,
	    .notice = notice_cb};
	char *cause = NULL;

	client = aws_client_new(base, &options, &cause);
	assert_non_null(client);
	creds = creds_new_fetched(base, "the test", fetch_cb, abandon_cb, NULL);
	place = aws_client_place(client, "prod", "us-east-1", creds, &cause);
	assert_non_null(place);
	assert_null(cause);
}

static void
set_up_paced(double pace_share)
{
	char *url;

	clock_freeze(NOW_MS, 1000000);
	memset(&source, 0, sizeof(source));
	notices[0] = '\0';
	waited_for = 0;
	steps_left = 0;
	server_ahead_ms = 0;
	server_dates = true;
	base = event_base_new();
	fake_start(&server, base, request_cb, NULL);
	url = mem_printf("http://127.0.0.1:%d", server.port);
	make_client(pace_share, url);
	free(url);
}

static int
set_up(void **state)
{
	(void)state;
	set_up_paced(0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	creds_free(creds);
	aws_client_free(client);
	fake_stop(&server);
	event_base_free(base);
	free(last_request);
	last_request = NULL;
	return 0;
}

static void
pass_ms(int64_t ms)
{
	clock_freeze(clock_now_ms() + ms, clock_mono_ms() + ms);
}

static void
outcome_cb(const struct aws_error *error, const struct http_answer *got, void *arg)
{
	struct outcome *outcome = arg;

	outcome->called++;
	outcome->error = *error;
	free(outcome->body);
	outcome->body = got != NULL ? mem_strdup(got->body) : NULL;
	if (waited_for > 0 && --waited_for == 0)
		event_base_loopbreak(base);
}

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

/* Until the service was asked so often, and so many requests are under way: however slow the machine is. */
static void
run_until(unsigned requests, size_t active)
{
	for (int i = 0; i < 2000 && (server.requests != requests || http_active(aws_client_http(client)) != active);
	     i++)
		run_ms(10);
	assert_int_equal(server.requests, requests);
	assert_int_equal(http_active(aws_client_http(client)), active);
}

static struct aws_call *
start(struct outcome *outcome, int64_t deadline_ms)
{
	const struct aws_request request = {.service = "kinesis",
	    .operation = "DescribeStreamSummary",
	    .target = "Kinesis_20131202.DescribeStreamSummary",
	    .content_type = "application/x-amz-json-1.1",
	    .body = "{\"StreamName\":\"orders\"}",
	    .body_len = 23,
	    .metrics = 7,
	    .deadline_ms = deadline_ms != 0 ? clock_mono_ms() + deadline_ms : 0};
	struct aws_call *call = aws_call_start(place, &request, outcome_cb, outcome);

	assert_non_null(call);
	assert_int_equal(outcome->called, 0);
	return call;
}

static struct aws_error
call_once_by(int64_t deadline_ms)
{
	struct outcome outcome = {0};

	start(&outcome, deadline_ms);
	wait_for(1);
	assert_int_equal(outcome.called, 1);
	free(outcome.body);
	return outcome.error;
}

static struct aws_error
call_once(void)
{
	return call_once_by(0);
}

static void
assert_blame(enum aws_fault fault, const char *expected)
{
	char *blame = aws_place_blame(place, "kinesis", fault);

	if (expected == NULL)
		assert_null(blame);
	else
		assert_string_equal(blame, expected);
	free(blame);
}

static void
assert_message(const struct aws_error *error, const char *fmt_with_port)
{
	const char *at = strstr(fmt_with_port, "PORT");
	char *expected = at == NULL
			     ? mem_strdup(fmt_with_port)
			     : mem_printf("%.*s%d%s", (int)(at - fmt_with_port), fmt_with_port, server.port, at + 4);

	assert_string_equal(error->message, expected);
	free(expected);
}

/* ---- plain calls ---- */

static void
visit_cb(const struct aws_operation_count *count, void *arg)
{
	int *visited = arg;

	assert_string_equal(count->account, "prod");
	assert_string_equal(count->region, "us-east-1");
	assert_string_equal(count->operation, "DescribeStreamSummary");
	assert_int_equal(count->calls, 2);
	assert_int_equal(count->metrics, 14);
	++*visited;
}

static void
a_good_call(void **state)
{
	struct outcome outcome = {0};
	int visited = 0;

	(void)state;
	PLAY(SAY(200, "{\"a\":1}"));
	start(&outcome, 60000);
	wait_for(1);
	assert_int_equal(outcome.error.fault, AWS_OK);
	assert_string_equal(outcome.body, "{\"a\":1}");
	free(outcome.body);
	assert_int_equal(strncmp(last_request, "POST / HTTP/1.1\r\n", 17), 0);
	assert_non_null(strstr(last_request, "\r\nX-Amz-Date: 20261122T101400Z\r\n"));
	assert_non_null(strstr(last_request, "\r\n\r\n{\"StreamName\":\"orders\"}"));
	assert_int_equal(call_once().fault, AWS_OK);
	assert_int_equal(aws_client_counts(client).calls, 2);
	assert_int_equal(aws_client_counts(client).retries, 0);
	assert_int_equal(aws_client_counts(client).failed, 0);
	aws_client_each_count(client, visit_cb, &visited);
	assert_int_equal(visited, 1);
	assert_int_equal(source.fetches, 1);
	assert_string_equal(notices, "");
}

static void
many_calls(void **state)
{
	struct outcome outcomes[200] = {0};

	(void)state;
	source.holds = true;
	for (int i = 0; i < 200; i++)
		start(&outcomes[i], 0);
	run_ms(20);
	assert_int_equal(server.requests, 0);
	assert_int_equal(source.fetches, 1);
	bring_keys(creds);
	wait_for(200);
	for (int i = 0; i < 200; i++) {
		assert_int_equal(outcomes[i].called, 1);
		assert_int_equal(outcomes[i].error.fault, AWS_OK);
		free(outcomes[i].body);
	}
	assert_true(server.accepted <= 8);
}

static void
places(void **state)
{
	char *cause = NULL;

	(void)state;
	assert_ptr_equal(aws_client_place(client, "prod", "us-east-1", creds, NULL), place);
	assert_ptr_not_equal(aws_client_place(client, "test", "us-east-1", creds, NULL), place);
	assert_ptr_not_equal(aws_client_place(client, "prod", "eu-west-1", creds, NULL), place);
	assert_string_equal(aws_place_account(place), "prod");
	assert_string_equal(aws_place_region(place), "us-east-1");
	assert_null(aws_client_place(client, "prod", "evil.example/", creds, &cause));
	assert_string_equal(cause, "\"evil.example/\" is no region (they look like us-east-1)");
	free(cause);
	assert_int_equal(aws_place_now_ms(place), NOW_MS);
	assert_true(aws_place_rate(place, "DescribeStreamSummary") == 0);
}

static void
an_endpoint_that_is_none(void **state)
{
	struct aws_error error;

	(void)state;
	creds_free(creds);
	aws_client_free(client);
	make_client(0, "http://kinesis.example/");
	error = call_once();
	assert_int_equal(error.fault, AWS_REFUSED);
	assert_string_equal(
	    error.message, "aws.endpoint_url is plain http to kinesis.example, which is not this host: write https://");
}

/* ---- failures ---- */

static void
retries(void **state)
{
	struct aws_counts counts;

	(void)state;
	PLAY(RESETS, SAY(503, HTML), SAY(200, "{}"));
	assert_int_equal(call_once().fault, AWS_OK);
	counts = aws_client_counts(client);
	assert_int_equal(counts.calls, 3);
	assert_int_equal(counts.retries, 2);
	assert_int_equal(counts.failed, 2);
	assert_int_equal(counts.throttled, 0);
}

static void
retries_run_out(void **state)
{
	struct aws_error error;

	(void)state;
	PLAY(SAY(503, HTML), SAY(500, "{}"), SAY(503, HTML));
	error = call_once();
	assert_int_equal(error.fault, AWS_SERVICE);
	assert_int_equal(error.status, 503);
	assert_message(&error, "127.0.0.1:PORT answered HTTP 503 with HTML, not JSON (a proxy?)");
	assert_int_equal(server.requests, 3);
	assert_blame(AWS_SERVICE, NULL); /* once is not told */
	assert_string_equal(notices, "");
}

static void
denied(void **state)
{
	static const struct step script[] = {SAY(400, REFUSAL("AccessDeniedException", "User: x is not authorized"))};
	struct aws_error error;

	(void)state;
	for (int i = 0; i < 10; i++) {
		play(script, 1);
		error = call_once();
		assert_int_equal(error.fault, AWS_DENIED);
		assert_string_equal(error.message, "User: x is not authorized");
		assert_int_equal(server.requests, 1);
	}
	assert_blame(AWS_DENIED, NULL);
	assert_blame(AWS_NOT_FOUND, NULL);
	assert_blame(AWS_LATE, NULL);
	assert_string_equal(notices, "");
}

static void
throttled(void **state)
{
	struct aws_error error;

	(void)state;
	PLAY(SLOW, SLOW, SAY(200, "{}"));
	assert_int_equal(call_once().fault, AWS_OK);
	assert_int_equal(aws_client_counts(client).throttled, 2);
	assert_string_equal(notices, "");
	PLAY(SLOW, SLOW, SLOW);
	error = call_once();
	assert_int_equal(error.fault, AWS_THROTTLED);
	assert_string_equal(error.message, "DescribeStreamSummary: Rate exceeded");
	assert_blame(AWS_THROTTLED, "self/throttled/kinesis us-east-1");
	assert_string_equal(notices, "+throttled(kinesis us-east-1) ");
	PLAY(SLOW, SLOW, SLOW);
	call_once();
	pass_ms(59999);
	call_once();
	assert_string_equal(notices, "+throttled(kinesis us-east-1) ");
	pass_ms(1);
	call_once();
	assert_string_equal(notices, "+throttled(kinesis us-east-1) -throttled(kinesis us-east-1) ");
}

static void
throttling_slows_the_pace_down(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	set_up_paced(50);
	PLAY(SLOW, SAY(200, "{}"));
	start(&outcome, 0);
	run_until(1, 0);
	assert_true(aws_place_rate(place, "DescribeStreamSummary") == 500);
	pass_ms(1000);
	wait_for(1);
	assert_int_equal(outcome.error.fault, AWS_OK);
	free(outcome.body);
}

/* ---- the clock ---- */

static void
skewed_clock(void **state)
{
	(void)state;
	server_ahead_ms = 3600 * 1000;
	assert_int_equal(call_once().fault, AWS_OK);
	assert_int_equal(server.requests, 2);
	assert_int_equal(aws_place_now_ms(place), NOW_MS + 3600 * 1000);
	assert_string_equal(notices, "+clock(host) ");
	assert_blame(AWS_CLOCK, "self/clock/host");
	assert_int_equal(source.fetches, 1);
	assert_int_equal(call_once().fault, AWS_OK);
	assert_int_equal(server.requests, 3);
	/* Someone sets the clock. */
	server_ahead_ms = 0;
	assert_int_equal(call_once().fault, AWS_OK);
	assert_int_equal(server.requests, 5);
	assert_int_equal(aws_place_now_ms(place), NOW_MS);
	assert_string_equal(notices, "+clock(host) -clock(host) ");
	assert_blame(AWS_CLOCK, NULL);
}

/* AWS takes up to 300 s: corrected all the same while it is over 240, and given up when it is less. */
static void
skew_that_shrinks(void **state)
{
	(void)state;
	server_ahead_ms = -301 * 1000;
	assert_int_equal(call_once().fault, AWS_OK);
	assert_int_equal(aws_place_now_ms(place), NOW_MS - 301 * 1000);
	server_ahead_ms = -241 * 1000;
	call_once();
	assert_int_equal(aws_place_now_ms(place), NOW_MS - 241 * 1000);
	server_ahead_ms = -240 * 1000;
	call_once();
	assert_int_equal(aws_place_now_ms(place), NOW_MS);
	assert_string_equal(notices, "+clock(host) -clock(host) ");
	server_ahead_ms = 299 * 1000;
	call_once();
	assert_int_equal(aws_place_now_ms(place), NOW_MS);
}

static void
skew_in_two_places(void **state)
{
	struct aws_place *first = place, *second = aws_client_place(client, "test", "us-east-1", creds, NULL);

	(void)state;
	server_ahead_ms = 3600 * 1000;
	call_once();
	place = second;
	call_once();
	server_ahead_ms = 0;
	call_once();
	assert_string_equal(notices, "+clock(host) +clock(host) ");
	place = first;
	call_once();
	assert_string_equal(notices, "+clock(host) +clock(host) -clock(host) ");
}

static void
skew_that_stays(void **state)
{
	struct aws_error error;

	(void)state;
	/* No Date to learn from. */
	server_dates = false;
	PLAY(SKEWED);
	error = call_once();
	assert_int_equal(error.fault, AWS_CLOCK);
	assert_int_equal(server.requests, 1);
	/* Re-signed once only. */
	server_dates = true;
	server_ahead_ms = 3600 * 1000;
	PLAY(SKEWED, SKEWED);
	error = call_once();
	assert_int_equal(error.fault, AWS_CLOCK);
	assert_int_equal(server.requests, 2);
	assert_int_equal(source.fetches, 1);
}

/* ---- credentials ---- */

static void
keys_that_expired(void **state)
{
	struct aws_error error;

	(void)state;
	PLAY(SAY(400, REFUSAL("ExpiredTokenException", "The security token included in the request is expired")));
	assert_int_equal(call_once().fault, AWS_OK);
	assert_int_equal(server.requests, 2);
	assert_int_equal(source.fetches, 2);
	assert_non_null(strstr(last_request, "Credential=AKID2/"));
	assert_string_equal(notices, "");
	PLAY(
	    SAY(400, REFUSAL("ExpiredTokenException", "old")), SAY(400, REFUSAL("ExpiredTokenException", "still old")));
	error = call_once();
	assert_int_equal(error.fault, AWS_CREDENTIALS);
	assert_string_equal(error.message, "still old");
	assert_int_equal(server.requests, 2);
	assert_blame(AWS_CREDENTIALS, "self/credentials/prod");
}

static void
keys_that_are_wrong(void **state)
{
	struct aws_error error;

	(void)state;
	source.same = true;
	PLAY(SAY(400, REFUSAL("InvalidSignatureException", "The request signature we calculated does not match")));
	error = call_once();
	assert_int_equal(error.fault, AWS_CREDENTIALS);
	assert_string_equal(error.code, "InvalidSignatureException");
	assert_int_equal(server.requests, 1);
	assert_string_equal(error.message,
	    "AWS refuses the keys of the test, and there are no others: The request signature we "
	    "calculated does not match");
	assert_string_equal(notices, "+credentials(prod) ");
}

static void
no_keys(void **state)
{
	struct aws_place *elsewhere = aws_client_place(client, "prod", "eu-west-1", creds, NULL);
	struct aws_error error;

	(void)state;
	source.fails = true;
	for (int i = 0; i < 10; i++) {
		error = call_once();
		assert_int_equal(error.fault, AWS_CREDENTIALS);
		assert_non_null(strstr(error.message, "the source is dry"));
	}
	assert_int_equal(server.requests, 0);
	assert_int_equal(aws_client_counts(client).calls, 0);
	assert_string_equal(notices, "+credentials(prod) ");
	source.fails = false;
	pass_ms(60000);
	assert_int_equal(call_once().fault, AWS_OK);
	assert_string_equal(notices, "+credentials(prod) -credentials(prod) ");
	assert_true(aws_place_is_mended_since(elsewhere, clock_mono_ms() - 1));
}

/* What still serves is another finding than what serves no more. */
static void
keys_that_cannot_be_renewed(void **state)
{
	(void)state;
	call_once();
	source.fails = true;
	pass_ms(5 * 60 * 1000);
	assert_int_equal(call_once().fault, AWS_OK);
	assert_int_equal(call_once().fault, AWS_OK);
	assert_string_equal(notices, "+expiring(prod) ");
	PLAY(SAY(400, REFUSAL("ExpiredTokenException", "old")));
	assert_int_equal(call_once().fault, AWS_CREDENTIALS);
	assert_string_equal(notices, "+expiring(prod) +credentials(prod) -expiring(prod) ");
}

/* ---- left alone ---- */

static void
fail_five_times(void)
{
	static const struct step down[] = {SAY(500, "{}"), SAY(500, "{}"), SAY(500, "{}")};

	for (int i = 0; i < 5; i++) {
		assert_string_equal(notices, "");
		play(down, 3);
		assert_int_equal(call_once().fault, AWS_SERVICE);
	}
}

static void
left_alone(void **state)
{
	struct outcome outcomes[3] = {0};
	struct aws_error error;

	(void)state;
	fail_five_times();
	assert_string_equal(notices, "+service(kinesis us-east-1) ");
	server.requests = 0;
	error = call_once();
	assert_int_equal(error.fault, AWS_LEFT_ALONE);
	assert_int_equal(server.requests, 0);
	assert_message(&error, "kinesis in us-east-1 is left alone for a while, after 5 failures in a row; the last: "
			       "127.0.0.1:PORT answered HTTP 500 with no error code");
	assert_blame(AWS_LEFT_ALONE, "self/service/kinesis us-east-1");
	assert_blame(AWS_NETWORK, "self/service/kinesis us-east-1");
	pass_ms(5000);
	/* One trial, and the others wait for what comes of it. */
	PLAY(HANGS);
	for (int i = 0; i < 3; i++)
		start(&outcomes[i], i == 0 ? 10000 : 0);
	wait_for(2);
	assert_int_equal(outcomes[0].called, 0);
	assert_int_equal(outcomes[1].error.fault, AWS_LEFT_ALONE);
	wait_for(1);
	assert_int_equal(outcomes[0].error.fault, AWS_LATE);
	assert_int_equal(server.requests, 1);
	/* The trial failed: twice the pause. */
	pass_ms(9999);
	assert_int_equal(call_once().fault, AWS_LEFT_ALONE);
	pass_ms(1);
	assert_false(aws_place_is_mended_since(place, 0));
	assert_int_equal(call_once().fault, AWS_OK);
	assert_string_equal(notices, "+service(kinesis us-east-1) -service(kinesis us-east-1) ");
	assert_true(aws_place_is_mended_since(place, clock_mono_ms() - 1));
	assert_false(aws_place_is_mended_since(place, clock_mono_ms()));
	assert_int_equal(call_once().fault, AWS_OK);
}

static void
trial_that_is_cancelled(void **state)
{
	struct outcome outcome = {0};
	struct aws_call *call;

	(void)state;
	fail_five_times();
	pass_ms(5000);
	PLAY(HANGS);
	call = start(&outcome, 0);
	run_until(1, 1);
	aws_call_cancel(call);
	assert_int_equal(call_once().fault, AWS_OK);
	assert_int_equal(outcome.called, 0);
}

static void
refusals_show_that_it_lives(void **state)
{
	(void)state;
	fail_five_times();
	pass_ms(5000);
	PLAY(SAY(400, REFUSAL("AccessDeniedException", "no")));
	assert_int_equal(call_once().fault, AWS_DENIED);
	assert_string_equal(notices, "+service(kinesis us-east-1) -service(kinesis us-east-1) ");
}

/* A reload brings another client, which knows nothing of it. */
static void
what_was_noticed_ends_with_the_client(void **state)
{
	(void)state;
	fail_five_times();
	creds_free(creds);
	aws_client_free(client);
	creds = NULL;
	client = NULL;
	assert_string_equal(notices, "+service(kinesis us-east-1) -service(kinesis us-east-1) ");
}

/* ---- deadlines and cancelling ---- */

static void
late_in_the_queue(void **state)
{
	struct aws_error error;

	(void)state;
	set_up_paced(0.05);
	assert_int_equal(call_once().fault, AWS_OK);
	error = call_once_by(500);
	assert_int_equal(error.fault, AWS_LATE);
	assert_string_equal(error.message,
	    "DescribeStreamSummary was not sent before the deadline: 1 calls wait for their turn at 1 a second");
	assert_int_equal(server.requests, 1);
}

static void
answer_held(void)
{
	struct fake_connection *connection;

	LIST_FOREACH(connection, &server.connections, link)
	answer(connection, 200, NULL, "{}");
}

/* 60 calls had their turns at 20 a second while the server did not answer, eight of them at a time: when it does, it gets the others at the pace, and not all at once. */
static void
turns_that_were_long_ago(void **state)
{
	struct outcome outcomes[60] = {0};

	(void)state;
	set_up_paced(1);
	PLAY(HANGS, HANGS, HANGS, HANGS, HANGS, HANGS, HANGS, HANGS);
	for (int i = 0; i < 60; i++)
		start(&outcomes[i], 0);
	for (int i = 0; i < 5; i++) {
		run_ms(100);
		pass_ms(1000);
	}
	run_until(8, 8);
	answer_held();
	run_until(8 + 20, 0);
	pass_ms(1000);
	run_until(8 + 40, 0);
	pass_ms(1000);
	run_until(60, 0);
	for (int i = 0; i < 60; i++) {
		assert_int_equal(outcomes[i].called, 1);
		free(outcomes[i].body);
	}
}

static void
late_without_keys(void **state)
{
	struct aws_error error;

	(void)state;
	source.holds = true;
	error = call_once_by(500);
	assert_int_equal(error.fault, AWS_LATE);
	assert_string_equal(
	    error.message, "DescribeStreamSummary was not sent before the deadline: there were no credentials yet");
	bring_keys(creds);
	run_ms(20);
	assert_int_equal(server.requests, 0);
}

static void
late_without_answer(void **state)
{
	struct aws_error error;

	(void)state;
	PLAY(HANGS);
	error = call_once_by(3000);
	assert_int_equal(error.fault, AWS_LATE);
	assert_message(&error, "no answer from 127.0.0.1:PORT to DescribeStreamSummary before the deadline");
	/* The deadline has passed before the start. */
	PLAY(HANGS);
	assert_int_equal(call_once_by(-1000).fault, AWS_LATE);
}

/* No retry that would come too late: what went wrong is told instead. */
static void
late_in_backoff(void **state)
{
	struct aws_error error;

	(void)state;
	PLAY(SLOW_FOR("4000"));
	error = call_once_by(3900);
	assert_int_equal(error.fault, AWS_THROTTLED);
	assert_int_equal(server.requests, 1);
	PLAY(SLOW_FOR("4000"));
	assert_int_equal(call_once_by(4100).fault, AWS_OK);
}

static void
cancelled_at_each_stage(void **state)
{
	struct outcome outcomes[5] = {0};
	struct aws_call *calls[5];

	(void)state;
	/* waiting for its turn */
	calls[0] = start(&outcomes[0], 5000);
	aws_call_cancel(calls[0]);
	/* for credentials */
	source.holds = true;
	calls[1] = start(&outcomes[1], 5000);
	run_ms(20);
	aws_call_cancel(calls[1]);
	bring_keys(creds);
	source.holds = false;
	assert_int_equal(server.requests, 0);
	/* for an answer */
	PLAY(HANGS);
	calls[2] = start(&outcomes[2], 0);
	run_until(1, 1);
	aws_call_cancel(calls[2]);
	assert_int_equal(http_active(aws_client_http(client)), 0);
	/* for the next attempt */
	PLAY(SLOW_FOR("5000"));
	calls[3] = start(&outcomes[3], 0);
	run_until(1, 0);
	aws_call_cancel(calls[3]);
	/* for its end */
	fail_five_times();
	calls[4] = start(&outcomes[4], 0);
	aws_call_cancel(calls[4]);
	run_ms(100);
	for (int i = 0; i < 5; i++)
		assert_int_equal(outcomes[i].called, 0);
	aws_call_cancel(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_good_call, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(many_calls, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(places, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_endpoint_that_is_none, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(retries, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(retries_run_out, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(denied, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(throttled, set_up, tear_down),
	    cmocka_unit_test_teardown(throttling_slows_the_pace_down, tear_down),
	    cmocka_unit_test_setup_teardown(skewed_clock, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(skew_that_shrinks, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(skew_in_two_places, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(skew_that_stays, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(keys_that_expired, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(keys_that_are_wrong, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(no_keys, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(keys_that_cannot_be_renewed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(left_alone, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_was_noticed_ends_with_the_client, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(trial_that_is_cancelled, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(refusals_show_that_it_lives, set_up, tear_down),
	    cmocka_unit_test_teardown(late_in_the_queue, tear_down),
	    cmocka_unit_test_teardown(turns_that_were_long_ago, tear_down),
	    cmocka_unit_test_setup_teardown(late_without_keys, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(late_without_answer, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(late_in_backoff, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(cancelled_at_each_stage, set_up, tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	setenv("KDIAG_CLOCK", "20@1795342440", 1);
	if (clock_init(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
