/* SPDX-License-Identifier: Apache-2.0 */
/* collect_feed: the feeds of a collector, and what they may know of its streams. */
#include "daemon/collect_feed.h"

#include <assert.h>
#include <stdlib.h>

#include "common/mem.h"
#include "daemon/collect_place.h"

void
collect_add_feed(struct collect *collect, const struct collect_feed_ops *ops, void *feed_taken)
{
	assert(collect->feeds_count < FEEDS_MAX && LIST_EMPTY(&collect->places));
	collect->feeds[collect->feeds_count].ops = ops;
	collect->feeds[collect->feeds_count].self = feed_taken;
	collect->feeds_count++;
}

struct event_base *
collect_base(const struct collect *collect)
{
	return collect->base;
}

struct aws_place *
collect_stream_place(const struct collect_stream *stream)
{
	return stream->place->aws;
}

struct stream_id *
collect_stream_id(const struct collect_stream *stream)
{
	return stream->id;
}

static char *
make_subject(struct aws_place *aws, const char *operation)
{
	return mem_printf("%s %s %s", operation, aws_place_account(aws), aws_place_region(aws));
}

void
collect_tell(struct collect *collect, struct aws_place *aws, const char *check, const char *operation, const char *why)
{
	char *subject = make_subject(aws, operation);

	if (collect->notice != NULL)
		collect->notice(check, subject, why, collect->notice_arg);
	free(subject);
}

char *
collect_blame(struct aws_place *aws, const char *check, const char *operation)
{
	char *subject = make_subject(aws, operation);
	char *blame = mem_printf("self/%s/%s", check, subject);

	free(subject);
	return blame;
}

/* Told when 2 of the last 4 answers were bad, over after 2 good ones. */
enum { HISTORY_TOLD = 0xf, HISTORY_OVER = 0x3 };

bool
collect_fails(unsigned history)
{
	unsigned bad = history & HISTORY_TOLD;

	return (bad & (bad - 1)) != 0;
}

bool
collect_recovered(unsigned history)
{
	return (history & HISTORY_OVER) == 0;
}
