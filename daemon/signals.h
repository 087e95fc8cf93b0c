/* SPDX-License-Identifier: Apache-2.0 */
/* signals: SIGTERM and SIGINT end the loop, SIGHUP is passed on; the others are left alone or ignored. */
#ifndef KDIAG_SIGNALS_H
#define KDIAG_SIGNALS_H

struct event_base;
struct signals;

struct signals *signals_new(struct event_base *base, void (*hangup)(void *arg), void *arg);
void signals_free(struct signals *signals);

#endif
