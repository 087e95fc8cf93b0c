/* SPDX-License-Identifier: Apache-2.0 */
/* service: counts failures and refusals of one service, and decides when it is left alone. Sends nothing and tells nobody. */
#include "daemon/aws/service.h"

#include <stdlib.h>

#include "common/mem.h"

void
service_clear(struct service *service)
{
	free(service->last_why);
	*service = (struct service){0};
}

bool
service_is_closed(const struct service *service, int64_t now_ms)
{
	return service->left_alone && (service->on_trial || now_ms < service->until_ms);
}

enum service_gate
service_enter(struct service *service, int64_t now_ms)
{
	if (!service->left_alone)
		return SERVICE_OPEN;
	if (service_is_closed(service, now_ms))
		return SERVICE_CLOSED;
	service->on_trial = true;
	return SERVICE_TRIAL;
}

void
service_drop_trial(struct service *service)
{
	service->on_trial = false;
}

/* Calls that were under way when the service was left alone say nothing new: only a trial makes the pause longer. */
bool
service_failed(struct service *service, bool trial, enum aws_fault fault, const char *why, int64_t now_ms)
{
	bool begins;

	service->last_fault = fault;
	cause_set(&service->last_why, "%s", why);
	service->failures++;
	begins = !service->left_alone && service->failures >= SERVICE_FAILURES_MAX;
	if (begins)
		service->pause_ms = SERVICE_PAUSE_MIN_MS;
	else if (trial)
		service->pause_ms =
		    service->pause_ms * 2 < SERVICE_PAUSE_MAX_MS ? service->pause_ms * 2 : SERVICE_PAUSE_MAX_MS;
	if (begins || trial) {
		service->left_alone = true;
		service->on_trial = false;
		service->until_ms = now_ms + service->pause_ms;
	}
	return begins;
}

bool
service_answered(struct service *service)
{
	bool ends = service->left_alone;

	service->failures = 0;
	service->left_alone = false;
	service->on_trial = false;
	return ends;
}

bool
service_slowed(struct service *service, bool lasting, int64_t now_ms)
{
	bool begins = lasting && !service->throttled;

	service->throttled_ms = now_ms;
	service->throttled = service->throttled || lasting;
	return begins;
}

bool
service_calmed(struct service *service, int64_t now_ms)
{
	if (!service->throttled || now_ms - service->throttled_ms < SERVICE_CALM_MS)
		return false;
	service->throttled = false;
	return true;
}
