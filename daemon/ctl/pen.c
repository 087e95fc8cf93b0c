/* SPDX-License-Identifier: Apache-2.0 */
/* pen: owns the column that has been reached on a line. */
#include "daemon/ctl/pen.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/text.h"
#include "daemon/ctl/screen.h"

void
pen_put(struct pen *pen, size_t column, const char *text, size_t len)
{
	char *part = mem_strndup(text, len);

	if (len > 0) {
		fprintf(pen->out, "%*s%s", column > pen->at ? (int)(column - pen->at) : 0, "", part);
		pen->at = (column > pen->at ? column : pen->at) + text_columns(part);
	}
	free(part);
}

void
pen_end_line(struct pen *pen)
{
	fputc('\n', pen->out);
	pen->at = 0;
}

void
pen_wrap(struct pen *pen, size_t column, const char *text, size_t width)
{
	size_t len, skip;

	for (;;) {
		len = screen_break(text, width, &skip);
		pen_put(pen, column, text, len);
		text += len + skip;
		if (*text == '\0')
			return;
		pen_end_line(pen);
	}
}
