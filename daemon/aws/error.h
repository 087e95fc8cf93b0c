/* SPDX-License-Identifier: Apache-2.0 */
/* error: what went wrong with an AWS call, as a kind that the daemon acts on and a sentence that a person reads. */
#ifndef KDIAG_AWS_ERROR_H
#define KDIAG_AWS_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <kdiag/probe.h>

enum aws_fault {
	AWS_OK,
	AWS_DENIED,      /* AccessDenied…: our role lacks the action */
	AWS_NOT_FOUND,   /* ResourceNotFoundException */
	AWS_THROTTLED,   /* by code, whatever the status; FACTS 5 */
	AWS_CREDENTIALS, /* none to be had, or refused: expired, unknown, malformed */
	AWS_CLOCK,       /* refused for the time in the signature, even after correction */
	AWS_NETWORK,     /* no answer: name, connect, TLS, time-out, cut, proxy */
	AWS_SERVICE,     /* HTTP 5xx */
	AWS_REFUSED,     /* another 4xx: we sent what AWS does not take */
	AWS_BAD_ANSWER,  /* 200, but not what the API promises */
	AWS_LATE,        /* the caller's deadline came first */
	AWS_LEFT_ALONE,  /* not sent: the service failed too often and is left alone for a while */
};

struct aws_error {
	enum aws_fault fault;
	int status;             /* HTTP, 0: none */
	char code[96];          /* "AccessDeniedException", or "" */
	char message[512];      /* one sentence, cleaned, no credential in it */
	int64_t retry_after_ms; /* x-amz-retry-after, -1: not said */
};

struct http_answer;

/* Sets fault and message (a printf sentence); status and code empty. Returns error. */
struct aws_error *aws_error_set(struct aws_error *error, enum aws_fault fault, const char *fmt, ...) KD_PRINTF(3, 4);
/*
 * Reads an answer of any AWS service (JSON or XML body, or HTML from a broken proxy): fills error and returns its fault; AWS_OK for a 2xx.
 * Code: x-amzn-query-error up to `;`, else __type after `#`, else x-amzn-errortype up to `:`, else `code`, else <Code> of XML.
 */
enum aws_fault aws_error_read(struct aws_error *error, const struct http_answer *answer);

/* Of the retry rules (FACTS 5): */
bool aws_error_is_throttling_code(const char *code);
bool aws_error_is_skew_code(const char *code);
bool aws_error_is_transient(const struct aws_error *error);
/* What a missing fact says: AWS_DENIED → KD_DENIED, … */
enum kd_reason aws_error_reason(const struct aws_error *error);

#endif
