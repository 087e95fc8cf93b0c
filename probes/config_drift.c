/* SPDX-License-Identifier: Apache-2.0 */
/* config_drift: does the stream have the parameters that were declared for it: mode, retention, encryption, shard-level metrics? */
#include <inttypes.h>
#include <kdiag/probe.h>
#include <stdio.h>
#include <string.h>

enum { SUMMARY, EXPECT };

static const struct kd_need needs[] = {
    [SUMMARY] = {.kind = KD_STREAM_SUMMARY},
    [EXPECT] = {.kind = KD_EXPECT},
};

enum { CHECK_STREAM_MODE, CHECK_RETENTION, CHECK_ENCRYPTION, CHECK_SHARD_LEVEL_METRICS };

#define STEP "Compare the stream with its declared parameters"

static const struct kd_check checks[] = {
    [CHECK_STREAM_MODE] = {"stream_mode", "stream_not_capturing_data", STEP},
    [CHECK_RETENTION] = {"retention", "stream_not_capturing_data", STEP},
    [CHECK_ENCRYPTION] = {"encryption", "permission_issues", STEP},
    [CHECK_SHARD_LEVEL_METRICS] = {"shard_level_metrics", "high_latency", "Enable shard-level metrics"},
};

/* A metric of a shard costs about $0.30 a month: seven of 100 shards about $210 (CloudWatch pricing, custom metrics). */
static const double usd_a_metric = 0.30;

/* What a judgement is about. Without a declaration all that is expected is nothing. */
struct drift {
	const struct kd_facts *facts;
	const struct kd_stream_summary *is;
	struct kd_expect want;
	const char *passing; /* said behind a difference while the stream is being changed */
	struct kd_report *out;
};

/* ---- stream_mode ---- */

static void
judge_mode(const struct drift *drift)
{
	const char *is = kd_mode_name(drift->is->mode), *want = kd_mode_name(drift->want.mode);
	const char *arn = kd_stream_arn(drift->facts), *region = kd_stream_region(drift->facts);

	if (drift->is->mode == KD_MODE_UNKNOWN && drift->want.mode != KD_MODE_UNKNOWN)
		kd_find(
		    drift->out, CHECK_STREAM_MODE, NULL, KD_UNKNOWN, "AWS does not tell the mode (%s declared)", want);
	else if (drift->is->mode == KD_MODE_UNKNOWN)
		kd_find(drift->out, CHECK_STREAM_MODE, NULL, KD_OK, "AWS does not tell the mode (none declared)");
	else if (drift->want.mode == KD_MODE_UNKNOWN)
		kd_find(drift->out, CHECK_STREAM_MODE, NULL, KD_OK, "mode %s (none declared)", is);
	else if (drift->is->mode == drift->want.mode)
		kd_find(drift->out, CHECK_STREAM_MODE, NULL, KD_OK, "mode %s, as declared", is);
	else {
		kd_find(drift->out, CHECK_STREAM_MODE, NULL, KD_WARNING,
		    "mode %s, %s declared (AWS allows two changes in 24 h)%s", is, want, drift->passing);
		if (arn[0] != '\0')
			kd_next(drift->out,
			    "aws kinesis update-stream-mode --stream-arn %s --stream-mode-details StreamMode=%s "
			    "--region %s",
			    arn, want, region);
		else /* the call takes no name */
			kd_next(drift->out,
			    "aws kinesis describe-stream-summary --stream-name %s --region %s --query "
			    "StreamDescriptionSummary.StreamARN",
			    kd_stream_name(drift->facts), region);
	}
	kd_evidence_string(drift->out, "stream_mode", is);
	if (drift->want.mode != KD_MODE_UNKNOWN)
		kd_evidence_string(drift->out, "declared", want);
}

/* ---- retention ---- */

static void
judge_retention(const struct drift *drift)
{
	int64_t is = drift->is->retention_hours, want = drift->want.retention_hours;
	bool less = is < want;

	if (want == 0)
		kd_find(drift->out, CHECK_RETENTION, NULL, KD_OK, "retention %" PRId64 " h (none declared)", is);
	else if (is == want)
		kd_find(drift->out, CHECK_RETENTION, NULL, KD_OK, "retention %" PRId64 " h, as declared", is);
	else {
		kd_find(drift->out, CHECK_RETENTION, NULL, KD_WARNING,
		    "retention %" PRId64 " h, %" PRId64 " h declared: %s%s", is, want,
		    less ? "records are lost sooner than planned"
			 : "it costs more; cutting it drops the older records at once",
		    drift->passing);
		kd_next(drift->out,
		    "aws kinesis %s-stream-retention-period --stream-name %s --retention-period-hours %" PRId64
		    " --region %s",
		    less ? "increase" : "decrease", kd_stream_name(drift->facts), want, kd_stream_region(drift->facts));
	}
	kd_evidence_integer(drift->out, "retention_hours", is);
	if (want != 0)
		kd_evidence_integer(drift->out, "declared_hours", want);
}

/* ---- encryption ---- */

/*
 * A KMS key is named by its id, by "alias/NAME", or by the ARN of either, which ends in ":key/ID" or ":alias/NAME"
 * (Kinesis API reference, StartStreamEncryption). The end that tells: "ID" or "alias/NAME".
 */
static const char *
key_end(const char *key)
{
	const char *end = strncmp(key, "arn:", 4) == 0 && strrchr(key, ':') != NULL ? strrchr(key, ':') + 1 : key;

	return strncmp(end, "key/", 4) == 0 ? end + 4 : end;
}

enum likeness { SAME, DIFFERENT, CANNOT_TELL };

static enum likeness
compare_keys(const char *a, const char *b)
{
	const char *a_end = key_end(a), *b_end = key_end(b);
	bool both_arns = strncmp(a, "arn:", 4) == 0 && strncmp(b, "arn:", 4) == 0;

	if ((strncmp(a_end, "alias/", 6) == 0) != (strncmp(b_end, "alias/", 6) == 0))
		return CANNOT_TELL;
	return strcmp(both_arns ? a : a_end, both_arns ? b : b_end) == 0 ? SAME : DIFFERENT;
}

/* The key with which to encrypt when none is declared: the one that AWS owns. */
static const char *
key_to_use(const struct drift *drift)
{
	return drift->want.key_id != NULL ? drift->want.key_id : "alias/aws/kinesis";
}

static void
next_encryption(const struct drift *drift, bool start)
{
	const char *key = start || drift->is->key_id == NULL ? key_to_use(drift) : drift->is->key_id;

	kd_next(drift->out,
	    "aws kinesis %s-stream-encryption --stream-name %s --encryption-type KMS --key-id %s --region %s",
	    start ? "start" : "stop", kd_stream_name(drift->facts), key, kd_stream_region(drift->facts));
}

/* Both are KMS, and a key is declared. */
static void
judge_key(const struct drift *drift)
{
	const char *is = drift->is->key_id, *want = drift->want.key_id;
	enum likeness likeness = is != NULL ? compare_keys(is, want) : CANNOT_TELL;

	if (likeness == SAME)
		kd_find(drift->out, CHECK_ENCRYPTION, NULL, KD_OK, "encryption KMS with key %s, as declared", is);
	else if (is == NULL)
		kd_find(drift->out, CHECK_ENCRYPTION, NULL, KD_INFO,
		    "encryption KMS, but AWS does not tell the key; %s declared", want);
	else if (likeness == CANNOT_TELL) {
		kd_find(drift->out, CHECK_ENCRYPTION, NULL, KD_INFO,
		    "encryption KMS with key %s, %s declared: an alias and a key id cannot be compared; declare the "
		    "form that AWS shows",
		    is, want);
		kd_next(drift->out, "aws kms describe-key --key-id %s --region %s",
		    strncmp(key_end(is), "alias/", 6) == 0 ? is : want, kd_stream_region(drift->facts));
	} else {
		kd_find(drift->out, CHECK_ENCRYPTION, NULL, KD_WARNING, "encryption KMS with key %s, key %s declared%s",
		    is, want, drift->passing);
		next_encryption(drift, true);
	}
}

static void
judge_encryption(const struct drift *drift)
{
	const char *is = drift->is->encryption, *want = drift->want.encryption, *key = drift->is->key_id;
	bool kms;

	if (want == NULL && drift->want.key_id != NULL)
		want = "KMS"; /* who declares a key wants it used */
	if (is == NULL) {
		kd_find(drift->out, CHECK_ENCRYPTION, NULL, want != NULL ? KD_UNKNOWN : KD_OK,
		    "AWS does not tell the encryption (%s declared)", want != NULL ? want : "none");
		return;
	}
	kms = strcmp(is, "KMS") == 0;
	if (want == NULL)
		kd_find(drift->out, CHECK_ENCRYPTION, NULL, KD_OK, "encryption %s%s%s (none declared)", is,
		    kms && key != NULL ? " with key " : "", kms && key != NULL ? key : "");
	else if (strcmp(is, want) != 0) {
		kd_find(drift->out, CHECK_ENCRYPTION, NULL, KD_WARNING,
		    "encryption %s, %s declared: records are stored %s%s", is, want,
		    kms ? "encrypted, and readers need kms:Decrypt" : "in the clear", drift->passing);
		next_encryption(drift, !kms);
	} else if (kms && drift->want.key_id != NULL)
		judge_key(drift);
	else
		kd_find(drift->out, CHECK_ENCRYPTION, NULL, KD_OK, "encryption %s, as declared", is);
	kd_evidence_string(drift->out, "encryption", is);
	if (key != NULL)
		kd_evidence_string(drift->out, "key_id", key);
	if (want != NULL)
		kd_evidence_string(drift->out, "declared", want);
	if (drift->want.key_id != NULL)
		kd_evidence_string(drift->out, "declared_key_id", drift->want.key_id);
}

/* ---- shard_level_metrics ---- */

/* What "ALL" means (Kinesis API reference, EnableEnhancedMonitoring). */
static const char *const all_metrics[] = {"IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords",
    "WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded", "IteratorAgeMilliseconds"};

struct names {
	const char *const *list;
	size_t count;
};

/* Texts of names, with an end: the seven take 150 bytes. */
struct joined {
	char text[320];
	size_t count;
};

static bool
has_name(struct names names, const char *name)
{
	for (size_t i = 0; i < names.count; i++)
		if (strcmp(names.list[i], name) == 0)
			return true;
	return false;
}

/* Those of `these` that are not among `others`, each once, with a blank between. */
static struct joined
join_missing(struct names these, struct names others)
{
	struct joined joined = {.text = ""};

	for (size_t i = 0; i < these.count; i++) {
		size_t used = strlen(joined.text);

		if (has_name(others, these.list[i]) || has_name((struct names){these.list, i}, these.list[i]))
			continue;
		joined.count++;
		(void)snprintf(
		    joined.text + used, sizeof(joined.text) - used, "%s%s", used > 0 ? " " : "", these.list[i]);
	}
	return joined;
}

static struct names
declared_metrics(const struct kd_expect *want)
{
	struct names names = {want->shard_metrics, want->shard_metrics_count};

	return has_name(names, "ALL") ? (struct names){all_metrics, KD_COUNT(all_metrics)} : names;
}

static void
report_metrics(const struct drift *drift, const struct joined *missing, const struct joined *extra)
{
	const char *verb = missing->count > 0 ? "enable" : "disable";
	double usd = usd_a_metric * (double)extra->count * (double)drift->is->open_shards;

	if (missing->count == 0)
		kd_find(drift->out, CHECK_SHARD_LEVEL_METRICS, NULL, KD_INFO,
		    "shard-level metrics on but not declared: %s (about $%.2f a month)", extra->text, usd);
	else if (extra->count == 0)
		kd_find(drift->out, CHECK_SHARD_LEVEL_METRICS, NULL, KD_WARNING,
		    "shard-level metrics declared but off: %s%s", missing->text, drift->passing);
	else
		kd_find(drift->out, CHECK_SHARD_LEVEL_METRICS, NULL, KD_WARNING,
		    "shard-level metrics declared but off: %s; on but not declared: %s (about $%.2f a month)%s",
		    missing->text, extra->text, usd, drift->passing);
	kd_next(drift->out, "aws kinesis %s-enhanced-monitoring --stream-name %s --shard-level-metrics %s --region %s",
	    verb, kd_stream_name(drift->facts), missing->count > 0 ? missing->text : extra->text,
	    kd_stream_region(drift->facts));
	kd_evidence_integer(drift->out, "missing", (int64_t)missing->count);
	kd_evidence_integer(drift->out, "extra", (int64_t)extra->count);
}

static void
judge_metrics(const struct drift *drift)
{
	struct names is = {drift->is->shard_metrics, drift->is->shard_metrics_count},
		     want = declared_metrics(&drift->want);
	struct joined missing = join_missing(want, is), extra = join_missing(is, want);
	struct joined on = join_missing(is, (struct names){NULL, 0});

	if (drift->want.shard_metrics_declared && missing.count + extra.count > 0) {
		report_metrics(drift, &missing, &extra);
		return;
	}
	kd_find(drift->out, CHECK_SHARD_LEVEL_METRICS, NULL, KD_OK, "shard-level metrics %s%s%s",
	    on.count > 0 ? "on: " : "off", on.text,
	    drift->want.shard_metrics_declared ? ", as declared" : " (none declared)");
	kd_evidence_integer(drift->out, "on", (int64_t)on.count);
}

/* ---- all ---- */

static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	const struct kd_expect *expect = kd_get_expect(facts, EXPECT);
	struct drift drift = {.facts = facts, .is = kd_get_summary(facts, SUMMARY), .passing = "", .out = out};
	size_t missing = drift.is == NULL ? SUMMARY : EXPECT;

	(void)settings;
	if (drift.is == NULL || (expect == NULL && kd_missing(facts, EXPECT) != KD_NOT_CONFIGURED)) {
		for (size_t check = 0; check < KD_COUNT(checks); check++)
			kd_unknown(out, check, NULL, facts, missing);
		return;
	}
	if (expect != NULL)
		drift.want = *expect;
	if (drift.is->status == KD_STATUS_UPDATING)
		drift.passing = "; the stream is UPDATING, a change may be under way";
	judge_mode(&drift);
	judge_retention(&drift);
	judge_encryption(&drift);
	judge_metrics(&drift);
}

/* 1 of 1 both ways: what Kinesis answers is so, and who has mended it wants to see that at the next look. */
const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI,
    .name = "config_drift",
    .title = "Does the stream have the parameters that were declared for it?",
    .needs = needs,
    .needs_count = KD_COUNT(needs),
    .checks = checks,
    .checks_count = KD_COUNT(checks),
    .open = {1, 1},
    .resolve = {1, 1},
    .judge = judge,
};
