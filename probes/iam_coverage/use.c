/* SPDX-License-Identifier: Apache-2.0 */
/* use: owns the action sets; knows nothing of policies. */
#include "probes/iam_coverage/use.h"

#include <kdiag/probe.h>
#include <string.h>
#include <strings.h>

/* By the services' guides: Kinesis "Controlling access", KCL "IAM permissions", Firehose "Controlling access", Lambda "Execution role". */
static const struct use_action producer[] = {
    {"kinesis:PutRecord", ON_STREAM, true},
    {"kinesis:PutRecords", ON_STREAM, true},
    {"kinesis:DescribeStreamSummary", ON_STREAM, false},
    {"kinesis:ListShards", ON_STREAM, false},
};
static const struct use_action consumer[] = {
    {"kinesis:GetRecords", ON_STREAM, true},
    {"kinesis:GetShardIterator", ON_STREAM, true},
    {"kinesis:ListShards", ON_STREAM, true},
    {"kinesis:DescribeStreamSummary", ON_STREAM, false},
};
static const struct use_action efo_consumer[] = {
    {"kinesis:SubscribeToShard", ON_CONSUMERS, true},
    {"kinesis:DescribeStreamConsumer", ON_CONSUMERS, false},
    {"kinesis:RegisterStreamConsumer", ON_STREAM, false},
};
static const struct use_action kcl[] = {
    {"kinesis:GetRecords", ON_STREAM, true},
    {"kinesis:GetShardIterator", ON_STREAM, true},
    {"kinesis:ListShards", ON_STREAM, true},
    {"kinesis:DescribeStreamSummary", ON_STREAM, true},
    {"kinesis:DescribeStream", ON_STREAM, false},
    {"kinesis:RegisterStreamConsumer", ON_STREAM, false},
    {"dynamodb:DescribeTable", ON_TABLE, true},
    {"dynamodb:Scan", ON_TABLE, true},
    {"dynamodb:GetItem", ON_TABLE, true},
    {"dynamodb:PutItem", ON_TABLE, true},
    {"dynamodb:UpdateItem", ON_TABLE, true},
    {"dynamodb:DeleteItem", ON_TABLE, true},
    {"dynamodb:CreateTable", ON_TABLE, false},
    {"dynamodb:UpdateTable", ON_TABLE, false},
    {"dynamodb:Query", ON_INDEX, false},
    {"cloudwatch:PutMetricData", ON_ANYTHING, false},
};
static const struct use_action firehose[] = {
    {"kinesis:DescribeStream", ON_STREAM, true},
    {"kinesis:GetShardIterator", ON_STREAM, true},
    {"kinesis:GetRecords", ON_STREAM, true},
    {"kinesis:ListShards", ON_STREAM, true},
};
static const struct use_action lambda[] = {
    {"kinesis:DescribeStream", ON_STREAM, true},
    {"kinesis:DescribeStreamSummary", ON_STREAM, true},
    {"kinesis:GetRecords", ON_STREAM, true},
    {"kinesis:GetShardIterator", ON_STREAM, true},
    {"kinesis:ListShards", ON_STREAM, true},
    {"kinesis:SubscribeToShard", ON_CONSUMERS, false},
};

/* clang-format off */
#define USE(name, key) {#name, name, KD_COUNT(name), {key, ON_KEY, true}}
/* clang-format on */

static const struct use uses[] = {
    USE(producer, "kms:GenerateDataKey"),
    USE(consumer, "kms:Decrypt"),
    USE(efo_consumer, "kms:Decrypt"),
    USE(kcl, "kms:Decrypt"),
    USE(firehose, "kms:Decrypt"),
    USE(lambda, "kms:Decrypt"),
};

/* Actions that take no resource, so that a statement must say "*" (Service authorization reference, Kinesis). */
static const char *const on_anything[] = {"kinesis:DescribeLimits", "kinesis:ListStreams",
    "kinesis:DescribeAccountSettings", "kinesis:UpdateAccountSettings", "kinesis:EnableEnhancedMonitoring",
    "kinesis:DisableEnhancedMonitoring", "kinesis:UpdateShardCount", "kinesis:UpdateStreamMode"};

/* Those that are made on a consumer, not on its stream (Service authorization reference, Kinesis). */
static const char *const on_consumers[] = {
    "kinesis:SubscribeToShard", "kinesis:DescribeStreamConsumer", "kinesis:DeregisterStreamConsumer"};

const struct use *
use_find(const char *name)
{
	for (size_t i = 0; name != NULL && i < KD_COUNT(uses); i++)
		if (strcmp(uses[i].name, name) == 0)
			return &uses[i];
	return NULL;
}

static bool
is_among(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(list[i], name) == 0)
			return true;
	return false;
}

enum use_on
use_place(const char *action)
{
	if (is_among(action, on_consumers, KD_COUNT(on_consumers)))
		return ON_CONSUMERS;
	if (is_among(action, on_anything, KD_COUNT(on_anything)))
		return ON_ANYTHING;
	if (strncmp(action, "kinesis:", 8) == 0)
		return ON_STREAM;
	if (strncmp(action, "kms:", 4) == 0)
		return ON_KEY;
	return strncmp(action, "dynamodb:", 9) == 0 ? ON_TABLE : ON_ANYTHING;
}
