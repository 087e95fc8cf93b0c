/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_log_scan: any bytes are a line, as text and as JSON, and its tokens lie in it, one behind the other. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/log_json.h"
#include "common/log_scan.h"
#include "common/log_time.h"
#include "common/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_scan(const struct log_scan *scan)
{
	size_t end = 0;

	assert(scan->count <= LOG_SCAN_TOKENS && scan->header.level < LOG_LINE_LEVELS);
	for (size_t i = 0; i < scan->count; i++) {
		const struct log_token *token = &scan->tokens[i];

		assert(token->at >= end && token->len <= scan->len && token->at <= scan->len - token->len);
		assert(((token->flags & LOG_TOKEN_MASK) != 0) == (token->hash == LOG_SCAN_MASK));
		assert(log_scan_kind(scan->text + token->at, token->len)[0] == '<');
		end = token->at + token->len;
	}
}

/* In memory of its own, without a NUL behind it, so that a byte too far is seen. */
static void
try_line(struct log_scan *scan, const char *line, size_t len)
{
	char *copy = mem_new(len > 0 ? len : 1, 1);
	struct log_json found;
	bool is_syslog;

	memcpy(copy, line, len);
	log_scan_line(scan, copy, len);
	check_scan(scan);
	if (len > 0 && log_json_find(copy, len, &found))
		assert(found.message >= copy && found.message + found.message_len <= copy + len);
	assert(log_time_match(copy, len, &is_syslog) <= len);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char before[] = "{\"level\":\"info\",\"message\":\"";
	struct log_scan *scan = mem_new(1, sizeof *scan);
	char *json = mem_new(size + sizeof before, 1);

	try_line(scan, (const char *)data, size);
	memcpy(json, before, sizeof before - 1);
	memcpy(json + sizeof before - 1, data, size);
	try_line(scan, json, size + sizeof before - 1);
	free(json);
	free(scan);
	return 0;
}
