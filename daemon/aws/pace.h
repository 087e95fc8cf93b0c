/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pace: a token bucket a (place, operation) with a queue behind it, so that kdiag takes its share of a published AWS limit
 * and no more. One object serves one place (account and region).
 */
#ifndef KDIAG_AWS_PACE_H
#define KDIAG_AWS_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct pace;
struct pace_wait;

/* The published limit of an operation in calls a second of one account and region (FACTS 1 to 4). 0: none is known, not paced. */
double pace_limit(const char *operation, const char *region);

/* share: 0.25 takes a quarter of each limit; 0: unlimited (emulators). */
struct pace *pace_new(struct event_base *base, const char *region, double share);
/* Drops the waiters without calling them. */
void pace_free(struct pace *pace);

typedef void (*pace_cb)(void *arg);
/*
 * Calls cb when the operation may be sent: from the loop, never from within. urgent ones go first; each order is first come, first served.
 * The burst is what the share allows in one second, at least 1.
 */
struct pace_wait *pace_enter(struct pace *pace, const char *operation, bool urgent, pace_cb cb, void *arg);
/* No callback will come, and no token is taken. Not after the callback. */
void pace_cancel(struct pace_wait *wait);
/* What was let through last weighs more than one call: it takes so many tokens more, a debt if need be, which is worked off before the next may go. */
void pace_take(struct pace *pace, const char *operation, double tokens);
/* AWS said "too fast": the bucket is emptied and its rate halved for a while (back to full within a minute without another). */
void pace_slow_down(struct pace *pace, const char *operation);

/* The rate at which calls go out now, in calls a second (0: unlimited), and how many wait. */
double pace_rate(const struct pace *pace, const char *operation);
size_t pace_waiting(const struct pace *pace, const char *operation);

#endif
