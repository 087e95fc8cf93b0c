/* SPDX-License-Identifier: Apache-2.0 */
/* cloudwatch_query: one query of GetMetricData: what it is about, and its points. Knows no page. */
#ifndef KDIAG_AWSSIM_CLOUDWATCH_QUERY_H
#define KDIAG_AWSSIM_CLOUDWATCH_QUERY_H

#include "test/awssim/call.h"
#include "test/awssim/metric.h"

struct cloudwatch_query {
	const char *id, *label, *stream, *metric_name; /* borrowed from the input; stream NULL: of none */
	const struct metric *metric; /* NULL: nothing is known by these names, so there are no points */
	struct metric_subject subject;
	enum datapoint_statistic statistic;
	int64_t period_ms, from_ms, to_ms; /* the first period's start, the end of the last; multiples of the period */
	bool ascending;
};

/* A point as it is told. */
struct cloudwatch_point {
	int64_t ms;
	double value;
};

/* An entry of MetricDataQueries that has been checked. */
void cloudwatch_query_read(struct cloudwatch_query *query, const struct call *call, const json_t *entry);
/* All points that there are by now, in the order asked for; the caller's. */
struct cloudwatch_point *cloudwatch_query_points(
    const struct cloudwatch_query *query, const struct call *call, size_t *count);

#endif
