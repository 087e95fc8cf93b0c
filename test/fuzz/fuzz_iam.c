/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_iam: any bytes as an answer of IAM, read twice as if they were two pages; the first byte chooses the operation. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "daemon/aws/iam_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum iam_operation operation;
	struct iam_result result = {0};
	char *why = NULL;
	int rc = 0;

	if (size == 0)
		return 0;
	operation = (enum iam_operation)(data[0] % IAM_OPERATIONS);
	for (int i = 0; i < 2 && rc == 0; i++)
		rc = iam_parse_answer(operation, "orders", "p", (const char *)data + 1, size - 1, &result, &why);
	assert((rc == -1) == (why != NULL));
	assert(result.count <= IAM_ITEMS_MAX);
	for (size_t i = 0; i < result.count; i++)
		assert(*result.items[i].name != '\0');
	if (result.document != NULL)
		assert(text_is_utf8(result.document, strlen(result.document)));
	iam_parse_clear(&result);
	free(why);
	return 0;
}
