/* SPDX-License-Identifier: Apache-2.0 */
/* client_send: makes the headers of a request, signs it and hands it to http. Knows no retries and reads no answers. */
#include "daemon/aws/client_send.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/aws/sign.h"

enum { HEADERS_MAX = 6 };

/* All that is signed; timestamp is the scope's own. */
static size_t
list_headers(struct sign_header headers[HEADERS_MAX], const struct place_service *service, const struct aws_keys *keys,
    const struct client_message *message, const char *timestamp)
{
	size_t count = 0;

	headers[count++] = (struct sign_header){"Host", service->endpoint.host};
	headers[count++] = (struct sign_header){"Content-Type", message->content_type};
	headers[count++] = (struct sign_header){"X-Amz-Date", timestamp};
	if (message->target != NULL)
		headers[count++] = (struct sign_header){"X-Amz-Target", message->target};
	if (keys->token != NULL)
		headers[count++] = (struct sign_header){"X-Amz-Security-Token", keys->token};
	return count;
}

/* "Name: value" of each, one behind the other in the client's buffer. */
static void
write_headers(struct str *buffer, const struct sign_header *headers, size_t count, const char *out[HEADERS_MAX])
{
	const char *at;

	str_clear(buffer);
	for (size_t i = 0; i < count; i++) {
		str_add(buffer, headers[i].name);
		str_add(buffer, ": ");
		str_add_len(buffer, headers[i].value, strlen(headers[i].value) + 1);
	}
	at = buffer->s;
	for (size_t i = 0; i < count; i++) {
		out[i] = at;
		at += strlen(at) + 1;
	}
}

struct http_transfer *
client_send(struct aws_place *place, const struct place_service *service, const struct aws_keys *keys,
    const struct client_message *message, http_cb cb, void *arg, char **cause)
{
	struct aws_client *client = place->client;
	char timestamp[SIGN_TIME_SIZE], *authorization;
	struct sign_header headers[HEADERS_MAX];
	const char *lines[HEADERS_MAX];
	size_t count = list_headers(headers, service, keys, message, timestamp);
	const struct sign_scope scope = {keys->access_key, keys->secret_key, service->endpoint.signing_region,
	    service->endpoint.signing_service, timestamp};
	const struct sign_request to_sign = {
	    .method = "POST",
	    .target = service->path,
	    .headers = headers,
	    .headers_count = count,
	    .body = message->body,
	    .body_len = message->body_len,
	    .normalize_path = true,
	};
	const struct http_request request = {
	    .method = "POST",
	    .url = service->endpoint.url,
	    .headers = lines,
	    .headers_count = count + 1,
	    .body = message->body,
	    .body_len = message->body_len,
	    .timeout_ms = client->options.call_timeout_ms,
	    .ca_file = client->options.ca_file,
	};
	struct http_transfer *transfer;

	sign_format_time(aws_place_now_ms(place), timestamp);
	if ((authorization = sign_authorization(&scope, &to_sign, cause)) == NULL)
		return NULL;
	headers[count] = (struct sign_header){"Authorization", authorization};
	write_headers(&client->headers, headers, count + 1, lines);
	transfer = http_send(client->http, &request, cb, arg, cause);
	explicit_bzero(client->headers.s, client->headers.len);
	free(authorization);
	return transfer;
}
