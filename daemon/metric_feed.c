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
		    rows == NULL ? missing_like(&want->row->need, fact)
				 : missing_many(&want->row->need, want->part, count));
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
		metric_want_sync(want, NULL, 0, missing_like(&want->row->need, fact));
		return true;
	}
	if (!holds_text(summary->shard_metrics, summary->shard_metrics_count, want->row->need.metric)) {
		metric_want_sync(want, NULL, 0, missing_off(&want->row->need, want->part));
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
	return metric_want_is_own(want) || (want->subjects != NULL && want->subjects->synced_ms >= terms->since_ms);
}

static bool
find_subjects(struct metric_want *want, const struct collect_terms *terms)
{
	if (is_synced(want, terms))
		return true;
	return want->row->need.per == KD_PER_SHARD ? find_shards(want, terms) : find_consumers(want, terms);
}

/* ---- which are worth their price ---- */

static const char *const why_without[] = {
    [METRIC_SHARDS_OFF] = "shard-level metrics are not asked for (aws.shard_metrics: never)",
    [METRIC_NO_TROUBLE] = "shard-level metrics are asked for while something is wrong with the stream, or by a look at "
			  "it by hand",
};

static enum metric_without
find_without(const struct metric_want *want, const struct collect_terms *terms)
{
	enum metric_shards shards = want->part->place->feed->options.shards;

	if (want->row->need.per != KD_PER_SHARD || shards == METRIC_SHARDS_ALWAYS)
		return METRIC_LOOKED_AT;
	if (shards == METRIC_SHARDS_NEVER)
		return METRIC_SHARDS_OFF;
	return terms->detailed ? METRIC_LOOKED_AT : METRIC_NO_TROUBLE;
}

/* The fact that is missing for it. */
static struct fact *
missing_without(const struct metric_want *want, const struct kd_need *need)
{
	return fact_new_missing_need(need, KD_NOT_CONFIGURED, why_without[want->without], NULL);
}

/* ---- what a look gets ---- */

static struct metric_want *
find_want(const struct metric_part *part, const struct kd_need *need)
{
	size_t at = metric_rows_find(part->rows, need);

	return at < part->rows->count ? &part->wants[at] : NULL;
}

/* What is asked by hand goes by when it was asked, and needs none. */
static int64_t
base_for(const struct metric_want *want, const struct collect_terms *terms)
{
	return terms->urgent ? 0 : metric_want_base_ms(want);
}

static bool
is_ready(const struct metric_want *want, int64_t window_s, const struct collect_terms *terms)
{
	int64_t base_ms = base_for(want, terms);
	size_t i, count = metric_want_count(want);

	for (i = 0; i < count && metric_item_is_ready(metric_want_item(want, i), window_s, base_ms, terms); i++)
		;
	return i == count;
}

static struct fact *
get(void *part_, const struct kd_need *need, const struct collect_terms *terms)
{
	struct metric_part *part = part_;
	struct metric_want *want = find_want(part, need);

	if (want == NULL)
		return fact_new_missing_need(
		    need, KD_NOT_CONFIGURED, "no probe that runs here wants this metric", NULL);
	if (metric_part_is_gone(part))
		return missing_gone(part, need);
	want->without = (uint8_t)find_without(want, terms);
	if (want->without != METRIC_LOOKED_AT) {
		want->active = false;
		return missing_without(want, need);
	}
	if (!is_synced(want, terms) || !is_ready(want, need->window_s, terms))
		return NULL;
	return metric_want_fact(want, need, false);
}

static void
ask(void *part_, const struct kd_need *need, const struct collect_terms *terms)
{
	struct metric_part *part = part_;
	struct metric_want *want = find_want(part, need);
	size_t i, waiting = 0;
	int64_t base_ms;

	if (want == NULL || metric_part_is_gone(part) || find_without(want, terms) != METRIC_LOOKED_AT ||
	    !find_subjects(want, terms))
		return;
	want->active = true;
	base_ms = base_for(want, terms);
	for (i = 0; i < metric_want_count(want); i++) {
		struct metric_item *item = metric_want_item(want, i);

		if (metric_item_is_ready(item, need->window_s, base_ms, terms) || metric_item_is_coming(item, terms))
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
	if (!metric_want_is_own(want) && want->subjects == NULL)
		return fact_new_missing_need(need, KD_LATE, "what the stream consists of was not told in time", NULL);
	return metric_want_fact(want, need, true);
}

/* Is there an answer, good or bad, of all that is asked for? */
static bool
is_answered(const struct metric_want *want)
{
	size_t i;

	for (i = 0; i < metric_want_count(want); i++)
		if (metric_want_item(want, i)->asked_ms == 0 && metric_want_item(want, i)->failure == NULL)
			return false;
	return metric_want_is_own(want) || want->subjects != NULL;
}

static void
show(void *part_, struct kd_facts *facts)
{
	const struct metric_part *part = part_;
	size_t i;

	for (i = 0; i < part->rows->count; i++) {
		const struct metric_want *want = &part->wants[i];

		if (want->without != METRIC_LOOKED_AT)
			facts_add_taken(facts, missing_without(want, &want->row->need));
		else if (is_answered(want))
			facts_add_taken(facts, metric_want_fact(want, &want->row->need, false));
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

static struct metric_want *
new_wants(struct metric_part *part)
{
	struct metric_want *wants = mem_new(part->rows->count, sizeof(*wants));

	for (size_t i = 0; i < part->rows->count; i++)
		metric_want_init(&wants[i], part, &part->rows->rows[i]);
	return wants;
}

static void
free_wants(struct metric_want *wants, struct metric_rows *rows)
{
	for (size_t i = 0; rows != NULL && i < rows->count; i++)
		metric_want_clear(&wants[i]);
	free(wants);
	metric_rows_unref(rows);
}

static void
configure(void *part_, const struct collect_spec *spec)
{
	struct metric_part *part = part_;
	struct metric_want *before = part->wants;
	struct metric_rows *rows = part->rows;

	part->rows = metric_rows_get(&part->place->feed->rows, spec->wants, spec->wants_count);
	part->wants = new_wants(part);
	for (size_t i = 0; rows != NULL && i < rows->count; i++) {
		struct metric_want *want = find_want(part, &rows->rows[i].need);

		if (want != NULL)
			metric_want_inherit(want, &before[i]);
	}
	free_wants(before, rows);
}

static void
detach(void *part_)
{
	struct metric_part *part = part_;

	free_wants(part->wants, part->rows);
	if (part->is_answered)
		TAILQ_REMOVE(&part->place->answered, part, answered);
	TAILQ_REMOVE(&part->place->parts, part, link);
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
	LIST_INIT(&feed->rows);
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
	return want->active && metric_want_count(want) > 0 && want->row->need.shift_s == 0;
}

/* The shortest that any of its metrics is asked at; INFINITY: there are none. */
static double
find_cycle_ms(const struct metric_part *part, double stretch)
{
	double cycle_ms = (double)INFINITY;
	size_t i, count = metric_part_is_gone(part) ? 0 : part->rows->count;

	for (i = 0; i < count; i++)
		if (is_cyclic(&part->wants[i]))
			cycle_ms = fmin(cycle_ms, metric_want_step_ms(&part->wants[i], stretch));
	return cycle_ms;
}

/* Adds what the stream is asked; of a cycle of that length those that come with each. */
static void
add_part(const struct metric_part *part, double stretch, double cycle_ms, struct metric_plan *plan)
{
	size_t i, count = metric_part_is_gone(part) ? 0 : part->rows->count;

	for (i = 0; i < count; i++) {
		const struct metric_want *want = &part->wants[i];
		double step_ms = metric_want_step_ms(want, stretch);

		if (want->active && metric_want_count(want) > 0)
			plan->per_day += (double)metric_want_count(want) * DAY_S * 1000 / step_ms;
		if (is_cyclic(want) && step_ms <= cycle_ms)
			plan->metrics += metric_want_count(want);
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
