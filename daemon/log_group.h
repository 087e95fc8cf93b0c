/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_group: what was learnt of one log group: its templates and how often each is written, the faults that its events name, which events were seen. Keeps nothing of an event but its
 * template, whose values are masked. Takes events as they come and knows not how they are read; bounded; can be saved and loaded. Pure.
 */
#ifndef KDIAG_LOG_GROUP_H
#define KDIAG_LOG_GROUP_H

#include <kdiag/probe.h>

#include "daemon/aws/logs.h"

enum {
	LOG_GROUP_TEMPLATES = 200, /* whose rates are kept: those seen last */
	LOG_GROUP_RECENT_MINUTES = 5,
	LOG_GROUP_FAULT_MINUTES = 15,
	LOG_GROUP_OVERLAP_MS = 5 * 60 * 1000, /* so late an event may come */
	LOG_GROUP_TEXT_SIZE = 241,            /* of a template, as far as it is shown */
	LOG_GROUP_STATE_MAX = 2 * 1024 * 1024,
};

struct log_group;

/* Learning begins at since_ms. */
struct log_group *log_group_new(int64_t since_ms);
void log_group_free(struct log_group *group);

/* How far it was read, and from when on to read again for what came late: as far back as the events seen there are remembered. */
int64_t log_group_until_ms(const struct log_group *group);
int64_t log_group_since_ms(const struct log_group *group);
int64_t log_group_overlap_from_ms(const struct log_group *group);

/* What was not read up to ms is skipped: nothing in there counts as silence. */
void log_group_skip(struct log_group *group, int64_t ms);
/* An event that stands for `weight` of them; false: it was seen before. */
bool log_group_take(struct log_group *group, const struct logs_event *event, float weight);
/* All up to until_ms was read. */
void log_group_settle(struct log_group *group, int64_t until_ms);

/* Did it learn of something that a loss would make new again, since the last save? */
bool log_group_is_changed(const struct log_group *group);

/* For a fact: but for the name it fills all that is known; the arrays are the view's, to be cleared behind the copy. */
struct log_group_view {
	struct kd_log_group group;
	void *memory[5];
};
void log_group_look(struct log_group *group, struct log_group_view *view);
void log_group_view_clear(struct log_group_view *view);

/* One line of JSON, ASCII, with a version; the caller's. */
char *log_group_save(struct log_group *group);
/* NULL with a sentence: of another version, or damaged; then learning starts anew. */
struct log_group *log_group_load(const char *text, char **cause);
size_t log_group_bytes(const struct log_group *group);

#endif
