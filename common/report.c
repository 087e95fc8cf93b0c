/* SPDX-License-Identifier: Apache-2.0 */
/* report: owns what a probe says while it judges, and its bounds; what a probe says wrongly is dropped and counted. */
#include "common/report.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fact.h"
#include "common/finding.h"
#include "common/json.h"
#include "common/json_text.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"

struct kd_report {
	const struct kd_probe *probe;
	struct stream_id *stream;
	struct finding *findings;
	size_t count, room, dropped;
	bool is_open;        /* the finding reported last takes more; false: that one was dropped, or there is none */
	struct str evidence; /* of that finding, to which its text belongs */
	size_t evidence_count;
	char *state;
};

struct kd_report *
report_new(const struct kd_probe *probe, struct stream_id *stream)
{
	struct kd_report *report = mem_new(1, sizeof(*report));

	report->probe = probe;
	report->stream = stream_id_ref(stream);
	return report;
}

/* The names that stand in the probe's tables are borrowed from there. */
static void
clear(struct finding *finding)
{
	finding->probe = finding->check = finding->symptom = finding->step = NULL;
	finding_clear(finding);
}

void
report_free(struct kd_report *report)
{
	if (report == NULL)
		return;
	for (size_t i = 0; i < report->count; i++)
		clear(&report->findings[i]);
	free(report->findings);
	free(report->state);
	stream_id_unref(report->stream);
	free(report);
}

size_t
report_count(const struct kd_report *report)
{
	return report->count;
}

const struct finding *
report_at(const struct kd_report *report, size_t i)
{
	assert(i < report->count);
	return &report->findings[i];
}

size_t
report_dropped(const struct kd_report *report)
{
	return report->dropped;
}

const char *
report_state(const struct kd_report *report)
{
	return report->state;
}

/* ---- what probes say ---- */

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* A sentence or a command is one line, and no more than that: a line's end in foreign text must not start a second command. */
static char *
clean_line(const char *text, size_t max)
{
	char *line = text_clean(text, strlen(text), max);

	for (char *p = line; *p != '\0'; p++)
		if (is_control(*p))
			*p = ' ';
	return line;
}

static bool
is_plain(const char *text, size_t max)
{
	size_t len = 0;

	while (text[len] >= ' ' && text[len] < 0x7f)
		len++;
	return text[len] == '\0' && len <= max;
}

/* Nearly all of it is plain already. */
static char *
format_line(size_t max, const char *fmt, va_list ap)
{
	char *text = strchr(fmt, '%') != NULL ? mem_vprintf(fmt, ap) : mem_strdup(fmt), *line;

	if (is_plain(text, max))
		return text;
	line = clean_line(text, max);
	free(text);
	return line;
}

/* check: as it stands in the probe's table, where the finding has it from. */
static bool
is_reported(const struct kd_report *report, const char *check, const char *subject)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->findings[i].check == check && strcmp(report->findings[i].subject, subject) == 0)
			return true;
	return false;
}

/* Room for one more finding, zeroed; the first takes room for one check each, which is what most probes need. */
static struct finding *
append(struct kd_report *report)
{
	struct finding *finding;

	if (report->count == report->room) {
		report->room = report->room > 0 ? 2 * report->room : report->probe->checks_count;
		report->findings = mem_resize(report->findings, report->room, sizeof(*report->findings));
	}
	finding = &report->findings[report->count++];
	memset(finding, 0, sizeof(*finding));
	return finding;
}

/* The new finding, with all but its summary; NULL when it is dropped. */
static struct finding *
begin(struct kd_report *report, size_t number, const char *subject, enum kd_severity severity)
{
	const struct kd_check *check;
	struct finding *finding;
	char *clean;

	report->is_open = false;
	report->evidence = (struct str){0};
	report->evidence_count = 0;
	if (number >= report->probe->checks_count || (unsigned)severity > KD_CRITICAL || report->count >= REPORT_MAX) {
		report->dropped++;
		return NULL;
	}
	check = &report->probe->checks[number];
	clean = clean_line(subject != NULL ? subject : "stream", FINDING_TEXT_MAX);
	if (is_reported(report, check->name, clean)) {
		free(clean);
		report->dropped++;
		return NULL;
	}
	finding = append(report);
	finding->stream = stream_id_ref(report->stream);
	finding->probe = (char *)report->probe->name;
	finding->check = (char *)check->name;
	finding->subject = clean;
	finding->severity = severity;
	finding->symptom = (char *)check->symptom;
	finding->step = (char *)check->step;
	report->is_open = true;
	return finding;
}

void
kd_find(struct kd_report *out, size_t check, const char *subject, enum kd_severity severity, const char *fmt, ...)
{
	struct finding *finding = begin(out, check, subject, severity);
	va_list ap;

	if (finding == NULL)
		return;
	va_start(ap, fmt);
	finding->summary = format_line(FINDING_TEXT_MAX, fmt, ap);
	va_end(ap);
	/* Each unknown has its reason: a probe that got its facts and cannot tell by them got none that make sense. */
	if (severity == KD_UNKNOWN)
		finding->reason = KD_FAILED;
}

void
kd_unknown(struct kd_report *out, size_t check, const char *subject, const struct kd_facts *facts, size_t need)
{
	struct finding *finding = begin(out, check, subject, KD_UNKNOWN);
	const char *why = kd_missing_why(facts, need);

	if (finding == NULL)
		return;
	finding->reason = kd_missing(facts, need);
	if (finding->reason == KD_KNOWN) {
		finding->reason = KD_FAILED;
		why = "the probe could not judge by the facts that it got";
	}
	finding->summary = clean_line(*why != '\0' ? why : reason_name(finding->reason), FINDING_TEXT_MAX);
	if (need < facts_count(facts))
		finding->blame = mem_strdup(fact_blame(facts_at(facts, need)));
}

void
kd_unknown_because(struct kd_report *out, size_t check, const char *subject, enum kd_reason reason, const char *blame,
    const char *fmt, ...)
{
	struct finding *finding = begin(out, check, subject, KD_UNKNOWN);
	va_list ap;

	if (finding == NULL)
		return;
	va_start(ap, fmt);
	finding->summary = format_line(FINDING_TEXT_MAX, fmt, ap);
	va_end(ap);
	finding->reason = reason_name(reason) != NULL ? reason : KD_FAILED;
	finding->blame = blame != NULL ? clean_line(blame, FINDING_TEXT_MAX) : NULL;
}

/* key: with its quotes and colon. Within a value a quote has a backslash before it: only a name stands behind a bracket or a comma. */
static bool
has_key(const char *evidence, size_t len, const char *key)
{
	const char *found = evidence;

	while ((found = memmem(found + 1, len - (size_t)(found + 1 - evidence), key, strlen(key))) != NULL)
		if (found[-1] == ',' || found[-1] == '{')
			return true;
	return false;
}

/* One more member of the object that the text is. value: JSON. A name that is no UTF-8, or there already, is passed over. */
static void
add_evidence(struct kd_report *report, const char *name, const char *value)
{
	struct str *text = &report->evidence;
	size_t end;

	if (!report->is_open || report->evidence_count >= REPORT_EVIDENCE_MAX || !text_is_utf8(name, strlen(name)))
		return;
	if (text->len == 0)
		json_text_open(text, '{');
	else
		text->len--; /* the bracket that closes it */
	end = text->len;
	json_text_key(text, name);
	if (report->evidence_count > 0 && has_key(text->s, end, text->s + end + 1)) {
		text->len = end;
	} else {
		json_text_raw(text, value);
		report->evidence_count++;
	}
	json_text_close(text, '}');
	report->findings[report->count - 1].evidence = text->s;
}

void
kd_evidence_integer(struct kd_report *out, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	add_evidence(out, name, text);
}

/* By hand: printf() would write the point as the locale has it, and jansson all 17 digits. */
static void
write_hundredths(char *text, size_t size, int64_t hundredths)
{
	uint64_t whole = (uint64_t)llabs(hundredths) / 100;
	unsigned rest = (unsigned)(llabs(hundredths) % 100);
	const char *sign = hundredths < 0 ? "-" : "";

	if (rest == 0)
		snprintf(text, size, "%s%" PRIu64, sign, whole);
	else if (rest % 10 == 0)
		snprintf(text, size, "%s%" PRIu64 ".%u", sign, whole, rest / 10);
	else
		snprintf(text, size, "%s%" PRIu64 ".%02u", sign, whole, rest);
}

void
kd_evidence_number(struct kd_report *out, const char *name, double value)
{
	static const double told_max = 1e15; /* a hundred times that is well within an integer */
	char text[32] = "null";              /* JSON has no infinity and no NaN */

	if (fabs(value) <= told_max)
		write_hundredths(text, sizeof(text), llround(value * 100));
	else if (isfinite(value))
		snprintf(text, sizeof(text), "%.0e", value);
	add_evidence(out, name, text);
}

void
kd_evidence_string(struct kd_report *out, const char *name, const char *value)
{
	char *clean = value != NULL ? clean_line(value, FINDING_TEXT_MAX) : NULL;
	struct str text = {0};

	json_text_string(&text, clean);
	add_evidence(out, name, text.s);
	free(clean);
	str_free(&text);
}

/* A name may begin with a dash; behind a space it would be read as an option. */
static void
join_dashed(char *command)
{
	static const char *const before[] = {"--stream-name -", "--log-group-name '-"};
	char *at;

	for (size_t i = 0; i < KD_COUNT(before); i++)
		if ((at = strstr(command, before[i])) != NULL)
			at[strcspn(at, " ")] = '=';
}

void
kd_next(struct kd_report *out, const char *fmt, ...)
{
	struct finding *finding;
	va_list ap;

	if (!out->is_open)
		return;
	finding = &out->findings[out->count - 1];
	free(finding->next);
	va_start(ap, fmt);
	finding->next = format_line(FINDING_NEXT_MAX, fmt, ap);
	va_end(ap);
	join_dashed(finding->next);
}

void
kd_keep_state(struct kd_report *out, const char *text)
{
	size_t len = text != NULL ? strnlen(text, REPORT_STATE_MAX + 1) : 0;
	bool sound = text != NULL && len <= REPORT_STATE_MAX && text_is_utf8(text, len);

	for (size_t i = 0; sound && i < len; i++)
		sound = !is_control(text[i]);
	if (!sound) {
		out->dropped++;
		return;
	}
	free(out->state);
	out->state = mem_strdup(text);
}

/* ---- the document ---- */

static json_t *
entry_to_json(const struct finding *finding)
{
	static const char *const keys[] = {
	    "check", "subject", "severity", "reason", "summary", "evidence", "next", "blame"};
	json_t *whole = finding_to_json(finding), *entry = json_object();

	for (size_t i = 0; i < KD_COUNT(keys); i++)
		json_object_set(entry, keys[i], json_object_get(whole, keys[i]));
	json_decref(whole);
	return entry;
}

json_t *
report_to_json(const struct kd_report *report)
{
	json_t *object = json_object(), *list = json_array();

	for (size_t i = 0; i < report->count; i++)
		json_array_append_new(list, entry_to_json(&report->findings[i]));
	json_object_set_new(object, "findings", list);
	json_set_text(object, "state", report->state);
	return object;
}
