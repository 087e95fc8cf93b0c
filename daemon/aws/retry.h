/* SPDX-License-Identifier: Apache-2.0 */
/* retry: the SDKs' standard retry mode of 2026 (FACTS 5) as pure arithmetic: attempts, quota, backoff. Knows no timers. */
#ifndef KDIAG_AWS_RETRY_H
#define KDIAG_AWS_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/aws/error.h"

enum { RETRY_ATTEMPTS = 3, RETRY_QUOTA = 500, RETRY_COST_TRANSIENT = 14, RETRY_COST_THROTTLING = 5 };

/* One a service and region. Zero-initialise with retry_quota_init. */
struct retry_quota {
	int tokens;
};

/* One a call. Zero-initialised. */
struct retry {
	int attempts; /* made so far */
	int taken;    /* tokens that this call's last retry took */
};

void retry_quota_init(struct retry_quota *quota);
/*
 * After a failed attempt (retry->attempts counts it): how long to wait before the next, in ms, or -1: give up (not retryable,
 * out of attempts, out of quota). random: uniform in [0, 1). Takes the tokens.
 */
int64_t retry_next(struct retry *retry, struct retry_quota *quota, const struct aws_error *error, double random);
/* After success: gives back what the last retry took, or 1. */
void retry_success(struct retry *retry, struct retry_quota *quota);

#endif
