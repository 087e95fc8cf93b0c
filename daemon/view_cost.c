/* SPDX-License-Identifier: Apache-2.0 */
/* view_cost: today's bill by place and by operation, the month that the present settings lead to, and the streams that cost most. */
#include "daemon/view_cost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json_text.h"
#include "common/mem.h"
#include "daemon/aws/cloudwatch.h"

enum { STREAMS_SHOWN = 5, DAYS_A_MONTH = 30, DAY_TEXT = 10 };

/* Today's counts of a place or an operation, and what is planned for a place. */
struct sum {
	const char *account, *region, *operation;
	struct aws_operation_count today;
	struct metric_plan plan;
};

struct cost {
	struct sum *places, *operations;
	size_t places_count, operations_count;
	struct metric_plan *streams;
	size_t streams_count;
	double usd_day; /* planned */
};

/* ---- gathering ---- */

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The one of these names, made if it is not there; NULL is a name too. */
static struct sum *
get_sum(struct sum **list, size_t *count, const char *account, const char *region, const char *operation)
{
	size_t i;

	for (i = 0; i < *count; i++)
		if (same((*list)[i].account, account) && same((*list)[i].region, region) &&
		    same((*list)[i].operation, operation))
			return &(*list)[i];
	*list = mem_resize(*list, *count + 1, sizeof(**list));
	(*list)[*count] = (struct sum){.account = account, .region = region, .operation = operation};
	return &(*list)[(*count)++];
}

static void
add_counts(struct sum *sum, const struct aws_operation_count *row)
{
	sum->today.calls += row->calls;
	sum->today.metrics += row->metrics;
}

static void
count_cb(const struct aws_operation_count *row, void *arg)
{
	struct cost *cost = arg;

	add_counts(get_sum(&cost->places, &cost->places_count, row->account, row->region, NULL), row);
	add_counts(get_sum(&cost->operations, &cost->operations_count, NULL, NULL, row->operation), row);
}

static void
plan_cb(const struct metric_plan *plan, void *arg)
{
	struct cost *cost = arg;

	if (plan->stream == NULL) {
		get_sum(&cost->places, &cost->places_count, plan->account, plan->region, NULL)->plan = *plan;
		cost->usd_day += plan->usd_day;
		return;
	}
	cost->streams = mem_resize(cost->streams, cost->streams_count + 1, sizeof(*cost->streams));
	cost->streams[cost->streams_count++] = *plan;
}

static int
compare_plans(const void *left, const void *right)
{
	const struct metric_plan *a = left, *b = right;

	if (a->per_day > b->per_day || a->per_day < b->per_day)
		return a->per_day < b->per_day ? 1 : -1;
	return strcmp(a->stream->name, b->stream->name);
}

static int
compare_places(const void *left, const void *right)
{
	const struct sum *a = left, *b = right;
	int order = strcmp(a->account, b->account);

	return order != 0 ? order : strcmp(a->region, b->region);
}

static int
compare_operations(const void *left, const void *right)
{
	const struct sum *a = left, *b = right;

	if (a->today.metrics != b->today.metrics)
		return a->today.metrics < b->today.metrics ? 1 : -1;
	return strcmp(a->operation, b->operation);
}

static void
sort(void *list, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	if (count > 1)
		qsort(list, count, size, compare);
}

static void
gather(const struct daemon *daemon, struct cost *cost)
{
	*cost = (struct cost){0};
	bill_each(daemon_bill(daemon), clock_now_ms(), count_cb, cost);
	metric_feed_each_plan(daemon->metrics, plan_cb, cost);
	sort(cost->places, cost->places_count, sizeof(*cost->places), compare_places);
	sort(cost->operations, cost->operations_count, sizeof(*cost->operations), compare_operations);
	sort(cost->streams, cost->streams_count, sizeof(*cost->streams), compare_plans);
}

static void
clear(struct cost *cost)
{
	free(cost->places);
	free(cost->operations);
	free(cost->streams);
}

/* ---- as JSON ---- */

/* A hundredth of a cent is ten metrics. */
static void
set_number(struct str *out, const char *key, double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%.4f", value);
	json_text_set_raw(out, key, text);
}

static void
write_sum(struct str *out, const struct sum *sum)
{
	json_text_open(out, '{');
	if (sum->operation != NULL)
		json_text_set(out, "operation", sum->operation);
	else
		json_text_set(out, "account", sum->account);
	if (sum->operation == NULL)
		json_text_set(out, "region", sum->region);
	json_text_set_integer(out, "calls", (int64_t)sum->today.calls);
	json_text_set_integer(out, "metrics", (int64_t)sum->today.metrics);
	set_number(out, "usd_today", bill_usd(&sum->today));
	if (sum->operation == NULL) {
		json_text_set_integer(out, "cycle_metrics", (int64_t)sum->plan.metrics);
		json_text_set_integer(out, "cycle_calls",
		    (int64_t)((sum->plan.metrics + CLOUDWATCH_QUERIES_MAX - 1) / CLOUDWATCH_QUERIES_MAX));
		json_text_set_integer(out, "cycle_s", sum->plan.cycle_s);
		set_number(out, "usd_month", sum->plan.usd_day * DAYS_A_MONTH);
	}
	json_text_close(out, '}');
}

static void
write_sums(struct str *out, const char *key, const struct sum *list, size_t count)
{
	size_t i;

	json_text_key(out, key);
	json_text_open(out, '[');
	for (i = 0; i < count; i++)
		write_sum(out, &list[i]);
	json_text_close(out, ']');
}

static void
write_streams(struct str *out, const struct cost *cost)
{
	size_t i;

	json_text_key(out, "streams");
	json_text_open(out, '[');
	for (i = 0; i < cost->streams_count && i < STREAMS_SHOWN && cost->streams[i].per_day > 0; i++) {
		const struct metric_plan *plan = &cost->streams[i];

		json_text_open(out, '{');
		json_text_set(out, "account", plan->account);
		json_text_set(out, "region", plan->region);
		json_text_set(out, "name", plan->stream->name);
		json_text_set_integer(out, "cycle_metrics", (int64_t)plan->metrics);
		set_number(out, "usd_month", plan->usd_day * DAYS_A_MONTH);
		json_text_close(out, '}');
	}
	json_text_close(out, ']');
}

static void
write_budget(struct str *out, const struct daemon *daemon)
{
	double stretch = metric_feed_stretch(daemon->metrics), usd = daemon->config->aws.budget_usd_per_day;

	if (usd > 0)
		set_number(out, "budget_usd_per_day", usd);
	else
		json_text_set_raw(out, "budget_usd_per_day", "null");
	if (isfinite(stretch))
		set_number(out, "stretch", stretch);
	else
		json_text_set_raw(out, "stretch", "null");
}

char *
view_cost(const struct daemon *daemon)
{
	char day[CLOCK_TEXT_SIZE];
	struct str out = {0};
	struct cost cost;

	gather(daemon, &cost);
	clock_format(clock_now_ms(), day);
	day[DAY_TEXT] = '\0';
	json_text_open(&out, '{');
	json_text_set(&out, "day", day);
	set_number(&out, "usd_today", bill_usd_today(daemon->bill, clock_now_ms()));
	set_number(&out, "usd_month", cost.usd_day * DAYS_A_MONTH);
	write_budget(&out, daemon);
	set_number(&out, "usd_1000_metrics", METRIC_PRICE_USD * 1000);
	write_sums(&out, "places", cost.places, cost.places_count);
	write_sums(&out, "operations", cost.operations, cost.operations_count);
	json_text_set_integer(&out, "streams_count", (int64_t)cost.streams_count);
	write_streams(&out, &cost);
	json_text_close(&out, '}');
	clear(&cost);
	return out.s;
}

/* ---- of status ---- */

static void
metrics_cb(const struct aws_operation_count *row, void *arg)
{
	uint64_t *metrics = arg;

	*metrics += row->metrics;
}

void
view_cost_write_api(const struct daemon *daemon, struct str *out)
{
	struct bill *bill = daemon_bill(daemon);
	uint64_t metrics = 0;

	bill_each(bill, clock_now_ms(), metrics_cb, &metrics);
	json_text_set_integer(out, "metrics_today", (int64_t)metrics);
	set_number(out, "usd_today", bill_usd_today(bill, clock_now_ms()));
	set_number(out, "usd_month", metric_feed_usd_day(daemon->metrics) * DAYS_A_MONTH);
}
