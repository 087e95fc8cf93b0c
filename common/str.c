/* SPDX-License-Identifier: Apache-2.0 */
/* str: owns a growing string and its memory; knows nothing of what is in it. */
#include "common/str.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

enum { FIRST_CAP = 64 };

/* Doubling keeps many small additions linear. */
static void
grow(struct str *str, size_t more)
{
	size_t cap = str->cap > 0 ? str->cap : FIRST_CAP;

	assert(more < SIZE_MAX / 2 - str->len);
	while (cap < str->len + more + 1)
		cap *= 2;
	str->s = mem_resize(str->s, cap, 1);
	str->cap = cap;
}

/* Room for `more` bytes and the NUL behind them. */
static inline void
make_room(struct str *str, size_t more)
{
	if (more >= str->cap - str->len)
		grow(str, more);
}

void
str_reserve(struct str *str, size_t len)
{
	make_room(str, len);
}

void
str_add(struct str *str, const char *s)
{
	str_add_len(str, s, strlen(s));
}

void
str_add_len(struct str *str, const char *s, size_t len)
{
	make_room(str, len);
	if (len > 0)
		memcpy(str->s + str->len, s, len);
	str->len += len;
	str->s[str->len] = '\0';
}

void
str_add_char(struct str *str, char c)
{
	make_room(str, 1);
	str->s[str->len++] = c;
	str->s[str->len] = '\0';
}

void
str_printf(struct str *str, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(str, fmt, ap);
	va_end(ap);
}

void
str_vprintf(struct str *str, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	assert(len >= 0);
	make_room(str, (size_t)len);
	vsnprintf(str->s + str->len, (size_t)len + 1, fmt, ap);
	str->len += (size_t)len;
}

void
str_clear(struct str *str)
{
	str->len = 0;
	if (str->s != NULL)
		str->s[0] = '\0';
}

void
str_free(struct str *str)
{
	free(str->s);
	*str = (struct str){0};
}

char *
str_take(struct str *str)
{
	char *s = str->s != NULL ? str->s : mem_strdup("");

	*str = (struct str){0};
	return s;
}
