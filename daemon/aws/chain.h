/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain: one walk along the standard chain of credential sources (FACTS 5): config, environment, profile files, web
 * identity, container, IMDSv2. Knows no cache and no expiry: creds.c has them.
 */
#ifndef KDIAG_AWS_CHAIN_H
#define KDIAG_AWS_CHAIN_H

#include "daemon/aws/creds.h"

struct chain;

/* keys (a reference is handed over), or NULL with one sentence that lists what was tried and the remedy. */
typedef void (*chain_cb)(struct aws_keys *keys_taken, const char *why, void *arg);

/* Copies the options; http is borrowed. */
struct chain *chain_new(struct http *http, const struct creds_options *options);
/* A walk under way ends without a callback. */
void chain_free(struct chain *chain);

/*
 * Walks from the start; the callback comes once, from within when a source of this host answers, else from the loop. A
 * source that is there but broken ends the walk: going on would quietly work as somebody else. One walk at a time.
 */
void chain_walk(struct chain *chain, chain_cb cb, void *arg);
/* No callback will come; without a walk under way nothing happens. */
void chain_abandon(struct chain *chain);

#endif
