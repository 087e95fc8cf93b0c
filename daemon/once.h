/* SPDX-License-Identifier: Apache-2.0 */
/* once: kdiagd -1, for cron and CI: every probe of every stream once, the findings on stdout, the worst as exit status. */
#ifndef KDIAG_ONCE_H
#define KDIAG_ONCE_H

#include "daemon/daemon.h"

/* The exit status: 0 ok, 1 warning, 2 critical, 3 unknown. daemon_start() has been called. */
int once_run(struct daemon *daemon);

#endif
