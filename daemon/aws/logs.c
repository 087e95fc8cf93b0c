/* SPDX-License-Identifier: Apache-2.0 */
/* logs: what is asked of CloudWatch Logs, and page after page until the last or enough. What an answer means is logs_parse.c's affair. */
#include "daemon/aws/logs.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/mem.h"
#include "daemon/aws/logs_parse.h"

enum {
	GROUPS_LIMIT = 50, /* API reference, DescribeLogGroups: the most of a page */
	PAGES_MAX = 1000,  /* no span of ours takes so many: an answer without end */
};

struct logs_op {
	struct aws_place *place;
	struct aws_call *call;
	char *subject; /* the group's name or the prefix */
	char *filter;
	char *token; /* of the page under way; NULL: the first */
	bool urgent;
	int64_t deadline_ms;
	int64_t from_ms, until_ms;
	size_t events_max, bytes_max, empty;
	struct logs_outcome outcome;
	char **names;
	size_t names_count;
	logs_events_cb events;
	logs_done_cb done;
	logs_groups_cb groups; /* NULL: the operation is FilterLogEvents */
	void *arg;
};

static const char *
operation_of(const struct logs_op *op)
{
	return op->groups != NULL ? "DescribeLogGroups" : "FilterLogEvents";
}

/* ---- the request ---- */

/* startTime and endTime are both inclusive (API reference). The token goes beside the first parameters, which must be the same again. */
static json_t *
build_filter(const struct logs_op *op)
{
	json_t *body = json_object();

	json_set_text(body, "logGroupName", op->subject);
	json_object_set_new(body, "startTime", json_integer(op->from_ms));
	json_object_set_new(body, "endTime", json_integer(op->until_ms - 1));
	json_object_set_new(body, "limit", json_integer(LOGS_PAGE_EVENTS));
	if (op->filter != NULL)
		json_set_text(body, "filterPattern", op->filter);
	return body;
}

static json_t *
build_groups(const struct logs_op *op)
{
	json_t *body = json_object();

	if (*op->subject != '\0')
		json_set_text(body, "logGroupNamePrefix", op->subject);
	json_object_set_new(body, "limit", json_integer(GROUPS_LIMIT));
	return body;
}

static void answer_cb(const struct aws_error *error, const struct http_answer *answer, void *arg);

static void
send_page(struct logs_op *op)
{
	json_t *body = op->groups != NULL ? build_groups(op) : build_filter(op);
	char *text, *target = mem_printf("Logs_20140328.%s", operation_of(op));
	struct aws_request request = {
	    .service = "logs",
	    .operation = operation_of(op),
	    .target = target,
	    .content_type = "application/x-amz-json-1.1",
	    .urgent = op->urgent,
	    .deadline_ms = op->deadline_ms,
	};

	if (op->token != NULL)
		json_set_text(body, "nextToken", op->token);
	text = json_line(body);
	request.body = text;
	request.body_len = strlen(text);
	op->call = aws_call_start(op->place, &request, answer_cb, op);
	json_decref(body);
	free(text);
	free(target);
}

/* ---- the answer ---- */

static void
finish(struct logs_op *op, const struct aws_error *error)
{
	bool good = error->fault == AWS_OK;

	if (op->groups != NULL)
		op->groups(error, good ? (const char *const *)op->names : NULL, good ? op->names_count : 0,
		    op->names_count == LOGS_GROUPS_MAX && !op->outcome.complete, op->arg);
	else
		op->done(error, good ? &op->outcome : NULL, op->arg);
	logs_cancel(op);
}

/* "the answer to FilterLogEvents of /aws/lambda/orders makes no sense: events[3]: timestamp is missing" */
static void
finish_bad(struct logs_op *op, const char *why)
{
	struct aws_error error;

	aws_error_set(
	    &error, AWS_BAD_ANSWER, "the answer to %s of %s makes no sense: %s", operation_of(op), op->subject, why);
	finish(op, &error);
}

static void
take_events(struct logs_op *op, const struct logs_page *page)
{
	op->outcome.events += page->count;
	op->outcome.bytes += page->bytes;
	op->empty = page->count == 0 ? op->empty + 1 : 0;
	for (size_t i = 0; i < page->count; i++)
		if (page->events[i].ms > op->outcome.read_ms)
			op->outcome.read_ms = page->events[i].ms;
	if (page->count > 0)
		op->events(page->events, page->count, op->arg);
}

static void
take_names(struct logs_op *op, const struct logs_page *page)
{
	for (size_t i = 0; i < page->count && op->names_count < LOGS_GROUPS_MAX; i++) {
		op->names = mem_resize(op->names, op->names_count + 1, sizeof(*op->names));
		op->names[op->names_count++] = mem_strdup(page->names[i]);
	}
}

static bool
is_enough(const struct logs_op *op)
{
	if (op->groups != NULL)
		return op->names_count == LOGS_GROUPS_MAX;
	return op->outcome.events >= op->events_max || op->outcome.bytes >= op->bytes_max ||
	       op->empty >= LOGS_EMPTY_PAGES_MAX;
}

/* Whether a next page is to be asked for; -1 with a sentence: it would lead nowhere. */
static int
wants_more(struct logs_op *op, const char *token, char **cause)
{
	if (token == NULL) {
		op->outcome.complete = true;
		op->outcome.read_ms = op->until_ms;
		return 0;
	}
	if (is_enough(op))
		return 0;
	if (op->token != NULL && strcmp(op->token, token) == 0)
		return cause_set(cause, "the same nextToken came twice");
	if (op->outcome.pages >= PAGES_MAX)
		return cause_set(cause, "nextToken led on after %d pages", PAGES_MAX);
	free(op->token);
	op->token = mem_strdup(token);
	return 1;
}

static void
take_page(struct logs_op *op, const struct http_answer *answer)
{
	static const struct aws_error good = {.fault = AWS_OK, .retry_after_ms = -1};
	struct logs_page page = {0};
	char *why = NULL;
	int rc;

	rc = op->groups != NULL ? logs_parse_groups(&page, answer->body, answer->body_len, &why)
				: logs_parse_events(&page, answer->body, answer->body_len, &why);
	if (rc == 0) {
		op->outcome.pages++;
		if (op->groups != NULL)
			take_names(op, &page);
		else
			take_events(op, &page);
		rc = wants_more(op, page.next_token, &why);
	}
	logs_page_clear(&page);
	if (rc == -1)
		finish_bad(op, why);
	else if (rc == 1)
		send_page(op);
	else
		finish(op, &good);
	free(why);
}

static void
answer_cb(const struct aws_error *error, const struct http_answer *answer, void *arg)
{
	struct logs_op *op = arg;

	op->call = NULL;
	if (error->fault == AWS_OK)
		take_page(op, answer);
	else
		finish(op, error);
}

/* ---- starting and dropping ---- */

struct logs_op *
logs_filter_events(
    struct aws_place *place, const struct logs_span *span, logs_events_cb events, logs_done_cb done, void *arg)
{
	struct logs_op *op = mem_new(1, sizeof(*op));

	op->place = place;
	op->subject = mem_strdup(span->group);
	op->filter = mem_strdup(span->filter);
	op->urgent = span->urgent;
	op->deadline_ms = span->deadline_ms;
	op->from_ms = op->outcome.read_ms = span->from_ms;
	op->until_ms = span->until_ms;
	op->events_max = span->events_max;
	op->bytes_max = span->bytes_max;
	op->events = events;
	op->done = done;
	op->arg = arg;
	send_page(op);
	return op;
}

struct logs_op *
logs_describe_groups(struct aws_place *place, const char *prefix, bool urgent, logs_groups_cb cb, void *arg)
{
	struct logs_op *op = mem_new(1, sizeof(*op));

	op->place = place;
	op->subject = mem_strdup(prefix);
	op->urgent = urgent;
	op->groups = cb;
	op->arg = arg;
	send_page(op);
	return op;
}

void
logs_cancel(struct logs_op *op)
{
	if (op == NULL)
		return;
	if (op->call != NULL)
		aws_call_cancel(op->call);
	for (size_t i = 0; i < op->names_count; i++)
		free(op->names[i]);
	free(op->names);
	free(op->subject);
	free(op->filter);
	free(op->token);
	free(op);
}
