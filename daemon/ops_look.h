/* SPDX-License-Identifier: Apache-2.0 */
/* ops_look: run and diagnose: looks by hand, answered when they have ended. */
#ifndef KDIAG_OPS_LOOK_H
#define KDIAG_OPS_LOOK_H

#include "daemon/control.h"

/* Rows of the table of operations. */
void ops_run(struct control_session *session, const json_t *request, void *app);
void ops_diagnose(struct control_session *session, const json_t *request, void *app);

#endif
