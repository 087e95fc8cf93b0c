/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_json: the message and the level of a log line that is a JSON object. It reads on where a strict reader would refuse the line: logs are cut, and
 * a line that is no JSON after all is mined as text. Pure.
 */
#ifndef KDIAG_LOG_JSON_H
#define KDIAG_LOG_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* Values as they stand in the line, strings without their quotes and still escaped; NULL: not there. */
struct log_json {
	const char *message, *level;
	size_t message_len, level_len;
};

/* Is it an object with a message? */
bool log_json_find(const char *line, size_t len, struct log_json *found);
/* Undoes JSON's escapes into out (size bytes), as much as there is room for; what is no character becomes '?'. The bytes written. */
size_t log_json_unescape(const char *s, size_t len, char *out, size_t size);

#endif
