/* SPDX-License-Identifier: Apache-2.0 */
/* test_fact: facts own what they are made of, their JSON comes back as it went, and foreign JSON is refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/fact.h"
#include "common/json.h"
#include "common/mem.h"

#define TIME_MS INT64_C(1763806440250)

static json_t *
parse(const char *text)
{
	char *cause = NULL;
	json_t *value = json_read(text, strlen(text), &cause);

	if (value == NULL)
		fail_msg("%s", cause);
	return value;
}

/* Takes the fact: written, read and written again it is the same, and it is what `text` says. */
static void
expect_json(struct fact *fact, const char *text)
{
	json_t *written = fact_to_json(fact), *again;
	char *line = json_line(written), *cause = NULL;
	struct fact *read = fact_from_json(written, &cause);

	assert_string_equal(line, text);
	assert_non_null(read);
	assert_null(cause);
	again = fact_to_json(read);
	assert_true(json_equal(written, again));
	assert_int_equal(fact_kind(read), fact_kind(fact));
	assert_true(fact_ms(read) == fact_ms(fact));
	free(line);
	json_decref(written);
	json_decref(again);
	fact_unref(read);
	fact_unref(fact);
}

static void
expect_refused(const char *text, const char *sentence)
{
	json_t *object = parse(text);
	char *cause = NULL;

	assert_null(fact_from_json(object, &cause));
	assert_string_equal(cause, sentence);
	free(cause);
	json_decref(object);
}

static void
test_status(void **state)
{
	struct kd_stream_status status = {KD_STATUS_UPDATING, KD_MODE_ON_DEMAND},
				gone = {KD_STATUS_GONE, KD_MODE_UNKNOWN};

	(void)state;
	expect_json(fact_new_status(TIME_MS, &status),
	    "{\"kind\":\"stream_status\",\"time\":\"2025-11-22T10:14:00.250Z\","
	    "\"value\":{\"status\":\"UPDATING\",\"stream_mode\":\"ON_DEMAND\"}}");
	expect_json(fact_new_status(TIME_MS - 250, &gone),
	    "{\"kind\":\"stream_status\",\"time\":\"2025-11-22T10:14:00Z\","
	    "\"value\":{\"status\":\"GONE\",\"stream_mode\":null}}");
}

static void
test_summary_is_copied(void **state)
{
	char key[] = "alias/orders", metric[] = "IncomingBytes", other[] = "OutgoingBytes";
	const char *metrics[] = {metric, other};
	struct kd_stream_summary summary = {.status = KD_STATUS_ACTIVE,
	    .mode = KD_MODE_PROVISIONED,
	    .retention_hours = 24,
	    .open_shards = 8,
	    .consumers = -1,
	    .warm_throughput_mibps = 0,
	    .encryption = "KMS",
	    .key_id = key,
	    .shard_metrics = metrics,
	    .shard_metrics_count = 2};
	struct fact *fact = fact_new_summary(TIME_MS, &summary);
	const struct kd_stream_summary *value = fact_value(fact, KD_STREAM_SUMMARY, NULL);

	(void)state;
	memset(key, 'x', sizeof(key) - 1);
	memset(metric, 'x', sizeof(metric) - 1);
	metrics[1] = NULL;
	assert_string_equal(value->key_id, "alias/orders");
	assert_string_equal(value->shard_metrics[0], "IncomingBytes");
	assert_string_equal(value->shard_metrics[1], "OutgoingBytes");
	expect_json(fact,
	    "{\"kind\":\"stream_summary\",\"time\":\"2025-11-22T10:14:00.250Z\",\"value\":{\"status\":\"ACTIVE\","
	    "\"stream_mode\":\"PROVISIONED\","
	    "\"retention_hours\":24,\"open_shards\":8,\"consumers\":null,\"created\":null,\"warm_throughput_mibps\":0,"
	    "\"encryption\":\"KMS\","
	    "\"key_id\":\"alias/orders\",\"shard_level_metrics\":[\"IncomingBytes\",\"OutgoingBytes\"]}}");
}

static void
test_shards(void **state)
{
	char id[] = "shardId-000000000001";
	struct kd_shard shards[] = {
	    {.id = id, .first = {0, 0}, .last = {0, UINT64_MAX}}, {.id = "shardId-000000000002",
								      .parent = "shardId-000000000000",
								      .adjacent_parent = "shardId-000000000009",
								      .first = {1, 0},
								      .last = {UINT64_MAX, UINT64_MAX}}};
	struct fact *fact = fact_new_shards(TIME_MS, shards, 2);
	const struct kd_shard *value;
	size_t count;

	(void)state;
	id[0] = 'X';
	value = fact_value(fact, KD_SHARDS, &count);
	assert_int_equal(count, 2);
	assert_string_equal(value[0].id, "shardId-000000000001");
	assert_null(value[0].parent);
	expect_json(fact, "{\"kind\":\"shards\",\"time\":\"2025-11-22T10:14:00.250Z\",\"value\":[{\"id\":\"shardId-"
			  "000000000001\",\"parent\":null,"
			  "\"adjacent_parent\":null,\"first\":\"0\",\"last\":\"18446744073709551615\"},{\"id\":"
			  "\"shardId-000000000002\",\"parent\":"
			  "\"shardId-000000000000\",\"adjacent_parent\":\"shardId-000000000009\",\"first\":"
			  "\"18446744073709551616\",\"last\":"
			  "\"340282366920938463463374607431768211455\"}]}");
}

static void
test_empty_list_is_not_missing(void **state)
{
	struct fact *fact = fact_new_shards(TIME_MS, NULL, 0);
	size_t count = 7;

	(void)state;
	assert_non_null(fact_value(fact, KD_SHARDS, &count));
	assert_int_equal(count, 0);
	expect_json(fact, "{\"kind\":\"shards\",\"time\":\"2025-11-22T10:14:00.250Z\",\"value\":[]}");
}

static void
test_consumers(void **state)
{
	struct kd_consumer consumer = {"reader",
	    "arn:aws:kinesis:us-east-1:123456789012:stream/orders/consumer/reader:1", KD_STATUS_ACTIVE, TIME_MS - 250};

	(void)state;
	expect_json(fact_new_consumers(TIME_MS, &consumer, 1),
	    "{\"kind\":\"consumers\",\"time\":\"2025-11-22T10:14:00.250Z\",\"value\":[{\"name\":\"reader\",\"arn\":"
	    "\"arn:aws:kinesis:us-east-1:123456789012:stream/orders/consumer/"
	    "reader:1\",\"status\":\"ACTIVE\",\"created\":"
	    "\"2025-11-22T10:14:00Z\"}]}");
}

static void
test_expect_tells_empty_from_nothing_said(void **state)
{
	struct kd_expect nothing = {.retention_hours = 24}, empty = {.shard_metrics_declared = true};

	(void)state;
	expect_json(fact_new_expect(TIME_MS, &nothing),
	    "{\"kind\":\"expect\",\"time\":\"2025-11-22T10:14:00.250Z\",\"value\":{\"stream_mode\":null,\"shard_"
	    "count\":0,\"retention_hours\":24,"
	    "\"encryption\":null,\"key_id\":null,\"shard_level_metrics\":null}}");
	expect_json(fact_new_expect(TIME_MS, &empty),
	    "{\"kind\":\"expect\",\"time\":\"2025-11-22T10:14:00.250Z\",\"value\":{\"stream_mode\":null,\"shard_"
	    "count\":0,\"retention_hours\":0,"
	    "\"encryption\":null,\"key_id\":null,\"shard_level_metrics\":[]}}");
}

static void
test_missing(void **state)
{
	char why[] = "stream does not exist";
	struct fact *fact = fact_new_missing(KD_SHARDS, KD_NO_DATA, why, "stream_status/status/stream");
	size_t count = 7;

	(void)state;
	why[0] = 'X';
	assert_string_equal(fact_why(fact), "stream does not exist");
	assert_string_equal(fact_blame(fact), "stream_status/status/stream");
	assert_int_equal(fact_reason(fact), KD_NO_DATA);
	assert_true(fact_ms(fact) == 0);
	assert_null(fact_value(fact, KD_SHARDS, &count));
	assert_int_equal(count, 0);
	expect_json(fact, "{\"kind\":\"shards\",\"missing\":\"no_data\",\"why\":\"stream does not "
			  "exist\",\"blame\":\"stream_status/status/stream\"}");
	expect_json(fact_new_missing(KD_EXPECT, KD_NOT_CONFIGURED, "nothing is declared", NULL),
	    "{\"kind\":\"expect\",\"missing\":\"not_configured\",\"why\":\"nothing is declared\",\"blame\":null}");
}

/* ---- metrics ---- */

static const struct kd_need records = {
    .kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM, .period_s = 60, .window_s = 180};

static void
test_series_is_copied_and_comes_back(void **state)
{
	char metric[] = "IncomingRecords", shard[] = "shardId-000000000001";
	double values[] = {1, NAN, 2.5, 1e300}, none[] = {NAN, NAN};
	struct kd_need need = {
	    .kind = KD_METRIC, .metric = metric, .stat = KD_SUM, .per = KD_PER_SHARD, .window_s = 240};
	struct kd_series series[] = {{.subject = shard, .first_ms = TIME_MS - 250, .count = 4, .values = values},
	    {.subject = "shardId-000000000002", .first_ms = TIME_MS - 250, .count = 2, .values = none}};
	struct fact *fact = fact_new_series(TIME_MS, &need, series, 2);
	const struct kd_series *value;
	size_t count;

	(void)state;
	metric[0] = shard[0] = 'X';
	values[0] = 7;
	value = fact_value(fact, KD_METRIC, &count);
	assert_int_equal(count, 2);
	assert_int_equal(value[1].period_s, 60);
	assert_string_equal(fact_need(fact)->metric, "IncomingRecords");
	assert_int_equal(fact_need(fact)->period_s, 60);
	expect_json(fact,
	    "{\"kind\":\"metric\",\"metric\":\"IncomingRecords\",\"stat\":\"Sum\",\"per\":\"shard\",\"period_s\":60,"
	    "\"window_s\":240,\"shift_s\":0,\"time\":\"2025-11-22T10:14:00.250Z\",\"value\":["
	    "{\"subject\":\"shardId-000000000001\",\"from\":\"2025-11-22T10:14:00Z\",\"values\":[1,null,2.5,"
	    "1.0000000000000001e300]},"
	    "{\"subject\":\"shardId-000000000002\",\"from\":\"2025-11-22T10:14:00Z\",\"values\":[null,null]}]}");
}

static void
test_series_is_cut_to_its_window(void **state)
{
	double values[] = {1, 2, 3, 4};
	struct kd_series series = {.first_ms = TIME_MS - 250, .count = 4, .values = values};
	struct fact *fact = fact_new_series(TIME_MS, &records, &series, 1);
	const struct kd_series *value = fact_value(fact, KD_METRIC, NULL);

	(void)state;
	assert_int_equal(value->count, 3);
	assert_true(value->first_ms == TIME_MS - 250 + 60000);
	assert_true(value->values[0] == 2);
	fact_unref(fact);
}

static void
test_stream_without_datapoint_is_missing(void **state)
{
	double values[] = {NAN, NAN};
	struct kd_need shifted = records;
	struct kd_series series = {.count = 2, .values = values};
	struct fact *fact = fact_new_series(TIME_MS, &records, &series, 1);

	(void)state;
	assert_int_equal(fact_reason(fact), KD_NO_DATA);
	expect_json(fact, "{\"kind\":\"metric\",\"metric\":\"IncomingRecords\",\"stat\":\"Sum\",\"per\":\"stream\","
			  "\"period_s\":60,\"window_s\":180,\"shift_s\":0,\"missing\":\"no_data\","
			  "\"why\":\"no datapoint of IncomingRecords in the last 3 min\",\"blame\":null}");
	shifted.shift_s = 86400;
	fact = fact_new_series(TIME_MS, &shifted, &series, 1);
	assert_string_equal(fact_why(fact), "no datapoint of IncomingRecords in the 3 min that ended 1 d ago");
	fact_unref(fact);
	shifted.per = KD_PER_CONSUMER; /* has none: that is known */
	fact = fact_new_series(TIME_MS, &shifted, NULL, 0);
	assert_int_equal(fact_reason(fact), KD_KNOWN);
	fact_unref(fact);
}

static void
expect_cut(struct fact *fact, int64_t window_s, enum kd_reason reason, size_t points)
{
	struct kd_need need = records;
	struct fact *cut;
	const struct kd_series *series;

	need.window_s = window_s;
	cut = fact_new_cut(fact, &need);
	assert_non_null(cut);
	assert_int_equal(fact_reason(cut), reason);
	assert_int_equal(fact_need(cut)->window_s, window_s);
	series = fact_value(cut, KD_METRIC, NULL);
	assert_int_equal(series != NULL ? series->count : 0, points);
	fact_unref(cut);
}

static void
test_shorter_windows_are_cut(void **state)
{
	double values[] = {5, NAN, NAN};
	struct kd_series series = {.first_ms = TIME_MS, .count = 3, .values = values};
	struct fact *fact = fact_new_series(TIME_MS, &records, &series, 1);
	struct fact *denied = fact_new_missing_need(&records, KD_DENIED, "may not", NULL);
	struct kd_need other = records;

	(void)state;
	expect_cut(fact, 180, KD_KNOWN, 3);
	expect_cut(fact, 120, KD_NO_DATA, 0);
	expect_cut(denied, 60, KD_DENIED, 0);
	expect_cut(denied, 3600, KD_DENIED, 0);
	other.window_s = 240;
	assert_null(fact_new_cut(fact, &other));
	other.window_s = 180;
	other.stat = KD_MAXIMUM;
	assert_null(fact_new_cut(fact, &other));
	fact_unref(fact);
	fact_unref(denied);
}

#define METRIC_FACT(members) \
	"{\"kind\":\"metric\",\"metric\":\"IncomingRecords\",\"stat\":\"Sum\",\"window_s\":120," members "}"

static void
test_metrics_refused(void **state)
{
	(void)state;
	expect_refused("{\"kind\":\"metric\"}", "stat is no statistic (write Sum, Average, Maximum)");
	expect_refused("{\"kind\":\"metric\",\"stat\":\"Sum\"}",
	    "the metric has no metric: name one of AWS/Kinesis, such as IncomingRecords");
	expect_refused(METRIC_FACT("\"per\":\"region\""), "per is none of stream, shard and consumer");
	expect_refused(METRIC_FACT("\"period_s\":90"),
	    "the metric has a period of 90 s for IncomingRecords: take a multiple of 60 from 60 to 3600");
	expect_refused(METRIC_FACT("\"value\":[]"),
	    "value of metric: is not the one series, without a subject, that a stream has");
	expect_refused(METRIC_FACT("\"per\":\"shard\",\"value\":[{\"values\":[1]}]"),
	    "value of metric: entry 1: subject is missing");
	expect_refused(METRIC_FACT("\"value\":[{}]"), "value of metric: entry 1: values is missing");
	expect_refused(METRIC_FACT("\"value\":[{\"values\":[1,\"2\"]}]"),
	    "value of metric: entry 1: values has an entry that is neither a number nor null");
}

static void
test_metrics_are_laid_out_by_need(void **state)
{
	static const struct kd_need wanted[] = {
	    {.kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM, .window_s = 120},
	    {.kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_SUM, .window_s = 60},
	    {.kind = KD_METRIC, .metric = "IncomingRecords", .stat = KD_MAXIMUM, .window_s = 60}};
	json_t *document = parse("{\"region\":\"us-east-1\",\"stream\":\"orders\",\"facts\":[" METRIC_FACT(
	    "\"value\":[{\"values\":[3,4]}]") "]}");
	struct kd_facts *facts = facts_from_json(document, wanted, KD_COUNT(wanted), NULL);
	const struct kd_series *series;
	size_t count = 7;

	(void)state;
	series = kd_get_series(facts, 0, &count);
	assert_int_equal(count, 1);
	assert_int_equal(series->count, 2);
	assert_int_equal(kd_get_series(facts, 1, &count)->count, 1);
	assert_null(kd_get_series(facts, 2, &count));
	assert_string_equal(kd_missing_why(facts, 2), "not in the facts given");
	assert_null(kd_get_shards(facts, 0, &count));
	facts_free(facts);
	json_decref(document);
}

static void
test_principals_are_copied(void **state)
{
	char arn[] = "arn:aws:iam::123456789012:role/p", document[] = "{}", action[] = "kinesis:PutRecord";
	const char *actions[] = {action};
	struct kd_policy policies[] = {{.name = "a",
					   .kind = "managed",
					   .arn = "arn:aws:iam::aws:policy/a",
					   .version = "v3",
					   .document = document,
					   .why = ""},
	    {.name = "b", .kind = "inline", .group = "ops", .missing = KD_DENIED, .why = "no"}};
	struct kd_principal list[] = {
	    {.arn = arn, .actions = actions, .actions_count = 1, .why = "", .policies = policies, .policies_count = 2},
	    {.arn = "arn:aws:iam::123456789012:user/u",
		.use = "kcl",
		.lease_table = "t",
		.missing = KD_NO_DATA,
		.why = "gone"}};
	struct kd_principals principals = {.list = list, .count = 2};
	struct fact *fact = fact_new_principals(TIME_MS, &principals);
	const struct kd_principals *value;

	(void)state;
	memset(arn, 'x', sizeof(arn) - 1);
	memset(document, 'x', 2);
	memset(action, 'x', sizeof(action) - 1);
	memset(policies, 0, sizeof(policies));
	value = fact_value(fact, KD_PRINCIPALS, NULL);
	assert_string_equal(value->list[0].policies[0].document, "{}");
	assert_string_equal(value->list[0].policies[1].group, "ops");
	assert_string_equal(value->list[0].actions[0], "kinesis:PutRecord");
	expect_json(fact, "{\"kind\":\"principals\",\"time\":\"2025-11-22T10:14:00.250Z\",\"value\":{\"principals\":[{"
			  "\"arn\":\"arn:aws:iam::123456789012:"
			  "role/"
			  "p\",\"use\":null,\"actions\":[\"kinesis:PutRecord\"],\"lease_table\":null,\"missing\":null,"
			  "\"why\":\"\",\"blame\":null,"
			  "\"policies\":[{\"name\":\"a\",\"kind\":\"managed\",\"group\":null,\"arn\":\"arn:aws:iam::"
			  "aws:policy/a\",\"version\":\"v3\","
			  "\"document\":\"{}\",\"missing\":null,\"why\":\"\"},{\"name\":\"b\",\"kind\":\"inline\","
			  "\"group\":\"ops\",\"arn\":null,"
			  "\"version\":null,\"document\":null,\"missing\":\"denied\",\"why\":\"no\"}],\"simulated\":[],"
			  "\"simulated_why\":null},{\"arn\":"
			  "\"arn:aws:iam::123456789012:user/"
			  "u\",\"use\":\"kcl\",\"actions\":[],\"lease_table\":\"t\",\"missing\":\"no_data\",\"why\":"
			  "\"gone\",\"blame\":null,\"policies\":[],\"simulated\":[],\"simulated_why\":null}],"
			  "\"resource_policies\":[]}}");
}

static void
test_principals_refused(void **state)
{
	(void)state;
	expect_refused("{\"kind\":\"principals\",\"value\":{\"principals\":[{\"arn\":\"a\",\"policies\":[{}]}]}}",
	    "value of principals: principals[0]: policies[0]: kind is missing");
	expect_refused("{\"kind\":\"principals\",\"value\":{\"principals\":[{\"arn\":\"a\",\"missing\":\"nope\"}]}}",
	    "value of principals: principals[0]: missing is no reason (write no_data, denied, failed)");
}

static void
test_counting(void **state)
{
	struct kd_stream_status status = {KD_STATUS_ACTIVE, KD_MODE_PROVISIONED};
	struct fact *fact = fact_new_status(TIME_MS, &status), *same = fact_ref(fact);

	(void)state;
	fact_unref(fact);
	assert_string_equal(fact_why(same), "");
	assert_null(fact_blame(same));
	assert_non_null(fact_value(same, KD_STREAM_STATUS, NULL));
	assert_null(fact_value(same, KD_STREAM_SUMMARY, NULL));
	fact_unref(same);
	fact_unref(NULL);
}

static void
test_names(void **state)
{
	(void)state;
	for (int kind = KD_STREAM_STATUS; kind <= KD_METRIC; kind++)
		assert_int_equal(need_parse_kind(need_kind_name((enum kd_need_kind)kind)), kind);
	assert_null(need_kind_name((enum kd_need_kind)0));
	assert_null(need_kind_name((enum kd_need_kind)99));
	assert_int_equal(need_parse_kind("bogus"), 0);
	for (int reason = KD_NO_DATA; reason <= KD_NOT_CONFIGURED; reason++)
		assert_int_equal(reason_parse(reason_name((enum kd_reason)reason)), reason);
	assert_null(reason_name(KD_KNOWN));
	assert_null(reason_name((enum kd_reason)99));
	assert_int_equal(reason_parse("bogus"), KD_KNOWN);
}

#define STATUS_FACT(value) "{\"kind\":\"stream_status\",\"value\":" value "}"
#define SHARD_FACT(value)  "{\"kind\":\"shards\",\"value\":[" value "]}"

static void
test_refused(void **state)
{
	(void)state;
	expect_refused("[]", "a fact is not an object");
	expect_refused("{}", "kind is no kind of fact (write stream_status, stream_summary, shards)");
	expect_refused("{\"kind\":7}", "kind is not a string");
	expect_refused("{\"kind\":\"shard\"}", "kind is no kind of fact (write stream_status, stream_summary, shards)");
	expect_refused(
	    "{\"kind\":\"shards\",\"missing\":\"ok\"}", "missing is no reason (write no_data, denied, failed)");
	expect_refused("{\"kind\":\"shards\",\"missing\":1}", "missing is not a string");
	expect_refused("{\"kind\":\"shards\",\"missing\":\"late\",\"why\":1}", "why is not a string");
	expect_refused("{\"kind\":\"shards\"}", "value of shards: is not an array");
	expect_refused("{\"kind\":\"stream_status\"}", "value of stream_status: is not an object");
	expect_refused(
	    "{\"kind\":\"stream_status\",\"time\":\"noon\"}", "time is no time (write 2026-11-22T10:14:00Z)");
	expect_refused(STATUS_FACT("{}"), "value of stream_status: status is missing");
	expect_refused(
	    STATUS_FACT("{\"status\":\"ASLEEP\"}"), "value of stream_status: status is no status (write ACTIVE)");
	expect_refused(STATUS_FACT("{\"status\":\"ACTIVE\",\"stream_mode\":\"FREE\"}"),
	    "value of stream_status: stream_mode is no mode (write PROVISIONED or ON_DEMAND)");
	expect_refused("{\"kind\":\"stream_summary\",\"value\":{\"status\":\"GONE\"}}",
	    "value of stream_summary: status is no status (write ACTIVE)");
	expect_refused(SHARD_FACT("{\"first\":\"0\",\"last\":\"1\"}"), "value of shards: entry 1: id is missing");
	expect_refused(SHARD_FACT("{\"id\":\"a\",\"first\":\"0\",\"last\":\"1\"},7"),
	    "value of shards: entry 2: is not an object");
	expect_refused(SHARD_FACT("{\"id\":\"a\",\"first\":\"0\"}"), "value of shards: entry 1: last is missing");
	expect_refused(
	    SHARD_FACT("{\"id\":\"a\",\"first\":0,\"last\":\"1\"}"), "value of shards: entry 1: first is not a string");
	expect_refused(
	    SHARD_FACT("{\"id\":\"a\",\"first\":\"0\",\"last\":\"340282366920938463463374607431768211456\"}"),
	    "value of shards: entry 1: last is no hash key (a decimal number below 2^128, as a string)");
}

#define EXPECT_FACT(key, value) "{\"kind\":\"expect\",\"value\":{\"" key "\":" value "}}"

static void
test_bounds(void **state)
{
	char *many = mem_strdup("{\"kind\":\"expect\",\"value\":{\"shard_level_metrics\":["), *more;

	(void)state;
	expect_refused(
	    EXPECT_FACT("shard_count", "-1"), "value of expect: shard_count is out of range (0 to 1000000000)");
	expect_refused(
	    EXPECT_FACT("shard_count", "1000000001"), "value of expect: shard_count is out of range (0 to 1000000000)");
	expect_refused(EXPECT_FACT("shard_count", "1.5"), "value of expect: shard_count is not an integer");
	expect_refused(
	    EXPECT_FACT("shard_level_metrics", "{}"), "value of expect: shard_level_metrics is not an array");
	expect_refused(EXPECT_FACT("shard_level_metrics", "[\"a\",null]"),
	    "value of expect: shard_level_metrics has an entry that is not a string");
	for (int i = 0; i < 129; i++) {
		more = mem_printf("%s%s\"a\"", many, i > 0 ? "," : "");
		free(many);
		many = more;
	}
	more = mem_printf("%s]}}", many);
	expect_refused(more, "value of expect: shard_level_metrics has more than 128 entries");
	free(many);
	free(more);
}

/* ---- facts of one judgement ---- */

static const struct kd_need needs[] = {{.kind = KD_SHARDS}, {.kind = KD_STREAM_STATUS}, {.kind = KD_EXPECT}};

#define HEAD \
	"{\"v\":1,\"time\":\"2025-11-22T10:14:00Z\",\"account\":\"prod\",\"region\":\"us-east-1\",\"stream\":" \
	"\"orders\",\"arn\":\"arn:x\","

static void
test_facts_are_laid_out_by_need(void **state)
{
	json_t *document = parse(HEAD "\"state\":\"kept\",\"settings\":{},\"facts\":[{\"kind\":\"consumers\",\"value\":"
				      "[]},{\"kind\":\"stream_status\",\"time\":"
				      "\"2025-11-22T10:13:59.500Z\",\"value\":{\"status\":\"ACTIVE\"}},{\"kind\":"
				      "\"shards\",\"missing\":\"denied\",\"why\":\"no\"}]}");
	struct kd_facts *facts = facts_from_json(document, needs, KD_COUNT(needs), NULL);
	size_t count = 7;

	(void)state;
	assert_int_equal(facts_count(facts), 3);
	assert_true(kd_now_ms(facts) == TIME_MS - 250);
	assert_string_equal(kd_stream_name(facts), "orders");
	assert_string_equal(kd_stream_region(facts), "us-east-1");
	assert_string_equal(kd_stream_arn(facts), "arn:x");
	assert_string_equal(facts_stream(facts)->account, "prod");
	assert_string_equal(kd_state(facts), "kept");
	assert_null(kd_get_shards(facts, 0, &count));
	assert_int_equal(count, 0);
	assert_int_equal(kd_missing(facts, 0), KD_DENIED);
	assert_string_equal(kd_missing_why(facts, 0), "no");
	assert_int_equal(kd_get_status(facts, 1)->status, KD_STATUS_ACTIVE);
	assert_int_equal(kd_missing(facts, 1), KD_KNOWN);
	assert_true(kd_fact_ms(facts, 1) == TIME_MS - 750);
	assert_int_equal(kd_missing(facts, 2), KD_NO_DATA);
	assert_string_equal(kd_missing_why(facts, 2), "not in the facts given");
	facts_free(facts);
	json_decref(document);
}

static void
test_wrong_needs_do_no_harm(void **state)
{
	struct stream_id *stream = stream_id_new("default", "us-east-1", "orders");
	struct kd_facts *facts = facts_new(stream, TIME_MS, NULL);
	size_t count = 7;

	(void)state;
	facts_add_taken(facts, fact_new_shards(TIME_MS, NULL, 0));
	assert_null(kd_state(facts));
	assert_string_equal(kd_stream_arn(facts), "");
	assert_null(kd_get_summary(facts, 0));
	assert_null(kd_get_consumers(facts, 0, &count));
	assert_int_equal(count, 0);
	assert_non_null(kd_get_shards(facts, 0, &count));
	assert_null(kd_get_shards(facts, 1, &count));
	assert_null(kd_get_status(facts, SIZE_MAX));
	assert_null(kd_get_expect(facts, 1));
	assert_int_equal(kd_missing(facts, 1), KD_FAILED);
	assert_string_equal(kd_missing_why(facts, 1), "the probe asks for a need that it does not have");
	assert_true(kd_fact_ms(facts, 1) == 0);
	facts_free(facts);
	facts_free(NULL);
	stream_id_unref(stream);
}

static void
test_log_groups(void **state)
{
	static const double hours[] = {12, 3, 40, NAN, NAN, NAN};
	const struct kd_log_template templates[] = {
	    {.id = "all", .text = "", .level = "", .count = 12.5, .hours = hours, .hours_count = KD_COUNT(hours)},
	    {.id = "0123456789ab",
		.text = "cannot read <*>",
		.level = "error",
		.failing = true,
		.first_ms = TIME_MS,
		.last_ms = TIME_MS + 1,
		.count = 12,
		.recent = 3,
		.hours = NULL,
		.hours_count = 0}};
	const struct kd_log_fault faults[] = {{"expired_iterator", "cannot read <*>", TIME_MS, TIME_MS + 1, 2}};
	const struct kd_log_group groups[] = {{.name = "/aws/lambda/a",
						  .why = "",
						  .since_ms = TIME_MS,
						  .until_ms = TIME_MS + 60000,
						  .share = 0.25,
						  .behind = true,
						  .left_out = 3,
						  .templates = templates,
						  .templates_count = 2,
						  .faults = faults,
						  .faults_count = 1},
	    {.name = "/aws/lambda/b", .missing = KD_DENIED, .why = "may not", .blame = "self/denied/x"}};
	struct fact *fact = fact_new_log_groups(TIME_MS, groups, KD_COUNT(groups)), *read;
	json_t *written = fact_to_json(fact), *again;
	const struct kd_log_group *value;
	size_t count;

	(void)state;
	read = fact_from_json(written, NULL);
	assert_non_null(read);
	again = fact_to_json(read);
	assert_true(json_equal(written, again));
	value = fact_value(read, KD_LOG_GROUPS, &count);
	assert_int_equal(count, 2);
	assert_int_equal(value[0].templates_count, 2);
	assert_true(value[0].templates[0].hours[2] == 40 && isnan(value[0].templates[0].hours[3]));
	assert_string_equal(value[0].templates[1].text, "cannot read <*>");
	assert_string_equal(value[0].faults[0].name, "expired_iterator");
	assert_int_equal(value[1].missing, KD_DENIED);
	json_decref(written);
	json_decref(again);
	fact_unref(read);
	fact_unref(fact);
}

static void
expect_document_refused(const char *text, const char *sentence)
{
	json_t *document = parse(text);
	char *cause = NULL;

	assert_null(facts_from_json(document, needs, KD_COUNT(needs), &cause));
	assert_string_equal(cause, sentence);
	free(cause);
	json_decref(document);
}

static void
test_documents_refused(void **state)
{
	(void)state;
	expect_document_refused("7", "the facts are not an object");
	expect_document_refused("{\"v\":2}", "v is not 1, the form of facts that this kdiag reads");
	expect_document_refused("{\"v\":\"1\"}", "v is not an integer");
	expect_document_refused("{}", "stream is no stream name (1 to 128 of letters, digits, \"_\", \".\" and \"-\")");
	expect_document_refused("{\"stream\":\"a;reboot\",\"region\":\"us-east-1\"}",
	    "stream is no stream name (1 to 128 of letters, digits, \"_\", \".\" and \"-\")");
	expect_document_refused("{\"stream\":\"a\",\"region\":\"us east\"}", "region is no region (write us-east-1)");
	expect_document_refused("{\"stream\":\"a\",\"region\":\"us-east-1\",\"arn\":[]}", "arn is not a string");
	expect_document_refused("{\"time\":\"x\"}", "time is no time (write 2026-11-22T10:14:00Z)");
	expect_document_refused(HEAD "\"facts\":{}}", "facts is not an array");
	expect_document_refused(HEAD "\"facts\":[{\"kind\":\"shards\",\"value\":[]},{}]}",
	    "fact 2: kind is no kind of fact (write stream_status, stream_summary, shards)");
}

static void
test_document_comes_back(void **state)
{
	struct stream_id *stream = stream_id_new("prod", "eu-west-1", "clicks");
	struct kd_facts *facts = facts_new(stream, TIME_MS, "UPDATING 1"), *read;
	json_t *written, *again;

	(void)state;
	facts_add_taken(facts, fact_new_shards(TIME_MS, NULL, 0));
	facts_add_taken(facts, fact_new_missing(KD_STREAM_STATUS, KD_LATE, "too late", NULL));
	facts_add_taken(facts, fact_new_missing(KD_EXPECT, KD_NOT_CONFIGURED, "nothing", NULL));
	assert_int_equal(fact_kind(facts_at(facts, 1)), KD_STREAM_STATUS);
	written = facts_to_json(facts);
	read = facts_from_json(written, needs, KD_COUNT(needs), NULL);
	again = facts_to_json(read);
	assert_true(json_equal(written, again));
	assert_true(kd_now_ms(read) == TIME_MS);
	json_decref(written);
	json_decref(again);
	facts_free(read);
	facts_free(facts);
	stream_id_unref(stream);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_status),
	    cmocka_unit_test(test_summary_is_copied),
	    cmocka_unit_test(test_shards),
	    cmocka_unit_test(test_empty_list_is_not_missing),
	    cmocka_unit_test(test_consumers),
	    cmocka_unit_test(test_expect_tells_empty_from_nothing_said),
	    cmocka_unit_test(test_missing),
	    cmocka_unit_test(test_log_groups),
	    cmocka_unit_test(test_series_is_copied_and_comes_back),
	    cmocka_unit_test(test_series_is_cut_to_its_window),
	    cmocka_unit_test(test_stream_without_datapoint_is_missing),
	    cmocka_unit_test(test_shorter_windows_are_cut),
	    cmocka_unit_test(test_metrics_refused),
	    cmocka_unit_test(test_metrics_are_laid_out_by_need),
	    cmocka_unit_test(test_principals_are_copied),
	    cmocka_unit_test(test_principals_refused),
	    cmocka_unit_test(test_counting),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_facts_are_laid_out_by_need),
	    cmocka_unit_test(test_wrong_needs_do_no_harm),
	    cmocka_unit_test(test_documents_refused),
	    cmocka_unit_test(test_document_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
