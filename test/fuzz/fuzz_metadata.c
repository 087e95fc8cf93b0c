/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_metadata: any bytes as a document of role credentials; keys that come out may go into headers. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/aws/metadata.h"
#include "daemon/aws/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *why = NULL;
	struct aws_keys *keys = metadata_read_document((const char *)data, size, "fuzz", &why);

	assert((keys == NULL) == (why != NULL));
	if (keys != NULL)
		assert(secret_check_keys(keys->access_key, keys->secret_key, keys->token, NULL) == 0);
	aws_keys_unref(keys);
	free(why);
	return 0;
}
