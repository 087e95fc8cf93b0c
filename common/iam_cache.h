/* SPDX-License-Identifier: Apache-2.0 */
/* iam_cache: compiled policy documents by their text: lines of `iam eval` ask about the same few policies again and again, and reading them is most of the work. */
#ifndef KDIAG_IAM_CACHE_H
#define KDIAG_IAM_CACHE_H

#include <stddef.h>

#include "common/iam_document.h"

struct iam_cache;

struct iam_cache *iam_cache_new(void);
void iam_cache_free(struct iam_cache *cache);
/* A new line begins: what the last one got may go. */
void iam_cache_begin(struct iam_cache *cache);
/* The document of this JSON text, good until the next begin; NULL when it is none (iam_document_read says why). */
const struct iam_document *iam_cache_get(
    struct iam_cache *cache, const char *text, size_t len, enum iam_document_kind kind);

#endif
