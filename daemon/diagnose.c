/* SPDX-License-Identifier: Apache-2.0 */
/* diagnose: the runbook of one stream, filled in with what the ledger holds; the worst of it is the cause to begin with. */
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "daemon/view.h"

const struct view_symptom view_symptoms[3] = {
    {"stream_not_capturing_data", "Stream not capturing data"},
    {"permission_issues", "Permission issues"},
    {"high_latency", "High latency"},
};

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

/* The findings of a step, in the step's object; made at the first. */
static json_t *
step_findings(json_t *steps, const char *name)
{
	json_t *step, *findings;
	size_t i;

	json_array_foreach(steps, i, step) if (strcmp(text_of(step, "step"), name) == 0) return json_object_get(
	    step, "findings");
	step = json_object();
	findings = json_array();
	json_set_text(step, "step", name);
	json_object_set_new(step, "findings", findings);
	json_array_append_new(steps, step);
	return findings;
}

/* The runbook goes from the stream itself to its traffic, who may do what, what the logs say, and what was declared; probes that it does not know come last. */
static const char *const probe_order[] = {"stream_status", "shard_count", "ingest", "throttling", "iterator_age",
    "latency", "iam_coverage", "log_anomaly", "config_drift"};

/* The plugin's index of the i-th probe in the runbook's order. */
static size_t
probe_at(const struct plugins *plugins, size_t i)
{
	size_t order, p;

	for (order = 0; order < KD_COUNT(probe_order); order++) {
		int known = plugins_find(plugins, probe_order[order]);

		if (known >= 0 && i-- == 0)
			return (size_t)known;
	}
	for (p = 0;; p++) {
		bool known = false;

		for (order = 0; order < KD_COUNT(probe_order); order++)
			known |= strcmp(plugins_at(plugins, p)->name, probe_order[order]) == 0;
		if (!known && i-- == 0)
			return p;
	}
}

/* A symptom's steps in the runbook's order, so that they always stand alike, each with what was found. */
static json_t *
steps_json(const struct daemon *daemon, const struct watch *watch, const json_t *findings, const char *symptom)
{
	const struct plugins *plugins = daemon->config->plugins;
	json_t *steps = json_array();
	json_t *finding;
	size_t i, c;

	for (i = 0; i < plugins_count(plugins); i++) {
		size_t p = probe_at(plugins, i);

		for (c = 0; watch_runs(watch, p) && c < plugins_at(plugins, p)->checks_count; c++)
			if (strcmp(plugins_at(plugins, p)->checks[c].symptom, symptom) == 0)
				step_findings(steps, plugins_at(plugins, p)->checks[c].step);
	}
	json_array_foreach(findings, i, finding) if (strcmp(text_of(finding, "symptom"), symptom) == 0)
	    json_array_append(step_findings(steps, text_of(finding, "step")), finding);
	return steps;
}

/* The findings come worst first. What cannot be seen has its cause in kdiag's own findings, which the overview shows. */
static void
set_cause(json_t *result, const json_t *findings)
{
	json_t *worst = json_array_get(findings, 0);
	const char *severity = text_of(worst, "severity"), *state = text_of(worst, "state");
	const char *next = json_string_value(json_object_get(worst, "next"));
	bool unseen = strcmp(severity, "unknown") == 0 && (strcmp(state, "open") == 0 || strcmp(state, "pending") == 0);
	bool found =
	    strcmp(state, "open") == 0 && (strcmp(severity, "critical") == 0 || strcmp(severity, "warning") == 0);

	json_set_text(result, "cause", found || unseen ? text_of(worst, "summary") : NULL);
	json_set_text(result, "next", unseen && next == NULL ? "kdiagctl status" : found || unseen ? next : NULL);
}

json_t *
view_runbook(const struct daemon *daemon, const struct watch *watch, const char *symptom)
{
	json_t *result = view_stream(daemon, watch);
	char *text = view_findings(daemon, watch, true);
	json_t *findings = json_read(text, strlen(text), NULL);
	json_t *symptoms = json_array();
	size_t i;

	json_object_del(result, "findings");
	json_object_set(result, "stream", json_object_get(result, "name"));
	for (i = 0; i < KD_COUNT(view_symptoms); i++) {
		json_t *object;

		if (symptom != NULL && strcmp(view_symptoms[i].name, symptom) != 0)
			continue;
		object = json_object();
		json_set_text(object, "symptom", view_symptoms[i].name);
		json_set_text(object, "title", view_symptoms[i].title);
		json_object_set_new(object, "steps", steps_json(daemon, watch, findings, view_symptoms[i].name));
		json_array_append_new(symptoms, object);
	}
	json_object_set_new(result, "symptoms", symptoms);
	set_cause(result, findings);
	json_decref(findings);
	free(text);
	return result;
}
