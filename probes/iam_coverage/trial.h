/* SPDX-License-Identifier: Apache-2.0 */
/* trial: one principal on trial: what its use needs, whether the policies grant each of it, and where a grant went astray. Says nothing. */
#ifndef KDIAG_PROBE_IAM_TRIAL_H
#define KDIAG_PROBE_IAM_TRIAL_H

#include <kdiag/probe.h>

#include "probes/iam_coverage/arn.h"
#include "probes/iam_coverage/use.h"

/* The probe's needs. */
enum { TRIAL_SUMMARY, TRIAL_PRINCIPALS };

enum { TRIAL_ACTIONS_MAX = 128, TRIAL_SUBJECT_BYTES = 256 };

struct trial_verdict {
	struct use_action action;
	struct kd_iam_answer answer;
	/* NOT_GRANTED: another resource on which it is granted all the same, where this stream was meant, and the statement that does so; NULL: there is none. */
	const char *near;
	const struct kd_statement *near_by;
};

struct trial {
	const struct kd_facts *facts;
	const struct kd_principal *principal;
	size_t index;
	struct kd_report *out;
	char subject[TRIAL_SUBJECT_BYTES];
	char partition[32];
	char account[ARN_ACCOUNT_SIZE];      /* the principal's; where it has none (AWS's own policies) the stream's */
	char resources[ON_KINDS][ARN_BYTES]; /* "": not known by its ARN */
	struct trial_verdict verdicts[TRIAL_ACTIONS_MAX];
	size_t count;
};

/* Zeroes it, and names the principal by the shortest name that no other has. */
void trial_begin(struct trial *trial, const struct kd_facts *facts, const struct kd_principals *all, size_t index,
    struct kd_report *out);
/* Its policies are known: what do they say to each action? */
void trial_judge(struct trial *trial, const struct kd_stream_summary *summary);
/* "producer", or what stands for it in a sentence. */
const char *trial_use(const struct trial *trial);

/* ---- verdicts of one kind ---- */

typedef bool (*trial_wanted)(const struct trial_verdict *verdict);
bool trial_is_any(const struct trial_verdict *verdict);
bool trial_is_missing(const struct trial_verdict *verdict);
bool trial_is_wrong(const struct trial_verdict *verdict);
bool trial_is_denied(const struct trial_verdict *verdict);
bool trial_is_conditional(const struct trial_verdict *verdict);

struct trial_chosen {
	const struct trial_verdict *first; /* one that its use cannot do without, if there is one; NULL: none at all */
	size_t count;
	bool vital;
};
struct trial_chosen trial_choose(const struct trial *trial, trial_wanted wanted);
/* A statement of his own that grants a missing action on the right resource, but for its condition; NULL: there is none. */
const struct kd_statement *trial_find_unmet(const struct trial *trial, const struct trial_verdict *verdict);
/* The first action that could not be judged; NULL: all could. */
const struct trial_verdict *trial_find_unknown(const struct trial *trial);

#endif
