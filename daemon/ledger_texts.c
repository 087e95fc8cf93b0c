/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_texts: owns the sentences of findings, each once, and who holds them. */
#include "daemon/ledger_texts.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

enum { BUCKETS = 8192, PARTS = 4 };

struct ledger_text {
	struct ledger_text *next; /* of the same bucket */
	uint32_t hash, held;
	uint32_t at[PARTS - 1]; /* in s, where the parts behind the summary begin; 0: there is none */
	char s[];
};

struct ledger_texts {
	struct ledger_text *buckets[BUCKETS];
	void *names;   /* a tree of tsearch(3) */
	char **probes; /* a dozen */
	size_t probes_count;
};

/* ---- names ---- */

static int
compare_words(const char *a, const char *b)
{
	return a == NULL || b == NULL ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

static int
compare_names(const void *left, const void *right)
{
	const struct ledger_names *a = left, *b = right;
	int order;

	if ((order = compare_words(a->check, b->check)) != 0 || (order = compare_words(a->probe, b->probe)) != 0 ||
	    (order = compare_words(a->symptom, b->symptom)) != 0)
		return order;
	return compare_words(a->step, b->step);
}

char *
ledger_texts_probe(struct ledger_texts *texts, const char *probe)
{
	for (size_t i = 0; i < texts->probes_count; i++)
		if (strcmp(texts->probes[i], probe) == 0)
			return texts->probes[i];
	texts->probes = mem_resize(texts->probes, texts->probes_count + 1, sizeof(char *));
	return texts->probes[texts->probes_count++] = mem_strdup(probe);
}

const struct ledger_names *
ledger_texts_names(struct ledger_texts *texts, const struct finding *finding)
{
	const struct ledger_names named = {finding->probe, finding->check, finding->symptom, finding->step};
	struct ledger_names *names;
	void *node = tfind(&named, &texts->names, compare_names);

	if (node != NULL)
		return *(struct ledger_names **)node;
	names = mem_new(1, sizeof(*names));
	*names = (struct ledger_names){ledger_texts_probe(texts, named.probe), mem_strdup(named.check),
	    mem_strdup(named.symptom), mem_strdup(named.step)};
	if (tsearch(names, &texts->names, compare_names) == NULL)
		abort(); /* no memory: what mem.h does */
	return names;
}

static void
free_names(void *names_)
{
	struct ledger_names *names = names_;

	free(names->check);
	free(names->symptom);
	free(names->step);
	free(names);
}

/* ---- texts ---- */

static void
list_parts(const struct finding *finding, const char *parts[PARTS])
{
	parts[0] = finding->summary != NULL ? finding->summary : "";
	parts[1] = finding->evidence;
	parts[2] = finding->next;
	parts[3] = finding->blame;
}

static const char *
part_of(const struct ledger_text *text, size_t i)
{
	if (i == 0)
		return text->s;
	return text->at[i - 1] == 0 ? NULL : text->s + text->at[i - 1];
}

static bool
says(const struct ledger_text *text, const char *const parts[PARTS])
{
	for (size_t i = 0; i < PARTS; i++)
		if (compare_words(part_of(text, i), parts[i]) != 0)
			return false;
	return true;
}

/* FNV-1a */
static uint32_t
hash_parts(const char *const parts[PARTS])
{
	uint32_t hash = UINT32_C(2166136261);

	for (size_t i = 0; i < PARTS; i++) {
		for (const char *s = parts[i]; s != NULL && *s != '\0'; s++)
			hash = (hash ^ (unsigned char)*s) * UINT32_C(16777619);
		hash = (hash ^ 0xff) * UINT32_C(16777619); /* is in no UTF-8 */
	}
	return hash;
}

static struct ledger_text *
make_text(const char *const parts[PARTS], uint32_t hash)
{
	size_t sizes[PARTS], size = 0, at = 0;
	struct ledger_text *text;

	for (size_t i = 0; i < PARTS; i++)
		size += sizes[i] = parts[i] != NULL ? strlen(parts[i]) + 1 : 0;
	assert(size < UINT32_MAX);
	text = mem_new(1, sizeof(*text) + size);
	text->hash = hash;
	for (size_t i = 0; i < PARTS; at += sizes[i++]) {
		if (parts[i] == NULL)
			continue;
		memcpy(text->s + at, parts[i], sizes[i]);
		if (i > 0)
			text->at[i - 1] = (uint32_t)at;
	}
	return text;
}

static struct ledger_text *
share(struct ledger_texts *texts, const char *const parts[PARTS])
{
	uint32_t hash = hash_parts(parts);
	struct ledger_text **bucket = &texts->buckets[hash % BUCKETS], *text;

	for (text = *bucket; text != NULL; text = text->next)
		if (text->hash == hash && says(text, parts))
			break;
	if (text == NULL) {
		text = make_text(parts, hash);
		text->next = *bucket;
		*bucket = text;
	}
	text->held++;
	return text;
}

void
ledger_texts_drop(struct ledger_texts *texts, struct ledger_text **held)
{
	struct ledger_text *text = *held, **link;

	*held = NULL;
	if (text == NULL || --text->held > 0)
		return;
	for (link = &texts->buckets[text->hash % BUCKETS]; *link != text; link = &(*link)->next)
		assert(*link != NULL);
	*link = text->next;
	free(text);
}

void
ledger_texts_set(struct ledger_texts *texts, struct ledger_text **held, const struct finding *finding)
{
	struct ledger_text *before = *held;
	const char *parts[PARTS];

	list_parts(finding, parts);
	if (before != NULL && says(before, parts))
		return;
	*held = share(texts, parts);
	ledger_texts_drop(texts, &before);
}

void
ledger_text_show(const struct ledger_text *text, struct finding *finding)
{
	finding->summary = (char *)part_of(text, 0);
	finding->evidence = (char *)part_of(text, 1);
	finding->next = (char *)part_of(text, 2);
	finding->blame = (char *)part_of(text, 3);
}

/* ---- all of them ---- */

struct ledger_texts *
ledger_texts_new(void)
{
	return mem_new(1, sizeof(struct ledger_texts));
}

void
ledger_texts_free(struct ledger_texts *texts)
{
	for (size_t i = 0; i < BUCKETS; i++)
		assert(texts->buckets[i] == NULL);
	tdestroy(texts->names, free_names);
	for (size_t i = 0; i < texts->probes_count; i++)
		free(texts->probes[i]);
	free(texts->probes);
	free(texts);
}
