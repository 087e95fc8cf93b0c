/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_fault: known faults of Kinesis producers and consumers, found in a log event by the words that name their cause. What each means and what to do about it
 * says the probe log_anomaly. Pure.
 */
#ifndef KDIAG_LOG_FAULT_H
#define KDIAG_LOG_FAULT_H

#include <stddef.h>

enum log_fault {
	LOG_FAULT_NONE,
	/* A more special cause stands before a more general one: of several in one event the first counts. */
	LOG_FAULT_KMS,
	LOG_FAULT_CREDENTIALS,
	LOG_FAULT_ACCESS_DENIED,
	LOG_FAULT_EXPIRED_ITERATOR,
	LOG_FAULT_THROUGHPUT_EXCEEDED,
	LOG_FAULT_NOT_FOUND,
	LOG_FAULT_CHECKPOINT,
	LOG_FAULT_LEASE_LOST,
	LOG_FAULT_OUT_OF_MEMORY,
	LOG_FAULT_TIMED_OUT,
	LOG_FAULT_CRASHED,
	LOG_FAULT_THROTTLED,
	LOG_FAULT_CONNECTION,
	LOG_FAULTS
};

/* What an event of len bytes names, all its lines; LOG_FAULT_NONE: nothing that is known. Any bytes will do. */
enum log_fault log_fault_find(const char *event, size_t len);
/* "expired_iterator"; NULL of LOG_FAULT_NONE. */
const char *log_fault_name(enum log_fault fault);

#endif
