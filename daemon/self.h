/* SPDX-License-Identifier: Apache-2.0 */
/* self: findings about kdiag itself: how grave each kind is and what to type. The ledger keeps them, as it keeps all others. */
#ifndef KDIAG_SELF_H
#define KDIAG_SELF_H

#include "daemon/ledger.h"

/*
 * check: "credentials", "expiring", "service", "throttled", "clock", "denied", "budget", "answer", "discover", "probe", "config", "syslog", "store", "report". why NULL: it is over.
 * Named "self/CHECK/SUBJECT" where a missing fact blames it.
 */
void self_set(struct ledger *ledger, const char *check, const char *subject, const char *why);

#endif
