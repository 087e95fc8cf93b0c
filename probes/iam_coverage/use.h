/* SPDX-License-Identifier: Apache-2.0 */
/* use: the table of what each use of a stream needs, and on what: the runbook's "verify that the policy includes the actions", as data. */
#ifndef KDIAG_PROBE_IAM_USE_H
#define KDIAG_PROBE_IAM_USE_H

#include <stdbool.h>
#include <stddef.h>

enum use_on { ON_STREAM, ON_CONSUMERS, ON_TABLE, ON_INDEX, ON_KEY, ON_ANYTHING, ON_KINDS };

struct use_action {
	const char *name;
	enum use_on on;
	bool vital; /* its use cannot do without */
};

struct use {
	const char *name;
	const struct use_action *actions;
	size_t count;
	struct use_action key; /* on a customer's KMS key */
};

/* "producer", "kcl" …; NULL: no such use. */
const struct use *use_find(const char *name);
/* What an action that was declared by its name is made on. */
enum use_on use_place(const char *action);

#endif
