/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream: one simulated stream and its shards: hash-key ranges, parents, reshards. Pure; knows no calls and no clock.
 */
#ifndef KDIAG_AWSSIM_STREAM_H
#define KDIAG_AWSSIM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <kdiag/probe.h>

#include "test/awssim/limits.h"
#include "test/awssim/traffic.h"

enum {
	STREAM_SHARDS_MAX = 10000,
	STREAM_CONSUMERS_MAX = 20, /* registered consumers a stream: Kinesis quotas */
	STREAM_METRICS = 7,
	STREAM_BUCKETS = 4,
	STREAM_SHARD_ID_SIZE = 32,
	STREAM_SEQUENCE_SIZE = 64,
};

struct stream_shard {
	int64_t number;
	int64_t parent, adjacent; /* numbers; -1: none */
	struct kd_hash first, last;
	int64_t opened_ms, closed_ms; /* closed_ms 0: open */
};

struct stream_consumer {
	char *name;
	enum kd_status status;
};

struct stream {
	char *account, *region, *name, *arn;
	enum kd_status status; /* KD_STATUS_GONE: as if it were not there */
	enum kd_mode mode;
	int64_t retention_hours;
	int64_t created_ms;
	int64_t warm_mibps; /* 0: not told */
	bool encrypted;
	char *key_id;
	bool metrics[STREAM_METRICS];
	struct stream_shard *shards; /* by number, ascending */
	size_t shards_count;
	struct stream_consumer *consumers;
	size_t consumers_count;
	struct traffic_history traffic;
	uint64_t salt;                               /* of all that is random about it */
	struct limit_bucket buckets[STREAM_BUCKETS]; /* of the operations that AWS limits a stream */
};

/* The shard-level metrics, in AWS's order. */
extern const char *const stream_metric_names[STREAM_METRICS + 1];

/* Frees what it holds, not itself. */
void stream_clear(struct stream *stream);
void stream_clear_consumers(struct stream *stream);

/*
 * `closed` shards that cover all hash keys evenly, and `open` ones that came of them (1 to STREAM_SHARDS_MAX together).
 * What was there is dropped.
 */
void stream_lay_shards(struct stream *stream, int64_t open, int64_t closed, int64_t now_ms);
/* As UpdateShardCount does in effect: closes the open shards and opens `open` new ones. */
void stream_reshard(struct stream *stream, int64_t open, int64_t now_ms);
int64_t stream_open_shards(const struct stream *stream);
/* Is it still listed: open, or closed no longer ago than the retention? */
bool stream_shard_is_listed(const struct stream *stream, const struct stream_shard *shard, int64_t now_ms);

const char *stream_shard_id(int64_t number, char buf[STREAM_SHARD_ID_SIZE]);
/* The number behind "shardId-000000000007"; -1: it is no such id. */
int64_t stream_parse_shard_id(const char *id);
/* A sequence number of 56 digits, in the order of time; `last`: the ending one. */
const char *stream_sequence(int64_t number, int64_t ms, bool last, char buf[STREAM_SEQUENCE_SIZE]);

#endif
