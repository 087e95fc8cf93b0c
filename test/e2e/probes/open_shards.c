/* SPDX-License-Identifier: Apache-2.0 */
/* open_shards: the half of shard_count that judges what DescribeStreamSummary and ListShards say, for the benchmark of these calls: the other half judges metrics, which come by calls of their own. */
#include <inttypes.h>
#include <kdiag/probe.h>

enum { SUMMARY, SHARDS, EXPECT };

static const struct kd_need needs[] = {
    [SUMMARY] = {.kind = KD_STREAM_SUMMARY},
    [SHARDS] = {.kind = KD_SHARDS},
    [EXPECT] = {.kind = KD_EXPECT},
};

enum { COUNT, HASH_RANGE };

static const struct kd_check checks[] = {
    [COUNT] = {"count", "stream_not_capturing_data", "Verify the number of open shards"},
    [HASH_RANGE] = {"hash_range", "stream_not_capturing_data", "List the shards and their hash key ranges"},
};

/* How many shards begin where another ends: with the first, all of them when nothing is missing. */
static size_t
count_joined(const struct kd_shard *shards, size_t count)
{
	size_t joined = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++)
			joined += shards[k].last.low + 1 == shards[i].first.low &&
				  shards[k].last.high + (shards[i].first.low == 0) == shards[i].first.high;
	return joined;
}

static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	const struct kd_stream_summary *summary = kd_get_summary(facts, SUMMARY);
	const struct kd_expect *expect = kd_get_expect(facts, EXPECT);
	size_t count;
	const struct kd_shard *shards = kd_get_shards(facts, SHARDS, &count);

	(void)settings;
	if (summary == NULL || shards == NULL) {
		kd_unknown(out, COUNT, NULL, facts, summary == NULL ? SUMMARY : SHARDS);
		kd_unknown(out, HASH_RANGE, NULL, facts, summary == NULL ? SUMMARY : SHARDS);
		return;
	}
	kd_find(out, COUNT, NULL, expect != NULL && expect->shard_count != summary->open_shards ? KD_WARNING : KD_OK,
	    "%" PRId64 " open shards, %zu listed", summary->open_shards, count);
	kd_evidence_integer(out, "open_shards", summary->open_shards);
	kd_find(out, HASH_RANGE, NULL, count_joined(shards, count) + 1 >= count ? KD_OK : KD_CRITICAL,
	    "%zu open shards take every hash key exactly once", count);
}

const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI,
    .name = "open_shards",
    .title = "are there as many open shards as declared?",
    .needs = needs,
    .needs_count = KD_COUNT(needs),
    .checks = checks,
    .checks_count = KD_COUNT(checks),
    .judge = judge,
};
