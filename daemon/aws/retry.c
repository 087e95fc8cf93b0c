/* SPDX-License-Identifier: Apache-2.0 */
/* retry: whether and when a failed attempt is made again, as the SDKs do it (FACTS 5). Knows no timers and draws no numbers. */
#include "daemon/aws/retry.h"

#include <assert.h>

enum {
	BASE_TRANSIENT_MS = 50,
	BASE_THROTTLING_MS = 1000,
	DELAY_MAX_MS = 20000,
	HINT_PAST_MAX_MS = 5000, /* how far AWS's hint may put the delay off */
	GIVEN_BACK = 1,          /* for a call that needed no retry */
};

void
retry_quota_init(struct retry_quota *quota)
{
	quota->tokens = RETRY_QUOTA;
}

/* rand x min(base x 2^i, 20 s), i from 0 for the first retry; a hint may put it off, by 5 s at most, and never shortens it. */
static int64_t
pick_delay_ms(const struct retry *retry, const struct aws_error *error, bool throttled, double random)
{
	double delay_ms = throttled ? BASE_THROTTLING_MS : BASE_TRANSIENT_MS;
	int64_t picked_ms, hint_ms = error->retry_after_ms;

	for (int i = 1; i < retry->attempts && delay_ms < DELAY_MAX_MS; i++)
		delay_ms *= 2;
	if (delay_ms > DELAY_MAX_MS)
		delay_ms = DELAY_MAX_MS;
	picked_ms = (int64_t)(random * delay_ms);
	if (hint_ms > picked_ms + HINT_PAST_MAX_MS)
		return picked_ms + HINT_PAST_MAX_MS;
	return hint_ms > picked_ms ? hint_ms : picked_ms;
}

int64_t
retry_next(struct retry *retry, struct retry_quota *quota, const struct aws_error *error, double random)
{
	bool throttled = error->fault == AWS_THROTTLED;
	int cost = throttled ? RETRY_COST_THROTTLING : RETRY_COST_TRANSIENT;

	assert(retry->attempts >= 1 && random >= 0 && random < 1);
	if (!throttled && !aws_error_is_transient(error))
		return -1;
	if (retry->attempts >= RETRY_ATTEMPTS || quota->tokens < cost)
		return -1;
	quota->tokens -= cost;
	retry->taken = cost;
	return pick_delay_ms(retry, error, throttled, random);
}

void
retry_success(struct retry *retry, struct retry_quota *quota)
{
	quota->tokens += retry->taken > 0 ? retry->taken : GIVEN_BACK;
	if (quota->tokens > RETRY_QUOTA)
		quota->tokens = RETRY_QUOTA;
	retry->taken = 0;
}
