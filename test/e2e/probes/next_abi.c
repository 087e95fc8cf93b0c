/* SPDX-License-Identifier: Apache-2.0 */
/* next_abi: a probe of a kdiag that is yet to come; only its first member may be believed. */
#include <kdiag/probe.h>

static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	(void)facts;
	(void)settings;
	kd_find(out, 0, NULL, KD_CRITICAL, "this must never run");
}

const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI + 1,
    .name = "next_abi",
    .title = "never",
    .judge = judge,
};
