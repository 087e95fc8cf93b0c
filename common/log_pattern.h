/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_pattern: one message as a row of constant words and slots, and the key under which equal ones are found. What is a name rather than a word is a slot
 * at once where enough words stand around it, and a constant until the evidence says otherwise where not. Pure.
 */
#ifndef KDIAG_LOG_PATTERN_H
#define KDIAG_LOG_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log_scan.h"

enum { LOG_PATTERN_TEXT_MAX = 600, LOG_PATTERN_SLOTS_MAX = 64 };

enum log_element_class {
	LOG_ELEMENT_SLOT,
	LOG_ELEMENT_NAME,   /* a name that too few words stand around */
	LOG_ELEMENT_LABEL,  /* a name that is what the message is about: its first word, a key, a function */
	LOG_ELEMENT_FILLER, /* the others as in log_words */
	LOG_ELEMENT_KNOWN,
	LOG_ELEMENT_EVENT,
	LOG_ELEMENT_FAILURE,
	LOG_ELEMENT_CLASSES
};

struct log_element {
	uint32_t hash;    /* LOG_SCAN_MASK: a slot's */
	uint16_t at, len; /* within the text */
	uint8_t class;
};

struct log_pattern {
	uint64_t key;
	uint64_t salt; /* the source, where the message alone says too little to be told by; else 0 */
	enum log_line_level level;
	unsigned words; /* known words, events and failures */
	size_t count, text_len;
	struct log_element elements[LOG_SCAN_TOKENS];
	char text[LOG_PATTERN_TEXT_MAX]; /* for people, slots as "<num>"; well-formed UTF-8 without control bytes */
};

/* What words have been found to be, so that the lists are not searched for each line again: zeroed at first, one a miner. */
enum { LOG_PATTERN_CACHE = 512 };

struct log_pattern_cache {
	uint32_t hashes[LOG_PATTERN_CACHE];
	uint8_t lists[LOG_PATTERN_CACHE];
};

void log_pattern_make(struct log_pattern *pattern, const struct log_scan *scan, struct log_pattern_cache *cache);
/* The key of a row of elements, and what it becomes when the one at i is made a slot. */
uint64_t log_pattern_key(enum log_line_level level, uint64_t salt, const struct log_element *elements, size_t count);
uint64_t log_pattern_key_slot(uint64_t key, const struct log_element *elements, size_t i);
/* The hash of a constant word, for reading a saved one. */
uint32_t log_pattern_hash(const char *word, size_t len);

#endif
