/* SPDX-License-Identifier: Apache-2.0 */
/* many: says as much as its option asks for, for tests of what the host, the ledger and syslog do with too much. */
#include <inttypes.h>
#include <kdiag/probe.h>
#include <stdio.h>

enum { STATUS };

static const struct kd_need needs[] = {
    [STATUS] = {.kind = KD_STREAM_STATUS},
};

enum { FINDINGS, UNKNOWN };

static const struct kd_option options[] = {
    [FINDINGS] = {"findings", KD_INTEGER, "5000", 0, 1000000, "how many findings there are in a look"},
    [UNKNOWN] = {"unknown", KD_BOOLEAN, "false", 0, 0, "they are unknown, instead of warnings"},
};

enum { NOISE };

static const struct kd_check checks[] = {
    [NOISE] = {"noise", "high_latency", "Look at the noise"},
};

static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	enum kd_severity severity = kd_boolean(settings, UNKNOWN) ? KD_UNKNOWN : KD_WARNING;
	int64_t count = kd_integer(settings, FINDINGS);
	char subject[32];

	for (int64_t i = 0; i < count; i++) {
		snprintf(subject, sizeof(subject), "n%07" PRId64, i);
		kd_find(out, NOISE, subject, severity, "%s of %s is noise", subject, kd_stream_name(facts));
	}
}

const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI,
    .name = "many",
    .title = "how much is too much?",
    .needs = needs,
    .needs_count = KD_COUNT(needs),
    .options = options,
    .options_count = KD_COUNT(options),
    .checks = checks,
    .checks_count = KD_COUNT(checks),
    .judge = judge,
};
