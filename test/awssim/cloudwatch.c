/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloudwatch: owns the input of GetMetricData and what of it CloudWatch refuses; what a query is answered with is
 * cloudwatch_query's, in which pages cloudwatch_page's.
 */
#include "test/awssim/cloudwatch.h"

#include <ctype.h>
#include <string.h>

#include <kdiag/probe.h>

#include "test/awssim/answer.h"
#include "test/awssim/cloudwatch_page.h"
#include "test/awssim/cloudwatch_query.h"
#include "test/awssim/datapoint.h"
#include "test/awssim/shape.h"

#define INVALID "ValidationErrorException"

/* ---- the input, from the service's model ---- */

static bool
is_id(const char *s)
{
	bool sound = islower((unsigned char)*s);

	for (; sound && *s != '\0'; s++)
		sound = isalnum((unsigned char)*s) || *s == '_';
	return sound;
}

#define TEXT(member, needed, most) \
	{ \
		.name = member, .type = SHAPE_STRING, .required = needed, .min = 1, .max = most \
	}
#define STRUCTURE(member, needed, table) \
	{ \
		.name = member, .type = SHAPE_STRUCTURE, .required = needed, .members = table, \
		.members_count = KD_COUNT(table) \
	}
#define ENTRY(table) \
	{ \
		.type = SHAPE_STRUCTURE, .members = table, .members_count = KD_COUNT(table) \
	}

enum { DIMENSIONS_MAX = 30, MINUTE_S = 60 };

#define TIME_MAX_S 1e11 /* the year 5138 */

static const char *const orders[] = {"TimestampDescending", "TimestampAscending", NULL};

static const struct shape_member dimension_shape[] = {TEXT("Name", true, 255), TEXT("Value", true, 1024)};
static const struct shape_member dimension_entry = ENTRY(dimension_shape);
static const struct shape_member metric_shape[] = {
    TEXT("Namespace", false, 255),
    TEXT("MetricName", false, 255),
    {.name = "Dimensions", .type = SHAPE_LIST, .max = DIMENSIONS_MAX, .element = &dimension_entry},
};
static const struct shape_member stat_shape[] = {
    STRUCTURE("Metric", true, metric_shape),
    {.name = "Period", .type = SHAPE_INTEGER, .required = true, .min = 1, .max = INT32_MAX},
    {.name = "Stat", .type = SHAPE_STRING, .required = true},
    {.name = "Unit", .type = SHAPE_STRING},
};
static const struct shape_member query_shape[] = {
    {.name = "Id", .type = SHAPE_STRING, .required = true, .min = 1, .max = 255},
    STRUCTURE("MetricStat", false, stat_shape),
    TEXT("Expression", false, 2048),
    {.name = "Label", .type = SHAPE_STRING},
    {.name = "ReturnData", .type = SHAPE_BOOLEAN},
    {.name = "Period", .type = SHAPE_INTEGER, .min = 1, .max = INT32_MAX},
    TEXT("AccountId", false, 255),
};
static const struct shape_member query_entry = ENTRY(query_shape);
static const struct shape_member label_shape[] = {{.name = "Timezone", .type = SHAPE_STRING}};
static const struct shape_member get_metric_data_shape[] = {
    {.name = "MetricDataQueries", .type = SHAPE_LIST, .required = true, .element = &query_entry},
    {.name = "StartTime", .type = SHAPE_TIMESTAMP, .required = true},
    {.name = "EndTime", .type = SHAPE_TIMESTAMP, .required = true},
    {.name = "NextToken", .type = SHAPE_STRING},
    {.name = "ScanBy", .type = SHAPE_STRING, .choices = orders},
    {.name = "MaxDatapoints", .type = SHAPE_INTEGER},
    STRUCTURE("LabelOptions", false, label_shape),
};

/* ---- what the model does not say ---- */

static int
refuse(struct call *call, const char *sentence, const char *value)
{
	answer_error(call, 400, INVALID, "%s%s", sentence, value);
	return -1;
}

/* Twins among the ids: 500 at most, so each is compared with each. */
static int
check_ids(struct call *call, const json_t *queries)
{
	for (size_t i = 0; i < json_array_size(queries); i++) {
		const char *id = json_string_value(json_object_get(json_array_get(queries, i), "Id"));

		if (!is_id(id))
			return refuse(call,
			    "The value for parameter MetricDataQueries.member.Id must match ^[a-z][a-zA-Z0-9_]*$: ",
			    id);
		for (size_t k = 0; k < i; k++)
			if (strcmp(json_string_value(json_object_get(json_array_get(queries, k), "Id")), id) == 0)
				return refuse(
				    call, "The values for parameter id in MetricDataQueries are not unique: ", id);
	}
	return 0;
}

static bool
is_period(int64_t period_s)
{
	return period_s % MINUTE_S == 0 || period_s == 1 || period_s == 5 || period_s == 10 || period_s == 30;
}

static bool
is_statistic(const char *stat)
{
	for (size_t i = 0; datapoint_statistics[i] != NULL; i++)
		if (strcmp(datapoint_statistics[i], stat) == 0)
			return true;
	return false;
}

static int
check_stat(struct call *call, const json_t *query)
{
	const json_t *stat = json_object_get(query, "MetricStat"), *metric = json_object_get(stat, "Metric");
	const char *id = json_string_value(json_object_get(query, "Id")),
		   *statistic = json_string_value(json_object_get(stat, "Stat"));

	if (json_object_get(query, "Expression") != NULL)
		return refuse(call,
		    stat == NULL ? "The simulator knows no Expression: "
				 : "Either MetricStat or Expression may be specified, not both: ",
		    id);
	if (stat == NULL)
		return refuse(call, "Either MetricStat or Expression must be specified: ", id);
	if (json_object_get(query, "Period") != NULL)
		return refuse(call, "Period must not be specified beside MetricStat: ", id);
	if (json_object_get(metric, "Namespace") == NULL || json_object_get(metric, "MetricName") == NULL)
		return refuse(call, "Namespace and MetricName must be specified: ", id);
	if (!is_period(json_integer_value(json_object_get(stat, "Period"))))
		return refuse(call, "The parameter Period must be 1, 5, 10, 30 or a multiple of 60 seconds: ", id);
	if (!is_statistic(statistic))
		return refuse(call, "The simulator knows no Stat ", statistic);
	return 0;
}

static int
check_input(struct call *call)
{
	const json_t *queries = json_object_get(call->input, "MetricDataQueries");
	double start = json_number_value(json_object_get(call->input, "StartTime")),
	       end = json_number_value(json_object_get(call->input, "EndTime"));
	int64_t most = call_integer(call, "MaxDatapoints", 1);

	if (json_array_size(queries) == 0)
		return refuse(call, "The parameter MetricDataQueries is required.", "");
	if (json_array_size(queries) > CLOUDWATCH_QUERIES_MAX)
		return refuse(call, "The collection MetricDataQueries must not have a size greater than 500.", "");
	if (!(start >= 0 && start < end && end < TIME_MAX_S))
		return refuse(call, "The parameter StartTime must be less than the parameter EndTime.", "");
	if (most < 1 || most > CLOUDWATCH_POINTS_MAX)
		return refuse(call, "The parameter MaxDatapoints must be from 1 to 100800.", "");
	if (check_ids(call, queries) != 0)
		return -1;
	for (size_t i = 0; i < json_array_size(queries); i++)
		if (check_stat(call, json_array_get(queries, i)) != 0)
			return -1;
	return 0;
}

static void
get_metric_data(struct call *call)
{
	if (check_input(call) == 0)
		cloudwatch_page_answer(call);
}

/* FACTS 2: 50 calls a second. */
static const struct operation operations[] = {
    {"GetMetricData", 50, -1, get_metric_data_shape, KD_COUNT(get_metric_data_shape), get_metric_data},
};

const struct service cloudwatch_service = {
    .name = "monitoring",
    .prefix_iam = "cloudwatch",
    .protocol = SERVICE_JSON,
    .prefix = "GraniteServiceVersion20100801",
    .content_type = "application/x-amz-json-1.0",
    .invalid = INVALID,
    .query_errors = true,
    .plain_throttling = true,
    .operations = operations,
    .operations_count = KD_COUNT(operations),
};
