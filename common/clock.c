/* SPDX-License-Identifier: Apache-2.0 */
/* clock: owns the time, real, sped up or frozen, and how it is written; knows nothing of who waits for it. */
#include "common/clock.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/mem.h"

#define LAST_MS   ((int64_t)253402300799 * 1000) /* 9999-12-31T23:59:59Z */
#define RATE_MAX  1e6 /* a week in 0.6 s: past it timers fire in one burst and show nothing */
#define EPOCH_MAX 253402300799.0

enum { WAIT_MAX_S = 10 * 365 * 86400 }; /* keeps libevent's sum of now and timeout from running over */

static double rate = 1;
static int64_t epoch_ms;
static bool frozen;
static int64_t frozen_now_ms, frozen_mono_ms;

static int64_t
read_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A decimal "12" or "12.5" at *s, over 0 and up to max; moves *s behind it. By hand, for strtod() minds the locale. */
static int
parse_decimal(const char **s, double max, double *value)
{
	const char *p = *s;
	double scale = 1;

	*value = 0;
	if (!isdigit((unsigned char)*p))
		return -1;
	for (; isdigit((unsigned char)*p); p++)
		*value = *value * 10 + (*p - '0');
	if (*p == '.' && isdigit((unsigned char)p[1]))
		for (p++; isdigit((unsigned char)*p); p++)
			*value += (*p - '0') * (scale /= 10);
	*s = p;
	return *value > 0 && *value <= max ? 0 : -1;
}

int
clock_init(char **cause)
{
	const char *text = getenv("KDIAG_CLOCK"), *p = text;
	double new_rate, epoch_s;

	if (text == NULL || *text == '\0')
		return 0;
	if (parse_decimal(&p, RATE_MAX, &new_rate) != 0 || *p++ != '@' || parse_decimal(&p, EPOCH_MAX, &epoch_s) != 0 ||
	    *p != '\0')
		return cause_set(cause,
		    "KDIAG_CLOCK is \"%.80s\": write RATE@EPOCH, such as 60@1763800000 (a rate of at most %.0f)", text,
		    RATE_MAX);
	rate = new_rate;
	epoch_ms = (int64_t)(epoch_s * 1000);
	return 0;
}

int64_t
clock_now_ms(void)
{
	int64_t real;

	if (frozen)
		return frozen_now_ms;
	real = read_ms(CLOCK_REALTIME);
	if (rate == 1 || real <= epoch_ms)
		return real;
	return epoch_ms + (int64_t)((double)(real - epoch_ms) * rate);
}

int64_t
clock_mono_ms(void)
{
	int64_t real;

	if (frozen)
		return frozen_mono_ms;
	real = read_ms(CLOCK_MONOTONIC);
	return rate == 1 ? real : (int64_t)((double)real * rate);
}

/* Rounded up to the microsecond, so that nobody wakes just before the time. */
struct timeval
clock_wait(int64_t ms)
{
	double us = ms > 0 ? (double)ms * 1000 / rate : 0;
	int64_t whole;

	if (us > WAIT_MAX_S * 1e6)
		us = WAIT_MAX_S * 1e6;
	whole = (int64_t)us;
	if ((double)whole < us)
		whole++;
	return (struct timeval){.tv_sec = whole / 1000000, .tv_usec = whole % 1000000};
}

void
clock_freeze(int64_t now_ms, int64_t mono_ms)
{
	frozen = true;
	frozen_now_ms = now_ms;
	frozen_mono_ms = mono_ms;
}

const char *
clock_format(int64_t ms, char buf[CLOCK_TEXT_SIZE])
{
	time_t seconds = (time_t)((ms < 0 ? 0 : ms > LAST_MS ? LAST_MS : ms) / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(buf, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return buf;
}

/* ".123456" at s: the milliseconds of it in *ms; returns the bytes read, 0 when there is no fraction. */
static size_t
parse_fraction(const char *s, int64_t *ms)
{
	size_t digits;

	*ms = 0;
	if (*s != '.' || (digits = strspn(s + 1, "0123456789")) == 0)
		return 0;
	for (size_t i = 1, scale = 100; i <= 3 && i <= digits; i++, scale /= 10)
		*ms += (int64_t)scale * (s[i] - '0');
	return digits + 1;
}

/* Does s look like the pattern, where 0 stands for any digit? Only as far as the pattern goes. */
static bool
has_shape(const char *s, const char *pattern)
{
	for (; *pattern != '\0'; pattern++, s++)
		if (*pattern == '0' ? !isdigit((unsigned char)*s) : *s != *pattern)
			return false;
	return true;
}

static int
number_at(const char *s, size_t digits)
{
	int value = 0;

	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (s[i] - '0');
	return value;
}

int
clock_parse(const char *s, int64_t *ms)
{
	struct tm tm = {0}, told;
	int64_t fraction_ms;
	time_t seconds;

	if (!has_shape(s, "0000-00-00T00:00:00"))
		return -1;
	tm.tm_year = number_at(s, 4) - 1900;
	tm.tm_mon = number_at(s + 5, 2) - 1;
	tm.tm_mday = number_at(s + 8, 2);
	tm.tm_hour = number_at(s + 11, 2);
	tm.tm_min = number_at(s + 14, 2);
	tm.tm_sec = number_at(s + 17, 2);
	s += 19;
	s += parse_fraction(s, &fraction_ms);
	if (strcmp(s, "Z") != 0)
		return -1;
	/* timegm() carries a 31st of April over into May: what comes back must be what was said. */
	told = tm;
	seconds = timegm(&tm);
	if (seconds < 0 || tm.tm_mon != told.tm_mon || tm.tm_mday != told.tm_mday || tm.tm_hour != told.tm_hour ||
	    tm.tm_min != told.tm_min || tm.tm_sec != told.tm_sec)
		return -1;
	*ms = (int64_t)seconds * 1000 + fraction_ms;
	return 0;
}
