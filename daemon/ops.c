/* SPDX-License-Identifier: Apache-2.0 */
/* ops: takes a request's arguments apart, and answers at once or when the looks that it asked for have ended. */
#include "daemon/ops.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/json_time.h"
#include "common/mem.h"
#include "common/proto.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/view.h"

enum { ID_PREFIX_MIN = 4, SILENCE_MAX_S = 365 * 86400 };

static void
reply_taken(struct control_session *session, json_t *result_taken)
{
	control_reply(session, result_taken);
	json_decref(result_taken);
}

static void
reply_text_taken(struct control_session *session, char *result_taken)
{
	control_reply_text(session, result_taken);
	free(result_taken);
}

static void
reply_error(struct control_session *session, const char *code, const char *fmt, const char *what)
{
	char *message = mem_printf("%s%s", fmt, what);

	control_reply_error(session, code, message);
	free(message);
}

/* ---- arguments: 1 and the value, 0 not given, -1 an error was answered ---- */

static int
get_text(struct control_session *session, const json_t *request, const char *key, const char **value)
{
	char *cause = NULL;
	int got = json_get_string(request, key, value, &cause);

	if (got == -1)
		control_reply_error(session, PROTO_BAD_REQUEST, cause);
	free(cause);
	return got;
}

static void
reply_no_such_stream(struct control_session *session, const struct daemon *daemon, const char *name)
{
	size_t count = schedule_count(daemon->schedule), i;
	const char **names = mem_new(count + 1, sizeof(*names));
	const char *near;
	char *message;

	for (i = 0; i < count; i++)
		names[i] = watch_id(schedule_at(daemon->schedule, i))->name;
	near = text_closest(name, names, count);
	if (near != NULL)
		message = mem_printf("no stream %s is watched (did you mean %s?)", name, near);
	else
		message = mem_printf("no stream %s is watched (kdiagctl status lists them)", name);
	control_reply_error(session, PROTO_NO_SUCH_STREAM, message);
	free(message);
	free(names);
}

static int
get_watch(struct control_session *session, const struct daemon *daemon, const json_t *request, struct watch **watch)
{
	const char *name;
	int got = get_text(session, request, "stream", &name);
	size_t count;

	*watch = NULL;
	if (got != 1)
		return got;
	count = schedule_find(daemon->schedule, name, watch);
	if (count == 1)
		return 1;
	if (count == 0)
		reply_no_such_stream(session, daemon, name);
	else
		reply_error(session, PROTO_AMBIGUOUS,
		    "more than one stream has that name: say REGION/NAME or ACCOUNT/REGION/", name);
	return -1;
}

/* A stream that must be named. */
static int
need_watch(struct control_session *session, const struct daemon *daemon, const json_t *request, struct watch **watch)
{
	int got = get_watch(session, daemon, request, watch);

	if (got == 0)
		control_reply_error(session, PROTO_BAD_REQUEST, "stream is missing: say which");
	return got == 1 ? 0 : -1;
}

static int
get_probe(struct control_session *session, const struct daemon *daemon, const json_t *request, int *probe)
{
	const char *name;
	int got = get_text(session, request, "probe", &name);

	*probe = -1;
	if (got != 1)
		return got;
	*probe = plugins_find(daemon->config->plugins, name);
	if (*probe >= 0)
		return 1;
	reply_error(session, PROTO_NO_SUCH_PROBE, "no such probe (kdiagctl probes lists them): ", name);
	return -1;
}

/* ---- answers at once ---- */

static void
exec_status(struct control_session *session, const json_t *request, void *app)
{
	const struct daemon *daemon = app;
	struct watch *watch;

	if (get_watch(session, daemon, request, &watch) != -1)
		reply_text_taken(session, view_status(daemon, watch));
}

static void
exec_findings(struct control_session *session, const json_t *request, void *app)
{
	const struct daemon *daemon = app;
	struct watch *watch;
	bool all = false;
	char *cause = NULL;

	if (json_get_boolean(request, "all", &all, &cause) == -1)
		control_reply_error(session, PROTO_BAD_REQUEST, cause);
	else if (get_watch(session, daemon, request, &watch) != -1)
		reply_text_taken(session, view_findings(daemon, watch, all));
	free(cause);
}

/* All findings whose id begins so. */
static void
exec_show(struct control_session *session, const json_t *request, void *app)
{
	const char *id;
	char *found;
	size_t count;
	int got = get_text(session, request, "id", &id);

	if (got == -1)
		return;
	if (got == 0 || strlen(id) < ID_PREFIX_MIN) {
		control_reply_error(session, PROTO_BAD_REQUEST, "id is missing: at least its first 4 digits");
		return;
	}
	count = view_find(app, id, &found);
	if (count == 1)
		reply_text_taken(session, found);
	else if (count == 0)
		reply_error(session, PROTO_NO_SUCH_ID, "no finding has the id ", id);
	else
		reply_error(session, PROTO_AMBIGUOUS, "more than one finding begins with ", id);
}

static void
exec_probes(struct control_session *session, const json_t *request, void *app)
{
	(void)request;
	reply_taken(session, view_probes(app));
}

static void
exec_facts(struct control_session *session, const json_t *request, void *app)
{
	struct watch *watch;
	struct kd_facts *facts;

	if (need_watch(session, app, request, &watch) == -1)
		return;
	facts = watch_facts(watch);
	reply_taken(session, facts_to_json(facts));
	facts_free(facts);
}

/* When there are too many subscribers, control has said so already. */
static void
exec_subscribe(struct control_session *session, const json_t *request, void *app)
{
	json_t *result = json_pack("{s:b}", "subscribed", 1);

	(void)request;
	(void)app;
	if (control_subscribe(session))
		control_reply(session, result);
	json_decref(result);
}

static void
exec_reload(struct control_session *session, const json_t *request, void *app)
{
	struct daemon *daemon = app;
	struct config_report report = {0};
	struct str lines = {0};
	json_t *warnings = json_array();
	size_t i;
	int done = daemon_reload(daemon, &report);

	(void)request;
	for (i = 0; i < report.count; i++) {
		str_printf(&lines, "%s%s", i == 0 ? "" : "\n", report.lines[i]);
		json_array_append_new(warnings, json_string(report.lines[i]));
	}
	if (done == -1)
		control_reply_error(session, PROTO_BAD_CONFIG, lines.s == NULL ? "the config cannot be read" : lines.s);
	else
		reply_taken(session, json_pack("{s:I, s:O}", "streams", (json_int_t)schedule_count(daemon->schedule),
					 "warnings", warnings));
	json_decref(warnings);
	str_free(&lines);
	config_report_clear(&report);
}

/* ---- looks by hand ---- */

/* A request that is answered when its looks have ended. */
struct pending {
	struct daemon *daemon;
	struct control_session *session; /* held */
	json_t *findings;                /* run; NULL with diagnose */
	char *stream, *symptom;          /* diagnose */
	int64_t began_ms;
};

static struct pending *
pending_new(struct daemon *daemon, struct control_session *session)
{
	struct pending *pending = mem_new(1, sizeof(*pending));

	pending->daemon = daemon;
	pending->session = control_hold(session);
	pending->began_ms = clock_mono_ms();
	return pending;
}

static void
pending_free(struct pending *pending)
{
	control_release(pending->session);
	json_decref(pending->findings);
	free(pending->stream);
	free(pending->symptom);
	free(pending);
}

static void
run_report_cb(const struct watch *watch, const struct kd_report *report, void *arg)
{
	struct pending *pending = arg;
	size_t i;

	(void)watch;
	for (i = 0; i < report_count(report); i++)
		json_array_append_new(pending->findings, finding_to_json(report_at(report, i)));
}

static void
run_done_cb(void *arg)
{
	struct pending *pending = arg;
	json_t *result = json_pack(
	    "{s:O, s:I}", "findings", pending->findings, "took_ms", (json_int_t)(clock_mono_ms() - pending->began_ms));

	reply_taken(pending->session, result);
	pending_free(pending);
}

static void
exec_run(struct control_session *session, const json_t *request, void *app)
{
	struct daemon *daemon = app;
	struct pending *pending;
	struct watch *watch;
	int probe;

	if (get_watch(session, daemon, request, &watch) == -1 || get_probe(session, daemon, request, &probe) == -1)
		return;
	pending = pending_new(daemon, session);
	pending->findings = json_array();
	schedule_run(daemon->schedule, watch, probe, run_report_cb, run_done_cb, pending);
}

static void
diagnose_report_cb(const struct watch *watch, const struct kd_report *report, void *arg)
{
	(void)watch;
	(void)report;
	(void)arg;
}

/* The stream is looked up again: a reload may have taken it away meanwhile. */
static void
diagnose_done_cb(void *arg)
{
	struct pending *pending = arg;
	struct watch *watch;

	if (schedule_find(pending->daemon->schedule, pending->stream, &watch) == 1)
		reply_taken(pending->session, view_runbook(pending->daemon, watch, pending->symptom));
	else
		reply_no_such_stream(pending->session, pending->daemon, pending->stream);
	pending_free(pending);
}

static bool
is_symptom(const char *name)
{
	size_t i;

	for (i = 0; i < KD_COUNT(view_symptoms); i++)
		if (strcmp(view_symptoms[i].name, name) == 0)
			return true;
	return false;
}

static void
exec_diagnose(struct control_session *session, const json_t *request, void *app)
{
	struct daemon *daemon = app;
	const char *symptom = NULL;
	struct pending *pending;
	struct watch *watch;

	if (need_watch(session, daemon, request, &watch) == -1 || get_text(session, request, "symptom", &symptom) == -1)
		return;
	if (symptom != NULL && !is_symptom(symptom)) {
		control_reply_error(session, PROTO_BAD_REQUEST,
		    "symptom is one of stream_not_capturing_data, permission_issues, high_latency");
		return;
	}
	pending = pending_new(daemon, session);
	pending->stream =
	    mem_printf("%s/%s/%s", watch_id(watch)->account, watch_id(watch)->region, watch_id(watch)->name);
	pending->symptom = mem_strdup(symptom);
	schedule_run(daemon->schedule, watch, -1, diagnose_report_cb, diagnose_done_cb, pending);
}

/* ---- what people say ---- */

static struct ledger_person
caller(struct control_session *session)
{
	const struct control_peer *peer = control_session_peer(session);

	return (struct ledger_person){peer->name, (int64_t)peer->uid};
}

struct search {
	const char *prefix;
	const struct finding *found;
	size_t count;
};

static void
search_cb(const struct ledger_entry *entry, void *arg)
{
	struct search *search = arg;

	if (strncmp(entry->finding->id, search->prefix, strlen(search->prefix)) != 0)
		return;
	search->found = entry->finding;
	search->count++;
}

/* The finding whose id begins so; NULL: an error was answered. */
static const struct finding *
find_finding(struct control_session *session, const struct daemon *daemon, const char *id)
{
	struct search search = {.prefix = id};

	if (strlen(id) < ID_PREFIX_MIN) {
		control_reply_error(session, PROTO_BAD_REQUEST, "id is too short: at least its first 4 digits");
		return NULL;
	}
	ledger_each_all(daemon->ledger, search_cb, &search);
	if (search.count == 1)
		return search.found;
	if (search.count == 0)
		reply_error(session, PROTO_NO_SUCH_ID, "no finding has the id ", id);
	else
		reply_error(session, PROTO_AMBIGUOUS, "more than one finding begins with ", id);
	return NULL;
}

static const struct finding *
need_finding(struct control_session *session, const struct daemon *daemon, const json_t *request)
{
	const char *id = "";

	return get_text(session, request, "id", &id) == -1 ? NULL : find_finding(session, daemon, id);
}

/* done: what the ledger said. */
struct one {
	const char *id;
	json_t *finding;
};

static void
one_cb(const struct ledger_entry *entry, void *arg)
{
	struct one *one = arg;

	if (one->finding == NULL && strcmp(entry->finding->id, one->id) == 0)
		one->finding = view_finding(entry);
}

/* The finding as it is now. */
static void
reply_done(struct control_session *session, const struct daemon *daemon, int done, const char *id, const char *cause)
{
	struct one one = {.id = id};

	if (done == -1) {
		control_reply_error(session, PROTO_BAD_REQUEST, cause);
		return;
	}
	ledger_each_all(daemon->ledger, one_cb, &one);
	reply_taken(session, one.finding);
}

static void
exec_ack(struct control_session *session, const json_t *request, void *app)
{
	struct daemon *daemon = app;
	const struct finding *finding = need_finding(session, daemon, request);
	const struct ledger_person by = caller(session);
	const char *text = NULL;
	char *cause = NULL;
	int done;

	if (finding == NULL || get_text(session, request, "text", &text) == -1)
		return;
	done = ledger_ack(daemon->ledger, finding->id, &by, text, clock_now_ms(), &cause);
	reply_done(session, daemon, done, finding->id, cause);
	free(cause);
}

static void
exec_unack(struct control_session *session, const json_t *request, void *app)
{
	struct daemon *daemon = app;
	const struct finding *finding = need_finding(session, daemon, request);
	const struct ledger_person by = caller(session);
	char *cause = NULL;
	int done;

	if (finding == NULL)
		return;
	done = ledger_unack(daemon->ledger, finding->id, &by, clock_now_ms(), &cause);
	reply_done(session, daemon, done, finding->id, cause);
	free(cause);
}

/* What is to be silenced: id, or stream and perhaps probe. -1: an error was answered. */
static int
get_scope(
    struct control_session *session, const struct daemon *daemon, const json_t *request, struct ledger_silence *scope)
{
	const struct finding *finding;
	const char *id = NULL;
	struct watch *watch;
	int got = get_text(session, request, "id", &id), probe;

	if (got == -1 || (got == 1 && (finding = find_finding(session, daemon, id)) == NULL))
		return -1;
	if (got == 1) {
		scope->stream = finding->stream;
		memcpy(scope->finding, finding->id, sizeof(scope->finding));
		return 0;
	}
	if (need_watch(session, daemon, request, &watch) == -1 || get_probe(session, daemon, request, &probe) == -1)
		return -1;
	scope->stream = (struct stream_id *)watch_id(watch);
	scope->probe = probe < 0 ? NULL : (char *)plugins_at(daemon->config->plugins, (size_t)probe)->name;
	return 0;
}

/* "orders", "orders/throttling", or the finding's id. The caller's. */
static char *
scope_name(const struct ledger_silence *silence)
{
	if (silence->finding[0] != '\0')
		return mem_strdup(silence->finding);
	if (silence->probe == NULL)
		return mem_strdup(silence->stream->name);
	return mem_printf("%s/%s", silence->stream->name, silence->probe);
}

static int
get_duration(struct control_session *session, const json_t *request, int64_t *for_s)
{
	char *cause = NULL;
	int got = json_get_integer(request, "for_s", for_s, &cause);

	if (got == 0)
		cause_set(&cause, "for_s is missing: for how many seconds?");
	else if (got == 1 && (*for_s < 1 || *for_s > SILENCE_MAX_S))
		cause_set(&cause, "for_s is not from 1 to %d (365 days)", SILENCE_MAX_S);
	if (cause == NULL)
		return 0;
	control_reply_error(session, PROTO_BAD_REQUEST, cause);
	free(cause);
	return -1;
}

static void
exec_silence(struct control_session *session, const json_t *request, void *app)
{
	struct daemon *daemon = app;
	const struct ledger_now now = {.ms = clock_now_ms(), .mono_ms = clock_mono_ms()};
	const struct ledger_person by = caller(session);
	const struct ledger_silence *silence;
	struct ledger_silence scope = {0};
	const char *text = NULL;
	char *cause = NULL;
	int64_t for_s = 0;
	json_t *result;
	char *name, *who;

	if (get_scope(session, daemon, request, &scope) == -1 || get_duration(session, request, &for_s) == -1 ||
	    get_text(session, request, "text", &text) == -1)
		return;
	silence = ledger_silence(daemon->ledger, &scope, &by, text, for_s * 1000, &now, &cause);
	if (silence != NULL) {
		result = json_pack("{s:s}", "id", silence->id);
		json_set_time(result, "until", silence->until_ms);
		name = scope_name(silence);
		json_set_text(result, "scope", name);
		who = mem_printf("%s (uid %" PRId64 ")", silence->by, silence->uid);
		json_set_text(result, "by", who);
		free(name);
		free(who);
		reply_taken(session, result);
	} else {
		control_reply_error(session, PROTO_BUSY, cause);
	}
	free(cause);
}

struct silence_search {
	const char *prefix;
	char id[FINDING_ID_SIZE];
	char *name; /* of its scope */
	size_t count;
};

static void
silence_search_cb(const struct ledger_silence *silence, void *arg)
{
	struct silence_search *search = arg;

	if (strncmp(silence->id, search->prefix, strlen(search->prefix)) != 0)
		return;
	free(search->name);
	search->name = scope_name(silence);
	memcpy(search->id, silence->id, sizeof(search->id));
	search->count++;
}

static void
exec_unsilence(struct control_session *session, const json_t *request, void *app)
{
	struct daemon *daemon = app;
	struct silence_search search = {0};
	const struct ledger_person by = caller(session);
	struct ledger_silence scope = {0};
	const char *id = NULL;
	int got = get_text(session, request, "id", &id);

	if (got == -1 || (got == 0 && get_scope(session, daemon, request, &scope) == -1))
		return;
	if (got == 0)
		id = ledger_silence_find(daemon->ledger, scope.stream, scope.probe);
	if (id != NULL && strlen(id) >= ID_PREFIX_MIN) {
		search.prefix = id;
		ledger_silences(daemon->ledger, silence_search_cb, &search);
	}
	if (search.count == 1 && ledger_unsilence(daemon->ledger, search.id, &by, clock_now_ms()) == 0)
		reply_taken(session, json_pack("{s:s, s:s}", "id", search.id, "scope", search.name));
	else if (search.count > 1)
		reply_error(session, PROTO_AMBIGUOUS, "more than one silence begins with ", id);
	else
		reply_error(
		    session, PROTO_NO_SUCH_ID, "nothing is silenced there (kdiagctl status counts what is)", "");
	free(search.name);
}

static void
history_done_cb(json_t *list, void *arg)
{
	struct control_session *session = arg;

	control_reply(session, list);
	control_release(session);
}

static void
exec_history(struct control_session *session, const json_t *request, void *app)
{
	struct daemon *daemon = app;
	const struct finding *finding;
	const struct stream_id *id;
	struct store_query query = {0};
	const char *prefix = NULL;
	struct watch *watch;
	char *cause = NULL;

	if (json_time_get(request, "since", &query.since_ms, &cause) == -1 ||
	    json_time_get(request, "until", &query.until_ms, &cause) == -1) {
		control_reply_error(session, PROTO_BAD_REQUEST, cause);
		free(cause);
		return;
	}
	if (get_watch(session, daemon, request, &watch) == -1)
		return;
	if (watch != NULL) {
		id = watch_id(watch);
		query.account = id->account;
		query.region = id->region;
		query.stream = id->name;
	}
	if (get_text(session, request, "id", &prefix) == -1 ||
	    (prefix != NULL && (finding = find_finding(session, daemon, prefix)) == NULL))
		return;
	query.id = prefix != NULL ? (char *)finding->id : NULL;
	if (keeper_history(daemon->keeper, &query, history_done_cb, control_hold(session)) == 0)
		return;
	control_release(session);
	control_reply_error(session, PROTO_BUSY, "too many ask for the history at once: try again");
}

const struct control_op ops_table[] = {
    {"status", false, exec_status},
    {"findings", false, exec_findings},
    {"show", false, exec_show},
    {"probes", false, exec_probes},
    {"facts", false, exec_facts},
    {"subscribe", false, exec_subscribe},
    {"history", false, exec_history},
    {"ack", true, exec_ack},
    {"unack", true, exec_unack},
    {"silence", true, exec_silence},
    {"unsilence", true, exec_unsilence},
    {"run", true, exec_run},
    {"diagnose", true, exec_diagnose},
    {"reload", true, exec_reload},
};
const size_t ops_count = KD_COUNT(ops_table);
