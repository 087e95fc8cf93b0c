/* SPDX-License-Identifier: Apache-2.0 */
/* stats: owns the counting of calls and of the fastest second; knows nothing of what is called. */
#include "test/awssim/stats.h"

#include <assert.h>
#include <string.h>

void
stats_reset(struct stats *stats)
{
	memset(stats, 0, sizeof(*stats));
}

/* Moves the window of one second on, so that its newest slot is this one. */
static void
move_window(struct stats_operation *operation, int64_t slot)
{
	if (slot - operation->slot >= STATS_SLOTS) {
		memset(operation->slots, 0, sizeof(operation->slots));
		operation->in_slots = 0;
		operation->slot = slot;
	}
	while (operation->slot < slot) {
		uint64_t *oldest = &operation->slots[++operation->slot % STATS_SLOTS];

		operation->in_slots -= *oldest;
		*oldest = 0;
	}
}

void
stats_call(struct stats *stats, size_t operation, int64_t mono_ms)
{
	struct stats_operation *row = &stats->operations[operation];
	int64_t slot = mono_ms / STATS_SLOT_MS;

	assert(operation < STATS_OPERATIONS_MAX);
	move_window(row, slot);
	row->calls++;
	row->slots[slot % STATS_SLOTS]++;
	if (++row->in_slots > row->max_per_second)
		row->max_per_second = row->in_slots;
}
