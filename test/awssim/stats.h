/* SPDX-License-Identifier: Apache-2.0 */
/* stats: what the simulator counts for the tests that drive it. Knows operations by number only. */
#ifndef KDIAG_AWSSIM_STATS_H
#define KDIAG_AWSSIM_STATS_H

#include <stddef.h>
#include <stdint.h>

enum { STATS_OPERATIONS_MAX = 64, STATS_SLOTS = 10, STATS_SLOT_MS = 100 };

struct stats_operation {
	uint64_t calls, accepted, throttled, rejected; /* rejected: for their signature */
	uint64_t max_per_second;                       /* in any second of the clock, seen in steps of STATS_SLOT_MS */
	uint64_t slots[STATS_SLOTS], in_slots;
	int64_t slot; /* the number of the newest slot */
};

struct stats {
	uint64_t requests, connections;
	uint64_t metrics_asked; /* queries of all GetMetricData, those of each page anew */
	struct stats_operation operations[STATS_OPERATIONS_MAX];
};

void stats_reset(struct stats *stats);
/* A call of the operation, whatever becomes of it; mono_ms: the clock's. */
void stats_call(struct stats *stats, size_t operation, int64_t mono_ms);

#endif
