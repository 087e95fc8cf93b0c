/* SPDX-License-Identifier: Apache-2.0 */
/* throttling: are producers or consumers refused, how much of their traffic, and is it a hot key, bursts, or too few shards? */
#include <inttypes.h>
#include <kdiag/probe.h>
#include <stdio.h>
#include <string.h>

enum { WARNING, CRITICAL, FAILED_WARNING };

static const struct kd_option options[] = {
    [WARNING] = {"warning", KD_PERCENT, "1%", 0, 100, "the share of records or calls that may be refused"},
    [CRITICAL] = {"critical", KD_PERCENT, "10%", 0, 100, "the share refused from which it is critical"},
    [FAILED_WARNING] = {"failed_warning", KD_PERCENT, "0.1%", 0, 100,
	"the share of records in PutRecords calls that may fail inside Kinesis"},
};

/* What happened within this; a burst every five minutes is three of them. */
enum { LOOK_S = 900 };

enum {
	SUMMARY,
	SHARDS,
	IN_RECORDS,
	IN_BYTES,
	IN_REFUSED,
	PUT_TOTAL,
	PUT_THROTTLED,
	PUT_FAILED,
	READ_OK,
	READ_REFUSED,
	SHARD_IN_REFUSED,
	SHARD_IN_RECORDS,
	SHARD_IN_BYTES,
	SHARD_READ_REFUSED,
	SUBSCRIBED,
	SUBSCRIBE_REFUSED,
};

#define SUM_OF(name, whose) \
	{ \
		.kind = KD_METRIC, .metric = (name), .stat = KD_SUM, .per = (whose), .window_s = LOOK_S \
	}

static const struct kd_need needs[] = {
    [SUMMARY] = {.kind = KD_STREAM_SUMMARY},
    [SHARDS] = {.kind = KD_SHARDS},
    [IN_RECORDS] = SUM_OF("IncomingRecords", KD_PER_STREAM),
    [IN_BYTES] = SUM_OF("IncomingBytes", KD_PER_STREAM),
    [IN_REFUSED] = SUM_OF("WriteProvisionedThroughputExceeded", KD_PER_STREAM),
    [PUT_TOTAL] = SUM_OF("PutRecords.TotalRecords", KD_PER_STREAM),
    [PUT_THROTTLED] = SUM_OF("PutRecords.ThrottledRecords", KD_PER_STREAM),
    [PUT_FAILED] = SUM_OF("PutRecords.FailedRecords", KD_PER_STREAM),
    [READ_OK] = SUM_OF("GetRecords.Success", KD_PER_STREAM),
    [READ_REFUSED] = SUM_OF("ReadProvisionedThroughputExceeded", KD_PER_STREAM),
    [SHARD_IN_REFUSED] = SUM_OF("WriteProvisionedThroughputExceeded", KD_PER_SHARD),
    [SHARD_IN_RECORDS] = SUM_OF("IncomingRecords", KD_PER_SHARD),
    [SHARD_IN_BYTES] = SUM_OF("IncomingBytes", KD_PER_SHARD),
    [SHARD_READ_REFUSED] = SUM_OF("ReadProvisionedThroughputExceeded", KD_PER_SHARD),
    [SUBSCRIBED] = SUM_OF("SubscribeToShard.Success", KD_PER_CONSUMER),
    [SUBSCRIBE_REFUSED] = SUM_OF("SubscribeToShard.RateExceeded", KD_PER_CONSUMER),
};

enum { CHECK_WRITES, CHECK_FAILED_RECORDS, CHECK_READS, CHECK_SUBSCRIPTIONS };

#define STEP "Check for throttling"

static const struct kd_check checks[] = {
    [CHECK_WRITES] = {"writes", "stream_not_capturing_data", STEP},
    [CHECK_FAILED_RECORDS] = {"failed_records", "stream_not_capturing_data", STEP},
    [CHECK_READS] = {"reads", "high_latency", STEP},
    [CHECK_SUBSCRIPTIONS] = {"subscriptions", "high_latency", STEP},
};

/* What a shard takes a second (Kinesis quotas). */
static const double shard_bytes = 1048576, shard_records = 1000;

/* Refused in fewer minutes than this is a spike, which retries ride out; and what is over is not told as news. */
enum { BAD_MINUTES = 3, RECENT_MINUTES = 5 };

/* Below this use of a minute's average, what was refused came in bursts shorter than the minute, or to few of the shards. */
static const double low_percent = 70;

struct look {
	const struct kd_facts *facts;
	const struct kd_settings *settings;
	const struct kd_stream_summary *summary;
	struct kd_report *out;
};

static const char *
plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* ---- shares of a minute and of all ---- */

/* What was refused of a demand: demand = accepted + refused, or what was asked for in all. */
struct traffic {
	const struct kd_series *refused, *other;
	bool other_is_all; /* else what was accepted */
};

struct refusal {
	size_t minutes, recent; /* in which the share was at least the warning */
	size_t critical;        /* in which it was at least the critical one */
	double refused, demand; /* of the bad minutes */
};

static double
at(const struct kd_series *series, int64_t ms)
{
	double value = kd_series_at(series, ms);

	return value > 0 ? value : 0; /* an absent counter has counted nothing */
}

static void
add_minute(const struct look *look, size_t warning, double refused, double demand, bool recent, struct refusal *sum)
{
	double percent = demand > 0 ? refused / demand * 100 : 0;

	if (refused <= 0 || percent < kd_percent(look->settings, warning))
		return;
	sum->minutes++;
	sum->recent += recent;
	sum->critical += percent >= kd_percent(look->settings, CRITICAL);
	sum->refused += refused;
	sum->demand += demand;
}

static struct refusal
measure(const struct look *look, const struct traffic *traffic, size_t warning)
{
	struct refusal sum = {0};
	const struct kd_series *refused = traffic->refused;

	for (size_t i = 0; refused != NULL && i < refused->count; i++) {
		int64_t ms = refused->first_ms + (int64_t)i * refused->period_s * 1000;
		double lost = at(refused, ms), other = at(traffic->other, ms);

		add_minute(look, warning, lost, traffic->other_is_all ? (other > lost ? other : lost) : other + lost,
		    i + RECENT_MINUTES >= refused->count, &sum);
	}
	return sum;
}

static enum kd_severity
severity_of(const struct refusal *refusal)
{
	if (refusal->minutes < BAD_MINUTES || refusal->recent == 0)
		return KD_OK;
	return refusal->critical >= BAD_MINUTES ? KD_CRITICAL : KD_WARNING;
}

static double
percent_of(const struct refusal *refusal)
{
	return refusal->demand > 0 ? refusal->refused / refusal->demand * 100 : 0;
}

static void
add_evidence(const struct look *look, const char *refused, const char *demand, const struct refusal *refusal)
{
	kd_evidence_number(look->out, refused, refusal->refused);
	kd_evidence_number(look->out, demand, refusal->demand);
	kd_evidence_number(look->out, "refused_percent", percent_of(refusal));
	kd_evidence_integer(look->out, "minutes", (int64_t)refusal->minutes);
}

/* A counter that is absent beside one that is there has counted nothing; else nobody could look. */
static bool
cannot_look(const struct look *look, size_t check, size_t refused, size_t demand)
{
	size_t needed[] = {refused, demand};

	for (size_t i = 0; i < KD_COUNT(needed); i++) {
		enum kd_reason reason = kd_missing(look->facts, needed[i]);

		if (reason == KD_KNOWN || reason == KD_NO_DATA)
			continue;
		kd_unknown(look->out, check, NULL, look->facts, needed[i]);
		return true;
	}
	return false;
}

/* ---- where writes are refused ---- */

struct hot {
	size_t shards, hit; /* how many there are, and how many refused anything */
	const char *id;     /* the one that refused most */
	double most, all;
	double use_percent; /* of what that shard takes, the minute's average */
};

static const struct kd_series *
find_subject(const struct look *look, size_t need, const char *subject)
{
	size_t count;
	const struct kd_series *series = kd_get_series(look->facts, need, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(series[i].subject, subject) == 0)
			return &series[i];
	return NULL;
}

/* How full of bytes or of records, whichever is fuller, in the minutes in which something was refused. */
static double
use_when_refused(
    const struct kd_series *refused, const struct kd_series *bytes, const struct kd_series *records, double shards)
{
	double seconds = 0, byte_sum = 0, record_sum = 0, by_bytes, by_records;

	for (size_t i = 0; refused != NULL && i < refused->count; i++) {
		int64_t ms = refused->first_ms + (int64_t)i * refused->period_s * 1000;

		if (!(refused->values[i] > 0))
			continue;
		seconds += (double)refused->period_s;
		byte_sum += at(bytes, ms);
		record_sum += at(records, ms);
	}
	if (seconds <= 0 || shards <= 0)
		return 0;
	by_bytes = byte_sum / seconds / (shards * shard_bytes) * 100;
	by_records = record_sum / seconds / (shards * shard_records) * 100;
	return by_bytes > by_records ? by_bytes : by_records;
}

static struct hot
find_hot(const struct look *look, size_t need)
{
	struct hot hot = {0};
	const struct kd_series *series = kd_get_series(look->facts, need, &hot.shards);
	double sum;

	for (size_t i = 0; i < hot.shards; i++) {
		if (!kd_series_sum(&series[i], &sum) || sum <= 0)
			continue;
		hot.hit++;
		hot.all += sum;
		if (sum <= hot.most)
			continue;
		hot.most = sum;
		hot.id = series[i].subject;
	}
	if (hot.id != NULL)
		hot.use_percent = use_when_refused(find_subject(look, need, hot.id),
		    find_subject(look, SHARD_IN_BYTES, hot.id), find_subject(look, SHARD_IN_RECORDS, hot.id), 1);
	return hot;
}

/* One shard refuses most of it, and others are spared. */
static bool
is_one_shard(const struct hot *hot)
{
	return hot->shards > 1 && hot->hit * 2 <= hot->shards && hot->most >= hot->all * 0.8;
}

static const struct kd_shard *
find_shard(const struct look *look, const char *id)
{
	size_t count;
	const struct kd_shard *shards = kd_get_shards(look->facts, SHARDS, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(shards[i].id, id) == 0)
			return &shards[i];
	return NULL;
}

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

static bool
is_monitored(const struct look *look, const char *metric)
{
	for (size_t i = 0; i < look->summary->shard_metrics_count; i++)
		if (strcmp(look->summary->shard_metrics[i], metric) == 0)
			return true;
	return false;
}

/* `metric` decides: where it is on already, a look by hand asks for it, as the next look will. */
static void
next_shard_metrics(const struct look *look, const char *metric, const char *metrics)
{
	if (is_monitored(look, metric)) {
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

/* ---- writes ---- */

enum { TEXT_SIZE = 160 };

/* "4 % of the records are refused (1,240 of 31,000 in 5 min)" */
static const char *
say_writes(const struct refusal *refusal, char text[TEXT_SIZE])
{
	char share[KD_NUMBER_SIZE], refused[KD_NUMBER_SIZE], demand[KD_NUMBER_SIZE];

	(void)snprintf(text, TEXT_SIZE, "%s of the records are refused (%s of %s in %zu min)",
	    kd_share(percent_of(refusal), share), kd_amount(refusal->refused, refused),
	    kd_amount(refusal->demand, demand), refusal->minutes);
	return text;
}

static void
report_by_shard(const struct look *look, enum kd_severity severity, const char *what, const struct hot *hot)
{
	const struct kd_shard *shard = find_shard(look, hot->id);
	bool bursts = hot->use_percent < low_percent, one = is_one_shard(hot);
	char use[KD_NUMBER_SIZE];

	kd_share(hot->use_percent, use);
	if (one && bursts)
		kd_find(look->out, CHECK_WRITES, NULL, severity,
		    "%s, on 1 of %zu shards: bursts to %s, which is %s full in a minute's average", what, hot->shards,
		    hot->id, use);
	else if (one)
		kd_find(look->out, CHECK_WRITES, NULL, severity, "%s, on 1 of %zu shards: a hot key on %s, %s full",
		    what, hot->shards, hot->id, use);
	else
		kd_find(look->out, CHECK_WRITES, NULL, severity,
		    "%s, on %zu of %zu shard%s: %s (the worst, %s, is %s full)", what, hot->hit, hot->shards,
		    plural(hot->shards), bursts ? "bursts shorter than a minute" : "too few shards", hot->id, use);
	add_shard_evidence(look, hot, shard);
	if (is_one_shard(hot))
		next_split(look, shard);
	else
		next_more_shards(look);
}

static const char refused_metric[] = "WriteProvisionedThroughputExceeded";

/* Without metrics of shards: is the stream full as a whole? */
static void
report_by_stream(const struct look *look, enum kd_severity severity, const char *what, const struct kd_series *refused)
{
	double use = use_when_refused(refused, kd_get_series(look->facts, IN_BYTES, NULL),
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
		    share, is_monitored(look, refused_metric) ? "are on and " : "");
		next_shard_metrics(
		    look, refused_metric, "IncomingBytes IncomingRecords WriteProvisionedThroughputExceeded");
	}
	kd_evidence_number(look->out, "use_percent", use);
}

static void
report_writes(const struct look *look, const struct traffic *traffic, const struct refusal *refusal)
{
	struct hot hot = find_hot(look, SHARD_IN_REFUSED);
	char text[TEXT_SIZE];

	say_writes(refusal, text);
	if (hot.id != NULL)
		report_by_shard(look, severity_of(refusal), text, &hot);
	else
		report_by_stream(look, severity_of(refusal), text, traffic->refused);
	add_evidence(look, "refused_records", "demand_records", refusal);
}

/* A few records refused in passing are what retries are for. */
static void
report_few(const struct look *look, size_t check, const char *things, const struct kd_series *refused)
{
	char amount[KD_NUMBER_SIZE];
	double sum = 0;

	(void)kd_series_sum(refused, &sum);
	if (sum > 0)
		kd_find(look->out, check, NULL, KD_OK, "%s %s refused in 15 min, in passing", kd_amount(sum, amount),
		    things);
	else
		kd_find(look->out, check, NULL, KD_OK, "no %s refused in 15 min", things);
}

/*
 * WriteProvisionedThroughputExceeded counts records refused in PutRecord and PutRecords calls; IncomingRecords only those that were
 * taken. ThrottledRecords against TotalRecords tells of PutRecords alone what the other two may not yet tell.
 */
static void
judge_writes(const struct look *look)
{
	struct traffic all = {
	    kd_get_series(look->facts, IN_REFUSED, NULL), kd_get_series(look->facts, IN_RECORDS, NULL), false};
	struct traffic put = {
	    kd_get_series(look->facts, PUT_THROTTLED, NULL), kd_get_series(look->facts, PUT_TOTAL, NULL), true};
	struct refusal refusal = measure(look, &all, WARNING), of_put = measure(look, &put, WARNING);

	if (cannot_look(look, CHECK_WRITES, IN_REFUSED, IN_RECORDS))
		return;
	if (severity_of(&refusal) != KD_OK)
		report_writes(look, &all, &refusal);
	else if (severity_of(&of_put) != KD_OK)
		report_writes(look, &put, &of_put);
	else
		report_few(look, CHECK_WRITES, "records", all.refused);
}

/* ---- failed_records: lost inside Kinesis, which PutRecords answers with success all the same ---- */

static void
judge_failed(const struct look *look)
{
	struct traffic put = {
	    kd_get_series(look->facts, PUT_FAILED, NULL), kd_get_series(look->facts, PUT_TOTAL, NULL), true};
	struct refusal failed = measure(look, &put, FAILED_WARNING);
	char share[KD_NUMBER_SIZE], lost[KD_NUMBER_SIZE];
	double sum = 0;

	if (cannot_look(look, CHECK_FAILED_RECORDS, PUT_FAILED, PUT_TOTAL))
		return;
	(void)kd_series_sum(put.refused, &sum);
	if (severity_of(&failed) != KD_OK) {
		kd_find(look->out, CHECK_FAILED_RECORDS, NULL, severity_of(&failed),
		    "%s of the records in PutRecords calls fail inside Kinesis (%s in %zu min): producers must send "
		    "them again",
		    kd_share(percent_of(&failed), share), kd_amount(failed.refused, lost), failed.minutes);
		add_evidence(look, "failed_records", "total_records", &failed);
		kd_next(look->out, "aws health describe-events --filter services=KINESIS,regions=%s --region us-east-1",
		    kd_stream_region(look->facts));
	} else if (sum > 0)
		kd_find(look->out, CHECK_FAILED_RECORDS, NULL, KD_OK, "%s records failed in 15 min, in passing",
		    kd_amount(sum, lost));
	else
		kd_find(look->out, CHECK_FAILED_RECORDS, NULL, KD_OK, "no record failed in 15 min");
}

/* ---- reads ---- */

static void
report_reads(const struct look *look, enum kd_severity severity, const struct refusal *refusal)
{
	struct hot hot = find_hot(look, SHARD_READ_REFUSED);
	char share[KD_NUMBER_SIZE], where[TEXT_SIZE] = "";

	if (hot.id != NULL)
		(void)snprintf(where, sizeof(where), " on %zu of %zu shards, most on %s", hot.hit, hot.shards, hot.id);
	kd_find(look->out, CHECK_READS, NULL, severity,
	    "%s of the GetRecords calls are refused%s: consumers share 5 calls and 2 MiB a second of each shard; "
	    "enhanced fan-out gives each its own",
	    kd_share(percent_of(refusal), share), where);
	add_evidence(look, "refused_calls", "calls", refusal);
	if (hot.id != NULL)
		kd_evidence_string(look->out, "shard", hot.id);
	if (kd_stream_arn(look->facts)[0] != '\0')
		kd_next(look->out, "aws lambda list-event-source-mappings --event-source-arn %s --region %s",
		    kd_stream_arn(look->facts), kd_stream_region(look->facts));
	else
		next_shard_metrics(look, "ReadProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded");
}

static void
judge_reads(const struct look *look)
{
	struct traffic reads = {
	    kd_get_series(look->facts, READ_REFUSED, NULL), kd_get_series(look->facts, READ_OK, NULL), false};
	struct refusal refusal = measure(look, &reads, WARNING);

	if (cannot_look(look, CHECK_READS, READ_REFUSED, READ_OK))
		return;
	if (severity_of(&refusal) != KD_OK)
		report_reads(look, severity_of(&refusal), &refusal);
	else
		report_few(look, CHECK_READS, "GetRecords calls", reads.refused);
}

/* ---- subscriptions of enhanced fan-out consumers ---- */

static void
judge_consumer(const struct look *look, const struct kd_series *series)
{
	struct traffic calls = {series, find_subject(look, SUBSCRIBED, series->subject), false};
	struct refusal refusal = measure(look, &calls, WARNING);
	char share[KD_NUMBER_SIZE];

	if (severity_of(&refusal) == KD_OK) {
		kd_find(look->out, CHECK_SUBSCRIPTIONS, series->subject, KD_OK,
		    "enhanced fan-out consumer %s subscribes unhindered", series->subject);
		return;
	}
	kd_find(look->out, CHECK_SUBSCRIPTIONS, series->subject, KD_WARNING,
	    "%s of the SubscribeToShard calls of %s are refused: it subscribes anew too fast, or two run under its "
	    "name",
	    kd_share(percent_of(&refusal), share), series->subject);
	add_evidence(look, "refused_calls", "calls", &refusal);
	if (kd_stream_arn(look->facts)[0] != '\0')
		kd_next(look->out,
		    "aws kinesis describe-stream-consumer --stream-arn %s --consumer-name %s --region %s",
		    kd_stream_arn(look->facts), series->subject, kd_stream_region(look->facts));
}

static void
judge_subscriptions(const struct look *look)
{
	size_t count;
	const struct kd_series *series = kd_get_series(look->facts, SUBSCRIBE_REFUSED, &count);

	if (cannot_look(look, CHECK_SUBSCRIPTIONS, SUBSCRIBE_REFUSED, SUBSCRIBED))
		return;
	if (count == 0)
		kd_find(look->out, CHECK_SUBSCRIPTIONS, NULL, KD_OK, "no enhanced fan-out consumer");
	for (size_t i = 0; i < count; i++)
		judge_consumer(look, &series[i]);
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
	judge_writes(&look);
	judge_failed(&look);
	judge_reads(&look);
	judge_subscriptions(&look);
}

/* Opens at once: three bad minutes are no spike. Resolves in 3 of 5: bursts leave pauses between them. */
const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI,
    .name = "throttling",
    .title = "Are producers or consumers refused, how much of their traffic, and where?",
    .needs = needs,
    .needs_count = KD_COUNT(needs),
    .options = options,
    .options_count = KD_COUNT(options),
    .checks = checks,
    .checks_count = KD_COUNT(checks),
    .open = {1, 1},
    .resolve = {3, 5},
    .judge = judge,
};
