/* SPDX-License-Identifier: Apache-2.0 */
/* iam_reader: owns the order in which a principal is read: each answer says what is asked next. When it is read, and for whom, is others' affair. */
#include "daemon/iam_reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/clock.h"
#include "common/mem.h"

enum {
	POLICIES_MAX = 500,         /* a user: 20 attached, 10 groups with 10 each, and inline ones (IAM quotas) */
	TEXT_MAX = 2 * 1024 * 1024, /* all documents of one principal; IAM's quotas end below 1 MB */
};

/* One call that is still to be made. */
struct step {
	STAILQ_ENTRY(step) link;
	enum iam_operation operation;
	char *name, *detail;
	char *group;   /* of a user's group: its policies are marked so */
	size_t policy; /* the index that the answer belongs to */
};

struct iam_reader {
	struct aws_place *place;
	struct iam_library *library;
	char *arn;
	bool urgent, full;
	int64_t begun_ms;
	STAILQ_HEAD(, step) steps;
	struct step *step; /* under way */
	struct iam_op *op;
	struct kd_policy *policies; /* all their texts are the reader's */
	size_t count, text_bytes;
	struct aws_error error, trouble;
	enum iam_operation trouble_operation;
	char *denied[IAM_OPERATIONS];
	iam_reader_cb cb;
	void *arg;
};

/* What each kind of principal is called, and what it is asked. */
static const struct kind {
	const char *prefix;
	enum iam_operation get, attached, inlined, inline_text;
} kinds[] = {
    {"role/", IAM_OP_GET_ROLE, IAM_OP_LIST_ATTACHED_ROLE_POLICIES, IAM_OP_LIST_ROLE_POLICIES, IAM_OP_GET_ROLE_POLICY},
    {"user/", IAM_OP_GET_USER, IAM_OP_LIST_ATTACHED_USER_POLICIES, IAM_OP_LIST_USER_POLICIES, IAM_OP_GET_USER_POLICY},
    {"group/", IAM_OPERATIONS, IAM_OP_LIST_ATTACHED_GROUP_POLICIES, IAM_OP_LIST_GROUP_POLICIES,
	IAM_OP_GET_GROUP_POLICY},
};
enum { ROLE, USER, GROUP };

/* ---- steps ---- */

static void
step_free(struct step *step)
{
	if (step == NULL)
		return;
	free(step->name);
	free(step->detail);
	free(step->group);
	free(step);
}

static struct step *
add_step(struct iam_reader *reader, enum iam_operation operation, const char *name, const char *detail)
{
	struct step *step = mem_new(1, sizeof(*step));

	step->operation = operation;
	step->name = mem_strdup(name);
	step->detail = mem_strdup(detail);
	STAILQ_INSERT_TAIL(&reader->steps, step, link);
	return step;
}

/* ---- policies ---- */

/* The new one, of which nothing but its name is known. NULL: there are too many. */
static struct kd_policy *
add_policy(struct iam_reader *reader, const char *kind, const char *name, const char *arn, const char *group)
{
	struct kd_policy *policy;

	if (reader->count == POLICIES_MAX) {
		reader->full = true;
		return NULL;
	}
	reader->policies = mem_resize(reader->policies, reader->count + 1, sizeof(*reader->policies));
	policy = &reader->policies[reader->count++];
	*policy = (struct kd_policy){
	    .kind = kind,
	    .name = mem_strdup(name),
	    .arn = mem_strdup(arn),
	    .group = mem_strdup(group),
	    .missing = KD_FAILED,
	    .why = mem_strdup("not read"),
	};
	return policy;
}

static void
clear_policy(struct kd_policy *policy)
{
	free((char *)policy->name);
	free((char *)policy->arn);
	free((char *)policy->group);
	free((char *)policy->version);
	free((char *)policy->document);
	free((char *)policy->why);
}

static void
set_missing(struct kd_policy *policy, enum kd_reason reason, const char *why)
{
	free((char *)policy->why);
	policy->missing = reason;
	policy->why = mem_strdup(why);
}

static void
set_document(struct iam_reader *reader, struct kd_policy *policy, const char *document)
{
	reader->text_bytes += strlen(document);
	if (reader->text_bytes > TEXT_MAX) {
		set_missing(policy, KD_FAILED, "the policies are larger than 2 MiB together");
		return;
	}
	free((char *)policy->document);
	policy->document = mem_strdup(document);
	set_missing(policy, KD_KNOWN, "");
}

/* It went away between the list that named it and this. */
static void
drop_policy(struct iam_reader *reader, size_t index)
{
	reader->policies[index].kind = NULL; /* finish() takes it out: until then steps go by their index */
}

/* ---- answers that lead on ---- */

static void
add_holder_steps(struct iam_reader *reader, const struct kind *kind, const char *name, const char *group)
{
	add_step(reader, kind->attached, name, NULL)->group = mem_strdup(group);
	add_step(reader, kind->inlined, name, NULL)->group = mem_strdup(group);
}

static const char *
name_in(const char *arn)
{
	const char *slash = strrchr(arn, '/');

	return slash != NULL ? slash + 1 : arn;
}

static void
add_managed(struct iam_reader *reader, const char *kind, const char *name, const char *arn, const char *group)
{
	if (add_policy(reader, kind, name, arn, group) != NULL)
		add_step(reader, IAM_OP_GET_POLICY, arn, NULL)->policy = reader->count - 1;
}

static void
take_holder(struct iam_reader *reader, const struct kind *kind, const struct iam_result *result)
{
	const char *name = reader->step->name;

	if (result->boundary != NULL)
		add_managed(reader, "boundary", name_in(result->boundary), result->boundary, NULL);
	add_holder_steps(reader, kind, name, NULL);
	if (kind == &kinds[USER])
		add_step(reader, IAM_OP_LIST_GROUPS_FOR_USER, name, NULL);
}

static void
take_attached(struct iam_reader *reader, const struct iam_result *result)
{
	for (size_t i = 0; i < result->count; i++)
		add_managed(reader, "managed", result->items[i].name, result->items[i].arn, reader->step->group);
}

static void
take_inlined(struct iam_reader *reader, const struct kind *kind, const struct iam_result *result)
{
	const struct step *from = reader->step;

	for (size_t i = 0; i < result->count; i++)
		if (add_policy(reader, "inline", result->items[i].name, NULL, from->group) != NULL)
			add_step(reader, kind->inline_text, from->name, result->items[i].name)->policy =
			    reader->count - 1;
}

static void
take_groups(struct iam_reader *reader, const struct iam_result *result)
{
	for (size_t i = 0; i < result->count; i++)
		add_holder_steps(reader, &kinds[GROUP], result->items[i].name, result->items[i].name);
}

/* A document that is here already is not fetched again: a version never changes. */
static void
take_version(struct iam_reader *reader, const struct iam_result *result)
{
	struct kd_policy *policy = &reader->policies[reader->step->policy];
	const char *known = iam_library_find(reader->library, policy->arn, result->version, clock_mono_ms());

	free((char *)policy->version);
	policy->version = mem_strdup(result->version);
	if (known != NULL)
		set_document(reader, policy, known);
	else
		add_step(reader, IAM_OP_GET_POLICY_VERSION, policy->arn, result->version)->policy =
		    reader->step->policy;
}

static void
take_text(struct iam_reader *reader, const struct iam_result *result)
{
	struct kd_policy *policy = &reader->policies[reader->step->policy];

	if (reader->step->operation == IAM_OP_GET_POLICY_VERSION)
		iam_library_put(reader->library, policy->arn, policy->version, result->document, clock_mono_ms());
	set_document(reader, policy, result->document);
}

static void
take_answer(struct iam_reader *reader, const struct iam_result *result)
{
	enum iam_operation operation = reader->step->operation;

	for (size_t i = 0; i < KD_COUNT(kinds); i++) {
		if (operation == kinds[i].get)
			take_holder(reader, &kinds[i], result);
		else if (operation == kinds[i].attached)
			take_attached(reader, result);
		else if (operation == kinds[i].inlined)
			take_inlined(reader, &kinds[i], result);
		else if (operation == kinds[i].inline_text)
			take_text(reader, result);
	}
	if (operation == IAM_OP_LIST_GROUPS_FOR_USER)
		take_groups(reader, result);
	else if (operation == IAM_OP_GET_POLICY)
		take_version(reader, result);
	else if (operation == IAM_OP_GET_POLICY_VERSION)
		take_text(reader, result);
}

/* ---- failures ---- */

static bool
is_first(const struct iam_reader *reader)
{
	return reader->step->operation == IAM_OP_GET_ROLE || reader->step->operation == IAM_OP_GET_USER ||
	       (reader->step->operation == IAM_OP_GET_POLICY && strcmp(reader->step->name, reader->arn) == 0);
}

static void
note_failure(struct iam_reader *reader, const struct aws_error *error)
{
	enum iam_operation operation = reader->step->operation;

	if (error->fault == AWS_NOT_FOUND)
		return;
	if (reader->trouble.fault == AWS_OK) {
		reader->trouble = *error;
		reader->trouble_operation = operation;
	}
	if (error->fault == AWS_DENIED && reader->denied[operation] == NULL)
		reader->denied[operation] = mem_strdup(error->message);
}

/* A list that could not be read may have held anything: it stands as a policy that is not known. */
static void
add_unread_list(struct iam_reader *reader, const struct aws_error *error)
{
	struct kd_policy *policy = add_policy(reader, "inline", NULL, NULL, reader->step->group);

	if (policy != NULL)
		set_missing(policy, aws_error_reason(error), error->message);
}

static void
take_failure(struct iam_reader *reader, const struct aws_error *error)
{
	const struct step *step = reader->step;

	note_failure(reader, error);
	if (is_first(reader))
		reader->error = *error;
	else if (iam_parse_is_list(step->operation) && error->fault != AWS_NOT_FOUND)
		add_unread_list(reader, error);
	else if (!iam_parse_is_list(step->operation) && error->fault == AWS_NOT_FOUND)
		drop_policy(reader, step->policy);
	else if (!iam_parse_is_list(step->operation))
		set_missing(&reader->policies[step->policy], aws_error_reason(error), error->message);
}

/* ---- going on ---- */

static void answer_cb(const struct aws_error *error, const struct iam_result *result, void *arg);

/* false: there is nothing more to ask. */
static bool
go_on(struct iam_reader *reader)
{
	struct iam_ask ask;

	step_free(reader->step);
	reader->step = reader->error.fault == AWS_OK ? STAILQ_FIRST(&reader->steps) : NULL;
	if (reader->step == NULL)
		return false;
	STAILQ_REMOVE_HEAD(&reader->steps, link);
	ask = (struct iam_ask){.operation = reader->step->operation,
	    .name = reader->step->name,
	    .detail = reader->step->detail,
	    .urgent = reader->urgent};
	reader->op = iam_start(reader->place, &ask, answer_cb, reader);
	return true;
}

static void
take_out_dropped(struct iam_reader *reader)
{
	size_t kept = 0;

	for (size_t i = 0; i < reader->count; i++) {
		if (reader->policies[i].kind != NULL)
			reader->policies[kept++] = reader->policies[i];
		else
			clear_policy(&reader->policies[i]);
	}
	reader->count = kept;
}

/* What was cut is not known: no answer may rest on the rest alone. */
static void
finish(struct iam_reader *reader)
{
	take_out_dropped(reader);
	if (reader->full && reader->count < POLICIES_MAX)
		(void)add_policy(reader, "inline", NULL, NULL, NULL);
	if (reader->full)
		set_missing(&reader->policies[reader->count - 1], KD_FAILED, "it has more than 500 policies");
	reader->cb(reader, reader->arg);
}

static void
answer_cb(const struct aws_error *error, const struct iam_result *result, void *arg)
{
	struct iam_reader *reader = arg;

	reader->op = NULL;
	if (error->fault == AWS_OK)
		take_answer(reader, result);
	else
		take_failure(reader, error);
	if (!go_on(reader))
		finish(reader);
}

/* "role/path/name" of an ARN. */
static const char *
tail_of(const char *arn)
{
	const char *tail = arn;

	for (int i = 0; i < 5 && tail != NULL; i++)
		tail = (tail = strchr(tail, ':')) != NULL ? tail + 1 : NULL;
	return tail != NULL ? tail : "";
}

struct iam_reader *
iam_reader_start(
    struct aws_place *place, const char *arn, struct iam_library *library, bool urgent, iam_reader_cb cb, void *arg)
{
	struct iam_reader *reader = mem_new(1, sizeof(*reader));
	const char *tail = tail_of(arn);

	*reader = (struct iam_reader){.place = place,
	    .library = library,
	    .arn = mem_strdup(arn),
	    .urgent = urgent,
	    .begun_ms = clock_mono_ms(),
	    .cb = cb,
	    .arg = arg};
	STAILQ_INIT(&reader->steps);
	if (strncmp(tail, kinds[ROLE].prefix, strlen(kinds[ROLE].prefix)) == 0)
		add_step(reader, IAM_OP_GET_ROLE, name_in(arn), NULL);
	else if (strncmp(tail, kinds[USER].prefix, strlen(kinds[USER].prefix)) == 0)
		add_step(reader, IAM_OP_GET_USER, name_in(arn), NULL);
	else
		add_managed(reader, "managed", name_in(arn), arn, NULL);
	(void)go_on(reader);
	return reader;
}

void
iam_reader_free(struct iam_reader *reader)
{
	struct step *step;

	if (reader == NULL)
		return;
	iam_cancel(reader->op);
	step_free(reader->step);
	while ((step = STAILQ_FIRST(&reader->steps)) != NULL) {
		STAILQ_REMOVE_HEAD(&reader->steps, link);
		step_free(step);
	}
	for (size_t i = 0; i < reader->count; i++)
		clear_policy(&reader->policies[i]);
	for (size_t i = 0; i < IAM_OPERATIONS; i++)
		free(reader->denied[i]);
	free(reader->policies);
	free(reader->arn);
	free(reader);
}

/* ---- reading ---- */

bool
iam_reader_is_urgent(const struct iam_reader *reader)
{
	return reader->urgent;
}

int64_t
iam_reader_begun_ms(const struct iam_reader *reader)
{
	return reader->begun_ms;
}

const struct aws_error *
iam_reader_error(const struct iam_reader *reader)
{
	return &reader->error;
}

const struct kd_policy *
iam_reader_policies(const struct iam_reader *reader, size_t *count)
{
	*count = reader->count;
	return reader->policies;
}

const struct aws_error *
iam_reader_trouble(const struct iam_reader *reader, enum iam_operation *operation)
{
	*operation = reader->trouble_operation;
	return reader->trouble.fault != AWS_OK ? &reader->trouble : NULL;
}

const char *
iam_reader_denied(const struct iam_reader *reader, enum iam_operation operation)
{
	return reader->denied[operation];
}
