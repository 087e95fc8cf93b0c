/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kinesis: the Kinesis calls against a client that this file plays: what is sent, page after page, and what bad
 * answers become.
 */
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
#include "daemon/aws/kinesis.h"
#include "daemon/aws/kinesis_parse.h"

#define FAKE_SERVICE      "kinesis"
#define FAKE_CONTENT_TYPE "application/x-amz-json-1.1"
#include "test/unit/fake_call.h"

/* ---- what the callbacks were given ---- */

static struct {
	unsigned calls;
	enum aws_fault fault;
	char message[512], code[96];
	size_t count;
	struct str names; /* of the rows, joined */
	struct kinesis_summary summary;
	char arn[200], key[100], metrics[400];
	struct kd_shard shard; /* the first */
	struct kinesis_stream stream;
	struct kd_consumer consumer;
} got;

static void
note(const struct aws_error *error, size_t count)
{
	str_clear(&got.names);
	got.calls++;
	got.fault = error->fault;
	memcpy(got.message, error->message, sizeof(got.message));
	memcpy(got.code, error->code, sizeof(got.code));
	got.count = count;
}

static void
summary_cb(const struct aws_error *error, const struct kinesis_summary *summary, void *arg)
{
	size_t i;

	assert_ptr_equal(arg, &got);
	note(error, summary != NULL);
	assert_int_equal(error->fault == AWS_OK, summary != NULL);
	if (summary == NULL)
		return;
	got.summary = *summary;
	snprintf(got.arn, sizeof(got.arn), "%s %s", summary->name, summary->arn);
	snprintf(got.key, sizeof(got.key), "%s", summary->summary.key_id == NULL ? "-" : summary->summary.key_id);
	got.metrics[0] = '\0';
	for (i = 0; i < summary->summary.shard_metrics_count; i++)
		snprintf(got.metrics + strlen(got.metrics), sizeof(got.metrics) - strlen(got.metrics), "%s ",
		    summary->summary.shard_metrics[i]);
}

static void
shards_cb(const struct aws_error *error, const struct kd_shard *shards, size_t count, void *arg)
{
	size_t i;

	assert_ptr_equal(arg, &got);
	note(error, count);
	assert_int_equal(error->fault == AWS_OK, shards != NULL);
	if (shards == NULL)
		return;
	for (i = 0; i < count; i++)
		str_printf(&got.names, "%s(%s,%s) ", shards[i].id, shards[i].parent ? shards[i].parent : "",
		    shards[i].adjacent_parent ? shards[i].adjacent_parent : "");
	if (count > 0)
		got.shard = shards[0];
}

static void
consumers_cb(const struct aws_error *error, const struct kd_consumer *consumers, size_t count, void *arg)
{
	size_t i;

	(void)arg;
	note(error, count);
	assert_int_equal(error->fault == AWS_OK, consumers != NULL);
	if (consumers == NULL)
		return;
	for (i = 0; i < count; i++)
		str_printf(&got.names, "%s ", consumers[i].name);
	if (count > 0)
		got.consumer = consumers[0];
}

static void
streams_cb(const struct aws_error *error, const struct kinesis_stream *streams, size_t count, void *arg)
{
	size_t i;

	(void)arg;
	note(error, count);
	assert_int_equal(error->fault == AWS_OK, streams != NULL);
	if (streams == NULL)
		return;
	for (i = 0; i < count; i++)
		str_printf(&got.names, "%s:%s:%d:%d:%lld ", streams[i].name, streams[i].arn, (int)streams[i].status,
		    (int)streams[i].mode, (long long)streams[i].created_ms);
}

static const struct kinesis_ask orders = {.stream = "orders", .urgent = true, .deadline_ms = 77};
#define ARN "arn:aws:kinesis:us-east-1:123456789012:stream/orders"

static int
clean(void **state)
{
	(void)state;
	str_free(&got.names);
	memset(&got, 0, sizeof(got));
	started = cancelled = 0;
	return under_way == NULL ? 0 : -1;
}

/* ---- DescribeStreamSummary ---- */

/* Replaces the first `from` in the text, so that a test says only what is different. */
static char *
with(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	assert_non_null(at);
	return mem_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static const char full_summary[] =
    "{\"StreamDescriptionSummary\":{\"StreamName\":\"orders\",\"StreamARN\":\"" ARN "\",\"StreamStatus\":\"UPDATING\","
    "\"StreamModeDetails\":{\"StreamMode\":\"PROVISIONED\"},\"RetentionPeriodHours\":24,"
    "\"StreamCreationTimestamp\":1795380157.633,\"EnhancedMonitoring\":[{\"ShardLevelMetrics\":[\"IncomingBytes\"]}],"
    "\"EncryptionType\":\"KMS\",\"KeyId\":\"alias/aws/kinesis\",\"OpenShardCount\":2,\"ConsumerCount\":3,"
    "\"WarmThroughput\":{\"TargetMiBps\":9,\"CurrentMiBps\":4},\"MaxRecordSizeInKiB\":1024,\"New\":[{}]}}";

static void
describe(const char *body)
{
	assert_non_null(kinesis_describe_stream_summary(NULL, &orders, summary_cb, &got));
	reply(body);
	assert_null(under_way);
}

static void
test_summary(void **state)
{
	const struct kd_stream_summary *s = &got.summary.summary;

	(void)state;
	assert_non_null(kinesis_describe_stream_summary(NULL, &orders, summary_cb, &got));
	assert_string_equal(under_way->operation, "DescribeStreamSummary");
	assert_string_equal(under_way->target, "Kinesis_20131202.DescribeStreamSummary");
	assert_string_equal(under_way->body, "{\"StreamName\":\"orders\"}");
	assert_true(under_way->urgent);
	assert_int_equal(under_way->deadline_ms, 77);
	reply(full_summary);
	assert_int_equal(got.fault, AWS_OK);
	assert_string_equal(got.arn, "orders " ARN);
	assert_int_equal(s->status, KD_STATUS_UPDATING);
	assert_int_equal(s->mode, KD_MODE_PROVISIONED);
	assert_int_equal(s->retention_hours, 24);
	assert_int_equal(s->open_shards, 2);
	assert_int_equal(s->consumers, 3);
	assert_int_equal(s->created_ms, 1795380157633);
	assert_int_equal(s->warm_throughput_mibps, 4);
	assert_string_equal(s->encryption, "KMS");
	assert_string_equal(got.key, "alias/aws/kinesis");
	assert_string_equal(got.metrics, "IncomingBytes ");
}

/* What moto 5.2 and older emulators leave out. */
static void
test_summary_sparse(void **state)
{
	const struct kd_stream_summary *s = &got.summary.summary;

	(void)state;
	describe("{\"StreamDescriptionSummary\":{\"StreamName\":\"orders\",\"StreamARN\":\"" ARN
		 "\",\"StreamStatus\":\"ACTIVE\","
		 "\"RetentionPeriodHours\":24.0,\"EnhancedMonitoring\":[{\"ShardLevelMetrics\":[]},{}],\"KeyId\":null,"
		 "\"OpenShardCount\":0}}");
	assert_int_equal(got.fault, AWS_OK);
	assert_int_equal(s->mode, KD_MODE_UNKNOWN);
	assert_int_equal(s->consumers, -1);
	assert_int_equal(s->warm_throughput_mibps, -1);
	assert_int_equal(s->created_ms, 0);
	assert_string_equal(s->encryption, "NONE");
	assert_string_equal(got.key, "-");
	assert_int_equal(s->shard_metrics_count, 0);
}

static void
test_summary_metrics(void **state)
{
	char *body = with(full_summary, "[\"IncomingBytes\"]", "[\"IncomingBytes\",\"ALL\",\"Newest\",\"Newest\"]");

	(void)state;
	describe(body);
	assert_string_equal(got.metrics, "IncomingBytes IncomingRecords OutgoingBytes OutgoingRecords "
					 "WriteProvisionedThroughputExceeded ReadProvisionedThroughputExceeded "
					 "IteratorAgeMilliseconds Newest ");
	free(body);
	body = with(full_summary, "\"PROVISIONED\"", "\"HOLOGRAPHIC\"");
	describe(body);
	assert_int_equal(got.fault, AWS_OK);
	assert_int_equal(got.summary.summary.mode, KD_MODE_UNKNOWN);
	free(body);
}

static void
test_summary_bad(void **state)
{
	static const struct {
		const char *from, *to, *why;
	} cases[] = {
	    {"\"orders\"", "\"clicks\"", "it is about another stream, clicks"},
	    {"\"orders\"", "7", "StreamName is not a string"},
	    {"\"orders\"", "\"a b\"", "StreamName is no name (1 to 128 of a-z, A-Z, 0-9, _, . and -)"},
	    {"stream/orders\"", "stream/clicks\"", "StreamARN is not that of orders"},
	    {"stream/orders\"", "stream/more-orders\"", "StreamARN is not that of orders"},
	    {"\"" ARN "\"", "\"orders\"", "StreamARN is no ARN"},
	    {"arn:aws", "arn:\\u0007aws", "StreamARN is no ARN"},
	    {"\"StreamARN\"", "\"x\"", "StreamARN is missing"},
	    {"UPDATING", "SLEEPING\\u001b", "StreamStatus is \"SLEEPING\\x1b\", which kdiagd does not know"},
	    {"\"UPDATING\"", "null", "StreamStatus is missing"},
	    {"{\"StreamMode\":\"PROVISIONED\"}", "\"PROVISIONED\"", "StreamModeDetails is not an object"},
	    {"\"PROVISIONED\"", "1", "StreamMode is not a string"},
	    {":24,", ":0,", "RetentionPeriodHours is 0, out of range (1 to 8760)"},
	    {":24,", ":8761,", "RetentionPeriodHours is 8761, out of range (1 to 8760)"},
	    {":24,", ":\"24\",", "RetentionPeriodHours is not an integer"},
	    {":24,", ":24.5,", "RetentionPeriodHours is not an integer"},
	    {":24,", ":1e300,", "RetentionPeriodHours is not an integer"},
	    {"\"OpenShardCount\":2,", "", "OpenShardCount is missing"},
	    {"Count\":2,", "Count\":-1,", "OpenShardCount is -1, out of range (0 to 1000000)"},
	    {"Count\":2,", "Count\":1000001,", "OpenShardCount is 1000001, out of range (0 to 1000000)"},
	    {"Count\":3,", "Count\":{},", "ConsumerCount is not an integer"},
	    {"1795380157.633", "-1", "StreamCreationTimestamp is no time in seconds since 1970"},
	    {"1795380157.633", "1795380157633", "StreamCreationTimestamp is no time in seconds since 1970"},
	    {"[{\"ShardLevelMetrics\":[\"IncomingBytes\"]}]", "{}", "EnhancedMonitoring is not an array"},
	    {"[{\"ShardLevelMetrics\":[\"IncomingBytes\"]}]", "[1]", "EnhancedMonitoring[0] is not an object"},
	    {"[\"IncomingBytes\"]", "\"ALL\"", "EnhancedMonitoring[0]: ShardLevelMetrics is not an array"},
	    {"[\"IncomingBytes\"]", "[3]", "EnhancedMonitoring[0]: ShardLevelMetrics holds what is no metric's name"},
	    {"\"KMS\"", "\"ROT13\"", "EncryptionType is neither NONE nor KMS"},
	    {"alias/aws/kinesis", "", "KeyId is no key's id"},
	    {"{\"TargetMiBps\":9,\"CurrentMiBps\":4}", "4", "WarmThroughput is not an object"},
	    {"\"CurrentMiBps\":4", "\"CurrentMiBps\":-4", "CurrentMiBps is -4, out of range (0 to 2147483647)"},
	    {"\"StreamDescriptionSummary\"", "\"x\"", "StreamDescriptionSummary is missing"},
	};
	char *body, *sentence;
	size_t i;

	(void)state;
	for (i = 0; i < KD_COUNT(cases); i++) {
		body = with(full_summary, cases[i].from, cases[i].to);
		describe(body);
		sentence = mem_printf("the answer to DescribeStreamSummary of orders makes no sense: %s", cases[i].why);
		assert_string_equal(got.message, sentence);
		assert_int_equal(got.fault, AWS_BAD_ANSWER);
		free(sentence);
		free(body);
	}
	assert_int_equal(got.calls, KD_COUNT(cases));
}

static void
test_not_json(void **state)
{
	(void)state;
	describe("<html>502</html>");
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
	assert_non_null(strstr(got.message, "line 1"));
	describe("[]");
	assert_string_equal(
	    got.message, "the answer to DescribeStreamSummary of orders makes no sense: it is no JSON object");
	describe("{\"StreamDescriptionSummary\":{\"StreamName\":\"ord");
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
	describe("");
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
}

static void
test_error_passed_on(void **state)
{
	(void)state;
	kinesis_describe_stream_summary(NULL, &orders, summary_cb, &got);
	reply_code(AWS_NOT_FOUND, "ResourceNotFoundException");
	assert_int_equal(got.fault, AWS_NOT_FOUND);
	assert_string_equal(got.message, "the sentence");
	assert_int_equal(got.calls, 1);
}

static void
test_cancel(void **state)
{
	struct kinesis_op *op = kinesis_describe_stream_summary(NULL, &orders, summary_cb, &got);

	(void)state;
	kinesis_cancel(op);
	kinesis_cancel(NULL);
	assert_int_equal(cancelled, 1);
	op = kinesis_list_shards(NULL, &orders, shards_cb, &got);
	reply("{\"Shards\":[],\"NextToken\":\"t\"}");
	kinesis_cancel(op);
	assert_int_equal(cancelled, 2);
	assert_int_equal(got.calls, 0);
}

/* ---- ListShards ---- */

#define MAX_128 "340282366920938463463374607431768211455"
#define SHARD(id, more) \
	"{\"ShardId\":\"" id "\",\"HashKeyRange\":{\"StartingHashKey\":\"0\",\"EndingHashKey\":\"" MAX_128 \
	"\"},\"SequenceNumberRange\":{\"StartingSequenceNumber\":\"1\"}" more "}"
#define CLOSED(id) \
	"{\"ShardId\":\"" id \
	"\",\"SequenceNumberRange\":{\"StartingSequenceNumber\":\"1\",\"EndingSequenceNumber\":\"0\"}}"

static void
test_shards(void **state)
{
	(void)state;
	kinesis_list_shards(NULL, &orders, shards_cb, &got);
	assert_string_equal(under_way->target, "Kinesis_20131202.ListShards");
	assert_string_equal(under_way->body,
	    "{\"StreamName\":\"orders\",\"ShardFilter\":{\"Type\":\"AT_LATEST\"},\"MaxResults\":10000}");
	reply("{\"Shards\":[" SHARD("s-3", ",\"ParentShardId\":\"s-1\"") "," CLOSED(
	    "s-0") "],\"NextToken\":\"a\\\"\\\\\\n\\u00e9\"}");
	assert_int_equal(got.calls, 0);
	/* AWS: a NextToken goes without StreamName, and names the filter itself. */
	assert_string_equal(under_way->body, "{\"NextToken\":\"a\\\"\\\\\\u000a\xc3\xa9\",\"MaxResults\":10000}");
	assert_true(under_way->urgent);
	assert_int_equal(under_way->deadline_ms, 77);
	reply("{\"Shards\":[" SHARD("s-2", ",\"ParentShardId\":\"s-0\",\"AdjacentParentShardId\":\"s-1\"") "]}");
	assert_int_equal(got.fault, AWS_OK);
	assert_int_equal(got.count, 2);
	assert_string_equal(got.names.s, "s-2(s-0,s-1) s-3(s-1,) ");
	assert_int_equal(got.shard.first.low, 0);
	assert_true(got.shard.last.high == UINT64_MAX && got.shard.last.low == UINT64_MAX);
}

static void
test_shards_none(void **state)
{
	(void)state;
	kinesis_list_shards(NULL, &orders, shards_cb, &got);
	reply("{\"Shards\":[" CLOSED("s-0") "],\"NextToken\":\"\"}");
	assert_int_equal(got.fault, AWS_OK);
	assert_int_equal(got.count, 0);
}

static void
test_shards_bad(void **state)
{
	static const char good[] = "{\"Shards\":[" SHARD("s-1", "") "]}";
	static const struct {
		const char *from, *to, *why;
	} cases[] = {
	    {"\"Shards\"", "\"x\"", "Shards is missing"},
	    {"\"ShardId\"", "\"x\"", "Shards[0]: ShardId is missing"},
	    {"\"s-1\"", "\"../1\"", "Shards[0]: ShardId is no name (1 to 128 of a-z, A-Z, 0-9, _, . and -)"},
	    {"\"HashKeyRange\"", "\"x\"", "Shards[0]: HashKeyRange is missing"},
	    {"\"0\"", "0", "Shards[0]: StartingHashKey is not a string"},
	    {"\"0\"", "\"-1\"", "Shards[0]: StartingHashKey is no number of 128 bits"},
	    {"211455\"", "211456\"", "Shards[0]: EndingHashKey is no number of 128 bits"},
	    {"\"0\",\"EndingHashKey\":\"" MAX_128, "\"2\",\"EndingHashKey\":\"1",
		"Shards[0]: HashKeyRange ends before it starts"},
	    {"\"SequenceNumberRange\"", "\"x\"", "Shards[0]: SequenceNumberRange is missing"},
	    {"\"StartingSequenceNumber\":\"1\"", "\"EndingSequenceNumber\":true",
		"Shards[0]: EndingSequenceNumber is not a string"},
	    {"]}", "," SHARD("s-1", "") "]}", "s-1 is there twice"},
	    {"]}", ",null]}", "Shards[1] is not an object"},
	    {"]}", "],\"NextToken\":1}", "NextToken is not a string"},
	};
	char *body, *sentence;
	size_t i;

	(void)state;
	for (i = 0; i < KD_COUNT(cases); i++) {
		kinesis_list_shards(NULL, &orders, shards_cb, &got);
		body = with(good, cases[i].from, cases[i].to);
		reply(body);
		sentence = mem_printf("the answer to ListShards of orders makes no sense: %s", cases[i].why);
		assert_string_equal(got.message, sentence);
		assert_int_equal(got.fault, AWS_BAD_ANSWER);
		free(sentence);
		free(body);
	}
}

static void
test_shards_endless(void **state)
{
	char *body;
	int i;

	(void)state;
	kinesis_list_shards(NULL, &orders, shards_cb, &got);
	for (i = 0; got.calls == 0; i++) {
		body = mem_printf("{\"Shards\":[],\"NextToken\":\"%d\"}", i);
		reply(body);
		free(body);
	}
	assert_int_equal(started, KINESIS_PAGES_MAX);
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
	assert_string_equal(
	    got.message, "the answer to ListShards of orders makes no sense: NextToken led on after 200 pages");
}

/* Each page another token, and the same rows: the second shows it. */
static void
test_shards_in_a_circle(void **state)
{
	(void)state;
	kinesis_list_shards(NULL, &orders, shards_cb, &got);
	reply("{\"Shards\":[" SHARD("s-1", "") "," SHARD("s-2", "") "],\"NextToken\":\"a\"}");
	reply("{\"Shards\":[" SHARD("s-1", "") "," SHARD("s-2", "") "],\"NextToken\":\"b\"}");
	assert_int_equal(started, 2);
	assert_string_equal(got.message,
	    "the answer to ListShards of orders makes no sense: NextToken leads in a circle, s-1 came again");
}

/* Also when the circle has more than one token in it. */
static void
test_shards_circle(void **state)
{
	(void)state;
	kinesis_list_shards(NULL, &orders, shards_cb, &got);
	reply("{\"Shards\":[],\"NextToken\":\"a\"}");
	reply("{\"Shards\":[],\"NextToken\":\"b\"}");
	reply("{\"Shards\":[],\"NextToken\":\"a\"}");
	assert_int_equal(started, 3);
	assert_string_equal(
	    got.message, "the answer to ListShards of orders makes no sense: the same NextToken came twice");
}

static void
test_expired_token(void **state)
{
	(void)state;
	kinesis_list_shards(NULL, &orders, shards_cb, &got);
	reply("{\"Shards\":[" SHARD("s-1", "") "],\"NextToken\":\"a\"}");
	reply_code(AWS_REFUSED, "ExpiredNextTokenException");
	assert_int_equal(got.calls, 0);
	assert_non_null(strstr(under_way->body, "\"StreamName\":\"orders\""));
	reply("{\"Shards\":[" SHARD("s-1", "") "],\"NextToken\":\"a\"}"); /* the same shard and token: no circle */
	reply("{\"Shards\":[" SHARD("s-2", "") "]}");
	assert_int_equal(got.fault, AWS_OK);
	assert_string_equal(got.names.s, "s-1(,) s-2(,) ");

	kinesis_list_shards(NULL, &orders, shards_cb, &got);
	reply("{\"Shards\":[],\"NextToken\":\"a\"}");
	reply_code(AWS_REFUSED, "ExpiredNextTokenException");
	reply("{\"Shards\":[],\"NextToken\":\"b\"}");
	reply_code(AWS_REFUSED, "ExpiredNextTokenException");
	assert_int_equal(got.calls, 2);
	assert_int_equal(got.fault, AWS_REFUSED);
}

static void
test_too_many_shards(void **state)
{
	struct str body = {0};
	int i;

	(void)state;
	str_add(&body, "{\"Shards\":[");
	for (i = 0; i <= KINESIS_SHARDS_MAX; i++) {
		str_printf(&body,
		    "%s{\"ShardId\":\"s%d\",\"HashKeyRange\":{\"StartingHashKey\":\"0\",\"EndingHashKey\":\"0\"}",
		    i ? "," : "", i);
		str_add(&body, ",\"SequenceNumberRange\":{}}");
	}
	str_add(&body, "]}");
	kinesis_list_shards(NULL, &orders, shards_cb, &got);
	reply_len(body.s, body.len);
	assert_string_equal(got.message,
	    "the answer to ListShards of orders makes no sense: Shards[100000]: the stream has "
	    "more than 100000 open shards, more than kdiagd holds");
	str_free(&body);
}

static void
test_hash(void **state)
{
	static const char *const bad[] = {"", " 1", "1 ", "+1", "-1", "0x1", "00", "01", "1e3",
	    "340282366920938463463374607431768211456", "999999999999999999999999999999999999999",
	    "1000000000000000000000000000000000000000"};
	struct kd_hash hash;
	size_t i;

	(void)state;
	assert_int_equal(kinesis_parse_hash("0", &hash), 0);
	assert_true(hash.high == 0 && hash.low == 0);
	assert_int_equal(kinesis_parse_hash("18446744073709551615", &hash), 0);
	assert_true(hash.high == 0 && hash.low == UINT64_MAX);
	assert_int_equal(kinesis_parse_hash("18446744073709551616", &hash), 0);
	assert_true(hash.high == 1 && hash.low == 0);
	assert_int_equal(kinesis_parse_hash("170141183460469231731687303715884105728", &hash), 0);
	assert_true(hash.high == (uint64_t)1 << 63 && hash.low == 0);
	assert_int_equal(kinesis_parse_hash(MAX_128, &hash), 0);
	assert_true(hash.high == UINT64_MAX && hash.low == UINT64_MAX);
	for (i = 0; i < KD_COUNT(bad); i++)
		assert_int_equal(kinesis_parse_hash(bad[i], &hash), -1);
}

/* ---- ListStreamConsumers ---- */

#define CONSUMER(name, arn) \
	"{\"ConsumerName\":\"" name "\",\"ConsumerARN\":\"" arn \
	"\",\"ConsumerStatus\":\"ACTIVE\",\"ConsumerCreationTimestamp\":1700000000}"

/* ---- GetResourcePolicy ---- */

static char *got_policy;
static enum aws_fault got_fault;

static void
policy_cb(const struct aws_error *error, const char *policy, void *arg)
{
	(void)arg;
	got_fault = error->fault;
	free(got_policy);
	got_policy = mem_strdup(policy);
}

static void
ask_policy(void)
{
	static const struct kinesis_ask ask = {.urgent = true};

	kinesis_get_resource_policy(
	    NULL, "arn:aws:kinesis:us-east-1:123456789012:stream/orders", &ask, policy_cb, NULL);
	assert_string_equal(under_way->target, "Kinesis_20131202.GetResourcePolicy");
	assert_string_equal(
	    under_way->body, "{\"ResourceARN\":\"arn:aws:kinesis:us-east-1:123456789012:stream/orders\"}");
	assert_true(under_way->urgent);
}

static void
test_resource_policy(void **state)
{
	(void)state;
	ask_policy();
	reply("{\"Policy\":\"{\\\"Version\\\":\\\"2012-10-17\\\"}\"}");
	assert_int_equal(got_fault, AWS_OK);
	assert_string_equal(got_policy, "{\"Version\":\"2012-10-17\"}");
	/* None: by an empty document, by none, and as an error. */
	ask_policy();
	reply("{\"Policy\":\"{}\"}");
	assert_true(got_fault == AWS_OK && got_policy == NULL);
	ask_policy();
	reply("{}");
	assert_true(got_fault == AWS_OK && got_policy == NULL);
	ask_policy();
	reply_code(AWS_NOT_FOUND, "ResourceNotFoundException");
	assert_true(got_fault == AWS_OK && got_policy == NULL);
	ask_policy();
	reply("{\"Policy\":{}}");
	assert_int_equal(got_fault, AWS_BAD_ANSWER);
	ask_policy();
	reply_code(AWS_DENIED, "AccessDeniedException");
	assert_int_equal(got_fault, AWS_DENIED);
	free(got_policy);
	got_policy = NULL;
}

static void
test_consumers(void **state)
{
	(void)state;
	kinesis_list_stream_consumers(NULL, ARN, &orders, consumers_cb, &got);
	assert_string_equal(under_way->target, "Kinesis_20131202.ListStreamConsumers");
	assert_string_equal(under_way->body, "{\"StreamARN\":\"" ARN "\",\"MaxResults\":10000}");
	reply("{\"Consumers\":[" CONSUMER("b", ARN "/consumer/b:1700000000") "],\"NextToken\":\"t\"}");
	assert_string_equal(under_way->body, "{\"StreamARN\":\"" ARN "\",\"NextToken\":\"t\",\"MaxResults\":10000}");
	reply("{\"Consumers\":[" CONSUMER("a", ARN "/consumer/a") "]}");
	assert_int_equal(got.fault, AWS_OK);
	assert_string_equal(got.names.s, "a b ");
	assert_int_equal(got.consumer.status, KD_STATUS_ACTIVE);
	assert_int_equal(got.consumer.created_ms, 1700000000000);
}

static void
test_consumers_bad(void **state)
{
	static const struct {
		const char *body, *why;
	} cases[] = {
	    {"{\"Consumers\":[" CONSUMER("a", ARN "2/consumer/a:1") "]}",
		"Consumers[0]: ConsumerARN is that of another stream"},
	    {"{\"Consumers\":[" CONSUMER("a", ARN "/consumer/ab:1") "]}", "Consumers[0]: ConsumerARN is not that of a"},
	    {"{\"Consumers\":[" CONSUMER("a", "a") "]}", "Consumers[0]: ConsumerARN is no ARN"},
	    {"{\"Consumers\":[{\"ConsumerName\":\"a\"}]}", "Consumers[0]: ConsumerARN is missing"},
	    {"{\"Consumers\":{}}", "Consumers is not an array"},
	};
	char *sentence;
	size_t i;

	(void)state;
	for (i = 0; i < KD_COUNT(cases); i++) {
		kinesis_list_stream_consumers(NULL, ARN, &orders, consumers_cb, &got);
		reply(cases[i].body);
		sentence = mem_printf("the answer to ListStreamConsumers of " ARN " makes no sense: %s", cases[i].why);
		assert_string_equal(got.message, sentence);
		assert_int_equal(got.fault, AWS_BAD_ANSWER);
		free(sentence);
	}
}

/* ---- ListStreams ---- */

#define STREAM(name, more) \
	"{\"StreamName\":\"" name "\",\"StreamARN\":\"arn:aws:kinesis:r:1:stream/" name \
	"\",\"StreamStatus\":\"ACTIVE\"" more "}"

static void
test_streams(void **state)
{
	const struct kinesis_ask all = {0};

	(void)state;
	kinesis_list_streams(NULL, &all, streams_cb, &got);
	assert_string_equal(under_way->target, "Kinesis_20131202.ListStreams");
	assert_string_equal(under_way->body, "{\"Limit\":10000}");
	assert_false(under_way->urgent);
	reply("{\"StreamNames\":[\"b\"],\"HasMoreStreams\":true,\"NextToken\":\"t\",\"StreamSummaries\":[" STREAM(
	    "b", ",\"StreamModeDetails\":{\"StreamMode\":\"ON_DEMAND\"},\"StreamCreationTimestamp\":1.5") "]}");
	assert_string_equal(under_way->body, "{\"NextToken\":\"t\",\"Limit\":10000}");
	reply("{\"StreamNames\":[\"a\"],\"HasMoreStreams\":false,\"StreamSummaries\":[" STREAM("a", "") "]}");
	assert_int_equal(got.fault, AWS_OK);
	assert_string_equal(
	    got.names.s, "a:arn:aws:kinesis:r:1:stream/a:3:0:0 b:arn:aws:kinesis:r:1:stream/b:3:2:1500 ");
}

static void
list_streams_once(const char *body)
{
	const struct kinesis_ask all = {0};

	kinesis_list_streams(NULL, &all, streams_cb, &got);
	reply(body);
	assert_null(under_way);
}

static void
test_streams_odd(void **state)
{
	(void)state;
	list_streams_once("{\"StreamNames\":[],\"HasMoreStreams\":false,\"StreamSummaries\":[]}");
	assert_int_equal(got.fault, AWS_OK);
	assert_int_equal(got.count, 0);
	list_streams_once("{\"StreamNames\":[],\"HasMoreStreams\":false,\"NextToken\":\"t\",\"StreamSummaries\":[]}");
	assert_int_equal(got.fault, AWS_OK);
	list_streams_once("{\"StreamNames\":[\"a\"],\"HasMoreStreams\":false}");
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
	assert_string_equal(got.code, "no_summaries");
	list_streams_once("{\"Streams\":[]}");
	assert_int_equal(got.fault, AWS_BAD_ANSWER);
	assert_string_equal(got.code, "");
	assert_string_equal(got.message, "the answer to ListStreams makes no sense: StreamNames is missing");
	list_streams_once("{\"StreamNames\":[],\"HasMoreStreams\":true,\"StreamSummaries\":[]}");
	assert_string_equal(
	    got.message, "the answer to ListStreams makes no sense: HasMoreStreams is true, but there is no NextToken");
	list_streams_once("{\"StreamSummaries\":\"none\"}");
	assert_string_equal(got.message, "the answer to ListStreams makes no sense: StreamSummaries is not an array");
	list_streams_once("{\"StreamSummaries\":[" STREAM("a", "") "," STREAM("a", "") "]}");
	assert_string_equal(got.message, "the answer to ListStreams makes no sense: a is there twice");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_summary, clean),
	    cmocka_unit_test_teardown(test_summary_sparse, clean),
	    cmocka_unit_test_teardown(test_summary_metrics, clean),
	    cmocka_unit_test_teardown(test_summary_bad, clean),
	    cmocka_unit_test_teardown(test_not_json, clean),
	    cmocka_unit_test_teardown(test_error_passed_on, clean),
	    cmocka_unit_test_teardown(test_cancel, clean),
	    cmocka_unit_test_teardown(test_shards, clean),
	    cmocka_unit_test_teardown(test_shards_none, clean),
	    cmocka_unit_test_teardown(test_shards_bad, clean),
	    cmocka_unit_test_teardown(test_shards_endless, clean),
	    cmocka_unit_test_teardown(test_shards_in_a_circle, clean),
	    cmocka_unit_test_teardown(test_shards_circle, clean),
	    cmocka_unit_test_teardown(test_expired_token, clean),
	    cmocka_unit_test_teardown(test_too_many_shards, clean),
	    cmocka_unit_test_teardown(test_hash, clean),
	    cmocka_unit_test_teardown(test_resource_policy, clean),
	    cmocka_unit_test_teardown(test_consumers, clean),
	    cmocka_unit_test_teardown(test_consumers_bad, clean),
	    cmocka_unit_test_teardown(test_streams, clean),
	    cmocka_unit_test_teardown(test_streams_odd, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
