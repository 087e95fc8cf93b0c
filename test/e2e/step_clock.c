/* SPDX-License-Identifier: Apache-2.0 */
/* step_clock: to be preloaded: the wall clock is off by as many seconds as the file STEP_CLOCK says at that moment; the others run on. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { FILE_SIZE = 16 };

static const char *file = "0";

static void __attribute__((constructor)) open_file(void)
{
	const char *path = getenv("STEP_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = fd >= 0 ? mmap(NULL, FILE_SIZE, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (map != MAP_FAILED)
		file = map;
	if (fd >= 0)
		close(fd);
}

/* libc's own names of the parameters are reserved. NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
int
clock_gettime(clockid_t id, struct timespec *when)
{
	int failed = (int)syscall(SYS_clock_gettime, id, when);

	if (failed == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		when->tv_sec += strtol(file, NULL, 10);
	return failed;
}

time_t
time(time_t *to)
{
	struct timespec when;

	clock_gettime(CLOCK_REALTIME, &when);
	if (to != NULL)
		*to = when.tv_sec;
	return when.tv_sec;
}

int
gettimeofday(struct timeval *restrict to, void *restrict zone)
{
	struct timespec when;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &when);
	*to = (struct timeval){.tv_sec = when.tv_sec, .tv_usec = when.tv_nsec / 1000};
	return 0;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
