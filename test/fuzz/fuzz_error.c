/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_error: any status, headers and body as a refusal of AWS. Input: a byte for the status, header lines ended by \n, an empty line, the body. What is read must be
 * whole, and fit for people.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "daemon/aws/error.h"
#include "daemon/aws/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct aws_error *error, enum aws_fault fault, const struct http_answer *answer)
{
	assert(error->fault == fault && fault <= AWS_LEFT_ALONE && error->retry_after_ms >= -1);
	assert((fault == AWS_OK) == (answer->status >= 200 && answer->status <= 299));
	assert(fault == AWS_OK || error->message[0] != '\0');
	assert(text_is_utf8(error->message, strlen(error->message)));
	for (const char *c = error->message; *c != '\0'; c++)
		assert((unsigned char)*c >= ' ' && *c != 0x7f);
	assert(strspn(error->code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
	       strlen(error->code));
	assert(strstr(error->message, "AWS4-HMAC-SHA256") == NULL && strstr(error->message, "Credential=") == NULL);
	aws_error_is_transient(error);
	aws_error_reason(error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_new(size + 2, 1), *end, *body;
	struct http_answer answer = {.status = size > 0 ? data[0] * 3 : 0};
	struct aws_error error;

	if (size > 0)
		memcpy(text, data + 1, size - 1);
	/* As http makes them of what it receives: NUL behind each line, and an empty one at the end. */
	end = strstr(text, "\n\n");
	body = end != NULL ? end + 2 : text;
	if (end != NULL) {
		end[1] = '\0';
		answer.headers = text;
		for (char *c = text; c <= end; c++)
			*c = (char)(*c == '\n' ? '\0' : *c);
	}
	answer.body = body;
	answer.body_len = size > 0 ? size - 1 - (size_t)(body - text) : 0;
	check(&error, aws_error_read(&error, &answer), &answer);
	free(text);
	return 0;
}
