/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinesis: the Kinesis calls that kdiag makes (JSON 1.1, Kinesis_20131202, always by StreamName: FACTS 1), each with
 * its parser. Parsers are pure; a wrong type, another stream's name, an endless NextToken is AWS_BAD_ANSWER with a
 * sentence, never a guess.
 */
#ifndef KDIAG_AWS_KINESIS_H
#define KDIAG_AWS_KINESIS_H

#include <kdiag/probe.h>

#include "daemon/aws/client.h"

enum {
	KINESIS_SHARDS_MAX =
	    100000, /* open shards of one stream that we hold; past that the answer is refused by name */
	KINESIS_STREAMS_MAX = 200000,
	KINESIS_CONSUMERS_MAX = 1000,
	KINESIS_PAGES_MAX = 200, /* ten times what KINESIS_STREAMS_MAX takes at 10,000 a page */
};

struct kinesis_ask {
	const char *stream; /* ListStreams: NULL */
	bool urgent;
	int64_t deadline_ms; /* as in aws_request */
};

struct kinesis_summary {
	struct kd_stream_summary summary;
	const char *name, *arn;
};
/* One row of ListStreams. */
struct kinesis_stream {
	const char *name, *arn;
	enum kd_status status;
	enum kd_mode mode;
	int64_t created_ms;
};

/* error->fault AWS_OK: the value is there; else it is NULL/0. Everything is valid in the callback only. */
typedef void (*kinesis_summary_cb)(const struct aws_error *error, const struct kinesis_summary *summary, void *arg);
typedef void (*kinesis_shards_cb)(
    const struct aws_error *error, const struct kd_shard *shards, size_t count, void *arg);
typedef void (*kinesis_consumers_cb)(
    const struct aws_error *error, const struct kd_consumer *consumers, size_t count, void *arg);
typedef void (*kinesis_streams_cb)(
    const struct aws_error *error, const struct kinesis_stream *streams, size_t count, void *arg);

/* policy NULL and AWS_OK: the resource has none. */
typedef void (*kinesis_policy_cb)(const struct aws_error *error, const char *policy, void *arg);

struct kinesis_op;
struct kinesis_op *kinesis_describe_stream_summary(
    struct aws_place *place, const struct kinesis_ask *ask, kinesis_summary_cb cb, void *arg);
/* The open shards, all pages, sorted by shard id. */
struct kinesis_op *kinesis_list_shards(
    struct aws_place *place, const struct kinesis_ask *ask, kinesis_shards_cb cb, void *arg);
/* Needs the stream's ARN (ask->stream is ignored). */
struct kinesis_op *kinesis_list_stream_consumers(
    struct aws_place *place, const char *arn, const struct kinesis_ask *ask, kinesis_consumers_cb cb, void *arg);
/*
 * Every stream of the place, all pages, sorted by name. An emulator that tells names only: AWS_BAD_ANSWER, code
 * "no_summaries".
 */
struct kinesis_op *kinesis_list_streams(
    struct aws_place *place, const struct kinesis_ask *ask, kinesis_streams_cb cb, void *arg);
/* The resource policy of a stream or a consumer, by its ARN (ask->stream is ignored). */
struct kinesis_op *kinesis_get_resource_policy(
    struct aws_place *place, const char *arn, const struct kinesis_ask *ask, kinesis_policy_cb cb, void *arg);
/* No callback will come. Not after the callback. */
void kinesis_cancel(struct kinesis_op *op);

#endif
