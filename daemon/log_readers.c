/* SPDX-License-Identifier: Apache-2.0 */
/* log_readers: owns the list of readers, their turns, and their troubles. */
#include "daemon/log_readers.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "common/mem.h"

/* At once: an answer is megabytes for a moment. Of these, so many may read a past, which can take minutes: others go on meanwhile. */
enum { READERS_MAX = 3, PAST_READERS_MAX = 2 };

const char log_readers_operation[] = "logs:FilterLogEvents";

struct log_shared {
	LIST_ENTRY(log_shared) link;
	struct log_readers *readers;
	struct log_reader *reader;
	unsigned refs;
	unsigned history;    /* a bit a read, set for a failed one */
	bool wanted, urgent; /* waits for its turn to be read */
	bool reads_past;
	int64_t past_ms;
	enum aws_fault trouble; /* AWS_OK, AWS_DENIED or AWS_BAD_ANSWER: what is told of it */
};

struct log_readers {
	struct collect *collect;
	struct log_sources *sources;
	LIST_HEAD(, log_shared) list;
	size_t reading, reading_past;
	log_readers_cb cb;
	void *arg;
};

/* ---- findings about kdiag itself ---- */

static bool
has_trouble(const struct log_readers *readers, const struct aws_place *place, enum aws_fault trouble)
{
	const struct log_shared *shared;

	LIST_FOREACH(shared, &readers->list, link)
	{
		if (log_reader_place(shared->reader) == place && shared->trouble == trouble)
			return true;
	}
	return false;
}

/* The trouble of one group is told for all of its place: over when none has it any more. */
static void
tell_trouble(struct log_readers *readers, struct aws_place *place, enum aws_fault trouble, const char *why)
{
	if (why == NULL && has_trouble(readers, place, trouble))
		return;
	collect_tell(readers->collect, place, trouble == AWS_DENIED ? "denied" : "answer", log_readers_operation, why);
}

static void
set_trouble(struct log_shared *shared, enum aws_fault trouble, const char *why)
{
	enum aws_fault before = shared->trouble;
	struct aws_place *place = log_reader_place(shared->reader);

	shared->trouble = trouble;
	if (before != AWS_OK && before != trouble)
		tell_trouble(shared->readers, place, before, NULL);
	if (trouble != AWS_OK)
		tell_trouble(shared->readers, place, trouble, why);
}

/* A denial is told at once, what may pass when it comes again; what the client has a finding for is told by that one. A group that is not there is the group's affair. */
static void
note_read(struct log_shared *shared)
{
	const struct aws_error *error = log_reader_error(shared->reader);
	char *told;

	if (error->fault == AWS_NOT_FOUND)
		return;
	shared->history = shared->history << 1 | (error->fault != AWS_OK);
	if (error->fault == AWS_DENIED) {
		set_trouble(shared, AWS_DENIED, error->message);
		return;
	}
	told = aws_place_blame(log_reader_place(shared->reader), "logs", error->fault);
	if (error->fault != AWS_OK && told == NULL && collect_fails(shared->history))
		set_trouble(shared, AWS_BAD_ANSWER, error->message);
	else if (error->fault == AWS_OK && (shared->trouble == AWS_DENIED || collect_recovered(shared->history)))
		set_trouble(shared, AWS_OK, NULL);
	free(told);
}

char *
log_readers_blame(struct aws_place *place, const struct aws_error *error, const char *operation)
{
	char *blame = error->fault == AWS_DENIED ? NULL : aws_place_blame(place, "logs", error->fault);

	return blame != NULL ? blame
			     : collect_blame(place, error->fault == AWS_DENIED ? "denied" : "answer", operation);
}

/* ---- turns ---- */

/* Who is urgent first, else who was read last the longest ago. */
static struct log_shared *
next_wanted(const struct log_readers *readers)
{
	struct log_shared *shared, *next = NULL;

	LIST_FOREACH(shared, &readers->list, link)
	{
		if (!shared->wanted ||
		    (readers->reading_past == PAST_READERS_MAX && log_reader_needs_past(shared->reader)))
			continue;
		if (next == NULL || shared->urgent > next->urgent ||
		    (shared->urgent == next->urgent &&
			log_reader_asked_ms(shared->reader) < log_reader_asked_ms(next->reader)))
			next = shared;
	}
	return next;
}

void
log_readers_go(struct log_readers *readers)
{
	struct log_shared *shared;

	while (readers->reading < READERS_MAX && (shared = next_wanted(readers)) != NULL) {
		shared->wanted = false;
		shared->reads_past = log_reader_needs_past(shared->reader);
		readers->reading++;
		readers->reading_past += shared->reads_past;
		log_reader_read(shared->reader, shared->past_ms, shared->urgent);
	}
}

void
log_readers_want(struct log_shared *shared, int64_t past_ms, bool urgent)
{
	if (log_reader_is_reading(shared->reader))
		return;
	shared->urgent = urgent || (shared->wanted && shared->urgent);
	shared->wanted = true;
	shared->past_ms = past_ms;
}

static void
end_turn(struct log_shared *shared)
{
	shared->readers->reading--;
	shared->readers->reading_past -= shared->reads_past;
	shared->reads_past = false;
}

static void
read_cb(struct log_reader *reader, void *arg)
{
	struct log_shared *shared = arg;
	struct log_readers *readers = shared->readers;

	(void)reader;
	end_turn(shared);
	note_read(shared);
	readers->cb(shared, readers->arg);
	log_readers_go(readers);
}

/* ---- coming and going ---- */

struct log_shared *
log_readers_take(struct log_readers *readers, struct aws_place *place, const struct stream_id *stream, const char *name,
    const char *filter)
{
	struct log_source *source = log_sources_take(readers->sources, stream->account, stream->region, name, filter);
	struct log_shared *shared;

	LIST_FOREACH(shared, &readers->list, link)
	{
		if (log_reader_place(shared->reader) != place || log_reader_source(shared->reader) != source)
			continue;
		log_source_drop(source); /* the reader has its own reference */
		shared->refs++;
		return shared;
	}
	shared = mem_new(1, sizeof(*shared));
	shared->readers = readers;
	shared->refs = 1;
	shared->reader = log_reader_new(place, source, &log_reader_default_limits, read_cb, shared);
	LIST_INSERT_HEAD(&readers->list, shared, link);
	return shared;
}

void
log_readers_drop(struct log_shared *shared)
{
	if (--shared->refs > 0)
		return;
	LIST_REMOVE(shared, link);
	if (log_reader_is_reading(shared->reader))
		end_turn(shared);
	set_trouble(shared, AWS_OK, NULL);
	log_reader_free(shared->reader);
	free(shared);
}

const struct log_reader *
log_readers_at(const struct log_shared *shared)
{
	return shared->reader;
}

struct log_readers *
log_readers_new(struct collect *collect, struct log_sources *sources, log_readers_cb cb, void *arg)
{
	struct log_readers *readers = mem_new(1, sizeof(*readers));

	readers->collect = collect;
	readers->sources = sources;
	readers->cb = cb;
	readers->arg = arg;
	LIST_INIT(&readers->list);
	return readers;
}

void
log_readers_free(struct log_readers *readers)
{
	assert(LIST_EMPTY(&readers->list));
	free(readers);
}
