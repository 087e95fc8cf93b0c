/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call: what an AWS call costs in CPU. `call kdiag` makes the daemon's own modules look at STREAMS streams ROUNDS times (pace, sign, send, parse, judge, remember: everything but the
 * socket and syslog); `call curl` sends the same two requests, signed once beforehand, in a bare libcurl multi loop with as many connections. Both print the
 * microseconds of CPU a call, as getrusage has them for this process alone. test/bench/run.sh lays one beside the other.
 */
#include <curl/curl.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/aws/http.h"
#include "daemon/aws/sign.h"
#include "daemon/daemon.h"

static double
cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void
print(const char *what, double us, unsigned long calls)
{
	printf("%-6s %8lu calls  %8.1f us of CPU a call\n", what, calls, us / (double)calls);
}

/* ---- kdiag ---- */

struct rounds {
	struct daemon daemon;
	struct event_base *base;
	int left;
	unsigned long reports;
};

static void
report_cb(const struct watch *watch, const struct kd_report *report, void *arg)
{
	struct rounds *rounds = arg;

	(void)watch;
	rounds->reports += report_count(report);
}

static void
round_cb(void *arg)
{
	struct rounds *rounds = arg;

	if (rounds->left-- == 0)
		event_base_loopbreak(rounds->base);
	else
		schedule_run(rounds->daemon.schedule, NULL, -1, report_cb, round_cb, rounds);
}

static void
bench_kdiag(const char *config_path, int rounds_wanted)
{
	static struct cli cli = {.once = true};
	struct config_report report = {0};
	struct rounds rounds = {.left = 1};
	char *cause = NULL;
	struct config *config = config_load(config_path, NULL, &report);
	unsigned long calls;
	double us;

	if (config == NULL)
		fatalx("%s", report.count == 0 ? "no config" : report.lines[0]);
	rounds.base = event_base_new();
	if (daemon_start(&rounds.daemon, rounds.base, &cli, config, &cause) == -1)
		fatalx("%s", cause);
	daemon_watch(&rounds.daemon);
	round_cb(&rounds); /* one round to warm up: connections, caches */
	event_base_dispatch(rounds.base);
	calls = daemon_counts(&rounds.daemon).calls;
	us = cpu_us();
	rounds.left = rounds_wanted;
	rounds.reports = 0;
	round_cb(&rounds);
	event_base_dispatch(rounds.base);
	us = cpu_us() - us;
	calls = daemon_counts(&rounds.daemon).calls - calls;
	if (rounds.reports == 0 || daemon_counts(&rounds.daemon).failed > 0)
		fatalx("the calls failed");
	print("kdiag", us, calls);
	daemon_stop(&rounds.daemon);
	event_base_free(rounds.base);
	config_report_clear(&report);
}

/* ---- bare libcurl ---- */

/* What is sent, made and signed before the first is sent: AWS, and the simulator, take a signature for five minutes. */
struct ready {
	struct curl_slist *headers;
	char *body;
};

struct flight {
	CURLM *multi;
	struct ready *ready;
	size_t ready_count;
	unsigned long sent, done, wanted;
};

static size_t
swallow_cb(char *data, size_t size, size_t count, void *arg)
{
	(void)data;
	(void)arg;
	return size * count;
}

/* The headers that kdiag sends. */
static struct curl_slist *
sign(const char *host, const char *operation, const char *body)
{
	char time[SIGN_TIME_SIZE], target[128], line[1024];
	const struct sign_scope scope = {
	    .access_key = getenv("AWS_ACCESS_KEY_ID"),
	    .secret_key = getenv("AWS_SECRET_ACCESS_KEY"),
	    .region = "us-east-1",
	    .service = "kinesis",
	    .timestamp = time,
	};
	const struct sign_header headers[] = {
	    {"Host", host},
	    {"Content-Type", "application/x-amz-json-1.1"},
	    {"X-Amz-Date", time},
	    {"X-Amz-Target", target},
	};
	const struct sign_request request = {
	    .method = "POST",
	    .target = "/",
	    .headers = headers,
	    .headers_count = KD_COUNT(headers),
	    .body = body,
	    .body_len = strlen(body),
	    .normalize_path = true,
	};
	struct curl_slist *list = NULL;
	char *authorization, *cause = NULL;

	if (scope.access_key == NULL || scope.secret_key == NULL)
		fatalx("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set");
	sign_format_time(clock_now_ms(), time);
	snprintf(target, sizeof(target), "Kinesis_20131202.%s", operation);
	if ((authorization = sign_authorization(&scope, &request, &cause)) == NULL)
		fatalx("%s", cause);
	for (size_t i = 0; i < KD_COUNT(headers); i++) {
		snprintf(line, sizeof(line), "%s: %s", headers[i].name, headers[i].value);
		list = curl_slist_append(list, line);
	}
	snprintf(line, sizeof(line), "Authorization: %s", authorization);
	list = curl_slist_append(list, line);
	list = curl_slist_append(list, "Expect:");
	list = curl_slist_append(list, "Accept:");
	free(authorization);
	return list;
}

static void
make_ready(struct ready *ready, const char *host, size_t number)
{
	const char *operation = number % 2 == 0 ? "DescribeStreamSummary" : "ListShards";
	const char *more = number % 2 == 0 ? "" : ",\"ShardFilter\":{\"Type\":\"AT_LATEST\"},\"MaxResults\":10000";

	ready->body = mem_printf("{\"StreamName\":\"bulk-%05zu\"%s}", number / 2, more);
	ready->headers = sign(host, operation, ready->body);
}

static void
send_next(struct flight *flight, CURL *easy)
{
	const struct ready *ready = &flight->ready[flight->sent++ % flight->ready_count];

	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, ready->headers);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, ready->body);
	curl_multi_add_handle(flight->multi, easy);
}

static void
reap(struct flight *flight)
{
	CURLMsg *message;
	int queued;
	long status;

	while ((message = curl_multi_info_read(flight->multi, &queued)) != NULL) {
		CURL *easy = message->easy_handle;
		CURLcode result = message->data.result;

		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		if (result != CURLE_OK || status != 200)
			fatalx("a bare call failed: %s, HTTP %ld", curl_easy_strerror(result), status);
		curl_multi_remove_handle(flight->multi, easy);
		flight->done++;
		if (flight->sent < flight->wanted)
			send_next(flight, easy);
	}
}

static void
fly(struct flight *flight, CURL **easies, size_t count, unsigned long wanted)
{
	int running;

	flight->sent = flight->done = 0;
	flight->wanted = wanted;
	for (size_t i = 0; i < count && flight->sent < wanted; i++)
		send_next(flight, easies[i]);
	while (flight->done < wanted) {
		curl_multi_perform(flight->multi, &running);
		reap(flight);
		if (flight->done < wanted)
			curl_multi_poll(flight->multi, NULL, 0, 1000, NULL);
	}
}

static void
bench_curl(const char *port, size_t streams, unsigned long rounds)
{
	CURL *easies[8]; /* http_default_limits.connections_per_host */
	char *host = mem_printf("127.0.0.1:%s", port), *url = mem_printf("http://%s/", host);
	struct flight flight = {.multi = curl_multi_init(), .ready_count = streams * 2};
	double us;
	size_t i;

	flight.ready = mem_new(flight.ready_count, sizeof(*flight.ready));
	for (i = 0; i < flight.ready_count; i++)
		make_ready(&flight.ready[i], host, i);
	for (i = 0; i < KD_COUNT(easies); i++) {
		easies[i] = curl_easy_init();
		curl_easy_setopt(easies[i], CURLOPT_URL, url);
		curl_easy_setopt(easies[i], CURLOPT_WRITEFUNCTION, swallow_cb);
		curl_easy_setopt(easies[i], CURLOPT_NOSIGNAL, 1L);
	}
	fly(&flight, easies, KD_COUNT(easies), flight.ready_count); /* to warm up, as above */
	us = cpu_us();
	fly(&flight, easies, KD_COUNT(easies), flight.ready_count * rounds);
	print("curl", cpu_us() - us, flight.done);
	for (i = 0; i < KD_COUNT(easies); i++)
		curl_easy_cleanup(easies[i]);
	curl_multi_cleanup(flight.multi);
	for (i = 0; i < flight.ready_count; i++) {
		curl_slist_free_all(flight.ready[i].headers);
		free(flight.ready[i].body);
	}
	free(flight.ready);
	free(host);
	free(url);
}

int
main(int argc, char **argv)
{
	char *cause = NULL;

	log_init("call");
	if (clock_init(&cause) == -1 || sign_init(&cause) == -1)
		fatalx("%s", cause);
	if (argc == 4 && strcmp(argv[1], "kdiag") == 0) {
		bench_kdiag(argv[2], atoi(argv[3]));
	} else if (argc == 5 && strcmp(argv[1], "curl") == 0 && atoi(argv[3]) > 0) {
		curl_global_init(CURL_GLOBAL_DEFAULT);
		bench_curl(argv[2], (size_t)atoi(argv[3]), strtoul(argv[4], NULL, 10));
	} else {
		fputs("usage: call kdiag CONFIG ROUNDS | call curl PORT STREAMS ROUNDS\n", stderr);
		return 2;
	}
	return 0;
}
