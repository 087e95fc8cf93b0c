/* SPDX-License-Identifier: Apache-2.0 */
/* iam_world: the simulated IAM: policies with their versions, roles, users and groups, and the policies of resources. Knows no request. */
#ifndef KDIAG_AWSSIM_IAM_WORLD_H
#define KDIAG_AWSSIM_IAM_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "test/awssim/decode.h"

struct sim_text {
	char *name, *document; /* an inline policy, or a version by its id */
};

struct sim_policy {
	char *account; /* "aws": AWS's own, which each account sees */
	char *name, *arn, *default_version;
	struct sim_text *versions;
	size_t versions_count;
};

enum sim_holder_kind { SIM_ROLE, SIM_USER, SIM_GROUP };

struct sim_holder {
	enum sim_holder_kind kind;
	char *account, *name, *path;
	char *boundary;  /* an ARN; NULL: it has none */
	char **attached; /* ARNs */
	size_t attached_count;
	struct sim_text *inlines;
	size_t inlines_count;
	char **groups; /* of a user */
	size_t groups_count;
};

/* Zero-initialised it is empty. */
struct iam_world {
	struct sim_policy *policies;
	size_t policies_count;
	struct sim_holder *holders;
	size_t holders_count;
	struct sim_text *resources; /* by ARN */
	size_t resources_count;
	int64_t page; /* entries of a page at most; 0: as AWS, 100 */
};

/* Reads a map as it stands under `iam`: what is there already under the same name is replaced. account: of entries that name none. 0, or -1 with a sentence. */
int iam_world_read(struct iam_world *world, const char *account, const struct decode *in, const struct yaml_node *node);
void iam_world_clear(struct iam_world *world);

/* NULL: there is none. Names ignore case, as IAM's do. */
const struct sim_holder *iam_world_find_holder(
    const struct iam_world *world, enum sim_holder_kind kind, const char *account, const char *name);
const struct sim_policy *iam_world_find_policy(const struct iam_world *world, const char *account, const char *arn);
const struct sim_text *iam_world_find_text(const struct sim_text *texts, size_t count, const char *name);
/* The policy of a stream or a consumer; NULL: it has none. */
const char *iam_world_find_resource(const struct iam_world *world, const char *arn);

#endif
