/* SPDX-License-Identifier: Apache-2.0 */
/* page_tokens: the NextTokens that a listing has led through, so that pages which go in a circle, or never end, are noticed. Pure. */
#ifndef KDIAG_AWS_PAGE_TOKENS_H
#define KDIAG_AWS_PAGE_TOKENS_H

#include <stddef.h>
#include <stdint.h>

/* Zero-initialised it has seen none. A token may be a MiB long: hashes are kept. */
struct page_tokens {
	uint64_t *seen;
	size_t count;
};

/* The listing goes on with this token, to a page of `max` at most. 0; -1 with a sentence: it came before, or that is one too many. */
int page_tokens_add(struct page_tokens *tokens, const char *token, size_t max, char **cause);
/* The listing begins anew, or is over. */
void page_tokens_clear(struct page_tokens *tokens);

#endif
