/* SPDX-License-Identifier: Apache-2.0 */
/* ops_history: what changed when; waits for the disk. */
#include "daemon/ops_history.h"

#include <stdlib.h>
#include <string.h>

#include "common/json_time.h"
#include "common/proto.h"
#include "daemon/ops_args.h"

static void
history_done_cb(json_t *list, const char *why, void *arg)
{
	struct control_session *session = arg;

	if (list != NULL)
		control_reply(session, list);
	else
		ops_reply_error(session, PROTO_UNREADABLE, "the history cannot be read: ", why);
	control_release(session);
}

void
ops_history(struct control_session *session, const json_t *request, void *app)
{
	struct daemon *daemon = app;
	struct finding finding;
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
	if (ops_get_watch(session, daemon, request, &watch) == -1)
		return;
	if (watch != NULL) {
		id = watch_id(watch);
		query.account = id->account;
		query.region = id->region;
		query.stream = id->name;
	}
	if (ops_get_text(session, request, "id", &prefix) == -1 ||
	    (prefix != NULL && ops_find_finding(session, daemon, prefix, &finding) == -1))
		return;
	query.id = prefix != NULL ? finding.id : NULL;
	if (keeper_history(daemon->keeper, &query, history_done_cb, control_hold(session)) == 0)
		return;
	control_release(session);
	control_reply_error(session, PROTO_BUSY, "too many ask for the history at once: try again");
}
