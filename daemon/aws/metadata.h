/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metadata: one fetch of role credentials from IMDSv2 (token, role name, document), or from the container endpoint.
 * Knows no cache: creds.c has it.
 */
#ifndef KDIAG_AWS_METADATA_H
#define KDIAG_AWS_METADATA_H

#include <stddef.h>

#include "daemon/aws/creds.h"

struct metadata;

/* keys (the callee's to unref: a reference is handed over) or NULL with the sentence why. */
typedef void (*metadata_cb)(struct aws_keys *keys_taken, const char *why, void *arg);

/*
 * Starts one fetch; the callback comes from the loop, once. NULL with a sentence when there is nothing to ask (switched
 * off, not configured, a URL that may not be used); then no callback comes. The IMDS session token is kept in *session
 * between fetches (opaque; metadata_session_free).
 */
struct metadata_session;
struct metadata_session *metadata_session_new(void);
void metadata_session_free(struct metadata_session *session);

struct metadata *metadata_fetch_instance(struct http *http, struct metadata_session *session,
    const char *(*env)(const char *name), metadata_cb cb, void *arg, char **cause);
/* AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI of the environment, one of which must be there. */
struct metadata *metadata_fetch_container(
    struct http *http, const char *(*env)(const char *name), metadata_cb cb, void *arg, char **cause);
/* No callback will come. Not after the callback; NULL is fine. */
void metadata_cancel(struct metadata *fetch);

/*
 * {"Code":"Success","AccessKeyId":…,"SecretAccessKey":…,"Token":…,"Expiration":…} into keys; NULL with a sentence
 * without any value of it.
 */
struct aws_keys *metadata_read_document(const char *body, size_t len, const char *source, char **cause);

#endif
