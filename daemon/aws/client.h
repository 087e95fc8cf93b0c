/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client: one AWS call from end to end: pace, credentials, sign, send, classify, correct the clock, retry, count. A place is an account (as the config names it)
 * in a region; pacing, retry quota, clock offset, cost and health are kept by place and apart from each other.
 */
#ifndef KDIAG_AWS_CLIENT_H
#define KDIAG_AWS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/aws/creds.h"
#include "daemon/aws/endpoint.h"
#include "daemon/aws/error.h"
#include "daemon/aws/http.h"

struct aws_client;
struct aws_place;
struct aws_call;

/* What the client notices about itself, for the findings about kdiag; called from the loop. `subject` is what it is about: a service and region, an account. */
enum aws_notice {
	AWS_NOTICE_SERVICE_LEFT_ALONE, /* a service of a place fails again and again; good: it answers again */
	AWS_NOTICE_THROTTLED,          /* AWS throttles us although we pace */
	AWS_NOTICE_CLOCK_SKEW,         /* the host's clock is off by more than 240 s */
	AWS_NOTICE_CREDENTIALS,        /* of an account: there are none that AWS takes */
	AWS_NOTICE_EXPIRING,           /* of an account: they cannot be renewed, but serve still */
};
/* The check of the finding about kdiag that a notice becomes: "service", "throttled", "clock", "credentials", "expiring"; aws_place_blame uses the same. */
const char *aws_notice_check(enum aws_notice notice);
/* bad false: it is over. why: a sentence. */
typedef void (*aws_notice_cb)(enum aws_notice notice, bool bad, const char *subject, const char *why, void *arg);

struct aws_client_options {
	struct http_limits limits;
	double pace_share;        /* 0: unlimited */
	const char *endpoint_url; /* NULL: none */
	const char *ca_file;      /* NULL: the system's */
	long call_timeout_ms;     /* one attempt; 10,000 */
	const char *(*env)(const char *name);
	aws_notice_cb notice;
	void *notice_arg;
};

struct aws_client *aws_client_new(struct event_base *base, const struct aws_client_options *options, char **cause);
/*
 * All calls must have ended or been cancelled, all credentials of its places have been freed; the places are freed with it. What it has noticed is
 * told to be over.
 */
void aws_client_free(struct aws_client *client);
struct http *aws_client_http(struct aws_client *client);

/* The place of an account in a region, made at the first ask; creds is borrowed and belongs to the account. NULL with a sentence for a bad region. */
struct aws_place *aws_client_place(
    struct aws_client *client, const char *account, const char *region, struct creds *creds, char **cause);
const char *aws_place_account(const struct aws_place *place);
const char *aws_place_region(const struct aws_place *place);
/* Paced rate of an operation in calls a second, 0: unlimited. */
double aws_place_rate(const struct aws_place *place, const char *operation);
/* AWS's time as seen from here: clock_now_ms() + the place's correction. */
int64_t aws_place_now_ms(const struct aws_place *place);
/* The open finding that explains a fault of this place ("self/service/kinesis us-east-1", "self/credentials/prod"); NULL: no notice has been given of it. The caller's string. */
char *aws_place_blame(const struct aws_place *place, const char *service, enum aws_fault fault);
/* Has such a finding come to an end after that clock_mono_ms()? What failed then says nothing of how things are now, and is worth another try at once. */
bool aws_place_is_mended_since(const struct aws_place *place, int64_t mono_ms);

struct aws_request {
	const char *service;      /* as endpoint_resolve takes it */
	const char *operation;    /* "DescribeStreamSummary": for pacing, counting and messages */
	const char *target;       /* X-Amz-Target, or NULL (Query protocol) */
	const char *content_type; /* "application/x-amz-json-1.1" */
	const char *body;         /* copied */
	size_t body_len;
	bool urgent;         /* by hand, or changed: goes ahead of the queue */
	int64_t deadline_ms; /* clock_mono_ms() at which to give up, 0: none */
	uint64_t metrics;    /* that AWS charges for with each attempt */
	double weight;       /* calls that it counts for at the pace; below 1: one */
};

/* error->fault is AWS_OK: answer is a 2xx. Otherwise answer may be NULL. Both are valid in the callback only. */
typedef void (*aws_call_cb)(const struct aws_error *error, const struct http_answer *answer, void *arg);

/* Never fails at once and never calls back from within; the callback comes once, from the loop. */
struct aws_call *aws_call_start(struct aws_place *place, const struct aws_request *request, aws_call_cb cb, void *arg);
void aws_call_cancel(struct aws_call *call);

/* Counts since the start: calls sent (attempts), and of them throttled, failed; metrics asked for with them. */
struct aws_counts {
	uint64_t calls, retries, throttled, failed, metrics;
};
struct aws_counts aws_client_counts(const struct aws_client *client);
/* The same by operation of a place: how often it was sent, and how many metrics were asked for with that. */
struct aws_operation_count {
	const char *account, *region, *operation;
	uint64_t calls, metrics;
};
typedef void (*aws_count_cb)(const struct aws_operation_count *count, void *arg);
void aws_client_each_count(const struct aws_client *client, aws_count_cb visit, void *arg);

#endif
