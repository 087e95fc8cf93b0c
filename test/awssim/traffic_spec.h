/* SPDX-License-Identifier: Apache-2.0 */
/* traffic_spec: a stream's traffic as a scenario writes it. Knows the keys under `traffic` and nothing else. */
#ifndef KDIAG_AWSSIM_TRAFFIC_SPEC_H
#define KDIAG_AWSSIM_TRAFFIC_SPEC_H

#include "test/awssim/decode.h"
#include "test/awssim/traffic.h"

/* The caller's reference, with what was said marked so; NULL with a sentence. */
struct traffic *traffic_spec_read(const struct decode *in, const struct yaml_node *node);

#endif
