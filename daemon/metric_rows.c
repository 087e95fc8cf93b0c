/* SPDX-License-Identifier: Apache-2.0 */
/* metric_rows: owns the lists of what is asked, and finds them again. */
#include "daemon/metric_rows.h"

#include <stdlib.h>

#include "common/mem.h"

/* ---- making ---- */

static size_t
search(const struct metric_rows *rows, const struct kd_need *need)
{
	size_t i;

	for (i = 0; i < rows->count && !need_same_series(&rows->rows[i].need, need); i++)
		;
	return i;
}

/* The names are still borrowed. */
static void
add(struct metric_rows *rows, const struct collect_want *want)
{
	struct metric_row *row = &rows->rows[search(rows, &want->need)];
	int64_t interval_ms = want->interval_s * 1000;

	if (row == &rows->rows[rows->count]) {
		*row = (struct metric_row){want->need, interval_ms};
		rows->count++;
		return;
	}
	if (want->need.window_s > row->need.window_s)
		row->need.window_s = want->need.window_s;
	if (interval_ms < row->interval_ms)
		row->interval_ms = interval_ms;
}

static bool
is_same(const struct metric_rows *a, const struct metric_rows *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->rows[i].interval_ms != b->rows[i].interval_ms || !need_equal(&a->rows[i].need, &b->rows[i].need))
			return false;
	return true;
}

struct metric_rows *
metric_rows_get(struct metric_rows_list *list, const struct collect_want *wants, size_t count)
{
	struct metric_rows *rows = mem_new(1, sizeof(*rows) + count * sizeof(*rows->rows)), *same;

	for (size_t i = 0; i < count; i++)
		if (wants[i].need.kind == KD_METRIC)
			add(rows, &wants[i]);
	LIST_FOREACH(same, list, link)
	if (is_same(same, rows)) {
		free(rows);
		same->refs++;
		return same;
	}
	for (size_t i = 0; i < rows->count; i++)
		rows->rows[i].need.metric = mem_strdup(rows->rows[i].need.metric);
	rows->refs = 1;
	LIST_INSERT_HEAD(list, rows, link);
	return rows;
}

void
metric_rows_unref(struct metric_rows *rows)
{
	if (rows == NULL || --rows->refs > 0)
		return;
	LIST_REMOVE(rows, link);
	for (size_t i = 0; i < rows->count; i++)
		free((char *)rows->rows[i].need.metric);
	for (size_t i = 0; i < METRIC_ROWS_LIKELY; i++)
		fact_unref(rows->likely[i].no_data);
	free(rows);
}

/* ---- finding ---- */

static struct metric_likely *
likely_of(struct metric_rows *rows, const struct kd_need *need)
{
	return &rows->likely[(uintptr_t)need / sizeof(*need) % METRIC_ROWS_LIKELY];
}

/* Streams ask for the same needs over and over, which lie where they lay: what answered the last time is looked at first, and only at that, for nothing else has to be true. */
size_t
metric_rows_find(struct metric_rows *rows, const struct kd_need *need)
{
	struct metric_likely *likely = likely_of(rows, need);

	if (likely->row >= rows->count || !need_same_series(&rows->rows[likely->row].need, need))
		likely->row = (uint16_t)search(rows, need);
	return likely->row;
}

struct fact *
metric_rows_no_data(struct metric_rows *rows, const struct kd_need *need)
{
	struct metric_likely *likely = likely_of(rows, need);

	if (likely->no_data == NULL || !need_equal(fact_need(likely->no_data), need)) {
		fact_unref(likely->no_data);
		likely->no_data = fact_new_no_data(need);
	}
	return fact_ref(likely->no_data);
}
