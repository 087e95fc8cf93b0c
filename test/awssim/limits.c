/* SPDX-License-Identifier: Apache-2.0 */
/* limits: owns the arithmetic of a token bucket; knows no clock and no operation. */
#include "test/awssim/limits.h"

bool
limits_take(struct limit_bucket *bucket, double rate_per_s, int64_t mono_ms)
{
	if (rate_per_s <= 0)
		return true;
	bucket->used -= (double)(mono_ms - bucket->at_ms) / 1000 * rate_per_s;
	if (bucket->used < 0)
		bucket->used = 0;
	bucket->at_ms = mono_ms;
	if (bucket->used + 1 > rate_per_s + 1e-9)
		return false;
	bucket->used++;
	return true;
}
