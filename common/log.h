/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log: the program's own messages, for the operator (findings go to the sinks instead). One line each, control
 * characters escaped, no credentials ever. To stderr until log_to() names another way out.
 */
#ifndef KDIAG_LOG_H
#define KDIAG_LOG_H

#include <stdarg.h>

#include <kdiag/probe.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Where lines go: text is escaped, without newline; called in the loop's thread only. NULL: stderr, "ident: text". */
typedef void (*log_sink)(enum log_level level, const char *text, void *arg);

void log_init(const char *ident);
void log_to(log_sink sink, void *arg);
void log_set_level(enum log_level level);
/* "error", "warning", "info", "debug"; 0 or -1. */
int log_parse_level(const char *name, enum log_level *level);

/* errno is kept by all of them; log_warn adds ": " and its strerror. */
void log_error(const char *fmt, ...) KD_PRINTF(1, 2);
void log_warn(const char *fmt, ...) KD_PRINTF(1, 2);
void log_warnx(const char *fmt, ...) KD_PRINTF(1, 2);
void log_info(const char *fmt, ...) KD_PRINTF(1, 2);
void log_debug(const char *fmt, ...) KD_PRINTF(1, 2);
/* Cannot start: says why and exits with 1. Never after the start. */
void fatalx(const char *fmt, ...) KD_PRINTF(1, 2) __attribute__((noreturn));

#endif
