/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_store: the patterns that are known, within a bound of memory: the one that was not seen for longest gives way, and only its key and id are
 * remembered. Between log_template.c, log_merge.c and log_template_state.c; for these three only.
 */
#ifndef KDIAG_LOG_STORE_H
#define KDIAG_LOG_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log_memory.h"
#include "common/log_pattern.h"

#define LOG_STORE_NONE UINT32_MAX

struct log_entry {
	uint64_t key, id, salt, count;
	uint64_t slots;        /* the elements that evidence has made slots, as bits */
	uint64_t serial;       /* the order in which they were learnt */
	uint32_t newer, older; /* in the order of use */
	uint16_t elements_count, text_len;
	uint8_t level;
	struct log_element elements[]; /* and behind them the text */
};

/* Which elements of patterns of `count` elements evidence has made slots somewhere. */
struct log_signature {
	uint64_t slots;
	size_t count;
};

/* So many different ones that a hostile log cannot make the search among them long. */
enum { LOG_SIGNATURES_MAX = 128 };

struct log_store {
	struct log_entry **entries; /* some are NULL: free */
	uint32_t entries_cap, newest, oldest, free_count;
	uint32_t *free_list;
	uint32_t *table; /* index + 1 by key, open addressing */
	size_t table_size;
	size_t count, bytes, max_bytes; /* max_bytes: of the entries alone */
	uint64_t serial;
	struct log_memory *evicted, *aliases; /* key to id; old id to the one it was merged into */
	struct log_signature signatures[LOG_SIGNATURES_MAX];
	size_t signatures_count;
	uint64_t evictions;
};

void log_store_init(struct log_store *store, size_t max_bytes);
void log_store_clear(struct log_store *store);
size_t log_store_bytes(const struct log_store *store);

struct log_entry *log_store_at(const struct log_store *store, uint32_t index);
const char *log_entry_text(const struct log_entry *entry);
/* The index, or LOG_STORE_NONE. */
uint32_t log_store_find(const struct log_store *store, uint64_t key);
/* The entry that the pattern belongs to, also by a signature: *slots are the elements which that one turns into slots. */
uint32_t log_store_match(const struct log_store *store, const struct log_pattern *pattern);
/* Its id and slots when it was evicted. */
bool log_store_remember(
    const struct log_store *store, const struct log_pattern *pattern, uint64_t *id, uint64_t *slots);
/* Adds a copy as the newest; others give way. Its key must be new, after its elements in `slots` became slots. */
uint32_t log_store_add(struct log_store *store, const struct log_pattern *pattern, uint64_t id, uint64_t slots);
void log_store_touch(struct log_store *store, uint32_t index);
void log_store_remove(struct log_store *store, uint32_t index);
/*
 * Turns elements of an entry into slots (which gives it another key, that must be new) and takes note of the signature. false, and nothing done, when there are too
 * many signatures.
 */
bool log_store_generalize(struct log_store *store, uint32_t index, uint64_t slots);
bool log_store_add_signature(struct log_store *store, size_t count, uint64_t slots);

#endif
