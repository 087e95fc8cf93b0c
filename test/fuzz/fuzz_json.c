/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_json: what json_read takes is bounded and survives being written; what it refuses has a sentence fit to print. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
depth_of(json_t *value)
{
	int deepest = 0, depth;
	const char *key;
	json_t *child;
	size_t i;

	json_array_foreach(value, i, child) if ((depth = depth_of(child)) > deepest) deepest = depth;
	json_object_foreach(value, key, child) if ((depth = depth_of(child)) > deepest) deepest = depth;
	return deepest + (json_is_array(value) || json_is_object(value));
}

/* Each member is of a type that one getter at least takes, or null, which all of them call absent. */
static void
get_all(json_t *object)
{
	const char *key, *string;
	int64_t integer;
	double number;
	bool boolean;
	json_t *child, *member;

	json_object_foreach(object, key, child)
	{
		int got = (json_get_string(object, key, &string, NULL) > 0) +
			  (json_get_number(object, key, &number, NULL) > 0) +
			  (json_get_boolean(object, key, &boolean, NULL) > 0) +
			  (json_get_array(object, key, &member, NULL) > 0) +
			  (json_get_object(object, key, &member, NULL) > 0);

		assert(got == !json_is_null(child));
		assert(json_get_integer(object, key, &integer, NULL) <= 0 || json_is_number(child));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *cause = NULL, *line, *escaped;
	json_t *value = json_read((const char *)data, size, &cause), *again;

	if (value == NULL) {
		assert(strncmp(cause, "line ", 5) == 0 && strlen(cause) < 300 && text_is_utf8(cause, strlen(cause)));
		assert(strpbrk(cause, "\n\r\t\x1b\x7f") == NULL);
		free(cause);
		return 0;
	}
	assert(cause == NULL && depth_of(value) <= 64);
	get_all(value);
	line = json_line(value);
	escaped = text_escape(line, strlen(line), SIZE_MAX);
	for (const char *p = line; *p != '\0'; p++)
		assert(*p >= ' ' && *p <= '\x7f');
	again = json_read(line, strlen(line), NULL);
	assert(again != NULL && json_equal(value, again));
	json_decref(again);
	json_decref(value);
	free(escaped);
	free(line);
	return 0;
}
