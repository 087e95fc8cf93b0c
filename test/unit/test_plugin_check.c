/* SPDX-License-Identifier: Apache-2.0 */
/* test_plugin_check: each way in which a probe's table can be unsound is refused, with what its author should do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "common/plugin_check.h"

static const struct kd_need needs[] = {{.kind = KD_STREAM_STATUS}, {.kind = KD_SHARDS}};
static const struct kd_need twice[] = {{.kind = KD_SHARDS}, {.kind = KD_SHARDS}};
static const struct kd_need foreign[] = {{.kind = KD_SHARDS}, {.kind = (enum kd_need_kind)99}};
static const struct kd_need metrics[] = {
    {.kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM, .window_s = 900},
    {.kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM, .window_option = 1},
    {.kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM, .period_s = 60, .window_s = 900}};
static const struct kd_need bad_metric[] = {{.kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM}};
static const struct kd_option options[] = {{"limit", KD_DURATION, "5m", 60, 3600, "how long"}};
static const struct kd_option bad_default[] = {{"limit", KD_DURATION, "2h", 1, 3600, "how long"}};
static const struct kd_option reserved[] = {{"interval", KD_DURATION, "5m", 1, 3600, "how long"}};
static const struct kd_check checks[] = {{"one", "high_latency", "Look"}, {"two", "permission_issues", "Look"}};
static const struct kd_check no_name[] = {{NULL, "high_latency", "Look"}};
static const struct kd_check bad_name[] = {{"One", "high_latency", "Look"}};
static const struct kd_check bad_symptom[] = {{"one", "slow", "Look"}};
static const struct kd_check no_step[] = {{"one", "high_latency", NULL}};
static const struct kd_check two_alike[] = {{"one", "high_latency", "Look"}, {"one", "high_latency", "Look"}};

static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	(void)facts;
	(void)settings;
	(void)out;
}

static const struct kd_probe good = {
    .abi = KD_PROBE_ABI,
    .name = "tester",
    .title = "Tests",
    .needs = needs,
    .needs_count = KD_COUNT(needs),
    .options = options,
    .options_count = KD_COUNT(options),
    .checks = checks,
    .checks_count = KD_COUNT(checks),
    .open = {2, 3},
    .judge = judge,
};

static void
expect_refused(struct kd_probe probe, const char *sentence)
{
	char *cause = NULL;

	assert_int_equal(plugin_check_probe(&probe, "tester", &cause), -1);
	assert_string_equal(cause, sentence);
	free(cause);
}

/* The good probe with one table changed. */
static struct kd_probe
with_checks(const struct kd_check *table, size_t count)
{
	struct kd_probe probe = good;

	probe.checks = table;
	probe.checks_count = count;
	return probe;
}

static struct kd_probe
with_needs(const struct kd_need *table, size_t count)
{
	struct kd_probe probe = good;

	probe.needs = table;
	probe.needs_count = count;
	return probe;
}

static struct kd_probe
with_options(const struct kd_option *table, size_t count)
{
	struct kd_probe probe = good;

	probe.options = table;
	probe.options_count = count;
	return probe;
}

static struct kd_probe
with_open(unsigned m, unsigned n)
{
	struct kd_probe probe = good;

	probe.open = (struct kd_m_of_n){m, n};
	return probe;
}

static void
test_good(void **state)
{
	struct kd_probe bare = with_options(NULL, 0);

	(void)state;
	assert_int_equal(plugin_check_probe(&good, "tester", NULL), 0);
	bare.needs = NULL;
	bare.needs_count = 0;
	bare.open = (struct kd_m_of_n){32, 32};
	assert_int_equal(plugin_check_probe(&bare, "tester", NULL), 0);
	bare = with_needs(metrics, 2);
	assert_int_equal(plugin_check_probe(&bare, "tester", NULL), 0);
}

static void
test_head(void **state)
{
	struct kd_probe probe = good;

	(void)state;
	probe.name = "other";
	expect_refused(probe, "holds the probe \"other\": a probe's file is called NAME.so");
	probe.name = NULL;
	expect_refused(probe, "holds the probe \"\": a probe's file is called NAME.so");
	probe = good;
	probe.title = "";
	expect_refused(probe, "has no title: say in one line what it watches");
	probe = good;
	probe.judge = NULL;
	expect_refused(probe, "has no judge function: set .judge");
}

static void
test_tables(void **state)
{
	(void)state;
	expect_refused(with_needs(NULL, 1), "has no sound table of needs: at most 32");
	expect_refused(with_needs(needs, 33), "has no sound table of needs: at most 32");
	expect_refused(with_needs(twice, 2), "needs shards twice: drop one of them");
	expect_refused(with_needs(foreign, 2), "has a need 1 that is of a kind of fact that kdiag does not know");
	expect_refused(with_needs(metrics, 3), "needs IncomingRecords (Sum, 60 s) twice: drop one of them");
	expect_refused(with_needs(bad_metric, 1),
	    "has a need 0 that has a window of 0 s for IncomingRecords: take 1 to 1440 periods of 60 s");
	expect_refused(with_options(NULL, 1), "has no sound table of options: at most 64");
	expect_refused(with_options(options, 65), "has no sound table of options: at most 64");
	expect_refused(
	    with_options(reserved, 1), "calls an option \"interval\", which every probe has already: rename it");
	expect_refused(with_checks(NULL, 1), "has no sound table of checks: 1 to 64");
	expect_refused(with_checks(checks, 0), "has no sound table of checks: 1 to 64");
	expect_refused(with_checks(checks, 65), "has no sound table of checks: 1 to 64");
	expect_refused(with_checks(no_name, 1), "has a check 0 without a snake_case name");
	expect_refused(with_checks(bad_name, 1), "has a check 0 without a snake_case name");
	expect_refused(
	    with_checks(bad_symptom, 1), "has a check one without a symptom: write one of the runbook's three");
	expect_refused(with_checks(no_step, 1), "has a check one without a step: write the runbook's title of it");
	expect_refused(with_checks(two_alike, 2), "has two checks one: rename one");
}

static void
test_bad_default_is_the_option_tables_sentence(void **state)
{
	struct kd_probe probe = with_options(bad_default, 1);
	char *cause = NULL;

	(void)state;
	assert_int_equal(plugin_check_probe(&probe, "tester", &cause), -1);
	assert_memory_equal(cause, "has no sound table of options: ", 31);
	free(cause);
}

static void
test_looks(void **state)
{
	(void)state;
	expect_refused(with_open(0, 3), "has open 0 of 3: write M of N with 1 <= M <= N <= 32");
	expect_refused(with_open(1, 0), "has open 1 of 0: write M of N with 1 <= M <= N <= 32");
	expect_refused(with_open(4, 3), "has open 4 of 3: write M of N with 1 <= M <= N <= 32");
	expect_refused(with_open(1, 33), "has open 1 of 33: write M of N with 1 <= M <= N <= 32");
}

static void
test_names(void **state)
{
	(void)state;
	assert_true(plugin_is_name("a"));
	assert_true(plugin_is_name("stream_status2"));
	assert_true(plugin_is_name("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
	assert_false(plugin_is_name("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
	assert_false(plugin_is_name(""));
	assert_false(plugin_is_name("_a"));
	assert_false(plugin_is_name("2a"));
	assert_false(plugin_is_name("a-b"));
	assert_false(plugin_is_name("A"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_head),
	    cmocka_unit_test(test_tables),
	    cmocka_unit_test(test_bad_default_is_the_option_tables_sentence),
	    cmocka_unit_test(test_looks),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
