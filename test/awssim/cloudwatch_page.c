/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloudwatch_page: owns how far each query has been answered: a NextToken says it, and the same queries must come with
 * it. Knows nothing of what the points are.
 */
#include "test/awssim/cloudwatch_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "common/mem.h"
#include "common/str.h"
#include "test/awssim/answer.h"
#include "test/awssim/cloudwatch_query.h"

/* What is left of the queries of a call. */
struct page {
	uint64_t digest; /* of the input without its token */
	size_t count;
	bool open[CLOUDWATCH_QUERIES_MAX];   /* is it still to be answered? */
	size_t told[CLOUDWATCH_QUERIES_MAX]; /* how many of its points have been */
};

/* ---- tokens ---- */

static uint64_t
digest_input(const struct call *call)
{
	json_t *input = json_copy(call->input);
	uint64_t digest = 0xcbf29ce484222325u; /* FNV-1a */
	char *text;

	json_object_del(input, "NextToken");
	text = json_dumps(input, JSON_COMPACT | JSON_SORT_KEYS);
	for (const char *s = text; s != NULL && *s != '\0'; s++)
		digest = (digest ^ (unsigned char)*s) * 0x100000001b3u;
	free(text);
	json_decref(input);
	return digest;
}

/* The caller's: "DIGEST QUERY:TOLD QUERY:TOLD …" in base64; NULL: nothing is left. */
static char *
write_token(const struct page *page)
{
	struct str plain = {0};
	char *token = NULL;
	size_t left = 0;

	str_printf(&plain, "%016llx", (unsigned long long)page->digest);
	for (size_t i = 0; i < page->count; i++) {
		if (!page->open[i])
			continue;
		str_printf(&plain, " %zu:%zu", i, page->told[i]);
		left++;
	}
	if (left > 0) {
		token = mem_new(plain.len * 4 / 3 + 5, 1);
		EVP_EncodeBlock((unsigned char *)token, (const unsigned char *)plain.s, (int)plain.len);
	}
	str_free(&plain);
	return token;
}

/* 0, or -1: it is none of ours, or one of another input. */
static int
read_left(struct page *page, const char *plain)
{
	unsigned long long digest;
	int used = 0;

	memset(page->open, 0, sizeof(page->open));
	if (sscanf(plain, "%16llx%n", &digest, &used) != 1 || digest != page->digest)
		return -1;
	for (plain += used; *plain != '\0'; plain += used) {
		size_t query, told;

		if (sscanf(plain, " %zu:%zu%n", &query, &told, &used) != 2 || query >= page->count)
			return -1;
		page->open[query] = true;
		page->told[query] = told;
	}
	return 0;
}

static int
read_token(struct page *page, const char *token)
{
	size_t len = strlen(token);
	char *plain = mem_new(len + 1, 1);
	int rc = -1;

	if (len < 1000000 && EVP_DecodeBlock((unsigned char *)plain, (const unsigned char *)token, (int)len) > 0)
		rc = read_left(page, plain);
	free(plain);
	return rc;
}

/* ---- one query ---- */

enum status { COMPLETE, PARTIAL, INTERNAL_ERROR, FORBIDDEN };

static const char *const status_names[] = {"Complete", "PartialData", "InternalError", "Forbidden"};

static enum status
draw_fault(struct call *call, const struct cloudwatch_query *query)
{
	const struct fault *fault = faults_strike_metric(call->sim->scenario->faults, call->service->name,
	    call->operation->name, query->stream, query->metric_name, call_elapsed_ms(call->sim));

	if (fault == NULL)
		return COMPLETE;
	if (fault->kind == FAULT_PARTIAL_DATA)
		return PARTIAL;
	return fault->kind == FAULT_FORBIDDEN ? FORBIDDEN : INTERNAL_ERROR;
}

static json_t *
write_result(
    const struct cloudwatch_query *query, const struct cloudwatch_point *points, size_t count, enum status status)
{
	json_t *times = json_array(), *values = json_array(),
	       *result = json_pack(
		   "{s:s, s:s, s:s}", "Id", query->id, "Label", query->label, "StatusCode", status_names[status]);

	for (size_t i = 0; i < count; i++) {
		json_array_append_new(times, json_real((double)points[i].ms / 1000));
		json_array_append_new(values, json_real(points[i].value));
	}
	json_object_set_new(result, "Timestamps", times);
	json_object_set_new(result, "Values", values);
	if (status == FORBIDDEN)
		json_object_set_new(result, "Messages",
		    json_pack("[{s:s, s:s}]", "Code", "Forbidden", "Value", "The caller may not read this metric."));
	return result;
}

/* The query's part of this page, of which `room` points are left; what remains of it stays open. */
static json_t *
answer_query(struct call *call, struct page *page, size_t number, size_t *room)
{
	struct cloudwatch_query query;
	struct cloudwatch_point *points;
	enum status status;
	size_t count, told = page->told[number], take;
	json_t *result;

	cloudwatch_query_read(&query, call, json_array_get(json_object_get(call->input, "MetricDataQueries"), number));
	points = cloudwatch_query_points(&query, call, &count);
	status = draw_fault(call, &query);
	take = told < count ? count - told : 0;
	if (status == INTERNAL_ERROR || status == FORBIDDEN)
		take = 0;
	else if (status == PARTIAL)
		take = (take + 1) / 2;
	if (take > *room)
		take = *room;
	*room -= take;
	page->told[number] = told + take;
	page->open[number] = status == INTERNAL_ERROR || (status != FORBIDDEN && told + take < count);
	if (status == COMPLETE || status == PARTIAL)
		status = page->open[number] ? PARTIAL : COMPLETE;
	result = write_result(&query, points + told, take, status);
	free(points);
	return result;
}

/* ---- the page ---- */

static size_t
page_room(const struct call *call)
{
	int64_t room = call_integer(call, "MaxDatapoints", CLOUDWATCH_POINTS_MAX);

	if (call->fault != NULL && call->fault->kind == FAULT_SMALL_PAGES && call->fault->size < room)
		room = call->fault->size;
	return (size_t)room;
}

static void
send_page(struct call *call, struct page *page)
{
	char *before = write_token(page), *after;
	json_t *results = json_array(), *answer;
	size_t room = page_room(call);

	for (size_t i = 0; i < page->count; i++)
		if (page->open[i])
			json_array_append_new(results, answer_query(call, page, i, &room));
	after = write_token(page);
	answer = json_pack("{s:o, s:[]}", "MetricDataResults", results, "Messages");
	if (call->fault != NULL && call->fault->kind == FAULT_ENDLESS_NEXT_TOKEN)
		json_object_set_new(answer, "NextToken", json_string(before));
	else if (after != NULL)
		json_object_set_new(answer, "NextToken", json_string(after));
	answer_json_taken(call, answer);
	free(before);
	free(after);
}

void
cloudwatch_page_answer(struct call *call)
{
	const char *token = call_string(call, "NextToken");
	struct page page = {
	    .digest = digest_input(call), .count = json_array_size(json_object_get(call->input, "MetricDataQueries"))};

	for (size_t i = 0; i < page.count; i++)
		page.open[i] = true;
	if (token != NULL && read_token(&page, token) != 0) {
		answer_error(call, 400, "InvalidNextToken", "The value for parameter NextToken is invalid.");
		return;
	}
	call->sim->stats.metrics_asked += page.count;
	send_page(call, &page);
}
