/* SPDX-License-Identifier: Apache-2.0 */
/* log_memory: owns buckets of pairs, the newest first in each; knows nothing of what the numbers mean. */
#include "common/log_memory.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

enum { WAYS = 8 };

struct pair {
	uint64_t key, value; /* 0, 0: none */
};

struct log_memory {
	size_t buckets; /* a power of two */
	struct pair *pairs;
};

struct log_memory *
log_memory_new(size_t max_bytes)
{
	struct log_memory *memory = mem_new(1, sizeof *memory);

	memory->buckets = 1;
	while (memory->buckets * 2 * WAYS * sizeof *memory->pairs <= max_bytes)
		memory->buckets *= 2;
	memory->pairs = mem_new(memory->buckets * WAYS, sizeof *memory->pairs);
	return memory;
}

void
log_memory_free(struct log_memory *memory)
{
	if (memory == NULL)
		return;
	free(memory->pairs);
	free(memory);
}

size_t
log_memory_bytes(const struct log_memory *memory)
{
	return sizeof *memory + memory->buckets * WAYS * sizeof *memory->pairs;
}

static struct pair *
find_bucket(const struct log_memory *memory, uint64_t key)
{
	return memory->pairs + ((key ^ key >> 29) & (memory->buckets - 1)) * WAYS;
}

void
log_memory_put(struct log_memory *memory, uint64_t key, uint64_t value)
{
	struct pair *bucket = find_bucket(memory, key);
	size_t i = 0;

	while (i < WAYS - 1 && (bucket[i].key != key || bucket[i].value == 0))
		i++;
	memmove(bucket + 1, bucket, i * sizeof *bucket);
	bucket[0] = (struct pair){.key = key, .value = value};
}

bool
log_memory_get(const struct log_memory *memory, uint64_t key, uint64_t *value)
{
	const struct pair *bucket = find_bucket(memory, key);

	for (size_t i = 0; i < WAYS && bucket[i].value != 0; i++)
		if (bucket[i].key == key) {
			*value = bucket[i].value;
			return true;
		}
	return false;
}

void
log_memory_each(const struct log_memory *memory, log_memory_cb cb, void *arg)
{
	for (size_t i = 0; i < memory->buckets; i++)
		for (size_t way = WAYS; way-- > 0;) {
			const struct pair *pair = &memory->pairs[i * WAYS + way];

			if (pair->value != 0)
				cb(pair->key, pair->value, arg);
		}
}
