/* SPDX-License-Identifier: Apache-2.0 */
/* misnamed: a probe whose file has another name than itself. */
#include <kdiag/probe.h>

static const struct kd_check checks[] = {{"never", "high_latency", "Never"}};

static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	(void)facts;
	(void)settings;
	kd_find(out, 0, NULL, KD_CRITICAL, "this must never run");
}

const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI,
    .name = "somebody_else",
    .title = "never",
    .checks = checks,
    .checks_count = KD_COUNT(checks),
    .judge = judge,
};
