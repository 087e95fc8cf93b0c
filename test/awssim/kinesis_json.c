/* SPDX-License-Identifier: Apache-2.0 */
/* kinesis_json: owns how Kinesis writes a stream down; knows nothing of who asks. */
#include "test/awssim/kinesis_json.h"

#include <stdlib.h>

#include "test/awssim/answer.h"

struct stream *
kinesis_find_stream(struct call *call)
{
	struct stream *stream = world_find(call->sim->world, call->identity->account, call->region, call->stream);
	const json_t *created = json_object_get(call->input, "StreamCreationTimestamp");

	if (stream != NULL && json_is_number(created) &&
	    llabs((long long)(json_number_value(created) * 1000) - (long long)stream->created_ms) >= 1000)
		stream = NULL;
	if (stream == NULL)
		answer_error(call, 400, "ResourceNotFoundException", "Stream %s under account %s not found.",
		    call->stream, call->identity->account);
	return stream;
}

json_t *
kinesis_write_time(int64_t ms)
{
	return json_real((double)ms / 1000);
}

json_t *
kinesis_write_shard(const struct stream_shard *shard)
{
	json_t *object = json_object(), *range = json_object(), *sequence = json_object();
	char id[STREAM_SHARD_ID_SIZE], number[STREAM_SEQUENCE_SIZE], hash[KD_HASH_SIZE];

	json_object_set_new(object, "ShardId", json_string(stream_shard_id(shard->number, id)));
	if (shard->parent >= 0)
		json_object_set_new(object, "ParentShardId", json_string(stream_shard_id(shard->parent, id)));
	if (shard->adjacent >= 0)
		json_object_set_new(object, "AdjacentParentShardId", json_string(stream_shard_id(shard->adjacent, id)));
	json_object_set_new(range, "StartingHashKey", json_string(kd_hash_decimal(shard->first, hash)));
	json_object_set_new(range, "EndingHashKey", json_string(kd_hash_decimal(shard->last, hash)));
	json_object_set_new(object, "HashKeyRange", range);
	json_object_set_new(sequence, "StartingSequenceNumber",
	    json_string(stream_sequence(shard->number, shard->opened_ms, false, number)));
	if (shard->closed_ms != 0)
		json_object_set_new(sequence, "EndingSequenceNumber",
		    json_string(stream_sequence(shard->number, shard->closed_ms, true, number)));
	json_object_set_new(object, "SequenceNumberRange", sequence);
	return object;
}

json_t *
kinesis_write_stream(const struct stream *stream)
{
	return json_pack("{s:s, s:s, s:s, s:{s:s}, s:o}", "StreamName", stream->name, "StreamARN", stream->arn,
	    "StreamStatus", kd_status_name(stream->status), "StreamModeDetails", "StreamMode",
	    kd_mode_name(stream->mode), "StreamCreationTimestamp", kinesis_write_time(stream->created_ms));
}

void
kinesis_add_settings(json_t *object, const struct stream *stream)
{
	json_t *metrics = json_array();

	for (size_t i = 0; i < STREAM_METRICS; i++)
		if (stream->metrics[i])
			json_array_append_new(metrics, json_string(stream_metric_names[i]));
	json_object_set_new(object, "RetentionPeriodHours", json_integer(stream->retention_hours));
	json_object_set_new(object, "EnhancedMonitoring", json_pack("[{s:o}]", "ShardLevelMetrics", metrics));
	json_object_set_new(object, "EncryptionType", json_string(stream->encrypted ? "KMS" : "NONE"));
	if (stream->encrypted)
		json_object_set_new(
		    object, "KeyId", json_string(stream->key_id == NULL ? "alias/aws/kinesis" : stream->key_id));
}
