/* SPDX-License-Identifier: Apache-2.0 */
/*
 * throttling: are producers or consumers refused, how much of their traffic, and is it a hot key, bursts, or too few shards? The writes, and what all
 * checks measure with, are in probes/throttling/.
 */
#include <stdio.h>

#include "probes/throttling/throttling.h"

/* What happened within this; a burst every five minutes is three of them. */
enum { LOOK_S = 900 };

static const struct kd_option options[] = {
    [WARNING] = {"warning", KD_PERCENT, "1%", 0, 100, "the share of records or calls that may be refused"},
    [CRITICAL] = {"critical", KD_PERCENT, "10%", 0, 100, "the share refused from which it is critical"},
    [FAILED_WARNING] = {"failed_warning", KD_PERCENT, "0.1%", 0, 100,
	"the share of records in PutRecords calls that may fail inside Kinesis"},
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

#define STEP "Check for throttling"

static const struct kd_check checks[] = {
    [CHECK_WRITES] = {"writes", "stream_not_capturing_data", STEP},
    [CHECK_FAILED_RECORDS] = {"failed_records", "stream_not_capturing_data", STEP},
    [CHECK_READS] = {"reads", "high_latency", STEP},
    [CHECK_SUBSCRIPTIONS] = {"subscriptions", "high_latency", STEP},
};

/* ---- failed_records: lost inside Kinesis, which PutRecords answers with success all the same ---- */

static void
judge_failed(const struct look *look)
{
	struct traffic put = {
	    kd_get_series(look->facts, PUT_FAILED, NULL), kd_get_series(look->facts, PUT_TOTAL, NULL), true};
	struct refusal failed = throttling_measure(look, &put, FAILED_WARNING);
	char share[KD_NUMBER_SIZE], lost[KD_NUMBER_SIZE];
	double sum = 0;

	if (throttling_cannot_look(look, CHECK_FAILED_RECORDS, PUT_FAILED, PUT_TOTAL))
		return;
	(void)kd_series_sum(put.refused, &sum);
	if (throttling_severity(&failed) != KD_OK) {
		kd_find(look->out, CHECK_FAILED_RECORDS, NULL, throttling_severity(&failed),
		    "%s of the records in PutRecords calls fail inside Kinesis (%s in %zu min): producers must send "
		    "them again",
		    kd_share(throttling_percent(&failed), share), kd_amount(failed.refused, lost), failed.minutes);
		throttling_add_evidence(look, "failed_records", "total_records", &failed);
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
	struct hot hot = throttling_find_hot(look, SHARD_READ_REFUSED);
	char share[KD_NUMBER_SIZE], where[TEXT_SIZE] = "";

	if (hot.id != NULL)
		(void)snprintf(where, sizeof(where), " on %zu of %zu shards, most on %s", hot.hit, hot.shards, hot.id);
	kd_find(look->out, CHECK_READS, NULL, severity,
	    "%s of the GetRecords calls are refused%s: consumers share 5 calls and 2 MiB a second of each shard; "
	    "enhanced fan-out gives each its own",
	    kd_share(throttling_percent(refusal), share), where);
	throttling_add_evidence(look, "refused_calls", "calls", refusal);
	if (hot.id != NULL)
		kd_evidence_string(look->out, "shard", hot.id);
	if (kd_stream_arn(look->facts)[0] != '\0')
		kd_next(look->out, "aws lambda list-event-source-mappings --event-source-arn %s --region %s",
		    kd_stream_arn(look->facts), kd_stream_region(look->facts));
	else
		throttling_next_shard_metrics(
		    look, "ReadProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded");
}

static void
judge_reads(const struct look *look)
{
	struct traffic reads = {
	    kd_get_series(look->facts, READ_REFUSED, NULL), kd_get_series(look->facts, READ_OK, NULL), false};
	struct refusal refusal = throttling_measure(look, &reads, WARNING);

	if (throttling_cannot_look(look, CHECK_READS, READ_REFUSED, READ_OK))
		return;
	if (throttling_severity(&refusal) != KD_OK)
		report_reads(look, throttling_severity(&refusal), &refusal);
	else
		throttling_report_few(look, CHECK_READS, "GetRecords calls", reads.refused);
}

/* ---- subscriptions of enhanced fan-out consumers ---- */

static void
judge_consumer(const struct look *look, const struct kd_series *series)
{
	struct traffic calls = {series, throttling_find_subject(look, SUBSCRIBED, series->subject), false};
	struct refusal refusal = throttling_measure(look, &calls, WARNING);
	char share[KD_NUMBER_SIZE];

	if (throttling_severity(&refusal) == KD_OK) {
		kd_find(look->out, CHECK_SUBSCRIPTIONS, series->subject, KD_OK,
		    "enhanced fan-out consumer %s subscribes unhindered", series->subject);
		return;
	}
	kd_find(look->out, CHECK_SUBSCRIPTIONS, series->subject, KD_WARNING,
	    "%s of the SubscribeToShard calls of %s are refused: it subscribes anew too fast, or two run under its "
	    "name",
	    kd_share(throttling_percent(&refusal), share), series->subject);
	throttling_add_evidence(look, "refused_calls", "calls", &refusal);
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

	if (throttling_cannot_look(look, CHECK_SUBSCRIPTIONS, SUBSCRIBE_REFUSED, SUBSCRIBED))
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
	throttling_judge_writes(&look);
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
