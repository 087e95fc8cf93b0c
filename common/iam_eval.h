/* SPDX-License-Identifier: Apache-2.0 */
/* iam_eval: the lines of `kdiagctl iam eval`: a JSON object with policies and a request in, a decision out. Pure; no line can harm the next. */
#ifndef KDIAG_IAM_EVAL_H
#define KDIAG_IAM_EVAL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"

enum {
	IAM_EVAL_LINE_MAX =
	    4 * 1024 * 1024, /* a resource policy, a boundary and a dozen identity policies of their greatest size */
	IAM_EVAL_POLICIES_MAX = 256, /* IAM lets a user have 20 managed ones, and 10 groups with 10 each */
};

/* What lines share: memory, kept warm. */
struct iam_eval;

struct iam_eval *iam_eval_new(void);
void iam_eval_free(struct iam_eval *eval);
/*
 * Answers {"identityPolicies":[doc,…],"boundary":doc?,"resourcePolicy":doc?,"principal":arn,"action":"svc:Op","resource":arn,"resourceAccount":"…"?,
 * "context":{key:value|[values]}?,"contextComplete":true?}. out gets one line without its end: "Allowed", "ExplicitlyDenied", "ImplicitlyDenied",
 * "Conditional: KEY" or "Error: why"; as_json: {"decision":…,"by":{"policy":"identityPolicies[0]","statement":2,"sid":…},"key":…,"why":…}, counted from 0.
 */
void iam_eval_line(struct iam_eval *eval, const char *line, size_t len, bool as_json, struct str *out);

#endif
