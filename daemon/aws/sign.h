/* SPDX-License-Identifier: Apache-2.0 */
/* sign: AWS Signature Version 4 in the Authorization header, pure but for the keys of sign_key.h. Knows no sockets and no clock. */
#ifndef KDIAG_AWS_SIGN_H
#define KDIAG_AWS_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/aws/sign_key.h"

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

/* The steps, each the caller's string; NULL with a sentence when the request cannot be signed (no Host, a bad timestamp, OpenSSL out of memory). */
char *sign_canonical_request(const struct sign_request *request, char **cause);
char *sign_string_to_sign(const struct sign_scope *scope, const char *canonical_request);
/* The value of the Authorization header. */
char *sign_authorization(const struct sign_scope *scope, const struct sign_request *request, char **cause);
/* Hex of the signature alone, for the simulator's check. */
char *sign_signature(const struct sign_scope *scope, const char *string_to_sign);
/* "20150830T123600Z" of a time in ms since 1970 UTC. */
enum { SIGN_TIME_SIZE = 17 };
void sign_format_time(int64_t ms, char out[SIGN_TIME_SIZE]);

#endif
