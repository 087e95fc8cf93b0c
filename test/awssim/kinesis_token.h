/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinesis_token: a NextToken: where a list goes on, and until when it may be asked. Opaque to clients, whole in itself.
 */
#ifndef KDIAG_AWSSIM_KINESIS_TOKEN_H
#define KDIAG_AWSSIM_KINESIS_TOKEN_H

#include <stdint.h>

enum { KINESIS_TOKEN_LIFE_MS = 300 * 1000 }; /* FACTS 1 */

struct kinesis_token {
	char *list; /* the operation that gave it */
	char *region, *stream;
	char *after;  /* the page begins behind this one; "": at the start */
	char *filter; /* ListShards: as the first page wanted it */
	int64_t expires_ms;
};

/* serial makes tokens differ that say the same. The caller's string. */
char *kinesis_token_write(const struct kinesis_token *token, uint64_t serial);
/* 0, and the token's strings are the caller's to clear; -1: we never wrote that. */
int kinesis_token_read(const char *text, struct kinesis_token *token);
void kinesis_token_clear(struct kinesis_token *token);

#endif
