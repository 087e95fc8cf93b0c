/* SPDX-License-Identifier: Apache-2.0 */
/* page_tokens: hashes of the NextTokens of one listing. */
#include "daemon/aws/page_tokens.h"

#include <stdlib.h>

#include "common/mem.h"

/* FNV-1a. */
static uint64_t
hash_text(const char *s)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *s != '\0'; s++)
		hash = (hash ^ (unsigned char)*s) * 0x100000001b3u;
	return hash;
}

int
page_tokens_add(struct page_tokens *tokens, const char *token, size_t max, char **cause)
{
	uint64_t hash = hash_text(token);
	size_t i;

	for (i = 0; i < tokens->count; i++)
		if (tokens->seen[i] == hash)
			return cause_set(cause, "the same NextToken came twice");
	if (tokens->count + 1 >= max)
		return cause_set(cause, "NextToken led on after %zu pages", max);
	tokens->seen = mem_resize(tokens->seen, tokens->count + 1, sizeof(*tokens->seen));
	tokens->seen[tokens->count++] = hash;
	return 0;
}

void
page_tokens_clear(struct page_tokens *tokens)
{
	free(tokens->seen);
	*tokens = (struct page_tokens){0};
}
