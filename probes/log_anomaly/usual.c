/* SPDX-License-Identifier: Apache-2.0 */
/* usual: owns what is learnt of the hours of the day, and its text form; judges nothing. */
#include "probes/log_anomaly/usual.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- codes of a third of an octave ---- */

enum { HOURS = 24, WEEK = 168, FIELDS = 3, RATE = 0, PEAK = 1, GAP = 2, UNKNOWN = -1, CODES = 64 };
enum { ID_MAX = 16, MODELS_MAX = 8000, FORGET_DAYS = 14, HOUR_MS = 3600 * 1000 };

/* After so long an hour is learnt: five minutes for what comes late, and an hour because the next one is held against it, as it was yesterday. */
enum { LATE_MS = HOUR_MS + 5 * 60 * 1000 };

/* No code moves by more than an octave a day: one bad day does not become what is usual. */
enum { OCTAVE = 3 };

struct model {
	char id[ID_MAX];
	int64_t day; /* of the last event, since 1970 */
	signed char codes[FIELDS][HOURS];
	bool quiet
	    [WEEK]; /* nothing was written in that hour of the week when it was last over, although it was known by then */
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

/* Has it taken in another since the hours were learnt? Then they are of a part of what it counts now. */
static bool
is_of_a_part(const struct usual_group *learnt, const struct kd_log_template *template)
{
	return template->merged_ms != 0 && (template->merged_ms - LATE_MS) / HOUR_MS > learnt->hour;
}

/* Its model, and from which hour on it has to learn: a new one, or one that was of a part, from all that is there. */
static struct model *
prepare_model(struct usual_group *learnt, const struct kd_log_template *template, int64_t last_hour, int64_t *from_hour)
{
	struct model *model = find_model(learnt, template->id);

	*from_hour = learnt->hour + 1;
	if (model != NULL && !(is_of_a_part(learnt, template) && last_hour > learnt->hour))
		return model;
	*from_hour = INT64_MIN;
	if (model == NULL)
		return add_model(learnt, template->id, strlen(template->id));
	memset(model->codes, UNKNOWN, sizeof(model->codes));
	return model;
}

static void
learn_hours(struct usual_group *learnt, const struct kd_log_group *group, const struct kd_log_template *template)
{
	int64_t first = group->hours_from_ms / HOUR_MS, last = (group->until_ms - LATE_MS) / HOUR_MS, from;
	struct model *model = prepare_model(learnt, template, last - 1, &from);

	if (model == NULL)
		return;
	for (size_t i = 0; (i + 1) * FIELDS <= template->hours_count; i++) {
		int64_t hour = first + (int64_t)i;
		const double *seen = &template->hours[i * FIELDS];

		if (hour < from || hour >= last || !(seen[RATE] >= 0))
			continue;
		for (size_t f = 0; f < FIELDS; f++)
			learn_code(&model->codes[f][hour % HOURS], encode(seen[f]), f);
		model->quiet[hour % WEEK] = seen[RATE] == 0 && (hour + 1) * HOUR_MS > template->first_ms;
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

/* What was learnt of that hour of the day; false: nothing. */
static bool
widen_by_model(struct usual *usual, const struct model *model, int at)
{
	if (model == NULL || model->codes[RATE][at] == UNKNOWN)
		return false;
	widen(usual, decode(model->codes[RATE][at]), decode(model->codes[PEAK][at]), decode(model->codes[GAP][at]));
	return true;
}

/* By what was learnt, which moves slowly; the hour itself as it was yesterday only where nothing was: else a bad day would be usual the day after. */
struct usual
usual_find(const struct usual_group *learnt, const struct kd_log_group *group, const struct kd_log_template *template)
{
	const struct model *known = find_model(learnt, template->id);
	const struct model *model = is_of_a_part(learnt, template) ? NULL : known;
	int64_t now = group->until_ms / HOUR_MS, first = group->hours_from_ms / HOUR_MS;
	struct usual usual = {0};

	for (int64_t hour = now - HOURS - 1; hour <= now - HOURS + 1; hour++) {
		const double *seen = &template->hours[(hour - first) * FIELDS];

		if (!widen_by_model(&usual, model, (int)(hour % HOURS)) && hour >= first &&
		    (size_t)(hour - first + 1) * FIELDS <= template->hours_count && seen[RATE] >= 0)
			widen(&usual, seen[RATE], seen[PEAK], seen[GAP]);
	}
	for (int at = 0; !usual.known && at < HOURS; at++)
		widen_by_model(&usual, model, at);
	for (int64_t hour = now; hour <= now + 1; hour++)
		usual.quiet |= known != NULL && known->quiet[hour % WEEK];
	return usual;
}

/* ---- the state: "2;" then for each group "=NAME HOUR;" and its models "ID DAY CODES;", six hours of the week a letter behind the codes ---- */

static const char letters[CODES + 1] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char state_head[] = "2;";
enum {
	CODES_TEXT = FIELDS * HOURS,
	BITS = 6,
	MODEL_TEXT = CODES_TEXT + WEEK / BITS,
	STATE_MAX = 1000 * 1000,
	GROUP_NAME_MAX = 512
};

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

static int
number_of(char c)
{
	const char *letter = memchr(letters, c, CODES);

	return letter != NULL ? (int)(letter - letters) : UNKNOWN;
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
	for (size_t i = 0; i < CODES_TEXT; i++)
		model->codes[i / HOURS][i % HOURS] = (signed char)number_of(codes[1 + i]);
	for (size_t i = 0; i < WEEK; i++) {
		int bits = number_of(codes[1 + CODES_TEXT + i / BITS]);

		model->quiet[i] = bits != UNKNOWN && (bits >> i % BITS & 1);
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
	char *at = out + sprintf(out, "%s %" PRId64 " ", model->id, model->day);

	for (size_t i = 0; i < CODES_TEXT; i++) {
		signed char code = model->codes[i / HOURS][i % HOURS];

		*at++ = code == UNKNOWN ? '-' : letters[(size_t)code];
	}
	for (size_t i = 0; i < WEEK; i += BITS) {
		size_t bits = 0;

		for (size_t bit = 0; bit < BITS; bit++)
			bits |= (size_t)model->quiet[i + bit] << bit;
		*at++ = letters[bits];
	}
	*at++ = ';';
	return (size_t)(at - out);
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
