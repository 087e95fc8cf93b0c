/* SPDX-License-Identifier: Apache-2.0 */
/* latency: do puts and gets take longer than this stream's usually do, or longer than anybody's should? */
#include <inttypes.h>
#include <kdiag/probe.h>

enum { FACTOR, FLOOR_MS, CEILING_MS };

static const struct kd_option options[] = {
    [FACTOR] = {"factor", KD_PERCENT, "300%", 100, 10000,
	"how long calls may take, as a share of what they took in the median hour of the last week"},
    [FLOOR_MS] = {"floor_ms", KD_INTEGER, "100", 0, 600000,
	"calls that take fewer milliseconds than this are fast, whatever they took before"},
    [CEILING_MS] = {"ceiling_ms", KD_INTEGER, "1000", 1, 600000,
	"calls that take so many milliseconds on average are critically slow"},
};

enum { SUMMARY, PUT_RECORD, PUT_RECORDS, GET_RECORDS, USUAL_PUT_RECORD, USUAL_PUT_RECORDS, USUAL_GET_RECORDS };

enum { LOOK_S = 900, HOUR_S = 3600, WEEK_S = 7 * 86400 };

#define NOW(name) \
	{ \
		.kind = KD_METRIC, .metric = (name), .stat = KD_AVERAGE, .window_s = LOOK_S \
	}
/* By the hour over a week, asked once an hour: what the median hour is, no bad day changes. */
#define WEEK(name) \
	{ \
		.kind = KD_METRIC, .metric = (name), .stat = KD_AVERAGE, .period_s = HOUR_S, .window_s = WEEK_S \
	}

static const struct kd_need needs[] = {
    [SUMMARY] = {.kind = KD_STREAM_SUMMARY},
    [PUT_RECORD] = NOW("PutRecord.Latency"),
    [PUT_RECORDS] = NOW("PutRecords.Latency"),
    [GET_RECORDS] = NOW("GetRecords.Latency"),
    [USUAL_PUT_RECORD] = WEEK("PutRecord.Latency"),
    [USUAL_PUT_RECORDS] = WEEK("PutRecords.Latency"),
    [USUAL_GET_RECORDS] = WEEK("GetRecords.Latency"),
};

#define STEP "Review CloudWatch metrics"

enum { CHECK_PUT_RECORD, CHECK_PUT_RECORDS, CHECK_GET_RECORDS };

static const struct kd_check checks[] = {
    [CHECK_PUT_RECORD] = {"put_record", "high_latency", STEP},
    [CHECK_PUT_RECORDS] = {"put_records", "high_latency", STEP},
    [CHECK_GET_RECORDS] = {"get_records", "high_latency", STEP},
};

/* The calls, a check each, in the order of the checks. */
static const struct call {
	const char *name;
	size_t now, usual;
} calls[] = {
    {"PutRecord", PUT_RECORD, USUAL_PUT_RECORD},
    {"PutRecords", PUT_RECORDS, USUAL_PUT_RECORDS},
    {"GetRecords", GET_RECORDS, USUAL_GET_RECORDS},
};

/* Three slow minutes of five are slow; a week of which less than half a day is known is no measure. */
enum { LEVEL_OF = 5, USUAL_HOURS = 12 };

struct look {
	const struct kd_facts *facts;
	const struct kd_settings *settings;
	struct kd_report *out;
};

/* 0: not known. */
static double
find_usual(const struct look *look, const struct call *call)
{
	const struct kd_series *series = kd_get_series(look->facts, call->usual, NULL);
	double usual = 0;

	if (kd_series_known(series) >= USUAL_HOURS)
		(void)kd_series_median(series, &usual);
	return usual;
}

static enum kd_severity
severity_of(const struct look *look, double now, double usual)
{
	if (now >= (double)kd_integer(look->settings, CEILING_MS))
		return KD_CRITICAL;
	if (usual > 0 && now >= (double)kd_integer(look->settings, FLOOR_MS) &&
	    now >= usual * kd_percent(look->settings, FACTOR) / 100)
		return KD_WARNING;
	return KD_OK;
}

/* The minutes themselves, with their worst calls. */
static void
next_look(const struct look *look, const struct call *call)
{
	int64_t now_ms = kd_now_ms(look->facts);
	char from[KD_NUMBER_SIZE], to[KD_NUMBER_SIZE];

	kd_next(look->out,
	    "aws cloudwatch get-metric-statistics --namespace AWS/Kinesis --metric-name %s.Latency --dimensions "
	    "Name=StreamName,Value=%s --statistics Average Maximum SampleCount --period 60 --start-time %s --end-time "
	    "%s "
	    "--region %s",
	    call->name, kd_stream_name(look->facts), kd_time(now_ms - INT64_C(1000) * HOUR_S, from),
	    kd_time(now_ms, to), kd_stream_region(look->facts));
}

static void
report(const struct look *look, size_t check, const struct call *call, double now)
{
	double usual = find_usual(look, call);
	enum kd_severity severity = severity_of(look, now, usual);
	char now_text[KD_NUMBER_SIZE], usual_text[KD_NUMBER_SIZE], limit[KD_NUMBER_SIZE];

	kd_millis(now, now_text);
	kd_millis(usual, usual_text);
	if (severity == KD_CRITICAL)
		kd_find(look->out, check, NULL, severity, "%s calls take %s on average, past the ceiling of %s%s%s%s",
		    call->name, now_text, kd_millis((double)kd_integer(look->settings, CEILING_MS), limit),
		    usual > 0 ? " (usually " : "", usual > 0 ? usual_text : "", usual > 0 ? ")" : "");
	else if (severity == KD_WARNING)
		kd_find(look->out, check, NULL, severity, "%s calls take %s on average, %.*f times the usual %s",
		    call->name, now_text, now < 9.95 * usual, now / usual, usual_text);
	else
		kd_find(look->out, check, NULL, KD_OK, "%s calls take %s on average%s%s%s", call->name, now_text,
		    usual > 0 ? " (usually " : "", usual > 0 ? usual_text : "", usual > 0 ? ")" : "");
	kd_evidence_number(look->out, "latency_ms", now);
	if (usual > 0)
		kd_evidence_number(look->out, "usual_ms", usual);
	if (severity != KD_OK)
		next_look(look, call);
}

/* Without a datapoint there was no such call: nothing that could be slow. */
static void
judge_call(const struct look *look, size_t check, const struct call *call)
{
	const struct kd_series *series = kd_get_series(look->facts, call->now, NULL);
	double now;

	if (series == NULL && kd_missing(look->facts, call->now) != KD_NO_DATA)
		kd_unknown(look->out, check, NULL, look->facts, call->now);
	else if (series == NULL || !kd_series_level(series, LEVEL_OF, &now))
		kd_find(look->out, check, NULL, KD_OK, "no %s call to speak of in the last 15 min", call->name);
	else
		report(look, check, call, now);
}

static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	struct look look = {facts, settings, out};

	for (size_t check = 0; check < KD_COUNT(checks); check++)
		if (kd_get_summary(facts, SUMMARY) == NULL)
			kd_unknown(out, check, NULL, facts, SUMMARY);
		else
			judge_call(&look, check, &calls[check]);
}

/* Opens at once: three of five minutes are no spike. */
const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI,
    .name = "latency",
    .title = "Do puts and gets take longer than they usually do?",
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
