/* SPDX-License-Identifier: Apache-2.0 */
/* resource_policies: owns which resources of a stream are asked for their policy, and what they said; what follows from it is the probe's affair. */
#include "daemon/resource_policies.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/aws/kinesis.h"

static const char operation[] = "kinesis:GetResourcePolicy";

struct resource {
	struct resource_policies *owner;
	char *arn, *document;
	struct aws_error error;
	struct read_age age; /* of the answer that is here */
	int64_t op_asked_ms;
	bool op_urgent, denied;
	struct kinesis_op *op;
};

struct resource_policies {
	struct collect_stream *stream;
	struct resource **list;
	size_t count;
	struct kd_policy *shown;
	struct fact *unlisted; /* why the consumers are not known; NULL: they are, or do not matter */
	char *consumers_arn;   /* then: "…/consumer/" and a star, for all of them */
	bool asked;
	struct denials *denials;
	resource_policies_cb cb;
	resource_policies_fresh fresh;
	resource_policies_stale stale;
	void *arg;
};

struct resource_policies *
resource_policies_new(struct collect_stream *stream, struct denials *denials, resource_policies_cb cb,
    resource_policies_fresh fresh, resource_policies_stale stale, void *arg)
{
	struct resource_policies *policies = mem_new(1, sizeof(*policies));

	*policies = (struct resource_policies){
	    .stream = stream, .denials = denials, .cb = cb, .fresh = fresh, .stale = stale, .arg = arg};
	return policies;
}

static void
note_denied(struct resource *resource, const char *why)
{
	struct resource_policies *owner = resource->owner;

	denials_note(owner->denials, collect_stream_place(owner->stream), operation, why, &resource->denied);
}

static void
free_resource(struct resource *resource)
{
	note_denied(resource, NULL);
	if (resource->op != NULL)
		kinesis_cancel(resource->op);
	free(resource->arn);
	free(resource->document);
	free(resource);
}

void
resource_policies_free(struct resource_policies *policies)
{
	if (policies == NULL)
		return;
	for (size_t i = 0; i < policies->count; i++)
		free_resource(policies->list[i]);
	free(policies->list);
	free(policies->shown);
	free(policies->consumers_arn);
	fact_unref(policies->unlisted);
	free(policies);
}

/* ---- asking ---- */

/* What fails for what may pass leaves an answer that is there, unless it was asked for by hand. */
static void
take_answer(struct resource *resource, const struct aws_error *error, const char *document)
{
	bool settled = error->fault == AWS_OK || error->fault == AWS_DENIED;

	if (!settled && resource->age.settled && !resource->op_urgent)
		return;
	resource->age.asked_ms = resource->op_asked_ms;
	resource->age.settled = settled;
	resource->error = *error;
	free(resource->document);
	resource->document = mem_strdup(document);
}

static void
policy_cb(const struct aws_error *error, const char *document, void *arg)
{
	struct resource *resource = arg;
	struct resource_policies *policies = resource->owner;

	resource->op = NULL;
	resource->age.tried_ms = clock_mono_ms();
	take_answer(resource, error, document);
	note_denied(resource, error->fault == AWS_DENIED ? error->message : NULL);
	policies->cb(policies->arg);
}

static void
ask_resource(struct resource *resource, bool urgent)
{
	const struct kinesis_ask ask = {.urgent = urgent};

	if (resource->op != NULL && (resource->op_urgent || !urgent))
		return;
	if (resource->op != NULL)
		kinesis_cancel(resource->op);
	resource->op_urgent = urgent;
	resource->op_asked_ms = clock_mono_ms();
	resource->op = kinesis_get_resource_policy(
	    collect_stream_place(resource->owner->stream), resource->arn, &ask, policy_cb, resource);
}

static struct resource *
take_resource(struct resource_policies *policies, struct resource **before, size_t count, const char *arn)
{
	struct resource *resource;

	for (size_t i = 0; i < count; i++) {
		if (before[i] == NULL || strcmp(before[i]->arn, arn) != 0)
			continue;
		resource = before[i];
		before[i] = NULL;
		return resource;
	}
	resource = mem_new(1, sizeof(*resource));
	resource->owner = policies;
	resource->arn = mem_strdup(arn);
	return resource;
}

/* The stream first, then its consumers; those that are no more are let go of. */
static void
lay_resources(struct resource_policies *policies, bool exists, const struct fact *consumers)
{
	struct resource **before = policies->list;
	size_t count = policies->count, consumers_count = 0;
	const struct kd_consumer *list =
	    consumers != NULL ? fact_value(consumers, KD_CONSUMERS, &consumers_count) : NULL;
	const char *arn = collect_stream_id(policies->stream)->arn;

	policies->count = 0;
	policies->list = mem_new(1 + consumers_count, sizeof(struct resource *));
	if (exists && *arn != '\0')
		policies->list[policies->count++] = take_resource(policies, before, count, arn);
	for (size_t i = 0; exists && i < consumers_count; i++)
		policies->list[policies->count++] = take_resource(policies, before, count, list[i].arn);
	for (size_t i = 0; i < count; i++)
		if (before[i] != NULL)
			free_resource(before[i]);
	free(before);
}

static void
note_unlisted(struct resource_policies *policies, const struct fact *consumers)
{
	fact_unref(policies->unlisted);
	free(policies->consumers_arn);
	policies->unlisted = NULL;
	policies->consumers_arn = NULL;
	if (consumers == NULL || fact_reason(consumers) == KD_KNOWN)
		return;
	policies->unlisted = fact_ref((struct fact *)consumers);
	policies->consumers_arn = mem_printf("%s/consumer/*", collect_stream_id(policies->stream)->arn);
}

void
resource_policies_ask(
    struct resource_policies *policies, bool exists, const struct fact *consumers, const struct collect_terms *terms)
{
	policies->asked = true;
	lay_resources(policies, exists, consumers);
	note_unlisted(policies, consumers);
	for (size_t i = 0; i < policies->count; i++) {
		struct resource *resource = policies->list[i];

		if (!policies->fresh(resource->arn, resource->age, terms, policies->arg))
			ask_resource(resource, terms->urgent);
	}
}

bool
resource_policies_are_fresh(const struct resource_policies *policies, const struct collect_terms *terms)
{
	for (size_t i = 0; i < policies->count; i++)
		if (!policies->fresh(policies->list[i]->arn, policies->list[i]->age, terms, policies->arg))
			return false;
	return policies->asked;
}

/* ---- looking ---- */

static struct kd_policy
look_at(const struct resource *resource)
{
	struct kd_policy policy = {.kind = "resource", .arn = resource->arn, .why = ""};

	if (resource->age.asked_ms == 0) {
		policy.missing = KD_LATE;
		policy.why = "no answer to kinesis:GetResourcePolicy in time";
	} else if (resource->owner->stale(resource->age.asked_ms, resource->owner->arg)) {
		policy.missing = KD_STALE;
		policy.why = "what kinesis:GetResourcePolicy said last is too old to judge by";
	} else if (resource->error.fault != AWS_OK) {
		policy.missing = aws_error_reason(&resource->error);
		policy.why = resource->error.message;
	} else if (resource->document == NULL) {
		policy.missing = KD_NO_DATA;
		policy.why = "it has no resource policy";
	} else {
		policy.document = resource->document;
	}
	return policy;
}

const struct kd_policy *
resource_policies_look(struct resource_policies *policies, size_t *count)
{
	free(policies->shown);
	policies->shown = mem_new(policies->count + 1, sizeof(*policies->shown));
	for (size_t i = 0; i < policies->count; i++)
		policies->shown[i] = look_at(policies->list[i]);
	*count = policies->count;
	if (policies->unlisted != NULL)
		policies->shown[(*count)++] = (struct kd_policy){.kind = "resource",
		    .arn = policies->consumers_arn,
		    .missing = fact_reason(policies->unlisted),
		    .why = fact_why(policies->unlisted)};
	return policies->shown;
}

char *
resource_policies_blame(const struct resource_policies *policies)
{
	struct aws_place *place = collect_stream_place(policies->stream);

	for (size_t i = 0; i < policies->count; i++) {
		const struct aws_error *error = &policies->list[i]->error;

		if (policies->list[i]->age.asked_ms == 0 || error->fault == AWS_OK)
			continue;
		return error->fault == AWS_DENIED ? collect_blame(place, "denied", operation)
						  : aws_place_blame(place, "kinesis", error->fault);
	}
	return policies->unlisted != NULL ? mem_strdup(fact_blame(policies->unlisted)) : NULL;
}
