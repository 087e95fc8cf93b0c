/* SPDX-License-Identifier: Apache-2.0 */
/* log_group_private: what a log group's memory is made of, between log_group.c and log_group_state.c. */
#ifndef KDIAG_LOG_GROUP_PRIVATE_H
#define KDIAG_LOG_GROUP_PRIVATE_H

#include "common/log_fault.h"
#include "common/log_template.h"
#include "daemon/log_group.h"
#include "daemon/log_seen.h"
#include "daemon/log_tally.h"

enum { LOG_GROUP_CACHE = 256 };

struct log_group_row {
	uint64_t id;
	int64_t first_ms;  /* 0: before what is remembered */
	int64_t merged_ms; /* when it last took in another; 0: never */
	struct log_tally tally;
};

/* Behind a pointer: most logs have none. */
struct log_group_fault {
	uint64_t template; /* of the last one */
	struct log_tally tally;
};

struct log_group {
	struct log_templates *miner;
	int64_t since_ms, until_ms;
	int64_t gapless_ms; /* since then it was read without a gap */
	struct log_tally all, errors;
	struct log_group_row *rows;
	size_t count, room;
	uint16_t cache[LOG_GROUP_CACHE]; /* 1 + a row, by id */
	uint64_t left_out;
	struct log_group_fault *faults[LOG_FAULTS];
	struct log_seen *seen; /* hashes of event ids */
	bool changed;
};

#endif
