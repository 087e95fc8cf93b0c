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
	metric_series_init(&item->series, subject);
	return item;
}

static void
item_free(struct metric_item *item)
{
	if (item == NULL)
		return;
	if (item->asking > 0)
		metric_place_forget(item->want->part->place, item);
	metric_series_clear(&item->series);
	metric_failure_unref(item->failure);
	free(item);
}

static const struct kd_need *
need_of(const struct metric_item *item)
{
	return &item->want->row->need;
}

void
metric_want_init(struct metric_want *want, struct metric_part *part, const struct metric_row *row)
{
	*want = (struct metric_want){.part = part, .row = row};
	if (!metric_want_is_own(want))
		return;
	want->own = item_new(want, NULL);
	want->active = true;
}

static void
free_subjects(struct metric_subjects *subjects)
{
	if (subjects == NULL)
		return;
	for (size_t i = 0; i < subjects->count; i++)
		item_free(subjects->items[i]);
	fact_unref(subjects->blocked);
	free(subjects);
}

void
metric_want_clear(struct metric_want *want)
{
	if (metric_want_is_own(want))
		item_free(want->own);
	else
		free_subjects(want->subjects);
	want->own = NULL;
}

void
metric_want_inherit(struct metric_want *want, struct metric_want *before)
{
	metric_want_clear(want);
	want->own = before->own; /* or its subjects: the rows are of the same series */
	want->active = before->active;
	before->own = NULL;
	for (size_t i = 0; i < metric_want_count(want); i++)
		metric_want_item(want, i)->want = want;
}

bool
metric_want_is_own(const struct metric_want *want)
{
	return want->row->need.per == KD_PER_STREAM;
}

size_t
metric_want_count(const struct metric_want *want)
{
	if (metric_want_is_own(want))
		return want->own != NULL;
	return want->subjects != NULL ? want->subjects->count : 0;
}

struct metric_item *
metric_want_item(const struct metric_want *want, size_t i)
{
	return metric_want_is_own(want) ? want->own : want->subjects->items[i];
}

/* Both lists are in order. */
void
metric_want_sync(struct metric_want *want, const char *const *subjects, size_t count, struct fact *blocked_taken)
{
	struct metric_subjects *before = want->subjects;
	struct metric_subjects *now = mem_new(1, sizeof(*now) + count * sizeof(struct metric_item *));
	size_t i, old = 0, old_count = before != NULL ? before->count : 0;

	for (i = 0; i < count; i++) {
		while (old < old_count && strcmp(before->items[old]->series.subject, subjects[i]) < 0)
			old++;
		if (old < old_count && strcmp(before->items[old]->series.subject, subjects[i]) == 0) {
			now->items[i] = before->items[old];
			before->items[old++] = NULL;
		} else {
			now->items[i] = item_new(want, subjects[i]);
		}
	}
	now->count = count;
	now->blocked = blocked_taken;
	now->synced_ms = clock_mono_ms();
	want->subjects = now;
	free_subjects(before);
}

/* ---- turns ---- */

static const struct metric_feed *
feed_of(const struct metric_want *want)
{
	return want->part->place->feed;
}

int64_t
metric_want_base_at(const struct metric_want *want, int64_t aws_now_ms)
{
	return metric_series_settled(want->row->need.period_s, aws_now_ms, feed_of(want)->options.settle_s * 1000);
}

int64_t
metric_want_base_ms(const struct metric_want *want)
{
	return metric_want_base_at(want, aws_place_now_ms(want->part->place->aws));
}

/* What is shifted is read an hour ahead, and that cannot be stretched. */
double
metric_want_step_ms(const struct metric_want *want, double stretch)
{
	double step_ms = (double)metric_price_step_s(&want->row->need, want->row->interval_ms / 1000) * 1000;

	return want->row->need.shift_s > 0 ? step_ms : step_ms * stretch;
}

static double
turn_of(const struct metric_want *want, int64_t base_ms)
{
	int64_t at_ms = base_ms + (want->row->need.shift_s > 0 ? want->part->stagger_ms : 0);

	return floor((double)at_ms / metric_want_step_ms(want, 1));
}

/* Stretched turns have another length each time: there it is the distance that counts. */
static bool
is_same_turn(const struct metric_want *want, int64_t then_ms, int64_t base_ms)
{
	double stretch = feed_of(want)->stretch;

	if (then_ms > base_ms) /* the clock was ahead of AWS's, and has been set right */
		return false;
	if (stretch > 1 && want->row->need.shift_s == 0)
		return (double)(base_ms - then_ms) < metric_want_step_ms(want, stretch);
	return turn_of(want, then_ms) >= turn_of(want, base_ms);
}

static bool
is_fresh(const struct metric_item *item, int64_t window_s, int64_t base_ms)
{
	return metric_series_holds(&item->series, need_of(item), window_s, base_ms) &&
	       is_same_turn(item->want, metric_series_base_ms(&item->series), base_ms);
}

/* It has failed, and nothing that may explain it has ended since. */
static bool
fails(const struct metric_item *item)
{
	return item->failure != NULL && !aws_place_is_mended_since(item->want->part->place->aws, item->failure->at_ms);
}

/* It has failed in this turn, and not so long ago that it is tried again within it: with the others, where it can be. */
static bool
rests(const struct metric_item *item, int64_t base_ms)
{
	return fails(item) && clock_mono_ms() - item->failure->at_ms < RETRY_MS &&
	       is_same_turn(item->want, item->failure->base_ms, base_ms);
}

bool
metric_item_is_ready(
    const struct metric_item *item, int64_t window_s, int64_t base_ms, const struct collect_terms *terms)
{
	if (!terms->urgent)
		return is_fresh(item, window_s, base_ms) || rests(item, base_ms);
	return item->failure != NULL ? item->failure->at_ms >= terms->since_ms && fails(item)
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
metric_item_is_due(const struct metric_item *item, int64_t base_ms)
{
	if (item->urgent)
		return true;
	return item->asking == 0 && !rests(item, base_ms) && !is_fresh(item, need_of(item)->window_s, base_ms);
}

/* ---- answers ---- */

void
metric_item_take(struct metric_item *item, const struct metric_range *range, int64_t base_ms, int64_t asked_ms,
    int64_t true_ms, const double *values)
{
	if (asked_ms < item->asked_ms) /* a newer question has been answered already */
		return;
	metric_series_take(&item->series, need_of(item), range, base_ms, values);
	item->asked_ms = asked_ms;
	item->true_ms = true_ms;
	metric_failure_unref(item->failure);
	item->failure = NULL;
}

void
metric_failure_unref(struct metric_failure *failure)
{
	if (failure == NULL || --failure->refs > 0)
		return;
	free(failure->why);
	free(failure);
}

static bool
is_alike(const struct metric_failure *a, const struct metric_failure *b)
{
	return a->at_ms == b->at_ms && a->base_ms == b->base_ms && a->fault == b->fault && strcmp(a->why, b->why) == 0;
}

void
metric_item_fail(struct metric_item *item, enum aws_fault fault, const char *why)
{
	struct metric_failure **last = &item->want->part->place->failure;
	struct metric_failure now = {.refs = 1,
	    .at_ms = clock_mono_ms(),
	    .base_ms = metric_want_base_ms(item->want),
	    .fault = fault,
	    .why = (char *)why};

	if (*last == NULL || !is_alike(*last, &now)) {
		metric_failure_unref(*last);
		now.why = mem_strdup(why);
		*last = mem_new(1, sizeof(**last));
		**last = now;
	}
	(*last)->refs++;
	metric_failure_unref(item->failure);
	item->failure = *last;
}

/* ---- facts ---- */

/* Young enough to judge by, though newer points could not be had. The past does not age. */
static bool
is_young(const struct metric_item *item, int64_t base_ms)
{
	const struct metric_want *want = item->want;
	double stretch = feed_of(want)->stretch;
	double old_ms = fmax(OLD_TURNS * metric_want_step_ms(want, isinf(stretch) ? 1 : stretch), OLD_MIN_MS);

	return want->row->need.shift_s > 0 || (double)(base_ms - metric_series_base_ms(&item->series)) <= old_ms;
}

/* The finding that explains it; the caller's, or NULL. */
static char *
blame_of(const struct metric_item *item)
{
	struct aws_place *aws = item->want->part->place->aws;
	enum aws_fault fault = item->failure->fault;
	char *blame;

	if (fault == AWS_OK)
		return mem_strdup(METRIC_UNPAID_BLAME);
	if (fault == AWS_DENIED)
		return collect_blame(aws, "denied", METRIC_OPERATION);
	blame = aws_place_blame(aws, "monitoring", fault);
	return blame != NULL ? blame : collect_blame(aws, "answer", METRIC_OPERATION);
}

static struct fact *
missing_failed(const struct metric_item *item, const struct kd_need *need)
{
	const struct metric_failure *failure = item->failure;
	const struct aws_error error = {.fault = failure->fault};
	char *blame = blame_of(item);
	struct fact *fact = fact_new_missing_need(
	    need, failure->fault == AWS_OK ? KD_STALE : aws_error_reason(&error), failure->why, blame);

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
missing_of(const struct metric_want *want, const struct kd_need *need, int64_t base_ms, bool late)
{
	size_t i, count = metric_want_count(want);

	for (i = 0; i < count; i++) {
		const struct metric_item *item = metric_want_item(want, i);

		if (metric_series_holds(&item->series, need_of(item), need->window_s, base_ms) &&
		    is_young(item, base_ms))
			continue;
		if (item->failure != NULL)
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
known_of(const struct metric_want *want, const struct kd_need *need, int64_t base_ms)
{
	size_t i, count = metric_want_count(want), points = (size_t)(need->window_s / need->period_s);
	struct kd_series *list = mem_new(count, sizeof(*list));
	double *room = mem_new(count * points, sizeof(*room));
	int64_t true_ms = clock_now_ms();
	struct fact *fact;

	for (i = 0; i < count; i++) {
		const struct metric_item *item = metric_want_item(want, i);

		list[i] = metric_series_cut(&item->series, need_of(item), need->window_s, base_ms, room + i * points);
		if (item->true_ms < true_ms)
			true_ms = item->true_ms;
	}
	fact = fact_new_series(true_ms, need, list, count);
	free(room);
	free(list);
	return fact;
}

struct fact *
metric_want_fact(const struct metric_want *want, const struct kd_need *need, bool late)
{
	const struct fact *blocked =
	    !metric_want_is_own(want) && want->subjects != NULL ? want->subjects->blocked : NULL;
	int64_t base_ms = metric_want_base_ms(want);
	struct fact *missing;

	if (blocked != NULL)
		return fact_new_missing_need(need, fact_reason(blocked), fact_why(blocked), fact_blame(blocked));
	if ((missing = missing_of(want, need, base_ms, late)) != NULL)
		return missing;
	if (need->per == KD_PER_STREAM && want->own->series.points == NULL)
		return metric_rows_no_data(want->part->rows, need);
	return known_of(want, need, base_ms);
}
