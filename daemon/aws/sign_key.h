/* SPDX-License-Identifier: Apache-2.0 */
/* sign_key: SHA-256 and signing keys, over OpenSSL. A key is derived once for each (secret, day, region, service), and stands ready in an HMAC that is keyed with it. One thread. */
#ifndef KDIAG_AWS_SIGN_KEY_H
#define KDIAG_AWS_SIGN_KEY_H

#include <stddef.h>

struct sign_scope {
	const char *access_key, *secret_key;
	const char *region, *service;
	const char *timestamp; /* 20150830T123600Z, the same as in X-Amz-Date */
};

enum { SIGN_HEX_SIZE = 65 };

/* Fetches SHA256 and HMAC once (OpenSSL 3.0 crashes when memory runs out inside its first fetch: FACTS 5). 0 or -1. */
int sign_init(char **cause);
/* Wipes all keys. */
void sign_forget(void);
/* The hash in hex; 0, or -1: OpenSSL is out of memory. After sign_init(). */
int sign_hash(const void *data, size_t len, char hex[SIGN_HEX_SIZE]);
/* The signature of a text in hex; the same. The scope's timestamp is checked. */
int sign_with_key(const struct sign_scope *scope, const char *text, char hex[SIGN_HEX_SIZE]);

#endif
