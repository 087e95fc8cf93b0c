/* SPDX-License-Identifier: Apache-2.0 */
/* http_failure: why a transfer brought no answer, as one sentence that names the host. A part of the room http: it knows libcurl. */
#ifndef KDIAG_AWS_HTTP_FAILURE_H
#define KDIAG_AWS_HTTP_FAILURE_H

#include <stdbool.h>

#include <curl/curl.h>

#include "daemon/aws/http.h"

struct http_failure {
	CURL *easy;
	const char *host;
	const char *detail; /* libcurl's error buffer */
	const struct http_limits *limits;
	long timeout_ms;
	bool headers_too_large, body_too_large;
	bool overdue;   /* ended by us: it waited for a connection all the time */
	bool answering; /* something came */
};

/* The caller's string, without credentials. code is not CURLE_OK. */
char *http_failure_describe(const struct http_failure *failure, CURLcode code);

#endif
