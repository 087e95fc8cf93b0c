/* SPDX-License-Identifier: Apache-2.0 */
/* metric_budget: what is left of the day's money over what is left of the day. */
#include "daemon/metric_budget.h"

#include <math.h>

enum { DAY_S = 86400 };
/* Less than a hundredth is rounding: the last look of a day that falls a second early. */
#define STRETCH_TOLD 1.01

double
metric_budget_stretch(const struct metric_budget *budget, int64_t now_ms)
{
	double left_usd = budget->usd_per_day - budget->spent_usd;
	double left_s = DAY_S - (double)(now_ms / 1000 % DAY_S);

	if (budget->usd_per_day <= 0)
		return 1;
	if (left_usd <= 0)
		return (double)INFINITY;
	return fmax(1, budget->planned_usd_day / DAY_S * left_s / left_usd);
}

bool
metric_budget_is_tight(const struct metric_budget *budget, double stretch, bool was)
{
	return stretch > STRETCH_TOLD ||
	       (was && budget->usd_per_day > 0 && budget->planned_usd_day > budget->usd_per_day);
}

void
metric_budget_describe(const struct metric_budget *budget, double stretch, struct str *out)
{
	if (isinf(stretch))
		str_printf(out,
		    "no metric is asked for until 00:00 UTC: the day's $%.2f are spent (aws.budget_usd_per_day)",
		    budget->usd_per_day);
	else
		str_printf(out,
		    "metrics are asked for %.1f times less often, to stay within $%.2f a day (aws.budget_usd_per_day); "
		    "at their intervals they cost $%.2f",
		    stretch, budget->usd_per_day, budget->planned_usd_day);
}
