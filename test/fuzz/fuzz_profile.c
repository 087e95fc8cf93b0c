/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_profile: any bytes as a credentials file and as a config file. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/aws/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile profile = {0};
	char *why = NULL;
	int rc;

	rc = profile_scan(&profile, "default", false, "/credentials", (const char *)data, size, &why);
	if (rc != -1)
		rc = profile_scan(&profile, "default", true, "/config", (const char *)data, size, &why);
	assert((rc == -1) == (why != NULL));
	assert((profile.access_key == NULL && profile.secret_key == NULL) == (profile.where == NULL));
	profile_clear(&profile);
	free(why);
	return 0;
}
