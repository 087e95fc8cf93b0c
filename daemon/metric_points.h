/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric_points: a row of values in little room, for a day or a month of them is kept of each metric of each stream. Counts, bytes and milliseconds are whole numbers and come back as they were; so does what has
 * few decimal places; of other means seven digits of the largest are kept. Knows no times and no metrics.
 */
#ifndef KDIAG_METRIC_POINTS_H
#define KDIAG_METRIC_POINTS_H

#include <stddef.h>

struct metric_points;

/* At most 65,535 values; NAN: no datapoint. NULL: none has one. The caller's, for free(). */
struct metric_points *metric_points_pack(const double *values, size_t count);
/* 0 of NULL. */
size_t metric_points_count(const struct metric_points *points);
/* Those from that one on; what lies outside, before 0 too, is NAN. */
void metric_points_unpack(const struct metric_points *points, long from, size_t count, double *values);

#endif
