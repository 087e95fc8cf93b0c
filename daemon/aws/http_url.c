/* SPDX-License-Identifier: Apache-2.0 */
/* http_url: judges URLs before anything is sent to them. Resolves no names. */
#include "daemon/aws/http_url.h"

#include <string.h>
#include <strings.h>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <kdiag/probe.h>

#include "common/mem.h"

/* This host, or the metadata addresses of AWS, where there is no https (FACTS 5). */
static bool
is_near(const char *host)
{
	static const char *const names[] = {
	    "localhost", "[::1]", "169.254.169.254", "169.254.170.2", "169.254.170.23", "[fd00:ec2::254]"};
	struct in_addr address;

	for (size_t i = 0; i < KD_COUNT(names); i++) {
		if (strcasecmp(host, names[i]) == 0)
			return true;
	}
	return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

static int
check_parts(const char *scheme, const char *host, const char *user, const char *password, char **cause)
{
	bool https = strcmp(scheme, "https") == 0;

	if (!https && strcmp(scheme, "http") != 0)
		return cause_set(cause, "%s: is no scheme that kdiag uses (write https://)", scheme);
	if (user != NULL || password != NULL)
		return cause_set(cause, "the URL of %s has a user or a password in it: take them out", host);
	if (!https && !is_near(host))
		return cause_set(cause, "plain http to %s, which is not this host: write https://", host);
	return 0;
}

enum { SCHEME, HOST, USER, PASSWORD, PORT };

char *
http_url_check(const char *url, bool *near, char **cause)
{
	static const CURLUPart parts[] = {
	    [SCHEME] = CURLUPART_SCHEME,
	    [HOST] = CURLUPART_HOST,
	    [USER] = CURLUPART_USER,
	    [PASSWORD] = CURLUPART_PASSWORD,
	    [PORT] = CURLUPART_PORT,
	};
	char *got[KD_COUNT(parts)] = {0}, *host = NULL;
	CURLU *handle = curl_url();

	if (handle == NULL || curl_url_set(handle, CURLUPART_URL, url, 0) != CURLUE_OK) {
		cause_set(cause, "this is no URL that kdiag can use (write https://HOST/)");
		goto out;
	}
	for (size_t i = 0; i < KD_COUNT(parts); i++)
		curl_url_get(handle, parts[i], &got[i], 0);
	if (got[SCHEME] == NULL || got[HOST] == NULL) {
		cause_set(cause, "the URL names no host");
		goto out;
	}
	if (check_parts(got[SCHEME], got[HOST], got[USER], got[PASSWORD], cause) == 0) {
		*near = is_near(got[HOST]);
		host =
		    mem_printf("%s%s%s", got[HOST], got[PORT] != NULL ? ":" : "", got[PORT] != NULL ? got[PORT] : "");
	}
out:
	for (size_t i = 0; i < KD_COUNT(parts); i++)
		curl_free(got[i]);
	curl_url_cleanup(handle);
	return host;
}
