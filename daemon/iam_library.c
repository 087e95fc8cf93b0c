/* SPDX-License-Identifier: Apache-2.0 */
/* iam_library: owns the documents and when each was last used; fetches nothing. */
#include "daemon/iam_library.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

enum {
	SHELVES = 256,
	UNUSED_MS = 48 * 60 * 60 * 1000, /* past the longest aws.iam_cache, twice */
};

struct book {
	struct book *next;
	char *arn, *version, *document;
	int64_t used_ms;
};

struct iam_library {
	struct book *shelves[SHELVES];
	size_t count;
};

struct iam_library *
iam_library_new(void)
{
	return mem_new(1, sizeof(struct iam_library));
}

static void
drop(struct iam_library *library, struct book **place)
{
	struct book *book = *place;

	*place = book->next;
	library->count--;
	free(book->arn);
	free(book->version);
	free(book->document);
	free(book);
}

void
iam_library_free(struct iam_library *library)
{
	if (library == NULL)
		return;
	for (size_t i = 0; i < SHELVES; i++)
		while (library->shelves[i] != NULL)
			drop(library, &library->shelves[i]);
	free(library);
}

/* FNV-1a over the ARN: the versions of one policy stand together. */
static struct book **
shelf_of(struct iam_library *library, const char *arn)
{
	uint32_t hash = 2166136261u;

	for (; *arn != '\0'; arn++)
		hash = (hash ^ (unsigned char)*arn) * 16777619u;
	return &library->shelves[hash % SHELVES];
}

static struct book *
find(struct iam_library *library, const char *arn, const char *version)
{
	struct book *book = *shelf_of(library, arn);

	while (book != NULL && (strcmp(book->arn, arn) != 0 || strcmp(book->version, version) != 0))
		book = book->next;
	return book;
}

const char *
iam_library_find(struct iam_library *library, const char *arn, const char *version, int64_t now_ms)
{
	struct book *book = find(library, arn, version);

	if (book == NULL)
		return NULL;
	book->used_ms = now_ms;
	return book->document;
}

/* What nobody has asked for in so long goes when its shelf is touched. */
static void
tidy(struct iam_library *library, struct book **place, int64_t now_ms)
{
	while (*place != NULL) {
		if (now_ms - (*place)->used_ms > UNUSED_MS)
			drop(library, place);
		else
			place = &(*place)->next;
	}
}

void
iam_library_put(struct iam_library *library, const char *arn, const char *version, const char *document, int64_t now_ms)
{
	struct book **shelf = shelf_of(library, arn), *book;

	tidy(library, shelf, now_ms);
	if ((book = find(library, arn, version)) == NULL) {
		book = mem_new(1, sizeof(*book));
		book->arn = mem_strdup(arn);
		book->version = mem_strdup(version);
		book->next = *shelf;
		*shelf = book;
		library->count++;
	}
	free(book->document);
	book->document = mem_strdup(document);
	book->used_ms = now_ms;
}

size_t
iam_library_count(const struct iam_library *library)
{
	return library->count;
}
