/* SPDX-License-Identifier: Apache-2.0 */
/* collect_logs: owns which log groups a stream has and the facts about them; how they are read is log_reader.c's, what is learnt log_group.c's. */
#include "daemon/collect_logs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/clock.h"
#include "common/fact.h"
#include "common/mem.h"
#include "daemon/log_readers.h"

enum {
	RESOLVE_MS = 15 * 60 * 1000, /* how often a prefix is looked up */
	RESOLVE_FAILED_MS = 60 * 1000,
	LATE_MS = 10 * 60 * 1000, /* a read of so long ago is better than none */
};

static const char groups_operation[] = "logs:DescribeLogGroups";

/* "/aws/lambda/orders-*", or a name as it is. */
struct pattern {
	struct part *part;
	char *text;
	bool is_prefix;
	struct logs_op *op;
	int64_t asked_ms; /* clock_mono_ms(); 0: never */
	bool cut;
	struct aws_error error;
	char **names;
	size_t names_count;
};

/* A stream's. */
struct part {
	LIST_ENTRY(part) link;
	struct feed *feed;
	struct collect_stream *stream;
	char *filter;
	struct pattern *patterns;
	size_t patterns_count;
	struct log_shared **groups;
	size_t groups_count;
};

struct feed {
	struct collect *collect;
	struct log_readers *readers;
	LIST_HEAD(, part) parts;
};

/* ---- which groups a stream has ---- */

static bool
has_group(const struct part *part, const struct log_shared *shared)
{
	for (size_t i = 0; i < part->groups_count; i++)
		if (part->groups[i] == shared)
			return true;
	return false;
}

static void
add_group(struct part *part, const char *name)
{
	struct log_shared *shared;

	if (part->groups_count == COLLECT_LOGS_GROUPS_MAX)
		return;
	shared = log_readers_take(part->feed->readers, collect_stream_place(part->stream),
	    collect_stream_id(part->stream), name, part->filter);
	if (has_group(part, shared)) {
		log_readers_drop(shared);
		return;
	}
	part->groups = mem_resize(part->groups, part->groups_count + 1, sizeof(struct log_shared *));
	part->groups[part->groups_count++] = shared;
}

/* The groups as the patterns have them now; those that stay are not let go in between. */
static void
lay_groups(struct part *part)
{
	struct log_shared **before = part->groups;
	size_t count = part->groups_count;

	part->groups = NULL;
	part->groups_count = 0;
	for (size_t i = 0; i < part->patterns_count; i++) {
		const struct pattern *pattern = &part->patterns[i];

		if (!pattern->is_prefix)
			add_group(part, pattern->text);
		for (size_t n = 0; n < pattern->names_count; n++)
			add_group(part, pattern->names[n]);
	}
	for (size_t i = 0; i < count; i++)
		log_readers_drop(before[i]);
	free(before);
	log_readers_go(part->feed->readers); /* those that went may have been read */
}

static void
clear_names(struct pattern *pattern)
{
	for (size_t i = 0; i < pattern->names_count; i++)
		free(pattern->names[i]);
	free(pattern->names);
	pattern->names = NULL;
	pattern->names_count = 0;
}

static void
take_names(struct pattern *pattern, const char *const *names, size_t count)
{
	clear_names(pattern);
	pattern->names = mem_new(count, sizeof(*pattern->names));
	for (size_t i = 0; i < count; i++)
		pattern->names[pattern->names_count++] = mem_strdup(names[i]);
	lay_groups(pattern->part);
}

static void
groups_cb(const struct aws_error *error, const char *const *names, size_t count, bool cut, void *arg)
{
	struct pattern *pattern = arg;
	struct part *part = pattern->part;
	struct aws_place *place = collect_stream_place(part->stream);

	pattern->op = NULL;
	pattern->cut = cut || count > COLLECT_LOGS_GROUPS_MAX;
	pattern->error = *error;
	if (error->fault == AWS_OK)
		take_names(pattern, names, count);
	if (error->fault == AWS_OK || error->fault == AWS_DENIED)
		collect_tell(part->feed->collect, place, "denied", groups_operation,
		    error->fault == AWS_DENIED ? error->message : NULL);
	collect_advance(part->stream);
}

/* It has failed at or after that time, and something has ended since that may explain it: it is asked for anew at once. */
static bool
is_mended(const struct aws_place *place, const struct aws_error *error, int64_t asked_ms)
{
	return error->fault != AWS_OK && aws_place_is_mended_since(place, asked_ms);
}

/* Was it never looked up, or did that fail for what is over? */
static bool
is_unresolved(const struct pattern *pattern)
{
	return pattern->asked_ms == 0 ||
	       is_mended(collect_stream_place(pattern->part->stream), &pattern->error, pattern->asked_ms);
}

static bool
is_due(const struct pattern *pattern)
{
	int64_t every_ms = pattern->error.fault == AWS_OK ? RESOLVE_MS : RESOLVE_FAILED_MS;

	return is_unresolved(pattern) || clock_mono_ms() - pattern->asked_ms >= every_ms;
}

/* Sees to it that prefixes are looked up; are all that have none yet known? */
static bool
resolve(struct part *part, bool urgent)
{
	bool known = true;

	for (size_t i = 0; i < part->patterns_count; i++) {
		struct pattern *pattern = &part->patterns[i];
		char *prefix;

		if (!pattern->is_prefix)
			continue;
		if (pattern->op == NULL && is_due(pattern)) {
			prefix = mem_strndup(pattern->text, strlen(pattern->text) - 1);
			pattern->asked_ms = clock_mono_ms();
			pattern->op = logs_describe_groups(
			    collect_stream_place(part->stream), prefix, urgent, groups_cb, pattern);
			free(prefix);
		}
		known &= pattern->op == NULL || pattern->names != NULL;
	}
	return known;
}

static void
clear_patterns(struct part *part)
{
	for (size_t i = 0; i < part->patterns_count; i++) {
		logs_cancel(part->patterns[i].op);
		clear_names(&part->patterns[i]);
		free(part->patterns[i].text);
	}
	free(part->patterns);
	part->patterns = NULL;
	part->patterns_count = 0;
}

/* ---- the fact ---- */

static struct kd_log_group
missing_group(const char *name, enum kd_reason reason, const char *why, const char *blame)
{
	return (struct kd_log_group){.name = name, .missing = reason, .why = why, .blame = blame};
}

/* What a group is in the fact, and the texts that it borrows. */
struct seen {
	struct log_group_view view;
	char *why, *blame;
};

static struct kd_log_group
look_at_failed(const struct log_shared *shared, struct seen *seen)
{
	const struct aws_error *error = log_reader_error(log_readers_at(shared));
	const char *name = log_source_name(log_reader_source(log_readers_at(shared)));
	struct aws_place *place = log_reader_place(log_readers_at(shared));

	if (error->fault == AWS_NOT_FOUND) {
		seen->why = mem_printf(
		    "log group %s does not exist in %s (log_groups in the config)", name, aws_place_region(place));
		return missing_group(name, KD_NOT_CONFIGURED, seen->why, NULL);
	}
	seen->why = mem_strdup(error->message);
	seen->blame = log_readers_blame(place, error, log_readers_operation);
	return missing_group(name, aws_error_reason(error), seen->why, seen->blame);
}

static struct kd_log_group
look_at_late(const struct log_shared *shared, struct seen *seen)
{
	struct aws_place *place = log_reader_place(log_readers_at(shared));
	const char *name = log_source_name(log_reader_source(log_readers_at(shared)));
	double rate = aws_place_rate(place, "FilterLogEvents");

	seen->why = rate > 0
			? mem_printf("log group %s could not be read in time (%s may be called %.3g times a second "
				     "here: aws.pace)",
			      name, log_readers_operation, rate)
			: mem_printf("log group %s could not be read in time", name);
	return missing_group(name, KD_LATE, seen->why, NULL);
}

static bool
is_fresh(const struct log_shared *shared, int64_t since_ms)
{
	const struct log_reader *reader = log_readers_at(shared);
	int64_t asked_ms = log_reader_asked_ms(reader);

	return asked_ms != 0 && asked_ms >= since_ms &&
	       !is_mended(log_reader_place(reader), log_reader_error(reader), asked_ms);
}

/* A group that is still being read for the first time is shown as far as it came. */
static struct kd_log_group
look_at(const struct log_shared *shared, struct seen *seen)
{
	struct log_group *group = log_source_group(log_reader_source(log_readers_at(shared)));
	bool behind = log_reader_is_behind(log_readers_at(shared));

	if (log_reader_error(log_readers_at(shared))->fault != AWS_OK)
		return look_at_failed(shared, seen);
	if (group == NULL || (!behind && !is_fresh(shared, clock_mono_ms() - LATE_MS)))
		return look_at_late(shared, seen);
	log_group_look(group, &seen->view);
	seen->view.group.name = log_source_name(log_reader_source(log_readers_at(shared)));
	seen->view.group.behind = behind;
	seen->view.group.share = log_reader_share(log_readers_at(shared));
	return seen->view.group;
}

/* A prefix that could not be looked up, or is none, or one of too many, is told like a group of that name. false: all is well. */
static bool
look_at_pattern(const struct part *part, const struct pattern *pattern, struct seen *seen, struct kd_log_group *out)
{
	struct aws_place *place = collect_stream_place(part->stream);
	const struct aws_error *error = &pattern->error;

	if (!pattern->is_prefix)
		return false;
	if (error->fault != AWS_OK && pattern->names == NULL) {
		seen->why = mem_strdup(error->message);
		seen->blame = log_readers_blame(place, error, groups_operation);
		*out = missing_group(pattern->text, aws_error_reason(error), seen->why, seen->blame);
		return true;
	}
	if (pattern->names != NULL && pattern->names_count == 0)
		seen->why = mem_printf("no log group in %s is called %s (log_groups in the config)",
		    aws_place_region(place), pattern->text);
	else if (pattern->cut)
		seen->why =
		    mem_printf("more than %d log groups are called %s: the first ones are read, name them instead",
			COLLECT_LOGS_GROUPS_MAX, pattern->text);
	else
		return false;
	*out = missing_group(pattern->text, KD_NOT_CONFIGURED, seen->why, NULL);
	return true;
}

/* Made for who asks, and not kept: it is half as large as all that is known of the groups. */
static struct fact *
make_fact(struct part *part)
{
	size_t room = part->groups_count + part->patterns_count, count = 0;
	struct kd_log_group *groups = mem_new(room, sizeof(*groups));
	struct seen *seen = mem_new(room, sizeof(*seen));
	struct fact *fact;

	for (size_t i = 0; i < part->groups_count; i++, count++)
		groups[count] = look_at(part->groups[i], &seen[count]);
	for (size_t i = 0; i < part->patterns_count; i++)
		if (look_at_pattern(part, &part->patterns[i], &seen[count], &groups[count]))
			count++;
	fact = fact_new_log_groups(clock_now_ms(), groups, count);
	for (size_t i = 0; i < room; i++) {
		log_group_view_clear(&seen[i].view);
		free(seen[i].why);
		free(seen[i].blame);
	}
	free(seen);
	free(groups);
	return fact;
}

static struct fact *
make_none(void)
{
	return fact_new_missing(
	    KD_LOG_GROUPS, KD_NOT_CONFIGURED, "no log groups declared (log_groups: of the stream in the config)", NULL);
}

/* ---- the feed ---- */

static void
read_cb(const struct log_shared *shared, void *arg)
{
	struct feed *feed = arg;
	struct part *part, *next;

	for (part = LIST_FIRST(&feed->parts); part != NULL; part = next) {
		next = LIST_NEXT(part, link);
		if (has_group(part, shared))
			collect_advance(part->stream);
	}
}

static void *
attach(void *self, struct collect_stream *stream)
{
	struct feed *feed = self;
	struct part *part = mem_new(1, sizeof(*part));

	part->feed = feed;
	part->stream = stream;
	LIST_INSERT_HEAD(&feed->parts, part, link);
	return part;
}

static bool
is_same_spec(const struct part *part, const struct collect_spec *spec)
{
	if (part->patterns_count != spec->log_groups_count || (part->filter == NULL) != (spec->log_filter == NULL) ||
	    (part->filter != NULL && strcmp(part->filter, spec->log_filter) != 0))
		return false;
	for (size_t i = 0; i < part->patterns_count; i++)
		if (strcmp(part->patterns[i].text, spec->log_groups[i]) != 0)
			return false;
	return true;
}

static void
configure(void *self, const struct collect_spec *spec)
{
	struct part *part = self;

	if (is_same_spec(part, spec))
		return;
	clear_patterns(part);
	free(part->filter);
	part->filter = mem_strdup(spec->log_filter);
	part->patterns = mem_new(spec->log_groups_count, sizeof(*part->patterns));
	part->patterns_count = spec->log_groups_count;
	for (size_t i = 0; i < part->patterns_count; i++) {
		const char *text = spec->log_groups[i];

		part->patterns[i].part = part;
		part->patterns[i].text = mem_strdup(text);
		part->patterns[i].is_prefix = *text != '\0' && text[strlen(text) - 1] == '*';
	}
	lay_groups(part);
}

static void
detach(void *self)
{
	struct part *part = self;

	clear_patterns(part);
	for (size_t i = 0; i < part->groups_count; i++)
		log_readers_drop(part->groups[i]);
	free(part->groups);
	free(part->filter);
	LIST_REMOVE(part, link);
	free(part);
}

static struct fact *
get(void *self, const struct kd_need *need, const struct collect_terms *terms)
{
	struct part *part = self;

	(void)need;
	if (part->patterns_count == 0)
		return make_none();
	for (size_t i = 0; i < part->patterns_count; i++)
		if (part->patterns[i].is_prefix && part->patterns[i].op == NULL && is_unresolved(&part->patterns[i]))
			return NULL;
	for (size_t i = 0; i < part->patterns_count; i++)
		if (part->patterns[i].op != NULL && part->patterns[i].names == NULL)
			return NULL;
	for (size_t i = 0; i < part->groups_count; i++)
		if (!is_fresh(part->groups[i], terms->since_ms))
			return NULL;
	return make_fact(part);
}

static void
ask(void *self, const struct kd_need *need, const struct collect_terms *terms)
{
	struct part *part = self;

	if (!resolve(part, terms->urgent))
		return;
	for (size_t i = 0; i < part->groups_count; i++)
		if (!is_fresh(part->groups[i], terms->since_ms))
			log_readers_want(part->groups[i], need->window_s * 1000, terms->urgent);
	log_readers_go(part->feed->readers);
}

/* Some groups may have been read in time: the fact says of each. */
static struct fact *
late(void *self, const struct kd_need *need)
{
	struct part *part = self;

	(void)need;
	if (part->groups_count == 0)
		return fact_new_missing(KD_LOG_GROUPS, KD_LATE, "no answer to logs:DescribeLogGroups in time", NULL);
	return make_fact(part);
}

static void
show(void *self, struct kd_facts *facts)
{
	struct part *part = self;
	bool is_read = false;

	for (size_t i = 0; i < part->groups_count; i++)
		is_read |= log_reader_asked_ms(log_readers_at(part->groups[i])) != 0;
	if (is_read)
		facts_add_taken(facts, make_fact(part));
}

static void
free_feed(void *self)
{
	struct feed *feed = self;

	assert(LIST_EMPTY(&feed->parts));
	log_readers_free(feed->readers);
	free(feed);
}

static const struct collect_feed_ops ops = {
    .kind = KD_LOG_GROUPS,
    .attach = attach,
    .configure = configure,
    .detach = detach,
    .get = get,
    .ask = ask,
    .late = late,
    .show = show,
    .free = free_feed,
};

void
collect_logs_add(struct collect *collect, struct log_sources *sources)
{
	struct feed *feed = mem_new(1, sizeof(*feed));

	feed->collect = collect;
	feed->readers = log_readers_new(collect, sources, read_cb, feed);
	LIST_INIT(&feed->parts);
	collect_add_feed(collect, &ops, feed);
}
