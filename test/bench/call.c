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

static int
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
	return 0;
}

/* ---- bare libcurl ---- */

struct lane {
	CURL *easy;
	struct curl_slist *headers[2];
	char *bodies[2];
	int next;
};

static size_t
swallow(char *data, size_t size, size_t count, void *arg)
{
	(void)data;
	(void)arg;
	return size * count;
}

/* The headers that kdiag sends, signed once: AWS, and the simulator, take a signature for five minutes. */
static struct curl_slist *
sign(const char *host, const char *operation, const char *body)
{
	char time[SIGN_TIME_SIZE], target[128], line[1024];
	const struct sign_scope scope = {.access_key = getenv("AWS_ACCESS_KEY_ID"),
	    .secret_key = getenv("AWS_SECRET_ACCESS_KEY"),
	    .region = "us-east-1",
	    .service = "kinesis",
	    .timestamp = time};
	const struct sign_header headers[] = {
	    {"Content-Type", "application/x-amz-json-1.1"},
	    {"Host", host},
	    {"X-Amz-Date", time},
	    {"X-Amz-Target", target},
	};
	const struct sign_request request = {.method = "POST",
	    .target = "/",
	    .headers = headers,
	    .headers_count = 4,
	    .body = body,
	    .body_len = strlen(body),
	    .normalize_path = true};
	struct curl_slist *list = NULL;
	char *authorization, *cause = NULL;
	size_t i;

	sign_format_time(clock_now_ms(), time);
	snprintf(target, sizeof(target), "Kinesis_20131202.%s", operation);
	authorization = sign_authorization(&scope, &request, &cause);
	if (authorization == NULL)
		fatalx("%s", cause);
	for (i = 0; i < 4; i++) {
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
start(CURLM *multi, struct lane *lane)
{
	curl_easy_setopt(lane->easy, CURLOPT_HTTPHEADER, lane->headers[lane->next]);
	curl_easy_setopt(lane->easy, CURLOPT_POSTFIELDS, lane->bodies[lane->next]);
	lane->next = !lane->next;
	curl_multi_add_handle(multi, lane->easy);
}

static void
prepare(struct lane *lane, const char *url, const char *host, int number)
{
	lane->bodies[0] = mem_printf("{\"StreamName\":\"bulk-%05d\"}", number);
	lane->bodies[1] = mem_printf(
	    "{\"StreamName\":\"bulk-%05d\",\"MaxResults\":10000,\"ShardFilter\":{\"Type\":\"AT_LATEST\"}}", number);
	lane->headers[0] = sign(host, "DescribeStreamSummary", lane->bodies[0]);
	lane->headers[1] = sign(host, "ListShards", lane->bodies[1]);
	lane->easy = curl_easy_init();
	curl_easy_setopt(lane->easy, CURLOPT_URL, url);
	curl_easy_setopt(lane->easy, CURLOPT_WRITEFUNCTION, swallow);
	curl_easy_setopt(lane->easy, CURLOPT_PRIVATE, lane);
	curl_easy_setopt(lane->easy, CURLOPT_NOSIGNAL, 1L);
}

static unsigned long
reap(CURLM *multi, unsigned long left)
{
	CURLMsg *message;
	struct lane *lane;
	unsigned long done = 0;
	int queued;
	long status;

	while ((message = curl_multi_info_read(multi, &queued)) != NULL) {
		CURL *easy = message->easy_handle;

		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		if (message->data.result != CURLE_OK || status != 200)
			fatalx("a bare call failed: %s, HTTP %ld", curl_easy_strerror(message->data.result), status);
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &lane);
		curl_multi_remove_handle(multi, easy);
		done++;
		if (left > done)
			start(multi, lane);
	}
	return done;
}

static int
bench_curl(const char *port, unsigned long calls)
{
	struct lane lanes[8] = {{0}};
	char *host = mem_printf("127.0.0.1:%s", port), *url = mem_printf("http://127.0.0.1:%s/", port);
	CURLM *multi = curl_multi_init();
	unsigned long sent = KD_COUNT(lanes), done = 0;
	int running;
	double us;
	size_t i;

	for (i = 0; i < KD_COUNT(lanes); i++) {
		prepare(&lanes[i], url, host, (int)i);
		start(multi, &lanes[i]);
	}
	us = cpu_us();
	while (done < calls) {
		unsigned long more;

		curl_multi_perform(multi, &running);
		more = reap(multi, calls > sent ? calls - sent : 0);
		done += more;
		sent += more;
		if (more == 0)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	print("curl", cpu_us() - us, done);
	for (i = 0; i < KD_COUNT(lanes); i++) {
		curl_multi_remove_handle(multi, lanes[i].easy);
		curl_easy_cleanup(lanes[i].easy);
		curl_slist_free_all(lanes[i].headers[0]);
		curl_slist_free_all(lanes[i].headers[1]);
		free(lanes[i].bodies[0]);
		free(lanes[i].bodies[1]);
	}
	curl_multi_cleanup(multi);
	free(host);
	free(url);
	return 0;
}

int
main(int argc, char **argv)
{
	char *cause = NULL;

	log_init("call");
	if (clock_init(&cause) == -1 || sign_init(&cause) == -1)
		fatalx("%s", cause);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (argc == 4 && strcmp(argv[1], "kdiag") == 0)
		return bench_kdiag(argv[2], atoi(argv[3]));
	if (argc == 4 && strcmp(argv[1], "curl") == 0)
		return bench_curl(argv[2], strtoul(argv[3], NULL, 10));
	fputs("usage: call kdiag CONFIG ROUNDS | call curl PORT CALLS\n", stderr);
	return 2;
}
