/* SPDX-License-Identifier: Apache-2.0 */
/* iam_value: the texts of condition values as numbers, dates, addresses, booleans and bytes (IAM user guide, "Condition operators"). Pure. */
#ifndef KDIAG_IAM_VALUE_H
#define KDIAG_IAM_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/iam_arena.h"

/* An address, or a network of `bits` leading bits. Version 4 stands in the first four bytes. */
struct iam_network {
	unsigned char address[16];
	unsigned bits;
	bool v6;
};

/* Each: whether the text is one of its kind. */
/* A decimal number with sign, fraction and exponent; no hex, no "inf". */
bool iam_value_number(const char *text, double *number);
/* W3C's profile of ISO 8601 (year, year-month, date, date with hh:mm[:ss[.fraction]] and Z or ±hh:mm; without a zone it is UTC), or epoch seconds. */
bool iam_value_date(const char *text, double *epoch_s);
/* "true" or "false", case ignored. */
bool iam_value_boolean(const char *text, bool *value);
/* "203.0.113.0/24", "2001:db8::/32"; without a prefix it is one address. */
bool iam_value_network(const char *text, struct iam_network *network);
/* Is the address (a network of all its bits) in the network? */
bool iam_value_in_network(const struct iam_network *network, const struct iam_network *address);
/* Base64 with its padding; the bytes are the arena's. */
bool iam_value_base64(struct iam_arena *arena, const char *text, const char **bytes, size_t *len);

#endif
