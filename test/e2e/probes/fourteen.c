/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fourteen: fourteen metrics of a stream, and one more of each shard: what one stream costs in the tests of calls and money. It judges nothing, and says how many points it sees.
 */
#include <kdiag/probe.h>

enum { STREAM_METRICS = 14, SHARDS = STREAM_METRICS };

#define METRIC(name, how) \
	{ \
		.kind = KD_METRIC, .metric = name, .stat = how, .window_option = 1 \
	}

static const struct kd_need needs[] = {
    METRIC("IncomingBytes", KD_SUM),
    METRIC("IncomingRecords", KD_SUM),
    METRIC("PutRecord.Latency", KD_AVERAGE),
    METRIC("PutRecord.Success", KD_AVERAGE),
    METRIC("PutRecords.Latency", KD_AVERAGE),
    METRIC("PutRecords.TotalRecords", KD_SUM),
    METRIC("PutRecords.FailedRecords", KD_SUM),
    METRIC("PutRecords.ThrottledRecords", KD_SUM),
    METRIC("WriteProvisionedThroughputExceeded", KD_SUM),
    METRIC("ReadProvisionedThroughputExceeded", KD_SUM),
    METRIC("GetRecords.Bytes", KD_SUM),
    METRIC("GetRecords.Latency", KD_AVERAGE),
    METRIC("GetRecords.Success", KD_AVERAGE),
    METRIC("GetRecords.IteratorAgeMilliseconds", KD_MAXIMUM),
    [SHARDS] = {.kind = KD_METRIC, .metric = "IncomingBytes", .stat = KD_SUM, .per = KD_PER_SHARD, .window_s = 300},
};

static const struct kd_option options[] = {{"window", KD_DURATION, "15m", 60, 86400, "how far back it looks"}};

enum { SEEN, SHARDS_SEEN };
static const struct kd_check checks[] = {
    [SEEN] = {"seen", "stream_not_capturing_data", "Review the metrics"},
    [SHARDS_SEEN] = {"shards_seen", "stream_not_capturing_data", "Review the metrics of the shards"},
};

static size_t
count_known(const struct kd_facts *facts, size_t need)
{
	size_t count, known = 0;
	const struct kd_series *series = kd_get_series(facts, need, &count);

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < series[i].count; k++)
			known += series[i].values[k] == series[i].values[k];
	return known;
}

/* A metric without a datapoint is no trouble; one that could not be had is. */
static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	size_t known = 0, series;

	(void)settings;
	for (size_t need = 0; need < STREAM_METRICS; need++) {
		if (kd_missing(facts, need) != KD_KNOWN && kd_missing(facts, need) != KD_NO_DATA) {
			kd_unknown(out, SEEN, NULL, facts, need);
			return;
		}
		known += count_known(facts, need);
	}
	kd_find(out, SEEN, NULL, KD_OK, "%zu points", known);
	if (kd_missing(facts, SHARDS) != KD_KNOWN)
		return;
	kd_get_series(facts, SHARDS, &series);
	kd_find(out, SHARDS_SEEN, NULL, KD_OK, "%zu points of %zu shards", count_known(facts, SHARDS), series);
}

const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI,
    .name = "fourteen",
    .title = "fourteen metrics of the stream",
    .needs = needs,
    .needs_count = KD_COUNT(needs),
    .options = options,
    .options_count = KD_COUNT(options),
    .checks = checks,
    .checks_count = KD_COUNT(checks),
    .judge = judge,
};
