/* SPDX-License-Identifier: Apache-2.0 */
/* json: bounded reading and typed getting on top of jansson, with a sentence for each mistake. */
#ifndef KDIAG_JSON_H
#define KDIAG_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/json_doc.h"

/*
 * Parses len bytes that came from outside: UTF-8, no duplicate keys, NUL only where jansson allows it, nothing behind the value, nesting at most
 * 64 deep (checked before jansson sees it). The caller's reference; NULL with a sentence (with line and column) in *cause.
 */
json_t *json_read(const char *text, size_t len, char **cause);
/* The same of an object, into a flat document (json_doc.h), which is the caller's to clear or to reuse in any case. nul: "\u0000" may stand in strings. 0; -1 with a sentence. */
int json_read_doc(struct json_doc *doc, const char *text, size_t len, bool nul, char **cause);
/* The same of any value. */
int json_read_any_doc(struct json_doc *doc, const char *text, size_t len, bool nul, char **cause);
/* json_read() of a file of at most max bytes. The sentence starts with the path. */
json_t *json_read_file(const char *path, size_t max, char **cause);
/* One line, keys in the order they were set, ASCII only (\uXXXX). The caller's string. */
char *json_line(const json_t *value);

/*
 * Typed members of an object: 1 and the value, 0 when the member is absent or null (the value is left alone), -1 when it is of another type, with the sentence
 * "KEY is not a TYPE". Strings are borrowed from the object. Integers also take a real without fraction (AWS sends 1.0 and 1.7e9), within 2^53.
 */
int json_get_string(const json_t *object, const char *key, const char **value, char **cause);
int json_get_integer(const json_t *object, const char *key, int64_t *value, char **cause);
int json_get_number(const json_t *object, const char *key, double *value, char **cause);
int json_get_boolean(const json_t *object, const char *key, bool *value, char **cause);
int json_get_array(const json_t *object, const char *key, json_t **value, char **cause);
int json_get_object(const json_t *object, const char *key, json_t **value, char **cause);

/* Sets a string member from text of any origin (cleaned as text_clean does; NULL becomes null), or a time as clock_format. */
void json_set_text(json_t *object, const char *key, const char *text);
void json_set_time(json_t *object, const char *key, int64_t ms);

#endif
