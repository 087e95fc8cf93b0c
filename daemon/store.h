/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: the database behind a thread of its own, because the disk may take its time, or hang. One set of rows is under way at a time; the owner keeps what
 * gathers meanwhile, so that nothing is queued without a bound. Knows rows; nothing of where they come from. One kdiagd a database: PATH.lock is held.
 */
#ifndef KDIAG_STORE_H
#define KDIAG_STORE_H

#include "daemon/store_db.h"

struct event_base;
struct store;

struct store_options {
	struct event_base *base;
	const char *path;
	int64_t retry_ms; /* after a trouble; real time; 0: 5 s */
	/* All from the loop. The rows stand in the database; they are the store's still, until this returns. */
	void (*written)(const struct store_rows *rows, void *arg);
	/* The disk does not take them (they are tried again, by and by); NULL: it does again. */
	void (*trouble)(const char *why, void *arg);
	/* The database is another one now, and knows nothing, or not what is true: write all anew. why: a sentence when one was put aside, else NULL. */
	void (*anew)(const char *why, void *arg);
	void *arg;
};

/*
 * Opens the database and reads it, in the caller's thread, then starts its own. *loaded: the caller's, never NULL on success. NULL with a sentence: another kdiagd has it, or there is no thread.
 * What else is wrong is told later, through trouble() and anew(): the daemon goes on without.
 */
struct store *store_open(const struct store_options *options, struct store_rows **loaded, char **cause);
/* Waits at most grace_ms (real time) for what is under way; then leaves the thread behind. */
void store_close(struct store *store, int64_t grace_ms);

/* For the end alone: until nothing is under way, or for grace_ms (real time), or until the disk refuses; false: something is under way still. Calls back. */
bool store_wait(struct store *store, int64_t grace_ms);
bool store_is_busy(const struct store *store);
/* Not while it is busy. */
void store_write(struct store *store, struct store_rows *rows_taken);
/* The rows that are under way, to read; NULL: none. */
const struct store_rows *store_under_way(const struct store *store);

/* The array is borrowed; NULL, and why: it cannot be read. Called from the loop. */
typedef void (*store_history_cb)(json_t *list, const char *why, void *arg);
/* The query is copied. -1: too many are under way. */
int store_history(struct store *store, const struct store_query *query, store_history_cb done, void *arg);

#endif
