/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts_iam: what the policies of a fact of kind KD_PRINCIPALS allow: compiles them when a probe first asks, and answers kd_iam_decide() and its kin of
 * kdiag/probe.h. Pure; for facts.c only.
 */
#ifndef KDIAG_FACTS_IAM_H
#define KDIAG_FACTS_IAM_H

#include <kdiag/probe.h>

struct facts_iam;

/* The value is borrowed and must live as long. */
struct facts_iam *facts_iam_new(const struct kd_principals *value);
void facts_iam_free(struct facts_iam *iam);
/* As kd_iam_decide and kd_iam_statements; stream_arn: "" or the stream's, whose account a policy of AWS's own is judged for. */
struct kd_iam_answer facts_iam_decide(
    struct facts_iam *iam, const char *stream_arn, size_t principal, const char *action, const char *resource);
const struct kd_statement *facts_iam_statements(
    struct facts_iam *iam, const char *stream_arn, size_t principal, size_t *count);

#endif
