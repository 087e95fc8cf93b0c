/* SPDX-License-Identifier: Apache-2.0 */
/* kinesis_list: owns paging and shard filters; how a shard or stream is written is kinesis_json's. */
#include "test/awssim/kinesis_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "test/awssim/answer.h"
#include "test/awssim/kinesis_json.h"
#include "test/awssim/kinesis_token.h"

/* Page sizes as the API reference has them; FACTS 1: up to 10,000 are given. */
enum { SHARDS_PAGE = 1000, STREAMS_PAGE = 100, CONSUMERS_PAGE = 100, PAGE_MAX = 10000 };

enum filter_type { AFTER_SHARD_ID, AT_TRIM_HORIZON, FROM_TRIM_HORIZON, AT_LATEST, AT_TIMESTAMP, FROM_TIMESTAMP };

const char *const kinesis_list_filters[] = {
    "AFTER_SHARD_ID", "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON", "AT_LATEST", "AT_TIMESTAMP", "FROM_TIMESTAMP", NULL};

struct filter {
	enum filter_type type;
	int64_t number; /* AFTER_SHARD_ID */
	int64_t ms;     /* …_TIMESTAMP */
};

/* ---- tokens ---- */

static bool
is_endless(const struct call *call)
{
	return call->fault != NULL && call->fault->kind == FAULT_ENDLESS_NEXT_TOKEN;
}

/*
 * Puts a NextToken into the result when there is more. after: the last of this page; before: the one behind which this
 * page began, where an endless list
 * begins again.
 */
static void
add_token(struct call *call, json_t *result, bool more, const char *after, const char *before, const char *filter)
{
	struct kinesis_token token = {.list = (char *)call->operation->name,
	    .region = call->region,
	    .stream = call->stream == NULL ? (char *)"" : call->stream,
	    .after = (char *)(is_endless(call) ? before : after),
	    .filter = (char *)filter,
	    .expires_ms = call->now_ms + KINESIS_TOKEN_LIFE_MS};
	char *text;

	if (!more && !is_endless(call))
		return;
	text = kinesis_token_write(&token, call->sim->stats.requests);
	json_object_set_new(result, "NextToken", json_string(text));
	free(text);
}

/* Reads the input's NextToken; -1: it has been answered. */
static int
read_token(struct call *call, struct kinesis_token *token)
{
	const char *text = call_string(call, "NextToken");

	if (kinesis_token_read(text, token) != 0 || strcmp(token->list, call->operation->name) != 0 ||
	    strcmp(token->region, call->region) != 0) {
		answer_error(call, 400, "InvalidArgumentException", "NextToken %.100s is invalid.", text);
		return -1;
	}
	if (call->now_ms > token->expires_ms) {
		answer_error(
		    call, 400, "ExpiredNextTokenException", "NextToken has expired: it was good for 300 seconds.");
		return -1;
	}
	return 0;
}

/* None of these may stand beside NextToken: it says all of it. -1: it has been answered. */
static int
check_alone(struct call *call, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (json_object_get(call->input, *names) == NULL)
			continue;
		answer_error(
		    call, 400, "InvalidArgumentException", "NextToken and %s cannot be provided together.", *names);
		return -1;
	}
	return 0;
}

static size_t
page_size(const struct call *call, const char *name, int64_t otherwise)
{
	int64_t size = call_integer(call, name, otherwise);

	return (size_t)(size > PAGE_MAX ? PAGE_MAX : size);
}

/* ---- ListShards ---- */

/* "TYPE:NUMBER:MS": the filter on its way in a token. */
static char *
pack_filter(const struct filter *filter)
{
	return mem_printf("%d:%lld:%lld", (int)filter->type, (long long)filter->number, (long long)filter->ms);
}

static int
unpack_filter(const char *text, struct filter *filter)
{
	int type;
	long long number, ms;

	if (sscanf(text, "%d:%lld:%lld", &type, &number, &ms) != 3 || type < AFTER_SHARD_ID || type > FROM_TIMESTAMP)
		return -1;
	*filter = (struct filter){.type = (enum filter_type)type, .number = number, .ms = ms};
	return 0;
}

/* The input's ShardFilter; none: all that are listed. -1: it has been answered. */
static int
read_filter(struct call *call, struct filter *filter)
{
	const json_t *input = json_object_get(call->input, "ShardFilter"), *time;
	const char *type, *id;

	*filter = (struct filter){.type = FROM_TRIM_HORIZON};
	if (input == NULL)
		return 0;
	type = json_string_value(json_object_get(input, "Type"));
	for (int i = 0; kinesis_list_filters[i] != NULL; i++)
		if (strcmp(kinesis_list_filters[i], type) == 0)
			filter->type = (enum filter_type)i;
	id = json_string_value(json_object_get(input, "ShardId"));
	time = json_object_get(input, "Timestamp");
	filter->ms = (int64_t)(json_number_value(time) * 1000);
	filter->number = id == NULL ? -1 : stream_parse_shard_id(id);
	if ((filter->type == AFTER_SHARD_ID) != (id != NULL)) {
		answer_error(call, 400, "InvalidArgumentException",
		    "ShardFilter: ShardId is given with Type AFTER_SHARD_ID, and only then.");
		return -1;
	}
	if ((filter->type == AT_TIMESTAMP || filter->type == FROM_TIMESTAMP) != (time != NULL)) {
		answer_error(call, 400, "InvalidArgumentException",
		    "ShardFilter: Timestamp is given with Type AT_TIMESTAMP or FROM_TIMESTAMP, and only then.");
		return -1;
	}
	return 0;
}

static bool
passes(const struct filter *filter, const struct stream *stream, const struct stream_shard *shard, int64_t now_ms)
{
	int64_t horizon_ms = now_ms - stream->retention_hours * 3600000, at_ms;

	if (horizon_ms < stream->created_ms)
		horizon_ms = stream->created_ms;
	at_ms = filter->type == AT_TRIM_HORIZON || filter->ms < horizon_ms ? horizon_ms : filter->ms;
	switch (filter->type) {
	case AFTER_SHARD_ID:
		return shard->number > filter->number;
	case FROM_TRIM_HORIZON:
		return true;
	case AT_LATEST:
		return shard->closed_ms == 0;
	case AT_TRIM_HORIZON:
	case AT_TIMESTAMP:
		return shard->opened_ms <= at_ms && (shard->closed_ms == 0 || shard->closed_ms > at_ms);
	case FROM_TIMESTAMP:
		return shard->closed_ms == 0 || shard->closed_ms >= at_ms;
	}
	return false;
}

/* One page of shards behind the number `after`. */
static void
answer_shards(struct call *call, const struct stream *stream, const struct filter *filter, int64_t after)
{
	size_t max = page_size(call, "MaxResults", SHARDS_PAGE), count = 0;
	json_t *result = json_object(), *shards = json_array();
	char last[STREAM_SHARD_ID_SIZE] = "", first[STREAM_SHARD_ID_SIZE] = "", *packed = pack_filter(filter);
	bool more = false;

	if (after >= 0)
		stream_shard_id(after, first);
	for (size_t i = 0; stream->status != KD_STATUS_CREATING && i < stream->shards_count && !more; i++) {
		const struct stream_shard *shard = &stream->shards[i];

		if (shard->number <= after || !stream_shard_is_listed(stream, shard, call->now_ms) ||
		    !passes(filter, stream, shard, call->now_ms))
			continue;
		more = count == max;
		if (!more) {
			json_array_append_new(shards, kinesis_write_shard(shard));
			stream_shard_id(shard->number, last);
			count++;
		}
	}
	json_object_set_new(result, "Shards", shards);
	add_token(call, result, more, last, first, packed);
	free(packed);
	answer_json_taken(call, result);
}

static void
go_on_with_shards(struct call *call)
{
	static const char *const alone[] = {
	    "StreamName", "ExclusiveStartShardId", "StreamCreationTimestamp", "ShardFilter", NULL};
	struct kinesis_token token = {0};
	const struct stream *stream;
	struct filter filter;

	if (check_alone(call, alone) != 0 || read_token(call, &token) != 0)
		goto out;
	stream = kinesis_find_stream(call);
	if (stream == NULL)
		goto out;
	if (unpack_filter(token.filter, &filter) == 0)
		answer_shards(call, stream, &filter, stream_parse_shard_id(token.after));
	else
		answer_error(call, 400, "InvalidArgumentException", "NextToken is invalid.");
out:
	kinesis_token_clear(&token);
}

void
kinesis_list_shards(struct call *call)
{
	const char *start = call_string(call, "ExclusiveStartShardId");
	const struct stream *stream;
	struct filter filter;

	if (json_object_get(call->input, "NextToken") != NULL) {
		go_on_with_shards(call);
		return;
	}
	if (call->stream == NULL) {
		answer_error(
		    call, 400, "InvalidArgumentException", "Either NextToken or StreamName should be provided.");
		return;
	}
	stream = kinesis_find_stream(call);
	if (stream == NULL || read_filter(call, &filter) != 0)
		return;
	answer_shards(call, stream, &filter, start == NULL ? -1 : stream_parse_shard_id(start));
}

/* ---- ListStreams ---- */

static void
answer_streams(struct call *call, const char *after)
{
	size_t max = page_size(call, "Limit", STREAMS_PAGE), count;
	const struct stream **list = mem_new(max, sizeof(*list));
	json_t *result = json_object(), *names = json_array(), *summaries = json_array();
	int more;

	count = world_list(call->sim->world, call->identity->account, call->region, after, list, max, &more);
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(names, json_string(list[i]->name));
		json_array_append_new(summaries, kinesis_write_stream(list[i]));
	}
	json_object_set_new(result, "StreamNames", names);
	json_object_set_new(result, "HasMoreStreams", json_boolean(more || is_endless(call)));
	add_token(call, result, more, count == 0 ? "" : list[count - 1]->name, after == NULL ? "" : after, "");
	json_object_set_new(result, "StreamSummaries", summaries);
	free(list);
	answer_json_taken(call, result);
}

void
kinesis_list_streams(struct call *call)
{
	static const char *const alone[] = {"ExclusiveStartStreamName", NULL};
	struct kinesis_token token = {0};

	if (json_object_get(call->input, "NextToken") == NULL)
		answer_streams(call, call_string(call, "ExclusiveStartStreamName"));
	else if (check_alone(call, alone) == 0 && read_token(call, &token) == 0)
		answer_streams(call, *token.after == '\0' ? NULL : token.after);
	kinesis_token_clear(&token);
}

/* ---- ListStreamConsumers ---- */

static json_t *
write_consumer(const struct stream *stream, const struct stream_consumer *consumer)
{
	return json_pack("{s:s, s:o, s:s, s:o}", "ConsumerName", consumer->name, "ConsumerARN",
	    json_sprintf("%s/consumer/%s:%lld", stream->arn, consumer->name, (long long)(stream->created_ms / 1000)),
	    "ConsumerStatus", kd_status_name(consumer->status), "ConsumerCreationTimestamp",
	    kinesis_write_time(stream->created_ms));
}

/* One page of consumers, from the from-th on. */
static void
answer_consumers(struct call *call, const struct stream *stream, int64_t from)
{
	size_t max = page_size(call, "MaxResults", CONSUMERS_PAGE), count = 0, i = (size_t)from;
	json_t *result = json_object(), *consumers = json_array();
	char *after, *before = mem_printf("%lld", (long long)from);

	for (; i < stream->consumers_count && count < max; i++, count++)
		json_array_append_new(consumers, write_consumer(stream, &stream->consumers[i]));
	after = mem_printf("%zu", i);
	json_object_set_new(result, "Consumers", consumers);
	add_token(call, result, i < stream->consumers_count, after, before, "");
	free(after);
	free(before);
	answer_json_taken(call, result);
}

void
kinesis_list_consumers(struct call *call)
{
	static const char *const alone[] = {"StreamCreationTimestamp", NULL};
	struct kinesis_token token = {0};
	const struct stream *stream = kinesis_find_stream(call);
	int64_t from = 0;

	if (stream == NULL)
		return;
	if (json_object_get(call->input, "NextToken") == NULL) {
		answer_consumers(call, stream, 0);
	} else if (check_alone(call, alone) == 0 && read_token(call, &token) == 0) {
		if (text_parse_integer(token.after, &from) == 0 && from >= 0 && strcmp(token.stream, stream->name) == 0)
			answer_consumers(call, stream, from);
		else
			answer_error(call, 400, "InvalidArgumentException", "NextToken is invalid.");
	}
	kinesis_token_clear(&token);
}
