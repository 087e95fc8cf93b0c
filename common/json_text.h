/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_text: writes JSON as text, one value behind the other: for answers of thousands of findings, whose tree would take six times the memory and ten times the time. Commas are put
 * where they belong; that brackets are opened and closed in turn is the caller's affair. All is one line of ASCII, as json_line writes it.
 */
#ifndef KDIAG_JSON_TEXT_H
#define KDIAG_JSON_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

/* An object or array, as an element or behind a key. */
void json_text_open(struct str *out, char bracket);
void json_text_close(struct str *out, char bracket);
/* A member's name: its value is what is written next. */
void json_text_key(struct str *out, const char *key);

/* Values: elements, or a member's behind its key. Text of any origin is cleaned as text_clean does; NULL becomes null. */
void json_text_string(struct str *out, const char *text);
void json_text_integer(struct str *out, int64_t value);
void json_text_boolean(struct str *out, bool value);
/* What is JSON already: ASCII, in one line. */
void json_text_raw(struct str *out, const char *json);

/* A key and its value in one. The time as clock_format has it; 0 or before: null. */
void json_text_set(struct str *out, const char *key, const char *text);
void json_text_set_integer(struct str *out, const char *key, int64_t value);
void json_text_set_boolean(struct str *out, const char *key, bool value);
void json_text_set_time(struct str *out, const char *key, int64_t ms);
void json_text_set_raw(struct str *out, const char *key, const char *json);

#endif
