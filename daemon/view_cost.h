/* SPDX-License-Identifier: Apache-2.0 */
/* view_cost: what AWS is asked and what that costs, as the socket shows it. Reads the bill and the metrics' plan. */
#ifndef KDIAG_VIEW_COST_H
#define KDIAG_VIEW_COST_H

#include "common/str.h"
#include "daemon/daemon.h"

/* The whole of `cost`: JSON in one line, the caller's. */
char *view_cost(const struct daemon *daemon);
/* The members of `status`'s api that are about money. */
void view_cost_write_api(const struct daemon *daemon, struct str *out);

#endif
