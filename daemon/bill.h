/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bill: what AWS was asked today (UTC), by account, region and operation, and what that costs. It counts what was sent, retries included: AWS may charge less, never more. Survives restarts
 * by counters in the database; time is given to it.
 */
#ifndef KDIAG_BILL_H
#define KDIAG_BILL_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/aws/client.h"

struct bill;

struct bill *bill_new(void);
void bill_free(struct bill *bill);

/* What a client has counted since it began: what is new since the last time is added to the day. */
void bill_count(struct bill *bill, const struct aws_operation_count *count, int64_t now_ms);
/* Another client counts from now on, from 0. */
void bill_begin_client(struct bill *bill);

/* Today's, one row an account, region and operation, in that order; borrowed for the call. */
typedef void (*bill_row_cb)(const struct aws_operation_count *row, void *arg);
void bill_each(struct bill *bill, int64_t now_ms, bill_row_cb visit, void *arg);
double bill_usd_today(struct bill *bill, int64_t now_ms);
/* Of one operation, by how often it was sent and the metrics asked for with that. */
double bill_usd(const struct aws_operation_count *row);

/* ---- the database: "calls/prod/us-east-1/GetMetricData" and "metrics/…", by day ---- */

/* What has moved since the last time, or all: how far it is today. The texts are borrowed for the call. */
typedef void (*bill_save_cb)(const char *day, const char *name, int64_t value, void *arg);
void bill_save(struct bill *bill, bool all, bill_save_cb save, void *arg);
/* Of a start before. Names that are not the bill's, and other days than today, are passed over. */
void bill_restore(struct bill *bill, const char *day, const char *name, int64_t value, int64_t now_ms);

#endif
