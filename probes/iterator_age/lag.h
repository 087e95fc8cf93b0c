/* SPDX-License-Identifier: Apache-2.0 */
/* lag: how far behind somebody is who reads, where that leads, and how it is said; shared by the probe's checks. */
#ifndef PROBES_ITERATOR_AGE_LAG_H
#define PROBES_ITERATOR_AGE_LAG_H

#include <kdiag/probe.h>

#pragma GCC visibility push(hidden)

enum { WARNING, CRITICAL, LAG_WARNING, LAG_CRITICAL, WINDOW, READ_SUCCESS };

enum { SUMMARY, AGE, RECORDS_IN, READ_OK, READ_REFUSED, SHARD_AGE, CONSUMER_AGE };

enum { CHECK_LAG, CHECK_SHARD_LAG, CHECK_CONSUMER_LAG, CHECK_CONSUMERS, CHECK_READ_SUCCESS };

/* Lag is looked at over this; a reader that asks once in five minutes has three points in it. */
enum { LOOK_S = 900 };

/* IteratorAge jumps to a day and back within minutes without a cause: three of five points are a level, two are none. */
enum { LEVEL_OF = 5 };

enum { TEXT_SIZE = 200 };

struct look {
	const struct kd_facts *facts;
	const struct kd_settings *settings;
	const struct kd_stream_summary *summary;
	struct kd_report *out;
};

struct lag {
	double ms, percent; /* of the retention */
	double slope;       /* ms a second; 0: no trend, or not enough points for one */
};

double lag_retention_ms(const struct look *look);
/* false: nothing is known of the last quarter of an hour. */
bool lag_find_level(const struct kd_series *series, double *ms);
/* The same with its trend; series: NULL is nothing known. */
bool lag_find(const struct look *look, const struct kd_series *series, struct lag *lag);
enum kd_severity lag_severity(const struct look *look, const struct lag *lag);

/* "13 h behind (54 % of 24 h retention)"; returns text. */
const char *lag_say(const struct look *look, const struct lag *lag, char text[TEXT_SIZE]);
/* What it comes to: " and falling back; records are lost in 3 h 10 min"; returns text. */
const char *lag_say_trend(const struct look *look, const struct lag *lag, char text[TEXT_SIZE]);
/* name: of the lag in ms. */
void lag_add_evidence(const struct look *look, const char *name, const struct lag *lag);
/* Longer retention where records will be lost, else who reads. */
void lag_next(const struct look *look, const struct lag *lag);
void lag_next_consumers(const struct look *look);

/* ---- shards.c ---- */

/* CHECK_SHARD_LAG */
void lag_judge_shards(const struct look *look);

#pragma GCC visibility pop

#endif
