/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint: AWS's own hosts as botocore 1.43 resolves them, overrides, and what may not go into a URL. */
#include "daemon/aws/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"

/* The environment of a test: "NAME=value", NULL at the end. */
static const char *const *environment;

static const char *
read_environment(const char *name)
{
	size_t len = strlen(name);

	for (const char *const *row = environment; row != NULL && *row != NULL; row++) {
		if (strncmp(*row, name, len) == 0 && (*row)[len] == '=')
			return *row + len + 1;
	}
	return NULL;
}

static const struct endpoint_options by_environment = {.env = read_environment};

static void
assert_refused(const char *service, const char *region, const struct endpoint_options *options, const char *part)
{
	struct endpoint endpoint;
	char *cause = NULL;

	assert_int_equal(endpoint_resolve(&endpoint, service, region, options, &cause), -1);
	assert_non_null(cause);
	if (strstr(cause, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, cause);
	assert_null(strstr(cause, "hunter2"));
	free(cause);
}

static struct endpoint
resolve(const char *service, const char *region, const struct endpoint_options *options)
{
	struct endpoint endpoint;
	char *cause = NULL;

	if (endpoint_resolve(&endpoint, service, region, options, &cause) != 0)
		fail_msg("%s", cause);
	assert_null(cause);
	return endpoint;
}

static void
hosts_of_aws(void **state)
{
	static const char *const fips[] = {"AWS_USE_FIPS_ENDPOINT=true", NULL};
	static const char *const dual[] = {"AWS_USE_DUALSTACK_ENDPOINT=TRUE", "AWS_USE_FIPS_ENDPOINT=false", NULL};
	static const char *const both[] = {"AWS_USE_DUALSTACK_ENDPOINT=true", "AWS_USE_FIPS_ENDPOINT=true", NULL};
	static const struct {
		const char *service, *region, *const *environment, *host, *signing_region;
	} rows[] = {
	    {"kinesis", "us-east-1", NULL, "kinesis.us-east-1.amazonaws.com", "us-east-1"},
	    {"monitoring", "eu-central-1", NULL, "monitoring.eu-central-1.amazonaws.com", "eu-central-1"},
	    {"logs", "ap-northeast-3", NULL, "logs.ap-northeast-3.amazonaws.com", "ap-northeast-3"},
	    {"sts", "us-west-2", NULL, "sts.us-west-2.amazonaws.com", "us-west-2"},
	    {"iam", "us-west-2", NULL, "iam.amazonaws.com", "us-east-1"},
	    {"kinesis", "cn-northwest-1", NULL, "kinesis.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"},
	    {"iam", "cn-northwest-1", NULL, "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"},
	    {"iam", "us-gov-east-1", NULL, "iam.us-gov.amazonaws.com", "us-gov-west-1"},
	    {"kinesis", "us-east-1", fips, "kinesis-fips.us-east-1.amazonaws.com", "us-east-1"},
	    {"logs", "ca-west-1", fips, "logs-fips.ca-west-1.amazonaws.com", "ca-west-1"},
	    {"monitoring", "us-gov-west-1", fips, "monitoring.us-gov-west-1.amazonaws.com", "us-gov-west-1"},
	    {"iam", "us-east-1", fips, "iam-fips.amazonaws.com", "us-east-1"},
	    {"iam", "us-gov-east-1", fips, "iam.us-gov.amazonaws.com", "us-gov-west-1"},
	    {"kinesis", "us-east-1", dual, "kinesis.us-east-1.api.aws", "us-east-1"},
	    {"kinesis", "cn-north-1", dual, "kinesis.cn-north-1.api.amazonwebservices.com.cn", "cn-north-1"},
	    {"iam", "eu-west-1", dual, "iam.global.api.aws", "us-east-1"},
	    {"kinesis", "us-gov-west-1", both, "kinesis-fips.us-gov-west-1.api.aws", "us-gov-west-1"},
	    {"kinesis", "us-east-2", both, "kinesis-fips.us-east-2.api.aws", "us-east-2"},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		struct endpoint endpoint;
		char *url = mem_printf("https://%s/", rows[i].host);

		environment = rows[i].environment;
		endpoint = resolve(rows[i].service, rows[i].region, &by_environment);
		assert_string_equal(endpoint.host, rows[i].host);
		assert_string_equal(endpoint.url, url);
		assert_string_equal(endpoint.signing_region, rows[i].signing_region);
		assert_string_equal(endpoint.signing_service, rows[i].service);
		free(url);
	}
}

static void
partitions(void **state)
{
	(void)state;
	assert_string_equal(endpoint_partition("us-east-1"), "aws");
	assert_string_equal(endpoint_partition("cn-north-1"), "aws-cn");
	assert_string_equal(endpoint_partition("us-gov-west-1"), "aws-us-gov");
	assert_string_equal(endpoint_partition(""), "aws");
}

static void
no_environment(void **state)
{
	const struct endpoint_options options = {0};

	(void)state;
	assert_string_equal(resolve("kinesis", "us-east-1", &options).url, "https://kinesis.us-east-1.amazonaws.com/");
}

static void
overrides(void **state)
{
	static const struct {
		const char *given, *url, *host;
	} rows[] = {
	    {"http://127.0.0.1:4566", "http://127.0.0.1:4566/", "127.0.0.1:4566"},
	    {"http://127.8.9.255:80/", "http://127.8.9.255/", "127.8.9.255"},
	    {"http://localhost:4566/base", "http://localhost:4566/base", "localhost:4566"},
	    {"HTTP://LocalHost", "http://LocalHost/", "LocalHost"},
	    {"http://[::1]:1", "http://[::1]:1/", "[::1]:1"},
	    {"https://[2001:db8::5]", "https://[2001:db8::5]/", "[2001:db8::5]"},
	    {"https://vpce-1.kinesis.us-east-1.vpce.amazonaws.com:443",
		"https://vpce-1.kinesis.us-east-1.vpce.amazonaws.com/", "vpce-1.kinesis.us-east-1.vpce.amazonaws.com"},
	    {"https://h:80/", "https://h:80/", "h:80"},
	    {"https://h:65535/", "https://h:65535/", "h:65535"},
	};

	(void)state;
	environment = NULL;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		const struct endpoint_options options = {.endpoint_url = rows[i].given, .env = read_environment};
		struct endpoint endpoint = resolve("iam", "eu-west-1", &options);

		assert_string_equal(endpoint.url, rows[i].url);
		assert_string_equal(endpoint.host, rows[i].host);
		assert_string_equal(endpoint.signing_region, "us-east-1");
	}
}

static void
overrides_refused(void **state)
{
	static const struct {
		const char *given, *part;
	} rows[] = {
	    {"", "is no URL"},
	    {"kinesis.us-east-1.amazonaws.com", "is no URL"},
	    {"ftp://127.0.0.1/", "is no URL"},
	    {"file:///etc/passwd", "is no URL"},
	    {"http://", "is no URL"},
	    {"https:///path", "is no URL"},
	    {"https://h:0/", "is no URL"},
	    {"https://h:65536/", "is no URL"},
	    {"https://h:/", "is no URL"},
	    {"https://h:4x/", "is no URL"},
	    {"https://h:99999999999999999999/", "is no URL"},
	    {"https://h?query", "is no URL"},
	    {"https://h/#fragment", "is no URL"},
	    {"https://h/a b", "is no URL"},
	    {"https://h\r\nX: y/", "is no URL"},
	    {"https://h/\xff", "is no URL"},
	    {"https://[::1", "is no URL"},
	    {"https://[]", "is no URL"},
	    {"https://[::1]x", "is no URL"},
	    {"https://me:hunter2@h/", "user or a password"},
	    {"https://hunter2@h", "user or a password"},
	    {"me:hunter2@h", "user or a password"},
	    {"http://10.0.0.1:4566", "plain http to 10.0.0.1"},
	    {"http://169.254.169.254", "plain http to 169.254.169.254"},
	    {"http://127.0.0.1.evil.example", "plain http to 127.0.0.1.evil.example"},
	    {"http://127.0.0.256", "plain http"},
	    {"http://127.1", "plain http"},
	    {"http://localhost.evil.example", "plain http"},
	    {"http://[::2]", "plain http"},
	};
	char *host = mem_new(600, 1), *url;

	(void)state;
	environment = NULL;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		const struct endpoint_options options = {.endpoint_url = rows[i].given, .env = read_environment};

		assert_refused("kinesis", "us-east-1", &options, rows[i].part);
		assert_refused("kinesis", "us-east-1", &options, "aws.endpoint_url");
	}
	for (size_t len = 250; len < 600; len += 100) {
		memset(host, 'h', len);
		url = mem_printf("https://%s/", host);
		if (len > 299)
			assert_refused(
			    "kinesis", "us-east-1", &(struct endpoint_options){.endpoint_url = url}, "too long");
		free(url);
	}
	free(host);
}

static void
which_override(void **state)
{
	static const char *const all[] = {"AWS_ENDPOINT_URL=http://127.0.0.1:1",
	    "AWS_ENDPOINT_URL_KINESIS=http://127.0.0.1:2", "AWS_ENDPOINT_URL_CLOUDWATCH=http://127.0.0.1:3",
	    "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=http://127.0.0.1:4", "AWS_ENDPOINT_URL_IAM=", NULL};
	static const char *const ignored[] = {
	    "AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", NULL};
	static const char *const broken[] = {"AWS_ENDPOINT_URL_STS=http://h", "AWS_ENDPOINT_URL=nothing", NULL};
	const struct endpoint_options own = {.endpoint_url = "http://127.0.0.1:9", .env = read_environment};

	(void)state;
	environment = all;
	assert_string_equal(resolve("kinesis", "us-east-1", &by_environment).host, "127.0.0.1:2");
	assert_string_equal(resolve("monitoring", "us-east-1", &by_environment).host, "127.0.0.1:3");
	assert_string_equal(resolve("logs", "us-east-1", &by_environment).host, "127.0.0.1:4");
	assert_string_equal(resolve("iam", "us-east-1", &by_environment).host, "127.0.0.1:1");
	assert_string_equal(resolve("sts", "us-east-1", &by_environment).host, "127.0.0.1:1");
	assert_string_equal(resolve("kinesis", "us-east-1", &own).host, "127.0.0.1:9");
	environment = ignored;
	assert_string_equal(resolve("sts", "us-east-1", &by_environment).host, "sts.us-east-1.amazonaws.com");
	assert_string_equal(resolve("sts", "us-east-1", &own).host, "127.0.0.1:9");
	environment = broken;
	assert_refused("sts", "us-east-1", &by_environment, "AWS_ENDPOINT_URL_STS is plain http");
	assert_refused("logs", "us-east-1", &by_environment, "AWS_ENDPOINT_URL is no URL");
}

static void
regions_and_services_refused(void **state)
{
	static const char *const bad[] = {"", "us-east-1.evil.example/", "us_east_1", "-us", "us-", "US-EAST-1",
	    "us-east-1#", "evil.example", "a b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	static const char *const fips[] = {"AWS_USE_FIPS_ENDPOINT=true", NULL};

	(void)state;
	environment = NULL;
	for (size_t i = 0; i < KD_COUNT(bad); i++)
		assert_refused("kinesis", bad[i], &by_environment, "is no region");
	assert_refused("s3", "us-east-1", &by_environment, "no service \"s3\"");
	environment = fips;
	assert_refused("kinesis", "cn-north-1", &by_environment, "no FIPS endpoints in cn-north-1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hosts_of_aws),
	    cmocka_unit_test(partitions),
	    cmocka_unit_test(no_environment),
	    cmocka_unit_test(overrides),
	    cmocka_unit_test(overrides_refused),
	    cmocka_unit_test(which_override),
	    cmocka_unit_test(regions_and_services_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
