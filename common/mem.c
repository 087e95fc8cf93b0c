/* SPDX-License-Identifier: Apache-2.0 */
/* mem: owns allocation that cannot fail and the making of sentences about mistakes; knows nothing of what they are for. */
#include "common/mem.h"

#include <assert.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* abort() and not exit(): the core tells where, and exit handlers may want memory themselves. */
static _Noreturn void
out_of_memory(void)
{
	fputs("kdiag: out of memory\n", stderr);
	abort();
}

void *
mem_new(size_t count, size_t size)
{
	void *p;

	assert(size > 0);
	if ((p = calloc(count > 0 ? count : 1, size)) == NULL)
		out_of_memory();
	return p;
}

void *
mem_resize(void *p, size_t count, size_t size)
{
	assert(size > 0);
	if ((p = reallocarray(p, count > 0 ? count : 1, size)) == NULL)
		out_of_memory();
	return p;
}

char *
mem_strdup(const char *s)
{
	return s != NULL ? mem_strndup(s, strlen(s)) : NULL;
}

char *
mem_strndup(const char *s, size_t len)
{
	char *copy;

	if (s == NULL)
		return NULL;
	len = strnlen(s, len);
	if (len == SIZE_MAX || (copy = malloc(len + 1)) == NULL)
		out_of_memory();
	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *
mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = mem_vprintf(fmt, ap);
	va_end(ap);
	return s;
}

char *
mem_vprintf(const char *fmt, va_list ap)
{
	char *s;

	if (vasprintf(&s, fmt, ap) < 0)
		out_of_memory();
	return s;
}

/* The new sentence is made before the old one goes: a caller may wrap the old one into it. */
static void
replace_cause(char **cause, const char *fmt, va_list ap)
{
	char *old;

	if (cause == NULL)
		return;
	old = *cause;
	*cause = mem_vprintf(fmt, ap);
	free(old);
}

int
cause_set(char **cause, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	replace_cause(cause, fmt, ap);
	va_end(ap);
	return -1;
}

void *
cause_null(char **cause, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	replace_cause(cause, fmt, ap);
	va_end(ap);
	return NULL;
}

enum { LARGE = 128 * 1024, SPARE = 256 * 1024 };

/* glibc raises both by itself, up to 32 MiB, after the first large body that is freed. */
void
mem_keep_apart(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, LARGE);
	mallopt(M_TRIM_THRESHOLD, SPARE);
#endif
}

void
mem_settle(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
