/* SPDX-License-Identifier: Apache-2.0 */
/* notify: against a systemd of our own: a datagram socket, and descriptors passed to a child. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/mem.h"
#include "daemon/notify.h"

/*
 * notify keeps its state in statics, and descriptor 3 is the test runner's: each case runs in a child, which leaves with the line of the check that failed.
 */
#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
			_exit(1); \
		} \
	} while (0)

static char folder[] = "/tmp/kdiag-notify-XXXXXX";

static void
run_child(void (*body)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		body();
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- systemd's side ---- */

static socklen_t
address_of(const char *path, struct sockaddr_un *address)
{
	size_t len = strlen(path);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(address->sun_path, path, len + 1);
	if (path[0] != '@')
		return sizeof(*address);
	address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static char *
path_of(const char *name)
{
	return mem_printf("%s/%s", folder, name);
}

static int
bind_to(const char *path, int type)
{
	struct sockaddr_un address;
	socklen_t len = address_of(path, &address);
	int fd = socket(AF_UNIX, type, 0);

	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0);
	return fd;
}

static const char *
receive(int fd)
{
	static char buf[4096];
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);

	if (n < 0)
		return "";
	buf[n] = '\0';
	return buf;
}

static void
check_talk(const char *path)
{
	int fd = bind_to(path, SOCK_DGRAM);
	int64_t us = 0;
	struct timespec now;

	setenv("NOTIFY_SOCKET", path, 1);
	notify_init();
	CHECK(getenv("NOTIFY_SOCKET") == NULL);
	notify_ready("%d streams", 42);
	CHECK(strcmp(receive(fd), "READY=1\nSTATUS=42 streams") == 0);
	notify_status("%s", "a\nREADY=0\x01");
	CHECK(strcmp(receive(fd), "STATUS=a\\x0aREADY=0\\x01") == 0);
	clock_gettime(CLOCK_MONOTONIC, &now);
	notify_reloading();
	CHECK(sscanf(receive(fd), "RELOADING=1\nMONOTONIC_USEC=%" SCNd64, &us) == 1);
	CHECK(us >= (int64_t)now.tv_sec * 1000000 && us < ((int64_t)now.tv_sec + 60) * 1000000);
	notify_stopping();
	CHECK(strcmp(receive(fd), "STOPPING=1") == 0);
	notify_progress(); /* there is no watchdog */
	CHECK(strcmp(receive(fd), "") == 0);
	CHECK(notify_watchdog_ms() == 0);
	CHECK(notify_listen_fd() == -1);
	close(fd);
	notify_status("nobody listens any more");
}

static void
talk_to_path(void)
{
	char *path = path_of("talk");

	check_talk(path);
	free(path);
}

static void
talk_to_abstract(void)
{
	char *path = mem_printf("@kdiag-test-%d", (int)getpid());

	check_talk(path);
	free(path);
}

static void
test_talk(void **state)
{
	(void)state;
	run_child(talk_to_path);
	run_child(talk_to_abstract);
}

static char *logged;

static void
keep_log(enum log_level level, const char *text, void *arg)
{
	(void)level;
	(void)arg;
	free(logged);
	logged = mem_strdup(text);
}

static void
bad_sockets(void)
{
	char *longest = mem_new(300, 1);
	const char *const bad[] = {"relative", "vsock:2:1234", "@", "/", longest};

	memset(longest, 'x', 299);
	longest[0] = '/';
	log_to(keep_log, NULL);
	for (size_t i = 0; i < KD_COUNT(bad); i++) {
		setenv("NOTIFY_SOCKET", bad[i], 1);
		notify_init();
		CHECK(getenv("NOTIFY_SOCKET") == NULL);
		CHECK(logged != NULL && strstr(logged, "NOTIFY_SOCKET is \"") != NULL);
		notify_ready("ready");
		free(logged);
		logged = NULL;
	}
	setenv("NOTIFY_SOCKET", "", 1);
	notify_init();
	CHECK(logged == NULL);
	free(longest);
}

static void
no_systemd(void)
{
	log_to(keep_log, NULL);
	unsetenv("NOTIFY_SOCKET");
	notify_init();
	notify_ready("ready");
	notify_status("well");
	notify_reloading();
	notify_stopping();
	notify_progress();
	CHECK(logged == NULL);
	CHECK(notify_listen_fd() == -1 && notify_watchdog_ms() == 0);
}

static void
test_no_socket(void **state)
{
	(void)state;
	run_child(no_systemd);
	run_child(bad_sockets);
}

/* ---- a systemd that does not read ---- */

static void
never_read(void)
{
	char *path = path_of("silent");
	int fd = bind_to(path, SOCK_DGRAM);
	struct timespec begun, ended;

	setenv("NOTIFY_SOCKET", path, 1);
	notify_init();
	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (int i = 0; i < 1000; i++)
		notify_status("line %d", i);
	notify_stopping();
	clock_gettime(CLOCK_MONOTONIC, &ended);
	CHECK(ended.tv_sec - begun.tv_sec < 60); /* it would never end */
	free(path);
	close(fd);
}

static void
test_never_read(void **state)
{
	(void)state;
	run_child(never_read);
}

/* ---- the watchdog ---- */

static int
begin_watchdog(const char *name, const char *usec, long pid)
{
	char *path = path_of(name), text[32];
	int fd = bind_to(path, SOCK_DGRAM);

	setenv("NOTIFY_SOCKET", path, 1);
	setenv("WATCHDOG_USEC", usec, 1);
	snprintf(text, sizeof(text), "%ld", pid);
	setenv("WATCHDOG_PID", text, 1);
	notify_init();
	CHECK(getenv("WATCHDOG_USEC") == NULL && getenv("WATCHDOG_PID") == NULL);
	free(path);
	return fd;
}

static void
watchdog(void)
{
	static const struct timespec rest = {.tv_sec = 2, .tv_nsec = 10000000};
	int fd = begin_watchdog("dog", "4000000", (long)getpid());

	CHECK(notify_watchdog_ms() == 4000);
	notify_progress();
	CHECK(strcmp(receive(fd), "WATCHDOG=1") == 0);
	for (int i = 0; i < 100; i++)
		notify_progress(); /* within half of the time: no second ping */
	CHECK(strcmp(receive(fd), "") == 0);
	nanosleep(&rest, NULL);
	notify_progress();
	CHECK(strcmp(receive(fd), "WATCHDOG=1") == 0);
	CHECK(strcmp(receive(fd), "") == 0);
}

static void
watchdog_of_another(void)
{
	int fd = begin_watchdog("dog2", "200000", (long)getpid() + 1);

	CHECK(notify_watchdog_ms() == 0);
	notify_progress();
	CHECK(strcmp(receive(fd), "") == 0);
}

static void
watchdog_bad(void)
{
	begin_watchdog("dog3", "soon", (long)getpid());
	CHECK(notify_watchdog_ms() == 0);
	begin_watchdog("dog4", "-5", (long)getpid());
	CHECK(notify_watchdog_ms() == 0);
	begin_watchdog("dog5", "99999999999999999999999", (long)getpid());
	CHECK(notify_watchdog_ms() == 0);
}

static void
test_watchdog(void **state)
{
	(void)state;
	run_child(watchdog);
	run_child(watchdog_of_another);
	run_child(watchdog_bad);
}

/* ---- socket activation ---- */

enum { FIRST = 3 };

/* Puts these at 3, 4, 5 … as systemd does, without close-on-exec, blocking. */
static void
pass(const int *fds, int count)
{
	int high[8];
	char text[32];

	for (int i = 0; i < count; i++)
		high[i] = fcntl(fds[i], F_DUPFD, 100);
	for (int i = 0; i < count; i++)
		CHECK(dup2(high[i], FIRST + i) == FIRST + i);
	snprintf(text, sizeof(text), "%d", count);
	setenv("LISTEN_FDS", text, 1);
	snprintf(text, sizeof(text), "%ld", (long)getpid());
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDNAMES", "kdiagd.socket", 1);
}

static int
listener_at(const char *name)
{
	char *path = path_of(name);
	int fd = bind_to(path, SOCK_STREAM);

	CHECK(listen(fd, 5) == 0);
	free(path);
	return fd;
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void
activated(void)
{
	char *path = path_of("not-stream"), *quiet = path_of("not-listening");
	int fds[5];

	fds[0] = bind_to(path, SOCK_DGRAM);
	fds[1] = bind_to(quiet, SOCK_STREAM);
	fds[2] = open("/dev/null", O_RDONLY);
	fds[3] = listener_at("first");
	fds[4] = listener_at("second");
	pass(fds, 5);
	notify_init();
	CHECK(notify_listen_fd() == FIRST + 3);
	CHECK((fcntl(FIRST + 3, F_GETFD) & FD_CLOEXEC) != 0);
	CHECK((fcntl(FIRST + 3, F_GETFL) & O_NONBLOCK) != 0);
	CHECK(!is_open(FIRST) && !is_open(FIRST + 1) && !is_open(FIRST + 2) && !is_open(FIRST + 4));
	CHECK(getenv("LISTEN_FDS") == NULL && getenv("LISTEN_PID") == NULL && getenv("LISTEN_FDNAMES") == NULL);
	free(path);
	free(quiet);
}

static void
activated_for_another(void)
{
	int fd = listener_at("another");

	pass(&fd, 1);
	setenv("LISTEN_PID", "1", 1);
	notify_init();
	CHECK(notify_listen_fd() == -1);
	CHECK(is_open(FIRST)); /* not ours to close */
	CHECK(getenv("LISTEN_FDS") == NULL);
}

static void
activated_without_pid(void)
{
	int fd = listener_at("without");

	pass(&fd, 1);
	unsetenv("LISTEN_PID");
	notify_init();
	CHECK(notify_listen_fd() == -1 && is_open(FIRST));
}

static void
activated_wrongly(void)
{
	int fd = open("/dev/null", O_RDONLY);

	log_to(keep_log, NULL);
	pass(&fd, 1);
	notify_init();
	CHECK(notify_listen_fd() == -1 && !is_open(FIRST));
	CHECK(logged != NULL && strstr(logged, "no listening Unix stream socket") != NULL);
}

static void
activated_with_too_many(void)
{
	int fd = listener_at("many");

	pass(&fd, 1);
	setenv("LISTEN_FDS", "9999999999", 1);
	notify_init(); /* ends soon, and finds the first */
	CHECK(notify_listen_fd() == FIRST);
}

static void
test_activation(void **state)
{
	(void)state;
	run_child(activated);
	run_child(activated_for_another);
	run_child(activated_without_pid);
	run_child(activated_wrongly);
	run_child(activated_with_too_many);
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
remove_folder(void **state)
{
	char *command = mem_printf("rm -rf %s", folder);
	int failed = system(command);

	(void)state;
	free(command);
	return failed;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_talk),
	    cmocka_unit_test(test_no_socket),
	    cmocka_unit_test(test_never_read),
	    cmocka_unit_test(test_watchdog),
	    cmocka_unit_test(test_activation),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
