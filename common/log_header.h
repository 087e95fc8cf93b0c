/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_header: where the header of a log line ends and its message begins. Times, levels, hosts, processes, threads, loggers and request ids are told by a
 * grammar of columns that fits the usual loggers; no source is configured. Pure.
 */
#ifndef KDIAG_LOG_HEADER_H
#define KDIAG_LOG_HEADER_H

#include <stdbool.h>
#include <stddef.h>

enum log_line_level {
	LOG_LINE_PLAIN, /* it tells none */
	LOG_LINE_TRACE,
	LOG_LINE_DEBUG,
	LOG_LINE_INFO,
	LOG_LINE_NOTICE,
	LOG_LINE_WARNING,
	LOG_LINE_ERROR,
	LOG_LINE_FATAL,
	LOG_LINE_LEVELS
};

struct log_header {
	size_t len; /* the message begins here; 0: no header */
	enum log_line_level level;
	bool is_timed;             /* a time stands in it */
	size_t source, source_len; /* the logger's, program's or component's name within the line; 0 bytes: none */
};

void log_header_find(const char *line, size_t len, struct log_header *header);
/* The level of that name ("WARN", "warning", "30" of bunyan); LOG_LINE_PLAIN: it is none. */
enum log_line_level log_header_parse_level(const char *name, size_t len);
/* "warning"; "" of LOG_LINE_PLAIN. log_header_find_level: the level of that name, or -1. */
const char *log_header_level_name(enum log_line_level level);
int log_header_find_level(const char *name);

#endif
