/* SPDX-License-Identifier: Apache-2.0 */
/* principal_shared: one principal of one account, however many streams declare him: when he is read, what ails that, and who is told. For principal_feed.c. */
#ifndef KDIAG_PRINCIPAL_SHARED_H
#define KDIAG_PRINCIPAL_SHARED_H

#include <kdiag/probe.h>

#include "daemon/aws/client.h"
#include "daemon/collect_feed.h"
#include "daemon/iam_reader.h"
#include "daemon/read_age.h"

struct principal_pool;
struct principal_shared;

/* Something new is known of a principal. */
typedef void (*principal_pool_cb)(struct principal_shared *shared, void *arg);

struct principal_pool *principal_pool_new(struct collect *collect, principal_pool_cb cb, void *arg);
void principal_pool_free(struct principal_pool *pool);

/* The principal, to be read with the credentials of that place's account: a reference. */
struct principal_shared *principal_shared_take(struct principal_pool *pool, struct aws_place *place, const char *arn);
void principal_shared_drop(struct principal_shared *shared);

/* Sees to it that he is read, unless he is being read already; urgent: ahead of the queue, begun anew where it is not. */
void principal_shared_read(struct principal_shared *shared, bool urgent);
/*
 * Somebody waited for him in vain. That is one finding about kdiag for all of an account, over when all that were waited for have been read: in a large config the first round takes its
 * time, at IAM's pace.
 */
void principal_shared_note_late(struct principal_shared *shared);
struct read_age principal_shared_age(const struct principal_shared *shared);
/* Has he been found when he was read? */
bool principal_shared_is_there(const struct principal_shared *shared);
/* The one place through which all of an account is read. */
struct aws_place *principal_shared_place(const struct principal_shared *shared);
/*
 * Fills arn, missing, why, blame and policies; all borrowed from the shared one but blame, which is the caller's. Nothing known: missing for KD_LATE.
 */
char *principal_shared_look(const struct principal_shared *shared, struct kd_principal *principal);

#endif
