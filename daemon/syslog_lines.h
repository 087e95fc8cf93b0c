/* SPDX-License-Identifier: Apache-2.0 */
/* syslog_lines: the lines that tell of no finding: start and end, heartbeat, what a storm held back, what was dropped. Pure, but for the time. All strings are the caller's. */
#ifndef KDIAG_SYSLOG_LINES_H
#define KDIAG_SYSLOG_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/ledger.h"

/* event: "started" or "stopped"; seq: of the last change; why: NULL when there is nothing to say. */
char *syslog_lines_mark(const char *event, uint64_t seq, const char *why, bool cee);
/* What is open by severity, the last seq, and how many lines were dropped since the start. */
char *syslog_lines_heartbeat(const struct ledger *ledger, uint64_t dropped, bool cee);
/* So many lines were held back, of changes from from_seq to seq. */
char *syslog_lines_suppressed(uint64_t held, uint64_t from_seq, uint64_t seq, bool cee);
/* So many lines were lost before they reached syslog(3). Needs nothing of the loop's, for it is called in the queue's thread. */
char *syslog_lines_dropped(uint64_t lost, bool cee);

#endif
