/* SPDX-License-Identifier: Apache-2.0 */
/* config: owns a loaded config from the file to the last reference; the rooms of config_read.h know what is in it. */
#include "daemon/config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/mem.h"
#include "daemon/config_read.h"

/* ---- the file ---- */

/* Whoever may write the file decides where credentials are sent; whoever may read it has what stands in it. */
static void
check_mode(struct config_reading *reading, const struct yaml_node *root)
{
	const struct yaml_node *aws = yaml_tree_get(root, "aws");
	const struct yaml_node *secret = aws != NULL ? yaml_tree_get(aws, "secret_access_key") : NULL;
	struct stat st;

	if (stat(reading->path, &st) != 0)
		return;
	if ((st.st_mode & S_IWOTH) != 0)
		config_report_error(
		    reading, NULL, "everybody on this host may write the file (chmod o-w %s)", reading->path);
	if (secret != NULL && (st.st_mode & (S_IRGRP | S_IROTH)) != 0)
		config_report_warn_key(
		    reading, secret, "others on this host can read this secret (chmod 600 %s)", reading->path);
}

static void
read_file(struct config_reading *reading, const struct yaml_node *root, const char *probes_folder)
{
	check_mode(reading, root);
	if (config_section_is_map(reading, root, "the file"))
		config_read_root(reading, root, probes_folder);
}

struct config *
config_load(const char *path, const char *probes_folder, struct config_report *report)
{
	struct config_reading reading = {.path = path};
	struct yaml_node *root;
	char *cause = NULL;

	*report = (struct config_report){0};
	if ((root = yaml_tree_read(path, &cause)) == NULL) {
		report->lines = mem_new(1, sizeof *report->lines);
		report->lines[0] = cause;
		report->count = report->errors = 1;
		return NULL;
	}
	reading.config = mem_new(1, sizeof *reading.config);
	reading.config->refs = 1;
	reading.config->path = mem_strdup(path);
	read_file(&reading, root, probes_folder);
	config_report_finish(&reading, report);
	yaml_tree_free(root);
	if (report->errors == 0)
		return reading.config;
	config_unref(reading.config);
	return NULL;
}

/* ---- ownership ---- */

static void
free_sections(struct config *config)
{
	char *texts[] = {config->path, config->daemon.socket, config->daemon.state, config->daemon.probes,
	    config->daemon.operators, config->aws.region, config->aws.profile, config->aws.endpoint_url,
	    config->aws.ca_file, config->aws.access_key_id, config->aws.secret_access_key, config->aws.session_token};

	for (size_t i = 0; i < KD_COUNT(texts); i++)
		free(texts[i]);
}

static void
free_accounts(struct config *config)
{
	for (size_t i = 0; i < config->accounts_count; i++) {
		free(config->accounts[i].name);
		free(config->accounts[i].role_arn);
		free(config->accounts[i].external_id);
	}
	free(config->accounts);
}

static void
free_discover(struct config *config)
{
	for (size_t i = 0; i < config->discover_count; i++) {
		free(config->discover[i].account);
		free(config->discover[i].match);
		for (size_t k = 0; k < config->discover[i].regions_count; k++)
			free(config->discover[i].regions[k]);
		free(config->discover[i].regions);
	}
	free(config->discover);
}

struct config *
config_ref(struct config *config)
{
	config->refs++;
	return config;
}

/* The probes are closed last: settings point into their tables. */
void
config_unref(struct config *config)
{
	if (config == NULL)
		return;
	assert(config->refs > 0);
	if (--config->refs > 0)
		return;
	for (size_t i = 0; i < config->streams_count; i++)
		config_stream_clear(&config->streams[i]);
	free(config->streams);
	free_discover(config);
	free_accounts(config);
	config_probe_free_row(config->probes);
	if (config->plugins != NULL)
		plugins_close(config->plugins);
	free_sections(config);
	free(config);
}

const struct config_account *
config_find_account(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->accounts_count; i++)
		if (strcmp(config->accounts[i].name, name) == 0)
			return &config->accounts[i];
	return NULL;
}

/* ---- discovered streams ---- */

struct config_stream *
config_stream_discovered(const struct config *config, const char *account, const char *region, const char *name)
{
	struct config_stream *stream = mem_new(1, sizeof *stream);

	stream->id = stream_id_new(account, region, name);
	stream->probes = config_probe_share(config);
	return stream;
}

void
config_stream_free(struct config_stream *stream)
{
	if (stream == NULL)
		return;
	config_stream_clear(stream);
	free(stream);
}
