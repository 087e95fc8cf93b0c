/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_proto: any line is a request, an answer, or a clear refusal, and what is one stays one when it is sent on. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/proto.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_line(const char *line)
{
	size_t len = strlen(line);

	assert(len > 0 && strchr(line, '\n') == line + len - 1);
}

static void
try_request(const char *text, size_t len)
{
	char *cause = NULL, *line;
	json_t *request = proto_read_request(text, len, &cause), *again;

	if (request == NULL) {
		assert(strncmp(cause, "the request", 11) == 0 && strlen(cause) < 300 &&
		       text_is_utf8(cause, strlen(cause)));
		line = proto_write_error(PROTO_BAD_REQUEST, cause);
		check_line(line);
		free(line);
		free(cause);
		return;
	}
	assert(cause == NULL && json_string_value(json_object_get(request, "op")) != NULL);
	line = proto_write_request(request);
	check_line(line);
	/* \uXXXX may make a line longer than it came. */
	again = proto_read_request(line, strlen(line), NULL);
	assert(again != NULL ? json_equal(request, again) : strlen(line) > PROTO_REQUEST_MAX);
	json_decref(again);
	json_decref(request);
	free(line);
}

static void
try_answer(const char *text, size_t len)
{
	json_t *result;
	char *code, *message, *line;

	if (proto_read_answer(text, len, &result, &code, &message) == 0) {
		assert(result != NULL && code == NULL && message == NULL);
		line = proto_write_result(result);
	} else {
		assert(result == NULL && code != NULL && message != NULL);
		line = proto_write_error(code, message);
	}
	check_line(line);
	free(line);
	free(code);
	free(message);
	json_decref(result);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_request((const char *)data, size);
	try_answer((const char *)data, size);
	return 0;
}
