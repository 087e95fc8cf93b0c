/* SPDX-License-Identifier: Apache-2.0 */
/* series: the points of a metric. What probes ask about them is in kdiag/probe.h and lives in series.c too. Pure. */
#ifndef KDIAG_SERIES_H
#define KDIAG_SERIES_H

#include <kdiag/probe.h>

/* Has it any datapoint? NULL has none. */
bool series_has_point(const struct kd_series *series);

#endif
