/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric_rows: what is asked of a stream, one row a series, whoever of its probes wants it. Thousands of streams with the same settings share one list of rows. Knows no stream and no answer.
 */
#ifndef KDIAG_METRIC_ROWS_H
#define KDIAG_METRIC_ROWS_H

#include <sys/queue.h>

#include "daemon/collect.h"

struct metric_row {
	struct kd_need need; /* with the longest window; its metric is the row's own */
	int64_t interval_ms; /* the shortest */
};

/* What answered the need that lay there: to be tried first. */
struct metric_likely {
	uint16_t row;
	struct fact *no_data; /* of this need: said of many streams; NULL: not yet */
};

enum { METRIC_ROWS_LIKELY = 64 };

struct metric_rows {
	LIST_ENTRY(metric_rows) link;
	unsigned refs;
	size_t count;
	struct metric_likely likely[METRIC_ROWS_LIKELY];
	struct metric_row rows[];
};
LIST_HEAD(metric_rows_list, metric_rows);

/* The rows of these wants, those for other things than metrics passed over: out of the list, where there are such, else put into it. The caller's reference. */
struct metric_rows *metric_rows_get(struct metric_rows_list *list, const struct collect_want *wants, size_t count);
/* NULL is fine. */
void metric_rows_unref(struct metric_rows *rows);
/* Which row serves this need; rows->count: none. */
size_t metric_rows_find(struct metric_rows *rows, const struct kd_need *need);

/* That there is no datapoint for it: the caller's reference to what all streams share. */
struct fact *metric_rows_no_data(struct metric_rows *rows, const struct kd_need *need);

#endif
