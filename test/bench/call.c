/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call: what an AWS call costs in CPU. `call CONFIG ROUNDS` makes the daemon's own modules look at the config's streams ROUNDS times (pace, sign, send, parse, judge, remember:
 * everything but the socket and syslog), and notes the requests of one round; then it sends these, byte for byte, as often in a bare libcurl multi loop with as many connections.
 * It prints the microseconds of CPU a call of both, as getrusage has them for this process alone. test/bench/run.sh lays one beside the other.
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

/* ---- the requests of a round ---- */

/* Signed by kdiag: AWS, and the simulator, take a signature for five minutes. All go to one URL, the simulator's. */
struct noted {
	struct curl_slist *headers;
	char *body;
	size_t body_len;
};

static char *noted_url;
static struct noted *noted;
static size_t noted_count, noted_room;
static bool noting;

static void
note(const struct http_request *request)
{
	struct noted *one;

	if (noted_count == noted_room) {
		noted_room = noted_room * 2 + 64;
		noted = mem_resize(noted, noted_room, sizeof(*noted));
	}
	if (noted_url == NULL)
		noted_url = mem_strdup(request->url);
	if (strcmp(request->url, noted_url) != 0)
		fatalx("%s is another URL than %s", request->url, noted_url);
	one = &noted[noted_count++];
	*one = (struct noted){.body_len = request->body_len};
	one->body = mem_new(request->body_len + 1, 1);
	memcpy(one->body, request->body, request->body_len);
	for (size_t i = 0; i < request->headers_count; i++)
		one->headers = curl_slist_append(one->headers, request->headers[i]);
	one->headers = curl_slist_append(one->headers, "Expect:");
	one->headers = curl_slist_append(one->headers, "Accept:");
}

static void
forget_noted(void)
{
	for (size_t i = 0; i < noted_count; i++) {
		curl_slist_free_all(noted[i].headers);
		free(noted[i].body);
	}
	free(noted);
	free(noted_url);
}

/* The linker puts this one between the client and http_send() (--wrap). */
struct http_transfer *__real_http_send(
    struct http *http, const struct http_request *request, http_cb cb, void *arg, char **cause);
struct http_transfer *__wrap_http_send(
    struct http *http, const struct http_request *request, http_cb cb, void *arg, char **cause);

struct http_transfer *
__wrap_http_send(struct http *http, const struct http_request *request, http_cb cb, void *arg, char **cause)
{
	if (noting)
		note(request);
	return __real_http_send(http, request, cb, arg, cause);
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
	noting = true;
	rounds.left = 1;
	round_cb(&rounds);
	event_base_dispatch(rounds.base);
	noting = false;
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

struct flight {
	CURLM *multi;
	unsigned long sent, done, wanted;
};

static size_t
swallow_cb(char *data, size_t size, size_t count, void *arg)
{
	(void)data;
	(void)arg;
	return size * count;
}

static void
send_next(struct flight *flight, CURL *easy)
{
	const struct noted *next = &noted[flight->sent++ % noted_count];

	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, next->headers);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, next->body);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)next->body_len);
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
bench_curl(unsigned long rounds)
{
	CURL *easies[8]; /* http_default_limits.connections_per_host */
	struct flight flight = {.multi = curl_multi_init()};
	double us;

	for (size_t i = 0; i < KD_COUNT(easies); i++) {
		easies[i] = curl_easy_init();
		curl_easy_setopt(easies[i], CURLOPT_URL, noted_url);
		curl_easy_setopt(easies[i], CURLOPT_WRITEFUNCTION, swallow_cb);
		curl_easy_setopt(easies[i], CURLOPT_USERAGENT, "kdiag/" KDIAG_VERSION);
		curl_easy_setopt(easies[i], CURLOPT_NOSIGNAL, 1L);
	}
	fly(&flight, easies, KD_COUNT(easies), noted_count); /* to warm up, as above */
	us = cpu_us();
	fly(&flight, easies, KD_COUNT(easies), noted_count * rounds);
	print("curl", cpu_us() - us, flight.done);
	for (size_t i = 0; i < KD_COUNT(easies); i++)
		curl_easy_cleanup(easies[i]);
	curl_multi_cleanup(flight.multi);
}

int
main(int argc, char **argv)
{
	char *cause = NULL;

	log_init("call");
	log_set_level(LOG_LEVEL_WARNING);
	if (argc != 3 || atoi(argv[2]) <= 0) {
		fputs("usage: call CONFIG ROUNDS\n", stderr);
		return 2;
	}
	if (clock_init(&cause) == -1)
		fatalx("%s", cause);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	bench_kdiag(argv[1], atoi(argv[2]));
	bench_curl((unsigned long)atoi(argv[2]));
	forget_noted();
	return 0;
}
