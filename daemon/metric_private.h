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
#include "daemon/metric_rows.h"
#include "daemon/metric_series.h"

#define METRIC_OPERATION    "cloudwatch:GetMetricData"
#define METRIC_UNPAID       "the day's money for metrics is spent until 00:00 UTC (aws.budget_usd_per_day)"
#define METRIC_UNPAID_BLAME "self/budget/cloudwatch"

struct metric_want;

/* How tries failed: those that failed together for the same reason share one. */
struct metric_failure {
	unsigned refs;
	int64_t at_ms, base_ms; /* clock_mono_ms(); as metric_series_base_ms() */
	enum aws_fault fault;   /* AWS_OK: the budget is spent */
	char *why;
};

/* One series that is asked for. Dozens a stream: small. */
struct metric_item {
	struct metric_want *want;
	struct metric_series series;
	uint16_t asking; /* calls under way, the newest of them sent at sent_ms (clock_mono_ms()), by hand or not */
	bool sent_urgent;
	bool urgent; /* somebody asks by hand: to be sent with the next batch, whether due or not */
	int64_t sent_ms;
	int64_t asked_ms;               /* clock_mono_ms() at which the last whole answer was asked for; 0: none came */
	int64_t true_ms;                /* clock_now_ms() at which it came */
	struct metric_failure *failure; /* how the last try failed; NULL: it did not */
};

/* What a want has that is for each shard or consumer. */
struct metric_subjects {
	int64_t synced_ms;    /* clock_mono_ms() at which they were looked up */
	struct fact *blocked; /* why there are none: a missing fact of this need; NULL: there are */
	size_t count;
	struct metric_item *items[]; /* in order of their subjects */
};

/* Why a look does without what is asked for each shard. */
enum metric_without { METRIC_LOOKED_AT, METRIC_SHARDS_OFF, METRIC_NO_TROUBLE };

/* One row of a stream: one series, or one a shard or consumer. Dozens a stream: small. */
struct metric_want {
	struct metric_part *part;
	const struct metric_row *row;
	union {
		struct metric_item *own;          /* of KD_PER_STREAM */
		struct metric_subjects *subjects; /* of the others; NULL: they were never looked up */
	};
	uint8_t without; /* enum metric_without: the last look's */
	bool active;     /* asked for with each batch; a stream's own always is */
};

/* The feed's part of a stream. */
struct metric_part {
	struct metric_place *place;
	struct collect_stream *stream;
	struct metric_rows *rows;
	struct metric_want *wants; /* one a row */
	int64_t stagger_ms;        /* where in the hour its shifted windows are read */
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
	struct metric_failure *failure; /* the last one, for the next that fails alike; or NULL */
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
	struct metric_rows_list rows;
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
void metric_want_init(struct metric_want *want, struct metric_part *part, const struct metric_row *row);
void metric_want_clear(struct metric_want *want);
/* Takes over the series of the one of before, which keeps none. */
void metric_want_inherit(struct metric_want *want, struct metric_want *before);
bool metric_want_is_own(const struct metric_want *want); /* the stream's, and not for each shard or consumer */
size_t metric_want_count(const struct metric_want *want);
struct metric_item *metric_want_item(const struct metric_want *want, size_t i);
/* Of a want for each shard or consumer: one series for each of these (sorted, borrowed), no others. blocked (taken): why there are none. */
void metric_want_sync(struct metric_want *want, const char *const *subjects, size_t count, struct fact *blocked_taken);
/* The end of the newest settled period, now, or at that time of AWS's clock (for many in one go). */
int64_t metric_want_base_ms(const struct metric_want *want);
int64_t metric_want_base_at(const struct metric_want *want, int64_t aws_now_ms);
/* How often its metrics are asked for: stretched, or (stretch 1) as configured. */
double metric_want_step_ms(const struct metric_want *want, double stretch);
/* Does it serve these terms: of this turn (urgent: asked for since), or failed, with no other try yet? */
bool metric_item_is_ready(
    const struct metric_item *item, int64_t window_s, int64_t base_ms, const struct collect_terms *terms);
/* Is a call under way that will serve them? */
bool metric_item_is_coming(const struct metric_item *item, const struct collect_terms *terms);
/* Is it to be asked for in a batch that goes out now? */
bool metric_item_is_due(const struct metric_item *item, int64_t base_ms);
void metric_item_take(struct metric_item *item, const struct metric_range *range, int64_t base_ms, int64_t asked_ms,
    int64_t true_ms, const double *values);
void metric_item_fail(struct metric_item *item, enum aws_fault fault, const char *why);
void metric_failure_unref(struct metric_failure *failure); /* NULL is fine */
/* What is known now; late: nothing more will come in time. The caller's reference. */
struct fact *metric_want_fact(const struct metric_want *want, const struct kd_need *need, bool late);

/* metric_feed.c */
bool metric_part_is_gone(const struct metric_part *part);
/* Looks at the budget anew, and tells of it; how many metrics may be asked for until it is spent. */
double metric_feed_budget(struct metric_feed *feed);

#endif
