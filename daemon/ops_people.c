/* SPDX-License-Identifier: Apache-2.0 */
/* ops_people: acks and silences as they are asked for; the name of who asks comes from the kernel. */
#include "daemon/ops_people.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/json_time.h"
#include "common/mem.h"
#include "common/proto.h"
#include "daemon/ops_args.h"
#include "daemon/view.h"

enum { SILENCE_MAX_S = 365 * 86400 };

static struct ledger_person
caller(struct control_session *session)
{
	const struct control_peer *peer = control_session_peer(session);

	return (struct ledger_person){peer->name, (int64_t)peer->uid};
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

	if (one->finding == NULL && strcmp(entry->finding.id, one->id) == 0)
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
	ops_reply_taken(session, one.finding);
}

void
ops_ack(struct control_session *session, const json_t *request, void *app)
{
	struct daemon *daemon = app;
	const struct ledger_person by = caller(session);
	struct finding finding;
	const char *text = NULL;
	char *cause = NULL;
	int done;

	if (ops_need_finding(session, daemon, request, &finding) == -1 ||
	    ops_get_text(session, request, "text", &text) == -1)
		return;
	done = ledger_ack(daemon->ledger, finding.id, &by, text, clock_now_ms(), &cause);
	reply_done(session, daemon, done, finding.id, cause);
	free(cause);
}

void
ops_unack(struct control_session *session, const json_t *request, void *app)
{
	struct daemon *daemon = app;
	const struct ledger_person by = caller(session);
	struct finding finding;
	char *cause = NULL;
	int done;

	if (ops_need_finding(session, daemon, request, &finding) == -1)
		return;
	done = ledger_unack(daemon->ledger, finding.id, &by, clock_now_ms(), &cause);
	reply_done(session, daemon, done, finding.id, cause);
	free(cause);
}

/* What is to be silenced: id, or stream (all: every one) and perhaps probe. -1: an error was answered. */
static int
get_scope(
    struct control_session *session, const struct daemon *daemon, const json_t *request, struct ledger_silence *scope)
{
	struct finding finding;
	const char *id = NULL;
	struct watch *watch;
	bool all = false;
	int got = ops_get_text(session, request, "id", &id), probe;

	if (got == -1 || (got == 1 && ops_find_finding(session, daemon, id, &finding) == -1))
		return -1;
	if (got == 1) {
		scope->stream = finding.stream;
		memcpy(scope->finding, finding.id, sizeof(scope->finding));
		return 0;
	}
	if (ops_get_flag(session, request, "all", &all) == -1 ||
	    (!all && ops_need_watch(session, daemon, request, &watch) == -1) ||
	    ops_get_probe(session, daemon, request, &probe) == -1)
		return -1;
	scope->stream = all ? NULL : (struct stream_id *)watch_id(watch);
	scope->probe = probe < 0 ? NULL : (char *)plugins_at(daemon->config->plugins, (size_t)probe)->name;
	return 0;
}

/* "orders", "orders/throttling", "every stream", "throttling of every stream", or the finding's id. The caller's. */
static char *
scope_name(const struct ledger_silence *silence)
{
	static const char every[] = "every stream";

	if (silence->finding[0] != '\0')
		return mem_strdup(silence->finding);
	if (silence->stream == NULL)
		return silence->probe == NULL ? mem_strdup(every) : mem_printf("%s of %s", silence->probe, every);
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

void
ops_silence(struct control_session *session, const json_t *request, void *app)
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
	    ops_get_text(session, request, "text", &text) == -1)
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
		ops_reply_taken(session, result);
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

void
ops_unsilence(struct control_session *session, const json_t *request, void *app)
{
	struct daemon *daemon = app;
	struct silence_search search = {0};
	const struct ledger_person by = caller(session);
	struct ledger_silence scope = {0};
	const char *id = NULL;
	int got = ops_get_text(session, request, "id", &id);

	if (got == -1 || (got == 0 && get_scope(session, daemon, request, &scope) == -1))
		return;
	if (got == 0)
		id = ledger_silence_find(daemon->ledger, scope.stream, scope.probe);
	if (id != NULL && strlen(id) >= OPS_ID_PREFIX_MIN) {
		search.prefix = id;
		ledger_silences(daemon->ledger, silence_search_cb, &search);
	}
	if (search.count == 1 && ledger_unsilence(daemon->ledger, search.id, &by, clock_now_ms()) == 0)
		ops_reply_taken(session, json_pack("{s:s, s:s}", "id", search.id, "scope", search.name));
	else if (search.count > 1)
		ops_reply_error(session, PROTO_AMBIGUOUS, "more than one silence begins with ", id);
	else
		ops_reply_error(
		    session, PROTO_NO_SUCH_ID, "nothing is silenced there (kdiagctl status counts what is)", "");
	free(search.name);
}
