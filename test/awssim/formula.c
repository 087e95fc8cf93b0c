/* SPDX-License-Identifier: Apache-2.0 */
/* formula: owns how a number moves with time; knows nothing of what it counts. */
#include "test/awssim/formula.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "test/awssim/seed.h"

enum { HOUR_MS = 3600000, DAY_HOURS = 24, MINUTE_MS = 60000 };

static const double full_turn = 6.283185307179586;

/* May begin on one day and end on the next: from 22 to 6. */
static bool
is_closed(const struct formula *formula, double hour)
{
	double from = formula->from_hour, to = formula->to_hour;

	if (from == to)
		return false;
	return from < to ? hour < from || hour >= to : hour < from && hour >= to;
}

static double
rhythm(const struct formula *formula, int64_t ms)
{
	double hour = (double)(ms % ((int64_t)DAY_HOURS * HOUR_MS)) / HOUR_MS;

	if (is_closed(formula, hour))
		return 0;
	return formula->day == 0 ? 1 : 1 + formula->day * cos(full_turn * (hour - formula->peak_hour) / DAY_HOURS);
}

/* What becomes of a value by one change, at a time since the origin. */
static double
change(const struct formula_change *one, double value, int64_t at_ms)
{
	int64_t since_ms = at_ms - one->at_ms;
	double goal = one->way == FORMULA_TIMES ? value * one->amount : one->amount;

	if (since_ms < 0 || (one->for_ms > 0 && since_ms >= one->over_ms + one->for_ms))
		return value;
	if (one->way == FORMULA_ABSENT)
		return NAN;
	if (isnan(value) || since_ms >= one->over_ms)
		return goal;
	return value + (goal - value) * (double)since_ms / (double)one->over_ms;
}

/* From -1 to 1, always the same for a minute and a salt. */
static double
noise(int64_t ms, uint64_t salt)
{
	struct seed seed;

	seed_init(&seed, ms / MINUTE_MS, salt);
	return 2 * seed_fraction(&seed) - 1;
}

double
formula_at(const struct formula *formula, int64_t ms, uint64_t salt)
{
	double value = formula->base * rhythm(formula, ms);

	for (size_t i = 0; i < formula->changes_count; i++)
		value = change(&formula->changes[i], value, ms - formula->origin_ms);
	return formula->noise == 0 ? value : value * (1 + formula->noise * noise(ms, salt));
}

struct formula
formula_copy(const struct formula *formula)
{
	struct formula copy = *formula;

	copy.changes = mem_new(formula->changes_count, sizeof(*copy.changes));
	for (size_t i = 0; i < formula->changes_count; i++)
		copy.changes[i] = formula->changes[i];
	return copy;
}

void
formula_clear(struct formula *formula)
{
	free(formula->changes);
	memset(formula, 0, sizeof(*formula));
}
