/* SPDX-License-Identifier: Apache-2.0 */
/* datapoint: owns the arithmetic of CloudWatch's statistics; knows no metric. */
#include "test/awssim/datapoint.h"

#include <math.h>
#include <stddef.h>

const char *const datapoint_statistics[] = {"Sum", "Average", "Maximum", "Minimum", "SampleCount", NULL};

void
datapoint_add(struct datapoint *all, const struct datapoint *one)
{
	if (one->samples == 0)
		return;
	all->min = all->samples == 0 ? one->min : fmin(all->min, one->min);
	all->max = all->samples == 0 ? one->max : fmax(all->max, one->max);
	all->samples += one->samples;
	all->sum += one->sum;
}

void
datapoint_keep(struct datapoint *point, double share)
{
	if (share >= 1 || point->samples == 0)
		return;
	point->samples = share <= 0 ? 0 : fmax(1, floor(point->samples * share));
	point->sum = fmax(point->min * point->samples, fmin(point->max * point->samples, floor(point->sum * share)));
}

double
datapoint_value(const struct datapoint *point, enum datapoint_statistic statistic)
{
	switch (statistic) {
	case DATAPOINT_SUM:
		return point->sum;
	case DATAPOINT_AVERAGE:
		return point->sum / point->samples;
	case DATAPOINT_MAXIMUM:
		return point->max;
	case DATAPOINT_MINIMUM:
		return point->min;
	case DATAPOINT_SAMPLE_COUNT:
		break;
	}
	return point->samples;
}
