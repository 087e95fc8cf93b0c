/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign: against AWS's published vectors (the folder of them is not part of this tree: KDIAG_SIGV4_VECTORS names it), against botocore's signatures
 * of the requests that kdiag sends (test/cases/sign), and on requests that cannot be signed.
 */
#include "daemon/aws/sign.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/mem.h"
#include "common/str.h"

enum { VECTORS = 38, HEADERS = 20 };

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static char *
read_file(const char *folder, const char *name)
{
	char *path = mem_printf("%s/%s", folder, name), chunk[4096];
	FILE *file = fopen(path, "rb");
	struct str text = {0};
	size_t len;

	if (file == NULL)
		fail_msg("cannot open %s", path);
	while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
		str_add_len(&text, chunk, len);
	fclose(file);
	free(path);
	return str_take(&text);
}

static void
assert_file(const char *folder, const char *name, const char *text)
{
	char *expected = read_file(folder, name);

	if (strcmp(expected, text) != 0)
		fail_msg("%s/%s: expected\n%s\ngot\n%s", folder, name, expected, text);
	free(expected);
}

static const char *
text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_non_null(text);
	return text;
}

/* ---- AWS's vectors ---- */

struct vector {
	const char *folder;
	char *text; /* request.txt, cut up in place */
	json_t *context, *credentials;
	char timestamp[SIGN_TIME_SIZE];
	struct sign_header headers[HEADERS];
	struct sign_request request;
	struct sign_scope scope;
};

static void
add_header(struct vector *vector, const char *name, const char *value)
{
	assert_true(vector->request.headers_count < HEADERS);
	vector->headers[vector->request.headers_count++] = (struct sign_header){name, value};
}

/* "GET /a b HTTP/1.1", headers, of which a line that starts with a blank continues the one before, an empty line, the body; all by LF. */
static void
parse_request(struct vector *vector)
{
	char *s = vector->text, *end, *colon;

	vector->request.method = s;
	end = strchr(s, '\n');
	*end = '\0';
	s = strchr(s, ' ');
	*s++ = '\0';
	vector->request.target = s;
	*strrchr(s, ' ') = '\0';
	for (s = end + 1; *s != '\0' && *s != '\n'; s = end + 1) {
		end = s + strcspn(s, "\n");
		while (*end == '\n' && end[1] == ' ')
			end += 1 + strcspn(end + 1, "\n");
		colon = strchr(s, ':');
		assert_non_null(colon);
		*colon = '\0';
		add_header(vector, s, colon + 1);
		if (*end == '\0')
			break;
		*end = '\0';
	}
	vector->request.body = *s == '\n' ? s + 1 : "";
	vector->request.body_len = strlen(vector->request.body);
}

static void
parse_context(struct vector *vector)
{
	const char *time = text_at(vector->context, "timestamp");
	const json_t *token;
	size_t len = 0;

	vector->credentials = json_object_get(vector->context, "credentials");
	for (; *time != '\0'; time++) {
		if (*time != '-' && *time != ':')
			vector->timestamp[len++] = *time;
	}
	vector->scope = (struct sign_scope){
	    .access_key = text_at(vector->credentials, "access_key_id"),
	    .secret_key = text_at(vector->credentials, "secret_access_key"),
	    .region = text_at(vector->context, "region"),
	    .service = text_at(vector->context, "service"),
	    .timestamp = vector->timestamp,
	};
	vector->request.normalize_path = json_is_true(json_object_get(vector->context, "normalize"));
	vector->request.token_after = json_is_true(json_object_get(vector->context, "omit_session_token"));
	vector->request.hash_header = json_is_true(json_object_get(vector->context, "sign_body"));
	add_header(vector, "X-Amz-Date", vector->timestamp);
	if ((token = json_object_get(vector->credentials, "token")) != NULL)
		add_header(vector, "X-Amz-Security-Token", json_string_value(token));
}

/* The hash that the x-amz-content-sha256 header shall carry is on the last line of what is expected. */
static char *
read_body_hash(const char *folder)
{
	char *expected = read_file(folder, "header-canonical-request.txt");
	char *hash = mem_strdup(strrchr(expected, '\n') + 1);

	free(expected);
	return hash;
}

static void
check_vector(const char *folder)
{
	struct vector vector = {.folder = folder};
	char *hash = read_body_hash(folder), *canonical, *to_sign, *signature, *authorization, *signed_request,
	     *cause = NULL;
	char *context = read_file(folder, "context.json");

	vector.text = read_file(folder, "request.txt");
	vector.context = json_loads(context, 0, NULL);
	assert_non_null(vector.context);
	vector.request.headers = vector.headers;
	parse_request(&vector);
	parse_context(&vector);
	if (vector.request.hash_header)
		add_header(&vector, "x-amz-content-sha256", hash);
	canonical = sign_canonical_request(&vector.request, &cause);
	assert_null(cause);
	assert_file(folder, "header-canonical-request.txt", canonical);
	to_sign = sign_string_to_sign(&vector.scope, canonical);
	assert_file(folder, "header-string-to-sign.txt", to_sign);
	signature = sign_signature(&vector.scope, to_sign);
	assert_file(folder, "header-signature.txt", signature);
	authorization = sign_authorization(&vector.scope, &vector.request, &cause);
	assert_null(cause);
	signed_request = read_file(folder, "header-signed-request.txt");
	assert_non_null(strstr(signed_request, authorization));
	assert_int_equal(strstr(signed_request, authorization)[strlen(authorization)], '\n');
	json_decref(vector.context);
	free(vector.text);
	free(context);
	free(hash);
	free(canonical);
	free(to_sign);
	free(signature);
	free(authorization);
	free(signed_request);
}

static void
aws_vectors(void **state)
{
	const char *folder = getenv("KDIAG_SIGV4_VECTORS");
	const struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	(void)state;
	if (folder == NULL)
		folder = "../shared/vectors/sigv4";
	if ((dir = opendir(folder)) == NULL) {
		print_message(
		    "skipped: AWS's vectors are not at %s (KDIAG_SIGV4_VECTORS names another folder)\n", folder);
		skip();
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		char *path;

		if (entry->d_name[0] == '.')
			continue;
		path = mem_printf("%s/%s", folder, entry->d_name);
		check_vector(path);
		free(path);
		count++;
	}
	closedir(dir);
	assert_int_equal(count, VECTORS);
}

/* ---- botocore's signatures ---- */

static void
check_case(const json_t *vector)
{
	struct sign_header headers[HEADERS];
	struct sign_request request = {.method = "POST", .target = "/", .headers = headers, .normalize_path = true};
	struct sign_scope scope = {
	    .access_key = text_at(vector, "access_key"),
	    .secret_key = text_at(vector, "secret_key"),
	    .region = text_at(vector, "region"),
	    .service = text_at(vector, "service"),
	    .timestamp = text_at(vector, "time"),
	};
	char *canonical, *to_sign, *authorization, *cause = NULL;
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(vector, "headers"), i, row)
	{
		headers[request.headers_count++] = (struct sign_header){
		    json_string_value(json_array_get(row, 0)), json_string_value(json_array_get(row, 1))};
	}
	request.body = text_at(vector, "body");
	request.body_len = strlen(request.body);
	canonical = sign_canonical_request(&request, &cause);
	assert_null(cause);
	assert_string_equal(canonical, text_at(vector, "canonical_request"));
	to_sign = sign_string_to_sign(&scope, canonical);
	assert_string_equal(to_sign, text_at(vector, "string_to_sign"));
	authorization = sign_authorization(&scope, &request, &cause);
	assert_null(cause);
	assert_string_equal(authorization, text_at(vector, "authorization"));
	free(canonical);
	free(to_sign);
	free(authorization);
}

/* Twice and in both directions, so that keys come from the cache, are derived anew, and push each other out of it. */
static void
botocore_vectors(void **state)
{
	char *text = read_file("test/cases/sign", "botocore.json");
	json_t *cases = json_loads(text, 0, NULL);
	size_t count;

	(void)state;
	assert_non_null(cases);
	count = json_array_size(cases);
	assert_true(count >= 10);
	for (size_t i = 0; i < 4 * count; i++) {
		size_t at = i % count;

		check_case(json_array_get(cases, i < 2 * count ? at : count - 1 - at));
	}
	sign_forget();
	check_case(json_array_get(cases, 0));
	json_decref(cases);
	free(text);
}

/* ---- requests of our own ---- */

static struct sign_header plain_headers[] = {{"Host", "h"}, {"X-Amz-Date", "20150830T123600Z"}};

static struct sign_request
plain_request(void)
{
	return (struct sign_request){.method = "POST",
	    .target = "/",
	    .headers = plain_headers,
	    .headers_count = 2,
	    .body = "",
	    .normalize_path = true};
}

static struct sign_scope
plain_scope(void)
{
	return (struct sign_scope){"AKIDEXAMPLE", SECRET, "us-east-1", "kinesis", "20150830T123600Z"};
}

static void
assert_cause(char *cause, const char *part)
{
	assert_non_null(cause);
	if (strstr(cause, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, cause);
	free(cause);
}

static char *
authorize(struct sign_scope scope, struct sign_request request)
{
	char *cause = NULL, *authorization = sign_authorization(&scope, &request, &cause);

	assert_null(cause);
	assert_non_null(authorization);
	return authorization;
}

static void
keys_are_not_mixed_up(void **state)
{
	struct sign_scope scope = plain_scope(), other;
	char *first = authorize(scope, plain_request()), *again, *different;
	char secret[300];

	(void)state;
	memset(secret, 's', sizeof(secret) - 1);
	secret[sizeof(secret) - 1] = '\0';
	for (int i = 0; i < 4; i++) {
		other = scope;
		other.secret_key = i == 0 ? "another" : i == 3 ? secret : scope.secret_key;
		other.region = i == 1 ? "us-east-2" : scope.region;
		other.service = i == 2 ? "logs" : scope.service;
		different = authorize(other, plain_request());
		again = authorize(other, plain_request());
		assert_string_equal(different, again);
		assert_string_not_equal(strstr(first, "Signature="), strstr(different, "Signature="));
		free(different);
		free(again);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(secret, sizeof(secret), "secret %d", i);
		other = scope;
		other.secret_key = secret;
		free(authorize(other, plain_request()));
	}
	again = authorize(scope, plain_request());
	assert_string_equal(first, again);
	free(first);
	free(again);
}

static void
what_cannot_be_signed(void **state)
{
	struct sign_request request = plain_request();
	struct sign_scope scope = plain_scope();
	struct sign_header many[65];
	char *cause = NULL;

	(void)state;
	request.headers_count = 1;
	assert_null(sign_canonical_request(&request, &cause));
	assert_cause(cause, "without X-Amz-Date header");
	cause = NULL;
	request.headers_count = 0;
	assert_null(sign_authorization(&scope, &request, &cause));
	assert_cause(cause, "without Host header");
	cause = NULL;
	request = plain_request();
	request.hash_header = true;
	assert_null(sign_canonical_request(&request, &cause));
	assert_cause(cause, "without X-Amz-Content-Sha256 header");
	cause = NULL;
	for (size_t i = 0; i < 65; i++)
		many[i] = plain_headers[i % 2];
	request = plain_request();
	request.headers = many;
	request.headers_count = 65;
	assert_null(sign_canonical_request(&request, &cause));
	assert_cause(cause, "65 headers");
	request.headers_count = 64;
	free(sign_canonical_request(&request, NULL));
}

static void
times_that_are_none(void **state)
{
	static const char *const bad[] = {"", "20150830", "2015-08-30T12:36Z", "20150830T123600", "20150830T123600Z ",
	    "20150830 123600Z", "x0150830T123600Z"};
	struct sign_request request = plain_request();
	struct sign_scope scope = plain_scope();
	char *cause = NULL;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(bad); i++) {
		scope.timestamp = bad[i];
		cause = NULL;
		assert_null(sign_authorization(&scope, &request, &cause));
		assert_cause(cause, "is no time to sign with");
		assert_null(sign_string_to_sign(&scope, "x"));
		assert_null(sign_signature(&scope, "x"));
	}
	scope.timestamp = "20150830T123601Z";
	cause = NULL;
	assert_null(sign_authorization(&scope, &request, &cause));
	assert_cause(cause, "not the one in X-Amz-Date");
}

static void
assert_target(const char *target, bool normalize, const char *expected)
{
	struct sign_request request = plain_request();
	char *cause = NULL, *canonical;

	request.target = target;
	request.normalize_path = normalize;
	canonical = sign_canonical_request(&request, &cause);
	assert_null(cause);
	strstr(canonical, "\nhost:")[0] = '\0';
	assert_string_equal(canonical + strlen("POST\n"), expected);
	free(canonical);
}

static void
paths_and_queries(void **state)
{
	(void)state;
	assert_target("", true, "/\n");
	assert_target("?a=b", true, "/\na=b");
	assert_target("/../../etc", true, "/etc\n");
	assert_target("/a/b/..", true, "/a\n");
	assert_target("/a/%2F", true, "/a/%252F\n");
	assert_target("/a?b&a=&=x&&c=%7E%zz%4", true, "/a\n=x&a=&b=&c=~%25zz%254");
	assert_target("/?a-b=1&a=2&a=1", true, "/\na=1&a=2&a-b=1");
	assert_target("/?a=b=c d+e", true, "/\na=b%3Dc%20d%2Be");
}

static void
paths_and_queries_without_end(void **state)
{
	struct sign_request request = plain_request();
	struct str target = {0};
	char *cause = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++)
		str_add(&target, "/a");
	request.target = target.s;
	assert_null(sign_canonical_request(&request, &cause));
	assert_cause(cause, "256 segments");
	cause = NULL;
	str_clear(&target);
	str_add_char(&target, '?');
	for (int i = 0; i < 1000; i++)
		str_add(&target, "&a=1");
	request.target = target.s;
	assert_null(sign_canonical_request(&request, &cause));
	assert_cause(cause, "256 parameters");
	str_free(&target);
}

static void
time_is_written(void **state)
{
	char out[SIGN_TIME_SIZE];

	(void)state;
	sign_format_time(INT64_C(1440938160000), out);
	assert_string_equal(out, "20150830T123600Z");
	sign_format_time(INT64_C(1440938160999), out);
	assert_string_equal(out, "20150830T123600Z");
	sign_format_time(-5, out);
	assert_string_equal(out, "19700101T000000Z");
	sign_format_time(INT64_MAX, out);
	assert_string_equal(out, "99991231T235959Z");
}

static int
forget(void **state)
{
	(void)state;
	sign_forget();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(aws_vectors),
	    cmocka_unit_test(botocore_vectors),
	    cmocka_unit_test(keys_are_not_mixed_up),
	    cmocka_unit_test(what_cannot_be_signed),
	    cmocka_unit_test(times_that_are_none),
	    cmocka_unit_test(paths_and_queries),
	    cmocka_unit_test(paths_and_queries_without_end),
	    cmocka_unit_test(time_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
