/* SPDX-License-Identifier: Apache-2.0 */
/* lossy: the looks whose report lost something, told as one finding of self for each probe; refuses to know why a report loses. */
#ifndef KDIAG_LOSSY_H
#define KDIAG_LOSSY_H

#include <stddef.h>
#include <sys/queue.h>

#include "common/stream_id.h"
#include "daemon/ledger.h"

struct lossy;
LIST_HEAD(lossy_list, lossy);

/*
 * A look of one probe at one stream lost so many of its findings (0: none). *mark is the stream's and the probe's own, NULL at first; it stands in the
 * list while the last look lost some, and while one of a probe does, self/report/PROBE is open.
 */
void lossy_note(struct lossy_list *list, struct lossy **mark, struct ledger *ledger, const char *probe,
    const struct stream_id *stream, size_t dropped);
/* No such look follows. ledger NULL: nobody is told. */
void lossy_forget(struct lossy_list *list, struct lossy **mark, struct ledger *ledger);

#endif
