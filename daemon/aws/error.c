/* SPDX-License-Identifier: Apache-2.0 */
/* error: what AWS's refusals mean, read out of answers that may be anything. Knows no retries, no places and no credentials. */
#include "daemon/aws/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/json.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/aws/http.h"
#include "daemon/aws/xml.h"

enum {
	BODY_MAX = 64 * 1024, /* AWS's refusals have some hundred bytes; longer ones are not parsed */
	TEXT_MAX = 4096,      /* of a foreign message, before it is cut to what fits */
	SECRET_RUN = 129,     /* as much base64 in one piece is a session token: names have 128 characters at most */
};

/* ---- which code means what (FACTS 5, and the common errors of each service's API reference) ---- */

static const char *const throttling_codes[] = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "RequestThrottled",
    "SlowDown",
    "EC2ThrottledException",
};

static const char *const skew_codes[] = {
    "RequestExpired",
    "RequestInTheFuture",
    "RequestTimeTooSkewed",
    "InvalidSignatureException",
    "InvalidSignature", /* the same of a service that once spoke Query, in x-amzn-query-error */
    "SignatureDoesNotMatch",
    "AuthFailure",
};

static const char *const transient_codes[] = {
    "RequestTimeout",
    "RequestTimeoutException",
    "PriorRequestNotComplete",
};

static const struct meaning {
	const char *code;
	enum aws_fault fault;
} meanings[] = {
    {"AccessDenied", AWS_DENIED},
    {"AccessDeniedException", AWS_DENIED},
    {"UnauthorizedOperation", AWS_DENIED},
    {"UnauthorizedException", AWS_DENIED},
    {"AuthorizationError", AWS_DENIED},
    {"NotAuthorized", AWS_DENIED},
    {"OptInRequired", AWS_DENIED},
    {"SubscriptionRequiredException", AWS_DENIED},
    {"KMSAccessDeniedException", AWS_DENIED},
    {"ResourceNotFoundException", AWS_NOT_FOUND},
    {"ResourceNotFound", AWS_NOT_FOUND},
    {"NoSuchEntity", AWS_NOT_FOUND},
    {"NoSuchEntityException", AWS_NOT_FOUND},
    {"ExpiredToken", AWS_CREDENTIALS},
    {"ExpiredTokenException", AWS_CREDENTIALS},
    {"UnrecognizedClientException", AWS_CREDENTIALS},
    {"UnrecognizedClient", AWS_CREDENTIALS},
    {"InvalidClientTokenId", AWS_CREDENTIALS},
    {"InvalidClientTokenIdException", AWS_CREDENTIALS},
    {"InvalidAccessKeyId", AWS_CREDENTIALS},
    {"InvalidToken", AWS_CREDENTIALS},
    {"IncompleteSignature", AWS_CREDENTIALS},
    {"IncompleteSignatureException", AWS_CREDENTIALS},
    {"MissingAuthenticationToken", AWS_CREDENTIALS},
    {"MissingAuthenticationTokenException", AWS_CREDENTIALS},
};

static bool
is_among(const char *code, const char *const *codes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(codes[i], code) == 0)
			return true;
	}
	return false;
}

bool
aws_error_is_throttling_code(const char *code)
{
	return is_among(code, throttling_codes, KD_COUNT(throttling_codes));
}

bool
aws_error_is_skew_code(const char *code)
{
	return is_among(code, skew_codes, KD_COUNT(skew_codes));
}

bool
aws_error_is_transient(const struct aws_error *error)
{
	static const int statuses[] = {500, 502, 503, 504};

	if (error->fault == AWS_OK || error->fault == AWS_THROTTLED)
		return false;
	for (size_t i = 0; i < KD_COUNT(statuses); i++) {
		if (error->status == statuses[i])
			return true;
	}
	return (error->fault == AWS_NETWORK && error->status == 0) ||
	       is_among(error->code, transient_codes, KD_COUNT(transient_codes));
}

static enum aws_fault
find_fault(const char *code, int status)
{
	if (aws_error_is_throttling_code(code) || (code[0] == '\0' && status == 429))
		return AWS_THROTTLED;
	if (aws_error_is_skew_code(code))
		return AWS_CLOCK;
	for (size_t i = 0; i < KD_COUNT(meanings); i++) {
		if (strcmp(meanings[i].code, code) == 0)
			return meanings[i].fault;
	}
	if (status >= 500)
		return AWS_SERVICE;
	/* AWS redirects no API call: whoever does stands in between. */
	return status < 400 ? AWS_NETWORK : AWS_REFUSED;
}

enum kd_reason
aws_error_reason(const struct aws_error *error)
{
	static const enum kd_reason reasons[] = {
	    [AWS_OK] = KD_KNOWN,
	    [AWS_DENIED] = KD_DENIED,
	    [AWS_NOT_FOUND] = KD_NO_DATA,
	    [AWS_THROTTLED] = KD_THROTTLED,
	    [AWS_CREDENTIALS] = KD_FAILED,
	    [AWS_CLOCK] = KD_FAILED,
	    [AWS_NETWORK] = KD_FAILED,
	    [AWS_SERVICE] = KD_FAILED,
	    [AWS_REFUSED] = KD_FAILED,
	    [AWS_BAD_ANSWER] = KD_FAILED,
	    [AWS_LATE] = KD_LATE,
	    [AWS_LEFT_ALONE] = KD_FAILED,
	};

	return reasons[error->fault];
}

/* ---- texts ---- */

static void
set_message(struct aws_error *error, const char *text, size_t len)
{
	len = text_cut(text, len, sizeof(error->message) - 1);
	memcpy(error->message, text, len);
	error->message[len] = '\0';
}

struct aws_error *
aws_error_set(struct aws_error *error, enum aws_fault fault, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	*error = (struct aws_error){.fault = fault, .retry_after_ms = -1};
	set_message(error, text, strlen(text));
	free(text);
	return error;
}

static bool
is_base64(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
	       c == '=';
}

/*
 * Where a refused signature is explained, AWS quotes the request: the canonical string, with the session token in it, or the
 * Authorization header. All from there on is left out.
 */
static size_t
find_quoted_request(const char *text)
{
	static const char *const marks[] = {"The Canonical String", "The String-to-Sign", "AWS4-HMAC-SHA256",
	    "AWS4-ECDSA", "Credential=", "Signature=", "Authorization=", "x-amz-security-token",
	    "X-Amz-Security-Token"};
	size_t end = strlen(text);

	for (size_t i = 0; i < KD_COUNT(marks); i++) {
		const char *at = strstr(text, marks[i]);

		if (at != NULL && (size_t)(at - text) < end)
			end = (size_t)(at - text);
	}
	while (end > 0 && strchr(" \t\r\n'\":,(", text[end - 1]) != NULL)
		end--;
	return end;
}

/* Into one line, with blanks for control characters and an ellipsis for what may be a token. */
static void
clean_message(struct aws_error *error, const char *text)
{
	char *clean = text_clean(text, strlen(text), TEXT_MAX);
	size_t len = find_quoted_request(clean), run;
	struct str out = {0};

	for (size_t i = 0; i<len; i += run> 0 ? run : 1) {
		unsigned char c = (unsigned char)clean[i];

		for (run = 0; i + run < len && is_base64(clean[i + run]); run++)
			;
		if (run >= SECRET_RUN)
			str_add(&out, "\xe2\x80\xa6");
		else if (run > 0)
			str_add_len(&out, clean + i, run);
		else if (c > ' ' && c != 0x7f)
			str_add_char(&out, clean[i]);
		else if (out.len > 0 && out.s[out.len - 1] != ' ')
			str_add_char(&out, ' ');
	}
	if (out.len > 0 && out.s[out.len - 1] == ' ')
		out.len--;
	if (out.len > 0)
		set_message(error, out.s, out.len);
	str_free(&out);
	free(clean);
}

/* The code at the start of text: letters, digits, `.`, `_` and `-`, without what stands before a `#`. "" when there is none. */
static void
set_code(struct aws_error *error, const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	const char *hash;
	size_t len;

	if (text == NULL)
		return;
	hash = strchr(text, '#');
	if (hash != NULL && strspn(text, allowed) == (size_t)(hash - text))
		text = hash + 1;
	len = strspn(text, allowed);
	if (len >= sizeof(error->code))
		return;
	memcpy(error->code, text, len);
	error->code[len] = '\0';
	if (find_quoted_request(error->code) < len) /* no code of AWS's, and told where there is no message */
		error->code[0] = '\0';
}

static void
set_code_if_none(struct aws_error *error, const char *text)
{
	if (error->code[0] == '\0')
		set_code(error, text);
}

/* ---- bodies ---- */

static const char *
member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static int
read_json(struct aws_error *error, const struct http_answer *answer, const char **message, json_t **document)
{
	*document = json_read(answer->body, answer->body_len, NULL);
	if (!json_is_object(*document))
		return -1;
	set_code_if_none(error, member(*document, "__type"));
	set_code_if_none(error, http_answer_header(answer, "x-amzn-errortype"));
	set_code_if_none(error, member(*document, "code"));
	*message = member(*document, "message");
	if (*message == NULL)
		*message = member(*document, "Message");
	return 0;
}

/* <ErrorResponse><Error><Code> of the Query services, or <Error><Code>. */
static int
read_xml(struct aws_error *error, const struct http_answer *answer, const char **message, struct xml_node **document)
{
	const struct xml_node *node;

	if ((*document = xml_read(answer->body, answer->body_len, NULL)) == NULL)
		return -1;
	node = xml_find(*document, "Error");
	if (node == NULL)
		node = *document;
	if (xml_text(node, "Code") == NULL)
		return -1;
	set_code_if_none(error, xml_text(node, "Code"));
	*message = xml_text(node, "Message");
	return 0;
}

static bool
is_html(const struct http_answer *answer)
{
	static const char *const openings[] = {"<!doctype html", "<html", "<head", "<body"};
	const char *body = answer->body;

	body += strspn(body, " \t\r\n");
	for (size_t i = 0; i < KD_COUNT(openings); i++) {
		if (strncasecmp(body, openings[i], strlen(openings[i])) == 0)
			return true;
	}
	return false;
}

/* What to say when the body says nothing. */
static void
set_default_message(struct aws_error *error, const char *body_is)
{
	char *text;

	if (error->status < 400)
		text = mem_printf("answered HTTP %d, which AWS does not (a proxy?)", error->status);
	else if (error->code[0] != '\0')
		text = mem_printf("answered HTTP %d %s without a message", error->status, error->code);
	else
		text = mem_printf("answered HTTP %d with %s", error->status, body_is);
	set_message(error, text, strlen(text));
	free(text);
}

static void
read_body(struct aws_error *error, const struct http_answer *answer)
{
	const char *message = NULL, *body_is = "an empty body";
	struct xml_node *xml = NULL;
	json_t *json = NULL;

	if (is_html(answer))
		body_is = "HTML, not JSON (a proxy?)";
	else if (answer->body_len > BODY_MAX)
		body_is = "a body too long for an error";
	else if (read_json(error, answer, &message, &json) == 0 || read_xml(error, answer, &message, &xml) == 0)
		body_is = "no error code";
	else if (answer->body_len > 0)
		body_is = "a body that is neither JSON nor XML";
	set_code_if_none(error, http_answer_header(answer, "x-amzn-errortype"));
	set_default_message(error, body_is);
	if (message != NULL)
		clean_message(error, message);
	json_decref(json);
	xml_free(xml);
}

/* In milliseconds; kdiag's own addition is only that nonsense counts as not said. */
static int64_t
read_retry_after(const struct http_answer *answer)
{
	const char *text = http_answer_header(answer, "x-amz-retry-after");
	int64_t ms;

	return text != NULL && text_parse_integer(text, &ms) == 0 && ms >= 0 ? ms : -1;
}

enum aws_fault
aws_error_read(struct aws_error *error, const struct http_answer *answer)
{
	*error = (struct aws_error){.fault = AWS_OK, .retry_after_ms = -1};
	if (answer->failure != NULL) {
		aws_error_set(error, AWS_NETWORK, "%s", answer->failure);
		return error->fault;
	}
	error->status = answer->status;
	if (answer->status >= 200 && answer->status <= 299)
		return AWS_OK;
	error->retry_after_ms = read_retry_after(answer);
	set_code(error, http_answer_header(answer, "x-amzn-query-error"));
	read_body(error, answer);
	error->fault = find_fault(error->code, error->status);
	/* A proxy's page of refusal: nobody of AWS has answered. */
	if (error->fault == AWS_REFUSED && error->code[0] == '\0' && is_html(answer))
		error->fault = AWS_NETWORK;
	return error->fault;
}
