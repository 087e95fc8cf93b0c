/* SPDX-License-Identifier: Apache-2.0 */
/* stream_spec: owns the keys of a stream in a scenario and what each does to it; knows no file and no request. */
#include "test/awssim/stream_spec.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "common/words.h"
#include "test/awssim/traffic_spec.h"

static const char *const statuses[] = {
    "CREATING", "DELETING", "ACTIVE", "UPDATING", "GONE", NULL};       /* enum kd_status - 1 */
static const char *const modes[] = {"PROVISIONED", "ON_DEMAND", NULL}; /* enum kd_mode - 1 */
static const char *const encryptions[] = {"NONE", "KMS", NULL};

static int
read_name(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct stream_spec *spec = into;
	const char *text = decode_text(in, node, "name");

	if (text == NULL)
		return -1;
	if (!text_is_stream_name(text))
		return decode_fail(in, node, "\"%.80s\" is no stream name (1 to 128 of a-z A-Z 0-9 _ . -)", text);
	spec->name = mem_strdup(text);
	return 0;
}

static int
read_metrics(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct stream_spec *spec = into;

	if (decode_list(in, node, "shard_metrics") != 0)
		return -1;
	spec->metrics_said = true;
	for (size_t i = 0; i < node->count; i++) {
		const char *text = decode_text(in, &node->children[i], "a metric");
		bool all = text != NULL && strcmp(text, "ALL") == 0, found = all;

		if (text == NULL)
			return -1;
		for (size_t m = 0; m < STREAM_METRICS; m++) {
			if (all || strcmp(text, stream_metric_names[m]) == 0)
				spec->metrics[m] = found = true;
		}
		if (!found)
			return decode_fail(in, &node->children[i],
			    "\"%.80s\" is no shard-level metric (IncomingBytes …, or ALL)", text);
	}
	return 0;
}

struct consumer_spec {
	char *name;
	int status;
};

static int
read_consumer(const struct decode *in, const struct yaml_node *node, struct stream_consumer *consumer)
{
	static const struct decode_field fields[] = {
	    {.key = "name", .type = DECODE_STRING, .offset = offsetof(struct consumer_spec, name), .required = true},
	    {.key = "status",
		.type = DECODE_CHOICE,
		.offset = offsetof(struct consumer_spec, status),
		.choices = statuses},
	};
	struct consumer_spec spec = {.status = KD_STATUS_ACTIVE - 1};
	const char *text;

	if (node->kind == YAML_MAP_KIND) {
		if (decode_map(in, node, fields, KD_COUNT(fields), &spec) != 0) {
			free(spec.name);
			return -1;
		}
	} else {
		text = decode_text(in, node, "a consumer");
		if (text == NULL)
			return -1;
		spec.name = mem_strdup(text);
	}
	consumer->name = spec.name;
	consumer->status = (enum kd_status)(spec.status + 1);
	return 0;
}

static int
read_consumers(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct stream_spec *spec = into;

	if (decode_list(in, node, "consumers") != 0)
		return -1;
	if (node->count > STREAM_CONSUMERS_MAX)
		return decode_fail(in, node, "%zu consumers are too many: AWS registers %d a stream", node->count,
		    STREAM_CONSUMERS_MAX);
	spec->consumers_said = true;
	spec->consumers = mem_new(node->count, sizeof(*spec->consumers));
	for (; spec->consumers_count < node->count; spec->consumers_count++)
		if (read_consumer(
			in, &node->children[spec->consumers_count], &spec->consumers[spec->consumers_count]) != 0)
			return -1;
	return 0;
}

struct shard_spec {
	struct stream_shard shard;
	bool closed;
};

static int
read_hash(const struct decode *in, const struct yaml_node *node, struct kd_hash *hash)
{
	const char *text = decode_text(in, node, "a hash key");

	if (text == NULL)
		return -1;
	return words_parse_hash(text, hash) == 0 ? 0
						 : decode_fail(in, node, "\"%.80s\" is no hash key below 2^128", text);
}

static int
read_first(const struct decode *in, const struct yaml_node *node, void *into)
{
	return read_hash(in, node, &((struct shard_spec *)into)->shard.first);
}

static int
read_last(const struct decode *in, const struct yaml_node *node, void *into)
{
	return read_hash(in, node, &((struct shard_spec *)into)->shard.last);
}

#define SHARD_INTEGER(member) .type = DECODE_INTEGER, .offset = offsetof(struct shard_spec, shard.member)

static const struct decode_field shard_fields[] = {
    {.key = "number", SHARD_INTEGER(number), .required = true},
    {.key = "from", .type = DECODE_READER, .read = read_first, .required = true},
    {.key = "to", .type = DECODE_READER, .read = read_last, .required = true},
    {.key = "parent", SHARD_INTEGER(parent)},
    {.key = "adjacent", SHARD_INTEGER(adjacent)},
    {.key = "closed", .type = DECODE_BOOLEAN, .offset = offsetof(struct shard_spec, closed)},
};

/* A list of shards, for what no even split gives: gaps, overlaps, odd parents. */
static int
read_shard_list(const struct decode *in, const struct yaml_node *node, struct stream_spec *spec)
{
	if (node->count == 0 || node->count > STREAM_SHARDS_MAX)
		return decode_fail(in, node, "a stream has 1 to %d shards", STREAM_SHARDS_MAX);
	spec->shards = mem_new(node->count, sizeof(*spec->shards));
	spec->shards_count = node->count;
	for (size_t i = 0; i < node->count; i++) {
		struct shard_spec one = {.shard = {.parent = -1, .adjacent = -1}};

		if (decode_map(in, &node->children[i], shard_fields, KD_COUNT(shard_fields), &one) != 0)
			return -1;
		if (i > 0 && one.shard.number <= spec->shards[i - 1].number)
			return decode_fail(in, &node->children[i], "shards are listed by number, ascending");
		one.shard.closed_ms = one.closed; /* a mark: the time comes with stream_spec_apply */
		spec->shards[i] = one.shard;
	}
	return 0;
}

static int
read_shards(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct stream_spec *spec = into;

	if (node->kind == YAML_LIST_KIND)
		return read_shard_list(in, node, spec);
	return decode_integer(in, node, 1, STREAM_SHARDS_MAX / 2, &spec->open_shards);
}

static int
read_traffic(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct stream_spec *spec = into;

	spec->traffic = traffic_spec_read(in, node);
	return spec->traffic == NULL ? -1 : 0;
}

static int
read_timeline(const struct decode *in, const struct yaml_node *node, void *into)
{
	((struct stream_spec *)into)->timeline = node;
	return decode_list(in, node, "timeline");
}

#define AT(member) .offset = offsetof(struct stream_spec, member)

/*
 * In blocks: what may change, what names it, what only a scenario's file says; a place takes the rows up to its own
 * (rows_of).
 */
static const struct decode_field fields[] = {
    {.key = "status", .type = DECODE_CHOICE, AT(status), .choices = statuses},
    {.key = "mode", .type = DECODE_CHOICE, AT(mode), .choices = modes},
    {.key = "shards", .type = DECODE_READER, .read = read_shards},
    {.key = "retention_hours", .type = DECODE_INTEGER, AT(retention_hours), .min = 24, .max = 8760},
    {.key = "encryption", .type = DECODE_CHOICE, AT(encryption), .choices = encryptions},
    {.key = "key_id", .type = DECODE_STRING, AT(key_id)},
    {.key = "shard_metrics", .type = DECODE_READER, .read = read_metrics},
    {.key = "consumers", .type = DECODE_READER, .read = read_consumers},
    {.key = "warm_throughput_mibps", .type = DECODE_INTEGER, AT(warm_mibps)},
    {.key = "traffic", .type = DECODE_READER, .read = read_traffic},
    {.key = "region", .type = DECODE_STRING, AT(region)},
    {.key = "account", .type = DECODE_STRING, AT(account)},
    {.key = "age", .type = DECODE_DURATION, AT(age_ms)},
    {.key = "closed", .type = DECODE_INTEGER, AT(closed_shards), .max = STREAM_SHARDS_MAX / 2},
    {.key = "name", .type = DECODE_READER, .read = read_name, .required = true},
    {.key = "timeline", .type = DECODE_READER, .read = read_timeline},
};
static const struct decode_field generate_fields[] = {
    {.key = "count", .type = DECODE_INTEGER, AT(count), .min = 1, .max = 100000, .required = true},
    {.key = "prefix", .type = DECODE_STRING, AT(prefix), .required = true},
};

enum { CHANGE_ROWS = 10, GENERATE_ROWS = 14, NAMED_ROWS = 15, ROWS_MAX = KD_COUNT(fields) + KD_COUNT(generate_fields) };

static const size_t rows_of[] = {
    [STREAM_SPEC_CHANGE] = CHANGE_ROWS,
    [STREAM_SPEC_NAMED] = NAMED_ROWS,
    [STREAM_SPEC_STREAM] = KD_COUNT(fields),
    [STREAM_SPEC_GENERATE] = GENERATE_ROWS,
};

int
stream_spec_read(
    struct stream_spec *spec, const struct decode *in, const struct yaml_node *node, enum stream_spec_place place)
{
	struct decode_field rows[ROWS_MAX];
	size_t count = rows_of[place];

	*spec = (struct stream_spec){.status = -1, .mode = -1, .encryption = -1, .warm_mibps = -1, .age_ms = -1};
	memcpy(rows, fields, count * sizeof(*rows));
	if (place == STREAM_SPEC_GENERATE) {
		memcpy(rows + count, generate_fields, sizeof(generate_fields));
		count += KD_COUNT(generate_fields);
	}
	if (decode_map(in, node, rows, count, spec) == 0)
		return 0;
	stream_spec_clear(spec);
	return -1;
}

void
stream_spec_clear(struct stream_spec *spec)
{
	free(spec->name);
	free(spec->region);
	free(spec->account);
	free(spec->prefix);
	free(spec->key_id);
	free(spec->shards);
	traffic_release(spec->traffic);
	for (size_t i = 0; i < spec->consumers_count; i++)
		free(spec->consumers[i].name);
	free(spec->consumers);
	memset(spec, 0, sizeof(*spec));
}

static void
apply_shards(const struct stream_spec *spec, struct stream *stream, int64_t now_ms)
{
	if (spec->shards_count > 0) {
		stream->shards = mem_resize(stream->shards, spec->shards_count, sizeof(*stream->shards));
		memcpy(stream->shards, spec->shards, spec->shards_count * sizeof(*stream->shards));
		stream->shards_count = spec->shards_count;
		for (size_t i = 0; i < stream->shards_count; i++) {
			stream->shards[i].opened_ms = stream->created_ms;
			stream->shards[i].closed_ms = stream->shards[i].closed_ms != 0 ? now_ms : 0;
		}
	} else if (stream->shards_count == 0) {
		stream_lay_shards(stream, spec->open_shards > 0 ? spec->open_shards : 1, spec->closed_shards, now_ms);
	} else if (spec->open_shards > 0 && spec->open_shards != stream_open_shards(stream)) {
		stream_reshard(stream, spec->open_shards, now_ms);
	}
}

static void
apply_consumers(const struct stream_spec *spec, struct stream *stream)
{
	stream_clear_consumers(stream);
	stream->consumers = mem_new(spec->consumers_count, sizeof(*stream->consumers));
	stream->consumers_count = spec->consumers_count;
	for (size_t i = 0; i < spec->consumers_count; i++) {
		stream->consumers[i] = spec->consumers[i];
		stream->consumers[i].name = mem_strdup(spec->consumers[i].name);
	}
}

/* A stream that is only now made has had its traffic from the beginning; another's changes from now on. */
static void
apply_traffic(const struct stream_spec *spec, struct stream *stream, int64_t now_ms)
{
	if (spec->traffic != NULL)
		traffic_lay(&stream->traffic, spec->traffic, stream->shards_count == 0 ? INT64_MIN : now_ms, now_ms);
}

void
stream_spec_apply(const struct stream_spec *spec, struct stream *stream, int64_t now_ms)
{
	if (spec->status >= 0)
		stream->status = (enum kd_status)(spec->status + 1);
	if (spec->mode >= 0)
		stream->mode = (enum kd_mode)(spec->mode + 1);
	if (spec->retention_hours > 0)
		stream->retention_hours = spec->retention_hours;
	if (spec->encryption >= 0)
		stream->encrypted = spec->encryption == 1;
	if (spec->warm_mibps >= 0)
		stream->warm_mibps = spec->warm_mibps;
	if (spec->age_ms >= 0)
		stream->created_ms = now_ms - spec->age_ms;
	if (spec->key_id != NULL) {
		free(stream->key_id);
		stream->key_id = mem_strdup(spec->key_id);
	}
	if (spec->metrics_said)
		memcpy(stream->metrics, spec->metrics, sizeof(stream->metrics));
	if (spec->consumers_said)
		apply_consumers(spec, stream);
	apply_traffic(spec, stream, now_ms);
	apply_shards(spec, stream, now_ms);
}
