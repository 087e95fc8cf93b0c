/* SPDX-License-Identifier: Apache-2.0 */
/* ops_args: takes a request's arguments apart; refuses to know what is to be done with them. */
#include "daemon/ops_args.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/mem.h"
#include "common/proto.h"
#include "common/text.h"

void
ops_reply_taken(struct control_session *session, json_t *result_taken)
{
	control_reply(session, result_taken);
	json_decref(result_taken);
}

void
ops_reply_text_taken(struct control_session *session, char *result_taken)
{
	control_reply_text(session, result_taken);
	free(result_taken);
}

void
ops_reply_error(struct control_session *session, const char *code, const char *sentence, const char *what)
{
	char *message = mem_printf("%s%s", sentence, what);

	control_reply_error(session, code, message);
	free(message);
}

/* ---- arguments ---- */

int
ops_get_text(struct control_session *session, const json_t *request, const char *key, const char **value)
{
	char *cause = NULL;
	int got = json_get_string(request, key, value, &cause);

	if (got == -1)
		control_reply_error(session, PROTO_BAD_REQUEST, cause);
	free(cause);
	return got;
}

int
ops_get_flag(struct control_session *session, const json_t *request, const char *key, bool *value)
{
	char *cause = NULL;
	int got = json_get_boolean(request, key, value, &cause);

	if (got == -1)
		control_reply_error(session, PROTO_BAD_REQUEST, cause);
	free(cause);
	return got;
}

void
ops_reply_no_such_stream(struct control_session *session, const struct daemon *daemon, const char *name)
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

int
ops_get_watch(struct control_session *session, const struct daemon *daemon, const json_t *request, struct watch **watch)
{
	const char *name;
	int got = ops_get_text(session, request, "stream", &name);
	size_t count;

	*watch = NULL;
	if (got != 1)
		return got;
	count = schedule_find(daemon->schedule, name, watch);
	if (count == 1)
		return 1;
	if (count == 0)
		ops_reply_no_such_stream(session, daemon, name);
	else
		ops_reply_error(session, PROTO_AMBIGUOUS,
		    "more than one stream has that name: say REGION/NAME or ACCOUNT/REGION/", name);
	return -1;
}

int
ops_need_watch(
    struct control_session *session, const struct daemon *daemon, const json_t *request, struct watch **watch)
{
	int got = ops_get_watch(session, daemon, request, watch);

	if (got == 0)
		control_reply_error(session, PROTO_BAD_REQUEST, "stream is missing: say which");
	return got == 1 ? 0 : -1;
}

int
ops_get_probe(struct control_session *session, const struct daemon *daemon, const json_t *request, int *probe)
{
	const char *name;
	int got = ops_get_text(session, request, "probe", &name);

	*probe = -1;
	if (got != 1)
		return got;
	*probe = plugins_find(daemon->config->plugins, name);
	if (*probe >= 0)
		return 1;
	ops_reply_error(session, PROTO_NO_SUCH_PROBE, "no such probe (kdiagctl probes lists them): ", name);
	return -1;
}

/* ---- findings ---- */

struct search {
	const char *prefix;
	struct finding found;
	size_t count;
};

static void
search_cb(const struct ledger_entry *entry, void *arg)
{
	struct search *search = arg;

	if (strncmp(entry->finding.id, search->prefix, strlen(search->prefix)) != 0)
		return;
	search->found = entry->finding;
	search->count++;
}

int
ops_find_finding(struct control_session *session, const struct daemon *daemon, const char *id, struct finding *found)
{
	struct search search = {.prefix = id};

	if (strlen(id) < OPS_ID_PREFIX_MIN) {
		control_reply_error(session, PROTO_BAD_REQUEST, "id is too short: at least its first 4 digits");
		return -1;
	}
	ledger_each_all(daemon->ledger, search_cb, &search);
	*found = search.found;
	if (search.count == 1)
		return 0;
	if (search.count == 0)
		ops_reply_error(session, PROTO_NO_SUCH_ID, "no finding has the id ", id);
	else
		ops_reply_error(session, PROTO_AMBIGUOUS, "more than one finding begins with ", id);
	return -1;
}

int
ops_need_finding(
    struct control_session *session, const struct daemon *daemon, const json_t *request, struct finding *found)
{
	const char *id = "";

	return ops_get_text(session, request, "id", &id) == -1 ? -1 : ops_find_finding(session, daemon, id, found);
}
