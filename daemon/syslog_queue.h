/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syslog_queue: the bounded queue before syslog(3) and the thread behind it, where alone a call may hang. Nothing here waits for the thread, save the end, for
 * as long as it is told to. Knows lines and priorities, nothing of findings.
 */
#ifndef KDIAG_SYSLOG_QUEUE_H
#define KDIAG_SYSLOG_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/sink_syslog.h"

struct syslog_queue;

/* All are called in the thread. */
struct syslog_queue_options {
	size_t lines_max; /* 0: 10,000 */
	int facility;
	void (*begin)(void); /* before the first line; may hang as well; NULL: nothing to do */
	/* Would a line be taken now? Else it waits. NULL: always; with write_arg, as write() */
	bool (*is_open)(void *arg);
	void (*write)(int priority, const char *line, void *arg);
	void *write_arg;
	char *(*notice)(
	    uint64_t lost, bool cee); /* makes the line that tells of so many lost ones; the queue's string */
};

/* NULL with a sentence: no thread could be had. */
struct syslog_queue *syslog_queue_new(const struct syslog_queue_options *options, char **cause);
/* The seq of the last line that went out, as syslog_queue_put() was told; UINT64_MAX: all did. */
uint64_t syslog_queue_free(struct syslog_queue *queue, int64_t grace_ms);
/* Of the lines that follow, and the form of the notice. */
void syslog_queue_configure(struct syslog_queue *queue, int facility, bool cee);
/* Copies the line, or counts it as dropped: from the moment that the queue is full until it is at most half full, so that a gap is one gap. */
/* seq: of the change that the line tells of; 0: of none. */
void syslog_queue_put(struct syslog_queue *queue, int priority, const char *line, uint64_t seq);
/* As syslog_queue_free() says it. */
uint64_t syslog_queue_told(struct syslog_queue *queue);
struct sink_syslog_counts syslog_queue_counts(struct syslog_queue *queue);

#endif
