/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream_spec: what a scenario says about a stream, before it is laid over one. Knows the keys of a stream and nothing
 * else of the file.
 */
#ifndef KDIAG_AWSSIM_STREAM_SPEC_H
#define KDIAG_AWSSIM_STREAM_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "test/awssim/decode.h"
#include "test/awssim/stream.h"

/* Which keys may stand there. */
enum stream_spec_place {
	STREAM_SPEC_CHANGE,   /* a `set` of the timeline: what may change while a stream lives */
	STREAM_SPEC_NAMED,    /* the admin endpoint: also name, region, account, age */
	STREAM_SPEC_STREAM,   /* an entry of `streams`: also timeline */
	STREAM_SPEC_GENERATE, /* `generate`: also count and prefix, but no name is asked for */
};

/* Initialised by stream_spec_read; -1, NULL, 0 of open_shards and retention_hours: not said. */
struct stream_spec {
	char *name, *region, *account, *prefix, *key_id;
	int status, mode, encryption; /* indexes of their words */
	int64_t retention_hours, warm_mibps, age_ms, count;
	bool metrics_said, metrics[STREAM_METRICS];
	bool consumers_said;
	struct stream_consumer *consumers;
	size_t consumers_count;
	int64_t open_shards, closed_shards;
	struct stream_shard *shards; /* when they are listed one by one */
	size_t shards_count;
	struct traffic *traffic;          /* a reference; NULL: not said */
	const struct yaml_node *timeline; /* borrowed */
};

/* 0; or -1 with a sentence, and the spec holds nothing. */
int stream_spec_read(
    struct stream_spec *spec, const struct decode *in, const struct yaml_node *node, enum stream_spec_place place);
void stream_spec_clear(struct stream_spec *spec);
/* Lays it over a stream that has its names; one that has shards already is resharded when their number changes. */
void stream_spec_apply(const struct stream_spec *spec, struct stream *stream, int64_t now_ms);

#endif
