/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_header: where the header of a log line ends and its message begins. Times, levels, hosts, processes, threads, loggers and request ids are told by a
 * grammar of columns that fits the usual loggers; no source is configured. Pure.
 */
#ifndef KDIAG_LOG_HEADER_H
#define KDIAG_LOG_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/log_line.h"

struct log_header {
	size_t len; /* the message begins here; 0: no header */
	enum log_line_level level;
	bool is_timed;             /* a time stands in it */
	size_t source, source_len; /* the logger's, program's or component's name within the line; 0 bytes: none */
};

void log_header_find(const char *line, size_t len, struct log_header *header);

#endif
