/* SPDX-License-Identifier: Apache-2.0 */
/* syslog_told: which open findings syslog was told of, and when: in the order of telling, which is the order of coming due, for all wait the same time. Knows ids alone. */
#ifndef KDIAG_SYSLOG_TOLD_H
#define KDIAG_SYSLOG_TOLD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/finding.h"

struct told {
	char id[FINDING_ID_SIZE];
	int64_t told_ms; /* clock_mono_ms() */
	bool announced;  /* else a silence kept it from being told at all */
	TAILQ_ENTRY(told) order;
	LIST_ENTRY(told) same_bucket;
};

struct syslog_told;

struct syslog_told *syslog_told_new(void);
void syslog_told_free(struct syslog_told *list);

/* Told now: it is the last to come due. announced: it was said aloud, which it then stays. */
void syslog_told_put(struct syslog_told *list, const char *id, bool announced, int64_t now_ms);
/* NULL: it was not. */
struct told *syslog_told_find(const struct syslog_told *list, const char *id);
/* told may be NULL. */
void syslog_told_drop(struct syslog_told *list, struct told *told);
/* The first to come due, and the last; then TAILQ_NEXT(told, order). */
struct told *syslog_told_first(const struct syslog_told *list);
struct told *syslog_told_last(const struct syslog_told *list);

#endif
