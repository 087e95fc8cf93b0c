/* SPDX-License-Identifier: Apache-2.0 */
/* log_reader: owns the plan of a read: which spans of time are asked for, and what a read of a share of them stands for. */
#include "daemon/log_reader.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/mem.h"

enum {
	BYTES_MAX = 4 * 1024 * 1024,    /* of one span: four full pages */
	PAST_MS = 15 * 60 * 1000,       /* what is longer ago is the past */
	SLICES = 4,                     /* a sampled stretch of time is read in so many pieces, */
	SLICE_PAST_MS = 15 * 60 * 1000, /* and the past in pieces of so much time */
	SLICE_MIN_MS = 500,
	RATE_EVENTS = 1000, /* of less time than that so many events tell a rate */
	BEHIND_MS = 10 * 60 * 1000,
	MANY_EVENTS = 5000, /* megabytes of answers */
};

/* Five full pages, and a hundred. */
const struct log_reader_limits log_reader_default_limits = {.events = 20000, .past_events = 400000};

struct log_reader {
	struct aws_place *place;
	struct log_source *source;
	const struct log_reader_limits *limits;
	struct log_group *group; /* of the source, while it reads */
	struct logs_op *op;
	log_reader_cb cb;
	void *arg;
	bool urgent;
	int64_t begun_ms, asked_ms; /* clock_mono_ms() */
	/* The read under way, in AWS's time: */
	int64_t cursor_ms, to_ms;
	int64_t slice_ms;              /* is read next */
	int64_t part_from_ms, part_ms; /* was asked for of it */
	double plan;                   /* the share of each slice that is asked for */
	bool samples;
	double read_ms; /* time that was read, and */
	double due_ms;  /* that should have been, of the newest part */
	size_t events;  /* so far */
	size_t events_max;
	struct aws_error error;
	double rate; /* events a millisecond, of what was read last; outlives a read */
	double share;
};

struct log_reader *
log_reader_new(struct aws_place *place, struct log_source *source_taken, const struct log_reader_limits *limits,
    log_reader_cb cb, void *arg)
{
	struct log_reader *reader = mem_new(1, sizeof(*reader));

	reader->place = place;
	reader->source = source_taken;
	reader->limits = limits;
	reader->cb = cb;
	reader->arg = arg;
	reader->share = 1;
	return reader;
}

void
log_reader_free(struct log_reader *reader)
{
	if (reader == NULL)
		return;
	logs_cancel(reader->op);
	log_source_drop(reader->source);
	free(reader);
}

/* ---- the plan ---- */

static bool
is_past(const struct log_reader *reader)
{
	return reader->to_ms - reader->cursor_ms > PAST_MS;
}

/* How much of the rest there is budget for, by the rate at which the group logged where it was read last. */
static void
make_plan(struct log_reader *reader)
{
	static const double margin = 0.8; /* the rate may rise */
	int64_t span_ms = reader->to_ms - reader->cursor_ms;
	double expected = reader->rate * (double)span_ms;
	double left = (double)(reader->events_max - reader->events);

	reader->plan = expected <= left ? 1 : left * margin / expected;
	if (reader->plan >= 1)
		reader->slice_ms = span_ms;
	else if (!reader->samples)
		reader->slice_ms = is_past(reader) ? SLICE_PAST_MS : span_ms / SLICES + 1;
	reader->samples = reader->plan < 1;
}

/* Where in its slice a sample begins: by the slice's own number, so that what comes at a fixed second of the minute is neither always in nor always out. */
static int64_t
offset_of(int64_t slice_from_ms, int64_t room_ms)
{
	uint64_t x = (uint64_t)slice_from_ms * UINT64_C(0x9e3779b97f4a7c15);

	return room_ms <= 0 ? 0 : (int64_t)((x ^ x >> 31) % (uint64_t)room_ms);
}

static void events_cb(const struct logs_event *events, size_t count, void *arg);
static void done_cb(const struct aws_error *error, const struct logs_outcome *outcome, void *arg);

static int64_t
slice_until_ms(const struct log_reader *reader)
{
	int64_t until_ms = reader->cursor_ms + reader->slice_ms;

	return until_ms < reader->to_ms ? until_ms : reader->to_ms;
}

static void
read_slice(struct log_reader *reader)
{
	int64_t length_ms = slice_until_ms(reader) - reader->cursor_ms;
	int64_t part_ms = (int64_t)((double)length_ms * reader->plan);
	struct logs_span span = {
	    .group = log_source_name(reader->source),
	    .filter = log_source_filter(reader->source),
	    .events_max = reader->limits->events,
	    .bytes_max = BYTES_MAX,
	    .urgent = reader->urgent,
	};

	if (part_ms < SLICE_MIN_MS)
		part_ms = SLICE_MIN_MS < length_ms ? SLICE_MIN_MS : length_ms;
	span.from_ms = reader->cursor_ms + offset_of(reader->cursor_ms, length_ms - part_ms);
	span.until_ms = span.from_ms + part_ms;
	reader->plan = (double)part_ms / (double)length_ms;
	reader->part_from_ms = span.from_ms;
	reader->part_ms = part_ms;
	reader->op = logs_filter_events(reader->place, &span, events_cb, done_cb, reader);
}

/* ---- answers ---- */

static void
finish(struct log_reader *reader, const struct aws_error *error)
{
	reader->error = *error;
	reader->asked_ms = reader->begun_ms;
	if (error->fault == AWS_OK) {
		reader->share = reader->due_ms > 0 ? reader->read_ms / reader->due_ms : 1;
		log_source_save(reader->source, clock_mono_ms());
	}
	if (reader->events >= MANY_EVENTS)
		mem_settle();
	reader->group = NULL;
	reader->cb(reader, reader->arg);
}

static void
events_cb(const struct logs_event *events, size_t count, void *arg)
{
	struct log_reader *reader = arg;

	for (size_t i = 0; i < count; i++)
		log_group_take(reader->group, &events[i], (float)(1 / reader->plan));
	reader->events += count;
}

/* The share is told of what is new; of the past only what a new group is learnt from. */
static void
note_share(struct log_reader *reader, int64_t from_ms, int64_t until_ms, double share)
{
	if (until_ms <= reader->to_ms - PAST_MS)
		return;
	if (from_ms < reader->to_ms - PAST_MS)
		from_ms = reader->to_ms - PAST_MS;
	reader->read_ms += (double)(until_ms - from_ms) * share;
	reader->due_ms += (double)(until_ms - from_ms);
}

/* A sinking rate is believed by half: what is loud by turns must not pass the budget at each. */
static void
note_rate(struct log_reader *reader, const struct logs_outcome *outcome)
{
	int64_t read_ms = outcome->complete ? reader->part_ms : outcome->read_ms - reader->part_from_ms;
	double rate;

	if (read_ms < SLICE_MIN_MS && outcome->events < RATE_EVENTS)
		return;
	rate = (double)outcome->events / (double)(read_ms > 0 ? read_ms : 1);
	reader->rate = rate > reader->rate ? rate : (rate + reader->rate) / 2;
}

/* Whole, as far as it came. What there is no more budget for is left out: nothing in there counts as silence. */
static void
move_on(struct log_reader *reader, const struct logs_outcome *outcome)
{
	int64_t until_ms = slice_until_ms(reader), from_ms = reader->cursor_ms;

	if (reader->plan >= 1 && !outcome->complete && outcome->read_ms > from_ms)
		until_ms = outcome->read_ms;
	note_share(reader, from_ms, until_ms, outcome->complete ? reader->plan : reader->plan / 2);
	reader->cursor_ms = until_ms;
	log_group_settle(reader->group, until_ms);
	if (reader->cursor_ms < reader->to_ms && reader->events >= reader->events_max) {
		note_share(reader, reader->cursor_ms, reader->to_ms, 0);
		log_group_skip(reader->group, reader->to_ms);
		reader->cursor_ms = reader->to_ms;
	}
}

static void
done_cb(const struct aws_error *error, const struct logs_outcome *outcome, void *arg)
{
	struct log_reader *reader = arg;

	reader->op = NULL;
	if (error->fault != AWS_OK) {
		finish(reader, error);
		return;
	}
	note_rate(reader, outcome);
	move_on(reader, outcome);
	if (reader->cursor_ms >= reader->to_ms) {
		finish(reader, error);
		return;
	}
	make_plan(reader);
	read_slice(reader);
}

/* ---- from outside ---- */

/* Where to go on: a little before what was read; after a stop of longer than the past that a new group is learnt from, only that. */
static void
set_out(struct log_reader *reader, int64_t past_ms)
{
	reader->to_ms = aws_place_now_ms(reader->place);
	reader->group = log_source_group(reader->source);
	if (reader->group == NULL || log_group_until_ms(reader->group) > reader->to_ms + PAST_MS)
		reader->group = log_source_begin(reader->source, reader->to_ms - past_ms);
	if (past_ms < PAST_MS)
		past_ms = PAST_MS;
	if (log_group_until_ms(reader->group) < reader->to_ms - past_ms)
		log_group_skip(reader->group, reader->to_ms - past_ms);
	reader->cursor_ms = log_group_overlap_from_ms(reader->group);
	reader->events = 0;
	reader->events_max = is_past(reader) ? reader->limits->past_events : reader->limits->events;
	reader->read_ms = reader->due_ms = 0;
}

void
log_reader_read(struct log_reader *reader, int64_t past_ms, bool urgent)
{
	if (reader->op != NULL)
		return;
	reader->urgent = urgent;
	reader->begun_ms = clock_mono_ms();
	set_out(reader, past_ms);
	reader->samples = false;
	make_plan(reader);
	/* What is sampled is not read twice: nobody knows which part of it was. */
	if (reader->plan < 1 && log_group_until_ms(reader->group) > reader->cursor_ms)
		reader->cursor_ms = log_group_until_ms(reader->group);
	if (reader->to_ms <= reader->cursor_ms)
		reader->to_ms = reader->cursor_ms + 1; /* the clock was set back a little */
	reader->samples = false;
	make_plan(reader);
	read_slice(reader);
}

bool
log_reader_needs_past(const struct log_reader *reader)
{
	const struct log_group *group = log_source_group(reader->source);

	return group == NULL || aws_place_now_ms(reader->place) - log_group_until_ms(group) > PAST_MS;
}

bool
log_reader_is_reading(const struct log_reader *reader)
{
	return reader->op != NULL;
}

int64_t
log_reader_asked_ms(const struct log_reader *reader)
{
	return reader->asked_ms;
}

const struct aws_error *
log_reader_error(const struct log_reader *reader)
{
	return &reader->error;
}

double
log_reader_share(const struct log_reader *reader)
{
	return reader->share;
}

bool
log_reader_is_behind(const struct log_reader *reader)
{
	return reader->op != NULL && reader->to_ms - reader->cursor_ms > BEHIND_MS;
}

struct aws_place *
log_reader_place(const struct log_reader *reader)
{
	return reader->place;
}

struct log_source *
log_reader_source(const struct log_reader *reader)
{
	return reader->source;
}
