/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_sources: the log groups that are read, by account, region, name and filter pattern, each once however many streams name it; what was learnt of them outlives reloads, and restarts by
 * way of the keeper. Knows nothing of reading.
 */
#ifndef KDIAG_LOG_SOURCES_H
#define KDIAG_LOG_SOURCES_H

#include "common/stream_id.h"
#include "daemon/log_group.h"

struct log_sources;
struct log_source;

/* As in struct schedule_parts: what was kept before the start, and what is to be kept. recall NULL: nothing outlives the end. */
struct log_sources_memory {
	char *(*recall)(const struct stream_id *stream, const char *probe, void *arg);
	void (*kept)(const struct stream_id *stream, const char *probe, const char *state, void *arg);
	void *arg;
};

struct log_sources *log_sources_new(void);
/* From now on; before the first source is taken. */
void log_sources_remember(struct log_sources *sources, const struct log_sources_memory *memory);
/* The end is near: saves all that has changed, and from now on nothing is forgotten that is let go. */
void log_sources_close(struct log_sources *sources);
/* All sources must have been dropped. */
void log_sources_free(struct log_sources *sources);

/* Counted: one reference is the caller's. filter: NULL: none. */
struct log_source *log_sources_take(
    struct log_sources *sources, const char *account, const char *region, const char *name, const char *filter);
/* The last reference: no stream names it any more, and what was learnt is forgotten. */
void log_source_drop(struct log_source *source);

const char *log_source_name(const struct log_source *source);
const char *log_source_filter(const struct log_source *source); /* NULL: none */
/* NULL: nothing was learnt yet. */
struct log_group *log_source_group(const struct log_source *source);
struct log_group *log_source_begin(struct log_source *source, int64_t since_ms);
/* Saves it when that is due: at once when it is the first time, else not too often. now_ms: clock_mono_ms(). */
void log_source_save(struct log_source *source, int64_t now_ms);

#endif
