/* SPDX-License-Identifier: Apache-2.0 */
/* change: what a change reads like, and that no text, however hostile, breaks a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "common/mem.h"
#include "common/str.h"
#include "daemon/change.h"

enum { TS_S = 1795342084 }; /* 2026-11-22T10:08:04Z */

struct fix {
	struct finding finding;
	struct ledger_change change;
};

/* The example of SCREENS. */
static struct fix *
fix_new(void)
{
	struct fix *fix = mem_new(1, sizeof(*fix));
	struct finding *f = &fix->finding;

	f->stream = stream_id_new("prod", "us-east-1", "orders");
	f->probe = mem_strdup("iterator_age");
	f->check = mem_strdup("lag");
	f->subject = mem_strdup("stream");
	memcpy(f->id, "5f0c2a9e", FINDING_ID_SIZE);
	f->severity = KD_CRITICAL;
	f->state = FINDING_OPEN;
	f->summary = mem_strdup("13 h behind (54 % of retention)");
	f->symptom = mem_strdup("high_latency");
	f->next = mem_strdup("kdiagctl diagnose orders");
	fix->change = (struct ledger_change){.seq = 418,
	    .ms = (int64_t)TS_S * 1000,
	    .event = LEDGER_CHANGED,
	    .from = KD_WARNING,
	    .finding = f,
	    .open_ms = 15 * 60000};
	return fix;
}

static void
fix_free(struct fix *fix)
{
	finding_clear(&fix->finding);
	free(fix);
}

static void
set(char **text, const char *to)
{
	free(*text);
	*text = mem_strdup(to);
}

static void
set_stream(struct fix *fix, const char *account, const char *region, const char *name)
{
	stream_id_unref(fix->finding.stream);
	fix->finding.stream = name != NULL ? stream_id_new(account, region, name) : NULL;
}

/* `unit` so often that it takes at least len bytes. */
static char *
many(const char *unit, size_t len)
{
	size_t size = strlen(unit), count = len / size + 1;
	struct str text = {0};

	for (size_t i = 0; i < count; i++)
		str_add(&text, unit);
	return str_take(&text);
}

static void
check_cee(const struct fix *fix, const char *expected)
{
	char *line = change_line_cee(&fix->change);

	assert_string_equal(line, expected);
	free(line);
}

static void
check_text(const struct fix *fix, const char *expected)
{
	char *line = change_line_text(&fix->change);

	assert_string_equal(line, expected);
	free(line);
}

static void
test_cee(void **state)
{
	struct fix *fix = fix_new();

	(void)state;
	check_cee(fix,
	    "@cee:{\"v\":1,\"seq\":418,\"ts\":\"2026-11-22T10:08:04Z\",\"event\":\"changed\",\"severity\":\"critical\","
	    "\"from\":\"warning\",\"id\":\"5f0c2a9e\",\"account\":\"prod\",\"region\":\"us-east-1\",\"stream\":"
	    "\"orders\",\"probe\":\"iterator_age\",\"check\":\"lag\",\"subject\":\"stream\",\"summary\":\"13 h behind "
	    "(54 % of retention)\",\"next\":\"kdiagctl diagnose orders\",\"symptom\":\"high_latency\"}");
	fix_free(fix);
}

static void
test_cee_of_self(void **state)
{
	struct fix *fix = fix_new();

	(void)state;
	set_stream(fix, NULL, NULL, NULL);
	set(&fix->finding.symptom, NULL);
	set(&fix->finding.next, NULL);
	fix->change.event = LEDGER_OPENED;
	fix->change.from = KD_OK;
	check_cee(fix,
	    "@cee:{\"v\":1,\"seq\":418,\"ts\":\"2026-11-22T10:08:04Z\",\"event\":\"opened\",\"severity\":\"critical\","
	    "\"from\":\"ok\",\"id\":\"5f0c2a9e\",\"account\":null,\"region\":null,\"stream\":null,\"probe\":"
	    "\"iterator_age\",\"check\":\"lag\",\"subject\":\"stream\",\"summary\":\"13 h behind (54 % of "
	    "retention)\",\"next\":null,\"symptom\":null}");
	fix_free(fix);
}

static void
test_text(void **state)
{
	struct fix *fix = fix_new();

	(void)state;
	check_text(fix, "changed critical orders us-east-1 iterator_age/lag 5f0c2a9e: 13 h behind (54 % of retention) "
			"(was warning)");
	fix->change.event = LEDGER_OPENED;
	check_text(fix, "opened critical orders us-east-1 iterator_age/lag 5f0c2a9e: 13 h behind (54 % of retention)");
	set(&fix->finding.subject, "shardId-000000000001");
	check_text(fix, "opened critical orders us-east-1 iterator_age/lag/shardId-000000000001 5f0c2a9e: 13 h behind "
			"(54 % of retention)");
	fix->change.event = LEDGER_RESOLVED;
	check_text(fix, "resolved critical orders us-east-1 iterator_age/lag/shardId-000000000001 5f0c2a9e: 13 h "
			"behind (54 % of retention) (after 15 min)");
	fix->change.why = "no longer watched";
	set(&fix->finding.subject, "stream");
	check_text(
	    fix, "resolved critical orders us-east-1 iterator_age/lag 5f0c2a9e: no longer watched (after 15 min)");
	fix->change.why = NULL;
	fix->change.event = LEDGER_REMINDER;
	set_stream(fix, NULL, NULL, NULL);
	check_text(
	    fix, "reminder critical - - iterator_age/lag 5f0c2a9e: 13 h behind (54 % of retention) (open for 15 min)");
	fix_free(fix);
}

static void
test_why(void **state)
{
	struct fix *fix = fix_new();
	json_t *object;

	(void)state;
	object = change_to_json(&fix->change);
	assert_null(json_object_get(object, "why"));
	json_decref(object);
	fix->change.event = LEDGER_RESOLVED;
	fix->change.why = "no longer watched";
	object = change_to_json(&fix->change);
	assert_string_equal(json_string_value(json_object_get(object, "why")), "no longer watched");
	json_decref(object);
	fix_free(fix);
}

static void
test_priority(void **state)
{
	static const struct {
		enum ledger_event event;
		enum kd_severity severity;
		int priority;
	} rows[] = {
	    {LEDGER_OPENED, KD_CRITICAL, LOG_CRIT},
	    {LEDGER_CHANGED, KD_WARNING, LOG_WARNING},
	    {LEDGER_OPENED, KD_UNKNOWN, LOG_NOTICE},
	    {LEDGER_OPENED, KD_INFO, LOG_INFO},
	    {LEDGER_RESOLVED, KD_CRITICAL, LOG_INFO},
	    {LEDGER_REMINDER, KD_CRITICAL, LOG_CRIT},
	};
	struct fix *fix = fix_new();

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		fix->change.event = rows[i].event;
		fix->finding.severity = rows[i].severity;
		assert_int_equal(change_priority(&fix->change), rows[i].priority);
	}
	fix_free(fix);
}

/* ---- hostile texts ---- */

static void
check_ascii(const char *line)
{
	assert_true(strlen(line) <= CHANGE_LINE_MAX);
	for (const char *p = line; *p != '\0'; p++)
		assert_true((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f);
}

/* Both lines stand whatever the texts are; the JSON is returned. */
static json_t *
check_lines(const struct fix *fix)
{
	char *cee = change_line_cee(&fix->change), *text = change_line_text(&fix->change);
	json_t *object;

	check_ascii(cee);
	check_ascii(text);
	assert_memory_equal(cee, "@cee:{", 6);
	assert_true(strncmp(text, "@cee:", 5) != 0);
	object = json_loads(cee + 5, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(object);
	free(cee);
	free(text);
	return object;
}

static const char *const nasty[] = {"a", "%s%n", "\"", "\\", "\n", "\x01", "\x7f", "\xc3\xa9", "\xe2\x80\xae",
    "\xf0\x9f\x98\x80", "\xff", "\xed\xa0\x80", "@cee:{\"x\":1}", "\xc2\x80", "\xef\xbf\xbf", "</script>", "a\xf0"};

static void
test_hostile_everywhere(void **state)
{
	static const size_t lengths[] = {1, 100, 400, 3000};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(nasty); i++) {
		for (size_t j = 0; j < KD_COUNT(lengths); j++) {
			struct fix *fix = fix_new();
			char *text = many(nasty[i], lengths[j]);

			set_stream(fix, text, text, text);
			set(&fix->finding.probe, text);
			set(&fix->finding.check, text);
			set(&fix->finding.subject, text);
			set(&fix->finding.summary, text);
			set(&fix->finding.symptom, text);
			set(&fix->finding.next, text);
			json_decref(check_lines(fix));
			fix->change.event = LEDGER_RESOLVED;
			fix->change.why = text;
			json_decref(check_lines(fix));
			free(text);
			fix_free(fix);
		}
	}
}

/* The order in which fields give way, at every length around the limit. */
static void
test_giving_way(void **state)
{
	bool saw_next = false, saw_symptom = false;

	(void)state;
	for (size_t len = 1; len < 3000; len += 29) {
		struct fix *fix = fix_new();
		char *text = many("x", len);
		json_t *object;
		const char *summary;

		set(&fix->finding.summary, text);
		object = check_lines(fix);
		summary = json_string_value(json_object_get(object, "summary"));
		if (json_object_get(object, "next") != NULL) {
			assert_null(json_object_get(object, "trunc"));
			assert_string_equal(summary, text);
			assert_false(saw_next);
		} else {
			saw_next = true;
			assert_true(json_is_true(json_object_get(object, "trunc")));
		}
		if (json_object_get(object, "symptom") == NULL)
			saw_symptom = true;
		else
			assert_string_equal(summary, text);
		assert_memory_equal(summary, text, strlen(summary));
		assert_true(strlen(summary) > 1500 || strlen(summary) == strlen(text));
		assert_string_equal(json_string_value(json_object_get(object, "subject")), "stream");
		json_decref(object);
		free(text);
		fix_free(fix);
	}
	assert_true(saw_next && saw_symptom);
}

/* As much of the sentence as fits, cut between characters. */
static void
test_summary_is_cut_tightly(void **state)
{
	struct fix *fix = fix_new();
	char *text = many("\xf0\x9f\x98\x80", 4000), *line;
	json_t *object;
	const char *summary;

	(void)state;
	set(&fix->finding.summary, text);
	line = change_line_cee(&fix->change);
	assert_in_range(strlen(line), CHANGE_LINE_MAX - 12, CHANGE_LINE_MAX);
	object = json_loads(line + 5, 0, NULL);
	summary = json_string_value(json_object_get(object, "summary"));
	assert_int_equal(strlen(summary) % 4, 0);
	assert_memory_equal(summary, text, strlen(summary));
	json_decref(object);
	free(line);
	free(text);
	fix_free(fix);
}

static void
test_text_escapes(void **state)
{
	struct fix *fix = fix_new();

	(void)state;
	fix->change.event = LEDGER_OPENED;
	set_stream(fix, "prod", "us east", "@cee:{}%s");
	set(&fix->finding.summary, "caf\xc3\xa9 \xf0\x9f\x98\x80 \\ \n \x7f \xff %n");
	check_text(fix, "opened critical @cee:{}%s us\\x20east iterator_age/lag 5f0c2a9e: caf\\u00e9 \\U0001f600 \\\\ "
			"\\x0a \\x7f \\ufffd %n");
	fix_free(fix);
}

static void
test_text_is_cut(void **state)
{
	struct fix *fix = fix_new();
	char *text = many("\xc3\xa9", 4000), *line;
	size_t len;

	(void)state;
	set(&fix->finding.summary, text);
	line = change_line_text(&fix->change);
	len = strlen(line);
	assert_in_range(len, CHANGE_LINE_MAX - 8, CHANGE_LINE_MAX);
	assert_string_equal(line + len - strlen("\\u00e9... (was warning)"), "\\u00e9... (was warning)");
	free(line);
	free(text);
	text = many("n", 500);
	set_stream(fix, "prod", "us-east-1", text);
	set(&fix->finding.summary, "short");
	line = change_line_text(&fix->change);
	assert_memory_equal(line + strlen("changed critical ") + 197, "... us-east-1 ", 14);
	free(line);
	free(text);
	fix_free(fix);
}

/* A text that just fits is not cut. */
static void
test_text_border(void **state)
{
	struct fix *fix = fix_new();
	char *line = change_line_text(&fix->change), *text;
	size_t room = CHANGE_LINE_MAX - (strlen(line) - strlen(fix->finding.summary));

	(void)state;
	free(line);
	text = many("x", room - 1);
	assert_int_equal(strlen(text), room);
	set(&fix->finding.summary, text);
	line = change_line_text(&fix->change);
	assert_int_equal(strlen(line), CHANGE_LINE_MAX);
	assert_null(strstr(line, "..."));
	free(line);
	free(text);
	text = many("x", room);
	set(&fix->finding.summary, text);
	line = change_line_text(&fix->change);
	assert_int_equal(strlen(line), CHANGE_LINE_MAX);
	assert_non_null(strstr(line, "..."));
	free(line);
	free(text);
	fix_free(fix);
}

/* Who and what he said, and that it may have been told before; the longest of all fits still. */
static void
test_by_and_replayed(void **state)
{
	struct fix *fix = fix_new();
	char *line, *by = many("\\\"", 400), *text = many("\x01", 1000);

	(void)state;
	fix->change.event = LEDGER_ACKED;
	fix->change.by = "ana (uid 1004)";
	fix->change.why = "looking";
	fix->change.replayed = true;
	line = change_line_text(&fix->change);
	assert_non_null(strstr(line, "acked critical orders"));
	assert_non_null(strstr(line, ": looking (by ana (uid 1004)) (replayed)"));
	free(line);
	line = change_line_cee(&fix->change);
	assert_non_null(strstr(line, "\"why\":\"looking\",\"by\":\"ana (uid 1004)\",\"replayed\":true}"));
	free(line);
	set(&fix->finding.subject, text);
	set(&fix->finding.probe, text);
	set(&fix->finding.check, text);
	set(&fix->finding.summary, text);
	set_stream(fix, text, text, text);
	fix->change.by = by;
	fix->change.why = text;
	line = change_line_cee(&fix->change);
	assert_in_range(strlen(line), 1000, CHANGE_LINE_MAX);
	assert_non_null(strstr(line, "\"replayed\":true"));
	free(line);
	line = change_line_text(&fix->change);
	assert_in_range(strlen(line), 1000, CHANGE_LINE_MAX);
	free(line);
	free(by);
	free(text);
	fix_free(fix);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cee),
	    cmocka_unit_test(test_cee_of_self),
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_why),
	    cmocka_unit_test(test_priority),
	    cmocka_unit_test(test_hostile_everywhere),
	    cmocka_unit_test(test_giving_way),
	    cmocka_unit_test(test_summary_is_cut_tightly),
	    cmocka_unit_test(test_text_escapes),
	    cmocka_unit_test(test_text_is_cut),
	    cmocka_unit_test(test_text_border),
	    cmocka_unit_test(test_by_and_replayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
