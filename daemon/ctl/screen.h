/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen: how things look: colour or none, UTF-8 or ASCII, widths, wrapping, ages, tables. Everything that is printed through it is made safe for
 * a terminal first. Knows nothing of where the texts come from.
 */
#ifndef KDIAG_CTL_SCREEN_H
#define KDIAG_CTL_SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <kdiag/probe.h>

struct screen {
	FILE *out;
	bool terminal, color, utf8;
	size_t width;
};

enum { SCREEN_AGE_SIZE = 32, SCREEN_WIDTH = 80 };

/* Looks at the stream, the environment (NO_COLOR, TERM) and the locale, which the caller has set. No terminal: 80 columns. */
void screen_init(struct screen *screen, FILE *out, bool no_color);

/* Safe to print: control characters escaped, in ASCII where UTF-8 cannot be shown. NULL becomes "". The caller's. */
char *screen_safe(const struct screen *screen, const char *text);
/* The same of a printf, on the screen. What is not plain in fmt must be text or numbers: escape sequences do not survive. */
void screen_printf(const struct screen *screen, const char *fmt, ...) KD_PRINTF(2, 3);
/* One line, whatever the texts hold: newlines among them are escaped, too, and one is added. */
void screen_print_line(const struct screen *screen, const char *fmt, ...) KD_PRINTF(2, 3);
/* " · " or " - " */
const char *screen_dot(const struct screen *screen);

/* "CRIT", "WARN", "?", "info", "ok" */
const char *screen_word(enum kd_severity severity);
/* The SGR sequence that begins a severity's colour, and the one that ends it; "" without colour. */
const char *screen_color(const struct screen *screen, enum kd_severity severity);
const char *screen_plain(const struct screen *screen);

/* "8 s", "23 min", "2 h", "3 d": one unit, rounded down; returns buf. */
const char *screen_age(int64_t ms, char buf[SCREEN_AGE_SIZE]);
/* "10:23:04Z", with its date before it when that is not now's day: "2026-11-21 10:23:04Z"; "never" for 0. Returns buf. */
const char *screen_time(int64_t ms, int64_t now_ms, char buf[SCREEN_AGE_SIZE]);
/* "10:23Z", with its date before it when that is not now's day: "2026-11-21 10:23Z". Returns buf. */
const char *screen_minute(int64_t ms, int64_t now_ms, char buf[SCREEN_AGE_SIZE]);
/* A length of time that someone asked for, exactly: "24 h", "90 min", "7 d"; returns buf. */
const char *screen_span(int64_t seconds, char buf[SCREEN_AGE_SIZE]);
/* "46,920,000"; returns buf. */
const char *screen_integer(int64_t value, char buf[SCREEN_AGE_SIZE]);

/* How many bytes of text make its first line of at most `columns`, and in *skip how many to leave out behind it. Whole words where possible; else
 * whole parts of a name, by its slashes or by "-_:=". */
size_t screen_break(const char *text, size_t columns, size_t *skip);
/*
 * "  LABEL   text": the label in its column, the text wrapped behind it. indent is where the text's column begins; the label's own begins at
 * label_indent. An empty label is fine. text may come from anywhere.
 */
void screen_paragraph(
    const struct screen *screen, size_t label_indent, const char *label, size_t indent, const char *text);

#endif
