/* SPDX-License-Identifier: Apache-2.0 */
/* keyring: owns the keys; knows neither signatures nor requests. */
#include "test/awssim/keyring.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "test/awssim/seed.h"

enum { KEY_RANDOM = 16, SECRET_LEN = 40, TOKEN_RANDOM = 340, USER_ID_RANDOM = 17 };

struct keyring {
	struct identity *permanent;
	size_t permanent_count;
	struct identity issued[KEYRING_ISSUED_MAX]; /* a ring */
	size_t next, issued_count;
	struct seed seed;
};

static void
clear(struct identity *identity)
{
	free(identity->access_key_id);
	free(identity->secret);
	free(identity->token);
	free(identity->account);
	free(identity->arn);
	free(identity->user_id);
	memset(identity, 0, sizeof(*identity));
}

/* prefix and then len characters of the seed; the caller's. */
static char *
draw(struct keyring *keyring, const char *prefix, const char *alphabet, size_t len)
{
	size_t start = strlen(prefix);
	char *text = mem_new(start + len + 1, 1);

	memcpy(text, prefix, start + 1);
	seed_text(&keyring->seed, alphabet, text + start, len);
	return text;
}

struct keyring *
keyring_new(const struct scenario *scenario)
{
	struct keyring *keyring = mem_new(1, sizeof(*keyring));

	seed_init(&keyring->seed, scenario->seed, 2);
	keyring->permanent_count = scenario->keys_count;
	keyring->permanent = mem_new(scenario->keys_count, sizeof(*keyring->permanent));
	for (size_t i = 0; i < scenario->keys_count; i++) {
		const struct scenario_key *key = &scenario->keys[i];

		keyring->permanent[i] = (struct identity){
		    .access_key_id = mem_strdup(key->access_key_id),
		    .secret = mem_strdup(key->secret_access_key),
		    .token = mem_strdup(key->session_token),
		    .issued_ms = scenario->start_ms,
		    .expires_ms = key->expires_in_ms == 0 ? 0 : scenario->start_ms + key->expires_in_ms,
		    .account = mem_strdup(scenario->account),
		    .arn = mem_printf(
			"arn:aws:iam::%s:user/%s", scenario->account, key->user == NULL ? "kdiag" : key->user),
		    .user_id = draw(keyring, "AIDA", SEED_BASE32, USER_ID_RANDOM),
		};
	}
	return keyring;
}

void
keyring_free(struct keyring *keyring)
{
	if (keyring == NULL)
		return;
	for (size_t i = 0; i < keyring->permanent_count; i++)
		clear(&keyring->permanent[i]);
	for (size_t i = 0; i < keyring->issued_count; i++)
		clear(&keyring->issued[i]);
	free(keyring->permanent);
	free(keyring);
}

/* The youngest first: it is nearly always the one. */
const struct identity *
keyring_find(const struct keyring *keyring, const char *access_key_id)
{
	for (size_t i = 0; i < keyring->permanent_count; i++)
		if (strcmp(keyring->permanent[i].access_key_id, access_key_id) == 0)
			return &keyring->permanent[i];
	for (size_t i = 1; i <= keyring->issued_count; i++) {
		const struct identity *identity =
		    &keyring->issued[(keyring->next + KEYRING_ISSUED_MAX - i) % KEYRING_ISSUED_MAX];

		if (strcmp(identity->access_key_id, access_key_id) == 0)
			return identity;
	}
	return NULL;
}

const struct identity *
keyring_issue(struct keyring *keyring, const char *account, const char *arn, const char *session, int64_t now_ms,
    int64_t expires_ms)
{
	struct identity *identity = &keyring->issued[keyring->next];
	char *role_id = draw(keyring, "AROA", SEED_BASE32, USER_ID_RANDOM);

	clear(identity);
	identity->access_key_id = draw(keyring, "ASIA", SEED_BASE32, KEY_RANDOM);
	identity->secret = draw(keyring, "", SEED_BASE64, SECRET_LEN);
	identity->token = draw(keyring, "IQoJb3JpZ2luX2Vj", SEED_BASE64, TOKEN_RANDOM);
	identity->issued_ms = now_ms;
	identity->expires_ms = expires_ms;
	identity->account = mem_strdup(account);
	identity->arn = mem_strdup(arn);
	identity->user_id = mem_printf("%s:%s", role_id, session);
	free(role_id);
	keyring->next = (keyring->next + 1) % KEYRING_ISSUED_MAX;
	if (keyring->issued_count < KEYRING_ISSUED_MAX)
		keyring->issued_count++;
	return identity;
}

void
keyring_expire_issued(struct keyring *keyring, int64_t now_ms)
{
	for (size_t i = 0; i < keyring->issued_count; i++)
		if (keyring->issued[i].expires_ms > now_ms)
			keyring->issued[i].expires_ms = now_ms;
}
