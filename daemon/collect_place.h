/* SPDX-License-Identifier: Apache-2.0 */
/* collect_place: what collect.c and collect_place.c share: the streams of one place and the listing that serves them all. Private to the collector. */
#ifndef KDIAG_COLLECT_PLACE_H
#define KDIAG_COLLECT_PLACE_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "daemon/collect.h"
#include "daemon/collect_feed.h"

/* The kinds that are fetched; KD_EXPECT comes from the config. */
enum slot_index { SLOT_STATUS, SLOT_SUMMARY, SLOT_SHARDS, SLOT_CONSUMERS, SLOTS };

/*
 * What ails an operation, where the client has no finding that tells it: a finding about kdiag itself of that check, one a place and operation, however
 * many streams it strikes. DENIED: our role lacks the action. ANSWER: it fails, makes no sense or is late, for this stream, while the service as such lives.
 */
enum trouble { TROUBLE_NONE, TROUBLE_DENIED, TROUBLE_ANSWER, TROUBLES };

struct slot {
	struct fact *fact;     /* the last answer, known or missing; NULL: never asked */
	int64_t asked_ms;      /* clock_mono_ms() at which that answer was asked for */
	struct kinesis_op *op; /* under way, or NULL */
	int64_t op_asked_ms;
	bool op_urgent;
	bool
	    wanted; /* waits for the summary before it can be asked for (shards, consumers) or for the listing (status) */
	bool doubted; /* the status has changed since */
	/* Of the slot's own operation (collect_slot_operation), whichever slots it answers: */
	enum trouble trouble; /* counted in its place's troubled[] */
	unsigned history;     /* a bit an answer, the newest lowest: set for a failed one */
};

struct collect_place;

enum { FEEDS_MAX = 4 };

struct collect_stream {
	struct collect_place *place;
	struct stream_id *id;
	struct fact *expect;
	int64_t interval_ms;
	struct slot slots[SLOTS];
	void *parts[FEEDS_MAX]; /* each feed's own of this stream, by its index in collect->feeds */
	LIST_HEAD(, collect_job) jobs;
	struct event timer; /* for all its jobs */
	int64_t armed_ms;   /* clock_mono_ms() at which it shall go off */
	size_t index;       /* in place->streams */
};

struct collect_place {
	struct collect *collect;
	struct aws_place *aws;
	struct collect_stream **streams; /* sorted by name */
	size_t count, capacity;
	int64_t interval_ms; /* the shortest of its streams */
	struct kinesis_op *list_op;
	int64_t list_asked_ms;   /* of the listing under way */
	int64_t list_refused_ms; /* when ListStreams was denied or could not serve, 0: not */
	size_t
	    troubled[TROUBLES]
		    [SLOTS]; /* streams; the listing is asked for all of them, and so its trouble is the place's own: */
	unsigned list_history; /* as slot.history */
	bool list_troubled;
	LIST_ENTRY(collect_place) link;
};

struct collect {
	struct event_base *base;
	collect_notice_cb notice;
	void *notice_arg;
	collect_list_cb list_cb;
	void *list_arg;
	LIST_HEAD(, collect_place) places;
	struct {
		const struct collect_feed_ops *ops;
		void *self;
	} feeds[FEEDS_MAX];
	size_t feeds_count;
};

enum { COLLECT_NEEDS_MAX = 32 }; /* of one probe: probe.h */

/* Somebody waits for facts. collect_job.c */
struct collect_job {
	struct collect_stream *stream;
	const struct kd_need *needs;
	size_t count;
	struct collect_terms terms;
	bool is_served; /* at once, and its timer is due */
	collect_cb cb;
	void *arg;
	int64_t due_ms; /* clock_mono_ms(): the deadline; or at once, when all was served */
	LIST_ENTRY(collect_job) link;
	struct fact *facts[]; /* by need; NULL: pending */
};

/* collect_job.c, for collect.c: before the first job. */
void collect_init_jobs(struct collect_stream *stream);

/* collect_place.c */
struct collect_place *collect_place_get(struct collect *collect, struct aws_place *aws);
void collect_place_free(struct collect_place *place);
void collect_place_add(struct collect_place *place, struct collect_stream *stream);
void collect_place_remove(struct collect_place *place, struct collect_stream *stream);
/* A stream's interval is another now. */
void collect_place_configure(struct collect_place *place);
/* Do its streams get their status from one listing? */
bool collect_place_is_bulk(const struct collect_place *place);
void collect_place_list(struct collect_place *place, bool urgent);
/* "self/answer/kinesis:DescribeStreamSummary prod us-east-1": the finding that a fact blames which is missing for this trouble. The caller's. */
char *collect_place_blame(const struct collect_place *place, enum trouble trouble, enum slot_index asked);
/* The listing's trouble is told, or over (why NULL). */
void collect_place_list_trouble(struct collect_place *place, const char *why);
/* The stream's trouble with the operation of that slot is now this one, for that reason: keeps the place's count, and tells of it and of its end. */
void collect_place_trouble(struct collect_place *place, struct collect_stream *stream, enum slot_index asked,
    enum trouble trouble, const char *why);
int64_t collect_place_turn_ms(const struct collect_place *place);

/* "DescribeStreamSummary": the operation that a slot stands for. SLOT_STATUS stands for the listing, though a description answers it too. */
const char *collect_slot_operation(enum slot_index slot);

/* collect_job.c: Kinesis has said something new: jobs are served, and what they wait for is asked for again, for feeds may have waited for it. */
void collect_renewed(struct collect_stream *stream);

/* collect.c, for collect_job.c: the fact that serves these terms (the caller's reference), or NULL; sees to it that one comes; what a need is that has none in time. */
struct fact *collect_get(
    const struct collect_stream *stream, const struct kd_need *need, const struct collect_terms *terms);
/* Is it one of Kinesis's own answers, and no feed's? */
bool collect_is_own(enum kd_need_kind kind);
void collect_ask(struct collect_stream *stream, const struct kd_need *need, const struct collect_terms *terms);
struct fact *collect_late(struct collect_stream *stream, const struct kd_need *need);
/* For what serves although it is of a turn before: sees to it that the next comes. */
void collect_renew(struct collect_stream *stream, const struct kd_need *need, const struct collect_terms *terms);

/* collect.c, for the listing: the answer for one slot (fact taken), asked for at asked_ms; and a fetch by DescribeStreamSummary. */
void collect_settle(struct collect_stream *stream, enum slot_index index, struct fact *fact_taken, int64_t asked_ms);
void collect_describe(struct collect_stream *stream, bool urgent);
/* What else is known of it may have changed with its status. */
void collect_doubt(struct collect_stream *stream);
/* What a failed call means for the slot's fact; asked: the slot whose operation has failed. */
struct fact *collect_missing(
    const struct collect_stream *stream, enum slot_index slot, enum slot_index asked, const struct aws_error *error);

#endif
