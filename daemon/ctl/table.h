/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table: rows of cells in columns as wide as they must be and as the screen allows. One column may wrap; what stands left of it is on its first
 * line, what stands right of it on its last.
 */
#ifndef KDIAG_CTL_TABLE_H
#define KDIAG_CTL_TABLE_H

#include <stddef.h>

#include "daemon/ctl/screen.h"

enum table_kind {
	TABLE_LEFT,  /* as wide as its longest cell */
	TABLE_RIGHT, /* so, too, but flush right */
	TABLE_NAME,  /* may be cut in the middle when there is no room */
	TABLE_WRAP,  /* wraps in what is left; at most one */
};

enum { TABLE_COLUMNS_MAX = 8 };

struct table;
/* A table of columns of these kinds, TABLE_COLUMNS_MAX at most. A column in which no row has anything is left out. */
struct table *table_new(const struct screen *screen, const enum table_kind *kinds, size_t count);
void table_free(struct table *table);
/* One cell a column; copied and made safe; NULL is empty. The first cell is in the severity's colour. */
void table_add(struct table *table, enum kd_severity severity, const char *const *cells);
void table_print(const struct table *table);

#endif
