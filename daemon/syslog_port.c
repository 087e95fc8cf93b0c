/* SPDX-License-Identifier: Apache-2.0 */
/* syslog_port: owns the connection to the log daemon; refuses to know what is said through it. */
#include "daemon/syslog_port.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

static const char log_socket[] = "/dev/log"; /* glibc's _PATH_LOG */

void
syslog_port_open(void)
{
	openlog("kdiagd", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

/*
 * syslog(3) drops what nobody takes, and does not say so; a connect() beside it says so. Left to syslog(3) is a socket of another type, which it knows how to use, and the case that there
 * is no descriptor to ask with.
 */
bool
syslog_port_is_open(void *arg)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool open;

	(void)arg;
	if (fd < 0)
		return true;
	memcpy(address.sun_path, log_socket, sizeof(log_socket));
	open = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 || errno == EPROTOTYPE;
	close(fd);
	return open;
}

void
syslog_port_write(int priority, const char *line, void *arg)
{
	(void)arg;
	syslog(priority, "%s", line);
}
