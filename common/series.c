/* SPDX-License-Identifier: Apache-2.0 */
/* series: what probes ask about the points of a metric (kdiag/probe.h); pure, and at ease with no series and with points that are not there. */
#include "common/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

bool
series_has_point(const struct kd_series *series)
{
	for (size_t i = 0; series != NULL && i < series->count; i++)
		if (!isnan(series->values[i]))
			return true;
	return false;
}

size_t
kd_series_known(const struct kd_series *series)
{
	size_t known = 0;

	for (size_t i = 0; series != NULL && i < series->count; i++)
		known += !isnan(series->values[i]);
	return known;
}

bool
kd_series_sum(const struct kd_series *series, double *value)
{
	double sum = 0;

	if (!series_has_point(series))
		return false;
	for (size_t i = 0; i < series->count; i++)
		sum += isnan(series->values[i]) ? 0 : series->values[i];
	*value = sum;
	return true;
}

bool
kd_series_max(const struct kd_series *series, double *value)
{
	double max = -HUGE_VAL;

	if (!series_has_point(series))
		return false;
	for (size_t i = 0; i < series->count; i++)
		if (series->values[i] > max)
			max = series->values[i];
	*value = max;
	return true;
}

/* The newest `of` known points; the caller's array, and how many there were. */
static double *
newest_known(const struct kd_series *series, size_t of, size_t *count)
{
	double *newest = mem_new(series->count, sizeof(*newest));

	*count = 0;
	for (size_t i = series->count; i > 0 && *count < of; i--)
		if (!isnan(series->values[i - 1]))
			newest[(*count)++] = series->values[i - 1];
	return newest;
}

static int
compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

bool
kd_series_median(const struct kd_series *series, double *value)
{
	return series != NULL && kd_series_level(series, kd_series_known(series), value);
}

bool
kd_series_level(const struct kd_series *series, size_t of, double *value)
{
	size_t count;
	double *sorted;

	if (series == NULL || of == 0 || series->count == 0)
		return false;
	sorted = newest_known(series, of, &count);
	qsort(sorted, count, sizeof(*sorted), compare);
	if (count > of / 2)
		*value = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
	free(sorted);
	return count > of / 2;
}

bool
kd_series_last(const struct kd_series *series, double *value, int64_t *ms)
{
	size_t i = series != NULL ? series->count : 0;

	while (i > 0 && isnan(series->values[i - 1]))
		i--;
	if (i == 0)
		return false;
	*value = series->values[i - 1];
	if (ms != NULL)
		*ms = series->first_ms + (int64_t)(i - 1) * series->period_s * 1000;
	return true;
}

/* Where the newest `of` periods begin. */
static size_t
start_of(const struct kd_series *series, size_t of)
{
	return of < series->count ? series->count - of : 0;
}

size_t
kd_series_at_least(const struct kd_series *series, size_t of, double limit)
{
	size_t found = 0;

	for (size_t i = series != NULL ? start_of(series, of) : 0; series != NULL && i < series->count; i++)
		found += series->values[i] >= limit; /* false of a NAN */
	return found;
}

size_t
kd_series_above(const struct kd_series *series, size_t of, double limit)
{
	size_t found = 0;

	for (size_t i = series != NULL ? start_of(series, of) : 0; series != NULL && i < series->count; i++)
		found += series->values[i] > limit;
	return found;
}

double
kd_series_at(const struct kd_series *series, int64_t ms)
{
	int64_t step_ms, i;

	if (series == NULL || series->period_s <= 0 || ms < series->first_ms)
		return NAN;
	step_ms = series->period_s * 1000;
	i = (ms - series->first_ms) / step_ms;
	if ((ms - series->first_ms) % step_ms != 0 || (uint64_t)i >= series->count)
		return NAN;
	return series->values[i];
}

struct kd_series
kd_series_tail(const struct kd_series *series, int64_t seconds)
{
	struct kd_series tail = {0};
	size_t of, start;

	if (series == NULL)
		return tail;
	tail = *series;
	if (series->period_s <= 0 || series->count == 0)
		return tail;
	of = seconds > 0 ? (size_t)(seconds / series->period_s + (seconds % series->period_s > 0)) : 0;
	start = start_of(series, of);
	tail.first_ms += (int64_t)start * series->period_s * 1000;
	tail.values += start;
	tail.count -= start;
	return tail;
}
