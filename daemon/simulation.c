/* SPDX-License-Identifier: Apache-2.0 */
/* simulation: owns what is asked of AWS's simulator: two calls a principal and stream. Whether it agrees is the probe's to say. */
#include "daemon/simulation.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/aws/iam.h"

static const char operation[] = "iam:SimulatePrincipalPolicy";

/* What producers and consumers do most. On a consumer, one that need not exist: policies are about names. */
static const char *const on_stream[] = {"kinesis:PutRecord", "kinesis:PutRecords", "kinesis:GetRecords",
    "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:DescribeStream", "kinesis:DescribeStreamSummary",
    "kinesis:RegisterStreamConsumer"};
static const char *const on_consumer[] = {"kinesis:SubscribeToShard", "kinesis:DescribeStreamConsumer"};
static const struct round {
	const char *const *actions;
	size_t count;
	const char *behind; /* the stream's ARN */
} rounds[] = {
    {on_stream, KD_COUNT(on_stream), ""},
    {on_consumer, KD_COUNT(on_consumer), "/consumer/kdiag:1"},
};

struct simulation {
	struct denials *denials;
	struct aws_place *place;
	char *principal, *stream;
	struct iam_op *op;
	size_t round;
	bool urgent, denied;
	int64_t asked_ms, tried_ms, op_asked_ms;
	struct aws_error error;
	char **lines, **next; /* of the last whole answer, and of the one under way */
	size_t count, next_count;
	simulation_cb cb;
	void *arg;
};

struct simulation *
simulation_new(struct denials *denials, struct aws_place *place, const char *principal_arn, const char *stream_arn,
    simulation_cb cb, void *arg)
{
	struct simulation *simulation = mem_new(1, sizeof(*simulation));

	*simulation = (struct simulation){.denials = denials,
	    .place = place,
	    .principal = mem_strdup(principal_arn),
	    .stream = mem_strdup(stream_arn),
	    .cb = cb,
	    .arg = arg};
	return simulation;
}

static void
free_lines(char **lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(lines[i]);
	free(lines);
}

void
simulation_free(struct simulation *simulation)
{
	if (simulation == NULL)
		return;
	denials_note(simulation->denials, simulation->place, operation, NULL, &simulation->denied);
	iam_cancel(simulation->op);
	free_lines(simulation->lines, simulation->count);
	free_lines(simulation->next, simulation->next_count);
	free(simulation->principal);
	free(simulation->stream);
	free(simulation);
}

static void answer_cb(const struct aws_error *error, const struct iam_result *result, void *arg);

static void
send_round(struct simulation *simulation)
{
	const struct round *round = &rounds[simulation->round];
	char *resource = mem_printf("%s%s", simulation->stream, round->behind);
	const struct iam_ask ask = {.operation = IAM_OP_SIMULATE_PRINCIPAL_POLICY,
	    .name = simulation->principal,
	    .detail = resource,
	    .actions = round->actions,
	    .actions_count = round->count,
	    .urgent = simulation->urgent};

	simulation->op = iam_start(simulation->place, &ask, answer_cb, simulation);
	free(resource);
}

static void
take_lines(struct simulation *simulation, const struct iam_result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		simulation->next = mem_resize(simulation->next, simulation->next_count + 1, sizeof(*simulation->next));
		simulation->next[simulation->next_count++] =
		    mem_printf("%s %s %s", result->items[i].name, result->items[i].extra, result->items[i].arn);
	}
}

static void
finish(struct simulation *simulation, const struct aws_error *error)
{
	free_lines(simulation->lines, simulation->count);
	simulation->lines = simulation->next;
	simulation->count = simulation->next_count;
	simulation->next = NULL;
	simulation->next_count = 0;
	simulation->error = *error;
	simulation->asked_ms = simulation->op_asked_ms;
	simulation->tried_ms = clock_mono_ms();
	denials_note(simulation->denials, simulation->place, operation,
	    error->fault == AWS_DENIED ? error->message : NULL, &simulation->denied);
	simulation->cb(simulation->arg);
}

static void
answer_cb(const struct aws_error *error, const struct iam_result *result, void *arg)
{
	struct simulation *simulation = arg;

	simulation->op = NULL;
	if (error->fault == AWS_OK)
		take_lines(simulation, result);
	if (error->fault == AWS_OK && ++simulation->round < KD_COUNT(rounds))
		send_round(simulation);
	else
		finish(simulation, error);
}

void
simulation_ask(struct simulation *simulation, bool urgent)
{
	if (simulation->op != NULL)
		return;
	simulation->round = 0;
	simulation->urgent = urgent;
	simulation->op_asked_ms = clock_mono_ms();
	send_round(simulation);
}

struct read_age
simulation_age(const struct simulation *simulation)
{
	bool settled = simulation->error.fault == AWS_OK || simulation->error.fault == AWS_DENIED;

	return (struct read_age){simulation->asked_ms, simulation->tried_ms, settled};
}

void
simulation_look(const struct simulation *simulation, struct kd_principal *principal)
{
	if (simulation->asked_ms == 0)
		principal->simulated_why = "no answer to iam:SimulatePrincipalPolicy in time";
	else if (simulation->error.fault != AWS_OK)
		principal->simulated_why = simulation->error.message;
	principal->simulated = (const char *const *)simulation->lines;
	principal->simulated_count = simulation->count;
}

char *
simulation_blame(const struct simulation *simulation)
{
	if (simulation->asked_ms == 0 || simulation->error.fault == AWS_OK)
		return NULL;
	if (simulation->error.fault == AWS_DENIED)
		return collect_blame(simulation->place, "denied", operation);
	return aws_place_blame(simulation->place, "iam", simulation->error.fault);
}
