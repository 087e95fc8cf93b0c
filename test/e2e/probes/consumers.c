/* SPDX-License-Identifier: Apache-2.0 */
/*
 * consumers: is each enhanced fan-out consumer of the stream ACTIVE? A probe of a third party, and an example: it includes nothing but the ABI.
 *
 *     cc -shared -fPIC -I/usr/include -o consumers.so consumers.c
 */
#include <kdiag/probe.h>
#include <string.h>

enum { CONSUMERS };

static const struct kd_need needs[] = {
    [CONSUMERS] = {.kind = KD_CONSUMERS},
};

enum { CREATING_WARNING, IGNORE };

/* A consumer is ACTIVE within a minute or so; one that is not after ten hangs. */
static const struct kd_option options[] = {
    [CREATING_WARNING] = {"creating_warning", KD_DURATION, "10m", 1, 86400,
	"how long a consumer may be CREATING before that is a warning"},
    [IGNORE] = {"ignore", KD_LIST, NULL, 0, 100, "names of consumers that may be in any state"},
};

enum { ACTIVE };

static const struct kd_check checks[] = {
    [ACTIVE] = {"active", "high_latency", "Verify the enhanced fan-out consumers"},
};

static bool
is_ignored(const struct kd_settings *settings, const char *name)
{
	size_t count;
	const char *const *names = kd_list(settings, IGNORE, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* How bad is it that a consumer is not ACTIVE? Who deletes one knows of it. */
static enum kd_severity
severity_of(const struct kd_consumer *consumer, int64_t age_s, const struct kd_settings *settings)
{
	if (is_ignored(settings, consumer->name))
		return KD_OK;
	if (consumer->status == KD_STATUS_CREATING && age_s > kd_duration_s(settings, CREATING_WARNING))
		return KD_WARNING;
	return KD_INFO;
}

static void
judge_consumer(const struct kd_facts *facts, const struct kd_consumer *consumer, const struct kd_settings *settings,
    struct kd_report *out)
{
	int64_t age_s = (kd_now_ms(facts) - consumer->created_ms) / 1000;
	char age[KD_AGE_SIZE];

	if (consumer->status == KD_STATUS_ACTIVE) {
		kd_find(out, ACTIVE, consumer->name, KD_OK, "%s is ACTIVE", consumer->name);
		return;
	}
	kd_find(out, ACTIVE, consumer->name, severity_of(consumer, age_s, settings),
	    "%s is %s, %s after it was registered: it gets no records", consumer->name,
	    kd_status_name(consumer->status), kd_age(age_s, age));
	kd_evidence_string(out, "status", kd_status_name(consumer->status));
	kd_evidence_integer(out, "age_s", age_s);
	kd_next(out, "aws kinesis describe-stream-consumer --consumer-arn %s --region %s", consumer->arn,
	    kd_stream_region(facts));
}

/* Each consumer is a subject of its own: one that is deregistered is no longer reported, and what was open about it resolves. */
static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	size_t count;
	const struct kd_consumer *consumers = kd_get_consumers(facts, CONSUMERS, &count);

	if (consumers == NULL) {
		kd_unknown(out, ACTIVE, NULL, facts, CONSUMERS);
		return;
	}
	kd_find(out, ACTIVE, NULL, KD_OK, "%zu enhanced fan-out consumers", count);
	for (size_t i = 0; i < count; i++)
		judge_consumer(facts, &consumers[i], settings, out);
}

const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI,
    .name = "consumers",
    .title = "is each enhanced fan-out consumer ACTIVE?",
    .needs = needs,
    .needs_count = KD_COUNT(needs),
    .options = options,
    .options_count = KD_COUNT(options),
    .checks = checks,
    .checks_count = KD_COUNT(checks),
    .open = {1, 1},
    .resolve = {2, 2},
    .judge = judge,
};
