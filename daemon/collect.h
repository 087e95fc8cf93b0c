/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collect: needs → the fewest AWS calls → facts. Every answer is kept for its cycle and shared by all probes of the stream; each call is under way
 * once at most. Where more streams of a place are watched than its pace lets us describe in a cycle, one ListStreams gives the status of all,
 * and DescribeStreamSummary takes its turns behind it, changed streams first. Knows the Kinesis calls; what comes from other services is plugged in as a
 * feed (collect_feed.h). Knows no probe and no finding.
 */
#ifndef KDIAG_COLLECT_H
#define KDIAG_COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/fact.h"
#include "daemon/aws/kinesis.h"

struct event_base;
struct collect;
struct collect_stream;
struct collect_job;
struct config_principal;

/*
 * What the collector notices that concerns more than one stream: `why` NULL: it is over. check "denied": an action that our own role lacks (subject "kinesis:DescribeStreamSummary prod us-east-1");
 * "answer": an operation that gives no good answer for one stream or more, while the service as such lives. Told again with a new `why` while it lasts.
 */
typedef void (*collect_notice_cb)(const char *check, const char *subject, const char *why, void *arg);

struct collect *collect_new(struct event_base *base, collect_notice_cb notice, void *arg);
/* All its streams must have been freed. */
void collect_free(struct collect *collect);

/* A need of a probe that looks at the stream so often; its window is resolved (no window_option). */
struct collect_want {
	struct kd_need need;
	int64_t interval_s;
};

/* What is to be known about a stream, and what the config says of it. */
struct collect_spec {
	struct stream_id *id;           /* referenced */
	const struct kd_expect *expect; /* copied; NULL: nothing is declared */
	int64_t interval_s;             /* the shortest at which it is looked at */
	const struct collect_want
	    *wants; /* every need of every probe that runs: so that what serves many streams is asked for at once */
	size_t wants_count;
	char *const *log_groups; /* names, and prefixes that end in "*" */
	size_t log_groups_count;
	const char *log_filter;                    /* a filter pattern for them; NULL: none */
	const struct config_principal *principals; /* who shall reach the stream */
	size_t principals_count;
};

struct collect_stream *collect_stream_new(
    struct collect *collect, struct aws_place *aws, const struct collect_spec *spec);
/* Cancels what is under way; its jobs must have ended or been cancelled. */
void collect_stream_free(struct collect_stream *stream);
/* Takes what a new config says (its id gets the ARN that is known), and keeps the facts. */
void collect_stream_configure(struct collect_stream *stream, const struct collect_spec *spec);

struct collect_terms {
	int64_t
	    since_ms; /* a fact must have been asked for at or after this clock_mono_ms() to serve; else it is fetched anew */
	bool urgent;   /* by hand: ahead of the queue */
	bool detailed; /* something is wrong with the stream that metrics tell: what costs extra is worth its price */
	int64_t deadline_ms; /* clock_mono_ms() after which what is missing is KD_LATE */
};

/* One fact a need, in their order, borrowed for the callback. */
typedef void (*collect_cb)(struct fact *const *facts, size_t count, void *arg);
/* Calls back once, from the loop, never from within. needs must live until then. */
struct collect_job *collect_gather(struct collect_stream *stream, const struct kd_need *needs, size_t count,
    const struct collect_terms *terms, collect_cb cb, void *arg);
void collect_cancel(struct collect_job *job);

/* How long a turn of all streams of this stream's place takes at the pace, in ms: the measure for deadlines. */
int64_t collect_turn_ms(const struct collect_stream *stream);
/* What is at hand now, for `kdiagctl facts`: one fact a kind that was ever asked for. The caller's. */
struct kd_facts *collect_facts(const struct collect_stream *stream);

/* ---- listings of a whole place, for discovery ---- */

/* Called with each good listing of the place (rows valid for the call), or with the error of a failed one. */
typedef void (*collect_list_cb)(
    struct aws_place *place, const struct aws_error *error, const struct kinesis_stream *rows, size_t count, void *arg);
void collect_listen_list(struct collect *collect, collect_list_cb cb, void *arg);
/* Asks for a listing unless one is under way. */
void collect_list(struct collect *collect, struct aws_place *aws, bool urgent);

#endif
