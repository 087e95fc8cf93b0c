/* SPDX-License-Identifier: Apache-2.0 */
/* json_view: looks at the values of a document (json_doc.h), with the getters of json.h and their sentences. Changes nothing. */
#ifndef KDIAG_JSON_VIEW_H
#define KDIAG_JSON_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json_doc.h"

/* A value, good as long as its document. doc NULL: none, which is of no type and holds nothing. */
struct json_view {
	const struct json_doc *doc;
	size_t at;
};

struct json_view json_doc_root(const struct json_doc *doc);

/* False of none. */
bool json_view_exists(struct json_view view);
bool json_view_is(struct json_view view, json_type type);
/* A string, with its length where len is not NULL; NULL: it is none. Borrowed. */
const char *json_view_string(struct json_view view, size_t *len);
/* Of an integer or a real; false: it is neither. */
bool json_view_number(struct json_view view, double *value);

/* Elements of an array, members of an object; 0 of anything else. */
size_t json_view_count(struct json_view view);
/* The first element, or the first key, whose value is what json_view_value() gives; then the one behind it: count says how many there are. */
struct json_view json_view_first(struct json_view view);
struct json_view json_view_next(struct json_view view);
struct json_view json_view_value(struct json_view key);
/* A value that may stand for an array of one, as in policies: how many there are, and the first, if any. */
struct json_view json_view_one_or_many(struct json_view value, size_t *count);
/* None where there is no such member. */
struct json_view json_view_member(struct json_view object, const char *key);

#define JSON_VIEW_EACH(array, i, element) \
	for ((i) = 0, (element) = json_view_first(array); (i) < json_view_count(array); \
	     (i)++, (element) = json_view_next(element))

/* The typed getters of json.h: 1, 0 or -1 with a sentence. */
int json_view_get_string(struct json_view object, const char *key, const char **value, char **cause);
int json_view_get_integer(struct json_view object, const char *key, int64_t *value, char **cause);
int json_view_get_number(struct json_view object, const char *key, double *value, char **cause);
int json_view_get_boolean(struct json_view object, const char *key, bool *value, char **cause);
int json_view_get_array(struct json_view object, const char *key, struct json_view *value, char **cause);
int json_view_get_object(struct json_view object, const char *key, struct json_view *value, char **cause);

#endif
