/* SPDX-License-Identifier: Apache-2.0 */
/* ops_history: history: the changes that stand on the disk and those on their way there. */
#ifndef KDIAG_OPS_HISTORY_H
#define KDIAG_OPS_HISTORY_H

#include "daemon/control.h"

/* A row of the table of operations. */
void ops_history(struct control_session *session, const json_t *request, void *app);

#endif
