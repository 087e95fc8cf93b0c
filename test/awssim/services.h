/* SPDX-License-Identifier: Apache-2.0 */
/*
 * services: which services and operations are simulated, one row each. Knows not what they do: kinesis.c, sts.c, imds.c
 * … do.
 */
#ifndef KDIAG_AWSSIM_SERVICES_H
#define KDIAG_AWSSIM_SERVICES_H

#include <stdbool.h>
#include <stddef.h>

struct call;
struct shape_member;

enum service_protocol {
	SERVICE_JSON,     /* a POST whose X-Amz-Target is PREFIX.OPERATION */
	SERVICE_QUERY,    /* a POST of a form with Action and Version; XML answers */
	SERVICE_METADATA, /* plain HTTP, unsigned */
};

struct operation {
	const char *name;
	double limit_per_s; /* AWS's published rate (FACTS 1); 0: none is known */
	int stream_bucket;  /* -1: the rate is an account's and region's; else the stream's bucket of that number */
	const struct shape_member *input; /* SERVICE_JSON */
	size_t input_count;
	/* Answers the call. Its input has been checked, its caller is known, its stream is named. */
	void (*run)(struct call *call);
};

struct service {
	const char *name;       /* as in the scope of a signature */
	const char *prefix_iam; /* of its actions in a policy; NULL: its name */
	enum service_protocol protocol;
	const char *prefix;       /* SERVICE_JSON: before the dot of X-Amz-Target */
	const char *content_type; /* SERVICE_JSON */
	const char *version;      /* SERVICE_QUERY */
	const char *invalid;      /* the code for an input that breaks a rule; NULL: ValidationException */
	bool query_errors; /* SERVICE_JSON: it spoke Query once, and errors carry that code in x-amzn-query-error */
	bool
	    plain_throttling; /* SERVICE_JSON: a ThrottlingException for what comes too fast; Kinesis has words of its own */
	const struct operation *operations;
	size_t operations_count;
	/*
	 * Which stream is the call about? Sets call->stream (its own), or leaves it. NULL: calls of this service name
	 * none.
	 */
	void (*name_stream)(struct call *call);
	/* The rate of an operation in a region; NULL: it is the same in all. */
	double (*limit_in)(const struct operation *operation, const char *region);
};

/* By X-Amz-Target's prefix (len bytes), by the Query version, or the metadata service; NULL: none. */
const struct service *services_find_target(const char *prefix, size_t len);
const struct service *services_find_version(const char *version);
const struct service *services_metadata(void);
const struct operation *services_find_operation(const struct service *service, const char *name);
/* A number below STATS_OPERATIONS_MAX for each operation, and back (NULL past the last one). */
size_t services_number(const struct service *service, const struct operation *operation);
const struct operation *services_at(size_t number);

bool services_know(const char *service);
bool services_know_operation(const char *operation);

#endif
