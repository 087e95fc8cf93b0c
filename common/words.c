/* SPDX-License-Identifier: Apache-2.0 */
/* words: how states, modes, hash keys and ages are written and read; knows nothing of facts, findings or JSON. */
#include "common/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

/* Sizes of a day's parts in seconds. */
enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

enum { LIMBS = 4, HASH_DIGITS_MAX = 39 };

static const char *const status_names[] = {
    [KD_STATUS_CREATING] = "CREATING",
    [KD_STATUS_DELETING] = "DELETING",
    [KD_STATUS_ACTIVE] = "ACTIVE",
    [KD_STATUS_UPDATING] = "UPDATING",
    [KD_STATUS_GONE] = "GONE",
};

static const char *const mode_names[] = {
    [KD_MODE_PROVISIONED] = "PROVISIONED",
    [KD_MODE_ON_DEMAND] = "ON_DEMAND",
};

/* The index of a name, or 0, which both tables leave empty. */
static size_t
find_name(const char *const *names, size_t count, const char *text)
{
	for (size_t i = 1; text != NULL && i < count; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	return 0;
}

static const char *
name_at(const char *const *names, size_t count, size_t i)
{
	return i < count && names[i] != NULL ? names[i] : "UNKNOWN";
}

const char *
kd_status_name(enum kd_status status)
{
	return name_at(status_names, KD_COUNT(status_names), (size_t)status);
}

const char *
kd_mode_name(enum kd_mode mode)
{
	return name_at(mode_names, KD_COUNT(mode_names), (size_t)mode);
}

int
words_parse_status(const char *text, enum kd_status *status)
{
	size_t i = find_name(status_names, KD_COUNT(status_names), text);

	if (i == 0)
		return -1;
	*status = (enum kd_status)i;
	return 0;
}

int
words_parse_mode(const char *text, enum kd_mode *mode)
{
	size_t i = find_name(mode_names, KD_COUNT(mode_names), text);

	if (i == 0)
		return -1;
	*mode = (enum kd_mode)i;
	return 0;
}

const char *
kd_age(int64_t seconds, char buf[KD_AGE_SIZE])
{
	static const struct {
		int64_t size;
		const char *name;
	} units[] = {{DAY, "d"}, {HOUR, "h"}, {MINUTE, "min"}, {1, "s"}};
	size_t i = 0;
	int64_t rest;

	if (seconds < 0)
		seconds = 0;
	while (i + 1 < KD_COUNT(units) && seconds < units[i].size)
		i++;
	rest = seconds % units[i].size;
	/* The second unit, at most 59 of it; save for the seconds behind minutes, which nobody says. */
	if (i < 2 && rest / units[i + 1].size > 0)
		(void)snprintf(buf, KD_AGE_SIZE, "%" PRId64 " %s %" PRIu8 " %s", seconds / units[i].size, units[i].name,
		    (uint8_t)(rest / units[i + 1].size), units[i + 1].name);
	else
		(void)snprintf(buf, KD_AGE_SIZE, "%" PRId64 " %s", seconds / units[i].size, units[i].name);
	return buf;
}

/* ---- numbers ---- */

/* One digit behind the point, unless it is 0. */
static void
add_tenths(char *buf, double value, const char *unit)
{
	int len = snprintf(buf, KD_NUMBER_SIZE, "%.1f", value);

	if (len > 2 && len < KD_NUMBER_SIZE && buf[len - 1] == '0')
		len -= 2;
	if (len > 0 && len < KD_NUMBER_SIZE)
		(void)snprintf(buf + len, (size_t)(KD_NUMBER_SIZE - len), " %s", unit);
}

const char *
kd_share(double percent, char buf[KD_NUMBER_SIZE])
{
	if (percent > 0 && percent < 0.1)
		(void)snprintf(buf, KD_NUMBER_SIZE, "less than 0.1 %%");
	else if (percent > 99.9 && percent < 100)
		(void)snprintf(buf, KD_NUMBER_SIZE, "more than 99.9 %%");
	else if (percent < 9.95 || (percent >= 99.5 && percent < 100))
		add_tenths(buf, percent, "%");
	else
		(void)snprintf(buf, KD_NUMBER_SIZE, "%.0f %%", percent);
	return buf;
}

const char *
kd_byte_rate(double bytes_per_s, char buf[KD_NUMBER_SIZE])
{
	static const char *const units[] = {"B/s", "KiB/s", "MiB/s", "GiB/s"};
	size_t i = 0;

	/* 1000 and not 1024: "1 MiB/s" is shorter than "1004 KiB/s". */
	while (i + 1 < KD_COUNT(units) && bytes_per_s >= 1000) {
		bytes_per_s /= 1024;
		i++;
	}
	if (i == 0 || bytes_per_s >= 99.95)
		(void)snprintf(buf, KD_NUMBER_SIZE, "%.0f %s", bytes_per_s, units[i]);
	else
		add_tenths(buf, bytes_per_s, units[i]);
	return buf;
}

const char *
kd_amount(double amount, char buf[KD_NUMBER_SIZE])
{
	char digits[KD_NUMBER_SIZE];
	size_t len, used = 0;

	if (!(amount > -1e15 && amount < 1e15)) {
		(void)snprintf(buf, KD_NUMBER_SIZE, "%.3g", amount);
		return buf;
	}
	if (amount > 0 && amount < 0.95) {
		(void)snprintf(buf, KD_NUMBER_SIZE, "%.*f", amount < 0.1 ? 2 : 1, amount);
		return buf;
	}
	(void)snprintf(digits, sizeof(digits), "%.0f", amount);
	len = strlen(digits);
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && digits[i - 1] != '-' && (len - i) % 3 == 0)
			buf[used++] = ',';
		buf[used++] = digits[i];
	}
	buf[used] = '\0';
	return buf;
}

const char *
kd_millis(double ms, char buf[KD_NUMBER_SIZE])
{
	static const double second = 1000, minute = 60000, longest = 9e15;

	if (ms >= minute)
		return kd_age((int64_t)((ms < longest ? ms : longest) / second + 0.5), buf);
	if (ms >= second && ms < 9950)
		add_tenths(buf, ms / second, "s");
	else if (ms >= second)
		(void)snprintf(buf, KD_NUMBER_SIZE, "%.0f s", ms / second);
	else if (ms < 9.95)
		add_tenths(buf, ms, "ms");
	else
		(void)snprintf(buf, KD_NUMBER_SIZE, "%.0f ms", ms);
	return buf;
}

const char *
kd_time(int64_t ms, char buf[KD_NUMBER_SIZE])
{
	_Static_assert((int)KD_NUMBER_SIZE >= (int)CLOCK_TEXT_SIZE, "a time has room where a number has");
	return clock_format(ms, buf);
}

/* The first key, and half of the width rounded up: never the first key itself where there are two. */
struct kd_hash
kd_hash_middle(struct kd_hash first, struct kd_hash last)
{
	uint64_t low = last.low - first.low, high = last.high - first.high - (last.low < first.low);
	uint64_t half = low >> 1 | high << 63, middle;

	high >>= 1;
	half += low & 1;
	high += half < (low & 1);
	middle = first.low + half;
	return (struct kd_hash){first.high + high + (middle < half), middle};
}

/* ---- hash keys ---- */

/* limbs (32 bits each, the highest first) times 10 plus digit; the carry out of the top, 0 while it fits. */
static uint32_t
append_digit(uint32_t limbs[LIMBS], unsigned digit)
{
	uint64_t carry = digit;

	for (int i = LIMBS - 1; i >= 0; i--) {
		carry += (uint64_t)limbs[i] * 10;
		limbs[i] = (uint32_t)carry;
		carry >>= 32;
	}
	return (uint32_t)carry;
}

/* limbs divided by 10; the remainder. */
static unsigned
take_digit(uint32_t limbs[LIMBS])
{
	uint64_t rest = 0;

	for (int i = 0; i < LIMBS; i++) {
		rest = rest << 32 | limbs[i];
		limbs[i] = (uint32_t)(rest / 10);
		rest %= 10;
	}
	return (unsigned)rest;
}

int
words_parse_hash(const char *text, struct kd_hash *hash)
{
	uint32_t limbs[LIMBS] = {0};
	size_t len;

	if (text == NULL)
		return -1;
	len = strlen(text);
	if (len == 0 || len > HASH_DIGITS_MAX || (text[0] == '0' && len > 1))
		return -1;
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9' || append_digit(limbs, (unsigned)(text[i] - '0')) != 0)
			return -1;
	hash->high = (uint64_t)limbs[0] << 32 | limbs[1];
	hash->low = (uint64_t)limbs[2] << 32 | limbs[3];
	return 0;
}

const char *
kd_hash_decimal(struct kd_hash hash, char buf[KD_HASH_SIZE])
{
	uint32_t limbs[LIMBS] = {
	    (uint32_t)(hash.high >> 32), (uint32_t)hash.high, (uint32_t)(hash.low >> 32), (uint32_t)hash.low};
	char reversed[KD_HASH_SIZE];
	size_t len = 0;

	do
		reversed[len++] = (char)('0' + take_digit(limbs));
	while ((limbs[0] | limbs[1] | limbs[2] | limbs[3]) != 0);
	for (size_t i = 0; i < len; i++)
		buf[i] = reversed[len - 1 - i];
	buf[len] = '\0';
	return buf;
}
