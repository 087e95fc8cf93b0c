/* SPDX-License-Identifier: Apache-2.0 */
/* report: what one probe says in one judgement: it is filled by kd_find() and its kin of kdiag/probe.h, and bounded. */
#ifndef KDIAG_REPORT_H
#define KDIAG_REPORT_H

#include <jansson.h>
#include <kdiag/probe.h>

#include "common/stream_id.h"

struct finding;

enum { REPORT_MAX = 1000, REPORT_EVIDENCE_MAX = 16, REPORT_STATE_MAX = 1024 * 1024 };

struct kd_report *report_new(const struct kd_probe *probe, struct stream_id *stream);
void report_free(struct kd_report *report);
size_t report_count(const struct kd_report *report);
/* Findings in the order the probe made them: texts filled; id, times and state not (most looks find what is known already, and need no id). */
const struct finding *report_at(const struct kd_report *report, size_t i);
/* How many findings a probe made past REPORT_MAX and lost; its sentences that were bad (check out of range, repeated subject) count too. */
size_t report_dropped(const struct kd_report *report);
/* The new state, or NULL when the probe kept the old. */
const char *report_state(const struct kd_report *report);

/* The document of test cases and replay: {"findings":[{check,subject,severity,reason,summary,evidence,next,blame}…],"state":…}. */
json_t *report_to_json(const struct kd_report *report);

#endif
