/* SPDX-License-Identifier: Apache-2.0 */
/* table: owns the layout of rows and columns; knows nothing of what the cells mean. */
#include "daemon/ctl/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "daemon/ctl/pen.h"

enum {
	GAP = 2,        /* between columns */
	WRAP_GOOD = 30, /* narrower, a sentence is hard to read: names are cut before that */
	WRAP_MIN = 16,  /* and narrower yet when they can be cut no more; then the terminal wraps the line */
	NAME_MIN = 10,  /* a name is not cut below that, */
	NAME_SHARE = 3, /* and not below this part of the screen before the sentence gives way */
};

struct row {
	enum kd_severity severity;
	char *cells[TABLE_COLUMNS_MAX];
};

struct table {
	const struct screen *screen;
	enum table_kind kinds[TABLE_COLUMNS_MAX];
	size_t columns;
	struct row *rows;
	size_t count;
};

struct table *
table_new(const struct screen *screen, const enum table_kind *kinds, size_t count)
{
	struct table *table = mem_new(1, sizeof *table);

	assert(count <= TABLE_COLUMNS_MAX);
	table->screen = screen;
	table->columns = count;
	memcpy(table->kinds, kinds, count * sizeof *kinds);
	return table;
}

void
table_free(struct table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->count; i++)
		for (size_t j = 0; j < table->columns; j++)
			free(table->rows[i].cells[j]);
	free(table->rows);
	free(table);
}

void
table_add(struct table *table, enum kd_severity severity, const char *const *cells)
{
	struct row *row;

	if (table->count % 64 == 0)
		table->rows = mem_resize(table->rows, table->count + 64, sizeof *table->rows);
	row = &table->rows[table->count++];
	row->severity = severity;
	for (size_t j = 0; j < table->columns; j++)
		row->cells[j] = screen_safe(table->screen, cells[j]);
}

/* ---- widths ---- */

static size_t
sum_widths(const struct table *table, const size_t *widths)
{
	size_t sum = 0;

	for (size_t j = 0; j < table->columns; j++)
		if (widths[j] > 0)
			sum += widths[j] + (sum > 0 ? GAP : 0);
	return sum;
}

/* The widest name that is wider than that; -1: none. */
static int
find_widest_name(const struct table *table, const size_t *widths, size_t min)
{
	int widest = -1;

	for (size_t j = 0; j < table->columns; j++)
		if (table->kinds[j] == TABLE_NAME && widths[j] > min && (widest < 0 || widths[j] > widths[widest]))
			widest = (int)j;
	return widest;
}

/* Takes up to `excess` from a width, down to `min`; returns what is left to take. */
static size_t
shrink(size_t *width, size_t min, size_t excess)
{
	size_t taken = *width > min ? *width - min : 0;

	if (taken > excess)
		taken = excess;
	*width -= taken;
	return excess - taken;
}

static size_t
shrink_names(const struct table *table, size_t *widths, size_t min, size_t excess)
{
	int name;

	while (excess > 0 && (name = find_widest_name(table, widths, min)) >= 0)
		excess = shrink(&widths[name], widths[name] - 1, excess);
	return excess;
}

/* Names that take more than their share give way, widest first; the sentence, down to what reads well; the names again, and the sentence again. */
static void
squeeze(const struct table *table, size_t *widths, size_t excess)
{
	size_t none = 0, *wrap = &none;

	for (size_t j = 0; j < table->columns; j++)
		if (table->kinds[j] == TABLE_WRAP)
			wrap = &widths[j];
	if (wrap != &none)
		excess = shrink_names(table, widths, table->screen->width / NAME_SHARE, excess);
	excess = shrink(wrap, WRAP_GOOD, excess);
	excess = shrink_names(table, widths, NAME_MIN, excess);
	shrink(wrap, WRAP_MIN, excess);
}

/* As wide as the cells, if the screen is. */
static void
measure(const struct table *table, size_t *widths)
{
	size_t sum, columns;

	for (size_t j = 0; j < table->columns; j++) {
		widths[j] = 0;
		for (size_t i = 0; i < table->count; i++)
			if ((columns = text_columns(table->rows[i].cells[j])) > widths[j])
				widths[j] = columns;
	}
	if ((sum = sum_widths(table, widths)) > table->screen->width)
		squeeze(table, widths, sum - table->screen->width);
}

/* ---- printing ---- */

static void
put_cell(const struct table *table, struct pen *pen, const struct row *row, size_t j, size_t column, size_t width)
{
	char *cell = table->kinds[j] == TABLE_NAME ? text_cut_middle(row->cells[j], width, !table->screen->utf8)
						   : mem_strdup(row->cells[j]);
	size_t columns = text_columns(cell);

	if (table->kinds[j] == TABLE_RIGHT && columns < width)
		column += width - columns;
	fputs(j == 0 ? screen_color(table->screen, row->severity) : "", pen->out);
	pen_put(pen, column, cell, strlen(cell));
	fputs(j == 0 ? screen_plain(table->screen) : "", pen->out);
	free(cell);
}

static void
print_row(const struct table *table, const struct row *row, const size_t *widths)
{
	struct pen pen = {.out = table->screen->out};
	size_t column = 0;

	for (size_t j = 0; j < table->columns; j++) {
		if (widths[j] == 0)
			continue;
		if (table->kinds[j] == TABLE_WRAP)
			pen_wrap(&pen, column, row->cells[j], widths[j]);
		else
			put_cell(table, &pen, row, j, column, widths[j]);
		column += widths[j] + GAP;
	}
	pen_end_line(&pen);
}

void
table_print(const struct table *table)
{
	size_t widths[TABLE_COLUMNS_MAX];

	measure(table, widths);
	for (size_t i = 0; i < table->count; i++)
		print_row(table, &table->rows[i], widths);
}
