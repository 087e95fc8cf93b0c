/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traffic: what is written to a stream and read from it, as formulas over time, and how that changed. Pure; what comes
 * of it on the shards is load's.
 */
#ifndef KDIAG_AWSSIM_TRAFFIC_H
#define KDIAG_AWSSIM_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "test/awssim/formula.h"

/* In the order of traffic_rates. */
enum traffic_rate {
	TRAFFIC_RECORDS,        /* a second, that producers want to write */
	TRAFFIC_BYTES,          /* a record */
	TRAFFIC_BATCH,          /* records a PutRecords */
	TRAFFIC_SINGLE,         /* the share of the records that comes by PutRecord */
	TRAFFIC_FAILED,         /* the share that fails inside Kinesis */
	TRAFFIC_BURSTS,         /* how many times its average a minute's peak second is */
	TRAFFIC_PUT_LATENCY_MS, /* on average */
	TRAFFIC_HOT_SHARE,      /* of all records, for the hot shard beside its even share of the rest */
	TRAFFIC_READERS,        /* standard consumers */
	TRAFFIC_POLLS,          /* GetRecords a second, by each of them, of each shard */
	TRAFFIC_AGE_S,          /* how far the first of them is behind */
	TRAFFIC_STUCK_AGE_S,    /* … on the stuck shard */
	TRAFFIC_GET_LATENCY_MS,
	TRAFFIC_GET_FAILED, /* the share of GetRecords that fails */
	TRAFFIC_RATES,
};

/* Its key in a scenario, and what it is when nothing is said. */
struct traffic_rate_row {
	const char *key;
	bool is_share; /* from 0 to 1 */
	double base, noise;
};
extern const struct traffic_rate_row traffic_rates[TRAFFIC_RATES];

/* A registered consumer with enhanced fan-out. */
struct traffic_consumer {
	char *name;
	struct formula behind_s, refused; /* refused: the share of SubscribeToShard calls */
};

/* One metric by formula, instead of what the traffic would make of it. */
struct traffic_metric {
	char *name;
	char *consumer; /* NULL: of the stream or a shard */
	int64_t shard;  /* -1: of the stream or a consumer */
	struct formula value, samples;
};

/* A share of the minutes come late: nothing for half of `after`, then `first` of it, whole after `after`. */
struct traffic_late {
	double share, first;
	int64_t after_ms;
};

/* Shared, once it is laid on a stream: never changed then. */
struct traffic {
	unsigned references;
	struct formula rates[TRAFFIC_RATES];
	bool said[TRAFFIC_RATES], hot_said, stuck_said, late_said, consumers_said, metrics_said;
	int64_t hot_shard, stuck_shard; /* numbers; -1: none */
	struct traffic_late late;
	struct traffic_consumer *consumers;
	size_t consumers_count;
	struct traffic_metric *metrics;
	size_t metrics_count;
};

/* What was true from when on; the first from the beginning. */
struct traffic_history {
	struct traffic_period {
		int64_t since_ms;
		struct traffic *traffic;
	} * periods;
	size_t count;
};

enum { TRAFFIC_PERIODS_MAX = 256 };

/* One reference, everything at its default: nobody writes, and one consumer reads. */
struct traffic *traffic_new(void);
/* Gives a reference back; NULL is fine. */
void traffic_release(struct traffic *traffic);

/*
 * From since_ms on, what `over` says holds, and the rest as before. Its changes count from origin_ms. Takes no
 * reference of the caller's. With TRAFFIC_PERIODS_MAX periods the two oldest become one.
 */
void traffic_lay(struct traffic_history *history, struct traffic *over, int64_t since_ms, int64_t origin_ms);
/* NULL: nothing has been said. */
const struct traffic *traffic_at(const struct traffic_history *history, int64_t ms);
void traffic_history_clear(struct traffic_history *history);

#endif
