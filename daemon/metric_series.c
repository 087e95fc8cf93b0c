/* SPDX-License-Identifier: Apache-2.0 */
/* metric_series: one array that moves along with time. */
#include "daemon/metric_series.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/need.h"

void
metric_series_init(struct metric_series *series, const struct kd_need *need, const char *subject)
{
	*series = (struct metric_series){.need = *need, .subject = mem_strdup(subject)};
}

void
metric_series_clear(struct metric_series *series)
{
	free(series->subject);
	free(series->values);
	*series = (struct metric_series){0};
}

void
metric_series_widen(struct metric_series *series, int64_t window_s)
{
	if (window_s > series->need.window_s)
		series->need.window_s = window_s;
}

static int64_t
period_ms(const struct metric_series *series)
{
	return series->need.period_s * 1000;
}

static int64_t
round_down(int64_t ms, int64_t step_ms)
{
	return ms - ms % step_ms;
}

int64_t
metric_series_settled(int64_t period_s, int64_t now_ms, int64_t settle_ms)
{
	return round_down(now_ms > settle_ms ? now_ms - settle_ms : 0, period_s * 1000);
}

/* Whole periods. */
static int64_t
ahead_ms(const struct metric_series *series)
{
	int64_t period_s = series->need.period_s;

	if (series->need.shift_s == 0)
		return 0;
	return (METRIC_SERIES_AHEAD_S + period_s - 1) / period_s * period_s * 1000;
}

struct metric_range
metric_series_next(const struct metric_series *series, int64_t base_ms)
{
	int64_t to_ms = base_ms - series->need.shift_s * 1000;
	struct metric_range range = {to_ms - series->need.window_s * 1000, to_ms + ahead_ms(series)};
	int64_t again_ms = round_down(series->read_to_ms - METRIC_SERIES_REREAD_MS, period_ms(series));

	if (series->read_to_ms <= range.end_ms && series->read_from_ms <= range.start_ms && again_ms > range.start_ms)
		range.start_ms = again_ms < range.end_ms ? again_ms : range.end_ms - period_ms(series);
	return range;
}

/* Room for count periods from first_ms on: what is at hand of them stays, the others are not known. */
static void
move_to(struct metric_series *series, int64_t first_ms, size_t count)
{
	int64_t step = (first_ms - series->first_ms) / period_ms(series);
	double *values = mem_new(count, sizeof(*values));
	size_t i;

	for (i = 0; i < count; i++) {
		int64_t from = (int64_t)i + step;

		bool held = series->values != NULL && from >= 0 && (uint64_t)from < series->count;

		values[i] = held ? series->values[from] : NAN;
	}
	free(series->values);
	series->values = values;
	series->count = count;
	series->first_ms = first_ms;
}

/* Half of a stream's metrics never have a datapoint: nobody puts single records, nobody is refused. */
static void
drop_gaps(struct metric_series *series)
{
	for (size_t i = 0; i < series->count; i++)
		if (!isnan(series->values[i]))
			return;
	free(series->values);
	series->values = NULL;
}

/* As many as any window has. */
static const double *
gaps(void)
{
	static double values[NEED_POINTS_MAX];

	for (size_t i = 0; !isnan(values[NEED_POINTS_MAX - 1]); i++)
		values[i] = NAN;
	return values;
}

void
metric_series_take(
    struct metric_series *series, const struct metric_range *range, int64_t base_ms, const double *values)
{
	int64_t span_ms = series->need.window_s * 1000 + ahead_ms(series);
	int64_t first_ms = range->end_ms - span_ms;
	size_t count = (size_t)((range->end_ms - range->start_ms) / period_ms(series)), skip = 0;

	assert(range->start_ms % period_ms(series) == 0 && range->end_ms % period_ms(series) == 0);
	if (range->end_ms < series->read_to_ms) /* the clock was ahead: what was read then was not there yet */
		series->read_to_ms = 0;
	move_to(series, first_ms, (size_t)(span_ms / period_ms(series)));
	if (range->start_ms < first_ms)
		skip = (size_t)((first_ms - range->start_ms) / period_ms(series));
	memcpy(series->values + series->count - (count - skip), values + skip, (count - skip) * sizeof(*values));
	drop_gaps(series);
	if (series->read_to_ms == 0 || range->start_ms > series->read_to_ms || range->start_ms < series->read_from_ms)
		series->read_from_ms = range->start_ms;
	if (series->read_from_ms < first_ms)
		series->read_from_ms = first_ms;
	series->read_to_ms = range->end_ms;
	series->base_ms = base_ms;
}

static int64_t
window_end(const struct metric_series *series, int64_t base_ms)
{
	int64_t end_ms = base_ms - series->need.shift_s * 1000;

	return end_ms < series->read_to_ms ? end_ms : series->read_to_ms;
}

bool
metric_series_holds(const struct metric_series *series, int64_t window_s, int64_t base_ms)
{
	if (series->read_to_ms == 0)
		return false;
	if (series->need.shift_s > 0 && base_ms - series->need.shift_s * 1000 > series->read_to_ms)
		return false;
	return series->read_from_ms <= window_end(series, base_ms) - window_s * 1000;
}

struct kd_series
metric_series_cut(const struct metric_series *series, int64_t window_s, int64_t base_ms)
{
	int64_t first_ms = window_end(series, base_ms) - window_s * 1000;
	int64_t at = (first_ms - series->first_ms) / period_ms(series);

	assert(metric_series_holds(series, window_s, base_ms));
	return (struct kd_series){
	    .subject = series->subject,
	    .first_ms = first_ms,
	    .period_s = series->need.period_s,
	    .count = (size_t)(window_s / series->need.period_s),
	    .values = series->values == NULL ? gaps() : series->values + at,
	};
}
