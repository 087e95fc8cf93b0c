/* SPDX-License-Identifier: Apache-2.0 */
/* formula_spec: owns the keys of a formula; knows nothing of what it counts. */
#include "test/awssim/formula_spec.h"

#include <string.h>

#include <kdiag/probe.h>

#include "common/mem.h"
#include "common/text.h"

enum { HOURS_MAX = 24 };

/* ---- changes ---- */

struct change_spec {
	struct formula_change change;
	int ways; /* how many of to, times, absent were said */
};

/* "20m" after the origin, "-20m" before it. */
static int
read_at(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct change_spec *spec = into;
	const char *text = decode_text(in, node, "at");
	bool before = text != NULL && *text == '-';
	int64_t seconds;

	if (text == NULL)
		return -1;
	if (text_parse_duration(text + before, &seconds) != 0)
		return decode_fail(in, node, "\"%.80s\" is no time: write 20m, or -20m for before the start", text);
	spec->change.at_ms = (before ? -seconds : seconds) * 1000;
	return 0;
}

static int
read_way(const struct decode *in, const struct yaml_node *node, struct change_spec *spec, enum formula_way way)
{
	spec->change.way = way;
	spec->ways++;
	return decode_number(in, node, 0, 0, &spec->change.amount);
}

static int
read_to(const struct decode *in, const struct yaml_node *node, void *into)
{
	return read_way(in, node, into, FORMULA_TO);
}

static int
read_times(const struct decode *in, const struct yaml_node *node, void *into)
{
	return read_way(in, node, into, FORMULA_TIMES);
}

static int
read_absent(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct change_spec *spec = into;
	const char *text = decode_text(in, node, "absent");

	if (text == NULL)
		return -1;
	spec->change.way = FORMULA_ABSENT;
	spec->ways++;
	return strcmp(text, "true") == 0 ? 0 : decode_fail(in, node, "absent is true, or not said");
}

static const struct decode_field change_fields[] = {
    {.key = "at", .type = DECODE_READER, .read = read_at, .required = true},
    {.key = "over", .type = DECODE_DURATION, .offset = offsetof(struct change_spec, change.over_ms)},
    {.key = "for", .type = DECODE_DURATION, .offset = offsetof(struct change_spec, change.for_ms)},
    {.key = "to", .type = DECODE_READER, .read = read_to},
    {.key = "times", .type = DECODE_READER, .read = read_times},
    {.key = "absent", .type = DECODE_READER, .read = read_absent},
};

static int
read_changes(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct formula *formula = into;

	if (decode_list(in, node, "changes") != 0)
		return -1;
	if (node->count > FORMULA_CHANGES_MAX)
		return decode_fail(in, node, "more than %d changes", FORMULA_CHANGES_MAX);
	formula->changes = mem_new(node->count, sizeof(*formula->changes));
	for (size_t i = 0; i < node->count; i++) {
		struct change_spec spec = {0};

		if (decode_map(in, &node->children[i], change_fields, KD_COUNT(change_fields), &spec) != 0)
			return -1;
		if (spec.ways != 1)
			return decode_fail(in, &node->children[i], "a change says one of to, times, absent");
		formula->changes[formula->changes_count++] = spec.change;
	}
	return 0;
}

/* ---- the formula ---- */

#define AT(member) .offset = offsetof(struct formula, member)

static const struct decode_field fields[] = {
    {.key = "base", .type = DECODE_NUMBER, AT(base), .required = true},
    {.key = "day", .type = DECODE_FRACTION, AT(day)},
    {.key = "peak_hour", .type = DECODE_NUMBER, AT(peak_hour), .max = HOURS_MAX},
    {.key = "from_hour", .type = DECODE_NUMBER, AT(from_hour), .max = HOURS_MAX},
    {.key = "to_hour", .type = DECODE_NUMBER, AT(to_hour), .max = HOURS_MAX},
    {.key = "noise", .type = DECODE_FRACTION, AT(noise)},
    {.key = "changes", .type = DECODE_READER, .read = read_changes},
};

int
formula_spec_read(const struct decode *in, const struct yaml_node *node, struct formula *formula)
{
	int rc;

	*formula = (struct formula){0};
	if (node->kind == YAML_SCALAR_KIND)
		rc = decode_number(in, node, 0, 0, &formula->base);
	else
		rc = decode_map(in, node, fields, KD_COUNT(fields), formula);
	if (rc != 0)
		formula_clear(formula);
	return rc;
}
