/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_read: what the rooms of config share among themselves, and nobody else: config.c loads and owns,
 * config_report.c collects mistakes, config_options.c holds the tables, config_check.c the rules that a type alone
 * cannot say, config_section.c reads a map by its table, config_read.c the sections, config_probe.c the probes'
 * settings, config_stream.c the streams, config_expect.c what is declared for them, config_params.c the params files,
 * config_describe.c shows the tables (kdiagd --options).
 */
#ifndef KDIAG_CONFIG_READ_H
#define KDIAG_CONFIG_READ_H

#include "common/option.h"
#include "common/yaml_tree.h"
#include "daemon/config.h"

/* ---- a file that is being read ---- */

struct config_mistake;

struct config_reading {
	const char *path;      /* of the file, as it was given */
	struct config *config; /* being filled */
	struct config_mistake *mistakes;
	size_t mistakes_count;                 /* those kept: a hostile file may hold any number */
	size_t errors, warnings;               /* all */
	const struct yaml_node **stream_nodes; /* where each of config->streams stands */
};

/* ---- mistakes (config_report.c) ---- */

/* at: the node whose value is wrong; NULL: the file itself. The _key form points at the node's key. */
void config_report_error(struct config_reading *reading, const struct yaml_node *at, const char *fmt, ...)
    KD_PRINTF(3, 4);
void config_report_error_key(struct config_reading *reading, const struct yaml_node *at, const char *fmt, ...)
    KD_PRINTF(3, 4);
void config_report_warn(struct config_reading *reading, const struct yaml_node *at, const char *fmt, ...)
    KD_PRINTF(3, 4);
void config_report_warn_key(struct config_reading *reading, const struct yaml_node *at, const char *fmt, ...)
    KD_PRINTF(3, 4);
/* A word of the file as a sentence may repeat it: escaped, cut. The caller's. */
char *config_report_show(const char *word);
/*
 * ` (did you mean "WORD"?)`, or the remedy, or "" once so many mistakes are known that one more suggestion helps
 * nobody. The caller's.
 */
char *config_report_suggest(const struct config_reading *reading, const char *word, const char *const *candidates,
    size_t count, const char *remedy);
/* Sorts the mistakes into the order of the file, lays them into the report and frees them. */
void config_report_finish(struct config_reading *reading, struct config_report *report);

/* ---- tables (config_options.c) ---- */

enum config_part {
	CONFIG_DAEMON,
	CONFIG_SYSLOG,
	CONFIG_AWS,
	CONFIG_ACCOUNT,
	CONFIG_STREAM,
	CONFIG_EXPECT,
	CONFIG_PRINCIPAL,
	CONFIG_DISCOVER,
	CONFIG_PROBE, /* what every probe has beside its own options */
	CONFIG_PARTS
};

enum {
	DAEMON_SOCKET,
	DAEMON_STATE,
	DAEMON_PROBES,
	DAEMON_OPERATORS,
	DAEMON_INTERVAL,
	DAEMON_HISTORY,
	DAEMON_LOG_LEVEL
};
enum { SYSLOG_ENABLED, SYSLOG_FACILITY, SYSLOG_FORMAT, SYSLOG_REMINDER, SYSLOG_HEARTBEAT, SYSLOG_BURST };
enum {
	AWS_REGION,
	AWS_PROFILE,
	AWS_PACE,
	AWS_SETTLE,
	AWS_SHARD_METRICS,
	AWS_BUDGET,
	AWS_IAM_CACHE,
	AWS_IAM_SIMULATE,
	AWS_ENDPOINT_URL,
	AWS_CA_FILE,
	AWS_ACCESS_KEY_ID,
	AWS_SECRET_ACCESS_KEY,
	AWS_SESSION_TOKEN
};
enum { ACCOUNT_NAME, ACCOUNT_ROLE_ARN, ACCOUNT_EXTERNAL_ID };
enum { STREAM_NAME, STREAM_ACCOUNT, STREAM_REGION, STREAM_PARAMS, STREAM_LOG_GROUPS, STREAM_LOG_FILTER };
enum {
	EXPECT_STREAM_MODE,
	EXPECT_SHARD_COUNT,
	EXPECT_RETENTION_HOURS,
	EXPECT_SHARD_LEVEL_METRICS,
	EXPECT_ENCRYPTION,
	EXPECT_KEY_ID
};
enum { PRINCIPAL_ARN, PRINCIPAL_USE, PRINCIPAL_ACTIONS, PRINCIPAL_LEASE_TABLE };
enum { DISCOVER_ACCOUNT, DISCOVER_REGIONS, DISCOVER_MATCH };
enum { CONFIG_FLAPPING = 6 }; /* three times open and resolved within an hour is no chance any more */
enum { PROBE_ENABLED, PROBE_INTERVAL, PROBE_OPEN, PROBE_RESOLVE, PROBE_FLAPPING };

/*
 * A rule about a text that its type cannot say; of a list it is asked about each entry. 0, or -1 with a sentence
 * without the option's name.
 */
typedef int (*config_check)(const char *text, char **cause);

struct config_table {
	const char *name;  /* as sentences say it: "expect" */
	const char *where; /* its place in the file: "streams[].expect" */
	const char *title; /* one line: what it says */
	const struct kd_option *options;
	const config_check *checks; /* by option; NULL inside or altogether: none */
	size_t count;
};
extern const struct config_table config_options_tables[CONFIG_PARTS];

/* The default of an option that every probe has, for one probe ("true", "60s", "2 of 3"). The caller's. */
char *config_options_probe_default(const struct kd_probe *probe, size_t option);

/* ---- rules (config_check.c): every config_check of the tables, and what some of them read ---- */

int config_check_filled(const char *text, char **cause);
int config_check_log_level(const char *text, char **cause);
int config_check_facility(const char *text, char **cause);
int config_check_format(const char *text, char **cause);
int config_check_region(const char *text, char **cause);
int config_check_pace(const char *text, char **cause);
int config_check_when_shards(const char *text, char **cause);
int config_check_usd(const char *text, char **cause);
int config_check_endpoint_url(const char *text, char **cause);
int config_check_name(const char *text, char **cause);
int config_check_role_arn(const char *text, char **cause);
int config_check_external_id(const char *text, char **cause);
int config_check_log_group(const char *text, char **cause);
int config_check_stream_mode(const char *text, char **cause);
int config_check_encryption(const char *text, char **cause);
int config_check_shard_metric(const char *text, char **cause);
int config_check_principal_arn(const char *text, char **cause);
int config_check_use(const char *text, char **cause);
int config_check_action(const char *text, char **cause);
int config_check_table(const char *text, char **cause);
int config_check_m_of_n(const char *text, char **cause);

/* LOG_DAEMON … of <syslog.h>; -1: no such facility. */
int config_check_parse_facility(const char *text);
/* 0 for "unlimited", else the share (0.25 for "25%"). 0, or -1 with a sentence. */
int config_check_parse_pace(const char *text, double *share, char **cause);
/* "0.50". 0, or -1 with a sentence. */
int config_check_parse_usd(const char *text, double *usd, char **cause);
/* Of a text that passed config_check_when_shards(). */
enum config_shard_metrics config_check_parse_when_shards(const char *text);
/* "2 of 3". 0, or -1 with a sentence. */
int config_check_parse_m_of_n(const char *text, struct kd_m_of_n *m_of_n, char **cause);

/* The shard-level metrics of Kinesis (FACTS 1) in a fixed order, and beside them "ALL". */
enum { CONFIG_SHARD_METRICS = 7 };
extern const char *const config_check_shard_metrics[CONFIG_SHARD_METRICS + 1];

/* ---- a map by its table (config_section.c) ---- */

/* A table and the settings that the map's values go into. */
struct config_overlay {
	const struct config_table *table;
	struct kd_settings *settings;
};

/* All at their defaults. The caller's. */
struct kd_settings *config_section_defaults(enum config_part part);
/*
 * Lays a map over the settings. Each key must be an option of one of the tables, or one of `others`, which the caller
 * reads. what: the map's name in sentences. Keys without a value say nothing.
 */
void config_section_read(struct config_reading *reading, const struct yaml_node *map, const char *what,
    const struct config_overlay *overlays, size_t overlays_count, const char *const *others, size_t others_count);
/* The same for a map of one table only. */
struct kd_settings *config_section_read_part(struct config_reading *reading, const struct yaml_node *map,
    enum config_part part, const char *const *others, size_t others_count);
/*
 * The child under key when it is there and says something and is of that kind; NULL otherwise, with an error when of
 * another kind.
 */
const struct yaml_node *config_section_find(
    struct config_reading *reading, const struct yaml_node *map, const char *key, enum yaml_kind kind);
/* Is key there with something said under it, right or wrong? */
bool config_section_says(const struct yaml_node *map, const char *key);
/* Is the node a map? Otherwise an error that says what it should be. */
bool config_section_is_map(struct config_reading *reading, const struct yaml_node *node, const char *what);
/* Where the value of key stands, or the map itself when it is not there. */
const struct yaml_node *config_section_at(const struct yaml_node *map, const char *key);
/* A copy of a list setting; NULL and 0 when it is empty. The caller's. */
char **config_section_copy_list(const struct kd_settings *settings, size_t option, size_t *count);

/* ---- the parts of the file ---- */

/*
 * Everything in the file, in order of dependence. config->daemon.probes is overridden by probes_folder when not NULL.
 */
void config_read_root(struct config_reading *reading, const struct yaml_node *root, const char *probes_folder);
/* Is the account known? "default" always is; it gets an entry when first named. Otherwise an error at the node. */
void config_read_check_account(struct config_reading *reading, const struct yaml_node *at, const char *name);

/* One for each probe, at its defaults. */
void config_probe_set_defaults(struct config *config);
/*
 * A map of probes and their options over a row of config_probes; those that change are replaced in the row. map may
 * be NULL.
 */
void config_probe_read(struct config_reading *reading, const struct yaml_node *map, struct config_probe **row);
/* A row of its own (NULL-terminated) that shares every entry. */
struct config_probe **config_probe_share(const struct config *config);
void config_probe_free_row(struct config_probe **row);

/* streams: a list, or NULL. */
void config_stream_read_all(struct config_reading *reading, const struct yaml_node *list);
/* Frees what it holds, not itself. */
void config_stream_clear(struct config_stream *stream);

/*
 * What is declared for a stream: params (the values of a params file, or NULL; taken) under the map of `expect` (or
 * NULL). params_at: where the params file is named. NULL when nothing is declared.
 */
struct kd_expect *config_expect_read(struct config_reading *reading, const struct yaml_node *map,
    struct kd_settings *params_taken, const struct yaml_node *params_at);
void config_expect_free(struct kd_expect *expect);

/*
 * Reads a params file into settings of CONFIG_EXPECT, and its region into a stream's settings unless one is set
 * there. at: where it is named. Never NULL.
 */
struct kd_settings *config_params_read(
    struct config_reading *reading, const struct yaml_node *at, struct kd_settings *stream);

#endif
