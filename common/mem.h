/* SPDX-License-Identifier: Apache-2.0 */
/* mem: allocation that cannot fail (the program ends with a message instead), and sentences about mistakes. */
#ifndef KDIAG_MEM_H
#define KDIAG_MEM_H

#include <stdarg.h>
#include <stddef.h>

#include <kdiag/probe.h>

/* Zeroed memory for count things of size bytes; the caller's, for free(). */
void *mem_new(size_t count, size_t size);
/* realloc() for count things of size bytes, overflow checked; what is added is not zeroed. */
void *mem_resize(void *p, size_t count, size_t size);
/* Copies; NULL stays NULL. */
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t len);
char *mem_printf(const char *fmt, ...) KD_PRINTF(1, 2);
char *mem_vprintf(const char *fmt, va_list ap) KD_PRINTF(1, 0);
/* At the start of a program that runs for months: what is large, and there for a moment, lies apart from what stays, and leaves no holes. */
void mem_keep_apart(void);
/* Gives what is free back to the system, for it does not come back by itself from between what stays: after work that took much for a moment. */
void mem_settle(void);

/*
 * Puts a sentence into *cause (freed and replaced if one is there; cause may be NULL) and returns -1, so that a
 * function that fails ends `return cause_set(cause, "...")`. cause_null() does the same and returns NULL.
 */
int cause_set(char **cause, const char *fmt, ...) KD_PRINTF(2, 3);
void *cause_null(char **cause, const char *fmt, ...) KD_PRINTF(2, 3);

#endif
