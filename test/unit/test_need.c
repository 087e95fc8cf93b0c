/* SPDX-License-Identifier: Apache-2.0 */
/* test_need: what a need may ask for, how settings give it its window, and which needs one series serves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "common/need.h"
#include "common/option.h"

enum { DAY_S = 86400 };

static const struct kd_option options[] = {
    {"window", KD_DURATION, "15m", 60, 3600, "how far back"},
    {"limit", KD_PERCENT, "1%", 0, 100, "how much"},
    {"unset", KD_DURATION, NULL, 60, 3600, "how far back"},
    {"wide", KD_DURATION, "15m", 60, 7 * DAY_S, "how far back"},
};

static const struct kd_need sound = {.kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM, .window_s = 900};

static void
expect_good(struct kd_need need)
{
	char *cause = NULL;

	if (need_check(&need, options, KD_COUNT(options), &cause) != 0)
		fail_msg("%s", cause);
}

static void
expect_bad(struct kd_need need, const char *sentence)
{
	char *cause = NULL;

	assert_int_equal(need_check(&need, options, KD_COUNT(options), &cause), -1);
	assert_string_equal(cause, sentence);
	free(cause);
}

/* The sound need with another period, window and shift. */
static struct kd_need
with_times(int64_t period_s, int64_t window_s, int64_t shift_s)
{
	struct kd_need need = sound;

	need.period_s = period_s;
	need.window_s = window_s;
	need.shift_s = shift_s;
	return need;
}

static struct kd_need
with_option(unsigned option)
{
	struct kd_need need = sound;

	need.window_option = option;
	return need;
}

static void
test_times(void **state)
{
	(void)state;
	expect_good(sound);
	expect_good((struct kd_need){.kind = KD_SHARDS});
	expect_good(with_times(60, DAY_S, 0));
	expect_good(with_times(3600, 30 * DAY_S, 7 * DAY_S));
	expect_good(with_times(300, 3600, 7 * DAY_S));
	expect_bad(
	    with_times(30, 900, 0), "has a period of 30 s for IncomingRecords: take a multiple of 60 from 60 to 3600");
	expect_bad(with_times(7200, 7200, 0),
	    "has a period of 7200 s for IncomingRecords: take a multiple of 60 from 60 to 3600");
	expect_bad(with_times(300, 400, 0),
	    "has a window of 400 s for IncomingRecords: take a multiple of the period (300 s)");
	expect_bad(with_times(60, DAY_S + 60, 0),
	    "has a window of 86460 s for IncomingRecords: take 1 to 1440 periods of 60 s");
	expect_bad(with_times(60, -60, 0), "has a window of -60 s for IncomingRecords: take 1 to 1440 periods of 60 s");
	expect_bad(
	    with_times(300, 900, 60), "has a shift of 60 s for IncomingRecords: take a multiple of the period (300 s)");
	expect_bad(
	    with_times(60, 900, -60), "has a shift of -60 s for IncomingRecords: take a multiple of the period (60 s)");
	expect_bad(with_times(60, 900, 15 * DAY_S), "reaches further back with IncomingRecords than CloudWatch keeps "
						    "points of that period (15 d): take a longer "
						    "period");
	expect_bad(with_times(300, 900, 63 * DAY_S), "reaches further back with IncomingRecords than CloudWatch keeps "
						     "points of that period (63 d): take a longer "
						     "period");
}

static void
test_which(void **state)
{
	struct kd_need need = sound;

	(void)state;
	expect_bad((struct kd_need){.kind = (enum kd_need_kind)99}, "is of a kind of fact that kdiag does not know");
	need.metric = NULL;
	expect_bad(need, "has no metric: name one of AWS/Kinesis, such as IncomingRecords");
	need.metric = "AMetricWhoseNameIsLongerThanAnyThatKinesisHasOrWillEverHaveInItsLife";
	expect_bad(need, "has no metric: name one of AWS/Kinesis, such as IncomingRecords");
	need = sound;
	need.stat = (enum kd_stat)0;
	expect_bad(need, "has no statistic for IncomingRecords: write KD_SUM or another");
	need = sound;
	need.per = (enum kd_per)7;
	expect_bad(need, "asks for IncomingRecords of neither stream, shards nor consumers");
}

static void
test_window_options(void **state)
{
	static const char none[] =
	    "takes the window of IncomingRecords from no option: name one that is a KD_DURATION with a "
	    "default and a range";

	(void)state;
	expect_good(with_option(1));
	expect_bad(with_option(2), none);
	expect_bad(with_option(3), none);
	expect_bad(with_option(5), none);
	expect_bad(with_option(4), "has a window of 604800 s for IncomingRecords: take 1 to 1440 periods of 60 s");
}

static void
test_resolving(void **state)
{
	struct kd_settings *settings = settings_new(options, KD_COUNT(options));
	struct kd_need need = with_option(1), resolved = need_resolve(&need, settings);

	(void)state;
	assert_int_equal(resolved.period_s, 60);
	assert_int_equal(resolved.window_s, 900);
	assert_int_equal(resolved.window_option, 0);
	assert_true(need_equal(&resolved, &sound));
	need.period_s = 600;
	assert_int_equal(need_resolve(&need, settings).window_s, 1200); /* whole periods */
	need = with_times(60, 2 * DAY_S, 0);
	assert_int_equal(need_resolve(&need, NULL).window_s, DAY_S);
	need = with_times(60, 0, 0);
	assert_int_equal(need_resolve(&need, NULL).window_s, 60);
	settings_free(settings);
}

static void
test_comparing(void **state)
{
	struct kd_need summary = {.kind = KD_STREAM_SUMMARY}, other = sound;

	(void)state;
	assert_true(need_equal(&summary, &summary));
	assert_false(need_equal(&summary, &sound));
	other.window_s = 60;
	assert_false(need_equal(&other, &sound));
	assert_true(need_same_series(&other, &sound));
	other = with_times(300, 900, 0);
	assert_false(need_same_series(&other, &sound));
	other = with_times(60, 900, DAY_S);
	assert_false(need_same_series(&other, &sound));
	other = sound;
	other.per = KD_PER_SHARD;
	assert_false(need_same_series(&other, &sound));
	other = sound;
	other.metric = "IncomingBytes";
	assert_false(need_same_series(&other, &sound));
}

static void
test_names(void **state)
{
	enum kd_per per;
	char *text = need_describe(&sound);

	(void)state;
	assert_string_equal(text, "IncomingRecords (Sum, 60 s)");
	free(text);
	for (int stat = KD_SUM; stat <= KD_SAMPLE_COUNT; stat++)
		assert_int_equal(need_parse_stat(need_stat_name((enum kd_stat)stat)), stat);
	assert_int_equal(need_parse_stat("p99"), 0);
	for (int i = KD_PER_STREAM; i <= KD_PER_CONSUMER; i++) {
		assert_int_equal(need_parse_per(need_per_name((enum kd_per)i), &per), 0);
		assert_int_equal(per, i);
	}
	assert_int_equal(need_parse_per("region", &per), -1);
	assert_null(need_stat_name((enum kd_stat)0));
	assert_null(need_per_name((enum kd_per)9));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_which),
	    cmocka_unit_test(test_window_options),
	    cmocka_unit_test(test_resolving),
	    cmocka_unit_test(test_comparing),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
