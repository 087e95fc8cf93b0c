/* SPDX-License-Identifier: Apache-2.0 */
/* store_rows: lists that grow, and their end. */
#include "daemon/store_rows.h"

#include <stdlib.h>

#include "common/mem.h"

/* Room for one more; the list as it stands then. */
static void *
make_room(void *list, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return list;
	*room = *room * 2 + 16;
	return mem_resize(list, *room, size);
}

void
store_rows_add_finding(struct store_rows *rows, struct ledger_saved *saved_taken)
{
	rows->findings = make_room(rows->findings, rows->findings_count, &rows->findings_room, sizeof(*rows->findings));
	rows->findings[rows->findings_count++] = saved_taken;
}

void
store_rows_add_gone(struct store_rows *rows, uint64_t no)
{
	rows->gone = make_room(rows->gone, rows->gone_count, &rows->gone_room, sizeof(*rows->gone));
	rows->gone[rows->gone_count++] = no;
}

void
store_rows_add_change(struct store_rows *rows, struct ledger_change *change_taken)
{
	rows->changes = make_room(rows->changes, rows->changes_count, &rows->changes_room, sizeof(*rows->changes));
	rows->changes[rows->changes_count++] = change_taken;
}

void
store_rows_add_silence(struct store_rows *rows, struct ledger_silence *silence_taken)
{
	rows->silences = make_room(rows->silences, rows->silences_count, &rows->silences_room, sizeof(*rows->silences));
	rows->silences[rows->silences_count++] = silence_taken;
}

void
store_rows_add_state(struct store_rows *rows, const struct store_state *state_taken)
{
	rows->states = make_room(rows->states, rows->states_count, &rows->states_room, sizeof(*rows->states));
	rows->states[rows->states_count++] = *state_taken;
}

void
store_rows_add_counter(struct store_rows *rows, const struct store_counter *counter_taken)
{
	rows->counters = make_room(rows->counters, rows->counters_count, &rows->counters_room, sizeof(*rows->counters));
	rows->counters[rows->counters_count++] = *counter_taken;
}

void
store_state_clear(struct store_state *state)
{
	free(state->account);
	free(state->region);
	free(state->stream);
	free(state->probe);
	free(state->text);
}

void
store_rows_free(struct store_rows *rows)
{
	if (rows == NULL)
		return;
	for (size_t i = 0; i < rows->findings_count; i++)
		ledger_saved_free(rows->findings[i]);
	for (size_t i = 0; i < rows->changes_count; i++)
		ledger_change_free(rows->changes[i]);
	for (size_t i = 0; i < rows->silences_count; i++)
		ledger_silence_free(rows->silences[i]);
	for (size_t i = 0; i < rows->states_count; i++)
		store_state_clear(&rows->states[i]);
	for (size_t i = 0; i < rows->counters_count; i++) {
		free(rows->counters[i].day);
		free(rows->counters[i].name);
	}
	free(rows->findings);
	free(rows->gone);
	free(rows->changes);
	free(rows->silences);
	free(rows->states);
	free(rows->counters);
	free(rows);
}
