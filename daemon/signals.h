/* SPDX-License-Identifier: Apache-2.0 */
/* signals: SIGTERM and SIGINT end the loop, SIGHUP reloads; the others are left alone or ignored. */
#ifndef KDIAG_SIGNALS_H
#define KDIAG_SIGNALS_H

struct daemon;
struct signals;

struct signals *signals_new(struct daemon *daemon);
void signals_free(struct signals *signals);

#endif
