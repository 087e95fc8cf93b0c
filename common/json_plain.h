/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_plain: reads the JSON that nearly all answers are, in a sixth of the time that jansson takes (measured: four shards of ListShards in 2.2 us and not 13.4). What is not
 * plain is jansson's, and so is saying what is wrong.
 */
#ifndef KDIAG_JSON_PLAIN_H
#define KDIAG_JSON_PLAIN_H

#include <stddef.h>

#include <jansson.h>

/*
 * The same value as json_loadb(JSON_REJECT_DUPLICATES) makes of it, or NULL: not plain, or no JSON at all. Plain is an object or array up to depth_max deep; not plain are
 * keys with escapes and numbers of more than 18 digits, or past what a double holds exactly.
 */
json_t *json_plain_read(const char *text, size_t len, int depth_max);

#endif
