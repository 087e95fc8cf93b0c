/* SPDX-License-Identifier: Apache-2.0 */
/* collect_place: the streams of one account and region, and the one ListStreams that tells the status of them all. */
#include "daemon/collect_place.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

enum {
	BULK_STREAMS = 100,               /* with more, one listing is cheaper than describing each, even unpaced */
	LIST_REFUSED_MS = 60 * 60 * 1000, /* how long a denied ListStreams is not asked again */
};

static const char *const operations[SLOTS] = {
    [SLOT_STATUS] = "ListStreams",
    [SLOT_SUMMARY] = "DescribeStreamSummary",
    [SLOT_SHARDS] = "ListShards",
    [SLOT_CONSUMERS] = "ListStreamConsumers",
};

const char *
collect_slot_operation(enum slot_index slot)
{
	return operations[slot];
}

/* ---- findings about kdiag ---- */

static const char *const trouble_checks[TROUBLES] = {[TROUBLE_DENIED] = "denied", [TROUBLE_ANSWER] = "answer"};

static char *
name_operation(enum slot_index asked)
{
	return mem_printf("kinesis:%s", operations[asked]);
}

char *
collect_place_blame(const struct collect_place *place, enum trouble trouble, enum slot_index asked)
{
	char *operation = name_operation(asked);
	char *blame = collect_blame(place->aws, trouble_checks[trouble], operation);

	free(operation);
	return blame;
}

/* why NULL: it is over. */
static void
tell(const struct collect_place *place, enum trouble trouble, enum slot_index asked, const char *why)
{
	char *operation = name_operation(asked);

	collect_tell(place->collect, place->aws, trouble_checks[trouble], operation, why);
	free(operation);
}

/* ---- places and their streams ---- */

struct collect_place *
collect_place_get(struct collect *collect, struct aws_place *aws)
{
	struct collect_place *place;

	LIST_FOREACH(place, &collect->places, link)
	if (place->aws == aws)
		return place;
	place = mem_new(1, sizeof(*place));
	place->collect = collect;
	place->aws = aws;
	LIST_INSERT_HEAD(&collect->places, place, link);
	return place;
}

void
collect_place_free(struct collect_place *place)
{
	assert(place->count == 0);
	if (place->list_op != NULL)
		kinesis_cancel(place->list_op);
	collect_place_list_trouble(place, NULL);
	if (place->list_refused_ms != 0)
		tell(place, TROUBLE_DENIED, SLOT_STATUS, NULL);
	LIST_REMOVE(place, link);
	free(place->streams);
	free(place);
}

/* The index of name, or where it belongs. */
static size_t
find(const struct collect_place *place, const char *name)
{
	size_t low = 0, high = place->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(place->streams[middle]->id->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
collect_place_configure(struct collect_place *place)
{
	size_t i;

	place->interval_ms = 0;
	for (i = 0; i < place->count; i++)
		if (place->interval_ms == 0 || place->streams[i]->interval_ms < place->interval_ms)
			place->interval_ms = place->streams[i]->interval_ms;
}

void
collect_place_add(struct collect_place *place, struct collect_stream *stream)
{
	size_t at = find(place, stream->id->name);

	if (place->count == place->capacity) {
		place->capacity = place->capacity == 0 ? 8 : place->capacity * 2;
		place->streams = mem_resize(place->streams, place->capacity, sizeof(*place->streams));
	}
	memmove(place->streams + at + 1, place->streams + at, (place->count - at) * sizeof(*place->streams));
	place->streams[at] = stream;
	place->count++;
	stream->place = place;
	if (place->interval_ms == 0 || stream->interval_ms < place->interval_ms)
		place->interval_ms = stream->interval_ms;
}

void
collect_place_remove(struct collect_place *place, struct collect_stream *stream)
{
	size_t at = find(place, stream->id->name);

	assert(at < place->count && place->streams[at] == stream);
	place->count--;
	memmove(place->streams + at, place->streams + at + 1, (place->count - at) * sizeof(*place->streams));
	if (stream->interval_ms == place->interval_ms)
		collect_place_configure(place);
}

/* As many as half of the pace allows in one interval are described one by one: that answers all questions at once, and needs no ListStreams. */
bool
collect_place_is_bulk(const struct collect_place *place)
{
	double rate = aws_place_rate(place->aws, "DescribeStreamSummary");
	double most = BULK_STREAMS;

	if (place->list_refused_ms != 0 && clock_mono_ms() - place->list_refused_ms < LIST_REFUSED_MS)
		return false;
	if (rate > 0 && rate * (double)place->interval_ms / 2000 < most)
		most = rate * (double)place->interval_ms / 2000;
	return (double)place->count > most && place->count > 1;
}

int64_t
collect_place_turn_ms(const struct collect_place *place)
{
	double rate = aws_place_rate(place->aws, "DescribeStreamSummary");

	return rate > 0 ? (int64_t)((double)place->count * 1000 / rate) : 0;
}

/* ---- what ails an operation, by stream ---- */

static void
tell_trouble(const struct collect_place *place, enum trouble trouble, enum slot_index asked, const char *why)
{
	size_t count = place->troubled[trouble][asked];
	char *text;

	if (count < 2) {
		tell(place, trouble, asked, why);
		return;
	}
	text = mem_printf("%s (it is so for %zu streams)", why, count);
	tell(place, trouble, asked, text);
	free(text);
}

/* Told again each time: the finding opens once, and its sentence keeps up with the count. */
void
collect_place_trouble(struct collect_place *place, struct collect_stream *stream, enum slot_index asked,
    enum trouble trouble, const char *why)
{
	struct slot *slot = &stream->slots[asked];
	enum trouble before = slot->trouble;

	slot->trouble = trouble;
	if (trouble != TROUBLE_NONE && trouble != before)
		place->troubled[trouble][asked]++;
	if (before != TROUBLE_NONE && trouble != before && --place->troubled[before][asked] == 0)
		tell(place, before, asked, NULL);
	if (trouble != TROUBLE_NONE)
		tell_trouble(place, trouble, asked, why);
}

void
collect_place_list_trouble(struct collect_place *place, const char *why)
{
	if (why != NULL || place->list_troubled)
		tell(place, TROUBLE_ANSWER, SLOT_STATUS, why);
	place->list_troubled = why != NULL;
}

static void
list_failed(struct collect_place *place, const struct aws_error *error)
{
	char *told = aws_place_blame(place->aws, "kinesis", error->fault);

	place->list_history = place->list_history << 1 | 1;
	if (told != NULL)
		collect_place_list_trouble(place, NULL);
	else if (collect_fails(place->list_history))
		collect_place_list_trouble(place, error->message);
	free(told);
}

static void
list_answered(struct collect_place *place)
{
	place->list_history <<= 1;
	if (collect_recovered(place->list_history))
		collect_place_list_trouble(place, NULL);
	if (place->list_refused_ms != 0)
		tell(place, TROUBLE_DENIED, SLOT_STATUS, NULL);
	place->list_refused_ms = 0;
}

static void
tell_list_denied(struct collect_place *place, const struct aws_error *error)
{
	char *why = mem_printf("%s; so the status of %zu streams is asked one by one, a turn takes %lld s",
	    error->message, place->count, (long long)(collect_place_turn_ms(place) / 1000));

	tell(place, TROUBLE_DENIED, SLOT_STATUS, why);
	free(why);
}

/* ---- the listing ---- */

static void
settle_from_row(struct collect_stream *stream, const struct kinesis_stream *row, int64_t asked_ms, int64_t now_ms)
{
	struct slot *slot = &stream->slots[SLOT_STATUS];
	struct kd_stream_status status = {.status = row->status, .mode = row->mode};
	const struct kd_stream_status *before =
	    slot->fact == NULL ? NULL : fact_value(slot->fact, KD_STREAM_STATUS, NULL);
	bool changed = before != NULL && before->status != status.status;

	stream_id_set_arn(stream->id, row->arn);
	collect_settle(stream, SLOT_STATUS, fact_new_status(now_ms, &status), asked_ms);
	if (!changed)
		return;
	collect_doubt(stream);
	if (stream->slots[SLOT_SUMMARY].op != NULL || stream->slots[SLOT_SUMMARY].fact != NULL)
		collect_describe(stream, true); /* ahead of those that wait for their turn */
}

/* Rows and streams are both in order of name. A stream that is not listed is asked for by name before it counts as gone. */
static void
settle_from_rows(struct collect_place *place, const struct kinesis_stream *rows, size_t count)
{
	int64_t now_ms = clock_now_ms();
	size_t i, row = 0;

	for (i = 0; i < place->count; i++) {
		struct collect_stream *stream = place->streams[i];

		while (row < count && strcmp(rows[row].name, stream->id->name) < 0)
			row++;
		if (row < count && strcmp(rows[row].name, stream->id->name) == 0)
			settle_from_row(stream, &rows[row], place->list_asked_ms, now_ms);
		else
			collect_describe(stream, true);
	}
}

/* No listing: denied, or of an emulator that lists names only, means one by one from now on; all else is each waiting stream's answer. */
static void
settle_without_rows(struct collect_place *place, const struct aws_error *error)
{
	bool refused = error->fault == AWS_DENIED || strcmp(error->code, "no_summaries") == 0;
	size_t i;

	if (refused) {
		place->list_refused_ms = clock_mono_ms();
		tell_list_denied(place, error);
	} else {
		list_failed(place, error);
	}
	for (i = 0; i < place->count; i++) {
		struct collect_stream *stream = place->streams[i];

		if (!stream->slots[SLOT_STATUS].wanted)
			continue;
		if (refused) {
			collect_describe(stream, false);
			continue;
		}
		collect_settle(stream, SLOT_STATUS, collect_missing(stream, SLOT_STATUS, SLOT_STATUS, error),
		    place->list_asked_ms);
	}
}

static void
list_cb(const struct aws_error *error, const struct kinesis_stream *rows, size_t count, void *arg)
{
	struct collect_place *place = arg;
	struct collect *collect = place->collect;
	size_t i;

	place->list_op = NULL;
	if (error->fault == AWS_OK) {
		list_answered(place);
		settle_from_rows(place, rows, count);
	} else {
		settle_without_rows(place, error);
	}
	for (i = 0; i < place->count; i++)
		collect_renewed(place->streams[i]);
	if (collect->list_cb != NULL)
		collect->list_cb(place->aws, error, rows, count, collect->list_arg);
}

void
collect_place_list(struct collect_place *place, bool urgent)
{
	struct kinesis_ask ask = {.urgent = urgent};

	if (place->list_op != NULL)
		return;
	place->list_asked_ms = clock_mono_ms();
	place->list_op = kinesis_list_streams(place->aws, &ask, list_cb, place);
}

void
collect_listen_list(struct collect *collect, collect_list_cb cb, void *arg)
{
	collect->list_cb = cb;
	collect->list_arg = arg;
}

void
collect_list(struct collect *collect, struct aws_place *aws, bool urgent)
{
	collect_place_list(collect_place_get(collect, aws), urgent);
}
