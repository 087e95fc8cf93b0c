/* SPDX-License-Identifier: Apache-2.0 */
/* log_store: owns the entries, their table, their order of use and the bound; knows nothing of why patterns are merged. */
#include "common/log_store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

enum {
	ENTRY_LEAST = 128, /* no entry is smaller: by it the tables are laid out for the bound */
};

void
log_store_init(struct log_store *store, size_t max_bytes)
{
	*store = (struct log_store){.newest = LOG_STORE_NONE, .oldest = LOG_STORE_NONE};
	store->evicted = log_memory_new(max_bytes / 16);
	store->aliases = log_memory_new(max_bytes / 16);
	store->max_bytes = max_bytes - max_bytes / 8 - max_bytes / 16; /* the rest is for the tables, which grow */
	store->table_size = 64;
	store->table = mem_new(store->table_size, sizeof *store->table);
}

void
log_store_clear(struct log_store *store)
{
	for (uint32_t i = 0; i < store->entries_cap; i++)
		free(store->entries[i]);
	free(store->entries);
	free(store->free_list);
	free(store->table);
	log_memory_free(store->evicted);
	log_memory_free(store->aliases);
}

size_t
log_store_bytes(const struct log_store *store)
{
	return store->bytes + store->entries_cap * (sizeof *store->entries + sizeof *store->free_list) +
	       store->table_size * sizeof *store->table + log_memory_bytes(store->evicted) +
	       log_memory_bytes(store->aliases);
}

struct log_entry *
log_store_at(const struct log_store *store, uint32_t index)
{
	return store->entries[index];
}

const char *
log_entry_text(const struct log_entry *entry)
{
	return (const char *)(entry->elements + entry->elements_count);
}

static size_t
entry_bytes(size_t count, size_t text_len)
{
	size_t bytes = sizeof(struct log_entry) + count * sizeof(struct log_element) + text_len;

	return bytes < ENTRY_LEAST ? ENTRY_LEAST : bytes + 16; /* 16: what malloc adds */
}

/* ---- the table ---- */

static size_t
home(const struct log_store *store, uint64_t key)
{
	return (size_t)(key ^ key >> 32) & (store->table_size - 1);
}

uint32_t
log_store_find(const struct log_store *store, uint64_t key)
{
	for (size_t i = home(store, key); store->table[i] != 0; i = (i + 1) & (store->table_size - 1))
		if (store->entries[store->table[i] - 1]->key == key)
			return store->table[i] - 1;
	return LOG_STORE_NONE;
}

static void
table_put(struct log_store *store, uint32_t index)
{
	size_t i = home(store, store->entries[index]->key);

	while (store->table[i] != 0)
		i = (i + 1) & (store->table_size - 1);
	store->table[i] = index + 1;
}

static void
table_grow(struct log_store *store)
{
	free(store->table);
	store->table_size *= 2;
	store->table = mem_new(store->table_size, sizeof *store->table);
	for (uint32_t i = store->oldest; i != LOG_STORE_NONE; i = store->entries[i]->newer)
		table_put(store, i);
}

/* What stands behind in the same run moves up, so that no search ends early. */
static void
table_remove(struct log_store *store, uint32_t index)
{
	size_t mask = store->table_size - 1, hole = home(store, store->entries[index]->key), i;

	while (store->table[hole] != index + 1)
		hole = (hole + 1) & mask;
	for (i = (hole + 1) & mask; store->table[i] != 0; i = (i + 1) & mask) {
		size_t at_home = home(store, store->entries[store->table[i] - 1]->key);

		if (((i - at_home) & mask) < ((i - hole) & mask))
			continue;
		store->table[hole] = store->table[i];
		hole = i;
	}
	store->table[hole] = 0;
}

/* ---- the order of use ---- */

static void
unlink_entry(struct log_store *store, uint32_t index)
{
	struct log_entry *entry = store->entries[index];

	if (entry->newer != LOG_STORE_NONE)
		store->entries[entry->newer]->older = entry->older;
	else
		store->newest = entry->older;
	if (entry->older != LOG_STORE_NONE)
		store->entries[entry->older]->newer = entry->newer;
	else
		store->oldest = entry->newer;
}

static void
link_newest(struct log_store *store, uint32_t index)
{
	struct log_entry *entry = store->entries[index];

	entry->newer = LOG_STORE_NONE;
	entry->older = store->newest;
	if (store->newest != LOG_STORE_NONE)
		store->entries[store->newest]->newer = index;
	else
		store->oldest = index;
	store->newest = index;
}

void
log_store_touch(struct log_store *store, uint32_t index)
{
	if (store->newest == index)
		return;
	unlink_entry(store, index);
	link_newest(store, index);
}

/* ---- coming and going ---- */

void
log_store_remove(struct log_store *store, uint32_t index)
{
	struct log_entry *entry = store->entries[index];

	table_remove(store, index);
	unlink_entry(store, index);
	store->bytes -= entry_bytes(entry->elements_count, entry->text_len);
	store->count--;
	store->free_list[store->free_count++] = index;
	store->entries[index] = NULL;
	free(entry);
}

static void
make_room(struct log_store *store, size_t bytes)
{
	while (store->count > 0 && store->bytes + bytes > store->max_bytes) {
		const struct log_entry *entry = store->entries[store->oldest];

		assert(entry != NULL);
		log_memory_put(store->evicted, entry->key, entry->id);
		log_store_remove(store, store->oldest);
		store->evictions++;
	}
}

static uint32_t
take_index(struct log_store *store)
{
	uint32_t cap = store->entries_cap;

	if (store->free_count > 0)
		return store->free_list[--store->free_count];
	store->entries_cap = cap > 0 ? cap + cap / 2 : 32;
	store->entries = mem_resize(store->entries, store->entries_cap, sizeof *store->entries);
	store->free_list = mem_resize(store->free_list, store->entries_cap, sizeof *store->free_list);
	for (uint32_t i = store->entries_cap; i-- > cap;) {
		store->entries[i] = NULL;
		store->free_list[store->free_count++] = i;
	}
	return store->free_list[--store->free_count];
}

static struct log_entry *
copy_pattern(const struct log_pattern *pattern)
{
	struct log_entry *entry = mem_new(1, entry_bytes(pattern->count, pattern->text_len));

	entry->key = pattern->key;
	entry->salt = pattern->salt;
	entry->level = (uint8_t)pattern->level;
	entry->elements_count = (uint16_t)pattern->count;
	entry->text_len = (uint16_t)pattern->text_len;
	memcpy(entry->elements, pattern->elements, pattern->count * sizeof *pattern->elements);
	memcpy(entry->elements + pattern->count, pattern->text, pattern->text_len);
	return entry;
}

/* ---- slots ---- */

/* Writes the text anew with these elements as slots. The result is a new entry; the old one is freed. */
static struct log_entry *
slot_elements(struct log_entry *entry, uint64_t slots)
{
	static const char any[] = "<*>";
	struct log_pattern pattern = {.count = entry->elements_count, .salt = entry->salt, .level = entry->level};
	const char *text = log_entry_text(entry);
	struct log_entry *made;
	size_t from = 0;

	for (size_t i = 0; i < pattern.count; i++) {
		struct log_element element = entry->elements[i];
		bool is_slotted = i < LOG_PATTERN_SLOTS_MAX && (slots >> i & 1) != 0 &&
				  pattern.text_len + entry->text_len - from + sizeof any <= sizeof pattern.text;
		size_t end = element.at + (is_slotted ? 0u : element.len), before = end - from;

		memcpy(pattern.text + pattern.text_len, text + from, before);
		pattern.text_len += before;
		from = element.at + element.len;
		if (is_slotted) {
			element.len = sizeof any - 1;
			element.at = (uint16_t)pattern.text_len;
			memcpy(pattern.text + pattern.text_len, any, sizeof any - 1);
			pattern.text_len += sizeof any - 1;
		} else {
			element.at = (uint16_t)(pattern.text_len - element.len);
		}
		if (i < LOG_PATTERN_SLOTS_MAX && (slots >> i & 1) != 0) {
			element.class = LOG_ELEMENT_SLOT;
			element.hash = LOG_SCAN_MASK;
		}
		pattern.elements[i] = element;
	}
	memcpy(pattern.text + pattern.text_len, text + from, entry->text_len - from);
	pattern.text_len += entry->text_len - from;
	pattern.key = log_pattern_key(pattern.level, pattern.salt, pattern.elements, pattern.count);
	made = copy_pattern(&pattern);
	made->id = entry->id;
	made->count = entry->count;
	made->serial = entry->serial;
	made->slots = entry->slots | slots;
	made->newer = entry->newer;
	made->older = entry->older;
	free(entry);
	return made;
}

bool
log_store_add_signature(struct log_store *store, size_t count, uint64_t slots)
{
	if (slots == 0)
		return true;
	for (size_t i = 0; i < store->signatures_count; i++)
		if (store->signatures[i].count == count && store->signatures[i].slots == slots)
			return true;
	if (store->signatures_count == LOG_SIGNATURES_MAX)
		return false;
	store->signatures[store->signatures_count++] = (struct log_signature){.slots = slots, .count = count};
	return true;
}

bool
log_store_generalize(struct log_store *store, uint32_t index, uint64_t slots)
{
	struct log_entry *entry = store->entries[index];

	if (!log_store_add_signature(store, entry->elements_count, entry->slots | slots))
		return false;
	table_remove(store, index);
	store->bytes -= entry_bytes(entry->elements_count, entry->text_len);
	entry = store->entries[index] = slot_elements(entry, slots);
	store->bytes += entry_bytes(entry->elements_count, entry->text_len);
	table_put(store, index);
	return true;
}

/* The key that the pattern has under a signature; false: it has words there that nothing else may stand for. */
static bool
key_under(const struct log_pattern *pattern, const struct log_signature *signature, uint64_t *key)
{
	*key = pattern->key;
	if (signature->count != pattern->count)
		return false;
	for (uint64_t slots = signature->slots; slots != 0; slots &= slots - 1) {
		size_t i = (size_t)__builtin_ctzll(slots);

		if (pattern->elements[i].class >= LOG_ELEMENT_EVENT)
			return false;
		if (pattern->elements[i].class != LOG_ELEMENT_SLOT)
			*key = log_pattern_key_slot(*key, pattern->elements, i);
	}
	return true;
}

uint32_t
log_store_match(const struct log_store *store, const struct log_pattern *pattern)
{
	uint32_t index = log_store_find(store, pattern->key);
	uint64_t key;

	for (size_t i = 0; index == LOG_STORE_NONE && i < store->signatures_count; i++) {
		if (!key_under(pattern, &store->signatures[i], &key))
			continue;
		index = log_store_find(store, key);
		if (index != LOG_STORE_NONE && store->entries[index]->slots != store->signatures[i].slots)
			index = LOG_STORE_NONE;
	}
	return index;
}

bool
log_store_remember(const struct log_store *store, const struct log_pattern *pattern, uint64_t *id, uint64_t *slots)
{
	uint64_t key;

	*slots = 0;
	if (log_memory_get(store->evicted, pattern->key, id))
		return true;
	for (size_t i = 0; i < store->signatures_count; i++)
		if (key_under(pattern, &store->signatures[i], &key) && log_memory_get(store->evicted, key, id)) {
			*slots = store->signatures[i].slots;
			return true;
		}
	return false;
}

uint32_t
log_store_add(struct log_store *store, const struct log_pattern *pattern, uint64_t id, uint64_t slots)
{
	struct log_entry *entry = copy_pattern(pattern);
	uint32_t index;

	entry->id = id;
	entry->serial = ++store->serial;
	if (slots != 0)
		entry = slot_elements(entry, slots);
	make_room(store, entry_bytes(entry->elements_count, entry->text_len));
	index = take_index(store);
	store->entries[index] = entry;
	store->bytes += entry_bytes(entry->elements_count, entry->text_len);
	store->count++;
	link_newest(store, index);
	if (store->count * 2 > store->table_size)
		table_grow(store);
	else
		table_put(store, index);
	return index;
}
