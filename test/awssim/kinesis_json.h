/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinesis_json: streams and shards as Kinesis writes them, and the finding of the one that a call names. Knows no
 * paging.
 */
#ifndef KDIAG_AWSSIM_KINESIS_JSON_H
#define KDIAG_AWSSIM_KINESIS_JSON_H

#include <jansson.h>

#include "test/awssim/call.h"

/* The call's stream; NULL: there is none of that name here, and it has been answered. */
struct stream *kinesis_find_stream(struct call *call);
/* New references, all of them. */
json_t *kinesis_write_time(int64_t ms);
json_t *kinesis_write_shard(const struct stream_shard *shard);
/*
 * {"StreamName", "StreamARN", "StreamStatus", "StreamModeDetails", "StreamCreationTimestamp"}: what all descriptions
 * begin with.
 */
json_t *kinesis_write_stream(const struct stream *stream);
/* Adds RetentionPeriodHours, EnhancedMonitoring, EncryptionType and KeyId. */
void kinesis_add_settings(json_t *object, const struct stream *stream);

#endif
