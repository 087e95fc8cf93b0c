/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric_private: what metric_feed.c (who asks), metric_want.c (what is wanted, and what is known of it) and metric_place.c (the calls) share. For these alone.
 *
 * Time is cut into turns: a metric is asked for once in each, when the first look comes that falls into a new one, and with it all others of the place that are due. So the looks
 * of many streams, which are spread over the interval, are served by one batch.
 */
#ifndef KDIAG_METRIC_PRIVATE_H
#define KDIAG_METRIC_PRIVATE_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "daemon/aws/cloudwatch.h"
#include "daemon/collect_feed.h"
#include "daemon/metric_feed.h"
#include "daemon/metric_series.h"

#define METRIC_OPERATION    "cloudwatch:GetMetricData"
#define METRIC_UNPAID       "the day's money for metrics is spent until 00:00 UTC (aws.budget_usd_per_day)"
#define METRIC_UNPAID_BLAME "self/budget/cloudwatch"

struct metric_want;

/* One series that is asked for. */
struct metric_item {
	struct metric_want *want;
	struct metric_series series;
	unsigned asking; /* calls under way, the newest of them sent at sent_ms (clock_mono_ms()), by hand or not */
	int64_t sent_ms;
	bool sent_urgent;
	bool urgent;      /* somebody asks by hand: to be sent with the next batch, whether due or not */
	int64_t asked_ms; /* clock_mono_ms() at which the last whole answer was asked for; 0: none came */
	int64_t true_ms;  /* clock_now_ms() at which it came */
	/* How the last try failed; failed_ms (clock_mono_ms()) 0: it did not. */
	int64_t failed_ms, failed_base_ms; /* the latter as series.base_ms */
	enum aws_fault fault;              /* AWS_OK: the budget is spent */
	char *why;
};

/* One need of a stream, of all its probes together: one series, or one a shard or consumer. */
struct metric_want {
	struct metric_part *part;
	char *metric;
	struct kd_need need;        /* with the longest window; its metric is the one above */
	int64_t interval_ms;        /* the shortest */
	struct metric_item **items; /* in order of their subjects */
	size_t count;
	const char *why_not;  /* why the last look did without; NULL: it did not */
	bool active;          /* asked for with each batch; a stream's own always is */
	int64_t synced_ms;    /* clock_mono_ms() at which its subjects were looked up; 0: never */
	struct fact *blocked; /* why there are no subjects: a missing fact of this need; NULL: there are */
};

/* The feed's part of a stream. */
struct metric_part {
	struct metric_place *place;
	struct collect_stream *stream;
	struct metric_want **wants;
	size_t count;
	int64_t stagger_ms; /* where in the hour its shifted windows are read */
	bool is_waiting; /* asks with the next batch; what is not due then, since the budget moved, is served at once */
	bool is_answered; /* something came; in place->answered */
	TAILQ_ENTRY(metric_part) link, answered;
};
TAILQ_HEAD(metric_parts, metric_part);

struct metric_place {
	struct metric_feed *feed;
	struct collect *collect;
	struct aws_place *aws;
	struct metric_parts parts, answered;
	struct event kick;              /* a batch at the end of this turn of the loop */
	LIST_HEAD(, metric_call) calls; /* the newest first */
	size_t under_way;               /* of them */
	unsigned history;               /* of batches, as collect_fails() takes it */
	bool is_denied, is_troubled;
	LIST_ENTRY(metric_place) link;
};

struct metric_feed {
	struct collect *collect;
	struct metric_feed_options options;
	double stretch;
	bool is_tight, is_told; /* the budget, as it was told last; and whether it ever was */
	size_t asking;          /* metrics of calls under way: paid, or soon */
	LIST_HEAD(, metric_place) places;
};

/* metric_place.c */
struct metric_place *metric_place_get(struct metric_feed *feed, struct aws_place *aws);
void metric_place_free(struct metric_place *place);
/* At the end of this turn of the loop, all that is urgent or due is asked for. */
void metric_place_kick(struct metric_place *place);
/* No call under way will touch it. */
void metric_place_forget(struct metric_place *place, const struct metric_item *item);
/* A deadline was missed. */
void metric_place_note_late(struct metric_place *place, const char *why);

/* metric_want.c */
struct metric_want *metric_want_new(struct metric_part *part, const struct collect_want *from);
void metric_want_free(struct metric_want *want);
/* Others want it too. */
void metric_want_widen(struct metric_want *want, const struct collect_want *from);
/* Takes over the series of the one of before, which keeps none. */
void metric_want_inherit(struct metric_want *want, struct metric_want *before);
/* One series for each of these (sorted, borrowed), no others. blocked (taken): why there are none. */
void metric_want_sync(struct metric_want *want, const char *const *subjects, size_t count, struct fact *blocked_taken);
/* The end of the newest settled period, now. */
int64_t metric_want_base_ms(const struct metric_want *want);
/* How often its metrics are asked for: stretched, or (stretch 1) as configured. */
double metric_want_step_ms(const struct metric_want *want, double stretch);
/* Does it serve these terms: of this turn (urgent: asked for since), or failed, with no other try yet? */
bool metric_item_is_ready(const struct metric_item *item, int64_t window_s, const struct collect_terms *terms);
/* Is a call under way that will serve them? */
bool metric_item_is_coming(const struct metric_item *item, const struct collect_terms *terms);
/* Is it to be asked for in a batch that goes out now? */
bool metric_item_is_due(const struct metric_item *item);
void metric_item_take(struct metric_item *item, const struct metric_range *range, int64_t base_ms, int64_t asked_ms,
    const double *values);
void metric_item_fail(struct metric_item *item, enum aws_fault fault, const char *why);
/* What is known now; late: nothing more will come in time. The caller's reference. */
struct fact *metric_want_fact(const struct metric_want *want, const struct kd_need *need, bool late);

/* metric_feed.c */
bool metric_part_is_gone(const struct metric_part *part);
/* Looks at the budget anew, and tells of it; how many metrics may be asked for until it is spent. */
double metric_feed_budget(struct metric_feed *feed);

#endif
