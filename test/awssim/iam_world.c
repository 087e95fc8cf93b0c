/* SPDX-License-Identifier: Apache-2.0 */
/* iam_world: owns the keys of `iam` in a scenario and what they make. */
#include "test/awssim/iam_world.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <kdiag/probe.h>

#include "common/iam_document.h"
#include "common/mem.h"

enum { ENTRIES_MAX = 10000, LIST_MAX = 1000 };

/* The decode's arg while `iam` is read. */
struct reading {
	struct iam_world *world;
	const char *account;
	enum sim_holder_kind kind;
};

/* ---- documents and lists ---- */

/* A document that AWS would not take is a mistake of the scenario; behind a "!" it is taken as it is. */
static int
take_document(const struct decode *in, const struct yaml_node *node, enum iam_document_kind kind, char **document)
{
	const char *text = decode_text(in, node, "a document");
	struct iam_arena arena = {0};
	struct iam_document compiled;
	char *cause = NULL;
	int rc = 0;

	if (text == NULL)
		return -1;
	if (strncmp(text, "!", 1) == 0)
		text++; /* as it is, however wrong */
	else if (iam_document_read(&arena, text, strlen(text), kind, &compiled, &cause) != 0)
		rc = decode_fail(in, node, "no policy document: %.200s", cause);
	if (rc == 0)
		*document = mem_strdup(text);
	iam_arena_free(&arena);
	free(cause);
	return rc;
}

/* {NAME: document, …} */
static int
read_texts(const struct decode *in, const struct yaml_node *node, struct sim_text **texts, size_t *count)
{
	if (node->kind != YAML_MAP_KIND || node->count > LIST_MAX)
		return decode_fail(in, node, "write a map, NAME: 'document', of at most %d", LIST_MAX);
	*texts = mem_new(node->count, sizeof(**texts));
	for (size_t i = 0; i < node->count; i++) {
		struct sim_text *text = &(*texts)[(*count)++];

		text->name = mem_strdup(node->children[i].key);
		if (take_document(in, &node->children[i], IAM_IDENTITY_POLICY, &text->document) != 0)
			return -1;
	}
	return 0;
}

static void
clear_texts(struct sim_text *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(texts[i].name);
		free(texts[i].document);
	}
	free(texts);
}

static void
clear_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

/* The ARN of a policy that is named without one. */
static char *
policy_arn(const char *account, const char *name)
{
	return strncmp(name, "arn:", 4) == 0 ? mem_strdup(name)
					     : mem_printf("arn:aws:iam::%s:policy/%s", account, name);
}

/* ---- policies ---- */

#define POLICY(member) .offset = offsetof(struct sim_policy, member)

static int
read_versions(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct sim_policy *policy = into;

	return read_texts(in, node, &policy->versions, &policy->versions_count);
}

static int
read_document(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct sim_policy *policy = into;

	policy->versions = mem_new(1, sizeof(*policy->versions));
	policy->versions_count = 1;
	policy->versions[0].name = mem_strdup("v1");
	return take_document(in, node, IAM_IDENTITY_POLICY, &policy->versions[0].document);
}

static const struct decode_field policy_fields[] = {
    {.key = "name", .type = DECODE_STRING, POLICY(name), .required = true},
    {.key = "arn", .type = DECODE_STRING, POLICY(arn)},
    {.key = "account", .type = DECODE_STRING, POLICY(account)},
    {.key = "default", .type = DECODE_STRING, POLICY(default_version)},
    {.key = "document", .type = DECODE_READER, .read = read_document},
    {.key = "versions", .type = DECODE_READER, .read = read_versions},
};

static void
clear_policy(struct sim_policy *policy)
{
	free(policy->account);
	free(policy->name);
	free(policy->arn);
	free(policy->default_version);
	clear_texts(policy->versions, policy->versions_count);
}

static void
put_policy_taken(struct iam_world *world, const struct sim_policy *policy)
{
	for (size_t i = 0; i < world->policies_count; i++) {
		if (strcmp(world->policies[i].arn, policy->arn) != 0)
			continue;
		clear_policy(&world->policies[i]);
		world->policies[i] = *policy;
		return;
	}
	world->policies = mem_resize(world->policies, world->policies_count + 1, sizeof(*world->policies));
	world->policies[world->policies_count++] = *policy;
}

static int
read_policy(const struct decode *in, const struct yaml_node *node)
{
	const struct reading *reading = in->arg;
	struct sim_policy policy = {0};

	if (decode_map(in, node, policy_fields, KD_COUNT(policy_fields), &policy) != 0)
		goto fail;
	if (policy.account == NULL)
		policy.account =
		    mem_strdup(policy.arn != NULL && strstr(policy.arn, "::aws:") != NULL ? "aws" : reading->account);
	if (policy.arn == NULL)
		policy.arn = policy_arn(policy.account, policy.name);
	if (policy.versions_count == 0) {
		decode_fail(in, node, "policy %.80s has no document", policy.name);
		goto fail;
	}
	if (policy.default_version == NULL)
		policy.default_version = mem_strdup(policy.versions[policy.versions_count - 1].name);
	put_policy_taken(reading->world, &policy);
	return 0;
fail:
	clear_policy(&policy);
	return -1;
}

/* ---- roles, users, groups ---- */

static int
read_names(const struct decode *in, const struct yaml_node *node, const char *what, char ***names, size_t *count)
{
	if (decode_list(in, node, what) != 0)
		return -1;
	if (node->count > LIST_MAX)
		return decode_fail(in, node, "more than %d of %s", LIST_MAX, what);
	*names = mem_new(node->count, sizeof(**names));
	for (size_t i = 0; i < node->count; i++) {
		const char *text = decode_text(in, &node->children[i], what);

		if (text == NULL)
			return -1;
		(*names)[(*count)++] = mem_strdup(text);
	}
	return 0;
}

static int
read_attached(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct sim_holder *holder = into;

	return read_names(in, node, "attached", &holder->attached, &holder->attached_count);
}

static int
read_groups_of(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct sim_holder *holder = into;

	return read_names(in, node, "groups", &holder->groups, &holder->groups_count);
}

static int
read_inline(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct sim_holder *holder = into;

	return read_texts(in, node, &holder->inlines, &holder->inlines_count);
}

#define HOLDER(member) .offset = offsetof(struct sim_holder, member)

static const struct decode_field holder_fields[] = {
    {.key = "name", .type = DECODE_STRING, HOLDER(name), .required = true},
    {.key = "path", .type = DECODE_STRING, HOLDER(path)},
    {.key = "account", .type = DECODE_STRING, HOLDER(account)},
    {.key = "boundary", .type = DECODE_STRING, HOLDER(boundary)},
    {.key = "attached", .type = DECODE_READER, .read = read_attached},
    {.key = "inline", .type = DECODE_READER, .read = read_inline},
    {.key = "groups", .type = DECODE_READER, .read = read_groups_of},
};

static void
clear_holder(struct sim_holder *holder)
{
	free(holder->account);
	free(holder->name);
	free(holder->path);
	free(holder->boundary);
	clear_names(holder->attached, holder->attached_count);
	clear_texts(holder->inlines, holder->inlines_count);
	clear_names(holder->groups, holder->groups_count);
}

static void
put_holder_taken(struct iam_world *world, const struct sim_holder *holder)
{
	struct sim_holder *before =
	    (struct sim_holder *)iam_world_find_holder(world, holder->kind, holder->account, holder->name);

	if (before != NULL) {
		clear_holder(before);
		*before = *holder;
		return;
	}
	world->holders = mem_resize(world->holders, world->holders_count + 1, sizeof(*world->holders));
	world->holders[world->holders_count++] = *holder;
}

/* Policies are kept by their ARNs, however they were named. */
static void
name_policies(struct sim_holder *holder)
{
	char *arn;

	for (size_t i = 0; i < holder->attached_count; i++) {
		arn = policy_arn(holder->account, holder->attached[i]);
		free(holder->attached[i]);
		holder->attached[i] = arn;
	}
	if (holder->boundary == NULL)
		return;
	arn = policy_arn(holder->account, holder->boundary);
	free(holder->boundary);
	holder->boundary = arn;
}

static int
read_holder(const struct decode *in, const struct yaml_node *node)
{
	const struct reading *reading = in->arg;
	struct sim_holder holder = {.kind = reading->kind};

	if (decode_map(in, node, holder_fields, KD_COUNT(holder_fields), &holder) != 0) {
		clear_holder(&holder);
		return -1;
	}
	if (holder.account == NULL)
		holder.account = mem_strdup(reading->account);
	if (holder.path == NULL)
		holder.path = mem_strdup("/");
	name_policies(&holder);
	put_holder_taken(reading->world, &holder);
	return 0;
}

/* ---- resource policies ---- */

static int
read_resources(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct iam_world *world = into;

	if (node->kind != YAML_MAP_KIND || node->count > LIST_MAX)
		return decode_fail(in, node, "write a map, \"ARN\": 'document', of at most %d", LIST_MAX);
	for (size_t i = 0; i < node->count; i++) {
		struct sim_text text = {0};

		if (take_document(in, &node->children[i], IAM_RESOURCE_POLICY, &text.document) != 0)
			return -1;
		text.name = mem_strdup(node->children[i].key);
		world->resources = mem_resize(world->resources, world->resources_count + 1, sizeof(text));
		world->resources[world->resources_count++] = text;
	}
	return 0;
}

/* ---- all ---- */

static int
read_all(const struct decode *in, const struct yaml_node *node, const char *what,
    int (*read)(const struct decode *in, const struct yaml_node *node))
{
	if (decode_list(in, node, what) != 0)
		return -1;
	if (node->count > ENTRIES_MAX)
		return decode_fail(in, node, "more than %d of %s", ENTRIES_MAX, what);
	for (size_t i = 0; i < node->count; i++)
		if (read(in, &node->children[i]) != 0)
			return -1;
	return 0;
}

static int
read_policies(const struct decode *in, const struct yaml_node *node, void *into)
{
	(void)into;
	return read_all(in, node, "policies", read_policy);
}

static int
read_holders(const struct decode *in, const struct yaml_node *node, enum sim_holder_kind kind)
{
	static const char *const whats[] = {[SIM_ROLE] = "roles", [SIM_USER] = "users", [SIM_GROUP] = "groups"};

	((struct reading *)in->arg)->kind = kind;
	return read_all(in, node, whats[kind], read_holder);
}

static int
read_roles(const struct decode *in, const struct yaml_node *node, void *into)
{
	(void)into;
	return read_holders(in, node, SIM_ROLE);
}

static int
read_users(const struct decode *in, const struct yaml_node *node, void *into)
{
	(void)into;
	return read_holders(in, node, SIM_USER);
}

static int
read_groups(const struct decode *in, const struct yaml_node *node, void *into)
{
	(void)into;
	return read_holders(in, node, SIM_GROUP);
}

int
iam_world_read(struct iam_world *world, const char *account, const struct decode *in, const struct yaml_node *node)
{
	static const struct decode_field fields[] = {
	    {.key = "page", .type = DECODE_INTEGER, .offset = offsetof(struct iam_world, page), .min = 1, .max = 1000},
	    {.key = "policies", .type = DECODE_READER, .read = read_policies},
	    {.key = "groups", .type = DECODE_READER, .read = read_groups},
	    {.key = "users", .type = DECODE_READER, .read = read_users},
	    {.key = "roles", .type = DECODE_READER, .read = read_roles},
	    {.key = "resource_policies", .type = DECODE_READER, .read = read_resources},
	};
	struct reading reading = {.world = world, .account = account};
	const struct decode here = {.file = in->file, .cause = in->cause, .arg = &reading};

	return decode_map(&here, node, fields, KD_COUNT(fields), world);
}

void
iam_world_clear(struct iam_world *world)
{
	for (size_t i = 0; i < world->policies_count; i++)
		clear_policy(&world->policies[i]);
	for (size_t i = 0; i < world->holders_count; i++)
		clear_holder(&world->holders[i]);
	clear_texts(world->resources, world->resources_count);
	free(world->policies);
	free(world->holders);
	*world = (struct iam_world){0};
}

/* ---- finding ---- */

const struct sim_holder *
iam_world_find_holder(const struct iam_world *world, enum sim_holder_kind kind, const char *account, const char *name)
{
	for (size_t i = 0; i < world->holders_count; i++) {
		const struct sim_holder *holder = &world->holders[i];

		if (holder->kind == kind && strcmp(holder->account, account) == 0 &&
		    strcasecmp(holder->name, name) == 0)
			return holder;
	}
	return NULL;
}

const struct sim_policy *
iam_world_find_policy(const struct iam_world *world, const char *account, const char *arn)
{
	for (size_t i = 0; i < world->policies_count; i++) {
		const struct sim_policy *policy = &world->policies[i];

		if (strcmp(policy->arn, arn) == 0 &&
		    (strcmp(policy->account, account) == 0 || strcmp(policy->account, "aws") == 0))
			return policy;
	}
	return NULL;
}

const struct sim_text *
iam_world_find_text(const struct sim_text *texts, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(texts[i].name, name) == 0)
			return &texts[i];
	return NULL;
}

/* The last that was said counts. */
const char *
iam_world_find_resource(const struct iam_world *world, const char *arn)
{
	for (size_t i = world->resources_count; i-- > 0;)
		if (strcmp(world->resources[i].name, arn) == 0)
			return world->resources[i].document;
	return NULL;
}
