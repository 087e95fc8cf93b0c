/* SPDX-License-Identifier: Apache-2.0 */
/*
 * option: typed option tables (struct kd_option, kdiag/probe.h) and the settings read by them. The config file, `--options`,
 * the manual and the per-stream overrides all come from such tables.
 */
#ifndef KDIAG_OPTION_H
#define KDIAG_OPTION_H

#include <stddef.h>

#include <jansson.h>
#include <kdiag/probe.h>

/* All at their defaults. The table is borrowed and must outlive the settings. A default that does not parse is a bug (assert); plugin_check_options first. */
struct kd_settings *settings_new(const struct kd_option *table, size_t count);
/* A deep copy, to lay a stream's overrides over. */
struct kd_settings *settings_copy(const struct kd_settings *settings);
void settings_free(struct kd_settings *settings);

/* The row's index, or -1. */
int option_find(const struct kd_option *table, size_t count, const char *name);
/* Is the table sound: names snake_case and unique, help there, defaults that parse and are in range? 0, or -1 and the sentence. */
int option_check_table(const struct kd_option *table, size_t count, char **cause);

/*
 * Sets one option from a scalar as a user writes it. 0; or -1 with a sentence without the option's name or place, such as
 * `"1 day" is no duration (write 30s, 15m, 24h or 7d)` or `5s is out of range (10s to 24h)`.
 * For a KD_LIST a scalar is split at commas. settings_set_list takes the entries one by one.
 */
int settings_set(struct kd_settings *settings, size_t option, const char *text, char **cause);
int settings_set_list(
    struct kd_settings *settings, size_t option, const char *const *entries, size_t count, char **cause);

/* The value as a user would write it ("15m", "25%", "a, b"); NULL when not set. The caller's. */
char *settings_format(const struct kd_settings *settings, size_t option);
/* {"name": "as a user writes it", …} of those that are set; a list as an array. settings_from_json reads it back, strictly. */
json_t *settings_to_json(const struct kd_settings *settings);
struct kd_settings *settings_from_json(const struct kd_option *table, size_t count, const json_t *object, char **cause);

/* "string", "integer", "boolean", "duration", "percent", "list" */
const char *option_type_name(enum kd_option_type type);
/* "10s to 24h", "1 to 100", "0% to 100%"; "" when unbounded. The caller's. */
char *option_format_range(const struct kd_option *option);

#endif
