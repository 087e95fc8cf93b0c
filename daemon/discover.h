/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discover: finds streams by the config's discover rules: lists their places from time to time, watches what matches, and lets go of discovered streams that have been gone for a day. A stream
 * that vanishes stays watched until then, so that somebody hears of it.
 */
#ifndef KDIAG_DISCOVER_H
#define KDIAG_DISCOVER_H

#include <stdbool.h>

#include "daemon/schedule.h"

struct discover;

typedef void (*discover_notice_cb)(const char *check, const char *subject, const char *why, void *arg);

struct discover *discover_new(
    const struct schedule_parts *parts, struct schedule *schedule, discover_notice_cb notice, void *arg);
void discover_free(struct discover *discover);
/* Takes the rules of a config (referenced) and lists their places now. After schedule_configure. */
void discover_configure(struct discover *discover, struct config *config, const struct schedule_parts *parts);
/* Calls back from the loop once every place of the rules has been listed, or could not be; at once (still from the loop) when there are no rules. */
void discover_first(struct discover *discover, void (*done)(void *arg), void *arg);

#endif
