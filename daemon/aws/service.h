/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service: how a service of a place fares: does it answer, is it left alone because it failed too often, does it throttle us. Pure: time is given to it
 * (clock_mono_ms), and it tells what is to be noticed.
 */
#ifndef KDIAG_AWS_SERVICE_H
#define KDIAG_AWS_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/aws/error.h"

enum {
	SERVICE_FAILURES_MAX = 5, /* calls that failed in a row until it is left alone */
	SERVICE_PAUSE_MIN_MS = 5000,
	SERVICE_PAUSE_MAX_MS = 60000,
	/* without a refusal for rate, until throttling counts as over: by then the pace is back to full */
	SERVICE_CALM_MS = 60000,
};

/* Zero-initialised it answers well. */
struct service {
	unsigned failures;
	bool left_alone, on_trial;
	int64_t pause_ms, until_ms;
	enum aws_fault last_fault;
	char *last_why; /* NULL: never failed */
	bool throttled;
	int64_t throttled_ms;
};

void service_clear(struct service *service);

enum service_gate {
	SERVICE_OPEN,
	SERVICE_TRIAL, /* this call is the trial: service_failed, service_answered or service_drop_trial has to end it */
	SERVICE_CLOSED, /* left alone */
};
enum service_gate service_enter(struct service *service, int64_t now_ms);
/* Would service_enter say SERVICE_CLOSED? */
bool service_is_closed(const struct service *service, int64_t now_ms);
void service_drop_trial(struct service *service);

/* A call has failed for good, by the service's, the network's or the credentials' fault. true: it is left alone from now on. */
bool service_failed(struct service *service, bool trial, enum aws_fault fault, const char *why, int64_t now_ms);
/* A call was answered, be it by a refusal. true: it was left alone until now. */
bool service_answered(struct service *service);

/* An attempt was refused for its rate; lasting: the call has given up over it. true: throttling lasts from now on. */
bool service_slowed(struct service *service, bool lasting, int64_t now_ms);
/* A call went well. true: throttling is over. */
bool service_calmed(struct service *service, int64_t now_ms);

#endif
