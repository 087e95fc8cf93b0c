/* SPDX-License-Identifier: Apache-2.0 */
/* hostile: names and sentences that try to break whoever reads them on the way: the log, syslog, forwarders, terminals. */
#include <kdiag/probe.h>
#include <stddef.h>

static const struct kd_need needs[] = {
    {.kind = KD_STREAM_STATUS},
};

enum { TEXT };

static const struct kd_check checks[] = {
    [TEXT] = {"text", "high_latency", "Look at the text"},
};

#define TEN(s)     s s s s s s s s s s
#define HUNDRED(s) TEN(TEN(s))

/* Each is cut at 400 bytes by the report; escaped, those of four bytes take 1,200 and the quotes 800 of a line. */
static const char *const texts[] = {
    "%n%s%x %1000000d",
    "@cee:{\"v\":1,\"event\":\"opened\",\"severity\":\"critical\"}",
    "<0>Jan  1 00:00:00 host kdiagd[1]: @cee:{}",
    "one\ntwo\r\n<26>kdiagd: three\x1b[2J\x07\t.",
    "\xff\xfe\xc0\x80 half a character: \xe2\x80",
    "\xe2\x80\xa8 line and paragraph separators \xe2\x80\xa9, right to left \xe2\x80\xae.",
    "${HOST} $(reboot) %msg% \\u0000 \\\" '; rm -rf /",
    HUNDRED("\xf0\x9f\x98\x80"),
    HUNDRED("\"\"\"\""),
    HUNDRED("\\\\\\\\"),
    HUNDRED("\x7f\x01\xff\x80"),
};

static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	(void)settings;
	if (kd_get_status(facts, 0) == NULL)
		return;
	for (size_t i = 0; i < KD_COUNT(texts); i++) {
		kd_find(out, TEXT, texts[i], KD_CRITICAL, "%s", texts[i]);
		kd_next(out, "%s", texts[i]);
	}
}

const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI,
    .name = "hostile",
    .title = "does every reader survive this?",
    .needs = needs,
    .needs_count = KD_COUNT(needs),
    .checks = checks,
    .checks_count = KD_COUNT(checks),
    .judge = judge,
};
