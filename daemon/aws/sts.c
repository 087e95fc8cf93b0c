/* SPDX-License-Identifier: Apache-2.0 */
/* sts: GetCallerIdentity and AssumeRole (Query protocol, XML answers read by expat with bounds). */
#include "daemon/aws/sts.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "daemon/aws/form.h"
#include "daemon/aws/secret.h"
#include "daemon/aws/xml.h"

#define STS_VERSION "2011-06-15"

/* IAM: an ARN has at most 2,048 characters, a user id 128. */
enum { ARN_MAX = 2048, USER_ID_MAX = 128, ACCOUNT_LEN = 12 };

struct sts_op {
	struct aws_call *call;
	char *role_arn; /* AssumeRole */
	sts_identity_cb identity_cb;
	sts_keys_cb keys_cb;
	void *arg;
};

void
sts_cancel(struct sts_op *op)
{
	if (op == NULL)
		return;
	if (op->call != NULL)
		aws_call_cancel(op->call);
	free(op->role_arn);
	free(op);
}

static struct aws_call *
start(struct aws_place *place, const char *operation, const struct str *form, aws_call_cb cb, struct sts_op *op)
{
	struct aws_request request = {
	    .service = "sts",
	    .operation = operation,
	    .content_type = FORM_CONTENT_TYPE,
	    .body = form->s,
	    .body_len = form->len,
	};

	return aws_call_start(place, &request, cb, op);
}

/* ---- GetCallerIdentity ---- */

static bool
is_account(const char *s)
{
	return s != NULL && strlen(s) == ACCOUNT_LEN && strspn(s, "0123456789") == ACCOUNT_LEN;
}

static int
read_identity(struct sts_identity *out, const struct xml_node *root, char **cause)
{
	if (root == NULL)
		return -1;
	if (strcmp(root->name, "GetCallerIdentityResponse") != 0)
		return cause_set(cause, "it has no GetCallerIdentityResponse");
	out->account = xml_text(root, "GetCallerIdentityResult/Account");
	out->arn = xml_text(root, "GetCallerIdentityResult/Arn");
	out->user_id = xml_text(root, "GetCallerIdentityResult/UserId");
	if (!is_account(out->account))
		return cause_set(cause, "Account is missing or not 12 digits");
	if (out->arn == NULL || strncmp(out->arn, "arn:", 4) != 0 || !secret_is_plain(out->arn, ARN_MAX))
		return cause_set(cause, "Arn is missing or no ARN");
	if (out->user_id == NULL || !secret_is_plain(out->user_id, USER_ID_MAX))
		return cause_set(cause, "UserId is missing or no id");
	return 0;
}

static void
identity_answer_cb(const struct aws_error *error, const struct http_answer *answer, void *arg)
{
	struct sts_op *op = arg;
	struct sts_identity identity = {0};
	struct aws_error bad;
	struct xml_node *root = NULL;
	char *why = NULL;

	op->call = NULL;
	if (error->fault == AWS_OK) {
		root = xml_read(answer->body, answer->body_len, &why);
		if (read_identity(&identity, root, &why))
			error = aws_error_set(
			    &bad, AWS_BAD_ANSWER, "the answer to GetCallerIdentity makes no sense: %s", why);
	}
	op->identity_cb(error, error->fault == AWS_OK ? &identity : NULL, op->arg);
	free(why);
	xml_free(root);
	sts_cancel(op);
}

struct sts_op *
sts_get_caller_identity(struct aws_place *place, sts_identity_cb cb, void *arg)
{
	struct sts_op *op = mem_new(1, sizeof(*op));
	struct str form = {0};

	op->identity_cb = cb;
	op->arg = arg;
	form_begin(&form, "GetCallerIdentity", STS_VERSION);
	op->call = start(place, "GetCallerIdentity", &form, identity_answer_cb, op);
	str_free(&form);
	return op;
}

/* ---- AssumeRole ---- */

/* The sentence names members, never a value. */
static struct aws_keys *
read_keys(const struct xml_node *root, const char *role_arn, char **cause)
{
	const struct xml_node *found = root == NULL ? NULL : xml_find(root, "AssumeRoleResult/Credentials");
	const char *access_key, *secret_key, *token, *expiration;
	struct aws_keys *keys;
	int64_t expires_ms;
	char *source;

	if (root == NULL)
		return NULL;
	if (found == NULL)
		return cause_null(cause, "it has no AssumeRoleResult/Credentials");
	access_key = xml_text(found, "AccessKeyId");
	secret_key = xml_text(found, "SecretAccessKey");
	token = xml_text(found, "SessionToken");
	expiration = xml_text(found, "Expiration");
	if (access_key == NULL || secret_key == NULL || token == NULL)
		return cause_null(cause, "AccessKeyId, SecretAccessKey or SessionToken is missing");
	if (secret_check_keys(access_key, secret_key, token, cause))
		return NULL;
	if (expiration == NULL || clock_parse(expiration, &expires_ms) == -1)
		return cause_null(cause, "Expiration is missing or no time");
	source = mem_printf("role %s", role_arn);
	keys = aws_keys_new(access_key, secret_key, token, expires_ms, source);
	free(source);
	return keys;
}

static void
keys_answer_cb(const struct aws_error *error, const struct http_answer *answer, void *arg)
{
	struct sts_op *op = arg;
	struct aws_keys *keys = NULL;
	struct aws_error bad;
	struct xml_node *root;
	char *why = NULL;

	op->call = NULL;
	if (error->fault == AWS_OK) {
		root = xml_read(answer->body, answer->body_len, &why);
		keys = read_keys(root, op->role_arn, &why);
		xml_free(root);
		if (keys == NULL)
			error = aws_error_set(&bad, AWS_BAD_ANSWER, "the answer to AssumeRole makes no sense: %s", why);
	}
	op->keys_cb(error, keys, op->arg);
	aws_keys_unref(keys);
	free(why);
	sts_cancel(op);
}

struct sts_op *
sts_assume_role(struct aws_place *place, const char *role_arn, const char *external_id, const char *session_name,
    sts_keys_cb cb, void *arg)
{
	struct sts_op *op = mem_new(1, sizeof(*op));
	struct str form = {0};

	op->role_arn = mem_strdup(role_arn);
	op->keys_cb = cb;
	op->arg = arg;
	form_begin(&form, "AssumeRole", STS_VERSION);
	form_add(&form, "DurationSeconds", "3600");
	form_add(&form, "RoleArn", role_arn);
	form_add(&form, "RoleSessionName", session_name);
	if (external_id != NULL)
		form_add(&form, "ExternalId", external_id);
	op->call = start(place, "AssumeRole", &form, keys_answer_cb, op);
	str_free(&form);
	return op;
}
