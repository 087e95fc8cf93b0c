/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock: the only module that knows the time. All other code asks it, so that the daemon and the simulator can live
 * through a day in minutes. KDIAG_CLOCK=RATE@EPOCH in the environment (both positive decimals: 60@1763800000) makes time run RATE times
 * faster from the real instant EPOCH (seconds since 1970 UTC) on: processes with the same value agree on the time.
 */
#ifndef KDIAG_CLOCK_H
#define KDIAG_CLOCK_H

#include <stdint.h>
#include <sys/time.h>

enum { CLOCK_TEXT_SIZE = 32 };

/* Reads KDIAG_CLOCK. 0, or -1 with a sentence in *cause. Without a call the clock is the real one. */
int clock_init(char **cause);
/* Wall time in milliseconds since 1970-01-01 UTC; for what people and AWS see. May step. */
int64_t clock_now_ms(void);
/* Time that never steps, in (sped-up) milliseconds; for waits, deadlines and ages. */
int64_t clock_mono_ms(void);
/* The real time to give to event_add() in order to wait `ms` of the clock's milliseconds (0 or more). */
struct timeval clock_wait(int64_t ms);
/* For tests: time stands still at these values until set again. */
void clock_freeze(int64_t now_ms, int64_t mono_ms);

/* "2026-11-22T10:14:00Z" (whole seconds) into buf; returns buf. Years 1970 to 9999, others are clamped. */
const char *clock_format(int64_t ms, char buf[CLOCK_TEXT_SIZE]);
/* Reads what clock_format writes, also with fractions of a second ("…00.123Z"); 0 or -1. */
int clock_parse(const char *s, int64_t *ms);

#endif
