/* SPDX-License-Identifier: Apache-2.0 */
/* faults: owns the list of faults and whose turn it is; knows nothing of HTTP. */
#include "test/awssim/faults.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

struct faults {
	struct fault *list;
	size_t count;
	struct seed seed;
};

const char *const fault_kind_names[] = {"throttle", "http500_html", "http503", "access_denied", "not_found",
    "expired_token", "empty_body", "hang", "reset", "cut_body", "slow_drip", "wrong_json", "wrong_type", "huge_body",
    "other_stream", "endless_next_token", "skewed_date", "small_pages", "partial_data", "internal_error", "forbidden",
    NULL};

void
fault_init(struct fault *fault)
{
	*fault =
	    (struct fault){.rate = 1, .count = -1, .until_ms = -1, .size = FAULT_HUGE_SIZE, .drip_ms = FAULT_DRIP_MS};
}

void
fault_clear(struct fault *fault)
{
	free(fault->operation);
	free(fault->service);
	free(fault->stream);
	free(fault->metric);
	fault_init(fault);
}

struct faults *
faults_new(int64_t seed)
{
	struct faults *faults = mem_new(1, sizeof(*faults));

	seed_init(&faults->seed, seed, 1);
	return faults;
}

void
faults_reset(struct faults *faults)
{
	for (size_t i = 0; i < faults->count; i++)
		fault_clear(&faults->list[i]);
	faults->count = 0;
}

void
faults_free(struct faults *faults)
{
	if (faults == NULL)
		return;
	faults_reset(faults);
	free(faults->list);
	free(faults);
}

int
faults_add_taken(struct faults *faults, struct fault *fault)
{
	if (faults->count == FAULTS_MAX)
		return -1;
	faults->list = mem_resize(faults->list, faults->count + 1, sizeof(*faults->list));
	faults->list[faults->count++] = *fault;
	fault_init(fault);
	return 0;
}

static bool
is_about(const struct fault *fault, const char *service, const char *operation, const char *stream, int64_t elapsed_ms)
{
	return (fault->operation == NULL || strcmp(fault->operation, "*") == 0 ||
		   strcmp(fault->operation, operation) == 0) &&
	       (fault->service == NULL || strcmp(fault->service, service) == 0) &&
	       (fault->stream == NULL || (stream != NULL && text_glob(fault->stream, stream))) &&
	       elapsed_ms >= fault->from_ms && (fault->until_ms < 0 || elapsed_ms < fault->until_ms);
}

/* Does it strike this time? Draws from the seed and counts down. */
static bool
draw(struct faults *faults, struct fault *fault)
{
	if (fault->count == 0 || (fault->rate < 1 && seed_fraction(&faults->seed) >= fault->rate))
		return false;
	if (fault->count > 0)
		fault->count--;
	return true;
}

static bool
is_of_query(const struct fault *fault)
{
	return fault->kind == FAULT_PARTIAL_DATA || fault->kind == FAULT_INTERNAL_ERROR ||
	       fault->kind == FAULT_FORBIDDEN;
}

const struct fault *
faults_strike(struct faults *faults, const char *service, const char *operation, const char *stream, int64_t elapsed_ms)
{
	for (size_t i = 0; i < faults->count; i++) {
		struct fault *fault = &faults->list[i];

		if (fault->kind != FAULT_SKEWED_DATE && !is_of_query(fault) &&
		    is_about(fault, service, operation, stream, elapsed_ms) && draw(faults, fault))
			return fault;
	}
	return NULL;
}

const struct fault *
faults_strike_metric(struct faults *faults, const char *service, const char *operation, const char *stream,
    const char *metric, int64_t elapsed_ms)
{
	for (size_t i = 0; i < faults->count; i++) {
		struct fault *fault = &faults->list[i];

		if (is_of_query(fault) && (fault->metric == NULL || text_glob(fault->metric, metric)) &&
		    is_about(fault, service, operation, stream, elapsed_ms) && draw(faults, fault))
			return fault;
	}
	return NULL;
}

int64_t
faults_skew_ms(struct faults *faults, const char *service, const char *operation, int64_t elapsed_ms)
{
	for (size_t i = 0; i < faults->count; i++) {
		struct fault *fault = &faults->list[i];

		if (fault->kind == FAULT_SKEWED_DATE && is_about(fault, service, operation, NULL, elapsed_ms) &&
		    draw(faults, fault))
			return fault->seconds * 1000;
	}
	return 0;
}
