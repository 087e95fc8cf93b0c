/* SPDX-License-Identifier: Apache-2.0 */
/* log_group_state: owns the saved form of what was learnt of a log group; how it is learnt is log_group.c's affair. */
#include "daemon/log_group.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/json_text.h"
#include "common/log_template_state.h"
#include "common/mem.h"
#include "daemon/log_group_private.h"

/* HOUR_MAX: the year 9999, so that no sum of hours overflows. */
enum { VERSION = 2, ID_SIZE = 13, HOUR_FIELDS = 3, HOUR_MAX = 70389600 };

#define MS_MAX    INT64_C(253402300799999)
#define COUNT_MAX 1e15

/* ---- saving ---- */

/* The newest hour and what the ring holds, the oldest hour first; the last minutes are not worth their room. */
static json_t *
tally_json(const struct log_tally *tally)
{
	json_t *object = json_object(), *hours = json_array();
	struct log_tally_hour hour;

	json_object_set_new(object, "first", json_integer(tally->first_ms));
	json_object_set_new(object, "last", json_integer(tally->last_ms));
	json_object_set_new(object, "count", json_real(tally->count));
	json_object_set_new(object, "hour", json_integer(tally->hour));
	for (int64_t i = tally->hour - LOG_TALLY_HOURS + 1; i <= tally->hour; i++) {
		if (!log_tally_hour(tally, i, &hour))
			hour = (struct log_tally_hour){0};
		json_array_append_new(hours, json_integer((json_int_t)lround(hour.count)));
		json_array_append_new(hours, json_integer((json_int_t)lround(hour.peak)));
		json_array_append_new(hours, json_integer((json_int_t)hour.gap_s));
	}
	json_object_set_new(object, "hours", hours);
	return object;
}

static json_t *
rows_json(const struct log_group *group)
{
	json_t *array = json_array();
	char id[ID_SIZE];

	for (size_t i = 0; i < group->count; i++) {
		json_t *object = tally_json(&group->rows[i].tally);

		snprintf(id, sizeof(id), "%012" PRIx64, group->rows[i].id & UINT64_C(0xffffffffffff));
		json_object_set_new(object, "id", json_string(id));
		json_object_set_new(object, "new", json_integer(group->rows[i].first_ms));
		json_object_set_new(object, "merged", json_integer(group->rows[i].merged_ms));
		json_array_append_new(array, object);
	}
	return array;
}

char *
log_group_save(struct log_group *group)
{
	json_t *rows = rows_json(group), *all = tally_json(&group->all), *errors = tally_json(&group->errors);
	char *miner = log_template_save(group->miner), *rows_text = json_line(rows), *all_text = json_line(all),
	     *errors_text = json_line(errors);
	struct str out = {0};

	json_text_open(&out, '{');
	json_text_set_integer(&out, "v", VERSION);
	json_text_set_integer(&out, "since", group->since_ms);
	json_text_set_integer(&out, "until", group->until_ms);
	json_text_set_raw(&out, "all", all_text);
	json_text_set_raw(&out, "errors", errors_text);
	json_text_set_raw(&out, "templates", rows_text);
	json_text_set_raw(&out, "miner", miner);
	json_text_close(&out, '}');
	free(miner);
	free(rows_text);
	free(all_text);
	free(errors_text);
	json_decref(rows);
	json_decref(all);
	json_decref(errors);
	group->changed = false;
	return str_take(&out);
}

/* ---- loading ---- */

static int
read_ms(const json_t *object, const char *key, int64_t *ms, char **cause)
{
	if (json_get_integer(object, key, ms, cause) != 1)
		return cause_set(cause, "%s is no time", key);
	return *ms >= 0 && *ms <= MS_MAX ? 0 : cause_set(cause, "%s is out of range", key);
}

static int
read_hours(const json_t *array, struct log_tally *tally, char **cause)
{
	for (int64_t i = 0; i < LOG_TALLY_HOURS; i++) {
		int64_t hour = tally->hour - LOG_TALLY_HOURS + 1 + i;
		double fields[HOUR_FIELDS];
		size_t slot;

		for (size_t f = 0; f < HOUR_FIELDS; f++) {
			fields[f] = json_number_value(json_array_get(array, (size_t)i * HOUR_FIELDS + f));
			if (!(fields[f] >= 0 && fields[f] <= COUNT_MAX))
				return cause_set(cause, "hours has a number out of range");
		}
		if (hour < 0)
			continue;
		slot = (size_t)(hour % LOG_TALLY_HOURS);
		tally->counts[slot] = (float)fields[0];
		tally->peaks[slot] = (float)fields[1];
		tally->gaps_s[slot] = fields[2] <= UINT32_MAX ? (uint32_t)fields[2] : UINT32_MAX;
	}
	return 0;
}

/* Silences begin anew: what was before until_ms is in the hours. */
static int
read_tally(const json_t *object, int64_t until_ms, struct log_tally *tally, char **cause)
{
	const json_t *hours = json_object_get(object, "hours");

	if (read_ms(object, "first", &tally->first_ms, cause) != 0 ||
	    read_ms(object, "last", &tally->last_ms, cause) != 0 ||
	    json_get_number(object, "count", &tally->count, cause) == -1 ||
	    json_get_integer(object, "hour", &tally->hour, cause) == -1)
		return -1;
	if (!(tally->count >= 0 && tally->count <= COUNT_MAX) || tally->hour < 0 || tally->hour > HOUR_MAX)
		return cause_set(cause, "count or hour is out of range");
	if (json_array_size(hours) != LOG_TALLY_HOURS * HOUR_FIELDS)
		return cause_set(cause, "hours are not %d numbers", LOG_TALLY_HOURS * HOUR_FIELDS);
	log_tally_begin(tally, tally->last_ms == 0 ? until_ms : 0);
	return read_hours(hours, tally, cause);
}

static int
read_id(const json_t *object, uint64_t *id, char **cause)
{
	const char *text = json_string_value(json_object_get(object, "id"));

	if (text == NULL || strlen(text) != ID_SIZE - 1 || strspn(text, "0123456789abcdef") != ID_SIZE - 1)
		return cause_set(cause, "a template's id is none");
	*id = strtoull(text, NULL, 16);
	return *id != 0 ? 0 : cause_set(cause, "a template's id is 0");
}

static int
read_rows(const json_t *array, struct log_group *group, char **cause)
{
	size_t count = json_array_size(array);

	if (!json_is_array(array) || count > LOG_GROUP_TEMPLATES)
		return cause_set(cause, "templates are no list of at most %d", LOG_GROUP_TEMPLATES);
	group->room = count;
	group->rows = mem_new(count, sizeof(*group->rows));
	for (size_t i = 0; i < count; i++) {
		const json_t *object = json_array_get(array, i);
		struct log_group_row *row = &group->rows[i];

		if (!json_is_object(object) || read_id(object, &row->id, cause) != 0 ||
		    read_ms(object, "new", &row->first_ms, cause) != 0 ||
		    read_ms(object, "merged", &row->merged_ms, cause) != 0 ||
		    read_tally(object, group->until_ms, &row->tally, cause) != 0)
			return cause_set(cause, "template %zu makes no sense", i + 1);
		group->count++;
	}
	return 0;
}

static int
read_miner(const json_t *object, struct log_group *group, char **cause)
{
	char *text = json_is_object(object) ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	struct log_templates *miner;

	if (text == NULL)
		return cause_set(cause, "there is no miner");
	miner = log_template_load(text, strlen(text), LOG_TEMPLATE_BYTES, cause);
	free(text);
	if (miner == NULL)
		return -1;
	log_template_free(group->miner);
	group->miner = miner;
	return 0;
}

static int
read_group(const json_t *root, struct log_group *group, char **cause)
{
	int64_t version = 0;

	if (json_get_integer(root, "v", &version, cause) == -1)
		return -1;
	if (version != VERSION)
		return cause_set(cause, "it is of version %" PRId64 ", not %d", version, VERSION);
	if (read_ms(root, "since", &group->since_ms, cause) != 0 ||
	    read_ms(root, "until", &group->until_ms, cause) != 0)
		return -1;
	group->gapless_ms = group->until_ms;
	if (read_tally(json_object_get(root, "all"), group->until_ms, &group->all, cause) != 0 ||
	    read_tally(json_object_get(root, "errors"), group->until_ms, &group->errors, cause) != 0 ||
	    read_rows(json_object_get(root, "templates"), group, cause) != 0)
		return -1;
	return read_miner(json_object_get(root, "miner"), group, cause);
}

struct log_group *
log_group_load(const char *text, char **cause)
{
	size_t len = strnlen(text, LOG_GROUP_STATE_MAX + 1);
	struct log_group *group;
	json_t *root;

	if (len > LOG_GROUP_STATE_MAX)
		return cause_null(cause, "it is longer than %d bytes", LOG_GROUP_STATE_MAX);
	if ((root = json_read(text, len, cause)) == NULL)
		return NULL;
	group = log_group_new(0);
	if (!json_is_object(root) || read_group(root, group, cause) != 0) {
		log_group_free(group);
		group = NULL;
		if (cause != NULL && *cause == NULL)
			cause_set(cause, "it is no object");
	}
	json_decref(root);
	return group;
}
