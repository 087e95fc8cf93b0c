/* SPDX-License-Identifier: Apache-2.0 */
/* log: levels, escaping, errno, the way out by a sink and by stderr, and a stderr that nobody reads. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/mem.h"

static char last[8192];
static enum log_level last_level;
static int lines;

static void
keep_cb(enum log_level level, const char *text, void *arg)
{
	assert_ptr_equal(arg, &lines);
	last_level = level;
	lines++;
	snprintf(last, sizeof last, "%s", text);
	errno = EBADF;
}

static int
set_up(void **state)
{
	(void)state;
	lines = 0;
	last[0] = '\0';
	log_set_level(LOG_LEVEL_INFO);
	log_to(keep_cb, &lines);
	return 0;
}

static void
test_levels(void **state)
{
	(void)state;
	log_error("e%d", 1);
	assert_string_equal(last, "e1");
	assert_int_equal(last_level, LOG_LEVEL_ERROR);
	log_warnx("w");
	assert_int_equal(last_level, LOG_LEVEL_WARNING);
	log_info("i");
	assert_int_equal(last_level, LOG_LEVEL_INFO);
	log_debug("d");
	assert_int_equal(lines, 3);
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("d");
	assert_int_equal(last_level, LOG_LEVEL_DEBUG);
	log_set_level(LOG_LEVEL_ERROR);
	log_warnx("w");
	log_info("i");
	assert_int_equal(lines, 4);
	log_error("e");
	assert_int_equal(lines, 5);
}

static void
test_parse_level(void **state)
{
	enum log_level level;

	(void)state;
	assert_int_equal(log_parse_level("warning", &level), 0);
	assert_int_equal(level, LOG_LEVEL_WARNING);
	assert_int_equal(log_parse_level("debug", &level), 0);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_int_equal(log_parse_level("Debug", &level), -1);
	assert_int_equal(log_parse_level("", &level), -1);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
}

static void
test_errno(void **state)
{
	(void)state;
	errno = ENOENT;
	log_warn("cannot open %s", "x");
	assert_string_equal(last, "cannot open x: No such file or directory");
	assert_int_equal(errno, ENOENT);
	log_info("i");
	assert_int_equal(errno, ENOENT);
	log_debug("d");
	assert_int_equal(errno, ENOENT);
}

static void
test_escaped(void **state)
{
	(void)state;
	log_info("name %s", "a\nkdiagd: all is well\x1b[2J\xff\xe2\x80\xae");
	assert_string_equal(last, "name a\\x0akdiagd: all is well\\x1b[2J\\xff\\u202e");
}

static void
test_long(void **state)
{
	char *text = mem_new(100001, 1);

	(void)state;
	memset(text, 'x', 100000);
	log_info("%s", text);
	assert_int_equal(lines, 1);
	assert_in_range(strlen(last), 2000, 3900);
	free(text);
}

/* What stderr got while run() ran with it. */
static void
capture(void (*run)(void), char *got, size_t size)
{
	int pipes[2], kept = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(dup2(pipes[1], STDERR_FILENO), STDERR_FILENO);
	run();
	assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
	close(pipes[1]);
	close(kept);
	n = read(pipes[0], got, size - 1);
	assert_true(n >= 0);
	got[n] = '\0';
	close(pipes[0]);
}

static void
say_two(void)
{
	log_to(NULL, NULL);
	log_info("one %s", "thing");
	log_error("another\n");
}

static void
test_stderr(void **state)
{
	char got[256];

	(void)state;
	capture(say_two, got, sizeof got);
	assert_string_equal(got, "testd: one thing\ntestd: another\\x0a\n");
}

/* A reader that has stopped costs a moment once, and is told later how much it missed. */
static void
test_stderr_stuck(void **state)
{
	static const char says[] = "testd: lines lost because nobody read stderr: ";
	int pipes[2], kept = dup(STDERR_FILENO);
	struct timespec start, end;
	char got[128 * 1024], *rest;
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(dup2(pipes[1], STDERR_FILENO), STDERR_FILENO);
	log_to(NULL, NULL);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < 5000; i++)
		log_info("line %04d of those that nobody reads", i);
	clock_gettime(CLOCK_MONOTONIC, &end);
	n = read(pipes[0], got, sizeof got - 1);
	log_info("the last line");
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(pipes[1]);
	assert_true(n > 0);
	assert_true(end.tv_sec - start.tv_sec < 60); /* and not for each of them */
	assert_memory_equal(got, "testd: line 0000", 16);
	n = read(pipes[0], got, sizeof got - 1);
	close(pipes[0]);
	assert_true(n > 0);
	got[n] = '\0';
	assert_memory_equal(got, says, strlen(says));
	assert_in_range(strtoul(got + strlen(says), &rest, 10), 3000, 4900);
	assert_string_equal(rest, "\ntestd: the last line\n");
}

/* A pipe whose reader is gone neither ends the program nor the log. */
static void
say_to_nobody(void)
{
	int pipes[2];

	if (pipe(pipes) != 0 || dup2(pipes[1], STDERR_FILENO) < 0)
		_exit(9);
	close(pipes[0]);
	log_to(NULL, NULL);
	log_info("is anybody there?");
	close(STDERR_FILENO);
	log_info("is anybody there?");
	_exit(0);
}

static void
say_fatal(void)
{
	log_to(NULL, NULL);
	fatalx("cannot start: %s", "no config");
}

static void
check_child(void (*run)(void), int expected)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		run();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), expected);
}

static void
test_stderr_gone(void **state)
{
	(void)state;
	check_child(say_to_nobody, 0);
}

static void
fatal_in_child(void)
{
	check_child(say_fatal, 1);
}

static void
test_fatalx(void **state)
{
	char got[256];

	(void)state;
	capture(fatal_in_child, got, sizeof got);
	assert_string_equal(got, "testd: cannot start: no config\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_levels, set_up),
	    cmocka_unit_test(test_parse_level),
	    cmocka_unit_test_setup(test_errno, set_up),
	    cmocka_unit_test_setup(test_escaped, set_up),
	    cmocka_unit_test_setup(test_long, set_up),
	    cmocka_unit_test_setup(test_stderr, set_up),
	    cmocka_unit_test_setup(test_stderr_stuck, set_up),
	    cmocka_unit_test_setup(test_stderr_gone, set_up),
	    cmocka_unit_test_setup(test_fatalx, set_up),
	};

	log_init("testd");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
