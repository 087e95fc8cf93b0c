/* SPDX-License-Identifier: Apache-2.0 */
/* log_template_state: owns the saved form of a miner; knows nothing of how it learns. */
#include "common/log_template_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log_template_private.h"
#include "common/mem.h"
#include "common/text.h"

/* Numbers of 64 bits go as hexadecimal strings: others' JSON keeps 53 bits. */
enum { HEX_SIZE = 17, ELEMENT_FIELDS = 3 };

static json_t *
hex_json(uint64_t value)
{
	char text[HEX_SIZE];

	snprintf(text, sizeof text, "%" PRIx64, value);
	return json_string(text);
}

static bool
read_hex(const json_t *value, uint64_t *number)
{
	const char *s = json_string_value(value);
	size_t len = s != NULL ? strlen(s) : 0;

	*number = 0;
	if (len == 0 || len >= HEX_SIZE || strspn(s, "0123456789abcdef") != len)
		return false;
	*number = strtoull(s, NULL, 16);
	return true;
}

/* ---- saving ---- */

static json_t *
elements_json(const struct log_entry *entry)
{
	json_t *array = json_array();

	for (size_t i = 0; i < entry->elements_count; i++) {
		json_array_append_new(array, json_integer(entry->elements[i].at));
		json_array_append_new(array, json_integer(entry->elements[i].len));
		json_array_append_new(array, json_integer(entry->elements[i].class));
	}
	return array;
}

/* What was cut from the text has a hash that the text does not give. */
static json_t *
hashes_json(const struct log_entry *entry)
{
	const char *text = log_entry_text(entry);
	json_t *object = NULL;
	char key[HEX_SIZE];

	for (size_t i = 0; i < entry->elements_count; i++) {
		const struct log_element *element = &entry->elements[i];

		if (element->class == LOG_ELEMENT_SLOT ||
		    element->hash == log_pattern_hash(text + element->at, element->len))
			continue;
		if (object == NULL)
			object = json_object();
		snprintf(key, sizeof key, "%zu", i);
		json_object_set_new(object, key, json_integer(element->hash));
	}
	return object;
}

static json_t *
entry_json(const struct log_entry *entry)
{
	json_t *object = json_object(), *hashes = hashes_json(entry);

	json_object_set_new(object, "id", hex_json(entry->id));
	json_object_set_new(object, "count", json_integer((json_int_t)entry->count));
	json_object_set_new(object, "level", json_string(log_line_level_name(entry->level)));
	json_object_set_new(object, "salt", hex_json(entry->salt));
	json_object_set_new(object, "slots", hex_json(entry->slots));
	json_object_set_new(object, "serial", json_integer((json_int_t)entry->serial));
	json_object_set_new(object, "text", json_stringn(log_entry_text(entry), entry->text_len));
	json_object_set_new(object, "elements", elements_json(entry));
	if (hashes != NULL)
		json_object_set_new(object, "hashes", hashes);
	return object;
}

static void
add_pair_cb(uint64_t key, uint64_t value, void *arg)
{
	json_array_append_new(arg, json_pack("[oo]", hex_json(key), hex_json(value)));
}

static json_t *
memory_json(const struct log_memory *memory)
{
	json_t *array = json_array();

	log_memory_each(memory, add_pair_cb, array);
	return array;
}

char *
log_template_save(const struct log_templates *templates)
{
	const struct log_store *store = &templates->store;
	json_t *root = json_object(), *entries = json_array(), *signatures = json_array();
	char *text;

	for (uint32_t i = store->oldest; i != LOG_STORE_NONE; i = log_store_at(store, i)->newer)
		json_array_append_new(entries, entry_json(log_store_at(store, i)));
	for (size_t i = 0; i < store->signatures_count; i++)
		json_array_append_new(signatures,
		    json_pack("[Io]", (json_int_t)store->signatures[i].count, hex_json(store->signatures[i].slots)));
	json_object_set_new(root, "v", json_integer(LOG_TEMPLATE_STATE_VERSION));
	json_object_set_new(root, "serial", json_integer((json_int_t)store->serial));
	json_object_set_new(root, "unmerged", json_integer((json_int_t)templates->unmerged));
	json_object_set_new(root, "patience", json_integer((json_int_t)templates->patience));
	json_object_set_new(root, "templates", entries);
	json_object_set_new(root, "signatures", signatures);
	json_object_set_new(root, "evicted", memory_json(store->evicted));
	json_object_set_new(root, "aliases", memory_json(store->aliases));
	text = json_line(root);
	json_decref(root);
	return text;
}

/* ---- loading ---- */

/* The elements must lie in the text, one behind the other. */
static int
read_elements(const json_t *array, struct log_pattern *pattern, char **cause)
{
	size_t count = json_array_size(array) / ELEMENT_FIELDS, end = 0;

	if (!json_is_array(array) || json_array_size(array) % ELEMENT_FIELDS != 0 || count > LOG_SCAN_TOKENS)
		return cause_set(cause, "a template's elements are no list of at most %d", LOG_SCAN_TOKENS);
	for (size_t i = 0; i < count; i++) {
		json_int_t fields[ELEMENT_FIELDS];

		for (size_t field = 0; field < ELEMENT_FIELDS; field++)
			fields[field] = json_integer_value(json_array_get(array, i * ELEMENT_FIELDS + field));
		if (fields[0] < (json_int_t)end || fields[0] > (json_int_t)pattern->text_len || fields[1] < 0 ||
		    fields[1] > (json_int_t)pattern->text_len - fields[0] || fields[2] < 0 ||
		    fields[2] >= LOG_ELEMENT_CLASSES)
			return cause_set(cause, "element %zu of a template is not in its text", i);
		pattern->elements[i] = (struct log_element){
		    .at = (uint16_t)fields[0], .len = (uint16_t)fields[1], .class = (uint8_t)fields[2]};
		pattern->elements[i].hash = fields[2] == LOG_ELEMENT_SLOT
						? LOG_SCAN_MASK
						: log_pattern_hash(pattern->text + fields[0], (size_t)fields[1]);
		end = (size_t)(fields[0] + fields[1]);
	}
	pattern->count = count;
	return 0;
}

static void
read_hashes(const json_t *object, struct log_pattern *pattern)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		size_t i = strtoul(key, NULL, 10);

		if (i < pattern->count && pattern->elements[i].class != LOG_ELEMENT_SLOT)
			pattern->elements[i].hash = (uint32_t)json_integer_value(value);
	}
}

static int
read_pattern(const json_t *object, struct log_pattern *pattern, char **cause)
{
	const char *text = json_string_value(json_object_get(object, "text"));
	const char *level = json_string_value(json_object_get(object, "level"));
	int found = level != NULL ? log_line_find_level(level) : -1;

	if (found < 0)
		return cause_set(cause, "a template has no known level");
	pattern->level = (enum log_line_level)found;
	pattern->text_len = text != NULL ? strlen(text) : 0;
	if (text == NULL || pattern->text_len >= sizeof pattern->text || !text_is_utf8(text, pattern->text_len))
		return cause_set(cause, "a template has no text of at most %d bytes", LOG_PATTERN_TEXT_MAX);
	memcpy(pattern->text, text, pattern->text_len);
	if (!read_hex(json_object_get(object, "salt"), &pattern->salt))
		return cause_set(cause, "a template's salt is no number");
	if (read_elements(json_object_get(object, "elements"), pattern, cause) != 0)
		return -1;
	read_hashes(json_object_get(object, "hashes"), pattern);
	pattern->key = log_pattern_key(pattern->level, pattern->salt, pattern->elements, pattern->count);
	return 0;
}

static int
read_template(const json_t *object, struct log_store *store, char **cause)
{
	struct log_pattern pattern = {0};
	uint64_t id, slots;
	uint32_t index;
	json_int_t count = json_integer_value(json_object_get(object, "count"));
	json_int_t serial = json_integer_value(json_object_get(object, "serial"));

	if (read_pattern(object, &pattern, cause) != 0)
		return -1;
	if (!read_hex(json_object_get(object, "id"), &id) || !read_hex(json_object_get(object, "slots"), &slots) ||
	    id == 0 || count < 0 || serial <= 0)
		return cause_set(cause, "a template has no id, count, slots or serial");
	for (uint64_t left = slots; left != 0; left &= left - 1) {
		size_t i = (size_t)__builtin_ctzll(left);

		if (i >= pattern.count || pattern.elements[i].class != LOG_ELEMENT_SLOT)
			return cause_set(cause, "a template's slots are none of its elements");
	}
	if (log_store_find(store, pattern.key) != LOG_STORE_NONE)
		return 0;
	index = log_store_add(store, &pattern, id, 0);
	log_store_at(store, index)->slots = slots;
	log_store_at(store, index)->count = (uint64_t)count;
	log_store_at(store, index)->serial = (uint64_t)serial;
	return 0;
}

static int
read_signatures(const json_t *array, struct log_store *store, char **cause)
{
	uint64_t slots;

	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *pair = json_array_get(array, i);
		json_int_t count = json_integer_value(json_array_get(pair, 0));

		if (count <= 0 || count > LOG_SCAN_TOKENS || !read_hex(json_array_get(pair, 1), &slots) ||
		    (count < LOG_PATTERN_SLOTS_MAX && slots >> count != 0))
			return cause_set(cause, "a signature is no count and slots within it");
		log_store_add_signature(store, (size_t)count, slots);
	}
	return 0;
}

static int
read_memory(const json_t *array, struct log_memory *memory, char **cause)
{
	uint64_t key, value;

	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *pair = json_array_get(array, i);

		if (!read_hex(json_array_get(pair, 0), &key) || !read_hex(json_array_get(pair, 1), &value) ||
		    value == 0)
			return cause_set(cause, "what is remembered is no pair of numbers");
		log_memory_put(memory, key, value);
	}
	return 0;
}

static int
read_all(const json_t *root, struct log_templates *templates, char **cause)
{
	const json_t *entries = json_object_get(root, "templates");
	json_int_t unmerged = json_integer_value(json_object_get(root, "unmerged"));
	json_int_t serial = json_integer_value(json_object_get(root, "serial"));
	json_int_t patience = json_integer_value(json_object_get(root, "patience"));
	struct log_store *store = &templates->store;

	if (json_integer_value(json_object_get(root, "v")) != LOG_TEMPLATE_STATE_VERSION)
		return cause_set(cause, "the templates were saved by another version: learning starts anew");
	if (!json_is_array(entries) || unmerged < 0 || serial < 0)
		return cause_set(cause, "the saved templates are not whole: learning starts anew");
	if (read_signatures(json_object_get(root, "signatures"), store, cause) != 0 ||
	    read_memory(json_object_get(root, "evicted"), store->evicted, cause) != 0 ||
	    read_memory(json_object_get(root, "aliases"), store->aliases, cause) != 0)
		return -1;
	for (size_t i = 0; i < json_array_size(entries); i++)
		if (read_template(json_array_get(entries, i), store, cause) != 0)
			return -1;
	if (patience < 0 || patience > LOG_TEMPLATE_PATIENCE_MAX)
		return cause_set(cause, "the saved templates are not whole: learning starts anew");
	templates->patience = (unsigned)patience;
	templates->unmerged = (uint64_t)unmerged;
	if (store->serial < (uint64_t)serial)
		store->serial = (uint64_t)serial;
	return 0;
}

struct log_templates *
log_template_load(const char *text, size_t len, size_t max_bytes, char **cause)
{
	json_t *root = json_read(text, len, cause);
	struct log_templates *templates;

	if (root == NULL)
		return NULL;
	templates = log_template_new(max_bytes);
	if (read_all(root, templates, cause) != 0) {
		log_template_free(templates);
		templates = NULL;
	}
	json_decref(root);
	return templates;
}
