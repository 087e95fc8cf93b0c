/* SPDX-License-Identifier: Apache-2.0 */
/* log_merge: owns the evidence that takes a word for a value; knows nothing of lines. */
#include "common/log_merge.h"

#include <assert.h>
#include <stdlib.h>

#include "common/mem.h"

enum {
	ROUNDS_MAX = 8,
	NAMES_MAX = 6,   /* pairs of names are looked at up to so many */
	PLACES_MAX = 10, /* and pairs of words that may be names up to so many */
	NEVER = 1000000,
};

/* An entry with some of its elements turned into slots: those of equal key differ there alone. */
struct candidate {
	uint64_t key, slots;
	uint32_t entry;
};

struct group {
	size_t first, count;
	uint64_t key;
	bool has_target; /* there is a pattern with slots there already */
};

struct merge {
	struct log_store *store;
	struct candidate *candidates;
	size_t count, cap;
	struct group *groups;
	size_t groups_count;
	bool *is_touched; /* by entry: changed or gone in this round */
	size_t merged;
};

/* ---- candidates ---- */

static void
add_candidate(struct merge *merge, uint32_t index, uint64_t slots)
{
	const struct log_entry *entry = log_store_at(merge->store, index);
	uint64_t key = entry->key;

	for (uint64_t left = slots; left != 0; left &= left - 1)
		key = log_pattern_key_slot(key, entry->elements, (size_t)__builtin_ctzll(left));
	if (merge->count == merge->cap) {
		merge->cap = merge->cap > 0 ? merge->cap * 2 : 256;
		merge->candidates = mem_resize(merge->candidates, merge->cap, sizeof *merge->candidates);
	}
	merge->candidates[merge->count++] = (struct candidate){.key = key, .slots = slots, .entry = index};
}

/* Two places at once that are slots in another pattern already: this is how a name that is a word, too, comes home. */
static void
add_known_pairs(struct merge *merge, uint32_t index)
{
	const struct log_entry *entry = log_store_at(merge->store, index);
	uint8_t places[PLACES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < entry->elements_count && i < LOG_PATTERN_SLOTS_MAX && count < PLACES_MAX; i++) {
		uint8_t class = entry->elements[i].class;

		if (class == LOG_ELEMENT_NAME || class == LOG_ELEMENT_LABEL || class == LOG_ELEMENT_KNOWN)
			places[count++] = (uint8_t)i;
	}
	for (size_t i = 0; i < count; i++) {
		uint64_t key = log_pattern_key_slot(entry->key, entry->elements, places[i]);

		for (size_t j = i + 1; j < count; j++)
			if (log_store_find(merge->store, log_pattern_key_slot(key, entry->elements, places[j])) !=
			    LOG_STORE_NONE)
				add_candidate(merge, index, (uint64_t)1 << places[i] | (uint64_t)1 << places[j]);
	}
}

/* With each word turned into a slot, with each pair of names, and with all names. */
static void
add_candidates(struct merge *merge, uint32_t index)
{
	const struct log_entry *entry = log_store_at(merge->store, index);
	uint64_t names[NAMES_MAX], all = 0;
	size_t count = 0;

	for (size_t i = 0; i < entry->elements_count && i < LOG_PATTERN_SLOTS_MAX; i++) {
		uint8_t class = entry->elements[i].class;

		if (class != LOG_ELEMENT_NAME && class != LOG_ELEMENT_LABEL && class != LOG_ELEMENT_KNOWN)
			continue;
		add_candidate(merge, index, (uint64_t)1 << i);
		if (class != LOG_ELEMENT_NAME)
			continue;
		all |= (uint64_t)1 << i;
		if (count < NAMES_MAX)
			names[count] = (uint64_t)1 << i;
		count++;
	}
	for (size_t i = 0; count > 2 && count <= NAMES_MAX && i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			add_candidate(merge, index, names[i] | names[j]);
	if (count > 1)
		add_candidate(merge, index, all);
	add_known_pairs(merge, index);
}

static int
compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* In order, each once: the pair of the only two names is that of all names, too. */
static void
sort_candidates(struct merge *merge)
{
	size_t kept = 0;

	qsort(merge->candidates, merge->count, sizeof *merge->candidates, compare_candidates);
	for (size_t i = 0; i < merge->count; i++)
		if (kept == 0 || compare_candidates(&merge->candidates[i], &merge->candidates[kept - 1]) != 0)
			merge->candidates[kept++] = merge->candidates[i];
	merge->count = kept;
}

/* ---- evidence ---- */

/* How much of an entry stays constant when these become slots. */
struct rest {
	unsigned words, others;
};

static struct rest
count_rest(const struct log_entry *entry, uint64_t slots)
{
	struct rest rest = {0};

	for (size_t i = 0; i < entry->elements_count; i++) {
		uint8_t class = entry->elements[i].class;

		if (i < LOG_PATTERN_SLOTS_MAX && (slots >> i & 1) != 0)
			continue;
		rest.words += class >= LOG_ELEMENT_KNOWN;
		rest.others += class == LOG_ELEMENT_NAME || class == LOG_ELEMENT_LABEL;
	}
	return rest;
}

static unsigned
needed(const unsigned table[4], unsigned words)
{
	return table[words < 3 ? words : 3];
}

/*
 * So many different words in a place make it a slot, by how many known words stand around it: 0, 1, 2, 3 and more. Tried out on the generated corpora of
 * test/unit/log_corpus.h: half as many merge what is different, twice as many leave apart what is the same.
 */
static const unsigned need_name[4] = {6, 3, 2, 2};
static const unsigned need_names[4] = {8, 4, 3, 3};
static const unsigned need_known[4] = {20, 10, 6, 5};
static const unsigned need_label[4] = {20, 8, 5, 4};

static unsigned
find_need(const struct log_entry *entry, uint64_t slots, bool has_target)
{
	struct rest rest = count_rest(entry, slots);
	uint8_t class = entry->elements[__builtin_ctzll(slots)].class;
	unsigned need;

	if (rest.words + rest.others == 0)
		return NEVER;
	if ((slots & (slots - 1)) != 0)
		return has_target && rest.words >= 2 ? 1 : needed(need_names, rest.words);
	if (class == LOG_ELEMENT_NAME)
		need = needed(need_name, rest.words);
	else if (class == LOG_ELEMENT_LABEL)
		need = needed(need_label, rest.words);
	else
		need = needed(need_known, rest.words);
	if (has_target && rest.words >= 2)
		return 1;
	return has_target ? (need + 1) / 2 : need;
}

/* Does every one of the slots hold at least three different words? In fewer, another choice of slots fits better. */
static bool
is_varied(const struct merge *merge, const struct group *group)
{
	const struct candidate *members = merge->candidates + group->first;

	for (uint64_t left = members->slots; left != 0; left &= left - 1) {
		size_t i = (size_t)__builtin_ctzll(left), different = 0;
		uint32_t seen[2] = {0};

		for (size_t m = 0; m < group->count && different < 3; m++) {
			uint32_t hash = log_store_at(merge->store, members[m].entry)->elements[i].hash;

			if ((different > 0 && hash == seen[0]) || (different > 1 && hash == seen[1]))
				continue;
			if (different < 2)
				seen[different] = hash;
			different++;
		}
		if (different < 3)
			return false;
	}
	return true;
}

/*
 * Who writes the log may make keys collide, which are sums of hashes; entries that differ in more than the slots have nothing to say about each other. target: or
 * LOG_STORE_NONE.
 */
static bool
is_one_form(const struct merge *merge, const struct group *group, uint32_t target)
{
	const struct candidate *members = merge->candidates + group->first;
	size_t count = log_store_at(merge->store, members->entry)->elements_count;

	if (target != LOG_STORE_NONE && log_store_at(merge->store, target)->elements_count != count)
		return false;
	for (size_t i = 1; i < group->count; i++)
		if (log_store_at(merge->store, members[i].entry)->elements_count != count)
			return false;
	return true;
}

static bool
is_untouched(const struct merge *merge, const struct group *group)
{
	for (size_t i = 0; i < group->count; i++)
		if (merge->is_touched[merge->candidates[group->first + i].entry])
			return false;
	return true;
}

static bool
is_evident(const struct merge *merge, const struct group *group)
{
	const struct candidate *member = &merge->candidates[group->first];
	const struct log_entry *entry = log_store_at(merge->store, member->entry);

	if (group->count < find_need(entry, member->slots, group->has_target))
		return false;
	return group->has_target || (member->slots & (member->slots - 1)) == 0 || is_varied(merge, group);
}

/* ---- merging ---- */

static void
absorb(struct merge *merge, uint32_t index, uint32_t into)
{
	struct log_entry *entry = log_store_at(merge->store, index), *target = log_store_at(merge->store, into);
	uint64_t dead = entry->id;

	if (entry->serial < target->serial) {
		dead = target->id;
		target->id = entry->id;
		target->serial = entry->serial;
	}
	target->count += entry->count;
	if (dead != target->id)
		log_memory_put(merge->store->aliases, dead, target->id);
	/* Its like may come again after the target was evicted, and is not new then. */
	log_memory_put(merge->store->evicted, entry->key, target->id);
	log_store_remove(merge->store, index);
	merge->merged++;
}

static void
merge_group(struct merge *merge, const struct group *group)
{
	const struct candidate *members = merge->candidates + group->first;
	uint32_t target = log_store_find(merge->store, group->key);
	uint64_t key;
	size_t i = 0;

	if (target != LOG_STORE_NONE && merge->is_touched[target])
		return;
	if (target == LOG_STORE_NONE)
		target = members[i++].entry;
	key = log_store_at(merge->store, target)->key;
	if (!log_store_generalize(merge->store, target, members->slots))
		return;
	if (i > 0)
		log_memory_put(merge->store->evicted, key, log_store_at(merge->store, target)->id);
	merge->is_touched[target] = true;
	for (; i < group->count; i++) {
		merge->is_touched[members[i].entry] = true;
		absorb(merge, members[i].entry, target);
	}
}

/* Into what is a slot already first; then the most words first. */
static int
compare_groups(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->has_target != y->has_target)
		return x->has_target ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->key < y->key ? -1 : x->key > y->key;
}

static void
find_groups(struct merge *merge)
{
	sort_candidates(merge);
	merge->groups = mem_resize(merge->groups, merge->count + 1, sizeof *merge->groups);
	merge->groups_count = 0;
	for (size_t i = 0, n; i < merge->count; i += n) {
		struct group group = {.first = i, .key = merge->candidates[i].key};
		uint32_t target = log_store_find(merge->store, group.key);

		for (n = 1; i + n < merge->count && merge->candidates[i + n].key == group.key; n++)
			;
		group.count = n;
		group.has_target = target != LOG_STORE_NONE;
		if (is_one_form(merge, &group, target) && is_evident(merge, &group))
			merge->groups[merge->groups_count++] = group;
	}
	qsort(merge->groups, merge->groups_count, sizeof *merge->groups, compare_groups);
}

static bool
run_round(struct merge *merge)
{
	size_t before = merge->merged;

	merge->count = 0;
	merge->is_touched = mem_new(merge->store->entries_cap + 1, sizeof *merge->is_touched);
	for (uint32_t i = merge->store->oldest; i != LOG_STORE_NONE; i = log_store_at(merge->store, i)->newer)
		add_candidates(merge, i);
	if (merge->count > 0)
		find_groups(merge);
	for (size_t i = 0; merge->count > 0 && i < merge->groups_count; i++)
		if (is_untouched(merge, &merge->groups[i]))
			merge_group(merge, &merge->groups[i]);
	free(merge->is_touched);
	return merge->merged > before;
}

size_t
log_merge_run(struct log_store *store)
{
	struct merge merge = {.store = store};

	for (unsigned round = 0; round < ROUNDS_MAX && run_round(&merge); round++)
		;
	free(merge.candidates);
	free(merge.groups);
	return merge.merged;
}
