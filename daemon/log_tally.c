/* SPDX-License-Identifier: Apache-2.0 */
/* log_tally: owns the arithmetic of counting by time; knows nothing of what is counted. */
#include "daemon/log_tally.h"

#include <string.h>

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };

static size_t
slot_of(int64_t number, int64_t slots)
{
	return (size_t)(number % slots);
}

void
log_tally_begin(struct log_tally *tally, int64_t ms)
{
	tally->silent_ms = ms;
}

/* ---- the rings ---- */

static void
turn_minutes(struct log_tally *tally, int64_t minute)
{
	if (minute - tally->minute >= LOG_TALLY_MINUTES)
		memset(tally->minutes, 0, sizeof(tally->minutes));
	else
		for (int64_t i = tally->minute + 1; i <= minute; i++)
			tally->minutes[slot_of(i, LOG_TALLY_MINUTES)] = 0;
	if (minute > tally->minute)
		tally->minute = minute;
}

static void
clear_hour(struct log_tally *tally, size_t slot)
{
	tally->counts[slot] = 0;
	tally->peaks[slot] = 0;
	tally->gaps_s[slot] = 0;
}

static void
turn_hours(struct log_tally *tally, int64_t hour)
{
	if (hour - tally->hour >= LOG_TALLY_HOURS)
		for (size_t i = 0; i < LOG_TALLY_HOURS; i++)
			clear_hour(tally, i);
	else
		for (int64_t i = tally->hour + 1; i <= hour; i++)
			clear_hour(tally, slot_of(i, LOG_TALLY_HOURS));
	if (hour > tally->hour)
		tally->hour = hour;
}

static bool
has_hour(const struct log_tally *tally, int64_t hour)
{
	return hour <= tally->hour && hour > tally->hour - LOG_TALLY_HOURS && hour >= 0;
}

/* The densest period of an hour: a late event of an older period is only counted. */
static void
count_period(struct log_tally *tally, int64_t ms, float weight)
{
	int64_t period = ms / LOG_TALLY_PERIOD_MS;
	float *peak = &tally->peaks[slot_of(ms / HOUR_MS, LOG_TALLY_HOURS)];

	if (period > tally->period) {
		tally->period = period;
		tally->in_period = 0;
	}
	if (period == tally->period)
		tally->in_period += weight;
	if (period == tally->period && tally->in_period > *peak)
		*peak = tally->in_period;
	if (*peak < weight)
		*peak = weight;
}

/* A silence is one of each hour in which it lay. */
static void
note_gap(struct log_tally *tally, int64_t from_ms, int64_t until_ms)
{
	int64_t gap_s = (until_ms - from_ms) / 1000, hour = from_ms / HOUR_MS;

	if (gap_s <= 0)
		return;
	if (hour <= tally->hour - LOG_TALLY_HOURS)
		hour = tally->hour - LOG_TALLY_HOURS + 1;
	for (; hour <= until_ms / HOUR_MS; hour++) {
		uint32_t *gap = &tally->gaps_s[slot_of(hour, LOG_TALLY_HOURS)];

		if (has_hour(tally, hour) && gap_s > *gap)
			*gap = (uint32_t)gap_s;
	}
}

static int64_t
silent_since(const struct log_tally *tally)
{
	return tally->last_ms > tally->silent_ms ? tally->last_ms : tally->silent_ms;
}

/* ---- counting ---- */

void
log_tally_add(struct log_tally *tally, int64_t ms, float weight)
{
	turn_minutes(tally, ms / MINUTE_MS);
	turn_hours(tally, ms / HOUR_MS);
	if (tally->minute - ms / MINUTE_MS < LOG_TALLY_MINUTES)
		tally->minutes[slot_of(ms / MINUTE_MS, LOG_TALLY_MINUTES)] += weight;
	if (has_hour(tally, ms / HOUR_MS)) {
		tally->counts[slot_of(ms / HOUR_MS, LOG_TALLY_HOURS)] += weight;
		count_period(tally, ms, weight);
	}
	if (ms > silent_since(tally))
		note_gap(tally, silent_since(tally), ms);
	tally->count += (double)weight;
	if (tally->first_ms == 0 || ms < tally->first_ms)
		tally->first_ms = ms;
	if (ms > tally->last_ms)
		tally->last_ms = ms;
}

void
log_tally_look(struct log_tally *tally, int64_t now_ms)
{
	turn_minutes(tally, now_ms / MINUTE_MS);
	turn_hours(tally, now_ms / HOUR_MS);
	note_gap(tally, silent_since(tally), now_ms);
}

/* ---- reading ---- */

int64_t
log_tally_minutes_from(int64_t now_ms, unsigned minutes)
{
	return (now_ms / MINUTE_MS - minutes + 1) * MINUTE_MS;
}

double
log_tally_recent(const struct log_tally *tally, int64_t now_ms, unsigned minutes)
{
	int64_t minute = now_ms / MINUTE_MS;
	double sum = 0;

	for (int64_t i = minute - minutes + 1; i <= minute; i++)
		if (i <= tally->minute && i > tally->minute - LOG_TALLY_MINUTES && i >= 0)
			sum += (double)tally->minutes[slot_of(i, LOG_TALLY_MINUTES)];
	return sum;
}

bool
log_tally_hour(const struct log_tally *tally, int64_t hour, struct log_tally_hour *out)
{
	size_t slot = slot_of(hour, LOG_TALLY_HOURS);

	if (!has_hour(tally, hour))
		return false;
	*out = (struct log_tally_hour){
	    .count = (double)tally->counts[slot], .peak = (double)tally->peaks[slot], .gap_s = tally->gaps_s[slot]};
	return true;
}

/* ---- merging ---- */

static void
merge_hour(struct log_tally *into, const struct log_tally *from, int64_t hour)
{
	size_t slot = slot_of(hour, LOG_TALLY_HOURS);

	/* Peaks may have fallen together: nobody knows any more, and too high a baseline alarms too late, not for nothing. */
	into->counts[slot] += from->counts[slot];
	into->peaks[slot] += from->peaks[slot];
	if (from->gaps_s[slot] < into->gaps_s[slot])
		into->gaps_s[slot] = from->gaps_s[slot];
}

void
log_tally_merge(struct log_tally *into, const struct log_tally *from)
{
	turn_minutes(into, from->minute);
	turn_hours(into, from->hour);
	for (int64_t i = from->minute; i > from->minute - LOG_TALLY_MINUTES && i >= 0; i--)
		if (into->minute - i < LOG_TALLY_MINUTES)
			into->minutes[slot_of(i, LOG_TALLY_MINUTES)] += from->minutes[slot_of(i, LOG_TALLY_MINUTES)];
	for (int64_t i = from->hour; i > from->hour - LOG_TALLY_HOURS && i >= 0; i--)
		if (has_hour(into, i))
			merge_hour(into, from, i);
	if (from->period == into->period)
		into->in_period += from->in_period;
	into->count += from->count;
	if (into->first_ms == 0 || (from->first_ms != 0 && from->first_ms < into->first_ms))
		into->first_ms = from->first_ms;
	if (from->last_ms > into->last_ms)
		into->last_ms = from->last_ms;
	if (from->silent_ms < into->silent_ms)
		into->silent_ms = from->silent_ms;
}
