/* SPDX-License-Identifier: Apache-2.0 */
/*
 * option_value: one value of an option, between option.c (reads and writes it) and settings.c (keeps it). Private to
 * these two.
 */
#ifndef KDIAG_OPTION_VALUE_H
#define KDIAG_OPTION_VALUE_H

#include <kdiag/probe.h>

enum { OPTION_MICRO = 1000000 }; /* a percentage is kept in millionths, so that borders compare exactly */

struct option_value {
	bool set;
	int64_t number; /* integer; boolean as 0 or 1; duration in seconds; percent in millionths */
	char *text;
	char **list;
	size_t count;
};

void option_value_clear(struct option_value *value);
/* Reads text by the row's type into an empty value; on -1 the value may hold parts, for the caller to clear. */
int option_value_read(const struct kd_option *option, const char *text, struct option_value *value, char **cause);
/* Adds an entry of len bytes (not NUL-terminated) to a list. */
int option_value_add(
    const struct kd_option *option, const char *entry, size_t len, struct option_value *value, char **cause);
/* As a user would write it; the caller's. */
char *option_value_write(const struct kd_option *option, const struct option_value *value);

#endif
