/* SPDX-License-Identifier: Apache-2.0 */
/* wire: answers that come late or broken: held, cut, dripped, reset, never. Knows HTTP's bytes, not what they say. */
#ifndef KDIAG_AWSSIM_WIRE_H
#define KDIAG_AWSSIM_WIRE_H

#include <stdint.h>

struct event_base;
struct evbuffer;
struct evhttp_request;
struct wire;

enum wire_way {
	WIRE_WHOLE, /* as HTTP wants it */
	WIRE_CUT,   /* half of the body, then FIN */
	WIRE_DRIP,  /* a byte of the body every drip_ms, then FIN */
	WIRE_RESET, /* RST instead of an answer */
	WIRE_HANG,  /* nothing; the connection stays until the peer closes it */
};

struct wire_answer {
	enum wire_way way;
	int status;
	int64_t delay_ms, drip_ms;
};

struct wire *wire_new(struct event_base *base);
/* After the evhttp has been freed. */
void wire_free(struct wire *wire);
/*
 * Answers a request with its output headers and this body (whose bytes are moved out). Without delay and whole: at
 * once.
 */
void wire_send(
    struct wire *wire, struct evhttp_request *request, const struct wire_answer *answer, struct evbuffer *body);

#endif
