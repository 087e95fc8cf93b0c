/* SPDX-License-Identifier: Apache-2.0 */
/* ops_people: ack, unack, silence and unsilence: what a person says of findings. */
#ifndef KDIAG_OPS_PEOPLE_H
#define KDIAG_OPS_PEOPLE_H

#include "daemon/control.h"

/* Rows of the table of operations. */
void ops_ack(struct control_session *session, const json_t *request, void *app);
void ops_unack(struct control_session *session, const json_t *request, void *app);
void ops_silence(struct control_session *session, const json_t *request, void *app);
void ops_unsilence(struct control_session *session, const json_t *request, void *app);

#endif
