/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_log_learning: what days and weeks of a log teach: the daemon's reading of a group and the probe log_anomaly together, look by look. The probe comes from
 * KDIAG_PROBES_DIR, else from the folder `probes` beside that of this program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fact.h"
#include "common/finding.h"
#include "common/mem.h"
#include "common/option.h"
#include "common/plugin.h"
#include "common/report.h"
#include "daemon/log_group.h"

enum { MINUTE_MS = 60 * 1000, STEP_MS = 10 * MINUTE_MS, HOUR_MS = 60 * MINUTE_MS, CHECKS = 7 };
#define DAY_MS (INT64_C(24) * HOUR_MS)

static const int64_t monday = INT64_C(1795996800000); /* 2026-11-30T00:00:00Z */
static const char group_name[] = "/g/orders";

struct world {
	struct log_group *group;
	struct stream_id *stream;
	char *state;
	int64_t now_ms;
	unsigned serial;
	/* of the check that is looked at: since the last forget() */
	const char *check;
	size_t looks, bad;
	int64_t first_bad_ms, last_bad_ms;
	char summary[512];
};

static struct plugins *plugins;
static const struct kd_probe *probe;
static struct kd_settings *settings;

/* ---- looks ---- */

static struct kd_facts *
gather(struct world *world)
{
	struct kd_facts *facts = facts_new(world->stream, world->now_ms, world->state);
	struct log_group_view view;

	log_group_look(world->group, &view);
	view.group.name = group_name;
	facts_add_taken(facts, fact_new_log_groups(world->now_ms, &view.group, 1));
	log_group_view_clear(&view);
	return facts;
}

static void
note(struct world *world, const struct finding *finding)
{
	if (strcmp(finding->check, world->check) != 0)
		return;
	world->looks++;
	if (finding->severity == KD_OK)
		return;
	if (world->bad++ == 0)
		world->first_bad_ms = world->now_ms;
	world->last_bad_ms = world->now_ms;
	snprintf(world->summary, sizeof(world->summary), "%s", finding->summary);
}

static void
look(struct world *world)
{
	struct kd_facts *facts = gather(world);
	struct kd_report *report = report_new(probe, world->stream);

	probe->judge(facts, settings, report);
	for (size_t i = 0; i < report_count(report); i++)
		note(world, report_at(report, i));
	free(world->state);
	world->state = mem_strdup(report_state(report));
	report_free(report);
	facts_free(facts);
}

static void
forget(struct world *world, const char *check)
{
	world->check = check;
	world->looks = world->bad = 0;
	world->first_bad_ms = world->last_bad_ms = 0;
	world->summary[0] = '\0';
}

/* ---- events ---- */

/* Spread over the step. */
static void
write_log(struct world *world, int count, const char *fmt)
{
	char text[200], id[32];

	for (int i = 0; i < count; i++) {
		struct logs_event event = {
		    .id = id, .message = text, .ms = world->now_ms + i * (int64_t)STEP_MS / count};

		snprintf(text, sizeof(text), fmt, world->serial % 997);
		snprintf(id, sizeof(id), "%u", world->serial++);
		event.message_len = strlen(text);
		log_group_take(world->group, &event, 1);
	}
}

/* What the log says in the step that begins now. */
typedef void (*writer)(struct world *world);

static void
live(struct world *world, int64_t ms, writer write)
{
	for (int64_t until_ms = world->now_ms + ms; world->now_ms < until_ms;) {
		write(world);
		world->now_ms += STEP_MS;
		log_group_settle(world->group, world->now_ms);
		look(world);
	}
}

static void
world_begin(struct world *world, int64_t ms)
{
	*world = (struct world){.now_ms = ms, .group = log_group_new(ms), .check = ""};
	world->stream = stream_id_new("prod", "us-east-1", "orders");
}

static void
world_end(struct world *world)
{
	log_group_free(world->group);
	stream_id_unref(world->stream);
	free(world->state);
}

/* ---- errors ---- */

static void
write_usual(struct world *world)
{
	write_log(world, 40, "INFO processed %u records");
	write_log(world, 6, "ERROR cannot write order %u to the table");
}

static void
write_burst(struct world *world)
{
	write_log(world, 40, "INFO processed %u records");
	write_log(world, 120, "ERROR cannot write order %u to the table");
}

/* Twenty times the usual errors for thirty hours: a bad day is no usual day, so it is told until the end, and once more when it comes again. */
static void
a_bad_day_does_not_become_usual(void **state)
{
	struct world world;
	int64_t began_ms;

	(void)state;
	world_begin(&world, monday);
	live(&world, 2 * DAY_MS, write_usual);
	forget(&world, "errors");
	began_ms = world.now_ms;
	live(&world, 30 * (int64_t)HOUR_MS, write_burst);
	assert_int_equal(world.first_bad_ms, began_ms + STEP_MS);
	assert_int_equal(world.last_bad_ms, began_ms + 30 * (int64_t)HOUR_MS);
	assert_int_equal(world.bad, world.looks);
	forget(&world, "errors");
	live(&world, 20 * (int64_t)HOUR_MS, write_usual);
	assert_int_equal(world.bad, 0);
	live(&world, HOUR_MS, write_burst);
	assert_int_equal(world.bad, 6);
	world_end(&world);
}

static void
write_bad_hours(struct world *world)
{
	write_log(world, 40, "INFO processed %u records");
	write_log(world, 30, "ERROR cannot write order %u to the table");
}

/* Five times the usual errors: the first hour of it does not make the next ones usual. */
static void
an_hour_does_not_excuse_the_next(void **state)
{
	struct world world;

	(void)state;
	world_begin(&world, monday);
	live(&world, 2 * DAY_MS, write_usual);
	forget(&world, "errors");
	live(&world, 9 * (int64_t)HOUR_MS, write_bad_hours);
	assert_int_equal(world.bad, world.looks);
	world_end(&world);
}

/* What goes on and on is usual in the end: an octave a day, so that twenty times are within factor 3 of the usual after three days, and not before. */
static void
what_lasts_is_learnt_by_an_octave_a_day(void **state)
{
	struct world world;
	int64_t began_ms;

	(void)state;
	world_begin(&world, monday);
	live(&world, 2 * DAY_MS, write_usual);
	forget(&world, "errors");
	began_ms = world.now_ms;
	live(&world, 4 * DAY_MS, write_burst);
	assert_int_equal(world.first_bad_ms, began_ms + STEP_MS);
	assert_in_range(world.last_bad_ms - began_ms, 3 * DAY_MS - 2 * HOUR_MS, 3 * DAY_MS + 2 * HOUR_MS);
	world_end(&world);
}

/* ---- bursts ---- */

static void
write_twice(struct world *world)
{
	write_log(world, 80, "INFO processed %u records");
}

static void
write_once(struct world *world)
{
	write_log(world, 40, "INFO processed %u records");
}

static void
write_five_times(struct world *world)
{
	write_log(world, 200, "INFO processed %u records");
}

/* A deploy that doubles what is written is no burst, and the next day its level is the one that bursts are held against. */
static void
a_new_level_is_learnt_in_a_day(void **state)
{
	struct world world;

	(void)state;
	world_begin(&world, monday);
	live(&world, DAY_MS + 3 * (int64_t)HOUR_MS, write_once);
	forget(&world, "burst");
	live(&world, HOUR_MS, write_five_times);
	assert_int_equal(world.bad, 6);
	forget(&world, "burst");
	live(&world, DAY_MS + 6 * (int64_t)HOUR_MS, write_twice);
	live(&world, HOUR_MS, write_five_times);
	assert_int_equal(world.bad, 0);
	world_end(&world);
}

static void
write_tenants(struct world *world)
{
	static const char *const lines[] = {"INFO tenant amber: flushed %u rows to disk",
	    "INFO tenant birch: flushed %u rows to disk", "INFO tenant cedar: flushed %u rows to disk",
	    "INFO tenant delta: flushed %u rows to disk", "INFO tenant ember: flushed %u rows to disk",
	    "INFO tenant fjord: flushed %u rows to disk"};

	for (size_t i = 0; i < KD_COUNT(lines); i++)
		write_log(world, 40, lines[i]);
}

static void
write_new_tenants(struct world *world)
{
	static const char *const names[] = {"grove", "heron", "inlet", "jetty", "kelp", "larch", "maple", "nadir",
	    "otter", "plume", "quartz", "raven", "sable", "thorn", "umber", "viola", "willow", "xenon", "yarrow",
	    "zephyr"};
	char line[64];

	write_tenants(world);
	for (size_t i = 0; i < KD_COUNT(names) * KD_COUNT(names); i++) {
		snprintf(line, sizeof(line), "INFO tenant %s%s: flushed %%u rows to disk", names[i % KD_COUNT(names)],
		    names[i / KD_COUNT(names)]);
		if (i % 8 == world->serial % 8)
			write_log(world, 1, line);
	}
}

static size_t
count_templates(struct world *world)
{
	struct log_group_view view;
	size_t count;

	log_group_look(world->group, &view);
	count = view.group.templates_count;
	log_group_view_clear(&view);
	return count;
}

/* One template takes in others: all that they wrote yesterday is usual for it now. */
static void
merged_templates_are_no_burst(void **state)
{
	struct world world;
	size_t before;

	(void)state;
	world_begin(&world, monday);
	live(&world, DAY_MS + 3 * (int64_t)HOUR_MS, write_tenants);
	before = count_templates(&world);
	assert_int_equal(before, 2 + 6);
	forget(&world, "burst");
	live(&world, 5 * (int64_t)HOUR_MS, write_new_tenants);
	assert_true(count_templates(&world) < before);
	assert_int_equal(world.bad, 0);
	world_end(&world);
}

/* ---- weekends ---- */

/* The hours of the week that began on the monday. */
static int64_t
hour_of_week(const struct world *world)
{
	return (world->now_ms - monday) % (7 * DAY_MS) / HOUR_MS;
}

/* Nobody works from Friday, 22:50 on. */
static void
write_on_weekdays(struct world *world)
{
	if ((world->now_ms - monday) % (7 * DAY_MS) < 4 * DAY_MS + 22 * (int64_t)HOUR_MS + 50 * (int64_t)MINUTE_MS)
		write_once(world);
}

static void
write_but_on_wednesday_morning(struct world *world)
{
	if (hour_of_week(world) != 2 * 24 + 10)
		write_on_weekdays(world);
}

/* The first weekend is told, and that no whole week is known; the next one is as usual, and a pause on a weekday is still told. */
static void
a_weekend_is_learnt_at_the_first(void **state)
{
	struct world world;

	(void)state;
	world_begin(&world, monday);
	live(&world, 4 * DAY_MS, write_on_weekdays);
	forget(&world, "silence");
	live(&world, 3 * DAY_MS, write_on_weekdays);
	assert_in_range(world.bad, 23 * 6, 24 * 6); /* after a day it counts as gone */
	assert_non_null(strstr(world.summary, "silent in /g/orders: the whole log group for 23 h 50 min, 2"));
	assert_non_null(
	    strstr(world.summary, " an hour are usual at this time (it is known for 5 d 22 h, not a week yet)"));
	forget(&world, "silence");
	live(&world, 7 * DAY_MS, write_on_weekdays);
	assert_int_equal(world.bad, 0);
	live(&world, 3 * DAY_MS, write_but_on_wednesday_morning);
	assert_int_equal(world.bad, 6);
	assert_null(strstr(world.summary, "known for"));
	world_end(&world);
}

/* ---- the stage ---- */

static int
setup(void **state)
{
	const char *folder = getenv("KDIAG_PROBES_DIR");
	char own[4096];
	ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *beside;
	int i;

	(void)state;
	assert_true(len > 0);
	own[len] = '\0';
	*strrchr(own, '/') = '\0';
	beside = mem_printf("%s/../probes", own);
	plugins = plugins_open(folder != NULL ? folder : beside);
	free(beside);
	i = plugins_find(plugins, "log_anomaly");
	assert_true(i >= 0);
	probe = plugins_at(plugins, (size_t)i);
	settings = settings_new(probe->options, probe->options_count);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	settings_free(settings);
	plugins_close(plugins);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_bad_day_does_not_become_usual),
	    cmocka_unit_test(an_hour_does_not_excuse_the_next),
	    cmocka_unit_test(what_lasts_is_learnt_by_an_octave_a_day),
	    cmocka_unit_test(a_new_level_is_learnt_in_a_day),
	    cmocka_unit_test(merged_templates_are_no_burst),
	    cmocka_unit_test(a_weekend_is_learnt_at_the_first),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
