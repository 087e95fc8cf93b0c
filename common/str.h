/* SPDX-License-Identifier: Apache-2.0 */
/* str: a growing string. Zero-initialised it is empty; `s` is NUL-terminated once anything was added, else NULL. */
#ifndef KDIAG_STR_H
#define KDIAG_STR_H

#include <stdarg.h>
#include <stddef.h>

#include <kdiag/probe.h>

struct str {
	char *s;
	size_t len, cap;
};

/* Room for len bytes more, so that what is known to come takes one allocation. */
void str_reserve(struct str *str, size_t len);
void str_add(struct str *str, const char *s);
void str_add_len(struct str *str, const char *s, size_t len);
void str_add_char(struct str *str, char c);
void str_printf(struct str *str, const char *fmt, ...) KD_PRINTF(2, 3);
void str_vprintf(struct str *str, const char *fmt, va_list ap) KD_PRINTF(2, 0);
/* Forgets the text, keeps the memory. */
void str_clear(struct str *str);
void str_free(struct str *str);
/* Hands the text over ("" when nothing was added) and empties str. */
char *str_take(struct str *str);

#endif
