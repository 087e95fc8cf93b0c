/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fact_value: what the value of each kind of fact is made of, and its copies and its JSON by that. For fact.c only; all
 * others see values through kdiag/probe.h.
 */
#ifndef KDIAG_FACT_VALUE_H
#define KDIAG_FACT_VALUE_H

#include <jansson.h>
#include <kdiag/probe.h>

#include "common/fact_field.h"

/* A kind must exist. A deep copy of count items into the pack; NULL while only counting. */
void *fact_value_pack(enum kd_need_kind kind, struct pack *pack, const void *items, size_t count);
/* An object; of a list, an array of objects. The caller's reference. */
json_t *fact_value_to_json(enum kd_need_kind kind, const void *items, size_t count);
/*
 * Reads that again and hands the items, borrowed until it returns, to take(). 0; or -1 with a sentence, and take() was not called.
 */
typedef void (*fact_value_take_cb)(const void *items, size_t count, void *arg);
int fact_value_from_json(enum kd_need_kind kind, json_t *value, fact_value_take_cb take, void *arg, char **cause);

#endif
