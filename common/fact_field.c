/* SPDX-License-Identifier: Apache-2.0 */
/* fact_field: one row a type of field: how it is copied, written and read; knows no kind of fact. */
#include "common/fact_field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fact.h"
#include "common/json.h"
#include "common/json_time.h"
#include "common/mem.h"
#include "common/text.h"
#include "common/words.h"

/* Counts from outside are bounded, so that no arithmetic on them can overflow. */
enum { COUNT_MAX = 1000000000 };

/* A field of an item, to write to and to read. */
#define AT(item, offset, type)      ((type *)(void *)((char *)(item) + (offset)))
#define AT_READ(item, offset, type) ((type const *)(const void *)((const char *)(item) + (offset)))

struct type {
	void (*pack)(const struct fact_field *, struct pack *, void *item); /* NULL: a plain value */
	void (*write)(const struct fact_field *, json_t *object, const void *item);
	int (*read)(
	    const struct fact_field *, const json_t *object, void *item, struct fact_field_scratch *, char **cause);
};

/* ---- states and modes ---- */

static void
write_status(const struct fact_field *field, json_t *object, const void *item)
{
	json_set_text(object, field->key, kd_status_name(*AT_READ(item, field->offset, enum kd_status)));
}

static int
read_status(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	enum kd_status *status = AT(item, field->offset, enum kd_status);
	const char *text;
	int there = json_get_string(object, field->key, &text, cause);

	(void)scratch;
	if (there == 0)
		return cause_set(cause, "%s is missing", field->key);
	if (there < 0)
		return -1;
	if (words_parse_status(text, status) != 0 || (field->type == FIELD_STATUS_LIVE && *status == KD_STATUS_GONE))
		return cause_set(cause, "%s is no status (write ACTIVE)", field->key);
	return 0;
}

static void
write_mode(const struct fact_field *field, json_t *object, const void *item)
{
	enum kd_mode mode = *AT_READ(item, field->offset, enum kd_mode);

	json_set_text(object, field->key, mode != KD_MODE_UNKNOWN ? kd_mode_name(mode) : NULL);
}

static int
read_mode(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	const char *text;
	int there = json_get_string(object, field->key, &text, cause);

	(void)scratch;
	if (there == 1 && words_parse_mode(text, AT(item, field->offset, enum kd_mode)) != 0)
		return cause_set(cause, "%s is no mode (write PROVISIONED or ON_DEMAND)", field->key);
	return there < 0 ? -1 : 0;
}

/* ---- numbers and times ---- */

static void
write_count(const struct fact_field *field, json_t *object, const void *item)
{
	int64_t count = *AT_READ(item, field->offset, int64_t);

	json_object_set_new(object, field->key, count >= 0 ? json_integer(count) : json_null());
}

static int
read_count(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	int64_t *count = AT(item, field->offset, int64_t);

	(void)scratch;
	*count = field->type == FIELD_COUNT_OR_NONE ? -1 : 0;
	if (json_get_integer(object, field->key, count, cause) < 0)
		return -1;
	if (*count < -1 || *count > COUNT_MAX || (*count == -1 && field->type == FIELD_COUNT))
		return cause_set(cause, "%s is out of range (0 to %d)", field->key, COUNT_MAX);
	return 0;
}

static void
write_time(const struct fact_field *field, json_t *object, const void *item)
{
	json_time_set(object, field->key, *AT_READ(item, field->offset, int64_t));
}

static int
read_time(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	(void)scratch;
	return json_time_get(object, field->key, AT(item, field->offset, int64_t), cause) < 0 ? -1 : 0;
}

static void
write_hash(const struct fact_field *field, json_t *object, const void *item)
{
	char decimal[KD_HASH_SIZE];

	kd_hash_decimal(*AT_READ(item, field->offset, struct kd_hash), decimal);
	json_object_set_new(object, field->key, json_string(decimal));
}

static int
read_hash(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	const char *text;
	int there = json_get_string(object, field->key, &text, cause);

	(void)scratch;
	if (there == 0)
		return cause_set(cause, "%s is missing", field->key);
	if (there == 1 && words_parse_hash(text, AT(item, field->offset, struct kd_hash)) != 0)
		return cause_set(cause, "%s is no hash key (a decimal number below 2^128, as a string)", field->key);
	return there < 0 ? -1 : 0;
}

/* ---- texts ---- */

static void
pack_one(const struct fact_field *field, struct pack *pack, void *item)
{
	const char **text = AT(item, field->offset, const char *);

	*text = pack_text(pack, *text);
}

static void
write_text(const struct fact_field *field, json_t *object, const void *item)
{
	json_set_text(object, field->key, *AT_READ(item, field->offset, const char *));
}

static int
read_text(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	int there = json_get_string(object, field->key, AT(item, field->offset, const char *), cause);

	(void)scratch;
	if (there == 0 && field->type == FIELD_TEXT_REQUIRED)
		return cause_set(cause, "%s is missing", field->key);
	return there < 0 ? -1 : 0;
}

static void
pack_list(const struct fact_field *field, struct pack *pack, void *item)
{
	const char *const **texts = AT(item, field->offset, const char *const *);
	size_t count = *AT_READ(item, field->count, size_t);
	const char **to = pack_space(pack, count * sizeof(*to));

	for (size_t i = 0; i < count; i++) {
		const char *text = pack_text(pack, (*texts)[i]);

		if (to != NULL)
			to[i] = text;
	}
	*texts = to;
}

static void
write_list(const struct fact_field *field, json_t *object, const void *item)
{
	const char *const *texts = *AT_READ(item, field->offset, const char *const *);
	size_t count = *AT_READ(item, field->count, size_t);
	json_t *array;

	if (field->declared != 0 && !*AT_READ(item, field->declared, bool)) {
		json_object_set_new(object, field->key, json_null());
		return;
	}
	array = json_array();
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(texts[i]);
		char *clean = text_clean(texts[i], len, 3 * len); /* a bad byte becomes the three of U+FFFD */

		json_array_append_new(array, json_string(clean));
		free(clean);
	}
	json_object_set_new(object, field->key, array);
}

static int
read_list(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	const char **texts;
	json_t *array;
	int there = json_get_array(object, field->key, &array, cause);

	if (there <= 0)
		return there;
	if (json_array_size(array) > FACT_FIELD_TEXTS_MAX)
		return cause_set(cause, "%s has more than %d entries", field->key, FACT_FIELD_TEXTS_MAX);
	texts = iam_arena_new(&scratch->arena, json_array_size(array) + 1, sizeof(*texts));
	*AT(item, field->offset, const char *const *) = texts;
	for (size_t i = 0; i < json_array_size(array); i++)
		if ((texts[i] = json_string_value(json_array_get(array, i))) == NULL)
			return cause_set(cause, "%s has an entry that is not a string", field->key);
	*AT(item, field->count, size_t) = json_array_size(array);
	if (field->declared != 0)
		*AT(item, field->declared, bool) = true;
	return 0;
}

/* ---- numbers of a series ---- */

static void
pack_numbers(const struct fact_field *field, struct pack *pack, void *item)
{
	const double **numbers = AT(item, field->offset, const double *);
	size_t size = *AT_READ(item, field->count, size_t) * sizeof(**numbers);
	double *to = pack_space(pack, size);

	*numbers = to != NULL && size > 0 ? memcpy(to, *numbers, size) : to;
}

/* A whole number is written as one: sums and milliseconds read better without ".0". */
static json_t *
number_to_json(double number)
{
	static const double exact_max = 9007199254740992.0; /* 2^53 */

	if (!isfinite(number))
		return json_null();
	if (fabs(number) <= exact_max && number == (double)(int64_t)number)
		return json_integer((int64_t)number);
	return json_real(number);
}

static void
write_numbers(const struct fact_field *field, json_t *object, const void *item)
{
	const double *numbers = *AT_READ(item, field->offset, const double *);
	size_t count = *AT_READ(item, field->count, size_t);
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, number_to_json(numbers[i]));
	json_object_set_new(object, field->key, array);
}

static int
read_numbers(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	json_t *array = NULL, *value;
	int there = json_get_array(object, field->key, &array, cause);
	size_t count = json_array_size(array);
	double *numbers;

	if (there == 0)
		return cause_set(cause, "%s is missing", field->key);
	if (there < 0)
		return -1;
	if (count > FACT_FIELD_NUMBERS_MAX)
		return cause_set(cause, "%s has more than %d entries", field->key, FACT_FIELD_NUMBERS_MAX);
	numbers = iam_arena_new(&scratch->arena, count + 1, sizeof(*numbers));
	for (size_t i = 0; i < count; i++) {
		value = json_array_get(array, i);
		if (!json_is_number(value) && !json_is_null(value))
			return cause_set(cause, "%s has an entry that is neither a number nor null", field->key);
		numbers[i] = json_is_number(value) ? json_number_value(value) : (double)NAN;
	}
	*AT(item, field->offset, const double *) = numbers;
	*AT(item, field->count, size_t) = count;
	return 0;
}

/* ---- reasons ---- */

static void
write_reason(const struct fact_field *field, json_t *object, const void *item)
{
	json_set_text(object, field->key, reason_name(*AT_READ(item, field->offset, enum kd_reason)));
}

static int
read_reason(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	enum kd_reason *reason = AT(item, field->offset, enum kd_reason);
	const char *text;
	int there = json_get_string(object, field->key, &text, cause);

	(void)scratch;
	if (there == 1 && (*reason = reason_parse(text)) == KD_KNOWN)
		return cause_set(cause, "%s is no reason (write no_data, denied, failed)", field->key);
	return there < 0 ? -1 : 0;
}

static int
read_why(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	*AT(item, field->offset, const char *) = "";
	return read_text(field, object, item, scratch, cause);
}

/* ---- documents ---- */

/* An object is what a person writes into a case; on the way through it becomes its text. */
static int
read_document(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	const json_t *value = json_object_get(object, field->key);
	char *text;

	if (!json_is_object(value))
		return read_text(field, object, item, scratch, cause);
	text = json_line(value);
	*AT(item, field->offset, const char *) = iam_arena_copy(&scratch->arena, text, strlen(text));
	free(text);
	return 0;
}

/* ---- things inside a thing ---- */

static void
pack_items(const struct fact_field *field, struct pack *pack, void *item)
{
	const struct fact_items *of = field->items;
	const char **items = AT(item, field->offset, const char *);
	size_t count = *AT_READ(item, field->count, size_t);
	char *to = pack_space(pack, count * of->size);
	char *one = mem_new(1, of->size);

	for (size_t i = 0; i < count; i++) {
		memcpy(one, *items + i * of->size, of->size);
		for (size_t f = 0; f < of->fields_count; f++)
			fact_field_pack(&of->fields[f], pack, one);
		if (to != NULL)
			memcpy(to + i * of->size, one, of->size);
	}
	free(one);
	*items = to;
}

static void
write_items(const struct fact_field *field, json_t *object, const void *item)
{
	const struct fact_items *of = field->items;
	const char *items = *AT_READ(item, field->offset, const char *);
	json_t *array = json_array(), *one;

	for (size_t i = 0; i < *AT_READ(item, field->count, size_t); i++) {
		one = json_object();
		for (size_t f = 0; f < of->fields_count; f++)
			fact_field_write(&of->fields[f], one, items + i * of->size);
		json_array_append_new(array, one);
	}
	json_object_set_new(object, field->key, array);
}

static int
read_item(
    const struct fact_items *of, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	if (!json_is_object(object))
		return cause_set(cause, "is not an object");
	for (size_t f = 0; f < of->fields_count; f++)
		if (fact_field_read(&of->fields[f], object, item, scratch, cause) != 0)
			return -1;
	return 0;
}

static int
read_items(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	const struct fact_items *of = field->items;
	json_t *array;
	char *items, *why = NULL;
	int there = json_get_array(object, field->key, &array, cause);

	if (there <= 0)
		return there;
	if (json_array_size(array) > of->max)
		return cause_set(cause, "%s has more than %zu entries", field->key, of->max);
	items = iam_arena_new(&scratch->arena, json_array_size(array) + 1, of->size);
	*AT(item, field->offset, const char *) = items;
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (read_item(of, json_array_get(array, i), items + i * of->size, scratch, &why) == 0)
			continue;
		cause_set(cause, "%s[%zu]: %s", field->key, i, why);
		free(why);
		return -1;
	}
	*AT(item, field->count, size_t) = json_array_size(array);
	return 0;
}

/* ---- single values ---- */

static void
write_boolean(const struct fact_field *field, json_t *object, const void *item)
{
	json_object_set_new(object, field->key, json_boolean(*AT_READ(item, field->offset, bool)));
}

static int
read_boolean(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	(void)scratch;
	return json_get_boolean(object, field->key, AT(item, field->offset, bool), cause) < 0 ? -1 : 0;
}

static void
write_number(const struct fact_field *field, json_t *object, const void *item)
{
	json_object_set_new(object, field->key, number_to_json(*AT_READ(item, field->offset, double)));
}

static int
read_number(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	(void)scratch;
	return json_get_number(object, field->key, AT(item, field->offset, double), cause) < 0 ? -1 : 0;
}

static const struct type types[] = {
    [FIELD_STATUS] = {NULL, write_status, read_status},
    [FIELD_STATUS_LIVE] = {NULL, write_status, read_status},
    [FIELD_MODE] = {NULL, write_mode, read_mode},
    [FIELD_COUNT] = {NULL, write_count, read_count},
    [FIELD_COUNT_OR_NONE] = {NULL, write_count, read_count},
    [FIELD_TIME] = {NULL, write_time, read_time},
    [FIELD_TEXT] = {pack_one, write_text, read_text},
    [FIELD_TEXT_REQUIRED] = {pack_one, write_text, read_text},
    [FIELD_TEXTS] = {pack_list, write_list, read_list},
    [FIELD_NUMBERS] = {pack_numbers, write_numbers, read_numbers},
    [FIELD_HASH] = {NULL, write_hash, read_hash},
    [FIELD_REASON] = {NULL, write_reason, read_reason},
    [FIELD_WHY] = {pack_one, write_text, read_why},
    [FIELD_DOCUMENT] = {pack_one, write_text, read_document},
    [FIELD_ITEMS] = {pack_items, write_items, read_items},
    [FIELD_BOOLEAN] = {NULL, write_boolean, read_boolean},
    [FIELD_NUMBER] = {NULL, write_number, read_number},
};

/* ---- by type ---- */

void *
pack_space(struct pack *pack, size_t size)
{
	size_t align = _Alignof(max_align_t), at = (pack->used + align - 1) / align * align;

	pack->used = at + size;
	return pack->base != NULL ? pack->base + at : NULL;
}

const char *
pack_text(struct pack *pack, const char *text)
{
	size_t at = pack->used, size;

	if (text == NULL)
		return NULL;
	size = strlen(text) + 1;
	pack->used += size;
	return pack->base != NULL ? memcpy(pack->base + at, text, size) : NULL;
}

void
fact_field_pack(const struct fact_field *field, struct pack *pack, void *item)
{
	if (types[field->type].pack != NULL)
		types[field->type].pack(field, pack, item);
}

void
fact_field_write(const struct fact_field *field, json_t *object, const void *item)
{
	types[field->type].write(field, object, item);
}

int
fact_field_read(
    const struct fact_field *field, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	return types[field->type].read(field, object, item, scratch, cause);
}

void
fact_field_forget(struct fact_field_scratch *scratch)
{
	iam_arena_free(&scratch->arena);
}
