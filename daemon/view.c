/* SPDX-License-Identifier: Apache-2.0 */
/* view: status, streams, findings and probes as JSON (DESIGN 8). */
#include "daemon/view.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/json_text.h"
#include "common/mem.h"
#include "common/option.h"
#include "common/str.h"
#include "daemon/view_brief.h"
#include "daemon/view_cost.h"

/* The tree of a text of ours. */
static json_t *
read_taken(struct str *text)
{
	json_t *value = json_read(text->s, text->len, NULL);

	assert(value != NULL);
	str_free(text);
	return value;
}

/* ---- findings ---- */

struct gathering {
	struct ledger_entry *entries;
	size_t count, room;
	bool all;
	const char *id; /* only those whose id begins so; NULL: whatever it is */
};

static char *
write_ack(const struct ledger_ack *ack)
{
	struct str out = {0};

	if (ack == NULL)
		return NULL;
	json_text_open(&out, '{');
	json_text_set(&out, "by", ack->by);
	json_text_set_integer(&out, "uid", (int64_t)ack->uid);
	json_text_set_time(&out, "at", ack->at_ms);
	json_text_set(&out, "text", ack->text);
	json_text_close(&out, '}');
	return out.s;
}

void
view_write_finding(const struct ledger_entry *entry, struct str *out)
{
	char *ack = write_ack(entry->ack);

	json_text_open(out, '{');
	finding_write(&entry->finding, ack, out);
	if (entry->silenced_until_ms != 0)
		json_text_set_time(out, "silenced_until", entry->silenced_until_ms);
	if (entry->flapping)
		json_text_set_boolean(out, "flapping", true);
	if (entry->unseen)
		json_text_set_boolean(out, "unseen", true);
	if (entry->quiet)
		json_text_set_boolean(out, "quiet", true);
	json_text_close(out, '}');
	free(ack);
}

json_t *
view_finding(const struct ledger_entry *entry)
{
	struct str out = {0};

	view_write_finding(entry, &out);
	return read_taken(&out);
}

/* What stands between the reader and "all is well": open, or not seen in the last look. */
static bool
is_bad(const struct ledger_entry *entry)
{
	return entry->finding.state == FINDING_OPEN || entry->unseen;
}

static void
gather_cb(const struct ledger_entry *entry, void *arg)
{
	struct gathering *gathering = arg;

	if (!gathering->all && !is_bad(entry))
		return;
	if (gathering->id != NULL && strncmp(entry->finding.id, gathering->id, strlen(gathering->id)) != 0)
		return;
	if (gathering->count == gathering->room) {
		gathering->room = gathering->room == 0 ? 16 : 2 * gathering->room;
		gathering->entries = mem_resize(gathering->entries, gathering->room, sizeof(*gathering->entries));
	}
	gathering->entries[gathering->count++] = *entry;
}

/* Writes them, and lets them go. */
static void
write_gathered(struct gathering *gathering, struct str *out)
{
	size_t i;

	json_text_open(out, '[');
	for (i = 0; i < gathering->count; i++)
		view_write_finding(&gathering->entries[i], out);
	json_text_close(out, ']');
	free(gathering->entries);
}

static void
write_open(const struct daemon *daemon, const struct stream_id *id, struct str *out)
{
	struct gathering gathering = {0};

	ledger_each(daemon->ledger, id, gather_cb, &gathering);
	write_gathered(&gathering, out);
}

static int
rank(const struct finding *finding)
{
	return (int)finding->severity + (finding->state == FINDING_OPEN ? 16 : 0);
}

static int
compare_rank(const void *a, const void *b)
{
	const struct ledger_entry *left = a, *right = b;

	return rank(&right->finding) - rank(&left->finding);
}

/* Of many streams: each stream's own order is kept within a rank, since its findings lie side by side and glibc's qsort merges. */
static void
gather_all(const struct daemon *daemon, struct gathering *gathering)
{
	size_t i;

	ledger_each(daemon->ledger, NULL, gather_cb, gathering);
	for (i = 0; i < schedule_count(daemon->schedule); i++)
		ledger_each(daemon->ledger, watch_id(schedule_at(daemon->schedule, i)), gather_cb, gathering);
	if (gathering->count > 1)
		qsort(gathering->entries, gathering->count, sizeof(*gathering->entries), compare_rank);
}

char *
view_findings(const struct daemon *daemon, const struct watch *watch, bool all)
{
	struct gathering gathering = {.all = all};
	struct str out = {0};

	if (watch != NULL)
		ledger_each(daemon->ledger, watch_id(watch), gather_cb, &gathering);
	else
		gather_all(daemon, &gathering);
	write_gathered(&gathering, &out);
	return out.s;
}

size_t
view_find(const struct daemon *daemon, const char *id, char **found)
{
	struct gathering gathering = {.all = true, .id = id};
	struct str out = {0};

	gather_all(daemon, &gathering);
	if (gathering.count == 1)
		view_write_finding(&gathering.entries[0], &out);
	*found = out.s;
	free(gathering.entries);
	return gathering.count;
}

/* ---- streams ---- */

const char *
view_verdict(const struct daemon *daemon, const struct watch *watch)
{
	enum kd_severity verdict = ledger_verdict(daemon->ledger, watch_id(watch));

	/* What a probe that has not looked yet would say is not known. */
	if (watch_as_of_ms(watch) == 0 ||
	    ((watch_is_stale(watch) || !watch_is_complete(watch)) && verdict < KD_UNKNOWN))
		verdict = KD_UNKNOWN;
	return severity_name(verdict == KD_INFO ? KD_OK : verdict);
}

void
view_write_stream(const struct daemon *daemon, const struct watch *watch, struct str *out)
{
	const struct stream_id *id = watch_id(watch);

	json_text_set(out, "name", id->name);
	json_text_set(out, "account", id->account);
	json_text_set(out, "region", id->region);
	json_text_set(out, "arn", id->arn);
	json_text_set(out, "verdict", view_verdict(daemon, watch));
	json_text_set_time(out, "as_of", watch_as_of_ms(watch));
	json_text_set_boolean(out, "stale", watch_is_stale(watch));
	json_text_set_boolean(out, "complete", watch_is_complete(watch));
}

static void
write_stream(const struct daemon *daemon, const struct watch *watch, struct str *out)
{
	json_text_open(out, '{');
	view_write_stream(daemon, watch, out);
	json_text_key(out, "findings");
	write_open(daemon, watch_id(watch), out);
	json_text_close(out, '}');
}

json_t *
view_stream(const struct daemon *daemon, const struct watch *watch)
{
	struct str out = {0};

	write_stream(daemon, watch, &out);
	return read_taken(&out);
}

/* ---- status ---- */

static bool
is_healthy(const struct daemon *daemon)
{
	return ledger_verdict(daemon->ledger, NULL) <= KD_UNKNOWN && schedule_is_sound(daemon->schedule);
}

static void
write_api(const struct daemon *daemon, struct str *out)
{
	struct aws_counts counts = daemon_counts(daemon);

	json_text_key(out, "api");
	json_text_open(out, '{');
	json_text_set_integer(out, "calls", (int64_t)counts.calls);
	json_text_set_integer(out, "metrics", (int64_t)counts.metrics);
	json_text_set_integer(out, "retries", (int64_t)counts.retries);
	json_text_set_integer(out, "throttled", (int64_t)counts.throttled);
	json_text_set_integer(out, "failed", (int64_t)counts.failed);
	view_cost_write_api(daemon, out);
	json_text_close(out, '}');
}

static void
write_syslog(const struct daemon *daemon, struct str *out)
{
	struct sink_syslog_counts counts;

	json_text_key(out, "syslog");
	if (daemon->sink == NULL) {
		json_text_raw(out, "null");
		return;
	}
	counts = sink_syslog_counts(daemon->sink);
	json_text_open(out, '{');
	json_text_set_integer(out, "sent", (int64_t)counts.sent);
	json_text_set_integer(out, "dropped", (int64_t)counts.dropped);
	json_text_set_integer(out, "queued", (int64_t)counts.queued);
	json_text_set_boolean(out, "stalled", counts.stalled);
	json_text_close(out, '}');
}

static void
write_streams(const struct daemon *daemon, const struct watch *watch, struct str *out)
{
	size_t i;

	json_text_key(out, "streams");
	json_text_open(out, '[');
	if (watch != NULL)
		write_stream(daemon, watch, out);
	for (i = 0; watch == NULL && i < schedule_count(daemon->schedule); i++)
		write_stream(daemon, schedule_at(daemon->schedule, i), out);
	json_text_close(out, ']');
}

static void
write_store(const struct daemon *daemon, struct str *out)
{
	struct keeper_counts counts;

	json_text_key(out, "store");
	if (daemon->keeper == NULL) {
		json_text_raw(out, "null");
		return;
	}
	counts = keeper_counts(daemon->keeper);
	json_text_open(out, '{');
	json_text_set_integer(out, "waiting", (int64_t)counts.waiting);
	json_text_set_integer(out, "lost", (int64_t)counts.lost);
	json_text_set_boolean(out, "in_trouble", counts.in_trouble);
	json_text_close(out, '}');
}

/* ---- what people said ---- */

struct said {
	size_t acked, silenced;
};

static void
count_said_cb(const struct ledger_entry *entry, void *arg)
{
	struct said *said = arg;

	if (entry->finding.state != FINDING_OPEN || entry->quiet)
		return;
	said->acked += entry->ack != NULL;
	said->silenced += entry->silenced_until_ms != 0;
}

static bool
is_of_all(const struct ledger_silence *silence)
{
	return silence->stream == NULL && silence->finding[0] == '\0';
}

static void
write_silence_cb(const struct ledger_silence *silence, void *arg)
{
	const struct stream_id *stream = silence->stream;
	struct str *out = arg;

	json_text_open(out, '{');
	json_text_set(out, "id", silence->id);
	json_text_set_boolean(out, "all", is_of_all(silence));
	json_text_set(out, "account", stream != NULL ? stream->account : NULL);
	json_text_set(out, "region", stream != NULL ? stream->region : NULL);
	json_text_set(out, "stream", stream != NULL ? stream->name : NULL);
	json_text_set(out, "probe", silence->probe);
	json_text_set(out, "finding", silence->finding[0] != '\0' ? silence->finding : NULL);
	json_text_set_time(out, "at", silence->at_ms);
	json_text_set_time(out, "until", silence->until_ms);
	json_text_set(out, "by", silence->by);
	json_text_set_integer(out, "uid", (int64_t)silence->uid);
	json_text_set(out, "text", silence->text);
	json_text_close(out, '}');
}

static void
write_silence_of_all_cb(const struct ledger_silence *silence, void *arg)
{
	if (is_of_all(silence))
		write_silence_cb(silence, arg);
}

static void
write_said(const struct daemon *daemon, bool brief, struct str *out)
{
	struct said said = {0};

	ledger_each_all(daemon->ledger, count_said_cb, &said);
	json_text_set_integer(out, "acked", (int64_t)said.acked);
	json_text_set_integer(out, "silenced", (int64_t)said.silenced);
	json_text_key(out, "silences");
	json_text_open(out, '[');
	ledger_silences(daemon->ledger, brief ? write_silence_of_all_cb : write_silence_cb, out);
	json_text_close(out, ']');
}

char *
view_status(const struct daemon *daemon, const struct watch *watch, bool brief)
{
	char host[256] = "";
	struct str out = {0};

	gethostname(host, sizeof(host) - 1);
	json_text_open(&out, '{');
	json_text_set(&out, "version", KDIAG_VERSION);
	json_text_set(&out, "host", host);
	json_text_set_integer(&out, "pid", getpid());
	json_text_set_integer(&out, "uptime_s", (clock_mono_ms() - daemon->started_ms) / 1000);
	json_text_set_time(&out, "now", clock_now_ms());
	json_text_set_integer(&out, "interval_s", daemon->config->daemon.interval_s);
	json_text_set_boolean(&out, "healthy", is_healthy(daemon));
	if (brief && watch == NULL)
		view_brief_write(daemon, &out);
	else
		write_streams(daemon, watch, &out);
	json_text_key(&out, "self");
	write_open(daemon, NULL, &out);
	write_api(daemon, &out);
	write_syslog(daemon, &out);
	write_store(daemon, &out);
	write_said(daemon, brief && watch == NULL, &out);
	json_text_close(&out, '}');
	return out.s;
}

/* ---- probes ---- */

static json_t *
options_json(const struct kd_probe *probe)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < probe->options_count; i++) {
		const struct kd_option *option = &probe->options[i];
		json_t *object = json_object();
		char *range = option_format_range(option);

		json_set_text(object, "name", option->name);
		json_set_text(object, "type", option_type_name(option->type));
		json_set_text(object, "default", option->def);
		json_set_text(object, "range", range);
		json_set_text(object, "help", option->help);
		json_array_append_new(list, object);
		free(range);
	}
	return list;
}

static json_t *
checks_json(const struct kd_probe *probe)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < probe->checks_count; i++) {
		json_t *object = json_object();

		json_set_text(object, "name", probe->checks[i].name);
		json_set_text(object, "symptom", probe->checks[i].symptom);
		json_set_text(object, "step", probe->checks[i].step);
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *
probe_json(const struct daemon *daemon, size_t index)
{
	const struct kd_probe *probe = plugins_at(daemon->config->plugins, index);
	const struct config_probe *rules = daemon->config->probes[index];
	json_t *object = json_object();
	size_t i, streams = 0;

	for (i = 0; i < schedule_count(daemon->schedule); i++)
		streams += watch_runs(schedule_at(daemon->schedule, i), index);
	json_set_text(object, "name", probe->name);
	json_set_text(object, "title", probe->title);
	json_object_set_new(object, "enabled", json_boolean(rules->enabled));
	json_object_set_new(object, "interval_s", json_integer(rules->interval_s));
	json_object_set_new(object, "streams", json_integer((json_int_t)streams));
	json_object_set_new(object, "checks", checks_json(probe));
	json_object_set_new(object, "options", options_json(probe));
	return object;
}

json_t *
view_probes(const struct daemon *daemon)
{
	const struct plugins *plugins = daemon->config->plugins;
	json_t *object = json_object(), *probes = json_array(), *refused = json_array();
	size_t i;

	for (i = 0; i < plugins_count(plugins); i++)
		json_array_append_new(probes, probe_json(daemon, i));
	for (i = 0; i < plugins_refused_count(plugins); i++) {
		json_t *row = json_object();

		json_set_text(row, "name", plugins_refused_name(plugins, i));
		json_set_text(row, "why", plugins_refused_why(plugins, i));
		json_array_append_new(refused, row);
	}
	json_object_set_new(object, "probes", probes);
	json_object_set_new(object, "refused", refused);
	return object;
}
