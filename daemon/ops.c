/* SPDX-License-Identifier: Apache-2.0 */
/* ops: the table, and what is answered at once. */
#include "daemon/ops.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/proto.h"
#include "common/str.h"
#include "daemon/ops_args.h"
#include "daemon/ops_history.h"
#include "daemon/ops_look.h"
#include "daemon/ops_people.h"
#include "daemon/permissions.h"
#include "daemon/view.h"
#include "daemon/view_cost.h"

static void
exec_status(struct control_session *session, const json_t *request, void *app)
{
	const struct daemon *daemon = app;
	struct watch *watch;
	bool brief = false;

	if (ops_get_flag(session, request, "brief", &brief) != -1 &&
	    ops_get_watch(session, daemon, request, &watch) != -1)
		ops_reply_text_taken(session, view_status(daemon, watch, brief));
}

static void
exec_findings(struct control_session *session, const json_t *request, void *app)
{
	const struct daemon *daemon = app;
	struct watch *watch;
	bool all = false;

	if (ops_get_flag(session, request, "all", &all) != -1 && ops_get_watch(session, daemon, request, &watch) != -1)
		ops_reply_text_taken(session, view_findings(daemon, watch, all));
}

/* All findings whose id begins so. */
static void
exec_show(struct control_session *session, const json_t *request, void *app)
{
	const char *id;
	char *found;
	size_t count;
	int got = ops_get_text(session, request, "id", &id);

	if (got == -1)
		return;
	if (got == 0 || strlen(id) < OPS_ID_PREFIX_MIN) {
		control_reply_error(session, PROTO_BAD_REQUEST, "id is missing: at least its first 4 digits");
		return;
	}
	count = view_find(app, id, &found);
	if (count == 1)
		ops_reply_text_taken(session, found);
	else if (count == 0)
		ops_reply_error(session, PROTO_NO_SUCH_ID, "no finding has the id ", id);
	else
		ops_reply_error(session, PROTO_AMBIGUOUS, "more than one finding begins with ", id);
}

static void
exec_cost(struct control_session *session, const json_t *request, void *app)
{
	(void)request;
	ops_reply_text_taken(session, view_cost(app));
}

/* The one account that there is; NULL: there are several, one must be named, and that was answered. */
static const char *
only_account(struct control_session *session, const struct config *config)
{
	struct str names = {0};

	if (config->accounts_count == 1)
		return config->accounts[0].name;
	for (size_t i = 0; i < config->accounts_count; i++)
		str_printf(&names, "%s%s", i > 0 ? ", " : "", config->accounts[i].name);
	ops_reply_error(session, PROTO_BAD_REQUEST, "name one of the accounts: ", names.s);
	str_free(&names);
	return NULL;
}

static void
exec_policy(struct control_session *session, const json_t *request, void *app)
{
	const struct daemon *daemon = app;
	const char *account = NULL;
	int got = ops_get_text(session, request, "account", &account);

	if (got == 0)
		account = only_account(session, daemon->config);
	if (got == -1 || account == NULL)
		return;
	if (config_find_account(daemon->config, account) == NULL)
		ops_reply_error(session, PROTO_BAD_REQUEST, "no account of the config is called ", account);
	else
		ops_reply_taken(session,
		    json_pack("{s:s, s:o}", "account", account, "policy", permissions_policy(daemon->config, account)));
}

static void
exec_probes(struct control_session *session, const json_t *request, void *app)
{
	(void)request;
	ops_reply_taken(session, view_probes(app));
}

static void
exec_facts(struct control_session *session, const json_t *request, void *app)
{
	struct watch *watch;
	struct kd_facts *facts;

	if (ops_need_watch(session, app, request, &watch) == -1)
		return;
	facts = watch_facts(watch);
	ops_reply_taken(session, facts_to_json(facts));
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
		ops_reply_taken(session, json_pack("{s:I, s:O}", "streams",
					     (json_int_t)schedule_count(daemon->schedule), "warnings", warnings));
	json_decref(warnings);
	str_free(&lines);
	config_report_clear(&report);
}

const struct control_op ops_table[] = {
    {"status", false, exec_status},
    {"findings", false, exec_findings},
    {"show", false, exec_show},
    {"cost", false, exec_cost},
    {"policy", false, exec_policy},
    {"probes", false, exec_probes},
    {"facts", false, exec_facts},
    {"subscribe", false, exec_subscribe},
    {"history", false, ops_history},
    {"ack", true, ops_ack},
    {"unack", true, ops_unack},
    {"silence", true, ops_silence},
    {"unsilence", true, ops_unsilence},
    {"run", true, ops_run},
    {"diagnose", true, ops_diagnose},
    {"reload", true, exec_reload},
};
const size_t ops_count = KD_COUNT(ops_table);
