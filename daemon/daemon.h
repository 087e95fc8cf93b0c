/* SPDX-License-Identifier: Apache-2.0 */
/* daemon: the modules of a running kdiagd, in the order in which they start; and what concerns them all: reload, publish. */
#ifndef KDIAG_DAEMON_H
#define KDIAG_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/accounts.h"
#include "daemon/bill.h"
#include "daemon/cli.h"
#include "daemon/collect.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/discover.h"
#include "daemon/host.h"
#include "daemon/keeper.h"
#include "daemon/ledger.h"
#include "daemon/log_sources.h"
#include "daemon/metric_feed.h"
#include "daemon/principal_feed.h"
#include "daemon/schedule.h"
#include "daemon/sink_syslog.h"

struct event_base;

struct daemon {
	const struct cli *cli;
	struct event_base *base;
	struct config *config;
	struct ledger *ledger;
	struct keeper *keeper;    /* NULL with -1 */
	struct sink_syslog *sink; /* NULL: syslog is off, or -1 */
	struct host *host;
	struct accounts *accounts;
	struct bill *bill;
	struct collect *collect;
	struct log_sources *log_sources; /* what was learnt of logs; outlives the collector */
	struct metric_feed *metrics;
	struct principal_feed *principals; /* the collector's */
	struct schedule *schedule;
	struct discover *discover;
	struct control *control; /* NULL with -1 */
	struct signals *signals;
	struct health *health;
	int64_t started_ms;                    /* clock_mono_ms() */
	bool stopping;                         /* what the modules tell of themselves while they are freed is no news */
	uint64_t told_seq;                     /* of syslog when it ended; UINT64_MAX: it is off */
	uint64_t calls_before, metrics_before; /* of clients that a reload has replaced */
};

/* Starts the modules that -1 needs too: config to discover. 0; -1 with a sentence. */
int daemon_start(
    struct daemon *daemon, struct event_base *base, const struct cli *cli, struct config *config_taken, char **cause);
/* Lays the config's streams and discover rules out: looks begin (with -1: only those asked for), as does discovery. */
void daemon_watch(struct daemon *daemon);
/* And those that only stay for long: syslog, the socket, signals, systemd. */
int daemon_serve(struct daemon *daemon, char **cause);
/* Ends what was started, in reverse; also after a failed start. */
void daemon_stop(struct daemon *daemon);

/* Reads the config file anew: taken whole, or not at all (-1; report says why). The report is the caller's to clear. */
int daemon_reload(struct daemon *daemon, struct config_report *report);
/* What AWS was asked today, up to this moment. */
struct bill *daemon_bill(const struct daemon *daemon);
/* AWS calls since the start. */
struct aws_counts daemon_counts(const struct daemon *daemon);

#endif
