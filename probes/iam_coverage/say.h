/* SPDX-License-Identifier: Apache-2.0 */
/* say: sentences and statements to paste about a trial. */
#ifndef KDIAG_PROBE_IAM_SAY_H
#define KDIAG_PROBE_IAM_SAY_H

#include "probes/iam_coverage/trial.h"

/* A sentence that grows; what no longer fits is cut. */
struct say_text {
	char s[400];
	size_t used;
};

void say_add(struct say_text *text, const char *fmt, ...) KD_PRINTF(2, 3);
/* "kinesis:PutRecord", "kinesis:PutRecord and kinesis:PutRecords", "kinesis:GetRecords and 3 more actions". */
void say_actions(
    const struct trial *trial, trial_wanted wanted, const struct trial_chosen *chosen, struct say_text *text);
/* "statement FreezeReads of policy orders-freeze", "… of the boundary limit", "… of the resource policy of stream/orders". */
void say_statement(struct say_text *text, const struct kd_statement *by);
/* The statement that would grant it, were its condition met. */
void say_unmet(struct say_text *text, const struct kd_statement *by);
/* What is wrong with the ARN, behind "is": "granted on stream/orders but not on its consumers (stream/orders/consumer/…)". */
void say_wrong_arn(const struct trial *trial, const struct trial_verdict *verdict, struct say_text *text);

/* Of the finding reported last: who, which actions, which statement (or NULL). */
void say_evidence(const struct trial *trial, trial_wanted wanted, const struct kd_statement *by);

/* Its next step: statements that grant the wanted actions; in_resource: for a resource policy, which names who. */
void say_next_statements(const struct trial *trial, trial_wanted wanted, bool in_resource);
/* The statement that denies, made to spare the stream; where that cannot be, the command that shows its policy. */
void say_next_exception(const struct trial *trial, const struct kd_statement *by);

#endif
