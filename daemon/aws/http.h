/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http: requests over libcurl's multi interface on libevent; the only room that knows libcurl. Connections are kept and
 * capped a host; every transfer has an end; answers are capped. https only, save for loopback and link-local metadata addresses. Files: http.c the transfers,
 * http_loop.c the multi handle on libevent, http_url.c which URLs may be used, http_failure.c what went wrong in words.
 */
#ifndef KDIAG_AWS_HTTP_H
#define KDIAG_AWS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct http;
struct http_transfer;

struct http_limits {
	long connections_per_host;         /* 8 */
	long connections_total;            /* 32 */
	long connect_timeout_ms;           /* 5,000 */
	long low_speed_bytes, low_speed_s; /* 100 bytes/s over 10 s */
	size_t answer_max;                 /* 8 MiB: past that the transfer fails with a sentence */
	size_t headers_max;                /* 64 KiB */
};
extern const struct http_limits http_default_limits;

struct http_request {
	const char *method; /* GET, POST, PUT */
	const char *url;
	/* "Name: value", exactly these are sent beside Host, Content-Length and User-Agent */
	const char *const *headers;
	size_t headers_count;
	const void *body; /* copied */
	size_t body_len;
	long timeout_ms;     /* total, in real time */
	bool no_proxy;       /* metadata services: never through a proxy */
	const char *ca_file; /* NULL: the system's (or AWS_CA_BUNDLE as the caller decides) */
};

/* Valid during the callback only. */
struct http_answer {
	const char *failure; /* NULL, or why there is no (whole) answer: one sentence without credentials */
	bool timed_out;
	int status;
	const char *body; /* NUL-terminated, may hold NUL bytes before body_len */
	size_t body_len;
	int64_t took_us;
	/* for http_answer_header: "Name: value", each with a NUL behind it, and an empty one at the end; NULL: none */
	const char *headers;
};

typedef void (*http_cb)(const struct http_answer *answer, void *arg);

/* NULL with a sentence when libcurl cannot start. The program ignores SIGPIPE. */
struct http *http_new(struct event_base *base, const struct http_limits *limits, char **cause);
/* Cancels what is under way without calling back. */
void http_free(struct http *http);

/*
 * Starts a transfer; the callback comes from the loop, once, never from within http_send. NULL with a sentence when the URL may not be used (plain http to
 * a host that is neither loopback nor 169.254.169.254, 169.254.170.2, 169.254.170.23, [fd00:ec2::254]; another scheme). No redirects are followed.
 */
struct http_transfer *http_send(
    struct http *http, const struct http_request *request, http_cb cb, void *arg, char **cause);
/* No callback will come. Not to be called after the callback. */
void http_cancel(struct http_transfer *transfer);

/* The value of a header by its name in any case (first one), or NULL. */
const char *http_answer_header(const struct http_answer *answer, const char *name);
/* The Date header in ms since 1970, 0: none or unreadable. Not read beforehand: it costs as much as half a signature. */
int64_t http_answer_date_ms(const struct http_answer *answer);
/* Transfers under way, and connections opened since the start. */
size_t http_active(const struct http *http);
uint64_t http_connections_opened(const struct http *http);

#endif
