/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http: libcurl's transfers on libevent's loop: connections, time limits, bounds and what went wrong in words. Knows no AWS: neither signatures nor
 * what an answer means.
 */
#include "daemon/aws/http.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include <curl/curl.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/mem.h"
#include "common/str.h"
#include "daemon/aws/http_failure.h"
#include "daemon/aws/http_loop.h"
#include "daemon/aws/http_url.h"

/* Without CURLOPT_QUICK_EXIT a transfer whose name is being resolved blocks the loop when it is dropped, and so the end of the daemon. */
#if LIBCURL_VERSION_NUM < 0x075700
#error "kdiag needs libcurl 7.87 or newer"
#endif

enum {
	POOL_MAX = 16,            /* idle handles kept for the next transfers */
	BUFFER_KEPT = 64 * 1024,  /* of an idle handle's buffers; larger ones are given back */
	OWN_HEADERS = 3,          /* that switch libcurl's own off */
	GRACE_TICKS = 2,          /* seconds past its time after which a transfer is ended here: see sweep_cb */
	CONNECTIONS_IDLE_S = 118, /* libcurl's default; AWS closes idle connections by itself, which is noticed */
};

const struct http_limits http_default_limits = {
    .connections_per_host = 8,
    .connections_total = 32,
    .connect_timeout_ms = 5000,
    .low_speed_bytes = 100,
    .low_speed_s = 10,
    .answer_max = 8 * 1024 * 1024,
    .headers_max = 64 * 1024,
};

TAILQ_HEAD(transfer_list, http_transfer);

struct http {
	struct http_limits limits;
	struct http_loop *loop;
	struct event sweep;
	struct transfer_list active, pool;
	size_t active_count, pool_count;
	uint64_t connections_opened;
};

/* A handle and its buffers, which outlive the transfer in the pool. */
struct http_transfer {
	TAILQ_ENTRY(http_transfer) link;
	struct http *http;
	CURL *easy;
	char *url, *host, *ca_file; /* what easy is set to; NULL: not yet, or the system's */
	bool is_near;               /* url is on this host or link */
	http_cb cb;
	void *arg;
	struct curl_slist *nodes; /* of the request's headers, in sent_headers */
	size_t nodes_cap;
	struct str sent_headers, sent_body, headers, body;
	size_t headers_seen;
	bool headers_too_large, body_too_large, overdue;
	long timeout_ms, ticks;
	char detail[CURL_ERROR_SIZE];
};

/* ---- the end of a transfer ---- */

static void
clear_buffer(struct str *buffer)
{
	/* Tokens and keys pass through here. */
	if (buffer->s != NULL)
		explicit_bzero(buffer->s, buffer->len);
	if (buffer->cap > BUFFER_KEPT)
		str_free(buffer);
	else
		str_clear(buffer);
}

static void
transfer_free(struct http_transfer *transfer)
{
	curl_easy_cleanup(transfer->easy);
	free(transfer->url);
	free(transfer->host);
	free(transfer->ca_file);
	free(transfer->nodes);
	str_free(&transfer->sent_headers);
	str_free(&transfer->sent_body);
	str_free(&transfer->headers);
	str_free(&transfer->body);
	free(transfer);
}

/* Out of the multi handle; nothing of it will be heard again. */
static void
detach(struct http *http, struct http_transfer *transfer)
{
	curl_multi_remove_handle(http_loop_multi(http->loop), transfer->easy);
	TAILQ_REMOVE(&http->active, transfer, link);
	if (--http->active_count == 0)
		event_del(&http->sweep);
}

static void
give_back(struct http_transfer *transfer)
{
	struct http *http = transfer->http;

	clear_buffer(&transfer->sent_headers);
	clear_buffer(&transfer->sent_body);
	clear_buffer(&transfer->headers);
	clear_buffer(&transfer->body);
	if (http->pool_count >= POOL_MAX) {
		transfer_free(transfer);
		return;
	}
	TAILQ_INSERT_HEAD(&http->pool, transfer, link);
	http->pool_count++;
}

static char *
describe(const struct http_transfer *transfer, CURLcode code)
{
	const struct http_failure failure = {
	    .easy = transfer->easy,
	    .host = transfer->host,
	    .detail = transfer->detail,
	    .limits = &transfer->http->limits,
	    .timeout_ms = transfer->timeout_ms,
	    .headers_too_large = transfer->headers_too_large,
	    .body_too_large = transfer->body_too_large,
	    .overdue = transfer->overdue,
	    .answering = transfer->headers_seen > 0,
	};

	return http_failure_describe(&failure, code);
}

static curl_off_t
get_took_us(const struct http_transfer *transfer)
{
	curl_off_t took_us = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &took_us);
	return took_us;
}

static void
finish(struct http_transfer *transfer, CURLcode code)
{
	struct http_answer answer = {.headers = transfer->headers.s};
	long status = 0, opened = 0;
	char *failure = code != CURLE_OK ? describe(transfer, code) : NULL;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &opened);
	answer.took_us = get_took_us(transfer);
	answer.failure = failure;
	answer.timed_out = code == CURLE_OPERATION_TIMEDOUT;
	answer.status = (int)status;
	answer.body = transfer->body.s != NULL ? transfer->body.s : "";
	answer.body_len = transfer->body.len;
	transfer->http->connections_opened += (uint64_t)opened;
	detach(transfer->http, transfer);
	transfer->cb(&answer, transfer->arg);
	give_back(transfer);
	free(failure);
}

static void
done_cb(CURL *easy, CURLcode code, void *arg)
{
	struct http_transfer *transfer;

	(void)arg;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
	finish(transfer, code);
}

static struct http_transfer *
find_overdue(const struct http *http)
{
	struct http_transfer *transfer = TAILQ_FIRST(&http->active);

	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see that finish() takes what it frees off the list */
	while (transfer != NULL && transfer->ticks <= transfer->timeout_ms / 1000 + GRACE_TICKS)
		transfer = TAILQ_NEXT(transfer, link);
	return transfer;
}

/*
 * libcurl does not look at the time of a transfer that waits for a free connection (7.88, multi_runsingle: from MSTATE_CONNECT on only), so that it may outlast its
 * limit by far. All others end by libcurl's own clock before they are found here.
 */
static void
sweep_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http *http = arg;
	struct http_transfer *transfer;

	(void)fd;
	(void)what;
	for (transfer = TAILQ_FIRST(&http->active); transfer != NULL; transfer = TAILQ_NEXT(transfer, link))
		transfer->ticks++;
	/* From the start again after each, for its callback may have ended others. */
	while ((transfer = find_overdue(http)) != NULL) {
		transfer->overdue = true;
		finish(transfer, CURLE_OPERATION_TIMEDOUT);
	}
}

/* ---- what comes in ---- */

static size_t
header_cb(char *data, size_t size, size_t count, void *arg)
{
	struct http_transfer *transfer = arg;
	size_t len = size * count, all = len;

	transfer->headers_seen += len;
	if (transfer->headers_seen > transfer->http->limits.headers_max) {
		transfer->headers_too_large = true;
		return 0;
	}
	/* A status line: what came before belongs to an interim answer or a proxy. */
	if (len >= 5 && strncmp(data, "HTTP/", 5) == 0) {
		str_clear(&transfer->headers);
		return all;
	}
	while (len > 0 && strchr(" \t\r\n", data[len - 1]) != NULL)
		len--;
	len = strnlen(data, len);
	if (len > 0) {
		str_add_len(&transfer->headers, data, len);
		str_add_char(&transfer->headers, '\0');
	}
	return all;
}

static size_t
body_cb(char *data, size_t size, size_t count, void *arg)
{
	struct http_transfer *transfer = arg;
	size_t len = size * count;

	if (len > transfer->http->limits.answer_max - transfer->body.len) {
		transfer->body_too_large = true;
		return 0;
	}
	str_add_len(&transfer->body, data, len);
	return len;
}

const char *
http_answer_header(const struct http_answer *answer, const char *name)
{
	size_t len = strlen(name);
	const char *line = answer->headers;

	for (; line != NULL && line[0] != '\0'; line += strlen(line) + 1) {
		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
	}
	return NULL;
}

int64_t
http_answer_date_ms(const struct http_answer *answer)
{
	const char *date = http_answer_header(answer, "Date");
	time_t when = date != NULL ? curl_getdate(date, NULL) : -1;

	return when > 0 ? (int64_t)when * 1000 : 0;
}

/* ---- the start of a transfer ---- */

/* What never changes. Redirects, cookies and netrc are off by default; redirects and netrc are said all the same, since much hangs on them. */
static void
set_fixed_options(struct http_transfer *transfer)
{
	const struct http_limits *limits = &transfer->http->limits;
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
	    {CURLOPT_NOSIGNAL, 1},
	    {CURLOPT_QUICK_EXIT, 1},
	    {CURLOPT_FOLLOWLOCATION, 0},
	    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
	    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
	    {CURLOPT_HTTP09_ALLOWED, 0},
	    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
	    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
	    {CURLOPT_TCP_KEEPALIVE, 1},
	    {CURLOPT_MAXAGE_CONN, CONNECTIONS_IDLE_S},
	    {CURLOPT_CONNECTTIMEOUT_MS, limits->connect_timeout_ms},
	    {CURLOPT_LOW_SPEED_LIMIT, limits->low_speed_bytes},
	    {CURLOPT_LOW_SPEED_TIME, limits->low_speed_s},
	};
	CURL *easy = transfer->easy;

	for (size_t i = 0; i < KD_COUNT(numbers); i++)
		curl_easy_setopt(easy, numbers[i].option, numbers[i].value);
	curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)limits->answer_max);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "kdiag/" KDIAG_VERSION);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header_cb);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_cb);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	http_loop_adopt(transfer->http->loop, easy);
}

static struct http_transfer *
transfer_new(struct http *http, char **cause)
{
	struct http_transfer *transfer;
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		return cause_null(cause, "libcurl offers no handle (out of memory?)");
	transfer = mem_new(1, sizeof(*transfer));
	transfer->http = http;
	transfer->easy = easy;
	set_fixed_options(transfer);
	return transfer;
}

static struct http_transfer *
take_idle(struct http *http, char **cause)
{
	struct http_transfer *transfer = TAILQ_FIRST(&http->pool);

	if (transfer == NULL)
		return transfer_new(http, cause);
	TAILQ_REMOVE(&http->pool, transfer, link);
	http->pool_count--;
	return transfer;
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Nearly always the handle has the same URL as the last time, and nothing is to be done. */
static int
set_url(struct http_transfer *transfer, const char *url, char **cause)
{
	char *host;
	bool near;

	if (is_same(transfer->url, url))
		return 0;
	if ((host = http_url_check(url, &near, cause)) == NULL)
		return -1;
	free(transfer->url);
	free(transfer->host);
	transfer->url = mem_strdup(url);
	transfer->host = host;
	transfer->is_near = near;
	curl_easy_setopt(transfer->easy, CURLOPT_URL, url);
	return 0;
}

/* There is no way back to the system's CA file but a reset. */
static void
set_ca_file(struct http_transfer *transfer, const char *ca_file)
{
	if (is_same(transfer->ca_file, ca_file))
		return;
	curl_easy_reset(transfer->easy);
	set_fixed_options(transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_URL, transfer->url);
	if (ca_file != NULL)
		curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, ca_file);
	free(transfer->ca_file);
	transfer->ca_file = mem_strdup(ca_file);
}

/* libcurl's list, without its allocations: the texts in one buffer, the nodes in one array. */
static void
set_headers(struct http_transfer *transfer, const struct http_request *request)
{
	static const char *const own[OWN_HEADERS] = {"Accept:", "Expect:", "Content-Type:"};
	size_t count = request->headers_count, at = 0, total;
	bool has_type = false;
	struct str *texts = &transfer->sent_headers;

	for (size_t i = 0; i < count; i++) {
		str_add_len(texts, request->headers[i], strlen(request->headers[i]) + 1);
		has_type = has_type || strncasecmp(request->headers[i], "Content-Type:", 13) == 0;
	}
	total = count + OWN_HEADERS - has_type;
	for (size_t i = 0; i < total - count; i++)
		str_add_len(texts, own[i], strlen(own[i]) + 1);
	if (total > transfer->nodes_cap) {
		transfer->nodes_cap = total;
		transfer->nodes = mem_resize(transfer->nodes, total, sizeof(*transfer->nodes));
	}
	for (size_t i = 0; i < total; i++) {
		transfer->nodes[i].data = texts->s + at;
		transfer->nodes[i].next = i + 1 < total ? &transfer->nodes[i + 1] : NULL;
		at += strlen(texts->s + at) + 1;
	}
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->nodes);
}

static void
set_body(struct http_transfer *transfer, const struct http_request *request)
{
	CURL *easy = transfer->easy;

	if (strcmp(request->method, "GET") == 0) {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
		return;
	}
	str_add_len(&transfer->sent_body, request->body, request->body_len);
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->sent_body.s);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, strcmp(request->method, "POST") == 0 ? NULL : request->method);
}

static int
set_up(struct http_transfer *transfer, const struct http_request *request, char **cause)
{
	if (set_url(transfer, request->url, cause) != 0)
		return -1;
	for (size_t i = 0; i < request->headers_count; i++) {
		if (strpbrk(request->headers[i], "\r\n") != NULL)
			return cause_set(cause, "a header for %s has a line break in it", transfer->host);
	}
	set_ca_file(transfer, request->ca_file);
	set_headers(transfer, request);
	set_body(transfer, request);
	/* An empty proxy is none at all, whatever the environment says. */
	curl_easy_setopt(transfer->easy, CURLOPT_PROXY, request->no_proxy || transfer->is_near ? "" : NULL);
	curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, request->timeout_ms);
	return 0;
}

struct http_transfer *
http_send(struct http *http, const struct http_request *request, http_cb cb, void *arg, char **cause)
{
	const struct timeval second = {1, 0};
	struct http_transfer *transfer = take_idle(http, cause);

	assert(request->timeout_ms > 0);
	if (transfer == NULL)
		return NULL;
	if (set_up(transfer, request, cause) != 0) {
		give_back(transfer);
		return NULL;
	}
	transfer->cb = cb;
	transfer->arg = arg;
	transfer->headers_seen = 0;
	transfer->headers_too_large = transfer->body_too_large = transfer->overdue = false;
	transfer->timeout_ms = request->timeout_ms;
	transfer->ticks = 0;
	transfer->detail[0] = '\0';
	if (curl_multi_add_handle(http_loop_multi(http->loop), transfer->easy) != CURLM_OK) {
		give_back(transfer);
		return cause_null(cause, "libcurl takes no more requests (out of memory?)");
	}
	TAILQ_INSERT_HEAD(&http->active, transfer, link);
	if (http->active_count++ == 0)
		event_add(&http->sweep, &second);
	return transfer;
}

void
http_cancel(struct http_transfer *transfer)
{
	if (transfer == NULL)
		return;
	detach(transfer->http, transfer);
	give_back(transfer);
}

/* ---- the whole ---- */

static void
set_multi_options(struct http *http)
{
	CURLM *multi = http_loop_multi(http->loop);

	curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, http->limits.connections_per_host);
	curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, http->limits.connections_total);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, http->limits.connections_total);
}

struct http *
http_new(struct event_base *base, const struct http_limits *limits, char **cause)
{
	struct http *http;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return cause_null(cause, "libcurl does not start (its TLS library, or memory, fails)");
	http = mem_new(1, sizeof(*http));
	http->limits = *limits;
	TAILQ_INIT(&http->active);
	TAILQ_INIT(&http->pool);
	event_assign(&http->sweep, base, -1, EV_PERSIST, sweep_cb, http);
	if ((http->loop = http_loop_new(base, done_cb, http)) == NULL) {
		free(http);
		curl_global_cleanup();
		return cause_null(cause, "libcurl offers no multi handle (out of memory?)");
	}
	set_multi_options(http);
	return http;
}

void
http_free(struct http *http)
{
	struct http_transfer *transfer;

	if (http == NULL)
		return;
	while ((transfer = TAILQ_FIRST(&http->active)) != NULL) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see that what is freed is off the list */
		detach(http, transfer);
		transfer_free(transfer);
	}
	while ((transfer = TAILQ_FIRST(&http->pool)) != NULL) {
		TAILQ_REMOVE(&http->pool, transfer, link);
		transfer_free(transfer);
	}
	http_loop_free(http->loop);
	event_del(&http->sweep);
	curl_global_cleanup();
	free(http);
}

size_t
http_active(const struct http *http)
{
	return http->active_count;
}

uint64_t
http_connections_opened(const struct http *http)
{
	return http->connections_opened;
}
