/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logs: the CloudWatch Logs calls that kdiag makes (JSON 1.1, Logs_20140328): events of a log group within a span of time, page by page, and the names of log
 * groups by prefix. Pages follow the token to the end, also over empty ones, within bounds. Keeps no event: what a page holds is the callback's, once.
 */
#ifndef KDIAG_AWS_LOGS_H
#define KDIAG_AWS_LOGS_H

#include "daemon/aws/client.h"

enum {
	LOGS_PAGE_EVENTS =
	    4000, /* asked for a page: 10,000 would do (API reference, FilterLogEvents), but their JSON is 10 MB for a moment */
	LOGS_EMPTY_PAGES_MAX = 50, /* in a row: a search through much that does not match */
	LOGS_GROUPS_MAX = 1000,    /* names of one prefix; past that the answer is cut and says so */
	LOGS_GROUP_NAME_MAX = 512, /* API reference, logGroupName */
	LOGS_FILTER_MAX = 1024,    /* API reference, filterPattern */
};

/* Borrowed for the call. The message may hold any bytes, NUL too; id NULL: not told. */
struct logs_event {
	const char *id, *stream, *message;
	size_t message_len;
	int64_t ms, ingested_ms; /* ingested_ms 0: not told */
};

struct logs_span {
	const char *group;
	const char *filter;           /* a filter pattern, or NULL */
	int64_t from_ms, until_ms;    /* [from, until) */
	size_t events_max, bytes_max; /* enough; the page that reaches it is the last */
	bool urgent;
	int64_t deadline_ms; /* as in aws_request */
};

/* What came of it. A span that was not read to its end was so up to `read_ms`: all events before it were seen, as far as AWS had them. */
struct logs_outcome {
	bool complete;
	int64_t read_ms;
	size_t events, bytes, pages;
};

struct logs_op;
/* The events of one page, in the order in which AWS tells them. */
typedef void (*logs_events_cb)(const struct logs_event *events, size_t count, void *arg);
/* Once, behind the last page; error->fault AWS_OK: outcome is there. Pages before a fault have been handed over. */
typedef void (*logs_done_cb)(const struct aws_error *error, const struct logs_outcome *outcome, void *arg);
struct logs_op *logs_filter_events(
    struct aws_place *place, const struct logs_span *span, logs_events_cb events, logs_done_cb done, void *arg);

/* In the order of AWS; cut: there are more than LOGS_GROUPS_MAX. */
typedef void (*logs_groups_cb)(
    const struct aws_error *error, const char *const *names, size_t count, bool cut, void *arg);
struct logs_op *logs_describe_groups(
    struct aws_place *place, const char *prefix, bool urgent, logs_groups_cb cb, void *arg);

/* No callback will come. Not after the last one. */
void logs_cancel(struct logs_op *op);

#endif
