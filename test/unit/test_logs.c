/* SPDX-License-Identifier: Apache-2.0 */
/* test_logs: the calls of CloudWatch Logs against a client that this file plays: what is sent, page after page, and what bad answers become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "common/str.h"
#include "daemon/aws/logs.h"
#include "daemon/aws/logs_parse.h"

#define FAKE_SERVICE      "logs"
#define FAKE_CONTENT_TYPE "application/x-amz-json-1.1"
#include "test/unit/fake_call.h"

/* ---- what the callbacks were given ---- */

static struct {
	unsigned done, pages;
	enum aws_fault fault;
	char message[512];
	struct str texts;
	struct logs_outcome outcome;
	size_t names;
	bool cut;
} got;

static void
events_cb(const struct logs_event *events, size_t count, void *arg)
{
	assert_ptr_equal(arg, &got);
	got.pages++;
	for (size_t i = 0; i < count; i++)
		str_printf(&got.texts, "%s@%lld=%.*s;", events[i].id != NULL ? events[i].id : "?",
		    (long long)events[i].ms, (int)events[i].message_len, events[i].message);
}

static void
note(const struct aws_error *error)
{
	got.done++;
	got.fault = error->fault;
	memcpy(got.message, error->message, sizeof(got.message));
}

static void
done_cb(const struct aws_error *error, const struct logs_outcome *outcome, void *arg)
{
	assert_ptr_equal(arg, &got);
	note(error);
	assert_int_equal(error->fault == AWS_OK, outcome != NULL);
	if (outcome != NULL)
		got.outcome = *outcome;
}

static void
groups_cb(const struct aws_error *error, const char *const *names, size_t count, bool cut, void *arg)
{
	assert_ptr_equal(arg, &got);
	note(error);
	got.names = count;
	got.cut = cut;
	for (size_t i = 0; i < count && i < 5; i++)
		str_printf(&got.texts, "%s;", names[i]);
}

static int
set_up(void **state)
{
	(void)state;
	str_free(&got.texts);
	memset(&got, 0, sizeof(got));
	started = cancelled = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	assert_null(under_way);
	str_free(&got.texts);
	return 0;
}

static const struct logs_span span = {
    .group = "/aws/lambda/orders", .from_ms = 1000, .until_ms = 61000, .events_max = 5, .bytes_max = 1000000};

static struct logs_op *
filter(const struct logs_span *what)
{
	return logs_filter_events(NULL, what, events_cb, done_cb, &got);
}

#define EVENT(id, ms, text) \
	"{\"eventId\":\"" id "\",\"timestamp\":" ms ",\"message\":\"" text "\",\"logStreamName\":\"s\"}"

/* ---- FilterLogEvents ---- */

static void
asks_for_a_span(void **state)
{
	struct logs_span with_filter = span;

	(void)state;
	with_filter.filter = "?ERROR ?\"WARN\"";
	filter(&with_filter);
	assert_string_equal(under_way->target, "Logs_20140328.FilterLogEvents");
	assert_string_equal(under_way->body,
	    "{\"logGroupName\":\"/aws/lambda/orders\",\"startTime\":1000,\"endTime\":60999,\"limit\":4000,"
	    "\"filterPattern\":\"?ERROR ?\\\"WARN\\\"\"}");
	reply("{\"events\":[" EVENT("a", "1000", "one") "," EVENT("b", "2000", "two") "],\"searchedLogStreams\":[]}");
	assert_string_equal(got.texts.s, "a@1000=one;b@2000=two;");
	assert_int_equal(got.done, 1);
	assert_int_equal(got.fault, AWS_OK);
	assert_true(got.outcome.complete);
	assert_int_equal(got.outcome.read_ms, 61000);
	assert_int_equal(got.outcome.events, 2);
	assert_int_equal(got.outcome.bytes, 6);
}

static void
goes_on_over_empty_pages(void **state)
{
	(void)state;
	filter(&span);
	reply("{\"events\":[],\"nextToken\":\"t1\"}");
	assert_non_null(strstr(under_way->body, "\"logGroupName\":\"/aws/lambda/orders\""));
	assert_non_null(strstr(under_way->body, "\"nextToken\":\"t1\""));
	reply("{\"nextToken\":\"t2\"}");
	reply("{\"events\":[" EVENT("a", "5000", "late") "]}");
	assert_int_equal(started, 3);
	assert_int_equal(got.pages, 1);
	assert_true(got.outcome.complete);
	assert_int_equal(got.outcome.pages, 3);
}

static void
stops_when_it_has_enough(void **state)
{
	struct logs_span small = span;

	(void)state;
	small.events_max = 2;
	filter(&small);
	reply("{\"events\":[" EVENT("a", "1000", "x") "," EVENT("b", "7000", "y") "],\"nextToken\":\"t1\"}");
	assert_int_equal(got.done, 1);
	assert_false(got.outcome.complete);
	assert_int_equal(got.outcome.read_ms, 7000);
	small.events_max = 100;
	small.bytes_max = 3;
	filter(&small);
	reply("{\"events\":[" EVENT("a", "1000", "four") "],\"nextToken\":\"t1\"}");
	assert_int_equal(got.done, 2);
	assert_false(got.outcome.complete);
}

static void
gives_up_on_endless_empty_pages(void **state)
{
	char *body;

	(void)state;
	filter(&span);
	for (int i = 0; got.done == 0; i++) {
		assert_true(i < 1000);
		body = mem_printf("{\"events\":[],\"nextToken\":\"t%d\"}", i);
		reply(body);
		free(body);
	}
	assert_int_equal(started, LOGS_EMPTY_PAGES_MAX);
	assert_int_equal(got.fault, AWS_OK);
	assert_false(got.outcome.complete);
	assert_int_equal(got.outcome.read_ms, 1000);
}

static void
refuses_a_circle(void **state)
{
	(void)state;
	filter(&span);
	reply("{\"events\":[],\"nextToken\":\"t1\"}");
	reply("{\"events\":[],\"nextToken\":\"t1\"}");
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
	assert_string_equal(got.message,
	    "the answer to FilterLogEvents of /aws/lambda/orders makes no sense: the same nextToken came twice");
}

static void
takes_any_message(void **state)
{
	(void)state;
	filter(&span);
	reply("{\"events\":[{\"timestamp\":7,\"message\":\"a\\u0000b\\nc\"},{\"timestamp\":8,\"message\":\"\"}]}");
	assert_int_equal(got.fault, AWS_OK);
	assert_int_equal(got.outcome.bytes, 5);
}

static void
bad_answers_are_named(void **state)
{
	static const char *const bodies[][2] = {
	    {"[]", "it is no JSON object"},
	    {"{\"events\":{}}", "events is not an array"},
	    {"{\"events\":[7]}", "events[0] is not an object"},
	    {"{\"events\":[{\"message\":\"x\"}]}", "events[0]: timestamp is missing"},
	    {"{\"events\":[{\"timestamp\":-5,\"message\":\"x\"}]}",
		"events[0]: timestamp is no time in milliseconds since 1970"},
	    {"{\"events\":[{\"timestamp\":5}]}", "events[0]: message is not a string"},
	    {"{\"events\":[{\"timestamp\":5,\"message\":\"x\",\"eventId\":1}]}", "events[0]: eventId is not a string"},
	    {"{\"events\":[],\"nextToken\":5}", "nextToken is not a string"},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(bodies); i++) {
		filter(&span);
		reply(bodies[i][0]);
		assert_int_equal(got.fault, AWS_BAD_ANSWER);
		assert_non_null(strstr(got.message, bodies[i][1]));
		assert_int_equal(got.pages, 0);
	}
	filter(&span);
	reply("{\"events\":[");
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
	/* What stands in a log is told nowhere. */
	filter(&span);
	reply("{\"events\":[{\"timestamp\":5,\"message\":\"password\"hunter");
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
	assert_null(strstr(got.message, "hunter"));
	assert_null(strstr(got.message, "password"));
}

static void
hands_faults_on(void **state)
{
	(void)state;
	filter(&span);
	reply("{\"events\":[" EVENT("a", "1000", "x") "],\"nextToken\":\"t1\"}");
	reply_error(AWS_NOT_FOUND);
	assert_int_equal(got.pages, 1);
	assert_int_equal(got.fault, AWS_NOT_FOUND);
	logs_cancel(filter(&span));
	assert_int_equal(cancelled, 1);
	logs_cancel(NULL);
}

/* ---- DescribeLogGroups ---- */

static void
lists_groups_by_prefix(void **state)
{
	(void)state;
	logs_describe_groups(NULL, "/aws/lambda/or", false, groups_cb, &got);
	assert_string_equal(under_way->target, "Logs_20140328.DescribeLogGroups");
	assert_string_equal(under_way->body, "{\"logGroupNamePrefix\":\"/aws/lambda/or\",\"limit\":50}");
	reply("{\"logGroups\":[{\"logGroupName\":\"/aws/lambda/orders\",\"storedBytes\":1}],\"nextToken\":\"t\"}");
	reply("{\"logGroups\":[{\"logGroupName\":\"/aws/lambda/orders-2\"}]}");
	assert_string_equal(got.texts.s, "/aws/lambda/orders;/aws/lambda/orders-2;");
	assert_false(got.cut);
	logs_describe_groups(NULL, "", false, groups_cb, &got);
	assert_string_equal(under_way->body, "{\"limit\":50}");
	reply("{\"logGroups\":[{\"logGroupName\":\"\"}]}");
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
	assert_int_equal(got.names, 0);
}

static void
too_many_groups_are_cut(void **state)
{
	struct str body = {0};

	(void)state;
	logs_describe_groups(NULL, "/", false, groups_cb, &got);
	for (int page = 0; got.done == 0; page++) {
		str_clear(&body);
		str_add(&body, "{\"logGroups\":[");
		for (int i = 0; i < 50; i++)
			str_printf(&body, "%s{\"logGroupName\":\"/g/%d/%d\"}", i == 0 ? "" : ",", page, i);
		str_printf(&body, "],\"nextToken\":\"t%d\"}", page);
		reply(body.s);
	}
	str_free(&body);
	assert_int_equal(got.names, LOGS_GROUPS_MAX);
	assert_true(got.cut);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(asks_for_a_span, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(goes_on_over_empty_pages, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(stops_when_it_has_enough, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(gives_up_on_endless_empty_pages, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(refuses_a_circle, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(takes_any_message, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(bad_answers_are_named, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(hands_faults_on, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(lists_groups_by_prefix, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(too_many_groups_are_cut, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
