/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_logs: any bytes as an answer of CloudWatch Logs; the first byte chooses the operation. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/aws/logs_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct logs_page page = {0};
	char *why = NULL;
	size_t bytes = 0;
	int rc;

	if (size == 0)
		return 0;
	rc = data[0] % 2 == 0 ? logs_parse_events(&page, (const char *)data + 1, size - 1, &why)
			      : logs_parse_groups(&page, (const char *)data + 1, size - 1, &why);
	assert((rc == -1) == (why != NULL));
	assert(rc == 0 || page.count == 0);
	for (size_t i = 0; i < page.count && page.events != NULL; i++) {
		assert(page.events[i].ms >= 0 && page.events[i].message != NULL);
		bytes += page.events[i].message_len;
	}
	for (size_t i = 0; i < page.count && page.names != NULL; i++)
		assert(*page.names[i] != '\0' && strlen(page.names[i]) <= LOGS_GROUP_NAME_MAX);
	assert(bytes == page.bytes);
	logs_page_clear(&page);
	free(why);
	return 0;
}
