/* SPDX-License-Identifier: Apache-2.0 */
/* sign_key: owns what OpenSSL lends for signing, and the keys derived for it. Knows no requests. */
#include "daemon/aws/sign_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "common/mem.h"

enum {
	HASH_SIZE = 32,
	KEYS_CACHED = 16, /* accounts x services that a daemon signs for at a time */
	SECRET_MAX = 128, /* AWS's have 40; longer ones are signed with, but not cached */
	SCOPE_MAX = 64,
};

/* A signing key of a day, in an HMAC that is keyed with it, and what it was derived from. */
struct derived_key {
	char secret[SECRET_MAX], day[9], region[SCOPE_MAX], service[SCOPE_MAX];
	EVP_MAC_CTX *hmac;
};

static EVP_MD *sha256_md;
static EVP_MD_CTX *sha256_ctx;
static EVP_MAC *hmac_mac;
static EVP_MAC_CTX *hmac_ctx;
static struct derived_key keys[KEYS_CACHED];
static size_t next_key;

int
sign_init(char **cause)
{
	OSSL_PARAM digest[2];
	char name[] = "SHA256";

	if (hmac_ctx != NULL)
		return 0;
	digest[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
	digest[1] = OSSL_PARAM_construct_end();
	if ((sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL)) == NULL || (sha256_ctx = EVP_MD_CTX_new()) == NULL ||
	    (hmac_mac = EVP_MAC_fetch(NULL, "HMAC", NULL)) == NULL || (hmac_ctx = EVP_MAC_CTX_new(hmac_mac)) == NULL ||
	    !EVP_MAC_CTX_set_params(hmac_ctx, digest)) {
		sign_forget();
		return cause_set(
		    cause, "OpenSSL offers no SHA-256 or HMAC (its configuration, or memory, is short of them)");
	}
	return 0;
}

static void
forget_key(struct derived_key *slot)
{
	EVP_MAC_CTX_free(slot->hmac);
	OPENSSL_cleanse(slot, sizeof(*slot));
}

void
sign_forget(void)
{
	for (size_t i = 0; i < KEYS_CACHED; i++)
		forget_key(&keys[i]);
	next_key = 0;
	EVP_MAC_CTX_free(hmac_ctx);
	EVP_MAC_free(hmac_mac);
	EVP_MD_CTX_free(sha256_ctx);
	EVP_MD_free(sha256_md);
	hmac_ctx = NULL;
	hmac_mac = NULL;
	sha256_ctx = NULL;
	sha256_md = NULL;
}

/* ---- hashes ---- */

static void
put_hex(const unsigned char hash[HASH_SIZE], char hex[SIGN_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < HASH_SIZE; i++) {
		hex[2 * i] = digits[hash[i] >> 4];
		hex[2 * i + 1] = digits[hash[i] & 15];
	}
	hex[SIGN_HEX_SIZE - 1] = '\0';
}

int
sign_hash(const void *data, size_t len, char hex[SIGN_HEX_SIZE])
{
	unsigned char hash[HASH_SIZE];

	if (!EVP_DigestInit_ex2(sha256_ctx, sha256_md, NULL) || !EVP_DigestUpdate(sha256_ctx, data, len) ||
	    !EVP_DigestFinal_ex(sha256_ctx, hash, NULL))
		return -1;
	put_hex(hash, hex);
	return 0;
}

/* key NULL: the one that ctx has already. */
static int
hmac_with(EVP_MAC_CTX *ctx, const void *key, size_t key_len, const char *text, unsigned char out[HASH_SIZE])
{
	size_t len;

	if (!EVP_MAC_init(ctx, key, key_len, NULL) || !EVP_MAC_update(ctx, (const unsigned char *)text, strlen(text)) ||
	    !EVP_MAC_final(ctx, out, &len, HASH_SIZE))
		return -1;
	return 0;
}

static int
hmac(const void *key, size_t key_len, const char *text, unsigned char out[HASH_SIZE])
{
	return hmac_with(hmac_ctx, key, key_len, text, out);
}

static int
derive_key(const struct sign_scope *scope, const char *day, unsigned char out[HASH_SIZE])
{
	size_t len = 4 + strlen(scope->secret_key);
	char *secret = mem_new(len + 1, 1);
	int failed;

	memcpy(secret, "AWS4", 4);
	memcpy(secret + 4, scope->secret_key, len - 4);
	failed = hmac(secret, len, day, out) != 0 || hmac(out, HASH_SIZE, scope->region, out) != 0 ||
		 hmac(out, HASH_SIZE, scope->service, out) != 0 || hmac(out, HASH_SIZE, "aws4_request", out) != 0;
	OPENSSL_cleanse(secret, len);
	free(secret);
	return failed ? -1 : 0;
}

static struct derived_key *
find_key(const struct sign_scope *scope, const char *day)
{
	for (size_t i = 0; i < KEYS_CACHED; i++) {
		struct derived_key *slot = &keys[i];

		if (slot->hmac != NULL && strcmp(slot->secret, scope->secret_key) == 0 && strcmp(slot->day, day) == 0 &&
		    strcmp(slot->region, scope->region) == 0 && strcmp(slot->service, scope->service) == 0)
			return slot;
	}
	return NULL;
}

/* The next signature of this scope and day is made with what stands ready; if it cannot, it is derived anew. */
static void
keep_key(const struct sign_scope *scope, const char *day, const unsigned char key[HASH_SIZE])
{
	struct derived_key *slot = &keys[next_key++ % KEYS_CACHED];

	if (strlen(scope->secret_key) >= SECRET_MAX || strlen(scope->region) >= SCOPE_MAX ||
	    strlen(scope->service) >= SCOPE_MAX)
		return;
	forget_key(slot);
	if ((slot->hmac = EVP_MAC_CTX_dup(hmac_ctx)) == NULL || !EVP_MAC_init(slot->hmac, key, HASH_SIZE, NULL)) {
		forget_key(slot);
		return;
	}
	snprintf(slot->secret, sizeof(slot->secret), "%s", scope->secret_key);
	snprintf(slot->day, sizeof(slot->day), "%s", day);
	snprintf(slot->region, sizeof(slot->region), "%s", scope->region);
	snprintf(slot->service, sizeof(slot->service), "%s", scope->service);
}

/* The signature, with the key of the scope's day, from the cache where it can be. */
static int
sign_text(const struct sign_scope *scope, const char *text, unsigned char out[HASH_SIZE])
{
	unsigned char key[HASH_SIZE];
	struct derived_key *slot;
	char day[9];
	int failed;

	memcpy(day, scope->timestamp, 8);
	day[8] = '\0';
	if ((slot = find_key(scope, day)) != NULL)
		return hmac_with(slot->hmac, NULL, 0, text, out);
	failed = derive_key(scope, day, key) != 0 || hmac(key, HASH_SIZE, text, out) != 0;
	if (!failed)
		keep_key(scope, day, key);
	OPENSSL_cleanse(key, sizeof(key));
	return failed ? -1 : 0;
}

int
sign_with_key(const struct sign_scope *scope, const char *text, char hex[SIGN_HEX_SIZE])
{
	unsigned char signature[HASH_SIZE];

	if (sign_text(scope, text, signature) != 0)
		return -1;
	put_hex(signature, hex);
	return 0;
}
