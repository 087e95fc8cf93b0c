/* SPDX-License-Identifier: Apache-2.0 */
/* log_group_spec: owns the keys of a log group. */
#include "test/awssim/log_group_spec.h"

#include <stdlib.h>
#include <string.h>

#include <kdiag/probe.h>

#include "common/mem.h"
#include "test/awssim/formula_spec.h"
#include "test/awssim/scenario.h"

enum { GROUPS_MAX = 1000, AGE_MS = 30 * 86400 };

static int
read_per_min(const struct decode *in, const struct yaml_node *node, void *into)
{
	return formula_spec_read(in, node, &((struct log_template_spec *)into)->per_min);
}

static const struct decode_field template_fields[] = {
    {.key = "text", .type = DECODE_STRING, .offset = offsetof(struct log_template_spec, text), .required = true},
    {.key = "per_min", .type = DECODE_READER, .read = read_per_min, .required = true},
};

static int
read_templates(const struct decode *in, const struct yaml_node *node, void *into)
{
	const struct scenario *scenario = in->arg;
	struct sim_log_group *group = into;

	if (decode_list(in, node, "templates") != 0)
		return -1;
	if (node->count > LOG_GROUP_TEMPLATES_MAX)
		return decode_fail(in, node, "more than %d templates", LOG_GROUP_TEMPLATES_MAX);
	group->templates = mem_new(node->count, sizeof(*group->templates));
	group->templates_count = node->count;
	for (size_t i = 0; i < node->count; i++) {
		struct log_template_spec *template = &group->templates[i];

		if (decode_map(in, &node->children[i], template_fields, KD_COUNT(template_fields), template) != 0)
			return -1;
		template->per_min.origin_ms = scenario->start_ms;
	}
	return 0;
}

#define LATE(member) .offset = offsetof(struct sim_log_group, member)

static const struct decode_field late_fields[] = {
    {.key = "share", .type = DECODE_FRACTION, LATE(late_share), .required = true},
    {.key = "by", .type = DECODE_DURATION, LATE(late_ms), .required = true},
};

static int
read_late(const struct decode *in, const struct yaml_node *node, void *into)
{
	return decode_map(in, node, late_fields, KD_COUNT(late_fields), into);
}

static const struct decode_field group_fields[] = {
    {.key = "name", .type = DECODE_STRING, LATE(name), .required = true},
    {.key = "region", .type = DECODE_STRING, LATE(region)},
    {.key = "account", .type = DECODE_STRING, LATE(account)},
    {.key = "streams", .type = DECODE_INTEGER, LATE(streams), .min = 1, .max = 10000},
    {.key = "page", .type = DECODE_INTEGER, LATE(page), .min = 1, .max = 10000},
    {.key = "empty_pages", .type = DECODE_INTEGER, LATE(empty_pages), .max = 1000},
    {.key = "late", .type = DECODE_READER, .read = read_late},
    {.key = "templates", .type = DECODE_READER, .read = read_templates},
};

static int
read_group(const struct decode *in, const struct yaml_node *node, struct scenario *scenario)
{
	struct sim_log_group *group = &scenario->log_groups[scenario->log_groups_count++];

	group->streams = 1;
	group->page = 10000;
	group->created_ms = scenario->start_ms - (int64_t)AGE_MS * 1000;
	if (decode_map(in, node, group_fields, KD_COUNT(group_fields), group) != 0)
		return -1;
	if (group->region == NULL)
		group->region = mem_strdup(scenario->regions[0]);
	if (group->account == NULL)
		group->account = mem_strdup(scenario->account);
	return 0;
}

int
log_group_spec_read(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct scenario *scenario = into;

	if (decode_list(in, node, "log_groups") != 0)
		return -1;
	if (node->count > GROUPS_MAX)
		return decode_fail(in, node, "more than %d log groups", GROUPS_MAX);
	scenario->log_groups = mem_new(node->count, sizeof(*scenario->log_groups));
	for (size_t i = 0; i < node->count; i++)
		if (read_group(in, &node->children[i], scenario) != 0)
			return -1;
	return 0;
}
