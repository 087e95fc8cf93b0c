/* SPDX-License-Identifier: Apache-2.0 */
/* call: one request to the simulated AWS on its way through the rooms, and the simulator that it reached. */
#ifndef KDIAG_AWSSIM_CALL_H
#define KDIAG_AWSSIM_CALL_H

#include <stddef.h>
#include <stdint.h>

#include <event2/keyvalq_struct.h>
#include <jansson.h>

#include "test/awssim/faults.h"
#include "test/awssim/keyring.h"
#include "test/awssim/scenario.h"
#include "test/awssim/seed.h"
#include "test/awssim/services.h"
#include "test/awssim/stats.h"
#include "test/awssim/world.h"

struct event_base;
struct evhttp_request;
struct imds;
struct wire;

/* All that lives as long as the program. */
struct sim {
	struct event_base *base;
	struct scenario *scenario;
	struct world *world;
	struct keyring *keyring;
	struct imds *imds;
	struct wire *wire;
	struct stats stats;
	struct seed request_ids;
	int64_t start_mono_ms;
};

struct call {
	struct sim *sim;
	struct evhttp_request *request;
	const struct service *service;
	const struct operation *operation;
	size_t number;    /* services_number() */
	const char *body; /* NUL-terminated; borrowed from the request */
	size_t body_len;
	json_t *input;                   /* SERVICE_JSON: an object that has the operation's shape */
	struct evkeyvalq params;         /* SERVICE_QUERY */
	const struct identity *identity; /* NULL: SERVICE_METADATA */
	char *region;                    /* of the signature's scope */
	char *stream;                    /* which stream it is about; NULL: none */
	int64_t now_ms;                  /* the server's clock, with its skew */
	const struct fault *fault;       /* that strikes it, or NULL */
};

/* Frees what the call holds, not itself. */
void call_clear(struct call *call);
/* A header of the request, a parameter of a Query; NULL: not there. */
const char *call_header(const struct call *call, const char *name);
const char *call_param(const struct call *call, const char *name);
/* A string member of the input; NULL: not said. */
const char *call_string(const struct call *call, const char *name);
/* Its integer, or what stands for it when not said. */
int64_t call_integer(const struct call *call, const char *name, int64_t otherwise);
/* Since the simulator's start, by the clock. */
int64_t call_elapsed_ms(const struct sim *sim);

#endif
