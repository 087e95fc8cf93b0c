/* SPDX-License-Identifier: Apache-2.0 */
/* json_time: instants as JSON members, where the millisecond must survive (json_set_time writes whole seconds). */
#ifndef KDIAG_JSON_TIME_H
#define KDIAG_JSON_TIME_H

#include <stdint.h>

#include <jansson.h>

/* "2026-11-22T10:14:00Z", or "…00.250Z" when there are milliseconds; null for 0 and less: never. */
void json_time_set(json_t *object, const char *key, int64_t ms);
/* 1 and the value, 0 when absent or null (the value is left alone), -1 with the sentence. */
int json_time_get(const json_t *object, const char *key, int64_t *ms, char **cause);

#endif
