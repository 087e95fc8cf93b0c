/* SPDX-License-Identifier: Apache-2.0 */
/* usual: owns what is learnt of the hours of the day, and its text form; judges nothing. */
#include "probes/log_anomaly/usual.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- codes of a third of an octave ---- */

enum { HOURS = 24, FIELDS = 3, RATE = 0, PEAK = 1, GAP = 2, UNKNOWN = -1, CODES = 64 };
enum { ID_MAX = 16, MODELS_MAX = 8000, FORGET_DAYS = 14, LATE_MS = 5 * 60 * 1000, HOUR_MS = 3600 * 1000 };

/* No code moves by more than an octave a day: one bad day does not become what is usual. */
enum { OCTAVE = 3 };

struct model {
	char id[ID_MAX];
	int64_t day; /* of the last event, since 1970 */
	signed char codes[FIELDS][HOURS];
};

struct usual_group {
	char *group;
	int64_t hour; /* up to this one */
	struct model *models;
	size_t count, room;
	struct usual_group *next;
};

#define THIRD_OF_OCTAVE 1.2599210498948732

static double
decode(int code)
{
	double value = 1;

	for (int i = 0; i < code; i++)
		value *= THIRD_OF_OCTAVE;
	return value - 1;
}

static int
encode(double value)
{
	double limit = 1 + (THIRD_OF_OCTAVE - 1) / 2;
	int code = 0;

	for (; code < CODES - 1 && value + 1 > limit; code++)
		limit *= THIRD_OF_OCTAVE;
	return code;
}

static struct model *
find_model(const struct usual_group *learnt, const char *id)
{
	for (size_t i = 0; i < learnt->count; i++)
		if (strcmp(learnt->models[i].id, id) == 0)
			return &learnt->models[i];
	return NULL;
}

static struct model *
add_model(struct usual_group *learnt, const char *id, size_t len)
{
	struct model *model;

	if (learnt->count == MODELS_MAX || len >= ID_MAX)
		return NULL;
	if (learnt->count == learnt->room) {
		size_t room = learnt->room * 2 + 16;
		struct model *larger = realloc(learnt->models, room * sizeof(*larger));

		if (larger == NULL)
			return NULL;
		learnt->models = larger;
		learnt->room = room;
	}
	model = &learnt->models[learnt->count++];
	memset(model, 0, sizeof(*model));
	memcpy(model->id, id, len);
	memset(model->codes, UNKNOWN, sizeof(model->codes));
	return model;
}

/* Towards what was seen: the middle by half the way, the extremes at once upwards, slowly down. */
static void
learn_code(signed char *code, int seen, size_t field)
{
	int step = seen - *code;

	if (*code == UNKNOWN) {
		*code = (signed char)seen;
		return;
	}
	if (step > OCTAVE)
		step = OCTAVE;
	if (step < -OCTAVE)
		step = -OCTAVE;
	if (field == RATE)
		step = (step + (step > 0)) / 2;
	else if (step < 0)
		step = -1;
	*code = (signed char)(*code + step);
}

static void
learn_hours(struct usual_group *learnt, const struct kd_log_group *group, const struct kd_log_template *template)
{
	int64_t first = group->hours_from_ms / HOUR_MS, last = (group->until_ms - LATE_MS) / HOUR_MS;
	struct model *model = find_model(learnt, template->id);
	int64_t from = model == NULL ? INT64_MIN : learnt->hour + 1; /* of a new one all that is there */

	if (model == NULL)
		model = add_model(learnt, template->id, strlen(template->id));
	if (model == NULL)
		return;
	for (size_t i = 0; (i + 1) * FIELDS <= template->hours_count; i++) {
		int64_t hour = first + (int64_t)i;
		const double *seen = &template->hours[i * FIELDS];

		if (hour < from || hour >= last || !(seen[RATE] >= 0))
			continue;
		for (size_t f = 0; f < FIELDS; f++)
			learn_code(&model->codes[f][hour % HOURS], encode(seen[f]), f);
	}
	if (template->last_ms / (HOURS * (int64_t)HOUR_MS) > model->day)
		model->day = template->last_ms / (HOURS * (int64_t)HOUR_MS);
}

void
usual_learn(struct usual_group *learnt, const struct kd_log_group *group)
{
	for (size_t i = 0; i < group->templates_count; i++)
		learn_hours(learnt, group, &group->templates[i]);
	learnt->hour = (group->until_ms - LATE_MS) / HOUR_MS - 1;
}

static void
widen(struct usual *usual, double rate, double peak, double gap_s)
{
	usual->rate = !usual->known || rate < usual->rate ? rate : usual->rate;
	usual->peak = peak > usual->peak ? peak : usual->peak;
	usual->gap_s = gap_s > usual->gap_s ? gap_s : usual->gap_s;
	usual->known = true;
}

struct usual
usual_find(const struct usual_group *learnt, const struct kd_log_group *group, const struct kd_log_template *template)
{
	const struct model *model = find_model(learnt, template->id);
	int64_t now = group->until_ms / HOUR_MS, first = group->hours_from_ms / HOUR_MS;
	struct usual usual = {0};

	for (int64_t hour = now - HOURS - 1; hour <= now - HOURS + 1; hour++) {
		const double *seen = &template->hours[(hour - first) * FIELDS];
		int at = (int)(hour % HOURS);

		if (hour >= first && (size_t)(hour - first + 1) * FIELDS <= template->hours_count && seen[RATE] >= 0)
			widen(&usual, seen[RATE], seen[PEAK], seen[GAP]);
		if (model != NULL && model->codes[RATE][at] != UNKNOWN)
			widen(&usual, decode(model->codes[RATE][at]), decode(model->codes[PEAK][at]),
			    decode(model->codes[GAP][at]));
	}
	for (int at = 0; model != NULL && !usual.known && at < HOURS; at++)
		if (model->codes[RATE][at] != UNKNOWN)
			widen(&usual, decode(model->codes[RATE][at]), decode(model->codes[PEAK][at]),
			    decode(model->codes[GAP][at]));
	return usual;
}

/* ---- the state: "1;" then for each group "=NAME HOUR;" and its models "ID DAY CODES;" ---- */

static const char letters[CODES + 1] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char state_head[] = "1;";
enum { MODEL_TEXT = FIELDS * HOURS, STATE_MAX = 1000 * 1000, GROUP_NAME_MAX = 512 };

void
usual_free(struct usual_group *learnt)
{
	struct usual_group *next;

	for (; learnt != NULL; learnt = next) {
		next = learnt->next;
		free(learnt->group);
		free(learnt->models);
		free(learnt);
	}
}

static struct usual_group *
add_group(struct usual_group **list, const char *name, size_t len, int64_t hour)
{
	struct usual_group *learnt = calloc(1, sizeof(*learnt));

	if (learnt == NULL || (learnt->group = strndup(name, len)) == NULL) {
		free(learnt);
		return NULL;
	}
	learnt->hour = hour;
	learnt->next = *list;
	*list = learnt;
	return learnt;
}

static void
read_model(struct usual_group *learnt, const char *entry, size_t len)
{
	const char *day = memchr(entry, ' ', len),
		   *codes = day != NULL ? memchr(day + 1, ' ', len - (size_t)(day + 1 - entry)) : NULL;
	struct model *model;

	if (codes == NULL || (size_t)(entry + len - codes - 1) != MODEL_TEXT)
		return;
	model = add_model(learnt, entry, (size_t)(day - entry));
	if (model == NULL)
		return;
	model->day = strtoll(day + 1, NULL, 10);
	for (size_t i = 0; i < MODEL_TEXT; i++) {
		const char *letter = memchr(letters, codes[1 + i], CODES);

		model->codes[i / HOURS][i % HOURS] = (signed char)(letter != NULL ? letter - letters : UNKNOWN);
	}
}

struct usual_group *
usual_read(const char *state)
{
	struct usual_group *list = NULL, *learnt = NULL;
	size_t len;

	if (state == NULL || strncmp(state, state_head, sizeof(state_head) - 1) != 0)
		return NULL;
	for (state += sizeof(state_head) - 1; *state != '\0'; state += len + (state[len] == ';')) {
		const char *blank;

		len = strcspn(state, ";");
		blank = memchr(state, ' ', len);
		if (*state == '=' && blank != NULL)
			learnt = add_group(&list, state + 1, (size_t)(blank - state - 1), strtoll(blank + 1, NULL, 10));
		else if (*state != '=' && learnt != NULL)
			read_model(learnt, state, len);
	}
	return list;
}

static size_t
write_model(const struct model *model, char *out)
{
	int len = sprintf(out, "%s %" PRId64 " ", model->id, model->day);

	for (size_t i = 0; i < MODEL_TEXT; i++) {
		signed char code = model->codes[i / HOURS][i % HOURS];

		out[(size_t)len + i] = code == UNKNOWN ? '-' : letters[(size_t)code];
	}
	out[(size_t)len + MODEL_TEXT] = ';';
	return (size_t)len + MODEL_TEXT + 1;
}

/* A group of which nothing is fresh is forgotten: it is not read any more. */
static size_t
write_group(const struct usual_group *learnt, int64_t now_ms, char *out, size_t room)
{
	size_t head = (size_t)sprintf(out, "=%.*s %" PRId64 ";", GROUP_NAME_MAX, learnt->group, learnt->hour);
	size_t len = head;

	for (size_t i = 0; i < learnt->count && len < room; i++)
		if (learnt->models[i].day + FORGET_DAYS >= now_ms / (HOURS * (int64_t)HOUR_MS))
			len += write_model(&learnt->models[i], out + len);
	return len > head ? len : 0;
}

void
usual_write(const struct usual_group *list, int64_t now_ms, struct kd_report *out)
{
	char *text = malloc(STATE_MAX + GROUP_NAME_MAX + 256);
	size_t len = sizeof(state_head) - 1;

	if (text == NULL)
		return;
	memcpy(text, state_head, len);
	for (; list != NULL && len < STATE_MAX; list = list->next)
		len += write_group(list, now_ms, text + len, STATE_MAX - len);
	text[len] = '\0';
	kd_keep_state(out, text);
	free(text);
}

struct usual_group *
usual_get(struct usual_group **list, const char *name)
{
	for (struct usual_group *learnt = *list; learnt != NULL; learnt = learnt->next)
		if (strcmp(learnt->group, name) == 0)
			return learnt;
	return add_group(list, name, strlen(name), INT64_MIN / 2);
}

const char *
usual_name(const struct usual_group *learnt)
{
	return learnt->group;
}

const struct usual_group *
usual_next(const struct usual_group *learnt)
{
	return learnt->next;
}
