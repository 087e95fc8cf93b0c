/* SPDX-License-Identifier: Apache-2.0 */
/* wants: what the probes that run on a stream need to know of it, with what its settings say laid in; and when that is worth extra. */
#ifndef KDIAG_WANTS_H
#define KDIAG_WANTS_H

#include "daemon/collect.h"
#include "daemon/config.h"
#include "daemon/ledger.h"

/* The needs of all probes that run on the stream, resolved, each with its probe's interval; *count of them. The caller's. Their strings are the probes'. */
struct collect_want *wants_of_stream(const struct plugins *plugins, const struct config_stream *stream, size_t *count);
/* Does the probe read metrics, and is something wrong with the stream that they tell, so that what costs extra (collect_terms.detailed) is worth its price? */
bool wants_details(const struct ledger *ledger, const struct plugins *plugins, const struct kd_probe *probe,
    const struct stream_id *stream);

#endif
