/* SPDX-License-Identifier: Apache-2.0 */
/* fact_value: a table of fields for each kind of fact, and the walking of it; knows neither times nor reasons. */
#include "common/fact_value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

struct kind {
	bool list; /* an array of any length; else one struct */
	size_t size;
	const struct fact_field *fields;
	size_t fields_count;
};

#define FIELD(type, key, kind, member) \
	{ \
		key, kind, offsetof(struct type, member), 0, 0, NULL \
	}

static const struct fact_field status_fields[] = {
    FIELD(kd_stream_status, "status", FIELD_STATUS, status),
    FIELD(kd_stream_status, "stream_mode", FIELD_MODE, mode),
};

static const struct fact_field summary_fields[] = {
    FIELD(kd_stream_summary, "status", FIELD_STATUS_LIVE, status),
    FIELD(kd_stream_summary, "stream_mode", FIELD_MODE, mode),
    FIELD(kd_stream_summary, "retention_hours", FIELD_COUNT, retention_hours),
    FIELD(kd_stream_summary, "open_shards", FIELD_COUNT, open_shards),
    FIELD(kd_stream_summary, "consumers", FIELD_COUNT_OR_NONE, consumers),
    FIELD(kd_stream_summary, "created", FIELD_TIME, created_ms),
    FIELD(kd_stream_summary, "warm_throughput_mibps", FIELD_COUNT_OR_NONE, warm_throughput_mibps),
    FIELD(kd_stream_summary, "encryption", FIELD_TEXT, encryption),
    FIELD(kd_stream_summary, "key_id", FIELD_TEXT, key_id),
    {"shard_level_metrics", FIELD_TEXTS, offsetof(struct kd_stream_summary, shard_metrics),
	offsetof(struct kd_stream_summary, shard_metrics_count), 0, NULL},
};

static const struct fact_field shard_fields[] = {
    FIELD(kd_shard, "id", FIELD_TEXT_REQUIRED, id),
    FIELD(kd_shard, "parent", FIELD_TEXT, parent),
    FIELD(kd_shard, "adjacent_parent", FIELD_TEXT, adjacent_parent),
    FIELD(kd_shard, "first", FIELD_HASH, first),
    FIELD(kd_shard, "last", FIELD_HASH, last),
};

static const struct fact_field consumer_fields[] = {
    FIELD(kd_consumer, "name", FIELD_TEXT_REQUIRED, name),
    FIELD(kd_consumer, "arn", FIELD_TEXT_REQUIRED, arn),
    FIELD(kd_consumer, "status", FIELD_STATUS_LIVE, status),
    FIELD(kd_consumer, "created", FIELD_TIME, created_ms),
};

/* The names under which the stream's parameters are declared. */
static const struct fact_field expect_fields[] = {
    FIELD(kd_expect, "stream_mode", FIELD_MODE, mode),
    FIELD(kd_expect, "shard_count", FIELD_COUNT, shard_count),
    FIELD(kd_expect, "retention_hours", FIELD_COUNT, retention_hours),
    FIELD(kd_expect, "encryption", FIELD_TEXT, encryption),
    FIELD(kd_expect, "key_id", FIELD_TEXT, key_id),
    {"shard_level_metrics", FIELD_TEXTS, offsetof(struct kd_expect, shard_metrics),
	offsetof(struct kd_expect, shard_metrics_count), offsetof(struct kd_expect, shard_metrics_declared), NULL},
};

#define LIST(type, key, kind, member, items) \
	{ \
		key, kind, offsetof(struct type, member), offsetof(struct type, member##_count), 0, items \
	}

static const struct fact_field policy_fields[] = {
    FIELD(kd_policy, "name", FIELD_TEXT, name),
    FIELD(kd_policy, "kind", FIELD_TEXT_REQUIRED, kind),
    FIELD(kd_policy, "group", FIELD_TEXT, group),
    FIELD(kd_policy, "arn", FIELD_TEXT, arn),
    FIELD(kd_policy, "version", FIELD_TEXT, version),
    FIELD(kd_policy, "document", FIELD_DOCUMENT, document),
    FIELD(kd_policy, "missing", FIELD_REASON, missing),
    FIELD(kd_policy, "why", FIELD_WHY, why),
};
/* A user: 20 managed policies, 10 groups of 10 each and as many inline ones as fit into their bytes (IAM quotas, raised ones included). */
static const struct fact_items policies = {sizeof(struct kd_policy), policy_fields, KD_COUNT(policy_fields), 1000};

static const struct fact_field principal_fields[] = {
    FIELD(kd_principal, "arn", FIELD_TEXT_REQUIRED, arn),
    FIELD(kd_principal, "use", FIELD_TEXT, use),
    LIST(kd_principal, "actions", FIELD_TEXTS, actions, NULL),
    FIELD(kd_principal, "lease_table", FIELD_TEXT, lease_table),
    FIELD(kd_principal, "missing", FIELD_REASON, missing),
    FIELD(kd_principal, "why", FIELD_WHY, why),
    FIELD(kd_principal, "blame", FIELD_TEXT, blame),
    LIST(kd_principal, "policies", FIELD_ITEMS, policies, &policies),
    LIST(kd_principal, "simulated", FIELD_TEXTS, simulated, NULL),
    FIELD(kd_principal, "simulated_why", FIELD_TEXT, simulated_why),
};
static const struct fact_items principals = {
    sizeof(struct kd_principal), principal_fields, KD_COUNT(principal_fields), 1000};

static const struct fact_field principals_fields[] = {
    {"principals", FIELD_ITEMS, offsetof(struct kd_principals, list), offsetof(struct kd_principals, count), 0,
	&principals},
    LIST(kd_principals, "resource_policies", FIELD_ITEMS, resource_policies, &policies),
};

/* The period is the need's, and not said again with each. */
static const struct fact_field series_fields[] = {
    FIELD(kd_series, "subject", FIELD_TEXT, subject),
    FIELD(kd_series, "from", FIELD_TIME, first_ms),
    {"values", FIELD_NUMBERS, offsetof(struct kd_series, values), offsetof(struct kd_series, count), 0, NULL},
};

static const struct fact_field log_template_fields[] = {
    FIELD(kd_log_template, "id", FIELD_TEXT_REQUIRED, id),
    FIELD(kd_log_template, "text", FIELD_TEXT_REQUIRED, text),
    FIELD(kd_log_template, "level", FIELD_WHY, level),
    FIELD(kd_log_template, "failing", FIELD_BOOLEAN, failing),
    FIELD(kd_log_template, "first", FIELD_TIME, first_ms),
    FIELD(kd_log_template, "last", FIELD_TIME, last_ms),
    FIELD(kd_log_template, "count", FIELD_NUMBER, count),
    FIELD(kd_log_template, "recent", FIELD_NUMBER, recent),
    {"hours", FIELD_NUMBERS, offsetof(struct kd_log_template, hours), offsetof(struct kd_log_template, hours_count), 0,
	NULL},
    FIELD(kd_log_template, "merged", FIELD_TIME, merged_ms),
};

static const struct fact_field log_fault_fields[] = {
    FIELD(kd_log_fault, "name", FIELD_TEXT_REQUIRED, name),
    FIELD(kd_log_fault, "text", FIELD_TEXT_REQUIRED, text),
    FIELD(kd_log_fault, "first", FIELD_TIME, first_ms),
    FIELD(kd_log_fault, "last", FIELD_TIME, last_ms),
    FIELD(kd_log_fault, "count", FIELD_NUMBER, count),
};

/* 4,096: a miner of the daemon holds some thousand templates at most. */
static const struct fact_items log_template_items = {
    sizeof(struct kd_log_template), log_template_fields, KD_COUNT(log_template_fields), 4096};
static const struct fact_items log_fault_items = {
    sizeof(struct kd_log_fault), log_fault_fields, KD_COUNT(log_fault_fields), 64};

static const struct fact_field log_group_fields[] = {
    FIELD(kd_log_group, "name", FIELD_TEXT_REQUIRED, name),
    FIELD(kd_log_group, "missing", FIELD_REASON, missing),
    FIELD(kd_log_group, "why", FIELD_WHY, why),
    FIELD(kd_log_group, "blame", FIELD_TEXT, blame),
    FIELD(kd_log_group, "since", FIELD_TIME, since_ms),
    FIELD(kd_log_group, "until", FIELD_TIME, until_ms),
    FIELD(kd_log_group, "recent_from", FIELD_TIME, recent_from_ms),
    FIELD(kd_log_group, "faults_from", FIELD_TIME, faults_from_ms),
    FIELD(kd_log_group, "hours_from", FIELD_TIME, hours_from_ms),
    FIELD(kd_log_group, "behind", FIELD_BOOLEAN, behind),
    FIELD(kd_log_group, "share", FIELD_NUMBER, share),
    FIELD(kd_log_group, "left_out", FIELD_COUNT, left_out),
    {"templates", FIELD_ITEMS, offsetof(struct kd_log_group, templates), offsetof(struct kd_log_group, templates_count),
	0, &log_template_items},
    {"faults", FIELD_ITEMS, offsetof(struct kd_log_group, faults), offsetof(struct kd_log_group, faults_count), 0,
	&log_fault_items},
};

static const struct kind kinds[] = {
    [KD_STREAM_STATUS] = {false, sizeof(struct kd_stream_status), status_fields, KD_COUNT(status_fields)},
    [KD_STREAM_SUMMARY] = {false, sizeof(struct kd_stream_summary), summary_fields, KD_COUNT(summary_fields)},
    [KD_SHARDS] = {true, sizeof(struct kd_shard), shard_fields, KD_COUNT(shard_fields)},
    [KD_CONSUMERS] = {true, sizeof(struct kd_consumer), consumer_fields, KD_COUNT(consumer_fields)},
    [KD_EXPECT] = {false, sizeof(struct kd_expect), expect_fields, KD_COUNT(expect_fields)},
    [KD_METRIC] = {true, sizeof(struct kd_series), series_fields, KD_COUNT(series_fields)},
    [KD_LOG_GROUPS] = {true, sizeof(struct kd_log_group), log_group_fields, KD_COUNT(log_group_fields)},
    [KD_PRINCIPALS] = {false, sizeof(struct kd_principals), principals_fields, KD_COUNT(principals_fields)},
};

/* Room for one item of any kind. */
union item {
	struct kd_stream_status status;
	struct kd_stream_summary summary;
	struct kd_shard shard;
	struct kd_consumer consumer;
	struct kd_expect expect;
	struct kd_series series;
	struct kd_log_group log_group;
	struct kd_principals principals;
};

static const struct kind *
kind_at(enum kd_need_kind kind)
{
	assert((size_t)kind < KD_COUNT(kinds) && kinds[kind].size > 0);
	return &kinds[kind];
}

void *
fact_value_pack(enum kd_need_kind kind, struct pack *pack, const void *items, size_t count)
{
	const struct kind *row = kind_at(kind);
	char *to = pack_space(pack, count * row->size);
	union item item;

	for (size_t i = 0; i < count; i++) {
		memcpy(&item, (const char *)items + i * row->size, row->size);
		for (size_t f = 0; f < row->fields_count; f++)
			fact_field_pack(&row->fields[f], pack, &item);
		if (to != NULL)
			memcpy(to + i * row->size, &item, row->size);
	}
	return to;
}

static json_t *
item_to_json(const struct kind *row, const void *item)
{
	json_t *object = json_object();

	for (size_t f = 0; f < row->fields_count; f++)
		fact_field_write(&row->fields[f], object, item);
	return object;
}

json_t *
fact_value_to_json(enum kd_need_kind kind, const void *items, size_t count)
{
	const struct kind *row = kind_at(kind);
	json_t *array;

	if (!row->list)
		return item_to_json(row, items);
	array = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, item_to_json(row, (const char *)items + i * row->size));
	return array;
}

/* The item is zeroed. */
static int
item_from_json(
    const struct kind *row, const json_t *object, void *item, struct fact_field_scratch *scratch, char **cause)
{
	if (!json_is_object(object))
		return cause_set(cause, "is not an object");
	for (size_t f = 0; f < row->fields_count; f++)
		if (fact_field_read(&row->fields[f], object, item, scratch, cause) != 0)
			return -1;
	return 0;
}

static int
list_from_json(const struct kind *row, const json_t *array, fact_value_take_cb take, void *arg, char **cause)
{
	struct fact_field_scratch scratch = {0};
	size_t count = json_array_size(array);
	char *items, *why = NULL;
	int rc = 0;

	if (!json_is_array(array))
		return cause_set(cause, "is not an array");
	items = mem_new(count, row->size);
	for (size_t i = 0; i < count && rc == 0; i++)
		if (item_from_json(row, json_array_get(array, i), items + i * row->size, &scratch, &why) != 0)
			rc = cause_set(cause, "entry %zu: %s", i + 1, why);
	if (rc == 0)
		take(items, count, arg);
	fact_field_forget(&scratch);
	free(items);
	free(why);
	return rc;
}

int
fact_value_from_json(enum kd_need_kind kind, json_t *value, fact_value_take_cb take, void *arg, char **cause)
{
	const struct kind *row = kind_at(kind);
	struct fact_field_scratch scratch = {0};
	union item item;
	int rc;

	if (row->list)
		return list_from_json(row, value, take, arg, cause);
	memset(&item, 0, sizeof(item));
	if ((rc = item_from_json(row, value, &item, &scratch, cause)) == 0)
		take(&item, 1, arg);
	fact_field_forget(&scratch);
	return rc;
}
