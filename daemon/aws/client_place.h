/* SPDX-License-Identifier: Apache-2.0 */
/* client_place: what client.c (places, notices, counts) and client_call.c (one call's way) share. For these two only. */
#ifndef KDIAG_AWS_CLIENT_PLACE_H
#define KDIAG_AWS_CLIENT_PLACE_H

#include "common/str.h"
#include "daemon/aws/client.h"
#include "daemon/aws/gate.h"
#include "daemon/aws/pace.h"
#include "daemon/aws/retry.h"
#include "daemon/aws/service.h"

struct credentials_watch;

struct aws_client {
	struct event_base *base;
	struct http *http;
	struct gate *gate; /* of http's connections */
	struct aws_client_options options;
	char *endpoint_url, *ca_file; /* behind options */
	struct aws_place *places;
	struct credentials_watch *watches;
	struct aws_counts counts;
	size_t calls_under_way;
	struct str headers; /* of the request that is being made */
};

/* A service of a place, made at the first call. */
struct place_service {
	struct place_service *next;
	char *name;
	struct endpoint endpoint;
	const char *path;     /* of endpoint.url */
	char *endpoint_cause; /* NULL: endpoint is good */
	struct retry_quota quota;
	struct service health;
	bool noticed; /* that it is left alone */
};

/* An operation of a place and how often it was sent. */
struct place_operation {
	struct place_operation *next;
	char *name;
	uint64_t calls, metrics;
};

struct aws_place {
	struct aws_place *next;
	struct aws_client *client;
	char *account, *region;
	struct creds *creds;
	struct pace *pace;
	int64_t offset_ms; /* AWS's clock minus ours where it counts, else 0 */
	int64_t mended_ms; /* clock_mono_ms() of when a notice ended; 0: none has */
	struct place_service *services;
	struct place_operation *operations;
};

struct place_service *place_get_service(struct aws_place *place, const char *name);
struct place_operation *place_get_operation(struct aws_place *place, const char *name);

/* AWS's clock was seen to be ahead of ours by so much: corrects the place, and notices. */
void place_learn_offset(struct aws_place *place, const struct place_service *service, int64_t offset_ms);
/* How a call that was sent ended: for the health of its service. */
void place_note_end(struct aws_place *place, struct place_service *service, const struct aws_error *error, bool trial);
/* An attempt was throttled; lasting: the call gave up. */
void place_note_throttled(
    struct aws_place *place, struct place_service *service, const struct aws_error *error, bool lasting);

#endif
