/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_metadata: role credentials from a metadata service that this file plays below http.h; no sentence ever shows a
 * value.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/aws/http.h"
#include "daemon/aws/metadata.h"

/* ---- http, as far as metadata.c knows it: one request at a time ---- */

struct http_transfer {
	http_cb cb;
	void *arg;
	char *line; /* "PUT http://…" */
	char *header;
	long timeout_ms;
};

static struct http_transfer *under_way;
static unsigned sent, cancelled;
static bool refuse_urls;

static void
transfer_free(struct http_transfer *transfer)
{
	free(transfer->line);
	free(transfer->header);
	free(transfer);
}

struct http_transfer *
http_send(struct http *http, const struct http_request *request, http_cb cb, void *arg, char **cause)
{
	assert_null(http);
	assert_null(under_way);
	assert_true(request->no_proxy);
	assert_true(request->headers_count <= 1);
	assert_int_equal(request->body_len, 0);
	if (refuse_urls)
		return cause_null(cause, "that URL may not be used");
	under_way = mem_new(1, sizeof(*under_way));
	under_way->cb = cb;
	under_way->arg = arg;
	under_way->line = mem_printf("%s %s", request->method, request->url);
	under_way->header = request->headers_count == 0 ? mem_strdup("") : mem_strdup(request->headers[0]);
	under_way->timeout_ms = request->timeout_ms;
	sent++;
	return under_way;
}

void
http_cancel(struct http_transfer *transfer)
{
	assert_ptr_equal(transfer, under_way);
	under_way = NULL;
	cancelled++;
	transfer_free(transfer);
}

static const char *ttl_header;

const char *
http_answer_header(const struct http_answer *answer, const char *name)
{
	(void)answer;
	assert_string_equal(name, "x-aws-ec2-metadata-token-ttl-seconds");
	return ttl_header;
}

static void
answer_with(const struct http_answer *answer)
{
	struct http_transfer *transfer = under_way;

	assert_non_null(transfer);
	under_way = NULL;
	transfer->cb(answer, transfer->arg);
	transfer_free(transfer);
}

static void
reply(int status, const char *body)
{
	const struct http_answer answer = {.status = status, .body = body, .body_len = strlen(body)};

	answer_with(&answer);
}

static void
expect(const char *line, const char *header)
{
	assert_non_null(under_way);
	assert_string_equal(under_way->line, line);
	assert_string_equal(under_way->header, header);
}

/* ---- the environment, and what the callback was given ---- */

static const char *variables[8][2];

static void
set_env(const char *name, const char *value)
{
	size_t i = 0;

	while (variables[i][0] != NULL)
		i++;
	variables[i][0] = name;
	variables[i][1] = value;
}

static const char *
env(const char *name)
{
	size_t i;

	for (i = 0; i < 8 && variables[i][0] != NULL; i++)
		if (strcmp(variables[i][0], name) == 0)
			return variables[i][1];
	return NULL;
}

static struct {
	unsigned calls;
	struct aws_keys *keys;
	char *why;
} got;

static struct metadata_session *session;

static void
keys_cb(struct aws_keys *keys_taken, const char *why, void *arg)
{
	assert_ptr_equal(arg, &got);
	assert_int_equal(keys_taken == NULL, why != NULL);
	got.calls++;
	aws_keys_unref(got.keys);
	got.keys = keys_taken;
	free(got.why);
	got.why = mem_strdup(why);
}

static int
setup(void **state)
{
	(void)state;
	clock_freeze(1795380000000, 5000);
	session = metadata_session_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	metadata_session_free(session);
	aws_keys_unref(got.keys);
	free(got.why);
	memset(&got, 0, sizeof(got));
	memset(variables, 0, sizeof(variables));
	sent = cancelled = 0;
	refuse_urls = false;
	ttl_header = NULL;
	return under_way == NULL ? 0 : -1;
}

static struct metadata *
fetch(void)
{
	char *why = NULL;
	struct metadata *started = metadata_fetch_instance(NULL, session, env, keys_cb, &got, &why);

	if (started == NULL)
		fail_msg("%s", why);
	return started;
}

#define BASE  "http://169.254.169.254"
#define ROLES BASE "/latest/meta-data/iam/security-credentials/"
#define DOCUMENT \
	"{\"Code\":\"Success\",\"Type\":\"AWS-HMAC\",\"AccessKeyId\":\"ASIAX\",\"SecretAccessKey\":\"SECRET\"," \
	"\"Token\":\"TOKEN\"," \
	"\"Expiration\":\"2026-11-22T21:42:38Z\"}"

static void
walk_to_role(void)
{
	fetch();
	reply(200, "tok=");
}

/* ---- the instance ---- */

static void
test_instance(void **state)
{
	(void)state;
	fetch();
	expect("PUT " BASE "/latest/api/token", "x-aws-ec2-metadata-token-ttl-seconds: 21600");
	assert_int_equal(under_way->timeout_ms, 1000);
	ttl_header = "120";
	reply(200, "tok=");
	expect("GET " ROLES, "x-aws-ec2-metadata-token: tok=");
	reply(200, "kdiag+=,.@_-1\n");
	expect("GET " ROLES "kdiag+=,.@_-1", "x-aws-ec2-metadata-token: tok=");
	assert_int_equal(under_way->timeout_ms, 1000);
	assert_int_equal(got.calls, 0);
	reply(200, DOCUMENT);
	assert_int_equal(got.calls, 1);
	assert_string_equal(got.keys->access_key, "ASIAX");
	assert_string_equal(got.keys->secret_key, "SECRET");
	assert_string_equal(got.keys->token, "TOKEN");
	assert_int_equal(got.keys->expires_ms, 1795383758000);
	assert_string_equal(got.keys->source, "instance role kdiag+=,.@_-1 (IMDSv2)");

	/* The token is kept until a minute before its end. */
	clock_freeze(1795380000000, 5000 + 59999);
	fetch();
	expect("GET " ROLES, "x-aws-ec2-metadata-token: tok=");
	reply(200, "other");
	reply(200, DOCUMENT);
	assert_string_equal(got.keys->source, "instance role other (IMDSv2)");
	clock_freeze(1795380000000, 5000 + 60000);
	metadata_cancel(fetch());
	assert_int_equal(cancelled, 1);
	assert_int_equal(sent, 6);
	assert_int_equal(got.calls, 2);
}

static void
test_endpoint(void **state)
{
	(void)state;
	set_env("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:4566/imds//");
	fetch();
	assert_string_equal(under_way->line, "PUT http://127.0.0.1:4566/imds/latest/api/token");
	metadata_cancel(under_way->arg);
	variables[0][0] = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
	variables[0][1] = "IPv6";
	fetch();
	assert_string_equal(under_way->line, "PUT http://[fd00:ec2::254]/latest/api/token");
	metadata_cancel(under_way->arg);
}

static void
test_not_asked(void **state)
{
	char *why = NULL;

	(void)state;
	refuse_urls = true;
	assert_null(metadata_fetch_instance(NULL, session, env, keys_cb, &got, &why));
	assert_string_equal(why, "AWS_EC2_METADATA_SERVICE_ENDPOINT: that URL may not be used");
	set_env("AWS_EC2_METADATA_DISABLED", "True");
	assert_null(metadata_fetch_instance(NULL, session, env, keys_cb, &got, &why));
	assert_string_equal(why, "the metadata service is switched off by AWS_EC2_METADATA_DISABLED");
	free(why);
	assert_int_equal(got.calls, 0);
}

/* A 401 gets one new token; a second is the answer. */
static void
test_unauthorized(void **state)
{
	(void)state;
	walk_to_role();
	reply(401, "");
	expect("PUT " BASE "/latest/api/token", "x-aws-ec2-metadata-token-ttl-seconds: 21600");
	reply(200, "new");
	expect("GET " ROLES, "x-aws-ec2-metadata-token: new");
	reply(200, "kdiag");
	reply(401, "");
	assert_int_equal(got.calls, 1);
	assert_string_equal(got.why, "the metadata service at " BASE ": HTTP 401 when asked for the role's keys");

	/* Also at the document; then the role need not be asked again. */
	fetch();
	reply(200, "kdiag");
	reply(401, "");
	reply(200, "newer");
	expect("GET " ROLES "kdiag", "x-aws-ec2-metadata-token: newer");
	reply(200, DOCUMENT);
	assert_non_null(got.keys);
	fetch();
	reply(401, "");
	reply(401, "");
	assert_string_equal(got.why, "the metadata service at " BASE ": HTTP 401 when asked for a token");
}

static void
test_no_answer(void **state)
{
	const struct http_answer late = {.failure = "timed out after 1000 ms", .timed_out = true};
	const struct http_answer lost = {.failure = "connection refused"};

	(void)state;
	fetch();
	answer_with(&late);
	assert_string_equal(got.why,
	    "the metadata service at " BASE
	    " did not answer within 1 s (inside a container the hop limit of 1 looks like this: "
	    "aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2)");
	fetch();
	answer_with(&lost);
	assert_string_equal(got.why, "the metadata service at " BASE ": connection refused");
	fetch();
	reply(403, "SECRET");
	assert_string_equal(got.why, "the metadata service at " BASE " is switched off for this instance");
	fetch();
	reply(500, "SECRET");
	assert_string_equal(got.why, "the metadata service at " BASE ": HTTP 500 when asked for a token");
	walk_to_role();
	reply(404, "<html>");
	assert_string_equal(got.why, "the instance has no role");
	fetch();
	reply(200, "");
	assert_string_equal(got.why, "the instance has no role");
	assert_int_equal(got.calls, 6);
}

static void
test_bad_token(void **state)
{
	const struct http_answer nul = {.status = 200, .body = "a\0b", .body_len = 3};
	char *large = mem_new(1026, 1);

	(void)state;
	fetch();
	reply(200, "a b");
	assert_string_equal(got.why, "the metadata service at " BASE " answered with something that is no token");
	fetch();
	reply(200, "a\r\nX-Evil: 1");
	fetch();
	reply(200, "");
	fetch();
	answer_with(&nul);
	memset(large, 'x', 1025);
	fetch();
	reply(200, large);
	assert_int_equal(got.calls, 5);
	assert_int_equal(sent, 5);
	large[1024] = '\0';
	fetch();
	reply(200, large);
	reply(404, "");
	assert_string_equal(got.why, "the instance has no role");
	free(large);
}

/* A name goes into a URL. */
static void
test_bad_role(void **state)
{
	static const char *const bad[] = {"a/b", "..", ".", "a b", "a?b", "a%2e", "a\nb", "\n", "<html>", "r\xc3\xb4le",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	const struct http_answer nul = {.status = 200, .body = "a\0b", .body_len = 3};
	size_t i;

	(void)state;
	walk_to_role();
	answer_with(&nul);
	assert_string_equal(got.why, "the metadata service at " BASE " answered with something that is no role name");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fetch();
		reply(200, bad[i]);
		assert_null(under_way);
		assert_string_equal(
		    got.why, "the metadata service at " BASE " answered with something that is no role name");
	}
	fetch();
	reply(200, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	assert_non_null(under_way);
	metadata_cancel(under_way->arg);
}

/* ---- the document ---- */

static void
refuses(const char *body, const char *sentence)
{
	char *why = NULL;

	assert_null(metadata_read_document(body, strlen(body), "here", &why));
	assert_string_equal(why, sentence);
	free(why);
}

static void
test_document(void **state)
{
	static const char least[] = "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\"}";
	struct aws_keys *keys = metadata_read_document(least, strlen(least), "here", NULL);
	size_t len = (64 << 10) + 1;
	char *large = mem_new(len + 1, 1);

	(void)state;
	assert_non_null(keys);
	assert_null(keys->token);
	assert_int_equal(keys->expires_ms, 0);
	assert_string_equal(keys->source, "here");
	aws_keys_unref(keys);
	refuses("SECRET", "here: the document is no JSON object");
	refuses("", "here: the document is no JSON object");
	refuses("[\"SECRET\"]", "here: the document is no JSON object");
	refuses("{\"SecretAccessKey\":\"SECRET", "here: the document is no JSON object");
	refuses("{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"SECRET\"}",
	    "here: the document's Code is AssumeRoleUnauthorizedAccess, not Success (look at the role's trust policy)");
	refuses("{\"Code\":\"SECRET!\"}", "here: the document's Code is no word");
	refuses("{\"Code\":5}", "here: the document's Code is no word");
	refuses("{\"AccessKeyId\":\"A\"}", "here: the document's SecretAccessKey is missing");
	refuses("{\"AccessKeyId\":[\"SECRET\"]}", "here: the document's AccessKeyId is not a string");
	refuses("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"SECRET\",\"Token\":7}",
	    "here: the document's Token is not a string");
	refuses("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"SECRET\",\"Expiration\":\"SECRET\"}",
	    "here: the document's Expiration is no time");
	refuses("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"SECRET\\r\\nX: y\"}",
	    "here: the secret access key is no key: empty, too long, or with a space or control character in it");
	memset(large, ' ', len);
	refuses(large, "here: the document is larger than 64 KiB");
	free(large);
}

/* ---- the container ---- */

static struct metadata *
fetch_container(void)
{
	char *why = NULL;
	struct metadata *started = metadata_fetch_container(NULL, env, keys_cb, &got, &why);

	if (started == NULL)
		fail_msg("%s", why);
	return started;
}

static void
test_container(void **state)
{
	const struct http_answer lost = {.failure = "connection refused"};

	(void)state;
	set_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/ID");
	set_env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/other");
	fetch_container();
	expect("GET http://169.254.170.2/v2/credentials/ID", "");
	reply(200, DOCUMENT);
	assert_string_equal(got.keys->source, "container endpoint");
	/* Neither the path nor a body is shown. */
	fetch_container();
	reply(401, "SECRET");
	assert_string_equal(got.why, "the container endpoint: HTTP 401 when asked for the task's keys");
	fetch_container();
	answer_with(&lost);
	assert_string_equal(got.why, "the container endpoint: connection refused");
	variables[0][1] = "";
	set_env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer x");
	fetch_container();
	expect("GET http://127.0.0.1/other", "Authorization: Bearer x");
	metadata_cancel(under_way->arg);
}

static void
refuses_container(const char *sentence)
{
	char *why = NULL;

	assert_null(metadata_fetch_container(NULL, env, keys_cb, &got, &why));
	assert_string_equal(why, sentence);
	free(why);
}

static void
write_text(const char *path, const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* The token's file is rotated: read each time. */
static void
test_container_token_file(void **state)
{
	char path[] = "/tmp/test_metadata.XXXXXX", *sentence;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	set_env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
	set_env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "not this");
	set_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path);
	write_text(path, "one\r\n", 5);
	fetch_container();
	expect("GET http://169.254.170.23/v1/credentials", "Authorization: one");
	metadata_cancel(under_way->arg);
	write_text(path, "two", 3);
	fetch_container();
	expect("GET http://169.254.170.23/v1/credentials", "Authorization: two");
	metadata_cancel(under_way->arg);
	write_text(path, "a\r\nX-Evil: 1", 12);
	refuses_container("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE holds a control character or one that is not ASCII");
	write_text(path, "a\0b", 3);
	sentence = mem_printf("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: %s holds NUL bytes", path);
	refuses_container(sentence);
	free(sentence);
	unlink(path);
	sentence =
	    mem_printf("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: %s: cannot be opened: No such file or directory", path);
	refuses_container(sentence);
	free(sentence);
}

static void
test_container_refused(void **state)
{
	(void)state;
	refuses_container("the environment names no container endpoint");
	set_env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/");
	refuse_urls = true;
	refuses_container("AWS_CONTAINER_CREDENTIALS_FULL_URI: that URL may not be used");
	set_env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\nb");
	refuses_container("AWS_CONTAINER_AUTHORIZATION_TOKEN holds a control character or one that is not ASCII");
	set_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@example.com/");
	refuses_container("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not start with a slash");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_instance, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_endpoint, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_not_asked, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_unauthorized, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_answer, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bad_token, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bad_role, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_document, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_container, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_container_token_file, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_container_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
