/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits: the token bucket by which AWS refuses calls that come too fast. Knows no operations: services.h has their
 * rates.
 */
#ifndef KDIAG_AWSSIM_LIMITS_H
#define KDIAG_AWSSIM_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised it is full. */
struct limit_bucket {
	double used; /* tokens out of it at at_ms */
	int64_t at_ms;
};

/*
 * Takes one token from a bucket that holds what the rate allows in one second; false: there is none, refuse the call.
 * rate 0: unlimited. mono_ms: the
 * clock's.
 */
bool limits_take(struct limit_bucket *bucket, double rate_per_s, int64_t mono_ms);

#endif
