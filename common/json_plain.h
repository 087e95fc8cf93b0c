/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_plain: reads the plain JSON that nearly all of AWS's answers are, in a fraction of the time that jansson takes for it (measured on answers of ListShards: a
 * fifth). What is not plain is jansson's, and so is saying what is wrong.
 */
#ifndef KDIAG_JSON_PLAIN_H
#define KDIAG_JSON_PLAIN_H

#include <stddef.h>

#include <jansson.h>

/*
 * The same value as json_loadb(JSON_REJECT_DUPLICATES) makes of it, or NULL: not plain, or no JSON at all. Plain is an object or array up to depth_max deep, of ASCII without
 * escapes, with integers of up to 18 digits.
 */
json_t *json_plain_read(const char *text, size_t len, int depth_max);

#endif
