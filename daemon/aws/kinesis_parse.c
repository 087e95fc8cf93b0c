/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinesis_parse: Kinesis answers into rows, page by page. Pure. Names, types and required members as the API reference
 * has them (botocore's model of 2013-12-02); what is wrong is named, unknown members are passed over.
 */
#include "daemon/aws/kinesis_parse.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/json_view.h"
#include "common/mem.h"
#include "daemon/aws/kinesis_member.h"
#include "daemon/aws/secret.h"

/* The API reference's bounds. */
enum { TOKEN_MAX = 1 << 20, RETENTION_MAX_H = 8760, COUNT_MAX = 1000000, METRIC_MAX = 64 };

/* Kinesis takes 20 KiB (Developer guide, "Sharing your data stream"). */
enum { POLICY_MAX = 64 * 1024 };

enum { HASH_DIGITS = 39 }; /* of 2^128 - 1 */

static struct json_doc answer; /* one thread; most answers are small, and need no memory of their own */

/* ---- pages ---- */

static int
take_next_token(struct kinesis_pages *pages, struct json_view root, char **cause)
{
	const char *token = NULL;

	free(pages->next_token);
	pages->next_token = NULL;
	if (json_view_get_string(root, "NextToken", &token, cause) == -1)
		return -1;
	if (token == NULL || *token == '\0')
		return 0;
	if (strlen(token) > TOKEN_MAX)
		return cause_set(cause, "NextToken is longer than 1 MiB");
	pages->next_token = mem_strdup(token);
	return 0;
}

typedef int row_parser(struct kinesis_pages *pages, const char *about, struct json_view object, char **cause);

/* Each element of the array through `parse`; a sentence gets its place in front. */
static int
parse_rows(struct kinesis_pages *pages, struct json_view root, const char *key, row_parser *parse, const char *about,
    char **cause)
{
	struct json_view array, element;
	char *why = NULL;
	size_t i;

	if (kinesis_member_need_array(root, key, &array, cause))
		return -1;
	JSON_VIEW_EACH (array, i, element) {
		if (!json_view_is(element, JSON_OBJECT))
			return cause_set(cause, "%s[%zu] is not an object", key, i);
		if (parse(pages, about, element, &why)) {
			cause_set(cause, "%s[%zu]: %s", key, i, why);
			free(why);
			return -1;
		}
	}
	return 0;
}

/* ---- DescribeStreamSummary ---- */

static const char *const all_metrics[] = {
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
};

static int
add_metric(struct kinesis_pages *pages, const char *name, char **cause)
{
	size_t *count = &pages->summary.summary.shard_metrics_count, i;

	for (i = 0; i < *count; i++)
		if (strcmp(pages->metrics[i], name) == 0)
			return 0;
	if (*count == KINESIS_METRICS_MAX)
		return cause_set(cause, "ShardLevelMetrics has more than %d names", KINESIS_METRICS_MAX);
	pages->metrics[(*count)++] = kinesis_pages_keep(pages, name);
	return 0;
}

static int
take_metric(struct kinesis_pages *pages, struct json_view element, char **cause)
{
	const char *name = json_view_string(element, NULL);
	size_t i;

	if (name == NULL || !secret_is_plain(name, METRIC_MAX))
		return cause_set(cause, "ShardLevelMetrics holds what is no metric's name");
	if (strcmp(name, "ALL") != 0)
		return add_metric(pages, name, cause);
	for (i = 0; i < KD_COUNT(all_metrics); i++)
		if (add_metric(pages, all_metrics[i], cause))
			return -1;
	return 0;
}

static int
parse_monitoring(struct kinesis_pages *pages, const char *about, struct json_view object, char **cause)
{
	struct json_view names, element;
	size_t i;
	int rc = json_view_get_array(object, "ShardLevelMetrics", &names, cause);

	(void)about;
	if (rc != 1)
		return rc;
	JSON_VIEW_EACH (names, i, element) {
		if (take_metric(pages, element, cause))
			return -1;
	}
	return 0;
}

/* KeyId is of interest, and always there, when encryption is on. */
static int
parse_encryption(struct kinesis_pages *pages, struct json_view root, char **cause)
{
	struct kd_stream_summary *summary = &pages->summary.summary;
	const char *type = "NONE", *key = NULL;

	if (json_view_get_string(root, "EncryptionType", &type, cause) == -1 ||
	    json_view_get_string(root, "KeyId", &key, cause) == -1)
		return -1;
	if (strcmp(type, "NONE") != 0 && strcmp(type, "KMS") != 0)
		return cause_set(cause, "EncryptionType is neither NONE nor KMS");
	if (key != NULL && !secret_is_plain(key, KINESIS_ARN_MAX))
		return cause_set(cause, "KeyId is no key's id");
	summary->encryption = strcmp(type, "KMS") == 0 ? "KMS" : "NONE";
	summary->key_id = key != NULL && strcmp(type, "KMS") == 0 ? kinesis_pages_keep(pages, key) : NULL;
	return 0;
}

static int
parse_numbers(struct kd_stream_summary *summary, struct json_view root, char **cause)
{
	struct json_view warm;

	summary->consumers = -1;
	summary->warm_throughput_mibps = -1;
	if (kinesis_member_need_bounded(
		root, "RetentionPeriodHours", 1, RETENTION_MAX_H, &summary->retention_hours, cause) ||
	    kinesis_member_need_bounded(root, "OpenShardCount", 0, COUNT_MAX, &summary->open_shards, cause) ||
	    kinesis_member_get_bounded(root, "ConsumerCount", 0, COUNT_MAX, &summary->consumers, cause) == -1 ||
	    kinesis_member_get_created(root, "StreamCreationTimestamp", &summary->created_ms, cause))
		return -1;
	switch (json_view_get_object(root, "WarmThroughput", &warm, cause)) {
	case 1:
		return kinesis_member_get_bounded(
			   warm, "CurrentMiBps", 0, INT32_MAX, &summary->warm_throughput_mibps, cause) == -1
			   ? -1
			   : 0;
	case 0:
		return 0;
	default:
		return -1;
	}
}

static int
parse_description(struct kinesis_pages *pages, const char *about, struct json_view root, char **cause)
{
	struct kinesis_summary *out = &pages->summary;
	struct kd_stream_summary *summary = &out->summary;

	if (kinesis_member_keep_name(pages, root, "StreamName", true, &out->name, cause))
		return -1;
	if (strcmp(out->name, about) != 0)
		return cause_set(cause, "it is about another stream, %s", out->name);
	if (kinesis_member_keep_arn(pages, root, "StreamARN", ":stream/", out->name, &out->arn, cause) ||
	    kinesis_member_need_status(root, "StreamStatus", &summary->status, cause) ||
	    kinesis_member_get_mode(root, &summary->mode, cause) == -1 || parse_numbers(summary, root, cause) ||
	    parse_encryption(pages, root, cause))
		return -1;
	summary->shard_metrics = pages->metrics;
	return parse_rows(pages, root, "EnhancedMonitoring", parse_monitoring, NULL, cause);
}

int
kinesis_parse_summary(struct kinesis_pages *pages, const char *about, const char *body, size_t len, char **cause)
{
	struct json_view description;
	int rc = -1;

	if (json_read_doc(&answer, body, len, false, cause) == -1)
		return -1;
	if (kinesis_member_need_object(json_doc_root(&answer), "StreamDescriptionSummary", &description, cause) == 0)
		rc = parse_description(pages, about, description, cause);
	json_doc_reuse(&answer);
	return rc;
}

/* ---- ListShards ---- */

int
kinesis_parse_hash(const char *s, struct kd_hash *hash)
{
	const unsigned __int128 most = ~(unsigned __int128)0;
	unsigned __int128 value = 0;
	size_t i;

	for (i = 0; i < HASH_DIGITS && s[i] >= '0' && s[i] <= '9'; i++) {
		unsigned digit = (unsigned)(s[i] - '0');

		if (i + 1 == HASH_DIGITS && (value > most / 10 || (value == most / 10 && digit > most % 10)))
			return -1;
		value = value * 10 + digit;
	}
	if (i == 0 || s[i] != '\0' || (s[0] == '0' && i > 1))
		return -1;
	hash->low = (uint64_t)value;
	hash->high = (uint64_t)(value >> 64);
	return 0;
}

static int
need_hash(struct json_view range, const char *key, struct kd_hash *hash, char **cause)
{
	const char *text;

	if (kinesis_member_need_string(range, key, &text, cause))
		return -1;
	if (kinesis_parse_hash(text, hash) == -1)
		return cause_set(cause, "%s is no number of 128 bits", key);
	return 0;
}

static int
parse_hash_range(struct kd_shard *shard, struct json_view object, char **cause)
{
	struct json_view range;

	if (kinesis_member_need_object(object, "HashKeyRange", &range, cause) ||
	    need_hash(range, "StartingHashKey", &shard->first, cause) ||
	    need_hash(range, "EndingHashKey", &shard->last, cause))
		return -1;
	if (shard->first.high > shard->last.high ||
	    (shard->first.high == shard->last.high && shard->first.low > shard->last.low))
		return cause_set(cause, "HashKeyRange ends before it starts");
	return 0;
}

/*
 * A shard is closed iff it has an EndingSequenceNumber; the filter AT_LATEST leaves them out, but not with every
 * emulator.
 */
static int
parse_shard(struct kinesis_pages *pages, const char *about, struct json_view object, char **cause)
{
	const char *ending = NULL;
	struct kd_shard *shard;
	struct json_view sequence;

	(void)about;
	if (kinesis_member_need_object(object, "SequenceNumberRange", &sequence, cause) ||
	    json_view_get_string(sequence, "EndingSequenceNumber", &ending, cause) == -1)
		return -1;
	if (ending != NULL)
		return 0;
	if (pages->count == KINESIS_SHARDS_MAX)
		return cause_set(
		    cause, "the stream has more than %d open shards, more than kdiagd holds", KINESIS_SHARDS_MAX);
	shard = kinesis_pages_next_row(pages, sizeof(*shard));
	if (kinesis_member_keep_name(pages, object, "ShardId", true, &shard->id, cause) ||
	    kinesis_member_keep_name(pages, object, "ParentShardId", false, &shard->parent, cause) ||
	    kinesis_member_keep_name(pages, object, "AdjacentParentShardId", false, &shard->adjacent_parent, cause) ||
	    parse_hash_range(shard, object, cause))
		return -1;
	pages->count++;
	return 0;
}

static int
parse_list(struct kinesis_pages *pages, const char *about, const char *body, size_t len, const char *key,
    row_parser *parse, char **cause)
{
	int rc = -1;

	if (json_read_doc(&answer, body, len, false, cause) == -1)
		return -1;
	if (parse_rows(pages, json_doc_root(&answer), key, parse, about, cause) == 0)
		rc = take_next_token(pages, json_doc_root(&answer), cause);
	json_doc_reuse(&answer);
	return rc;
}

int
kinesis_parse_shards(struct kinesis_pages *pages, const char *about, const char *body, size_t len, char **cause)
{
	return parse_list(pages, about, body, len, "Shards", parse_shard, cause);
}

/* ---- ListStreamConsumers ---- */

/* arn:…:stream/NAME/consumer/CONSUMER:1700000000; emulators leave the number out. */
static int
check_consumer_arn(const char *arn, const char *stream_arn, const char *name, char **cause)
{
	static const char word[] = "/consumer/";
	size_t stream_len = strlen(stream_arn), name_len = strlen(name);

	if (strncmp(arn, "arn:", 4) != 0 || !secret_is_plain(arn, KINESIS_ARN_MAX))
		return cause_set(cause, "ConsumerARN is no ARN");
	if (strncmp(arn, stream_arn, stream_len) != 0 || strncmp(arn + stream_len, word, sizeof(word) - 1) != 0)
		return cause_set(cause, "ConsumerARN is that of another stream");
	arn += stream_len + sizeof(word) - 1;
	if (strncmp(arn, name, name_len) != 0 || (arn[name_len] != '\0' && arn[name_len] != ':'))
		return cause_set(cause, "ConsumerARN is not that of %s", name);
	return 0;
}

static int
parse_consumer(struct kinesis_pages *pages, const char *about, struct json_view object, char **cause)
{
	struct kd_consumer *consumer;
	const char *arn;

	if (pages->count == KINESIS_CONSUMERS_MAX)
		return cause_set(
		    cause, "the stream has more than %d consumers, more than kdiagd holds", KINESIS_CONSUMERS_MAX);
	consumer = kinesis_pages_next_row(pages, sizeof(*consumer));
	if (kinesis_member_keep_name(pages, object, "ConsumerName", true, &consumer->name, cause) ||
	    kinesis_member_need_string(object, "ConsumerARN", &arn, cause) ||
	    check_consumer_arn(arn, about, consumer->name, cause) ||
	    kinesis_member_need_status(object, "ConsumerStatus", &consumer->status, cause) ||
	    kinesis_member_get_created(object, "ConsumerCreationTimestamp", &consumer->created_ms, cause))
		return -1;
	consumer->arn = kinesis_pages_keep(pages, arn);
	pages->count++;
	return 0;
}

int
kinesis_parse_consumers(struct kinesis_pages *pages, const char *about, const char *body, size_t len, char **cause)
{
	return parse_list(pages, about, body, len, "Consumers", parse_consumer, cause);
}

/* ---- ListStreams ---- */

static int
parse_stream(struct kinesis_pages *pages, const char *about, struct json_view object, char **cause)
{
	struct kinesis_stream *stream;

	(void)about;
	if (pages->count == KINESIS_STREAMS_MAX)
		return cause_set(cause, "there are more than %d streams, more than kdiagd holds", KINESIS_STREAMS_MAX);
	stream = kinesis_pages_next_row(pages, sizeof(*stream));
	if (kinesis_member_keep_name(pages, object, "StreamName", true, &stream->name, cause) ||
	    kinesis_member_keep_arn(pages, object, "StreamARN", ":stream/", stream->name, &stream->arn, cause) ||
	    kinesis_member_need_status(object, "StreamStatus", &stream->status, cause) ||
	    kinesis_member_get_mode(object, &stream->mode, cause) == -1 ||
	    kinesis_member_get_created(object, "StreamCreationTimestamp", &stream->created_ms, cause))
		return -1;
	pages->count++;
	return 0;
}

/* HasMoreStreams and NextToken have to agree. */
static int
check_more(struct kinesis_pages *pages, struct json_view root, char **cause)
{
	bool more = pages->next_token != NULL;

	if (json_view_get_boolean(root, "HasMoreStreams", &more, cause) == -1)
		return -1;
	if (more && pages->next_token == NULL)
		return cause_set(cause, "HasMoreStreams is true, but there is no NextToken");
	if (!more) {
		free(pages->next_token);
		pages->next_token = NULL;
	}
	return 0;
}

int
kinesis_parse_streams(struct kinesis_pages *pages, const char *about, const char *body, size_t len, char **cause)
{
	struct json_view root, names, summaries;
	int rc = -1, got;

	if (json_read_doc(&answer, body, len, false, cause) == -1)
		return -1;
	root = json_doc_root(&answer);
	got = json_view_get_array(root, "StreamSummaries", &summaries, cause);
	if (got == 0 && kinesis_member_need_array(root, "StreamNames", &names, cause) == 0) {
		pages->code = "no_summaries";
		cause_set(cause, "StreamSummaries is missing (an emulator of before 2022?)");
	} else if (got == 1 && parse_rows(pages, root, "StreamSummaries", parse_stream, about, cause) == 0 &&
		   take_next_token(pages, root, cause) == 0) {
		rc = check_more(pages, root, cause);
	}
	json_doc_reuse(&answer);
	return rc;
}

/* ---- GetResourcePolicy ---- */

/* A resource without one gives an error, no text or an empty object. The text itself is the evaluator's affair. */
int
kinesis_parse_policy(struct kinesis_pages *pages, const char *about, const char *body, size_t len, char **cause)
{
	const char *policy = NULL;
	int rc = -1;

	(void)about;
	if (json_read_doc(&answer, body, len, false, cause) == -1)
		return -1;
	if (json_view_get_string(json_doc_root(&answer), "Policy", &policy, cause) == -1)
		goto out;
	if (policy != NULL && strlen(policy) > POLICY_MAX) {
		cause_set(cause, "Policy is longer than %d KiB", POLICY_MAX / 1024);
		goto out;
	}
	if (policy != NULL && *policy != '\0' && strcmp(policy, "{}") != 0)
		pages->policy = kinesis_pages_keep(pages, policy);
	rc = 0;
out:
	json_doc_reuse(&answer);
	return rc;
}
