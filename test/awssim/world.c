/* SPDX-License-Identifier: Apache-2.0 */
/* world: owns the streams that are there now; knows nothing of calls and answers. */
#include "test/awssim/world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "test/awssim/stream_spec.h"

struct place {
	char *account, *region;
	struct limit_bucket buckets[WORLD_BUCKETS];
};

struct world {
	struct scenario *scenario;
	struct stream **streams; /* by account, region, name */
	size_t count;
	struct stream **by_event; /* the streams in the scenario's order, which the events name */
	size_t next_event;
	struct place **places;
	size_t places_count;
};

static int
compare(const struct stream *stream, const char *account, const char *region, const char *name)
{
	int order = strcmp(stream->account, account);

	if (order == 0)
		order = strcmp(stream->region, region);
	return order != 0 ? order : strcmp(stream->name, name);
}

static int
compare_streams(const void *a, const void *b)
{
	const struct stream *x = *(struct stream *const *)a, *y = *(struct stream *const *)b;

	return compare(x, y->account, y->region, y->name);
}

/* The index of the first stream that is not before these names. */
static size_t
lower_bound(const struct world *world, const char *account, const char *region, const char *name)
{
	size_t low = 0, high = world->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(world->streams[middle], account, region, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const char *
partition_of(const char *region)
{
	if (strncmp(region, "cn-", 3) == 0)
		return "aws-cn";
	return strncmp(region, "us-gov-", 7) == 0 ? "aws-us-gov" : "aws";
}

/* FNV-1a (Fowler, Noll, Vo) of the ARN, begun with the scenario's seed. */
static uint64_t
salt_of(const char *arn, int64_t seed)
{
	uint64_t salt = 0xcbf29ce484222325u ^ (uint64_t)seed;

	for (; *arn != '\0'; arn++)
		salt = (salt ^ (unsigned char)*arn) * 0x100000001b3u;
	return salt;
}

static void
name_stream(struct stream *stream, const struct scenario *scenario)
{
	stream->arn = mem_printf("arn:%s:kinesis:%s:%s:stream/%s", partition_of(stream->region), stream->region,
	    stream->account, stream->name);
	stream->salt = salt_of(stream->arn, scenario->seed);
}

struct world *
world_new(struct scenario *scenario)
{
	struct world *world = mem_new(1, sizeof(*world));

	world->scenario = scenario;
	world->count = scenario->streams_count;
	world->streams = mem_new(world->count, sizeof(struct stream *));
	world->by_event = mem_new(world->count, sizeof(struct stream *));
	for (size_t i = 0; i < world->count; i++) {
		world->streams[i] = mem_new(1, sizeof(struct stream));
		*world->streams[i] = scenario->streams[i];
		name_stream(world->streams[i], scenario);
		world->by_event[i] = world->streams[i];
	}
	scenario->streams_count = 0;
	qsort(world->streams, world->count, sizeof(struct stream *), compare_streams);
	return world;
}

void
world_free(struct world *world)
{
	if (world == NULL)
		return;
	for (size_t i = 0; i < world->count; i++) {
		stream_clear(world->streams[i]);
		free(world->streams[i]);
	}
	for (size_t i = 0; i < world->places_count; i++) {
		free(world->places[i]->account);
		free(world->places[i]->region);
		free(world->places[i]);
	}
	free(world->places);
	free(world->streams);
	free(world->by_event);
	free(world);
}

void
world_advance(struct world *world, int64_t elapsed_ms)
{
	const struct scenario *scenario = world->scenario;
	struct stream_spec spec;
	char *cause = NULL;

	while (world->next_event < scenario->events_count && scenario->events[world->next_event].at_ms <= elapsed_ms) {
		const struct scenario_event *event = &scenario->events[world->next_event++];
		struct decode in = {.file = scenario->file, .cause = &cause};
		int rc = stream_spec_read(&spec, &in, event->set, STREAM_SPEC_CHANGE);

		assert(rc == 0); /* the scenario has read it once */
		(void)rc;
		stream_spec_apply(&spec, world->by_event[event->stream], scenario->start_ms + event->at_ms);
		stream_spec_clear(&spec);
	}
}

struct stream *
world_find(const struct world *world, const char *account, const char *region, const char *name)
{
	size_t i = lower_bound(world, account, region, name);

	if (i == world->count || compare(world->streams[i], account, region, name) != 0)
		return NULL;
	return world->streams[i]->status == KD_STATUS_GONE ? NULL : world->streams[i];
}

size_t
world_list(const struct world *world, const char *account, const char *region, const char *after,
    const struct stream **list, size_t max, int *more)
{
	size_t count = 0, i = lower_bound(world, account, region, after == NULL ? "" : after);

	*more = 0;
	for (; i < world->count; i++) {
		const struct stream *stream = world->streams[i];

		if (strcmp(stream->account, account) != 0 || strcmp(stream->region, region) != 0)
			break;
		if (stream->status == KD_STATUS_GONE || (after != NULL && strcmp(stream->name, after) == 0))
			continue;
		if (count == max) {
			*more = 1;
			break;
		}
		list[count++] = stream;
	}
	return count;
}

/* Makes room for a stream of these names, in its place. */
static struct stream *
insert(struct world *world, const char *account, const char *region, const char *name)
{
	size_t i = lower_bound(world, account, region, name);
	struct stream *stream = mem_new(1, sizeof(*stream));

	scenario_init_stream(world->scenario, stream);
	stream->created_ms = clock_now_ms();
	stream->account = mem_strdup(account);
	stream->region = mem_strdup(region);
	stream->name = mem_strdup(name);
	name_stream(stream, world->scenario);
	world->streams = mem_resize(world->streams, world->count + 1, sizeof(struct stream *));
	memmove(&world->streams[i + 1], &world->streams[i], (world->count - i) * sizeof(struct stream *));
	world->streams[i] = stream;
	world->count++;
	return stream;
}

int
world_set_stream(struct world *world, const struct yaml_node *node, const char *file, char **cause)
{
	struct decode in = {.file = file, .cause = cause};
	struct stream_spec spec;
	const char *account, *region;
	size_t i;
	int rc = -1;

	if (stream_spec_read(&spec, &in, node, STREAM_SPEC_NAMED) != 0)
		return -1;
	account = spec.account != NULL ? spec.account : world->scenario->account;
	region = spec.region != NULL ? spec.region : world->scenario->regions[0];
	if (!world_has_region(world, region)) {
		cause_set(cause, "%s: %s is not among the scenario's regions", file, region);
		goto out;
	}
	i = lower_bound(world, account, region, spec.name);
	if (i < world->count && compare(world->streams[i], account, region, spec.name) == 0) {
		stream_spec_apply(&spec, world->streams[i], clock_now_ms());
	} else if (world->count < SCENARIO_STREAMS_MAX) {
		stream_spec_apply(&spec, insert(world, account, region, spec.name), clock_now_ms());
	} else {
		cause_set(cause, "%s: there are %d streams already", file, SCENARIO_STREAMS_MAX);
		goto out;
	}
	rc = 0;
out:
	stream_spec_clear(&spec);
	return rc;
}

int
world_has_region(const struct world *world, const char *region)
{
	for (size_t i = 0; i < world->scenario->regions_count; i++)
		if (strcmp(world->scenario->regions[i], region) == 0)
			return 1;
	return 0;
}

struct limit_bucket *
world_bucket(struct world *world, const char *account, const char *region, size_t operation)
{
	struct place *place;

	assert(operation < WORLD_BUCKETS);
	for (size_t i = 0; i < world->places_count; i++)
		if (strcmp(world->places[i]->account, account) == 0 && strcmp(world->places[i]->region, region) == 0)
			return &world->places[i]->buckets[operation];
	if (world->places_count == WORLD_PLACES_MAX)
		return NULL;
	place = mem_new(1, sizeof(*place));
	place->account = mem_strdup(account);
	place->region = mem_strdup(region);
	world->places = mem_resize(world->places, world->places_count + 1, sizeof(struct place *));
	world->places[world->places_count++] = place;
	return &place->buckets[operation];
}
