/* SPDX-License-Identifier: Apache-2.0 */
/* iterator_age: are records read in time, by whom not, and when are they lost? */
#include <inttypes.h>
#include <kdiag/probe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The options come first: the windows of needs point to them. */
enum { WARNING, CRITICAL, LAG_WARNING, LAG_CRITICAL, WINDOW, READ_SUCCESS };

static const struct kd_option options[] = {
    [WARNING] = {"warning", KD_PERCENT, "25%", 0, 100,
	"the share of the stream's retention that consumers may be behind"},
    [CRITICAL] = {"critical", KD_PERCENT, "50%", 0, 100,
	"the share of the retention from which being behind is critical: AWS calls half of it a risk of loss"},
    [LAG_WARNING] = {"lag_warning", KD_DURATION, NULL, 1, 365 * 86400,
	"how far consumers may be behind as a time, beside the share"},
    [LAG_CRITICAL] = {"lag_critical", KD_DURATION, NULL, 1, 365 * 86400, "from which time behind it is critical"},
    [WINDOW] = {"window", KD_DURATION, "15m", 600, 3 * 3600,
	"over how long the trend is taken that says when records are lost or consumers have caught up"},
    [READ_SUCCESS] = {"read_success", KD_PERCENT, "95%", 0, 100, "the share of GetRecords calls that must succeed"},
};

enum { SUMMARY, AGE, RECORDS_IN, READ_OK, READ_REFUSED, SHARD_AGE, CONSUMER_AGE };

/* Lag is looked at over this; a reader that asks once in five minutes has three points in it. */
enum { LOOK_S = 900 };

static const struct kd_need needs[] = {
    [SUMMARY] = {.kind = KD_STREAM_SUMMARY},
    [AGE] = {.kind = KD_METRIC,
	.metric = "GetRecords.IteratorAgeMilliseconds",
	.stat = KD_MAXIMUM,
	.window_option = WINDOW + 1},
    [RECORDS_IN] = {.kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM, .window_s = LOOK_S},
    [READ_OK] = {.kind = KD_METRIC, .metric = "GetRecords.Success", .stat = KD_AVERAGE, .window_s = LOOK_S},
    [READ_REFUSED] = {.kind = KD_METRIC,
	.metric = "ReadProvisionedThroughputExceeded",
	.stat = KD_SUM,
	.window_s = LOOK_S},
    [SHARD_AGE] = {.kind = KD_METRIC,
	.metric = "IteratorAgeMilliseconds",
	.stat = KD_MAXIMUM,
	.per = KD_PER_SHARD,
	.window_s = LOOK_S},
    [CONSUMER_AGE] = {.kind = KD_METRIC,
	.metric = "SubscribeToShardEvent.MillisBehindLatest",
	.stat = KD_MAXIMUM,
	.per = KD_PER_CONSUMER,
	.window_s = LOOK_S},
};

enum { CHECK_LAG, CHECK_SHARD_LAG, CHECK_CONSUMER_LAG, CHECK_CONSUMERS, CHECK_READ_SUCCESS };

#define STEP "Review CloudWatch metrics"

static const struct kd_check checks[] = {
    [CHECK_LAG] = {"lag", "stream_not_capturing_data", STEP},
    [CHECK_SHARD_LAG] = {"shard_lag", "high_latency", "Review shard-level metrics"},
    [CHECK_CONSUMER_LAG] = {"consumer_lag", "high_latency", STEP},
    [CHECK_CONSUMERS] = {"consumers", "stream_not_capturing_data", STEP},
    [CHECK_READ_SUCCESS] = {"read_success", "high_latency", STEP},
};

/* IteratorAge jumps to a day and back within minutes without a cause: three of five points are a level, two are none. */
enum { LEVEL_OF = 5 };

/* From here on the oldest record is read as it expires: the age cannot grow past the retention. */
static const double pinned_percent = 98;

/* A second of lag gained or lost in 20 is a trend; a reader that stands still gains a second a second. */
static const double trend_ms_per_s = 50;

struct look {
	const struct kd_facts *facts;
	const struct kd_settings *settings;
	const struct kd_stream_summary *summary;
	struct kd_report *out;
};

/* ---- how far behind ---- */

struct lag {
	double ms, percent; /* of the retention */
	double slope;       /* ms a second; 0: no trend, or not enough points for one */
};

static double
retention_ms(const struct look *look)
{
	return (double)(look->summary->retention_hours > 0 ? look->summary->retention_hours : 24) * 3600e3;
}

/* Of a reader that asks seldom the smallest that was seen: what may be a spike is not believed. */
static bool
find_level(const struct kd_series *series, double *ms)
{
	struct kd_series late = kd_series_tail(series, LOOK_S);
	bool known = false;

	if (kd_series_level(&late, LEVEL_OF, ms))
		return true;
	for (size_t i = 0; i < late.count; i++)
		if (late.values[i] >= 0 && (!known || late.values[i] < *ms)) {
			*ms = late.values[i];
			known = true;
		}
	return known;
}

/* From the median of the older half to that of the newer: spikes in either do not turn it. */
static double
find_slope(const struct kd_series *series)
{
	struct kd_series older = *series, newer = *series;
	double before, after, slope;

	older.count = series->count / 2;
	newer.values += older.count;
	newer.count -= older.count;
	if (kd_series_known(&older) < LEVEL_OF || kd_series_known(&newer) < LEVEL_OF ||
	    !kd_series_median(&older, &before) || !kd_series_median(&newer, &after))
		return 0;
	slope = (after - before) / ((double)series->count / 2 * (double)series->period_s);
	return slope >= trend_ms_per_s || slope <= -trend_ms_per_s ? slope : 0;
}

static bool
find_lag(const struct look *look, const struct kd_series *series, struct lag *lag)
{
	*lag = (struct lag){0};
	if (series == NULL || !find_level(series, &lag->ms))
		return false;
	lag->percent = lag->ms / retention_ms(look) * 100;
	lag->slope = find_slope(series);
	return true;
}

static bool
is_past(const struct look *look, const struct lag *lag, size_t percent, size_t duration)
{
	return lag->percent >= kd_percent(look->settings, percent) ||
	       (kd_is_set(look->settings, duration) &&
		   lag->ms >= 1000.0 * (double)kd_duration_s(look->settings, duration));
}

static enum kd_severity
severity_of(const struct look *look, const struct lag *lag)
{
	if (lag->percent >= pinned_percent || is_past(look, lag, CRITICAL, LAG_CRITICAL))
		return KD_CRITICAL;
	return is_past(look, lag, WARNING, LAG_WARNING) ? KD_WARNING : KD_OK;
}

enum { TEXT_SIZE = 200 };

/* "13 h behind (54 % of 24 h retention)" */
static const char *
say_lag(const struct look *look, const struct lag *lag, char text[TEXT_SIZE])
{
	char age[KD_NUMBER_SIZE], share[KD_NUMBER_SIZE];

	(void)snprintf(text, TEXT_SIZE, "%s behind (%s of %" PRId64 " h retention)", kd_millis(lag->ms, age),
	    kd_share(lag->percent, share), look->summary->retention_hours);
	return text;
}

/* What it comes to: " and falling back; records are lost in 3 h 10 min". */
static const char *
say_trend(const struct look *look, const struct lag *lag, char text[TEXT_SIZE])
{
	char age[KD_NUMBER_SIZE];

	if (lag->percent >= pinned_percent)
		(void)snprintf(text, TEXT_SIZE, ": records expire unread, data is being lost now");
	else if (lag->slope > 0)
		(void)snprintf(text, TEXT_SIZE, " and falling back; records are lost in %s",
		    kd_millis((retention_ms(look) - lag->ms) / lag->slope * 1000, age));
	else if (lag->slope < 0)
		(void)snprintf(
		    text, TEXT_SIZE, " and catching up; done in %s", kd_millis(lag->ms / -lag->slope * 1000, age));
	else
		(void)snprintf(text, TEXT_SIZE, ", neither falling back nor catching up");
	return text;
}

static void
add_lag_evidence(const struct look *look, const char *name, const struct lag *lag)
{
	kd_evidence_number(look->out, name, lag->ms);
	kd_evidence_integer(look->out, "retention_hours", look->summary->retention_hours);
	kd_evidence_number(look->out, "lag_percent", lag->percent);
	if (lag->slope != 0)
		kd_evidence_number(look->out, "slope_ms_per_s", lag->slope);
}

/* Longer retention is what saves unread records while the reader is mended. Kinesis keeps them for a year at most. */
static void
next_retention(const struct look *look)
{
	int64_t hours = look->summary->retention_hours * 2;

	if (look->summary->retention_hours >= 8760)
		return;
	kd_next(look->out,
	    "aws kinesis increase-stream-retention-period --stream-name %s --retention-period-hours %" PRId64
	    " --region %s",
	    kd_stream_name(look->facts), hours > 8760 ? 8760 : hours, kd_stream_region(look->facts));
}

/* Whoever reads with GetRecords; a Lambda function is the one that AWS can be asked about. */
static void
next_consumers(const struct look *look)
{
	const char *arn = kd_stream_arn(look->facts);

	if (arn[0] != '\0')
		kd_next(look->out, "aws lambda list-event-source-mappings --event-source-arn %s --region %s", arn,
		    kd_stream_region(look->facts));
	else
		kd_next(look->out, "aws kinesis describe-stream-summary --stream-name %s --region %s",
		    kd_stream_name(look->facts), kd_stream_region(look->facts));
}

static void
next_lag(const struct look *look, const struct lag *lag)
{
	if (lag->slope > 0 || lag->percent >= pinned_percent)
		next_retention(look);
	else
		next_consumers(look);
}

/* ---- lag ---- */

/*
 * Absence proves nothing: a reader that was far behind and fell silent is not well again. The state is "behind MS" while the last
 * level that was seen was bad, and is believed until what it had not read has expired.
 */
static void
keep_behind(const struct look *look, bool behind)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "behind %" PRId64, kd_fact_ms(look->facts, AGE));
	if (behind)
		kd_keep_state(look->out, text);
	else if (kd_state(look->facts) != NULL && kd_state(look->facts)[0] != '\0')
		kd_keep_state(look->out, "");
}

static bool
was_behind(const struct look *look)
{
	const char *state = kd_state(look->facts);
	int64_t ms = state != NULL && strncmp(state, "behind ", 7) == 0 ? strtoll(state + 7, NULL, 10) : 0;

	return ms > 0 && (double)(kd_now_ms(look->facts) - ms) < retention_ms(look);
}

#define BLAME "iterator_age/consumers/stream"

/* No GetRecords call. Is anything written that somebody should read? */
static void
judge_silence(const struct look *look)
{
	bool in = kd_get_series(look->facts, RECORDS_IN, NULL) != NULL;

	if (was_behind(look))
		kd_unknown_because(look->out, CHECK_LAG, NULL, KD_NO_DATA, BLAME,
		    "no GetRecords call any more, and consumers were behind at the last: how far they are now is not "
		    "known");
	else if (look->summary->consumers > 0)
		kd_find(look->out, CHECK_LAG, NULL, KD_OK,
		    "no GetRecords call: read by %" PRId64 " enhanced fan-out consumer%s only",
		    look->summary->consumers, look->summary->consumers == 1 ? "" : "s");
	else if (in)
		kd_unknown_because(look->out, CHECK_LAG, NULL, KD_NO_DATA, BLAME,
		    "no GetRecords call in the last 15 min: how far behind consumers are is not known");
	else
		kd_find(
		    look->out, CHECK_LAG, NULL, KD_OK, "no GetRecords call, and nothing written that could be read");
}

static void
judge_lag(const struct look *look)
{
	const struct kd_series *age = kd_get_series(look->facts, AGE, NULL);
	enum kd_severity severity;
	char text[TEXT_SIZE], trend[TEXT_SIZE];
	struct lag lag;

	if (age == NULL && kd_missing(look->facts, AGE) != KD_NO_DATA) {
		kd_unknown(look->out, CHECK_LAG, NULL, look->facts, AGE);
		return;
	}
	if (!find_lag(look, age, &lag)) {
		judge_silence(look);
		return;
	}
	severity = severity_of(look, &lag);
	if (lag.ms <= 0)
		kd_find(look->out, CHECK_LAG, NULL, severity, "consumers have caught up");
	else
		kd_find(look->out, CHECK_LAG, NULL, severity, "consumers are %s%s", say_lag(look, &lag, text),
		    severity == KD_OK ? "" : say_trend(look, &lag, trend));
	add_lag_evidence(look, "iterator_age_ms", &lag);
	if (severity != KD_OK)
		next_lag(look, &lag);
	keep_behind(look, severity != KD_OK);
}

/* ---- shard_lag ---- */

struct shards {
	size_t count, read, behind;
	const struct kd_series *worst;
	struct lag lag;   /* of the worst */
	double others_ms; /* the second worst */
};

static struct shards
survey_shards(const struct look *look, const struct kd_series *series, size_t count)
{
	struct shards shards = {.count = count};
	struct lag lag;

	for (size_t i = 0; i < count; i++) {
		if (!find_lag(look, &series[i], &lag))
			continue;
		shards.read++;
		shards.behind += severity_of(look, &lag) != KD_OK;
		if (shards.worst == NULL || lag.ms > shards.lag.ms) {
			shards.others_ms = shards.worst != NULL ? shards.lag.ms : 0;
			shards.worst = &series[i];
			shards.lag = lag;
		} else if (lag.ms > shards.others_ms) {
			shards.others_ms = lag.ms;
		}
	}
	return shards;
}

static void
report_shards(const struct look *look, const struct shards *shards)
{
	enum kd_severity severity = severity_of(look, &shards->lag);
	char text[TEXT_SIZE], trend[TEXT_SIZE], age[KD_NUMBER_SIZE];

	say_lag(look, &shards->lag, text);
	if (severity == KD_OK)
		kd_find(look->out, CHECK_SHARD_LAG, NULL, KD_OK, "of %zu shards none is further behind than %s, %s",
		    shards->count, shards->worst->subject, text);
	else if (shards->behind == 1 && shards->count > 1)
		kd_find(look->out, CHECK_SHARD_LAG, NULL, severity,
		    "1 of %zu shards: %s is %s%s (the others at most %s)", shards->count, shards->worst->subject, text,
		    say_trend(look, &shards->lag, trend), kd_millis(shards->others_ms, age));
	else
		kd_find(look->out, CHECK_SHARD_LAG, NULL, severity, "%zu of %zu shards; the worst, %s, is %s%s",
		    shards->behind, shards->count, shards->worst->subject, text, say_trend(look, &shards->lag, trend));
	add_lag_evidence(look, "iterator_age_ms", &shards->lag);
	kd_evidence_string(look->out, "shard", shards->worst->subject);
	kd_evidence_integer(look->out, "shards_behind", (int64_t)shards->behind);
	kd_evidence_integer(look->out, "shards_read", (int64_t)shards->read);
	if (severity != KD_OK)
		next_lag(look, &shards->lag);
}

static void
judge_shards(const struct look *look)
{
	size_t count;
	const struct kd_series *series = kd_get_series(look->facts, SHARD_AGE, &count);
	struct shards shards;

	if (series == NULL && kd_missing(look->facts, SHARD_AGE) == KD_NOT_CONFIGURED) {
		kd_find(look->out, CHECK_SHARD_LAG, NULL, KD_OK, "not looked at by shard: %s",
		    kd_missing_why(look->facts, SHARD_AGE));
		return;
	}
	if (series == NULL && kd_missing(look->facts, SHARD_AGE) != KD_NO_DATA) {
		kd_unknown(look->out, CHECK_SHARD_LAG, NULL, look->facts, SHARD_AGE);
		return;
	}
	shards = survey_shards(look, series, count);
	if (shards.worst == NULL)
		kd_find(look->out, CHECK_SHARD_LAG, NULL, KD_OK, "no GetRecords call on any shard");
	else
		report_shards(look, &shards);
}

/* ---- consumer_lag ---- */

static void
judge_consumer(const struct look *look, const struct kd_series *series)
{
	bool in = kd_get_series(look->facts, RECORDS_IN, NULL) != NULL;
	char text[TEXT_SIZE], trend[TEXT_SIZE];
	enum kd_severity severity;
	struct lag lag;

	if (!find_lag(look, series, &lag)) {
		kd_find(look->out, CHECK_CONSUMER_LAG, series->subject, in ? KD_WARNING : KD_OK,
		    "enhanced fan-out consumer %s got no event in 15 min%s", series->subject,
		    in ? " while records come in: it is registered, but not subscribed" : ", and nothing is written");
		if (in && kd_stream_arn(look->facts)[0] != '\0')
			kd_next(look->out,
			    "aws kinesis describe-stream-consumer --stream-arn %s --consumer-name %s --region %s",
			    kd_stream_arn(look->facts), series->subject, kd_stream_region(look->facts));
		return;
	}
	severity = severity_of(look, &lag);
	kd_find(look->out, CHECK_CONSUMER_LAG, series->subject, severity, "enhanced fan-out consumer %s is %s%s",
	    series->subject, say_lag(look, &lag, text), severity == KD_OK ? "" : say_trend(look, &lag, trend));
	add_lag_evidence(look, "millis_behind_latest_ms", &lag);
	if (severity != KD_OK)
		next_lag(look, &lag);
}

static void
judge_consumers(const struct look *look)
{
	size_t count;
	const struct kd_series *series = kd_get_series(look->facts, CONSUMER_AGE, &count);

	if (series == NULL && kd_missing(look->facts, CONSUMER_AGE) != KD_NO_DATA) {
		kd_unknown(look->out, CHECK_CONSUMER_LAG, NULL, look->facts, CONSUMER_AGE);
		return;
	}
	if (series == NULL || count == 0) {
		kd_find(look->out, CHECK_CONSUMER_LAG, NULL, KD_OK, "no enhanced fan-out consumer");
		return;
	}
	for (size_t i = 0; i < count; i++)
		judge_consumer(look, &series[i]);
}

/* ---- consumers ---- */

static void
report_nobody(const struct look *look, const struct kd_series *in)
{
	char amount[KD_NUMBER_SIZE];
	double sum = 0;

	(void)kd_series_sum(in, &sum);
	kd_find(look->out, CHECK_CONSUMERS, NULL, KD_WARNING,
	    "nobody reads: no GetRecords call and no enhanced fan-out consumer, while %s records came in within 15 "
	    "min; "
	    "they expire after %" PRId64 " h",
	    kd_amount(sum, amount), look->summary->retention_hours);
	kd_evidence_number(look->out, "incoming_records", sum);
	kd_evidence_integer(look->out, "consumers", look->summary->consumers);
	kd_evidence_integer(look->out, "retention_hours", look->summary->retention_hours);
	next_consumers(look);
}

/* Is the stream read at all? A reader with no datapoint is none, where records come in. */
static void
judge_who_reads(const struct look *look)
{
	const struct kd_series *age = kd_get_series(look->facts, AGE, NULL);
	const struct kd_series *in = kd_get_series(look->facts, RECORDS_IN, NULL);
	double level;

	if (age != NULL && find_level(age, &level))
		kd_find(look->out, CHECK_CONSUMERS, NULL, KD_OK, "read by GetRecords");
	else if (look->summary->consumers > 0)
		kd_find(look->out, CHECK_CONSUMERS, NULL, KD_OK, "%" PRId64 " enhanced fan-out consumer%s registered",
		    look->summary->consumers, look->summary->consumers == 1 ? "" : "s");
	else if (age == NULL && kd_missing(look->facts, AGE) != KD_NO_DATA)
		kd_unknown(look->out, CHECK_CONSUMERS, NULL, look->facts, AGE);
	else if (in == NULL && kd_missing(look->facts, RECORDS_IN) != KD_NO_DATA)
		kd_unknown(look->out, CHECK_CONSUMERS, NULL, look->facts, RECORDS_IN);
	else if (in == NULL)
		kd_find(look->out, CHECK_CONSUMERS, NULL, KD_OK, "nobody reads, and nothing is written");
	else if (look->summary->consumers < 0)
		kd_find(look->out, CHECK_CONSUMERS, NULL, KD_UNKNOWN,
		    "no GetRecords call, and AWS does not tell the number of enhanced fan-out consumers");
	else
		report_nobody(look, in);
}

/* ---- read_success ---- */

static void
judge_read_success(const struct look *look)
{
	const struct kd_series *ok = kd_get_series(look->facts, READ_OK, NULL);
	bool refused = kd_series_above(kd_get_series(look->facts, READ_REFUSED, NULL), LEVEL_OF, 0) > LEVEL_OF / 2;
	char share[KD_NUMBER_SIZE];
	double level;

	if (ok == NULL && kd_missing(look->facts, READ_OK) != KD_NO_DATA) {
		kd_unknown(look->out, CHECK_READ_SUCCESS, NULL, look->facts, READ_OK);
		return;
	}
	if (ok == NULL || !kd_series_level(ok, LEVEL_OF, &level)) {
		kd_find(
		    look->out, CHECK_READ_SUCCESS, NULL, KD_OK, "no GetRecords call to speak of in the last 15 min");
		return;
	}
	if (level * 100 >= kd_percent(look->settings, READ_SUCCESS))
		kd_find(look->out, CHECK_READ_SUCCESS, NULL, KD_OK, "%s of the GetRecords calls succeed",
		    kd_share(level * 100, share));
	else if (refused)
		kd_find(look->out, CHECK_READ_SUCCESS, NULL, KD_INFO,
		    "%s of the GetRecords calls fail, and reads are refused (see throttling)",
		    kd_share(100 - level * 100, share));
	else {
		kd_find(look->out, CHECK_READ_SUCCESS, NULL, KD_WARNING,
		    "%s of the GetRecords calls fail, and not for throttling: permissions, KMS, or Kinesis itself",
		    kd_share(100 - level * 100, share));
		next_consumers(look);
	}
	kd_evidence_number(look->out, "success_percent", level * 100);
}

/* ---- all ---- */

static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	struct look look = {facts, settings, kd_get_summary(facts, SUMMARY), out};

	if (look.summary == NULL) {
		for (size_t check = 0; check < KD_COUNT(checks); check++)
			kd_unknown(out, check, NULL, facts, SUMMARY);
		return;
	}
	judge_lag(&look);
	judge_shards(&look);
	judge_consumers(&look);
	judge_who_reads(&look);
	judge_read_success(&look);
}

/* Opens at once: three of five minutes are behind a level already. Resolves in 2 of 3: who catches up is not yet there. */
const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI,
    .name = "iterator_age",
    .title = "Are records read in time, and when are they lost if not?",
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
