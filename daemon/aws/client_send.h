/* SPDX-License-Identifier: Apache-2.0 */
/* client_send: one signed request on its way. For client_call.c only. */
#ifndef KDIAG_AWS_CLIENT_SEND_H
#define KDIAG_AWS_CLIENT_SEND_H

#include "daemon/aws/client_place.h"

struct client_message {
	const char *target; /* NULL: none */
	const char *content_type, *body;
	size_t body_len;
};

/* Signs with the place's time and sends. NULL with a sentence. message->body is copied. */
struct http_transfer *client_send(struct aws_place *place, const struct place_service *service,
    const struct aws_keys *keys, const struct client_message *message, http_cb cb, void *arg, char **cause);

#endif
