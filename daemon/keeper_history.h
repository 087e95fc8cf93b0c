/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_history: the changes as a reader asks for them: those on the disk, and behind them those on their way there. */
#ifndef KDIAG_KEEPER_HISTORY_H
#define KDIAG_KEEPER_HISTORY_H

#include "daemon/store.h"

/*
 * done is called once, from the loop, with changes as JSON, oldest first; the list is its own. NULL, and why, where the disk does not give them: those on the way alone would look
 * like all. waiting: those that the store does not have yet; must outlive the store. -1: too many ask at once.
 */
int keeper_history_ask(struct store *store, const struct store_rows *waiting, const struct store_query *query,
    store_history_cb done, void *arg);

#endif
