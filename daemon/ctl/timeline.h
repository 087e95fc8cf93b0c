/* SPDX-License-Identifier: Apache-2.0 */
/* timeline: the changes of findings as people read them: a line each under their day, or all in one line; and how long something was open. */
#ifndef KDIAG_CTL_TIMELINE_H
#define KDIAG_CTL_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "daemon/ctl/screen.h"

/* events: the array of DESIGN 8's history, oldest first. Reminders are no changes and are left out. with_names: of more than one stream. */
void timeline_print(const struct screen *screen, const json_t *events, bool with_names);
/* "10:00Z opened WARN · 10:08Z rose to CRIT", the last few of them; NULL for none. The caller's. */
char *timeline_line(const struct screen *screen, const json_t *events, int64_t now_ms);

/* Of one change: "after 15 min (no longer watched)", "by ana (uid 1004): looking", "expired", or the finding's sentence. The caller's. */
char *timeline_text(const json_t *event);
/* Whom it is about: "orders", "kdiagd", "all streams". The event's. */
const char *timeline_about(const json_t *event);
/* "iterator_age/lag"; of what is silenced as a whole "throttling", "all probes". The caller's. */
char *timeline_check(const json_t *event);

#endif
