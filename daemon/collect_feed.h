/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collect_feed: how a source of facts other than Kinesis itself (CloudWatch, IAM, Logs) plugs into the collector. A feed answers the needs of one kind. It keeps a part of its own for
 * each stream, batches and caches as it sees fit, and never calls back from within: the collector asks it, and is told to ask again by collect_advance().
 */
#ifndef KDIAG_COLLECT_FEED_H
#define KDIAG_COLLECT_FEED_H

#include "daemon/collect.h"

struct collect_feed_ops {
	enum kd_need_kind kind;
	/* The feed's part of a stream, whose id and place are there; configure() follows at once, and again with each new config. */
	void *(*attach)(void *feed, struct collect_stream *stream);
	void (*configure)(void *part, const struct collect_spec *spec);
	/* Cancels what is under way for it alone. */
	void (*detach)(void *part);
	/* The fact, known or missing, that serves these terms: the caller's reference; NULL: there is none yet. How fresh is fresh enough is the feed's to say, unless terms->urgent. */
	struct fact *(*get)(void *part, const struct kd_need *need, const struct collect_terms *terms);
	/* Sees to it that there is one. Is called again, while it is under way and when it is there too, whenever something new is known of the stream. */
	void (*ask)(void *part, const struct kd_need *need, const struct collect_terms *terms);
	/* The deadline has passed: a fact that is missing for KD_LATE, with what explains it. The caller's reference. */
	struct fact *(*late)(void *part, const struct kd_need *need);
	/* Adds what is at hand. */
	void (*show)(void *part, struct kd_facts *facts);
	/* After the last detach. */
	void (*free)(void *feed);
};

/* Before the first stream. One feed a kind; it is the collector's to free. */
void collect_add_feed(struct collect *collect, const struct collect_feed_ops *ops, void *feed_taken);

/* ---- what a feed may ask of the collector ---- */

struct event_base *collect_base(const struct collect *collect);
struct aws_place *collect_stream_place(const struct collect_stream *stream);
struct stream_id *collect_stream_id(const struct collect_stream *stream); /* borrowed; another after a configure */
/* What Kinesis said last (of the kinds up to KD_CONSUMERS), however old; NULL: it was never asked. Borrowed. */
const struct fact *collect_stream_fact(const struct collect_stream *stream, enum kd_need_kind kind);
/* The same as fresh as the terms want it, or NULL: then it is asked for, and ask() is called again when it is there, if a job still waits for the feed. */
const struct fact *collect_require(
    struct collect_stream *stream, enum kd_need_kind kind, const struct collect_terms *terms);
/* The feed has something new for this stream: jobs that wait for it are served. Never from within get() or ask(). */
void collect_advance(struct collect_stream *stream);

/*
 * A finding about kdiag itself (collect_notice_cb): check "denied" or "answer", of an operation as IAM names it ("cloudwatch:GetMetricData") in the place. why NULL: it is over.
 * The blame is that of a fact that is missing for it; the caller's string.
 */
void collect_tell(
    struct collect *collect, struct aws_place *aws, const char *check, const char *operation, const char *why);
char *collect_blame(struct aws_place *aws, const char *check, const char *operation);
/* Of a history of answers, a bit each, the newest lowest, set for a failed one: bad so often that it is to be told; good for so long that it is over. */
bool collect_fails(unsigned history);
bool collect_recovered(unsigned history);

#endif
