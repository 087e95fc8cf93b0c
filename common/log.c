/* SPDX-License-Identifier: Apache-2.0 */
/* log: owns the program's own messages and their way out; knows nothing of findings. */
#include "common/log.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/text.h"

enum {
	TEXT_MAX = 3072,  /* with the ident less than PIPE_BUF (4096): a pipe that polls writable then takes it whole */
	IDENT_MAX = 64,   /* of the ident, for the same reason */
	PATIENCE_MS = 50, /* how long the loop is held up by a reader of stderr that has stopped, once */
};

static const char *program = "kdiag";
static enum log_level most = LOG_LEVEL_INFO; /* of what is said */
static log_sink way_out;
static void *way_out_arg;
static bool stuck; /* stderr took no line the last time: do not wait for it again */
static unsigned long lost;

void
log_init(const char *ident)
{
	program = ident;
}

void
log_to(log_sink sink, void *arg)
{
	way_out = sink;
	way_out_arg = arg;
}

void
log_set_level(enum log_level level)
{
	most = level;
}

int
log_parse_level(const char *name, enum log_level *level)
{
	static const char *const names[] = {
	    [LOG_LEVEL_ERROR] = "error",
	    [LOG_LEVEL_WARNING] = "warning",
	    [LOG_LEVEL_INFO] = "info",
	    [LOG_LEVEL_DEBUG] = "debug",
	};

	for (size_t i = 0; i < KD_COUNT(names); i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		*level = (enum log_level)i;
		return 0;
	}
	return -1;
}

/* One line to stderr, or none when it takes no more: a terminal that is held or a pipe nobody reads must not stop the loop. */
static bool
write_line(const char *text)
{
	struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};
	char *line;
	ssize_t written;

	/* A pipe without a reader is writable and in error: to write would end the program. */
	if (poll(&fd, 1, stuck ? 0 : PATIENCE_MS) != 1 || fd.revents != POLLOUT)
		return false;
	line = mem_printf("%.*s: %s\n", IDENT_MAX, program, text);
	do
		written = write(STDERR_FILENO, line, strlen(line));
	while (written < 0 && errno == EINTR);
	free(line);
	return written > 0;
}

static void
write_stderr(const char *text)
{
	char *note;

	if (lost > 0) {
		note = mem_printf("lines lost because nobody read stderr: %lu", lost);
		if (write_line(note))
			lost = 0;
		free(note);
	}
	if (lost == 0 && write_line(text)) {
		stuck = false;
		return;
	}
	stuck = true;
	lost++;
}

static void
emit(enum log_level level, const char *fmt, va_list ap, const char *reason)
{
	int saved = errno;
	char *plain, *full, *text;

	if (level > most)
		return;
	plain = mem_vprintf(fmt, ap);
	full = mem_printf("%s%s%s", plain, reason != NULL ? ": " : "", reason != NULL ? reason : "");
	text = text_escape(full, strlen(full), TEXT_MAX);
	if (way_out != NULL)
		way_out(level, text, way_out_arg);
	else
		write_stderr(text);
	free(plain);
	free(full);
	free(text);
	errno = saved;
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_ERROR, fmt, ap, NULL);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_WARNING, fmt, ap, strerror(errno));
	va_end(ap);
}

void
log_warnx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_WARNING, fmt, ap, NULL);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_INFO, fmt, ap, NULL);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_DEBUG, fmt, ap, NULL);
	va_end(ap);
}

void
fatalx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_ERROR, fmt, ap, NULL);
	va_end(ap);
	exit(1);
}
