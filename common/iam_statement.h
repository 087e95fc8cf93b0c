/* SPDX-License-Identifier: Apache-2.0 */
/* iam_statement: does a statement of a policy speak about a request? Three-valued; knows nothing of what follows from it. */
#ifndef KDIAG_IAM_STATEMENT_H
#define KDIAG_IAM_STATEMENT_H

#include <stdbool.h>

#include "common/iam_caller.h"
#include "common/iam_context.h"
#include "common/iam_document.h"
#include "common/iam_match.h"

/* A request, prepared for matching. All is borrowed. */
struct iam_ask {
	const struct iam_caller *caller;
	const struct iam_context *context;
	struct iam_text action; /* in lower case */
	struct iam_arn resource;
	bool has_boundary;
	/* Keys that follow from the resource, for a context that is not complete; NULL: not known. */
	const char *resource_account, *region;
	struct iam_work work;
};

/*
 * IAM_TRUE, and in *level how directly the caller is meant (always IAM_LEVEL_DIRECT but in a resource policy); IAM_UNKNOWN: that hangs on *key; or IAM_FALSE.
 */
enum iam_truth iam_statement_match(
    const struct iam_statement *statement, struct iam_ask *ask, enum iam_level *level, const char **key);

#endif
