/* SPDX-License-Identifier: Apache-2.0 */
/* lossy: a probe whose looks lose findings is one finding of self, from the first look that does to the last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/stream_id.h"
#include "daemon/lossy.h"

struct fixture {
	struct lossy_list list;
	struct ledger *ledger;
	struct stream_id *orders, *clicks;
	unsigned opened, resolved;
	char summary[600];
};

static void
changed_cb(const struct ledger_change *change, void *arg)
{
	struct fixture *fixture = arg;

	assert_string_equal(change->finding->probe, "self");
	assert_string_equal(change->finding->check, "report");
	assert_string_equal(change->finding->subject, "many");
	fixture->opened += change->event == LEDGER_OPENED;
	fixture->resolved += change->event == LEDGER_RESOLVED;
	snprintf(fixture->summary, sizeof(fixture->summary), "%s", change->finding->summary);
}

static int
set_up(void **state)
{
	static struct fixture fixture;

	clock_freeze(1763800000000, 1000);
	fixture = (struct fixture){.ledger = ledger_new(),
	    .orders = stream_id_new("prod", "us-east-1", "orders"),
	    .clicks = stream_id_new("prod", "us-east-1", "clicks")};
	LIST_INIT(&fixture.list);
	ledger_listen(fixture.ledger, changed_cb, &fixture);
	*state = &fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	ledger_free(fixture->ledger);
	stream_id_unref(fixture->orders);
	stream_id_unref(fixture->clicks);
	return 0;
}

static void
one_finding_for_all_streams_of_a_probe(void **state)
{
	struct fixture *fixture = *state;
	struct lossy *orders = NULL, *clicks = NULL;

	lossy_note(&fixture->list, &orders, fixture->ledger, "many", fixture->orders, 0);
	assert_null(orders);
	lossy_note(&fixture->list, &orders, fixture->ledger, "many", fixture->orders, 4000);
	assert_int_equal(fixture->opened, 1);
	assert_string_equal(fixture->summary,
	    "probe many: 4000 of its findings about orders (us-east-1) were left out: more than 1000 in a look, said "
	    "twice, or of no check of its");
	lossy_note(&fixture->list, &clicks, fixture->ledger, "many", fixture->clicks, 1);
	lossy_note(&fixture->list, &clicks, fixture->ledger, "many", fixture->clicks, 2);
	lossy_note(&fixture->list, &orders, fixture->ledger, "many", fixture->orders, 0);
	assert_null(orders);
	assert_int_equal(fixture->resolved, 0);
	lossy_note(&fixture->list, &clicks, fixture->ledger, "many", fixture->clicks, 0);
	assert_null(clicks);
	assert_int_equal(fixture->opened, 1);
	assert_int_equal(fixture->resolved, 1);
}

static void
one_that_ends_is_over_and_at_the_end_nobody_is_told(void **state)
{
	struct fixture *fixture = *state;
	struct lossy *orders = NULL;

	lossy_forget(&fixture->list, &orders, fixture->ledger);
	assert_int_equal(fixture->resolved, 0);
	lossy_note(&fixture->list, &orders, fixture->ledger, "many", fixture->orders, 1);
	lossy_forget(&fixture->list, &orders, fixture->ledger);
	assert_int_equal(fixture->resolved, 1);
	lossy_note(&fixture->list, &orders, fixture->ledger, "many", fixture->orders, 1);
	lossy_forget(&fixture->list, &orders, NULL);
	assert_null(orders);
	assert_int_equal(fixture->resolved, 1);
	assert_true(LIST_EMPTY(&fixture->list));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(one_finding_for_all_streams_of_a_probe, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(one_that_ends_is_over_and_at_the_end_nobody_is_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
