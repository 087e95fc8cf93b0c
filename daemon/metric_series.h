/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric_series: the points of one metric of one subject that are at hand, what has to be asked for next, and what a probe sees of them. Pure: all times are given to it, and all
 * are AWS's. A minute may change for a quarter of an hour after it ended, so the newest points are read again each time; the window moves on only with what was read whole.
 */
#ifndef KDIAG_METRIC_SERIES_H
#define KDIAG_METRIC_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <kdiag/probe.h>

#include "daemon/metric_points.h"

/* FACTS 2: a value may change for 10 min, in bad times for 15. */
enum { METRIC_SERIES_REREAD_MS = 15 * 60 * 1000, METRIC_SERIES_AHEAD_S = 3600 };

/* Dozens a stream: small. Times in minutes since 1970, for all of them are. What is asked of it, its need (resolved; the window is the longest that anybody wants), is its owner's. */
struct metric_series {
	char *subject;                /* a shard's id, a consumer's name; NULL: the stream */
	struct metric_points *points; /* up to what is read, one a period */
	/* What lies between is read; read_to_min 0: nothing is. */
	int32_t read_from_min, read_to_min;
	int32_t
	    base_min; /* the newest settled period's end when they were asked for: read_to_min where nothing is shifted */
};

/* From, inclusive, and to, exclusive. */
struct metric_range {
	int64_t start_ms, end_ms;
};

void metric_series_init(struct metric_series *series, const char *subject);
void metric_series_clear(struct metric_series *series);

/* The end of the newest period that is settled. */
int64_t metric_series_settled(int64_t period_s, int64_t now_ms, int64_t settle_ms);
/* As of when they were asked for; 0: they were not. */
int64_t metric_series_base_ms(const struct metric_series *series);
/* What to ask for, base_ms being the newest settled end: what is lacking, and what may have changed. Shifted windows are read an hour ahead, for they cannot change any more. */
struct metric_range metric_series_next(const struct metric_series *series, const struct kd_need *need, int64_t base_ms);
/* It was answered whole: one value a period of the range. Answers come in the order of their questions. */
void metric_series_take(struct metric_series *series, const struct kd_need *need, const struct metric_range *range,
    int64_t base_ms, const double *values);
/* Is a window of that length at hand whole? Up to the newest settled end where the need is shifted, else up to what was read last. */
bool metric_series_holds(
    const struct metric_series *series, const struct kd_need *need, int64_t window_s, int64_t base_ms);
/* The window, in the caller's room of as many values as it has periods; the subject is borrowed. Only of what it holds. */
struct kd_series metric_series_cut(
    const struct metric_series *series, const struct kd_need *need, int64_t window_s, int64_t base_ms, double *room);

#endif
