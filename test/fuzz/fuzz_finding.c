/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_finding: a finding that is taken from any bytes comes back from its JSON as it is, and its copy too. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/finding.h"
#include "common/json.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect_json(const struct finding *finding, const json_t *expected)
{
	json_t *written = finding_to_json(finding);

	assert(json_equal(written, expected));
	json_decref(written);
}

static void
try_finding(struct finding *finding)
{
	json_t *written = finding_to_json(finding);
	struct finding *again = finding_from_json(written, NULL), *copy = finding_copy(finding);

	assert(again != NULL);
	expect_json(again, written);
	expect_json(copy, written);
	finding_make_id(copy);
	assert(strlen(copy->id) == FINDING_ID_SIZE - 1);
	json_decref(written);
	finding_free(again);
	finding_free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *value = json_read((const char *)data, size, NULL);
	struct finding *finding;
	char *cause = NULL;

	if (value == NULL)
		return 0;
	finding = finding_from_json(value, &cause);
	if (finding != NULL)
		try_finding(finding);
	else
		assert(cause != NULL && strlen(cause) < 300 && text_is_utf8(cause, strlen(cause)));
	free(cause);
	finding_free(finding);
	json_decref(value);
	return 0;
}
