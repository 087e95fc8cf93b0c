/* SPDX-License-Identifier: Apache-2.0 */
/* resume: what the ledger remembers of before the start, beside what is watched now. */
#ifndef KDIAG_RESUME_H
#define KDIAG_RESUME_H

#include "daemon/daemon.h"

/* What is no longer watched resolves, with the reason; a stream that discovery had found is watched at once, as it was. */
void resume_watches(struct daemon *daemon);

#endif
