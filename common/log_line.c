/* SPDX-License-Identifier: Apache-2.0 */
/* log_line: owns the names that loggers give to levels; knows nothing of where in a line they stand. */
#include "common/log_line.h"

#include <string.h>
#include <strings.h>

#include <kdiag/probe.h>

enum { LEVEL_MAX = 11 }; /* "INFORMATION" */

static const struct {
	const char *name;
	enum log_line_level level;
} levels[] = {
    {"INFO", LOG_LINE_INFO},
    {"WARN", LOG_LINE_WARNING},
    {"ERROR", LOG_LINE_ERROR},
    {"DEBUG", LOG_LINE_DEBUG},
    {"WARNING", LOG_LINE_WARNING},
    {"NOTICE", LOG_LINE_NOTICE},
    {"FATAL", LOG_LINE_FATAL},
    {"TRACE", LOG_LINE_TRACE},
    {"CRITICAL", LOG_LINE_FATAL},
    {"SEVERE", LOG_LINE_ERROR},
    {"ERR", LOG_LINE_ERROR},
    {"CRIT", LOG_LINE_FATAL},
    {"ALERT", LOG_LINE_FATAL},
    {"EMERG", LOG_LINE_FATAL},
    {"PANIC", LOG_LINE_FATAL},
    {"FAILURE", LOG_LINE_ERROR},
    {"LOG", LOG_LINE_INFO},
    {"NOTE", LOG_LINE_NOTICE},
    {"INFORMATION", LOG_LINE_INFO},
    {"CONFIG", LOG_LINE_DEBUG},
    {"VERBOSE", LOG_LINE_DEBUG},
    {"FINE", LOG_LINE_DEBUG},
    {"FINER", LOG_LINE_TRACE},
    {"FINEST", LOG_LINE_TRACE},
    {"SYSTEM", LOG_LINE_NOTICE},
};

static const struct {
	char letter;
	enum log_line_level level;
} letters[] = {
    {'V', LOG_LINE_TRACE},
    {'D', LOG_LINE_DEBUG},
    {'I', LOG_LINE_INFO},
    {'N', LOG_LINE_NOTICE},
    {'W', LOG_LINE_WARNING},
    {'E', LOG_LINE_ERROR},
    {'F', LOG_LINE_FATAL},
    {'C', LOG_LINE_FATAL},
};

static const char *const level_names[LOG_LINE_LEVELS] = {
    "", "trace", "debug", "info", "notice", "warning", "error", "fatal"};

enum log_line_level
log_line_parse_letter(char c)
{
	for (size_t i = 0; i < KD_COUNT(letters); i++)
		if (letters[i].letter == c)
			return letters[i].level;
	return LOG_LINE_PLAIN;
}

enum log_line_level
log_line_parse_level(const char *name, size_t len)
{
	static const enum log_line_level tens[] = {
	    LOG_LINE_TRACE, LOG_LINE_DEBUG, LOG_LINE_INFO, LOG_LINE_WARNING, LOG_LINE_ERROR, LOG_LINE_FATAL};

	if (len == 2 && name[1] == '0' && name[0] >= '1' && name[0] <= '6')
		return tens[name[0] - '1'];
	if (len < 3 || len > LEVEL_MAX || ((name[0] | 32) < 'a' || (name[0] | 32) > 'z'))
		return LOG_LINE_PLAIN;
	for (size_t i = 0; i < KD_COUNT(levels); i++)
		if ((levels[i].name[0] ^ name[0]) % 32 == 0 && strlen(levels[i].name) == len &&
		    strncasecmp(levels[i].name, name, len) == 0)
			return levels[i].level;
	return LOG_LINE_PLAIN;
}

const char *
log_line_level_name(enum log_line_level level)
{
	return level_names[level];
}

int
log_line_find_level(const char *name)
{
	for (int i = 0; i < LOG_LINE_LEVELS; i++)
		if (strcmp(level_names[i], name) == 0)
			return i;
	return -1;
}
