/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of config: what a file becomes, and every mistake with its place and remedy. The probes are the real ones
 * beside the tests (../probes of this program's folder, or KDIAG_PROBES_DIR), copied into a folder of the test's own
 * with a broken one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/config.h"
#include "test/unit/rounds.h"

static char folder[] = "/tmp/kdiag-config-XXXXXX";
static char *file, *probes;

/* ---- the stage ---- */

static void
write_file(const char *path, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static char *
find_probes(void)
{
	const char *env = getenv("KDIAG_PROBES_DIR");
	char self[4096];
	ssize_t len;

	if (env != NULL)
		return mem_strdup(env);
	len = readlink("/proc/self/exe", self, sizeof self - 1);
	assert_true(len > 0);
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	return mem_printf("%s/../probes", self);
}

static void
copy_probe(const char *name)
{
	char *built = find_probes(), *from = mem_printf("%s/%s.so", built, name),
	     *to = mem_printf("%s/%s.so", probes, name);
	struct str bytes = {0};
	char chunk[4096];
	size_t n;
	FILE *f = fopen(from, "r");

	if (f == NULL)
		fail_msg("%s is not there: run make first, or set KDIAG_PROBES_DIR", from);
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		str_add_len(&bytes, chunk, n);
	fclose(f);
	write_file(to, bytes.s, bytes.len);
	str_free(&bytes);
	free(built);
	free(from);
	free(to);
}

static int
set_up(void **state)
{
	char *broken;

	(void)state;
	assert_non_null(mkdtemp(folder));
	file = mem_printf("%s/kdiagd.yaml", folder);
	probes = mem_printf("%s/probes", folder);
	assert_int_equal(mkdir(probes, 0700), 0);
	copy_probe("stream_status");
	copy_probe("shard_count");
	broken = mem_printf("%s/broken.so", probes);
	write_file(broken, "garbage", 7);
	free(broken);
	return 0;
}

static int
tear_down(void **state)
{
	char *command = mem_printf("rm -rf %s", folder);

	(void)state;
	assert_int_equal(system(command), 0);
	free(command);
	free(file);
	free(probes);
	return 0;
}

static struct config *
load(const char *yaml, struct config_report *report)
{
	write_file(file, yaml, strlen(yaml));
	return config_load(file, probes, report);
}

/* The report's lines as one text, without the file's folder. The caller's. */
static char *
told(const struct config_report *report)
{
	struct str out = {0};
	const char *line, *at;

	for (size_t i = 0; i < report->count; i++) {
		for (line = report->lines[i]; (at = strstr(line, folder)) != NULL; line = at + strlen(folder) + 1)
			str_add_len(&out, line, (size_t)(at - line));
		str_printf(&out, "%s\n", line);
	}
	return str_take(&out);
}

static struct config *
load_good(const char *yaml)
{
	struct config_report report;
	struct config *config = load(yaml, &report);
	char *lines = told(&report);

	if (config == NULL || report.count != 0)
		fail_msg("%s", lines);
	free(lines);
	config_report_clear(&report);
	return config;
}

static void
assert_starts(const char *text, const char *start)
{
	if (strncmp(text, start, strlen(start)) != 0)
		fail_msg("%s does not start with %s", text, start);
}

/* expected: all lines. A file without errors is loaded, one with errors is not. */
static void
assert_told(const char *yaml, const char *expected)
{
	struct config_report report;
	struct config *config = load(yaml, &report);
	char *lines = told(&report);

	assert_string_equal(lines, expected);
	assert_int_equal(report.count, report.errors + report.warnings);
	if (report.errors == 0)
		assert_non_null(config);
	else
		assert_null(config);
	free(lines);
	config_unref(config);
	config_report_clear(&report);
}

#define ORDERS  "streams: [{name: orders, region: us-east-1}]\n"
#define IN      "kdiagd.yaml:"
#define OPTIONS " (kdiagd --options lists them all)"

/* ---- what a file becomes ---- */

static void
test_defaults(void **state)
{
	struct config *config = load_good(ORDERS);
	const struct config_stream *stream = &config->streams[0];

	(void)state;
	assert_string_equal(config->path, file);
	assert_string_equal(config->daemon.socket, "/run/kdiag/kdiagd.sock");
	assert_string_equal(config->daemon.state, "/var/lib/kdiag/kdiag.db");
	assert_string_equal(config->daemon.probes, probes);
	assert_null(config->daemon.operators);
	assert_int_equal(config->daemon.interval_s, 60);
	assert_int_equal(config->daemon.log_level, LOG_LEVEL_INFO);
	assert_true(config->syslog.enabled);
	assert_int_equal(config->syslog.facility, LOG_DAEMON);
	assert_int_equal(config->syslog.format, CONFIG_FORMAT_CEE);
	assert_int_equal(config->syslog.reminder_s, 4 * 3600);
	assert_int_equal(config->syslog.heartbeat_s, 300);
	assert_true(config->aws.pace_share == 0.25);
	assert_int_equal(config->aws.settle_s, 120);
	assert_int_equal(config->aws.shard_metrics, CONFIG_SHARDS_ON_TROUBLE);
	assert_true(config->aws.budget_usd_per_day == 0);
	assert_null(config->aws.region);
	assert_int_equal(config->accounts_count, 1);
	assert_string_equal(config->accounts[0].name, "default");
	assert_null(config->accounts[0].role_arn);
	assert_int_equal(config->streams_count, 1);
	assert_string_equal(stream->id->account, "default");
	assert_string_equal(stream->id->region, "us-east-1");
	assert_string_equal(stream->id->name, "orders");
	assert_null(stream->expect);
	assert_int_equal(plugins_count(config->plugins), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_ptr_equal(stream->probes[i], config->probes[i]);
		assert_true(config->probes[i]->enabled);
		assert_int_equal(config->probes[i]->interval_s, 60);
		assert_true(config->probes[i]->open.m >= 1 && config->probes[i]->resolve.n >= 1);
	}
	config_unref(config);
}

static void
test_sections(void **state)
{
	struct config *config =
	    load_good("daemon: {socket: /x/s, state: /x/db, operators: wheel, interval: 5m, log_level: debug}\n"
		      "syslog: {enabled: no, facility: local3, format: text, reminder: 0s, heartbeat: 1h}\n"
		      "aws:\n"
		      "  region: eu-west-1\n"
		      "  profile: ops\n"
		      "  pace: unlimited\n"
		      "  settle: 5m\n"
		      "  shard_metrics: never\n"
		      "  budget_usd_per_day: 12.25\n"
		      "  endpoint_url: http://127.0.0.1:4566\n"
		      "  ca_file: /x/ca.pem\n"
		      "streams: [{name: orders}]\n"
		      "discover: [{match: 'prod-*'}, {regions: [us-east-1, us-west-2]}, {regions: us-east-2}]\n");

	(void)state;
	assert_string_equal(config->daemon.socket, "/x/s");
	assert_string_equal(config->daemon.operators, "wheel");
	assert_int_equal(config->daemon.interval_s, 300);
	assert_int_equal(config->daemon.log_level, LOG_LEVEL_DEBUG);
	assert_false(config->syslog.enabled);
	assert_int_equal(config->syslog.facility, LOG_LOCAL3);
	assert_int_equal(config->syslog.format, CONFIG_FORMAT_TEXT);
	assert_int_equal(config->syslog.reminder_s, 0);
	assert_int_equal(config->syslog.heartbeat_s, 3600);
	assert_string_equal(config->aws.profile, "ops");
	assert_true(config->aws.pace_share == 0);
	assert_int_equal(config->aws.settle_s, 300);
	assert_int_equal(config->aws.shard_metrics, CONFIG_SHARDS_NEVER);
	assert_true(config->aws.budget_usd_per_day == 12.25);
	assert_string_equal(config->aws.endpoint_url, "http://127.0.0.1:4566");
	assert_string_equal(config->aws.ca_file, "/x/ca.pem");
	assert_string_equal(config->streams[0].id->region, "eu-west-1");
	assert_int_equal(config->probes[0]->interval_s, 300);
	assert_int_equal(config->discover_count, 3);
	assert_string_equal(config->discover[0].match, "prod-*");
	assert_string_equal(config->discover[0].regions[0], "eu-west-1");
	assert_string_equal(config->discover[1].match, "*");
	assert_int_equal(config->discover[1].regions_count, 2);
	assert_string_equal(config->discover[2].regions[0], "us-east-2");
	config_unref(config);
}

static void
test_accounts(void **state)
{
	struct config *config =
	    load_good("accounts:\n"
		      "  - {name: prod, role_arn: \"arn:aws:iam::123456789012:role/path/kdiag\", external_id: abc}\n"
		      "  - name: stage\n"
		      "streams:\n"
		      "  - {name: orders, account: prod, region: us-east-1}\n"
		      "  - {name: orders, account: stage, region: us-east-1}\n"
		      "  - {name: orders, account: stage, region: us-west-1}\n"
		      "  - {name: orders, region: us-east-1}\n");

	(void)state;
	assert_int_equal(config->accounts_count, 3);
	assert_string_equal(config_find_account(config, "prod")->role_arn, "arn:aws:iam::123456789012:role/path/kdiag");
	assert_string_equal(config_find_account(config, "prod")->external_id, "abc");
	assert_null(config_find_account(config, "stage")->role_arn);
	assert_non_null(config_find_account(config, "default"));
	assert_null(config_find_account(config, "nobody"));
	assert_string_equal(config->streams[3].id->account, "default");
	config_unref(config);
}

static void
test_default_account_only_when_used(void **state)
{
	struct config *config = load_good("accounts: [{name: prod}]\n"
					  "streams: [{name: orders, account: prod, region: us-east-1}]\n");

	(void)state;
	assert_int_equal(config->accounts_count, 1);
	assert_null(config_find_account(config, "default"));
	config_unref(config);
}

static void
test_expect(void **state)
{
	struct config *config =
	    load_good("aws: {region: us-east-1}\n"
		      "streams:\n"
		      "  - name: a\n"
		      "    expect: {stream_mode: PROVISIONED, shard_count: 8, retention_hours: 24,\n"
		      "      shard_level_metrics: [OutgoingBytes, IncomingBytes, OutgoingBytes],\n"
		      "      encryption: KMS, key_id: alias/x}\n"
		      "  - {name: b, expect: {shard_level_metrics: []}}\n"
		      "  - {name: c, expect: {shard_level_metrics: ALL}}\n"
		      "  - {name: d, expect: {encryption: NONE}}\n"
		      "  - {name: e, expect: {}}\n"
		      "  - {name: f, expect: {key_id: alias/y}}\n");
	const struct kd_expect *a = config->streams[0].expect, *b = config->streams[1].expect;

	(void)state;
	assert_int_equal(a->mode, KD_MODE_PROVISIONED);
	assert_int_equal(a->shard_count, 8);
	assert_int_equal(a->retention_hours, 24);
	assert_true(a->shard_metrics_declared);
	assert_int_equal(a->shard_metrics_count, 2);
	assert_string_equal(a->shard_metrics[0], "IncomingBytes");
	assert_string_equal(a->shard_metrics[1], "OutgoingBytes");
	assert_string_equal(a->encryption, "KMS");
	assert_string_equal(a->key_id, "alias/x");
	assert_true(b->shard_metrics_declared);
	assert_int_equal(b->shard_metrics_count, 0);
	assert_int_equal(b->mode, KD_MODE_UNKNOWN);
	assert_null(b->encryption);
	assert_int_equal(config->streams[2].expect->shard_metrics_count, 7);
	assert_string_equal(config->streams[3].expect->encryption, "NONE");
	assert_false(config->streams[3].expect->shard_metrics_declared);
	assert_null(config->streams[4].expect);
	assert_string_equal(config->streams[5].expect->encryption, "KMS");
	config_unref(config);
}

static void
test_principals_and_log_groups(void **state)
{
	struct config_report report;
	struct config *config =
	    load("aws: {region: us-east-1}\n"
		 "streams:\n"
		 "  - name: a\n"
		 "    principals:\n"
		 "      - {arn: \"arn:aws:iam::123456789012:role/p\", use: producer}\n"
		 "      - {arn: \"arn:aws-cn:iam::123456789012:user/u\", actions: [\"kinesis:GetRecords\", "
		 "\"kms:Decrypt\"]}\n"
		 "    log_groups: [/aws/lambda/x, /b*]\n"
		 "    log_filter: '?ERROR ?WARN'\n"
		 "  - name: b\n"
		 "    principals: [{arn: \"arn:aws:iam::aws:policy/P\", use: kcl, lease_table: app}]\n"
		 "    log_groups: /c\n",
		&report);
	char *lines = told(&report);

	(void)state;
	assert_string_equal(lines, "");
	assert_non_null(config);
	assert_int_equal(config->streams[0].principals_count, 2);
	assert_string_equal(config->streams[0].principals[0].use, "producer");
	assert_null(config->streams[0].principals[0].actions);
	assert_null(config->streams[0].principals[1].use);
	assert_int_equal(config->streams[0].principals[1].actions_count, 2);
	assert_string_equal(config->streams[0].principals[1].actions[1], "kms:Decrypt");
	assert_null(config->streams[0].principals[0].lease_table);
	assert_string_equal(config->streams[1].principals[0].lease_table, "app");
	assert_int_equal(config->streams[0].log_groups_count, 2);
	assert_string_equal(config->streams[1].log_groups[0], "/c");
	assert_string_equal(config->streams[0].log_filter, "?ERROR ?WARN");
	assert_null(config->streams[1].log_filter);
	free(lines);
	config_unref(config);
	config_report_clear(&report);
}

static void
test_probe_settings(void **state)
{
	struct config *config = load_good(
	    "probes:\n"
	    "  stream_status: {interval: 30s, updating_warning: 1h, open: 2 of 3}\n"
	    "  shard_count:\n"
	    "streams:\n"
	    "  - {name: a, region: us-east-1}\n"
	    "  - name: b\n"
	    "    region: us-east-1\n"
	    "    probes: {stream_status: {updating_warning: 2h, resolve: 3 of 4}, shard_count: {enabled: false}}\n");
	int status = plugins_find(config->plugins, "stream_status"),
	    count = plugins_find(config->plugins, "shard_count");
	const struct config_probe *general = config->probes[status], *own = config->streams[1].probes[status];

	(void)state;
	assert_int_equal(general->interval_s, 30);
	assert_int_equal(general->open.m, 2);
	assert_int_equal(general->open.n, 3);
	assert_int_equal(kd_duration_s(general->settings, 0), 3600);
	assert_int_equal(config->probes[count]->interval_s, 60);
	assert_ptr_equal(config->streams[0].probes[status], general);
	assert_int_equal(own->interval_s, 30);
	assert_int_equal(own->open.m, 2);
	assert_int_equal(own->resolve.m, 3);
	assert_int_equal(own->resolve.n, 4);
	assert_int_equal(kd_duration_s(own->settings, 0), 7200);
	assert_false(config->streams[1].probes[count]->enabled);
	assert_true(config->streams[0].probes[count]->enabled);
	config_unref(config);
}

static void
test_references(void **state)
{
	struct config *config = load_good("probes: {shard_count: {tolerance: 2}}\n" ORDERS);
	struct config_stream *found;

	(void)state;
	assert_ptr_equal(config_ref(config), config);
	config_unref(config);
	found = config_stream_discovered(config, "default", "us-west-2", "clicks");
	assert_string_equal(found->id->name, "clicks");
	assert_ptr_equal(found->probes[0], config->probes[0]);
	assert_null(found->expect);
	config_stream_free(found);
	config_stream_free(NULL);
	config_unref(config);
	config_unref(NULL);
}

/* ---- mistakes ---- */

static const struct {
	const char *yaml, *told;
} mistakes[] = {
    {"", IN
	"1:1: nothing to watch: name a stream under streams (- {name: orders, region: us-east-1}), or use discover\n"},
    {"streams: []\n", IN
	"1:10: nothing to watch: name a stream under streams (- {name: orders, region: us-east-1}), or use discover\n"},
    {"streams: {name: a}\n", IN "1:10: streams takes a list, not a map\n"},
    {"[a]\n", IN "1:1: the file must be a map (key: value), not a list\n"},
    {"a: &x b\n", IN "1:4: anchors (&NAME) are not taken here; write the value out (or put it in quotes)\n"},
    {"strams: [{name: orders}]\n", IN "1:1: unknown section \"strams\" (did you mean \"streams\"?)\n"},
    {ORDERS "stream: []\n", IN "2:1: unknown section \"stream\" (did you mean \"streams\"?)\n"},
    {ORDERS "xyz: []\n", IN "2:1: unknown section \"xyz\" (the sections are daemon, syslog, aws, probes, accounts, "
			    "streams and discover)\n"},
    {ORDERS "daemon: 5\n", IN "2:9: daemon takes a map, not one value\n"},
    {ORDERS "daemon: {intervall: 5s}\n", IN "2:10: unknown key \"intervall\" in daemon (did you mean \"interval\"?)\n"},
    {ORDERS "daemon: {zzz: 5s}\n", IN "2:10: unknown key \"zzz\" in daemon" OPTIONS "\n"},
    {ORDERS "daemon: {\"a\\nb\": 5s}\n", IN "2:10: unknown key \"a\\x0ab\" in daemon" OPTIONS "\n"},
    {ORDERS "daemon: {interval: 1 day}\n", IN "2:20: \"1 day\" is no duration (write 30s, 15m, 24h or 7d)\n"},
    {ORDERS "daemon: {interval: 0s}\n", IN "2:20: 0s is out of range (1s to 24h)\n"},
    {ORDERS "daemon: {interval: [5s]}\n", IN "2:20: interval takes one value, not a list\n"},
    {ORDERS "daemon: {interval: {a: b}}\n", IN "2:20: interval takes one value, not a map\n"},
    {ORDERS "daemon: {log_level: warn}\n", IN "2:21: \"warn\" is no log level (did you mean \"warning\"?)\n"},
    {ORDERS "daemon: {log_level: 3}\n", IN "2:21: \"3\" is no log level (write error, warning, info or debug)\n"},
    {ORDERS "daemon: {socket: \"\"}\n", IN "2:18: the text is empty (leave the key out to say nothing)\n"},
    {ORDERS "syslog: {facility: mail}\n",
	IN "2:20: \"mail\" is no syslog facility (write daemon, user, local0, local1, local2, local3, local4, local5, "
	   "local6 or local7)\n"},
    {ORDERS "syslog: {format: json, enabled: maybe}\n", IN "2:18: \"json\" is no syslog format (write cee or text)\n" IN
							   "2:33: \"maybe\" is no boolean (write true or false)\n"},
    {ORDERS "aws: {pace: 25}\n", IN "2:13: \"25\" is no pace (write 25% or unlimited)\n"},
    {ORDERS "aws: {settle: 2}\n", IN "2:15: \"2\" is no duration (write 30s, 15m, 24h or 7d)\n"},
    {ORDERS "aws: {shard_metrics: alway}\n",
	IN "2:22: \"alway\" is no time for shard-level metrics (did you mean \"always\"?)\n"},
    {ORDERS "aws: {budget_usd_per_day: $5}\n", IN "2:27: \"$5\" is no amount in dollars (write 0.50)\n"},
    {ORDERS "aws: {budget_usd_per_day: 1.}\n", IN "2:27: \"1.\" is no amount in dollars (write 0.50)\n"},
    {ORDERS "aws: {budget_usd_per_day: -1}\n", IN "2:27: \"-1\" is no amount in dollars (write 0.50)\n"},
    {ORDERS "aws: {pace: 0%}\n", IN "2:13: 0% is out of range (1% to 100%)\n"},
    {ORDERS "aws: {region: US East}\n", IN "2:15: \"US East\" is no region (write one such as us-east-1)\n"},
    {ORDERS "aws: {access_key_id: A}\n", IN "2:7: access_key_id needs secret_access_key beside it\n"},
    {ORDERS "aws: {secret_access_key: A}\n", IN "2:7: secret_access_key needs access_key_id beside it\n"},
    {ORDERS "aws: {session_token: A}\n", IN "2:7: session_token needs access_key_id and secret_access_key beside it\n"},
    {ORDERS "aws: {access_key_id: A, secret_access_key: \"B\\n\"}\n",
	IN "2:7: access_key_id needs secret_access_key beside it\n" IN "2:44: the text holds a control character\n"},
    {ORDERS "aws: {access_key_id: A, secret_access_key: B, profile: x}\n",
	IN "2:47: warning: the profile's credentials are not used, since access_key_id goes before them\n"},
    {ORDERS "accounts: [{role_arn: \"arn:aws:iam::1:role/x\"}, a, {name: b, external_id: c1}, {name: b}]\n",
	IN "2:12: an account needs a name (name: prod)\n" IN
	   "2:23: \"arn:aws:iam::1:role/x\" is no ARN of a role (write arn:aws:iam::123456789012:role/NAME)\n" IN
	   "2:49: an entry of accounts must be a map (key: value), not one value\n" IN
	   "2:62: external_id needs role_arn beside it\n" IN "2:87: account \"b\" stands here twice\n"},
    {"streams: [{name: a, region: us-east-1, account: prod}]\n",
	IN "1:49: unknown account \"prod\" (list it under accounts: with its role_arn)\n"},
    {"accounts: [{name: prod}]\nstreams: [{name: a, region: us-east-1, account: pord}]\n",
	IN "2:49: unknown account \"pord\" (did you mean \"prod\"?)\n"},
    {ORDERS "probes: {stream_statsu: {}}\n",
	IN "2:10: unknown probe \"stream_statsu\" (did you mean \"stream_status\"?)\n"},
    {ORDERS "probes: {iterator_age: {}}\n",
	IN "2:10: unknown probe \"iterator_age\" (loaded: shard_count, stream_status)\n"},
    {ORDERS "probes: {shard_count: off}\n",
	IN "2:23: shard_count takes a map of options ({enabled: false} switches it off)\n"},
    {ORDERS "probes: {shard_count: {tolerence: 1}}\n",
	IN "2:24: unknown key \"tolerence\" in shard_count (did you mean \"tolerance\"?)\n"},
    {ORDERS "probes: {shard_count: {enable: false}}\n",
	IN "2:24: unknown key \"enable\" in shard_count (did you mean \"enabled\"?)\n"},
    {ORDERS "probes: {shard_count: {tolerance: -1, interval: 25h}}\n",
	IN "2:35: -1 is out of range (0 to 10000)\n" IN "2:49: 25h is out of range (1s to 24h)\n"},
    {ORDERS "probes: {shard_count: {open: 3 of 2}}\n",
	IN "2:30: \"3 of 2\" is no \"M of N\" (write 2 of 3; M from 1 to N, N at most 32)\n"},
    {ORDERS "probes: {shard_count: {open: 1 of 33, resolve: twice}}\n",
	IN "2:30: \"1 of 33\" is no \"M of N\" (write 2 of 3; M from 1 to N, N at most 32)\n" IN
	   "2:48: \"twice\" is no \"M of N\" (write 2 of 3)\n"},
    {"streams: [a]\n", IN "1:11: an entry of streams must be a map (key: value), not one value\n"},
    {"streams: [{region: us-east-1}]\n", IN "1:11: a stream needs a name (name: orders)\n"},
    {"streams: [{name: ord ers, region: us-east-1}]\n",
	IN "1:18: \"ord ers\" is no name (1 to 128 of a-z, A-Z, 0-9, _ . -)\n"},
    {"streams: [{name: [a], region: us-east-1}]\n", IN "1:18: name takes one value, not a list\n"},
    {"streams: [{name: orders}]\n", IN "1:11: stream \"orders\" has no region (give it here, or aws.region for all)\n"},
    {"streams: [{name: orders, region: us_east}]\n",
	IN "1:34: \"us_east\" is no region (write one such as us-east-1)\n"},
    {"streams: [{name: orders, region: us-east-1, shards: 4}]\n",
	IN "1:45: unknown key \"shards\" in streams" OPTIONS "\n"},
    {"streams:\n  - {name: a, region: us-east-1}\n  - {name: a, region: us-west-1}\n  - {region: us-east-1, name: a}\n"
     "  - {name: a, region: us-east-1}\n",
	IN "4:31: stream \"a\" in us-east-1 stands here twice (first in line 2)\n" IN
	   "5:12: stream \"a\" in us-east-1 stands here twice (first in line 2)\n"},
    {"streams: [{name: a, region: us-east-1, expect: {shards: 8}}]\n",
	IN "1:49: unknown key \"shards\" in expect (did you mean \"shard_count\"?)\n"},
    {"streams: [{name: a, region: us-east-1, expect: 8}]\n", IN "1:48: expect takes a map, not one value\n"},
    {"streams: [{name: a, region: us-east-1, expect: {retention_hours: 23, shard_count: 0}}]\n",
	IN "1:66: 23 is out of range (24 to 8760)\n" IN "1:83: 0 is out of range (1 to 100000)\n"},
    {"streams: [{name: a, region: us-east-1, expect: {stream_mode: on_demand, encryption: AES}}]\n",
	IN "1:62: \"on_demand\" is no stream mode (did you mean \"ON_DEMAND\"?)\n" IN
	   "1:85: \"AES\" is no encryption (write NONE or KMS)\n"},
    {"streams: [{name: a, region: us-east-1, expect: {stream_mode: ON_DEMAND, shard_count: 4}}]\n",
	IN "1:73: shard_count does not go with stream_mode ON_DEMAND (AWS sets the number; remove it)\n"},
    {"streams: [{name: a, region: us-east-1, expect: {encryption: NONE, key_id: x}}]\n",
	IN "1:67: key_id does not go with encryption NONE (write encryption: KMS, or remove the key)\n"},
    {"streams: [{name: a, region: us-east-1, expect: {shard_level_metrics: [IncomingBytes, IncomingByte, {}, ~]}}]\n",
	IN "1:100: an entry of this list must be one value, not a map\n" IN
	   "1:104: an entry of this list must be one value, not nothing\n"},
    {"streams: [{name: a, region: us-east-1, expect: {shard_level_metrics: [IncomingBytes, IncomingByte]}}]\n",
	IN "1:86: \"IncomingByte\" is no shard-level metric (did you mean \"IncomingBytes\"?)\n"},
    {"streams: [{name: a, region: us-east-1, log_groups: {a: b}}]\n", IN "1:52: log_groups takes a list, not a map\n"},
    {"streams: [{name: a, region: us-east-1, log_groups: ['a b']}]\n", IN
	"1:53: \"a b\" is no log group name (1 to 512 of a-z, A-Z, 0-9, _ - / . #; for a prefix * as the last one)\n"},
    {"streams: [{name: a, region: us-east-1, log_groups: ['/a*b']}]\n", IN
	"1:53: \"/a*b\" is no log group name (1 to 512 of a-z, A-Z, 0-9, _ - / . #; for a prefix * as the last one)\n"},
    {"streams:\n - name: a\n   region: us-east-1\n   principals:\n    - {arn: \"arn:aws:s3:::b\", use: producer}\n"
     "    - {arn: \"arn:aws:iam::123456789012:role/\", use: reader}\n"
     "    - {arn: \"arn:aws:iam::123456789012:role/x\"}\n"
     "    - {arn: \"arn:aws:iam::123456789012:role/x\", use: kcl, actions: [PutRecord]}\n    - {use: kcl}\n    - x\n",
	IN
	"5:13: \"arn:aws:s3:::b\" is no ARN of a role, user or policy (write arn:aws:iam::123456789012:role/NAME)\n" IN
	"6:13: \"arn:aws:iam::123456789012:role/\" is no ARN of a role, user or policy (write "
	"arn:aws:iam::123456789012:role/NAME)\n" IN
	"6:53: \"reader\" is no use (write producer, consumer, efo_consumer, kcl, firehose or lambda)\n" IN
	"7:7: a principal needs a use (such as producer) or its actions\n" IN
	"8:7: a principal takes use or actions, not both\n" IN
	"8:69: \"PutRecord\" is no action of kinesis, kms, dynamodb or cloudwatch without wildcards (write "
	"kinesis:PutRecord)\n" IN "9:7: a principal needs an arn\n" IN
	"10:7: a principal must be a map (key: value), not one value\n"},
    {"discover: [{match: x}]\n", IN "1:12: discover needs regions (regions: [us-east-1]), or aws.region\n"},
    {"discover: [{regions: [x_y], account: q, mtach: z}]\n",
	IN "1:23: \"x_y\" is no region (write one such as us-east-1)\n" IN
	   "1:38: unknown account \"q\" (list it under accounts: with its role_arn)\n" IN
	   "1:41: unknown key \"mtach\" in discover (did you mean \"match\"?)\n"},
};

static void
test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < KD_COUNT(mistakes); i++)
		assert_told(mistakes[i].yaml, mistakes[i].told);
}

static void
test_endpoint_url(void **state)
{
	struct config_report report;
	char *lines;

	(void)state;
	assert_null(load(ORDERS "aws: {endpoint_url: ftp://x/}\n", &report));
	lines = told(&report);
	assert_int_equal(report.errors, 1);
	assert_starts(lines, IN "2:21: ");
	free(lines);
	config_report_clear(&report);
}

/* A probe whose file was refused is a warning that says why; the rest runs. */
static void
test_refused_probe(void **state)
{
	struct config_report report;
	struct config *config = load(ORDERS "probes: {broken: {interval: 5s}}\n", &report);
	char *lines = told(&report);

	(void)state;
	assert_non_null(config);
	assert_int_equal(report.warnings, 1);
	assert_starts(lines, IN "2:10: warning: probe broken is not loaded: ");
	assert_non_null(strstr(lines, "broken.so"));
	free(lines);
	config_unref(config);
	config_report_clear(&report);
}

static void
test_no_probes(void **state)
{
	struct config_report report;
	char *lines, *empty = mem_printf("%s/empty", folder);

	(void)state;
	assert_int_equal(mkdir(empty, 0700), 0);
	write_file(file, ORDERS, strlen(ORDERS));
	assert_null(config_load(file, empty, &report));
	lines = told(&report);
	assert_string_equal(lines,
	    "kdiagd.yaml: no probe could be loaded from empty: no NAME.so is there (daemon.probes names the folder)\n");
	free(lines);
	config_report_clear(&report);
	write_file(file, ORDERS "daemon: {probes: /nowhere/probes}\nprobes: {x: {}}\n",
	    strlen(ORDERS "daemon: {probes: /nowhere/probes}\nprobes: {x: {}}\n"));
	assert_null(config_load(file, NULL, &report));
	assert_int_equal(report.errors, 1);
	lines = told(&report);
	assert_starts(lines, IN "2:18: no probe could be loaded from /nowhere/probes: ");
	free(lines);
	config_report_clear(&report);
	free(empty);
}

static void
test_file_itself(void **state)
{
	const char *secret = ORDERS "aws: {access_key_id: A, secret_access_key: B}\n";
	struct config_report report;
	struct config *config;
	char *lines;

	(void)state;
	unlink(file);
	assert_null(config_load(file, probes, &report));
	lines = told(&report);
	assert_string_equal(lines, "kdiagd.yaml: No such file or directory\n");
	free(lines);
	config_report_clear(&report);

	write_file(file, ORDERS, strlen(ORDERS));
	chmod(file, 0606);
	assert_null(config_load(file, probes, &report));
	lines = told(&report);
	assert_string_equal(lines, "kdiagd.yaml: everybody on this host may write the file (chmod o-w kdiagd.yaml)\n");
	free(lines);
	config_report_clear(&report);

	write_file(file, secret, strlen(secret));
	chmod(file, 0640);
	config = config_load(file, probes, &report);
	assert_non_null(config);
	lines = told(&report);
	assert_string_equal(
	    lines, IN "2:25: warning: others on this host can read this secret (chmod 600 kdiagd.yaml)\n");
	free(lines);
	config_unref(config);
	config_report_clear(&report);
	assert_told(secret, "");
}

static void
test_many_mistakes(void **state)
{
	struct config_report report;
	struct str yaml = {0};
	clock_t begun = clock();
	size_t count = rounds(90000);
	char more[64];

	(void)state;
	str_add(&yaml, "daemon:\n");
	for (size_t i = 0; i < count; i++)
		str_printf(&yaml, "  intervall%zu: x\n", i);
	str_add(&yaml, ORDERS);
	assert_null(load(yaml.s, &report));
	assert_int_equal(report.errors, count);
	assert_int_equal(report.count, 1001);
	snprintf(more, sizeof(more), "and %zu more like these", count - 1000);
	assert_non_null(strstr(report.lines[1000], more));
	assert_true(clock() - begun < 10 * CLOCKS_PER_SEC);
	config_report_clear(&report);
	str_free(&yaml);
}

/* ---- params files ---- */

/* The lines for a stream with this params file, and what stands beside it in the entry. */
static struct config *
load_params(const char *json, const char *beside, struct config_report *report)
{
	char *path = mem_printf("%s/clicks.params.json", folder);
	char *yaml = mem_printf("streams:\n  - params: clicks.params.json\n    name: clicks\n%s", beside);
	struct config *config;

	write_file(path, json, strlen(json));
	config = load(yaml, report);
	free(path);
	free(yaml);
	return config;
}

#define PARAMS \
	"{\"md_metadata\":{\"name_prefix\":\"x\"},\"stream\":{\"region\":\"eu-west-1\",\"retention_hours\":48,\"x\":" \
	"1}," \
	"\"capacity\":{\"stream_mode\":\"PROVISIONED\",\"shard_count\":4}," \
	"\"observability\":{\"enable_shard_level_metrics\":true,\"shard_level_metrics\":[\"IncomingRecords\"]}}"

static void
test_params(void **state)
{
	struct config_report report;
	struct config *config = load_params(PARAMS, "", &report);
	const struct kd_expect *expect;

	(void)state;
	assert_non_null(config);
	assert_int_equal(report.count, 0);
	assert_string_equal(config->streams[0].id->region, "eu-west-1");
	expect = config->streams[0].expect;
	assert_int_equal(expect->retention_hours, 48);
	assert_int_equal(expect->mode, KD_MODE_PROVISIONED);
	assert_int_equal(expect->shard_count, 4);
	assert_int_equal(expect->shard_metrics_count, 1);
	assert_string_equal(expect->shard_metrics[0], "IncomingRecords");
	config_unref(config);
	config_report_clear(&report);

	config = load_params(
	    PARAMS, "    region: us-east-1\n    expect: {shard_count: 6, shard_level_metrics: []}\n", &report);
	assert_non_null(config);
	assert_string_equal(config->streams[0].id->region, "us-east-1");
	expect = config->streams[0].expect;
	assert_int_equal(expect->retention_hours, 48);
	assert_int_equal(expect->shard_count, 6);
	assert_true(expect->shard_metrics_declared);
	assert_int_equal(expect->shard_metrics_count, 0);
	config_unref(config);
	config_report_clear(&report);
}

static void
test_params_metrics(void **state)
{
	static const struct {
		const char *observability;
		bool declared;
		size_t count;
	} cases[] = {
	    {"{}", false, 0},
	    {"{\"enable_shard_level_metrics\":false}", true, 0},
	    {"{\"enable_shard_level_metrics\":false,\"shard_level_metrics\":[\"IncomingBytes\"]}", true, 0},
	    {"{\"enable_shard_level_metrics\":true}", false, 0},
	    {"{\"enable_shard_level_metrics\":true,\"shard_level_metrics\":[\"ALL\"]}", true, 7},
	    {"{\"shard_level_metrics\":[]}", true, 0},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(cases); i++) {
		char *json =
		    mem_printf("{\"stream\":{\"region\":\"us-east-1\",\"retention_hours\":24},\"observability\":%s}",
			cases[i].observability);
		struct config_report report;
		struct config *config = load_params(json, "", &report);
		assert_non_null(config);
		assert_int_equal(config->streams[0].expect->shard_metrics_declared, cases[i].declared);
		assert_int_equal(config->streams[0].expect->shard_metrics_count, cases[i].count);
		config_unref(config);
		config_report_clear(&report);
		free(json);
	}
}

#define AT "kdiagd.yaml:2:13: clicks.params.json: "

static void
test_params_mistakes(void **state)
{
	static const struct {
		const char *json, *told;
	} cases[] = {
	    {"{\"stream\":{\"region\":\"us-east-1\"},\"capacity\":{\"shard_count\":\"4\"}}",
		AT "capacity.shard_count is not an integer\n"},
	    {"{\"stream\":{\"region\":\"us-east-1\"},\"capacity\":{\"shard_count\":1.5}}",
		AT "capacity.shard_count is not an integer\n"},
	    {"{\"stream\":{\"region\":\"us-east-1\",\"retention_hours\":9000},\"capacity\":{\"stream_mode\":\"X\"}}",
		AT "stream.retention_hours: 9000 is out of range (24 to 8760)\n" AT
		   "capacity.stream_mode: \"X\" is no stream mode (write PROVISIONED or ON_DEMAND)\n"},
	    {"{\"stream\":{\"region\":\"a/b\"}}",
		AT "stream.region: \"a/b\" is no region (write one such as us-east-1)\n"},
	    {"{\"stream\":[]}", AT "stream is not an object\n"},
	    {"{\"stream\":{\"region\":5}}", AT "stream.region is not a string\n"},
	    {"{\"stream\":{\"region\":\"us-east-1\"},\"observability\":{\"enable_shard_level_metrics\":\"no\"}}",
		AT "observability.enable_shard_level_metrics is not a boolean\n"},
	    {"{\"stream\":{\"region\":\"us-east-1\"},\"observability\":{\"shard_level_metrics\":[\"Incoming\"]}}",
		AT "observability.shard_level_metrics: \"Incoming\" is no shard-level metric (did you mean "
		   "\"IncomingBytes\"?)\n"},
	    {"{\"stream\":{\"region\":\"us-east-1\"},\"observability\":{\"shard_level_metrics\":[5]}}",
		AT "observability.shard_level_metrics: an entry is not a string\n"},
	    {"[]", AT "is not a params file (a JSON object)\n"},
	    {"{}", "kdiagd.yaml:2:5: stream \"clicks\" has no region, nor has its params file (give it here, or "
		   "aws.region for "
		   "all)\n"},
	    {"{\"stream\":{\"region\":\"us-east-1\"},\"capacity\":{\"stream_mode\":\"ON_DEMAND\",\"shard_count\":4}}",
		"kdiagd.yaml:2:13: warning: capacity.shard_count is ignored, since the stream_mode is ON_DEMAND\n"},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(cases); i++) {
		struct config_report report;
		struct config *config = load_params(cases[i].json, "", &report);
		char *lines = told(&report);
		assert_string_equal(lines, cases[i].told);
		free(lines);
		config_unref(config);
		config_report_clear(&report);
	}
}

static void
test_params_missing(void **state)
{
	struct config_report report;
	char *lines;

	(void)state;
	assert_told(
	    "streams: [{name: a, params: nowhere.json}]\n", IN "1:29: nowhere.json: No such file or directory\n");
	assert_null(load_params("{\"a\":", "", &report));
	lines = told(&report);
	assert_int_equal(report.errors, 1);
	assert_starts(lines, AT);
	free(lines);
	config_report_clear(&report);
}

/* ---- size, and --options ---- */

static void
test_many_streams(void **state)
{
	struct config_report report;
	struct config *config;
	struct str yaml = {0};
	clock_t begun;

	(void)state;
	str_add(&yaml, "aws: {region: us-east-1}\nstreams:\n");
	for (int i = 0; i < 5000; i++)
		str_printf(&yaml, "  - name: stream-%d\n    expect: {shard_count: %d}\n", i, i % 7 + 1);
	begun = clock();
	config = load(yaml.s, &report);
	assert_non_null(config);
	assert_true(clock() - begun < 5 * CLOCKS_PER_SEC); /* 0.1 s; valgrind takes thirty times that */
	assert_int_equal(config->streams_count, 5000);
	assert_ptr_equal(config->streams[4999].probes[0], config->streams[0].probes[0]);
	assert_string_equal(config->streams[4999].id->name, "stream-4999");
	config_unref(config);
	config_report_clear(&report);
	str_free(&yaml);
}

static void
test_describe(void **state)
{
	struct config *config = load_good(ORDERS);
	char *text = config_describe_options(config->plugins, false), *rest = text, *line;
	char *document = config_describe_options(config->plugins, true), *cause = NULL;
	json_t *json = json_read(document, strlen(document), &cause);

	(void)state;
	assert_non_null(strstr(text, "daemon: the daemon itself\n  socket               string, at most 107 bytes"));
	assert_non_null(strstr(text, "  tolerance            integer, 0 to 10000, default 0\n"));
	assert_non_null(strstr(text, "\nprobes.stream_status: "));
	while ((line = strsep(&rest, "\n")) != NULL)
		if (text_columns(line) > 80)
			fail_msg("wider than 80 columns: %s", line);
	assert_non_null(json);
	assert_int_equal(json_array_size(json_object_get(json, "probes")), 2);
	assert_true(json_array_size(json_object_get(json, "sections")) >= 8);
	json_decref(json);
	free(document);
	free(text);
	config_unref(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_sections),
	    cmocka_unit_test(test_accounts),
	    cmocka_unit_test(test_default_account_only_when_used),
	    cmocka_unit_test(test_expect),
	    cmocka_unit_test(test_principals_and_log_groups),
	    cmocka_unit_test(test_probe_settings),
	    cmocka_unit_test(test_references),
	    cmocka_unit_test(test_mistakes),
	    cmocka_unit_test(test_endpoint_url),
	    cmocka_unit_test(test_refused_probe),
	    cmocka_unit_test(test_no_probes),
	    cmocka_unit_test(test_file_itself),
	    cmocka_unit_test(test_many_mistakes),
	    cmocka_unit_test(test_params),
	    cmocka_unit_test(test_params_metrics),
	    cmocka_unit_test(test_params_mistakes),
	    cmocka_unit_test(test_params_missing),
	    cmocka_unit_test(test_many_streams),
	    cmocka_unit_test(test_describe),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
