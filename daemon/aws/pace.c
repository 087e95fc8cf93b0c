/* SPDX-License-Identifier: Apache-2.0 */
/* pace: how fast each operation of a place may be called, and who waits for it. Knows neither what is called nor what comes of it. */
#include "daemon/aws/pace.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include <kdiag/probe.h>

#include "common/clock.h"
#include "common/mem.h"

enum {
	TURN_MAX = 64,       /* let through in one turn of the loop, so that others get theirs */
	RECOVERY_MS = 60000, /* from slowed down back to full */
};

#define IAM "iam"

#define SLOWEST (1.0 / 16) /* of the full rate: four refusals within a minute */

/* FACTS 1 to 3. Limits of a stream (ListStreamConsumers) hold for the account here: many streams are asked one after the other, never one in a burst. */
static const struct limit {
	const char *operation;
	double per_s;
} limits[] = {
    {"DescribeStreamSummary", 20},
    {"ListShards", 1000},
    {"ListStreams", 5},
    {"ListStreamConsumers", 5},
    {"DescribeStreamConsumer", 20},
    {"DescribeStream", 10},
    {"DescribeLimits", 1},
    {"DescribeAccountSettings", 5},
    {"GetResourcePolicy", 5},
    {"GetMetricData", 50},
    {"DescribeLogGroups", 10},
    /* IAM's limits are not published (FACTS 4): of 8 a second the share by default is 2, for all its operations together. */
    {IAM, 8},
};

/* These share one bucket, the name of which is no operation's. */
static const char *const iam_operations[] = {"GetRole", "GetUser", "GetPolicy", "GetPolicyVersion",
    "ListAttachedRolePolicies", "ListRolePolicies", "GetRolePolicy", "ListAttachedUserPolicies", "ListUserPolicies",
    "GetUserPolicy", "ListGroupsForUser", "ListAttachedGroupPolicies", "ListGroupPolicies", "GetGroupPolicy",
    "SimulatePrincipalPolicy"};

static const char *
bucket_name(const char *operation)
{
	for (size_t i = 0; i < KD_COUNT(iam_operations); i++) {
		if (strcmp(iam_operations[i], operation) == 0)
			return IAM;
	}
	return operation;
}

/* FilterLogEvents differs by region (FACTS 3): 25/s in one, 5/s in these, 10/s in all others. */
static const char *const slow_log_regions[] = {
    "ap-northeast-3", "ap-southeast-3", "ca-west-1", "eu-central-1", "il-central-1"};

static double
filter_log_events_limit(const char *region)
{
	if (strcmp(region, "us-east-1") == 0)
		return 25;
	for (size_t i = 0; i < KD_COUNT(slow_log_regions); i++) {
		if (strcmp(slow_log_regions[i], region) == 0)
			return 5;
	}
	return 10;
}

TAILQ_HEAD(wait_list, pace_wait);

struct bucket {
	struct bucket *next;
	struct pace *pace;
	char *operation;
	double rate;      /* calls a second when not slowed down; 0: unlimited */
	double tokens;    /* at filled_ms */
	double slowed_to; /* the share of the rate right after the last slow-down */
	int64_t filled_ms, slowed_ms;
	struct wait_list urgent, patient;
	size_t waiting;
	struct event turn;
};

struct pace {
	struct event_base *base;
	char *region;
	double share;
	struct bucket *buckets;
};

struct pace_wait {
	TAILQ_ENTRY(pace_wait) link;
	struct bucket *bucket;
	bool urgent;
	pace_cb cb;
	void *arg;
};

double
pace_limit(const char *operation, const char *region)
{
	if (strcmp(operation, "FilterLogEvents") == 0)
		return filter_log_events_limit(region);
	operation = bucket_name(operation);
	for (size_t i = 0; i < KD_COUNT(limits); i++) {
		if (strcmp(limits[i].operation, operation) == 0)
			return limits[i].per_s;
	}
	return 0;
}

struct pace *
pace_new(struct event_base *base, const char *region, double share)
{
	struct pace *pace = mem_new(1, sizeof(*pace));

	assert(share >= 0);
	pace->base = base;
	pace->region = mem_strdup(region);
	pace->share = share;
	return pace;
}

static void
drop_waits(struct wait_list *list)
{
	struct pace_wait *wait;

	while ((wait = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, wait, link);
		free(wait);
	}
}

void
pace_free(struct pace *pace)
{
	struct bucket *bucket;

	if (pace == NULL)
		return;
	while ((bucket = pace->buckets) != NULL) {
		pace->buckets = bucket->next;
		event_del(&bucket->turn);
		drop_waits(&bucket->urgent);
		drop_waits(&bucket->patient);
		free(bucket->operation);
		free(bucket);
	}
	free(pace->region);
	free(pace);
}

/* ---- the bucket's arithmetic ---- */

static double
current_rate(const struct bucket *bucket, int64_t now_ms)
{
	double recovered = (double)(now_ms - bucket->slowed_ms) / RECOVERY_MS;

	if (recovered >= 1)
		return bucket->rate;
	return bucket->rate * (bucket->slowed_to + (1 - bucket->slowed_to) * fmax(recovered, 0));
}

static void
refill(struct bucket *bucket, int64_t now_ms)
{
	double burst = fmax(bucket->rate, 1);
	int64_t passed_ms = now_ms - bucket->filled_ms;

	if (passed_ms > 0)
		bucket->tokens += current_rate(bucket, now_ms) * (double)passed_ms / 1000;
	if (bucket->tokens > burst)
		bucket->tokens = burst;
	bucket->filled_ms = now_ms;
}

/* 0: one may go now. */
static int64_t
time_to_token_ms(struct bucket *bucket)
{
	int64_t now_ms = clock_mono_ms();

	if (bucket->rate <= 0)
		return 0;
	refill(bucket, now_ms);
	/* A hair less than one is one: sums of thirds and fifths do not come out even. */
	if (bucket->tokens >= 1 - 1e-9)
		return 0;
	return (int64_t)ceil((1 - bucket->tokens) / current_rate(bucket, now_ms) * 1000);
}

static void
arm(struct bucket *bucket)
{
	int64_t wait_ms = time_to_token_ms(bucket);
	struct timeval wait;

	/* No detour over a timer when one may go: the loop calls back in this very turn. */
	if (wait_ms == 0) {
		event_active(&bucket->turn, EV_TIMEOUT, 1);
		return;
	}
	wait = clock_wait(wait_ms);
	event_add(&bucket->turn, &wait);
}

static struct pace_wait *
take_first(struct bucket *bucket)
{
	struct wait_list *list = TAILQ_EMPTY(&bucket->urgent) ? &bucket->patient : &bucket->urgent;
	struct pace_wait *wait = TAILQ_FIRST(list);

	TAILQ_REMOVE(list, wait, link);
	bucket->waiting--;
	return wait;
}

/* A callback may enter, cancel and slow down; all is looked at anew after each. */
static void
turn_cb(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval at_once = {0, 0};
	struct bucket *bucket = arg;
	struct pace_wait *wait, done;

	(void)fd;
	(void)what;
	for (int i = 0; bucket->waiting > 0 && i < TURN_MAX && time_to_token_ms(bucket) == 0; i++) {
		wait = take_first(bucket);
		bucket->tokens -= bucket->rate > 0;
		done = *wait;
		free(wait);
		done.cb(done.arg);
	}
	if (bucket->waiting == 0)
		event_del(&bucket->turn);
	else if (time_to_token_ms(bucket) == 0)
		event_add(&bucket->turn, &at_once);
	else
		arm(bucket);
}

/* ---- from outside ---- */

static struct bucket *
find_bucket(const struct pace *pace, const char *operation)
{
	operation = bucket_name(operation);
	for (struct bucket *bucket = pace->buckets; bucket != NULL; bucket = bucket->next) {
		if (strcmp(bucket->operation, operation) == 0)
			return bucket;
	}
	return NULL;
}

static struct bucket *
get_bucket(struct pace *pace, const char *operation)
{
	struct bucket *bucket = find_bucket(pace, operation);

	if (bucket != NULL)
		return bucket;
	bucket = mem_new(1, sizeof(*bucket));
	bucket->pace = pace;
	bucket->operation = mem_strdup(bucket_name(operation));
	bucket->rate = pace_limit(operation, pace->region) * pace->share;
	bucket->tokens = fmax(bucket->rate, 1);
	bucket->filled_ms = clock_mono_ms();
	bucket->slowed_to = 1;
	TAILQ_INIT(&bucket->urgent);
	TAILQ_INIT(&bucket->patient);
	evtimer_assign(&bucket->turn, pace->base, turn_cb, bucket);
	bucket->next = pace->buckets;
	pace->buckets = bucket;
	return bucket;
}

struct pace_wait *
pace_enter(struct pace *pace, const char *operation, bool urgent, pace_cb cb, void *arg)
{
	struct bucket *bucket = get_bucket(pace, operation);
	struct pace_wait *wait = mem_new(1, sizeof(*wait));

	*wait = (struct pace_wait){.bucket = bucket, .urgent = urgent, .cb = cb, .arg = arg};
	TAILQ_INSERT_TAIL(urgent ? &bucket->urgent : &bucket->patient, wait, link);
	/* Whoever waits has armed the turn already. */
	if (bucket->waiting++ == 0)
		arm(bucket);
	return wait;
}

void
pace_cancel(struct pace_wait *wait)
{
	struct bucket *bucket;

	if (wait == NULL)
		return;
	bucket = wait->bucket;
	TAILQ_REMOVE(wait->urgent ? &bucket->urgent : &bucket->patient, wait, link);
	free(wait);
	if (--bucket->waiting == 0)
		event_del(&bucket->turn);
}

void
pace_take(struct pace *pace, const char *operation, double tokens)
{
	struct bucket *bucket = get_bucket(pace, operation);

	if (bucket->rate > 0)
		bucket->tokens -= tokens;
}

void
pace_slow_down(struct pace *pace, const char *operation)
{
	struct bucket *bucket = get_bucket(pace, operation);
	int64_t now_ms = clock_mono_ms();

	/* Of an operation without a known limit there is no rate to halve: the backoff of its retries has to do. */
	if (bucket->rate <= 0)
		return;
	bucket->slowed_to = fmax(current_rate(bucket, now_ms) / bucket->rate / 2, SLOWEST);
	bucket->slowed_ms = now_ms;
	bucket->filled_ms = now_ms;
	/* What weighed more than its turn stays owed. */
	bucket->tokens = fmin(bucket->tokens, 0);
}

double
pace_rate(const struct pace *pace, const char *operation)
{
	const struct bucket *bucket = find_bucket(pace, operation);

	return bucket != NULL ? current_rate(bucket, clock_mono_ms())
			      : pace_limit(operation, pace->region) * pace->share;
}

size_t
pace_waiting(const struct pace *pace, const char *operation)
{
	const struct bucket *bucket = find_bucket(pace, operation);

	return bucket != NULL ? bucket->waiting : 0;
}
