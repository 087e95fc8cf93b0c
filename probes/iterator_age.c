/* SPDX-License-Identifier: Apache-2.0 */
/* iterator_age: are records read in time, by whom not, and when are they lost? */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/iterator_age/lag.h"

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

#define STEP "Review CloudWatch metrics"

static const struct kd_check checks[] = {
    [CHECK_LAG] = {"lag", "stream_not_capturing_data", STEP},
    [CHECK_SHARD_LAG] = {"shard_lag", "high_latency", "Review shard-level metrics"},
    [CHECK_CONSUMER_LAG] = {"consumer_lag", "high_latency", STEP},
    [CHECK_CONSUMERS] = {"consumers", "stream_not_capturing_data", STEP},
    [CHECK_READ_SUCCESS] = {"read_success", "high_latency", STEP},
};

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

	return ms > 0 && ms <= kd_now_ms(look->facts) && (double)(kd_now_ms(look->facts) - ms) < lag_retention_ms(look);
}

#define BLAME "iterator_age/consumers/stream"

/* Nothing is said of records that come in, and not because there are none. */
static bool
cannot_see_in(const struct look *look)
{
	enum kd_reason reason = kd_missing(look->facts, RECORDS_IN);

	return reason != KD_KNOWN && reason != KD_NO_DATA;
}

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
	else if (cannot_see_in(look))
		kd_unknown(look->out, CHECK_LAG, NULL, look->facts, RECORDS_IN);
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
	if (!lag_find(look, age, &lag)) {
		judge_silence(look);
		return;
	}
	severity = lag_severity(look, &lag);
	if (lag.ms <= 0)
		kd_find(look->out, CHECK_LAG, NULL, severity, "consumers have caught up");
	else
		kd_find(look->out, CHECK_LAG, NULL, severity, "consumers are %s%s", lag_say(look, &lag, text),
		    severity == KD_OK ? "" : lag_say_trend(look, &lag, trend));
	lag_add_evidence(look, "iterator_age_ms", &lag);
	if (severity != KD_OK)
		lag_next(look, &lag);
	keep_behind(look, severity != KD_OK);
}

/* ---- consumer_lag ---- */

/* It is registered, and got nothing: because there is nothing, or because it does not subscribe? */
static void
report_no_event(const struct look *look, const char *consumer)
{
	bool in = kd_get_series(look->facts, RECORDS_IN, NULL) != NULL;

	if (cannot_see_in(look)) {
		kd_unknown(look->out, CHECK_CONSUMER_LAG, consumer, look->facts, RECORDS_IN);
		return;
	}
	kd_find(look->out, CHECK_CONSUMER_LAG, consumer, in ? KD_WARNING : KD_OK,
	    "enhanced fan-out consumer %s got no event in 15 min%s", consumer,
	    in ? " while records come in: it is registered, but not subscribed" : ", and nothing is written");
	if (in && kd_stream_arn(look->facts)[0] != '\0')
		kd_next(look->out,
		    "aws kinesis describe-stream-consumer --stream-arn %s --consumer-name %s --region %s",
		    kd_stream_arn(look->facts), consumer, kd_stream_region(look->facts));
}

static void
judge_consumer(const struct look *look, const struct kd_series *series)
{
	char text[TEXT_SIZE], trend[TEXT_SIZE];
	enum kd_severity severity;
	struct lag lag;

	if (!lag_find(look, series, &lag)) {
		report_no_event(look, series->subject);
		return;
	}
	severity = lag_severity(look, &lag);
	kd_find(look->out, CHECK_CONSUMER_LAG, series->subject, severity, "enhanced fan-out consumer %s is %s%s",
	    series->subject, lag_say(look, &lag, text), severity == KD_OK ? "" : lag_say_trend(look, &lag, trend));
	lag_add_evidence(look, "millis_behind_latest_ms", &lag);
	if (severity != KD_OK)
		lag_next(look, &lag);
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
	lag_next_consumers(look);
}

/* Is the stream read at all? A reader with no datapoint is none, where records come in. */
static void
judge_who_reads(const struct look *look)
{
	const struct kd_series *age = kd_get_series(look->facts, AGE, NULL);
	const struct kd_series *in = kd_get_series(look->facts, RECORDS_IN, NULL);
	double level;

	if (age != NULL && lag_find_level(age, &level))
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
		lag_next_consumers(look);
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
	lag_judge_shards(&look);
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
