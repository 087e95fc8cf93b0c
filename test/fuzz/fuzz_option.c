/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_option: a value that an option takes is within its bounds and is read back from what is written; a refused one
 * leaves the old one.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/option.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct kd_option table[] = {
    {"text", KD_STRING, "x", 0, 64, "a text"},
    {"free_text", KD_STRING, NULL, 0, 0, "a text without bounds"},
    {"count", KD_INTEGER, "5", -10, 1000, "a number"},
    {"free_count", KD_INTEGER, NULL, 0, 0, "a number without bounds"},
    {"on", KD_BOOLEAN, "true", 0, 0, "a switch"},
    {"wait", KD_DURATION, "15m", 1, 86400, "a wait"},
    {"free_wait", KD_DURATION, NULL, 0, 0, "a wait without bounds"},
    {"share", KD_PERCENT, "25%", 1, 100, "a share"},
    {"free_share", KD_PERCENT, NULL, 0, 0, "a share without bounds"},
    {"tags", KD_LIST, "a, b", 0, 4, "a list"},
    {"free_tags", KD_LIST, NULL, 0, 0, "a list without bounds"},
};

static void
check_bounds(const struct kd_settings *settings, size_t i)
{
	const struct kd_option *option = &table[i];
	int64_t number = option->type == KD_DURATION ? kd_duration_s(settings, i) : kd_integer(settings, i);
	size_t count;

	if (option->max == 0)
		return;
	assert(number <= option->max &&
	       (number >= option->min || (option->type != KD_INTEGER && option->type != KD_DURATION)));
	assert(option->type != KD_PERCENT || (kd_percent(settings, i) >= 1 && kd_percent(settings, i) <= 100));
	assert(option->type != KD_STRING || strlen(kd_string(settings, i)) <= (size_t)option->max);
	kd_list(settings, i, &count);
	assert(count <= (size_t)option->max);
}

static void
check_round_trip(struct kd_settings *settings, size_t i)
{
	char *written = settings_format(settings, i), *again, *cause = NULL;
	json_t *json = settings_to_json(settings), *back_json;
	struct kd_settings *back = settings_from_json(table, KD_COUNT(table), json, &cause);

	assert(written != NULL && back != NULL);
	back_json = settings_to_json(back);
	assert(json_equal(json, back_json));
	assert(settings_set(settings, i, written, NULL) == 0);
	again = settings_format(settings, i);
	assert(strcmp(written, again) == 0);
	json_decref(back_json);
	json_decref(json);
	settings_free(back);
	free(again);
	free(written);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kd_settings *settings, *copy;
	char *text, *cause = NULL, *before, *after;
	size_t i;

	if (size == 0)
		return 0;
	i = data[0] % KD_COUNT(table);
	text = mem_strndup((const char *)data + 1, size - 1);
	settings = settings_new(table, KD_COUNT(table));
	copy = settings_copy(settings);
	if (settings_set(settings, i, text, &cause) == 0) {
		check_bounds(settings, i);
		check_round_trip(settings, i);
	} else {
		before = settings_format(copy, i);
		after = settings_format(settings, i);
		assert((before == NULL) == (after == NULL) && (before == NULL || strcmp(before, after) == 0));
		assert(text_is_utf8(cause, strlen(cause)) && strpbrk(cause, "\n\r\t\x1b\x7f") == NULL);
		free(before);
		free(after);
	}
	settings_free(copy);
	settings_free(settings);
	free(cause);
	free(text);
	return 0;
}
