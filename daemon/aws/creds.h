/* SPDX-License-Identifier: Apache-2.0 */
/*
 * creds: the cache of credentials by the standard chain (FACTS 5). Asks are single-flight, refreshed ahead of expiry,
 * and used on through an outage until AWS refuses them. Files: chain.c walks along the sources, profile.c reads the ini
 * files, metadata.c asks IMDSv2 and the container endpoint.
 */
#ifndef KDIAG_AWS_CREDS_H
#define KDIAG_AWS_CREDS_H

#include "daemon/aws/aws_keys.h"

struct event_base;
struct http;
struct creds;
struct creds_wait;

struct creds_options {
	const char *profile;                                 /* aws.profile; NULL: AWS_PROFILE, else "default" */
	const char *region;                                  /* for STS; NULL: none */
	const char *access_key, *secret_key, *session_token; /* given in the config itself; NULL: not */
	const char *(*env)(const char *name);                /* getenv, or a test's own */
};

/* How the chain stands, for `self` and the log. */
enum creds_health {
	CREDS_UNTRIED,
	CREDS_GOOD,
	CREDS_EXPIRING /* refresh fails, what there is still holds */,
	CREDS_FAILING
};

/*
 * keys is NULL on failure and why says what was tried ("no credentials: the environment has none, ~/.aws/credentials
 * does not exist, …").
 */
typedef void (*creds_cb)(struct aws_keys *keys, const char *why, void *arg);
/* Called when health changes (and with a new why): for the self findings. */
typedef void (*creds_health_cb)(enum creds_health health, const char *why, void *arg);

struct creds *creds_new(struct event_base *base, struct http *http, const struct creds_options *options);
/*
 * The same cache over another source, for roles that are assumed: `fetch` starts one fetch and ends it with
 * creds_fetched() (from the loop or from within), once; `abandon` drops it. source is what aws_keys and messages call
 * it. creds.c so stays ignorant of STS.
 */
struct creds *creds_new_fetched(struct event_base *base, const char *source, void (*fetch)(struct creds *, void *arg),
    void (*abandon)(void *arg), void *arg);
/* keys_taken, or NULL and why. */
void creds_fetched(struct creds *creds, struct aws_keys *keys_taken, const char *why);
/* Before the http that it was given. Who waits is not called back. */
void creds_free(struct creds *creds);
void creds_on_health(struct creds *creds, creds_health_cb cb, void *arg);
enum creds_health creds_health(const struct creds *creds);

/*
 * Hands out keys (borrowed for the call; take a reference to keep them): from the loop, or at once from within when
 * they are at hand. Callers that come while a fetch is under way share it. A failed fetch is not tried again for a few
 * seconds (growing to a minute); meanwhile the cached failure is answered.
 */
struct creds_wait *creds_get(struct creds *creds, creds_cb cb, void *arg); /* NULL when cb was called from within */
void creds_cancel(struct creds_wait *wait);
/*
 * AWS refused these keys as expired or unknown: fetch anew before the next answer, unless newer ones are there already.
 */
void creds_refused(struct creds *creds, const struct aws_keys *keys);

#endif
