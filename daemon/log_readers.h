/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_readers: the log groups of a collector, each read once however many streams have it; whose turn it is, and what of their failures is a finding about kdiag itself. Between
 * collect_logs.c, which knows the streams, and log_reader.c.
 */
#ifndef KDIAG_LOG_READERS_H
#define KDIAG_LOG_READERS_H

#include "daemon/collect_feed.h"
#include "daemon/log_reader.h"

struct log_readers;
struct log_shared;

/* A read of the group has ended, well or not. */
typedef void (*log_readers_cb)(const struct log_shared *shared, void *arg);

/* collect and sources are borrowed. */
struct log_readers *log_readers_new(struct collect *collect, struct log_sources *sources, log_readers_cb cb, void *arg);
/* All groups must have been dropped. */
void log_readers_free(struct log_readers *readers);

/* Counted: one reference is the caller's. filter: NULL: none. */
struct log_shared *log_readers_take(struct log_readers *readers, struct aws_place *place,
    const struct stream_id *stream, const char *name, const char *filter);
void log_readers_drop(struct log_shared *shared);
/* It shall be read, when it is its turn; unless it is being read. past_ms as in log_reader_read. */
void log_readers_want(struct log_shared *shared, int64_t past_ms, bool urgent);
/* Begins what there is room for. */
void log_readers_go(struct log_readers *readers);

const struct log_reader *log_readers_at(const struct log_shared *shared);
/* The finding that explains a failed call of that operation; the caller's. */
char *log_readers_blame(struct aws_place *place, const struct aws_error *error, const char *operation);

/* As IAM names it. */
extern const char log_readers_operation[];

#endif
