/* SPDX-License-Identifier: Apache-2.0 */
/* notify: what systemd is told and what it hands over: sd_notify datagrams, the watchdog, socket activation; without libsystemd. */
#ifndef KDIAG_NOTIFY_H
#define KDIAG_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include <kdiag/probe.h>

/* Reads and unsets NOTIFY_SOCKET, WATCHDOG_USEC/WATCHDOG_PID, LISTEN_FDS/LISTEN_PID. Once, at the start. */
void notify_init(void);
void notify_ready(const char *fmt, ...) KD_PRINTF(1, 2); /* with STATUS= */
void notify_status(const char *fmt, ...) KD_PRINTF(1, 2);
void notify_reloading(void); /* with MONOTONIC_USEC; notify_ready() ends it */
void notify_stopping(void);
/* "I have made progress": pings the watchdog when half its time has passed since the last ping. Cheap to call often. */
void notify_progress(void);
/* How often progress must be shown, in real ms; 0: no watchdog. */
int64_t notify_watchdog_ms(void);
/* The listening AF_UNIX stream socket that systemd passed (the first; the others are closed), or -1: none. Close-on-exec and non-blocking are set. */
int notify_listen_fd(void);

#endif
