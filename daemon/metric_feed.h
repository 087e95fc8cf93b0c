/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric_feed: CloudWatch as a source of facts: the needs for metrics of all streams of a place in as few GetMetricData calls as they fit in, once an interval and metric; what several probes want
 * is asked for once, with the longest window. AWS charges by the metric asked ($0.01 for 1,000, FACTS 2), not by the point: so it is the metrics that are few here, and kept within a budget.
 */
#ifndef KDIAG_METRIC_FEED_H
#define KDIAG_METRIC_FEED_H

#include "daemon/collect.h"
#include "daemon/metric_price.h"

/* Shard-level metrics cost once for each shard. */
enum metric_shards { METRIC_SHARDS_ON_TROUBLE, METRIC_SHARDS_ALWAYS, METRIC_SHARDS_NEVER };

struct metric_feed_options {
	int64_t settle_s; /* a period is judged so long after its end */
	enum metric_shards shards;
	double usd_per_day;             /* the budget; 0: none */
	double (*spent_usd)(void *arg); /* since midnight UTC, whoever asked; NULL: nothing was */
	collect_notice_cb notice;       /* "budget": intervals are stretched; or NULL */
	void *arg;
};

struct metric_feed;
/* Before the first stream; the collector's from then on. */
struct metric_feed *metric_feed_add(struct collect *collect, const struct metric_feed_options *options);
void metric_feed_configure(struct metric_feed *feed, const struct metric_feed_options *options);

/* What one stream is asked at the present settings, budget included; stream NULL: a place as a whole. */
struct metric_plan {
	const char *account, *region;
	const struct stream_id *stream;
	size_t metrics;  /* asked for in each cycle, of the shortest interval */
	double per_day;  /* metrics asked in a day, shifted ones included */
	double usd_day;  /* what they cost */
	int64_t cycle_s; /* that interval; 0: none */
};
typedef void (*metric_plan_cb)(const struct metric_plan *plan, void *arg);
/* Each place, and behind it its streams. */
void metric_feed_each_plan(const struct metric_feed *feed, metric_plan_cb visit, void *arg);
/* What a day costs at the present settings, budget included. */
double metric_feed_usd_day(const struct metric_feed *feed);
/* By how much the intervals are stretched: 1: not at all; INFINITY: the budget is spent. */
double metric_feed_stretch(const struct metric_feed *feed);

#endif
