/* SPDX-License-Identifier: Apache-2.0 */
/* metric_feed: what each stream wants of CloudWatch, and what a look at it gets. */
#include "daemon/metric_feed.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "daemon/metric_budget.h"
#include "daemon/metric_private.h"

enum {
	SUBJECTS_MAX =
	    1000, /* shards or consumers of one stream whose metrics are asked for: at 60 s a metric of them costs $14 a day */
	STAGGER_MS = 5 * 60 * 1000, /* shifted windows of an hour's streams are read in twelve lots, not in sixty */
	STAGGERS = 12,
	DAY_S = 86400,
};

/* ---- gone streams ---- */

/* There is nothing to ask about a stream that does not exist. */
bool
metric_part_is_gone(const struct metric_part *part)
{
	const struct fact *fact = collect_stream_fact(part->stream, KD_STREAM_STATUS);
	const struct kd_stream_status *status = fact == NULL ? NULL : fact_value(fact, KD_STREAM_STATUS, NULL);

	return status != NULL && status->status == KD_STATUS_GONE;
}

static struct fact *
missing_gone(const struct metric_part *part, const struct kd_need *need)
{
	const struct stream_id *id = collect_stream_id(part->stream);
	char *why = mem_printf("stream %s does not exist in %s", id->name, id->region);
	struct fact *fact = fact_new_missing_need(need, KD_NO_DATA, why, "stream_status/status/stream");

	free(why);
	return fact;
}

/* ---- shards and consumers ---- */

static bool
holds_text(const char *const *list, size_t count, const char *text)
{
	size_t i;

	for (i = 0; i < count && strcmp(list[i], text) != 0; i++)
		;
	return i < count;
}

static struct fact *
missing_like(const struct kd_need *need, const struct fact *cause)
{
	return fact_new_missing_need(need, fact_reason(cause), fact_why(cause), fact_blame(cause));
}

static struct fact *
missing_off(const struct kd_need *need, const struct metric_part *part)
{
	char *why = mem_printf("shard-level %s is off for %s", need->metric, collect_stream_id(part->stream)->name);
	struct fact *fact = fact_new_missing_need(need, KD_NOT_CONFIGURED, why, NULL);

	free(why);
	return fact;
}

static struct fact *
missing_many(const struct kd_need *need, const struct metric_part *part, size_t count)
{
	char *why = mem_printf("%s has %zu %ss: the metrics of so many are not asked for (at most %d)",
	    collect_stream_id(part->stream)->name, count, need_per_name(need->per), SUBJECTS_MAX);
	struct fact *fact = fact_new_missing_need(need, KD_NOT_CONFIGURED, why, NULL);

	free(why);
	return fact;
}

static void
sync_subjects(struct metric_want *want, const struct fact *fact, enum kd_need_kind kind)
{
	const char *subjects[SUBJECTS_MAX];
	size_t count, i;
	const void *rows = fact_value(fact, kind, &count);

	if (rows == NULL || count > SUBJECTS_MAX) {
		metric_want_sync(want, NULL, 0,
		    rows == NULL ? missing_like(&want->need, fact) : missing_many(&want->need, want->part, count));
		return;
	}
	for (i = 0; i < count; i++)
		subjects[i] = kind == KD_SHARDS ? ((const struct kd_shard *)rows)[i].id
						: ((const struct kd_consumer *)rows)[i].name;
	metric_want_sync(want, subjects, count, NULL);
}

/* false: not known yet. */
static bool
find_shards(struct metric_want *want, const struct collect_terms *terms)
{
	struct collect_stream *stream = want->part->stream;
	const struct fact *fact = collect_require(stream, KD_STREAM_SUMMARY, terms);
	const struct kd_stream_summary *summary;

	if (fact == NULL)
		return false;
	summary = fact_value(fact, KD_STREAM_SUMMARY, NULL);
	if (summary == NULL) {
		metric_want_sync(want, NULL, 0, missing_like(&want->need, fact));
		return true;
	}
	if (!holds_text(summary->shard_metrics, summary->shard_metrics_count, want->metric)) {
		metric_want_sync(want, NULL, 0, missing_off(&want->need, want->part));
		return true;
	}
	fact = collect_require(stream, KD_SHARDS, terms);
	if (fact != NULL)
		sync_subjects(want, fact, KD_SHARDS);
	return fact != NULL;
}

static bool
find_consumers(struct metric_want *want, const struct collect_terms *terms)
{
	const struct fact *fact = collect_require(want->part->stream, KD_CONSUMERS, terms);

	if (fact != NULL)
		sync_subjects(want, fact, KD_CONSUMERS);
	return fact != NULL;
}

/* Are its subjects as known as the terms want it? */
static bool
is_synced(const struct metric_want *want, const struct collect_terms *terms)
{
	return want->need.per == KD_PER_STREAM || (want->synced_ms != 0 && want->synced_ms >= terms->since_ms);
}

static bool
find_subjects(struct metric_want *want, const struct collect_terms *terms)
{
	if (is_synced(want, terms))
		return true;
	return want->need.per == KD_PER_SHARD ? find_shards(want, terms) : find_consumers(want, terms);
}

/* ---- which are worth their price ---- */

/* NULL: they are looked at. */
static const char *
why_no_shards(const struct metric_want *want, const struct collect_terms *terms)
{
	enum metric_shards shards = want->part->place->feed->options.shards;

	if (want->need.per != KD_PER_SHARD || shards == METRIC_SHARDS_ALWAYS)
		return NULL;
	if (shards == METRIC_SHARDS_NEVER)
		return "shard-level metrics are not asked for (aws.shard_metrics: never)";
	return terms->detailed ? NULL
			       : "shard-level metrics are asked for while something is wrong with the stream, or by a "
				 "look at it by hand";
}

/* ---- what a look gets ---- */

static struct metric_want *
find_want(const struct metric_part *part, const struct kd_need *need)
{
	size_t i;

	for (i = 0; i < part->count; i++)
		if (need_same_series(&part->wants[i]->need, need))
			return part->wants[i];
	return NULL;
}

static struct fact *
get(void *part_, const struct kd_need *need, const struct collect_terms *terms)
{
	struct metric_part *part = part_;
	struct metric_want *want = find_want(part, need);
	size_t i;

	if (want == NULL)
		return fact_new_missing_need(
		    need, KD_NOT_CONFIGURED, "no probe that runs here wants this metric", NULL);
	if (metric_part_is_gone(part))
		return missing_gone(part, need);
	want->why_not = why_no_shards(want, terms);
	if (want->why_not != NULL) {
		want->active = false;
		return fact_new_missing_need(need, KD_NOT_CONFIGURED, want->why_not, NULL);
	}
	if (!is_synced(want, terms))
		return NULL;
	for (i = 0; i < want->count; i++)
		if (!metric_item_is_ready(want->items[i], need->window_s, terms))
			return NULL;
	return metric_want_fact(want, need, false);
}

static void
ask(void *part_, const struct kd_need *need, const struct collect_terms *terms)
{
	struct metric_part *part = part_;
	struct metric_want *want = find_want(part, need);
	size_t i, waiting = 0;

	if (want == NULL || !find_subjects(want, terms))
		return;
	want->active = true;
	for (i = 0; i < want->count; i++) {
		struct metric_item *item = want->items[i];

		if (metric_item_is_ready(item, need->window_s, terms) || metric_item_is_coming(item, terms))
			continue;
		item->urgent |= terms->urgent;
		waiting++;
	}
	if (waiting == 0)
		return;
	part->is_waiting = true;
	metric_place_kick(part->place);
}

static struct fact *
late(void *part_, const struct kd_need *need)
{
	struct metric_part *part = part_;
	const struct metric_want *want = find_want(part, need);

	if (want == NULL)
		return fact_new_missing_need(need, KD_LATE, "the config has changed meanwhile", NULL);
	if (want->need.per != KD_PER_STREAM && want->synced_ms == 0)
		return fact_new_missing_need(need, KD_LATE, "what the stream consists of was not told in time", NULL);
	return metric_want_fact(want, need, true);
}

/* Is there an answer, good or bad, of all that is asked for? */
static bool
is_answered(const struct metric_want *want)
{
	size_t i;

	for (i = 0; i < want->count; i++)
		if (want->items[i]->asked_ms == 0 && want->items[i]->failed_ms == 0)
			return false;
	return want->synced_ms != 0;
}

static void
show(void *part_, struct kd_facts *facts)
{
	const struct metric_part *part = part_;
	size_t i;

	for (i = 0; i < part->count; i++) {
		const struct metric_want *want = part->wants[i];

		if (want->why_not != NULL)
			facts_add_taken(
			    facts, fact_new_missing_need(&want->need, KD_NOT_CONFIGURED, want->why_not, NULL));
		else if (is_answered(want))
			facts_add_taken(facts, metric_want_fact(want, &want->need, false));
	}
}

/* ---- streams ---- */

/* FNV-1a: streams keep their place in the hour over restarts. */
static int64_t
stagger_of(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return (int64_t)(hash % STAGGERS) * STAGGER_MS;
}

static void *
attach(void *feed_, struct collect_stream *stream)
{
	struct metric_feed *feed = feed_;
	struct metric_part *part = mem_new(1, sizeof(*part));

	part->stream = stream;
	part->place = metric_place_get(feed, collect_stream_place(stream));
	part->stagger_ms = stagger_of(collect_stream_id(stream)->name);
	TAILQ_INSERT_TAIL(&part->place->parts, part, link);
	return part;
}

static void
add_want(struct metric_part *part, const struct collect_want *from)
{
	static const char *const whole[] = {NULL};
	struct metric_want *want = find_want(part, &from->need);

	if (want != NULL) {
		metric_want_widen(want, from);
		return;
	}
	want = metric_want_new(part, from);
	if (want->need.per == KD_PER_STREAM) {
		metric_want_sync(want, whole, 1, NULL);
		want->active = true;
	}
	part->wants = mem_resize(part->wants, part->count + 1, sizeof(struct metric_want *));
	part->wants[part->count++] = want;
}

static void
configure(void *part_, const struct collect_spec *spec)
{
	struct metric_part *part = part_;
	struct metric_want **before = part->wants;
	size_t i, count = part->count;

	part->wants = NULL;
	part->count = 0;
	for (i = 0; i < spec->wants_count; i++)
		if (spec->wants[i].need.kind == KD_METRIC)
			add_want(part, &spec->wants[i]);
	for (i = 0; i < count; i++) {
		struct metric_want *want = find_want(part, &before[i]->need);

		if (want != NULL)
			metric_want_inherit(want, before[i]);
		metric_want_free(before[i]);
	}
	free(before);
}

static void
detach(void *part_)
{
	struct metric_part *part = part_;
	size_t i;

	for (i = 0; i < part->count; i++)
		metric_want_free(part->wants[i]);
	if (part->is_answered)
		TAILQ_REMOVE(&part->place->answered, part, answered);
	TAILQ_REMOVE(&part->place->parts, part, link);
	free(part->wants);
	free(part);
}

/* ---- the feed ---- */

static void
free_feed(void *feed_)
{
	struct metric_feed *feed = feed_;
	struct metric_place *place;

	while ((place = LIST_FIRST(&feed->places)) != NULL)
		metric_place_free(place);
	free(feed);
}

struct metric_feed *
metric_feed_add(struct collect *collect, const struct metric_feed_options *options)
{
	static const struct collect_feed_ops ops = {
	    .kind = KD_METRIC,
	    .attach = attach,
	    .configure = configure,
	    .detach = detach,
	    .get = get,
	    .ask = ask,
	    .late = late,
	    .show = show,
	    .free = free_feed,
	};
	struct metric_feed *feed = mem_new(1, sizeof(*feed));

	feed->collect = collect;
	feed->options = *options;
	feed->stretch = 1;
	LIST_INIT(&feed->places);
	collect_add_feed(collect, &ops, feed);
	return feed;
}

void
metric_feed_configure(struct metric_feed *feed, const struct metric_feed_options *options)
{
	feed->options = *options;
	metric_feed_budget(feed);
}

/* ---- money ---- */

/* Is it asked for with each batch, up to now? */
static bool
is_cyclic(const struct metric_want *want)
{
	return want->active && want->count > 0 && want->need.shift_s == 0;
}

/* The shortest that any of its metrics is asked at; INFINITY: there are none. */
static double
find_cycle_ms(const struct metric_part *part, double stretch)
{
	double cycle_ms = (double)INFINITY;
	size_t i, count = metric_part_is_gone(part) ? 0 : part->count;

	for (i = 0; i < count; i++)
		if (is_cyclic(part->wants[i]))
			cycle_ms = fmin(cycle_ms, metric_want_step_ms(part->wants[i], stretch));
	return cycle_ms;
}

/* Adds what the stream is asked; of a cycle of that length those that come with each. */
static void
add_part(const struct metric_part *part, double stretch, double cycle_ms, struct metric_plan *plan)
{
	size_t i, count = metric_part_is_gone(part) ? 0 : part->count;

	for (i = 0; i < count; i++) {
		const struct metric_want *want = part->wants[i];
		double step_ms = metric_want_step_ms(want, stretch);

		if (want->active && want->count > 0)
			plan->per_day += (double)want->count * DAY_S * 1000 / step_ms;
		if (is_cyclic(want) && step_ms <= cycle_ms)
			plan->metrics += want->count;
	}
	plan->usd_day = plan->per_day * METRIC_PRICE_USD;
	plan->cycle_s = isfinite(cycle_ms) ? (int64_t)(cycle_ms / 1000) : 0;
}

static struct metric_plan
plan_place(const struct metric_place *place, double stretch)
{
	struct metric_plan plan = {.account = aws_place_account(place->aws), .region = aws_place_region(place->aws)};
	double cycle_ms = (double)INFINITY;
	const struct metric_part *part;

	TAILQ_FOREACH(part, &place->parts, link)
	cycle_ms = fmin(cycle_ms, find_cycle_ms(part, stretch));
	TAILQ_FOREACH(part, &place->parts, link)
	add_part(part, stretch, cycle_ms, &plan);
	return plan;
}

static void
visit_part(const struct metric_part *part, double stretch, metric_plan_cb visit, void *arg)
{
	struct metric_plan plan = {.account = aws_place_account(part->place->aws),
	    .region = aws_place_region(part->place->aws),
	    .stream = collect_stream_id(part->stream)};

	add_part(part, stretch, find_cycle_ms(part, stretch), &plan);
	visit(&plan, arg);
}

void
metric_feed_each_plan(const struct metric_feed *feed, metric_plan_cb visit, void *arg)
{
	const struct metric_place *place;
	const struct metric_part *part;

	LIST_FOREACH(place, &feed->places, link)
	{
		struct metric_plan plan = plan_place(place, feed->stretch);

		visit(&plan, arg);
		TAILQ_FOREACH(part, &place->parts, link)
		visit_part(part, feed->stretch, visit, arg);
	}
}

static double
usd_day(const struct metric_feed *feed, double stretch)
{
	const struct metric_place *place;
	double usd = 0;

	LIST_FOREACH(place, &feed->places, link)
	usd += plan_place(place, stretch).usd_day;
	return usd;
}

double
metric_feed_usd_day(const struct metric_feed *feed)
{
	return usd_day(feed, feed->stretch);
}

double
metric_feed_stretch(const struct metric_feed *feed)
{
	return feed->stretch;
}

static struct metric_budget
budget_of(const struct metric_feed *feed)
{
	const struct metric_feed_options *options = &feed->options;
	struct metric_budget budget = {.usd_per_day = options->usd_per_day};

	if (budget.usd_per_day <= 0)
		return budget;
	budget.planned_usd_day = usd_day(feed, 1);

	if (options->spent_usd != NULL)
		budget.spent_usd = options->spent_usd(options->arg);
	budget.spent_usd += (double)feed->asking * METRIC_PRICE_USD;
	return budget;
}

static void
tell_budget(struct metric_feed *feed, const struct metric_budget *budget)
{
	bool is_tight = metric_budget_is_tight(budget, feed->stretch, feed->is_tight);
	struct str why = {0};

	if (is_tight)
		metric_budget_describe(budget, feed->stretch, &why);
	/* What a feed before this one has told of may be over. */
	if (feed->options.notice != NULL && (is_tight || feed->is_tight || !feed->is_told))
		feed->options.notice("budget", "cloudwatch", why.s, feed->options.arg);
	feed->is_tight = is_tight;
	feed->is_told = true;
	str_free(&why);
}

double
metric_feed_budget(struct metric_feed *feed)
{
	struct metric_budget budget = budget_of(feed);

	feed->stretch = metric_budget_stretch(&budget, clock_now_ms());
	tell_budget(feed, &budget);
	if (budget.usd_per_day <= 0)
		return (double)INFINITY;
	return fmax(0, (budget.usd_per_day - budget.spent_usd) / METRIC_PRICE_USD);
}
