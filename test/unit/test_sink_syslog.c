/* SPDX-License-Identifier: Apache-2.0 */
/* sink_syslog: what goes out and when, and that a log daemon that hangs holds up nobody. The clock runs 1,000 times faster. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include <cmocka.h>
#include <event2/event.h>
#include <jansson.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "daemon/change.h"
#include "daemon/sink_syslog.h"

enum { LINES_KEPT = 4096, PATIENCE_MS = 20000, STORM_MS = 1000000000 };

/* The log daemon. Static, for a thread that was left behind comes back to it. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t opened;
	bool hangs, is_gone; /* gone: nobody listens */
	size_t asked;        /* so often since then */
	size_t allowed;      /* lines that it takes although it hangs */
	bool signals_blocked;
	size_t count, entered;
	struct {
		int priority;
		char *text;
	} lines[LINES_KEPT];
} daemon_log = {.mutex = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER};

static bool
are_signals_blocked(void)
{
	sigset_t mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	return sigismember(&mask, SIGTERM) && sigismember(&mask, SIGHUP) && sigismember(&mask, SIGINT) &&
	       sigismember(&mask, SIGCHLD);
}

static void
write_line(int priority, const char *line, void *arg)
{
	(void)arg;
	pthread_mutex_lock(&daemon_log.mutex);
	daemon_log.entered++;
	while (daemon_log.hangs && daemon_log.allowed == 0)
		pthread_cond_wait(&daemon_log.opened, &daemon_log.mutex);
	if (daemon_log.hangs)
		daemon_log.allowed--;
	daemon_log.signals_blocked = are_signals_blocked();
	if (daemon_log.count < LINES_KEPT) {
		daemon_log.lines[daemon_log.count].priority = priority;
		daemon_log.lines[daemon_log.count++].text = mem_strdup(line);
	}
	pthread_mutex_unlock(&daemon_log.mutex);
}

static bool
is_open(void *arg)
{
	bool open;

	(void)arg;
	pthread_mutex_lock(&daemon_log.mutex);
	open = !daemon_log.is_gone;
	daemon_log.asked++;
	pthread_mutex_unlock(&daemon_log.mutex);
	return open;
}

static void
go_away(bool gone)
{
	pthread_mutex_lock(&daemon_log.mutex);
	daemon_log.is_gone = gone;
	daemon_log.asked = 0;
	pthread_mutex_unlock(&daemon_log.mutex);
}

static size_t
count_asked(void)
{
	size_t asked;

	pthread_mutex_lock(&daemon_log.mutex);
	asked = daemon_log.asked;
	pthread_mutex_unlock(&daemon_log.mutex);
	return asked;
}

static void
hang(bool hangs)
{
	pthread_mutex_lock(&daemon_log.mutex);
	daemon_log.hangs = hangs;
	pthread_cond_broadcast(&daemon_log.opened);
	pthread_mutex_unlock(&daemon_log.mutex);
}

/* It takes so many lines, and hangs again. */
static void
allow(size_t lines)
{
	pthread_mutex_lock(&daemon_log.mutex);
	daemon_log.allowed = lines;
	pthread_cond_broadcast(&daemon_log.opened);
	pthread_mutex_unlock(&daemon_log.mutex);
}

static size_t
count_lines(void)
{
	size_t count;

	pthread_mutex_lock(&daemon_log.mutex);
	count = daemon_log.count;
	pthread_mutex_unlock(&daemon_log.mutex);
	return count;
}

static size_t
count_entered(void)
{
	size_t entered;

	pthread_mutex_lock(&daemon_log.mutex);
	entered = daemon_log.entered;
	pthread_mutex_unlock(&daemon_log.mutex);
	return entered;
}

/* Lines are only ever added, so that what stands there stays. */
static const char *
line_at(size_t i)
{
	assert_true(i < count_lines());
	return daemon_log.lines[i].text;
}

static int
priority_at(size_t i)
{
	assert_true(i < count_lines());
	return daemon_log.lines[i].priority;
}

/* ---- the sink ---- */

struct fix {
	struct event_base *base;
	struct ledger *ledger;
	struct sink_syslog_options options;
	struct sink_syslog *sink;
};

static struct fix *
fix_new(struct sink_syslog_options options)
{
	struct fix *fix = mem_new(1, sizeof(*fix));
	char *cause = NULL;

	hang(false);
	go_away(false);
	for (size_t i = 0; i < daemon_log.count; i++)
		free(daemon_log.lines[i].text);
	daemon_log.count = daemon_log.entered = 0;
	fix->base = event_base_new();
	fix->ledger = ledger_new();
	fix->options = options;
	fix->options.facility = LOG_DAEMON;
	fix->options.write = write_line;
	fix->options.is_open = is_open;
	fix->sink = sink_syslog_new(fix->base, &fix->options, fix->ledger, &cause);
	assert_non_null(fix->sink);
	assert_null(cause);
	ledger_listen(fix->ledger, sink_syslog_change, fix->sink);
	return fix;
}

static void
fix_free(struct fix *fix)
{
	sink_syslog_free(fix->sink, PATIENCE_MS);
	ledger_free(fix->ledger);
	event_base_free(fix->base);
	free(fix);
}

static void
rest_ms(int ms)
{
	struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&rest, NULL);
}

static int64_t
real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The loop runs until so many lines are out. */
static void
wait_for_lines(struct fix *fix, size_t count)
{
	int64_t until_ms = real_ms() + PATIENCE_MS;

	while (count_lines() < count) {
		assert_true(real_ms() < until_ms);
		event_base_loop(fix->base, EVLOOP_NONBLOCK);
		rest_ms(1);
	}
}

static void
run_for(struct fix *fix, int ms)
{
	int64_t until_ms = real_ms() + ms;

	while (real_ms() < until_ms) {
		event_base_loop(fix->base, EVLOOP_NONBLOCK);
		rest_ms(1);
	}
}

static void
wait_for_hang(void)
{
	int64_t until_ms = real_ms() + PATIENCE_MS;

	while (count_entered() == 0) {
		assert_true(real_ms() < until_ms);
		rest_ms(1);
	}
}

static void
raise_clock(struct fix *fix, const char *subject, enum kd_severity severity)
{
	ledger_raise(fix->ledger, "clock", subject, severity, "the clock is off", NULL, clock_now_ms());
}

static void
clear_clock(struct fix *fix, const char *subject)
{
	ledger_clear(fix->ledger, "clock", subject, clock_now_ms());
}

static void
check_event(size_t i, const char *event, const char *subject)
{
	const char *line = line_at(i);
	json_t *object;

	assert_memory_equal(line, "@cee:{", 6);
	object = json_loads(line + 5, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(object);
	assert_string_equal(json_string_value(json_object_get(object, "event")), event);
	if (subject != NULL)
		assert_string_equal(json_string_value(json_object_get(object, "subject")), subject);
	json_decref(object);
}

/* ---- lines ---- */

static void
test_changes(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.cee = true});

	(void)state;
	raise_clock(fix, "a", KD_WARNING);
	raise_clock(fix, "a", KD_CRITICAL);
	clear_clock(fix, "a");
	wait_for_lines(fix, 3);
	check_event(0, "opened", "a");
	check_event(1, "changed", "a");
	check_event(2, "resolved", "a");
	assert_int_equal(priority_at(0), LOG_DAEMON | LOG_WARNING);
	assert_int_equal(priority_at(1), LOG_DAEMON | LOG_CRIT);
	assert_int_equal(priority_at(2), LOG_DAEMON | LOG_INFO);
	assert_true(daemon_log.signals_blocked);
	assert_false(are_signals_blocked());
	fix_free(fix);
}

static void
test_text_and_reload(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.cee = false});

	(void)state;
	raise_clock(fix, "a", KD_WARNING);
	wait_for_lines(fix, 1);
	assert_memory_equal(line_at(0), "opened warning - - self/clock/a ", 32);
	fix->options.cee = true;
	fix->options.facility = LOG_LOCAL3;
	sink_syslog_configure(fix->sink, &fix->options);
	raise_clock(fix, "a", KD_CRITICAL);
	wait_for_lines(fix, 2);
	check_event(1, "changed", "a");
	assert_int_equal(priority_at(1), LOG_LOCAL3 | LOG_CRIT);
	fix_free(fix);
}

static void
test_log(void **state)
{
	static const struct {
		enum log_level level;
		int priority;
	} rows[] = {{LOG_LEVEL_ERROR, LOG_ERR}, {LOG_LEVEL_WARNING, LOG_WARNING}, {LOG_LEVEL_INFO, LOG_INFO},
	    {LOG_LEVEL_DEBUG, LOG_DEBUG}};
	struct fix *fix = fix_new((struct sink_syslog_options){.cee = true});
	char *longest = mem_new(5001, 1);

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++)
		sink_syslog_log(rows[i].level, "started %s%n", fix->sink);
	wait_for_lines(fix, 4);
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		assert_string_equal(line_at(i), "started %s%n");
		assert_int_equal(priority_at(i), LOG_DAEMON | rows[i].priority);
	}
	sink_syslog_log(LOG_LEVEL_INFO, "@cee:{\"event\":\"opened\"}", fix->sink);
	sink_syslog_log(LOG_LEVEL_INFO, "  @cee:{}", fix->sink);
	memset(longest, 'x', 5000);
	longest[CHANGE_LINE_MAX - 1] = '\xc3'; /* one character that would be cut in two */
	longest[CHANGE_LINE_MAX] = '\xa9';
	sink_syslog_log(LOG_LEVEL_INFO, longest, fix->sink);
	sink_syslog_log(LOG_LEVEL_INFO, "", fix->sink);
	wait_for_lines(fix, 8);
	assert_string_equal(line_at(4), "log: @cee:{\"event\":\"opened\"}");
	assert_string_equal(line_at(5), "log:   @cee:{}");
	assert_int_equal(strlen(line_at(6)), CHANGE_LINE_MAX - 1);
	assert_string_equal(line_at(7), "");
	free(longest);
	fix_free(fix);
}

/* ---- a log daemon that hangs ---- */

static void
log_number(struct fix *fix, int number)
{
	char text[32];

	snprintf(text, sizeof(text), "line %d", number);
	sink_syslog_log(LOG_LEVEL_INFO, text, fix->sink);
}

static void
test_hang(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.queue_max = 10});
	int64_t begun_ms;

	(void)state;
	hang(true);
	log_number(fix, 0);
	wait_for_hang(); /* in the thread's hands, not in the queue any more */
	begun_ms = real_ms();
	for (int i = 1; i <= 1000; i++)
		log_number(fix, i);
	assert_true(real_ms() - begun_ms < PATIENCE_MS); /* it hangs for ever */
	assert_int_equal(sink_syslog_counts(fix->sink).queued, 10);
	assert_int_equal(sink_syslog_counts(fix->sink).dropped, 990);
	assert_int_equal(sink_syslog_counts(fix->sink).sent, 0);
	assert_false(sink_syslog_counts(fix->sink).stalled); /* not for 10 s yet */
	hang(false);
	wait_for_lines(fix, 12);
	assert_string_equal(line_at(0), "line 0");
	assert_string_equal(line_at(10), "line 10");
	assert_string_equal(line_at(11), "dropped 990 lines: syslog did not take them in time");
	assert_int_equal(priority_at(11), LOG_DAEMON | LOG_WARNING);
	log_number(fix, 2000);
	wait_for_lines(fix, 13);
	assert_string_equal(line_at(12), "line 2000");
	fix_free(fix);
	assert_int_equal(count_lines(), 13); /* the gap is said once */
}

/* What comes while a gap is open is dropped too, until half of the queue is free: one gap, one notice. */
static void
test_one_gap(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.queue_max = 10});

	(void)state;
	hang(true);
	log_number(fix, 0);
	wait_for_hang();
	for (int i = 1; i <= 11; i++)
		log_number(fix, i);
	allow(3);
	wait_for_lines(fix, 3);
	log_number(fix, 12);
	assert_int_equal(sink_syslog_counts(fix->sink).dropped, 2);
	hang(false);
	wait_for_lines(fix, 12);
	assert_string_equal(line_at(10), "line 10");
	assert_string_equal(line_at(11), "dropped 2 lines: syslog did not take them in time");
	fix_free(fix);
}

static void
test_gap_in_cee(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.queue_max = 1, .cee = true});

	(void)state;
	hang(true);
	log_number(fix, 0);
	wait_for_hang();
	log_number(fix, 1);
	log_number(fix, 2);
	log_number(fix, 3);
	hang(false);
	wait_for_lines(fix, 3);
	check_event(2, "dropped", NULL);
	assert_non_null(strstr(line_at(2), "\"dropped\":2}"));
	fix_free(fix);
}

/* Long lines fill the queue by their bytes. */
static void
test_bytes_are_bounded(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.queue_max = 1000000});
	char *longest = mem_new(2001, 1);

	(void)state;
	memset(longest, 'x', 2000);
	hang(true);
	for (int i = 0; i < 10000; i++)
		sink_syslog_log(LOG_LEVEL_INFO, longest, fix->sink);
	assert_in_range(sink_syslog_counts(fix->sink).queued, 4000, 8 * 1024 * 1024 / CHANGE_LINE_MAX);
	assert_true(sink_syslog_counts(fix->sink).dropped > 5000);
	hang(false);
	free(longest);
	fix_free(fix);
}

/* ---- a log daemon that is restarted ---- */

static void
wait_for_asking(size_t count)
{
	int64_t until_ms = real_ms() + PATIENCE_MS;

	while (count_asked() < count) {
		assert_true(real_ms() < until_ms);
		rest_ms(1);
	}
}

/* syslog(3) would drop every line, and not say so. */
static void
test_gone(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.queue_max = 10});

	(void)state;
	log_number(fix, 0);
	wait_for_lines(fix, 1);
	go_away(true);
	for (int i = 1; i <= 12; i++)
		log_number(fix, i);
	wait_for_asking(3);
	assert_int_equal(count_lines(), 1);
	assert_int_equal(sink_syslog_counts(fix->sink).queued, 10);
	assert_int_equal(sink_syslog_counts(fix->sink).sent, 1);
	assert_int_equal(sink_syslog_counts(fix->sink).dropped, 2);
	go_away(false);
	wait_for_lines(fix, 12);
	for (int i = 0; i <= 10; i++) {
		char expected[32];

		snprintf(expected, sizeof(expected), "line %d", i);
		assert_string_equal(line_at((size_t)i), expected);
	}
	assert_string_equal(line_at(11), "dropped 2 lines: syslog did not take them in time");
	fix_free(fix);
}

/* It is not waited for at the end, and what it did not take counts as not told. */
static void
test_gone_at_the_end(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.cee = true});
	int64_t begun_ms;

	(void)state;
	raise_clock(fix, "here", KD_WARNING);
	wait_for_lines(fix, 1);
	go_away(true);
	raise_clock(fix, "here", KD_CRITICAL);
	wait_for_asking(1);
	begun_ms = real_ms();
	assert_int_equal(sink_syslog_free(fix->sink, 50), 1);
	assert_in_range(real_ms() - begun_ms, 50, PATIENCE_MS);
	assert_int_equal(count_lines(), 1);
	go_away(false);
	fix->sink = NULL;
	fix_free(fix);
}

/* The lines begin and end with a mark, each in its form. */
static void
test_marks(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.cee = true});

	(void)state;
	sink_syslog_mark(fix->sink, "started", NULL);
	raise_clock(fix, "here", KD_WARNING);
	sink_syslog_mark(fix->sink, "stopped", "syslog.enabled is false now");
	wait_for_lines(fix, 3);
	check_event(0, "started", NULL);
	assert_non_null(strstr(line_at(0), "\"seq\":0,\"version\":\"" KDIAG_VERSION "\"}"));
	check_event(2, "stopped", NULL);
	assert_non_null(
	    strstr(line_at(2), "\"seq\":1,\"version\":\"" KDIAG_VERSION "\",\"why\":\"syslog.enabled is false now\"}"));
	assert_int_equal(priority_at(0), LOG_DAEMON | LOG_INFO);
	fix->options.cee = false;
	sink_syslog_configure(fix->sink, &fix->options);
	sink_syslog_mark(fix->sink, "stopped", NULL);
	wait_for_lines(fix, 4);
	assert_string_equal(line_at(3), "stopped kdiagd " KDIAG_VERSION " seq 1");
	fix_free(fix);
}

static void
test_free_drains(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.queue_max = 0});

	(void)state;
	for (int i = 0; i < 3000; i++)
		log_number(fix, i);
	fix_free(fix);
	assert_int_equal(count_lines(), 3000);
	assert_string_equal(line_at(2999), "line 2999");
	sink_syslog_free(NULL, 0);
}

static void
test_free_leaves_thread(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.queue_max = 0});
	int64_t begun_ms, until_ms;

	(void)state;
	hang(true);
	for (int i = 0; i < 5; i++)
		log_number(fix, i);
	wait_for_hang();
	begun_ms = real_ms();
	sink_syslog_free(fix->sink, 100);
	assert_in_range(real_ms() - begun_ms, 95, PATIENCE_MS);
	ledger_free(fix->ledger);
	event_base_free(fix->base);
	free(fix);
	/* should it ever come back, it ends with the line that it was in */
	hang(false);
	until_ms = real_ms() + PATIENCE_MS;
	while (count_lines() < 1)
		assert_true(real_ms() < until_ms);
	rest_ms(100);
	assert_int_equal(count_lines(), 1);
}

/* ---- heartbeat ---- */

static void
test_heartbeat(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.cee = true, .heartbeat_s = 50});
	json_t *object, *open;

	(void)state;
	raise_clock(fix, "a", KD_WARNING);
	raise_clock(fix, "b", KD_CRITICAL);
	raise_clock(fix, "c", KD_CRITICAL);
	wait_for_lines(fix, 5);
	check_event(3, "heartbeat", NULL);
	check_event(4, "heartbeat", NULL);
	assert_int_equal(priority_at(3), LOG_DAEMON | LOG_INFO);
	object = json_loads(line_at(3) + 5, 0, NULL);
	open = json_object_get(object, "open");
	assert_int_equal(json_integer_value(json_object_get(object, "v")), 1);
	assert_int_equal(json_integer_value(json_object_get(object, "seq")), 3);
	assert_int_equal(json_integer_value(json_object_get(object, "dropped")), 0);
	assert_int_equal(json_integer_value(json_object_get(open, "critical")), 2);
	assert_int_equal(json_integer_value(json_object_get(open, "warning")), 1);
	assert_int_equal(json_integer_value(json_object_get(open, "unknown")), 0);
	assert_int_equal(json_integer_value(json_object_get(open, "info")), 0);
	assert_int_equal(strlen(json_string_value(json_object_get(object, "ts"))), 20);
	json_decref(object);
	fix->options.cee = false;
	sink_syslog_configure(fix->sink, &fix->options);
	wait_for_lines(fix, count_lines() + 2);
	assert_string_equal(line_at(count_lines() - 1),
	    "heartbeat seq 3, open: 2 critical, 1 warning, 0 unknown, 0 info; dropped 0 lines");
	fix->options.heartbeat_s = 0;
	sink_syslog_configure(fix->sink, &fix->options);
	rest_ms(20);
	run_for(fix, 0);
	{
		size_t count = count_lines();

		run_for(fix, 150);
		assert_int_equal(count_lines(), count);
	}
	fix_free(fix);
}

/* ---- reminders ---- */

static void
test_reminder(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.cee = true, .reminder_s = 200});

	(void)state;
	raise_clock(fix, "a", KD_WARNING);
	raise_clock(fix, "info", KD_INFO);
	raise_clock(fix, "unknown", KD_UNKNOWN);
	raise_clock(fix, "gone", KD_CRITICAL);
	clear_clock(fix, "gone");
	wait_for_lines(fix, 7); /* 5 changes, 2 reminders */
	for (size_t i = 5; i < 7; i++) {
		check_event(i, "reminder", "a");
		assert_int_equal(priority_at(i), LOG_DAEMON | LOG_WARNING);
	}
	raise_clock(fix, "a", KD_INFO); /* no more worth it */
	wait_for_lines(fix, 8);
	run_for(fix, 500);
	assert_int_equal(count_lines(), 8);
	fix_free(fix);
}

/* A change is as good as a reminder. */
static void
test_reminder_waits_from_last_change(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.cee = true, .reminder_s = 1000});
	int64_t changed_ms;

	(void)state;
	raise_clock(fix, "a", KD_WARNING);
	run_for(fix, 200);
	raise_clock(fix, "a", KD_CRITICAL);
	changed_ms = real_ms();
	wait_for_lines(fix, 3);
	assert_in_range(real_ms() - changed_ms, 995, PATIENCE_MS);
	check_event(2, "reminder", "a");
	assert_int_equal(priority_at(2), LOG_DAEMON | LOG_CRIT);
	fix_free(fix);
}

static void
test_reminders_are_spread(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.cee = true, .reminder_s = 3000});
	char subject[16];
	int64_t begun_ms;

	(void)state;
	for (int i = 0; i < 50; i++) {
		snprintf(subject, sizeof(subject), "s%d", i);
		raise_clock(fix, subject, KD_WARNING);
	}
	wait_for_lines(fix, 51);
	begun_ms = real_ms();
	wait_for_lines(fix, 71);
	assert_in_range(real_ms() - begun_ms, 900, PATIENCE_MS); /* 20 more take a second */
	wait_for_lines(fix, 100);
	check_event(50, "reminder", "s0");
	check_event(99, "reminder", "s49");
	fix_free(fix);
}

static void
test_reminder_off_and_on(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.cee = true});

	(void)state;
	raise_clock(fix, "a", KD_WARNING);
	run_for(fix, 100);
	assert_int_equal(count_lines(), 1);
	fix->options.reminder_s = 50; /* due already */
	sink_syslog_configure(fix->sink, &fix->options);
	wait_for_lines(fix, 2);
	check_event(1, "reminder", "a");
	fix_free(fix);
}

/* A sink that comes later (a reload switched syslog on) reminds of what stands open. */
static void
test_reminder_of_older(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.cee = true});
	struct sink_syslog *later;
	size_t before;

	(void)state;
	raise_clock(fix, "a", KD_WARNING);
	wait_for_lines(fix, 1);
	before = count_lines();
	fix->options.reminder_s = 100;
	later = sink_syslog_new(fix->base, &fix->options, fix->ledger, NULL);
	wait_for_lines(fix, before + 1);
	check_event(before, "reminder", "a");
	sink_syslog_free(later, PATIENCE_MS);
	fix_free(fix);
}

static int
speed_up(void **state)
{
	char value[64];
	char *cause = NULL;

	(void)state;
	snprintf(value, sizeof(value), "1000@%lld", (long long)time(NULL));
	setenv("KDIAG_CLOCK", value, 1);
	return clock_init(&cause);
}

static int
forget_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < daemon_log.count; i++)
		free(daemon_log.lines[i].text);
	return 0;
}

/* ---- what people say ---- */

static const struct ledger_person ana = {"ana", 1004};

static const char *
id_of(const char *subject)
{
	static struct finding named;

	named = (struct finding){.probe = (char *)"self", .check = (char *)"clock", .subject = (char *)subject};
	finding_make_id(&named);
	return named.id;
}

static void
silence(struct fix *fix, const char *subject, int64_t for_ms)
{
	const struct ledger_now now = {clock_now_ms(), clock_mono_ms()};
	struct ledger_silence scope = {0};

	memcpy(scope.finding, id_of(subject), FINDING_ID_SIZE);
	assert_non_null(ledger_silence(fix->ledger, &scope, &ana, NULL, for_ms, &now, NULL));
}

static void
test_acked_is_not_said_again(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.cee = true, .reminder_s = 100});

	(void)state;
	raise_clock(fix, "a", KD_WARNING);
	assert_int_equal(ledger_ack(fix->ledger, id_of("a"), &ana, "looking", clock_now_ms(), NULL), 0);
	wait_for_lines(fix, 2);
	check_event(1, "acked", "a");
	run_for(fix, 400);
	assert_int_equal(count_lines(), 2);
	raise_clock(fix, "a", KD_CRITICAL);
	wait_for_lines(fix, 4);
	check_event(2, "changed", "a");
	check_event(3, "reminder", "a");
	fix_free(fix);
}

/* What opened and closed under a silence is never told; what was told before is told to its end; what is open when it ends is told then. */
static void
test_silenced(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.cee = true});

	(void)state;
	raise_clock(fix, "told", KD_WARNING);
	silence(fix, "told", 3600000);
	silence(fix, "short", 3600000);
	silence(fix, "long", 3600000);
	wait_for_lines(fix, 4);
	raise_clock(fix, "told", KD_CRITICAL);
	clear_clock(fix, "told");
	raise_clock(fix, "short", KD_WARNING);
	clear_clock(fix, "short");
	raise_clock(fix, "long", KD_CRITICAL);
	wait_for_lines(fix, 5);
	check_event(4, "resolved", "told");
	ledger_unsilence(fix->ledger, id_of("long"), &ana, clock_now_ms());
	wait_for_lines(fix, 7);
	check_event(5, "unsilenced", "long");
	check_event(6, "reminder", "long");
	run_for(fix, 50);
	assert_int_equal(count_lines(), 7);
	assert_int_equal(sink_syslog_told(fix->sink), ledger_last_seq(fix->ledger));
	fix_free(fix);
}

/* ---- storms ---- */

static void
test_storm(void **state)
{
	struct fix *fix;
	char subject[16];

	(void)state;
	clock_freeze(STORM_MS, STORM_MS);
	fix = fix_new((struct sink_syslog_options){.cee = true});
	for (int i = 0; i < 1000; i++) {
		snprintf(subject, sizeof(subject), "s%d", i);
		raise_clock(fix, subject, KD_WARNING);
	}
	wait_for_lines(fix, 100);
	run_for(fix, 50);
	assert_int_equal(count_lines(), 100);
	assert_int_equal(sink_syslog_told(fix->sink), 100); /* the rest is told when the summary is */
	clock_freeze(STORM_MS + 10000, STORM_MS + 10000);   /* over: so long nothing came */
	wait_for_lines(fix, 101);
	check_event(100, "suppressed", NULL);
	assert_non_null(strstr(line_at(100), "\"suppressed\":900,\"from_seq\":101,\"seq\":1000,"));
	assert_non_null(strstr(line_at(100), "kdiagctl status"));
	assert_int_equal(sink_syslog_told(fix->sink), 1000);
	/* A minute later there are 100 tokens again, and no more. */
	clock_freeze(STORM_MS + 86400000, STORM_MS + 86400000);
	for (int i = 0; i < 150; i++) {
		snprintf(subject, sizeof(subject), "s%d", i);
		clear_clock(fix, subject);
	}
	wait_for_lines(fix, 201);
	run_for(fix, 50);
	assert_int_equal(count_lines(), 201);
	check_event(200, "resolved", "s99");
	/* A reload may ask for fewer. */
	fix->options.burst = 10;
	sink_syslog_configure(fix->sink, &fix->options);
	clock_freeze(STORM_MS + 2 * 86400000, STORM_MS + 2 * 86400000);
	run_for(fix, 50); /* what that storm held back */
	for (int i = 0; i < 15; i++) {
		snprintf(subject, sizeof(subject), "s%d", i);
		raise_clock(fix, subject, KD_WARNING);
	}
	wait_for_lines(fix, 212);
	run_for(fix, 50);
	assert_int_equal(count_lines(), 212);
	check_event(211, "opened", "s9");
	fix_free(fix);
}

/* What a hanging log daemon did not take is not told. */
static void
test_told(void **state)
{
	struct fix *fix = fix_new((struct sink_syslog_options){.cee = true});

	(void)state;
	assert_int_equal(sink_syslog_told(fix->sink), 0);
	hang(true);
	raise_clock(fix, "a", KD_WARNING);
	wait_for_hang();
	raise_clock(fix, "b", KD_WARNING);
	assert_int_equal(sink_syslog_told(fix->sink), 0);
	allow(1);
	wait_for_lines(fix, 1);
	while (sink_syslog_told(fix->sink) != 1)
		rest_ms(1);
	hang(false);
	wait_for_lines(fix, 2);
	while (sink_syslog_told(fix->sink) != 2)
		rest_ms(1);
	fix_free(fix);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_changes), cmocka_unit_test(test_text_and_reload), cmocka_unit_test(test_log),
	    cmocka_unit_test(test_hang), cmocka_unit_test(test_one_gap), cmocka_unit_test(test_gap_in_cee),
	    cmocka_unit_test(test_bytes_are_bounded), cmocka_unit_test(test_gone),
	    cmocka_unit_test(test_gone_at_the_end), cmocka_unit_test(test_marks), cmocka_unit_test(test_free_drains),
	    cmocka_unit_test(test_free_leaves_thread), cmocka_unit_test(test_heartbeat),
	    cmocka_unit_test(test_reminder), cmocka_unit_test(test_reminder_waits_from_last_change),
	    cmocka_unit_test(test_reminders_are_spread), cmocka_unit_test(test_reminder_off_and_on),
	    cmocka_unit_test(test_reminder_of_older), cmocka_unit_test(test_acked_is_not_said_again),
	    cmocka_unit_test(test_silenced), cmocka_unit_test(test_told),
	    cmocka_unit_test(test_storm), /* the last: the clock stands still from there on */
	};

	return cmocka_run_group_tests(tests, speed_up, forget_lines);
}
