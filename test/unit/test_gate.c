/* SPDX-License-Identifier: Apache-2.0 */
/* gate: who enters, in which order, and who is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "common/str.h"
#include "daemon/aws/gate.h"

enum { GUESTS = 12 };

struct guest {
	struct gate_ticket ticket;
	char name;
	bool leaves_at_once;
};

static struct event_base *base;
static struct gate *gate;
static struct guest guests[GUESTS];
static struct str entered; /* names, in the order of their callbacks */

static int
set_up(void **state)
{
	(void)state;
	base = event_base_new();
	gate = gate_new(base, 2, 3);
	memset(guests, 0, sizeof(guests));
	for (int i = 0; i < GUESTS; i++)
		guests[i].name = (char)('a' + i);
	str_add(&entered, "");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < GUESTS; i++)
		gate_leave(gate, &guests[i].ticket);
	gate_free(gate);
	event_base_free(base);
	str_free(&entered);
	return 0;
}

static void
entered_cb(void *arg)
{
	struct guest *guest = arg;

	str_add_char(&entered, guest->name);
	if (guest->leaves_at_once)
		gate_leave(gate, &guest->ticket);
}

static bool
enter(char name, const char *host, bool urgent)
{
	struct guest *guest = &guests[name - 'a'];

	return gate_enter(gate, host, urgent, &guest->ticket, entered_cb, guest);
}

static void
leave(char name)
{
	gate_leave(gate, &guests[name - 'a'].ticket);
}

static void
run(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
test_so_many_a_host(void **state)
{
	(void)state;
	assert_true(enter('a', "h", false));
	assert_true(enter('b', "h", false));
	assert_false(enter('c', "h", false));
	assert_false(enter('d', "h", false));
	run();
	assert_string_equal(entered.s, "");
	leave('a');
	assert_string_equal(entered.s, ""); /* never from within */
	run();
	assert_string_equal(entered.s, "c");
	leave('b');
	leave('c');
	run();
	assert_string_equal(entered.s, "cd");
}

static void
test_so_many_in_all(void **state)
{
	(void)state;
	assert_true(enter('a', "g", false));
	assert_true(enter('b', "h", false));
	assert_true(enter('c', "i", false));
	assert_false(enter('d', "g", false));
	assert_false(enter('e', "g", false));
	assert_false(enter('f', "h", false));
	/* The hosts take turns. */
	leave('c');
	run();
	assert_string_equal(entered.s, "d");
	leave('a');
	run();
	assert_string_equal(entered.s, "df");
	leave('b');
	run();
	assert_string_equal(entered.s, "dfe");
}

static void
test_urgent_first(void **state)
{
	(void)state;
	enter('a', "h", false);
	enter('b', "h", false);
	enter('c', "h", false);
	enter('d', "h", true);
	enter('e', "h", true);
	leave('a');
	leave('b');
	run();
	assert_string_equal(entered.s, "de");
	leave('d');
	run();
	assert_string_equal(entered.s, "dec");
}

static void
test_waiting_no_more(void **state)
{
	(void)state;
	enter('a', "h", false);
	enter('b', "h", false);
	enter('c', "h", false);
	enter('d', "h", true);
	leave('d');
	leave('c');
	leave('c'); /* once more is nothing */
	leave('a');
	run();
	assert_string_equal(entered.s, "");
	assert_true(enter('c', "h", false));
}

/* A place that has become free is theirs who wait, not whose call comes just then. */
static void
test_nobody_overtakes(void **state)
{
	(void)state;
	enter('a', "h", false);
	enter('b', "h", false);
	enter('c', "h", false);
	leave('a');
	assert_false(enter('d', "h", false));
	run();
	assert_string_equal(entered.s, "c");
}

static void
test_who_leaves_at_once(void **state)
{
	(void)state;
	enter('a', "h", false);
	enter('b', "h", false);
	for (const char *name = "cdefghijkl"; *name != '\0'; name++) {
		guests[*name - 'a'].leaves_at_once = true;
		assert_false(enter(*name, "h", false));
	}
	leave('a');
	for (int i = 0; i < GUESTS; i++)
		run();
	assert_string_equal(entered.s, "cdefghijkl");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_so_many_a_host, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_so_many_in_all, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_urgent_first, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_waiting_no_more, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_nobody_overtakes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_who_leaves_at_once, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
