/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret: what holds credentials for a moment: small files read whole and bounded, text checked, memory wiped. Knows no
 * format.
 */
#include "daemon/aws/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"

/* AWS gives 20 and 40 bytes, and a token of some 1,000 that "may grow" (STS, Credentials); emulators differ. */
enum { ACCESS_KEY_MAX = 128, SECRET_KEY_MAX = 256, TOKEN_MAX = 16384 };

/* Fills buf (max + 1 bytes) to the file's end; the length, or -1 with errno, EFBIG past max. */
static ssize_t
read_whole(int fd, char *buf, size_t max)
{
	size_t len = 0;
	ssize_t n;

	for (;;) {
		n = read(fd, buf + len, max + 1 - len);
		if (n == 0)
			return (ssize_t)len;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		len += (size_t)n;
		if (len > max) {
			errno = EFBIG;
			return -1;
		}
	}
}

/* Opened without waiting for a writer; a regular file only. */
static int
open_regular(const char *path, char **cause)
{
	struct stat st;
	int fd, saved;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1) {
		saved = errno;
		cause_set(cause, "%s: cannot be opened: %s", path, strerror(saved));
		errno = saved;
		return -1;
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		cause_set(cause, "%s is no regular file", path);
		errno = 0;
		return -1;
	}
	return fd;
}

char *
secret_read_file(const char *path, size_t max, size_t *len, char **cause)
{
	char *buf;
	ssize_t got;
	int fd, saved;

	fd = open_regular(path, cause);
	if (fd == -1)
		return NULL;
	buf = mem_new(max + 2, 1);
	got = read_whole(fd, buf, max);
	saved = errno;
	close(fd);
	if (got == -1) {
		explicit_bzero(buf, max + 2);
		free(buf);
		if (saved == EFBIG)
			cause_set(cause, "%s is larger than %zu bytes", path, max);
		else
			cause_set(cause, "%s: cannot be read: %s", path, strerror(saved));
		errno = saved == EFBIG ? 0 : saved;
		return NULL;
	}
	buf[got] = '\0';
	*len = (size_t)got;
	return buf;
}

void
secret_wipe(char *s)
{
	if (s == NULL)
		return;
	explicit_bzero(s, strlen(s));
	free(s);
}

bool
secret_is_plain(const char *s, size_t max)
{
	size_t i;

	for (i = 0; s[i] != '\0'; i++)
		if (i == max || s[i] < 0x21 || s[i] > 0x7e)
			return false;
	return i > 0;
}

int
secret_check_keys(const char *access_key, const char *secret_key, const char *token, char **cause)
{
	const struct {
		const char *name, *value;
		size_t max;
	} parts[] = {
	    {"the access key id", access_key, ACCESS_KEY_MAX},
	    {"the secret access key", secret_key, SECRET_KEY_MAX},
	    {"the session token", token, TOKEN_MAX},
	};
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].value != NULL && !secret_is_plain(parts[i].value, parts[i].max))
			return cause_set(cause,
			    "%s is no key: empty, too long, or with a space or control character in it", parts[i].name);
	return 0;
}
