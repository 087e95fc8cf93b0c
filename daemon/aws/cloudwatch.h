/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloudwatch: GetMetricData of the namespace AWS/Kinesis (JSON 1.0, GraniteServiceVersion20100801; FACTS 2): up to 500 series of one stretch of time in a call, page
 * after page until the last. Each series fares by itself: what came whole stays good, whatever becomes of the others. What an answer means is cloudwatch_parse.c's affair.
 */
#ifndef KDIAG_AWS_CLOUDWATCH_H
#define KDIAG_AWS_CLOUDWATCH_H

#include "daemon/aws/client.h"

enum {
	CLOUDWATCH_QUERIES_MAX = 500,   /* a call: API reference, GetMetricData */
	CLOUDWATCH_POINTS_MAX = 100800, /* a call, before it is cut into pages (the same) */
	CLOUDWATCH_PAGES_MAX = 100,     /* in which a call of that size comes at the worst: far more than it takes */
	CLOUDWATCH_BARREN_MAX = 2,      /* in a row without a new point: each page is paid for as the whole call */
	/* Beside 50 calls a second there is a quota of 180,000 points a second (CloudWatch quotas; 396,000 of what is older than three hours): a call with more takes part of others' turns. */
	CLOUDWATCH_POINTS_A_CALL = 3600,
};

/* One series. Texts are copied where they are kept. */
struct cloudwatch_query {
	const char *metric; /* "IncomingRecords" */
	const char *stat;   /* "Sum", "Average", "Maximum", "Minimum", "SampleCount" */
	int64_t period_s;
	const char *stream;
	const char *dimension; /* "ShardId", "ConsumerName"; NULL: of the stream as a whole */
	const char *subject;   /* the shard's id, the consumer's name */
};

struct cloudwatch_ask {
	int64_t start_ms, end_ms; /* from, inclusive, and to, exclusive; whole periods of every query */
	bool urgent;
	int64_t deadline_ms; /* as in aws_request; of each page */
};

enum cloudwatch_status {
	CLOUDWATCH_ABSENT,    /* AWS's answer says nothing of it (yet) */
	CLOUDWATCH_COMPLETE,  /* all there is in that time: maybe nothing */
	CLOUDWATCH_PARTIAL,   /* points are lacking, and no page brought them */
	CLOUDWATCH_INTERNAL,  /* AWS has failed over it */
	CLOUDWATCH_FORBIDDEN, /* our role may not read it */
};

struct cloudwatch_series {
	enum cloudwatch_status status;
	char *why;      /* what AWS says of it, cleaned; NULL: nothing */
	double *values; /* one a period from start_ms on; NAN: no datapoint */
	size_t count;   /* periods */
	size_t known;   /* those that are not NAN */
};

/*
 * One series a query, in their order, borrowed for the callback. error->fault AWS_OK: every page came. Else those that are CLOUDWATCH_COMPLETE came before, and
 * are good; the others have the error.
 */
typedef void (*cloudwatch_cb)(
    const struct aws_error *error, const struct cloudwatch_series *series, size_t count, void *arg);

struct cloudwatch_op;
/* 1 to CLOUDWATCH_QUERIES_MAX queries; CLOUDWATCH_POINTS_MAX points at most, or it takes more pages. Never calls back from within. */
struct cloudwatch_op *cloudwatch_get_metric_data(struct aws_place *place, const struct cloudwatch_ask *ask,
    const struct cloudwatch_query *queries, size_t count, cloudwatch_cb cb, void *arg);
/* No callback will come. Not after the callback. */
void cloudwatch_cancel(struct cloudwatch_op *op);

#endif
