/* SPDX-License-Identifier: Apache-2.0 */
/* config_expect: what is declared for a stream, from the config's `expect` over a params file, as the probes see it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/words.h"
#include "daemon/config_read.h"

/* ALL and the seven names into names of the fixed order, each once. Static texts; the caller's array. */
static const char **
spell_out_metrics(const char *const *listed, size_t count, size_t *spelt_count)
{
	const char **spelt = mem_new(CONFIG_SHARD_METRICS, sizeof *spelt);
	bool all = false, there;

	*spelt_count = 0;
	for (size_t i = 0; i < count; i++)
		all = all || strcmp(listed[i], config_check_shard_metrics[CONFIG_SHARD_METRICS]) == 0;
	for (size_t metric = 0; metric < CONFIG_SHARD_METRICS; metric++) {
		there = all;
		for (size_t i = 0; i < count && !there; i++)
			there = strcmp(listed[i], config_check_shard_metrics[metric]) == 0;
		if (there)
			spelt[(*spelt_count)++] = config_check_shard_metrics[metric];
	}
	return spelt;
}

/*
 * AWS sets the shards of an ON_DEMAND stream itself. A params file may still carry a number from before; in the
 * config it is a mistake.
 */
static void
check_shard_count(struct config_reading *reading, const struct yaml_node *map, const struct yaml_node *params_at,
    struct kd_expect *expect)
{
	if (expect->mode != KD_MODE_ON_DEMAND || expect->shard_count == 0)
		return;
	if (config_section_says(map, "shard_count"))
		config_report_error_key(reading, yaml_tree_get(map, "shard_count"),
		    "shard_count does not go with stream_mode ON_DEMAND (AWS sets the number; remove it)");
	else
		config_report_warn(
		    reading, params_at, "capacity.shard_count is ignored, since the stream_mode is ON_DEMAND");
	expect->shard_count = 0;
}

/* A key declares KMS, and not without encryption. */
static void
check_key(struct config_reading *reading, const struct yaml_node *map, struct kd_expect *expect)
{
	if (expect->key_id == NULL)
		return;
	if (expect->encryption == NULL)
		expect->encryption = "KMS";
	else if (strcmp(expect->encryption, "KMS") != 0)
		config_report_error_key(reading, config_section_at(map, "key_id"),
		    "key_id does not go with encryption NONE (write encryption: KMS, or remove the key)");
}

static struct kd_expect *
expect_of_settings(const struct kd_settings *settings)
{
	struct kd_expect *expect = mem_new(1, sizeof *expect);
	const char *mode = kd_string(settings, EXPECT_STREAM_MODE),
		   *encryption = kd_string(settings, EXPECT_ENCRYPTION);
	const char *const *metrics;
	size_t count;

	if (mode != NULL && words_parse_mode(mode, &expect->mode) != 0)
		expect->mode = KD_MODE_UNKNOWN;
	expect->shard_count = kd_integer(settings, EXPECT_SHARD_COUNT);
	expect->retention_hours = kd_integer(settings, EXPECT_RETENTION_HOURS);
	if (encryption != NULL)
		expect->encryption = strcmp(encryption, "KMS") == 0 ? "KMS" : "NONE";
	expect->key_id = mem_strdup(kd_string(settings, EXPECT_KEY_ID));
	expect->shard_metrics_declared = kd_is_set(settings, EXPECT_SHARD_LEVEL_METRICS);
	if (expect->shard_metrics_declared) {
		metrics = kd_list(settings, EXPECT_SHARD_LEVEL_METRICS, &count);
		expect->shard_metrics = spell_out_metrics(metrics, count, &expect->shard_metrics_count);
	}
	return expect;
}

static bool
says_nothing(const struct kd_settings *settings)
{
	for (size_t i = 0; i < config_options_tables[CONFIG_EXPECT].count; i++)
		if (kd_is_set(settings, i))
			return false;
	return true;
}

struct kd_expect *
config_expect_read(struct config_reading *reading, const struct yaml_node *map, struct kd_settings *params_taken,
    const struct yaml_node *params_at)
{
	struct config_overlay overlay = {&config_options_tables[CONFIG_EXPECT], params_taken};
	struct kd_expect *expect = NULL;

	if (overlay.settings == NULL)
		overlay.settings = config_section_defaults(CONFIG_EXPECT);
	if (map != NULL)
		config_section_read(reading, map, overlay.table->name, &overlay, 1, NULL, 0);
	if (!says_nothing(overlay.settings)) {
		expect = expect_of_settings(overlay.settings);
		check_shard_count(reading, map, params_at, expect);
		check_key(reading, map, expect);
	}
	settings_free(overlay.settings);
	return expect;
}

void
config_expect_free(struct kd_expect *expect)
{
	if (expect == NULL)
		return;
	free((char *)expect->key_id);
	free((const char **)expect->shard_metrics);
	free(expect);
}
