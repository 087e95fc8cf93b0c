/* SPDX-License-Identifier: Apache-2.0 */
/* ops_look: looks by hand; owns the requests that wait for their end. */
#include "daemon/ops_look.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/proto.h"
#include "daemon/ops_args.h"
#include "daemon/view.h"

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
add_finding(json_t *array, const struct finding *seen)
{
	struct finding *finding = finding_copy(seen);

	json_array_append_new(array, finding_to_json(finding));
	finding_free(finding);
}

static void
run_report_cb(const struct watch *watch, const struct kd_report *report, void *arg)
{
	struct pending *pending = arg;
	size_t i;

	(void)watch;
	for (i = 0; i < report_count(report); i++)
		add_finding(pending->findings, report_at(report, i));
}

static void
run_done_cb(void *arg)
{
	struct pending *pending = arg;
	json_t *result = json_pack(
	    "{s:O, s:I}", "findings", pending->findings, "took_ms", (json_int_t)(clock_mono_ms() - pending->began_ms));

	ops_reply_taken(pending->session, result);
	pending_free(pending);
}

void
ops_run(struct control_session *session, const json_t *request, void *app)
{
	struct daemon *daemon = app;
	struct pending *pending;
	struct watch *watch;
	int probe;

	if (ops_get_watch(session, daemon, request, &watch) == -1 ||
	    ops_get_probe(session, daemon, request, &probe) == -1)
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
		ops_reply_taken(pending->session, view_runbook(pending->daemon, watch, pending->symptom));
	else
		ops_reply_no_such_stream(pending->session, pending->daemon, pending->stream);
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

void
ops_diagnose(struct control_session *session, const json_t *request, void *app)
{
	struct daemon *daemon = app;
	const char *symptom = NULL;
	struct pending *pending;
	struct watch *watch;

	if (ops_need_watch(session, daemon, request, &watch) == -1 ||
	    ops_get_text(session, request, "symptom", &symptom) == -1)
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
