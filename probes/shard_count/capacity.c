/* SPDX-License-Identifier: Apache-2.0 */
/* capacity: how much of what the stream's shards take and give is used, and how many shards the last day's traffic asks for. */
#include <inttypes.h>
#include <stdio.h>

#include "probes/shard_count/shard_count.h"

/* Three minutes of five are a level; so many of some hours are a peak and no spike. */
enum { LEVEL_OF = 5, PEAK_MINUTES = 3, POINTS_MAX = 288, RECENT_S = 900 };

/* What an ON_DEMAND stream takes before it has had any traffic (Kinesis developer guide, "Choose the right mode"). */
static const double on_demand_bytes = 4e6;

/* Above this per shard AWS splits shards of an ON_DEMAND stream, within 15 min (same place). */
static const double on_demand_split_bytes = 500e3;

static double
nothing_if_absent(double value)
{
	return value > 0 ? value : 0;
}

/* ---- what is used ---- */

/* What came in, by whatever period; refused: NULL where it is not known so far back. */
struct input {
	const struct kd_series *bytes, *records, *refused;
};

struct use {
	double now, peak;      /* percent of the limits: the level of late, and the peak of the day */
	double bytes, records; /* a second, of late */
};

/* Percent of what the shards take, by a point a period. */
struct percents {
	struct kd_series series;
	double values[POINTS_MAX];
};

static double
limit_use(double bytes, double records, double seconds, double shards)
{
	double by_bytes = bytes / seconds / (shards * SHARD_IN_BYTES) * 100;
	double by_records = records / seconds / (shards * SHARD_IN_RECORDS) * 100;

	return by_bytes > by_records ? by_bytes : by_records;
}

/* What was refused wanted in too: demand = accepted + refused. Of bytes only those that were accepted are told. */
static void
fill_percents(const struct input *input, double shards, struct percents *use)
{
	use->series = kd_series_tail(input->bytes, input->bytes->period_s * POINTS_MAX);
	for (size_t i = 0; i < use->series.count; i++) {
		int64_t ms = use->series.first_ms + (int64_t)i * use->series.period_s * 1000;
		double taken = nothing_if_absent(kd_series_at(input->records, ms)), in = use->series.values[i];
		double lost = nothing_if_absent(kd_series_at(input->refused, ms));
		double scale = taken > 0 ? (taken + lost) / taken : 1;

		/* NAN stays NAN */
		use->values[i] =
		    in >= 0 ? limit_use(in * scale, taken + lost, (double)use->series.period_s, shards) : in;
	}
	use->series.values = use->values;
}

/* The third highest: two minutes are a spike. Of fewer, the highest. */
static double
find_peak(const struct kd_series *series)
{
	double top[PEAK_MINUTES] = {0};

	for (size_t i = 0; i < series->count; i++) {
		double value = series->values[i];

		for (size_t j = 0; j < KD_COUNT(top); j++)
			if (value > top[j]) {
				double lower = top[j];

				top[j] = value;
				value = lower;
			}
	}
	return kd_series_known(series) < KD_COUNT(top) ? top[0] : top[KD_COUNT(top) - 1];
}

static double
level_a_second(const struct kd_series *series)
{
	double level = 0;

	(void)kd_series_level(series, LEVEL_OF, &level);
	return series != NULL ? level / (double)series->period_s : 0;
}

static double
open_shards(const struct shard_look *look)
{
	return (double)(look->summary->open_shards > 0 ? look->summary->open_shards : 1);
}

/* The peak of the day is its fullest five minutes, or of the last hours the third fullest minute. */
static double
day_peak(const struct shard_look *look, const struct percents *minutes)
{
	struct input day = {.bytes = kd_get_series(look->facts, NEED_DAY_BYTES, NULL),
	    .records = kd_get_series(look->facts, NEED_DAY_RECORDS, NULL)};
	double peak = find_peak(&minutes->series), of_day;
	struct percents percents;

	if (day.bytes == NULL)
		return peak;
	fill_percents(&day, open_shards(look), &percents);
	return kd_series_max(&percents.series, &of_day) && of_day > peak ? of_day : peak;
}

/* false: nothing came in that could use anything. */
static bool
measure_use(const struct shard_look *look, struct use *use)
{
	struct input input = {kd_get_series(look->facts, NEED_IN_BYTES, NULL),
	    kd_get_series(look->facts, NEED_IN_RECORDS, NULL), kd_get_series(look->facts, NEED_IN_REFUSED, NULL)};
	struct percents minutes;

	*use = (struct use){0};
	if (input.bytes == NULL)
		return false;
	fill_percents(&input, open_shards(look), &minutes);
	use->peak = day_peak(look, &minutes);
	(void)kd_series_level(&minutes.series, LEVEL_OF, &use->now);
	use->bytes = level_a_second(input.bytes);
	use->records = level_a_second(input.records);
	return true;
}

/* ---- PROVISIONED: is there enough, and how many would be? ---- */

/* Upwards, and one at least. */
static int64_t
shards_for(const struct shard_look *look, double percent)
{
	static const double most = 1e9;
	double need = percent / 100 * (double)look->summary->open_shards *
		      (1 + kd_percent(look->settings, OPTION_HEADROOM) / 100);
	int64_t whole = need < most ? (int64_t)need : (int64_t)most;

	whole += (double)whole < need;
	return whole > 1 ? whole : 1;
}

static enum kd_severity
severity_of(const struct shard_look *look, double percent)
{
	if (percent >= kd_percent(look->settings, OPTION_USE_CRITICAL))
		return KD_CRITICAL;
	return percent >= kd_percent(look->settings, OPTION_USE_WARNING) ? KD_WARNING : KD_OK;
}

static void
add_use_evidence(const struct shard_look *look, const struct use *use, int64_t wanted)
{
	kd_evidence_integer(look->out, "open_shards", look->summary->open_shards);
	kd_evidence_number(look->out, "use_percent", use->now);
	kd_evidence_number(look->out, "day_peak_percent", use->peak);
	kd_evidence_number(look->out, "in_bytes_per_s", use->bytes);
	kd_evidence_number(look->out, "in_records_per_s", use->records);
	if (wanted > 0)
		kd_evidence_integer(look->out, "shards_asked_for", wanted);
}

static void
next_shards(const struct shard_look *look, int64_t wanted)
{
	int64_t open = look->summary->open_shards;

	if (wanted > open)
		kd_next(look->out,
		    "aws kinesis update-shard-count --stream-name %s --target-shard-count %" PRId64
		    " --scaling-type UNIFORM_SCALING --region %s",
		    kd_stream_name(look->facts), shard_count_next_target(open, wanted), kd_stream_region(look->facts));
}

static void
report_provisioned(const struct shard_look *look, const struct use *use)
{
	int64_t open = look->summary->open_shards,
		wanted = shards_for(look, use->peak > use->now ? use->peak : use->now);
	enum kd_severity severity = severity_of(look, use->now);
	char now[KD_NUMBER_SIZE], peak[KD_NUMBER_SIZE], bytes[KD_NUMBER_SIZE], records[KD_NUMBER_SIZE];
	char headroom[KD_NUMBER_SIZE];

	if (severity != KD_OK && wanted <= open)
		wanted = open + 1; /* full is full, whatever the headroom is set to */
	kd_share(use->now, now);
	kd_share(use->peak, peak);
	kd_share(kd_percent(look->settings, OPTION_HEADROOM), headroom);
	if (severity != KD_OK)
		kd_find(look->out, CHECK_CAPACITY, NULL, severity,
		    "writes %s %s of %" PRId64 " shard%s (%s, %s records/s): the last day's peak asks for %" PRId64
		    " shards with %s headroom",
		    use->now > 100 ? "ask for" : "fill", now, open, open == 1 ? "" : "s",
		    kd_byte_rate(use->bytes, bytes), kd_amount(use->records, records), wanted, headroom);
	else if (wanted > open)
		kd_find(look->out, CHECK_CAPACITY, NULL, KD_INFO,
		    "the last day's peak filled %s of %" PRId64 " shard%s: it asks for %" PRId64
		    " with %s headroom (now %s)",
		    peak, open, open == 1 ? "" : "s", wanted, headroom, now);
	else
		kd_find(look->out, CHECK_CAPACITY, NULL, KD_OK,
		    "writes fill %s of %" PRId64 " shard%s; the last day's peak, %s, asks for %" PRId64
		    " with %s headroom",
		    now, open, open == 1 ? "" : "s", peak, wanted, headroom);
	add_use_evidence(look, use, wanted);
	next_shards(look, wanted);
}

/* ---- ON_DEMAND: twice the peak of 30 days ---- */

/* Without its newest quarter of an hour, which is judged by the rest. */
static struct kd_series
before_now(const struct kd_series *series)
{
	struct kd_series before = *series;
	size_t recent = (size_t)(RECENT_S / series->period_s);

	before.count -= recent < before.count ? recent : before.count;
	return before;
}

/* The highest a second of the month's hours, the day's five minutes and the last hours' minutes. */
static double
month_peak(const struct shard_look *look)
{
	const struct kd_series *month = kd_get_series(look->facts, NEED_MONTH_BYTES, NULL);
	const struct kd_series *day = kd_get_series(look->facts, NEED_DAY_BYTES, NULL);
	struct kd_series hours = before_now(kd_get_series(look->facts, NEED_IN_BYTES, NULL)), earlier;
	double peak = find_peak(&hours) / (double)hours.period_s, value;

	if (kd_series_max(month, &value) && value / (double)month->period_s > peak)
		peak = value / (double)month->period_s;
	if (day == NULL)
		return peak;
	earlier = before_now(day);
	if (kd_series_max(&earlier, &value) && value / (double)day->period_s > peak)
		peak = value / (double)day->period_s;
	return peak;
}

/* What the stream takes at once, and why so much. Warm throughput is what AWS keeps ready whatever the peak was. */
struct limit {
	double bytes;
	const char *why;
};

static struct limit
on_demand_limit(const struct shard_look *look, double peak)
{
	double warm = (double)look->summary->warm_throughput_mibps * 1024 * 1024;
	struct limit limit = {on_demand_bytes, "what it takes without more traffic in 30 days"};

	if (2 * peak > limit.bytes)
		limit = (struct limit){2 * peak, "twice its 30-day peak"};
	if (warm > limit.bytes)
		limit = (struct limit){warm, "its warm throughput"};
	return limit;
}

static void
report_on_demand(const struct shard_look *look, const struct use *use)
{
	double peak = month_peak(look), shards = open_shards(look);
	struct limit limit = on_demand_limit(look, peak);
	char bytes[KD_NUMBER_SIZE], takes[KD_NUMBER_SIZE];

	kd_byte_rate(use->bytes, bytes);
	kd_byte_rate(limit.bytes, takes);
	if (use->bytes >= limit.bytes)
		kd_find(look->out, CHECK_CAPACITY, NULL, KD_WARNING,
		    "%s come in, past the %s that ON_DEMAND takes at once (%s): AWS may refuse records for 15 min",
		    bytes, takes, limit.why);
	else if (use->bytes / shards >= on_demand_split_bytes)
		kd_find(look->out, CHECK_CAPACITY, NULL, KD_INFO,
		    "%s come in, over 500 KB/s for each of %" PRId64
		    " shards: AWS splits them within 15 min (ON_DEMAND)",
		    bytes, look->summary->open_shards);
	else
		kd_find(look->out, CHECK_CAPACITY, NULL, KD_OK, "%s come in, ON_DEMAND takes %s at once (%s)", bytes,
		    takes, limit.why);
	add_use_evidence(look, use, 0);
	kd_evidence_number(look->out, "month_peak_bytes_per_s", peak);
	kd_evidence_number(look->out, "limit_bytes_per_s", limit.bytes);
}

static void
judge_in(const struct shard_look *look)
{
	static const size_t needed[] = {NEED_IN_BYTES, NEED_IN_RECORDS};
	struct use use;

	for (size_t i = 0; i < KD_COUNT(needed); i++) {
		enum kd_reason reason = kd_missing(look->facts, needed[i]);

		if (reason == KD_KNOWN || reason == KD_NO_DATA)
			continue;
		kd_unknown(look->out, CHECK_CAPACITY, NULL, look->facts, needed[i]);
		return;
	}
	if (!measure_use(look, &use))
		kd_find(look->out, CHECK_CAPACITY, NULL, KD_OK, "nothing came in for hours: no capacity is used");
	else if (look->summary->mode == KD_MODE_ON_DEMAND)
		report_on_demand(look, &use);
	else
		report_provisioned(look, &use);
}

/* ---- out ---- */

static void
next_consumers(const struct shard_look *look)
{
	if (kd_stream_arn(look->facts)[0] != '\0')
		kd_next(look->out, "aws lambda list-event-source-mappings --event-source-arn %s --region %s",
		    kd_stream_arn(look->facts), kd_stream_region(look->facts));
}

static void
judge_out(const struct shard_look *look)
{
	const struct kd_series *bytes = kd_get_series(look->facts, NEED_OUT_BYTES, NULL);
	double shards = open_shards(look), level = 0, percent;
	char share[KD_NUMBER_SIZE], rate[KD_NUMBER_SIZE], most[KD_NUMBER_SIZE];
	enum kd_severity severity;

	if (bytes == NULL && kd_missing(look->facts, NEED_OUT_BYTES) != KD_NO_DATA) {
		kd_unknown(look->out, CHECK_CAPACITY_OUT, NULL, look->facts, NEED_OUT_BYTES);
		return;
	}
	if (bytes != NULL && kd_series_level(bytes, 3, &level))
		level /= (double)bytes->period_s;
	percent = level / (shards * SHARD_OUT_BYTES) * 100;
	severity = severity_of(look, percent);
	kd_find(look->out, CHECK_CAPACITY_OUT, NULL, severity,
	    "GetRecords takes %s of what %" PRId64 " shard%s give%s (%s of %s)%s", kd_share(percent, share),
	    look->summary->open_shards, look->summary->open_shards == 1 ? "" : "s",
	    look->summary->open_shards == 1 ? "s" : "", kd_byte_rate(level, rate),
	    kd_byte_rate(shards * SHARD_OUT_BYTES, most),
	    severity == KD_OK ? "" : ": consumers share it; enhanced fan-out gives each its own");
	kd_evidence_number(look->out, "use_percent", percent);
	kd_evidence_number(look->out, "out_bytes_per_s", level);
	if (severity != KD_OK)
		next_consumers(look);
}

void
shard_count_judge_capacity(const struct shard_look *look)
{
	judge_in(look);
	judge_out(look);
}
