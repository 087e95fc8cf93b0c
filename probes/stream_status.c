/* SPDX-License-Identifier: Apache-2.0 */
/* stream_status: is the stream there, may it be read and written, and how long does a change of it take? */
#include <inttypes.h>
#include <kdiag/probe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS };

static const struct kd_need needs[] = {
    [STATUS] = {.kind = KD_STREAM_STATUS},
};

enum { UPDATING_WARNING };

static const struct kd_option options[] = {
    [UPDATING_WARNING] = {"updating_warning", KD_DURATION, "30m", 1, 7 * 86400,
	"how long a stream may be UPDATING before that is a warning; it stays readable and writable meanwhile"},
};

enum { CHECK_STATUS };

static const struct kd_check checks[] = {
    [CHECK_STATUS] = {"status", "stream_not_capturing_data", "Verify the stream status"},
};

/* Since when the stream has its status. at_least: it had it already when kdiag first looked. */
struct since {
	int64_t ms;
	bool at_least;
};

/*
 * The state is "STATUS MS" or "STATUS MS at_least". -1: there is none, it tells of another status, or it is malformed (which
 * includes a time to come: the clock was set back).
 */
static int
parse_state(const char *state, const char *status, int64_t now_ms, struct since *since)
{
	size_t len = strlen(status);
	char *end;

	if (state == NULL || strncmp(state, status, len) != 0 || state[len] != ' ')
		return -1;
	if (state[len + 1] < '1' || state[len + 1] > '9')
		return -1;
	since->ms = strtoll(state + len + 1, &end, 10); /* too large: INT64_MAX, a time to come */
	since->at_least = strcmp(end, " at_least") == 0;
	return (*end == '\0' || since->at_least) && since->ms <= now_ms ? 0 : -1;
}

/* Is there a sound state, of any status? Then the present status began after the look that wrote it. */
static bool
has_looked_before(const char *state, int64_t now_ms)
{
	static const enum kd_status all[] = {
	    KD_STATUS_CREATING, KD_STATUS_DELETING, KD_STATUS_ACTIVE, KD_STATUS_UPDATING, KD_STATUS_GONE};
	struct since since;

	for (size_t i = 0; i < KD_COUNT(all); i++)
		if (parse_state(state, kd_status_name(all[i]), now_ms, &since) == 0)
			return true;
	return false;
}

static struct since
keep_since(const struct kd_facts *facts, const char *status, struct kd_report *out)
{
	const char *state = kd_state(facts);
	int64_t now_ms = kd_fact_ms(facts, STATUS);
	struct since since;
	char text[64];

	if (parse_state(state, status, now_ms, &since) == 0)
		return since;
	since = (struct since){.ms = now_ms, .at_least = !has_looked_before(state, now_ms)};
	(void)snprintf(text, sizeof(text), "%s %" PRId64 "%s", status, now_ms, since.at_least ? " at_least" : "");
	kd_keep_state(out, text);
	return since;
}

/* "for 5 min", "for at least 5 min"; of a status that is new to us, since when we know it. */
static const char *
lasting(struct since since, int64_t lasts_s, char *buf, size_t size)
{
	char age[KD_AGE_SIZE];

	if (lasts_s == 0)
		(void)snprintf(buf, size, since.at_least ? "when first looked at" : "since this look");
	else
		(void)snprintf(buf, size, "for %s%s", since.at_least ? "at least " : "", kd_age(lasts_s, age));
	return buf;
}

static void
report_gone(const struct kd_facts *facts, struct since since, int64_t lasts_s, struct kd_report *out)
{
	const char *region = kd_stream_region(facts);
	char age[KD_AGE_SIZE];

	if (since.at_least)
		kd_find(out, CHECK_STATUS, NULL, KD_CRITICAL,
		    "stream does not exist in %s: it was deleted, or its name, region or account is wrong in the "
		    "config",
		    region);
	else if (lasts_s == 0)
		kd_find(out, CHECK_STATUS, NULL, KD_CRITICAL,
		    "stream does not exist in %s: it was deleted since the last look", region);
	else
		kd_find(out, CHECK_STATUS, NULL, KD_CRITICAL, "stream does not exist in %s: it was deleted %s ago",
		    region, kd_age(lasts_s, age));
}

static void
report_updating(const struct kd_settings *settings, int64_t lasts_ms, const char *lasting_text, struct kd_report *out)
{
	int64_t limit_s = kd_duration_s(settings, UPDATING_WARNING);
	char limit[KD_AGE_SIZE];

	if (lasts_ms <= limit_s * 1000)
		kd_find(out, CHECK_STATUS, NULL, KD_OK, "UPDATING %s (readable and writable)", lasting_text);
	else
		kd_find(out, CHECK_STATUS, NULL, KD_WARNING,
		    "UPDATING %s, past the limit of %s (readable and writable, but a reshard, mode or encryption "
		    "change may "
		    "be stuck)",
		    lasting_text, kd_age(limit_s, limit));
}

static void
judge(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out)
{
	const struct kd_stream_status *now = kd_get_status(facts, STATUS);
	int64_t lasts_ms, lasts_s;
	struct since since;
	const char *status;
	char text[64];

	if (now == NULL) {
		kd_unknown(out, CHECK_STATUS, NULL, facts, STATUS);
		return;
	}
	status = kd_status_name(now->status);
	since = keep_since(facts, status, out);
	lasts_ms = kd_fact_ms(facts, STATUS) - since.ms;
	lasts_s = lasts_ms / 1000;
	lasting(since, lasts_s, text, sizeof(text));

	if (now->status == KD_STATUS_ACTIVE)
		kd_find(out, CHECK_STATUS, NULL, KD_OK, "ACTIVE");
	else if (now->status == KD_STATUS_UPDATING)
		report_updating(settings, lasts_ms, text, out);
	else if (now->status == KD_STATUS_CREATING)
		kd_find(out, CHECK_STATUS, NULL, KD_CRITICAL, "CREATING %s: it cannot be read or written yet", text);
	else if (now->status == KD_STATUS_DELETING)
		kd_find(out, CHECK_STATUS, NULL, KD_CRITICAL, "DELETING %s: the stream and its records are going away",
		    text);
	else
		report_gone(facts, since, lasts_s, out);

	kd_evidence_string(out, "status", status);
	kd_evidence_integer(out, "lasts_s", lasts_s);
	if (now->status != KD_STATUS_ACTIVE)
		kd_next(out, "aws kinesis describe-stream-summary --stream-name %s --region %s", kd_stream_name(facts),
		    kd_stream_region(facts));
}

/* Opens at once: a stream that is deleted cannot wait. Resolves in 2 of 3, since AWS's answers are eventually consistent after a change. */
const struct kd_probe kd_probe = {
    .abi = KD_PROBE_ABI,
    .name = "stream_status",
    .title = "Is the stream there and ACTIVE, and how long is it UPDATING?",
    .needs = needs,
    .needs_count = KD_COUNT(needs),
    .options = options,
    .options_count = KD_COUNT(options),
    .checks = checks,
    .checks_count = KD_COUNT(checks),
    .open = {1, 1},
    .resolve = {2, 3},
    .judge = judge,
};
