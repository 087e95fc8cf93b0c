/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_spec: owns the keys of a stream's traffic and of its single metrics; knows no stream. */
#include "test/awssim/traffic_spec.h"

#include <stdlib.h>
#include <string.h>

#include <kdiag/probe.h>

#include "common/mem.h"
#include "common/text.h"
#include "test/awssim/formula_spec.h"
#include "test/awssim/metric.h"

enum { LIST_MAX = 100, SHARD_MAX = 1000000 };

/* ---- formulas ---- */

/* Has it a value beyond a share's, at any time? */
static bool
exceeds_share(const struct formula *formula)
{
	bool beyond = formula->base > 1;

	for (size_t i = 0; i < formula->changes_count; i++)
		beyond = beyond || (formula->changes[i].way == FORMULA_TO && formula->changes[i].amount > 1);
	return beyond;
}

static int
read_rate(const struct decode *in, const struct yaml_node *node, struct traffic *traffic, size_t rate)
{
	if (formula_spec_read(in, node, &traffic->rates[rate]) != 0)
		return -1;
	traffic->said[rate] = true;
	if (traffic_rates[rate].is_share && exceeds_share(&traffic->rates[rate]))
		return decode_fail(in, node, "%s is a share, from 0 to 1", traffic_rates[rate].key);
	return 0;
}

/* ---- fan-out consumers ---- */

static int
read_behind(const struct decode *in, const struct yaml_node *node, void *into)
{
	return formula_spec_read(in, node, &((struct traffic_consumer *)into)->behind_s);
}

static int
read_refused(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct traffic_consumer *consumer = into;

	if (formula_spec_read(in, node, &consumer->refused) != 0)
		return -1;
	return exceeds_share(&consumer->refused) ? decode_fail(in, node, "refused_share is a share, from 0 to 1") : 0;
}

static const struct decode_field consumer_fields[] = {
    {.key = "name", .type = DECODE_STRING, .offset = offsetof(struct traffic_consumer, name), .required = true},
    {.key = "behind_s", .type = DECODE_READER, .read = read_behind},
    {.key = "refused_share", .type = DECODE_READER, .read = read_refused},
};

static int
read_consumers(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct traffic *traffic = into;

	if (decode_list(in, node, "consumers") != 0)
		return -1;
	if (node->count > LIST_MAX)
		return decode_fail(in, node, "more than %d consumers", LIST_MAX);
	traffic->consumers_said = true;
	traffic->consumers = mem_new(node->count, sizeof(*traffic->consumers));
	for (size_t i = 0; i < node->count; i++) {
		traffic->consumers_count = i + 1; /* what a mistake leaves behind is freed with the rest */
		if (decode_map(in, &node->children[i], consumer_fields, KD_COUNT(consumer_fields),
			&traffic->consumers[i]) != 0)
			return -1;
	}
	return 0;
}

/* ---- single metrics ---- */

static int
read_value(const struct decode *in, const struct yaml_node *node, void *into)
{
	return formula_spec_read(in, node, &((struct traffic_metric *)into)->value);
}

static int
read_samples(const struct decode *in, const struct yaml_node *node, void *into)
{
	return formula_spec_read(in, node, &((struct traffic_metric *)into)->samples);
}

#define METRIC(member) .offset = offsetof(struct traffic_metric, member)

static const struct decode_field metric_fields[] = {
    {.key = "metric", .type = DECODE_STRING, METRIC(name), .required = true},
    {.key = "value", .type = DECODE_READER, .read = read_value, .required = true},
    {.key = "samples", .type = DECODE_READER, .read = read_samples},
    {.key = "shard", .type = DECODE_INTEGER, METRIC(shard), .max = SHARD_MAX},
    {.key = "consumer", .type = DECODE_STRING, METRIC(consumer)},
};

static int
read_metric(const struct decode *in, const struct yaml_node *node, struct traffic_metric *metric)
{
	enum metric_level level;

	metric->shard = -1;
	metric->samples.base = 1;
	if (decode_map(in, node, metric_fields, KD_COUNT(metric_fields), metric) != 0)
		return -1;
	if (metric->shard >= 0 && metric->consumer != NULL)
		return decode_fail(in, node, "a metric is of a shard or of a consumer");
	level = metric->shard >= 0 ? METRIC_SHARD : metric->consumer != NULL ? METRIC_CONSUMER : METRIC_STREAM;
	if (metric_find(metric->name, level) == NULL)
		return decode_fail(in, yaml_tree_get(node, "metric"), "Kinesis has no metric %.80s of a %s",
		    metric->name, metric_level_names[level]);
	return 0;
}

static int
read_metrics(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct traffic *traffic = into;

	if (decode_list(in, node, "metrics") != 0)
		return -1;
	if (node->count > LIST_MAX)
		return decode_fail(in, node, "more than %d metrics", LIST_MAX);
	traffic->metrics_said = true;
	traffic->metrics = mem_new(node->count, sizeof(*traffic->metrics));
	for (size_t i = 0; i < node->count; i++) {
		traffic->metrics_count = i + 1;
		if (read_metric(in, &node->children[i], &traffic->metrics[i]) != 0)
			return -1;
	}
	return 0;
}

/* ---- the rest ---- */

static int
read_hot(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct traffic *traffic = into;

	traffic->hot_said = true;
	return decode_integer(in, node, 0, SHARD_MAX, &traffic->hot_shard);
}

static int
read_stuck(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct traffic *traffic = into;

	traffic->stuck_said = true;
	return decode_integer(in, node, 0, SHARD_MAX, &traffic->stuck_shard);
}

static int
read_late(const struct decode *in, const struct yaml_node *node, void *into)
{
	static const struct decode_field fields[] = {
	    {.key = "share", .type = DECODE_FRACTION, .offset = offsetof(struct traffic_late, share), .required = true},
	    {.key = "after",
		.type = DECODE_DURATION,
		.offset = offsetof(struct traffic_late, after_ms),
		.required = true},
	    {.key = "first", .type = DECODE_FRACTION, .offset = offsetof(struct traffic_late, first)},
	};
	struct traffic *traffic = into;

	traffic->late = (struct traffic_late){0};
	traffic->late_said = true;
	return decode_map(in, node, fields, KD_COUNT(fields), &traffic->late);
}

static const struct decode_field other_fields[] = {
    {.key = "hot_shard", .type = DECODE_READER, .read = read_hot},
    {.key = "stuck_shard", .type = DECODE_READER, .read = read_stuck},
    {.key = "late", .type = DECODE_READER, .read = read_late},
    {.key = "consumers", .type = DECODE_READER, .read = read_consumers},
    {.key = "metrics", .type = DECODE_READER, .read = read_metrics},
};

enum { ROWS = TRAFFIC_RATES + KD_COUNT(other_fields) };

struct traffic *
traffic_spec_read(const struct decode *in, const struct yaml_node *node)
{
	struct traffic *traffic = traffic_new();
	struct decode_field rows[ROWS] = {{0}};
	const struct yaml_node *child;
	int rc;

	for (size_t i = 0; i < TRAFFIC_RATES; i++)
		rows[i] = (struct decode_field){.key = traffic_rates[i].key, .type = DECODE_SKIP};
	memcpy(rows + TRAFFIC_RATES, other_fields, sizeof(other_fields));
	rc = decode_map(in, node, rows, ROWS, traffic);
	for (size_t i = 0; rc == 0 && i < TRAFFIC_RATES; i++) {
		child = yaml_tree_get(node, traffic_rates[i].key);
		if (child != NULL && !yaml_tree_is_null(child))
			rc = read_rate(in, child, traffic, i);
	}
	if (rc == 0)
		return traffic;
	traffic_release(traffic);
	return NULL;
}
