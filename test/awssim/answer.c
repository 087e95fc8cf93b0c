/* SPDX-License-Identifier: Apache-2.0 */
/* answer: owns how results and errors are written down; knows nothing of why. */
#include "test/awssim/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/http.h>

#include "common/mem.h"
#include "common/str.h"
#include "test/awssim/faulty.h"

enum { REQUEST_ID_SIZE = 37, DATE_SIZE = 40 };

/* The form of a UUID: 8-4-4-4-12 hex digits. */
static void
make_request_id(struct sim *sim, char out[REQUEST_ID_SIZE])
{
	uint64_t high = seed_next(&sim->request_ids), low = seed_next(&sim->request_ids);

	snprintf(out, REQUEST_ID_SIZE, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(high >> 32),
	    (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xfff), (unsigned)(0x8000 | (low >> 48 & 0x3fff)),
	    (unsigned long long)(low & 0xffffffffffff));
}

static void
format_date(int64_t ms, char out[DATE_SIZE])
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	snprintf(out, DATE_SIZE, "%s, %02d %s %d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void
answer_send(struct call *call, const struct wire_answer *answer, const char *type, struct evbuffer *body)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(call->request);
	struct wire_answer late = *answer;
	char date[DATE_SIZE], id[REQUEST_ID_SIZE];

	format_date(call->now_ms, date);
	evhttp_add_header(headers, "Date", date);
	if (type != NULL)
		evhttp_add_header(headers, "Content-Type", type);
	if (call->service == NULL || call->service->protocol != SERVICE_METADATA) {
		make_request_id(call->sim, id);
		evhttp_add_header(headers, "x-amzn-RequestId", id);
	}
	late.delay_ms += call->sim->scenario->latency_ms;
	if (call->service != NULL && answer->status == 200 && answer->way == WIRE_WHOLE)
		call->sim->stats.operations[call->number].accepted++;
	wire_send(call->sim->wire, call->request, &late, body);
}

static void
send_body(struct call *call, int status, const char *type, const char *text)
{
	struct evbuffer *body = evbuffer_new();
	struct wire_answer answer = {.status = status};

	evbuffer_add(body, text, strlen(text));
	faulty_bend_body(call, body, &answer);
	answer_send(call, &answer, type, body);
	evbuffer_free(body);
}

void
answer_json_taken(struct call *call, json_t *result)
{
	char *text;

	result = faulty_bend_json(call, result);
	text = json_dumps(result, JSON_COMPACT | JSON_REAL_PRECISION(13));
	send_body(call, 200, call->service->content_type, text == NULL ? "" : text);
	free(text);
	json_decref(result);
}

char *
answer_escape_xml(const char *text)
{
	char *escaped = evhttp_htmlescape(text);

	return escaped == NULL ? mem_strdup("") : escaped;
}

void
answer_xml(struct call *call, const char *result)
{
	const char *name = call->operation->name, *service = call->service->name, *version = call->service->version;
	char id[REQUEST_ID_SIZE], *text;

	make_request_id(call->sim, id);
	text = mem_printf("<%sResponse xmlns=\"https://%s.amazonaws.com/doc/%s/\">\n  <%sResult>\n%s  </%sResult>\n"
			  "  <ResponseMetadata>\n    <RequestId>%s</RequestId>\n  </ResponseMetadata>\n</%sResponse>\n",
	    name, service, version, name, result, name, id, name);
	send_body(call, 200, "text/xml", text);
	free(text);
}

void
answer_text(struct call *call, int status, const char *type, const char *text)
{
	send_body(call, status, type, text);
}

/*
 * Coral writes "Message" in what it refuses before the operation sees it, and "message" in the operation's own errors
 * (FACTS 5: both occur).
 */
static char *
write_json_error(const char *code, const char *message)
{
	json_t *error = json_object();
	char *text;

	json_object_set_new(error, "__type", json_string(code));
	if (*message != '\0')
		json_object_set_new(
		    error, strcmp(code, "SerializationException") == 0 ? "Message" : "message", json_string(message));
	text = json_dumps(error, JSON_COMPACT);
	json_decref(error);
	return text;
}

/* How much of a JSON service's code the Query protocol writes: all but an "Exception" at its end. */
static int
query_code_length(const char *code)
{
	size_t len = strlen(code), tail = strlen("Exception");

	return (int)(len > tail && strcmp(code + len - tail, "Exception") == 0 ? len - tail : len);
}

/* Of a service that spoke Query once the old code stands in a header, which clients believe over the body. */
static void
add_query_code(struct call *call, int status, const char *code)
{
	char *value = mem_printf("%.*s;%s", query_code_length(code), code, status < 500 ? "Sender" : "Receiver");

	evhttp_add_header(evhttp_request_get_output_headers(call->request), "x-amzn-query-error", value);
	free(value);
}

static char *
write_xml_error(struct call *call, const char *code, const char *message)
{
	char id[REQUEST_ID_SIZE], *escaped = answer_escape_xml(message), *text;

	make_request_id(call->sim, id);
	text = mem_printf(
	    "<ErrorResponse xmlns=\"https://%s.amazonaws.com/doc/%s/\">\n  <Error>\n    <Type>Sender</Type>\n"
	    "    <Code>%.*s</Code>\n    <Message>%s</Message>\n  </Error>\n  "
	    "<RequestId>%s</RequestId>\n</ErrorResponse>\n",
	    call->service->name, call->service->version, query_code_length(code), code, escaped, id);
	free(escaped);
	return text;
}

static const char metadata_error[] =
    "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<html>\n <head><title>%d</title></head>\n"
    " <body><h1>%d</h1></body>\n</html>\n";

void
answer_error(struct call *call, int status, const char *code, const char *fmt, ...)
{
	enum service_protocol protocol = call->service == NULL ? SERVICE_JSON : call->service->protocol;
	struct evbuffer *body = evbuffer_new();
	struct wire_answer answer = {.status = status};
	char *message, *text;
	va_list ap;

	va_start(ap, fmt);
	message = mem_vprintf(fmt, ap);
	va_end(ap);
	if (protocol == SERVICE_JSON)
		text = write_json_error(code, message);
	else if (protocol == SERVICE_QUERY)
		text = write_xml_error(call, code, message);
	else
		text = mem_printf(metadata_error, status, status);
	if (text != NULL)
		evbuffer_add(body, text, strlen(text));
	if (call->service != NULL && call->service->query_errors)
		add_query_code(call, status, code);
	answer_send(call, &answer,
	    protocol == SERVICE_JSON
		? (call->service == NULL ? "application/x-amz-json-1.1" : call->service->content_type)
	    : protocol == SERVICE_QUERY ? "text/xml"
					: "text/html",
	    body);
	evbuffer_free(body);
	free(text);
	free(message);
}

void
answer_throttled(struct call *call)
{
	const char *account = call->identity == NULL ? call->sim->scenario->account : call->identity->account;

	call->sim->stats.operations[call->number].throttled++;
	if (call->service->protocol == SERVICE_METADATA)
		answer_error(call, 429, "TooManyRequests", "%s", "");
	else if (call->service->protocol == SERVICE_QUERY)
		answer_error(call, 400, "Throttling", "Rate exceeded");
	else if (call->service->plain_throttling)
		answer_error(call, 400, "ThrottlingException", "Rate exceeded");
	else if (call->stream != NULL)
		answer_error(call, 400, "LimitExceededException", "Rate exceeded for stream %s under account %s.",
		    call->stream, account);
	else
		answer_error(call, 400, "LimitExceededException", "Rate exceeded for account %s.", account);
}
