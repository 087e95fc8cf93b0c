/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_anomaly: what do the consumers' and producers' logs say that they did not say yesterday? Errors, new templates, bursts and silences against the rates of the hour of the day,
 * and errors whose text names their cause. What is usual is the probe's state.
 */
#include <inttypes.h>
#include <kdiag/probe.h>
#include <stdio.h>
#include <string.h>

#include "probes/log_anomaly/faults.h"
#include "probes/log_anomaly/usual.h"

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

/* The runbook has one step for all that logs say. */
#define STEP "Inspect CloudWatch Logs"

static const struct kd_check checks[] = {
    [ERRORS] = {"errors", "stream_not_capturing_data", STEP},
    [NEW_TEMPLATE] = {"new_template", "stream_not_capturing_data", STEP},
    [BURST] = {"burst", "high_latency", STEP},
    [SILENT] = {"silence", "stream_not_capturing_data", STEP},
    [FAULTS_CAPTURE] = {"known_faults", "stream_not_capturing_data", STEP},
    [FAULTS_PERMISSIONS] = {"known_faults_permissions", "permission_issues", STEP},
    [FAULTS_LATENCY] = {"known_faults_latency", "high_latency", STEP},
};

/* ---- sentences ---- */

enum { DAY_S = 86400, WEEK_S = 7 * DAY_S };
enum {
	NAME_SIZE = 101,
	QUOTE_MAX = 80,
	TEXT_SIZE = 128,
	BLAME_SIZE = 640
}; /* 640: a name of a log group has up to 512 bytes */

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

/* A log group in a sentence, which has to end: a name of up to 512 bytes, all ASCII, is cut in the middle. The subject and the evidence have it whole. */
static void
shorten(const char *name, char out[NAME_SIZE])
{
	size_t len = strlen(name), half = (NAME_SIZE - 4) / 2;

	if (len < NAME_SIZE)
		snprintf(out, NAME_SIZE, "%s", name);
	else
		snprintf(out, NAME_SIZE, "%.*s...%s", (int)half, name, name + len - half);
}

/* "once", "14 times" */
static const char *
times(double count, char out[TEXT_SIZE])
{
	snprintf(out, TEXT_SIZE, count < 1.5 ? "once" : "%.0f times", count);
	return out;
}

/* ", and 3 more"; "" when there are none. */
static const char *
more(size_t others, char out[TEXT_SIZE])
{
	*out = '\0';
	if (others > 0)
		snprintf(out, TEXT_SIZE, ", and %zu more", others);
	return out;
}

/* " (12 % of the log read)"; "" when all was. */
static const char *
sampled(const struct kd_log_group *group, char out[TEXT_SIZE])
{
	*out = '\0';
	if (group->share < 0.995)
		snprintf(out, TEXT_SIZE, " (%.2g %% of the log read)", group->share * 100);
	return out;
}

/* pattern: a filter pattern of CloudWatch Logs, or NULL. */
static void
show_raw(const struct kd_facts *facts, const struct kd_log_group *group, int64_t from_ms, const char *pattern,
    struct kd_report *out)
{
	kd_next(out, "aws logs filter-log-events --log-group-name '%s' --start-time %" PRId64 "%s%s%s --region %s",
	    group->name, from_ms, pattern != NULL ? " --filter-pattern '" : "", pattern != NULL ? pattern : "",
	    pattern != NULL ? "'" : "", kd_stream_region(facts));
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
	const struct usual_group *usual;
	struct kd_report *out;
	char name[NAME_SIZE]; /* the group's, for sentences */
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

/* What came in the last hour of the learning time is new as well: a day but an hour does not have it. */
static int64_t
known_from_ms(const struct judging *judging)
{
	int64_t learning_s = kd_duration_s(judging->settings, LEARNING);
	int64_t new_s = kd_duration_s(judging->settings, NEW_FOR);

	return judging->group->since_ms + (new_s < learning_s / 2 ? learning_s - new_s : learning_s / 2) * 1000;
}

static bool
is_new(const struct judging *judging, const struct kd_log_template *template)
{
	return template->first_ms != 0 && template->first_ms >= known_from_ms(judging) &&
	       judging->group->until_ms - template->first_ms < kd_duration_s(judging->settings, NEW_FOR) * 1000;
}

static void
judge_errors(const struct judging *judging)
{
	const struct kd_log_group *group = judging->group;
	const struct kd_log_template *errors = &group->templates[1];
	struct usual usual = usual_find(judging->usual, group, errors);
	int64_t least = kd_integer(judging->settings, ERROR_COUNT);
	double limit = usual.peak * (double)kd_integer(judging->settings, FACTOR);
	bool bad = errors->recent >= (double)least && errors->recent > limit;
	char share[TEXT_SIZE];

	kd_find(judging->out, ERRORS, group->name, bad ? KD_WARNING : KD_OK,
	    "%.0f error%s in 5 min in %s%s, %.0f at most %s usual at this hour", errors->recent,
	    errors->recent == 1 ? "" : "s", judging->name, sampled(group, share), usual.peak,
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
	size_t known = group->templates_count - 2;
	struct worst worst = {0};
	char text[TEXT_SIZE], others[TEXT_SIZE], age[KD_AGE_SIZE], share[TEXT_SIZE], count[TEXT_SIZE];

	for (size_t i = 2; i < group->templates_count; i++) {
		const struct kd_log_template *template = &group->templates[i];

		if (is_new(judging, template) && !is_ignored(judging, template) &&
		    template->count >= (double)kd_integer(judging->settings, NEW_COUNT))
			take_worse(&worst, template, template->count, &(const struct usual){0});
	}
	if (worst.count == 0) {
		kd_find(judging->out, NEW_TEMPLATE, group->name, KD_OK, "nothing new in %s%s, %zu template%s known",
		    judging->name, sampled(group, share), known, known == 1 ? " is" : "s are");
		return;
	}
	kd_find(judging->out, NEW_TEMPLATE, group->name, worst.failing ? KD_WARNING : KD_INFO,
	    "new in %s: %s, %s in %s%s%s", judging->name, quote(worst.template->text, text),
	    times(worst.template->count, count), kd_age((group->until_ms - worst.template->first_ms) / 1000, age),
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
		struct usual usual = usual_find(judging->usual, group, template);

		if (template->recent >= (double)kd_integer(judging->settings, BURST_COUNT) && usual.known &&
		    template->recent > usual.peak * (double)kd_integer(judging->settings, FACTOR) &&
		    !is_new(judging, template) && !is_ignored(judging, template))
			take_worse(&worst, template, template->recent / (usual.peak + 1), &usual);
	}
	if (worst.count == 0) {
		kd_find(judging->out, BURST, group->name, KD_OK, "nothing in %s%s is written more often than usual",
		    judging->name, sampled(group, share));
		return;
	}
	kd_find(judging->out, BURST, group->name, worst.failing ? KD_WARNING : KD_INFO,
	    "burst in %s: %s, %.0f in 5 min, %.0f at most are usual at this hour%s%s", judging->name,
	    quote(worst.template->text, text), worst.template->recent, worst.usual.peak, more(worst.count - 1, others),
	    sampled(group, share));
	add_evidence(group, worst.template, judging->out);
	kd_evidence_integer(judging->out, "usual_5m", (int64_t)(worst.usual.peak + 0.5));
	show_raw(judging->facts, group, group->recent_from_ms, NULL, judging->out);
}

/* Is it silent for longer than it ever was at this hour, although much was due, and was not a week ago? *due: how many events. After a day it counts as gone. */
static bool
is_silent(const struct judging *judging, const struct kd_log_template *template, const struct usual *usual, double *due)
{
	int64_t pause_s = (judging->group->until_ms - template->last_ms) / 1000;

	*due = usual->rate / 3600 * (double)pause_s * judging->group->share;
	return usual->known && !usual->quiet && template->last_ms != 0 &&
	       pause_s >= kd_duration_s(judging->settings, SILENCE) && pause_s < DAY_S &&
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
		struct usual usual = usual_find(judging->usual, group, template);
		double due;

		if (i == 1 || template->failing || is_ignored(judging, template) ||
		    !is_silent(judging, template, &usual, &due))
			continue;
		take_worse(worst, template, due, &usual);
		if (i == 0)
			return; /* the whole group: its templates need no word */
	}
}

/* Weekends are not like other days, and who has not seen one says so; "" after a week. */
static const char *
known_for(const struct kd_log_group *group, char out[TEXT_SIZE])
{
	int64_t known_s = (group->until_ms - group->since_ms) / 1000;
	char age[KD_AGE_SIZE];

	*out = '\0';
	if (known_s < WEEK_S)
		snprintf(out, TEXT_SIZE, " (it is known for %s, not a week yet)", kd_age(known_s, age));
	return out;
}

static void
judge_silence(const struct judging *judging)
{
	const struct kd_log_group *group = judging->group;
	struct worst worst = {0};
	char text[TEXT_SIZE], others[TEXT_SIZE], known[TEXT_SIZE], age[KD_AGE_SIZE];
	const char *what;

	find_silent(judging, &worst);
	if (worst.count == 0) {
		kd_find(judging->out, SILENT, group->name, KD_OK, "nothing in %s has fallen silent", judging->name);
		return;
	}
	what = *worst.template->text == '\0' ? "the whole log group" : quote(worst.template->text, text);
	kd_find(judging->out, SILENT, group->name, KD_WARNING,
	    "silent in %s: %s for %s, %.0f an hour are usual at this time%s%s", judging->name, what,
	    kd_age((group->until_ms - worst.template->last_ms) / 1000, age), worst.usual.rate,
	    more(worst.count - 1, others), known_for(group, known));
	add_evidence(group, worst.template, judging->out);
	kd_evidence_integer(judging->out, "usual_hour", (int64_t)(worst.usual.rate + 0.5));
	show_raw(judging->facts, group, worst.template->last_ms, NULL, judging->out);
}

static void
say_next(const struct judging *judging, const struct fault_rule *rule)
{
	if (rule->next == FAULT_NEXT_STREAM)
		kd_next(judging->out, "aws kinesis describe-stream-summary --stream-name %s --region %s",
		    kd_stream_name(judging->facts), kd_stream_region(judging->facts));
	else if (rule->next == FAULT_NEXT_DIAGNOSE)
		kd_next(judging->out, "kdiagctl diagnose %s --symptom %s", kd_stream_name(judging->facts),
		    checks[FAULTS_CAPTURE + rule->symptom].symptom);
	else
		show_raw(judging->facts, judging->group, judging->group->faults_from_ms, rule->pattern, judging->out);
}

static void
judge_faults(const struct judging *judging, size_t check)
{
	const struct kd_log_group *group = judging->group;
	const struct kd_log_fault *worst = NULL;
	const struct fault_rule *worst_rule = NULL;
	char text[TEXT_SIZE], others[TEXT_SIZE], often[TEXT_SIZE];
	size_t count = 0;

	for (size_t i = 0; i < group->faults_count; i++) {
		const struct fault_rule *rule = faults_find(group->faults[i].name);

		if (rule == NULL || FAULTS_CAPTURE + rule->symptom != check || group->faults[i].count < rule->count)
			continue;
		count++;
		if (worst == NULL || rule->severity > worst_rule->severity ||
		    (rule->severity == worst_rule->severity && group->faults[i].count > worst->count)) {
			worst = &group->faults[i];
			worst_rule = rule;
		}
	}
	if (worst == NULL) {
		kd_find(judging->out, check, group->name, KD_OK, "none in the last 15 min of %s", judging->name);
		return;
	}
	kd_find(judging->out, check, group->name, worst_rule->severity, "%s (%s in 15 min in %s): %s%s",
	    worst_rule->means, times(worst->count, often), judging->name, quote(worst->text, text),
	    more(count - 1, others));
	kd_evidence_string(judging->out, "log_group", group->name);
	kd_evidence_string(judging->out, "fault", worst->name);
	kd_evidence_integer(judging->out, "events_15m", (int64_t)(worst->count + 0.5));
	say_next(judging, worst_rule);
}

/* ---- a group ---- */

/* The reason is told once, as a matter of the first check: what else could not be judged follows from it. */
static void
say_rest_unknown(struct kd_report *out, const char *subject, enum kd_reason reason, const char *why, size_t last)
{
	char blame[BLAME_SIZE];

	snprintf(blame, sizeof(blame), "log_anomaly/%s/%s", checks[ERRORS].name, subject != NULL ? subject : "stream");
	for (size_t check = ERRORS + 1; check <= last; check++)
		kd_unknown_because(out, check, subject, reason, blame, "%s", why);
}

static void
say_missing(const struct judging *judging)
{
	const struct kd_log_group *group = judging->group;

	kd_unknown_because(judging->out, ERRORS, group->name, group->missing, group->blame, "%s", group->why);
	say_rest_unknown(judging->out, group->name, group->missing, group->why, FAULTS_LATENCY);
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
		    "learning from %s, %s of %s: nothing is unusual yet", judging->name, done, all);
		kd_evidence_integer(judging->out, "learnt_s", learnt_s);
	}
}

/* After a stop: what was missed is being read, and nobody knows yet. */
static void
say_behind(const struct judging *judging)
{
	const struct kd_log_group *group = judging->group;
	char age[KD_AGE_SIZE], why[BLAME_SIZE];

	snprintf(why, sizeof(why), "log group %s has been read up to %s ago", judging->name,
	    kd_age((kd_now_ms(judging->facts) - group->until_ms) / 1000, age));
	kd_unknown_because(judging->out, ERRORS, group->name, KD_LATE, NULL, "%s", why);
	say_rest_unknown(judging->out, group->name, KD_LATE, why, SILENT);
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
	if (learnt_s < kd_duration_s(judging->settings, LEARNING)) {
		say_learning(judging, learnt_s);
	} else if (group->behind) {
		say_behind(judging);
	} else {
		judge_errors(judging);
		judge_new(judging);
		judge_burst(judging);
		judge_silence(judging);
	}
	for (size_t check = FAULTS_CAPTURE; check <= FAULTS_LATENCY; check++)
		judge_faults(judging, check);
}

static void
say_unknown(const struct kd_facts *facts, const char *subject, struct kd_report *out)
{
	kd_unknown(out, ERRORS, subject, facts, 0);
	say_rest_unknown(out, subject, kd_missing(facts, 0), kd_missing_why(facts, 0), FAULTS_LATENCY);
}

/* Of no group: those that were judged before keep what is open of them. */
static void
say_nothing_known(const struct kd_facts *facts, const struct usual_group *list, struct kd_report *out)
{
	if (list == NULL)
		say_unknown(facts, NULL, out);
	for (; list != NULL; list = usual_next(list))
		say_unknown(facts, usual_name(list), out);
}

static void
say_not_configured(const struct kd_facts *facts, struct kd_report *out)
{
	for (size_t check = 0; check < KD_COUNT(checks); check++)
		kd_find(out, check, NULL, KD_OK, "%s", kd_missing_why(facts, 0));
}

static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	size_t count;
	const struct kd_log_group *groups = kd_get_log_groups(facts, 0, &count);
	struct usual_group *list = usual_read(kd_state(facts));

	if (groups == NULL && kd_missing(facts, 0) == KD_NOT_CONFIGURED)
		say_not_configured(facts, out);
	else if (groups == NULL)
		say_nothing_known(facts, list, out);
	for (size_t i = 0; groups != NULL && i < count; i++) {
		struct judging judging = {.facts = facts, .settings = settings, .group = &groups[i], .out = out};
		struct usual_group *usual = usual_get(&list, groups[i].name);

		judging.usual = usual;
		shorten(groups[i].name, judging.name);
		if (usual == NULL)
			continue;
		judge_group(&judging);
		if (groups[i].missing == KD_KNOWN && !groups[i].behind)
			usual_learn(usual, &groups[i]);
	}
	if (groups != NULL)
		usual_write(list, kd_now_ms(facts), out);
	usual_free(list);
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
