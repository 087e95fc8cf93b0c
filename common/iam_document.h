/* SPDX-License-Identifier: Apache-2.0 */
/* iam_document: reads a policy document, which is untrusted text, into a bounded, compiled form, or says why it is none. Pure. */
#ifndef KDIAG_IAM_DOCUMENT_H
#define KDIAG_IAM_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/iam_arena.h"
#include "common/iam_caller.h"
#include "common/iam_condition.h"
#include "common/iam_pattern.h"
#include "common/json_view.h"
#include "common/str.h"

/* IAM's own limits are far lower (a managed policy 6,144 characters, a resource policy of Kinesis 20 KiB); what a line of `iam eval` may bring is more. */
enum { IAM_DOCUMENT_MAX = 256 * 1024 };

enum iam_document_kind { IAM_IDENTITY_POLICY, IAM_BOUNDARY, IAM_RESOURCE_POLICY };

/* Action or NotAction (in lower case), Resource or NotResource. */
struct iam_element {
	const struct iam_pattern *patterns;
	size_t count;
	bool negated;
	bool absent; /* a trust policy has no Resource: it means the role that it stands on */
};

struct iam_statement {
	bool deny;
	const char *sid; /* NULL: it has none */
	struct iam_element actions, resources;
	const struct iam_principal *principals;
	size_t principals_count;
	bool principals_negated;
	const struct iam_condition *conditions;
	size_t conditions_count;
};

struct iam_document {
	enum iam_document_kind kind;
	const struct iam_statement *statements;
	size_t count;
	struct iam_arena *arena; /* whose memory all of it is */
};

/*
 * Compiles a document that is parsed already into *document, whose parts are the arena's. A JSON string is a document as text. 0, or -1 with a
 * sentence that names the statement (counted from 0).
 */
int iam_document_compile(struct iam_arena *arena, struct json_view json, enum iam_document_kind kind,
    struct iam_document *document, char **cause);
/* A document as IAM's API returns it (percent-encoded, RFC 3986; some emulators send it raw: encoded unless it starts with `{`), decoded behind what `plain` holds. */
int iam_document_decode(const char *text, size_t len, struct str *plain, char **cause);
/* The same of text, raw or percent-encoded as IAM's API returns it (RFC 3986): encoded unless it starts with `{`. */
int iam_document_read(struct iam_arena *arena, const char *text, size_t len, enum iam_document_kind kind,
    struct iam_document *document, char **cause);

#endif
