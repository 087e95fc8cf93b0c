/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_states: a tree of entries, and the list of those that are to be written. */
#include "daemon/keeper_states.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/mem.h"

struct kept {
	struct store_state state; /* text: what is to be written, or to be taken */
	uint64_t hash;            /* of the text as it was last seen; 0: never */
	bool waiting;             /* it is of before the start, and nobody took it */
	bool dirty;
	TAILQ_ENTRY(kept) all;
};
TAILQ_HEAD(kept_list, kept);

struct keeper_states {
	void *tree; /* tsearch(3) */
	struct kept_list all;
	size_t dirty;
};

static int
compare(const void *left, const void *right)
{
	const struct store_state *a = &((const struct kept *)left)->state, *b = &((const struct kept *)right)->state;
	int order = strcmp(a->stream, b->stream);

	if (order == 0)
		order = strcmp(a->probe, b->probe);
	if (order == 0)
		order = strcmp(a->region, b->region);
	return order != 0 ? order : strcmp(a->account, b->account);
}

/* FNV-1a, 64 bits. */
static uint64_t
hash_of(const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return hash | 1;
}

static struct kept *
find(struct keeper_states *states, const struct store_state *named)
{
	struct kept key = {.state = *named};
	void *node = tfind(&key, &states->tree, compare);

	return node != NULL ? *(struct kept **)node : NULL;
}

static struct kept *
make(struct keeper_states *states, const struct store_state *named)
{
	struct kept *entry = mem_new(1, sizeof(*entry));

	entry->state = (struct store_state){
	    .account = mem_strdup(named->account),
	    .region = mem_strdup(named->region),
	    .stream = mem_strdup(named->stream),
	    .probe = mem_strdup(named->probe),
	};
	if (tsearch(entry, &states->tree, compare) == NULL)
		abort(); /* no memory: what mem.h does */
	TAILQ_INSERT_TAIL(&states->all, entry, all);
	return entry;
}

static struct store_state
name(const struct stream_id *stream, const char *probe)
{
	return (struct store_state){
	    .account = stream->account, .region = stream->region, .stream = stream->name, .probe = (char *)probe};
}

static void
set_dirty(struct keeper_states *states, struct kept *entry, bool dirty)
{
	states->dirty += dirty;
	states->dirty -= entry->dirty;
	entry->dirty = dirty;
}

static void
drop(struct keeper_states *states, struct kept *entry)
{
	set_dirty(states, entry, false);
	tdelete(entry, &states->tree, compare);
	TAILQ_REMOVE(&states->all, entry, all);
	store_state_clear(&entry->state);
	free(entry);
}

struct keeper_states *
keeper_states_new(void)
{
	struct keeper_states *states = mem_new(1, sizeof(*states));

	TAILQ_INIT(&states->all);
	return states;
}

void
keeper_states_free(struct keeper_states *states)
{
	if (states == NULL)
		return;
	while (!TAILQ_EMPTY(&states->all))
		drop(states, TAILQ_FIRST(&states->all));
	free(states);
}

void
keeper_states_load(struct keeper_states *states, const struct store_state *state)
{
	struct kept *entry = make(states, state);

	entry->state.text = mem_strdup(state->text);
	entry->hash = hash_of(state->text);
	entry->waiting = true;
}

char *
keeper_states_take(struct keeper_states *states, const struct stream_id *stream, const char *probe)
{
	const struct store_state named = name(stream, probe);
	struct kept *entry = find(states, &named);
	char *text;

	if (entry == NULL || !entry->waiting)
		return NULL;
	text = entry->state.text;
	entry->state.text = NULL;
	entry->waiting = false;
	return text;
}

void
keeper_states_put(struct keeper_states *states, const struct stream_id *stream, const char *probe, const char *text)
{
	const struct store_state named = name(stream, probe);
	uint64_t hash = text != NULL ? hash_of(text) : 0;
	struct kept *entry = find(states, &named);

	if (entry == NULL && text == NULL)
		return;
	if (entry == NULL)
		entry = make(states, &named);
	if (entry->hash == hash && !entry->waiting)
		return;
	free(entry->state.text);
	entry->state.text = mem_strdup(text);
	entry->hash = hash;
	entry->waiting = false;
	set_dirty(states, entry, true);
}

void
keeper_states_drop_stream(struct keeper_states *states, const struct stream_id *stream)
{
	struct kept *entry;

	TAILQ_FOREACH(entry, &states->all, all)
	if (strcmp(entry->state.stream, stream->name) == 0 && strcmp(entry->state.region, stream->region) == 0 &&
	    strcmp(entry->state.account, stream->account) == 0)
		keeper_states_put(states, stream, entry->state.probe, NULL);
}

void
keeper_states_save(struct keeper_states *states, struct store_rows *rows)
{
	struct kept *entry, *next;

	for (entry = TAILQ_FIRST(&states->all); entry != NULL && states->dirty > 0; entry = next) {
		struct store_state row = {0};

		next = TAILQ_NEXT(entry, all);
		if (!entry->dirty)
			continue;
		row.account = mem_strdup(entry->state.account);
		row.region = mem_strdup(entry->state.region);
		row.stream = mem_strdup(entry->state.stream);
		row.probe = mem_strdup(entry->state.probe);
		row.text = entry->state.text;
		entry->state.text = NULL;
		store_rows_add_state(rows, &row);
		set_dirty(states, entry, false);
		if (row.text == NULL)
			drop(states, entry);
	}
}

void
keeper_states_save_anew(struct keeper_states *states)
{
	struct kept *entry;

	TAILQ_FOREACH(entry, &states->all, all)
	{
		if (entry->waiting)
			set_dirty(states, entry, true);
		else
			entry->hash = 0;
	}
}

void
keeper_states_drop_rest(struct keeper_states *states)
{
	struct kept *entry;

	TAILQ_FOREACH(entry, &states->all, all)
	{
		if (!entry->waiting)
			continue;
		free(entry->state.text);
		entry->state.text = NULL;
		entry->waiting = false;
		entry->hash = 0;
		set_dirty(states, entry, true);
	}
}
