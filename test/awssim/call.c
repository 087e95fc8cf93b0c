/* SPDX-License-Identifier: Apache-2.0 */
/* call: owns what one request carries through the rooms; knows no operation. */
#include "test/awssim/call.h"

#include <stdlib.h>

#include <event2/http.h>

#include "common/clock.h"

void
call_clear(struct call *call)
{
	json_decref(call->input);
	evhttp_clear_headers(&call->params);
	free(call->region);
	free(call->stream);
}

const char *
call_header(const struct call *call, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(call->request), name);
}

const char *
call_param(const struct call *call, const char *name)
{
	return evhttp_find_header(&call->params, name);
}

const char *
call_string(const struct call *call, const char *name)
{
	return json_string_value(json_object_get(call->input, name));
}

int64_t
call_integer(const struct call *call, const char *name, int64_t otherwise)
{
	const json_t *value = json_object_get(call->input, name);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

int64_t
call_elapsed_ms(const struct sim *sim)
{
	return clock_mono_ms() - sim->start_mono_ms;
}
