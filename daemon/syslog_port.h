/* SPDX-License-Identifier: Apache-2.0 */
/* syslog_port: syslog(3) itself, and whether anybody listens behind it. Its functions may hang, and belong in the thread of syslog_queue. The only room that knows syslog(3). */
#ifndef KDIAG_SYSLOG_PORT_H
#define KDIAG_SYSLOG_PORT_H

#include <stdbool.h>

void syslog_port_open(void);
/* Does a log daemon own the socket now? */
bool syslog_port_is_open(void *arg);
/* priority: with the facility, for a reload may change it. */
void syslog_port_write(int priority, const char *line, void *arg);

#endif
