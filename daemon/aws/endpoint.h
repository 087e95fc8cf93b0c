/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint: which URL and which signing region a service has in a region: partitions, FIPS, dual stack, overrides (FACTS 5). Pure but for getenv. */
#ifndef KDIAG_AWS_ENDPOINT_H
#define KDIAG_AWS_ENDPOINT_H

#include <stdbool.h>

struct endpoint_options {
	const char *endpoint_url;             /* aws.endpoint_url of the config; NULL: none. Beats the environment. */
	const char *(*env)(const char *name); /* getenv, or a test's own */
};

struct endpoint {
	char url[512];  /* "https://kinesis.us-east-1.amazonaws.com/", always with a path */
	char host[300]; /* as it goes into the Host header: with the port where it is not the scheme's own */
	char signing_region[64];
	char signing_service[32]; /* "kinesis", "monitoring", "logs", "iam", "sts" */
};

/*
 * service: "kinesis", "monitoring", "logs", "iam", "sts". 0; -1 with a sentence: a region that is no DNS label, an override that is no URL
 * or plain http to other than loopback, a user or password in the URL. The environment's AWS_ENDPOINT_URL_<SERVICE> (KINESIS, CLOUDWATCH, CLOUDWATCH_LOGS, IAM, STS) beats AWS_ENDPOINT_URL;
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true switches both off.
 */
int endpoint_resolve(struct endpoint *out, const char *service, const char *region,
    const struct endpoint_options *options, char **cause);
/* "aws", "aws-cn", "aws-us-gov", by the region's prefix. */
const char *endpoint_partition(const char *region);

#endif
