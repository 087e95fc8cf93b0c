/* SPDX-License-Identifier: Apache-2.0 */
/* notify: owns the two ends of the talk with systemd, sd_notify(3) and sd_listen_fds(3); refuses to know what the daemon does. */
#include "daemon/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"

enum {
	LISTEN_FIRST = 3, /* SD_LISTEN_FDS_START */
	LISTEN_MAX = 256, /* more are not closed: a unit of ours has one */
	STATUS_MAX = 400,
	PATIENCE_MS = 100, /* how long a word that must not be lost waits for room at systemd's end */
};

static int notify_fd = -1;
static struct sockaddr_un peer;
static socklen_t peer_len;
static int64_t watchdog_ms, last_ping_ms;
static int listen_fd = -1;

/* Real time: systemd's watchdog does not run faster in a test. */
static int64_t
real_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- what systemd says ---- */

/* A positive decimal in the environment; 0: none, or no such number. */
static int64_t
number_of(const char *name)
{
	const char *text = getenv(name);
	int64_t value;

	return text != NULL && text_parse_integer(text, &value) == 0 && value > 0 ? value : 0;
}

static void
open_notify(const char *path)
{
	const struct timeval patience = {.tv_usec = PATIENCE_MS * 1000};
	size_t len = path != NULL ? strlen(path) : 0;

	if (len == 0)
		return;
	if ((path[0] != '/' && path[0] != '@') || len < 2 || len >= sizeof(peer.sun_path)) {
		log_warnx("NOTIFY_SOCKET is \"%s\", no path of a Unix socket: systemd is told nothing", path);
		return;
	}
	if ((notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0) {
		log_warn("no socket to notify systemd");
		return;
	}
	setsockopt(notify_fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	memset(&peer, 0, sizeof(peer));
	peer.sun_family = AF_UNIX;
	memcpy(peer.sun_path, path, len);
	if (path[0] == '@')
		peer.sun_path[0] =
		    '\0'; /* the abstract name space: the name ends where the address does, without a NUL */
	peer_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] == '@' ? 0 : 1));
}

/* WATCHDOG_PID names another process when the variables were inherited. */
static void
read_watchdog(void)
{
	int64_t pid = number_of("WATCHDOG_PID");

	watchdog_ms = pid == 0 || pid == getpid() ? number_of("WATCHDOG_USEC") / 1000 : 0;
	last_ping_ms = 0;
}

static bool
is_listening_stream(int fd)
{
	int type = 0, listening = 0, domain = 0;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening != 0;
}

static void
take_fd(int fd)
{
	int flags;

	if (listen_fd >= 0 || !is_listening_stream(fd)) {
		close(fd);
		return;
	}
	listen_fd = fd;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || (flags = fcntl(fd, F_GETFL)) < 0 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		log_warn("the socket that systemd passed");
}

static void
read_listen(void)
{
	int64_t count = number_of("LISTEN_FDS");

	if (number_of("LISTEN_PID") != getpid())
		return;
	for (int i = 0; i < count && i < LISTEN_MAX; i++)
		take_fd(LISTEN_FIRST + i);
	if (listen_fd < 0 && count > 0)
		log_warnx("systemd passed no listening Unix stream socket: look at ListenStream= in kdiagd.socket");
}

void
notify_init(void)
{
	static const char *const names[] = {
	    "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"};

	read_listen(); /* before any descriptor of our own could be taken for one of systemd's */
	open_notify(getenv("NOTIFY_SOCKET"));
	read_watchdog();
	for (size_t i = 0; i < KD_COUNT(names); i++)
		unsetenv(names[i]);
}

int
notify_listen_fd(void)
{
	return listen_fd;
}

int64_t
notify_watchdog_ms(void)
{
	return watchdog_ms;
}

/* ---- what systemd is told ---- */

/* Wait: for a word that must not be lost; another comes round again. systemd that is gone is no affair of ours. */
static int
tell(const char *text, bool wait)
{
	ssize_t sent;

	if (notify_fd < 0)
		return -1;
	do
		sent = sendto(notify_fd, text, strlen(text), MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT),
		    (const struct sockaddr *)&peer, peer_len);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

/* Lines are assignments: a line's end in the status would begin another one. */
static void
tell_status(const char *before, bool wait, const char *fmt, va_list ap)
{
	char *plain = mem_vprintf(fmt, ap);
	char *status = text_escape(plain, strlen(plain), STATUS_MAX);
	char *text = mem_printf("%sSTATUS=%s", before, status);

	tell(text, wait);
	free(plain);
	free(status);
	free(text);
}

void
notify_ready(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell_status("READY=1\n", true, fmt, ap);
	va_end(ap);
}

void
notify_status(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell_status("", false, fmt, ap);
	va_end(ap);
}

void
notify_reloading(void)
{
	char *text = mem_printf("RELOADING=1\nMONOTONIC_USEC=%" PRId64, real_us());

	tell(text, true);
	free(text);
}

void
notify_stopping(void)
{
	tell("STOPPING=1", true);
}

void
notify_progress(void)
{
	int64_t now_ms;

	if (watchdog_ms == 0)
		return;
	now_ms = real_us() / 1000;
	if (last_ping_ms != 0 && now_ms - last_ping_ms < watchdog_ms / 2)
		return;
	if (tell("WATCHDOG=1", false) == 0)
		last_ping_ms = now_ms;
}
