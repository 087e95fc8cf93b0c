/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: what a minute's traffic becomes on the shards of a stream: accepted, refused, read, and how old. Pure; knows
 * shards' limits and no metric.
 */
#ifndef KDIAG_AWSSIM_LOAD_H
#define KDIAG_AWSSIM_LOAD_H

#include <stdint.h>

#include "test/awssim/stream.h"

/* Of one minute; of a shard, or the sum over those that were open. Records and bytes are whole numbers. */
struct load {
	double demand, refused, failed, accepted; /* records; demand is the sum of the other three */
	double record_bytes;
	double single_share, batch; /* how they come: the share by PutRecord, and the records a PutRecords */
	double put_latency_ms;      /* NAN: not told; so the other two */
	double gets, gets_refused, gets_failed; /* GetRecords; gets are those that were not refused */
	double get_latency_ms;
	double records_read, bytes_read;
	double age_calls, age_ms_sum, age_ms_min, age_ms_max; /* over the calls that told an age */
};

/* A fan-out consumer's minute. */
struct load_fan_out {
	double subscribes, refused; /* SubscribeToShard calls, and how many of them were refused */
	double events, records, bytes;
	double behind_ms; /* NAN: no events */
};

/* ms: the minute's start. A stream without traffic, or a shard that was not open then, gives zeros. */
void load_of_shard(const struct stream *stream, const struct stream_shard *shard, int64_t ms, struct load *load);
void load_of_stream(const struct stream *stream, int64_t ms, struct load *load);
void load_of_consumer(
    const struct stream *stream, const struct stream_consumer *consumer, int64_t ms, struct load_fan_out *load);

#endif
