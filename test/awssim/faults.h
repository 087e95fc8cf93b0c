/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults: which fault strikes which call, by the scenario and by the admin endpoint. Knows not how a fault is done:
 * faulty.c does.
 */
#ifndef KDIAG_AWSSIM_FAULTS_H
#define KDIAG_AWSSIM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "test/awssim/seed.h"

/* In the order of fault_kind_names. */
enum fault_kind {
	FAULT_THROTTLE,     /* "Rate exceeded", as if the limit were passed */
	FAULT_HTTP500_HTML, /* 500 with a page of HTML */
	FAULT_HTTP503,      /* 503 */
	FAULT_ACCESS_DENIED,
	FAULT_NOT_FOUND,
	FAULT_EXPIRED_TOKEN,
	FAULT_EMPTY_BODY,         /* 200 and nothing in it */
	FAULT_HANG,               /* no answer, the connection stays */
	FAULT_RESET,              /* RST instead of an answer */
	FAULT_CUT_BODY,           /* half of the body that was announced, then FIN */
	FAULT_SLOW_DRIP,          /* one byte of the body every `ms` */
	FAULT_WRONG_JSON,         /* half of the body, announced as if it were whole */
	FAULT_WRONG_TYPE,         /* texts where numbers belong and the other way round */
	FAULT_HUGE_BODY,          /* `size` bytes more than is right */
	FAULT_OTHER_STREAM,       /* the answer names another stream */
	FAULT_ENDLESS_NEXT_TOKEN, /* every page is followed by the same page */
	FAULT_SKEWED_DATE,        /* the server's clock is off by `seconds` */
	FAULT_SMALL_PAGES,        /* GetMetricData: at most `size` points a page */
	FAULT_PARTIAL_DATA,       /* these three strike one query of a GetMetricData: half of its points, */
	FAULT_INTERNAL_ERROR,     /* none of them */
	FAULT_FORBIDDEN,          /* or none at all */
	FAULT_KINDS,
};
extern const char *const fault_kind_names[];

enum {
	FAULTS_MAX = 256,
	FAULT_HUGE_SIZE = 10 * 1024 * 1024,
	FAULT_HUGE_SIZE_MAX = 20 * 1024 * 1024,
	FAULT_DRIP_MS = 200
};

struct fault {
	char *operation;           /* "ListShards", or "*": every one */
	char *service;             /* "kinesis"; NULL: any */
	char *stream;              /* a glob; NULL: any call, also one without a stream */
	char *metric;              /* a glob, for the faults of a query; NULL: any */
	int kind;                  /* enum fault_kind */
	double rate;               /* the share of the calls that it strikes */
	int64_t count;             /* how often it strikes before it is over; -1: no end */
	int64_t from_ms, until_ms; /* since the simulator's start; until_ms -1: no end */
	int64_t seconds;           /* skewed_date: how far the server's clock is ahead */
	int64_t size;              /* huge_body: bytes; small_pages: points */
	int64_t drip_ms;           /* slow_drip */
};

struct faults;

void fault_init(struct fault *fault);
void fault_clear(struct fault *fault); /* frees what it holds, not itself */

struct faults *faults_new(int64_t seed);
void faults_free(struct faults *faults);
/* Takes over what the fault holds; -1: there are FAULTS_MAX already, and it is still the caller's. */
int faults_add_taken(struct faults *faults, struct fault *fault);
/* All are over. */
void faults_reset(struct faults *faults);
/*
 * The first fault that strikes a call (borrowed until faults_reset), or NULL. stream may be NULL. A skewed_date does
 * not strike by itself: it only
 * shifts the clock, by what faults_skew_ms says.
 */
const struct fault *faults_strike(
    struct faults *faults, const char *service, const char *operation, const char *stream, int64_t elapsed_ms);
/* The same for one query of a GetMetricData: the faults of a query, which strike no call. */
const struct fault *faults_strike_metric(struct faults *faults, const char *service, const char *operation,
    const char *stream, const char *metric, int64_t elapsed_ms);
int64_t faults_skew_ms(struct faults *faults, const char *service, const char *operation, int64_t elapsed_ms);

#endif
