/* SPDX-License-Identifier: Apache-2.0 */
/* http_failure: libcurl's error codes, times and errno put into words for people. Changes nothing. */
#include "daemon/aws/http_failure.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kdiag/probe.h>

#include "common/mem.h"
#include "common/text.h"

enum { DETAIL_MAX = 200 }; /* of libcurl's words in a message */

static curl_off_t
get_number(CURL *easy, CURLINFO info)
{
	curl_off_t value = 0;

	curl_easy_getinfo(easy, info, &value);
	return value;
}

/* As strerror() says it, in the middle of a sentence: "connection refused". */
static char *
describe_errno(CURL *easy)
{
	long code = 0;
	char *text;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &code);
	text = mem_strdup(code != 0 ? strerror((int)code) : "closed or refused");
	text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

static char *
describe_timeout(const struct http_failure *failure)
{
	const struct http_limits *limits = failure->limits;
	double s = (double)failure->timeout_ms / 1000, connect_s = (double)limits->connect_timeout_ms / 1000;
	const char *host = failure->host;

	if (connect_s > s)
		connect_s = s;
	if (failure->overdue)
		return mem_printf("no connection to %s was free within %g s", host, s);
	if (get_number(failure->easy, CURLINFO_NAMELOOKUP_TIME_T) == 0)
		return mem_printf("could not resolve %s within %g s", host, connect_s);
	/* The handshake of TLS counts as a part of it: libcurl does not tell. */
	if (get_number(failure->easy, CURLINFO_PRETRANSFER_TIME_T) == 0)
		return mem_printf("could not reach %s within %g s", host, connect_s);
	if (get_number(failure->easy, CURLINFO_TOTAL_TIME_T) < (curl_off_t)failure->timeout_ms * 1000)
		return mem_printf("%s sent less than %ld bytes a second for %ld s", host, limits->low_speed_bytes,
		    limits->low_speed_s);
	if (failure->answering)
		return mem_printf("%s did not end its answer within %g s", host, s);
	return mem_printf("no answer from %s within %g s", host, s);
}

static char *
describe_too_large(const struct http_failure *failure)
{
	if (failure->headers_too_large)
		return mem_printf(
		    "%s sent more than %zu KiB of headers", failure->host, failure->limits->headers_max / 1024);
	return mem_printf("the answer of %s is larger than %zu KiB", failure->host, failure->limits->answer_max / 1024);
}

/* Whom libcurl could not connect to, when that is not the host: a proxy of the environment. In libcurl's words "Failed to connect to HOST port N after …". */
static char *
find_proxy(const struct http_failure *failure)
{
	static const char before[] = "Failed to connect to ";
	char name[DETAIL_MAX], port[8];

	if (strncmp(failure->detail, before, strlen(before)) != 0 ||
	    sscanf(failure->detail + strlen(before), "%199s port %7[0-9]", name, port) != 2 ||
	    strncmp(failure->host, name, strlen(name)) == 0)
		return NULL;
	return mem_printf("%s:%s", name, port);
}

static char *
describe_unreached(const struct http_failure *failure)
{
	char *reason = describe_errno(failure->easy), *proxy = find_proxy(failure), *text;

	if (proxy != NULL)
		text = mem_printf("could not reach the proxy %s on the way to %s: %s", proxy, failure->host, reason);
	else
		text = mem_printf("could not reach %s: %s", failure->host, reason);
	free(proxy);
	free(reason);
	return text;
}

static char *
describe_broken(const struct http_failure *failure)
{
	char *reason = describe_errno(failure->easy), *text;
	long proxy_status = 0;

	curl_easy_getinfo(failure->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	if (proxy_status >= 300)
		text = mem_printf("the proxy answered HTTP %ld when asked for %s", proxy_status, failure->host);
	else
		text = mem_printf("the connection to %s broke off: %s", failure->host, reason);
	free(reason);
	return text;
}

/* What to do about words of OpenSSL's. */
static const struct remedy {
	const char *words, *remedy;
} remedies[] = {
    {"self-signed certificate", " (aws.ca_file names the certificates to trust)"},
    {"unable to get local issuer certificate", " (aws.ca_file names the certificates to trust)"},
    {"wrong version number", " (it does not speak TLS: an http URL?)"},
};

/* libcurl's own words: they name certificates and files. */
static char *
describe_by_libcurl(const struct http_failure *failure, CURLcode code)
{
	const char *words = failure->detail[0] != '\0' ? failure->detail : curl_easy_strerror(code), *remedy = "";
	char *clean = text_escape(words, strlen(words), DETAIL_MAX), *text;

	for (size_t i = 0; i < KD_COUNT(remedies); i++)
		if (strstr(words, remedies[i].words) != NULL)
			remedy = remedies[i].remedy;
	text = mem_printf("the request to %s failed: %s%s", failure->host, clean, remedy);
	free(clean);
	return text;
}

/* Sentences that need nothing but the host, which stands between before and after. */
static const struct plain {
	CURLcode code;
	const char *before, *after;
} plain[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "could not resolve ", " (no such name, or no name server answers)"},
    {CURLE_COULDNT_RESOLVE_PROXY, "could not resolve the name of the proxy on the way to ", ""},
    {CURLE_GOT_NOTHING, "", " closed the connection without an answer"},
    {CURLE_PARTIAL_FILE, "the answer of ", " was cut off"},
    {CURLE_WEIRD_SERVER_REPLY, "", " does not speak HTTP"},
    {CURLE_UNSUPPORTED_PROTOCOL, "", " does not speak HTTP"},
};

char *
http_failure_describe(const struct http_failure *failure, CURLcode code)
{
	if (failure->headers_too_large || failure->body_too_large || code == CURLE_FILESIZE_EXCEEDED)
		return describe_too_large(failure);
	for (size_t i = 0; i < KD_COUNT(plain); i++) {
		if (plain[i].code == code)
			return mem_printf("%s%s%s", plain[i].before, failure->host, plain[i].after);
	}
	if (code == CURLE_OPERATION_TIMEDOUT)
		return describe_timeout(failure);
	if (code == CURLE_COULDNT_CONNECT)
		return describe_unreached(failure);
	if (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR)
		return describe_broken(failure);
	return describe_by_libcurl(failure, code);
}
