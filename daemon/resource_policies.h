/* SPDX-License-Identifier: Apache-2.0 */
/* resource_policies: the resource policies of one stream and of its consumers (Kinesis GetResourcePolicy). For principal_feed.c. */
#ifndef KDIAG_RESOURCE_POLICIES_H
#define KDIAG_RESOURCE_POLICIES_H

#include "common/fact.h"
#include "daemon/denials.h"
#include "daemon/read_age.h"

struct resource_policies;

/* Something new is known; is this answer fresh enough; is it too old to judge by? */
typedef void (*resource_policies_cb)(void *arg);
typedef bool (*resource_policies_fresh)(
    const char *arn, struct read_age age, const struct collect_terms *terms, void *arg);
typedef bool (*resource_policies_stale)(int64_t asked_ms, void *arg);

struct resource_policies *resource_policies_new(struct collect_stream *stream, struct denials *denials,
    resource_policies_cb cb, resource_policies_fresh fresh, resource_policies_stale stale, void *arg);
void resource_policies_free(struct resource_policies *policies);

/* exists: the stream is there; consumers: a fact of KD_CONSUMERS, or NULL: theirs do not matter. Sees to it that what is not fresh is read. */
void resource_policies_ask(
    struct resource_policies *policies, bool exists, const struct fact *consumers, const struct collect_terms *terms);
/* Has it been asked at all, and is each answer there and fresh? */
bool resource_policies_are_fresh(const struct resource_policies *policies, const struct collect_terms *terms);
/* One a resource, all borrowed until the next change. */
const struct kd_policy *resource_policies_look(struct resource_policies *policies, size_t *count);
/* The finding that explains why one is not known; the caller's; NULL: all are. */
char *resource_policies_blame(const struct resource_policies *policies);

#endif
