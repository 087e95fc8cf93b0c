/* SPDX-License-Identifier: Apache-2.0 */
/* sign: AWS Signature Version 4: what is signed of a request. Knows no keys, no sockets and no clock. */
#include "daemon/aws/sign.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/crypto.h>

#include "common/mem.h"
#include "common/str.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

enum {
	HEADERS_MAX = 64,     /* past what any request of ours has; bounds a request that the simulator checks */
	SEGMENTS_MAX = 256,   /* of a path; the same */
	PARAMETERS_MAX = 256, /* of a query; the same */
	USUAL_LEN = 500,      /* of a canonical request and what is made of it, without a session token */
};

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
	char hash[SIGN_HEX_SIZE];

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
	if (sign_hash(request->body, request->body_len, hash) != 0)
		return cause_set(cause, "OpenSSL could not hash the request (out of memory?)");
	str_add_char(out, '\n');
	str_add_len(out, hash, SIGN_HEX_SIZE - 1);
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
	char hash[SIGN_HEX_SIZE];

	if (!is_timestamp(scope->timestamp) || sign_init(NULL) != 0 ||
	    sign_hash(canonical_request, strlen(canonical_request), hash) != 0)
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

char *
sign_signature(const struct sign_scope *scope, const char *string_to_sign)
{
	char hex[SIGN_HEX_SIZE];

	if (!is_timestamp(scope->timestamp) || sign_init(NULL) != 0 || sign_with_key(scope, string_to_sign, hex) != 0)
		return NULL;
	return mem_strdup(hex);
}

char *
sign_authorization(const struct sign_scope *scope, const struct sign_request *request, char **cause)
{
	struct str canonical = {0}, out = {0};
	char hex[SIGN_HEX_SIZE], *string_to_sign = NULL;
	const char *date = find_header(request, "X-Amz-Date");
	size_t at = 0, len = 0;

	if (!is_timestamp(scope->timestamp) || (date != NULL && strcmp(date, scope->timestamp) != 0))
		return cause_null(
		    cause, "\"%s\" is no time to sign with, or not the one in X-Amz-Date", scope->timestamp);
	if (canonicalize(&canonical, &at, &len, request, cause) != 0)
		goto out;
	string_to_sign = sign_string_to_sign(scope, canonical.s);
	if (string_to_sign == NULL || sign_with_key(scope, string_to_sign, hex) != 0) {
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
