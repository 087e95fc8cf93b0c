/* SPDX-License-Identifier: Apache-2.0 */
/* stream: owns the shape of a simulated stream; knows nothing of who asks for it. */
#include "test/awssim/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

#define SHARD_ID_PREFIX "shardId-"

__extension__ typedef unsigned __int128 wide;

const char *const stream_metric_names[STREAM_METRICS + 1] = {"IncomingBytes", "IncomingRecords", "OutgoingBytes",
    "OutgoingRecords", "WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds", NULL};

void
stream_clear_consumers(struct stream *stream)
{
	for (size_t i = 0; i < stream->consumers_count; i++)
		free(stream->consumers[i].name);
	free(stream->consumers);
	stream->consumers = NULL;
	stream->consumers_count = 0;
}

void
stream_clear(struct stream *stream)
{
	stream_clear_consumers(stream);
	traffic_history_clear(&stream->traffic);
	free(stream->shards);
	free(stream->account);
	free(stream->region);
	free(stream->name);
	free(stream->arn);
	free(stream->key_id);
	memset(stream, 0, sizeof(*stream));
}

static struct kd_hash
to_hash(wide value)
{
	return (struct kd_hash){.high = (uint64_t)(value >> 64), .low = (uint64_t)value};
}

static wide
to_wide(struct kd_hash hash)
{
	return (wide)hash.high << 64 | hash.low;
}

/* The first hash key of the i-th of `count` even ranges, as AWS splits: 2^128 / count each, the last takes the rest. */
static wide
range_start(int64_t i, int64_t count)
{
	wide all = ~(wide)0, step;

	step = (all - (wide)(count - 1)) / (wide)count + 1;
	return (wide)i * step;
}

/* The youngest of the first `count` shards that was closed at closed_ms and holds the hash key. */
static const struct stream_shard *
find_parent(const struct stream *stream, size_t count, struct kd_hash hash, int64_t closed_ms)
{
	for (size_t i = count; i-- > 0;) {
		const struct stream_shard *shard = &stream->shards[i];

		if (shard->closed_ms == closed_ms && to_wide(shard->first) <= to_wide(hash) &&
		    to_wide(hash) <= to_wide(shard->last))
			return shard;
	}
	return NULL;
}

/*
 * Appends `count` open shards that cover all keys; their parents are the shards closed at the same moment that hold
 * their ends.
 */
static void
add_even(struct stream *stream, int64_t count, int64_t now_ms)
{
	size_t before = stream->shards_count;
	int64_t number = before == 0 ? 0 : stream->shards[before - 1].number + 1;

	stream->shards = mem_resize(stream->shards, before + (size_t)count, sizeof(*stream->shards));
	for (int64_t i = 0; i < count; i++) {
		struct stream_shard *shard = &stream->shards[before + (size_t)i];
		const struct stream_shard *left, *right;

		memset(shard, 0, sizeof(*shard));
		shard->number = number + i;
		shard->first = to_hash(range_start(i, count));
		shard->last = to_hash(i + 1 == count ? ~(wide)0 : range_start(i + 1, count) - 1);
		shard->opened_ms = now_ms;
		left = find_parent(stream, before, shard->first, now_ms);
		right = find_parent(stream, before, shard->last, now_ms);
		shard->parent = left == NULL ? -1 : left->number;
		shard->adjacent = right == NULL || right == left ? -1 : right->number;
	}
	stream->shards_count += (size_t)count;
}

void
stream_lay_shards(struct stream *stream, int64_t open, int64_t closed, int64_t now_ms)
{
	stream->shards_count = 0;
	add_even(stream, closed > 0 ? closed : open, stream->created_ms);
	if (closed > 0)
		stream_reshard(stream, open, now_ms);
}

void
stream_reshard(struct stream *stream, int64_t open, int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < stream->shards_count; i++)
		if (stream_shard_is_listed(stream, &stream->shards[i], now_ms))
			stream->shards[kept++] = stream->shards[i];
	stream->shards_count = kept;
	for (size_t i = 0; i < kept; i++)
		if (stream->shards[i].closed_ms == 0)
			stream->shards[i].closed_ms = now_ms;
	add_even(stream, open, now_ms);
}

int64_t
stream_open_shards(const struct stream *stream)
{
	int64_t open = 0;

	for (size_t i = 0; i < stream->shards_count; i++)
		open += stream->shards[i].closed_ms == 0;
	return open;
}

bool
stream_shard_is_listed(const struct stream *stream, const struct stream_shard *shard, int64_t now_ms)
{
	return shard->closed_ms == 0 || now_ms - shard->closed_ms <= stream->retention_hours * 3600000;
}

const char *
stream_shard_id(int64_t number, char buf[STREAM_SHARD_ID_SIZE])
{
	snprintf(buf, STREAM_SHARD_ID_SIZE, SHARD_ID_PREFIX "%012lld", (long long)number);
	return buf;
}

int64_t
stream_parse_shard_id(const char *id)
{
	size_t prefix = strlen(SHARD_ID_PREFIX);
	int64_t number;

	if (strncmp(id, SHARD_ID_PREFIX, prefix) != 0 || strlen(id) != prefix + 12 ||
	    strspn(id + prefix, "0123456789") != 12 || text_parse_integer(id + prefix, &number) != 0)
		return -1;
	return number;
}

const char *
stream_sequence(int64_t number, int64_t ms, bool last, char buf[STREAM_SEQUENCE_SIZE])
{
	snprintf(buf, STREAM_SEQUENCE_SIZE, "49%014lld%012lld%028d", (long long)ms, (long long)number, last ? 1 : 0);
	return buf;
}
