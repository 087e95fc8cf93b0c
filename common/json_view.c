/* SPDX-License-Identifier: Apache-2.0 */
/* json_view: what a document holds, without changing it. */
#include "common/json_view.h"

#include <math.h>
#include <string.h>

#include "common/mem.h"

enum { EXACT_BITS = 53 }; /* a double holds each whole number up to 2^53 */

static const struct json_view none;

static const struct json_node *
node_of(struct json_view view)
{
	return view.doc == NULL ? NULL : &view.doc->nodes[view.at];
}

struct json_view
json_doc_root(const struct json_doc *doc)
{
	return doc->count == 0 ? none : (struct json_view){doc, 0};
}

bool
json_view_exists(struct json_view view)
{
	return view.doc != NULL;
}

bool
json_view_is(struct json_view view, json_type type)
{
	return view.doc != NULL && node_of(view)->type == type;
}

const char *
json_view_string(struct json_view view, size_t *len)
{
	if (!json_view_is(view, JSON_STRING))
		return NULL;
	if (len != NULL)
		*len = node_of(view)->is.string.len;
	return view.doc->text + node_of(view)->is.string.at;
}

bool
json_view_number(struct json_view view, double *value)
{
	if (json_view_is(view, JSON_INTEGER))
		*value = (double)node_of(view)->is.integer;
	else if (json_view_is(view, JSON_REAL))
		*value = node_of(view)->is.real;
	else
		return false;
	return true;
}

size_t
json_view_count(struct json_view view)
{
	return json_view_is(view, JSON_ARRAY) || json_view_is(view, JSON_OBJECT) ? node_of(view)->is.count : 0;
}

/* Only what is known to be there is looked for. */
struct json_view
json_view_first(struct json_view view)
{
	return (struct json_view){view.doc, view.at + 1};
}

struct json_view
json_view_next(struct json_view view)
{
	return (struct json_view){view.doc, node_of(view)->next};
}

struct json_view
json_view_value(struct json_view key)
{
	return json_view_first(key);
}

struct json_view
json_view_one_or_many(struct json_view value, size_t *count)
{
	bool many = json_view_is(value, JSON_ARRAY);

	*count = many ? json_view_count(value) : 1;
	return many ? json_view_first(value) : value;
}

struct json_view
json_view_member(struct json_view object, const char *key)
{
	struct json_view at = json_view_first(object);
	size_t count = json_view_is(object, JSON_OBJECT) ? json_view_count(object) : 0, len = strlen(key);

	for (size_t i = 0; i < count; i++, at = json_view_next(at))
		if (node_of(at)->is.string.len == len && memcmp(json_view_string(at, NULL), key, len) == 0)
			return json_view_value(at);
	return none;
}

/* ---- getting ---- */

/* 1 and the member; 0 when absent or null; -1 when its type is not among `types` (a set of bits, 1 << json_type). */
static int
get_member(
    struct json_view object, const char *key, unsigned types, const char *name, struct json_view *member, char **cause)
{
	struct json_view found = json_view_member(object, key);

	if (found.doc == NULL || json_view_is(found, JSON_NULL))
		return 0;
	if ((types & 1u << node_of(found)->type) == 0)
		return cause_set(cause, "%s is not %s", key, name);
	*member = found;
	return 1;
}

int
json_view_get_string(struct json_view object, const char *key, const char **value, char **cause)
{
	struct json_view member = none;
	int got = get_member(object, key, 1u << JSON_STRING, "a string", &member, cause);

	if (got == 1)
		*value = json_view_string(member, NULL);
	return got;
}

int
json_view_get_integer(struct json_view object, const char *key, int64_t *value, char **cause)
{
	const double exact = (double)((int64_t)1 << EXACT_BITS);
	struct json_view member = none;
	int got = get_member(object, key, 1u << JSON_INTEGER | 1u << JSON_REAL, "an integer", &member, cause);
	double real;

	if (got != 1)
		return got;
	if (json_view_is(member, JSON_INTEGER)) {
		*value = node_of(member)->is.integer;
		return 1;
	}
	real = node_of(member)->is.real;
	if (!(fabs(real) <= exact) || real != floor(real))
		return cause_set(cause, "%s is not an integer", key);
	*value = (int64_t)real;
	return 1;
}

int
json_view_get_number(struct json_view object, const char *key, double *value, char **cause)
{
	struct json_view member = none;
	int got = get_member(object, key, 1u << JSON_INTEGER | 1u << JSON_REAL, "a number", &member, cause);

	if (got == 1)
		(void)json_view_number(member, value);
	return got;
}

int
json_view_get_boolean(struct json_view object, const char *key, bool *value, char **cause)
{
	struct json_view member = none;
	int got = get_member(object, key, 1u << JSON_TRUE | 1u << JSON_FALSE, "a boolean", &member, cause);

	if (got == 1)
		*value = json_view_is(member, JSON_TRUE);
	return got;
}

int
json_view_get_array(struct json_view object, const char *key, struct json_view *value, char **cause)
{
	return get_member(object, key, 1u << JSON_ARRAY, "an array", value, cause);
}

int
json_view_get_object(struct json_view object, const char *key, struct json_view *value, char **cause)
{
	return get_member(object, key, 1u << JSON_OBJECT, "an object", value, cause);
}
