/* SPDX-License-Identifier: Apache-2.0 */
/* metric_price: how often a metric is asked for, and what that comes to. Pure: it is known before anything is asked. */
#ifndef KDIAG_METRIC_PRICE_H
#define KDIAG_METRIC_PRICE_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/collect.h"

/* Amazon CloudWatch pricing, API: GetMetricData, in all regions. No free tier. */
#define METRIC_PRICE_USD (0.01 / 1000)

enum { METRIC_PRICE_MONTH_DAYS = 30 };

/* Whole periods, for between their ends there is nothing new. What is shifted is read an hour ahead. The need is resolved. */
int64_t metric_price_step_s(const struct kd_need *need, int64_t interval_s);
/* A stream's metrics of a day: the same series wanted twice is asked for once. Without those of single shards and consumers, whose number is not known. */
double metric_price_usd_day(const struct collect_want *wants, size_t count);

#endif
