/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_read: the sections of the file in order of dependence: daemon, syslog, aws, the probes, accounts, streams,
 * discover.
 */
#include "daemon/config_read.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

/* ---- daemon, syslog, aws ---- */

static void
read_daemon(struct config_reading *reading, const struct yaml_node *map)
{
	struct kd_settings *settings = config_section_read_part(reading, map, CONFIG_DAEMON, NULL, 0);
	struct config *config = reading->config;

	config->daemon.socket = mem_strdup(kd_string(settings, DAEMON_SOCKET));
	config->daemon.state = mem_strdup(kd_string(settings, DAEMON_STATE));
	config->daemon.probes = mem_strdup(kd_string(settings, DAEMON_PROBES));
	config->daemon.operators = mem_strdup(kd_string(settings, DAEMON_OPERATORS));
	config->daemon.interval_s = kd_duration_s(settings, DAEMON_INTERVAL);
	config->daemon.history_s = kd_duration_s(settings, DAEMON_HISTORY);
	config->daemon.log_level = LOG_LEVEL_INFO;
	log_parse_level(kd_string(settings, DAEMON_LOG_LEVEL), &config->daemon.log_level);
	settings_free(settings);
}

static void
read_syslog(struct config_reading *reading, const struct yaml_node *map)
{
	struct kd_settings *settings = config_section_read_part(reading, map, CONFIG_SYSLOG, NULL, 0);
	struct config *config = reading->config;

	config->syslog.enabled = kd_boolean(settings, SYSLOG_ENABLED);
	config->syslog.facility = config_check_parse_facility(kd_string(settings, SYSLOG_FACILITY));
	config->syslog.format =
	    strcmp(kd_string(settings, SYSLOG_FORMAT), "text") == 0 ? CONFIG_FORMAT_TEXT : CONFIG_FORMAT_CEE;
	config->syslog.reminder_s = kd_duration_s(settings, SYSLOG_REMINDER);
	config->syslog.heartbeat_s = kd_duration_s(settings, SYSLOG_HEARTBEAT);
	config->syslog.burst = (unsigned)kd_integer(settings, SYSLOG_BURST);
	settings_free(settings);
}

/* Half a pair of static credentials would send the daemon down the chain, and nobody would know why. */
static void
check_static_keys(struct config_reading *reading, const struct yaml_node *map)
{
	const struct config *config = reading->config;
	const char *id = config->aws.access_key_id, *secret = config->aws.secret_access_key;

	if (id != NULL && secret == NULL)
		config_report_error_key(reading, config_section_at(map, "access_key_id"),
		    "access_key_id needs secret_access_key beside it");
	if (id == NULL && secret != NULL)
		config_report_error_key(reading, config_section_at(map, "secret_access_key"),
		    "secret_access_key needs access_key_id beside it");
	if (id == NULL && config->aws.session_token != NULL)
		config_report_error_key(reading, config_section_at(map, "session_token"),
		    "session_token needs access_key_id and secret_access_key beside it");
	if (id != NULL && config->aws.profile != NULL)
		config_report_warn_key(reading, config_section_at(map, "profile"),
		    "the profile's credentials are not used, since access_key_id goes before them");
}

static void
read_aws(struct config_reading *reading, const struct yaml_node *map)
{
	struct kd_settings *settings = config_section_read_part(reading, map, CONFIG_AWS, NULL, 0);
	struct config *config = reading->config;

	config->aws.region = mem_strdup(kd_string(settings, AWS_REGION));
	config->aws.profile = mem_strdup(kd_string(settings, AWS_PROFILE));
	config->aws.endpoint_url = mem_strdup(kd_string(settings, AWS_ENDPOINT_URL));
	config->aws.ca_file = mem_strdup(kd_string(settings, AWS_CA_FILE));
	config->aws.access_key_id = mem_strdup(kd_string(settings, AWS_ACCESS_KEY_ID));
	config->aws.secret_access_key = mem_strdup(kd_string(settings, AWS_SECRET_ACCESS_KEY));
	config->aws.session_token = mem_strdup(kd_string(settings, AWS_SESSION_TOKEN));
	config_check_parse_pace(kd_string(settings, AWS_PACE), &config->aws.pace_share, NULL);
	config->aws.settle_s = kd_duration_s(settings, AWS_SETTLE);
	config->aws.shard_metrics = config_check_parse_when_shards(kd_string(settings, AWS_SHARD_METRICS));
	config->aws.iam_cache_s = kd_duration_s(settings, AWS_IAM_CACHE);
	config->aws.iam_simulate = kd_boolean(settings, AWS_IAM_SIMULATE);
	if (kd_is_set(settings, AWS_BUDGET))
		config_check_parse_usd(kd_string(settings, AWS_BUDGET), &config->aws.budget_usd_per_day, NULL);
	if (map != NULL)
		check_static_keys(reading, map);
	settings_free(settings);
}

/* ---- accounts ---- */

static struct config_account *
add_account(struct config *config)
{
	size_t count = config->accounts_count;

	config->accounts = mem_resize(config->accounts, count + 1, sizeof *config->accounts);
	config->accounts[count] = (struct config_account){0};
	config->accounts_count++;
	return &config->accounts[count];
}

static void
read_account(struct config_reading *reading, const struct yaml_node *node)
{
	struct kd_settings *settings = config_section_read_part(reading, node, CONFIG_ACCOUNT, NULL, 0);
	const char *name = kd_string(settings, ACCOUNT_NAME), *role = kd_string(settings, ACCOUNT_ROLE_ARN);
	const struct yaml_node *at = config_section_at(node, "name");
	struct config_account *account;

	if (!config_section_says(node, "name")) {
		config_report_error(reading, node, "an account needs a name (name: prod)");
	} else if (name != NULL && config_find_account(reading->config, name) != NULL) {
		char *shown = config_report_show(name);
		config_report_error(reading, at, "account \"%s\" stands here twice", shown);
		free(shown);
	} else if (name != NULL) {
		account = add_account(reading->config);
		account->name = mem_strdup(name);
		account->role_arn = mem_strdup(role);
		account->external_id = mem_strdup(kd_string(settings, ACCOUNT_EXTERNAL_ID));
	}
	if (role == NULL && kd_is_set(settings, ACCOUNT_EXTERNAL_ID))
		config_report_error_key(
		    reading, config_section_at(node, "external_id"), "external_id needs role_arn beside it");
	settings_free(settings);
}

/* Each account is looked up by name one by one; nobody has thousands, and a hostile file shall not take minutes. */
enum { ACCOUNTS_MAX = 1000 };

static void
read_accounts(struct config_reading *reading, const struct yaml_node *list)
{
	if (list != NULL && list->count > ACCOUNTS_MAX) {
		config_report_error(reading, list, "too many accounts (%d at most)", ACCOUNTS_MAX);
		return;
	}
	for (size_t i = 0; list != NULL && i < list->count; i++)
		if (config_section_is_map(reading, &list->children[i], "an entry of accounts"))
			read_account(reading, &list->children[i]);
}

static void
refuse_account(struct config_reading *reading, const struct yaml_node *at, const char *name)
{
	const struct config *config = reading->config;
	const char **names = mem_new(config->accounts_count, sizeof *names);
	char *shown = config_report_show(name), *hint;

	for (size_t i = 0; i < config->accounts_count; i++)
		names[i] = config->accounts[i].name;
	hint = config_report_suggest(
	    reading, name, names, config->accounts_count, "list it under accounts: with its role_arn");
	config_report_error(reading, at, "unknown account \"%s\"%s", shown, hint);
	free(hint);
	free(shown);
	free(names);
}

void
config_read_check_account(struct config_reading *reading, const struct yaml_node *at, const char *name)
{
	if (config_find_account(reading->config, name) != NULL)
		return;
	if (strcmp(name, "default") == 0)
		add_account(reading->config)->name = mem_strdup(name);
	else
		refuse_account(reading, at, name);
}

/* ---- discover ---- */

static void
read_discover(struct config_reading *reading, const struct yaml_node *node, struct config_discover *discover)
{
	struct kd_settings *settings = config_section_read_part(reading, node, CONFIG_DISCOVER, NULL, 0);
	const char *region = reading->config->aws.region;

	discover->account = mem_strdup(kd_string(settings, DISCOVER_ACCOUNT));
	discover->match = mem_strdup(kd_string(settings, DISCOVER_MATCH));
	discover->regions = config_section_copy_list(settings, DISCOVER_REGIONS, &discover->regions_count);
	config_read_check_account(reading, config_section_at(node, "account"), discover->account);
	if (discover->regions == NULL && region != NULL) {
		discover->regions = mem_new(1, sizeof *discover->regions);
		discover->regions[discover->regions_count++] = mem_strdup(region);
	}
	if (discover->regions == NULL)
		config_report_error(reading, node, "discover needs regions (regions: [us-east-1]), or aws.region");
	settings_free(settings);
}

static void
read_all_discover(struct config_reading *reading, const struct yaml_node *list)
{
	struct config *config = reading->config;

	if (list == NULL || list->count == 0)
		return;
	config->discover = mem_new(list->count, sizeof *config->discover);
	for (size_t i = 0; i < list->count; i++)
		if (config_section_is_map(reading, &list->children[i], "an entry of discover"))
			read_discover(reading, &list->children[i], &config->discover[config->discover_count++]);
}

/* ---- the whole ---- */

static void
open_probes(struct config_reading *reading, const struct yaml_node *root, const char *folder)
{
	const struct yaml_node *map = yaml_tree_get(root, "daemon"),
			       *at = map != NULL ? yaml_tree_get(map, "probes") : NULL;
	struct config *config = reading->config;

	if (folder != NULL) {
		free(config->daemon.probes);
		config->daemon.probes = mem_strdup(folder);
		at = NULL;
	}
	config->plugins = plugins_open(config->daemon.probes);
	if (plugins_count(config->plugins) == 0)
		config_report_error(reading, at, "no probe could be loaded from %s: %s", config->daemon.probes,
		    plugins_refused_count(config->plugins) > 0
			? plugins_refused_why(config->plugins, 0)
			: "no NAME.so is there (daemon.probes names the folder)");
	config_probe_set_defaults(config);
}

static const struct {
	const char *name;
	enum yaml_kind kind;
} sections[] = {{"daemon", YAML_MAP_KIND}, {"syslog", YAML_MAP_KIND}, {"aws", YAML_MAP_KIND}, {"probes", YAML_MAP_KIND},
    {"accounts", YAML_LIST_KIND}, {"streams", YAML_LIST_KIND}, {"discover", YAML_LIST_KIND}};
enum { AT_DAEMON, AT_SYSLOG, AT_AWS, AT_PROBES, AT_ACCOUNTS, AT_STREAMS, AT_DISCOVER };

/* How many sections are not known. */
static size_t
check_sections(struct config_reading *reading, const struct yaml_node *root)
{
	const char *names[KD_COUNT(sections)];
	size_t unknown = 0;
	char *shown, *hint;
	size_t k;

	for (size_t i = 0; i < KD_COUNT(sections); i++)
		names[i] = sections[i].name;
	for (size_t i = 0; i < root->count; i++) {
		for (k = 0; k < KD_COUNT(names) && strcmp(names[k], root->children[i].key) != 0;)
			k++;
		if (k < KD_COUNT(names))
			continue;
		shown = config_report_show(root->children[i].key);
		hint = config_report_suggest(reading, root->children[i].key, names, KD_COUNT(names),
		    "the sections are daemon, syslog, aws, probes, accounts, streams and discover");
		config_report_error_key(reading, &root->children[i], "unknown section \"%s\"%s", shown, hint);
		unknown++;
		free(hint);
		free(shown);
	}
	return unknown;
}

static void
check_watches(struct config_reading *reading, const struct yaml_node *root)
{
	const struct yaml_node *streams = yaml_tree_get(root, "streams"), *discover = yaml_tree_get(root, "discover");
	bool refused = streams != NULL && !yaml_tree_is_null(streams) && streams->kind != YAML_LIST_KIND;
	bool named = streams != NULL && streams->kind == YAML_LIST_KIND && streams->count > 0;
	bool found = discover != NULL && discover->kind == YAML_LIST_KIND && discover->count > 0;

	if (named || found || refused)
		return;
	config_report_error(reading, streams != NULL ? streams : root,
	    "nothing to watch: name a stream under streams (- {name: orders, region: us-east-1}), or use discover");
}

void
config_read_root(struct config_reading *reading, const struct yaml_node *root, const char *probes_folder)
{
	const struct yaml_node *at[KD_COUNT(sections)];
	struct config *config = reading->config;
	size_t unknown;

	for (size_t i = 0; i < KD_COUNT(sections); i++)
		at[i] = config_section_find(reading, root, sections[i].name, sections[i].kind);
	unknown = check_sections(reading, root);
	read_daemon(reading, at[AT_DAEMON]);
	read_syslog(reading, at[AT_SYSLOG]);
	read_aws(reading, at[AT_AWS]);
	open_probes(reading, root, probes_folder);
	config_probe_read(reading, at[AT_PROBES], config->probes);
	read_accounts(reading, at[AT_ACCOUNTS]);
	config_stream_read_all(reading, at[AT_STREAMS]);
	read_all_discover(reading, at[AT_DISCOVER]);
	if (unknown == 0) /* a misspelt "streams" is the one mistake to tell */
		check_watches(reading, root);
	if (config->accounts_count == 0)
		config_read_check_account(reading, root, "default");
}
