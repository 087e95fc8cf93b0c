/* SPDX-License-Identifier: Apache-2.0 */
/* cloudwatch_query: owns dimensions, periods and how long points are kept; knows nothing of statuses and tokens. */
#include "test/awssim/cloudwatch_query.h"

#include <string.h>

#include "common/mem.h"

#define NAMESPACE "AWS/Kinesis"
#define DAY_MS    ((int64_t)86400000)

enum { MINUTE_MS = 60000 };

/* ---- what it is about ---- */

/* The value of a dimension; NULL: it is not among them. */
static const char *
dimension(const json_t *dimensions, const char *name)
{
	for (size_t i = 0; i < json_array_size(dimensions); i++) {
		const json_t *entry = json_array_get(dimensions, i);

		if (strcmp(json_string_value(json_object_get(entry, "Name")), name) == 0)
			return json_string_value(json_object_get(entry, "Value"));
	}
	return NULL;
}

static const struct stream_shard *
find_shard(const struct stream *stream, const char *id)
{
	int64_t number = stream_parse_shard_id(id);

	for (size_t i = 0; i < stream->shards_count; i++)
		if (stream->shards[i].number == number)
			return &stream->shards[i];
	return NULL;
}

static const struct stream_consumer *
find_consumer(const struct stream *stream, const char *name)
{
	for (size_t i = 0; i < stream->consumers_count; i++)
		if (strcmp(stream->consumers[i].name, name) == 0)
			return &stream->consumers[i];
	return NULL;
}

/* Shard-level metrics are there only when they were switched on. */
static bool
is_monitored(const struct stream *stream, const char *metric)
{
	for (size_t i = 0; i < STREAM_METRICS; i++)
		if (strcmp(stream_metric_names[i], metric) == 0)
			return stream->metrics[i];
	return false;
}

/* By the dimensions, which must be exactly those of one of the three levels. */
static const struct metric *
find_metric(struct cloudwatch_query *query, const json_t *dimensions)
{
	const char *shard = dimension(dimensions, "ShardId"), *consumer = dimension(dimensions, "ConsumerName");
	struct metric_subject *subject = &query->subject;
	size_t count = json_array_size(dimensions);

	if (subject->stream == NULL)
		return NULL;
	if (count == 1)
		return metric_find(query->metric_name, METRIC_STREAM);
	if (count == 2 && shard != NULL && is_monitored(subject->stream, query->metric_name))
		return (subject->shard = find_shard(subject->stream, shard)) == NULL
			   ? NULL
			   : metric_find(query->metric_name, METRIC_SHARD);
	if (count == 2 && consumer != NULL && (subject->consumer = find_consumer(subject->stream, consumer)) != NULL)
		return metric_find(query->metric_name, METRIC_CONSUMER);
	return NULL;
}

static enum datapoint_statistic
find_statistic(const char *name)
{
	size_t i = 0;

	while (datapoint_statistics[i] != NULL && strcmp(datapoint_statistics[i], name) != 0)
		i++;
	return (enum datapoint_statistic)i;
}

/* A time of the input as a multiple of the period, down or up. */
static int64_t
align(const struct call *call, const char *member, int64_t period_ms, bool up)
{
	int64_t ms = (int64_t)(json_number_value(json_object_get(call->input, member)) * 1000);

	return (ms + (up ? period_ms - 1 : 0)) / period_ms * period_ms;
}

void
cloudwatch_query_read(struct cloudwatch_query *query, const struct call *call, const json_t *entry)
{
	const json_t *stat = json_object_get(entry, "MetricStat"), *metric = json_object_get(stat, "Metric"),
		     *dimensions = json_object_get(metric, "Dimensions");
	const char *label = json_string_value(json_object_get(entry, "Label")), *order = call_string(call, "ScanBy");

	*query = (struct cloudwatch_query){
	    .id = json_string_value(json_object_get(entry, "Id")),
	    .metric_name = json_string_value(json_object_get(metric, "MetricName")),
	    .stream = dimension(dimensions, "StreamName"),
	    .statistic = find_statistic(json_string_value(json_object_get(stat, "Stat"))),
	    .period_ms = json_integer_value(json_object_get(stat, "Period")) * 1000,
	    .ascending = order != NULL && strcmp(order, "TimestampAscending") == 0,
	};
	query->label = label == NULL ? query->metric_name : label;
	query->from_ms = align(call, "StartTime", query->period_ms, false);
	query->to_ms = align(call, "EndTime", query->period_ms, true);
	if (query->stream == NULL || strcmp(json_string_value(json_object_get(metric, "Namespace")), NAMESPACE) != 0)
		return;
	query->subject.stream = world_find(call->sim->world, call->identity->account, call->region, query->stream);
	query->metric = find_metric(query, dimensions);
}

/* ---- its points ---- */

/* The oldest time of which points of this period are kept (FACTS 2); Kinesis sends none below a minute. */
static int64_t
kept_since_ms(int64_t period_ms, int64_t now_ms)
{
	int64_t days = period_ms < 300000 ? 15 : period_ms < 3600000 ? 63 : 455;

	return period_ms < MINUTE_MS ? INT64_MAX : now_ms - days * DAY_MS;
}

static bool
make_point(const struct cloudwatch_query *query, int64_t ms, int64_t now_ms, struct cloudwatch_point *point)
{
	struct datapoint all = {0}, one;
	int64_t created_ms = query->subject.stream->created_ms / MINUTE_MS * MINUTE_MS;

	for (int64_t minute = ms < created_ms ? created_ms : ms; minute < ms + query->period_ms && minute < now_ms;
	     minute += MINUTE_MS) {
		metric_point(query->metric, &query->subject, minute, now_ms, &one);
		datapoint_add(&all, &one);
	}
	*point = (struct cloudwatch_point){.ms = ms, .value = datapoint_value(&all, query->statistic)};
	return all.samples > 0;
}

static void
turn_round(struct cloudwatch_point *points, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct cloudwatch_point point = points[i];

		points[i] = points[count - 1 - i];
		points[count - 1 - i] = point;
	}
}

struct cloudwatch_point *
cloudwatch_query_points(const struct cloudwatch_query *query, const struct call *call, size_t *count)
{
	int64_t from_ms = query->from_ms, to_ms = query->to_ms,
		since_ms = kept_since_ms(query->period_ms, call->now_ms);
	struct cloudwatch_point *points;

	*count = 0;
	if (since_ms == INT64_MAX || query->metric == NULL)
		return mem_new(0, sizeof(*points));
	if (from_ms < since_ms)
		from_ms = (since_ms + query->period_ms - 1) / query->period_ms * query->period_ms;
	if (to_ms > call->now_ms + query->period_ms)
		to_ms = call->now_ms + query->period_ms;
	points = mem_new(to_ms <= from_ms ? 0 : (size_t)((to_ms - from_ms) / query->period_ms) + 1, sizeof(*points));
	for (int64_t ms = from_ms; ms < to_ms; ms += query->period_ms)
		*count += make_point(query, ms, call->now_ms, &points[*count]);
	if (!query->ascending)
		turn_round(points, *count);
	return points;
}
