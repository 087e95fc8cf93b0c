/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control: owns the admin endpoint. What is posted is JSON, read as the YAML that it also is, so that it has the
 * scenario's keys and mistakes.
 */
#include "test/awssim/control.h"

#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/http.h>

#include "common/mem.h"
#include "test/awssim/imds.h"

#define REQUEST "request" /* what stands for the file in messages */

static void
send_json(struct evhttp_request *request, int status, json_t *answer_taken)
{
	struct evbuffer *body = evbuffer_new();
	char *text = json_dumps(answer_taken, JSON_COMPACT);

	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", "application/json");
	evbuffer_add_printf(body, "%s\n", text == NULL ? "{}" : text);
	evhttp_send_reply(request, status, NULL, body);
	evbuffer_free(body);
	free(text);
	json_decref(answer_taken);
}

static json_t *
write_stats(const struct sim *sim)
{
	json_t *operations = json_object();
	uint64_t throttled = 0, rejected = 0;

	for (size_t i = 0; services_at(i) != NULL; i++) {
		const struct stats_operation *row = &sim->stats.operations[i];

		throttled += row->throttled;
		rejected += row->rejected;
		json_object_set_new(operations, services_at(i)->name,
		    json_pack("{s:I, s:I, s:I, s:I, s:I}", "calls", (json_int_t)row->calls, "accepted",
			(json_int_t)row->accepted, "throttled", (json_int_t)row->throttled, "rejected_signatures",
			(json_int_t)row->rejected, "max_per_second", (json_int_t)row->max_per_second));
	}
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "elapsed_ms", (json_int_t)call_elapsed_ms(sim),
	    "requests", (json_int_t)sim->stats.requests, "connections", (json_int_t)sim->stats.connections,
	    "metrics_asked", (json_int_t)sim->stats.metrics_asked, "throttled", (json_int_t)throttled,
	    "rejected_signatures", (json_int_t)rejected, "operations", operations);
}

/* ---- what may be posted: 0, or -1 with a sentence ---- */

static int
post_fault(struct sim *sim, const struct yaml_node *node, char **cause)
{
	struct fault fault;

	if (scenario_read_fault(&fault, node, REQUEST, cause) != 0)
		return -1;
	if (faults_add_taken(sim->scenario->faults, &fault) == 0)
		return 0;
	fault_clear(&fault);
	return cause_set(cause, "there are %d faults already: POST " CONTROL_PREFIX "clear-faults first", FAULTS_MAX);
}

static int
post_clear_faults(struct sim *sim, const struct yaml_node *node, char **cause)
{
	(void)node;
	(void)cause;
	faults_reset(sim->scenario->faults);
	return 0;
}

static int
post_stream(struct sim *sim, const struct yaml_node *node, char **cause)
{
	return world_set_stream(sim->world, node, REQUEST, cause);
}

static int
post_iam(struct sim *sim, const struct yaml_node *node, char **cause)
{
	return scenario_read_iam(sim->scenario, node, REQUEST, cause);
}

static int
post_imds(struct sim *sim, const struct yaml_node *node, char **cause)
{
	return imds_set(sim, node, REQUEST, cause);
}

static int
post_reset_stats(struct sim *sim, const struct yaml_node *node, char **cause)
{
	(void)node;
	(void)cause;
	stats_reset(&sim->stats);
	return 0;
}

static const struct {
	const char *name;
	int (*post)(struct sim *sim, const struct yaml_node *node, char **cause);
} orders[] = {
    {"fault", post_fault},
    {"clear-faults", post_clear_faults},
    {"stream", post_stream},
    {"iam", post_iam},
    {"imds", post_imds},
    {"reset-stats", post_reset_stats},
};

static void
post(struct sim *sim, struct evhttp_request *request, size_t row, const char *body, size_t len)
{
	char *cause = NULL;
	struct yaml_node *node = yaml_tree_parse(REQUEST, body, len, &cause);

	if (node != NULL && orders[row].post(sim, node, &cause) == 0)
		send_json(request, 200, json_pack("{s:b}", "ok", 1));
	else
		send_json(request, 400, json_pack("{s:s}", "error", cause));
	yaml_tree_free(node);
	free(cause);
}

void
control_answer(struct sim *sim, struct evhttp_request *request, const char *path, const char *body, size_t len)
{
	enum evhttp_cmd_type method = evhttp_request_get_command(request);

	path += strlen(CONTROL_PREFIX);
	if (method == EVHTTP_REQ_GET && strcmp(path, "stats") == 0) {
		send_json(request, 200, write_stats(sim));
		return;
	}
	for (size_t row = 0; row < KD_COUNT(orders) && method == EVHTTP_REQ_POST; row++) {
		if (strcmp(path, orders[row].name) == 0) {
			post(sim, request, row, body, len);
			return;
		}
	}
	send_json(request, 404,
	    json_pack(
		"{s:s}", "error", "there are GET stats and POST fault, clear-faults, stream, iam, imds, reset-stats"));
}
