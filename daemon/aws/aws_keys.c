/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aws_keys: one set of AWS credentials, counted and wiped at the end. Knows neither where they come from nor how long
 * they are kept.
 */
#include "daemon/aws/aws_keys.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/aws/secret.h"

struct aws_keys *
aws_keys_new(const char *access_key, const char *secret_key, const char *token, int64_t expires_ms, const char *source)
{
	struct aws_keys *keys = mem_new(1, sizeof(*keys));

	keys->refs = 1;
	keys->access_key = mem_strdup(access_key);
	keys->secret_key = mem_strdup(secret_key);
	keys->token = mem_strdup(token);
	keys->expires_ms = expires_ms;
	keys->source = mem_strdup(source);
	return keys;
}

struct aws_keys *
aws_keys_ref(struct aws_keys *keys)
{
	keys->refs++;
	return keys;
}

void
aws_keys_unref(struct aws_keys *keys)
{
	if (keys == NULL || --keys->refs > 0)
		return;
	secret_wipe(keys->access_key);
	secret_wipe(keys->secret_key);
	secret_wipe(keys->token);
	free(keys->source);
	free(keys);
}

static bool
is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
aws_keys_equal(const struct aws_keys *a, const struct aws_keys *b)
{
	return a != NULL && b != NULL && is_same_text(a->access_key, b->access_key) &&
	       is_same_text(a->secret_key, b->secret_key) && is_same_text(a->token, b->token);
}
