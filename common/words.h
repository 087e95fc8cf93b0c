/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words: reads AWS's words for states and modes and its 128-bit hash keys; their writing, and ages as a person says them, are kd_status_name(),
 * kd_mode_name(), kd_hash_decimal() and kd_age() of kdiag/probe.h, which live in words.c too. Pure.
 */
#ifndef KDIAG_WORDS_H
#define KDIAG_WORDS_H

#include <kdiag/probe.h>

/* "ACTIVE", also our own "GONE"; 0, or -1: no such status. */
int words_parse_status(const char *text, enum kd_status *status);
/* "PROVISIONED" or "ON_DEMAND"; 0, or -1: no such mode. */
int words_parse_mode(const char *text, enum kd_mode *mode);
/* A HashKeyRange end: 1 to 39 decimal digits, no leading zero but for "0" itself, below 2^128; 0, or -1. */
int words_parse_hash(const char *text, struct kd_hash *hash);

#endif
