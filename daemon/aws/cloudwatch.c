/* SPDX-License-Identifier: Apache-2.0 */
/* cloudwatch: what is asked of CloudWatch, and page after page of the answer. */
#include "daemon/aws/cloudwatch.h"

#include <assert.h>
#include <stdlib.h>

#include "common/json_text.h"
#include "common/mem.h"
#include "daemon/aws/cloudwatch_parse.h"
#include "daemon/aws/page_tokens.h"

#define OPERATION "GetMetricData"
#define NAMESPACE "AWS/Kinesis"

struct cloudwatch_op {
	struct aws_place *place;
	struct aws_call *call;
	struct str body; /* without its end: what every page is asked for with */
	bool urgent;
	int64_t deadline_ms;
	struct cloudwatch_pages pages;
	size_t came;     /* points and complete series, with the last page */
	unsigned barren; /* pages in a row that brought none */
	size_t points;
	struct page_tokens tokens;
	cloudwatch_cb cb;
	void *arg;
};

/* ---- the request ---- */

static void
write_dimension(struct str *body, const char *name, const char *value)
{
	str_add(body, "{\"Name\":");
	json_text_string(body, name);
	str_add(body, ",\"Value\":");
	json_text_string(body, value);
	str_add_char(body, '}');
}

/* There are hundreds of them in a body: what is the same in all is added as it stands. */
static void
write_query(struct str *body, const struct cloudwatch_query *query, size_t index)
{
	char id[CLOUDWATCH_ID_SIZE];

	str_add(body, index > 0 ? ",{\"Id\":\"" : "{\"Id\":\"");
	str_add(body, cloudwatch_id(index, id));
	str_add(body, "\",\"MetricStat\":{\"Metric\":{\"Namespace\":\"" NAMESPACE "\",\"MetricName\":");
	json_text_string(body, query->metric);
	str_add(body, ",\"Dimensions\":[");
	write_dimension(body, "StreamName", query->stream);
	if (query->dimension != NULL) {
		str_add_char(body, ',');
		write_dimension(body, query->dimension, query->subject);
	}
	str_add(body, "]}");
	json_text_set_integer(body, "Period", query->period_s);
	json_text_set(body, "Stat", query->stat);
	str_add(body, "}}");
}

static void
write_body(struct str *body, const struct cloudwatch_ask *ask, const struct cloudwatch_query *queries, size_t count)
{
	size_t i;

	json_text_open(body, '{');
	json_text_set_integer(body, "StartTime", ask->start_ms / 1000);
	json_text_set_integer(body, "EndTime", ask->end_ms / 1000);
	json_text_set(body, "ScanBy", "TimestampAscending");
	json_text_key(body, "MetricDataQueries");
	json_text_open(body, '[');
	for (i = 0; i < count; i++)
		write_query(body, &queries[i], i);
	json_text_close(body, ']');
}

static void answer_cb(const struct aws_error *error, const struct http_answer *answer, void *arg);

/* The next page is asked for with all that the first was: API reference, GetMetricData, NextToken. */
static void
send_page(struct cloudwatch_op *op)
{
	struct str body = {0};
	struct aws_request request = {
	    .service = "monitoring",
	    .operation = OPERATION,
	    .target = "GraniteServiceVersion20100801." OPERATION,
	    .content_type = "application/x-amz-json-1.0",
	    .urgent = op->urgent,
	    .deadline_ms = op->deadline_ms,
	    .metrics = op->pages.count,
	    .weight = (double)op->points / CLOUDWATCH_POINTS_A_CALL,
	};

	str_add_len(&body, op->body.s, op->body.len);
	if (op->pages.next_token != NULL)
		json_text_set(&body, "NextToken", op->pages.next_token);
	json_text_close(&body, '}');
	request.body = body.s;
	request.body_len = body.len;
	op->call = aws_call_start(op->place, &request, answer_cb, op);
	str_free(&body);
}

/* ---- the answer ---- */

static void
finish(struct cloudwatch_op *op, const struct aws_error *error)
{
	op->cb(error, op->pages.series, op->pages.count, op->arg);
	cloudwatch_cancel(op);
}

/* A series over which AWS fails is promised on the next page again and again; the others must not be paid for a hundred times. */
static bool
is_barren(struct cloudwatch_op *op)
{
	size_t came = 0;

	for (size_t i = 0; i < op->pages.count; i++)
		came += op->pages.series[i].known + (op->pages.series[i].status == CLOUDWATCH_COMPLETE);
	op->barren = came > op->came ? 0 : op->barren + 1;
	op->came = came;
	return op->barren >= CLOUDWATCH_BARREN_MAX;
}

static bool
is_told_of_all(const struct cloudwatch_pages *pages)
{
	for (size_t i = 0; i < pages->count; i++)
		if (pages->series[i].status == CLOUDWATCH_ABSENT)
			return false;
	return true;
}

static void
take_page(struct cloudwatch_op *op, const struct http_answer *answer)
{
	static const struct aws_error good = {.fault = AWS_OK, .retry_after_ms = -1};
	struct aws_error bad;
	char *why = NULL;
	int rc = cloudwatch_parse(&op->pages, answer->body, answer->body_len, &why);

	if (rc == 0 && op->pages.next_token != NULL)
		rc = page_tokens_add(&op->tokens, op->pages.next_token, CLOUDWATCH_PAGES_MAX, &why);
	if (rc == 0 && op->pages.next_token != NULL && is_barren(op)) {
		if (is_told_of_all(&op->pages)) {
			finish(op, &good);
			return;
		}
		rc = cause_set(&why, "%d pages in a row brought nothing new", CLOUDWATCH_BARREN_MAX);
	}
	if (rc == -1)
		finish(op, aws_error_set(&bad, AWS_BAD_ANSWER, "the answer to " OPERATION " makes no sense: %s", why));
	else if (op->pages.next_token != NULL)
		send_page(op);
	else
		finish(op, &good);
	free(why);
}

static void
answer_cb(const struct aws_error *error, const struct http_answer *answer, void *arg)
{
	struct cloudwatch_op *op = arg;

	op->call = NULL;
	if (error->fault == AWS_OK)
		take_page(op, answer);
	else
		finish(op, error);
}

/* ---- starting and dropping ---- */

static size_t
count_points(const struct cloudwatch_pages *pages)
{
	size_t i, points = 0;

	for (i = 0; i < pages->count; i++)
		points += pages->series[i].count;
	return points;
}

struct cloudwatch_op *
cloudwatch_get_metric_data(struct aws_place *place, const struct cloudwatch_ask *ask,
    const struct cloudwatch_query *queries, size_t count, cloudwatch_cb cb, void *arg)
{
	struct cloudwatch_op *op = mem_new(1, sizeof(*op));

	assert(count >= 1 && count <= CLOUDWATCH_QUERIES_MAX);
	op->place = place;
	op->urgent = ask->urgent;
	op->deadline_ms = ask->deadline_ms;
	op->cb = cb;
	op->arg = arg;
	cloudwatch_pages_init(&op->pages, ask, queries, count);
	op->points = count_points(&op->pages);
	write_body(&op->body, ask, queries, count);
	send_page(op);
	return op;
}

void
cloudwatch_cancel(struct cloudwatch_op *op)
{
	if (op == NULL)
		return;
	if (op->call != NULL)
		aws_call_cancel(op->call);
	page_tokens_clear(&op->tokens);
	cloudwatch_pages_clear(&op->pages);
	str_free(&op->body);
	free(op);
}
