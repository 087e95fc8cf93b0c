/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_tally: how often something stands in a log: by minute for the last ones, by hour for the last day and a little more, with the densest five minutes and the longest silence of each
 * hour. Events may come in any order, and may stand for several. Pure.
 */
#ifndef KDIAG_LOG_TALLY_H
#define KDIAG_LOG_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LOG_TALLY_MINUTES = 15,
	LOG_TALLY_HOURS = 26, /* the hours around the same one yesterday are among them */
	LOG_TALLY_PERIOD_MS = 5 * 60 * 1000,
};

/* Zeroed at first, then log_tally_begin. For the caller to hold; to be read through the functions. */
struct log_tally {
	int64_t first_ms, last_ms; /* of events; 0: none yet */
	int64_t silent_ms;         /* what is silent before this was not looked at, and says nothing */
	double count;
	int64_t minute; /* the newest of the ring, as a number since 1970 */
	float minutes[LOG_TALLY_MINUTES];
	int64_t period; /* the one that is being counted */
	float in_period;
	int64_t hour; /* the newest of the ring */
	float counts[LOG_TALLY_HOURS], peaks[LOG_TALLY_HOURS];
	uint32_t gaps_s[LOG_TALLY_HOURS];
};

/* Silences are counted from now on: at the start, and after a time that was not read. */
void log_tally_begin(struct log_tally *tally, int64_t ms);
void log_tally_add(struct log_tally *tally, int64_t ms, float weight);
/* All up to now is read: a silence that lasts is one. */
void log_tally_look(struct log_tally *tally, int64_t now_ms);
/* Since when the newest `minutes` count, and their events. */
int64_t log_tally_minutes_from(int64_t now_ms, unsigned minutes);
double log_tally_recent(const struct log_tally *tally, int64_t now_ms, unsigned minutes);
/* Of that hour (a number since 1970): false: it is not in the ring. */
struct log_tally_hour {
	double count, peak, gap_s;
};
bool log_tally_hour(const struct log_tally *tally, int64_t hour, struct log_tally_hour *out);
/* Two turn out to be one: `from` is taken in. */
void log_tally_merge(struct log_tally *into, const struct log_tally *from);

#endif
