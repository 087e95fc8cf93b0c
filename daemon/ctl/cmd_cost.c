/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_cost: what AWS was asked today, what that costs, and what a month of it comes to. */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/ctl/ctl.h"
#include "daemon/ctl/table.h"

enum { USD_SIZE = 32 };

static double
number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* "$0.41", "$1,234.00"; what is less than a cent, to a hundredth of one. */
static const char *
format_usd(double usd, char buf[USD_SIZE])
{
	char dollars[SCREEN_AGE_SIZE];
	int64_t cents;

	if (!(usd >= 0 && usd < 1e12))
		usd = 0;
	if (usd > 0 && usd < 0.01) {
		snprintf(buf, USD_SIZE, "$%.4f", usd);
		return buf;
	}
	cents = (int64_t)(usd * 100 + 0.5);
	snprintf(buf, USD_SIZE, "$%s.%02d", screen_integer(cents / 100, dollars), (int)(cents % 100));
	return buf;
}

/* ---- the first lines ---- */

static void
print_budget(const struct screen *screen, const json_t *cost)
{
	const json_t *stretch = json_object_get(cost, "stretch");
	char usd[USD_SIZE];

	if (!json_is_number(json_object_get(cost, "budget_usd_per_day")))
		return;
	format_usd(number(cost, "budget_usd_per_day"), usd);
	if (!json_is_number(stretch))
		screen_printf(screen, "the budget of %s a day is spent: no metric is asked for until 00:00 UTC\n", usd);
	else if (json_number_value(stretch) > 1)
		screen_printf(screen, "to stay within %s a day, metrics are asked for %.1f times less often\n", usd,
		    json_number_value(stretch));
	else
		screen_printf(screen, "within the budget of %s a day\n", usd);
}

static void
print_head(const struct screen *screen, const json_t *cost)
{
	char today[USD_SIZE], month[USD_SIZE];

	screen_printf(screen, "%s today (UTC)%s%s a month as it is set now\n",
	    format_usd(number(cost, "usd_today"), today), screen_dot(screen),
	    format_usd(number(cost, "usd_month"), month));
	print_budget(screen, cost);
}

/* ---- tables ---- */

static const enum table_kind kinds[] = {TABLE_NAME, TABLE_LEFT, TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT, TABLE_RIGHT};

static void
add_sum(struct table *table, const json_t *sum, const char *name, const char *region, bool planned)
{
	char calls[SCREEN_AGE_SIZE], metrics[SCREEN_AGE_SIZE], today[USD_SIZE], month[USD_SIZE];
	int64_t asked = ctl_integer(sum, "metrics");
	const char *cells[] = {name, region, screen_integer(ctl_integer(sum, "calls"), calls),
	    asked > 0 ? screen_integer(asked, metrics) : "",
	    asked > 0 ? format_usd(number(sum, "usd_today"), today) : "free",
	    planned ? format_usd(number(sum, "usd_month"), month) : ""};

	table_add(table, KD_OK, cells);
}

static void
print_places(const struct screen *screen, const json_t *places)
{
	static const char *const head[] = {"account", "region", "calls", "metrics", "today", "a month"};
	struct table *table = table_new(screen, kinds, KD_COUNT(kinds));
	size_t i;

	table_add(table, KD_OK, head);
	for (i = 0; i < json_array_size(places); i++) {
		const json_t *place = json_array_get(places, i);

		add_sum(table, place, ctl_text(place, "account"), ctl_text(place, "region"), true);
	}
	table_print(table);
	table_free(table);
}

static void
print_operations(const struct screen *screen, const json_t *operations)
{
	static const char *const head[] = {"operation", "", "calls", "metrics", "today", ""};
	struct table *table = table_new(screen, kinds, KD_COUNT(kinds));
	size_t i;

	table_add(table, KD_OK, head);
	for (i = 0; i < json_array_size(operations); i++) {
		const json_t *operation = json_array_get(operations, i);

		add_sum(table, operation, ctl_text(operation, "operation"), "", false);
	}
	table_print(table);
	table_free(table);
}

static void
print_streams(const struct screen *screen, const json_t *streams, int64_t count)
{
	static const char *const head[] = {"stream", "region", "metrics a cycle", "a month"};
	static const enum table_kind columns[] = {TABLE_NAME, TABLE_LEFT, TABLE_RIGHT, TABLE_RIGHT};
	struct table *table = table_new(screen, columns, KD_COUNT(columns));
	char metrics[SCREEN_AGE_SIZE], month[USD_SIZE];
	size_t i, shown = json_array_size(streams);

	table_add(table, KD_OK, head);
	for (i = 0; i < shown; i++) {
		const json_t *stream = json_array_get(streams, i);
		const char *cells[] = {ctl_text(stream, "name"), ctl_text(stream, "region"),
		    screen_integer(ctl_integer(stream, "cycle_metrics"), metrics),
		    format_usd(number(stream, "usd_month"), month)};

		table_add(table, KD_OK, cells);
	}
	table_print(table);
	table_free(table);
	if (count > (int64_t)shown)
		screen_printf(screen, "and %" PRId64 " more\n", count - (int64_t)shown);
}

/* ---- how many calls a cycle takes ---- */

static void
print_cycles(const struct screen *screen, const json_t *places)
{
	char metrics[SCREEN_AGE_SIZE];
	size_t i;

	for (i = 0; i < json_array_size(places); i++) {
		const json_t *place = json_array_get(places, i);
		int64_t calls = ctl_integer(place, "cycle_calls"), cycle_s = ctl_integer(place, "cycle_s");
		char every[KD_AGE_SIZE];

		if (calls > 0 && cycle_s > 0)
			screen_printf(screen, "%s %s: %s metrics in %" PRId64 " call%s every %s\n",
			    ctl_text(place, "account"), ctl_text(place, "region"),
			    screen_integer(ctl_integer(place, "cycle_metrics"), metrics), calls, calls == 1 ? "" : "s",
			    kd_age(cycle_s, every));
	}
}

static void
print_cost(const struct screen *screen, const json_t *cost)
{
	const json_t *places = json_object_get(cost, "places"), *streams = json_object_get(cost, "streams");

	print_head(screen, cost);
	if (json_array_size(places) > 0) {
		screen_printf(screen, "\n");
		print_places(screen, places);
		screen_printf(screen, "\n");
		print_operations(screen, json_object_get(cost, "operations"));
	}
	if (json_array_size(streams) > 0) {
		screen_printf(screen, "\n");
		print_streams(screen, streams, ctl_integer(cost, "streams_count"));
		screen_printf(screen, "\n");
		print_cycles(screen, places);
	}
}

static int
exec(struct ctl *ctl)
{
	json_t *result;
	int status;

	if ((result = ctl_call(ctl, ctl_request("cost"), CLIENT_TIMEOUT_MS, &status)) == NULL)
		return status;
	if (ctl->json)
		ctl_print_json(ctl, result);
	else
		print_cost(&ctl->screen, result);
	json_decref(result);
	return CTL_OK;
}

const struct ctl_command cmd_cost = {
    .name = "cost",
    .args = "",
    .help = "what AWS was asked today, what that costs, and what a month of it comes to",
    .exec = exec,
};
