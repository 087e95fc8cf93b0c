/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_states: what probes keep, by stream and probe: handed out once after a start, and what has changed since it was written. Private to the keeper. */
#ifndef KDIAG_KEEPER_STATES_H
#define KDIAG_KEEPER_STATES_H

#include "daemon/store_rows.h"

struct keeper_states;

struct keeper_states *keeper_states_new(void);
void keeper_states_free(struct keeper_states *states);
/* Of before the start. */
void keeper_states_load(struct keeper_states *states, const struct store_state *state);
char *keeper_states_take(struct keeper_states *states, const struct stream_id *stream, const char *probe);
void keeper_states_put(
    struct keeper_states *states, const struct stream_id *stream, const char *probe, const char *text);
void keeper_states_drop_stream(struct keeper_states *states, const struct stream_id *stream);
void keeper_states_save(struct keeper_states *states, struct store_rows *rows);
/* The database knows none of them: what is kept next is written even if it is as before. */
void keeper_states_save_anew(struct keeper_states *states);
/* What nobody took by now belongs to what is no longer watched. */
void keeper_states_drop_rest(struct keeper_states *states);

#endif
