/* SPDX-License-Identifier: Apache-2.0 */
/* view: status, streams, findings and probes as JSON (DESIGN 8). */
#include "daemon/view.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/option.h"

/* ---- findings ---- */

struct gathering {
	json_t *list;
	bool all;
};

static json_t *
ack_json(const struct ledger_ack *ack)
{
	json_t *object = json_object();

	json_set_text(object, "by", ack->by);
	json_object_set_new(object, "uid", json_integer((json_int_t)ack->uid));
	json_set_time(object, "at", ack->at_ms);
	json_set_text(object, "text", ack->text);
	return object;
}

json_t *
view_finding(const struct ledger_entry *entry)
{
	json_t *object = finding_to_json(entry->finding);

	if (entry->ack != NULL)
		json_object_set_new(object, "ack", ack_json(entry->ack));
	if (entry->silenced_until_ms != 0)
		json_set_time(object, "silenced_until", entry->silenced_until_ms);
	if (entry->flapping)
		json_object_set_new(object, "flapping", json_true());
	if (entry->unseen)
		json_object_set_new(object, "unseen", json_true());
	if (entry->quiet)
		json_object_set_new(object, "quiet", json_true());
	return object;
}

/* What stands between the reader and "all is well": open, or not seen in the last look. */
static bool
is_bad(const struct ledger_entry *entry)
{
	return entry->finding->state == FINDING_OPEN || entry->unseen;
}

static void
gather_cb(const struct ledger_entry *entry, void *arg)
{
	struct gathering *gathering = arg;

	if (gathering->all || is_bad(entry))
		json_array_append_new(gathering->list, view_finding(entry));
}

static json_t *
findings_of(const struct daemon *daemon, const struct stream_id *id, bool all)
{
	struct gathering gathering = {.list = json_array(), .all = all};

	ledger_each(daemon->ledger, id, gather_cb, &gathering);
	return gathering.list;
}

static int
rank(const json_t *finding)
{
	enum kd_severity severity = KD_OK;
	const char *name = json_string_value(json_object_get(finding, "severity"));
	const char *state = json_string_value(json_object_get(finding, "state"));

	if (name != NULL)
		severity_parse(name, &severity);
	return (int)severity + (state != NULL && strcmp(state, "open") == 0 ? 16 : 0);
}

static int
compare_rank(const void *a, const void *b)
{
	return rank(*(json_t *const *)b) - rank(*(json_t *const *)a);
}

/* Of many streams: each stream's own order is kept within a rank, since its findings lie side by side and glibc's qsort merges. */
static json_t *
sort_by_rank(json_t *list_taken)
{
	size_t count = json_array_size(list_taken), i;
	json_t **items = mem_new(count + 1, sizeof(*items));
	json_t *sorted = json_array();

	for (i = 0; i < count; i++)
		items[i] = json_array_get(list_taken, i);
	qsort(items, count, sizeof(*items), compare_rank);
	for (i = 0; i < count; i++)
		json_array_append(sorted, items[i]);
	json_decref(list_taken);
	free(items);
	return sorted;
}

json_t *
view_findings(const struct daemon *daemon, const struct watch *watch, bool all)
{
	struct gathering gathering = {.list = json_array(), .all = all};
	size_t i;

	if (watch != NULL) {
		ledger_each(daemon->ledger, watch_id(watch), gather_cb, &gathering);
		return gathering.list;
	}
	ledger_each(daemon->ledger, NULL, gather_cb, &gathering);
	for (i = 0; i < schedule_count(daemon->schedule); i++)
		ledger_each(daemon->ledger, watch_id(schedule_at(daemon->schedule, i)), gather_cb, &gathering);
	return sort_by_rank(gathering.list);
}

/* ---- streams ---- */

const char *
view_verdict(const struct daemon *daemon, const struct watch *watch)
{
	enum kd_severity verdict = ledger_verdict(daemon->ledger, watch_id(watch));

	if (watch_as_of_ms(watch) == 0 || (watch_is_stale(watch) && verdict < KD_UNKNOWN))
		verdict = KD_UNKNOWN;
	return severity_name(verdict == KD_INFO ? KD_OK : verdict);
}

json_t *
view_stream(const struct daemon *daemon, const struct watch *watch)
{
	const struct stream_id *id = watch_id(watch);
	json_t *object = json_object();

	json_set_text(object, "name", id->name);
	json_set_text(object, "account", id->account);
	json_set_text(object, "region", id->region);
	json_set_text(object, "arn", id->arn);
	json_set_text(object, "verdict", view_verdict(daemon, watch));
	json_set_time(object, "as_of", watch_as_of_ms(watch));
	if (watch_as_of_ms(watch) == 0)
		json_object_set_new(object, "as_of", json_null());
	json_object_set_new(object, "stale", json_boolean(watch_is_stale(watch)));
	json_object_set_new(object, "complete", json_boolean(watch_is_complete(watch)));
	json_object_set_new(object, "findings", findings_of(daemon, id, false));
	return object;
}

/* ---- status ---- */

static bool
is_healthy(const struct daemon *daemon)
{
	return ledger_verdict(daemon->ledger, NULL) <= KD_UNKNOWN && schedule_is_sound(daemon->schedule);
}

static json_t *
api_json(const struct daemon *daemon)
{
	struct aws_counts counts = daemon_counts(daemon);
	json_t *object = json_object();

	json_object_set_new(object, "calls", json_integer((json_int_t)counts.calls));
	json_object_set_new(object, "retries", json_integer((json_int_t)counts.retries));
	json_object_set_new(object, "throttled", json_integer((json_int_t)counts.throttled));
	json_object_set_new(object, "failed", json_integer((json_int_t)counts.failed));
	/* AWS charges for none of the calls that the client can make (Kinesis control plane, STS). */
	json_object_set_new(object, "usd_today", json_real(0));
	return object;
}

static json_t *
syslog_json(const struct daemon *daemon)
{
	struct sink_syslog_counts counts;
	json_t *object;

	if (daemon->sink == NULL)
		return json_null();
	counts = sink_syslog_counts(daemon->sink);
	object = json_object();
	json_object_set_new(object, "sent", json_integer((json_int_t)counts.sent));
	json_object_set_new(object, "dropped", json_integer((json_int_t)counts.dropped));
	json_object_set_new(object, "queued", json_integer((json_int_t)counts.queued));
	json_object_set_new(object, "stalled", json_boolean(counts.stalled));
	return object;
}

static json_t *
streams_json(const struct daemon *daemon, const struct watch *watch)
{
	json_t *list = json_array();
	size_t i;

	if (watch != NULL)
		json_array_append_new(list, view_stream(daemon, watch));
	for (i = 0; watch == NULL && i < schedule_count(daemon->schedule); i++)
		json_array_append_new(list, view_stream(daemon, schedule_at(daemon->schedule, i)));
	return list;
}

/* ---- what people said ---- */

struct said {
	size_t acked, silenced;
};

static void
count_said_cb(const struct ledger_entry *entry, void *arg)
{
	struct said *said = arg;

	if (entry->finding->state != FINDING_OPEN || entry->quiet)
		return;
	said->acked += entry->ack != NULL;
	said->silenced += entry->silenced_until_ms != 0;
}

static void
silence_cb(const struct ledger_silence *silence, void *arg)
{
	const struct stream_id *stream = silence->stream;
	json_t *object = json_object();

	json_set_text(object, "id", silence->id);
	json_set_text(object, "account", stream != NULL ? stream->account : NULL);
	json_set_text(object, "region", stream != NULL ? stream->region : NULL);
	json_set_text(object, "stream", stream != NULL ? stream->name : NULL);
	json_set_text(object, "probe", silence->probe);
	json_set_text(object, "finding", silence->finding[0] != '\0' ? silence->finding : NULL);
	json_set_time(object, "at", silence->at_ms);
	json_set_time(object, "until", silence->until_ms);
	json_set_text(object, "by", silence->by);
	json_object_set_new(object, "uid", json_integer((json_int_t)silence->uid));
	json_set_text(object, "text", silence->text);
	json_array_append_new(arg, object);
}

static void
add_said(json_t *object, const struct daemon *daemon)
{
	struct said said = {0};
	json_t *silences = json_array();

	ledger_each_all(daemon->ledger, count_said_cb, &said);
	ledger_silences(daemon->ledger, silence_cb, silences);
	json_object_set_new(object, "acked", json_integer((json_int_t)said.acked));
	json_object_set_new(object, "silenced", json_integer((json_int_t)said.silenced));
	json_object_set_new(object, "silences", silences);
}

static json_t *
store_json(const struct daemon *daemon)
{
	struct keeper_counts counts;
	json_t *object;

	if (daemon->keeper == NULL)
		return json_null();
	counts = keeper_counts(daemon->keeper);
	object = json_object();
	json_object_set_new(object, "waiting", json_integer((json_int_t)counts.waiting));
	json_object_set_new(object, "lost", json_integer((json_int_t)counts.lost));
	json_object_set_new(object, "in_trouble", json_boolean(counts.in_trouble));
	return object;
}

json_t *
view_status(const struct daemon *daemon, const struct watch *watch)
{
	json_t *object = json_object();
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	json_set_text(object, "version", KDIAG_VERSION);
	json_set_text(object, "host", host);
	json_object_set_new(object, "pid", json_integer(getpid()));
	json_object_set_new(object, "uptime_s", json_integer((clock_mono_ms() - daemon->started_ms) / 1000));
	json_set_time(object, "now", clock_now_ms());
	json_object_set_new(object, "interval_s", json_integer(daemon->config->daemon.interval_s));
	json_object_set_new(object, "healthy", json_boolean(is_healthy(daemon)));
	json_object_set_new(object, "streams", streams_json(daemon, watch));
	json_object_set_new(object, "self", findings_of(daemon, NULL, false));
	json_object_set_new(object, "api", api_json(daemon));
	json_object_set_new(object, "syslog", syslog_json(daemon));
	json_object_set_new(object, "store", store_json(daemon));
	add_said(object, daemon);
	return object;
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
