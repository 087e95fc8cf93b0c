/* SPDX-License-Identifier: Apache-2.0 */
/* throttling: what the probe's parts share: its tables' indexes, what was refused of what, and where. */
#ifndef PROBES_THROTTLING_H
#define PROBES_THROTTLING_H

#include <kdiag/probe.h>

#pragma GCC visibility push(hidden)

enum { WARNING, CRITICAL, FAILED_WARNING };

enum {
	SUMMARY,
	SHARDS,
	IN_RECORDS,
	IN_BYTES,
	IN_REFUSED,
	PUT_TOTAL,
	PUT_THROTTLED,
	PUT_FAILED,
	READ_OK,
	READ_REFUSED,
	SHARD_IN_REFUSED,
	SHARD_IN_RECORDS,
	SHARD_IN_BYTES,
	SHARD_READ_REFUSED,
	SUBSCRIBED,
	SUBSCRIBE_REFUSED,
};

enum { CHECK_WRITES, CHECK_FAILED_RECORDS, CHECK_READS, CHECK_SUBSCRIPTIONS };

enum { TEXT_SIZE = 160 };

/* What a judgement is about; the summary is known. */
struct look {
	const struct kd_facts *facts;
	const struct kd_settings *settings;
	const struct kd_stream_summary *summary;
	struct kd_report *out;
};

/* ---- refusal.c: how much ---- */

/* What was refused of a demand: demand = accepted + refused, or what was asked for in all. */
struct traffic {
	const struct kd_series *refused, *other;
	bool other_is_all; /* else what was accepted */
};

struct refusal {
	size_t minutes, recent; /* in which the share was at least the warning */
	size_t critical;        /* in which it was at least the critical one */
	double refused, demand; /* of the bad minutes */
};

/* The point at ms, 0 where there is none: an absent counter has counted nothing. */
double throttling_at(const struct kd_series *series, int64_t ms);
/* warning: the option from which a minute is bad. */
struct refusal throttling_measure(const struct look *look, const struct traffic *traffic, size_t warning);
/* KD_OK: a spike, or over. */
enum kd_severity throttling_severity(const struct refusal *refusal);
double throttling_percent(const struct refusal *refusal);
void throttling_add_evidence(
    const struct look *look, const char *refused, const char *demand, const struct refusal *refusal);
/* A counter that is absent beside one that is there has counted nothing; else nobody could look: then that is reported. */
bool throttling_cannot_look(const struct look *look, size_t check, size_t refused, size_t demand);
/* A few of these things refused in passing are what retries are for. */
void throttling_report_few(const struct look *look, size_t check, const char *things, const struct kd_series *refused);

/* ---- where.c: on which shards ---- */

struct hot {
	size_t shards, hit; /* how many there are, and how many refused anything */
	const char *id;     /* the one that refused most */
	double most;
	double use_percent; /* of what that shard takes, the minute's average; negative: its traffic is not known */
};

/* The series of that subject, or NULL. */
const struct kd_series *throttling_find_subject(const struct look *look, size_t need, const char *subject);
/* How full of bytes or of records, whichever is fuller, in the minutes in which something was refused; percent. */
double throttling_use(
    const struct kd_series *refused, const struct kd_series *bytes, const struct kd_series *records, double shards);
struct hot throttling_find_hot(const struct look *look, size_t need);
/* Some shards refuse, and as many or more are spared: that is keys, and not the number of shards. */
bool throttling_is_uneven(const struct hot *hot);
/* NULL: it is not listed. */
const struct kd_shard *throttling_find_shard(const struct look *look, const char *id);
bool throttling_is_monitored(const struct look *look, const char *metric);

/* ---- writes.c ---- */

void throttling_judge_writes(const struct look *look);
/* `metric` decides: where it is on already, a look by hand asks for it, as the next look will. */
void throttling_next_shard_metrics(const struct look *look, const char *metric, const char *metrics);

#pragma GCC visibility pop

#endif
