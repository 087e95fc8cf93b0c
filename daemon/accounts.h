/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accounts: the AWS accounts of the config: whose credentials a stream is looked at with (the daemon's own, or a role that is assumed), and the places in them. Owns the AWS
 * client. A failing account does not touch the others.
 */
#ifndef KDIAG_ACCOUNTS_H
#define KDIAG_ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/aws/client.h"
#include "daemon/config.h"

struct event_base;
struct accounts;

/* As self_set takes it. */
typedef void (*accounts_notice_cb)(const char *check, const char *subject, const char *why, void *arg);

/* NULL with a sentence. config is not kept. */
struct accounts *accounts_new(
    struct event_base *base, const struct config *config, accounts_notice_cb notice, void *arg, char **cause);
void accounts_free(struct accounts *accounts);
/* Would accounts_new make the same of both configs? Then a reload keeps what is there, connections and paces included. */
bool accounts_same(const struct config *a, const struct config *b);

/* The place of an account (by its name) in a region. NULL with a sentence. */
struct aws_place *accounts_place(struct accounts *accounts, const char *name, const char *region, char **cause);
struct aws_counts accounts_counts(const struct accounts *accounts);
/* The same by operation of a place: aws_client_each_count(). */
void accounts_each_count(const struct accounts *accounts, aws_count_cb visit, void *arg);

#endif
