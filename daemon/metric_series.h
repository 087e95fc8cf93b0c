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

/* FACTS 2: a value may change for 10 min, in bad times for 15. */
enum { METRIC_SERIES_REREAD_MS = 15 * 60 * 1000, METRIC_SERIES_AHEAD_S = 3600 };

struct metric_series {
	struct kd_need need; /* resolved; the window is the longest that anybody wants; the metric's name is borrowed */
	char *subject;       /* a shard's id, a consumer's name; NULL: the stream */
	double *values;      /* from first_ms on, one a period; NAN: no datapoint. NULL: none has one */
	size_t count;
	int64_t first_ms;
	/* What lies between is read; read_to_ms 0: nothing is. */
	int64_t read_from_ms, read_to_ms;
	int64_t
	    base_ms; /* the newest settled period's end when they were asked for: read_to_ms where nothing is shifted */
};

/* From, inclusive, and to, exclusive. */
struct metric_range {
	int64_t start_ms, end_ms;
};

void metric_series_init(struct metric_series *series, const struct kd_need *need, const char *subject);
void metric_series_clear(struct metric_series *series);
/* Somebody wants a window of this length too. */
void metric_series_widen(struct metric_series *series, int64_t window_s);

/* The end of the newest period that is settled. */
int64_t metric_series_settled(int64_t period_s, int64_t now_ms, int64_t settle_ms);
/* What to ask for, base_ms being the newest settled end: what is lacking, and what may have changed. Shifted windows are read an hour ahead, for they cannot change any more. */
struct metric_range metric_series_next(const struct metric_series *series, int64_t base_ms);
/* It was answered whole: one value a period of the range. Answers come in the order of their questions. */
void metric_series_take(
    struct metric_series *series, const struct metric_range *range, int64_t base_ms, const double *values);
/* Is the window of the need at hand whole? Up to the newest settled end where it is shifted, else up to what was read last. */
bool metric_series_holds(const struct metric_series *series, int64_t window_s, int64_t base_ms);
/* The window, borrowed; only of what it holds. */
struct kd_series metric_series_cut(const struct metric_series *series, int64_t window_s, int64_t base_ms);

#endif
