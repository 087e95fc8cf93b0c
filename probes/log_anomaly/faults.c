/* SPDX-License-Identifier: Apache-2.0 */
/* faults: owns the table. */
#include "probes/log_anomaly/faults.h"

#include <string.h>

static const struct fault_rule rules[] = {
    {"kms", FAULT_PERMISSIONS, KD_CRITICAL, 1, "the stream's KMS key cannot be used", FAULT_NEXT_STREAM, NULL},
    {"credentials", FAULT_PERMISSIONS, KD_CRITICAL, 1, "credentials are missing or expired", FAULT_NEXT_LOGS,
	"?credentials ?ExpiredToken ?ExpiredTokenException"},
    {"access_denied", FAULT_PERMISSIONS, KD_CRITICAL, 1, "a call is denied", FAULT_NEXT_DIAGNOSE, NULL},
    {"not_found", FAULT_CAPTURE, KD_CRITICAL, 1, "a stream, table or function is not there", FAULT_NEXT_LOGS,
	"ResourceNotFoundException"},
    {"checkpoint", FAULT_CAPTURE, KD_WARNING, 3, "progress is not saved, records will be read again", FAULT_NEXT_LOGS,
	"checkpoint"},
    {"crashed", FAULT_CAPTURE, KD_WARNING, 1, "the process ended", FAULT_NEXT_LOGS, "?exited ?fault"},
    {"out_of_memory", FAULT_CAPTURE, KD_CRITICAL, 1, "the process ran out of memory", FAULT_NEXT_LOGS,
	"?memory ?MemoryError ?OutOfMemoryError"},
    {"expired_iterator", FAULT_LATENCY, KD_WARNING, 1, "more than 5 min went by between two reads of a shard",
	FAULT_NEXT_DIAGNOSE, NULL},
    {"throughput_exceeded", FAULT_LATENCY, KD_WARNING, 10, "reads or writes pass the limits of a shard",
	FAULT_NEXT_DIAGNOSE, NULL},
    {"lease_lost", FAULT_LATENCY, KD_WARNING, 10, "workers take shards from each other", FAULT_NEXT_LOGS,
	"?lease ?LeaseLost ?ShutdownException"},
    {"timed_out", FAULT_LATENCY, KD_WARNING, 1, "the function takes longer than it may", FAULT_NEXT_LOGS,
	"\"timed out\""},
    {"throttled", FAULT_LATENCY, KD_WARNING, 10, "calls are refused for their rate", FAULT_NEXT_LOGS,
	"?ThrottlingException ?LimitExceededException ?TooManyRequestsException"},
    {"connection", FAULT_LATENCY, KD_WARNING, 10, "connections break or are not made", FAULT_NEXT_LOGS,
	"?connection ?Connection ?ECONNRESET ?ETIMEDOUT"},
};

const struct fault_rule *
faults_find(const char *name)
{
	for (size_t i = 0; i < KD_COUNT(rules); i++)
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}
