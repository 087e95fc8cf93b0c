/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_log_group: any bytes as the saved state of a log group; what loads learns on, and saves and loads again. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/log_group.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
use(struct log_group *group, const uint8_t *data, size_t size)
{
	struct logs_event event = {.id = "1", .message = (const char *)data, .message_len = size, .ms = 1795341600000};
	struct log_group_view view;

	log_group_skip(group, event.ms - 60000);
	log_group_take(group, &event, 1);
	log_group_settle(group, event.ms + 1000);
	log_group_look(group, &view);
	assert(view.group.templates_count >= 2);
	for (size_t i = 0; i < view.group.templates_count; i++)
		assert(view.group.templates[i].hours_count % 3 == 0 && view.group.templates[i].text != NULL);
	log_group_view_clear(&view);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size), *cause = NULL, *again;
	struct log_group *group = log_group_load(text, &cause), *copy;

	assert((group == NULL) == (cause != NULL));
	free(cause);
	if (group != NULL) {
		use(group, data, size);
		again = log_group_save(group);
		copy = log_group_load(again, NULL);
		assert(copy != NULL);
		log_group_free(copy);
		free(again);
	}
	log_group_free(group);
	free(text);
	return 0;
}
