/* SPDX-License-Identifier: Apache-2.0 */
/* proto: the lines of the control socket, from friends and from others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "common/proto.h"
#include "common/str.h"
#include "common/text.h"

static void
test_request(void **state)
{
	static const char *const good[] = {"{\"op\":\"status\"}", " {\"op\" : \"status\", \"stream\":\"orders\"}\r\n",
	    "{\"x\":null,\"op\":\"status\"}"};
	char *cause = NULL;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(good); i++) {
		json_t *request = proto_read_request(good[i], strlen(good[i]), &cause);

		assert_null(cause);
		assert_string_equal(json_string_value(json_object_get(request, "op")), "status");
		json_decref(request);
	}
}

static void
check_refused(const char *line, size_t len, const char *says)
{
	char *cause = NULL;

	assert_null(proto_read_request(line, len, &cause));
	if (strstr(cause, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", cause, says);
	assert_true(text_is_utf8(cause, strlen(cause)) && strlen(cause) < 300);
	free(cause);
}

static void
test_request_bad(void **state)
{
	static const struct {
		const char *line;
		const char *says;
	} rows[] = {
	    {"", "the request is no JSON: line 1, column 0: there is nothing in it"},
	    {"status", "the request is no JSON: line 1, column 6: invalid token near 'status'"},
	    {"GET / HTTP/1.1", "the request is no JSON: "},
	    {"\x16\x03\x01\x02", "the request is no JSON: "},
	    {"{\"op\":\"status\"", "near end of file"},
	    {"{\"op\":\"status\"}{\"op\":\"status\"}", "end of file expected"},
	    {"{\"op\":\"status\",\"op\":\"ack\"}", "duplicate object key"},
	    {"{\"op\":\"\xff\xfe\"}", "unable to decode byte 0xff"},
	    {"[]", "the request is no JSON object: write {\"op\":\"status\"}"},
	    {"null", "the request is no JSON object"},
	    {"\"op\"", "the request is no JSON object"},
	    {"{}", "the request has no \"op\""},
	    {"{\"op\":null}", "the request has no \"op\""},
	    {"{\"op\":1}", "the request's \"op\" is not a string"},
	    {"{\"op\":[\"status\"]}", "the request's \"op\" is not a string"},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++)
		check_refused(rows[i].line, strlen(rows[i].line), rows[i].says);
	check_refused("{\"op\":\"sta\0tus\"}", 16, "control character 0x0");
	check_refused("\0\0\0\0", 4, "the request is no JSON: ");
	assert_null(proto_read_request("x", 1, NULL));
}

/* A request of exactly len bytes: an op, and an argument that fills it. The caller's. */
static char *
request_of(size_t len)
{
	struct str line = {0};

	str_add(&line, "{\"op\":\"status\",\"x\":\"");
	while (line.len < len - 2)
		str_add_char(&line, 'x');
	str_add(&line, "\"}");
	return str_take(&line);
}

static void
test_request_long(void **state)
{
	char *line = request_of(PROTO_REQUEST_MAX);
	json_t *request = proto_read_request(line, PROTO_REQUEST_MAX, NULL);

	(void)state;
	assert_non_null(request);
	json_decref(request);
	free(line);
	line = request_of(PROTO_REQUEST_MAX + 1);
	check_refused(line, PROTO_REQUEST_MAX + 1, "the request has 65537 bytes: a line may have 65536 at most");
	free(line);
}

static void
test_request_deep(void **state)
{
	char *line = mem_new(10001, 1);

	(void)state;
	memset(line, '[', 10000);
	check_refused(line, 10000, "the request is no JSON: line 1, column 65: nested more than 64 deep");
	free(line);
}

static void
test_write(void **state)
{
	json_t *value = json_pack("{s:s}", "op", "watch");
	char *line = proto_write_request(value);

	(void)state;
	assert_string_equal(line, "{\"op\":\"watch\"}\n");
	free(line);
	line = proto_write_result(value);
	assert_string_equal(line, "{\"ok\":true,\"v\":1,\"result\":{\"op\":\"watch\"}}\n");
	assert_int_equal(value->refcount, 1);
	free(line);
	json_decref(value);
	line = proto_write_error(PROTO_NO_SUCH_STREAM, "no stream \"a\nb\xff\"");
	assert_string_equal(line,
	    "{\"ok\":false,\"v\":1,\"error\":{\"code\":\"no_such_stream\",\"message\":\"no stream "
	    "\\\"a\\nb\\uFFFD\\\"\"}}\n");
	free(line);
}

static void
test_round_trip(void **state)
{
	json_t *value = json_pack("[i, {s:s}]", 1, "name", "\xc3\xa9"), *result;
	char *line = proto_write_result(value), *code, *message;

	(void)state;
	assert_int_equal(proto_read_answer(line, strlen(line), &result, &code, &message), 0);
	assert_true(json_equal(result, value));
	assert_null(code);
	assert_null(message);
	json_decref(result);
	json_decref(value);
	free(line);

	line = proto_write_error(PROTO_BUSY, "too many clients");
	assert_int_equal(proto_read_answer(line, strlen(line), &result, &code, &message), -1);
	assert_null(result);
	assert_string_equal(code, "busy");
	assert_string_equal(message, "too many clients");
	free(code);
	free(message);
	free(line);

	line = proto_write_result(json_null());
	assert_int_equal(proto_read_answer(line, strlen(line), &result, &code, &message), 0);
	assert_true(json_is_null(result));
	free(line);
}

static void
test_answer_bad(void **state)
{
	static const struct {
		const char *line, *says;
	} rows[] = {
	    {"", "the answer makes no sense: line 1, column 0: there is nothing in it"},
	    {"hello", "the answer makes no sense: line 1, column 5: invalid token near 'hello'"},
	    {"[]", "it is no JSON object"},
	    {"{}", "it does not say whether it is ok"},
	    {"{\"ok\":1,\"v\":1}", "it does not say whether it is ok"},
	    {"{\"ok\":true,\"v\":1}", "it has no result"},
	    {"{\"ok\":true,\"v\":2,\"result\":1}", "it is of version 2 of the protocol and not 1"},
	    {"{\"ok\":true,\"v\":\"1\",\"result\":1}", "v is not an integer"},
	    {"{\"ok\":false,\"v\":1}", "it has no error with a code and a message"},
	    {"{\"ok\":false,\"v\":1,\"error\":\"x\"}", "it has no error"},
	    {"{\"ok\":false,\"v\":1,\"error\":{\"code\":\"x\"}}", "it has no error"},
	    {"{\"ok\":false,\"v\":1,\"error\":{\"code\":1,\"message\":\"x\"}}", "it has no error"},
	};
	json_t *result;
	char *code, *message;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		assert_int_equal(proto_read_answer(rows[i].line, strlen(rows[i].line), &result, &code, &message), -1);
		assert_null(result);
		assert_string_equal(code, "bad_answer");
		if (strstr(message, rows[i].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", message, rows[i].says);
		free(code);
		free(message);
	}
	/* Not a byte of it is looked at. */
	assert_int_equal(proto_read_answer("", (size_t)PROTO_ANSWER_MAX + 1, &result, &code, &message), -1);
	assert_non_null(strstr(message, "it has more than 67108864 bytes"));
	free(code);
	free(message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request),
	    cmocka_unit_test(test_request_bad),
	    cmocka_unit_test(test_request_long),
	    cmocka_unit_test(test_request_deep),
	    cmocka_unit_test(test_write),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_answer_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
