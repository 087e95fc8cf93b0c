/* SPDX-License-Identifier: Apache-2.0 */
/* answer: results and errors in the words of each protocol, with AWS's headers. Knows no operation. */
#ifndef KDIAG_AWSSIM_ANSWER_H
#define KDIAG_AWSSIM_ANSWER_H

#include <event2/buffer.h>

#include "test/awssim/call.h"
#include "test/awssim/wire.h"

/* A JSON result: 200. Takes the reference. A fault of the call is done to it here. */
void answer_json_taken(struct call *call, json_t *result);
/* A Query result: what stands inside <OPERATIONResult>. */
void answer_xml(struct call *call, const char *result);
/* Anything else: a body of this type. */
void answer_text(struct call *call, int status, const char *type, const char *text);
/* An error as the call's protocol writes it. code: of the JSON services; Query ones drop an "Exception" behind it. */
void answer_error(struct call *call, int status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* "Rate exceeded", counted as such. */
void answer_throttled(struct call *call);

/*
 * Sends what has been put together, and sets Date, Content-Type and request id. The last step of all of the above;
 * faulty.c has its own use for it.
 */
void answer_send(struct call *call, const struct wire_answer *answer, const char *type, struct evbuffer *body);

/* Text with &, <, > and quotes as entities. The caller's. */
char *answer_escape_xml(const char *text);

#endif
