/* SPDX-License-Identifier: Apache-2.0 */
/* log_template: owns the way of a line to its template; knows nothing of where lines come from. */
#include "common/log_template.h"

#include <stdlib.h>
#include <string.h>

#include "common/log_merge.h"
#include "common/log_template_private.h"
#include "common/mem.h"

enum {
	MERGE_LEAST = 24,    /* so many new patterns are worth a merging pass, */
	MERGE_SHARE = 3,     /* and this part of those that are known: the work stays in proportion */
	PATIENCE_SHARE = 16, /* a pass that merges less than this part of what is new was in vain */
	ALIASES_MAX = 64,    /* steps from an id to what it has become */
	SHAPES_MIN = 256,
	SHAPES_EACH = 4, /* shapes that a template has, as a rule: the table grows with the templates */
};

struct log_templates *
log_template_new(size_t max_bytes)
{
	struct log_templates *templates = mem_new(1, sizeof *templates);
	size_t own;

	if (max_bytes < LOG_TEMPLATE_BYTES_MIN)
		max_bytes = LOG_TEMPLATE_BYTES_MIN;
	templates->max_bytes = max_bytes;
	templates->shapes_count = SHAPES_MIN;
	templates->shapes_max = SHAPES_MIN;
	while (templates->shapes_max * 2 * sizeof *templates->shapes <= max_bytes / 6)
		templates->shapes_max *= 2;
	templates->shapes = mem_new(templates->shapes_count, sizeof *templates->shapes);
	own = sizeof *templates + templates->shapes_max * sizeof *templates->shapes;
	log_store_init(&templates->store, max_bytes - own);
	return templates;
}

void
log_template_free(struct log_templates *templates)
{
	if (templates == NULL)
		return;
	log_store_clear(&templates->store);
	free(templates->shapes);
	free(templates);
}

size_t
log_template_bytes(const struct log_templates *templates)
{
	return sizeof *templates + templates->shapes_count * sizeof *templates->shapes +
	       log_store_bytes(&templates->store);
}

/* ---- learning ---- */

void
log_template_merge(struct log_templates *templates)
{
	size_t merged = log_merge_run(&templates->store);

	if (merged * PATIENCE_SHARE >= templates->unmerged)
		templates->patience = 0;
	else if (templates->patience < LOG_TEMPLATE_PATIENCE_MAX)
		templates->patience++;
	templates->unmerged = 0;
}

static bool
is_merge_due(const struct log_templates *templates)
{
	return templates->unmerged >= (MERGE_LEAST + templates->store.count / MERGE_SHARE) << templates->patience;
}

/* 48 bits of the key: the same template has the same id in every run, whatever was learnt before it. */
static uint64_t
make_id(uint64_t key)
{
	uint64_t id = (key ^ key >> 48) & 0xffffffffffffu;

	return id != 0 ? id : 1;
}

/* A pattern that no entry fits: new, or evicted at some time. */
static uint32_t
add_pattern(struct log_templates *templates, const struct log_pattern *pattern, bool *is_new)
{
	struct log_store *store = &templates->store;
	uint64_t id = make_id(pattern->key), slots = 0;

	*is_new = !log_store_remember(store, pattern, &id, &slots);
	id = log_template_resolve(templates, id);
	templates->unmerged++;
	return log_store_add(store, pattern, id, slots);
}

/* It only saves the way to the entries: what it held is found again. */
static void
grow_shapes(struct log_templates *templates)
{
	if (templates->shapes_count == templates->shapes_max ||
	    templates->store.count * SHAPES_EACH <= templates->shapes_count)
		return;
	free(templates->shapes);
	templates->shapes_count *= 2;
	templates->shapes = mem_new(templates->shapes_count, sizeof *templates->shapes);
}

static struct log_shape *
find_shape(const struct log_templates *templates, const struct log_scan *scan)
{
	return &templates->shapes[(scan->shape ^ scan->source) & (templates->shapes_count - 1)];
}

static uint32_t
find_entry(struct log_templates *templates, const struct log_scan *scan, bool *is_new)
{
	struct log_shape *shape = find_shape(templates, scan);
	uint64_t name = scan->shape ^ scan->source * 3;
	struct log_pattern pattern;
	uint32_t index;

	*is_new = false;
	if (shape->shape == name && shape->serial != 0 && shape->entry < templates->store.entries_cap) {
		const struct log_entry *entry = log_store_at(&templates->store, shape->entry);

		if (entry != NULL && entry->serial == shape->serial)
			return shape->entry;
	}
	log_pattern_make(&pattern, scan, &templates->words);
	index = log_store_match(&templates->store, &pattern);
	if (index == LOG_STORE_NONE) {
		index = add_pattern(templates, &pattern, is_new);
		grow_shapes(templates);
	}
	shape = find_shape(templates, scan);
	*shape =
	    (struct log_shape){.shape = name, .serial = log_store_at(&templates->store, index)->serial, .entry = index};
	return index;
}

static void
learn(struct log_templates *templates, const struct log_scan *scan, struct log_template_match *match)
{
	uint32_t index = find_entry(templates, scan, &match->is_new);
	struct log_entry *entry = log_store_at(&templates->store, index);

	entry->count++;
	log_store_touch(&templates->store, index);
	match->id = entry->id;
	match->level = scan->header.level;
	match->is_continuation = false;
	templates->last_id = entry->id;
	templates->last_had_header = scan->header.len > 0;
	if (is_merge_due(templates))
		log_template_merge(templates);
}

void
log_template_learn(struct log_templates *templates, const char *event, size_t len, struct log_template_match *match)
{
	struct log_scan scan;

	while (len > 0 && (*event == '\n' || *event == '\r')) {
		event++;
		len--;
	}
	log_scan_line(&scan, event, len);
	learn(templates, &scan, match);
}

void
log_template_learn_line(struct log_templates *templates, const char *line, size_t len, struct log_template_match *match)
{
	struct log_scan scan;

	log_scan_line(&scan, line, len);
	if (templates->last_id == 0 || !(scan.is_continuation || (scan.is_exception && templates->last_had_header))) {
		learn(templates, &scan, match);
		return;
	}
	*match = (struct log_template_match){.id = templates->last_id, .is_continuation = true};
}

/* ---- looking ---- */

uint64_t
log_template_resolve(const struct log_templates *templates, uint64_t id)
{
	uint64_t next;

	for (unsigned i = 0; i < ALIASES_MAX && log_memory_get(templates->store.aliases, id, &next) && next != id; i++)
		id = next;
	return id;
}

/* The text with every slot as "<*>". */
static void
write_text(const struct log_entry *entry, struct str *out)
{
	const char *text = log_entry_text(entry);
	size_t from = 0;

	str_clear(out);
	for (size_t i = 0; i < entry->elements_count; i++) {
		const struct log_element *element = &entry->elements[i];

		if (element->class != LOG_ELEMENT_SLOT || element->len == 0)
			continue;
		str_add_len(out, text + from, element->at - from);
		str_add(out, "<*>");
		from = (size_t)element->at + element->len;
	}
	str_add_len(out, text + from, entry->text_len - from);
}

void
log_template_each(const struct log_templates *templates, log_template_cb cb, void *arg)
{
	struct str text = {0}, example = {0};

	for (uint32_t i = templates->store.newest; i != LOG_STORE_NONE; i = log_store_at(&templates->store, i)->older) {
		const struct log_entry *entry = log_store_at(&templates->store, i);
		struct log_template template = {.id = entry->id, .count = entry->count, .level = entry->level};

		write_text(entry, &text);
		str_clear(&example);
		str_add_len(&example, log_entry_text(entry), entry->text_len);
		template.text = text.s != NULL ? text.s : "";
		template.example = example.s != NULL ? example.s : "";
		cb(&template, arg);
	}
	str_free(&text);
	str_free(&example);
}

size_t
log_template_count(const struct log_templates *templates)
{
	return templates->store.count;
}

uint64_t
log_template_evictions(const struct log_templates *templates)
{
	return templates->store.evictions;
}
