/* SPDX-License-Identifier: Apache-2.0 */
/* proto: owns the lines of the control socket; knows nothing of sockets, nor of what the operations do. */
#include "common/proto.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/mem.h"
#include "common/str.h"

json_t *
proto_read_request(const char *line, size_t len, char **cause)
{
	char *why = NULL;
	const char *op;
	json_t *request;
	int got;

	if (len > PROTO_REQUEST_MAX)
		return cause_null(
		    cause, "the request has %zu bytes: a line may have %d at most", len, PROTO_REQUEST_MAX);
	if ((request = json_read(line, len, &why)) == NULL)
		cause_set(cause, "the request is no JSON: %s", why);
	else if (!json_is_object(request))
		cause_set(cause, "the request is no JSON object: write {\"op\":\"status\"}");
	else if ((got = json_get_string(request, "op", &op, NULL)) < 0)
		cause_set(cause, "the request's \"op\" is not a string: write {\"op\":\"status\"}");
	else if (got == 0)
		cause_set(cause, "the request has no \"op\": write {\"op\":\"status\"}");
	else
		return request;
	free(why);
	json_decref(request);
	return NULL;
}

/* One value as a line with its newline. */
static char *
write_line(const json_t *value)
{
	char *text = json_line(value), *line = mem_printf("%s\n", text);

	free(text);
	return line;
}

char *
proto_write_result_text(const char *result)
{
	struct str line = {0};

	str_printf(&line, "{\"ok\":true,\"v\":%d,\"result\":", PROTO_VERSION);
	str_add(&line, result);
	str_add(&line, "}\n");
	return str_take(&line);
}

char *
proto_write_result(const json_t *result)
{
	char *text = json_line(result), *line = proto_write_result_text(text);

	free(text);
	return line;
}

char *
proto_write_error(const char *code, const char *message)
{
	json_t *error = json_object(), *answer;
	char *line;

	json_set_text(error, "code", code);
	json_set_text(error, "message", message);
	answer = json_pack("{s:b, s:i, s:o}", "ok", 0, "v", PROTO_VERSION, "error", error);
	assert(answer != NULL);
	line = write_line(answer);
	json_decref(answer);
	return line;
}

char *
proto_write_request(const json_t *request)
{
	return write_line(request);
}

/* Is it an answer of this protocol, and is it good news? 0, or -1 and a sentence. */
static int
check_answer(const json_t *answer, bool *ok, char **cause)
{
	int64_t version = PROTO_VERSION;

	if (!json_is_object(answer))
		return cause_set(cause, "it is no JSON object");
	if (json_get_integer(answer, "v", &version, cause) < 0)
		return -1;
	if (version != PROTO_VERSION)
		return cause_set(cause,
		    "it is of version %" PRId64
		    " of the protocol and not %d: run the kdiagctl that came with the kdiagd",
		    version, PROTO_VERSION);
	if (json_get_boolean(answer, "ok", ok, NULL) != 1)
		return cause_set(cause, "it does not say whether it is ok");
	return 0;
}

static int
read_error(const json_t *answer, char **code, char **message, char **cause)
{
	const char *foreign_code, *foreign_message;
	json_t *error;

	if (json_get_object(answer, "error", &error, NULL) != 1 ||
	    json_get_string(error, "code", &foreign_code, NULL) != 1 ||
	    json_get_string(error, "message", &foreign_message, NULL) != 1)
		return cause_set(cause, "it has no error with a code and a message");
	*code = mem_strdup(foreign_code);
	*message = mem_strdup(foreign_message);
	return 0;
}

int
proto_read_answer(const char *line, size_t len, json_t **result, char **code, char **message)
{
	char *why = NULL;
	json_t *answer = NULL;
	bool ok = false;

	*result = NULL;
	*code = *message = NULL;
	if (len > PROTO_ANSWER_MAX)
		cause_set(&why, "it has more than %d bytes", PROTO_ANSWER_MAX);
	else if ((answer = json_read(line, len, &why)) != NULL && check_answer(answer, &ok, &why) == 0) {
		if (!ok)
			read_error(answer, code, message, &why);
		else if ((*result = json_incref(json_object_get(answer, "result"))) == NULL)
			cause_set(&why, "it has no result");
	}
	if (why != NULL) {
		*code = mem_strdup("bad_answer");
		*message = mem_printf("the answer makes no sense: %s", why);
	}
	json_decref(answer);
	free(why);
	return *code == NULL ? 0 : -1;
}
