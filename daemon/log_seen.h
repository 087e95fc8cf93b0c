/* SPDX-License-Identifier: Apache-2.0 */
/* log_seen: which of the last so many events were seen, exactly: a set of hashes that forgets the one added first when it is full. Pure. */
#ifndef KDIAG_LOG_SEEN_H
#define KDIAG_LOG_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_seen;

/* room: a power of two. */
struct log_seen *log_seen_new(size_t room);
void log_seen_free(struct log_seen *seen);
/* Adds it; false: it is there already. hash: not 0. */
bool log_seen_add(struct log_seen *seen, uint64_t hash);
/* More room, with what is there. */
struct log_seen *log_seen_grow(struct log_seen *seen_taken, size_t room);
size_t log_seen_room(const struct log_seen *seen);
size_t log_seen_bytes(const struct log_seen *seen);

#endif
