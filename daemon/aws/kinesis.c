/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinesis: the Kinesis calls that kdiag makes (JSON 1.1, Kinesis_20131202, always by StreamName: FACTS 1): what is
 * asked, and page after page until the last. What an answer means is kinesis_parse.c's affair.
 */
#include "daemon/aws/kinesis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "daemon/aws/kinesis_parse.h"
#include "daemon/aws/page_tokens.h"

#define TARGET "Kinesis_20131202."

/*
 * A row an operation. Pages are asked for at AWS's maximum, 10,000, so that there is rarely a second one: pages cost
 * calls, and moto wants the first parameters again beside a NextToken, which AWS forbids for ListShards.
 */
struct kind {
	const char *operation, *target;
	const char *subject_key; /* the member that names the stream; NULL: none */
	bool subject_always;     /* also beside a NextToken */
	const char *first;       /* members of the first request only, or NULL */
	const char *every;       /* members of each request, or NULL */
	kinesis_parser *parse;
	size_t row_size; /* 0: no rows */
	void (*deliver)(struct kinesis_op *op, const struct aws_error *error);
};

struct kinesis_op {
	const struct kind *kind;
	struct aws_place *place;
	struct aws_call *call;
	char *subject; /* the stream's name or ARN */
	bool urgent;
	int64_t deadline_ms;
	struct kinesis_pages pages;
	struct page_tokens tokens;
	bool restarted; /* after an expired NextToken */
	union {
		kinesis_summary_cb summary;
		kinesis_shards_cb shards;
		kinesis_consumers_cb consumers;
		kinesis_streams_cb streams;
		kinesis_policy_cb policy;
	} cb;
	void *arg;
};

static void
deliver_summary(struct kinesis_op *op, const struct aws_error *error)
{
	op->cb.summary(error, error->fault == AWS_OK ? &op->pages.summary : NULL, op->arg);
}

/* Rows are NULL and 0 after a fault; an empty list is not NULL to the facts' makers, so neither here. */
static void
deliver_shards(struct kinesis_op *op, const struct aws_error *error)
{
	static const struct kd_shard none;
	const struct kd_shard *rows = op->pages.count == 0 ? &none : op->pages.shards;
	bool good = error->fault == AWS_OK;

	op->cb.shards(error, good ? rows : NULL, good ? op->pages.count : 0, op->arg);
}

static void
deliver_consumers(struct kinesis_op *op, const struct aws_error *error)
{
	static const struct kd_consumer none;
	const struct kd_consumer *rows = op->pages.count == 0 ? &none : op->pages.consumers;
	bool good = error->fault == AWS_OK;

	op->cb.consumers(error, good ? rows : NULL, good ? op->pages.count : 0, op->arg);
}

static void
deliver_streams(struct kinesis_op *op, const struct aws_error *error)
{
	static const struct kinesis_stream none;
	const struct kinesis_stream *rows = op->pages.count == 0 ? &none : op->pages.streams;
	bool good = error->fault == AWS_OK;

	op->cb.streams(error, good ? rows : NULL, good ? op->pages.count : 0, op->arg);
}

/* Where there is no policy, AWS may say that it has not found one. */
static void
deliver_policy(struct kinesis_op *op, const struct aws_error *error)
{
	static const struct aws_error none = {.fault = AWS_OK, .retry_after_ms = -1};
	bool absent = error->fault == AWS_NOT_FOUND;

	op->cb.policy(absent ? &none : error, error->fault == AWS_OK ? op->pages.policy : NULL, op->arg);
}

static const struct kind describe_stream_summary = {
    .operation = "DescribeStreamSummary",
    .target = TARGET "DescribeStreamSummary",
    .subject_key = "StreamName",
    .parse = kinesis_parse_summary,
    .deliver = deliver_summary,
};
static const struct kind list_shards = {
    .operation = "ListShards",
    .target = TARGET "ListShards",
    .subject_key = "StreamName",
    .first = "\"ShardFilter\":{\"Type\":\"AT_LATEST\"}",
    .every = "\"MaxResults\":10000",
    .parse = kinesis_parse_shards,
    .row_size = sizeof(struct kd_shard),
    .deliver = deliver_shards,
};
static const struct kind list_stream_consumers = {
    .operation = "ListStreamConsumers",
    .target = TARGET "ListStreamConsumers",
    .subject_key = "StreamARN",
    .subject_always = true,
    .every = "\"MaxResults\":10000",
    .parse = kinesis_parse_consumers,
    .row_size = sizeof(struct kd_consumer),
    .deliver = deliver_consumers,
};
static const struct kind list_streams = {
    .operation = "ListStreams",
    .target = TARGET "ListStreams",
    .every = "\"Limit\":10000",
    .parse = kinesis_parse_streams,
    .row_size = sizeof(struct kinesis_stream),
    .deliver = deliver_streams,
};

static const struct kind get_resource_policy = {
    .operation = "GetResourcePolicy",
    .target = TARGET "GetResourcePolicy",
    .subject_key = "ResourceARN",
    .parse = kinesis_parse_policy,
    .deliver = deliver_policy,
};

/* ---- the request ---- */

/* A JSON string. What comes in is UTF-8: a checked name or what jansson has read. */
static void
add_quoted(struct str *body, const char *s)
{
	size_t plain;

	str_add_char(body, '"');
	while (*s != '\0') {
		for (plain = 0; (unsigned char)s[plain] >= 0x20 && s[plain] != '"' && s[plain] != '\\'; plain++)
			;
		str_add_len(body, s, plain);
		s += plain;
		if (*s == '"' || *s == '\\')
			str_printf(body, "\\%c", *s++);
		else if (*s != '\0')
			str_printf(body, "\\u%04x", (unsigned)*s++);
	}
	str_add_char(body, '"');
}

static void
add_member(struct str *body, const char *key, const char *value)
{
	str_add(body, body->len > 1 ? ",\"" : "\"");
	str_add(body, key);
	str_add(body, "\":");
	add_quoted(body, value);
}

static void
add_members(struct str *body, const char *members)
{
	if (members == NULL)
		return;
	if (body->len > 1)
		str_add_char(body, ',');
	str_add(body, members);
}

static void
build(struct str *body, const struct kinesis_op *op)
{
	const struct kind *kind = op->kind;
	const char *token = op->pages.next_token;

	str_add_char(body, '{');
	if (kind->subject_key != NULL && (token == NULL || kind->subject_always))
		add_member(body, kind->subject_key, op->subject);
	if (token == NULL)
		add_members(body, kind->first);
	else
		add_member(body, "NextToken", token);
	add_members(body, kind->every);
	str_add_char(body, '}');
}

static void answer_cb(const struct aws_error *error, const struct http_answer *answer, void *arg);

static void
send_page(struct kinesis_op *op)
{
	struct str body = {0};
	struct aws_request request = {
	    .service = "kinesis",
	    .operation = op->kind->operation,
	    .target = op->kind->target,
	    .content_type = "application/x-amz-json-1.1",
	    .urgent = op->urgent,
	    .deadline_ms = op->deadline_ms,
	};

	build(&body, op);
	request.body = body.s;
	request.body_len = body.len;
	op->call = aws_call_start(op->place, &request, answer_cb, op);
	str_free(&body);
}

/* ---- the answer ---- */

static void
finish(struct kinesis_op *op, const struct aws_error *error)
{
	op->kind->deliver(op, error);
	kinesis_cancel(op);
}

/* "the answer to ListShards of orders makes no sense: Shards[3]: ShardId is missing" */
static void
finish_bad(struct kinesis_op *op, const char *why)
{
	const char *subject = op->subject == NULL ? "" : op->subject;
	struct aws_error error;

	aws_error_set(&error, AWS_BAD_ANSWER, "the answer to %s%s%s makes no sense: %s", op->kind->operation,
	    *subject == '\0' ? "" : " of ", subject, why);
	if (op->pages.code != NULL)
		snprintf(error.code, sizeof(error.code), "%s", op->pages.code);
	finish(op, &error);
}

static void
take_page(struct kinesis_op *op, const struct http_answer *answer)
{
	static const struct aws_error good = {.fault = AWS_OK, .retry_after_ms = -1};
	size_t before = op->pages.count;
	char *why = NULL;
	int rc;

	rc = op->kind->parse(&op->pages, op->subject, answer->body, answer->body_len, &why);
	if (rc == 0)
		rc = kinesis_pages_check(&op->pages, before, op->kind->row_size, &why);
	if (rc == 0 && op->pages.next_token != NULL)
		rc = page_tokens_add(&op->tokens, op->pages.next_token, KINESIS_PAGES_MAX, &why);
	else if (rc == 0 && op->kind->row_size != 0)
		rc = kinesis_pages_sort(&op->pages, op->kind->row_size, &why);
	if (rc == -1)
		finish_bad(op, why);
	else if (op->pages.next_token != NULL)
		send_page(op);
	else
		finish(op, &good);
	free(why);
}

/* A NextToken lives 300 s (ListShards, NextToken): after a long wait for our pace the list is begun anew, once. */
static bool
wants_restart(const struct kinesis_op *op, const struct aws_error *error)
{
	return op->pages.next_token != NULL && !op->restarted && strcmp(error->code, "ExpiredNextTokenException") == 0;
}

static void
answer_cb(const struct aws_error *error, const struct http_answer *answer, void *arg)
{
	struct kinesis_op *op = arg;

	op->call = NULL;
	if (error->fault == AWS_OK) {
		take_page(op, answer);
	} else if (wants_restart(op, error)) {
		op->restarted = true;
		page_tokens_clear(&op->tokens);
		kinesis_pages_clear(&op->pages);
		send_page(op);
	} else {
		finish(op, error);
	}
}

/* ---- starting and dropping ---- */

static struct kinesis_op *
op_new(const struct kind *kind, struct aws_place *place, const char *subject, const struct kinesis_ask *ask, void *arg)
{
	struct kinesis_op *op = mem_new(1, sizeof(*op));

	op->kind = kind;
	op->place = place;
	op->subject = mem_strdup(subject);
	op->urgent = ask->urgent;
	op->deadline_ms = ask->deadline_ms;
	op->arg = arg;
	return op;
}

void
kinesis_cancel(struct kinesis_op *op)
{
	if (op == NULL)
		return;
	if (op->call != NULL)
		aws_call_cancel(op->call);
	kinesis_pages_clear(&op->pages);
	page_tokens_clear(&op->tokens);
	free(op->subject);
	free(op);
}

struct kinesis_op *
kinesis_describe_stream_summary(
    struct aws_place *place, const struct kinesis_ask *ask, kinesis_summary_cb cb, void *arg)
{
	struct kinesis_op *op = op_new(&describe_stream_summary, place, ask->stream, ask, arg);

	op->cb.summary = cb;
	send_page(op);
	return op;
}

struct kinesis_op *
kinesis_list_shards(struct aws_place *place, const struct kinesis_ask *ask, kinesis_shards_cb cb, void *arg)
{
	struct kinesis_op *op = op_new(&list_shards, place, ask->stream, ask, arg);

	op->cb.shards = cb;
	send_page(op);
	return op;
}

struct kinesis_op *
kinesis_list_stream_consumers(
    struct aws_place *place, const char *arn, const struct kinesis_ask *ask, kinesis_consumers_cb cb, void *arg)
{
	struct kinesis_op *op = op_new(&list_stream_consumers, place, arn, ask, arg);

	op->cb.consumers = cb;
	send_page(op);
	return op;
}

struct kinesis_op *
kinesis_list_streams(struct aws_place *place, const struct kinesis_ask *ask, kinesis_streams_cb cb, void *arg)
{
	struct kinesis_op *op = op_new(&list_streams, place, NULL, ask, arg);

	op->cb.streams = cb;
	send_page(op);
	return op;
}

struct kinesis_op *
kinesis_get_resource_policy(
    struct aws_place *place, const char *arn, const struct kinesis_ask *ask, kinesis_policy_cb cb, void *arg)
{
	struct kinesis_op *op = op_new(&get_resource_policy, place, arn, ask, arg);

	op->cb.policy = cb;
	send_page(op);
	return op;
}
