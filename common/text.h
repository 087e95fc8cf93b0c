/* SPDX-License-Identifier: Apache-2.0 */
/* text: what every room that shows foreign text needs: UTF-8, escaping, cutting, matching, "did you mean". Pure. */
#ifndef KDIAG_TEXT_H
#define KDIAG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is it well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF)? NUL bytes count as well-formed. */
bool text_is_utf8(const char *s, size_t len);
/* The length of the well-formed character at s (1 to 4) and its code point; 0 when there is none. len is at least 1. */
size_t text_decode(const char *s, size_t len, uint32_t *point);
/* A copy that is well-formed UTF-8 without NUL: each bad byte becomes U+FFFD. At most max bytes, cut between characters. */
char *text_clean(const char *s, size_t len, size_t max);
/* The length of the longest prefix of s (len bytes) that is at most max bytes and does not split a UTF-8 character. */
size_t text_cut(const char *s, size_t len, size_t max);
/*
 * A copy that is safe to print in a log or on a terminal: control bytes (C0, DEL, C1 as UTF-8), U+2028/9, bidi overrides and
 * invalid UTF-8 as \xNN or \uNNNN, a backslash as \\. At most max bytes.
 */
char *text_escape(const char *s, size_t len, size_t max);
/* Columns that s takes on a terminal, by wcwidth() of its characters (the caller has set the locale); bad bytes count one. */
size_t text_columns(const char *s);
/* A copy at most `columns` wide, cut in the middle with `…` (or ".." when ascii). */
char *text_cut_middle(const char *s, size_t columns, bool ascii);

/* Whole-string match with `*` (any run) and `?` (any one byte); linear in the product of the lengths at worst, no recursion. */
bool text_glob(const char *pattern, const char *s);
/*
 * The candidate nearest to word by edit distance, when near enough to be a slip of the finger or when it holds the word ("shards", "mode" for
 * "shard_count", "stream_mode"); else NULL. Case does not count. Borrowed.
 */
const char *text_closest(const char *word, const char *const *candidates, size_t count);

/* "30s", "15m", "24h", "7d" (a whole number and one unit) into seconds; 0, or -1: it is none, or too large for 2^53 ms. */
int text_parse_duration(const char *s, int64_t *seconds);
/* The shortest form that text_parse_duration reads: "90s", "15m", "24h" (not "1d"), "7d". The result is the caller's. */
char *text_format_duration(int64_t seconds);
/* A whole decimal number with optional sign, nothing else around it; 0, or -1 (also past int64). */
int text_parse_integer(const char *s, int64_t *value);

/* What makes a noun a plural: "1 stream", "2 streams". */
const char *text_plural(size_t count);

/* A name of one of AWS's resources as the config takes it: 1 to 128 of [a-zA-Z0-9_.-] (Kinesis API reference, StreamName). */
bool text_is_stream_name(const char *s);
/* A region that may go into a host name: a DNS label of at most 63 of [a-z0-9-], not ending or starting in `-`. */
bool text_is_region(const char *s);

#endif
