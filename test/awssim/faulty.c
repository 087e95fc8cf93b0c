/* SPDX-License-Identifier: Apache-2.0 */
/* faulty: owns the doing of each fault; knows no operation but for the names of their members. */
#include "test/awssim/faulty.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "test/awssim/answer.h"

/* ---- instead of an answer ---- */

static void
say_html(struct call *call)
{
	answer_text(call, 500, "text/html",
	    "<html>\n<head><title>500 Internal Server Error</title></head>\n<body>\n<center><h1>500 Internal Server "
	    "Error</h1></center>\n<hr><center>awssim</center>\n</body>\n</html>\n");
}

static void
say_unavailable(struct call *call)
{
	answer_text(call, 503, "text/plain", "Service Unavailable\n");
}

static void
say_denied(struct call *call)
{
	const char *arn = call->identity == NULL ? "" : call->identity->arn,
		   *prefix = call->service->prefix_iam == NULL ? call->service->name : call->service->prefix_iam;
	bool query = call->service->protocol == SERVICE_QUERY;
	char *resource =
	    call->identity == NULL || call->stream == NULL
		? mem_strdup("*")
		: mem_printf("arn:aws:kinesis:%s:%s:stream/%s", call->region, call->identity->account, call->stream);

	answer_error(call, query || call->service->protocol == SERVICE_METADATA ? 403 : 400, "AccessDeniedException",
	    "User: %s is not authorized to perform: %s:%s on resource: %s because no identity-based policy allows the "
	    "%s:%s action",
	    arn, prefix, call->operation->name, resource, prefix, call->operation->name);
	free(resource);
}

static void
say_not_found(struct call *call)
{
	bool json = call->service->protocol == SERVICE_JSON;

	answer_error(call, json ? 400 : 404, json ? "ResourceNotFoundException" : "NoSuchEntity",
	    "Stream %s under account %s not found.", call->stream == NULL ? "" : call->stream,
	    call->sim->scenario->account);
}

static void
say_expired(struct call *call)
{
	int status = call->service->protocol == SERVICE_JSON    ? 400
		     : call->service->protocol == SERVICE_QUERY ? 403
								: 401;

	answer_error(call, status, "ExpiredTokenException", "The security token included in the request is expired");
}

static void
say_nothing(struct call *call)
{
	answer_text(call, 200, call->service->content_type, "");
}

static void
go_way(struct call *call, enum wire_way way)
{
	struct wire_answer answer = {.status = 200, .way = way};
	struct evbuffer *body = evbuffer_new();

	answer_send(call, &answer, NULL, body);
	evbuffer_free(body);
}

static void
go_reset(struct call *call)
{
	go_way(call, WIRE_RESET);
}

static void
go_hang(struct call *call)
{
	go_way(call, WIRE_HANG);
}

static void (*const instead[])(struct call *call) = {
    [FAULT_THROTTLE] = answer_throttled,
    [FAULT_HTTP500_HTML] = say_html,
    [FAULT_HTTP503] = say_unavailable,
    [FAULT_ACCESS_DENIED] = say_denied,
    [FAULT_NOT_FOUND] = say_not_found,
    [FAULT_EXPIRED_TOKEN] = say_expired,
    [FAULT_EMPTY_BODY] = say_nothing,
    [FAULT_HANG] = go_hang,
    [FAULT_RESET] = go_reset,
    [FAULT_KINDS - 1] = NULL,
};

bool
faulty_answer(struct call *call)
{
	if (call->fault == NULL || instead[call->fault->kind] == NULL)
		return false;
	instead[call->fault->kind](call);
	return true;
}

/* ---- to the JSON ---- */

/* A scalar as one of another type; NULL for an array or object. */
static json_t *
swap_type(const json_t *value)
{
	if (json_is_string(value))
		return json_integer(42);
	if (json_is_number(value))
		return json_string("many");
	return json_is_boolean(value) ? json_string("perhaps") : NULL;
}

static void
swap_types(json_t *value)
{
	const char *key;
	json_t *member, *other;
	size_t i;

	json_object_foreach(value, key, member)
	{
		if ((other = swap_type(member)) != NULL)
			json_object_set_new(value, key, other);
		else
			swap_types(member);
	}
	json_array_foreach(value, i, member)
	{
		if ((other = swap_type(member)) != NULL)
			json_array_set_new(value, i, other);
		else
			swap_types(member);
	}
}

static void
rename_streams(json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	json_object_foreach(value, key, member)
	{
		if (json_is_string(member) && strcmp(key, "StreamName") == 0)
			json_object_set_new(value, key, json_sprintf("other-%s", json_string_value(member)));
		else if (json_is_string(member) && strcmp(key, "StreamARN") == 0)
			json_object_set_new(value, key, json_sprintf("%s-other", json_string_value(member)));
		else
			rename_streams(member);
	}
	json_array_foreach(value, i, member) rename_streams(member);
}

json_t *
faulty_bend_json(struct call *call, json_t *result)
{
	if (call->fault != NULL && call->fault->kind == FAULT_WRONG_TYPE)
		swap_types(result);
	if (call->fault != NULL && call->fault->kind == FAULT_OTHER_STREAM)
		rename_streams(result);
	return result;
}

/* ---- to the bytes ---- */

enum { CHUNK = 64 * 1024 };

/* The same memory over and over: a hundred answers of 20 MB take none. */
static void
add_padding(struct evbuffer *body, int64_t size)
{
	static char chunk[CHUNK];

	if (chunk[0] == '\0')
		memset(chunk, 'x', sizeof(chunk));
	for (; size > 0; size -= CHUNK)
		evbuffer_add_reference(body, chunk, size < CHUNK ? (size_t)size : CHUNK, NULL, NULL);
}

/* Puts the padding where the body stays well-formed: a member of its own, or a comment at the end. */
static void
make_huge(struct call *call, struct evbuffer *body)
{
	struct evbuffer *rest = evbuffer_new();

	evbuffer_add_buffer(rest, body);
	if (call->service->protocol == SERVICE_JSON && evbuffer_get_length(rest) > 2) {
		evbuffer_drain(rest, 1); /* its { */
		evbuffer_add(body, "{\"Padding\":\"", strlen("{\"Padding\":\""));
		add_padding(body, call->fault->size);
		evbuffer_add(body, "\",", 2);
		evbuffer_add_buffer(body, rest);
	} else {
		evbuffer_add_buffer(body, rest);
		evbuffer_add(body, "<!--", 4);
		add_padding(body, call->fault->size);
		evbuffer_add(body, "-->", 3);
	}
	evbuffer_free(rest);
}

static void
keep_half(struct evbuffer *body)
{
	struct evbuffer *half = evbuffer_new();

	evbuffer_remove_buffer(body, half, evbuffer_get_length(body) / 2);
	evbuffer_drain(body, evbuffer_get_length(body));
	evbuffer_add_buffer(body, half);
	evbuffer_free(half);
}

void
faulty_bend_body(struct call *call, struct evbuffer *body, struct wire_answer *answer)
{
	if (call->fault == NULL)
		return;
	if (call->fault->kind == FAULT_HUGE_BODY) {
		make_huge(call, body);
	} else if (call->fault->kind == FAULT_WRONG_JSON) {
		keep_half(body);
	} else if (call->fault->kind == FAULT_CUT_BODY) {
		answer->way = WIRE_CUT;
	} else if (call->fault->kind == FAULT_SLOW_DRIP) {
		answer->way = WIRE_DRIP;
		answer->drip_ms = call->fault->drip_ms;
	}
}
