/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world: the streams that there are now, found by account, region and name; the timeline moves them on. Knows no
 * requests.
 */
#ifndef KDIAG_AWSSIM_WORLD_H
#define KDIAG_AWSSIM_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "test/awssim/scenario.h"

struct world;

enum { WORLD_BUCKETS = 64, WORLD_PLACES_MAX = 1024 };

/* Takes over the scenario's streams; the scenario must outlive it. */
struct world *world_new(struct scenario *scenario);
void world_free(struct world *world);
/* Does what the timeline says up to now. */
void world_advance(struct world *world, int64_t elapsed_ms);

/* NULL: there is none, or it is GONE. Borrowed until the next world_add. */
struct stream *world_find(const struct world *world, const char *account, const char *region, const char *name);
/*
 * The streams of an account and region whose names come after `after` (NULL: all), by name, GONE ones left out: at
 * most max into list (borrowed). Returns how
 * many it put there; *more: are there others behind them?
 */
size_t world_list(const struct world *world, const char *account, const char *region, const char *after,
    const struct stream **list, size_t max, int *more);
/* Changes a stream, or adds it: a map as the admin endpoint takes it. 0, or -1 with a sentence and nothing changed. */
int world_set_stream(struct world *world, const struct yaml_node *node, const char *file, char **cause);

/* Is it one of the scenario's regions? */
int world_has_region(const struct world *world, const char *region);
/* The bucket of an operation that AWS limits an account and region; NULL: no room left for one more place. */
struct limit_bucket *world_bucket(struct world *world, const char *account, const char *region, size_t operation);

#endif
