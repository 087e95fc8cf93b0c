/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_log_template: any text is a saved state or a clear refusal; any lines are learnt within the bound, and what was learnt survives saving. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/log_template.h"
#include "common/log_template_state.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_cb(const struct log_template *template, void *arg)
{
	size_t *count = arg;

	assert(template->id != 0 && template->level < LOG_LINE_LEVELS);
	assert(text_is_utf8(template->text, strlen(template->text)));
	assert(text_is_utf8(template->example, strlen(template->example)));
	++*count;
}

static void
check(struct log_templates *templates)
{
	size_t count = 0;

	log_template_each(templates, check_cb, &count);
	assert(count == log_template_count(templates) && log_template_bytes(templates) <= LOG_TEMPLATE_BYTES);
}

static void
learn_lines(struct log_templates *templates, const char *text, size_t len)
{
	struct log_template_match match;
	const char *end;

	for (; len > 0; text = end + 1) {
		end = memchr(text, '\n', len);
		end = end != NULL ? end : text + len - 1;
		log_template_learn_line(templates, text, (size_t)(end - text), &match);
		assert(match.id != 0);
		len -= (size_t)(end - text) + 1;
	}
}

/* Saved, loaded and saved again it is the same. */
static void
check_state(const struct log_templates *templates)
{
	char *saved = log_template_save(templates), *again, *cause = NULL;
	struct log_templates *loaded = log_template_load(saved, strlen(saved), LOG_TEMPLATE_BYTES, &cause);

	assert(loaded != NULL && cause == NULL);
	again = log_template_save(loaded);
	assert(strcmp(saved, again) == 0);
	log_template_free(loaded);
	free(saved);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char *cause = NULL;
	struct log_templates *templates = log_template_load(text, size, LOG_TEMPLATE_BYTES, &cause);

	assert((templates == NULL) == (cause != NULL));
	free(cause);
	if (templates != NULL) {
		learn_lines(templates, text, size);
		log_template_merge(templates);
		check(templates);
		log_template_free(templates);
	}
	templates = log_template_new(LOG_TEMPLATE_BYTES);
	learn_lines(templates, text, size);
	log_template_merge(templates);
	check(templates);
	check_state(templates);
	log_template_free(templates);
	return 0;
}
