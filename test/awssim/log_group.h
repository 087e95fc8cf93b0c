/* SPDX-License-Identifier: Apache-2.0 */
/* log_group: a simulated log group: texts that are written at rates which move with time. Nothing is stored: each minute's events are reckoned when they are asked for. Pure. */
#ifndef KDIAG_AWSSIM_LOG_GROUP_H
#define KDIAG_AWSSIM_LOG_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"
#include "test/awssim/formula.h"

enum { LOG_GROUP_TEMPLATES_MAX = 500, LOG_GROUP_ID_SIZE = 57, LOG_GROUP_MINUTE_MS = 60000 };

struct log_template_spec {
	char *text;             /* with {n}, {ms}, {hex}, {uuid}, {ip}, {shard}, {seq}, {time} */
	struct formula per_min; /* events a minute; not there: none */
};

struct sim_log_group {
	char *account, *region, *name;
	int64_t created_ms;
	int64_t streams;     /* log streams over which the events are spread */
	int64_t page;        /* events of a page at most */
	int64_t empty_pages; /* in front of each page that holds events */
	double late_share;   /* of the events are to be had only so much later: */
	int64_t late_ms;
	struct log_template_spec *templates;
	size_t templates_count;
};

/* Which event: of a minute since 1970, of a template, the k-th. */
struct log_group_event {
	int64_t ms, ingested_ms;
	size_t template, k;
};

/* The events of a minute in order of time; the caller's array. */
struct log_group_event *log_group_minute(const struct sim_log_group *group, int64_t minute, size_t *count);
/* Its text, the name of its log stream, and its id. */
void log_group_write(const struct sim_log_group *group, const struct log_group_event *event, struct str *out);
void log_group_write_stream(const struct sim_log_group *group, const struct log_group_event *event, struct str *out);
const char *log_group_id(
    const struct sim_log_group *group, const struct log_group_event *event, char buf[LOG_GROUP_ID_SIZE]);
/* Frees what it holds, not itself. */
void log_group_clear(struct sim_log_group *group);

#endif
