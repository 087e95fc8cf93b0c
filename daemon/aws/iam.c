/* SPDX-License-Identifier: Apache-2.0 */
/* iam: what is asked of IAM, and page after page until the last. */
#include "daemon/aws/iam.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "daemon/aws/form.h"
#include "daemon/aws/page_tokens.h"

#define IAM_VERSION "2010-05-08"

struct iam_op {
	enum iam_operation operation;
	struct aws_place *place;
	struct aws_call *call;
	char *name, *detail;
	char **actions;
	size_t actions_count;
	bool urgent;
	int64_t deadline_ms;
	struct iam_result result;
	struct page_tokens seen;
	iam_cb cb;
	void *arg;
};

/* ---- the request ---- */

static void
build(struct str *form, const struct iam_op *op)
{
	char key[40];

	form_begin(form, iam_parse_operation_name(op->operation), IAM_VERSION);
	form_add(form, iam_parse_name_key(op->operation), op->name);
	if (op->detail != NULL && iam_parse_detail_key(op->operation) != NULL)
		form_add(form, iam_parse_detail_key(op->operation), op->detail);
	for (size_t i = 0; i < op->actions_count; i++) {
		(void)snprintf(key, sizeof(key), "ActionNames.member.%zu", i + 1);
		form_add(form, key, op->actions[i]);
	}
	if (iam_parse_is_list(op->operation))
		str_add(form, "&MaxItems=1000");
	if (op->result.marker != NULL)
		form_add(form, "Marker", op->result.marker);
}

static void answer_cb(const struct aws_error *error, const struct http_answer *answer, void *arg);

static void
send_page(struct iam_op *op)
{
	struct str form = {0};
	struct aws_request request = {
	    .service = "iam",
	    .operation = iam_parse_operation_name(op->operation),
	    .content_type = FORM_CONTENT_TYPE,
	    .urgent = op->urgent,
	    .deadline_ms = op->deadline_ms,
	};

	build(&form, op);
	request.body = form.s;
	request.body_len = form.len;
	op->call = aws_call_start(op->place, &request, answer_cb, op);
	str_free(&form);
}

/* ---- the answer ---- */

static void
finish(struct iam_op *op, const struct aws_error *error)
{
	op->cb(error, error->fault == AWS_OK ? &op->result : NULL, op->arg);
	iam_cancel(op);
}

static void
take_page(struct iam_op *op, const struct http_answer *answer)
{
	static const struct aws_error good = {.fault = AWS_OK, .retry_after_ms = -1};
	struct aws_error bad;
	char *why = NULL;
	int rc =
	    iam_parse_answer(op->operation, op->name, op->detail, answer->body, answer->body_len, &op->result, &why);

	if (rc == 0 && op->result.marker != NULL)
		rc = page_tokens_add(&op->seen, op->result.marker, IAM_PAGES_MAX, &why);
	if (rc != 0)
		finish(op, aws_error_set(&bad, AWS_BAD_ANSWER, "the answer to iam:%s of %s makes no sense: %s",
			       iam_parse_operation_name(op->operation), op->name, why));
	else if (op->result.marker != NULL)
		send_page(op);
	else
		finish(op, &good);
	free(why);
}

static void
answer_cb(const struct aws_error *error, const struct http_answer *answer, void *arg)
{
	struct iam_op *op = arg;

	op->call = NULL;
	if (error->fault == AWS_OK)
		take_page(op, answer);
	else
		finish(op, error);
}

/* ---- starting and dropping ---- */

struct iam_op *
iam_start(struct aws_place *place, const struct iam_ask *ask, iam_cb cb, void *arg)
{
	struct iam_op *op = mem_new(1, sizeof(*op));

	op->operation = ask->operation;
	op->place = place;
	op->name = mem_strdup(ask->name);
	op->detail = mem_strdup(ask->detail);
	op->actions = mem_new(ask->actions_count, sizeof(*op->actions));
	for (; op->actions_count < ask->actions_count; op->actions_count++)
		op->actions[op->actions_count] = mem_strdup(ask->actions[op->actions_count]);
	op->urgent = ask->urgent;
	op->deadline_ms = ask->deadline_ms;
	op->cb = cb;
	op->arg = arg;
	send_page(op);
	return op;
}

void
iam_cancel(struct iam_op *op)
{
	if (op == NULL)
		return;
	if (op->call != NULL)
		aws_call_cancel(op->call);
	for (size_t i = 0; i < op->actions_count; i++)
		free(op->actions[i]);
	free(op->actions);
	iam_parse_clear(&op->result);
	page_tokens_clear(&op->seen);
	free(op->name);
	free(op->detail);
	free(op);
}
