/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_anomaly: what do the consumers' and producers' logs say that they did not say yesterday? Errors, new templates, bursts and silences against the rates of the hour of the day,
 * and errors whose text names their cause. What is usual is the probe's state.
 */
#include <inttypes.h>
#include <kdiag/probe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEARNING, FACTOR, ERROR_COUNT, BURST_COUNT, NEW_COUNT, NEW_FOR, SILENCE, SILENCE_COUNT, IGNORE };

static const struct kd_option options[] = {
    [LEARNING] = {"learning", KD_DURATION, "24h", 600, 14 * 86400,
	"how long a log group is learnt from before something in it is unusual; of a new one that much of the past is "
	"read"},
    [FACTOR] = {"factor", KD_INTEGER, "3", 2, 100,
	"how many times the most that is usual at this hour makes a burst, and the longest pause a silence"},
    [ERROR_COUNT] = {"error_count", KD_INTEGER, "10", 1, 1000000, "fewer errors than this in 5 min are never too many"},
    [BURST_COUNT] = {"burst_count", KD_INTEGER, "50", 1, 1000000,
	"fewer events of a template than this in 5 min are never a burst"},
    [NEW_COUNT] = {"new_count", KD_INTEGER, "3", 1, 1000000, "a new template is told once it was written so often"},
    [NEW_FOR] = {"new_for", KD_DURATION, "1h", 60, 7 * 86400, "how long a template is new"},
    [SILENCE] = {"silence", KD_DURATION, "2m", 30, 86400, "shorter pauses than this are never a silence"},
    [SILENCE_COUNT] = {"silence_count", KD_INTEGER, "20", 3, 1000000,
	"how many events must have been due for a pause to be a silence"},
    [IGNORE] = {"ignore", KD_LIST, NULL, 0, 100, "ids of templates of which nothing is told"},
};

static const struct kd_need needs[] = {{.kind = KD_LOG_GROUPS, .window_option = 1 + LEARNING}};

enum { ERRORS, NEW_TEMPLATE, BURST, SILENT, FAULTS_CAPTURE, FAULTS_PERMISSIONS, FAULTS_LATENCY };

static const struct kd_check checks[] = {
    [ERRORS] = {"errors", "stream_not_capturing_data", "Inspect CloudWatch Logs: errors"},
    [NEW_TEMPLATE] = {"new_template", "stream_not_capturing_data", "Inspect CloudWatch Logs: what is new"},
    [BURST] = {"burst", "high_latency", "Inspect CloudWatch Logs: what is written more than usual"},
    [SILENT] = {"silence", "stream_not_capturing_data", "Inspect CloudWatch Logs: what is not written any more"},
    [FAULTS_CAPTURE] = {"known_faults", "stream_not_capturing_data", "Inspect CloudWatch Logs: known faults"},
    [FAULTS_PERMISSIONS] = {"known_faults_permissions", "permission_issues", "Inspect CloudWatch Logs: refused calls"},
    [FAULTS_LATENCY] = {"known_faults_latency", "high_latency", "Inspect CloudWatch Logs: what slows consumers down"},
};

/* ---- known faults: what each means, and what to do ---- */

enum next { NEXT_LOGS, NEXT_STREAM, NEXT_DIAGNOSE };

/*
 * count: so many in 15 min are none of the faults that every client lives with. pattern: for the raw events, whose values are nobody's but their owner's.
 */
static const struct rule {
	const char *name;
	size_t check;
	enum kd_severity severity;
	double count;
	const char *means;
	enum next next;
	const char *pattern;
} rules[] = {
    {"kms", FAULTS_PERMISSIONS, KD_CRITICAL, 1, "the stream's KMS key cannot be used", NEXT_STREAM, "KMS"},
    {"credentials", FAULTS_PERMISSIONS, KD_CRITICAL, 1, "credentials are missing or expired", NEXT_LOGS, "oken"},
    {"access_denied", FAULTS_PERMISSIONS, KD_CRITICAL, 1, "a call is denied", NEXT_DIAGNOSE, "AccessDenied"},
    {"not_found", FAULTS_CAPTURE, KD_CRITICAL, 1, "a stream, table or function is not there", NEXT_LOGS,
	"ResourceNotFoundException"},
    {"checkpoint", FAULTS_CAPTURE, KD_WARNING, 3, "progress is not saved, records will be read again", NEXT_LOGS,
	"checkpoint"},
    {"crashed", FAULTS_CAPTURE, KD_WARNING, 1, "the process ended", NEXT_LOGS, "exited"},
    {"out_of_memory", FAULTS_CAPTURE, KD_CRITICAL, 1, "the process ran out of memory", NEXT_LOGS, "emory"},
    {"expired_iterator", FAULTS_LATENCY, KD_WARNING, 1, "more than 5 min went by between two reads of a shard",
	NEXT_DIAGNOSE, "ExpiredIterator"},
    {"throughput_exceeded", FAULTS_LATENCY, KD_WARNING, 10, "reads or writes pass the limits of a shard", NEXT_DIAGNOSE,
	"ProvisionedThroughputExceeded"},
    {"lease_lost", FAULTS_LATENCY, KD_WARNING, 10, "workers take shards from each other", NEXT_LOGS, "ease"},
    {"timed_out", FAULTS_LATENCY, KD_WARNING, 1, "the function takes longer than it may", NEXT_LOGS, "timed out"},
    {"throttled", FAULTS_LATENCY, KD_WARNING, 10, "calls are refused for their rate", NEXT_LOGS, "xception"},
    {"connection", FAULTS_LATENCY, KD_WARNING, 10, "connections break or are not made", NEXT_LOGS, "onnect"},
};

static const struct rule *
rule_of(const char *name)
{
	for (size_t i = 0; i < KD_COUNT(rules); i++)
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}

/* ---- what is usual: for each hour of the day the events, the most in 5 min, the longest pause ---- */

enum { HOURS = 24, FIELDS = 3, RATE = 0, PEAK = 1, GAP = 2, UNKNOWN = -1, CODES = 64 };
enum { ID_MAX = 16, MODELS_MAX = 8000, FORGET_DAYS = 14, LATE_MS = 5 * 60 * 1000, HOUR_MS = 3600 * 1000 };

/* Codes of a third of an octave, and no code moves by more than an octave a day: one bad day does not become what is usual. */
enum { OCTAVE = 3 };

struct model {
	char id[ID_MAX];
	int64_t day; /* of the last event, since 1970 */
	signed char codes[FIELDS][HOURS];
};

struct learnt {
	char *group;
	int64_t hour; /* up to this one */
	struct model *models;
	size_t count, room;
	struct learnt *next;
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
find_model(const struct learnt *learnt, const char *id)
{
	for (size_t i = 0; i < learnt->count; i++)
		if (strcmp(learnt->models[i].id, id) == 0)
			return &learnt->models[i];
	return NULL;
}

static struct model *
add_model(struct learnt *learnt, const char *id, size_t len)
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
learn_hours(struct learnt *learnt, const struct kd_log_group *group, const struct kd_log_template *template)
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

static void
learn(struct learnt *learnt, const struct kd_log_group *group)
{
	for (size_t i = 0; i < group->templates_count; i++)
		learn_hours(learnt, group, &group->templates[i]);
	learnt->hour = (group->until_ms - LATE_MS) / HOUR_MS - 1;
}

struct usual {
	double peak, gap_s;
	double rate; /* events an hour, the least of the hours around this one */
	bool known;
};

static void
widen(struct usual *usual, double rate, double peak, double gap_s)
{
	usual->rate = !usual->known || rate < usual->rate ? rate : usual->rate;
	usual->peak = peak > usual->peak ? peak : usual->peak;
	usual->gap_s = gap_s > usual->gap_s ? gap_s : usual->gap_s;
	usual->known = true;
}

/* Of this hour of the day and those beside it, by the state and by yesterday itself, which knows of merged templates; without any of the whole day. */
static struct usual
find_usual(const struct learnt *learnt, const struct kd_log_group *group, const struct kd_log_template *template)
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

static void
free_learnt(struct learnt *learnt)
{
	struct learnt *next;

	for (; learnt != NULL; learnt = next) {
		next = learnt->next;
		free(learnt->group);
		free(learnt->models);
		free(learnt);
	}
}

static struct learnt *
add_learnt(struct learnt **list, const char *name, size_t len, int64_t hour)
{
	struct learnt *learnt = calloc(1, sizeof(*learnt));

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
read_model(struct learnt *learnt, const char *entry, size_t len)
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

/* What makes no sense is passed over: it is learnt again. */
static struct learnt *
read_state(const char *state)
{
	struct learnt *list = NULL, *learnt = NULL;
	size_t len;

	if (state == NULL || strncmp(state, state_head, sizeof(state_head) - 1) != 0)
		return NULL;
	for (state += sizeof(state_head) - 1; *state != '\0'; state += len + (state[len] == ';')) {
		const char *blank;

		len = strcspn(state, ";");
		blank = memchr(state, ' ', len);
		if (*state == '=' && blank != NULL)
			learnt =
			    add_learnt(&list, state + 1, (size_t)(blank - state - 1), strtoll(blank + 1, NULL, 10));
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
		int code = model->codes[i / HOURS][i % HOURS];

		out[(size_t)len + i] = code == UNKNOWN ? '-' : letters[code];
	}
	out[(size_t)len + MODEL_TEXT] = ';';
	return (size_t)len + MODEL_TEXT + 1;
}

static void
write_state(const struct learnt *list, int64_t now_ms, struct kd_report *out)
{
	char *text = malloc(STATE_MAX + GROUP_NAME_MAX + 256);
	size_t len = sizeof(state_head) - 1;

	if (text == NULL)
		return;
	memcpy(text, state_head, len);
	for (; list != NULL && len < STATE_MAX; list = list->next) {
		len += (size_t)sprintf(text + len, "=%.*s %" PRId64 ";", GROUP_NAME_MAX, list->group, list->hour);
		for (size_t i = 0; i < list->count && len < STATE_MAX; i++)
			if (list->models[i].day + FORGET_DAYS >= now_ms / (HOURS * (int64_t)HOUR_MS))
				len += write_model(&list->models[i], text + len);
	}
	text[len] = '\0';
	kd_keep_state(out, text);
	free(text);
}

/* ---- sentences ---- */

enum { QUOTE_MAX = 80, TEXT_SIZE = 128 };

/* A template in a sentence: in quotes, cut between characters. */
static const char *
quote(const char *text, char out[TEXT_SIZE])
{
	size_t len = strlen(text);
	bool cut = len > QUOTE_MAX;

	if (cut)
		for (len = QUOTE_MAX; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
			;
	snprintf(out, TEXT_SIZE, "\"%.*s%s\"", (int)len, text, cut ? " ..." : "");
	return out;
}

/* " and 3 more"; "" when there are none. */
static const char *
more(size_t others, char out[TEXT_SIZE])
{
	snprintf(out, TEXT_SIZE, others == 0 ? "" : ", and %zu more", others);
	return out;
}

/* " (12 % of the log read)"; "" when all was. */
static const char *
sampled(const struct kd_log_group *group, char out[TEXT_SIZE])
{
	snprintf(out, TEXT_SIZE, group->share >= 0.995 ? "" : " (%.2g %% of the log read)", group->share * 100);
	return out;
}

static void
show_raw(const struct kd_facts *facts, const struct kd_log_group *group, int64_t from_ms, const char *pattern,
    struct kd_report *out)
{
	kd_next(out, "aws logs filter-log-events --log-group-name '%s' --start-time %" PRId64 "%s%s%s --region %s",
	    group->name, from_ms, pattern != NULL ? " --filter-pattern '\"" : "", pattern != NULL ? pattern : "",
	    pattern != NULL ? "\"'" : "", kd_stream_region(facts));
}

static void
add_evidence(const struct kd_log_group *group, const struct kd_log_template *template, struct kd_report *out)
{
	kd_evidence_string(out, "log_group", group->name);
	kd_evidence_string(out, "template", template->id);
	kd_evidence_string(out, "text", template->text);
	kd_evidence_integer(out, "events_5m", (int64_t)(template->recent + 0.5));
	if (group->share < 0.995)
		kd_evidence_number(out, "share", group->share);
}

/* ---- judging ---- */

struct judging {
	const struct kd_facts *facts;
	const struct kd_settings *settings;
	const struct kd_log_group *group;
	const struct learnt *learnt;
	struct kd_report *out;
};

static bool
is_ignored(const struct judging *judging, const struct kd_log_template *template)
{
	size_t count;
	const char *const *ids = kd_list(judging->settings, IGNORE, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(ids[i], template->id) == 0)
			return true;
	return false;
}

static bool
is_new(const struct judging *judging, const struct kd_log_template *template)
{
	const struct kd_log_group *group = judging->group;
	int64_t learning_ms = kd_duration_s(judging->settings, LEARNING) * 1000;

	return template->first_ms != 0 && template->first_ms >= group->since_ms + learning_ms &&
	       group->until_ms - template->first_ms < kd_duration_s(judging->settings, NEW_FOR) * 1000;
}

static void
judge_errors(const struct judging *judging)
{
	const struct kd_log_group *group = judging->group;
	const struct kd_log_template *errors = &group->templates[1];
	struct usual usual = find_usual(judging->learnt, group, errors);
	int64_t least = kd_integer(judging->settings, ERROR_COUNT);
	double limit = usual.peak * (double)kd_integer(judging->settings, FACTOR);
	bool bad = errors->recent >= (double)least && errors->recent > limit;
	char share[TEXT_SIZE];

	kd_find(judging->out, ERRORS, group->name, bad ? KD_WARNING : KD_OK,
	    "%.0f error%s in 5 min in %s%s, %.0f at most %s usual at this hour", errors->recent,
	    errors->recent == 1 ? "" : "s", group->name, sampled(group, share), usual.peak,
	    usual.peak == 1 ? "is" : "are");
	kd_evidence_string(judging->out, "log_group", group->name);
	kd_evidence_integer(judging->out, "errors_5m", (int64_t)(errors->recent + 0.5));
	kd_evidence_integer(judging->out, "usual_5m", (int64_t)(usual.peak + 0.5));
	if (bad)
		show_raw(judging->facts, group, group->recent_from_ms, "ERROR", judging->out);
}

/* What of the templates is bad, the worst of it first. */
struct worst {
	const struct kd_log_template *template;
	double weight;
	size_t count;
	bool failing;
	struct usual usual;
};

static void
take_worse(struct worst *worst, const struct kd_log_template *template, double weight, const struct usual *usual)
{
	worst->count++;
	if (worst->template != NULL &&
	    (worst->failing > template->failing || (worst->failing == template->failing && worst->weight >= weight)))
		return;
	worst->template = template;
	worst->weight = weight;
	worst->failing = template->failing;
	worst->usual = *usual;
}

static void
judge_new(const struct judging *judging)
{
	const struct kd_log_group *group = judging->group;
	struct worst worst = {0};
	char text[TEXT_SIZE], others[TEXT_SIZE], age[KD_AGE_SIZE], share[TEXT_SIZE];

	for (size_t i = 2; i < group->templates_count; i++) {
		const struct kd_log_template *template = &group->templates[i];

		if (is_new(judging, template) && !is_ignored(judging, template) &&
		    template->count >= (double)kd_integer(judging->settings, NEW_COUNT))
			take_worse(&worst, template, template->count, &(const struct usual){0});
	}
	if (worst.count == 0) {
		kd_find(judging->out, NEW_TEMPLATE, group->name, KD_OK, "nothing new in %s%s, %zu templates are known",
		    group->name, sampled(group, share), group->templates_count - 2);
		return;
	}
	kd_find(judging->out, NEW_TEMPLATE, group->name, worst.failing ? KD_WARNING : KD_INFO,
	    "new in %s: %s, %.0f times in %s%s%s", group->name, quote(worst.template->text, text),
	    worst.template->count, kd_age((group->until_ms - worst.template->first_ms) / 1000, age),
	    more(worst.count - 1, others), sampled(group, share));
	add_evidence(group, worst.template, judging->out);
	kd_evidence_integer(judging->out, "new_templates", (int64_t)worst.count);
	show_raw(judging->facts, group, worst.template->first_ms, NULL, judging->out);
}

static void
judge_burst(const struct judging *judging)
{
	const struct kd_log_group *group = judging->group;
	struct worst worst = {0};
	char text[TEXT_SIZE], others[TEXT_SIZE], share[TEXT_SIZE];

	for (size_t i = 2; i < group->templates_count; i++) {
		const struct kd_log_template *template = &group->templates[i];
		struct usual usual = find_usual(judging->learnt, group, template);

		if (template->recent >= (double)kd_integer(judging->settings, BURST_COUNT) && usual.known &&
		    template->recent > usual.peak * (double)kd_integer(judging->settings, FACTOR) &&
		    !is_new(judging, template) && !is_ignored(judging, template))
			take_worse(&worst, template, template->recent / (usual.peak + 1), &usual);
	}
	if (worst.count == 0) {
		kd_find(judging->out, BURST, group->name, KD_OK, "%zu templates of %s%s are written as often as usual",
		    group->templates_count - 2, group->name, sampled(group, share));
		return;
	}
	kd_find(judging->out, BURST, group->name, worst.failing ? KD_WARNING : KD_INFO,
	    "burst in %s: %s, %.0f in 5 min, %.0f at most are usual at this hour%s%s", group->name,
	    quote(worst.template->text, text), worst.template->recent, worst.usual.peak, more(worst.count - 1, others),
	    sampled(group, share));
	add_evidence(group, worst.template, judging->out);
	kd_evidence_integer(judging->out, "usual_5m", (int64_t)(worst.usual.peak + 0.5));
	show_raw(judging->facts, group, group->recent_from_ms, NULL, judging->out);
}

/* Is it silent for longer than it ever was at this hour, although much was due? *due: how many events. After a day it counts as gone. */
static bool
is_silent(const struct judging *judging, const struct kd_log_template *template, const struct usual *usual, double *due)
{
	int64_t pause_s = (judging->group->until_ms - template->last_ms) / 1000;

	*due = usual->rate / 3600 * (double)pause_s * judging->group->share;
	return usual->known && template->last_ms != 0 && pause_s >= kd_duration_s(judging->settings, SILENCE) &&
	       pause_s < HOURS * 3600 &&
	       (double)pause_s > usual->gap_s * (double)kd_integer(judging->settings, FACTOR) &&
	       *due >= (double)kd_integer(judging->settings, SILENCE_COUNT);
}

/* What fails no more is no trouble. */
static void
find_silent(const struct judging *judging, struct worst *worst)
{
	const struct kd_log_group *group = judging->group;

	for (size_t i = 0; i < group->templates_count; i++) {
		const struct kd_log_template *template = &group->templates[i];
		struct usual usual = find_usual(judging->learnt, group, template);
		double due;

		if (i == 1 || template->failing || is_ignored(judging, template) ||
		    !is_silent(judging, template, &usual, &due))
			continue;
		take_worse(worst, template, due, &usual);
		if (i == 0)
			return; /* the whole group: its templates need no word */
	}
}

static void
judge_silence(const struct judging *judging)
{
	const struct kd_log_group *group = judging->group;
	struct worst worst = {0};
	char text[TEXT_SIZE], others[TEXT_SIZE], age[KD_AGE_SIZE];
	const char *what;

	find_silent(judging, &worst);
	if (worst.count == 0) {
		kd_find(judging->out, SILENT, group->name, KD_OK, "nothing in %s has fallen silent", group->name);
		return;
	}
	what = *worst.template->text == '\0' ? "the whole log group" : quote(worst.template->text, text);
	kd_find(judging->out, SILENT, group->name, KD_WARNING,
	    "silent in %s: %s for %s, %.0f an hour are usual at this time%s", group->name, what,
	    kd_age((group->until_ms - worst.template->last_ms) / 1000, age), worst.usual.rate,
	    more(worst.count - 1, others));
	add_evidence(group, worst.template, judging->out);
	kd_evidence_integer(judging->out, "usual_hour", (int64_t)(worst.usual.rate + 0.5));
	show_raw(judging->facts, group, worst.template->last_ms, NULL, judging->out);
}

static void
say_next(const struct judging *judging, const struct rule *rule)
{
	if (rule->next == NEXT_STREAM)
		kd_next(judging->out, "aws kinesis describe-stream-summary --stream-name %s --region %s",
		    kd_stream_name(judging->facts), kd_stream_region(judging->facts));
	else if (rule->next == NEXT_DIAGNOSE)
		kd_next(judging->out, "kdiagctl diagnose %s --symptom %s", kd_stream_name(judging->facts),
		    checks[rule->check].symptom);
	else
		show_raw(judging->facts, judging->group, judging->group->faults_from_ms, rule->pattern, judging->out);
}

static void
judge_faults(const struct judging *judging, size_t check)
{
	const struct kd_log_group *group = judging->group;
	const struct kd_log_fault *worst = NULL;
	const struct rule *worst_rule = NULL;
	char text[TEXT_SIZE], others[TEXT_SIZE];
	size_t count = 0;

	for (size_t i = 0; i < group->faults_count; i++) {
		const struct rule *rule = rule_of(group->faults[i].name);

		if (rule == NULL || rule->check != check || group->faults[i].count < rule->count)
			continue;
		count++;
		if (worst == NULL || rule->severity > worst_rule->severity ||
		    (rule->severity == worst_rule->severity && group->faults[i].count > worst->count)) {
			worst = &group->faults[i];
			worst_rule = rule;
		}
	}
	if (worst == NULL) {
		kd_find(judging->out, check, group->name, KD_OK, "none in the last 15 min of %s", group->name);
		return;
	}
	kd_find(judging->out, check, group->name, worst_rule->severity, "%s (%.0f times in 15 min in %s): %s%s",
	    worst_rule->means, worst->count, group->name, quote(worst->text, text), more(count - 1, others));
	kd_evidence_string(judging->out, "log_group", group->name);
	kd_evidence_string(judging->out, "fault", worst->name);
	kd_evidence_integer(judging->out, "events_15m", (int64_t)(worst->count + 0.5));
	say_next(judging, worst_rule);
}

/* ---- a group ---- */

/* The reason is told once; what else could not be judged follows from it. */
static void
say_missing(const struct judging *judging)
{
	const struct kd_log_group *group = judging->group;
	char blame[GROUP_NAME_MAX + TEXT_SIZE];

	snprintf(blame, sizeof(blame), "log_anomaly/%s/%s", checks[ERRORS].name, group->name);
	for (size_t check = 0; check < KD_COUNT(checks); check++)
		kd_unknown_because(judging->out, check, group->name, group->missing,
		    check == ERRORS ? group->blame : blame, "%s", group->why);
}

static void
say_learning(const struct judging *judging, int64_t learnt_s)
{
	const struct kd_log_group *group = judging->group;
	char done[KD_AGE_SIZE], all[KD_AGE_SIZE];

	kd_age(learnt_s, done);
	kd_age(kd_duration_s(judging->settings, LEARNING), all);
	for (size_t check = ERRORS; check <= SILENT; check++) {
		kd_find(judging->out, check, group->name, check == NEW_TEMPLATE ? KD_INFO : KD_OK,
		    "learning from %s, %s of %s: nothing is unusual yet", group->name, done, all);
		kd_evidence_integer(judging->out, "learnt_s", learnt_s);
	}
}

static void
judge_group(const struct judging *judging)
{
	const struct kd_log_group *group = judging->group;
	int64_t learnt_s = (group->until_ms - group->since_ms) / 1000;

	if (group->missing != KD_KNOWN || group->templates_count < 2) {
		say_missing(judging);
		return;
	}
	if (group->behind || learnt_s < kd_duration_s(judging->settings, LEARNING)) {
		say_learning(judging, learnt_s);
	} else {
		judge_errors(judging);
		judge_new(judging);
		judge_burst(judging);
		judge_silence(judging);
	}
	for (size_t check = FAULTS_CAPTURE; check <= FAULTS_LATENCY; check++)
		judge_faults(judging, check);
}

static struct learnt *
learnt_of(struct learnt **list, const struct kd_log_group *group)
{
	for (struct learnt *learnt = *list; learnt != NULL; learnt = learnt->next)
		if (strcmp(learnt->group, group->name) == 0)
			return learnt;
	return add_learnt(list, group->name, strlen(group->name), INT64_MIN / 2);
}

static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	size_t count;
	const struct kd_log_group *groups = kd_get_log_groups(facts, 0, &count);
	struct learnt *list;

	if (groups == NULL && kd_missing(facts, 0) == KD_NOT_CONFIGURED) {
		kd_find(out, ERRORS, NULL, KD_OK, "%s", kd_missing_why(facts, 0));
		return;
	}
	if (groups == NULL) {
		kd_unknown(out, ERRORS, NULL, facts, 0);
		return;
	}
	list = read_state(kd_state(facts));
	for (size_t i = 0; i < count; i++) {
		struct judging judging = {.facts = facts, .settings = settings, .group = &groups[i], .out = out};
		struct learnt *learnt = learnt_of(&list, &groups[i]);

		judging.learnt = learnt;
		if (learnt == NULL)
			continue;
		judge_group(&judging);
		if (groups[i].missing == KD_KNOWN && !groups[i].behind)
			learn(learnt, &groups[i]);
	}
	write_state(list, kd_now_ms(facts), out);
	free_learnt(list);
}

const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI,
    .name = "log_anomaly",
    .title = "do the logs of its consumers and producers say what they did not say before?",
    .needs = needs,
    .needs_count = KD_COUNT(needs),
    .options = options,
    .options_count = KD_COUNT(options),
    .checks = checks,
    .checks_count = KD_COUNT(checks),
    .open = {2, 3},
    .resolve = {3, 3},
    .judge = judge,
};
