/* SPDX-License-Identifier: Apache-2.0 */
/* Discovery against a schedule and listings of the test's own: what is watched, what is let go, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/discover.h"

/* ---- these stand in for daemon/schedule.c, watch.c and collect.c ---- */

struct watch {
	struct stream_id *id;
	int64_t unlisted_ms;
	bool discovered;
};

static struct watch watches[8];
static size_t watches_count;
static collect_list_cb list_cb;
static void *list_arg;
static int lists_asked;
static char undiscovered[256], told[256];

size_t
schedule_count(const struct schedule *schedule)
{
	(void)schedule;
	return watches_count;
}

struct watch *
schedule_at(const struct schedule *schedule, size_t i)
{
	(void)schedule;
	return &watches[i];
}

const struct stream_id *
watch_id(const struct watch *watch)
{
	return watch->id;
}

bool
watch_is_discovered(const struct watch *watch)
{
	return watch->discovered;
}

int64_t
watch_unlisted_ms(const struct watch *watch)
{
	return watch->unlisted_ms;
}

void
watch_set_unlisted_ms(struct watch *watch, int64_t ms)
{
	watch->unlisted_ms = ms;
}

bool
schedule_discovered(struct schedule *schedule, const char *account, const char *region, const char *name)
{
	size_t i;

	(void)schedule;
	for (i = 0; i < watches_count; i++)
		if (strcmp(watches[i].id->name, name) == 0 && strcmp(watches[i].id->region, region) == 0)
			return true;
	if (watches_count == KD_COUNT(watches))
		return false;
	watches[watches_count].id = stream_id_new(account, region, name);
	watches[watches_count].unlisted_ms = 0;
	watches[watches_count++].discovered = true;
	return true;
}

void
schedule_undiscover(struct schedule *schedule, struct watch *watch, const char *why)
{
	char *text = mem_printf("%s: %s", watch->id->name, why);

	(void)schedule;
	strncpy(undiscovered, text, sizeof(undiscovered) - 1);
	free(text);
	stream_id_unref(watch->id);
	*watch = watches[--watches_count];
}

void
collect_listen_list(struct collect *collect, collect_list_cb cb, void *arg)
{
	(void)collect;
	list_cb = cb;
	list_arg = arg;
}

void
collect_list(struct collect *collect, struct aws_place *aws, bool urgent)
{
	(void)collect;
	(void)aws;
	(void)urgent;
	lists_asked++;
}

/* ---- the stage ---- */

static struct event_base *base;
static struct discover *discover;
static int places[2];
static int firsts;

static struct aws_place *
place_cb(const char *account, const char *region, char **cause, void *arg)
{
	(void)account;
	(void)arg;
	if (strcmp(region, "nowhere") == 0)
		return cause_null(cause, "no such place");
	return (struct aws_place *)&places[strcmp(region, "us-east-1") == 0 ? 0 : 1];
}

static void
notice_cb(const char *check, const char *subject, const char *why, void *arg)
{
	char *text = mem_printf("%s/%s: %s", check, subject, why == NULL ? "over" : why);

	(void)arg;
	strncpy(told, text, sizeof(told) - 1);
	free(text);
}

static void
first_cb(void *arg)
{
	(void)arg;
	firsts++;
}

static struct schedule_parts
parts(void)
{
	struct schedule_parts parts = {.base = base, .place = place_cb};

	return parts;
}

/* As config.c would make it; static, so that the counting reference is never the last. */
static struct config *
config_of(const char *match, const char *region_a, const char *region_b)
{
	static struct config config;
	static struct config_discover rule;
	static char *regions[2];

	memset(&config, 0, sizeof(config));
	config.refs = 100;
	config.discover = &rule;
	config.discover_count = 1;
	regions[0] = (char *)region_a;
	regions[1] = (char *)region_b;
	rule.account = (char *)"default";
	rule.match = (char *)match;
	rule.regions = regions;
	rule.regions_count = region_b == NULL ? 1 : 2;
	return &config;
}

static int
setup(void **state)
{
	struct schedule_parts with;

	(void)state;
	clock_freeze(1800000000000, 1000000);
	base = event_base_new();
	with = parts();
	watches_count = 0;
	lists_asked = 0;
	firsts = 0;
	memset(undiscovered, 0, sizeof(undiscovered));
	memset(told, 0, sizeof(told));
	discover = discover_new(&with, NULL, notice_cb, NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	discover_free(discover);
	while (watches_count > 0)
		stream_id_unref(watches[--watches_count].id);
	event_base_free(base);
	return 0;
}

static void
configure(const char *match, const char *region_a, const char *region_b)
{
	struct schedule_parts with = parts();

	discover_configure(discover, config_of(match, region_a, region_b), &with);
}

static void
list(int place, const struct kinesis_stream *rows, size_t count)
{
	const struct aws_error good = {.fault = AWS_OK};

	list_cb((struct aws_place *)&places[place], &good, rows, count, list_arg);
}

static const struct kinesis_stream prod_a_dev_b[] = {{.name = "dev-b"}, {.name = "prod-a"}};

/* ---- tests ---- */

static void
what_matches_is_watched_in_its_region(void **state)
{
	(void)state;
	configure("prod-*", "us-east-1", "eu-west-1");
	assert_int_equal(lists_asked, 2);
	list(0, prod_a_dev_b, 2);
	assert_int_equal(watches_count, 1);
	assert_string_equal(watches[0].id->name, "prod-a");
	assert_string_equal(watches[0].id->region, "us-east-1");
	list(1, prod_a_dev_b, 2);
	assert_int_equal(watches_count, 2);
	list(1, prod_a_dev_b, 2);
	assert_int_equal(watches_count, 2);
}

/* Only what is not watched is one too many, however often the others are listed. */
static void
too_many_are_counted(void **state)
{
	static const struct kinesis_stream nine[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"},
	    {.name = "e"}, {.name = "f"}, {.name = "g"}, {.name = "h"}, {.name = "i"}};

	(void)state;
	configure("*", "us-east-1", NULL);
	list(0, nine, 8);
	list(0, nine, 8);
	assert_string_equal(told, "discover/default us-east-1: over");
	list(0, nine, 9);
	assert_int_equal(watches_count, 8);
	assert_non_null(strstr(told, ": 1 discovered stream is not watched: 20000 are the most"));
}

static void
a_missing_one_is_let_go_after_a_day(void **state)
{
	(void)state;
	configure("*", "us-east-1", NULL);
	list(0, prod_a_dev_b, 2);
	list(0, prod_a_dev_b, 1); /* prod-a is gone */
	assert_int_equal(watches_count, 2);
	clock_freeze(1800000000000 + 86399000, 1000000 + 86399000);
	list(0, prod_a_dev_b, 1);
	assert_int_equal(watches_count, 2);
	clock_freeze(1800000000000 + 86400000, 1000000 + 86400000);
	list(0, prod_a_dev_b, 1);
	assert_int_equal(watches_count, 1);
	assert_string_equal(undiscovered, "prod-a: the discovered stream has been gone for a day");
}

static void
one_that_comes_back_begins_its_day_anew(void **state)
{
	(void)state;
	configure("*", "us-east-1", NULL);
	list(0, prod_a_dev_b, 2);
	list(0, prod_a_dev_b, 1);
	clock_freeze(1800000000000 + 80000000, 1000000 + 80000000);
	list(0, prod_a_dev_b, 2);
	list(0, prod_a_dev_b, 1);
	clock_freeze(1800000000000 + 90000000, 1000000 + 90000000);
	list(0, prod_a_dev_b, 1);
	assert_int_equal(watches_count, 2);
}

static void
streams_of_the_config_are_never_let_go(void **state)
{
	(void)state;
	configure("*", "us-east-1", NULL);
	list(0, prod_a_dev_b, 2);
	watches[0].discovered = false;
	list(0, NULL, 0);
	clock_freeze(1800000000000 + 90000000, 1000000 + 90000000);
	list(0, NULL, 0);
	assert_int_equal(watches_count, 1);
	assert_false(watches[0].discovered);
}

static void
a_failed_listing_is_told_and_loses_nothing(void **state)
{
	struct aws_error error = {.fault = AWS_DENIED, .message = "not authorized"};

	(void)state;
	configure("*", "us-east-1", NULL);
	list(0, prod_a_dev_b, 2);
	list_cb((struct aws_place *)&places[0], &error, NULL, 0, list_arg);
	assert_string_equal(told, "discover/default us-east-1: not authorized");
	assert_int_equal(watches_count, 2);
	assert_int_equal(watches[0].unlisted_ms, 0);
	list(0, prod_a_dev_b, 2);
	assert_string_equal(told, "discover/default us-east-1: over");
}

static void
first_waits_for_every_place(void **state)
{
	(void)state;
	configure("*", "us-east-1", "eu-west-1");
	discover_first(discover, first_cb, NULL);
	list(0, NULL, 0);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(firsts, 0);
	list(1, NULL, 0);
	assert_int_equal(firsts, 0); /* from the loop, never from within */
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(firsts, 1);
	list(1, NULL, 0);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(firsts, 1);
}

static void
a_place_that_cannot_be_is_told_and_not_waited_for(void **state)
{
	(void)state;
	configure("*", "nowhere", NULL);
	assert_string_equal(told, "discover/default nowhere: no such place");
	discover_first(discover, first_cb, NULL);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(firsts, 1);
}

static void
other_places_are_none_of_its_business(void **state)
{
	(void)state;
	configure("*", "us-east-1", NULL);
	list(1, prod_a_dev_b, 2);
	assert_int_equal(watches_count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_matches_is_watched_in_its_region, setup, teardown),
	    cmocka_unit_test_setup_teardown(too_many_are_counted, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_missing_one_is_let_go_after_a_day, setup, teardown),
	    cmocka_unit_test_setup_teardown(one_that_comes_back_begins_its_day_anew, setup, teardown),
	    cmocka_unit_test_setup_teardown(streams_of_the_config_are_never_let_go, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_failed_listing_is_told_and_loses_nothing, setup, teardown),
	    cmocka_unit_test_setup_teardown(first_waits_for_every_place, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_place_that_cannot_be_is_told_and_not_waited_for, setup, teardown),
	    cmocka_unit_test_setup_teardown(other_places_are_none_of_its_business, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
