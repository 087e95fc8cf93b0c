/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_json: what json_read takes is bounded and survives being written; what it refuses has a sentence fit to print. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/json_view.h"
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

/* Each value of a document lies within it. */
static void
walk(struct json_view view)
{
	struct json_view at = json_view_first(view);
	size_t len = 0;

	if (json_view_string(view, &len) != NULL)
		assert(json_view_string(view, NULL)[len] == '\0');
	for (size_t i = 0; i < json_view_count(view); i++, at = json_view_next(at))
		walk(json_view_is(view, JSON_OBJECT) ? json_view_value(at) : at);
}

static void
read_with_nul(const char *text, size_t len)
{
	static struct json_doc doc;

	if (json_doc_read(&doc, text, len, 64, true))
		walk(json_doc_root(&doc));
	json_doc_reuse(&doc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *cause = NULL, *line, *escaped;
	json_t *value = json_read((const char *)data, size, &cause), *again;
	json_t *theirs = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);

	/* jansson goes deeper, and passes over a NUL byte behind a number or a word. */
	if (memchr(data, '\0', size) == NULL && depth_of(theirs) <= 64)
		assert(theirs == NULL ? value == NULL : json_equal(value, theirs));
	json_decref(theirs);
	read_with_nul((const char *)data, size);
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
