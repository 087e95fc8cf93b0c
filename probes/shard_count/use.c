/* SPDX-License-Identifier: Apache-2.0 */
/* use: how full each shard is, which one is hot, and where to split it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/shard_count/shard_count.h"

enum { LEVEL_OF = 5, TEXT_SIZE = 200 };

/* From this times the median shard on, one is hot; below, all are alike, and `capacity` tells how full they are. */
static const double hot_skew = 1.5;

/* How full the shards are of what limits them. */
struct fill {
	const char *what; /* "writes", "reads" */
	size_t count;
	const char *id;      /* of the fullest; NULL: nothing is known */
	double most, median; /* percent */
};

/* The series of a metric of all shards, and what a shard takes of it a second. */
struct metric {
	const struct kd_series *list;
	size_t count;
	double limit;
};

static struct metric
get_metric(const struct shard_look *look, size_t need, double limit)
{
	struct metric metric = {.limit = limit};

	metric.list = kd_get_series(look->facts, need, &metric.count);
	return metric;
}

/* Mostly both lists have the same shards in the same order. */
static const struct kd_series *
find_subject(const struct metric *metric, size_t guess, const char *subject)
{
	if (guess < metric->count && strcmp(metric->list[guess].subject, subject) == 0)
		return &metric->list[guess];
	for (size_t i = 0; i < metric->count; i++)
		if (strcmp(metric->list[i].subject, subject) == 0)
			return &metric->list[i];
	return NULL;
}

static double
percent_of(const struct metric *metric, size_t guess, const char *subject)
{
	const struct kd_series *series = find_subject(metric, guess, subject);
	double level;

	return series != NULL && kd_series_level(series, LEVEL_OF, &level)
		   ? level / (double)series->period_s / metric->limit * 100
		   : 0;
}

/* The fuller of the two counts; other: of the same shards, or empty. */
static struct fill
measure(const char *what, const struct metric *metric, const struct metric *other)
{
	struct fill fill = {.what = what, .count = metric->count};
	struct kd_series all = {.period_s = 60, .count = metric->count};
	double *values = malloc((metric->count + 1) * sizeof(*values)), second;

	if (values == NULL)
		abort();
	for (size_t i = 0; i < metric->count; i++) {
		values[i] = percent_of(metric, i, metric->list[i].subject);
		second = percent_of(other, i, metric->list[i].subject);
		if (second > values[i])
			values[i] = second;
		if (fill.id != NULL && values[i] <= fill.most)
			continue;
		fill.most = values[i];
		fill.id = metric->list[i].subject;
	}
	all.values = values;
	(void)kd_series_median(&all, &fill.median);
	free(values);
	return fill;
}

static const struct kd_shard *
find_shard(const struct shard_look *look, const char *id)
{
	size_t count;
	const struct kd_shard *shards = kd_get_shards(look->facts, NEED_SHARDS, &count);

	for (size_t i = 0; id != NULL && i < count; i++)
		if (strcmp(shards[i].id, id) == 0)
			return &shards[i];
	return NULL;
}

/* ON_DEMAND splits by itself, above 500 KB/s: what stays full there is one key. */
static enum kd_severity
severity_of(const struct shard_look *look, const struct fill *fill)
{
	if (fill->count < 2 || fill->most < kd_percent(look->settings, OPTION_USE_WARNING) ||
	    fill->most < fill->median * hot_skew)
		return KD_OK;
	return fill->most >= kd_percent(look->settings, OPTION_USE_CRITICAL) ? KD_CRITICAL : KD_WARNING;
}

static void
add_evidence(const struct shard_look *look, const struct fill *fill, const struct kd_shard *shard)
{
	char hash[KD_HASH_SIZE];

	kd_evidence_string(look->out, "shard", fill->id);
	kd_evidence_number(look->out, "use_percent", fill->most);
	kd_evidence_number(look->out, "median_percent", fill->median);
	if (fill->median > 0)
		kd_evidence_number(look->out, "skew", fill->most / fill->median);
	if (shard == NULL)
		return;
	kd_evidence_string(look->out, "first_hash_key", kd_hash_decimal(shard->first, hash));
	kd_evidence_string(look->out, "last_hash_key", kd_hash_decimal(shard->last, hash));
}

/* In the middle of the shard's range; ON_DEMAND streams are split by AWS alone (Kinesis API reference, SplitShard). */
static void
next_split(const struct shard_look *look, const struct kd_shard *shard)
{
	char middle[KD_HASH_SIZE];

	if (shard == NULL || look->summary->mode == KD_MODE_ON_DEMAND)
		return;
	kd_next(look->out,
	    "aws kinesis split-shard --stream-name %s --shard-to-split %s --new-starting-hash-key %s --region %s",
	    kd_stream_name(look->facts), shard->id, kd_hash_decimal(kd_hash_middle(shard->first, shard->last), middle),
	    kd_stream_region(look->facts));
}

/* ", 4.1 times the median of 8 shards" */
static const char *
say_skew(const struct fill *fill, char text[TEXT_SIZE])
{
	if (fill->count < 2)
		(void)snprintf(text, TEXT_SIZE, ", the only one");
	else if (fill->median > 0)
		(void)snprintf(text, TEXT_SIZE, ", %.*f times the median of %zu shards",
		    fill->most < 9.95 * fill->median, fill->most / fill->median, fill->count);
	else
		(void)snprintf(text, TEXT_SIZE, ", of %zu shards of which most are idle", fill->count);
	return text;
}

static void
report(const struct shard_look *look, const struct fill *fill)
{
	const struct kd_shard *shard = find_shard(look, fill->id);
	enum kd_severity severity = severity_of(look, fill);
	bool on_demand = look->summary->mode == KD_MODE_ON_DEMAND;
	char share[KD_NUMBER_SIZE], skew[TEXT_SIZE];

	kd_share(fill->most, share);
	say_skew(fill, skew);
	if (severity == KD_OK)
		kd_find(look->out, CHECK_SHARD_USE, NULL, KD_OK, "%s fill the fullest shard, %s, to %s%s", fill->what,
		    fill->id, share, skew);
	else
		kd_find(look->out, CHECK_SHARD_USE, NULL, severity, "%s fill %s to %s%s: %s", fill->what, fill->id,
		    share, skew,
		    on_demand ? "AWS splits hot shards within 15 min, unless it is a single key"
			      : "split it, or spread the partition keys");
	add_evidence(look, fill, shard);
	if (severity != KD_OK)
		next_split(look, shard);
}

/* Enhanced fan-out consumers have reads of their own beside what a shard gives to all others. */
static bool
reads_count(const struct shard_look *look)
{
	return look->summary->consumers == 0;
}

void
shard_count_judge_use(const struct shard_look *look)
{
	struct metric bytes = get_metric(look, NEED_SHARD_IN_BYTES, SHARD_IN_BYTES), none = {0};
	struct metric records = get_metric(look, NEED_SHARD_IN_RECORDS, SHARD_IN_RECORDS);
	struct metric out = get_metric(look, NEED_SHARD_OUT_BYTES, SHARD_OUT_BYTES);
	struct fill in = measure("writes", bytes.count > 0 ? &bytes : &records, &records);
	struct fill read = measure("reads", reads_count(look) ? &out : &none, &none);
	enum kd_reason reason = kd_missing(look->facts, NEED_SHARD_IN_BYTES);

	if (in.id == NULL && read.id == NULL && reason == KD_NOT_CONFIGURED)
		kd_find(look->out, CHECK_SHARD_USE, NULL, KD_OK, "not looked at by shard: %s",
		    kd_missing_why(look->facts, NEED_SHARD_IN_BYTES));
	else if (in.id == NULL && read.id == NULL && reason != KD_KNOWN && reason != KD_NO_DATA)
		kd_unknown(look->out, CHECK_SHARD_USE, NULL, look->facts, NEED_SHARD_IN_BYTES);
	else if (in.most <= 0 && read.most <= 0)
		kd_find(look->out, CHECK_SHARD_USE, NULL, KD_OK, "no shard is used");
	else
		report(look, in.id == NULL || severity_of(look, &read) > severity_of(look, &in) ? &read : &in);
}
