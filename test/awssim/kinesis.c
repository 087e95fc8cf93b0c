/* SPDX-License-Identifier: Apache-2.0 */
/* kinesis: owns the table of Kinesis's operations, their inputs and the two descriptions; pages are kinesis_list's. */
#include "test/awssim/kinesis.h"

#include <ctype.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "test/awssim/answer.h"
#include "test/awssim/kinesis_json.h"
#include "test/awssim/kinesis_list.h"
#include "test/awssim/kinesis_token.h"
#include "test/awssim/shape.h"

/* ---- what names a stream ---- */

/*
 * arn:PARTITION:kinesis:REGION:ACCOUNT:stream/NAME: the field's start for index 0 (arn) to 5 (stream/NAME); NULL: there
 * are fewer.
 */
static const char *
arn_field(const char *arn, int index)
{
	while (index-- > 0 && arn != NULL)
		if ((arn = strchr(arn, ':')) != NULL)
			arn++;
	return arn;
}

static bool
is_stream_arn(const char *arn)
{
	const char *account = arn_field(arn, 4), *name = arn_field(arn, 5);

	return text_glob("arn:aws*:kinesis:*:????????????:stream/?*", arn) && account != NULL && name == account + 13 &&
	       strspn(account, "0123456789") == 12 && strpbrk(name, " \t\r\n") == NULL;
}

/* Is the ARN one of the caller's account and of the region asked? Another's streams are not there for this endpoint. */
static bool
is_here(const struct call *call, const char *arn)
{
	const char *region = arn_field(arn, 3), *account = arn_field(arn, 4);

	return strncmp(account, call->identity->account, 12) == 0 &&
	       (size_t)(account - region - 1) == strlen(call->region) &&
	       strncmp(region, call->region, strlen(call->region)) == 0;
}

static void
name_stream(struct call *call)
{
	const char *name = call_string(call, "StreamName"), *arn = call_string(call, "StreamARN"),
		   *text = call_string(call, "NextToken");
	struct kinesis_token token = {0};

	if (name == NULL && arn != NULL)
		call->stream = is_here(call, arn) ? mem_strdup(strchr(arn, '/') + 1) : mem_strdup(arn);
	else if (name != NULL)
		call->stream = mem_strdup(name);
	else if (text != NULL && kinesis_token_read(text, &token) == 0 && *token.stream != '\0')
		call->stream = mem_strdup(token.stream);
	kinesis_token_clear(&token);
}

/* ---- descriptions ---- */

/* DescribeStream and DescribeStreamSummary take either; NULL: it has been answered. */
static struct stream *
find_described(struct call *call)
{
	if (call->stream == NULL) {
		answer_error(
		    call, 400, "InvalidArgumentException", "Either StreamName or StreamARN should be provided.");
		return NULL;
	}
	return kinesis_find_stream(call);
}

static void
describe_stream_summary(struct call *call)
{
	const struct stream *stream = find_described(call);
	int64_t open;
	json_t *summary;

	if (stream == NULL)
		return;
	open = stream->status == KD_STATUS_CREATING ? 0 : stream_open_shards(stream);
	summary = kinesis_write_stream(stream);
	kinesis_add_settings(summary, stream);
	json_object_set_new(summary, "OpenShardCount", json_integer(open));
	json_object_set_new(summary, "ConsumerCount", json_integer((json_int_t)stream->consumers_count));
	json_object_set_new(summary, "MaxRecordSizeInKiB", json_integer(1024));
	if (stream->warm_mibps > 0)
		json_object_set_new(summary, "WarmThroughput",
		    json_pack("{s:I, s:I}", "TargetMiBps", (json_int_t)stream->warm_mibps, "CurrentMiBps",
			(json_int_t)stream->warm_mibps));
	answer_json_taken(call, json_pack("{s:o}", "StreamDescriptionSummary", summary));
}

static void
describe_stream(struct call *call)
{
	const struct stream *stream = find_described(call);
	const char *start = call_string(call, "ExclusiveStartShardId");
	int64_t limit = call_integer(call, "Limit", 100), after = start == NULL ? -1 : stream_parse_shard_id(start);
	json_t *description, *shards = json_array();
	bool more = false;

	if (stream == NULL) {
		json_decref(shards);
		return;
	}
	for (size_t i = 0; stream->status != KD_STATUS_CREATING && i < stream->shards_count && !more; i++) {
		if (stream->shards[i].number <= after ||
		    !stream_shard_is_listed(stream, &stream->shards[i], call->now_ms))
			continue;
		more = (int64_t)json_array_size(shards) == limit;
		if (!more)
			json_array_append_new(shards, kinesis_write_shard(&stream->shards[i]));
	}
	description = kinesis_write_stream(stream);
	kinesis_add_settings(description, stream);
	json_object_set_new(description, "Shards", shards);
	json_object_set_new(description, "HasMoreShards",
	    json_boolean(more || (call->fault != NULL && call->fault->kind == FAULT_ENDLESS_NEXT_TOKEN)));
	answer_json_taken(call, json_pack("{s:o}", "StreamDescription", description));
}

/* A resource without a policy is not found, in AWS's words for it. */
static void
get_resource_policy(struct call *call)
{
	const char *arn = call_string(call, "ResourceARN");
	const char *document = iam_world_find_resource(&call->sim->scenario->iam, arn);

	if (document == NULL)
		answer_error(
		    call, 400, "ResourceNotFoundException", "Resource policy is not found for resource: %.300s", arn);
	else
		answer_json_taken(call, json_pack("{s:s}", "Policy", document));
}

/* ---- inputs, from the service's model ---- */

#define NAME_PATTERN "[a-zA-Z0-9_.-]+"
#define STREAM_NAME(member) \
	{ \
		.name = member, .type = SHAPE_STRING, .min = 1, .max = 128, .matches = text_is_stream_name, \
		.pattern = NAME_PATTERN \
	}
#define SHARD_ID(member) STREAM_NAME(member) /* the model gives both the same pattern */
#define STREAM_ARN(needed) \
	{ \
		.name = "StreamARN", .type = SHAPE_STRING, .required = needed, .min = 1, .max = 2048, \
		.matches = is_stream_arn, .pattern = "arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+" \
	}
#define NEXT_TOKEN \
	{ \
		.name = "NextToken", .type = SHAPE_STRING, .min = 1, .max = 1048576 \
	}
#define LIMIT(member) \
	{ \
		.name = member, .type = SHAPE_INTEGER, .min = 1, .max = 10000 \
	}
#define CREATED \
	{ \
		.name = "StreamCreationTimestamp", .type = SHAPE_TIMESTAMP \
	}
#define STREAM_ID \
	{ \
		.name = "StreamId", .type = SHAPE_STRING, .min = 1, .max = 24 \
	}

static const struct shape_member filter_shape[] = {
    {.name = "Type", .type = SHAPE_STRING, .required = true, .choices = kinesis_list_filters},
    SHARD_ID("ShardId"),
    {.name = "Timestamp", .type = SHAPE_TIMESTAMP},
};
static const struct shape_member describe_summary_shape[] = {STREAM_NAME("StreamName"), STREAM_ARN(false), STREAM_ID};
static const struct shape_member describe_shape[] = {
    STREAM_NAME("StreamName"), STREAM_ARN(false), STREAM_ID, LIMIT("Limit"), SHARD_ID("ExclusiveStartShardId")};
static const struct shape_member list_shards_shape[] = {STREAM_NAME("StreamName"), STREAM_ARN(false), STREAM_ID,
    NEXT_TOKEN, SHARD_ID("ExclusiveStartShardId"), LIMIT("MaxResults"), CREATED,
    {.name = "ShardFilter", .type = SHAPE_STRUCTURE, .members = filter_shape, .members_count = KD_COUNT(filter_shape)}};
static const struct shape_member list_streams_shape[] = {
    LIMIT("Limit"), STREAM_NAME("ExclusiveStartStreamName"), NEXT_TOKEN};
static const struct shape_member list_consumers_shape[] = {
    STREAM_ARN(true), STREAM_ID, NEXT_TOKEN, LIMIT("MaxResults"), CREATED};

static const struct shape_member resource_policy_shape[] = {
    {.name = "ResourceARN",
	.type = SHAPE_STRING,
	.required = true,
	.min = 1,
	.max = 2048,
	.matches = is_stream_arn,
	.pattern = "arn:aws.*:kinesis:.*:\\d{12}:.*stream/\\S+"},
    STREAM_ID};

enum { NO_BUCKET = -1, SHARDS_BUCKET, CONSUMERS_BUCKET };

#define INPUT(table) .input = table, .input_count = KD_COUNT(table)

/* Rates: FACTS 1. */
static const struct operation operations[] = {
    {"DescribeStream", 10, NO_BUCKET, INPUT(describe_shape), .run = describe_stream},
    {"DescribeStreamSummary", 20, NO_BUCKET, INPUT(describe_summary_shape), .run = describe_stream_summary},
    {"ListShards", 1000, SHARDS_BUCKET, INPUT(list_shards_shape), .run = kinesis_list_shards},
    {"ListStreams", 5, NO_BUCKET, INPUT(list_streams_shape), .run = kinesis_list_streams},
    {"GetResourcePolicy", 5, NO_BUCKET, INPUT(resource_policy_shape), .run = get_resource_policy},
    {"ListStreamConsumers", 5, CONSUMERS_BUCKET, INPUT(list_consumers_shape), .run = kinesis_list_consumers},
};

const struct service kinesis_service = {
    .name = "kinesis",
    .protocol = SERVICE_JSON,
    .prefix = "Kinesis_20131202",
    .content_type = "application/x-amz-json-1.1",
    .operations = operations,
    .operations_count = KD_COUNT(operations),
    .name_stream = name_stream,
};
