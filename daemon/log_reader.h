/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_reader: reads a log group on from where it was read to, the past of a new one first, within a budget of events: what is more is sampled, evenly over the time, and the share is
 * known. Reads a little of what it has read again, for events that came late.
 */
#ifndef KDIAG_LOG_READER_H
#define KDIAG_LOG_READER_H

#include "daemon/aws/logs.h"
#include "daemon/log_sources.h"

struct log_reader;

/* Of events: in one read of what is new, and of the past of a new group or after a long stop. */
struct log_reader_limits {
	size_t events, past_events;
};
extern const struct log_reader_limits log_reader_default_limits;

/* A read has ended, well or not; never from within log_reader_read. */
typedef void (*log_reader_cb)(struct log_reader *reader, void *arg);

/* The source is taken: dropped with the reader; the limits are borrowed. */
struct log_reader *log_reader_new(struct aws_place *place, struct log_source *source_taken,
    const struct log_reader_limits *limits, log_reader_cb cb, void *arg);
void log_reader_free(struct log_reader *reader);

/* Unless it reads already. past_ms: how much of the past is read of a group that is new. */
void log_reader_read(struct log_reader *reader, int64_t past_ms, bool urgent);
/* Would a read begin with the past, and take long? */
bool log_reader_needs_past(const struct log_reader *reader);
bool log_reader_is_reading(const struct log_reader *reader);
/* clock_mono_ms() at which the last read that has ended was begun; 0: none has. */
int64_t log_reader_asked_ms(const struct log_reader *reader);
/* AWS_OK, or what ended it. */
const struct aws_error *log_reader_error(const struct log_reader *reader);
/* The share of the log's newest part that was read, 0 to 1. */
double log_reader_share(const struct log_reader *reader);
/* Is the past still being read? */
bool log_reader_is_behind(const struct log_reader *reader);

struct aws_place *log_reader_place(const struct log_reader *reader);
struct log_source *log_reader_source(const struct log_reader *reader);

#endif
