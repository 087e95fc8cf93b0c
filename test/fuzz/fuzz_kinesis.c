/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_kinesis: any bytes as an answer of Kinesis, read twice as if it were two pages; the first byte chooses the operation. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/aws/kinesis_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	kinesis_parser *parse;
	const char *about;
	size_t row_size;
} operations[] = {
    {kinesis_parse_summary, "orders", 0},
    {kinesis_parse_shards, "orders", sizeof(struct kd_shard)},
    {kinesis_parse_consumers, "arn:aws:kinesis:us-east-1:123456789012:stream/orders", sizeof(struct kd_consumer)},
    {kinesis_parse_streams, NULL, sizeof(struct kinesis_stream)},
    {kinesis_parse_policy, NULL, 0},
};

/* What a probe may rely on. */
static void
check_summary(const struct kinesis_pages *pages)
{
	const struct kd_stream_summary *summary = &pages->summary.summary;

	assert(strcmp(pages->summary.name, "orders") == 0 && pages->summary.arn != NULL);
	assert(summary->status >= KD_STATUS_CREATING && summary->status <= KD_STATUS_UPDATING);
	assert(summary->retention_hours >= 1 && summary->retention_hours <= 8760);
	assert(summary->open_shards >= 0 && summary->open_shards <= 1000000);
	assert(summary->consumers >= -1 && summary->warm_throughput_mibps >= -1 && summary->created_ms >= 0);
	assert(summary->encryption != NULL && summary->shard_metrics_count <= KINESIS_METRICS_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kinesis_pages pages = {0};
	const char *body = (const char *)data + 1;
	char *why = NULL;
	size_t which, i;
	int rc = 0;

	if (size == 0)
		return 0;
	which = data[0] % KD_COUNT(operations);
	for (i = 0; i < 2 && rc == 0; i++)
		rc = operations[which].parse(&pages, operations[which].about, body, size - 1, &why);
	if (rc == 0 && operations[which].row_size != 0)
		rc = kinesis_pages_sort(&pages, operations[which].row_size, &why);
	assert((rc == -1) == (why != NULL));
	if (rc == 0 && which == 0)
		check_summary(&pages);
	kinesis_pages_clear(&pages);
	free(why);
	return 0;
}
