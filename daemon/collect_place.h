/* SPDX-License-Identifier: Apache-2.0 */
/* collect_place: what collect.c and collect_place.c share: the streams of one place and the listing that serves them all. Private to the collector. */
#ifndef KDIAG_COLLECT_PLACE_H
#define KDIAG_COLLECT_PLACE_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "daemon/collect.h"

/* The kinds that are fetched; KD_EXPECT comes from the config. */
enum slot_index { SLOT_STATUS, SLOT_SUMMARY, SLOT_SHARDS, SLOT_CONSUMERS, SLOTS };

struct slot {
	struct fact *fact;     /* the last answer, known or missing; NULL: never asked */
	int64_t asked_ms;      /* clock_mono_ms() at which that answer was asked for */
	struct kinesis_op *op; /* under way, or NULL */
	int64_t op_asked_ms;
	bool op_urgent;
	bool
	    wanted; /* waits for the summary before it can be asked for (shards, consumers) or for the listing (status) */
	bool denied; /* counted in its place's denied[] */
};

struct collect_place;

/* Each denied slot's facts blame this finding about kdiag itself (see fact.h); collect_place_denied raises it, one a place and action. */
char *collect_denied_subject(const struct collect_place *place, enum slot_index slot);

struct collect_stream {
	struct collect_place *place;
	struct stream_id *id;
	struct fact *expect;
	int64_t interval_ms;
	struct slot slots[SLOTS];
	LIST_HEAD(, collect_job) jobs;
	size_t index; /* in place->streams */
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
	size_t denied[SLOTS];    /* streams whose slot is denied */
	LIST_ENTRY(collect_place) link;
};

struct collect {
	struct event_base *base;
	collect_notice_cb notice;
	void *notice_arg;
	collect_list_cb list_cb;
	void *list_arg;
	LIST_HEAD(, collect_place) places;
};

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
/* A slot's answer was (or is no longer) "denied": keeps the place's count and tells of the first and the last. */
void collect_place_denied(
    struct collect_place *place, struct collect_stream *stream, enum slot_index slot, const char *why);
int64_t collect_place_turn_ms(const struct collect_place *place);

/* "DescribeStreamSummary": the operation that answers to a slot. */
const char *collect_slot_operation(enum slot_index slot);

/* collect.c, for the listing: the answer for one slot (fact taken), asked for at asked_ms; and a fetch by DescribeStreamSummary. */
void collect_settle(struct collect_stream *stream, enum slot_index slot, struct fact *fact_taken, int64_t asked_ms);
void collect_describe(struct collect_stream *stream, bool urgent);
/* After one or more were settled: ends the jobs that have all they need. */
void collect_advance(struct collect_stream *stream);
struct fact *collect_missing(const struct collect_stream *stream, enum slot_index slot, const struct aws_error *error);

#endif
