/* SPDX-License-Identifier: Apache-2.0 */
/* sign: AWS Signature Version 4 over OpenSSL, and the keys derived for it. Knows no sockets, no clock, and not what it signs. */
#include "daemon/aws/sign.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "common/mem.h"
#include "common/str.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

enum {
	HASH_SIZE = 32,
	HEX_SIZE = 2 * HASH_SIZE + 1,
	HEADERS_MAX = 64,     /* past what any request of ours has; bounds a request that the simulator checks */
	SEGMENTS_MAX = 256,   /* of a path; the same */
	PARAMETERS_MAX = 256, /* of a query; the same */
	KEYS_CACHED = 16,     /* accounts x services that a daemon signs for at a time */
	SECRET_MAX = 128,     /* AWS's have 40; longer ones are signed with, but not cached */
	SCOPE_MAX = 64,
	USUAL_LEN = 500, /* of a canonical request and what is made of it, without a session token */
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
put_hex(const unsigned char hash[HASH_SIZE], char hex[HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < HASH_SIZE; i++) {
		hex[2 * i] = digits[hash[i] >> 4];
		hex[2 * i + 1] = digits[hash[i] & 15];
	}
	hex[HEX_SIZE - 1] = '\0';
}

static int
hash_hex(const void *data, size_t len, char hex[HEX_SIZE])
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

/* ---- the path and the query ---- */

static bool
is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

static void
add_encoded(struct str *out, const char *s, size_t len, char keep)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (is_unreserved(c) || (keep != '\0' && s[i] == keep)) {
			str_add_char(out, s[i]);
			continue;
		}
		str_add_char(out, '%');
		str_add_char(out, digits[c >> 4]);
		str_add_char(out, digits[c & 15]);
	}
}

struct span {
	const char *s;
	size_t len;
};

/* Resolves `.`, `..` and empty segments (RFC 3986, 5.2.4, and AWS's double slashes). -1: too many segments. */
static int
add_normalized(struct str *out, const char *path, size_t len)
{
	struct span kept[SEGMENTS_MAX];
	const char *end = path + len, *next, *s;
	size_t count = 0;

	for (s = path; s < end; s = next + 1) {
		next = memchr(s, '/', (size_t)(end - s));
		if (next == NULL)
			next = end;
		if (next == s || (next - s == 1 && s[0] == '.'))
			continue;
		if (next - s == 2 && s[0] == '.' && s[1] == '.') {
			count -= count > 0;
			continue;
		}
		if (count == SEGMENTS_MAX)
			return -1;
		kept[count++] = (struct span){s, (size_t)(next - s)};
	}
	for (size_t i = 0; i < count; i++) {
		str_add_char(out, '/');
		add_encoded(out, kept[i].s, kept[i].len, '\0');
	}
	if (count == 0 || path[len - 1] == '/')
		str_add_char(out, '/');
	return 0;
}

static int
add_path(struct str *out, const char *path, size_t len, bool normalize)
{
	if (len == 0) {
		str_add_char(out, '/');
		return 0;
	}
	if (normalize)
		return add_normalized(out, path, len);
	add_encoded(out, path, len, '/');
	return 0;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Encodes what is not encoded yet: %XX is read as the byte it means. */
static char *
encode_parameter(const char *s, size_t len)
{
	struct str out = {0};

	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if (c == '%' && i + 2 < len && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0) {
			c = (char)(hex_value(s[i + 1]) * 16 + hex_value(s[i + 2]));
			i += 2;
		}
		add_encoded(&out, &c, 1, '\0');
	}
	return str_take(&out);
}

struct parameter {
	char *name, *value;
};

static int
compare_parameters(const void *a, const void *b)
{
	const struct parameter *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : strcmp(x->value, y->value);
}

static struct parameter
read_parameter(const char *s, size_t len)
{
	const char *equals = memchr(s, '=', len);
	size_t name_len = equals == NULL ? len : (size_t)(equals - s);

	return (struct parameter){
	    encode_parameter(s, name_len),
	    equals == NULL ? mem_strdup("") : encode_parameter(equals + 1, len - name_len - 1),
	};
}

static int
add_query(struct str *out, const char *query)
{
	struct parameter parameters[PARAMETERS_MAX];
	size_t count = 0, len;
	int failed = 0;

	for (const char *s = query; *s != '\0' && !failed; s += len + (s[len] == '&')) {
		len = strcspn(s, "&");
		if (len == 0)
			continue;
		if (count == PARAMETERS_MAX)
			failed = -1;
		else
			parameters[count++] = read_parameter(s, len);
	}
	if (count > 1)
		qsort(parameters, count, sizeof(parameters[0]), compare_parameters);
	for (size_t i = 0; i < count; i++) {
		str_printf(out, "%s%s=%s", i > 0 ? "&" : "", parameters[i].name, parameters[i].value);
		free(parameters[i].name);
		free(parameters[i].value);
	}
	return failed;
}

/* ---- the headers ---- */

static const char *
find_header(const struct sign_request *request, const char *name)
{
	for (size_t i = 0; i < request->headers_count; i++) {
		if (strcasecmp(request->headers[i].name, name) == 0)
			return request->headers[i].value;
	}
	return NULL;
}

/* By name without case; headers of one name keep their order. Insertion: there are half a dozen. */
static size_t
sort_headers(const struct sign_request *request, const struct sign_header *sorted[HEADERS_MAX])
{
	size_t count = 0, at;

	for (size_t i = 0; i < request->headers_count; i++) {
		const struct sign_header *header = &request->headers[i];

		if (request->token_after && strcasecmp(header->name, "X-Amz-Security-Token") == 0)
			continue;
		for (at = count; at > 0 && strcasecmp(sorted[at - 1]->name, header->name) > 0; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = header;
		count++;
	}
	return count;
}

static void
add_lower(struct str *out, const char *name)
{
	size_t from = out->len;

	str_add(out, name);
	for (size_t i = from; i < out->len; i++) {
		if (out->s[i] >= 'A' && out->s[i] <= 'Z')
			out->s[i] = (char)(out->s[i] - 'A' + 'a');
	}
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The value without space at its ends, and with each run of space as one blank. */
static void
add_trimmed(struct str *out, const char *value)
{
	size_t from = out->len, len;

	for (; *value != '\0'; value += len) {
		for (len = 0; value[len] != '\0' && !is_space(value[len]); len++)
			;
		if (len > 0 && out->len > from)
			str_add_char(out, ' ');
		str_add_len(out, value, len);
		while (is_space(value[len]))
			len++;
	}
}

/* "name:value\n" of each name, and behind them an empty line and the list of the names. */
static void
add_headers(struct str *out, const struct sign_header *const *sorted, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && strcasecmp(sorted[i - 1]->name, sorted[i]->name) == 0) {
			out->s[out->len - 1] = ',';
		} else {
			add_lower(out, sorted[i]->name);
			str_add_char(out, ':');
		}
		add_trimmed(out, sorted[i]->value);
		str_add_char(out, '\n');
	}
	str_add_char(out, '\n');
}

static void
add_names(struct str *out, const struct sign_header *const *sorted, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && strcasecmp(sorted[i - 1]->name, sorted[i]->name) == 0)
			continue;
		if (i > 0)
			str_add_char(out, ';');
		add_lower(out, sorted[i]->name);
	}
}

/* ---- the steps ---- */

static int
check_request(const struct sign_request *request, char **cause)
{
	static const char *const demanded[] = {"Host", "X-Amz-Date"};

	if (sign_init(cause) != 0)
		return -1;
	if (request->headers_count > HEADERS_MAX)
		return cause_set(cause, "a request with %zu headers cannot be signed (%d at most)",
		    request->headers_count, HEADERS_MAX);
	for (size_t i = 0; i < KD_COUNT(demanded); i++) {
		if (find_header(request, demanded[i]) == NULL)
			return cause_set(cause, "a request without %s header cannot be signed", demanded[i]);
	}
	if (request->hash_header && find_header(request, "X-Amz-Content-Sha256") == NULL)
		return cause_set(cause, "a request without X-Amz-Content-Sha256 header cannot be signed");
	return 0;
}

/* Appends the canonical request; the span of the signed headers' names in it is told, for the Authorization header. */
static int
canonicalize(struct str *out, size_t *names_at, size_t *names_len, const struct sign_request *request, char **cause)
{
	const struct sign_header *sorted[HEADERS_MAX];
	size_t path_len = strcspn(request->target, "?"), count;
	char hash[HEX_SIZE];

	if (check_request(request, cause) != 0)
		return -1;
	str_reserve(out, USUAL_LEN);
	str_add(out, request->method);
	str_add_char(out, '\n');
	if (add_path(out, request->target, path_len, request->normalize_path) != 0)
		return cause_set(cause, "a path of more than %d segments cannot be signed", SEGMENTS_MAX);
	str_add_char(out, '\n');
	if (request->target[path_len] == '?' && add_query(out, request->target + path_len + 1) != 0)
		return cause_set(cause, "a query of more than %d parameters cannot be signed", PARAMETERS_MAX);
	str_add_char(out, '\n');
	count = sort_headers(request, sorted);
	add_headers(out, sorted, count);
	*names_at = out->len;
	add_names(out, sorted, count);
	*names_len = out->len - *names_at;
	if (hash_hex(request->body, request->body_len, hash) != 0)
		return cause_set(cause, "OpenSSL could not hash the request (out of memory?)");
	str_add_char(out, '\n');
	str_add_len(out, hash, HEX_SIZE - 1);
	return 0;
}

char *
sign_canonical_request(const struct sign_request *request, char **cause)
{
	struct str out = {0};
	size_t at, len;

	if (canonicalize(&out, &at, &len, request, cause) != 0) {
		str_free(&out);
		return NULL;
	}
	return str_take(&out);
}

static bool
is_timestamp(const char *s)
{
	for (size_t i = 0; i < SIGN_TIME_SIZE - 1; i++) {
		if (i == 8 ? s[i] != 'T' : i == 15 ? s[i] != 'Z' : s[i] < '0' || s[i] > '9')
			return false;
	}
	return s[SIGN_TIME_SIZE - 1] == '\0';
}

static void
add_scope(struct str *out, const struct sign_scope *scope)
{
	str_add_len(out, scope->timestamp, 8);
	str_add_char(out, '/');
	str_add(out, scope->region);
	str_add_char(out, '/');
	str_add(out, scope->service);
	str_add(out, "/aws4_request");
}

char *
sign_string_to_sign(const struct sign_scope *scope, const char *canonical_request)
{
	struct str out = {0};
	char hash[HEX_SIZE];

	if (!is_timestamp(scope->timestamp) || sign_init(NULL) != 0 ||
	    hash_hex(canonical_request, strlen(canonical_request), hash) != 0)
		return NULL;
	str_reserve(&out, USUAL_LEN);
	str_add(&out, ALGORITHM "\n");
	str_add(&out, scope->timestamp);
	str_add_char(&out, '\n');
	add_scope(&out, scope);
	str_add_char(&out, '\n');
	str_add(&out, hash);
	return str_take(&out);
}

static int
sign_hex(const struct sign_scope *scope, const char *string_to_sign, char hex[HEX_SIZE])
{
	unsigned char signature[HASH_SIZE];

	if (sign_text(scope, string_to_sign, signature) != 0)
		return -1;
	put_hex(signature, hex);
	return 0;
}

char *
sign_signature(const struct sign_scope *scope, const char *string_to_sign)
{
	char hex[HEX_SIZE];

	if (!is_timestamp(scope->timestamp) || sign_init(NULL) != 0 || sign_hex(scope, string_to_sign, hex) != 0)
		return NULL;
	return mem_strdup(hex);
}

char *
sign_authorization(const struct sign_scope *scope, const struct sign_request *request, char **cause)
{
	struct str canonical = {0}, out = {0};
	char hex[HEX_SIZE], *string_to_sign = NULL;
	const char *date = find_header(request, "X-Amz-Date");
	size_t at = 0, len = 0;

	if (!is_timestamp(scope->timestamp) || (date != NULL && strcmp(date, scope->timestamp) != 0))
		return cause_null(
		    cause, "\"%s\" is no time to sign with, or not the one in X-Amz-Date", scope->timestamp);
	if (canonicalize(&canonical, &at, &len, request, cause) != 0)
		goto out;
	string_to_sign = sign_string_to_sign(scope, canonical.s);
	if (string_to_sign == NULL || sign_hex(scope, string_to_sign, hex) != 0) {
		cause_set(cause, "OpenSSL could not sign the request (out of memory?)");
		goto out;
	}
	str_reserve(&out, USUAL_LEN);
	str_add(&out, ALGORITHM " Credential=");
	str_add(&out, scope->access_key);
	str_add_char(&out, '/');
	add_scope(&out, scope);
	str_add(&out, ", SignedHeaders=");
	str_add_len(&out, canonical.s + at, len);
	str_add(&out, ", Signature=");
	str_add(&out, hex);
out:
	/* A session token is among the headers. */
	if (canonical.s != NULL)
		OPENSSL_cleanse(canonical.s, canonical.len);
	str_free(&canonical);
	free(string_to_sign);
	return out.s;
}

void
sign_format_time(int64_t ms, char out[SIGN_TIME_SIZE])
{
	/* Years 1970 to 9999, so that there are four digits; a clock outside of them is refused by AWS anyway. */
	const int64_t last = INT64_C(253402300799);
	int64_t s = ms < 0 ? 0 : ms / 1000;
	time_t when = (time_t)(s > last ? last : s);
	struct tm tm;
	size_t len;

	gmtime_r(&when, &tm);
	len = strftime(out, SIGN_TIME_SIZE, "%Y%m%dT%H%M%SZ", &tm);
	assert(len == SIGN_TIME_SIZE - 1);
	(void)len;
}
