/* SPDX-License-Identifier: Apache-2.0 */
/* background: fork, setsid, fork, and a pipe on which the parent waits. */
#include "daemon/background.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"

static int ready_fd = -1;

static void
fork_and_leave(int wait_fd)
{
	pid_t pid = fork();
	char byte;

	if (pid == -1)
		fatalx("cannot fork: is the process limit of this user reached?");
	if (pid == 0)
		return;
	if (wait_fd == -1)
		_exit(0);
	_exit(read(wait_fd, &byte, 1) == 1 ? 0 : 1);
}

void
background_enter(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1)
		fatalx("cannot make a pipe: are file descriptors at their limit?");
	fork_and_leave(fds[0]);
	close(fds[0]);
	setsid();
	fork_and_leave(-1);
	ready_fd = fds[1];
}

void
background_ready(void)
{
	int null;

	if (ready_fd == -1)
		return;
	if (chdir("/") == -1)
		log_warn("chdir /");
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null != -1) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	}
	if (write(ready_fd, "", 1) != 1)
		log_debug("nobody waited for the start");
	close(ready_fd);
	ready_fd = -1;
}
