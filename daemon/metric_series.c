/* SPDX-License-Identifier: Apache-2.0 */
/* metric_series: one row of points that moves along with time. */
#include "daemon/metric_series.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/need.h"

enum { MINUTE_MS = 60 * 1000, ROOM = NEED_POINTS_MAX + METRIC_SERIES_AHEAD_S / 60 };

void
metric_series_init(struct metric_series *series, const char *subject)
{
	*series = (struct metric_series){.subject = mem_strdup(subject)};
}

void
metric_series_clear(struct metric_series *series)
{
	free(series->subject);
	free(series->points);
	*series = (struct metric_series){0};
}

static int64_t
round_down(int64_t ms, int64_t step_ms)
{
	return ms - ms % step_ms;
}

static int64_t
to_ms(int32_t min)
{
	return (int64_t)min * MINUTE_MS;
}

/* Whole, for periods and shifts are; until the year 6053. */
static int32_t
to_min(int64_t ms)
{
	return (int32_t)(ms / MINUTE_MS);
}

static int64_t
period_ms(const struct kd_need *need)
{
	return need->period_s * 1000;
}

int64_t
metric_series_settled(int64_t period_s, int64_t now_ms, int64_t settle_ms)
{
	return round_down(now_ms > settle_ms ? now_ms - settle_ms : 0, period_s * 1000);
}

int64_t
metric_series_base_ms(const struct metric_series *series)
{
	return to_ms(series->base_min);
}

/* Whole periods. */
static int64_t
ahead_ms(const struct kd_need *need)
{
	if (need->shift_s == 0)
		return 0;
	return (METRIC_SERIES_AHEAD_S + need->period_s - 1) / need->period_s * period_ms(need);
}

struct metric_range
metric_series_next(const struct metric_series *series, const struct kd_need *need, int64_t base_ms)
{
	int64_t end_ms = base_ms - need->shift_s * 1000;
	struct metric_range range = {end_ms - need->window_s * 1000, end_ms + ahead_ms(need)};
	int64_t read_to_ms = to_ms(series->read_to_min);
	int64_t again_ms = round_down(read_to_ms - METRIC_SERIES_REREAD_MS, period_ms(need));

	if (read_to_ms <= range.end_ms && to_ms(series->read_from_min) <= range.start_ms && again_ms > range.start_ms)
		range.start_ms = again_ms < range.end_ms ? again_ms : range.end_ms - period_ms(need);
	return range;
}

/* What is at hand of so many periods from first_ms on. */
static void
unpack(const struct metric_series *series, const struct kd_need *need, int64_t first_ms, size_t count, double *values)
{
	int64_t held = (int64_t)metric_points_count(series->points);
	int64_t held_from_ms = to_ms(series->read_to_min) - held * period_ms(need);

	metric_points_unpack(series->points, (long)((first_ms - held_from_ms) / period_ms(need)), count, values);
}

void
metric_series_take(struct metric_series *series, const struct kd_need *need, const struct metric_range *range,
    int64_t base_ms, const double *values)
{
	int64_t span_ms = need->window_s * 1000 + ahead_ms(need), first_ms = range->end_ms - span_ms;
	size_t count = (size_t)((range->end_ms - range->start_ms) / period_ms(need)), skip = 0;
	size_t room = (size_t)(span_ms / period_ms(need));
	double all[ROOM];

	assert(range->start_ms % period_ms(need) == 0 && range->end_ms % period_ms(need) == 0 && room <= ROOM);
	unpack(series, need, first_ms, room, all);
	if (range->start_ms < first_ms)
		skip = (size_t)((first_ms - range->start_ms) / period_ms(need));
	memcpy(all + room - (count - skip), values + skip, (count - skip) * sizeof(*values));
	free(series->points);
	series->points = metric_points_pack(all, room);
	if (series->read_to_min == 0 ||
	    range->end_ms <
		to_ms(series->read_to_min) || /* the clock was ahead: what was read then was not there yet */
	    range->start_ms > to_ms(series->read_to_min) ||
	    range->start_ms < to_ms(series->read_from_min))
		series->read_from_min = to_min(range->start_ms);
	if (to_ms(series->read_from_min) < first_ms)
		series->read_from_min = to_min(first_ms);
	series->read_to_min = to_min(range->end_ms);
	series->base_min = to_min(base_ms);
}

static int64_t
window_end(const struct metric_series *series, const struct kd_need *need, int64_t base_ms)
{
	int64_t end_ms = base_ms - need->shift_s * 1000, read_to_ms = to_ms(series->read_to_min);

	return end_ms < read_to_ms ? end_ms : read_to_ms;
}

bool
metric_series_holds(const struct metric_series *series, const struct kd_need *need, int64_t window_s, int64_t base_ms)
{
	if (series->read_to_min == 0)
		return false;
	if (need->shift_s > 0 && base_ms - need->shift_s * 1000 > to_ms(series->read_to_min))
		return false;
	return to_ms(series->read_from_min) <= window_end(series, need, base_ms) - window_s * 1000;
}

struct kd_series
metric_series_cut(
    const struct metric_series *series, const struct kd_need *need, int64_t window_s, int64_t base_ms, double *room)
{
	struct kd_series cut = {
	    .subject = series->subject,
	    .first_ms = window_end(series, need, base_ms) - window_s * 1000,
	    .period_s = need->period_s,
	    .count = (size_t)(window_s / need->period_s),
	    .values = room,
	};

	assert(metric_series_holds(series, need, window_s, base_ms));
	unpack(series, need, cut.first_ms, cut.count, room);
	return cut;
}
