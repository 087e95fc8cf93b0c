/* SPDX-License-Identifier: Apache-2.0 */
/* error: AWS's refusals in every form they come in, bodies that are none, and that no credential gets into a message. */
#include "daemon/aws/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/aws/http.h"

#define ACCESS_DENIED_TEXT \
	"User: arn:aws:sts::123456789012:assumed-role/kdiag/i-0 is not authorized to perform: kinesis:ListShards on " \
	"resource: " \
	"arn:aws:kinesis:us-east-1:123456789012:stream/orders because no identity-based policy allows the " \
	"kinesis:ListShards action"

static struct aws_error
read_error(int status, const char *headers, const char *body)
{
	struct http_answer answer = {.status = status, .headers = headers, .body = body, .body_len = strlen(body)};
	struct aws_error error;
	enum aws_fault fault = aws_error_read(&error, &answer);

	assert_int_equal(fault, error.fault);
	assert_true(text_is_utf8(error.message, strlen(error.message)));
	return error;
}

static void
where_the_code_stands(void **state)
{
	static const struct {
		const char *headers, *body, *code;
	} rows[] = {
	    {NULL, "{\"__type\":\"ResourceNotFoundException\",\"message\":\"m\"}", "ResourceNotFoundException"},
	    {NULL, "{\"__type\":\"com.amazonaws.kinesis.v20131202#ResourceNotFoundException\",\"Message\":\"m\"}",
		"ResourceNotFoundException"},
	    {"x-amzn-query-error: ResourceNotFound;Sender\0", "{\"__type\":\"Other\",\"message\":\"m\"}",
		"ResourceNotFound"},
	    {"X-Amzn-ErrorType: Throttling:http://internal.amazon.com/coral/\0",
		"{\"__type\":\"First\",\"message\":\"m\"}", "First"},
	    {"X-Amzn-ErrorType: Throttling:http://internal.amazon.com/coral/\0",
		"{\"code\":\"Last\",\"message\":\"m\"}", "Throttling"},
	    {"X-Amzn-ErrorType: Throttling\0", "", "Throttling"},
	    {"X-Amzn-ErrorType: Throttling\0", "<html>", "Throttling"},
	    {NULL, "{\"code\":\"Last\",\"message\":\"m\"}", "Last"},
	    {NULL,
		"<ErrorResponse "
		"xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>ExpiredToken</"
		"Code>"
		"<Message>m</Message></Error><RequestId>1</RequestId></ErrorResponse>",
		"ExpiredToken"},
	    {NULL, "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>m</Message></Error>", "SlowDown"},
	    {NULL, "{\"__type\":\"<script>\",\"message\":\"m\"}", ""},
	    {NULL, "{\"__type\":7,\"message\":\"m\"}", ""},
	    {NULL, "{\"__type\":\"no#\",\"message\":\"m\"}", ""},
	    {"x-amzn-query-error:\0", "{\"__type\":\"B\",\"message\":\"m\"}", "B"},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		struct aws_error error = read_error(400, rows[i].headers, rows[i].body);

		assert_string_equal(error.code, rows[i].code);
		assert_int_equal(error.status, 400);
		if (strstr(rows[i].body, "essage") != NULL)
			assert_string_equal(error.message, "m");
	}
}

static void
what_the_code_means(void **state)
{
	static const struct {
		const char *code;
		int status;
		enum aws_fault fault;
	} rows[] = {
	    {"AccessDeniedException", 400, AWS_DENIED},
	    {"AccessDenied", 403, AWS_DENIED},
	    {"UnauthorizedOperation", 403, AWS_DENIED},
	    {"ResourceNotFoundException", 400, AWS_NOT_FOUND},
	    {"NoSuchEntity", 404, AWS_NOT_FOUND},
	    {"LimitExceededException", 400, AWS_THROTTLED},
	    {"ProvisionedThroughputExceededException", 400, AWS_THROTTLED},
	    {"SlowDown", 503, AWS_THROTTLED},
	    {"", 429, AWS_THROTTLED},
	    {"ValidationException", 429, AWS_REFUSED},
	    {"ExpiredTokenException", 400, AWS_CREDENTIALS},
	    {"UnrecognizedClientException", 400, AWS_CREDENTIALS},
	    {"InvalidClientTokenId", 403, AWS_CREDENTIALS},
	    {"MissingAuthenticationTokenException", 400, AWS_CREDENTIALS},
	    {"IncompleteSignature", 400, AWS_CREDENTIALS},
	    {"InvalidAccessKeyId", 403, AWS_CREDENTIALS},
	    {"InvalidSignatureException", 400, AWS_CLOCK},
	    {"InvalidSignature", 400, AWS_CLOCK},
	    {"SignatureDoesNotMatch", 403, AWS_CLOCK},
	    {"RequestExpired", 400, AWS_CLOCK},
	    {"InternalFailure", 500, AWS_SERVICE},
	    {"ServiceUnavailable", 503, AWS_SERVICE},
	    {"", 501, AWS_SERVICE},
	    {"ValidationException", 400, AWS_REFUSED},
	    {"", 404, AWS_REFUSED},
	    {"", 302, AWS_NETWORK},
	    {"", 101, AWS_NETWORK},
	    {"", 0, AWS_NETWORK},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		char *body =
		    rows[i].code[0] != '\0' ? mem_printf("{\"__type\":\"%s\"}", rows[i].code) : mem_strdup("{}");
		struct aws_error error = read_error(rows[i].status, NULL, body);

		if (error.fault != rows[i].fault)
			fail_msg("%s with HTTP %d is fault %d", rows[i].code, rows[i].status, (int)error.fault);
		assert_string_not_equal(error.message, "");
		free(body);
	}
}

static void
good_answers(void **state)
{
	(void)state;
	assert_int_equal(read_error(200, NULL, "{\"__type\":\"AccessDenied\"}").fault, AWS_OK);
	assert_int_equal(read_error(299, NULL, "").fault, AWS_OK);
}

static void
no_answer(void **state)
{
	struct http_answer answer = {.failure = "could not reach h: connection refused", .status = 200, .body = ""};
	struct aws_error error;

	(void)state;
	assert_int_equal(aws_error_read(&error, &answer), AWS_NETWORK);
	assert_string_equal(error.message, "could not reach h: connection refused");
	assert_int_equal(error.status, 0);
	assert_int_equal(error.retry_after_ms, -1);
	assert_true(aws_error_is_transient(&error));
}

static void
bodies_that_are_none(void **state)
{
	static const struct {
		int status;
		enum aws_fault fault;
		const char *body, *message;
	} rows[] = {
	    {503, AWS_SERVICE, "<html><body>503</body></html>", "answered HTTP 503 with HTML, not JSON (a proxy?)"},
	    {403, AWS_NETWORK, "\r\n <!DOCTYPE HTML PUBLIC>blocked",
		"answered HTTP 403 with HTML, not JSON (a proxy?)"},
	    {500, AWS_SERVICE, "", "answered HTTP 500 with an empty body"},
	    {500, AWS_SERVICE, "{\"__type\":\"Inter", "answered HTTP 500 with a body that is neither JSON nor XML"},
	    {500, AWS_SERVICE, "\x01\xff\xfe", "answered HTTP 500 with a body that is neither JSON nor XML"},
	    {500, AWS_SERVICE, "[]", "answered HTTP 500 with a body that is neither JSON nor XML"},
	    {400, AWS_REFUSED, "{\"x\":1}", "answered HTTP 400 with no error code"},
	    {400, AWS_REFUSED, "{\"__type\":\"FooException\"}", "answered HTTP 400 FooException without a message"},
	    {400, AWS_REFUSED, "{\"__type\":\"FooException\",\"message\":\" \\n\"}",
		"answered HTTP 400 FooException without a message"},
	    {302, AWS_NETWORK, "", "answered HTTP 302, which AWS does not (a proxy?)"},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		struct aws_error error = read_error(rows[i].status, NULL, rows[i].body);

		assert_string_equal(error.message, rows[i].message);
		assert_int_equal(error.fault, rows[i].fault);
	}
}

static void
long_bodies_are_not_parsed(void **state)
{
	char *body = mem_new(70000, 1);
	struct aws_error error;

	(void)state;
	memset(body, ' ', 69999);
	memcpy(body, "{\"__type\":\"Foo\"}", 16);
	error = read_error(500, NULL, body);
	assert_string_equal(error.message, "answered HTTP 500 with a body too long for an error");
	body[60000] = '\0';
	assert_string_equal(read_error(500, NULL, body).code, "Foo");
	free(body);
}

static void
codes_too_long(void **state)
{
	char code[200], *body;

	(void)state;
	memset(code, 'x', sizeof(code));
	code[95] = '\0';
	body = mem_printf("{\"__type\":\"%s\"}", code);
	assert_string_equal(read_error(400, NULL, body).code, code);
	free(body);
	code[95] = 'x';
	code[96] = '\0';
	body = mem_printf("{\"__type\":\"%s\"}", code);
	assert_string_equal(read_error(400, NULL, body).code, "");
	free(body);
}

static void
messages_are_kept(void **state)
{
	struct aws_error error =
	    read_error(400, NULL, "{\"__type\":\"AccessDeniedException\",\"Message\":\"" ACCESS_DENIED_TEXT "\"}");

	(void)state;
	assert_string_equal(error.message, ACCESS_DENIED_TEXT);
}

static void
messages_are_cleaned(void **state)
{
	struct aws_error error = read_error(
	    400, NULL, "{\"__type\":\"F\",\"message\":\"\\u0007\\tone\\r\\n\\r\\n two \\u001b[31m\xc3\xa9\\n\"}");
	struct str body = {0};

	(void)state;
	assert_string_equal(error.message, "one two [31m\xc3\xa9");
	str_add(&body, "{\"message\":\"xxx");
	for (int i = 0; i < 600; i++)
		str_add(&body, "\xc3\xa9 ");
	str_add(&body, "\"}");
	error = read_error(400, NULL, body.s);
	assert_int_equal(strlen(error.message), sizeof(error.message) - 1 - 1);
	str_free(&body);
}

/* As AWS words them (Kinesis and STS), with a token in the middle. */
static void
credentials_are_left_out(void **state)
{
	static const struct {
		const char *body, *message;
	} rows[] = {
	    {"{\"__type\":\"InvalidSignatureException\",\"message\":\"The request signature we calculated does not "
	     "match the signature you "
	     "provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for "
	     "details.\\n\\nThe "
	     "Canonical String for this request should have "
	     "been\\n'POST\\n/\\n\\nhost:h\\nx-amz-security-token:hunter2'\"}",
		"The request signature we calculated does not match the signature you provided. Check your AWS Secret "
		"Access Key and "
		"signing method. Consult the service documentation for details."},
	    {"{\"__type\":\"IncompleteSignatureException\",\"message\":\"'x' not a valid key=value pair (missing "
	     "equal-sign) in "
	     "Authorization header: 'AWS4-HMAC-SHA256 hunter2'.\"}",
		"'x' not a valid key=value pair (missing equal-sign) in Authorization header"},
	    {"{\"message\":\"Authorization=AWS4-HMAC-SHA256 hunter2\"}", "answered HTTP 403 with no error code"},
	    {"{\"__type\":\"xAWS4-HMAC-SHA256x\"}", "answered HTTP 403 with no error code"},
	};
	char run[130], *body;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		struct aws_error error = read_error(403, NULL, rows[i].body);

		assert_string_equal(error.message, rows[i].message);
	}
	memset(run, 'A', sizeof(run));
	run[129] = '\0';
	body = mem_printf("{\"message\":\"token %s is bad\"}", run);
	assert_string_equal(read_error(403, NULL, body).message, "token \xe2\x80\xa6 is bad");
	free(body);
	run[128] = '\0';
	body = mem_printf("{\"message\":\"stream %s is gone\"}", run);
	assert_non_null(strstr(read_error(403, NULL, body).message, run));
	free(body);
}

static void
retry_after(void **state)
{
	static const struct {
		const char *headers;
		int64_t ms;
	} rows[] = {{NULL, -1}, {"x-amz-retry-after: 1500\0", 1500}, {"X-Amz-Retry-After:0\0", 0},
	    {"x-amz-retry-after: -1\0", -1}, {"x-amz-retry-after: soon\0", -1}, {"retry-after: 7\0", -1},
	    {"x-amz-retry-after: 99999999999999999999\0", -1}};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++)
		assert_int_equal(read_error(503, rows[i].headers, "").retry_after_ms, rows[i].ms);
}

static void
transient(void **state)
{
	static const struct {
		struct aws_error error;
		bool transient;
	} rows[] = {
	    {{.fault = AWS_SERVICE, .status = 500}, true},
	    {{.fault = AWS_SERVICE, .status = 504}, true},
	    {{.fault = AWS_SERVICE, .status = 501}, false},
	    {{.fault = AWS_REFUSED, .status = 400, .code = "RequestTimeout"}, true},
	    {{.fault = AWS_REFUSED, .status = 400, .code = "PriorRequestNotComplete"}, true},
	    {{.fault = AWS_REFUSED, .status = 400, .code = "ValidationException"}, false},
	    {{.fault = AWS_NETWORK}, true},
	    {{.fault = AWS_NETWORK, .status = 302}, false},
	    {{.fault = AWS_THROTTLED, .status = 503}, false},
	    {{.fault = AWS_LATE}, false},
	    {{.fault = AWS_OK, .status = 200}, false},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++)
		assert_int_equal(aws_error_is_transient(&rows[i].error), rows[i].transient);
}

static void
set_and_reason(void **state)
{
	struct aws_error error;
	char long_text[600];

	(void)state;
	assert_ptr_equal(aws_error_set(&error, AWS_LATE, "not before %d s", 5), &error);
	assert_string_equal(error.message, "not before 5 s");
	assert_int_equal(aws_error_reason(&error), KD_LATE);
	memset(long_text, 'x', sizeof(long_text));
	long_text[599] = '\0';
	aws_error_set(&error, AWS_DENIED, "%s", long_text);
	assert_int_equal(strlen(error.message), 511);
	assert_int_equal(aws_error_reason(&error), KD_DENIED);
	assert_int_equal(aws_error_reason(aws_error_set(&error, AWS_OK, "-")), KD_KNOWN);
	assert_int_equal(aws_error_reason(aws_error_set(&error, AWS_NOT_FOUND, "-")), KD_NO_DATA);
	assert_int_equal(aws_error_reason(aws_error_set(&error, AWS_THROTTLED, "-")), KD_THROTTLED);
	assert_int_equal(aws_error_reason(aws_error_set(&error, AWS_LEFT_ALONE, "-")), KD_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(where_the_code_stands),
	    cmocka_unit_test(what_the_code_means),
	    cmocka_unit_test(good_answers),
	    cmocka_unit_test(no_answer),
	    cmocka_unit_test(bodies_that_are_none),
	    cmocka_unit_test(long_bodies_are_not_parsed),
	    cmocka_unit_test(codes_too_long),
	    cmocka_unit_test(messages_are_kept),
	    cmocka_unit_test(messages_are_cleaned),
	    cmocka_unit_test(credentials_are_left_out),
	    cmocka_unit_test(retry_after),
	    cmocka_unit_test(transient),
	    cmocka_unit_test(set_and_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
