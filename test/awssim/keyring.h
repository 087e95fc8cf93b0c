/* SPDX-License-Identifier: Apache-2.0 */
/* keyring: every access key that the simulated AWS knows, and whose it is; issues temporary ones. Knows no protocol. */
#ifndef KDIAG_AWSSIM_KEYRING_H
#define KDIAG_AWSSIM_KEYRING_H

#include <stdbool.h>
#include <stdint.h>

#include "test/awssim/scenario.h"

enum { KEYRING_ISSUED_MAX = 1024 }; /* past it the oldest is forgotten */

struct identity {
	char *access_key_id, *secret, *token; /* token NULL: a long-lived key */
	int64_t expires_ms;                   /* 0: never */
	int64_t issued_ms;
	char *account, *arn, *user_id;
};

struct keyring;

struct keyring *keyring_new(const struct scenario *scenario);
void keyring_free(struct keyring *keyring);
/* NULL: no such key. Borrowed until the next keyring_issue. */
const struct identity *keyring_find(const struct keyring *keyring, const char *access_key_id);
/*
 * A new temporary key for a session of a role: arn is that of the assumed role, session the part behind its last
 * slash. Borrowed until the next
 * keyring_issue.
 */
const struct identity *keyring_issue(struct keyring *keyring, const char *account, const char *arn, const char *session,
    int64_t now_ms, int64_t expires_ms);
/* Every issued key is expired from now on. */
void keyring_expire_issued(struct keyring *keyring, int64_t now_ms);

#endif
