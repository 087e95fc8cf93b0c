/* SPDX-License-Identifier: Apache-2.0 */
/* log_template_private: what a miner is made of, between log_template.c and log_template_state.c. */
#ifndef KDIAG_LOG_TEMPLATE_PRIVATE_H
#define KDIAG_LOG_TEMPLATE_PRIVATE_H

#include "common/log_scan.h"
#include "common/log_store.h"
#include "common/log_template.h"

/* Lines of this shape are of that entry, if it is still the one of this serial. */
struct log_shape {
	uint64_t shape, serial;
	uint32_t entry;
};

enum { LOG_TEMPLATE_PATIENCE_MAX = 5 };

struct log_templates {
	struct log_store store;
	struct log_pattern_cache words;
	struct log_shape *shapes;
	size_t shapes_count, shapes_max; /* powers of two */
	size_t max_bytes;
	uint64_t unmerged; /* patterns learnt since the last merging pass */
	unsigned
	    patience; /* doubled by each pass that finds nothing: a log where every line is new is not searched in vain */
	uint64_t last_id; /* of the event before; 0: none */
	bool last_had_header;
};

#endif
