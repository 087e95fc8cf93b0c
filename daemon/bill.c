/* SPDX-License-Identifier: Apache-2.0 */
/* bill: a row an account, region and operation; of a day that is over nothing is kept here. */
#include "daemon/bill.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/metric_feed.h"

enum { DAY_MS = 86400 * 1000, DAY_TEXT = 10, ROWS_MAX = 10000 };

struct row {
	char *account, *region, *operation;
	struct aws_operation_count today;  /* its texts are the ones above */
	uint64_t seen_calls, seen_metrics; /* of the client */
	bool unsaved;
};

struct bill {
	int64_t day; /* since 1970 */
	struct row *rows;
	size_t count;
};

struct bill *
bill_new(void)
{
	return mem_new(1, sizeof(struct bill));
}

void
bill_free(struct bill *bill)
{
	size_t i;

	if (bill == NULL)
		return;
	for (i = 0; i < bill->count; i++) {
		free(bill->rows[i].account);
		free(bill->rows[i].region);
		free(bill->rows[i].operation);
	}
	free(bill->rows);
	free(bill);
}

/* At midnight all begins at 0. What was not saved yet is lost to the old day in the database: a minute of counting at most, of a bill that is closed. */
static void
turn_day(struct bill *bill, int64_t now_ms)
{
	size_t i;

	if (bill->day == now_ms / DAY_MS)
		return;
	bill->day = now_ms / DAY_MS;
	for (i = 0; i < bill->count; i++)
		bill->rows[i].today.calls = bill->rows[i].today.metrics = 0;
}

static int
compare(const struct row *row, const char *account, const char *region, const char *operation)
{
	int order = strcmp(row->account, account);

	if (order == 0)
		order = strcmp(row->region, region);
	return order != 0 ? order : strcmp(row->operation, operation);
}

/* The rows stay in order; there are a dozen. */
static struct row *
get_row(struct bill *bill, const char *account, const char *region, const char *operation)
{
	struct row *row;
	size_t i;

	for (i = 0; i < bill->count && compare(&bill->rows[i], account, region, operation) < 0; i++)
		;
	if (i < bill->count && compare(&bill->rows[i], account, region, operation) == 0)
		return &bill->rows[i];
	bill->rows = mem_resize(bill->rows, bill->count + 1, sizeof(*bill->rows));
	row = &bill->rows[i];
	memmove(row + 1, row, (bill->count - i) * sizeof(*row));
	bill->count++;
	*row = (struct row){
	    .account = mem_strdup(account), .region = mem_strdup(region), .operation = mem_strdup(operation)};
	row->today = (struct aws_operation_count){row->account, row->region, row->operation, 0, 0};
	return row;
}

void
bill_count(struct bill *bill, const struct aws_operation_count *count, int64_t now_ms)
{
	struct row *row = get_row(bill, count->account, count->region, count->operation);
	uint64_t calls = count->calls - row->seen_calls, metrics = count->metrics - row->seen_metrics;

	turn_day(bill, now_ms);
	row->seen_calls = count->calls;
	row->seen_metrics = count->metrics;
	row->today.calls += calls;
	row->today.metrics += metrics;
	row->unsaved |= calls > 0;
}

void
bill_begin_client(struct bill *bill)
{
	size_t i;

	for (i = 0; i < bill->count; i++)
		bill->rows[i].seen_calls = bill->rows[i].seen_metrics = 0;
}

/* ---- reading ---- */

void
bill_each(struct bill *bill, int64_t now_ms, bill_row_cb visit, void *arg)
{
	size_t i;

	turn_day(bill, now_ms);
	for (i = 0; i < bill->count; i++)
		if (bill->rows[i].today.calls > 0)
			visit(&bill->rows[i].today, arg);
}

/* Of all that kdiag calls, AWS charges for GetMetricData alone. */
double
bill_usd(const struct aws_operation_count *row)
{
	return (double)row->metrics * METRIC_PRICE_USD;
}

double
bill_usd_today(struct bill *bill, int64_t now_ms)
{
	double usd = 0;
	size_t i;

	turn_day(bill, now_ms);
	for (i = 0; i < bill->count; i++)
		usd += bill_usd(&bill->rows[i].today);
	return usd;
}

/* ---- the database ---- */

static void
save_one(const struct row *row, const char *day, const char *what, uint64_t value, bill_save_cb save, void *arg)
{
	char *name;

	if (value == 0)
		return;
	name = mem_printf("%s/%s/%s/%s", what, row->account, row->region, row->operation);
	save(day, name, (int64_t)value, arg);
	free(name);
}

static void
format_day(int64_t day, char text[CLOCK_TEXT_SIZE])
{
	clock_format(day * DAY_MS, text);
	text[DAY_TEXT] = '\0';
}

void
bill_save(struct bill *bill, bool all, bill_save_cb save, void *arg)
{
	char day[CLOCK_TEXT_SIZE];
	size_t i;

	format_day(bill->day, day);
	for (i = 0; i < bill->count; i++) {
		struct row *row = &bill->rows[i];

		if (!all && !row->unsaved)
			continue;
		save_one(row, day, "calls", row->today.calls, save, arg);
		save_one(row, day, "metrics", row->today.metrics, save, arg);
		row->unsaved = false;
	}
}

/* Cuts a name in four; the parts lie in it. -1: it has not so many. */
static int
split(char *name, char *parts[4])
{
	size_t i;

	for (i = 0; i < 4; i++) {
		parts[i] = strsep(&name, "/");
		if (parts[i] == NULL || *parts[i] == '\0')
			return -1;
	}
	return name == NULL ? 0 : -1;
}

void
bill_restore(struct bill *bill, const char *day, const char *name, int64_t value, int64_t now_ms)
{
	char today[CLOCK_TEXT_SIZE], *copy = mem_strdup(name), *parts[4];
	struct row *row;

	turn_day(bill, now_ms);
	format_day(bill->day, today);
	if (value > 0 && bill->count < ROWS_MAX && strcmp(today, day) == 0 && split(copy, parts) == 0) {
		row = get_row(bill, parts[1], parts[2], parts[3]);
		if (strcmp(parts[0], "calls") == 0)
			row->today.calls += (uint64_t)value;
		else if (strcmp(parts[0], "metrics") == 0)
			row->today.metrics += (uint64_t)value;
	}
	free(copy);
}
