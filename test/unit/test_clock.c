/* SPDX-License-Identifier: Apache-2.0 */
/* clock: writing and reading times, time that runs faster, time that stands still. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/mem.h"

static int64_t
real_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Runs first: nothing is set, and time is the machine's. */
static void
test_real(void **state)
{
	int64_t before = real_ms(CLOCK_REALTIME), mono = real_ms(CLOCK_MONOTONIC);
	struct timeval wait = clock_wait(1500);

	(void)state;
	assert_in_range(clock_now_ms(), before, before + 5000);
	assert_in_range(clock_mono_ms(), mono, mono + 5000);
	assert_int_equal(wait.tv_sec, 1);
	assert_int_equal(wait.tv_usec, 500000);
	wait = clock_wait(-5);
	assert_int_equal(wait.tv_sec + wait.tv_usec, 0);
	wait = clock_wait(INT64_MAX);
	assert_int_equal(wait.tv_sec, 10 * 365 * 86400);
}

static void
test_init_bad(void **state)
{
	static const char *const bad[] = {"60", "@", "60@", "@1763800000", "0@1763800000", "60@0", "-1@1763800000",
	    "60@1763800000 ", " 60@1763800000", "1e3@1763800000", "1000001@1763800000", "60@999999999999", "nan@1",
	    "inf@1", "60@1.", "1,5@1763800000"};
	char *cause = NULL;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(bad); i++) {
		setenv("KDIAG_CLOCK", bad[i], 1);
		assert_int_equal(clock_init(&cause), -1);
		assert_non_null(strstr(cause, bad[i]));
		assert_non_null(strstr(cause, "KDIAG_CLOCK is"));
		assert_non_null(strstr(cause, "write RATE@EPOCH"));
	}
	free(cause);
	unsetenv("KDIAG_CLOCK");
	assert_int_equal(clock_init(NULL), 0);
	assert_in_range(clock_now_ms() - real_ms(CLOCK_REALTIME) + 5000, 0, 10000);
}

/* In a child, for the rate stays: an hour a second since ten seconds ago. 0 when all is as it should be. */
static int
run_fast(void)
{
	int64_t epoch_s = real_ms(CLOCK_REALTIME) / 1000 - 10, now, mono;
	char *value = mem_printf("3600.0@%lld.5", (long long)epoch_s);
	struct timespec tenth = {.tv_nsec = 100000000};
	struct timeval wait;

	setenv("KDIAG_CLOCK", value, 1);
	free(value);
	if (clock_init(NULL) != 0)
		return 1;
	now = clock_now_ms();
	if (now < epoch_s * 1000 + 9 * 3600000 || now > epoch_s * 1000 + 60 * 3600000)
		return 2;
	wait = clock_wait(3600000);
	if (wait.tv_sec != 1 || wait.tv_usec != 0)
		return 3;
	wait = clock_wait(1);
	if (wait.tv_sec != 0 || wait.tv_usec != 1)
		return 4; /* never less than asked: rounded up to 1 µs */
	mono = clock_mono_ms();
	nanosleep(&tenth, NULL);
	if (clock_mono_ms() - mono < 350000 || clock_now_ms() - now < 350000)
		return 5;
	return 0;
}

/* Before its epoch time is the real one. */
static int
run_before_epoch(void)
{
	int64_t real = real_ms(CLOCK_REALTIME), now;
	char *value = mem_printf("60@%lld", (long long)real / 1000 + 1000);

	setenv("KDIAG_CLOCK", value, 1);
	free(value);
	if (clock_init(NULL) != 0)
		return 1;
	now = clock_now_ms();
	return now >= real && now < real + 5000 ? 0 : 2;
}

static void
check_in_child(int (*run)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
test_fast(void **state)
{
	(void)state;
	check_in_child(run_fast);
	check_in_child(run_before_epoch);
}

static void
test_format(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
	    {0, "1970-01-01T00:00:00Z"},
	    {999, "1970-01-01T00:00:00Z"},
	    {1000, "1970-01-01T00:00:01Z"},
	    {1795342440000, "2026-11-22T10:14:00Z"},
	    {1709164800000, "2024-02-29T00:00:00Z"},
	    {253402300799999, "9999-12-31T23:59:59Z"},
	    {253402300800000, "9999-12-31T23:59:59Z"},
	    {INT64_MAX, "9999-12-31T23:59:59Z"},
	    {-1, "1970-01-01T00:00:00Z"},
	    {INT64_MIN, "1970-01-01T00:00:00Z"},
	};
	char buf[CLOCK_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++)
		assert_string_equal(clock_format(rows[i].ms, buf), rows[i].text);
}

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"2026-11-22T10:14:00Z", 1795342440000},
	    {"2026-11-22T10:14:00.123Z", 1795342440123},
	    {"2026-11-22T10:14:00.5Z", 1795342440500},
	    {"2026-11-22T10:14:00.000999999999Z", 1795342440000},
	    {"2024-02-29T23:59:59Z", 1709251199000},
	    {"9999-12-31T23:59:59.999Z", 253402300799999},
	};
	static const char *const bad[] = {"", "2026", "2026-11-22", "2026-11-22T10:14:00", "2026-11-22 10:14:00Z",
	    "2026-11-22T10:14:00z", "2026-11-22T10:14:00Z ", " 2026-11-22T10:14:00Z", "2026-11-22T10:14:00.Z",
	    "2026-11-22T10:14:00.5", "2026-11-22T10:14:00+00:00", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
	    "2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
	    "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z",
	    "-026-01-01T00:00:00Z", "2026-1-01T00:00:000Z"};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		assert_int_equal(clock_parse(rows[i].text, &ms), 0);
		assert_true(ms == rows[i].ms);
	}
	ms = 42;
	for (size_t i = 0; i < KD_COUNT(bad); i++)
		assert_int_equal(clock_parse(bad[i], &ms), -1);
	assert_int_equal(ms, 42);
}

static void
test_freeze(void **state)
{
	(void)state;
	clock_freeze(1000, 50);
	assert_int_equal(clock_now_ms(), 1000);
	assert_int_equal(clock_mono_ms(), 50);
	clock_freeze(2000, 60);
	assert_int_equal(clock_now_ms(), 2000);
	assert_int_equal(clock_mono_ms(), 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_real),
	    cmocka_unit_test(test_init_bad),
	    cmocka_unit_test(test_fast),
	    cmocka_unit_test(test_format),
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_freeze),
	};

	unsetenv("KDIAG_CLOCK");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
