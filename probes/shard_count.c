/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_count: are there as many open shards as declared, do they take every hash key exactly once, and are they enough? The last question
 * is answered in probes/shard_count/.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/shard_count/shard_count.h"

enum { LOOK_S = 900, HOURS_S = 3 * 3600, DAY_S = 86400 };

static const struct kd_need needs[] = {
    [NEED_SUMMARY] = {.kind = KD_STREAM_SUMMARY},
    [NEED_SHARDS] = {.kind = KD_SHARDS},
    [NEED_EXPECT] = {.kind = KD_EXPECT},
    [NEED_IN_BYTES] = {.kind = KD_METRIC, .metric = "IncomingBytes", .stat = KD_SUM, .window_s = HOURS_S},
    [NEED_IN_RECORDS] = {.kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM, .window_s = HOURS_S},
    [NEED_DAY_BYTES] =
	{.kind = KD_METRIC, .metric = "IncomingBytes", .stat = KD_SUM, .period_s = 300, .window_s = DAY_S},
    [NEED_DAY_RECORDS] =
	{.kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM, .period_s = 300, .window_s = DAY_S},
    [NEED_IN_REFUSED] = {.kind = KD_METRIC,
	.metric = "WriteProvisionedThroughputExceeded",
	.stat = KD_SUM,
	.window_s = LOOK_S},
    [NEED_OUT_BYTES] =
	{.kind = KD_METRIC, .metric = "GetRecords.Bytes", .stat = KD_SUM, .period_s = 300, .window_s = LOOK_S},
    [NEED_MONTH_BYTES] =
	{.kind = KD_METRIC, .metric = "IncomingBytes", .stat = KD_SUM, .period_s = 3600, .window_s = 30 * DAY_S},
    [NEED_SHARD_IN_BYTES] =
	{.kind = KD_METRIC, .metric = "IncomingBytes", .stat = KD_SUM, .per = KD_PER_SHARD, .window_s = LOOK_S},
    [NEED_SHARD_IN_RECORDS] =
	{.kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM, .per = KD_PER_SHARD, .window_s = LOOK_S},
    [NEED_SHARD_OUT_BYTES] =
	{.kind = KD_METRIC, .metric = "OutgoingBytes", .stat = KD_SUM, .per = KD_PER_SHARD, .window_s = LOOK_S},
};

static const struct kd_option options[] = {
    [OPTION_TOLERANCE] = {"tolerance", KD_INTEGER, "0", 0, 10000,
	"how many open shards more or fewer than declared are still ok"},
    [OPTION_USE_WARNING] = {"use_warning", KD_PERCENT, "80%", 0, 100,
	"the share of what shards take and give that may be used"},
    [OPTION_USE_CRITICAL] = {"use_critical", KD_PERCENT, "95%", 0, 100, "the share from which their use is critical"},
    [OPTION_HEADROOM] = {"headroom", KD_PERCENT, "25%", 0, 1000,
	"how much more than the last day's peak the shards that it asks for shall take"},
};

#define STEP_SHARDS "Verify the number of open shards"

static const struct kd_check checks[] = {
    [CHECK_COUNT] = {"count", "stream_not_capturing_data", STEP_SHARDS},
    [CHECK_HASH_RANGE] = {"hash_range", "stream_not_capturing_data", "List the shards and their hash key ranges"},
    [CHECK_CAPACITY] = {"capacity", "stream_not_capturing_data", STEP_SHARDS},
    [CHECK_CAPACITY_OUT] = {"capacity_out", "high_latency", STEP_SHARDS},
    [CHECK_SHARD_USE] = {"shard_use", "high_latency", "Review shard-level metrics"},
};

static const char *
plural(int64_t count)
{
	return count == 1 ? "" : "s";
}

/* ---- count ---- */

/* What is known of the number of open shards. */
struct count {
	int64_t open;
	int64_t summary, listed; /* -1: not listed */
};

/* Two calls saw the stream at two instants: the later one counts; of the same instant, the list, which has a name for each. */
static struct count
count_open(const struct kd_facts *facts, const struct kd_stream_summary *summary)
{
	struct count count = {.open = summary->open_shards, .summary = summary->open_shards, .listed = -1};
	size_t listed;

	if (kd_get_shards(facts, NEED_SHARDS, &listed) == NULL)
		return count;
	count.listed = (int64_t)listed;
	if (kd_fact_ms(facts, NEED_SHARDS) >= kd_fact_ms(facts, NEED_SUMMARY))
		count.open = count.listed;
	return count;
}

static void
add_count_evidence(struct kd_report *out, const struct count *count, int64_t expected)
{
	kd_evidence_integer(out, "open_shards", count->open);
	if (expected > 0)
		kd_evidence_integer(out, "expected_shards", expected);
	if (count->listed >= 0 && count->listed != count->summary) {
		kd_evidence_integer(out, "listed_shards", count->listed);
		kd_evidence_integer(out, "summary_open_shards", count->summary);
	}
}

int64_t
shard_count_next_target(int64_t open, int64_t expected)
{
	if (expected > 2 * open)
		return 2 * open;
	return expected < (open + 1) / 2 ? (open + 1) / 2 : expected;
}

/* The number differs by more than is tolerated. */
static void
report_wrong(const struct kd_facts *facts, enum kd_status status, int64_t open, int64_t expected, struct kd_report *out)
{
	int64_t target = shard_count_next_target(open, expected),
		off = open > expected ? open - expected : expected - open;
	const char *more = open > expected ? "more, each is paid for" : "too few";

	if (status != KD_STATUS_ACTIVE) {
		kd_find(out, CHECK_COUNT, NULL, KD_INFO,
		    "%" PRId64 " open shard%s, %" PRId64 " expected, while the stream is %s (%s)", open, plural(open),
		    expected, kd_status_name(status),
		    status == KD_STATUS_UPDATING ? "a reshard may be in progress" : "see stream_status");
		return;
	}
	kd_find(out, CHECK_COUNT, NULL, KD_WARNING, "%" PRId64 " open shard%s, %" PRId64 " expected (%" PRId64 " %s)",
	    open, plural(open), expected, off, more);
	kd_next(out,
	    "aws kinesis update-shard-count --stream-name %s --target-shard-count %" PRId64
	    " --scaling-type UNIFORM_SCALING --region %s",
	    kd_stream_name(facts), target, kd_stream_region(facts));
}

static void
report_provisioned(const struct kd_facts *facts, const struct kd_settings *settings,
    const struct kd_stream_summary *summary, int64_t open, int64_t expected, struct kd_report *out)
{
	int64_t tolerance = kd_integer(settings, OPTION_TOLERANCE),
		off = open > expected ? open - expected : expected - open;

	if (open == 0 && summary->status == KD_STATUS_ACTIVE) {
		kd_find(out, CHECK_COUNT, NULL, KD_CRITICAL, "no open shard: nothing can be written");
		kd_next(out, "aws kinesis list-shards --stream-name %s --shard-filter Type=AT_LATEST --region %s",
		    kd_stream_name(facts), kd_stream_region(facts));
	} else if (expected == 0)
		kd_find(out, CHECK_COUNT, NULL, KD_OK, "%" PRId64 " open shard%s (none declared)", open, plural(open));
	else if (off > tolerance)
		report_wrong(facts, summary->status, open, expected, out);
	else if (off > 0)
		kd_find(out, CHECK_COUNT, NULL, KD_OK,
		    "%" PRId64 " open shard%s, %" PRId64 " expected (within the tolerance of %" PRId64 ")", open,
		    plural(open), expected, tolerance);
	else
		kd_find(out, CHECK_COUNT, NULL, KD_OK, "%" PRId64 " open shard%s, as expected", open, plural(open));
}

static void
judge_count(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	const struct kd_stream_summary *summary = kd_get_summary(facts, NEED_SUMMARY);
	const struct kd_expect *expect = kd_get_expect(facts, NEED_EXPECT);
	struct count count;
	int64_t expected;

	if (summary == NULL) {
		kd_unknown(out, CHECK_COUNT, NULL, facts, NEED_SUMMARY);
		return;
	}
	if (expect == NULL && kd_missing(facts, NEED_EXPECT) != KD_NOT_CONFIGURED) {
		kd_unknown(out, CHECK_COUNT, NULL, facts, NEED_EXPECT);
		return;
	}
	count = count_open(facts, summary);
	expected = expect != NULL ? expect->shard_count : 0;
	if (summary->mode == KD_MODE_ON_DEMAND)
		kd_find(out, CHECK_COUNT, NULL, KD_INFO, "%" PRId64 " open shard%s (ON_DEMAND: AWS chooses the number)",
		    count.open, plural(count.open));
	else
		report_provisioned(facts, settings, summary, count.open, expected, out);
	add_count_evidence(out, &count, expected);
}

/* ---- hash_range ---- */

static const struct kd_hash hash_first = {0, 0}, hash_last = {UINT64_MAX, UINT64_MAX};

static int
compare_hash(struct kd_hash a, struct kd_hash b)
{
	if (a.high != b.high)
		return a.high < b.high ? -1 : 1;
	return a.low < b.low ? -1 : a.low > b.low;
}

/* Not of the last one of all. */
static struct kd_hash
hash_after(struct kd_hash hash)
{
	return (struct kd_hash){hash.high + (hash.low == UINT64_MAX), hash.low + 1};
}

/* Not of 0. */
static struct kd_hash
hash_before(struct kd_hash hash)
{
	return (struct kd_hash){hash.high - (hash.low == 0), hash.low - 1};
}

/* By where a range starts; the rest only so that the same shards in any order give the same findings. */
static int
compare_shards(const void *a, const void *b)
{
	const struct kd_shard *left = a, *right = b;
	int order = compare_hash(left->first, right->first);

	if (order == 0)
		order = compare_hash(left->last, right->last);
	return order != 0 ? order : strcmp(left->id, right->id);
}

/* Hash keys that no shard takes (gap) or that two take. left and right: the shards beside it or those two; NULL: none there. */
struct fault {
	bool gap;
	struct kd_hash first, last;
	const char *left, *right;
};

struct walk {
	struct kd_hash next; /* the first key that no shard so far takes */
	bool full;           /* there is none: the last key of all is taken */
	const char *reaches; /* the shard that takes what is before next; NULL: none yet */
	struct fault fault;  /* the first */
	size_t gaps, overlaps;
};

static void
note_fault(struct walk *walk, struct fault fault)
{
	if (walk->gaps + walk->overlaps == 0)
		walk->fault = fault;
	walk->gaps += fault.gap;
	walk->overlaps += !fault.gap;
}

static void
walk_shard(struct walk *walk, const struct kd_shard *shard)
{
	int order = walk->full ? -1 : compare_hash(shard->first, walk->next);
	struct kd_hash end = walk->full ? hash_last : order < 0 ? hash_before(walk->next) : hash_first;

	if (order > 0)
		note_fault(walk, (struct fault){true, walk->next, hash_before(shard->first), walk->reaches, shard->id});
	if (order < 0)
		note_fault(walk, (struct fault){false, shard->first,
				     compare_hash(shard->last, end) < 0 ? shard->last : end, walk->reaches, shard->id});
	if (walk->full || (order < 0 && compare_hash(shard->last, end) <= 0))
		return; /* it reaches no further than those before it */
	walk->reaches = shard->id;
	walk->full = compare_hash(shard->last, hash_last) == 0;
	if (!walk->full)
		walk->next = hash_after(shard->last);
}

/* The shards are sorted. A range that ends before it starts takes no key. */
static struct walk
walk_shards(const struct kd_shard *shards, size_t count)
{
	struct walk walk = {.next = hash_first};

	for (size_t i = 0; i < count; i++)
		if (compare_hash(shards[i].first, shards[i].last) <= 0)
			walk_shard(&walk, &shards[i]);
	if (!walk.full)
		note_fault(&walk, (struct fault){true, walk.next, hash_last, walk.reaches, NULL});
	return walk;
}

/* " (between A and B)", " (before B)", " (after A)"; nothing when there are no shards at all. */
static const char *
place_of(const struct fault *gap, char *buf, size_t size)
{
	if (gap->left != NULL && gap->right != NULL)
		(void)snprintf(buf, size, " (between %s and %s)", gap->left, gap->right);
	else if (gap->left != NULL)
		(void)snprintf(buf, size, " (after %s)", gap->left);
	else if (gap->right != NULL)
		(void)snprintf(buf, size, " (before %s)", gap->right);
	else
		buf[0] = '\0';
	return buf;
}

/* "17 %" of all hash keys: what a person can judge, where 39 digits cannot be; those stand in the evidence. */
static const char *
share_of(const struct fault *fault, char *buf, size_t size)
{
	double high = (double)(fault->last.high - fault->first.high - (fault->last.low < fault->first.low));
	double percent = high / 18446744073709551616.0 * 100;

	if (percent < 1)
		(void)snprintf(buf, size, "less than 1 %%");
	else
		(void)snprintf(buf, size, "%.0f %%", percent);
	return buf;
}

/* What is wrong with the first fault. */
static const char *
describe_fault(const struct fault *fault, bool passes, char *buf, size_t size)
{
	char place[160], share[32];

	share_of(fault, share, sizeof(share));
	if (fault->gap)
		(void)snprintf(buf, size, "%s of the hash keys have no open shard%s%s", share,
		    place_of(fault, place, sizeof(place)), passes ? "" : ": writes to them fail");
	else
		(void)snprintf(
		    buf, size, "%s and %s take the same hash keys, %s of all", fault->left, fault->right, share);
	return buf;
}

static void
report_fault(const struct kd_facts *facts, enum kd_status status, const struct walk *walk, struct kd_report *out)
{
	bool passes = status != KD_STATUS_ACTIVE;
	size_t faults = walk->gaps + walk->overlaps;
	char fault[320], more[64] = "", passing[64] = "", hash[KD_HASH_SIZE];

	if (passes)
		(void)snprintf(passing, sizeof(passing), "; the stream is %s%s", kd_status_name(status),
		    status == KD_STATUS_UPDATING ? ", a reshard is passing" : "");
	if (faults > 1)
		(void)snprintf(
		    more, sizeof(more), " (and %zu more such place%s)", faults - 1, plural((int64_t)faults - 1));
	kd_find(out, CHECK_HASH_RANGE, NULL, passes ? KD_INFO : KD_CRITICAL, "%s%s%s",
	    describe_fault(&walk->fault, passes, fault, sizeof(fault)), more, passing);
	kd_evidence_string(out, "first", kd_hash_decimal(walk->fault.first, hash));
	kd_evidence_string(out, "last", kd_hash_decimal(walk->fault.last, hash));
	kd_evidence_integer(out, "gaps", (int64_t)walk->gaps);
	kd_evidence_integer(out, "overlaps", (int64_t)walk->overlaps);
	kd_next(out, "aws kinesis list-shards --stream-name %s --shard-filter Type=AT_LATEST --region %s",
	    kd_stream_name(facts), kd_stream_region(facts));
}

static struct walk
walk_unsorted(const struct kd_shard *shards, size_t count)
{
	struct kd_shard *sorted = malloc((count > 0 ? count : 1) * sizeof(*sorted));
	struct walk walk;

	if (sorted == NULL)
		abort();
	memcpy(sorted, shards, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_shards);
	walk = walk_shards(sorted, count);
	free(sorted);
	return walk;
}

static void
judge_hash_range(const struct kd_facts *facts, struct kd_report *out)
{
	const struct kd_stream_summary *summary = kd_get_summary(facts, NEED_SUMMARY);
	const struct kd_shard *shards;
	struct walk walk;
	size_t count;

	if ((shards = kd_get_shards(facts, NEED_SHARDS, &count)) == NULL) {
		kd_unknown(out, CHECK_HASH_RANGE, NULL, facts, NEED_SHARDS);
		return;
	}
	walk = walk_unsorted(shards, count);
	if (walk.gaps + walk.overlaps == 0) {
		kd_find(out, CHECK_HASH_RANGE, NULL, KD_OK, "%zu open shard%s take%s every hash key exactly once",
		    count, plural((int64_t)count), count == 1 ? "s" : "");
		kd_evidence_integer(out, "listed_shards", (int64_t)count);
	} else if (summary == NULL)
		/* Whether a reshard is passing is what tells the alarm from the news. */
		kd_unknown(out, CHECK_HASH_RANGE, NULL, facts, NEED_SUMMARY);
	else
		report_fault(facts, summary->status, &walk, out);
}

static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	struct shard_look look = {facts, settings, kd_get_summary(facts, NEED_SUMMARY), out};

	judge_count(facts, settings, out);
	judge_hash_range(facts, out);
	if (look.summary == NULL) {
		for (size_t check = CHECK_CAPACITY; check < KD_COUNT(checks); check++)
			kd_unknown(out, check, NULL, facts, NEED_SUMMARY);
		return;
	}
	shard_count_judge_capacity(&look);
	shard_count_judge_use(&look);
}

/*
 * Opens at once: what Kinesis answers is so, and a reshard that passes says UPDATING. Resolves in 2 of 3: the summary and the list are
 * two calls, between which the end of a reshard may fall.
 */
const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI,
    .name = "shard_count",
    .title = "Are there as many open shards as declared, do they take every hash key once, and are they enough?",
    .needs = needs,
    .needs_count = KD_COUNT(needs),
    .options = options,
    .options_count = KD_COUNT(options),
    .checks = checks,
    .checks_count = KD_COUNT(checks),
    .open = {1, 1},
    .resolve = {2, 3},
    .judge = judge,
};
