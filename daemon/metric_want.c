/* SPDX-License-Identifier: Apache-2.0 */
/* metric_want: one need of a stream: its series, whether they are fresh, and the fact that they make. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/metric_private.h"

enum {
	RETRY_MS = 60 * 1000, /* what failed is tried again so soon, where its turn is longer */
	OLD_TURNS = 3,        /* so many turns without a good answer, and what is at hand is too old to judge by, */
	OLD_MIN_MS = 5 * 60 * 1000, /* but never before */
};

/* ---- the series ---- */

static struct metric_item *
item_new(struct metric_want *want, const char *subject)
{
	struct metric_item *item = mem_new(1, sizeof(*item));

	item->want = want;
	metric_series_init(&item->series, &want->need, subject);
	return item;
}

static void
item_free(struct metric_item *item)
{
	if (item->asking > 0)
		metric_place_forget(item->want->part->place, item);
	metric_series_clear(&item->series);
	free(item->why);
	free(item);
}

struct metric_want *
metric_want_new(struct metric_part *part, const struct collect_want *from)
{
	struct metric_want *want = mem_new(1, sizeof(*want));

	want->part = part;
	want->metric = mem_strdup(from->need.metric);
	want->need = from->need;
	want->need.metric = want->metric;
	want->interval_ms = from->interval_s * 1000;
	return want;
}

static void
free_items(struct metric_want *want)
{
	size_t i;

	for (i = 0; i < want->count; i++)
		item_free(want->items[i]);
	free(want->items);
	fact_unref(want->blocked);
}

void
metric_want_free(struct metric_want *want)
{
	if (want == NULL)
		return;
	free_items(want);
	free(want->metric);
	free(want);
}

void
metric_want_widen(struct metric_want *want, const struct collect_want *from)
{
	size_t i;

	if (from->need.window_s > want->need.window_s)
		want->need.window_s = from->need.window_s;
	for (i = 0; i < want->count; i++)
		metric_series_widen(&want->items[i]->series, from->need.window_s);
	if (from->interval_s * 1000 < want->interval_ms)
		want->interval_ms = from->interval_s * 1000;
}

void
metric_want_inherit(struct metric_want *want, struct metric_want *before)
{
	size_t i;

	free_items(want);
	want->items = before->items;
	want->count = before->count;
	want->active = before->active;
	want->synced_ms = before->synced_ms;
	want->blocked = before->blocked;
	before->items = NULL;
	before->count = 0;
	before->blocked = NULL;
	for (i = 0; i < want->count; i++) {
		want->items[i]->want = want;
		want->items[i]->series.need = want->need;
	}
}

/* NULL is the stream as a whole. */
static int
compare_subjects(const char *a, const char *b)
{
	return a == NULL || b == NULL ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

/* Both lists are in order. */
void
metric_want_sync(struct metric_want *want, const char *const *subjects, size_t count, struct fact *blocked_taken)
{
	struct metric_item **items = mem_new(count, sizeof(*items));
	size_t i, old = 0;

	for (i = 0; i < count; i++) {
		while (old < want->count && compare_subjects(want->items[old]->series.subject, subjects[i]) < 0)
			item_free(want->items[old++]);
		if (old < want->count && compare_subjects(want->items[old]->series.subject, subjects[i]) == 0)
			items[i] = want->items[old++];
		else
			items[i] = item_new(want, subjects[i]);
	}
	while (old < want->count)
		item_free(want->items[old++]);
	free(want->items);
	fact_unref(want->blocked);
	want->items = items;
	want->count = count;
	want->blocked = blocked_taken;
	want->synced_ms = clock_mono_ms();
}

/* ---- turns ---- */

static const struct metric_feed *
feed_of(const struct metric_want *want)
{
	return want->part->place->feed;
}

int64_t
metric_want_base_ms(const struct metric_want *want)
{
	return metric_series_settled(
	    want->need.period_s, aws_place_now_ms(want->part->place->aws), feed_of(want)->options.settle_s * 1000);
}

/* What is shifted is read an hour ahead, and that cannot be stretched. */
double
metric_want_step_ms(const struct metric_want *want, double stretch)
{
	double step_ms = (double)metric_price_step_s(&want->need, want->interval_ms / 1000) * 1000;

	return want->need.shift_s > 0 ? step_ms : step_ms * stretch;
}

static double
turn_of(const struct metric_want *want, int64_t base_ms)
{
	int64_t at_ms = base_ms + (want->need.shift_s > 0 ? want->part->stagger_ms : 0);

	return floor((double)at_ms / metric_want_step_ms(want, 1));
}

/* Stretched turns have another length each time: there it is the distance that counts. */
static bool
is_same_turn(const struct metric_want *want, int64_t then_ms, int64_t base_ms)
{
	double stretch = feed_of(want)->stretch;

	if (then_ms > base_ms) /* the clock was ahead of AWS's, and has been set right */
		return false;
	if (stretch > 1 && want->need.shift_s == 0)
		return (double)(base_ms - then_ms) < metric_want_step_ms(want, stretch);
	return turn_of(want, then_ms) >= turn_of(want, base_ms);
}

static bool
is_fresh(const struct metric_item *item, int64_t window_s)
{
	int64_t base_ms = metric_want_base_ms(item->want);

	return metric_series_holds(&item->series, window_s, base_ms) &&
	       is_same_turn(item->want, item->series.base_ms, base_ms);
}

/* It has failed, and nothing that may explain it has ended since. */
static bool
fails(const struct metric_item *item)
{
	return item->failed_ms != 0 && !aws_place_is_mended_since(item->want->part->place->aws, item->failed_ms);
}

/* It has failed in this turn, and not so long ago that it is tried again within it: with the others, where it can be. */
static bool
rests(const struct metric_item *item)
{
	return fails(item) && clock_mono_ms() - item->failed_ms < RETRY_MS &&
	       is_same_turn(item->want, item->failed_base_ms, metric_want_base_ms(item->want));
}

bool
metric_item_is_ready(const struct metric_item *item, int64_t window_s, const struct collect_terms *terms)
{
	if (!terms->urgent)
		return is_fresh(item, window_s) || rests(item);
	return item->failed_ms != 0 ? item->failed_ms >= terms->since_ms && fails(item)
				    : item->asked_ms != 0 && item->asked_ms >= terms->since_ms;
}

/* By hand it shall not wait behind others. */
bool
metric_item_is_coming(const struct metric_item *item, const struct collect_terms *terms)
{
	if (item->asking == 0)
		return false;
	return !terms->urgent || (item->sent_urgent && item->sent_ms >= terms->since_ms);
}

bool
metric_item_is_due(const struct metric_item *item)
{
	if (item->urgent)
		return true;
	return item->asking == 0 && !rests(item) && !is_fresh(item, item->series.need.window_s);
}

/* ---- answers ---- */

void
metric_item_take(
    struct metric_item *item, const struct metric_range *range, int64_t base_ms, int64_t asked_ms, const double *values)
{
	if (asked_ms < item->asked_ms) /* a newer question has been answered already */
		return;
	metric_series_take(&item->series, range, base_ms, values);
	item->asked_ms = asked_ms;
	item->true_ms = clock_now_ms();
	item->failed_ms = 0;
	free(item->why);
	item->why = NULL;
}

void
metric_item_fail(struct metric_item *item, enum aws_fault fault, const char *why)
{
	item->failed_ms = clock_mono_ms();
	item->failed_base_ms = metric_want_base_ms(item->want);
	item->fault = fault;
	cause_set(&item->why, "%s", why);
}

/* ---- facts ---- */

/* Young enough to judge by, though newer points could not be had. The past does not age. */
static bool
is_young(const struct metric_item *item)
{
	const struct metric_want *want = item->want;
	double stretch = feed_of(want)->stretch;
	double old_ms = fmax(OLD_TURNS * metric_want_step_ms(want, isinf(stretch) ? 1 : stretch), OLD_MIN_MS);

	return want->need.shift_s > 0 || (double)(metric_want_base_ms(want) - item->series.base_ms) <= old_ms;
}

/* The finding that explains it; the caller's, or NULL. */
static char *
blame_of(const struct metric_item *item)
{
	struct aws_place *aws = item->want->part->place->aws;
	char *blame;

	if (item->fault == AWS_OK)
		return mem_strdup(METRIC_UNPAID_BLAME);
	if (item->fault == AWS_DENIED)
		return collect_blame(aws, "denied", METRIC_OPERATION);
	blame = aws_place_blame(aws, "monitoring", item->fault);
	return blame != NULL ? blame : collect_blame(aws, "answer", METRIC_OPERATION);
}

static struct fact *
missing_failed(const struct metric_item *item, const struct kd_need *need)
{
	const struct aws_error error = {.fault = item->fault};
	char *blame = blame_of(item);
	struct fact *fact =
	    fact_new_missing_need(need, item->fault == AWS_OK ? KD_STALE : aws_error_reason(&error), item->why, blame);

	free(blame);
	return fact;
}

static struct fact *
missing_late(const struct metric_want *want, const struct kd_need *need)
{
	struct aws_place *aws = want->part->place->aws;
	double rate = aws_place_rate(aws, "GetMetricData");
	char *blame = collect_blame(aws, "answer", METRIC_OPERATION);
	char *why = rate > 0 ? mem_printf("no answer to " METRIC_OPERATION
					  " in time (it may be called %.3g times a second here: aws.pace)",
				   rate)
			     : mem_strdup("no answer to " METRIC_OPERATION " in time");
	struct fact *fact = fact_new_missing_need(need, KD_LATE, why, blame);

	metric_place_note_late(want->part->place, why);
	free(why);
	free(blame);
	return fact;
}

/* The first that is not known stands for all: half a list of shards would hide what is wrong with the others. */
static struct fact *
missing_of(const struct metric_want *want, const struct kd_need *need, bool late)
{
	size_t i;

	for (i = 0; i < want->count; i++) {
		const struct metric_item *item = want->items[i];

		if (metric_series_holds(&item->series, need->window_s, metric_want_base_ms(want)) && is_young(item))
			continue;
		if (item->failed_ms != 0)
			return missing_failed(item, need);
		if (late)
			return missing_late(want, need);
		if (isinf(feed_of(want)->stretch))
			return fact_new_missing_need(need, KD_STALE, METRIC_UNPAID, METRIC_UNPAID_BLAME);
		return fact_new_missing_need(need, KD_STALE, "the newest points are too old to judge by", NULL);
	}
	return NULL;
}

static struct fact *
known_of(const struct metric_want *want, const struct kd_need *need)
{
	struct kd_series *list = mem_new(want->count, sizeof(*list));
	int64_t base_ms = metric_want_base_ms(want), true_ms = clock_now_ms();
	struct fact *fact;
	size_t i;

	for (i = 0; i < want->count; i++) {
		list[i] = metric_series_cut(&want->items[i]->series, need->window_s, base_ms);
		if (want->items[i]->true_ms < true_ms)
			true_ms = want->items[i]->true_ms;
	}
	fact = fact_new_series(true_ms, need, list, want->count);
	free(list);
	return fact;
}

struct fact *
metric_want_fact(const struct metric_want *want, const struct kd_need *need, bool late)
{
	struct fact *missing;

	if (want->blocked != NULL)
		return fact_new_missing_need(
		    need, fact_reason(want->blocked), fact_why(want->blocked), fact_blame(want->blocked));
	missing = missing_of(want, need, late);
	return missing != NULL ? missing : known_of(want, need);
}
