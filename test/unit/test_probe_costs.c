/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_probe_costs: what all probes together ask CloudWatch for is what probes/README.md says that it costs. The probes come from
 * KDIAG_PROBES_DIR, else from the folder `probes` beside that of this program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/need.h"
#include "common/option.h"
#include "common/plugin.h"

enum { NEEDS_MAX = 256, MINUTE_S = 60, FIVE_MINUTES_S = 300, HOUR_S = 3600 };

/* The metrics of all probes, each series once. */
static struct kd_need metrics[NEEDS_MAX];
static size_t metrics_count;
static struct plugins *plugins;

static void
add_metric(const struct kd_need *need)
{
	for (size_t i = 0; i < metrics_count; i++)
		if (need_same_series(&metrics[i], need))
			return;
	assert_true(metrics_count < NEEDS_MAX);
	metrics[metrics_count++] = *need;
}

static void
add_probe(const struct kd_probe *probe)
{
	struct kd_settings *settings = settings_new(probe->options, probe->options_count);
	struct kd_need *needs = need_resolve_all(probe, settings);

	for (size_t i = 0; i < probe->needs_count; i++)
		if (needs[i].kind == KD_METRIC)
			add_metric(&needs[i]);
	free(needs);
	settings_free(settings);
}

static char *
find_folder(void)
{
	const char *env = getenv("KDIAG_PROBES_DIR");
	char self[4096];
	ssize_t len;

	if (env != NULL)
		return mem_strdup(env);
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	assert_true(len > 0);
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	return mem_printf("%s/../probes", self);
}

static int
set_up(void **state)
{
	char *folder = find_folder();

	(void)state;
	plugins = plugins_open(folder);
	if (plugins_count(plugins) == 0)
		fail_msg("no probe in %s: run make first, or set KDIAG_PROBES_DIR", folder);
	for (size_t i = 0; i < plugins_count(plugins); i++)
		add_probe(plugins_at(plugins, i));
	free(folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	plugins_close(plugins);
	return 0;
}

/* How often a series is asked for: once a period, and what is shifted once an hour. */
static size_t
count_asked(enum kd_per per, int64_t every_s)
{
	size_t count = 0;

	for (size_t i = 0; i < metrics_count; i++)
		count += metrics[i].per == per &&
			 (metrics[i].shift_s > 0 ? (int64_t)HOUR_S : metrics[i].period_s) == every_s;
	return count;
}

static void
test_of_a_stream(void **state)
{
	(void)state;
	assert_int_equal(count_asked(KD_PER_STREAM, MINUTE_S), 14);
	assert_int_equal(count_asked(KD_PER_STREAM, FIVE_MINUTES_S), 3);
	assert_int_equal(count_asked(KD_PER_STREAM, HOUR_S), 6);
}

static void
test_of_a_consumer(void **state)
{
	(void)state;
	assert_int_equal(count_asked(KD_PER_CONSUMER, MINUTE_S), 3);
	assert_int_equal(count_asked(KD_PER_CONSUMER, FIVE_MINUTES_S) + count_asked(KD_PER_CONSUMER, HOUR_S), 0);
}

/* All that Kinesis has of a shard, and each once: seven metrics of 100 shards are what AWS bills $210 a month for. */
static void
test_of_a_shard(void **state)
{
	(void)state;
	assert_in_range(count_asked(KD_PER_SHARD, MINUTE_S), 1, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_of_a_stream),
	    cmocka_unit_test(test_of_a_consumer),
	    cmocka_unit_test(test_of_a_shard),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
