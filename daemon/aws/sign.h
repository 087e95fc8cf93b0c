/* SPDX-License-Identifier: Apache-2.0 */
/* sign: AWS Signature Version 4 in the Authorization header, over OpenSSL; pure but for the cached key. Knows no sockets and no clock. */
#ifndef KDIAG_AWS_SIGN_H
#define KDIAG_AWS_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sign_header {
	const char *name, *value; /* as they are sent; repeated names are allowed */
};

struct sign_request {
	const char *method;
	const char *target; /* path and query as in the request line, unencoded bytes allowed */
	/* all of them are signed; Host and X-Amz-Date (and a token) must be among them */
	const struct sign_header *headers;
	size_t headers_count;
	const void *body;
	size_t body_len;
	bool normalize_path; /* resolve . and .. and double slashes, as all services but S3 do */
	bool token_after;    /* leave X-Amz-Security-Token out of what is signed (some services add it afterwards) */
	/* also an x-amz-content-sha256 header is expected among the headers; informational, off for all we call */
	bool hash_header;
};

struct sign_scope {
	const char *access_key, *secret_key;
	const char *region, *service;
	const char *timestamp; /* 20150830T123600Z, the same as in X-Amz-Date */
};

/* The steps, each the caller's string; NULL with a sentence when the request cannot be signed (no Host, a bad timestamp, OpenSSL out of memory). */
char *sign_canonical_request(const struct sign_request *request, char **cause);
char *sign_string_to_sign(const struct sign_scope *scope, const char *canonical_request);
/* The value of the Authorization header. Caches the last derived key by (secret, day, region, service); sign_forget wipes it. */
char *sign_authorization(const struct sign_scope *scope, const struct sign_request *request, char **cause);
/* Hex of the signature alone, for the simulator's check. */
char *sign_signature(const struct sign_scope *scope, const char *string_to_sign);
/* "20150830T123600Z" of a time in ms since 1970 UTC. */
enum { SIGN_TIME_SIZE = 17 };
void sign_format_time(int64_t ms, char out[SIGN_TIME_SIZE]);

/* Fetches SHA256 and HMAC once (OpenSSL 3.0 crashes when memory runs out inside its first fetch: FACTS 5). 0 or -1. */
int sign_init(char **cause);
void sign_forget(void);

#endif
