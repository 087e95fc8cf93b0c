/* SPDX-License-Identifier: Apache-2.0 */
/* log_scan, with log_header, log_time, log_json, log_words: headers of every usual form, masks, JSON lines, stack traces, rubbish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/log_json.h"
#include "common/log_scan.h"
#include "common/log_time.h"
#include "common/log_words.h"
#include "common/mem.h"
#include "common/str.h"

#define UUID "5b3e1e2a-1111-2222-3333-444455556666"

/* The tokens as text, values by their kind. The caller's. */
static char *
show(const struct log_scan *scan)
{
	struct str out = {0};

	for (size_t i = 0; i < scan->count; i++) {
		const struct log_token *token = &scan->tokens[i];
		const char *text = scan->text + token->at;

		if (i > 0)
			str_add_char(&out, ' ');
		if ((token->flags & LOG_TOKEN_MASK) != 0)
			str_add(&out, log_scan_kind(text, token->len));
		else
			str_add_len(&out, text, token->len);
	}
	return str_take(&out);
}

/* ---- times ---- */

static void
test_time(void **state)
{
	static const char *const whole[] = {"2026-11-22T10:14:00Z", "2026-11-22T10:14:00.123456+01:00",
	    "2026-11-22 10:14:00,123", "2026-11-22 10:14:00.000 UTC", "2026/11/22 10:14:00", "26/11/22 10:14:00",
	    "22/Nov/2026:10:14:00 +0000", "Nov 22 10:14:00", "Nov  2 10:14:00", "Nov 2 10:14:00",
	    "Sun Nov 22 10:14:00 2026", "Sun Nov 22 10:14:00 UTC 2026", "20261122-10:14:00:123", "20261122T101400Z",
	    "261122 101400", "11-22 10:14:00.123", "10:14:00", "10:14:00.5", "2026-11-22-10.14.00.123456", "2026.11.22",
	    "2026-11-22", "22-Nov-2026 10:14:00", "22 Nov 2026 10:14:00.123", "Sun, 22 Nov 2026 10:14:00 GMT",
	    "11/22/2026 10:14:00 AM"};
	static const char *const none[] = {"", "10", "1234567", "10.2.3.4", "22.11", "Nov", "November rain", "Sunday",
	    "10:14", "12:34:5", "99999999", "2026-11-2", "x2026-11-22", "2026-11-220", "261122"};
	bool is_syslog;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(whole); i++)
		if (log_time_match(whole[i], strlen(whole[i]), &is_syslog) != strlen(whole[i]))
			fail_msg("%s", whole[i]);
	for (size_t i = 0; i < KD_COUNT(none); i++)
		if (log_time_match(none[i], strlen(none[i]), &is_syslog) != 0)
			fail_msg("%s", none[i]);
	log_time_match("Nov 22 10:14:00", 15, &is_syslog);
	assert_true(is_syslog);
	assert_true(log_time_is_epoch("1763806440", 10) && log_time_is_epoch("1763806440123", 13) &&
		    log_time_is_epoch("1763806440.25", 13));
	assert_false(log_time_is_epoch("2763806440", 10) || log_time_is_epoch("176380644", 9) ||
		     log_time_is_epoch("1763806440.x", 12));
}

/* ---- headers ---- */

static void
test_header(void **state)
{
	static const struct {
		const char *line;
		enum log_line_level level;
		const char *source, *message;
	} rows[] = {
	    {"2026-10-18 18:01:47,978 INFO [main] org.example.app.Master: Created it", LOG_LINE_INFO,
		"org.example.app.Master", "Created it"},
	    {"261109 203615 148 WARN dfs.Node$Responder: Slow", LOG_LINE_WARNING, "dfs.Node$Responder", "Slow"},
	    {"Jun 14 15:16:01 combo sshd(pam_unix)[19939]: check pass", LOG_LINE_PLAIN, "sshd(pam_unix)[19939]",
		"check pass"},
	    {"Jun 14 15:16:01 combo kernel: foo bar", LOG_LINE_PLAIN, "kernel", "foo bar"},
	    {"Jun 14 15:16:01 combo last message repeated 3 times", LOG_LINE_PLAIN, "",
		"last message repeated 3 times"},
	    {"2026-11-22T10:00:00+0000 host sshd[12]: Accepted", LOG_LINE_PLAIN, "sshd[12]", "Accepted"},
	    {"<34>1 2026-11-22T22:14:15.003Z mymachine su 77 ID47 failed for x", LOG_LINE_PLAIN, "su", "failed for x"},
	    {"- 1717838570 2026.06.03 R02-M1 2026-06-03-15.42.50.363779 R02-M1 RAS KERNEL FATAL data error",
		LOG_LINE_FATAL, "", "data error"},
	    {"2026-09-28 04:30:30, Info                  CBS    Loaded it", LOG_LINE_INFO, "CBS", "Loaded it"},
	    {"03-17 16:13:38.811  1702  2395 D WindowThing: freezing", LOG_LINE_DEBUG, "WindowThing", "freezing"},
	    {"E/Zygote( 1234): failed to fork", LOG_LINE_ERROR, "Zygote", "failed to fork"},
	    {"20261223-22:15:29:606|Step_X|30002312|onStepChanged 3579", LOG_LINE_PLAIN, "Step_X",
		"onStepChanged 3579"},
	    {"[Sun Dec 04 04:47:44 2026] [error] [client 1.2.3.4] File missing", LOG_LINE_ERROR, NULL, "File missing"},
	    {"1.2.3.4 - bob [10/Oct/2026:13:55:36 -0700] \"GET / HTTP/1.0\" 200", LOG_LINE_PLAIN, "",
		"\"GET / HTTP/1.0\" 200"},
	    {"INFO:root:hello world", LOG_LINE_INFO, "root", "hello world"},
	    {"2026-11-22 10:00:00,123 - my.module - WARNING - too slow", LOG_LINE_WARNING, "my.module", "too slow"},
	    {"[ERROR]\t2026-11-22T10:00:00.123Z\t" UUID "\tboom", LOG_LINE_ERROR, NULL, "boom"},
	    {"2026-11-22T10:00:00.123Z\t" UUID "\tINFO\torder stored", LOG_LINE_INFO, "", "order stored"},
	    {"I1122 15:04:05.678901    1234 server.cc:123] Serving", LOG_LINE_INFO, "server.cc:123]", "Serving"},
	    {"[    0.123456] Linux version", LOG_LINE_PLAIN, "", "Linux version"},
	    {"2026-01-01 12:00:00.000  INFO 1 --- [           main] c.e.App   : Started", LOG_LINE_INFO, "c.e.App",
		"Started"},
	    {"2026-11-22 10:00:00 ERROR java.io.IOException: Broken pipe", LOG_LINE_ERROR, "",
		"java.io.IOException: Broken pipe"},
	    {"2026-11-22 10:00:00 Connection closed: by peer", LOG_LINE_PLAIN, "", "Connection closed: by peer"},
	    {"just a message: with colon", LOG_LINE_PLAIN, "", "just a message: with colon"},
	    {"Error opening file x", LOG_LINE_PLAIN, "", "Error opening file x"},
	    {"START RequestId: " UUID " Version: $LATEST", LOG_LINE_PLAIN, "",
		"START RequestId: " UUID " Version: $LATEST"},
	};
	struct log_header header;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		log_header_find(rows[i].line, strlen(rows[i].line), &header);
		assert_string_equal(rows[i].line + header.len, rows[i].message);
		assert_int_equal(header.level, rows[i].level);
		if (rows[i].source == NULL)
			continue;
		assert_int_equal(header.source_len, strlen(rows[i].source));
		assert_memory_equal(rows[i].line + header.source, rows[i].source, header.source_len);
	}
}

static void
test_levels(void **state)
{
	(void)state;
	assert_int_equal(log_line_parse_level("Warning", 7), LOG_LINE_WARNING);
	assert_int_equal(log_line_parse_level("50", 2), LOG_LINE_ERROR);
	assert_int_equal(log_line_parse_level("70", 2), LOG_LINE_PLAIN);
	assert_int_equal(log_line_parse_level("INFORM", 6), LOG_LINE_PLAIN);
	assert_int_equal(log_line_parse_level("", 0), LOG_LINE_PLAIN);
	assert_int_equal(log_line_find_level("error"), LOG_LINE_ERROR);
	assert_int_equal(log_line_find_level("worse"), -1);
}

/* ---- tokens ---- */

static void
test_masks(void **state)
{
	static const struct {
		const char *message, *tokens;
	} rows[] = {
	    {"took 12 ms, 0x1f and deadbeef01", "took <num> ms <hex> and <hex>"},
	    {"from 10.2.3.4 port 22 or 10.2.3.4:8080", "from <ip> port <num> or <ip>"},
	    {"id " UUID " done", "id <uuid> done"},
	    {"role arn:aws:iam::123456789012:role/orders ok", "role <arn> ok"},
	    {"open /var/log/x.log or C:\\Windows\\x or https://a.b/c?d=e", "open <path> or <path> or <url>"},
	    {"shard shardId-000000000001 at 49590338271490256608559692538361571095921575989136588898",
		"shard <shard> at <seq>"},
	    {"user \"bob smith\" said 'no' but can't", "user <str> said <str> but can t"},
	    {"uid=0 tty= ruser=root; x = y", "uid <num> tty <*> ruser <*> x <*>"},
	    {"if a == b then", "if a b then"},
	    {"values [a, b, c] in [main] and {x: 1} of <none>", "values <*> in main and <*> of <*>"},
	    {"1, 2, 3 and 4 5", "<num> and <num>"},
	    {"GET \"GET /x HTTP/1.1\" 200", "GET GET <path>"},
	    {"mail to user@example.org and/or read-only", "mail to <*> and/or read-only"},
	    {"mac aa:bb:cc:dd:ee:ff ip fe80::dead:beef end.", "mac <*> ip <*> end"},
	    {"", ""},
	    {"--- *** ...", ""},
	};
	struct log_scan *scan = mem_new(1, sizeof *scan);
	char *tokens;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		log_scan_line(scan, rows[i].message, strlen(rows[i].message));
		tokens = show(scan);
		assert_string_equal(tokens, rows[i].tokens);
		free(tokens);
	}
	free(scan);
}

static void
test_shape(void **state)
{
	static const char *const same[] = {
	    "2026-11-22 10:00:00 INFO a.b.C: took 12 of 13 ms", "2025-01-02 11:00:01 INFO a.b.C: took 7 of 5555 ms"};
	static const char other[] = "2025-01-02 11:00:01 ERROR a.b.C: took 7 of 5555 ms";
	struct log_scan *a = mem_new(1, sizeof *a), *b = mem_new(1, sizeof *b);

	(void)state;
	log_scan_line(a, same[0], strlen(same[0]));
	log_scan_line(b, same[1], strlen(same[1]));
	assert_true(a->shape == b->shape && a->source == b->source);
	log_scan_line(b, other, strlen(other));
	assert_true(a->shape != b->shape);
	free(a);
	free(b);
}

static void
test_json(void **state)
{
	static const struct {
		const char *line;
		enum log_line_level level;
		const char *tokens;
	} rows[] = {
	    {"{\"time\":\"x\",\"level\":\"warn\",\"msg\":\"slow \\\"x\\\" took 12 ms\",\"user\":\"bob\"}",
		LOG_LINE_WARNING, "slow <str> took <num> ms"},
	    {"{\"level\":50,\"msg\":\"boom\\n\\tat x\"}", LOG_LINE_ERROR, "boom"},
	    {"{\"a\":{\"msg\":\"no\"},\"b\":[1,{\"msg\":2}],\"message\":\"yes\"}", LOG_LINE_PLAIN, "yes"},
	    {"{\"log\":\"2026-11-22 10:00:00 ERROR a.B: it failed\\n\",\"stream\":\"stdout\"}", LOG_LINE_ERROR,
		"it failed"},
	    {"{\"message\":\"a\\u0041\\u00e9\\ud83d\\n\"}", LOG_LINE_PLAIN, "aA"},
	    {"{\"message\":\"cut of", LOG_LINE_PLAIN, "cut of"},
	    {"{ \"message\" : 3 }", LOG_LINE_PLAIN, "<*>"},
	    {"{broken", LOG_LINE_PLAIN, "broken"},
	    {"{", LOG_LINE_PLAIN, ""},
	};
	struct log_scan *scan = mem_new(1, sizeof *scan);
	char *tokens;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		log_scan_line(scan, rows[i].line, strlen(rows[i].line));
		tokens = show(scan);
		assert_string_equal(tokens, rows[i].tokens);
		assert_int_equal(scan->header.level, rows[i].level);
		assert_false(scan->is_continuation);
		free(tokens);
	}
	free(scan);
}

static void
test_traces(void **state)
{
	static const char *const parts[] = {"\tat java.lang.Foo.bar(Foo.java:12)",
	    "    at Object.<anonymous> (/x.js:1:2)", "Caused by: java.io.IOException: x", "\t... 12 more",
	    "  File \"/x.py\", line 3, in f", "goroutine 1 [running]:", ""};
	static const char *const heads[] = {
	    "java.lang.NullPointerException: x", "Traceback (most recent call last):", "KeyError: 'x'"};
	static const char *const others[] = {
	    "at noon all is well", "2026-11-22 10:00:00 INFO x", "Terror: no", "Error"};
	struct log_scan *scan = mem_new(1, sizeof *scan);

	(void)state;
	for (size_t i = 0; i < KD_COUNT(parts); i++) {
		log_scan_line(scan, parts[i], strlen(parts[i]));
		assert_true(scan->is_continuation);
	}
	for (size_t i = 0; i < KD_COUNT(heads); i++) {
		log_scan_line(scan, heads[i], strlen(heads[i]));
		assert_true(scan->is_exception && !scan->is_continuation);
	}
	for (size_t i = 0; i < KD_COUNT(others); i++) {
		log_scan_line(scan, others[i], strlen(others[i]));
		assert_false(scan->is_exception || scan->is_continuation);
	}
	free(scan);
}

/* Lines of a quarter megabyte, cut; every byte there is; nothing but openings that never close. */
static void
test_hostile(void **state)
{
	struct log_scan *scan = mem_new(1, sizeof *scan);
	size_t size = LOG_SCAN_LINE_MAX + 100;
	char *line = mem_new(size, 1);
	static const char fill[] = "\"'`[{<(=:./@\\\xff\xc3";
	static const char *const rows[] = {"[[[[[[[[[[[[[[[]", "{{{{{{{{{{{{}", "<<<<<<<<<<>", "\"\\", "=[([([([)"};

	(void)state;
	for (size_t i = 0; i < sizeof fill - 1; i++) {
		memset(line, fill[i], size);
		log_scan_line(scan, line, size);
		assert_true(scan->count <= LOG_SCAN_TOKENS && scan->len <= LOG_SCAN_LINE_MAX);
		assert_true(scan->looked <= LOG_SCAN_LOOK_MAX + 2048);
	}
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		for (size_t at = 0; at < size; at++)
			line[at] = rows[i][at % strlen(rows[i])];
		log_scan_line(scan, line, size);
		assert_true(scan->looked <= LOG_SCAN_LOOK_MAX + 2048);
	}
	for (size_t i = 0; i < size; i++)
		line[i] = (char)(i * 7 + i / 256);
	log_scan_line(scan, line, size);
	for (size_t i = 0; i < size; i++)
		line[i] = i % 2 ? ' ' : 'a';
	log_scan_line(scan, line, size);
	assert_int_equal(scan->count, LOG_SCAN_TOKENS);
	free(line);
	free(scan);
}

/* ---- words ---- */

static void
test_words(void **state)
{
	static const struct {
		const char *word;
		enum log_words_list list;
	} rows[] = {{"the", LOG_WORDS_FILLER}, {"packets", LOG_WORDS_KNOWN}, {"Opened", LOG_WORDS_EVENT},
	    {"stopping", LOG_WORDS_EVENT}, {"retries", LOG_WORDS_EVENT}, {"FAILED", LOG_WORDS_FAILURE},
	    {"denied", LOG_WORDS_FAILURE}, {"null", LOG_WORDS_VALUE}, {"cyrus", LOG_WORDS_NONE},
	    {"news", LOG_WORDS_NONE}, {"a1", LOG_WORDS_NONE}, {"", LOG_WORDS_NONE},
	    {"abcdefghijklmnopqrstuvwxyzabcdef", LOG_WORDS_NONE}};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++)
		if (log_words_find(rows[i].word, strlen(rows[i].word)) != rows[i].list)
			fail_msg("%s", rows[i].word);
	assert_true(log_words_is_unit("ms", 2) && log_words_is_unit("KB", 2) && !log_words_is_unit("mss", 3));
	assert_true(log_words_is_secret("password", 8) && log_words_is_secret("api_key", 7) &&
		    log_words_is_secret("accessToken", 11));
	assert_false(log_words_is_secret("keyboard", 8) || log_words_is_secret("", 0) || log_words_is_secret("_", 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_time),
	    cmocka_unit_test(test_header),
	    cmocka_unit_test(test_levels),
	    cmocka_unit_test(test_masks),
	    cmocka_unit_test(test_shape),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_traces),
	    cmocka_unit_test(test_hostile),
	    cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
