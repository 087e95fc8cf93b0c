/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_cloudwatch: any bytes as an answer to GetMetricData, read twice as if it were two pages. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/aws/cloudwatch_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct cloudwatch_query queries[] = {
    {.metric = "a", .stat = "Sum", .period_s = 60, .stream = "orders"},
    {.metric = "b", .stat = "Sum", .period_s = 300, .stream = "orders"},
    {.metric = "c", .stat = "Sum", .period_s = 60, .stream = "clicks"},
};
static const struct cloudwatch_ask ten_minutes = {.start_ms = 1800000000000, .end_ms = 1800000600000};

/* What the collector relies on. */
static void
check(const struct cloudwatch_pages *pages)
{
	size_t i, k, known;

	for (i = 0; i < pages->count; i++) {
		const struct cloudwatch_series *series = &pages->series[i];

		assert(series->status <= CLOUDWATCH_FORBIDDEN);
		assert(series->count == (i == 1 ? 2 : 10));
		for (k = known = 0; k < series->count; k++)
			known += !isnan(series->values[k]);
		assert(known == series->known);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cloudwatch_pages pages;
	char *why = NULL;
	int i, rc = 0;

	cloudwatch_pages_init(&pages, &ten_minutes, queries, KD_COUNT(queries));
	for (i = 0; i < 2 && rc == 0; i++) {
		rc = cloudwatch_parse(&pages, (const char *)data, size, &why);
		check(&pages);
	}
	assert((rc == -1) == (why != NULL));
	cloudwatch_pages_clear(&pages);
	free(why);
	return 0;
}
