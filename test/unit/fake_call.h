/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_call: the client as an AWS operation knows it (aws_call_start, aws_call_cancel), played by its test: one call at a time, which the test looks at and answers. Who includes
 * it says first what every request must be: FAKE_SERVICE and FAKE_CONTENT_TYPE.
 */
#ifndef KDIAG_TEST_FAKE_CALL_H
#define KDIAG_TEST_FAKE_CALL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/aws/client.h"

/* What was asked. */
struct aws_call {
	aws_call_cb cb;
	void *arg;
	char *operation, *target, *body; /* target: NULL where the protocol has none */
	uint64_t metrics;
	double weight;
	bool urgent;
	int64_t deadline_ms;
};

static struct aws_call *under_way; /* NULL: none */
static unsigned started, cancelled;

static inline void
call_free(struct aws_call *call)
{
	free(call->operation);
	free(call->target);
	free(call->body);
	free(call);
}

struct aws_call *
aws_call_start(struct aws_place *place, const struct aws_request *request, aws_call_cb cb, void *arg)
{
	assert_null(place);
	assert_null(under_way);
	assert_string_equal(request->service, FAKE_SERVICE);
	assert_string_equal(request->content_type, FAKE_CONTENT_TYPE);
	assert_int_equal(strlen(request->body), request->body_len);
	under_way = mem_new(1, sizeof(*under_way));
	under_way->cb = cb;
	under_way->arg = arg;
	under_way->operation = mem_strdup(request->operation);
	under_way->target = mem_strdup(request->target);
	under_way->body = mem_strdup(request->body);
	under_way->metrics = request->metrics;
	under_way->weight = request->weight;
	under_way->urgent = request->urgent;
	under_way->deadline_ms = request->deadline_ms;
	started++;
	return under_way;
}

void
aws_call_cancel(struct aws_call *call)
{
	assert_ptr_equal(call, under_way);
	under_way = NULL;
	cancelled++;
	call_free(call);
}

/* The operation may start its next call from within. */
static inline void
answer(const struct aws_error *error, const struct http_answer *http)
{
	struct aws_call *call = under_way;

	assert_non_null(call);
	under_way = NULL;
	call->cb(error, http, call->arg);
	call_free(call);
}

static inline void
reply_len(const char *body, size_t len)
{
	const struct aws_error good = {.fault = AWS_OK, .retry_after_ms = -1};
	const struct http_answer http = {.status = 200, .body = body, .body_len = len};

	answer(&good, &http);
}

static inline void
reply(const char *body)
{
	reply_len(body, strlen(body));
}

/* code: what AWS calls it. */
static inline void
reply_code(enum aws_fault fault, const char *code)
{
	struct aws_error error;

	aws_error_set(&error, fault, "the sentence");
	snprintf(error.code, sizeof(error.code), "%s", code);
	answer(&error, NULL);
}

static inline void
reply_error(enum aws_fault fault)
{
	reply_code(fault, "");
}

#endif
