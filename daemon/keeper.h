/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper: what stands between the ledger and its disk: gathers what has changed, hands it to the store a transaction at a time, and lets a change out to syslog only when it is on the disk,
 * or the disk is in trouble. So each change goes out once, and what a crash leaves open goes out at the next start, marked as replayed. Knows nothing of SQL, nor of how lines look.
 */
#ifndef KDIAG_KEEPER_H
#define KDIAG_KEEPER_H

#include "daemon/store.h"

struct keeper;

struct keeper_options {
	struct event_base *base;
	const char *path; /* of the database */
	int64_t history_s;
	int64_t retry_ms;      /* as in store_options */
	struct ledger *ledger; /* new: it is filled */
	/* A change may go out now. */
	void (*tell)(const struct ledger_change *change, void *arg);
	/* Up to which seq they have gone out; 0: not known yet; UINT64_MAX: all that were told. */
	uint64_t (*told)(void *arg);
	/* Adds the counters that have moved; of whole rows all of today's. */
	void (*count)(struct store_rows *rows, void *arg);
	/* One of a start before. */
	void (*counted)(const struct store_counter *counter, void *arg);
	/* What is wrong with the disk; why NULL: it is over. subject: "disk", "aside". */
	void (*notice)(const char *subject, const char *why, void *arg);
	void *arg;
};

/* Opens the store and fills the ledger from it. NULL with a sentence: see store_open(). */
struct keeper *keeper_new(const struct keeper_options *options, char **cause);
/* From now on; tells first what may not have been told before the last end. Listen behind what tells subscribers. */
void keeper_begin(struct keeper *keeper);
void keeper_set_history(struct keeper *keeper, int64_t history_s);
/* Hands over at once what has changed, looks included, unless the store is busy. */
void keeper_flush(struct keeper *keeper);
/* Writes all, and tells what waited for it; then keeper_free writes how far syslog came. Both wait at most grace_ms (real time) for the disk. */
void keeper_settle(struct keeper *keeper, int64_t grace_ms);
void keeper_free(struct keeper *keeper, int64_t grace_ms);

/* The list is borrowed: what is on the disk, and what is on the way there; NULL, and why, when the disk does not give it. 0, or -1: too many ask at once. */
int keeper_history(struct keeper *keeper, const struct store_query *query, store_history_cb done, void *arg);

/* What a probe kept for a stream before the start: the caller's, once; NULL: nothing. */
char *keeper_take_state(struct keeper *keeper, const struct stream_id *stream, const char *probe);
/* It keeps this now; state NULL: nothing any more; probe NULL too: none of them. */
void keeper_put_state(struct keeper *keeper, const struct stream_id *stream, const char *probe, const char *state);

struct keeper_counts {
	size_t waiting; /* changes that are not on the disk yet */
	uint64_t lost;  /* and those that never will be: the disk was in trouble for too long */
	bool in_trouble;
};
struct keeper_counts keeper_counts(const struct keeper *keeper);

#endif
