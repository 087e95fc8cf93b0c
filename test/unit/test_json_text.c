/* SPDX-License-Identifier: Apache-2.0 */
/* json_text: the same line as jansson writes, whatever the text is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/json_text.h"
#include "common/mem.h"

static void
test_document(void **state)
{
	struct str out = {0};

	(void)state;
	json_text_open(&out, '{');
	json_text_set(&out, "text", "orders");
	json_text_set(&out, "none", NULL);
	json_text_set_integer(&out, "least", INT64_MIN);
	json_text_set_boolean(&out, "yes", true);
	json_text_set_time(&out, "never", 0);
	json_text_set_time(&out, "then", 1763806440000);
	json_text_set_raw(&out, "raw", "{\"a\":[1]}");
	json_text_key(&out, "list");
	json_text_open(&out, '[');
	json_text_string(&out, "[");
	json_text_string(&out, "{:");
	json_text_integer(&out, 7);
	json_text_open(&out, '{');
	json_text_close(&out, '}');
	json_text_boolean(&out, false);
	json_text_close(&out, ']');
	json_text_key(&out, "empty");
	json_text_open(&out, '[');
	json_text_close(&out, ']');
	json_text_close(&out, '}');
	assert_string_equal(out.s, "{\"text\":\"orders\",\"none\":null,\"least\":-9223372036854775808,\"yes\":true,"
				   "\"never\":null,\"then\":\"2025-11-22T10:14:00Z\",\"raw\":{\"a\":[1]},"
				   "\"list\":[\"[\",\"{:\",7,{},false],\"empty\":[]}");
	str_free(&out);
}

/* Against json_set_text and json_line, which go by jansson. */
static void
expect_same(const char *text)
{
	json_t *object = json_object();
	struct str out = {0};
	char *line;

	json_set_text(object, "k", text);
	line = json_line(object);
	json_text_open(&out, '{');
	json_text_set(&out, "k", text);
	json_text_close(&out, '}');
	assert_string_equal(out.s, line);
	json_decref(object);
	free(line);
	str_free(&out);
}

static void
test_strings(void **state)
{
	static const char *const texts[] = {"", "plain", "say \"no\"", "back\\slash", "a/b", "\b\f\n\r\t",
	    "\x01\x1f\x7f", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf", "\xff", "a\xc3",
	    "\xed\xa0\x80", "\xc0\xaf", "\xe2\x82", "x\xf0\x9f\x98y"};
	char text[3] = {0};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(texts); i++)
		expect_same(texts[i]);
	for (int a = 1; a < 256; a++) {
		for (int b = 1; b < 256; b += a < 0x80 ? 16 : 1) {
			text[0] = (char)a;
			text[1] = (char)b;
			expect_same(text);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_document),
	    cmocka_unit_test(test_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
