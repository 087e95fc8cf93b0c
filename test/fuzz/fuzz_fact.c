/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_fact: a fact, or a document of facts, that is taken from any bytes comes back from its JSON as it is. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/fact.h"
#include "common/json.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct kd_need needs[] = {{.kind = KD_STREAM_STATUS}, {.kind = KD_STREAM_SUMMARY}, {.kind = KD_SHARDS},
    {.kind = KD_CONSUMERS}, {.kind = KD_EXPECT}, {.kind = KD_PRINCIPALS},
    {.kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM, .window_s = 120}};

static void
check_cause(char *cause)
{
	assert(cause != NULL && strlen(cause) < 300 && text_is_utf8(cause, strlen(cause)));
	free(cause);
}

static void
try_fact(const json_t *value)
{
	char *cause = NULL;
	struct fact *fact = fact_from_json(value, &cause), *again;
	json_t *written, *rewritten;

	if (fact == NULL) {
		check_cause(cause);
		return;
	}
	written = fact_to_json(fact);
	again = fact_from_json(written, NULL);
	assert(again != NULL);
	rewritten = fact_to_json(again);
	assert(json_equal(written, rewritten));
	json_decref(written);
	json_decref(rewritten);
	fact_unref(again);
	fact_unref(fact);
}

static void
try_facts(const json_t *value)
{
	char *cause = NULL;
	struct kd_facts *facts = facts_from_json(value, needs, KD_COUNT(needs), &cause), *again;
	json_t *written, *rewritten;

	if (facts == NULL) {
		check_cause(cause);
		return;
	}
	assert(facts_count(facts) == KD_COUNT(needs));
	written = facts_to_json(facts);
	again = facts_from_json(written, needs, KD_COUNT(needs), NULL);
	assert(again != NULL);
	rewritten = facts_to_json(again);
	assert(json_equal(written, rewritten));
	json_decref(written);
	json_decref(rewritten);
	facts_free(again);
	facts_free(facts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *value = json_read((const char *)data, size, NULL);

	if (value == NULL)
		return 0;
	try_fact(value);
	try_facts(value);
	json_decref(value);
	return 0;
}
