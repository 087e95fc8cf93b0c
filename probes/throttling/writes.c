/* SPDX-License-Identifier: Apache-2.0 */
/* writes: the check that tells a hot key from bursts and from too few shards, where the facts allow. */
#include <inttypes.h>
#include <stdio.h>

#include "probes/throttling/throttling.h"

/* Below this use of a minute's average, what was refused came in bursts shorter than the minute, or to few of the shards. */
static const double low_percent = 70;

/* A shard is split in the middle of its range. Only PROVISIONED streams may be (Kinesis API reference, SplitShard). */
static void
next_split(const struct look *look, const struct kd_shard *shard)
{
	char middle[KD_HASH_SIZE];

	if (shard != NULL && look->summary->mode != KD_MODE_ON_DEMAND)
		kd_next(look->out,
		    "aws kinesis split-shard --stream-name %s --shard-to-split %s --new-starting-hash-key %s --region "
		    "%s",
		    kd_stream_name(look->facts), shard->id,
		    kd_hash_decimal(kd_hash_middle(shard->first, shard->last), middle), kd_stream_region(look->facts));
}

static void
next_more_shards(const struct look *look)
{
	if (look->summary->mode != KD_MODE_ON_DEMAND && look->summary->open_shards > 0)
		kd_next(look->out,
		    "aws kinesis update-shard-count --stream-name %s --target-shard-count %" PRId64
		    " --scaling-type UNIFORM_SCALING --region %s",
		    kd_stream_name(look->facts), 2 * look->summary->open_shards, kd_stream_region(look->facts));
}

void
throttling_next_shard_metrics(const struct look *look, const char *metric, const char *metrics)
{
	if (throttling_is_monitored(look, metric)) {
		kd_next(look->out, "kdiagctl diagnose %s", kd_stream_name(look->facts));
		return;
	}
	kd_next(look->out,
	    "aws kinesis enable-enhanced-monitoring --stream-name %s --shard-level-metrics %s --region %s",
	    kd_stream_name(look->facts), metrics, kd_stream_region(look->facts));
}

static void
add_shard_evidence(const struct look *look, const struct hot *hot, const struct kd_shard *shard)
{
	char hash[KD_HASH_SIZE];

	kd_evidence_string(look->out, "shard", hot->id);
	kd_evidence_integer(look->out, "shards_refusing", (int64_t)hot->hit);
	if (shard == NULL)
		return;
	kd_evidence_string(look->out, "first_hash_key", kd_hash_decimal(shard->first, hash));
	kd_evidence_string(look->out, "last_hash_key", kd_hash_decimal(shard->last, hash));
}

/* "4 % of the records are refused (1,240 of 31,000 in 5 min)" */
static const char *
say_writes(const struct refusal *refusal, char text[TEXT_SIZE])
{
	char share[KD_NUMBER_SIZE], refused[KD_NUMBER_SIZE], demand[KD_NUMBER_SIZE];

	(void)snprintf(text, TEXT_SIZE, "%s of the records are refused (%s of %s in %zu min)",
	    kd_share(throttling_percent(refusal), share), kd_amount(refusal->refused, refused),
	    kd_amount(refusal->demand, demand), refusal->minutes);
	return text;
}

/* What it comes to, of one shard, of some, or of so many that there are too few of them. */
static const char *
say_cause(const struct hot *hot)
{
	bool uneven = throttling_is_uneven(hot);

	if (hot->use_percent < 0) /* IncomingBytes and IncomingRecords are off for the shards */
		return uneven ? "hot keys or bursts" : "too few shards, or bursts";
	if (hot->use_percent < low_percent)
		return "bursts shorter than a minute";
	if (!uneven)
		return "too few shards";
	return hot->hit == 1 ? "a hot key" : "hot keys";
}

static void
report_by_shard(const struct look *look, enum kd_severity severity, const char *what, const struct hot *hot)
{
	const struct kd_shard *shard = throttling_find_shard(look, hot->id);
	char use[KD_NUMBER_SIZE + 24] = "", share[KD_NUMBER_SIZE];

	if (hot->use_percent >= 0)
		(void)snprintf(use, sizeof(use), ", %s full%s", kd_share(hot->use_percent, share),
		    hot->use_percent < low_percent ? " on average" : "");
	kd_find(look->out, CHECK_WRITES, NULL, severity, "%s, on %zu of %zu shard%s: %s%s%s%s", what, hot->hit,
	    hot->shards, hot->shards == 1 ? "" : "s", say_cause(hot),
	    throttling_is_uneven(hot) && hot->hit == 1 ? " on " : ", most on ", hot->id, use);
	add_shard_evidence(look, hot, shard);
	if (throttling_is_uneven(hot))
		next_split(look, shard);
	else
		next_more_shards(look);
}

static const char refused_metric[] = "WriteProvisionedThroughputExceeded";

/* Without metrics of shards: is the stream full as a whole? */
static void
report_by_stream(const struct look *look, enum kd_severity severity, const char *what, const struct kd_series *refused)
{
	double use = throttling_use(refused, kd_get_series(look->facts, IN_BYTES, NULL),
	    kd_get_series(look->facts, IN_RECORDS, NULL), (double)look->summary->open_shards);
	bool on_demand = look->summary->mode == KD_MODE_ON_DEMAND;
	char share[KD_NUMBER_SIZE];

	kd_share(use, share);
	if (use >= low_percent && !on_demand) {
		kd_find(look->out, CHECK_WRITES, NULL, severity,
		    "%s: too few shards, the %" PRId64 " open ones are %s full", what, look->summary->open_shards,
		    share);
		next_more_shards(look);
	} else {
		kd_find(look->out, CHECK_WRITES, NULL, severity,
		    "%s while the stream is %s full: a hot key or bursts; shard-level metrics %stell which", what,
		    share, throttling_is_monitored(look, refused_metric) ? "are on and " : "");
		throttling_next_shard_metrics(
		    look, refused_metric, "IncomingBytes IncomingRecords WriteProvisionedThroughputExceeded");
	}
	kd_evidence_number(look->out, "use_percent", use);
}

static void
report_writes(const struct look *look, const struct traffic *traffic, const struct refusal *refusal)
{
	struct hot hot = throttling_find_hot(look, SHARD_IN_REFUSED);
	char text[TEXT_SIZE];

	say_writes(refusal, text);
	if (hot.id != NULL)
		report_by_shard(look, throttling_severity(refusal), text, &hot);
	else
		report_by_stream(look, throttling_severity(refusal), text, traffic->refused);
	throttling_add_evidence(look, "refused_records", "demand_records", refusal);
}

/*
 * WriteProvisionedThroughputExceeded counts records refused in PutRecord and PutRecords calls; IncomingRecords only those that were
 * taken. ThrottledRecords against TotalRecords tells of PutRecords alone what the other two may not yet tell.
 */
void
throttling_judge_writes(const struct look *look)
{
	struct traffic all = {
	    kd_get_series(look->facts, IN_REFUSED, NULL), kd_get_series(look->facts, IN_RECORDS, NULL), false};
	struct traffic put = {
	    kd_get_series(look->facts, PUT_THROTTLED, NULL), kd_get_series(look->facts, PUT_TOTAL, NULL), true};
	struct refusal refusal = throttling_measure(look, &all, WARNING),
		       of_put = throttling_measure(look, &put, WARNING);

	if (throttling_cannot_look(look, CHECK_WRITES, IN_REFUSED, IN_RECORDS))
		return;
	if (throttling_severity(&refusal) != KD_OK)
		report_writes(look, &all, &refusal);
	else if (throttling_severity(&of_put) != KD_OK)
		report_writes(look, &put, &of_put);
	else
		throttling_report_few(look, CHECK_WRITES, "records", all.refused);
}
