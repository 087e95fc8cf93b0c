/* SPDX-License-Identifier: Apache-2.0 */
/* iam_library: managed policies' documents by ARN and version, which never change and are shared by whoever has them attached: read once, kept while used. Pure. */
#ifndef KDIAG_IAM_LIBRARY_H
#define KDIAG_IAM_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

struct iam_library;

struct iam_library *iam_library_new(void);
void iam_library_free(struct iam_library *library);
/* The document, good until the next put; NULL: not here. now_ms: clock_mono_ms(), for what has not been used for long. */
const char *iam_library_find(struct iam_library *library, const char *arn, const char *version, int64_t now_ms);
void iam_library_put(
    struct iam_library *library, const char *arn, const char *version, const char *document, int64_t now_ms);
size_t iam_library_count(const struct iam_library *library);

#endif
