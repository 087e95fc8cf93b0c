/* SPDX-License-Identifier: Apache-2.0 */
/* test_finding: a finding's id and JSON, and the report with its bounds and what it does with a probe's mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fact.h"
#include "common/finding.h"
#include "common/json.h"
#include "common/mem.h"

#define TIME_MS INT64_C(1763806440000)

/* ---- findings ---- */

static struct finding *
make_finding(void)
{
	struct finding *finding = mem_new(1, sizeof(*finding));

	finding->stream = stream_id_new("prod", "us-east-1", "orders");
	stream_id_set_arn(finding->stream, "arn:aws:kinesis:us-east-1:123456789012:stream/orders");
	finding->probe = mem_strdup("stream_status");
	finding->check = mem_strdup("status");
	finding->subject = mem_strdup("stream");
	finding->severity = KD_WARNING;
	finding->state = FINDING_OPEN;
	finding->summary = mem_strdup("UPDATING for 45 min");
	finding->evidence = mem_strdup("{\"status\":\"UPDATING\",\"lasts_s\":2700}");
	finding->symptom = mem_strdup("stream_not_capturing_data");
	finding->step = mem_strdup("Verify the stream status");
	finding->next = mem_strdup("aws kinesis");
	finding->first_seen_ms = TIME_MS;
	finding->last_seen_ms = TIME_MS + 60000;
	finding->changed_ms = TIME_MS;
	finding->count = 2;
	finding_make_id(finding);
	return finding;
}

static struct finding *
make_self_finding(void)
{
	struct finding *finding = mem_new(1, sizeof(*finding));

	finding->probe = mem_strdup("self");
	finding->check = mem_strdup("credentials");
	finding->subject = mem_strdup("prod");
	finding->severity = KD_UNKNOWN;
	finding->reason = KD_DENIED;
	finding->state = FINDING_PENDING;
	finding->summary = mem_strdup("may not");
	finding->blame = mem_strdup("self/clock/host");
	finding_make_id(finding);
	return finding;
}

/* Takes the finding. */
static void
expect_json(struct finding *finding, const char *text)
{
	json_t *written = finding_to_json(finding), *again;
	char *line = json_line(written), *cause = NULL;
	struct finding *read = finding_from_json(written, &cause);

	assert_string_equal(line, text);
	assert_non_null(read);
	assert_null(cause);
	again = finding_to_json(read);
	assert_true(json_equal(written, again));
	free(line);
	json_decref(written);
	json_decref(again);
	finding_free(read);
	finding_free(finding);
}

static void
test_json(void **state)
{
	(void)state;
	expect_json(make_finding(),
	    "{\"id\":\"ae4dd2d4\",\"probe\":\"stream_status\",\"check\":\"status\",\"subject\":\"stream\",\"severity\":"
	    "\"warning\",\"state\":\"open\","
	    "\"reason\":null,\"account\":\"prod\",\"region\":\"us-east-1\",\"stream\":\"orders\",\"arn\":"
	    "\"arn:aws:kinesis:us-east-1:123456789012:stream/orders\",\"summary\":\"UPDATING for 45 "
	    "min\",\"evidence\":{\"status\":\"UPDATING\","
	    "\"lasts_s\":2700},\"symptom\":\"stream_not_capturing_data\",\"step\":\"Verify the stream "
	    "status\",\"next\":\"aws kinesis\",\"blame\":null,"
	    "\"first_seen\":\"2025-11-22T10:14:00Z\",\"last_seen\":\"2025-11-22T10:15:00Z\",\"changed\":\"2025-11-"
	    "22T10:14:00Z\",\"count\":2,"
	    "\"ack\":null}");
	expect_json(make_self_finding(), "{\"id\":\"906c5ca8\",\"probe\":\"self\",\"check\":\"credentials\","
					 "\"subject\":\"prod\",\"severity\":\"unknown\",\"state\":\"pending\","
					 "\"reason\":\"denied\",\"account\":null,\"region\":null,\"stream\":null,"
					 "\"arn\":null,\"summary\":\"may not\",\"evidence\":{},"
					 "\"symptom\":null,\"step\":null,\"next\":null,\"blame\":\"self/clock/"
					 "host\",\"first_seen\":null,\"last_seen\":null,\"changed\":null,"
					 "\"count\":0,\"ack\":null}");
}

static void
test_id_tells_parts_apart(void **state)
{
	struct finding *a = make_finding(), *b = finding_copy(a);

	(void)state;
	free(b->check);
	free(b->subject);
	b->check = mem_strdup("statu");
	b->subject = mem_strdup("sstream");
	finding_make_id(b);
	assert_string_not_equal(a->id, b->id);
	finding_free(a);
	finding_free(b);
}

static void
test_copy_is_its_own(void **state)
{
	struct finding *finding = make_finding(), *copy = finding_copy(finding);

	(void)state;
	assert_ptr_equal(copy->stream, finding->stream);
	assert_int_equal(copy->stream->refs, 2);
	finding->summary[0] = 'X';
	finding->evidence[0] = 'X';
	assert_string_equal(copy->summary, "UPDATING for 45 min");
	assert_null(copy->blame);
	finding_free(finding);
	assert_int_equal(copy->stream->refs, 1);
	assert_string_equal(copy->evidence, "{\"status\":\"UPDATING\",\"lasts_s\":2700}");
	finding_clear(copy);
	assert_null(copy->summary);
	free(copy);
	finding_free(NULL);
}

/* What is refused when one member of a good finding is changed into `value` (JSON; NULL: removed). */
static void
expect_refused(const char *key, const char *value, const char *sentence)
{
	struct finding *finding = make_finding();
	json_t *object = finding_to_json(finding);
	char *cause = NULL;

	if (value != NULL)
		json_object_set_new(object, key, json_read(value, strlen(value), NULL));
	else
		json_object_del(object, key);
	assert_null(finding_from_json(object, &cause));
	assert_string_equal(cause, sentence);
	free(cause);
	json_decref(object);
	finding_free(finding);
}

static void
test_refused(void **state)
{
	json_t *array = json_array();
	char *cause = NULL;

	(void)state;
	assert_null(finding_from_json(array, &cause));
	assert_string_equal(cause, "a finding is not an object");
	free(cause);
	json_decref(array);
	expect_refused("id", NULL, "id is not 8 digits of 0 to 9 and a to f");
	expect_refused("id", "\"5F0C2A9E\"", "id is not 8 digits of 0 to 9 and a to f");
	expect_refused("id", "\"5f0c2a9e0\"", "id is not 8 digits of 0 to 9 and a to f");
	expect_refused("severity", "\"bad\"", "severity is none of ok, info, unknown, warning, critical");
	expect_refused("severity", "3", "severity is not a string");
	expect_refused("state", NULL, "state is none of ok, pending, open, resolved");
	expect_refused("reason", "\"why\"", "reason is none that kdiag knows (no_data, denied, failed)");
	expect_refused("check", NULL, "check is missing");
	expect_refused("summary", "null", "summary is missing");
	expect_refused("next", "{}", "next is not a string");
	expect_refused("region", NULL, "stream stands without its account and region");
	expect_refused("arn", "1", "arn is not a string");
	expect_refused("count", "-1", "count is below 0");
	expect_refused("evidence", "[]", "evidence is not an object");
	expect_refused("changed", "\"now\"", "changed is no time (write 2026-11-22T10:14:00Z)");
}

static void
test_names(void **state)
{
	enum kd_severity severity;

	(void)state;
	for (int i = KD_OK; i <= KD_CRITICAL; i++) {
		assert_int_equal(severity_parse(severity_name((enum kd_severity)i), &severity), 0);
		assert_int_equal(severity, i);
	}
	assert_int_equal(severity_parse("OK", &severity), -1);
	assert_string_equal(finding_state_name(FINDING_RESOLVED), "resolved");
}

/* ---- reports ---- */

static const struct kd_check checks[] = {
    {"first", "high_latency", "Look"}, {"second", "permission_issues", "Look again"}};
static const struct kd_probe probe = {.abi = KD_PROBE_ABI, .name = "tester", .checks = checks, .checks_count = 2};

static struct kd_report *
make_report(void)
{
	struct stream_id *stream = stream_id_new("prod", "us-east-1", "orders");
	struct kd_report *report = report_new(&probe, stream);

	stream_id_unref(stream);
	return report;
}

static void
test_report(void **state)
{
	struct kd_report *report = make_report();
	const struct finding *finding;
	struct finding *first, *second;
	json_t *document;
	char *line;

	(void)state;
	kd_find(report, 1, NULL, KD_WARNING, "%d open shards, %s", 6, "8 expected");
	kd_evidence_integer(report, "open", 6);
	kd_evidence_number(report, "share", 0.5);
	kd_evidence_string(report, "mode", "PROVISIONED");
	kd_next(report, "aws kinesis --name %s", "orders");
	kd_find(report, 0, "shardId-000000000001", KD_OK, "fine");
	assert_int_equal(report_count(report), 2);
	assert_int_equal(report_dropped(report), 0);
	assert_null(report_state(report));
	finding = report_at(report, 0);
	assert_string_equal(finding->probe, "tester");
	assert_string_equal(finding->symptom, "permission_issues");
	assert_string_equal(finding->step, "Look again");
	first = finding_copy(finding);
	second = finding_copy(report_at(report, 1));
	assert_int_equal(strlen(first->id), FINDING_ID_SIZE - 1);
	assert_string_not_equal(first->id, second->id);
	finding_free(first);
	finding_free(second);
	kd_keep_state(report, "seen 1");
	assert_string_equal(report_state(report), "seen 1");
	document = report_to_json(report);
	line = json_line(document);
	assert_string_equal(line, "{\"findings\":[{\"check\":\"second\",\"subject\":\"stream\",\"severity\":"
				  "\"warning\",\"reason\":null,\"summary\":\"6 open shards, 8 expected\","
				  "\"evidence\":{\"open\":6,\"share\":0.5,\"mode\":\"PROVISIONED\"},\"next\":\"aws "
				  "kinesis --name orders\",\"blame\":null},"
				  "{\"check\":\"first\",\"subject\":\"shardId-000000000001\",\"severity\":\"ok\","
				  "\"reason\":null,\"summary\":\"fine\",\"evidence\":{},"
				  "\"next\":null,\"blame\":null}],\"state\":\"seen 1\"}");
	free(line);
	json_decref(document);
	report_free(report);
	report_free(NULL);
}

static void
test_unknown_takes_reason_and_blame(void **state)
{
	struct kd_report *report = make_report();
	struct stream_id *stream = stream_id_new("prod", "us-east-1", "orders");
	struct kd_facts *facts = facts_new(stream, TIME_MS, NULL);

	(void)state;
	facts_add_taken(facts, fact_new_missing(KD_SHARDS, KD_DENIED, "may not", "self/denied/x"));
	facts_add_taken(facts, fact_new_missing(KD_SHARDS, KD_LATE, "", NULL));
	facts_add_taken(facts, fact_new_shards(TIME_MS, NULL, 0));
	kd_unknown(report, 0, "a", facts, 0);
	kd_unknown(report, 0, "b", facts, 1);
	kd_unknown(report, 0, "c", facts, 2);
	kd_unknown(report, 0, "d", facts, 3);
	kd_find(report, 1, NULL, KD_UNKNOWN, "makes no sense");
	assert_int_equal(report_at(report, 0)->severity, KD_UNKNOWN);
	assert_int_equal(report_at(report, 0)->reason, KD_DENIED);
	assert_string_equal(report_at(report, 0)->summary, "may not");
	assert_string_equal(report_at(report, 0)->blame, "self/denied/x");
	assert_int_equal(report_at(report, 1)->reason, KD_LATE);
	assert_string_equal(report_at(report, 1)->summary, "late");
	assert_null(report_at(report, 1)->blame);
	assert_int_equal(report_at(report, 2)->reason, KD_FAILED);
	assert_string_equal(report_at(report, 2)->summary, "the probe could not judge by the facts that it got");
	assert_string_equal(report_at(report, 3)->summary, "the probe asks for a need that it does not have");
	assert_int_equal(report_at(report, 4)->reason, KD_FAILED);
	facts_free(facts);
	stream_id_unref(stream);
	report_free(report);
}

static void
test_mistakes_are_dropped_and_counted(void **state)
{
	struct kd_report *report = make_report();

	(void)state;
	kd_next(report, "before any finding");
	kd_evidence_integer(report, "n", 1);
	kd_find(report, 0, NULL, KD_OK, "good");
	kd_find(report, 2, NULL, KD_CRITICAL, "no such check");
	kd_next(report, "belongs to nothing");
	kd_evidence_integer(report, "n", 1);
	kd_find(report, 0, "stream", KD_CRITICAL, "said before");
	kd_find(report, 1, NULL, (enum kd_severity)5, "no such severity");
	kd_find(report, 1, NULL, (enum kd_severity) - 1, "no such severity");
	assert_int_equal(report_count(report), 1);
	assert_int_equal(report_dropped(report), 4);
	assert_string_equal(report_at(report, 0)->summary, "good");
	assert_null(report_at(report, 0)->next);
	assert_null(report_at(report, 0)->evidence);
	report_free(report);
}

static void
test_report_is_bounded(void **state)
{
	struct kd_report *report = make_report();
	char name[16];

	(void)state;
	for (int i = 0; i < REPORT_MAX + 5; i++) {
		(void)snprintf(name, sizeof(name), "s%d", i);
		kd_find(report, 0, name, KD_INFO, "%d", i);
	}
	assert_int_equal(report_count(report), REPORT_MAX);
	assert_int_equal(report_dropped(report), 5);
	assert_string_equal(report_at(report, REPORT_MAX - 1)->summary, "999");
	report_free(report);
}

static void
test_texts_are_one_line_and_cut(void **state)
{
	struct kd_report *report = make_report();
	char *long_text = mem_new(5000, 1);

	(void)state;
	memset(long_text, 'x', 4999);
	long_text[399] = '\xc3'; /* an ä astride the limit */
	long_text[400] = '\xa4';
	kd_find(report, 0, "a\nb", KD_INFO, "%s", long_text);
	kd_next(report, "aws %s", "orders\nreboot\x1b[2J");
	kd_evidence_string(report, "text", long_text);
	kd_evidence_string(report, "bad", "\xff");
	assert_int_equal(strlen(report_at(report, 0)->summary), 399);
	assert_string_equal(report_at(report, 0)->subject, "a b");
	assert_string_equal(report_at(report, 0)->next, "aws orders reboot [2J");
	kd_next(report, "aws kinesis --stream-name %s --region us-east-1", "--x");
	assert_string_equal(report_at(report, 0)->next, "aws kinesis --stream-name=--x --region us-east-1");
	kd_next(report, "aws logs --log-group-name '%s' --limit 1", "-x");
	assert_string_equal(report_at(report, 0)->next, "aws logs --log-group-name='-x' --limit 1");
	assert_true(strlen(report_at(report, 0)->evidence) < 450);
	assert_non_null(strstr(report_at(report, 0)->evidence, "\"bad\":\"\\uFFFD\""));
	free(long_text);
	report_free(report);
}

static void
test_evidence_numbers_are_told_to_hundredths(void **state)
{
	struct stream_id *stream = stream_id_new("prod", "us-east-1", "orders");
	struct kd_report *report = report_new(&probe, stream);

	(void)state;
	kd_find(report, 0, NULL, KD_OK, "fine");
	kd_evidence_number(report, "share", 51.62666);
	kd_evidence_number(report, "whole", 46800000.0);
	kd_evidence_number(report, "nearly", 0.001);
	kd_evidence_number(report, "back", -2.349);
	kd_evidence_number(report, "tenth", -0.5);
	kd_evidence_number(report, "large", 1e300);
	assert_string_equal(report_at(report, 0)->evidence,
	    "{\"share\":51.63,\"whole\":46800000,\"nearly\":0,\"back\":-2.35,\"tenth\":-0.5,\"large\":1e+300}");
	report_free(report);
	stream_id_unref(stream);
}

static void
test_evidence_is_bounded(void **state)
{
	struct kd_report *report = make_report();
	json_t *evidence;
	char name[16];

	(void)state;
	kd_find(report, 0, NULL, KD_INFO, "x");
	kd_evidence_number(report, "nan", NAN);
	kd_evidence_number(report, "inf", INFINITY);
	kd_evidence_string(report, "none", NULL);
	kd_evidence_integer(report, "\xff", 1);
	for (int i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		kd_evidence_integer(report, name, i);
	}
	evidence = json_loads(report_at(report, 0)->evidence, 0, NULL);
	assert_int_equal(json_object_size(evidence), REPORT_EVIDENCE_MAX);
	assert_true(json_is_null(json_object_get(evidence, "nan")));
	assert_true(json_is_null(json_object_get(evidence, "inf")));
	assert_true(json_is_null(json_object_get(evidence, "none")));
	assert_int_equal(json_integer_value(json_object_get(evidence, "n12")), 12);
	assert_null(json_object_get(evidence, "n13"));
	json_decref(evidence);
	report_free(report);
}

static void
test_state_is_checked(void **state)
{
	struct kd_report *report = make_report();
	char *large = mem_new(REPORT_STATE_MAX + 2, 1);

	(void)state;
	memset(large, 'x', REPORT_STATE_MAX + 1);
	kd_keep_state(report, "good");
	kd_keep_state(report, large);
	kd_keep_state(report, "\xff");
	kd_keep_state(report, "two\nlines");
	kd_keep_state(report, NULL);
	assert_string_equal(report_state(report), "good");
	assert_int_equal(report_dropped(report), 4);
	large[REPORT_STATE_MAX] = '\0';
	kd_keep_state(report, large);
	assert_int_equal(strlen(report_state(report)), REPORT_STATE_MAX);
	kd_keep_state(report, "");
	assert_string_equal(report_state(report), "");
	free(large);
	report_free(report);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_evidence_numbers_are_told_to_hundredths),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_id_tells_parts_apart),
	    cmocka_unit_test(test_copy_is_its_own),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_report),
	    cmocka_unit_test(test_unknown_takes_reason_and_blame),
	    cmocka_unit_test(test_mistakes_are_dropped_and_counted),
	    cmocka_unit_test(test_report_is_bounded),
	    cmocka_unit_test(test_texts_are_one_line_and_cut),
	    cmocka_unit_test(test_evidence_is_bounded),
	    cmocka_unit_test(test_state_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
