/* SPDX-License-Identifier: Apache-2.0 */
/* metric_points: owns the form in which values are kept: how far each is above the lowest, in as few bytes as the highest takes. */
#include "daemon/metric_points.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/mem.h"

enum {
	PLACES_MAX = 15, /* decimal ones */
	WIDTH_RAW = 8,   /* doubles as they are: what fits no whole numbers */
	COUNT_MAX = UINT16_MAX,
};

#define WHOLE_MAX  9007199254740992.0 /* 2^53: whole numbers up to it are exact */
#define DIGITS_MAX 1e7

/* Value i is (lowest + its number) / 10^places; all bits set: no datapoint. */
struct metric_points {
	int64_t lowest;
	uint16_t count;
	uint8_t width; /* bytes a number; 0: all are the lowest */
	uint8_t places;
	uint8_t bytes[];
};

struct form {
	double scale;
	unsigned places, width;
	int64_t lowest;
};

/* ---- choosing a form ---- */

static double
power_of_ten(unsigned places)
{
	double power = 1;

	while (places-- > 0)
		power *= 10;
	return power;
}

static double
highest_of(const double *values, size_t count)
{
	double highest = 0;

	for (size_t i = 0; i < count; i++)
		if (fabs(values[i]) > highest)
			highest = fabs(values[i]);
	return highest;
}

static bool
is_exact(const double *values, size_t count, double scale)
{
	for (size_t i = 0; i < count; i++)
		if (!isnan(values[i]) && rint(values[i] * scale) / scale != values[i])
			return false;
	return true;
}

/* The fewest places that keep all, or enough. false: there are none. */
static bool
choose_places(const double *values, size_t count, struct form *form)
{
	double highest = highest_of(values, count);

	for (form->places = 0; form->places <= PLACES_MAX; form->places++) {
		form->scale = power_of_ten(form->places);
		if (!(highest * form->scale < WHOLE_MAX))
			return false;
		if (is_exact(values, count, form->scale) || highest * form->scale >= DIGITS_MAX)
			return true;
	}
	return false;
}

/* The narrowest in which the highest and the mark of a gap have room. */
static void
choose_width(const double *values, size_t count, struct form *form)
{
	double lowest = INFINITY, highest = -INFINITY;
	bool gaps = false;
	uint64_t range;

	for (size_t i = 0; i < count; i++) {
		gaps |= isnan(values[i]);
		lowest = fmin(lowest, values[i]);
		highest = fmax(highest, values[i]);
	}
	form->lowest = (int64_t)rint(lowest * form->scale);
	range = (uint64_t)((int64_t)rint(highest * form->scale) - form->lowest);
	form->width = 0;
	while ((gaps || range > 0) && (range + 1) >> 8 * form->width != 0)
		form->width++;
}

/* ---- numbers ---- */

static uint64_t
gap_of(unsigned width)
{
	return (UINT64_C(1) << 8 * width) - 1;
}

static void
put(uint8_t *at, unsigned width, uint64_t number)
{
	for (unsigned i = 0; i < width; i++, number >>= 8)
		at[i] = (uint8_t)number;
}

static uint64_t
get(const uint8_t *at, unsigned width)
{
	uint64_t number = 0;

	for (unsigned i = width; i-- > 0;)
		number = number << 8 | at[i];
	return number;
}

/* ---- there and back ---- */

static struct metric_points *
new_points(const struct form *form, size_t count)
{
	struct metric_points *points = mem_new(1, sizeof(*points) + count * form->width);

	points->lowest = form->lowest;
	points->count = (uint16_t)count;
	points->width = (uint8_t)form->width;
	points->places = (uint8_t)form->places;
	return points;
}

struct metric_points *
metric_points_pack(const double *values, size_t count)
{
	struct form form = {.width = WIDTH_RAW};
	struct metric_points *points;
	size_t i = 0;

	assert(count <= COUNT_MAX);
	while (i < count && isnan(values[i]))
		i++;
	if (i == count)
		return NULL;
	if (choose_places(values, count, &form))
		choose_width(values, count, &form);
	points = new_points(&form, count);
	if (form.width == WIDTH_RAW)
		memcpy(points->bytes, values, count * sizeof(*values));
	else
		for (i = 0; i < count; i++)
			put(points->bytes + i * form.width, form.width,
			    isnan(values[i]) ? gap_of(form.width)
					     : (uint64_t)((int64_t)rint(values[i] * form.scale) - form.lowest));
	return points;
}

size_t
metric_points_count(const struct metric_points *points)
{
	return points != NULL ? points->count : 0;
}

static double
value_at(const struct metric_points *points, size_t i, double scale)
{
	const uint8_t *at = points->bytes + i * points->width;
	uint64_t number;
	double value;

	if (points->width == WIDTH_RAW) {
		memcpy(&value, at, sizeof(value));
		return value;
	}
	number = get(at, points->width);
	if (points->width > 0 && number == gap_of(points->width))
		return NAN;
	return (double)(points->lowest + (int64_t)number) / scale;
}

void
metric_points_unpack(const struct metric_points *points, long from, size_t count, double *values)
{
	double scale = points != NULL ? power_of_ten(points->places) : 1;

	for (size_t i = 0; i < count; i++) {
		long at = from + (long)i;

		values[i] =
		    at >= 0 && (size_t)at < metric_points_count(points) ? value_at(points, (size_t)at, scale) : NAN;
	}
}
