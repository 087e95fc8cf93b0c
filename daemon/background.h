/* SPDX-License-Identifier: Apache-2.0 */
/* background: leaves the terminal. The parent waits until the daemon serves, so that its exit status tells whether the start went well. */
#ifndef KDIAG_BACKGROUND_H
#define KDIAG_BACKGROUND_H

/* Returns in the child only; the parent exits when the child calls background_ready (0) or ends before (1). Before any thread is made. */
void background_enter(void);
/* Detaches stdin, stdout and stderr and lets the parent go; does nothing when background_enter was not called. */
void background_ready(void);

#endif
