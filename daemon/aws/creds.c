/* SPDX-License-Identifier: Apache-2.0 */
/*
 * creds: the cache of credentials: single-flight, refreshed ahead of expiry, used on through an outage. Where keys come
 * from is chain.c's affair, or the fetch function's of an assumed role.
 */
#include "daemon/aws/creds.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/aws/chain.h"

/*
 * In the clock's milliseconds. 15 and 10 min: botocore's advisory and mandatory refresh. Keys without an expiry come
 * from files, which people change: they are looked at again after 5 min.
 */
enum {
	REFRESH_AHEAD_MS = 15 * 60 * 1000,
	REFRESH_MUST_MS = 10 * 60 * 1000,
	STATIC_AGE_MS = 5 * 60 * 1000,
	AGAIN_MIN_MS = 1000, /* between two refreshes that brought keys which are soon due again */
	AGAIN_MAX_MS = 60 * 1000,
	BACK_OFF_MIN_MS = 2000,
	BACK_OFF_MAX_MS = 60 * 1000,
	REFUSALS_FORGOTTEN_MS = 10 * 60 * 1000,
	TRIAL_MS = 30 * 1000, /* longer than a call lasts that will be refused */
};

struct creds_wait {
	STAILQ_ENTRY(creds_wait) entry;
	struct creds *creds;
	uint64_t round; /* of the fetch that it waits for */
	creds_cb cb;
	void *arg;
};

STAILQ_HEAD(waits, creds_wait);

struct creds {
	struct chain *chain; /* NULL: fetch brings the keys */
	void (*fetch)(struct creds *creds, void *arg);
	void (*abandon)(void *arg);
	void *arg;
	char *source;          /* what messages call the fetch function's keys; NULL: what the keys say */
	struct event *refresh; /* a refresh ahead runs from the loop, not on the stack of the one who asked */
	struct event *trial;   /* the end of a trial, for keys that nobody may ask for again for an hour */

	struct aws_keys *keys; /* NULL: none yet */
	bool refused;          /* AWS refused these keys: they are not handed out until a fetch has looked anew */
	unsigned refusals;     /* of the same keys, in a row */
	int64_t refused_ms;    /* mono, the last of them */
	bool on_trial;         /* refused keys were handed out again: not called good before time has passed */
	int64_t trial_ms;      /* mono, since when */
	int64_t fetched_ms;    /* mono, when keys were last confirmed */
	int64_t next_ms;       /* mono, no fetch before */
	unsigned failures;     /* fetches in a row */
	char *why;             /* of the last failure; NULL: the last fetch was good */

	bool fetching;
	uint64_t round;
	struct waits waits;

	enum creds_health health;
	char *health_why;
	creds_health_cb health_cb;
	void *health_arg;
};

static bool
is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
is_expired(const struct aws_keys *keys)
{
	return keys->expires_ms != 0 && keys->expires_ms <= clock_now_ms();
}

/* ---- health ---- */

static void
set_health(struct creds *creds, enum creds_health health, const char *why)
{
	if (creds->health == health && is_same_text(creds->health_why, why))
		return;
	creds->health = health;
	free(creds->health_why);
	creds->health_why = mem_strdup(why);
	if (creds->health_cb != NULL)
		creds->health_cb(health, why, creds->health_arg);
}

enum creds_health
creds_health(const struct creds *creds)
{
	return creds->health;
}

void
creds_on_health(struct creds *creds, creds_health_cb cb, void *arg)
{
	creds->health_cb = cb;
	creds->health_arg = arg;
}

/* ---- the end of a fetch ---- */

static int64_t
back_off_ms(unsigned failures)
{
	int64_t ms = BACK_OFF_MIN_MS;

	for (; failures > 1 && ms < BACK_OFF_MAX_MS; failures--)
		ms *= 2;
	return ms < BACK_OFF_MAX_MS ? ms : BACK_OFF_MAX_MS;
}

/* When a refresh may be tried again although these keys are new: soon for those that live shortly. */
static int64_t
again_ms(const struct aws_keys *keys)
{
	int64_t ms = keys->expires_ms == 0 ? AGAIN_MAX_MS : (keys->expires_ms - clock_now_ms()) / 4;

	if (ms < AGAIN_MIN_MS)
		return AGAIN_MIN_MS;
	return ms < AGAIN_MAX_MS ? ms : AGAIN_MAX_MS;
}

static void
fail(struct creds *creds, const char *why)
{
	bool usable = creds->keys != NULL && !creds->refused && !creds->on_trial;

	creds->failures++;
	creds->next_ms = clock_mono_ms() + back_off_ms(creds->failures);
	cause_set(&creds->why, "%s", why);
	set_health(creds, usable ? CREDS_EXPIRING : CREDS_FAILING, creds->why);
}

static const char *
source_of(const struct creds *creds, const struct aws_keys *keys)
{
	return creds->source != NULL ? creds->source : keys->source;
}

/* Keys that AWS has just refused, handed out by their source once more: not tried again before the back-off is over. */
static void
fail_refused(struct creds *creds, const struct aws_keys *keys)
{
	int64_t until_ms = creds->refused_ms + back_off_ms(creds->refusals);
	char *why = mem_printf("AWS refuses the keys of %s, and there are no others", source_of(creds, keys));

	fail(creds, why);
	if (creds->next_ms < until_ms)
		creds->next_ms = until_ms;
	free(why);
}

/* The metadata service is up but hands out old keys (its own outage): used on, and said. */
static void
fail_expired(struct creds *creds)
{
	char when[CLOCK_TEXT_SIZE], *why;

	why = mem_printf("the keys of %s expired at %s, and their source has no newer ones",
	    source_of(creds, creds->keys), clock_format(creds->keys->expires_ms, when));
	fail(creds, why);
	free(why);
}

static void
begin_trial(struct creds *creds)
{
	struct timeval wait = clock_wait(TRIAL_MS + 1);

	creds->on_trial = true;
	creds->trial_ms = clock_mono_ms();
	event_add(creds->trial, &wait);
}

/*
 * Puts new keys in the place of the old. The same keys stay the same object, so that a refusal of a call under way
 * still counts.
 */
static void
replace_taken(struct creds *creds, struct aws_keys *keys)
{
	bool same = aws_keys_equal(creds->keys, keys), from_same = creds->keys != NULL;

	from_same = from_same && is_same_text(creds->keys->source, keys->source);
	if (!from_same)
		log_info("credentials from %s", source_of(creds, keys));
	if (same && from_same && !creds->refused && creds->keys->expires_ms == keys->expires_ms) {
		aws_keys_unref(keys);
		return;
	}
	if (same && creds->refused) {
		begin_trial(creds);
	} else if (!same) {
		creds->on_trial = false;
		creds->refusals = 0;
	}
	aws_keys_unref(creds->keys);
	creds->keys = keys;
}

static void
accept_taken(struct creds *creds, struct aws_keys *keys)
{
	replace_taken(creds, keys);
	creds->refused = false;
	creds->fetched_ms = clock_mono_ms();
	if (is_expired(creds->keys)) {
		fail_expired(creds);
		return;
	}
	creds->failures = 0;
	creds->next_ms = creds->fetched_ms + again_ms(creds->keys);
	free(creds->why);
	creds->why = NULL;
	if (!creds->on_trial)
		set_health(creds, CREDS_GOOD, NULL);
}

static void
answer(struct creds *creds, creds_cb cb, void *arg)
{
	struct aws_keys *keys;
	char *why;

	if (creds->keys == NULL || creds->refused) {
		why = mem_strdup(creds->why);
		cb(NULL, why, arg);
		free(why);
		return;
	}
	keys = aws_keys_ref(creds->keys); /* the callback may refuse them */
	cb(keys, NULL, arg);
	aws_keys_unref(keys);
}

/* Only those of this fetch and before: a callback may ask again, and so start the next. */
static void
wake(struct creds *creds, uint64_t round)
{
	struct creds_wait *wait;
	creds_cb cb;
	void *arg;

	while ((wait = STAILQ_FIRST(&creds->waits)) != NULL && wait->round <= round) {
		STAILQ_REMOVE_HEAD(&creds->waits, entry);
		cb = wait->cb;
		arg = wait->arg;
		free(wait);
		answer(creds, cb, arg);
	}
}

/*
 * Refused keys may be good yet (new ones take seconds to be known everywhere), so they get a trial after the back-off;
 * expired ones do not.
 */
static bool
is_refused_still(const struct creds *creds, const struct aws_keys *keys)
{
	return creds->refused && aws_keys_equal(creds->keys, keys) &&
	       (is_expired(keys) || clock_mono_ms() < creds->refused_ms + back_off_ms(creds->refusals));
}

void
creds_fetched(struct creds *creds, struct aws_keys *keys_taken, const char *why)
{
	uint64_t round = creds->round; /* the health callback may start the next */

	assert(creds->fetching);
	creds->fetching = false;
	if (keys_taken == NULL) {
		fail(creds, why);
	} else if (is_refused_still(creds, keys_taken)) {
		fail_refused(creds, keys_taken);
		aws_keys_unref(keys_taken);
	} else {
		accept_taken(creds, keys_taken);
	}
	wake(creds, round);
}

/* ---- the start of a fetch ---- */

static void
walked_cb(struct aws_keys *keys_taken, const char *why, void *arg)
{
	creds_fetched(arg, keys_taken, why);
}

/* May end within. */
static void
start_fetch(struct creds *creds)
{
	creds->fetching = true;
	creds->round++;
	if (creds->chain != NULL)
		chain_walk(creds->chain, walked_cb, creds);
	else
		creds->fetch(creds, creds->arg);
}

static void
refresh_cb(evutil_socket_t fd, short what, void *arg)
{
	struct creds *creds = arg;

	(void)fd;
	(void)what;
	if (!creds->fetching)
		start_fetch(creds);
}

/* Handed out a while ago, and no refusal has come. */
static void
end_trial(struct creds *creds)
{
	if (!creds->on_trial || creds->refused || clock_mono_ms() - creds->trial_ms < TRIAL_MS)
		return;
	creds->on_trial = false;
	creds->refusals = 0;
	if (creds->why == NULL)
		set_health(creds, CREDS_GOOD, NULL);
}

static void
trial_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	end_trial(arg);
}

enum need { FINE, SOON, NOW };

/* How much do the keys at hand want a refresh? */
static enum need
judge_need(const struct creds *creds)
{
	int64_t left_ms;

	if (creds->keys == NULL || creds->refused)
		return NOW;
	if (creds->keys->expires_ms == 0)
		return clock_mono_ms() - creds->fetched_ms >= STATIC_AGE_MS ? SOON : FINE;
	left_ms = creds->keys->expires_ms - clock_now_ms();
	if (left_ms > REFRESH_AHEAD_MS)
		return FINE;
	return left_ms > REFRESH_MUST_MS ? SOON : NOW;
}

static struct creds_wait *
wait_new(struct creds *creds, creds_cb cb, void *arg)
{
	struct creds_wait *wait = mem_new(1, sizeof(*wait));

	wait->creds = creds;
	wait->round = creds->round;
	wait->cb = cb;
	wait->arg = arg;
	STAILQ_INSERT_TAIL(&creds->waits, wait, entry);
	return wait;
}

struct creds_wait *
creds_get(struct creds *creds, creds_cb cb, void *arg)
{
	enum need need = judge_need(creds);
	bool may_fetch = creds->fetching || clock_mono_ms() >= creds->next_ms;

	end_trial(creds);
	if (need == SOON && may_fetch && !creds->fetching)
		event_active(creds->refresh, EV_TIMEOUT, 0);
	if (need != NOW || !may_fetch) {
		answer(creds, cb, arg);
		return NULL;
	}
	if (!creds->fetching)
		start_fetch(creds);
	if (creds->fetching)
		return wait_new(creds, cb, arg);
	answer(creds, cb, arg);
	return NULL;
}

void
creds_cancel(struct creds_wait *wait)
{
	STAILQ_REMOVE(&wait->creds->waits, wait, creds_wait, entry);
	free(wait);
}

void
creds_refused(struct creds *creds, const struct aws_keys *keys)
{
	int64_t now_ms = clock_mono_ms();

	if (creds->keys != keys || creds->refused)
		return;
	if (now_ms - creds->refused_ms > REFUSALS_FORGOTTEN_MS)
		creds->refusals = 0;
	cause_set(&creds->why, "AWS refuses the keys of %s", source_of(creds, keys));
	creds->refused = true;
	creds->refusals++;
	creds->refused_ms = now_ms;
	creds->next_ms = now_ms;
}

/* ---- making and freeing ---- */

static struct creds *
creds_alloc(struct event_base *base)
{
	struct creds *creds = mem_new(1, sizeof(*creds));

	creds->refresh = evtimer_new(base, refresh_cb, creds);
	creds->trial = evtimer_new(base, trial_cb, creds);
	if (creds->refresh == NULL || creds->trial == NULL)
		fatalx("creds: libevent cannot make an event");
	STAILQ_INIT(&creds->waits);
	creds->next_ms = clock_mono_ms();
	return creds;
}

struct creds *
creds_new(struct event_base *base, struct http *http, const struct creds_options *options)
{
	struct creds *creds = creds_alloc(base);

	creds->chain = chain_new(http, options);
	return creds;
}

struct creds *
creds_new_fetched(struct event_base *base, const char *source, void (*fetch)(struct creds *, void *arg),
    void (*abandon)(void *arg), void *arg)
{
	struct creds *creds = creds_alloc(base);

	creds->source = mem_strdup(source);
	creds->fetch = fetch;
	creds->abandon = abandon;
	creds->arg = arg;
	return creds;
}

void
creds_free(struct creds *creds)
{
	struct creds_wait *wait;

	if (creds == NULL)
		return;
	event_free(creds->refresh);
	event_free(creds->trial);
	if (creds->fetching && creds->abandon != NULL)
		creds->abandon(creds->arg);
	chain_free(creds->chain);
	while ((wait = STAILQ_FIRST(&creds->waits)) != NULL) {
		STAILQ_REMOVE_HEAD(&creds->waits, entry);
		free(wait);
	}
	aws_keys_unref(creds->keys);
	free(creds->source);
	free(creds->why);
	free(creds->health_why);
	free(creds);
}
