/* SPDX-License-Identifier: Apache-2.0 */
/* log_memory: a map of 64-bit numbers of a fixed size that forgets the oldest where it is full. Knows nothing of what they mean. */
#ifndef KDIAG_LOG_MEMORY_H
#define KDIAG_LOG_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_memory;

/* Room for about max_bytes, of at least one bucket. */
struct log_memory *log_memory_new(size_t max_bytes);
void log_memory_free(struct log_memory *memory);
size_t log_memory_bytes(const struct log_memory *memory);
void log_memory_put(struct log_memory *memory, uint64_t key, uint64_t value);
bool log_memory_get(const struct log_memory *memory, uint64_t key, uint64_t *value);
/* All pairs, in an order in which putting them into another of the same size makes the same. */
typedef void (*log_memory_cb)(uint64_t key, uint64_t value, void *arg);
void log_memory_each(const struct log_memory *memory, log_memory_cb cb, void *arg);

#endif
