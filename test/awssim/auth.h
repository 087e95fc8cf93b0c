/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth: is a request signed by a key that AWS knows, for this service and region, now? In AWS's words when not. Knows
 * no operation.
 */
#ifndef KDIAG_AWSSIM_AUTH_H
#define KDIAG_AWSSIM_AUTH_H

#include "test/awssim/call.h"

/* 0: call->identity and call->region are set. -1: it has been answered. */
int auth_check(struct call *call);

#endif
