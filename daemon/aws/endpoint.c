/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint: where a service of AWS answers in a region, by partition, FIPS, dual stack and overrides. Opens nothing, resolves no name. */
#include "daemon/aws/endpoint.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "common/text.h"

/* FACTS 5, and the endpoint rules of botocore 1.43 (data/SERVICE/.../endpoint-rule-set-1.json). */
struct partition {
	const char *name, *prefix; /* of its regions; the last row takes all others */
	const char *suffix, *dual_suffix;
	bool has_fips;
	bool plain_is_fips;                                 /* us-gov: the plain endpoint is the FIPS one */
	const char *iam, *iam_fips, *iam_dual, *iam_region; /* IAM is one for a partition */
};

static const struct partition partitions[] = {
    {"aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", false, false,
	"iam.cn-north-1.amazonaws.com.cn", NULL, "iam.aws-cn-global.api.amazonwebservices.com.cn", "cn-north-1"},
    {"aws-us-gov", "us-gov-", "amazonaws.com", "api.aws", true, true, "iam.us-gov.amazonaws.com",
	"iam.us-gov.amazonaws.com", "iam.aws-us-gov-global.api.aws", "us-gov-west-1"},
    {"aws", "", "amazonaws.com", "api.aws", true, false, "iam.amazonaws.com", "iam-fips.amazonaws.com",
	"iam.global.api.aws", "us-east-1"},
};

/* The name in hosts and signatures, and the one in AWS_ENDPOINT_URL_… (botocore's service id, in capitals). */
static const struct service {
	const char *name, *env;
	bool global;
} services[] = {
    {"kinesis", "AWS_ENDPOINT_URL_KINESIS", false},
    {"monitoring", "AWS_ENDPOINT_URL_CLOUDWATCH", false},
    {"logs", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", false},
    {"iam", "AWS_ENDPOINT_URL_IAM", true},
    {"sts", "AWS_ENDPOINT_URL_STS", false},
};

static const struct partition *
find_partition(const char *region)
{
	const struct partition *partition = partitions;

	while (strncmp(region, partition->prefix, strlen(partition->prefix)) != 0)
		partition++;
	return partition;
}

const char *
endpoint_partition(const char *region)
{
	return find_partition(region)->name;
}

static const struct service *
find_service(const char *name)
{
	for (size_t i = 0; i < KD_COUNT(services); i++) {
		if (strcmp(services[i].name, name) == 0)
			return &services[i];
	}
	return NULL;
}

/* An empty variable says as little as none. */
static const char *
read_env(const struct endpoint_options *options, const char *name)
{
	const char *value = options->env != NULL ? options->env(name) : NULL;

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool
is_on(const struct endpoint_options *options, const char *name)
{
	const char *value = read_env(options, name);

	return value != NULL && strcasecmp(value, "true") == 0;
}

/* Copies the text, which is freed. -1: there is no room for it. */
static int
put_taken(char *out, size_t size, char *text)
{
	size_t len = strlen(text);
	bool fits = len < size;

	if (fits)
		memcpy(out, text, len + 1);
	free(text);
	return fits ? 0 : -1;
}

/* ---- AWS's own endpoints ---- */

static int
put_host(struct endpoint *out, const struct partition *partition, const struct service *service, const char *region,
    bool fips, bool dual)
{
	const char *host;

	if (!service->global)
		return put_taken(out->host, sizeof(out->host),
		    mem_printf("%s%s.%s.%s", service->name, fips && (dual || !partition->plain_is_fips) ? "-fips" : "",
			region, dual ? partition->dual_suffix : partition->suffix));
	host = fips ? partition->iam_fips : dual ? partition->iam_dual : partition->iam;
	return put_taken(out->host, sizeof(out->host), mem_strdup(host));
}

static int
resolve_aws(struct endpoint *out, const struct service *service, const char *region,
    const struct endpoint_options *options, char **cause)
{
	const struct partition *partition = find_partition(region);
	bool fips = is_on(options, "AWS_USE_FIPS_ENDPOINT"), dual = is_on(options, "AWS_USE_DUALSTACK_ENDPOINT");
	int failed;

	if (fips && !partition->has_fips)
		return cause_set(cause,
		    "there are no FIPS endpoints in %s: unset AWS_USE_FIPS_ENDPOINT, or name one by %s", region,
		    service->env);
	failed = put_host(out, partition, service, region, fips, dual);
	/* A region has 63 bytes at most, so that these always have room. */
	assert(failed == 0);
	failed = put_taken(out->url, sizeof(out->url), mem_printf("https://%s/", out->host));
	assert(failed == 0);
	(void)failed;
	return 0;
}

/* ---- overrides ---- */

static bool
is_loopback(const char *host, size_t len)
{
	unsigned a, b, c, d;
	char text[32];
	int end = 0;

	if ((len == 9 && strncasecmp(host, "localhost", 9) == 0) || (len == 5 && strncmp(host, "[::1]", 5) == 0))
		return true;
	if (len >= sizeof(text))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	return sscanf(text, "%3u.%3u.%3u.%3u%n", &a, &b, &c, &d, &end) == 4 && (size_t)end == len && a == 127 &&
	       b < 256 && c < 256 && d < 256;
}

static bool
is_host(const char *host, size_t len)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	static const char address[] = "abcdefABCDEF0123456789:.";

	if (len >= 4 && host[0] == '[' && host[len - 1] == ']')
		return strspn(host + 1, address) == len - 2;
	return len > 0 && strspn(host, name) >= len;
}

static bool
is_port(const char *port, size_t len)
{
	long value = strtol(port, NULL, 10);

	return len >= 1 && len <= 5 && strspn(port, "0123456789") >= len && value >= 1 && value <= 65535;
}

/* The parts of a URL, pointing into it. */
struct url {
	const char *host, *port, *path;
	size_t host_len, port_len;
	bool https;
};

/* -1: no URL of a scheme, a host, perhaps a port and a path. */
static int
parse_url(const char *text, struct url *url)
{
	static const char path[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/%!$&'()*+,;=:";
	size_t len;

	*url = (struct url){.https = strncasecmp(text, "https://", 8) == 0};
	if (!url->https && strncasecmp(text, "http://", 7) != 0)
		return -1;
	url->host = text + (url->https ? 8 : 7);
	len = strcspn(url->host, "/?#");
	url->path = url->host + len;
	url->host_len = url->host[0] == '[' ? strcspn(url->host, "]/") + 1 : strcspn(url->host, ":/?#");
	if (url->host_len > len || !is_host(url->host, url->host_len))
		return -1;
	if (url->host_len < len) {
		url->port = url->host + url->host_len + 1;
		url->port_len = len - url->host_len - 1;
		if (url->port[-1] != ':' || !is_port(url->port, url->port_len))
			return -1;
	}
	return url->path[strspn(url->path, path)] == '\0' ? 0 : -1;
}

static bool
has_user(const char *text)
{
	const char *scheme = strstr(text, "://"), *authority = scheme != NULL ? scheme + 3 : text;

	return strcspn(authority, "@") < strcspn(authority, "/?#");
}

/* The text of an override is not told in messages: it may hold a password. */
static int
resolve_override(struct endpoint *out, const char *text, const char *where, char **cause)
{
	struct url url;
	bool default_port;
	char *host;

	if (has_user(text))
		return cause_set(
		    cause, "%s has a user or a password in it, which kdiag does not send: take them out", where);
	if (parse_url(text, &url) != 0)
		return cause_set(
		    cause, "%s is no URL (write https://HOST/ or, for an emulator here, http://127.0.0.1:PORT)", where);
	if (!url.https && !is_loopback(url.host, url.host_len))
		return cause_set(cause, "%s is plain http to %.*s, which is not this host: write https://", where,
		    (int)url.host_len, url.host);
	default_port = url.port == NULL || strtol(url.port, NULL, 10) == (url.https ? 443 : 80);
	host = default_port ? mem_strndup(url.host, url.host_len)
			    : mem_printf("%.*s:%.*s", (int)url.host_len, url.host, (int)url.port_len, url.port);
	if (put_taken(out->host, sizeof(out->host), host) != 0 ||
	    put_taken(out->url, sizeof(out->url),
		mem_printf(
		    "%s://%s%s", url.https ? "https" : "http", out->host, url.path[0] != '\0' ? url.path : "/")) != 0)
		return cause_set(cause, "%s is too long", where);
	return 0;
}

/* NULL: none. *where is its name in messages. */
static const char *
find_override(const struct service *service, const struct endpoint_options *options, const char **where)
{
	const char *text;

	*where = "aws.endpoint_url";
	if (options->endpoint_url != NULL)
		return options->endpoint_url;
	if (is_on(options, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))
		return NULL;
	*where = service->env;
	if ((text = read_env(options, service->env)) != NULL)
		return text;
	*where = "AWS_ENDPOINT_URL";
	return read_env(options, "AWS_ENDPOINT_URL");
}

int
endpoint_resolve(struct endpoint *out, const char *service_name, const char *region,
    const struct endpoint_options *options, char **cause)
{
	const struct service *service = find_service(service_name);
	const char *text, *where;

	*out = (struct endpoint){0};
	if (service == NULL)
		return cause_set(cause, "kdiag knows no service \"%s\"", service_name);
	if (!text_is_region(region))
		return cause_set(cause, "\"%.80s\" is no region (they look like us-east-1)", region);
	put_taken(out->signing_service, sizeof(out->signing_service), mem_strdup(service->name));
	put_taken(out->signing_region, sizeof(out->signing_region),
	    mem_strdup(service->global ? find_partition(region)->iam_region : region));
	if ((text = find_override(service, options, &where)) != NULL)
		return resolve_override(out, text, where, cause);
	return resolve_aws(out, service, region, options, cause);
}
