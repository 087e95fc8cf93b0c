/* SPDX-License-Identifier: Apache-2.0 */
/* json_time: instants as JSON members; knows no clock. */
#include "common/json_time.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/mem.h"

void
json_time_set(json_t *object, const char *key, int64_t ms)
{
	char seconds[CLOCK_TEXT_SIZE], text[CLOCK_TEXT_SIZE + 8];

	if (ms <= 0) {
		json_object_set_new(object, key, json_null());
		return;
	}
	(void)clock_format(ms, seconds);
	if (ms % 1000 == 0) {
		json_object_set_new(object, key, json_string(seconds));
		return;
	}
	/* Without its Z, which stands behind the fraction. */
	(void)snprintf(text, sizeof(text), "%.19s.%03" PRId64 "Z", seconds, ms % 1000);
	json_object_set_new(object, key, json_string(text));
}

int
json_time_get(const json_t *object, const char *key, int64_t *ms, char **cause)
{
	const char *text;
	int there = json_get_string(object, key, &text, cause);

	if (there == 1 && clock_parse(text, ms) != 0)
		return cause_set(cause, "%s is no time (write 2026-11-22T10:14:00Z)", key);
	return there;
}
