/* SPDX-License-Identifier: Apache-2.0 */
/* log_group_spec: log groups as a scenario writes them. */
#ifndef KDIAG_AWSSIM_LOG_GROUP_SPEC_H
#define KDIAG_AWSSIM_LOG_GROUP_SPEC_H

#include "test/awssim/decode.h"
#include "test/awssim/log_group.h"

/* The list under `log_groups`, into a scenario that in->arg names too. 0 or -1. */
int log_group_spec_read(const struct decode *in, const struct yaml_node *node, void *into);

#endif
