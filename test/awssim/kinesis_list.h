/* SPDX-License-Identifier: Apache-2.0 */
/* kinesis_list: the operations of Kinesis that answer in pages. Knows no signatures and no limits. */
#ifndef KDIAG_AWSSIM_KINESIS_LIST_H
#define KDIAG_AWSSIM_KINESIS_LIST_H

#include "test/awssim/call.h"

/* ShardFilter.Type, in the order of the model. */
extern const char *const kinesis_list_filters[];

/* The `run` of their operations. */
void kinesis_list_shards(struct call *call);
void kinesis_list_streams(struct call *call);
void kinesis_list_consumers(struct call *call);

#endif
