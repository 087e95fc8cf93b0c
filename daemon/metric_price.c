/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/metric_price.h"

#include "common/need.h"
#include "daemon/metric_series.h"

enum { DAY_S = 86400 };

int64_t
metric_price_step_s(const struct kd_need *need, int64_t interval_s)
{
	if (need->shift_s > 0)
		return METRIC_SERIES_AHEAD_S;
	return interval_s <= need->period_s ? need->period_s : interval_s - interval_s % need->period_s;
}

static bool
is_same(const struct collect_want *a, const struct collect_want *b)
{
	return b->need.kind == KD_METRIC && need_same_series(&a->need, &b->need);
}

double
metric_price_usd_day(const struct collect_want *wants, size_t count)
{
	double usd = 0;

	for (size_t i = 0; i < count; i++) {
		int64_t interval_s = wants[i].interval_s;
		bool before = false;

		if (wants[i].need.kind != KD_METRIC || wants[i].need.per != KD_PER_STREAM)
			continue;
		for (size_t k = 0; k < count; k++) {
			if (k == i || !is_same(&wants[i], &wants[k]))
				continue;
			before |= k < i;
			if (wants[k].interval_s < interval_s)
				interval_s = wants[k].interval_s;
		}
		if (!before)
			usd += METRIC_PRICE_USD * DAY_S / (double)metric_price_step_s(&wants[i].need, interval_s);
	}
	return usd;
}
