/* SPDX-License-Identifier: Apache-2.0 */
/* log_line: the levels of foreign logs, by the many names that they have (log.h's are of our own messages). Pure. */
#ifndef KDIAG_LOG_LINE_H
#define KDIAG_LOG_LINE_H

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

/* The level of that name ("WARN", "warning", "30" of bunyan); LOG_LINE_PLAIN: it is none. */
enum log_line_level log_line_parse_level(const char *name, size_t len);
/* The level that one letter stands for in logcat, glog and mongod. */
enum log_line_level log_line_parse_letter(char c);
/* "warning"; "" of LOG_LINE_PLAIN. log_line_find_level: the level of that name, or -1. */
const char *log_line_level_name(enum log_line_level level);
int log_line_find_level(const char *name);

#endif
