/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faulty: does what a fault says to an answer: instead of it, to its JSON, to its bytes. Knows not when: faults.c does.
 */
#ifndef KDIAG_AWSSIM_FAULTY_H
#define KDIAG_AWSSIM_FAULTY_H

#include <stdbool.h>

#include <event2/buffer.h>

#include "test/awssim/call.h"
#include "test/awssim/wire.h"

/* Has the call's fault an answer of its own? Then it is given, and the operation does not run. */
bool faulty_answer(struct call *call);
/* The result, bent when the fault wants it; takes and gives a reference. */
json_t *faulty_bend_json(struct call *call, json_t *result);
/* Its bytes and their way. */
void faulty_bend_body(struct call *call, struct evbuffer *body, struct wire_answer *answer);

#endif
