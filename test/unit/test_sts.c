/* SPDX-License-Identifier: Apache-2.0 */
/* test_sts: STS calls against a client that this file plays; no sentence ever shows a key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "daemon/aws/sts.h"

#define FAKE_SERVICE      "sts"
#define FAKE_CONTENT_TYPE "application/x-www-form-urlencoded; charset=utf-8"
#include "test/unit/fake_call.h"

static struct {
	unsigned calls;
	enum aws_fault fault;
	char message[512], text[300];
	struct aws_keys *keys;
} got;

static int
clean(void **state)
{
	(void)state;
	aws_keys_unref(got.keys);
	memset(&got, 0, sizeof(got));
	cancelled = 0;
	return under_way == NULL ? 0 : -1;
}

static void
note(const struct aws_error *error)
{
	got.calls++;
	got.fault = error->fault;
	memcpy(got.message, error->message, sizeof(got.message));
}

static void
identity_cb(const struct aws_error *error, const struct sts_identity *identity, void *arg)
{
	assert_ptr_equal(arg, &got);
	note(error);
	assert_int_equal(error->fault == AWS_OK, identity != NULL);
	if (identity != NULL)
		snprintf(got.text, sizeof(got.text), "%s %s %s", identity->account, identity->arn, identity->user_id);
}

static void
keys_cb(const struct aws_error *error, struct aws_keys *keys, void *arg)
{
	assert_ptr_equal(arg, &got);
	note(error);
	assert_int_equal(error->fault == AWS_OK, keys != NULL);
	aws_keys_unref(got.keys);
	got.keys = keys == NULL ? NULL : aws_keys_ref(keys);
}

#define IDENTITY(account, arn, user) \
	"<GetCallerIdentityResponse " \
	"xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><UserId>" user \
	"</UserId><Account>" account "</Account><Arn>" arn "</Arn></GetCallerIdentityResult><ResponseMetadata>" \
	"<RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"

static void
test_identity(void **state)
{
	(void)state;
	assert_non_null(sts_get_caller_identity(NULL, identity_cb, &got));
	assert_string_equal(under_way->operation, "GetCallerIdentity");
	assert_string_equal(under_way->body, "Action=GetCallerIdentity&Version=2011-06-15");
	reply(IDENTITY("123456789012", "arn:aws:sts::123456789012:user/moto", "AIDA:x"));
	assert_int_equal(got.fault, AWS_OK);
	assert_string_equal(got.text, "123456789012 arn:aws:sts::123456789012:user/moto AIDA:x");
}

static void
test_identity_bad(void **state)
{
	static const struct {
		const char *body, *why;
	} cases[] = {
	    {IDENTITY("12345678901", "arn:a", "u"), "Account is missing or not 12 digits"},
	    {IDENTITY("12345678901x", "arn:a", "u"), "Account is missing or not 12 digits"},
	    {IDENTITY("123456789012", "a", "u"), "Arn is missing or no ARN"},
	    {IDENTITY("123456789012", "arn:a b", "u"), "Arn is missing or no ARN"},
	    {IDENTITY("123456789012", "arn:a", ""), "UserId is missing or no id"},
	    {"<GetCallerIdentityResponse/>", "Account is missing or not 12 digits"},
	    {"<x/>", "it has no GetCallerIdentityResponse"},
	    {"", "XML, line 1 column 1: no element found"},
	};
	char *sentence;
	size_t i;

	(void)state;
	for (i = 0; i < KD_COUNT(cases); i++) {
		sts_get_caller_identity(NULL, identity_cb, &got);
		reply(cases[i].body);
		sentence = mem_printf("the answer to GetCallerIdentity makes no sense: %s", cases[i].why);
		assert_string_equal(got.message, sentence);
		assert_int_equal(got.fault, AWS_BAD_ANSWER);
		free(sentence);
	}
	sts_get_caller_identity(NULL, identity_cb, &got);
	reply_error(AWS_NETWORK);
	assert_int_equal(got.fault, AWS_NETWORK);
	assert_string_equal(got.message, "the sentence");
}

#define ROLE "arn:aws:iam::123456789012:role/kdiag"
#define ASSUMED(access, secret, token, expiration) \
	"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" access \
	"</AccessKeyId><SecretAccessKey>" secret "</SecretAccessKey><SessionToken>" token \
	"</SessionToken><Expiration>" expiration "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"

static void
test_assume(void **state)
{
	(void)state;
	assert_non_null(sts_assume_role(NULL, ROLE, "a b&c=\xc3\xa9~", "kdiag", keys_cb, &got));
	assert_string_equal(under_way->operation, "AssumeRole");
	assert_string_equal(under_way->body, "Action=AssumeRole&Version=2011-06-15&DurationSeconds=3600&RoleArn=arn%"
					     "3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fkdiag"
					     "&RoleSessionName=kdiag&ExternalId=a%20b%26c%3D%C3%A9~");
	reply(ASSUMED("ASIA", "S/+=", "T/+=", "2026-11-22T21:42:38.783821Z"));
	assert_int_equal(got.fault, AWS_OK);
	assert_string_equal(got.keys->access_key, "ASIA");
	assert_string_equal(got.keys->secret_key, "S/+=");
	assert_string_equal(got.keys->token, "T/+=");
	assert_string_equal(got.keys->source, "role " ROLE);
	assert_int_equal(got.keys->expires_ms / 1000, 1795383758);
	sts_assume_role(NULL, ROLE, NULL, "kdiag", keys_cb, &got);
	assert_null(strstr(under_way->body, "ExternalId"));
	reply_error(AWS_DENIED);
	assert_int_equal(got.fault, AWS_DENIED);
}

static void
test_assume_bad(void **state)
{
	static const struct {
		const char *body, *why;
	} cases[] = {
	    {ASSUMED("ASIA", "SECRET", "TOKEN", "soon"), "Expiration is missing or no time"},
	    {ASSUMED("ASIA", "SECRET SECRET", "TOKEN", "2026-11-22T21:42:38Z"),
		"the secret access key is no key: empty, too long, or with a space or control character in it"},
	    {ASSUMED("ASIA", "SECRET", "TO\nKEN", "2026-11-22T21:42:38Z"),
		"the session token is no key: empty, too long, or with a space or control character in it"},
	    {ASSUMED("", "SECRET", "TOKEN", "2026-11-22T21:42:38Z"),
		"the access key id is no key: empty, too long, or with a space or control character in it"},
	    {"<AssumeRoleResponse><AssumeRoleResult><Credentials/></AssumeRoleResult></AssumeRoleResponse>",
		"AccessKeyId, SecretAccessKey or SessionToken is missing"},
	    {"<AssumeRoleResponse/>", "it has no AssumeRoleResult/Credentials"},
	    {"<SECRET", "XML, line 1 column 1: unclosed token"},
	};
	char *sentence;
	size_t i;

	(void)state;
	for (i = 0; i < KD_COUNT(cases); i++) {
		sts_assume_role(NULL, ROLE, NULL, "kdiag", keys_cb, &got);
		reply(cases[i].body);
		sentence = mem_printf("the answer to AssumeRole makes no sense: %s", cases[i].why);
		assert_string_equal(got.message, sentence);
		assert_int_equal(got.fault, AWS_BAD_ANSWER);
		assert_null(got.keys);
		free(sentence);
	}
}

static void
test_cancel(void **state)
{
	(void)state;
	sts_cancel(sts_assume_role(NULL, ROLE, NULL, "kdiag", keys_cb, &got));
	sts_cancel(sts_get_caller_identity(NULL, identity_cb, &got));
	sts_cancel(NULL);
	assert_int_equal(cancelled, 2);
	assert_int_equal(got.calls, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_identity, clean),
	    cmocka_unit_test_teardown(test_identity_bad, clean),
	    cmocka_unit_test_teardown(test_assume, clean),
	    cmocka_unit_test_teardown(test_assume_bad, clean),
	    cmocka_unit_test_teardown(test_cancel, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
