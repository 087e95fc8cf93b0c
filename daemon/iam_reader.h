/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iam_reader: reads one principal from IAM: does it exist, and which policies has it, with their documents: attached and inline ones, those of a user's groups, the permissions
 * boundary. One call after the other. Each policy that cannot be read is missing for a reason of its own.
 */
#ifndef KDIAG_IAM_READER_H
#define KDIAG_IAM_READER_H

#include <kdiag/probe.h>

#include "daemon/aws/iam.h"
#include "daemon/iam_library.h"

struct iam_reader;

/* The principal has been read, or could not be. */
typedef void (*iam_reader_cb)(struct iam_reader *reader, void *arg);

/* arn: of a role, a user or a policy. library is borrowed. The callback comes once, from the loop, never from within. */
struct iam_reader *iam_reader_start(
    struct aws_place *place, const char *arn, struct iam_library *library, bool urgent, iam_reader_cb cb, void *arg);
/* Also in the midst of it: then no callback will come. */
void iam_reader_free(struct iam_reader *reader);

bool iam_reader_is_urgent(const struct iam_reader *reader);
/* clock_mono_ms() at which it was begun. */
int64_t iam_reader_begun_ms(const struct iam_reader *reader);

/* ---- when it is done ---- */

/* Why nothing is known of the principal: fault AWS_OK: it is. AWS_NOT_FOUND: there is none such. */
const struct aws_error *iam_reader_error(const struct iam_reader *reader);
/* The policies, the reader's. */
const struct kd_policy *iam_reader_policies(const struct iam_reader *reader, size_t *count);
/* The first call that failed otherwise than by finding nothing, and with what; NULL: none did. */
const struct aws_error *iam_reader_trouble(const struct iam_reader *reader, enum iam_operation *operation);
/* The sentence with which AWS refused an operation for want of rights; NULL: it did not. */
const char *iam_reader_denied(const struct iam_reader *reader, enum iam_operation operation);

#endif
