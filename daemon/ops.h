/* SPDX-License-Identifier: Apache-2.0 */
/* ops: the operations behind the control socket: one row an operation. Their results are view.h's; their app is the struct daemon. */
#ifndef KDIAG_OPS_H
#define KDIAG_OPS_H

#include "daemon/control.h"

extern const struct control_op ops_table[];
extern const size_t ops_count;

#endif
