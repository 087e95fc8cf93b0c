/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_syslog: lines to syslog(3) through a thread of its own, because syslog(3) blocks for ever when the log daemon stalls (FACTS 7). A bounded
 * queue lies between; what does not fit is counted and said once there is room again.
 */
#ifndef KDIAG_SINK_SYSLOG_H
#define KDIAG_SINK_SYSLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log.h"
#include "daemon/ledger.h"

struct event_base;
struct sink_syslog;

struct sink_syslog_options {
	int facility;                    /* LOG_DAEMON … */
	bool cee;                        /* else text */
	int64_t reminder_s, heartbeat_s; /* 0: none */
	size_t
	    burst; /* lines at once, then 100 a minute; 0: 100. What is more is counted, and told in one line when the storm is over */
	size_t queue_max; /* lines; 0: 10,000. Their bytes are bounded too, by 8 MiB */
	/* How a line goes out: NULL = syslog(3). Tests give their own (called in the thread). */
	void (*write)(int priority, const char *line, void *arg);
	bool (*is_open)(void *arg); /* would it be taken now? NULL with a write: always */
	void *write_arg;
};

struct sink_syslog *sink_syslog_new(
    struct event_base *base, const struct sink_syslog_options *options, const struct ledger *ledger, char **cause);
/* Takes new facility, format, reminder, heartbeat and burst (reload); the rest stays. */
void sink_syslog_configure(struct sink_syslog *sink, const struct sink_syslog_options *options);
/* A line that says that lines begin or end now: event "started" or "stopped". why: NULL when there is nothing to say. */
void sink_syslog_mark(struct sink_syslog *sink, const char *event, const char *why);
/* Waits at most grace_ms (real time) for the queue to drain; then leaves the thread behind (it may hang in syslog(3)), which drops what is left. As sink_syslog_told(). */
uint64_t sink_syslog_free(struct sink_syslog *sink, int64_t grace_ms);

/*
 * A ledger_listener; arg is the sink. What a silence covers is not told, save the end of what was told; what is still open when the silence ends is. What is acked or silenced is not said again.
 */
void sink_syslog_change(const struct ledger_change *change, void *arg);
/* The daemon's own log lines (a log_sink); arg is the sink. */
void sink_syslog_log(enum log_level level, const char *text, void *arg);

struct sink_syslog_counts {
	uint64_t sent, dropped;
	size_t queued;
	bool stalled; /* nobody has taken the first line for more than 10 s */
	bool shut;    /* because nobody listens */
};
/* The seq up to which all changes have gone out, or stand in a line that counts them; 0: nothing is known yet. */
uint64_t sink_syslog_told(const struct sink_syslog *sink);
struct sink_syslog_counts sink_syslog_counts(const struct sink_syslog *sink);

#endif
