/* SPDX-License-Identifier: Apache-2.0 */
/* principal_feed: owns who is declared for which stream, and the fact about them; how one is read is principal_shared.c's, what resources say resource_policies.c's. */
#include "daemon/principal_feed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/clock.h"
#include "common/fact.h"
#include "common/mem.h"
#include "daemon/config.h"
#include "daemon/principal_shared.h"
#include "daemon/resource_policies.h"
#include "daemon/simulation.h"

enum {
	RETRY_MS = 60 * 1000, /* what failed for what may pass is tried again after so long */
	STALE_CACHES = 4,     /* what is older than so many times the cache's time is no longer judged by */
	ACCOUNT_DIGITS = 12,
};

/* A principal as a stream declares him. */
struct member {
	char *arn, *use, *lease_table;
	char **actions;
	size_t actions_count;
	struct principal_shared *shared; /* NULL: no account of the config is his, or not known yet */
	struct simulation *simulation;   /* NULL: AWS is not asked */
};

/* A stream's. */
struct part {
	LIST_ENTRY(part) link;
	struct principal_feed *feed;
	struct collect_stream *stream;
	struct member *members;
	size_t count;
	bool placed; /* each member has his shared one, or none can be had, */
	bool by_arn; /* by the stream's ARN, that is its account */
	struct resource_policies *resources;
	struct fact *fact; /* of what is known now, or NULL */
};

struct principal_feed {
	struct principal_feed_options options;
	struct principal_pool *pool;
	struct denials *denials;
	LIST_HEAD(, part) parts;
};

static void
forget_fact(struct part *part)
{
	fact_unref(part->fact);
	part->fact = NULL;
}

/* ---- how old may what is ---- */

static int64_t
cache_ms(const struct part *part)
{
	return part->feed->options.cache_s * 1000;
}

/* Spread by the ARN, so that what was read together is not read together for ever. */
static int64_t
spread_ms(const struct part *part, const char *arn)
{
	uint32_t hash = 2166136261u;

	for (; *arn != '\0'; arn++)
		hash = (hash ^ (unsigned char)*arn) * 16777619u;
	return cache_ms(part) / 10 * (int64_t)(hash % 1000) / 1000;
}

/*
 * What failed is tried again after a minute, or when something has ended that may explain it: what there is serves until then. How old that may be is
 * said in the fact.
 */
static bool
is_fresh(const struct part *part, const struct aws_place *place, const char *arn, struct read_age age,
    const struct collect_terms *terms)
{
	int64_t now_ms = clock_mono_ms();
	bool mended = aws_place_is_mended_since(place, age.tried_ms);

	if (age.asked_ms == 0)
		return false;
	if (terms->urgent)
		return age.asked_ms >= terms->since_ms && (age.settled || !mended);
	if (age.settled && now_ms - age.asked_ms < cache_ms(part) - spread_ms(part, arn))
		return true;
	return !mended && now_ms - age.tried_ms < RETRY_MS;
}

static bool
is_stale(const struct part *part, int64_t asked_ms)
{
	return asked_ms != 0 && clock_mono_ms() - asked_ms > STALE_CACHES * cache_ms(part);
}

static bool
is_member_fresh(const struct part *part, const struct member *member, const struct collect_terms *terms)
{
	return member->shared == NULL || is_fresh(part, principal_shared_place(member->shared), member->arn,
					     principal_shared_age(member->shared), terms);
}

/* Whoever is not there, or is a policy that nobody need have, is not simulated; nor is a stream that is not known. */
static bool
is_simulated(const struct part *part, const struct member *member)
{
	return part->feed->options.simulate && member->shared != NULL && strstr(member->arn, ":policy/") == NULL &&
	       *collect_stream_id(part->stream)->arn != '\0' && principal_shared_is_there(member->shared);
}

static bool
is_simulation_fresh(const struct part *part, const struct member *member, const struct collect_terms *terms)
{
	return !is_simulated(part, member) ||
	       (member->simulation != NULL && is_fresh(part, principal_shared_place(member->shared), member->arn,
						  simulation_age(member->simulation), terms));
}

static bool
is_resource_fresh(const char *arn, struct read_age age, const struct collect_terms *terms, void *arg)
{
	const struct part *part = arg;

	return is_fresh(part, collect_stream_place(part->stream), arn, age, terms);
}

static bool
is_resource_stale(int64_t asked_ms, void *arg)
{
	return is_stale(arg, asked_ms);
}

/* ---- members ---- */

static void
clear_members(struct part *part)
{
	for (size_t i = 0; i < part->count; i++) {
		struct member *member = &part->members[i];

		simulation_free(member->simulation);
		principal_shared_drop(member->shared);
		for (size_t a = 0; a < member->actions_count; a++)
			free(member->actions[a]);
		free(member->actions);
		free(member->arn);
		free(member->use);
		free(member->lease_table);
	}
	free(part->members);
	part->members = NULL;
	part->count = 0;
	part->placed = false;
}

static void
copy_member(struct member *member, const struct config_principal *from)
{
	member->arn = mem_strdup(from->arn);
	member->use = mem_strdup(from->use);
	member->lease_table = mem_strdup(from->lease_table);
	member->actions = mem_new(from->actions_count, sizeof(*member->actions));
	for (; member->actions_count < from->actions_count; member->actions_count++)
		member->actions[member->actions_count] = mem_strdup(from->actions[member->actions_count]);
}

/* The account of an ARN, 12 digits behind the fourth colon; "": AWS's own policies have none. */
static void
copy_account(const char *arn, char account[ACCOUNT_DIGITS + 1])
{
	account[0] = '\0';
	for (int i = 0; i < 4 && arn != NULL; i++)
		arn = (arn = strchr(arn, ':')) != NULL ? arn + 1 : NULL;
	if (arn == NULL || strspn(arn, "0123456789") != ACCOUNT_DIGITS)
		return;
	memcpy(account, arn, ACCOUNT_DIGITS);
	account[ACCOUNT_DIGITS] = '\0';
}

static struct aws_place *
place_of(const struct part *part, const char *arn)
{
	const struct principal_feed_options *options = &part->feed->options;
	const struct stream_id *id = collect_stream_id(part->stream);
	char account[ACCOUNT_DIGITS + 1], own[ACCOUNT_DIGITS + 1];

	copy_account(arn, account);
	copy_account(id->arn, own);
	if (*account == '\0' || *own == '\0' || strcmp(account, own) == 0)
		return collect_stream_place(part->stream);
	return options->place_of != NULL ? options->place_of(account, id->region, options->arg) : NULL;
}

/* Anew once the stream's ARN is known, and with it its account. */
static void
place_members(struct part *part)
{
	bool by_arn = *collect_stream_id(part->stream)->arn != '\0';

	if (part->placed && (part->by_arn || !by_arn))
		return;
	part->placed = true;
	part->by_arn = by_arn;
	for (size_t i = 0; i < part->count; i++) {
		struct member *member = &part->members[i];
		struct principal_shared *before = member->shared;
		struct aws_place *place = place_of(part, member->arn);

		member->shared = place != NULL ? principal_shared_take(part->feed->pool, place, member->arn) : NULL;
		principal_shared_drop(before);
	}
	forget_fact(part);
}

static void
shared_cb(struct principal_shared *shared, void *arg)
{
	struct principal_feed *feed = arg;
	struct part *part, *next;

	for (part = LIST_FIRST(&feed->parts); part != NULL; part = next) {
		bool has = false;

		next = LIST_NEXT(part, link);
		for (size_t i = 0; i < part->count; i++)
			has |= part->members[i].shared == shared;
		if (!has)
			continue;
		forget_fact(part);
		collect_advance(part->stream);
	}
}

static void
part_cb(void *arg)
{
	struct part *part = arg;

	forget_fact(part);
	collect_advance(part->stream);
}

/* Actions that are made on a consumer need the consumers' policies too. */
static bool
wants_consumers(const struct part *part)
{
	static const char *const uses[] = {"efo_consumer", "lambda"};

	for (size_t i = 0; i < part->count; i++) {
		const struct member *member = &part->members[i];

		for (size_t u = 0; member->use != NULL && u < KD_COUNT(uses); u++)
			if (strcmp(member->use, uses[u]) == 0)
				return true;
		for (size_t a = 0; a < member->actions_count; a++)
			if (strstr(member->actions[a], "Consumer") != NULL ||
			    strstr(member->actions[a], "SubscribeToShard") != NULL)
				return true;
	}
	return false;
}

/* ---- the fact ---- */

/* The resource policies come first: where one is not known, a member who has no trouble of his own is explained by that. */
static void
look_at_member(const struct part *part, const struct member *member, struct kd_principal *out, char **blame, char **why)
{
	char account[ACCOUNT_DIGITS + 1];
	int64_t asked_ms = member->shared != NULL ? principal_shared_age(member->shared).asked_ms : 0;

	*out = (struct kd_principal){.arn = member->arn, .missing = KD_LATE, .why = "it has not been read yet"};
	if (member->shared != NULL) {
		*blame = principal_shared_look(member->shared, out);
		if (is_stale(part, asked_ms)) {
			out->missing = KD_STALE;
			out->why = "what IAM said last is too old to judge by";
			out->policies_count = 0;
		}
	} else if (part->placed) {
		copy_account(member->arn, account);
		*why = mem_printf("account %s is none of the config's: name a role in it under accounts, so that its "
				  "principals can be read",
		    account);
		out->missing = KD_NOT_CONFIGURED;
		out->why = *why;
	}
	if (*blame == NULL)
		*blame = resource_policies_blame(part->resources);
	if (*blame == NULL && member->simulation != NULL && is_simulated(part, member))
		*blame = simulation_blame(member->simulation);
	out->arn = member->arn;
	out->blame = *blame;
	out->use = member->use;
	out->lease_table = member->lease_table;
	out->actions = (const char *const *)member->actions;
	out->actions_count = member->actions_count;
	if (member->simulation != NULL && is_simulated(part, member))
		simulation_look(member->simulation, out);
}

static struct fact *
make_fact(const struct part *part)
{
	struct kd_principal *list = mem_new(part->count, sizeof(*list));
	char **blames = mem_new(part->count, sizeof(*blames)), **whys = mem_new(part->count, sizeof(*whys));
	struct kd_principals principals = {.list = list, .count = part->count};
	struct fact *fact;

	principals.resource_policies = resource_policies_look(part->resources, &principals.resource_policies_count);
	for (size_t i = 0; i < part->count; i++)
		look_at_member(part, &part->members[i], &list[i], &blames[i], &whys[i]);
	fact = fact_new_principals(clock_now_ms(), &principals);
	for (size_t i = 0; i < part->count; i++) {
		free(blames[i]);
		free(whys[i]);
	}
	free(blames);
	free(whys);
	free(list);
	return fact;
}

static struct fact *
make_none(const struct part *part)
{
	char *why = mem_printf(
	    "no principals are declared for %s (principals: in the config)", collect_stream_id(part->stream)->name);
	struct fact *fact = fact_new_missing(KD_PRINCIPALS, KD_NOT_CONFIGURED, why, NULL);

	free(why);
	return fact;
}

/* ---- the feed ---- */

static void *
attach(void *self, struct collect_stream *stream)
{
	struct principal_feed *feed = self;
	struct part *part = mem_new(1, sizeof(*part));

	part->feed = feed;
	part->stream = stream;
	part->resources =
	    resource_policies_new(stream, feed->denials, part_cb, is_resource_fresh, is_resource_stale, part);
	LIST_INSERT_HEAD(&feed->parts, part, link);
	return part;
}

/* What stays the same is not read anew: others, or the old members until they are dropped, hold the shared ones. */
static void
configure(void *self, const struct collect_spec *spec)
{
	struct part *part = self, before = *part;

	part->members = mem_new(spec->principals_count, sizeof(*part->members));
	part->count = spec->principals_count;
	for (size_t i = 0; i < part->count; i++)
		copy_member(&part->members[i], &spec->principals[i]);
	part->placed = false;
	if (before.placed)
		place_members(part);
	clear_members(&before);
	forget_fact(part);
}

static void
detach(void *self)
{
	struct part *part = self;

	clear_members(part);
	resource_policies_free(part->resources);
	forget_fact(part);
	LIST_REMOVE(part, link);
	free(part);
}

static struct fact *
get(void *self, const struct kd_need *need, const struct collect_terms *terms)
{
	struct part *part = self;

	(void)need;
	if (part->count == 0)
		return make_none(part);
	if (!part->placed || !resource_policies_are_fresh(part->resources, terms))
		return NULL;
	for (size_t i = 0; i < part->count; i++) {
		const struct member *member = &part->members[i];

		if (!is_member_fresh(part, member, terms))
			return NULL;
		if (!is_simulation_fresh(part, member, terms))
			return NULL;
	}
	if (part->fact == NULL)
		part->fact = make_fact(part);
	return fact_ref(part->fact);
}

static void
simulate(struct part *part, struct member *member, const struct collect_terms *terms)
{
	if (is_simulation_fresh(part, member, terms))
		return;
	if (member->simulation == NULL)
		member->simulation = simulation_new(part->feed->denials, principal_shared_place(member->shared),
		    member->arn, collect_stream_id(part->stream)->arn, part_cb, part);
	simulation_ask(member->simulation, terms->urgent);
}

static void
ask(void *self, const struct kd_need *need, const struct collect_terms *terms)
{
	struct part *part = self;
	const struct fact *summary, *consumers = NULL;
	const struct kd_stream_summary *seen;

	(void)need;
	if (part->count == 0 || (summary = collect_require(part->stream, KD_STREAM_SUMMARY, terms)) == NULL)
		return;
	seen = fact_value(summary, KD_STREAM_SUMMARY, NULL);
	if (seen != NULL && seen->consumers != 0 && wants_consumers(part) &&
	    (consumers = collect_require(part->stream, KD_CONSUMERS, terms)) == NULL)
		return;
	place_members(part);
	resource_policies_ask(part->resources, seen != NULL, consumers, terms);
	for (size_t i = 0; i < part->count; i++) {
		struct member *member = &part->members[i];

		if (!is_member_fresh(part, member, terms))
			principal_shared_read(member->shared, terms->urgent);
		simulate(part, member, terms);
	}
}

/* What is known of the others stands beside those who are late: a subject that is not named counts as gone. */
static struct fact *
late(void *self, const struct kd_need *need)
{
	struct part *part = self;

	(void)need;
	if (part->count == 0)
		return make_none(part);
	for (size_t i = 0; i < part->count; i++)
		if (part->members[i].shared != NULL)
			principal_shared_note_late(part->members[i].shared);
	return make_fact(part);
}

static void
show(void *self, struct kd_facts *facts)
{
	struct part *part = self;

	if (part->count > 0 && part->placed && part->fact == NULL)
		part->fact = make_fact(part);
	if (part->fact != NULL)
		facts_add_taken(facts, fact_ref(part->fact));
}

static void
free_feed(void *self)
{
	struct principal_feed *feed = self;

	assert(LIST_EMPTY(&feed->parts));
	principal_pool_free(feed->pool);
	denials_free(feed->denials);
	free(feed);
}

static const struct collect_feed_ops ops = {
    .kind = KD_PRINCIPALS,
    .attach = attach,
    .configure = configure,
    .detach = detach,
    .get = get,
    .ask = ask,
    .late = late,
    .show = show,
    .free = free_feed,
};

struct principal_feed *
principal_feed_add(struct collect *collect, const struct principal_feed_options *options)
{
	struct principal_feed *feed = mem_new(1, sizeof(*feed));

	feed->denials = denials_new(collect);
	feed->options = *options;
	feed->pool = principal_pool_new(collect, shared_cb, feed);
	LIST_INIT(&feed->parts);
	collect_add_feed(collect, &ops, feed);
	return feed;
}

void
principal_feed_configure(struct principal_feed *feed, const struct principal_feed_options *options)
{
	feed->options = *options;
}
