/* SPDX-License-Identifier: Apache-2.0 */
/* collect_logs: the collector's feed of log groups: which groups a stream has, by name and by prefix, when each is read, and the fact that comes of it. Reads through log_reader. */
#ifndef KDIAG_COLLECT_LOGS_H
#define KDIAG_COLLECT_LOGS_H

#include "daemon/collect_feed.h"
#include "daemon/log_sources.h"

enum { COLLECT_LOGS_GROUPS_MAX = 100 }; /* of one stream; past that a prefix is cut, and the fact says so */

/* Adds the feed. sources is borrowed, and must outlive the collector. */
void collect_logs_add(struct collect *collect, struct log_sources *sources);

#endif
