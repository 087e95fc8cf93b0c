/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aws_keys: one set of AWS credentials, counted and wiped at the end. Knows neither where they come from nor how long
 * they are kept.
 */
#ifndef KDIAG_AWS_AWS_KEYS_H
#define KDIAG_AWS_AWS_KEYS_H

#include <stdbool.h>
#include <stdint.h>

/* Immutable and counted, so that a call under way keeps the keys with which it was signed. */
struct aws_keys {
	unsigned refs;
	char *access_key, *secret_key, *token; /* token may be NULL */
	int64_t expires_ms;                    /* 0: never */
	char *source; /* "environment", "profile ops in ~/.aws/credentials", "instance role kdiag (IMDSv2)" */
};
/* Copies; one reference, the caller's. */
struct aws_keys *aws_keys_new(
    const char *access_key, const char *secret_key, const char *token, int64_t expires_ms, const char *source);
/* Is it the same key: all three texts; false for NULL; where from and until when does not matter. */
bool aws_keys_equal(const struct aws_keys *a, const struct aws_keys *b);
struct aws_keys *aws_keys_ref(struct aws_keys *keys);
void aws_keys_unref(struct aws_keys *keys); /* wipes them with the last one */

#endif
