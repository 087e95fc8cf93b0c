/* SPDX-License-Identifier: Apache-2.0 */
/* principal_shared: owns what is known of each principal and the findings about kdiag that come of reading them; how one is read is iam_reader.c's. */
#include "daemon/principal_shared.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/aws/endpoint.h"

struct principal_shared {
	LIST_ENTRY(principal_shared) link;
	struct principal_pool *pool;
	struct aws_place *place;
	char *arn;
	unsigned refs;
	struct iam_reader *known, *reading;
	int64_t tried_ms;
	bool late;                   /* he was waited for in vain, and that is told */
	unsigned history;            /* a bit a read, set for one that failed for what may pass */
	enum iam_operation answer;   /* of which "answer" is told; IAM_OPERATIONS: none */
	bool denied[IAM_OPERATIONS]; /* of which "denied" is told */
};

struct principal_pool {
	struct collect *collect;
	struct iam_library *library;
	LIST_HEAD(, principal_shared) all;
	principal_pool_cb cb;
	void *arg;
};

struct principal_pool *
principal_pool_new(struct collect *collect, principal_pool_cb cb, void *arg)
{
	struct principal_pool *pool = mem_new(1, sizeof(*pool));

	*pool = (struct principal_pool){.collect = collect, .library = iam_library_new(), .cb = cb, .arg = arg};
	LIST_INIT(&pool->all);
	return pool;
}

void
principal_pool_free(struct principal_pool *pool)
{
	if (pool == NULL)
		return;
	assert(LIST_EMPTY(&pool->all));
	iam_library_free(pool->library);
	free(pool);
}

/* ---- findings about kdiag itself: one an operation and account, over when no principal has that trouble any more ---- */

static char *
operation_name(enum iam_operation operation)
{
	return mem_printf("iam:%s", iam_parse_operation_name(operation));
}

static bool
is_told_elsewhere(const struct principal_shared *shared, enum iam_operation operation, bool denied)
{
	const struct principal_shared *other;

	LIST_FOREACH(other, &shared->pool->all, link)
	{
		if (other != shared && other->place == shared->place &&
		    (denied ? other->denied[operation] : other->answer == operation))
			return true;
	}
	return false;
}

/* why NULL: it is over for this one. */
static void
tell(const struct principal_shared *shared, enum iam_operation operation, bool denied, const char *why)
{
	char *name;

	if (why == NULL && is_told_elsewhere(shared, operation, denied))
		return;
	name = operation_name(operation);
	collect_tell(shared->pool->collect, shared->place, denied ? "denied" : "answer", name, why);
	free(name);
}

static void
set_denied(struct principal_shared *shared, enum iam_operation operation, const char *why)
{
	bool before = shared->denied[operation];

	shared->denied[operation] = why != NULL;
	if (why != NULL || before)
		tell(shared, operation, true, why);
}

static void
set_answer(struct principal_shared *shared, enum iam_operation operation, const char *why)
{
	enum iam_operation before = shared->answer;

	shared->answer = operation;
	if (before != IAM_OPERATIONS && before != operation)
		tell(shared, before, false, NULL);
	if (operation != IAM_OPERATIONS)
		tell(shared, operation, false, why);
}

/* ---- who is still to be read ---- */

static const char first_round[] = "iam";

void
principal_shared_note_late(struct principal_shared *shared)
{
	double rate = aws_place_rate(shared->place, "GetRole");
	size_t all = 0, unread = 0;
	const struct principal_shared *other;
	char *why;

	if (shared->known != NULL)
		return;
	shared->late = true;
	LIST_FOREACH(other, &shared->pool->all, link)
	{
		all += other->place == shared->place;
		unread += other->place == shared->place && other->known == NULL;
	}
	why = rate > 0 ? mem_printf(
			     "%zu of %zu principals are still to be read: IAM is asked %.2g times a second (aws.pace)",
			     unread, all, rate)
		       : mem_printf("%zu of %zu principals are still to be read", unread, all);
	collect_tell(shared->pool->collect, shared->place, "answer", first_round, why);
	free(why);
}

static void
end_late(struct principal_shared *shared)
{
	const struct principal_shared *other;
	bool was = shared->late;

	shared->late = false;
	LIST_FOREACH(other, &shared->pool->all, link)
	{
		was = was && !(other->place == shared->place && other->late);
	}
	if (was)
		collect_tell(shared->pool->collect, shared->place, "answer", first_round, NULL);
}

/* A denial is told at once, what may pass when it comes again; what the client has a finding for is told by that one. */
static void
note_read(struct principal_shared *shared, const struct iam_reader *reader)
{
	enum iam_operation operation;
	const struct aws_error *trouble = iam_reader_trouble(reader, &operation);
	bool failed = trouble != NULL && trouble->fault != AWS_DENIED;
	char *told = failed ? aws_place_blame(shared->place, "iam", trouble->fault) : NULL;

	for (enum iam_operation i = 0; i < IAM_OPERATIONS; i++)
		set_denied(shared, i, iam_reader_denied(reader, i));
	shared->history = shared->history << 1 | failed;
	if (failed && told == NULL && collect_fails(shared->history))
		set_answer(shared, operation, trouble->message);
	else if (!failed && collect_recovered(shared->history))
		set_answer(shared, IAM_OPERATIONS, NULL);
	free(told);
}

/* ---- reading ---- */

/* Did AWS answer each question, if only that we may not ask it? */
static bool
is_settled(const struct iam_reader *reader)
{
	enum iam_operation operation;
	const struct aws_error *trouble = iam_reader_trouble(reader, &operation);

	return trouble == NULL || trouble->fault == AWS_DENIED;
}

/* What has failed for what may pass does not take the place of what is known; how old that may get is the feed's to say. */
static bool
is_better(const struct principal_shared *shared, const struct iam_reader *reader)
{
	return shared->known == NULL || !is_settled(shared->known) || is_settled(reader) ||
	       iam_reader_is_urgent(reader);
}

static void
read_cb(struct iam_reader *reader, void *arg)
{
	struct principal_shared *shared = arg;

	assert(reader == shared->reading);
	shared->reading = NULL;
	shared->tried_ms = clock_mono_ms();
	note_read(shared, reader);
	if (is_better(shared, reader)) {
		iam_reader_free(shared->known);
		shared->known = reader;
		end_late(shared);
	} else {
		iam_reader_free(reader);
	}
	shared->pool->cb(shared, shared->pool->arg);
}

void
principal_shared_read(struct principal_shared *shared, bool urgent)
{
	if (shared->reading != NULL && (!urgent || iam_reader_is_urgent(shared->reading)))
		return;
	iam_reader_free(shared->reading);
	shared->reading = iam_reader_start(shared->place, shared->arn, shared->pool->library, urgent, read_cb, shared);
}

/* ---- who there is ---- */

/* IAM is one for all regions of a partition: an account is read through the first place of it that was met, and so at one pace. */
static struct aws_place *
home_of(const struct principal_pool *pool, struct aws_place *place)
{
	const char *partition = endpoint_partition(aws_place_region(place));
	const struct principal_shared *shared;

	LIST_FOREACH(shared, &pool->all, link)
	{
		if (strcmp(aws_place_account(shared->place), aws_place_account(place)) == 0 &&
		    strcmp(endpoint_partition(aws_place_region(shared->place)), partition) == 0)
			return shared->place;
	}
	return place;
}

struct principal_shared *
principal_shared_take(struct principal_pool *pool, struct aws_place *place, const char *arn)
{
	struct aws_place *home = home_of(pool, place);
	struct principal_shared *shared;

	LIST_FOREACH(shared, &pool->all, link)
	{
		if (shared->place != home || strcmp(shared->arn, arn) != 0)
			continue;
		shared->refs++;
		return shared;
	}
	shared = mem_new(1, sizeof(*shared));
	shared->pool = pool;
	shared->place = home;
	shared->arn = mem_strdup(arn);
	shared->refs = 1;
	shared->answer = IAM_OPERATIONS;
	LIST_INSERT_HEAD(&pool->all, shared, link);
	return shared;
}

void
principal_shared_drop(struct principal_shared *shared)
{
	if (shared == NULL || --shared->refs > 0)
		return;
	for (enum iam_operation i = 0; i < IAM_OPERATIONS; i++)
		set_denied(shared, i, NULL);
	set_answer(shared, IAM_OPERATIONS, NULL);
	end_late(shared);
	LIST_REMOVE(shared, link);
	iam_reader_free(shared->reading);
	iam_reader_free(shared->known);
	free(shared->arn);
	free(shared);
}

/* ---- looking ---- */

struct read_age
principal_shared_age(const struct principal_shared *shared)
{
	struct read_age age = {.tried_ms = shared->tried_ms};

	if (shared->known == NULL)
		return age;
	age.asked_ms = iam_reader_begun_ms(shared->known);
	age.settled = is_settled(shared->known);
	return age;
}

bool
principal_shared_is_there(const struct principal_shared *shared)
{
	return shared->known != NULL && iam_reader_error(shared->known)->fault == AWS_OK;
}

struct aws_place *
principal_shared_place(const struct principal_shared *shared)
{
	return shared->place;
}

static char *
make_blame(const struct principal_shared *shared, const struct aws_error *trouble, enum iam_operation operation)
{
	char *blame = trouble->fault == AWS_DENIED ? NULL : aws_place_blame(shared->place, "iam", trouble->fault),
	     *name;

	if (blame != NULL)
		return blame;
	name = operation_name(operation);
	blame = collect_blame(shared->place, trouble->fault == AWS_DENIED ? "denied" : "answer", name);
	free(name);
	return blame;
}

char *
principal_shared_look(const struct principal_shared *shared, struct kd_principal *principal)
{
	enum iam_operation operation;
	const struct aws_error *error, *trouble;

	principal->arn = shared->arn;
	principal->missing = KD_LATE;
	principal->why = "it has not been read yet";
	if (shared->known == NULL)
		return shared->late ? collect_blame(shared->place, "answer", first_round) : NULL;
	error = iam_reader_error(shared->known);
	trouble = iam_reader_trouble(shared->known, &operation);
	principal->missing = error->fault == AWS_OK ? KD_KNOWN : aws_error_reason(error);
	principal->why = error->fault == AWS_OK ? "" : error->message;
	principal->policies = iam_reader_policies(shared->known, &principal->policies_count);
	return trouble != NULL ? make_blame(shared, trouble, operation) : NULL;
}
