/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config: the YAML file (and the params files it names) → struct config, whole or not at all; every mistake with file:line:column and a remedy. Opens the
 * probes, since their option tables say what the file may hold. Counted, so that work under way keeps the config that it was begun with.
 */
#ifndef KDIAG_CONFIG_H
#define KDIAG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <kdiag/probe.h>

#include "common/log.h"
#include "common/plugin.h"
#include "common/stream_id.h"

/* When shard-level metrics are asked for: AWS charges for each shard. */
enum config_shard_metrics { CONFIG_SHARDS_ON_TROUBLE, CONFIG_SHARDS_ALWAYS, CONFIG_SHARDS_NEVER };
enum config_format { CONFIG_FORMAT_CEE, CONFIG_FORMAT_TEXT };

/* How one probe runs, for all streams or for one; shared by the streams that say nothing of their own. */
struct config_probe {
	unsigned refs;
	bool enabled;
	int64_t interval_s;
	struct kd_m_of_n open, resolve;
	unsigned flapping; /* as in struct ledger_rules */
	struct kd_settings *settings;
	struct kd_need *needs; /* the probe's, with these settings laid in; NULL: it has none */
};

struct config_principal {
	char *arn, *use; /* use: producer, consumer, …; NULL when actions are given */
	char **actions;
	size_t actions_count;
	char *lease_table; /* the KCL's, in DynamoDB; NULL: not said */
};

struct config_stream {
	struct stream_id *id;
	struct kd_expect *expect; /* NULL: nothing declared; its strings belong to the config */
	struct config_principal *principals;
	size_t principals_count;
	char **log_groups;
	size_t log_groups_count;
	char *log_filter;             /* NULL: none */
	struct config_probe **probes; /* by the probe's index in plugins; never NULL inside */
};

struct config_account {
	char *name, *role_arn, *external_id; /* role_arn NULL: the daemon's own credentials */
};

struct config_discover {
	char *account, *match; /* match: a glob, "*" by default */
	char **regions;
	size_t regions_count;
};

struct config {
	unsigned refs;
	char *path;
	struct {
		char *socket, *state, *probes;
		char *operators; /* a group that may change things, or NULL */
		int64_t interval_s;
		int64_t history_s; /* how long changes are kept */
		enum log_level log_level;
	} daemon;
	struct {
		bool enabled;
		int facility; /* LOG_DAEMON … as in <syslog.h>; the name table lives in config_check.c */
		enum config_format format;
		int64_t reminder_s, heartbeat_s; /* 0: off */
		unsigned burst;                  /* lines at once, 1 to 100,000 */
	} syslog;
	struct {
		char *region, *profile, *endpoint_url, *ca_file; /* NULL: not said */
		char *access_key_id, *secret_access_key, *session_token;
		double pace_share; /* 0: unlimited */
		int64_t settle_s;  /* a metric's period is judged so long after its end */
		enum config_shard_metrics shard_metrics;
		double budget_usd_per_day; /* 0: none */
		int64_t iam_cache_s;
		bool iam_simulate;
	} aws;
	struct config_account *accounts; /* at least one: {"default", NULL, NULL} when the file has none */
	size_t accounts_count;
	struct config_stream *streams; /* in the order of the file; no stream twice */
	size_t streams_count;
	struct config_discover *discover;
	size_t discover_count;
	struct plugins *plugins;
	struct config_probe **probes; /* by index in plugins: how each runs where a stream says nothing */
};

/*
 * What was found wrong, a line each ("FILE:LINE:COLUMN: sentence", warnings "FILE:LINE:COLUMN: warning: sentence"; without a place where the file itself is
 * meant), in the order of the file. Of more than 1,000 the last line says how many more there are: errors and warnings count all.
 */
struct config_report {
	char **lines;
	size_t count, errors, warnings;
};

/*
 * Reads the file. NULL when report->errors > 0. The streams' and probes' defaults are laid in. probes_folder: overrides daemon.probes when not NULL. The report is
 * the caller's to clear, in both cases.
 */
struct config *config_load(const char *path, const char *probes_folder, struct config_report *report);
struct config *config_ref(struct config *config);
void config_unref(struct config *config);
void config_report_clear(struct config_report *report);

/* A stream that discover found, with the general settings. The caller's; config_stream_free. config must outlive it. */
struct config_stream *config_stream_discovered(
    const struct config *config, const char *account, const char *region, const char *name);
void config_stream_free(struct config_stream *stream);
const struct config_account *config_find_account(const struct config *config, const char *name);

/* `kdiagd --options`: every section and probe with its options as aligned text for a terminal of 80 columns (json false) or as JSON. The caller's string. */
char *config_describe_options(const struct plugins *plugins, bool json);

#endif
