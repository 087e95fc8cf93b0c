/* SPDX-License-Identifier: Apache-2.0 */
/* log_seen: owns a ring of hashes, and a table that finds them. */
#include "daemon/log_seen.h"

#include <assert.h>
#include <stdlib.h>

#include "common/mem.h"

struct log_seen {
	size_t room, count, oldest;
	uint64_t *ring;
	uint32_t *table; /* 1 + the place in the ring, open addressing; twice the room */
};

struct log_seen *
log_seen_new(size_t room)
{
	struct log_seen *seen = mem_new(1, sizeof(*seen));

	assert(room > 0 && (room & (room - 1)) == 0);
	seen->room = room;
	seen->ring = mem_new(room, sizeof(*seen->ring));
	seen->table = mem_new(room * 2, sizeof(*seen->table));
	return seen;
}

void
log_seen_free(struct log_seen *seen)
{
	if (seen == NULL)
		return;
	free(seen->ring);
	free(seen->table);
	free(seen);
}

static size_t
mask_of(const struct log_seen *seen)
{
	return seen->room * 2 - 1;
}

static size_t
home_of(const struct log_seen *seen, uint64_t hash)
{
	return (size_t)(hash ^ hash >> 31) & mask_of(seen);
}

/* Where the hash is, or the free place where it belongs. */
static size_t
find(const struct log_seen *seen, uint64_t hash)
{
	size_t at = home_of(seen, hash);

	while (seen->table[at] != 0 && seen->ring[seen->table[at] - 1] != hash)
		at = (at + 1) & mask_of(seen);
	return at;
}

/* What stands behind it in the same run moves up. */
static void
drop(struct log_seen *seen, uint64_t hash)
{
	size_t hole = find(seen, hash), at;

	for (at = (hole + 1) & mask_of(seen); seen->table[at] != 0; at = (at + 1) & mask_of(seen)) {
		size_t home = home_of(seen, seen->ring[seen->table[at] - 1]);

		if (((at - home) & mask_of(seen)) < ((at - hole) & mask_of(seen)))
			continue;
		seen->table[hole] = seen->table[at];
		hole = at;
	}
	seen->table[hole] = 0;
}

bool
log_seen_add(struct log_seen *seen, uint64_t hash)
{
	size_t at = find(seen, hash), place;

	if (seen->table[at] != 0)
		return false;
	if (seen->count == seen->room) {
		drop(seen, seen->ring[seen->oldest]);
		at = find(seen, hash);
		place = seen->oldest;
		seen->oldest = (seen->oldest + 1) % seen->room;
	} else {
		place = (seen->oldest + seen->count++) % seen->room;
	}
	seen->ring[place] = hash;
	seen->table[at] = (uint32_t)place + 1;
	return true;
}

struct log_seen *
log_seen_grow(struct log_seen *seen_taken, size_t room)
{
	struct log_seen *larger = log_seen_new(room);

	for (size_t i = 0; i < seen_taken->count; i++)
		log_seen_add(larger, seen_taken->ring[(seen_taken->oldest + i) % seen_taken->room]);
	log_seen_free(seen_taken);
	return larger;
}

size_t
log_seen_room(const struct log_seen *seen)
{
	return seen->room;
}

size_t
log_seen_bytes(const struct log_seen *seen)
{
	return sizeof(*seen) + seen->room * (sizeof(*seen->ring) + 2 * sizeof(*seen->table));
}
