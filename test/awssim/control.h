/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control: the unsigned admin endpoint under /_awssim/, by which tests read the counts and change the world while it
 * runs.
 */
#ifndef KDIAG_AWSSIM_CONTROL_H
#define KDIAG_AWSSIM_CONTROL_H

#include "test/awssim/call.h"

#define CONTROL_PREFIX "/_awssim/"

void control_answer(struct sim *sim, struct evhttp_request *request, const char *path, const char *body, size_t len);

#endif
