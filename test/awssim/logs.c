/* SPDX-License-Identifier: Apache-2.0 */
/* logs: owns the operations of CloudWatch Logs: which events a page holds and where the next one begins. */
#include "test/awssim/logs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kdiag/probe.h>

#include "common/mem.h"
#include "test/awssim/answer.h"
#include "test/awssim/kinesis_token.h"
#include "test/awssim/log_group.h"
#include "test/awssim/logs_filter.h"
#include "test/awssim/shape.h"

/* API reference: a page of FilterLogEvents holds 1 MB, where each event counts 26 bytes more than its text; one of DescribeLogGroups 50 names. */
enum { PAGE_BYTES = 1024 * 1024, EVENT_BYTES = 26, GROUPS_PAGE = 50, MINUTE_MS = LOG_GROUP_MINUTE_MS };

static void
name_group(struct call *call)
{
	call->stream = mem_strdup(call_string(call, "logGroupName"));
}

static const struct sim_log_group *
find_group(struct call *call)
{
	const struct scenario *scenario = call->sim->scenario;

	for (size_t i = 0; call->stream != NULL && i < scenario->log_groups_count; i++) {
		const struct sim_log_group *group = &scenario->log_groups[i];

		if (strcmp(group->name, call->stream) == 0 && strcmp(group->region, call->region) == 0 &&
		    strcmp(group->account, call->identity->account) == 0)
			return group;
	}
	answer_error(call, 400, "ResourceNotFoundException", "The specified log group does not exist.");
	return NULL;
}

/* ---- tokens ---- */

static void
add_token(struct call *call, json_t *result, const char *after)
{
	struct kinesis_token token = {.list = (char *)call->operation->name,
	    .region = call->region,
	    .stream = call->stream == NULL ? (char *)"" : call->stream,
	    .after = (char *)after,
	    .filter = (char *)"",
	    .expires_ms = call->now_ms + (int64_t)24 * 3600 * 1000};
	char *text = kinesis_token_write(&token, call->sim->stats.requests);

	json_object_set_new(result, "nextToken", json_string(text));
	free(text);
}

/* What stands in the input's token, or "" without one; NULL: it has been answered. The caller's. */
static char *
read_token(struct call *call)
{
	const char *text = call_string(call, "nextToken");
	struct kinesis_token token = {0};
	char *after = NULL;

	if (text == NULL)
		return mem_strdup("");
	if (kinesis_token_read(text, &token) == 0 && strcmp(token.list, call->operation->name) == 0 &&
	    strcmp(token.stream, call->stream == NULL ? "" : call->stream) == 0)
		after = mem_strdup(token.after);
	else
		answer_error(call, 400, "InvalidParameterException", "The specified nextToken is invalid.");
	kinesis_token_clear(&token);
	return after;
}

static bool
is_endless(const struct call *call)
{
	return call->fault != NULL && call->fault->kind == FAULT_ENDLESS_NEXT_TOKEN;
}

/* ---- FilterLogEvents ---- */

/* Where a page begins: in this minute, behind so many of its events; so many empty pages were given before it. */
struct place {
	int64_t minute, done, empty;
};

struct filling {
	struct call *call;
	const struct sim_log_group *group;
	const char *pattern;
	int64_t from_ms, until_ms; /* [from, until] */
	int64_t limit;
	json_t *events;
	size_t bytes;
	bool full;
};

static json_t *
write_event(const struct filling *filling, const struct log_group_event *event, const char *text)
{
	struct str stream = {0};
	char id[LOG_GROUP_ID_SIZE];
	json_t *object;

	log_group_write_stream(filling->group, event, &stream);
	object = json_pack("{s:s, s:I, s:s, s:I, s:s}", "logStreamName", stream.s, "timestamp", (json_int_t)event->ms,
	    "message", text, "ingestionTime", (json_int_t)event->ingested_ms, "eventId",
	    log_group_id(filling->group, event, id));
	str_free(&stream);
	return object;
}

/* true: the page has room for it, or it is none of the page's. */
static bool
take_event(struct filling *filling, const struct log_group_event *event)
{
	struct str text = {0};

	if (event->ms < filling->from_ms || event->ms > filling->until_ms || event->ingested_ms > filling->call->now_ms)
		return true;
	log_group_write(filling->group, event, &text);
	if (logs_filter_matches(filling->pattern, text.s == NULL ? "" : text.s)) {
		if ((int64_t)json_array_size(filling->events) >= filling->limit ||
		    filling->bytes + text.len + EVENT_BYTES > PAGE_BYTES)
			filling->full = true;
		else
			json_array_append_new(
			    filling->events, write_event(filling, event, text.s == NULL ? "" : text.s));
		filling->bytes += text.len + EVENT_BYTES;
	}
	str_free(&text);
	return !filling->full;
}

/* Events up to the end of the page or of the span; the place is left behind the last one. */
static void
fill(struct filling *filling, struct place *place)
{
	int64_t last = filling->until_ms / MINUTE_MS, now = filling->call->now_ms / MINUTE_MS;

	for (; place->minute <= last && place->minute <= now; place->minute++, place->done = 0) {
		size_t count;
		struct log_group_event *events = log_group_minute(filling->group, place->minute, &count);

		for (; place->done < (int64_t)count && take_event(filling, &events[place->done]); place->done++)
			;
		free(events);
		if (filling->full)
			return;
	}
}

static void
answer_page(struct filling *filling, struct place *place)
{
	json_t *result = json_object();
	struct place before = *place;
	char *after;

	filling->events = json_array();
	if (place->empty < filling->group->empty_pages) {
		place->empty++;
		filling->full = true;
	} else {
		place->empty = 0;
		fill(filling, place);
	}
	json_object_set_new(result, "events", filling->events);
	json_object_set_new(result, "searchedLogStreams", json_array());
	if (is_endless(filling->call))
		*place = before;
	if (filling->full || is_endless(filling->call)) {
		after = mem_printf("%" PRId64 ":%" PRId64 ":%" PRId64, place->minute, place->done, place->empty);
		add_token(filling->call, result, after);
		free(after);
	}
	answer_json_taken(filling->call, result);
}

static void
filter_log_events(struct call *call)
{
	const struct sim_log_group *group = find_group(call);
	struct filling filling = {.call = call, .group = group, .pattern = call_string(call, "filterPattern")};
	struct place place = {0};
	char *after;

	if (group == NULL)
		return;
	filling.pattern = filling.pattern == NULL ? "" : filling.pattern;
	filling.from_ms = call_integer(call, "startTime", group->created_ms);
	filling.until_ms = call_integer(call, "endTime", call->now_ms);
	filling.limit = call_integer(call, "limit", group->page);
	if (filling.limit > group->page)
		filling.limit = group->page;
	if (filling.from_ms < group->created_ms)
		filling.from_ms = group->created_ms;
	if (!logs_filter_is_sound(filling.pattern)) {
		answer_error(call, 400, "InvalidParameterException", "Invalid filter pattern");
		return;
	}
	if ((after = read_token(call)) == NULL)
		return;
	place.minute = filling.from_ms / MINUTE_MS;
	if (*after != '\0' &&
	    sscanf(after, "%" SCNd64 ":%" SCNd64 ":%" SCNd64, &place.minute, &place.done, &place.empty) != 3)
		place.minute = filling.from_ms / MINUTE_MS;
	free(after);
	answer_page(&filling, &place);
}

/* ---- DescribeLogGroups ---- */

static int
compare_names(const void *a, const void *b)
{
	const struct sim_log_group *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* Those of the place whose names begin so and stand behind `after`, by name; the caller's array. */
static const struct sim_log_group **
list_groups(const struct call *call, const char *prefix, const char *after, size_t *count)
{
	const struct scenario *scenario = call->sim->scenario;
	const struct sim_log_group **list = mem_new(scenario->log_groups_count, sizeof(*list));

	*count = 0;
	for (size_t i = 0; i < scenario->log_groups_count; i++) {
		const struct sim_log_group *group = &scenario->log_groups[i];

		if (strncmp(group->name, prefix, strlen(prefix)) == 0 && strcmp(group->name, after) > 0 &&
		    strcmp(group->region, call->region) == 0 && strcmp(group->account, call->identity->account) == 0)
			list[(*count)++] = group;
	}
	if (*count > 0)
		qsort(list, *count, sizeof(*list), compare_names);
	return list;
}

static void
describe_log_groups(struct call *call)
{
	const char *prefix = call_string(call, "logGroupNamePrefix");
	size_t limit = (size_t)call_integer(call, "limit", GROUPS_PAGE), count;
	const struct sim_log_group **list;
	json_t *result, *groups;
	char *after = read_token(call);

	if (after == NULL)
		return;
	result = json_object();
	groups = json_array();
	list = list_groups(call, prefix == NULL ? "" : prefix, after, &count);
	for (size_t i = 0; i < count && i < limit; i++)
		json_array_append_new(groups, json_pack("{s:s, s:I, s:I, s:I, s:o}", "logGroupName", list[i]->name,
						  "creationTime", (json_int_t)list[i]->created_ms, "metricFilterCount",
						  (json_int_t)0, "storedBytes", (json_int_t)0, "arn",
						  json_sprintf("arn:aws:logs:%s:%s:log-group:%s:*", list[i]->region,
						      list[i]->account, list[i]->name)));
	json_object_set_new(result, "logGroups", groups);
	if (count > limit || is_endless(call))
		add_token(call, result, is_endless(call) ? after : list[limit - 1]->name);
	free(list);
	free(after);
	answer_json_taken(call, result);
}

/* ---- inputs, from the service's model ---- */

#define TEXT(member, needed, least, most) \
	{ \
		.name = member, .type = SHAPE_STRING, .required = needed, .min = least, .max = most \
	}
#define NUMBER(member, most) \
	{ \
		.name = member, .type = SHAPE_INTEGER, .min = 1, .max = most \
	}

static const struct shape_member text_entry = TEXT("", false, 1, 512);
static const struct shape_member filter_shape[] = {
    TEXT("logGroupName", true, 1, 512),
    {.name = "logStreamNames", .type = SHAPE_LIST, .min = 1, .max = 100, .element = &text_entry},
    TEXT("logStreamNamePrefix", false, 1, 512),
    {.name = "startTime", .type = SHAPE_INTEGER},
    {.name = "endTime", .type = SHAPE_INTEGER},
    TEXT("filterPattern", false, 0, 1024),
    TEXT("nextToken", false, 1, 4096),
    NUMBER("limit", 10000),
    {.name = "interleaved", .type = SHAPE_BOOLEAN},
    {.name = "unmask", .type = SHAPE_BOOLEAN},
};
static const struct shape_member groups_shape[] = {
    TEXT("logGroupNamePrefix", false, 1, 512),
    TEXT("logGroupNamePattern", false, 1, 512),
    TEXT("nextToken", false, 1, 4096),
    NUMBER("limit", 50),
    {.name = "includeLinkedAccounts", .type = SHAPE_BOOLEAN},
};

/* FACTS 3: FilterLogEvents 25/s in us-east-1, 5/s in some regions, 10/s in the others. */
static double
limit_in(const struct operation *operation, const char *region)
{
	static const char *const slow[] = {
	    "ap-northeast-3", "ap-southeast-3", "ca-west-1", "eu-central-1", "il-central-1"};

	if (strcmp(operation->name, "FilterLogEvents") != 0)
		return operation->limit_per_s;
	for (size_t i = 0; i < KD_COUNT(slow); i++)
		if (strcmp(slow[i], region) == 0)
			return 5;
	return strcmp(region, "us-east-1") == 0 ? operation->limit_per_s : 10;
}

static const struct operation operations[] = {
    {"FilterLogEvents", 25, -1, filter_shape, KD_COUNT(filter_shape), filter_log_events},
    {"DescribeLogGroups", 10, -1, groups_shape, KD_COUNT(groups_shape), describe_log_groups},
};

const struct service logs_service = {
    .name = "logs",
    .protocol = SERVICE_JSON,
    .prefix = "Logs_20140328",
    .content_type = "application/x-amz-json-1.1",
    .invalid = "InvalidParameterException",
    .plain_throttling = true,
    .operations = operations,
    .operations_count = KD_COUNT(operations),
    .name_stream = name_group,
    .limit_in = limit_in,
};
