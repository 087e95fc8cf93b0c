/* SPDX-License-Identifier: Apache-2.0 */
/* metric: which metrics Kinesis sends to CloudWatch, and what each is of a minute's load. Knows no request. */
#ifndef KDIAG_AWSSIM_METRIC_H
#define KDIAG_AWSSIM_METRIC_H

#include <stdint.h>

#include "test/awssim/datapoint.h"
#include "test/awssim/stream.h"

/* Whose it is; in the order of metric_level_names. */
enum metric_level { METRIC_STREAM, METRIC_SHARD, METRIC_CONSUMER };
extern const char *const metric_level_names[];

struct metric;

/* NULL: Kinesis has none of that name there. */
const struct metric *metric_find(const char *name, enum metric_level level);

/* What a metric is about. shard: METRIC_SHARD; consumer: METRIC_CONSUMER. */
struct metric_subject {
	const struct stream *stream;
	const struct stream_shard *shard;
	const struct stream_consumer *consumer;
};

/* Of the minute that begins at ms, as far as it has arrived by now_ms. */
void metric_point(const struct metric *metric, const struct metric_subject *subject, int64_t ms, int64_t now_ms,
    struct datapoint *point);

#endif
