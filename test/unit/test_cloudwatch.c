/* SPDX-License-Identifier: Apache-2.0 */
/* test_cloudwatch: GetMetricData against a client that this file plays: what is sent, page after page, and what each answer means for each series. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "common/str.h"
#include "daemon/aws/cloudwatch.h"

#define FAKE_SERVICE      "monitoring"
#define FAKE_CONTENT_TYPE "application/x-amz-json-1.0"
#include "test/unit/fake_call.h"

/* ---- what the callback was given, as text: "complete 1 - 3|forbidden: no" ---- */

static struct {
	unsigned calls;
	enum aws_fault fault;
	char message[512];
	struct str text;
} got;

static void
series_cb(const struct aws_error *error, const struct cloudwatch_series *series, size_t count, void *arg)
{
	static const char *const names[] = {"absent", "complete", "partial", "internal", "forbidden"};
	size_t i, k, known;

	assert_ptr_equal(arg, &got);
	got.calls++;
	got.fault = error->fault;
	memcpy(got.message, error->message, sizeof(got.message));
	str_clear(&got.text);
	for (i = 0; i < count; i++) {
		str_printf(&got.text, "%s%s", i == 0 ? "" : "|", names[series[i].status]);
		if (series[i].why != NULL)
			str_printf(&got.text, ": %s", series[i].why);
		for (k = known = 0; k < series[i].count && series[i].count < 10; k++) {
			bool is = series[i].values[k] == series[i].values[k];

			known += is;
			str_printf(&got.text, is ? " %g" : " -", series[i].values[k]);
		}
		if (series[i].count < 10)
			assert_int_equal(known, series[i].known);
	}
}

static int
clean(void **state)
{
	(void)state;
	str_free(&got.text);
	memset(&got, 0, sizeof(got));
	started = cancelled = 0;
	return under_way == NULL ? 0 : -1;
}

/* Three series of four minutes from 1800000000 on. */
static const struct cloudwatch_query three[] = {
    {.metric = "IncomingRecords", .stat = "Sum", .period_s = 60, .stream = "orders"},
    {.metric = "IncomingBytes",
	.stat = "Sum",
	.period_s = 60,
	.stream = "orders",
	.dimension = "ShardId",
	.subject = "shardId-000000000007"},
    {.metric = "PutRecord.Latency", .stat = "Average", .period_s = 120, .stream = "clicks"},
};
static const struct cloudwatch_ask four_minutes = {
    .start_ms = 1800000000000, .end_ms = 1800000240000, .urgent = true, .deadline_ms = 77};

static struct cloudwatch_op *
ask(void)
{
	struct cloudwatch_op *op = cloudwatch_get_metric_data(NULL, &four_minutes, three, 3, series_cb, &got);

	assert_non_null(op);
	assert_int_equal(got.calls, 0);
	return op;
}

#define ROW(id, status, times, values) \
	"{\"Id\":\"" id "\",\"Label\":\"x\",\"StatusCode\":\"" status "\",\"Timestamps\":[" times \
	"],\"Values\":[" values "]}"
#define ANSWER(rows)      "{\"MetricDataResults\":[" rows "],\"Messages\":[]}"
#define PAGE(rows, token) "{\"MetricDataResults\":[" rows "],\"NextToken\":\"" token "\"}"
#define ALL_GOOD          ROW("q0", "Complete", "", "") "," ROW("q1", "Complete", "", "") "," ROW("q2", "Complete", "", "")

/* Everything is one answer. */
static void
expect(const char *answer, const char *text)
{
	ask();
	reply(answer);
	assert_null(under_way);
	assert_int_equal(got.calls, 1);
	assert_int_equal(got.fault, AWS_OK);
	assert_string_equal(got.text.s, text);
	clean(NULL);
}

static void
expect_bad(const char *answer, const char *message)
{
	ask();
	reply(answer);
	assert_null(under_way);
	assert_int_equal(got.calls, 1);
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
	if (strstr(got.message, message) == NULL)
		assert_string_equal(got.message, message);
	clean(NULL);
}

static void
test_request(void **state)
{
	(void)state;
	ask();
	assert_string_equal(under_way->operation, "GetMetricData");
	assert_string_equal(under_way->target, "GraniteServiceVersion20100801.GetMetricData");
	assert_string_equal(under_way->body,
	    "{\"StartTime\":1800000000,\"EndTime\":1800000240,\"ScanBy\":\"TimestampAscending\",\"MetricDataQueries\":["
	    "{\"Id\":\"q0\",\"MetricStat\":{\"Metric\":{\"Namespace\":\"AWS/"
	    "Kinesis\",\"MetricName\":\"IncomingRecords\","
	    "\"Dimensions\":[{\"Name\":\"StreamName\",\"Value\":\"orders\"}]},\"Period\":60,\"Stat\":\"Sum\"}},"
	    "{\"Id\":\"q1\",\"MetricStat\":{\"Metric\":{\"Namespace\":\"AWS/Kinesis\",\"MetricName\":\"IncomingBytes\","
	    "\"Dimensions\":[{\"Name\":\"StreamName\",\"Value\":\"orders\"},{\"Name\":\"ShardId\",\"Value\":"
	    "\"shardId-000000000007\"}]},\"Period\":60,\"Stat\":\"Sum\"}},"
	    "{\"Id\":\"q2\",\"MetricStat\":{\"Metric\":{\"Namespace\":\"AWS/"
	    "Kinesis\",\"MetricName\":\"PutRecord.Latency\","
	    "\"Dimensions\":[{\"Name\":\"StreamName\",\"Value\":\"clicks\"}]},\"Period\":120,\"Stat\":\"Average\"}}]}");
	assert_true(under_way->urgent);
	assert_int_equal(under_way->deadline_ms, 77);
	assert_int_equal(under_way->metrics, 3);
	reply(ANSWER(ALL_GOOD));
	assert_string_equal(got.text.s, "complete - - - -|complete - - - -|complete - -");
}

/* 500 series of three hours are half a second of the quota of points: as much as 25 calls of the 50 a second. */
static void
test_weight(void **state)
{
	struct cloudwatch_query many[CLOUDWATCH_QUERIES_MAX];
	const struct cloudwatch_ask hours = {.start_ms = 1800000000000, .end_ms = 1800010800000};
	struct cloudwatch_op *op;
	size_t i;

	(void)state;
	for (i = 0; i < CLOUDWATCH_QUERIES_MAX; i++)
		many[i] = three[0];
	op = cloudwatch_get_metric_data(NULL, &hours, many, CLOUDWATCH_QUERIES_MAX, series_cb, &got);
	assert_true(under_way->weight > 24.9 && under_way->weight < 25.1);
	assert_int_equal(under_way->metrics, 500);
	assert_non_null(strstr(under_way->body, "\"Id\":\"q499\""));
	cloudwatch_cancel(op);
	assert_int_equal(cancelled, 1);
	assert_int_equal(got.calls, 0);
	cloudwatch_cancel(NULL);
}

static void
test_points(void **state)
{
	(void)state;
	/* In any order, with fractions, at both ends, beside the grid and outside of the time. */
	expect(ANSWER(ROW("q2", "Complete", "1800000130.5,1800000000", "7,8") "," ROW("q0", "Complete",
		   "1800000180,1800000060,1800000240,1799999940,1.80000012e9",
		   "4,2.5,99,98,0") "," ROW("q1", "Complete", "1800000000", "1e3")),
	    "complete - 2.5 0 4|complete 1000 - - -|complete 8 7");
	/* Twice: the later one counts, once. */
	expect(ANSWER(ROW("q0", "Complete", "1800000000,1800000000", "1,2") "," ROW("q0", "Complete",
		   "1800000000,1800000060", "3,4") "," ROW("q1", "Complete", "", "") "," ROW("q2", "Complete", "", "")),
	    "complete 3 4 - -|complete - - - -|complete - -");
	/* What nobody asked for. */
	expect(ANSWER(ALL_GOOD "," ROW("q3", "Complete", "1800000000", "1") "," ROW("q-1", "Complete", "1800000000",
		   "1") "," ROW("x", "Forbidden", "", "") "," ROW("q99999999999999999999", "Complete", "1800000000",
		   "1") "," ROW("q", "Complete", "", "") "," ROW("q+1", "Forbidden", "", "")),
	    "complete - - - -|complete - - - -|complete - -");
}

static void
test_status(void **state)
{
	(void)state;
	expect(ANSWER(ROW("q0", "InternalError", "", "") "," ROW("q1", "PartialData", "1800000000", "1") "," ROW(
		   "q2", "Complete", "1800000000", "1")),
	    "internal - - - -|partial 1 - - -|complete 1 -");
	expect(ANSWER(ROW("q1", "Complete", "", "")), "absent - - - -|complete - - - -|absent - -");
	expect(
	    ANSWER("{\"Id\":\"q0\",\"StatusCode\":\"Forbidden\",\"Messages\":[{\"Code\":\"Forbidden\",\"Value\":\"not "
		   "you\\u001b[1m\"}]},{\"Id\":\"q1\",\"StatusCode\":\"InternalError\",\"Messages\":[{\"Code\":"
		   "\"Boom\"}]},"
		   "{\"Id\":\"q2\",\"StatusCode\":\"Complete\",\"Messages\":[]}"),
	    "forbidden: not you\\x1b[1m - - - -|internal: Boom - - - -|complete - -");
	expect(ANSWER("{\"Id\":\"q0\",\"StatusCode\":\"Fine\"},{\"Id\":\"q1\"}," ROW("q2", "Complete", "", "")),
	    "absent: Fine - - - -|absent: its StatusCode is missing - - - -|complete - -");
	/* Of the whole: for those that have no answer of their own. */
	expect("{\"MetricDataResults\":[" ROW("q0", "Complete", "", "") "," ROW(
		   "q1", "PartialData", "", "") "],\"Messages\":[{\"Code\":\"MaxMetrics\",\"Value\":\"too many\"}]}",
	    "complete - - - -|partial: too many - - - -|absent: too many - -");
}

static void
test_pages(void **state)
{
	(void)state;
	ask();
	reply(PAGE(ROW("q0", "PartialData", "1800000000,1800000060", "1,2") "," ROW("q1", "InternalError", "", ""),
	    "one \\\"two\\\""));
	assert_int_equal(got.calls, 0);
	assert_int_equal(started, 2);
	assert_non_null(strstr(under_way->body, "\"Id\":\"q2\""));
	assert_non_null(strstr(under_way->body, "],\"NextToken\":\"one \\\"two\\\"\"}"));
	assert_int_equal(under_way->metrics, 3);
	reply(PAGE(ROW("q1", "Complete", "1800000180", "9"), "three"));
	assert_non_null(strstr(under_way->body, "],\"NextToken\":\"three\"}"));
	reply(ANSWER(ROW("q0", "Complete", "1800000120", "3") "," ROW("q2", "Complete", "1800000120", "5")));
	assert_int_equal(got.calls, 1);
	assert_int_equal(got.fault, AWS_OK);
	assert_string_equal(got.text.s, "complete 1 2 3 -|complete - - - 9|complete - 5");
	assert_int_equal(started, 3);
}

/* What came whole before a page failed stays good. */
static void
test_page_fails(void **state)
{
	(void)state;
	ask();
	reply(PAGE(ROW("q0", "Complete", "1800000000", "1") "," ROW("q1", "PartialData", "1800000000", "2"), "more"));
	reply_error(AWS_THROTTLED);
	assert_int_equal(got.calls, 1);
	assert_int_equal(got.fault, AWS_THROTTLED);
	assert_string_equal(got.text.s, "complete 1 - - -|partial 2 - - -|absent - -");
	clean(NULL);
	ask();
	reply(PAGE(ROW("q0", "Complete", "1800000000", "1"), "more"));
	reply("[]");
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
	assert_string_equal(got.text.s, "complete 1 - - -|absent - - - -|absent - -");
	clean(NULL);
	/* Of a page that makes no sense nothing counts. */
	ask();
	reply(ANSWER(ROW("q0", "Complete", "1800000000", "1") "," ROW("q1", "Complete", "1800000000", "\"x\"")));
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
	assert_string_equal(got.text.s, "absent - - - -|absent - - - -|absent - -");
}

static void
test_endless(void **state)
{
	char page[200];
	int i;

	(void)state;
	ask();
	reply(PAGE(ALL_GOOD, "a"));
	reply(PAGE(ALL_GOOD, "b"));
	reply(PAGE(ALL_GOOD, "a"));
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
	assert_string_equal(got.message, "the answer to GetMetricData makes no sense: the same NextToken came twice");
	assert_string_equal(got.text.s, "complete - - - -|complete - - - -|complete - -");
	clean(NULL);
	ask();
	for (i = 0; got.calls == 0; i++) {
		snprintf(page, sizeof(page), "{\"MetricDataResults\":[],\"NextToken\":\"%d\"}", i);
		reply(page);
	}
	assert_int_equal(i, CLOUDWATCH_BARREN_MAX);
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
	assert_string_equal(
	    got.message, "the answer to GetMetricData makes no sense: 2 pages in a row brought nothing new");
}

/* One series over which AWS fails, on each page anew: the others are not paid for again and again. */
static void
test_one_fails_for_ever(void **state)
{
	char page[1000];
	int i;

	(void)state;
	ask();
	for (i = 0; got.calls == 0; i++) {
		snprintf(page, sizeof(page), PAGE("%s" ROW("q1", "InternalError", "", ""), "%d"),
		    i > 0 ? "" : ROW("q0", "Complete", "1800000000", "1") "," ROW("q2", "Complete", "", "") ",", i);
		reply(page);
	}
	assert_int_equal(i, 1 + CLOUDWATCH_BARREN_MAX);
	assert_int_equal(got.fault, AWS_OK);
	assert_string_equal(got.text.s, "complete 1 - - -|internal - - - -|complete - -");
}

static void
test_nonsense(void **state)
{
	static const char cut[] = "{\"MetricDataResults\":[{\"Id\":\"q0\",\"Stat";

	(void)state;
	expect_bad(cut, "the answer to GetMetricData makes no sense: ");
	expect_bad("", "makes no sense");
	expect_bad("<html>502</html>", "makes no sense");
	expect_bad("[]", "it is no JSON object");
	expect_bad("{}", "MetricDataResults is missing");
	expect_bad("{\"MetricDataResults\":{}}", "MetricDataResults is not a");
	expect_bad("{\"MetricDataResults\":[7]}", "MetricDataResults[0]: it is not an object");
	expect_bad(ANSWER(ALL_GOOD ",{\"StatusCode\":\"Complete\"}"), "MetricDataResults[3]: Id is missing");
	expect_bad(ANSWER("{\"Id\":5}"), "Id is not a");
	expect_bad(ANSWER("{\"Id\":\"q0\",\"StatusCode\":5}"), "StatusCode is not a");
	expect_bad(ANSWER(ROW("q0", "Complete", "1800000000", "")), "1 Timestamps, but 0 Values");
	expect_bad(ANSWER(ROW("q0", "Complete", "1800000000,1", "1,\"1\"")), "Values[1] is no number");
	expect_bad(ANSWER(ROW("q0", "Complete", "\"2027-01-15T08:00:00Z\"", "1")), "Timestamps[0] is no time");
	expect_bad(ANSWER(ROW("q0", "Complete", "-1", "1")), "Timestamps[0] is no time");
	expect_bad(ANSWER(ROW("q0", "Complete", "1e15", "1")), "Timestamps[0] is no time");
	expect_bad(ANSWER("{\"Id\":\"q0\",\"Timestamps\":5}"), "Timestamps is not a");
	expect_bad(ANSWER("{\"Id\":\"q0\",\"Values\":[1]}"), "0 Timestamps, but 1 Values");
	expect_bad(ANSWER("{\"Id\":\"q0\",\"Messages\":[5]}"), "Messages[0] is not an object");
	expect_bad("{\"MetricDataResults\":[],\"NextToken\":5}", "NextToken is not a");
	/* Even of one that nobody asked for. */
	expect_bad(ANSWER(ALL_GOOD "," ROW("zz", "Complete", "true", "1")), "MetricDataResults[3]: Timestamps[0]");
}

static void
test_huge_token(void **state)
{
	size_t size = (1 << 20) + 100;
	char *page = mem_new(size + 64, 1), *token = mem_new(size + 1, 1);

	(void)state;
	memset(token, 'x', size);
	snprintf(page, size + 64, "{\"MetricDataResults\":[],\"NextToken\":\"%s\"}", token);
	expect_bad(page, "NextToken is longer than 1 MiB");
	free(page);
	free(token);
}

static void
test_error(void **state)
{
	(void)state;
	ask();
	reply_error(AWS_DENIED);
	assert_int_equal(got.calls, 1);
	assert_int_equal(got.fault, AWS_DENIED);
	assert_string_equal(got.text.s, "absent - - - -|absent - - - -|absent - -");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_request, clean),
	    cmocka_unit_test_teardown(test_weight, clean),
	    cmocka_unit_test_teardown(test_points, clean),
	    cmocka_unit_test_teardown(test_status, clean),
	    cmocka_unit_test_teardown(test_pages, clean),
	    cmocka_unit_test_teardown(test_page_fails, clean),
	    cmocka_unit_test_teardown(test_one_fails_for_ever, clean),
	    cmocka_unit_test_teardown(test_endless, clean),
	    cmocka_unit_test_teardown(test_nonsense, clean),
	    cmocka_unit_test_teardown(test_huge_token, clean),
	    cmocka_unit_test_teardown(test_error, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
