/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server: owns the listening socket and the order in which a request is judged: route, signature, input, fault, limit,
 * operation.
 */
#include "test/awssim/server.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/mem.h"
#include "test/awssim/answer.h"
#include "test/awssim/auth.h"
#include "test/awssim/control.h"
#include "test/awssim/faulty.h"
#include "test/awssim/imds.h"
#include "test/awssim/shape.h"

/* Every input of the operations that there are is far below 1 MiB. */
enum { BODY_MAX = 1024 * 1024, HEADERS_MAX = 64 * 1024 };

struct server {
	struct sim *sim;
	struct evhttp *http;
	uint16_t port;
};

/* ---- which operation? ---- */

/* X-Amz-Target: PREFIX.OPERATION. What AWS does not know at all is 404, an operation it does not know 400. */
static int
route_json(struct call *call, const char *target)
{
	const char *dot = strchr(target, '.'), *type = call_header(call, "Content-Type");
	size_t len;

	call->service = dot == NULL ? NULL : services_find_target(target, (size_t)(dot - target));
	if (call->service == NULL)
		return 400;
	len = strlen(call->service->content_type);
	if (type == NULL || strncasecmp(type, call->service->content_type, len) != 0 ||
	    (type[len] != '\0' && type[len] != ';'))
		return 404;
	call->operation = services_find_operation(call->service, dot + 1);
	return call->operation == NULL ? 400 : 0;
}

static int
route_query(struct call *call)
{
	const char *type = call_header(call, "Content-Type"), *form = "application/x-www-form-urlencoded", *action,
		   *version;

	if (type == NULL || strncasecmp(type, form, strlen(form)) != 0 ||
	    evhttp_parse_query_str(call->body, &call->params) != 0)
		return 404;
	action = call_param(call, "Action");
	version = call_param(call, "Version");
	call->service = version == NULL ? NULL : services_find_version(version);
	if (action == NULL || call->service == NULL)
		return 404;
	call->operation = services_find_operation(call->service, action);
	return call->operation == NULL ? 400 : 0;
}

static int
route_metadata(struct call *call, const char *path)
{
	call->service = services_metadata();
	call->operation = imds_route(evhttp_request_get_command(call->request), path);
	return call->operation == NULL ? 404 : 0;
}

/* 0: the operation is known. -1: it has been answered. */
static int
route(struct call *call, const char *path)
{
	const char *target = call_header(call, "X-Amz-Target");
	int status = 404;

	if (strncmp(path, "/latest/", strlen("/latest/")) == 0)
		status = route_metadata(call, path);
	else if (strcmp(path, "/") == 0 && evhttp_request_get_command(call->request) == EVHTTP_REQ_POST)
		status = target != NULL ? route_json(call, target) : route_query(call);
	if (status == 0)
		return 0;
	if (call->service != NULL && call->service->protocol == SERVICE_QUERY)
		answer_error(call, status, "InvalidAction", "Could not find operation %.100s for version %s",
		    call_param(call, "Action"), call->service->version);
	else
		answer_error(call, status, "UnknownOperationException", "%s", "");
	return -1;
}

/* ---- may it be? ---- */

static int
read_input(struct call *call)
{
	const char *code = "SerializationException";
	char *message = NULL; /* AWS says no more than the code of what is no JSON */
	int rc = -1;

	if (call->service->protocol != SERVICE_JSON)
		return 0;
	call->input = json_read(call->body, call->body_len, NULL);
	if (call->input != NULL)
		rc = shape_check(call->input, call->operation->input, call->operation->input_count, &code, &message);
	if (rc != 0 && call->service->invalid != NULL && strcmp(code, SHAPE_INVALID) == 0)
		code = call->service->invalid;
	if (rc != 0)
		answer_error(call, 400, code, "%s", message == NULL ? "" : message);
	else if (call->service->name_stream != NULL)
		call->service->name_stream(call);
	free(message);
	return rc;
}

/* Is the call within AWS's rate? A call about a stream that does not exist has no bucket. */
static bool
is_within_limit(struct call *call)
{
	struct world *world = call->sim->world;
	struct limit_bucket *bucket = NULL;
	double limit = call->operation->limit_per_s;
	struct stream *stream;

	if (!call->sim->scenario->enforce_limits || call->operation->limit_per_s <= 0)
		return true;
	assert(call->identity != NULL); /* the one service that asks for no signature has no limits */
	if (call->operation->stream_bucket < 0) {
		bucket = world_bucket(world, call->identity->account, call->region, call->number);
	} else if (call->stream != NULL) {
		stream = world_find(world, call->identity->account, call->region, call->stream);
		if (stream != NULL)
			bucket = &stream->buckets[call->operation->stream_bucket];
	}
	if (call->service->limit_in != NULL)
		limit = call->service->limit_in(call->operation, call->region);
	return bucket == NULL || limits_take(bucket, limit, clock_mono_ms());
}

static void
serve(struct call *call, const char *path)
{
	struct sim *sim = call->sim;
	struct faults *faults = sim->scenario->faults;
	int64_t elapsed_ms = call_elapsed_ms(sim);

	if (route(call, path) != 0)
		return;
	call->number = services_number(call->service, call->operation);
	stats_call(&sim->stats, call->number, clock_mono_ms());
	call->now_ms += faults_skew_ms(faults, call->service->name, call->operation->name, elapsed_ms);
	if (call->service->protocol != SERVICE_METADATA && auth_check(call) != 0)
		return;
	if (read_input(call) != 0)
		return;
	if (!is_within_limit(call)) {
		answer_throttled(call);
		return;
	}
	call->fault = faults_strike(faults, call->service->name, call->operation->name, call->stream, elapsed_ms);
	if (!faulty_answer(call))
		call->operation->run(call);
}

static void
request_cb(struct evhttp_request *request, void *arg)
{
	struct sim *sim = ((struct server *)arg)->sim;
	struct call call = {.sim = sim, .request = request, .now_ms = clock_now_ms()};
	struct evbuffer *input = evhttp_request_get_input_buffer(request);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri == NULL ? "" : evhttp_uri_get_path(uri);

	TAILQ_INIT(&call.params);
	call.body_len = evbuffer_get_length(input);
	evbuffer_add(input, "", 1);
	call.body = (const char *)evbuffer_pullup(input, -1);
	world_advance(sim->world, call_elapsed_ms(sim));
	if (strncmp(path, CONTROL_PREFIX, strlen(CONTROL_PREFIX)) == 0) {
		control_answer(sim, request, path, call.body, call.body_len);
	} else {
		sim->stats.requests++;
		serve(&call, path);
	}
	call_clear(&call);
}

/* ---- the socket ---- */

static struct bufferevent *
connection_cb(struct event_base *base, void *arg)
{
	((struct server *)arg)->sim->stats.connections++;
	return bufferevent_socket_new(base, -1, 0);
}

static uint16_t
port_of(struct evhttp_bound_socket *bound)
{
	struct sockaddr_in address = {0};
	socklen_t len = sizeof(address);

	if (getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &len) != 0)
		return 0;
	return ntohs(address.sin_port);
}

struct server *
server_new(struct sim *sim, uint16_t port, char **cause)
{
	struct server *server = mem_new(1, sizeof(*server));
	struct evhttp_bound_socket *bound;

	server->sim = sim;
	server->http = evhttp_new(sim->base);
	if (server->http == NULL) {
		free(server);
		return cause_null(cause, "libevent cannot make an HTTP server");
	}
	evhttp_set_max_body_size(server->http, BODY_MAX);
	evhttp_set_max_headers_size(server->http, HEADERS_MAX);
	evhttp_set_allowed_methods(server->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
						     EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
	evhttp_set_bevcb(server->http, connection_cb, server);
	evhttp_set_gencb(server->http, request_cb, server);
	bound = evhttp_bind_socket_with_handle(server->http, "127.0.0.1", port);
	if (bound == NULL) {
		cause_set(cause, "cannot listen on 127.0.0.1:%u: %s", port, strerror(errno));
		server_free(server);
		return NULL;
	}
	server->port = port_of(bound);
	return server;
}

void
server_free(struct server *server)
{
	if (server == NULL)
		return;
	evhttp_free(server->http);
	free(server);
}

uint16_t
server_port(const struct server *server)
{
	return server->port;
}
