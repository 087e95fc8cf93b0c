/* SPDX-License-Identifier: Apache-2.0 */
/* iam_cache: owns compiled documents and which of them stay; knows nothing of what is in them. */
#include "common/iam_cache.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* A document of 8 KiB compiles into half a megabyte at worst: 32 MB in all. IAM's managed policies end at 6,144 characters. */
enum { SLOTS = 64, WAYS = 4, TEXT_MAX = 8 * 1024 };

struct slot {
	char *text; /* NULL: empty */
	size_t len;
	uint64_t hash, line; /* line: the last that used it */
	struct iam_document document;
	struct iam_arena arena;
};

struct iam_cache {
	struct slot slots[SLOTS];
	uint64_t line;
	struct iam_arena arena; /* of the line's documents that found no slot */
};

struct iam_cache *
iam_cache_new(void)
{
	return mem_new(1, sizeof(struct iam_cache));
}

void
iam_cache_free(struct iam_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++) {
		free(cache->slots[i].text);
		iam_arena_free(&cache->slots[i].arena);
	}
	iam_arena_free(&cache->arena);
	free(cache);
}

void
iam_cache_begin(struct iam_cache *cache)
{
	cache->line++;
	iam_arena_clear(&cache->arena);
}

/* Eight bytes at a time; who finds texts that collide only makes the cache useless for himself. */
static uint64_t
hash_text(const char *text, size_t len, enum iam_document_kind kind)
{
	uint64_t hash = 0x9e3779b97f4a7c15u ^ len ^ (uint64_t)kind << 32, word;

	for (; len >= sizeof word; text += sizeof word, len -= sizeof word) {
		memcpy(&word, text, sizeof word);
		hash = (hash ^ word) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 29;
	}
	word = 0;
	memcpy(&word, text, len);
	hash = (hash ^ word) * 0xff51afd7ed558ccdu;
	return hash ^ hash >> 32;
}

static void
empty_slot(struct slot *slot)
{
	free(slot->text);
	slot->text = NULL;
	iam_arena_clear(&slot->arena);
}

static const struct iam_document *
fill_slot(struct iam_cache *cache, struct slot *slot, const char *text, size_t len, uint64_t hash,
    enum iam_document_kind kind)
{
	empty_slot(slot);
	if (iam_document_read(&slot->arena, text, len, kind, &slot->document, NULL) != 0) {
		iam_arena_clear(&slot->arena);
		return NULL;
	}
	slot->text = mem_strndup(text, len);
	slot->len = len;
	slot->hash = hash;
	slot->line = cache->line;
	return &slot->document;
}

static const struct iam_document *
read_aside(struct iam_cache *cache, const char *text, size_t len, enum iam_document_kind kind)
{
	struct iam_document *document = iam_arena_new(&cache->arena, 1, sizeof *document);

	return iam_document_read(&cache->arena, text, len, kind, document, NULL) == 0 ? document : NULL;
}

const struct iam_document *
iam_cache_get(struct iam_cache *cache, const char *text, size_t len, enum iam_document_kind kind)
{
	uint64_t hash = hash_text(text, len, kind);
	struct slot *ways = &cache->slots[hash % (SLOTS / WAYS) * WAYS], *oldest = ways;

	for (size_t i = 0; i < WAYS; i++) {
		struct slot *slot = &ways[i];

		if (slot->text != NULL && slot->hash == hash && slot->len == len && slot->document.kind == kind &&
		    memcmp(slot->text, text, len) == 0) {
			slot->line = cache->line;
			return &slot->document;
		}
		if (slot->text == NULL || slot->line < oldest->line)
			oldest = slot;
	}
	if (len > TEXT_MAX || (oldest->text != NULL && oldest->line == cache->line))
		return read_aside(cache, text, len, kind);
	return fill_slot(cache, oldest, text, len, hash, kind);
}
