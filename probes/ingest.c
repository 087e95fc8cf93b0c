/* SPDX-License-Identifier: Apache-2.0 */
/* ingest: do records come in, and as many as at this hour of yesterday and of last week? */
#include <inttypes.h>
#include <kdiag/probe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOW, FLOOR, STOPPED_AFTER, PUT_SUCCESS, PUT_SUCCESS_CRITICAL };

static const struct kd_option options[] = {
    [LOW] = {"low", KD_PERCENT, "20%", 0, 100,
	"the share of what came in at this hour of yesterday and of last week below which it is too little"},
    [FLOOR] = {"floor", KD_INTEGER, "10", 0, 1000000000,
	"records a minute that a stream must have had at this hour for its silence to mean anything"},
    [STOPPED_AFTER] = {"stopped_after", KD_DURATION, "3m", 60, 3600,
	"how long nothing comes in before the stream has stopped; longer where its traffic has pauses"},
    [PUT_SUCCESS] = {"put_success", KD_PERCENT, "95%", 0, 100, "the share of PutRecord calls that must succeed"},
    [PUT_SUCCESS_CRITICAL] = {"put_success_critical", KD_PERCENT, "50%", 0, 100,
	"the share of PutRecord calls below which it is critical"},
};

enum { SUMMARY, NOW, YESTERDAY, LAST_WEEK, READ_OK, PUT_OK, REFUSED };

/*
 * Three hours show what pauses are usual. A point may come a quarter of an hour late: until then a silent minute is
 * believed only when other metrics of the stream have that minute already.
 */
enum { NOW_S = 3 * 3600, LATE_S = 900, HOUR_S = 3600, DAY_S = 86400, BUCKET_S = 300 };

/* The hour before this time of that day, and the hour after it: who ended later yesterday has not stopped today. */
#define ABOUT_NOW(days) \
	{ \
		.kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM, .period_s = BUCKET_S, \
		.window_s = 2 * HOUR_S, .shift_s = (days)*DAY_S - HOUR_S \
	}

static const struct kd_need needs[] = {
    [SUMMARY] = {.kind = KD_STREAM_SUMMARY},
    [NOW] = {.kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM, .window_s = NOW_S},
    [YESTERDAY] = ABOUT_NOW(1),
    [LAST_WEEK] = ABOUT_NOW(7),
    [READ_OK] = {.kind = KD_METRIC, .metric = "GetRecords.Success", .stat = KD_AVERAGE, .window_s = LATE_S},
    [PUT_OK] = {.kind = KD_METRIC, .metric = "PutRecord.Success", .stat = KD_AVERAGE, .window_s = LATE_S},
    [REFUSED] = {.kind = KD_METRIC, .metric = "WriteProvisionedThroughputExceeded", .stat = KD_SUM, .window_s = LATE_S},
};

enum { CHECK_RECORDS, CHECK_PUT_SUCCESS };

#define STEP "Review CloudWatch metrics"

static const struct kd_check checks[] = {
    [CHECK_RECORDS] = {"records", "stream_not_capturing_data", STEP},
    [CHECK_PUT_SUCCESS] = {"put_success", "stream_not_capturing_data", STEP},
};

enum { LEVEL_OF = 5 };

struct look {
	const struct kd_facts *facts;
	const struct kd_settings *settings;
	const struct kd_stream_summary *summary;
	struct kd_report *out;
};

/* ---- what was usual: records a minute at this time of another day ---- */

struct usual {
	bool known;
	bool pauses;  /* five minutes without a record within an hour of this time */
	double rate;  /* the median of the five minutes about this time */
	double least; /* the lowest of them: 0 where the stream may rest now */
};

/*
 * From half an hour before this time to half an hour after it: what is compared is the newest settled quarter of an hour, and late points make it
 * look older still. No datapoint is no record: CloudWatch has none where nothing happened.
 */
static struct kd_series
about_now(const struct look *look, const struct kd_series *series, int64_t days)
{
	struct kd_series about = *series;
	int64_t at_ms = kd_now_ms(look->facts) - days * DAY_S * 1000, step_ms = series->period_s * 1000;

	while (about.count > 0 && about.first_ms < at_ms - 2 * LATE_S * 1000) {
		about.first_ms += step_ms;
		about.values++;
		about.count--;
	}
	while (about.count > 0 && about.first_ms + (int64_t)about.count * step_ms > at_ms + 2 * LATE_S * 1000)
		about.count--;
	return about;
}

static struct usual
find_usual(const struct look *look, size_t need, int64_t days)
{
	const struct kd_series *series = kd_get_series(look->facts, need, NULL);
	struct usual usual = {.known = series != NULL || kd_missing(look->facts, need) == KD_NO_DATA};
	struct kd_series about;
	double least = 0;

	if (series == NULL)
		return usual;
	usual.pauses = kd_series_above(series, series->count, 0) < series->count;
	about = about_now(look, series, days);
	for (size_t i = 0; i < about.count; i++)
		if (i == 0 || !(about.values[i] >= least))
			least = about.values[i] > 0 ? about.values[i] : 0;
	usual.least = least * 60 / BUCKET_S;
	if (kd_series_median(&about, &usual.rate))
		usual.rate = usual.rate * 60 / BUCKET_S;
	return usual;
}

/* What the days say that may be compared with: a day that is silent itself because of this silence may not. */
struct past {
	struct usual yesterday, week;
	bool known, pauses;
	double rate, least; /* the smaller of those that are known */
};

static void
add_usual(struct past *past, const struct usual *usual)
{
	if (!usual->known)
		return;
	past->pauses |= usual->pauses;
	if (!past->known || usual->least < past->least)
		past->least = usual->least;
	if (!past->known || usual->rate < past->rate)
		past->rate = usual->rate;
	past->known = true;
}

static struct past
find_past(const struct look *look, int64_t quiet_s)
{
	struct past past = {.yesterday = find_usual(look, YESTERDAY, 1), .week = find_usual(look, LAST_WEEK, 7)};

	if (quiet_s < DAY_S - HOUR_S)
		add_usual(&past, &past.yesterday);
	if (quiet_s < 7 * DAY_S - HOUR_S)
		add_usual(&past, &past.week);
	return past;
}

/* Younger than what it would be compared with: that hour had no stream, which is no hour without records. */
static bool
is_new(const struct look *look)
{
	int64_t created = look->summary->created_ms;

	return created > 0 && kd_now_ms(look->facts) - created < INT64_C(1000) * (DAY_S + HOUR_S);
}

static bool
has_no_past(const struct look *look, const struct past *past)
{
	return !past->known || is_new(look);
}

/* ---- what comes in now ---- */

struct now {
	double rate;       /* records a minute of late: the median of the newest 15 */
	double before;     /* the median of the busy minutes before the silence */
	int64_t quiet_s;   /* since the newest record */
	int64_t pauses[3]; /* the longest silences before that, longest first: one or two may have been outages */
	size_t busy;       /* minutes with records */
	bool is_sure;      /* the silence is no lateness of CloudWatch */
	int64_t last_ms;   /* when the newest minute with records began; 0: not known */
	bool recalled;     /* that and `before` are from the state */
};

static bool
is_busy(const struct kd_series *series, size_t i)
{
	return series->values[i] > 0;
}

static void
note_pause(struct now *now, int64_t pause_s)
{
	for (size_t i = 0; i < KD_COUNT(now->pauses); i++) {
		int64_t shorter = now->pauses[i];

		if (pause_s <= shorter)
			continue;
		now->pauses[i] = pause_s;
		pause_s = shorter;
	}
}

static void
measure_pauses(const struct kd_series *series, struct now *now)
{
	int64_t quiet_s = 0;

	for (size_t i = 0; i < series->count; i++) {
		if (!is_busy(series, i)) {
			quiet_s += series->period_s;
			continue;
		}
		if (now->busy > 0)
			note_pause(now, quiet_s);
		quiet_s = 0;
		now->busy++;
		now->last_ms = series->first_ms + (int64_t)i * series->period_s * 1000;
	}
	now->quiet_s = quiet_s;
}

/* The median a minute, in which a minute without a datapoint has no record. */
static double
median_rate(const struct kd_series *series, int64_t window_s, bool busy_only)
{
	struct kd_series tail = kd_series_tail(series, window_s);
	double values[NOW_S / 60], median = 0;
	size_t count = 0;

	for (size_t i = 0; i < tail.count && count < KD_COUNT(values); i++)
		if (!busy_only || is_busy(&tail, i))
			values[count++] = is_busy(&tail, i) ? tail.values[i] : 0;
	tail.values = values;
	tail.count = count;
	(void)kd_series_median(&tail, &median);
	return median;
}

/* Is the newest silent minute told as zero, or has another metric of the stream that minute? Then it is not late. */
static bool
is_delivered(const struct look *look, const struct kd_series *series, int64_t quiet_s)
{
	size_t quiet = (size_t)(quiet_s / 60);
	struct kd_series tail = kd_series_tail(series, quiet_s);

	return quiet_s >= LATE_S || (quiet > 0 && kd_series_known(&tail) == quiet) ||
	       kd_series_at_least(kd_get_series(look->facts, READ_OK, NULL), quiet, 0) * 2 > quiet;
}

static struct now
measure_now(const struct look *look)
{
	const struct kd_series *series = kd_get_series(look->facts, NOW, NULL);
	struct now now = {.quiet_s = NOW_S, .is_sure = true};

	if (series == NULL)
		return now;
	measure_pauses(series, &now);
	now.rate = median_rate(series, LATE_S, false);
	now.before = median_rate(series, NOW_S, true);
	now.is_sure = is_delivered(look, series, now.quiet_s);
	return now;
}

/* ---- the silence, remembered ---- */

/*
 * The state is "quiet LAST RATE" while nothing comes in: when the newest minute with records began, and how many a minute there were. So it is
 * known after the window of three hours too since when a stream is silent, and what it had.
 */
static void
recall(const struct look *look, struct now *now)
{
	const char *state = kd_state(look->facts);
	int64_t last_ms;
	double rate;
	char *end;

	if (now->quiet_s == 0 || state == NULL || strncmp(state, "quiet ", 6) != 0)
		return;
	last_ms = strtoll(state + 6, &end, 10);
	rate = *end == ' ' ? strtod(end, NULL) : 0;
	if (last_ms <= 0 || last_ms > kd_now_ms(look->facts) || !(rate >= 0 && rate < 1e15) || last_ms < now->last_ms)
		return;
	now->last_ms = last_ms;
	now->before = rate;
	now->recalled = true;
}

static void
keep(const struct look *look, const struct now *now)
{
	char text[80] = "";

	if (now->quiet_s > 0 && now->last_ms > 0)
		(void)snprintf(text, sizeof(text), "quiet %" PRId64 " %.0f", now->last_ms, now->before);
	if (text[0] != '\0' || (kd_state(look->facts) != NULL && kd_state(look->facts)[0] != '\0'))
		kd_keep_state(look->out, text);
}

/* Since the end of the newest minute with records; where none is known, what the window shows. */
static int64_t
silence_s(const struct look *look, const struct now *now)
{
	int64_t since_s = now->last_ms > 0 ? (kd_now_ms(look->facts) - now->last_ms) / 1000 - 60 : 0;

	return since_s > now->quiet_s ? since_s : now->quiet_s;
}

/* ---- stopped ---- */

/* Long enough for a stream with such pauses. */
static bool
is_long(const struct look *look, const struct now *now, const struct past *past)
{
	int64_t limit_s = kd_duration_s(look->settings, STOPPED_AFTER);

	if (past->pauses && limit_s < LATE_S)
		limit_s = LATE_S;
	if (limit_s < 2 * now->pauses[KD_COUNT(now->pauses) - 1])
		limit_s = 2 * now->pauses[KD_COUNT(now->pauses) - 1];
	return now->is_sure && now->quiet_s >= limit_s;
}

/* Its own last hours tell where nothing older is known: of a stream that is new, or when CloudWatch would not tell. */
static bool
is_stopped(const struct look *look, const struct now *now, const struct past *past)
{
	double floor = (double)kd_integer(look->settings, FLOOR);

	if (!is_long(look, now, past))
		return false;
	if (has_no_past(look, past))
		return (now->busy >= 60 || now->recalled) && now->before > 0 && now->before >= floor &&
		       silence_s(look, now) < DAY_S;
	return past->least > 0 && past->rate >= floor;
}

static void
next_producers(const struct look *look)
{
	kd_next(look->out,
	    "aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue=%s --region %s",
	    kd_stream_name(look->facts), kd_stream_region(look->facts));
}

static void
add_past_evidence(const struct look *look, const struct past *past)
{
	if (past->yesterday.known)
		kd_evidence_number(look->out, "yesterday_per_minute", past->yesterday.rate);
	if (past->week.known)
		kd_evidence_number(look->out, "last_week_per_minute", past->week.rate);
}

static void
report_stopped(const struct look *look, const struct now *now, const struct past *past)
{
	bool no_past = has_no_past(look, past);
	double usual = no_past ? now->before : past->rate;
	char age[KD_AGE_SIZE], rate[KD_NUMBER_SIZE];

	kd_find(look->out, CHECK_RECORDS, NULL, no_past ? KD_WARNING : KD_CRITICAL,
	    "no record has come in for %s%s, where %s a minute are usual: look at the producers and their permissions",
	    now->last_ms > 0 ? "" : "at least ", kd_age(silence_s(look, now), age), kd_amount(usual, rate));
	kd_evidence_integer(look->out, "quiet_s", silence_s(look, now));
	kd_evidence_number(look->out, "usual_per_minute", usual);
	add_past_evidence(look, past);
	next_producers(look);
}

/* ---- too few, or none as ever ---- */

/* Nothing in three hours, and not stopped: a stream that waits. */
static void
report_idle(const struct look *look, const struct past *past)
{
	char day[KD_NUMBER_SIZE], week[KD_NUMBER_SIZE];

	if (!past->yesterday.known || !past->week.known)
		kd_find(look->out, CHECK_RECORDS, NULL, KD_INFO,
		    "no record in 3 h, and too little is known of other days to tell whether that is usual");
	else if (past->yesterday.rate <= 0 && past->week.rate <= 0)
		kd_find(look->out, CHECK_RECORDS, NULL, KD_INFO,
		    "no record in 3 h, nor at this time yesterday or a week ago: the stream is not used, or seldom");
	else
		kd_find(look->out, CHECK_RECORDS, NULL, KD_INFO,
		    "no record in 3 h; at this time there were %s a minute yesterday and %s a week ago",
		    kd_amount(past->yesterday.rate, day), kd_amount(past->week.rate, week));
	add_past_evidence(look, past);
}

/* Both days must say so, each by its lowest five minutes about this time. */
static bool
is_low(const struct look *look, const struct now *now, const struct past *past)
{
	return past->yesterday.known && past->week.known && !is_new(look) && past->rate > 0 &&
	       past->rate >= (double)kd_integer(look->settings, FLOOR) && now->quiet_s == 0 &&
	       now->rate < past->least * kd_percent(look->settings, LOW) / 100;
}

static void
report_low(const struct look *look, const struct now *now, const struct past *past)
{
	char rate[KD_NUMBER_SIZE], day[KD_NUMBER_SIZE], week[KD_NUMBER_SIZE], share[KD_NUMBER_SIZE];

	kd_find(look->out, CHECK_RECORDS, NULL, KD_WARNING,
	    "%s records a minute, %s of what is usual at this time (%s yesterday, %s a week ago)",
	    kd_amount(now->rate, rate), kd_share(now->rate / past->rate * 100, share),
	    kd_amount(past->yesterday.rate, day), kd_amount(past->week.rate, week));
	next_producers(look);
}

static void
report_rate(const struct look *look, const struct now *now, const struct past *past)
{
	char rate[KD_NUMBER_SIZE], age[KD_AGE_SIZE];

	if (is_low(look, now, past))
		report_low(look, now, past);
	else if (now->quiet_s > 0)
		kd_find(look->out, CHECK_RECORDS, NULL, KD_OK, "the newest record came in %s ago%s",
		    kd_age(silence_s(look, now), age), now->is_sure ? "" : ", or CloudWatch is late");
	else
		kd_find(look->out, CHECK_RECORDS, NULL, KD_OK, "%s records a minute", kd_amount(now->rate, rate));
	kd_evidence_number(look->out, "records_per_minute", now->rate);
	add_past_evidence(look, past);
}

/* ---- records ---- */

static void
judge_records(const struct look *look)
{
	struct past past;
	struct now now;

	if (kd_get_series(look->facts, NOW, NULL) == NULL && kd_missing(look->facts, NOW) != KD_NO_DATA) {
		kd_unknown(look->out, CHECK_RECORDS, NULL, look->facts, NOW);
		return;
	}
	now = measure_now(look);
	recall(look, &now);
	keep(look, &now);
	past = find_past(look, silence_s(look, &now));
	if (is_stopped(look, &now, &past))
		report_stopped(look, &now, &past);
	else if (now.busy == 0)
		report_idle(look, &past);
	else
		report_rate(look, &now, &past);
}

/* ---- put_success ---- */

static void
report_put_success(const struct look *look, double percent)
{
	bool critical = percent < kd_percent(look->settings, PUT_SUCCESS_CRITICAL);
	char share[KD_NUMBER_SIZE];

	if (percent >= kd_percent(look->settings, PUT_SUCCESS))
		kd_find(look->out, CHECK_PUT_SUCCESS, NULL, KD_OK, "%s of the PutRecord calls succeed",
		    kd_share(percent, share));
	else if (kd_series_above(kd_get_series(look->facts, REFUSED, NULL), LEVEL_OF, 0) > LEVEL_OF / 2)
		kd_find(look->out, CHECK_PUT_SUCCESS, NULL, KD_INFO,
		    "%s of the PutRecord calls fail, and records are refused (see throttling)",
		    kd_share(100 - percent, share));
	else {
		kd_find(look->out, CHECK_PUT_SUCCESS, NULL, critical ? KD_CRITICAL : KD_WARNING,
		    "%s of the PutRecord calls fail, and not for throttling: permissions, KMS, or Kinesis itself",
		    kd_share(100 - percent, share));
		next_producers(look);
	}
	kd_evidence_number(look->out, "success_percent", percent);
}

static void
judge_put_success(const struct look *look)
{
	const struct kd_series *ok = kd_get_series(look->facts, PUT_OK, NULL);
	double level;

	if (ok == NULL && kd_missing(look->facts, PUT_OK) != KD_NO_DATA)
		kd_unknown(look->out, CHECK_PUT_SUCCESS, NULL, look->facts, PUT_OK);
	else if (ok == NULL || !kd_series_level(ok, LEVEL_OF, &level))
		kd_find(look->out, CHECK_PUT_SUCCESS, NULL, KD_OK, "no PutRecord call to speak of in the last 15 min");
	else
		report_put_success(look, level * 100);
}

/* ---- all ---- */

static bool
is_usable(enum kd_status status)
{
	return status == KD_STATUS_ACTIVE || status == KD_STATUS_UPDATING;
}

static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	struct look look = {facts, settings, kd_get_summary(facts, SUMMARY), out};

	if (look.summary == NULL) {
		for (size_t check = 0; check < KD_COUNT(checks); check++)
			kd_unknown(out, check, NULL, facts, SUMMARY);
		return;
	}
	if (is_usable(look.summary->status))
		judge_records(&look);
	else /* ok: that finding says all, and this one would outlive the stream */
		kd_find(out, CHECK_RECORDS, NULL, KD_OK, "the stream is %s (see stream_status)",
		    kd_status_name(look.summary->status));
	judge_put_success(&look);
}

/* 2 of 3: what CloudWatch tells late may look like silence once. Resolves in 2 of 3 as well. */
const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI,
    .name = "ingest",
    .title = "Do records come in, and as many as at this hour of other days?",
    .needs = needs,
    .needs_count = KD_COUNT(needs),
    .options = options,
    .options_count = KD_COUNT(options),
    .checks = checks,
    .checks_count = KD_COUNT(checks),
    .open = {2, 3},
    .resolve = {2, 3},
    .judge = judge,
};
