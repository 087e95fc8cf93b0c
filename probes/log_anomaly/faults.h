/* SPDX-License-Identifier: Apache-2.0 */
/* faults: what the known faults of log events mean for a stream, and what to do: a table, which knows nothing of logs. */
#ifndef KDIAG_PROBE_LOG_ANOMALY_FAULTS_H
#define KDIAG_PROBE_LOG_ANOMALY_FAULTS_H

#include <kdiag/probe.h>

#pragma GCC visibility push(hidden)

enum fault_symptom { FAULT_CAPTURE, FAULT_PERMISSIONS, FAULT_LATENCY };
/* The raw events; the stream; the runbook. */
enum fault_next { FAULT_NEXT_LOGS, FAULT_NEXT_STREAM, FAULT_NEXT_DIAGNOSE };

/* count: so many in 15 min are none of the faults that every client lives with. pattern: for the raw events, whose values are nobody's but their owner's. */
struct fault_rule {
	const char *name; /* as a fact has it */
	enum fault_symptom symptom;
	enum kd_severity severity;
	double count;
	const char *means;
	enum fault_next next;
	const char *pattern;
};

/* NULL: a fault that a newer host knows. */
const struct fault_rule *faults_find(const char *name);

#pragma GCC visibility pop

#endif
