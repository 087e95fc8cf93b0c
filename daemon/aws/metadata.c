/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metadata: one fetch of role credentials from IMDSv2 (token, role name, document), or from the container endpoint.
 * Knows no cache: creds.c has it.
 */
#include "daemon/aws/metadata.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/aws/http.h"
#include "daemon/aws/secret.h"

/*
 * Token life: the most that IMDS gives (EC2 User Guide, "Use IMDSv2"). Timeouts: botocore's, 1 s for IMDS and 2 s for
 * containers, in real time. Sizes: a document is under 2 KiB and a token 56 bytes; a role name has at most 64 (IAM
 * quotas).
 */
enum {
	TOKEN_TTL_S = 21600,
	TOKEN_MARGIN_S = 60,
	INSTANCE_TIMEOUT_MS = 1000,
	CONTAINER_TIMEOUT_MS = 2000,
	TOKEN_MAX = 1024,
	ROLE_MAX = 64,
	DOCUMENT_MAX = 64 << 10,
	AUTHORIZATION_MAX = 16 << 10,
};

#define ROLES_PATH "/latest/meta-data/iam/security-credentials/"

struct metadata_session {
	char *token;
	int64_t until_ms; /* clock_mono_ms() */
};

enum step_name { STEP_TOKEN, STEP_ROLE, STEP_DOCUMENT, STEP_CONTAINER };

struct metadata {
	struct http *http;
	struct metadata_session *session;
	struct http_transfer *transfer;
	enum step_name step;
	bool renewed; /* a 401 has already led to a new token */
	char *base;   /* IMDS: the endpoint without its last slash; container: the whole URL */
	char *role;
	char *authorization; /* container: the header, or NULL */
	metadata_cb cb;
	void *arg;
};

static int send_step(struct metadata *fetch, enum step_name step, char **cause);

struct metadata_session *
metadata_session_new(void)
{
	return mem_new(1, sizeof(struct metadata_session));
}

void
metadata_session_free(struct metadata_session *session)
{
	if (session == NULL)
		return;
	secret_wipe(session->token);
	free(session);
}

static void
forget_token(struct metadata_session *session)
{
	secret_wipe(session->token);
	session->token = NULL;
}

void
metadata_cancel(struct metadata *fetch)
{
	if (fetch == NULL)
		return;
	if (fetch->transfer != NULL)
		http_cancel(fetch->transfer);
	secret_wipe(fetch->authorization);
	free(fetch->base);
	free(fetch->role);
	free(fetch);
}

/* Ends the fetch; one of keys and why. */
static void
finish(struct metadata *fetch, struct aws_keys *keys, const char *why)
{
	metadata_cb cb = fetch->cb;
	void *arg = fetch->arg;

	metadata_cancel(fetch);
	cb(keys, why, arg);
}

/* ---- the document ---- */

/* AWS's own word for what is wrong ("AssumeRoleUnauthorizedAccess"), fit to be shown: a word, not a value. */
static bool
is_word(const char *s)
{
	size_t i;

	for (i = 0; s[i] != '\0'; i++)
		if (i == 64 || !isalnum((unsigned char)s[i]))
			return false;
	return i > 0;
}

static int
check_code(const json_t *document, const char *source, char **cause)
{
	const char *code = "Success";

	if (json_get_string(document, "Code", &code, NULL) == -1 || !is_word(code))
		return cause_set(cause, "%s: the document's Code is no word", source);
	if (strcmp(code, "Success") != 0)
		return cause_set(cause, "%s: the document's Code is %s, not Success (look at the role's trust policy)",
		    source, code);
	return 0;
}

struct document {
	const char *access_key, *secret_key, *token;
	int64_t expires_ms;
};

static int
read_members(struct document *out, const json_t *document, const char *source, char **cause)
{
	const struct {
		const char *key;
		const char **value;
		bool required;
	} members[] = {
	    {"AccessKeyId", &out->access_key, true},
	    {"SecretAccessKey", &out->secret_key, true},
	    {"Token", &out->token, false},
	};
	const char *expiration = NULL;
	size_t i;
	int rc;

	for (i = 0; i < KD_COUNT(members); i++) {
		rc = json_get_string(document, members[i].key, members[i].value, NULL);
		if (rc == -1 || (rc == 0 && members[i].required))
			return cause_set(cause, "%s: the document's %s is %s", source, members[i].key,
			    rc == 0 ? "missing" : "not a string");
	}
	rc = json_get_string(document, "Expiration", &expiration, NULL);
	if (rc == -1 || (rc == 1 && clock_parse(expiration, &out->expires_ms) == -1))
		return cause_set(cause, "%s: the document's Expiration is no time", source);
	return 0;
}

struct aws_keys *
metadata_read_document(const char *body, size_t len, const char *source, char **cause)
{
	struct document found = {0};
	struct aws_keys *keys = NULL;
	json_t *document = NULL;
	char *why = NULL;

	if (len > DOCUMENT_MAX)
		return cause_null(cause, "%s: the document is larger than 64 KiB", source);
	document = json_read(body, len, NULL); /* its sentence would quote what stands there */
	if (!json_is_object(document)) {
		cause_set(cause, "%s: the document is no JSON object", source);
		goto out;
	}
	if (check_code(document, source, cause) || read_members(&found, document, source, cause))
		goto out;
	if (secret_check_keys(found.access_key, found.secret_key, found.token, &why)) {
		cause_set(cause, "%s: %s", source, why);
		goto out;
	}
	keys = aws_keys_new(found.access_key, found.secret_key, found.token, found.expires_ms, source);
out:
	free(why);
	json_decref(document);
	return keys;
}

/* ---- what the steps make of their answers: 0: go on as fetch says, 1: finished, -1: failed ---- */

static int
read_token(struct metadata *fetch, const struct http_answer *answer, char **cause)
{
	const char *header = http_answer_header(answer, "x-aws-ec2-metadata-token-ttl-seconds");
	int64_t ttl_s = TOKEN_TTL_S;

	if (answer->body_len > TOKEN_MAX || strlen(answer->body) != answer->body_len ||
	    !secret_is_plain(answer->body, TOKEN_MAX))
		return cause_set(
		    cause, "the metadata service at %s answered with something that is no token", fetch->base);
	if (header != NULL && (text_parse_integer(header, &ttl_s) == -1 || ttl_s < 1 || ttl_s > TOKEN_TTL_S))
		ttl_s = TOKEN_TTL_S;
	forget_token(fetch->session);
	fetch->session->token = mem_strdup(answer->body);
	fetch->session->until_ms = clock_mono_ms() + (ttl_s - TOKEN_MARGIN_S) * 1000;
	return send_step(fetch, fetch->role == NULL ? STEP_ROLE : STEP_DOCUMENT, cause);
}

/* IAM: a role's name is made of alphanumerics and +=,.@_-, so that it needs no escape in a path. */
static size_t
role_length(const char *body)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+=,.@_-";

	return strspn(body, allowed);
}

static int
read_role(struct metadata *fetch, const struct http_answer *answer, char **cause)
{
	size_t len = role_length(answer->body), rest;

	rest = answer->body_len - len;
	if (answer->body_len == 0)
		return cause_set(cause, "the instance has no role");
	/* One name, perhaps with a newline; `.` and `..` would walk the path. */
	if (len == 0 || len > ROLE_MAX || strspn(answer->body + len, "\r\n") != rest ||
	    strspn(answer->body, ".") == len)
		return cause_set(
		    cause, "the metadata service at %s answered with something that is no role name", fetch->base);
	fetch->role = mem_strndup(answer->body, len);
	return send_step(fetch, STEP_DOCUMENT, cause);
}

static int
read_keys(struct metadata *fetch, const struct http_answer *answer, char **cause)
{
	struct aws_keys *keys;
	char *source;

	if (fetch->step == STEP_DOCUMENT)
		source = mem_printf("instance role %s (IMDSv2)", fetch->role);
	else
		source = mem_strdup("container endpoint");
	keys = metadata_read_document(answer->body, answer->body_len, source, cause);
	free(source);
	if (keys == NULL)
		return -1;
	finish(fetch, keys, NULL);
	return 1;
}

static const struct step {
	const char *what;
	const char *method;
	long timeout_ms;
	int (*read)(struct metadata *fetch, const struct http_answer *answer, char **cause);
	bool with_token;
} steps[] = {
    [STEP_TOKEN] = {"a token", "PUT", INSTANCE_TIMEOUT_MS, read_token, false},
    [STEP_ROLE] = {"the role's name", "GET", INSTANCE_TIMEOUT_MS, read_role, true},
    [STEP_DOCUMENT] = {"the role's keys", "GET", INSTANCE_TIMEOUT_MS, read_keys, true},
    [STEP_CONTAINER] = {"the task's keys", "GET", CONTAINER_TIMEOUT_MS, read_keys, false},
};

/* Why a step has no answer to read. Bodies are never quoted. */
static int
describe_failure(const struct metadata *fetch, const struct http_answer *answer, char **cause)
{
	const char *what = steps[fetch->step].what;

	/* A container's URL is not shown: its path is as good as a key. */
	if (fetch->step == STEP_CONTAINER && answer->failure != NULL)
		return cause_set(cause, "the container endpoint: %s", answer->failure);
	if (fetch->step == STEP_CONTAINER)
		return cause_set(cause, "the container endpoint: HTTP %d when asked for %s", answer->status, what);
	if (answer->failure != NULL && answer->timed_out)
		return cause_set(cause,
		    "the metadata service at %s did not answer within 1 s (inside a container the hop limit of 1 looks "
		    "like this: aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2)",
		    fetch->base);
	if (answer->failure != NULL)
		return cause_set(cause, "the metadata service at %s: %s", fetch->base, answer->failure);
	if (fetch->step == STEP_ROLE && answer->status == 404)
		return cause_set(cause, "the instance has no role");
	if (fetch->step == STEP_TOKEN && answer->status == 403)
		return cause_set(cause, "the metadata service at %s is switched off for this instance", fetch->base);
	return cause_set(
	    cause, "the metadata service at %s: HTTP %d when asked for %s", fetch->base, answer->status, what);
}

/* A 401 means that the token is no longer good (the instance was restored, or the clock jumped): one new one. */
static bool
wants_new_token(const struct metadata *fetch, const struct http_answer *answer)
{
	return answer->failure == NULL && answer->status == 401 && steps[fetch->step].with_token && !fetch->renewed;
}

static void
answer_cb(const struct http_answer *answer, void *arg)
{
	struct metadata *fetch = arg;
	char *why = NULL;
	int rc;

	fetch->transfer = NULL;
	if (wants_new_token(fetch, answer)) {
		fetch->renewed = true;
		forget_token(fetch->session);
		rc = send_step(fetch, STEP_TOKEN, &why);
	} else if (answer->failure != NULL || answer->status != 200) {
		rc = describe_failure(fetch, answer, &why);
	} else {
		rc = steps[fetch->step].read(fetch, answer, &why);
	}
	if (rc == -1)
		finish(fetch, NULL, why);
	free(why);
}

static char *
step_url(const struct metadata *fetch, enum step_name step)
{
	switch (step) {
	case STEP_TOKEN:
		return mem_printf("%s/latest/api/token", fetch->base);
	case STEP_ROLE:
		return mem_printf("%s" ROLES_PATH, fetch->base);
	case STEP_DOCUMENT:
		return mem_printf("%s" ROLES_PATH "%s", fetch->base, fetch->role);
	case STEP_CONTAINER:
		break;
	}
	return mem_strdup(fetch->base);
}

/* The one header of a step; NULL: none. For secret_wipe(). */
static char *
step_header(const struct metadata *fetch, enum step_name step)
{
	if (step == STEP_CONTAINER)
		return fetch->authorization == NULL ? NULL : mem_printf("Authorization: %s", fetch->authorization);
	if (step == STEP_TOKEN)
		return mem_printf("x-aws-ec2-metadata-token-ttl-seconds: %d", TOKEN_TTL_S);
	return mem_printf("x-aws-ec2-metadata-token: %s", fetch->session->token);
}

static int
send_step(struct metadata *fetch, enum step_name step, char **cause)
{
	char *url = step_url(fetch, step), *header = step_header(fetch, step);
	const char *headers[] = {header};
	struct http_request request = {
	    .method = steps[step].method,
	    .url = url,
	    .headers = headers,
	    .headers_count = header != NULL,
	    .timeout_ms = steps[step].timeout_ms,
	    .no_proxy = true,
	};

	fetch->step = step;
	fetch->transfer = http_send(fetch->http, &request, answer_cb, fetch, cause);
	secret_wipe(header);
	free(url);
	return fetch->transfer == NULL ? -1 : 0;
}

/* ---- where to ask ---- */

static const char *
env_of(const char *(*env)(const char *name), const char *name)
{
	const char *value = env(name);

	return value == NULL || *value == '\0' ? NULL : value;
}

static bool
is_word_in(const char *word, const char *value)
{
	return value != NULL && strcasecmp(value, word) == 0;
}

static char *
instance_endpoint(const char *(*env)(const char *name))
{
	const char *url = env_of(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
	size_t len;

	if (url == NULL && is_word_in("ipv6", env_of(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")))
		url = "http://[fd00:ec2::254]";
	if (url == NULL)
		url = "http://169.254.169.254";
	len = strlen(url);
	while (len > 0 && url[len - 1] == '/')
		len--;
	return mem_strndup(url, len);
}

static struct metadata *
fetch_new(struct http *http, metadata_cb cb, void *arg)
{
	struct metadata *fetch = mem_new(1, sizeof(*fetch));

	fetch->http = http;
	fetch->cb = cb;
	fetch->arg = arg;
	return fetch;
}

/* Sends the first step; on failure the fetch is gone and the sentence starts with what named the URL. */
static struct metadata *
fetch_start(struct metadata *fetch, enum step_name step, const char *variable, char **cause)
{
	char *why = NULL;

	if (send_step(fetch, step, &why) == 0)
		return fetch;
	cause_set(cause, "%s: %s", variable, why);
	free(why);
	metadata_cancel(fetch);
	return NULL;
}

struct metadata *
metadata_fetch_instance(struct http *http, struct metadata_session *session, const char *(*env)(const char *name),
    metadata_cb cb, void *arg, char **cause)
{
	struct metadata *fetch;
	bool has_token;

	if (is_word_in("true", env_of(env, "AWS_EC2_METADATA_DISABLED")))
		return cause_null(cause, "the metadata service is switched off by AWS_EC2_METADATA_DISABLED");
	fetch = fetch_new(http, cb, arg);
	fetch->session = session;
	fetch->base = instance_endpoint(env);
	if (session->token != NULL && clock_mono_ms() >= session->until_ms)
		forget_token(session);
	has_token = session->token != NULL;
	return fetch_start(fetch, has_token ? STEP_ROLE : STEP_TOKEN, "AWS_EC2_METADATA_SERVICE_ENDPOINT", cause);
}

/* The token's file is read each time: it is rotated under us. It may end in a newline. */
static char *
read_authorization_file(const char *path, char **cause)
{
	char *text;
	size_t len;

	text = secret_read_file(path, AUTHORIZATION_MAX, &len, cause);
	if (text == NULL)
		return NULL;
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		text[--len] = '\0';
	if (strlen(text) == len)
		return text;
	explicit_bzero(text, len);
	free(text);
	return cause_null(cause, "%s holds NUL bytes", path);
}

/* An Authorization value may have a space in it ("Bearer …"), but no line end. */
static bool
is_header_value(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < 0x20 || *s > 0x7e)
			return false;
	return true;
}

static int
find_authorization(struct metadata *fetch, const char *(*env)(const char *name), char **cause)
{
	const char *path = env_of(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token = env_of(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	const char *variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
	char *why = NULL;

	if (path != NULL) {
		variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
		fetch->authorization = read_authorization_file(path, &why);
		if (fetch->authorization == NULL) {
			cause_set(cause, "%s: %s", variable, why);
			free(why);
			return -1;
		}
	} else {
		fetch->authorization = mem_strdup(token);
	}
	if (fetch->authorization == NULL || is_header_value(fetch->authorization))
		return 0;
	return cause_set(cause, "%s holds a control character or one that is not ASCII", variable);
}

struct metadata *
metadata_fetch_container(
    struct http *http, const char *(*env)(const char *name), metadata_cb cb, void *arg, char **cause)
{
	const char *relative = env_of(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = env_of(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	struct metadata *fetch;

	if (relative == NULL && full == NULL)
		return cause_null(cause, "the environment names no container endpoint");
	if (relative != NULL && relative[0] != '/')
		return cause_null(cause, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not start with a slash");
	fetch = fetch_new(http, cb, arg);
	if (find_authorization(fetch, env, cause)) {
		metadata_cancel(fetch);
		return NULL;
	}
	fetch->base = relative != NULL ? mem_printf("http://169.254.170.2%s", relative) : mem_strdup(full);
	return fetch_start(fetch, STEP_CONTAINER,
	    relative != NULL ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" : "AWS_CONTAINER_CREDENTIALS_FULL_URI", cause);
}
