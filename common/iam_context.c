/* SPDX-License-Identifier: Apache-2.0 */
/* iam_context: owns the keys of a request and their values; knows nothing of what a condition makes of them. */
#include "common/iam_context.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"

enum { NUMBER_SIZE = 40 };

const char *
iam_context_text(struct iam_arena *arena, struct json_view value)
{
	const struct json_node *node = &value.doc->nodes[value.at];
	char number[NUMBER_SIZE];

	switch (node->type) {
	case JSON_STRING:
		return json_view_string(value, NULL);
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_INTEGER:
		snprintf(number, sizeof number, "%" PRId64, node->is.integer);
		return iam_arena_copy(arena, number, strlen(number));
	case JSON_REAL:
		snprintf(number, sizeof number, "%.15g", node->is.real);
		return iam_arena_copy(arena, number, strlen(number));
	default:
		return NULL;
	}
}

static int
read_values(struct iam_arena *arena, struct json_view value, struct iam_key *key, char **cause)
{
	size_t count;
	struct json_view one = json_view_one_or_many(value, &count);
	const char **values = iam_arena_new(arena, count + 1, sizeof *values);

	for (size_t i = 0; i < count; i++, one = json_view_next(one)) {
		values[i] = iam_context_text(arena, one);
		if (values[i] == NULL)
			return cause_set(
			    cause, "context: a value is no string, number or boolean, nor an array of them");
	}
	key->values = values;
	key->count = count;
	return 0;
}

static struct iam_key *
add_key(struct iam_arena *arena, struct iam_context *context, const char *name)
{
	struct iam_key *key;

	if (context->count == context->cap) {
		size_t cap = context->cap > 0 ? 2 * context->cap : 8;
		struct iam_key *keys = iam_arena_new(arena, cap, sizeof *keys);

		if (context->count > 0)
			memcpy(keys, context->keys, context->count * sizeof *keys);
		context->keys = keys;
		context->cap = cap;
	}
	key = &context->keys[context->count++];
	*key = (struct iam_key){.name = name, .name_len = strlen(name)};
	return key;
}

int
iam_context_read(struct iam_arena *arena, struct json_view object, struct iam_context *context, char **cause)
{
	struct iam_work work = {.left = INT64_MAX};
	struct json_view key;
	const char *name;
	size_t i;

	if (json_view_count(object) > IAM_CONTEXT_KEYS_MAX)
		return cause_set(cause, "context has more than %d keys", IAM_CONTEXT_KEYS_MAX);
	JSON_VIEW_EACH (object, i, key) {
		name = json_view_string(key, NULL);
		if (iam_context_find(context, name, &work) != NULL)
			return cause_set(cause, "context has a key twice: case does not count in them");
		if (json_view_is(json_view_value(key), JSON_NULL))
			add_key(arena, context, name);
		else if (read_values(arena, json_view_value(key), add_key(arena, context, name), cause) != 0)
			return -1;
	}
	return 0;
}

void
iam_context_add(
    struct iam_arena *arena, struct iam_context *context, const char *name, const char *const *values, size_t count)
{
	struct iam_key *key = add_key(arena, context, iam_arena_copy(arena, name, strlen(name)));
	const char **copies = iam_arena_new(arena, count + 1, sizeof *copies);

	for (size_t i = 0; i < count; i++)
		copies[i] = iam_arena_copy(arena, values[i], strlen(values[i]));
	key->values = copies;
	key->count = count;
}

const struct iam_key *
iam_context_find(const struct iam_context *context, const char *name, struct iam_work *work)
{
	size_t len = strlen(name);

	iam_match_spend(work, context->count + 1);
	for (size_t i = 0; i < context->count; i++)
		if (context->keys[i].name_len == len && strcasecmp(context->keys[i].name, name) == 0)
			return &context->keys[i];
	return NULL;
}
