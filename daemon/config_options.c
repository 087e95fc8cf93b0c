/* SPDX-License-Identifier: Apache-2.0 */
/* config_options: the option tables of the config file's sections, as data; the probes bring their own. */
#include <stdlib.h>

#include "common/mem.h"
#include "daemon/config_read.h"
#include "daemon/ledger.h"

#define DAY_S                 86400
#define WEEK_S                (7 * DAY_S)
#define TABLE_OF(rows, rules) .options = (rows), .checks = (rules), .count = KD_COUNT(rows)

/* 107: sun_path of a Unix socket's address takes 108 bytes with the NUL (unix(7)). 4095: PATH_MAX without the NUL. */
enum { SOCKET_MAX = 107, FILE_MAX = 4095, NAME_MAX_BYTES = 128 };

static const struct kd_option daemon_options[] = {
    [DAEMON_SOCKET] = {"socket", KD_STRING, "/run/kdiag/kdiagd.sock", 0, SOCKET_MAX,
	"where kdiagctl reaches the daemon"},
    [DAEMON_STATE] = {"state", KD_STRING, "/var/lib/kdiag/kdiag.db", 0, FILE_MAX,
	"the database in which findings, their history, acks and silences outlive a restart"},
    [DAEMON_PROBES] = {"probes", KD_STRING, KDIAG_PROBES, 0, FILE_MAX, "the folder of the probes, a NAME.so each"},
    [DAEMON_OPERATORS] = {"operators", KD_STRING, NULL, 0, NAME_MAX_BYTES,
	"a group whose members may run probes, acknowledge, silence and reload, beside root and the daemon's own user"},
    [DAEMON_INTERVAL] = {"interval", KD_DURATION, "60s", 1, DAY_S,
	"how often each probe looks at each stream, where the probe says nothing else"},
    [DAEMON_HISTORY] = {"history", KD_DURATION, "90d", 3600, 3650 * DAY_S,
	"how long the changes of findings are kept for kdiagctl history"},
    [DAEMON_LOG_LEVEL] = {"log_level", KD_STRING, "info", 0, 0,
	"what goes into the log: error, warning, info or debug"},
};
static const config_check daemon_checks[KD_COUNT(daemon_options)] = {
    [DAEMON_SOCKET] = config_check_filled,
    [DAEMON_STATE] = config_check_filled,
    [DAEMON_PROBES] = config_check_filled,
    [DAEMON_OPERATORS] = config_check_filled,
    [DAEMON_LOG_LEVEL] = config_check_log_level,
};

static const struct kd_option syslog_options[] = {
    [SYSLOG_ENABLED] = {"enabled", KD_BOOLEAN, "true", 0, 0, "whether findings go to syslog at all"},
    [SYSLOG_FACILITY] = {"facility", KD_STRING, "daemon", 0, 0, "daemon, user, or local0 to local7"},
    [SYSLOG_FORMAT] = {"format", KD_STRING, "cee", 0, 0,
	"cee (JSON behind @cee:, for forwarders) or text (for people)"},
    [SYSLOG_REMINDER] = {"reminder", KD_DURATION, "4h", 0, 30 * DAY_S,
	"how often a finding that stays open is said again; 0s: never"},
    [SYSLOG_HEARTBEAT] = {"heartbeat", KD_DURATION, "5m", 0, DAY_S,
	"how often a line says that kdiagd is alive, so that silence can raise an alarm; 0s: never"},
    [SYSLOG_BURST] = {"burst", KD_INTEGER, "100", 1, 100000,
	"how many changes are told at once; a storm of more ends in one line that counts the rest"},
};
static const config_check syslog_checks[KD_COUNT(syslog_options)] = {
    [SYSLOG_FACILITY] = config_check_facility,
    [SYSLOG_FORMAT] = config_check_format,
};

/*
 * 16 KiB: session tokens have no documented limit; those of STS stay far below (IAM User Guide, "there is no maximum
 * size").
 */
static const struct kd_option aws_options[] = {
    [AWS_REGION] = {"region", KD_STRING, NULL, 0, 0, "the region of streams that name none, such as us-east-1"},
    [AWS_PROFILE] = {"profile", KD_STRING, NULL, 0, NAME_MAX_BYTES,
	"the profile of ~/.aws/config and ~/.aws/credentials; without it AWS_PROFILE, else default"},
    [AWS_PACE] = {"pace", KD_STRING, "25%", 0, 0,
	"the share of AWS's published rate limits that kdiag takes (1% to 100%), or unlimited for emulators"},
    [AWS_SETTLE] = {"settle", KD_DURATION, "2m", 0, 3600,
	"a minute of a metric is judged so long after its end, for CloudWatch goes on counting"},
    [AWS_SHARD_METRICS] = {"shard_metrics", KD_STRING, "on_trouble", 0, 0,
	"when the metrics of single shards are asked for, which cost extra: on_trouble (and by hand), always or never"},
    [AWS_BUDGET] = {"budget_usd_per_day", KD_STRING, NULL, 0, 0,
	"dollars a day that metrics may cost; metrics are asked for less often rather than pass it; 0: no budget"},
    [AWS_IAM_CACHE] = {"iam_cache", KD_DURATION, "15m", 60, DAY_S,
	"how long principals and policies that were read from IAM serve; kdiagctl run reads them anew"},
    [AWS_IAM_SIMULATE] = {"iam_simulate", KD_BOOLEAN, "false", 0, 0,
	"whether AWS's policy simulator is asked too (two more calls a principal and stream); where it differs is a "
	"finding"},
    [AWS_ENDPOINT_URL] = {"endpoint_url", KD_STRING, NULL, 0, 256,
	"one URL for all services, for emulators and private endpoints; https, or http on loopback"},
    [AWS_CA_FILE] = {"ca_file", KD_STRING, NULL, 0, FILE_MAX,
	"the certificates to trust instead of the system's, in PEM form"},
    [AWS_ACCESS_KEY_ID] = {"access_key_id", KD_STRING, NULL, 0, 128,
	"static credentials, which go before all others; an instance role is better"},
    [AWS_SECRET_ACCESS_KEY] = {"secret_access_key", KD_STRING, NULL, 0, 256,
	"the secret of access_key_id; then this file must be readable by the daemon's user only"},
    [AWS_SESSION_TOKEN] = {"session_token", KD_STRING, NULL, 0, 16384, "the token of temporary static credentials"},
};
static const config_check aws_checks[KD_COUNT(aws_options)] = {
    [AWS_REGION] = config_check_region,
    [AWS_PROFILE] = config_check_filled,
    [AWS_PACE] = config_check_pace,
    [AWS_SHARD_METRICS] = config_check_when_shards,
    [AWS_BUDGET] = config_check_usd,
    [AWS_ENDPOINT_URL] = config_check_endpoint_url,
    [AWS_CA_FILE] = config_check_filled,
    [AWS_ACCESS_KEY_ID] = config_check_filled,
    [AWS_SECRET_ACCESS_KEY] = config_check_filled,
    [AWS_SESSION_TOKEN] = config_check_filled,
};

static const struct kd_option account_options[] = {
    [ACCOUNT_NAME] = {"name", KD_STRING, NULL, 0, 0, "how streams and findings call the account"},
    [ACCOUNT_ROLE_ARN] = {"role_arn", KD_STRING, NULL, 0, 0,
	"the role that kdiagd assumes there; without it the daemon's own credentials are used"},
    [ACCOUNT_EXTERNAL_ID] = {"external_id", KD_STRING, NULL, 0, 0,
	"the external id that the role's trust policy asks for"},
};
static const config_check account_checks[KD_COUNT(account_options)] = {
    [ACCOUNT_NAME] = config_check_name,
    [ACCOUNT_ROLE_ARN] = config_check_role_arn,
    [ACCOUNT_EXTERNAL_ID] = config_check_external_id,
};

static const struct kd_option stream_options[] = {
    [STREAM_NAME] = {"name", KD_STRING, NULL, 0, 0, "the stream's name, as Kinesis has it"},
    [STREAM_ACCOUNT] = {"account", KD_STRING, "default", 0, 0,
	"one of accounts; default means the daemon's own credentials"},
    [STREAM_REGION] = {"region", KD_STRING, NULL, 0, 0, "the stream's region; without it aws.region"},
    [STREAM_PARAMS] = {"params", KD_STRING, NULL, 0, FILE_MAX,
	"a params file (JSON) with what is declared for the stream; a relative path starts at this file's folder"},
    [STREAM_LOG_GROUPS] = {"log_groups", KD_LIST, NULL, 0, 50,
	"log groups of the stream's producers and consumers, by name or by prefix with a * at its end"},
    [STREAM_LOG_FILTER] = {"log_filter", KD_STRING, NULL, 0, 1024,
	"a filter pattern of CloudWatch Logs: only the events that match are read of these groups"},
};
static const config_check stream_checks[KD_COUNT(stream_options)] = {
    [STREAM_NAME] = config_check_name,
    [STREAM_ACCOUNT] = config_check_name,
    [STREAM_REGION] = config_check_region,
    [STREAM_PARAMS] = config_check_filled,
    [STREAM_LOG_GROUPS] = config_check_log_group,
    [STREAM_LOG_FILTER] = config_check_filled,
};

/*
 * 24 to 8760: Kinesis IncreaseStreamRetentionPeriod. A shard count has no limit of the API's; accounts of a hundred
 * thousand are unheard of.
 */
static const struct kd_option expect_options[] = {
    [EXPECT_STREAM_MODE] = {"stream_mode", KD_STRING, NULL, 0, 0, "PROVISIONED or ON_DEMAND"},
    [EXPECT_SHARD_COUNT] = {"shard_count", KD_INTEGER, NULL, 1, 100000, "open shards; for PROVISIONED only"},
    [EXPECT_RETENTION_HOURS] = {"retention_hours", KD_INTEGER, NULL, 24, 8760, "how long records are kept, in hours"},
    [EXPECT_SHARD_LEVEL_METRICS] = {"shard_level_metrics", KD_LIST, NULL, 0, 8,
	"the shard-level (enhanced) metrics that shall be on, or ALL; an empty list []: none"},
    [EXPECT_ENCRYPTION] = {"encryption", KD_STRING, NULL, 0, 0, "NONE or KMS"},
    [EXPECT_KEY_ID] = {"key_id", KD_STRING, NULL, 0, 2048,
	"the KMS key, as Kinesis reports it: an ARN, an id or alias/NAME"},
};
static const config_check expect_checks[KD_COUNT(expect_options)] = {
    [EXPECT_STREAM_MODE] = config_check_stream_mode,
    [EXPECT_SHARD_LEVEL_METRICS] = config_check_shard_metric,
    [EXPECT_ENCRYPTION] = config_check_encryption,
    [EXPECT_KEY_ID] = config_check_filled,
};

static const struct kd_option principal_options[] = {
    [PRINCIPAL_ARN] = {"arn", KD_STRING, NULL, 0, 0, "an IAM role, user or policy that shall reach the stream"},
    [PRINCIPAL_USE] = {"use", KD_STRING, NULL, 0, 0,
	"what for: producer, consumer, efo_consumer, kcl, firehose or lambda"},
    [PRINCIPAL_ACTIONS] = {"actions", KD_LIST, NULL, 0, 100,
	"instead of use: the actions that it needs (of kinesis, kms, dynamodb or cloudwatch)"},
    [PRINCIPAL_LEASE_TABLE] = {"lease_table", KD_STRING, NULL, 0, 255,
	"use kcl: the DynamoDB table of its leases, which has the application's name; without it any table will do"},
};
static const config_check principal_checks[KD_COUNT(principal_options)] = {
    [PRINCIPAL_ARN] = config_check_principal_arn,
    [PRINCIPAL_USE] = config_check_use,
    [PRINCIPAL_ACTIONS] = config_check_action,
    [PRINCIPAL_LEASE_TABLE] = config_check_table,
};

static const struct kd_option discover_options[] = {
    [DISCOVER_ACCOUNT] = {"account", KD_STRING, "default", 0, 0, "one of accounts, to look for streams in"},
    [DISCOVER_REGIONS] = {"regions", KD_LIST, NULL, 0, 100, "the regions to look in; without it aws.region"},
    [DISCOVER_MATCH] = {"match", KD_STRING, "*", 0, 256, "which names to watch; * is any run of letters, ? any one"},
};
static const config_check discover_checks[KD_COUNT(discover_options)] = {
    [DISCOVER_ACCOUNT] = config_check_name,
    [DISCOVER_REGIONS] = config_check_region,
    [DISCOVER_MATCH] = config_check_filled,
};

/* Their defaults differ by probe: config_options_probe_default(). */
static const struct kd_option probe_options[] = {
    [PROBE_ENABLED] = {"enabled", KD_BOOLEAN, NULL, 0, 0, "whether the probe runs"},
    [PROBE_INTERVAL] = {"interval", KD_DURATION, NULL, 1, DAY_S, "how often it looks; without it daemon.interval"},
    [PROBE_OPEN] = {"open", KD_STRING, NULL, 0, 0, "M of N: bad in so many of the last looks opens a finding"},
    [PROBE_RESOLVE] = {"resolve", KD_STRING, NULL, 0, 0, "M of N: good in so many of the last looks resolves it"},
    [PROBE_FLAPPING] = {"flapping", KD_INTEGER, NULL, 0, LEDGER_TURNS_MAX,
	"one that opens, changes or resolves more often than this within an hour is said to be flapping, then nothing "
	"but "
	"a rise until it is calm; 0: never"},
};
static const config_check probe_checks[KD_COUNT(probe_options)] = {
    [PROBE_OPEN] = config_check_m_of_n,
    [PROBE_RESOLVE] = config_check_m_of_n,
};

const struct config_table config_options_tables[CONFIG_PARTS] = {
    [CONFIG_DAEMON] = {"daemon", "daemon", "the daemon itself", TABLE_OF(daemon_options, daemon_checks)},
    [CONFIG_SYSLOG] = {"syslog", "syslog", "where findings are told", TABLE_OF(syslog_options, syslog_checks)},
    [CONFIG_AWS] = {"aws", "aws", "how AWS is reached", TABLE_OF(aws_options, aws_checks)},
    [CONFIG_ACCOUNT] = {"accounts", "accounts[]", "AWS accounts and the roles to assume in them",
	TABLE_OF(account_options, account_checks)},
    [CONFIG_STREAM] = {"streams", "streams[]", "the streams to watch", TABLE_OF(stream_options, stream_checks)},
    [CONFIG_EXPECT] = {"expect", "streams[].expect", "what is declared for a stream; what differs is a finding",
	TABLE_OF(expect_options, expect_checks)},
    [CONFIG_PRINCIPAL] = {"principals", "streams[].principals[]",
	"who shall reach a stream, so that their policies are looked at",
	TABLE_OF(principal_options, principal_checks)},
    [CONFIG_DISCOVER] = {"discover", "discover[]", "streams to find by themselves",
	TABLE_OF(discover_options, discover_checks)},
    [CONFIG_PROBE] = {"probes", "probes.NAME, streams[].probes.NAME", "what every probe takes beside its own options",
	TABLE_OF(probe_options, probe_checks)},
};

char *
config_options_probe_default(const struct kd_probe *probe, size_t option)
{
	struct kd_m_of_n m_of_n = option == PROBE_OPEN ? probe->open : probe->resolve;

	if (option == PROBE_ENABLED)
		return mem_strdup("true");
	if (option == PROBE_INTERVAL)
		return mem_strdup(daemon_options[DAEMON_INTERVAL].def);
	if (option == PROBE_FLAPPING)
		return mem_printf("%d", CONFIG_FLAPPING);
	if (m_of_n.n == 0)
		m_of_n = (struct kd_m_of_n){1, 1};
	return mem_printf("%u of %u", m_of_n.m, m_of_n.n);
}
