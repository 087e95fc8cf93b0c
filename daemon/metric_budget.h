/* SPDX-License-Identifier: Apache-2.0 */
/* metric_budget: by how much intervals are stretched so that the day's money lasts until midnight UTC. Pure. */
#ifndef KDIAG_METRIC_BUDGET_H
#define KDIAG_METRIC_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

struct metric_budget {
	double usd_per_day;     /* 0: none */
	double spent_usd;       /* today */
	double planned_usd_day; /* at the intervals as they are configured */
};

/* 1: as configured; INFINITY: nothing is left. */
double metric_budget_stretch(const struct metric_budget *budget, int64_t now_ms);
/* Is it to be told? Once it is (was), until the plan fits into the budget: not each night anew. */
bool metric_budget_is_tight(const struct metric_budget *budget, double stretch, bool was);
/* The sentence. */
void metric_budget_describe(const struct metric_budget *budget, double stretch, struct str *out);

#endif
