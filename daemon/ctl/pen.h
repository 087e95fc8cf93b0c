/* SPDX-License-Identifier: Apache-2.0 */
/* pen: writes texts at columns, padding no line at its end. Knows nothing of what they mean. */
#ifndef KDIAG_CTL_PEN_H
#define KDIAG_CTL_PEN_H

#include <stddef.h>
#include <stdio.h>

/* The column we are at: what is to stand left of it follows at once. */
struct pen {
	FILE *out;
	size_t at;
};

/* len bytes of a text that has been made safe; nothing, not even padding, for none. */
void pen_put(struct pen *pen, size_t column, const char *text, size_t len);
void pen_end_line(struct pen *pen);
/* The text, wrapped at `width` columns; its last line is not ended. */
void pen_wrap(struct pen *pen, size_t column, const char *text, size_t width);

#endif
