/* SPDX-License-Identifier: Apache-2.0 */
/* host: judgements come later, in order, in slices, with their state, and may be called off at any time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <event2/event.h>

#include "common/log.h"
#include "common/mem.h"
#include "daemon/host.h"

static const struct kd_check checks[] = {{"lag", "high_latency", "Look"}};
static int64_t judge_takes_us;

static void
wait_us(int64_t us)
{
	struct timespec rest = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

	nanosleep(&rest, NULL);
}

/* Counts its looks in its state. */
static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	const char *before = kd_state(facts);
	char *state = mem_printf("%sx", before != NULL ? before : "");

	(void)settings;
	if (judge_takes_us > 0)
		wait_us(judge_takes_us);
	kd_find(out, 0, NULL, KD_WARNING, "state %s", state);
	if (strlen(state) < 4)
		kd_keep_state(out, state);
	free(state);
}

static const struct kd_probe probe = {
    .abi = KD_PROBE_ABI, .name = "alpha", .checks = checks, .checks_count = 1, .judge = judge};

struct fix {
	struct event_base *base;
	struct host *host;
	struct stream_id *stream;
	char order[64]; /* of the callbacks, by the letter of each */
	size_t called;
	int64_t took_us;
	char *summary;
};

struct order {
	struct fix *fix;
	struct host_job *job; /* to cancel from within */
	char *state;
	char letter;
	bool again;
};

static struct fix *
fix_new(void)
{
	struct fix *fix = mem_new(1, sizeof(*fix));

	fix->base = event_base_new();
	fix->host = host_new(fix->base);
	fix->stream = stream_id_new("prod", "us-east-1", "orders");
	judge_takes_us = 0;
	return fix;
}

static void
fix_free(struct fix *fix)
{
	host_free(fix->host);
	event_base_free(fix->base);
	assert_int_equal(fix->stream->refs, 1);
	stream_id_unref(fix->stream);
	free(fix->summary);
	free(fix);
}

static void ask(struct fix *fix, struct order *order);

static void
judged_cb(const struct kd_report *report, int64_t took_us, void *arg)
{
	struct order *order = arg;
	struct fix *fix = order->fix;

	assert_int_equal(report_count(report), 1);
	free(fix->summary);
	fix->summary = mem_strdup(report_at(report, 0)->summary);
	fix->took_us = took_us;
	if (fix->called < sizeof(fix->order) - 1)
		fix->order[fix->called] = order->letter;
	fix->called++;
	host_cancel(order->job);
	if (order->again) {
		order->again = false;
		ask(fix, order);
	}
}

static void
ask(struct fix *fix, struct order *order)
{
	struct kd_facts *facts = facts_new(fix->stream, 1, order->state);

	order->fix = fix;
	order->job = NULL;
	(void)host_judge(fix->host, &probe, facts, NULL, &order->state, judged_cb, order);
}

static void
run(struct fix *fix)
{
	event_base_loop(fix->base, EVLOOP_ONCE); /* one round: EVLOOP_NONBLOCK goes on while timers fall due */
}

static void
run_all(struct fix *fix)
{
	for (int i = 0; i < 10000 && host_counts(fix->host).queued > 0; i++)
		run(fix);
	assert_int_equal(host_counts(fix->host).queued, 0);
}

static void
test_later_and_in_order(void **state)
{
	struct fix *fix = fix_new();
	struct order orders[] = {{.letter = 'a'}, {.letter = 'b'}, {.letter = 'c'}};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(orders); i++)
		ask(fix, &orders[i]);
	assert_int_equal(fix->called, 0);
	assert_int_equal(host_counts(fix->host).queued, 3);
	run_all(fix);
	assert_string_equal(fix->order, "abc");
	assert_int_equal(host_counts(fix->host).judged, 3);
	for (size_t i = 0; i < KD_COUNT(orders); i++)
		free(orders[i].state);
	fix_free(fix);
}

static void
test_state(void **state)
{
	struct fix *fix = fix_new();
	struct order order = {.letter = 'a'};

	(void)state;
	for (int i = 0; i < 5; i++) {
		ask(fix, &order);
		run_all(fix);
	}
	assert_string_equal(order.state, "xxx"); /* a judgement that kept none left the last one */
	assert_string_equal(fix->summary, "state xxxx");
	free(order.state);
	fix_free(fix);
}

static void
test_no_state_slot(void **state)
{
	struct fix *fix = fix_new();
	struct order order = {.letter = 'a', .fix = fix};

	(void)state;
	(void)host_judge(fix->host, &probe, facts_new(fix->stream, 1, NULL), NULL, NULL, judged_cb, &order);
	run_all(fix);
	assert_string_equal(fix->summary, "state x");
	fix_free(fix);
}

static void
test_cancel(void **state)
{
	struct fix *fix = fix_new();
	struct order orders[3] = {
	    {.letter = 'a', .fix = fix}, {.letter = 'b', .fix = fix}, {.letter = 'c', .fix = fix}};
	struct host_job *jobs[3];

	(void)state;
	host_cancel(NULL);
	for (size_t i = 0; i < KD_COUNT(orders); i++)
		jobs[i] =
		    host_judge(fix->host, &probe, facts_new(fix->stream, 1, NULL), NULL, NULL, judged_cb, &orders[i]);
	host_cancel(jobs[1]);
	orders[0].job = jobs[2]; /* cancels another one from within its callback */
	run_all(fix);
	assert_string_equal(fix->order, "a");
	assert_int_equal(host_counts(fix->host).judged, 1);
	fix_free(fix);
}

static void
test_cancel_itself(void **state)
{
	struct fix *fix = fix_new();
	struct order order = {.letter = 'a', .fix = fix};

	(void)state;
	order.job = host_judge(fix->host, &probe, facts_new(fix->stream, 1, NULL), NULL, NULL, judged_cb, &order);
	run_all(fix);
	assert_string_equal(fix->order, "a");
	fix_free(fix);
}

static void
test_ask_from_callback(void **state)
{
	struct fix *fix = fix_new();
	struct order order = {.letter = 'a', .again = true};

	(void)state;
	ask(fix, &order);
	run_all(fix);
	assert_string_equal(fix->order, "aa");
	assert_string_equal(order.state, "xx");
	free(order.state);
	fix_free(fix);
}

static void
test_free_drops(void **state)
{
	struct fix *fix = fix_new();
	struct order orders[] = {{.letter = 'a'}, {.letter = 'b'}};

	(void)state;
	ask(fix, &orders[0]);
	ask(fix, &orders[1]);
	fix_free(fix); /* no callback, no leak */
	assert_null(orders[0].state);
	host_free(NULL);
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(*(int *)arg)++;
}

/* Between two slices the loop does other work. */
static void
test_slices(void **state)
{
	static const struct timeval now = {0, 1};
	struct fix *fix = fix_new();
	struct order orders[40];
	struct event *tick;
	int ticks = 0;

	(void)state;
	tick = event_new(fix->base, -1, EV_PERSIST, tick_cb, &ticks);
	event_add(tick, &now);
	judge_takes_us = 1000;
	for (size_t i = 0; i < KD_COUNT(orders); i++) {
		orders[i] = (struct order){.letter = 'a'};
		ask(fix, &orders[i]);
	}
	run(fix);
	assert_in_range(fix->called, 1, 6);
	run_all(fix);
	assert_int_equal(fix->called, KD_COUNT(orders));
	assert_true(ticks >= 5);
	assert_true(fix->took_us >= 1000);
	assert_true(host_counts(fix->host).busy_us >= 40 * 1000);
	event_free(tick);
	for (size_t i = 0; i < KD_COUNT(orders); i++)
		free(orders[i].state);
	fix_free(fix);
}

static void
keep_log(enum log_level level, const char *text, void *arg)
{
	char **kept = arg;

	assert_int_equal(level, LOG_LEVEL_DEBUG);
	free(*kept);
	*kept = mem_strdup(text);
}

static void
test_slow_judge_is_logged(void **state)
{
	struct fix *fix = fix_new();
	struct order order = {.letter = 'a'};
	char *kept = NULL;

	(void)state;
	log_set_level(LOG_LEVEL_DEBUG);
	log_to(keep_log, &kept);
	for (int i = 0; i == 0 || (kept != NULL && i < 20);
	     i++) { /* a busy machine may stand still in the midst of one */
		free(kept);
		kept = NULL;
		ask(fix, &order);
		run_all(fix);
	}
	assert_null(kept);
	judge_takes_us = 120000;
	ask(fix, &order);
	run_all(fix);
	assert_true(kept != NULL && strstr(kept, "probe alpha took ") == kept);
	assert_true(kept != NULL && strstr(kept, " ms to judge orders") != NULL);
	log_to(NULL, NULL);
	log_set_level(LOG_LEVEL_INFO);
	free(kept);
	free(order.state);
	fix_free(fix);
}

static void
test_judge_now(void **state)
{
	struct stream_id *stream = stream_id_new("prod", "us-east-1", "orders");
	struct kd_facts *facts = facts_new(stream, 1, "x");
	struct kd_report *report = host_judge_now(&probe, facts, NULL);

	(void)state;
	judge_takes_us = 0;
	assert_string_equal(report_at(report, 0)->summary, "state xx");
	assert_string_equal(report_state(report), "xx");
	assert_ptr_equal(report_at(report, 0)->stream, stream);
	report_free(report);
	facts_free(facts);
	stream_id_unref(stream);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_later_and_in_order),
	    cmocka_unit_test(test_state),
	    cmocka_unit_test(test_no_state_slot),
	    cmocka_unit_test(test_cancel),
	    cmocka_unit_test(test_cancel_itself),
	    cmocka_unit_test(test_ask_from_callback),
	    cmocka_unit_test(test_free_drops),
	    cmocka_unit_test(test_slices),
	    cmocka_unit_test(test_slow_judge_is_logged),
	    cmocka_unit_test(test_judge_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
