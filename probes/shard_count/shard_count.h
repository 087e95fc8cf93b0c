/* SPDX-License-Identifier: Apache-2.0 */
/* shard_count: the tables that the probe's parts share: what it needs, what may be set, what it answers. */
#ifndef PROBES_SHARD_COUNT_H
#define PROBES_SHARD_COUNT_H

#include <kdiag/probe.h>

#pragma GCC visibility push(hidden)

enum {
	NEED_SUMMARY,
	NEED_SHARDS,
	NEED_EXPECT,
	NEED_IN_BYTES, /* hours of minutes, and so the next */
	NEED_IN_RECORDS,
	NEED_DAY_BYTES, /* a day of five minutes, and so the next: minutes of a day would be most of what a stream takes in memory */
	NEED_DAY_RECORDS,
	NEED_IN_REFUSED,
	NEED_OUT_BYTES,   /* five minutes a point */
	NEED_MONTH_BYTES, /* a month of hours */
	NEED_SHARD_IN_BYTES,
	NEED_SHARD_IN_RECORDS,
	NEED_SHARD_OUT_BYTES,
};

enum { OPTION_TOLERANCE, OPTION_USE_WARNING, OPTION_USE_CRITICAL, OPTION_HEADROOM };

enum { CHECK_COUNT, CHECK_HASH_RANGE, CHECK_CAPACITY, CHECK_CAPACITY_OUT, CHECK_SHARD_USE };

/* What all parts look at; the summary is known. */
struct shard_look {
	const struct kd_facts *facts;
	const struct kd_settings *settings;
	const struct kd_stream_summary *summary;
	struct kd_report *out;
};

/* One step goes at most to twice or down to half of what is open (Kinesis API reference, UpdateShardCount). */
int64_t shard_count_next_target(int64_t open, int64_t expected);

/* ---- capacity.c ---- */

/* The use of what all open shards take and give: CHECK_CAPACITY and CHECK_CAPACITY_OUT. */
void shard_count_judge_capacity(const struct shard_look *look);

/* ---- use.c ---- */

/* How full each shard is, where its metrics are on: CHECK_SHARD_USE. */
void shard_count_judge_use(const struct shard_look *look);

/* What a shard takes and gives a second (Kinesis quotas); EFO consumers have their own. */
#define SHARD_IN_BYTES   (1024.0 * 1024)
#define SHARD_IN_RECORDS 1000.0
#define SHARD_OUT_BYTES  (2 * 1024.0 * 1024)

#pragma GCC visibility pop

#endif
