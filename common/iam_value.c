/* SPDX-License-Identifier: Apache-2.0 */
/* iam_value: owns how condition values are read as what they mean; knows nothing of operators. */
#include "common/iam_value.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_MAX = 64, YEAR_DIGITS = 4 };

#define DIGITS "0123456789"

bool
iam_value_number(const char *text, double *number)
{
	size_t len = strnlen(text, NUMBER_MAX + 1);
	char *end;

	if (len == 0 || len > NUMBER_MAX || strspn(text, DIGITS "+-.eE") != len || strpbrk(text, DIGITS) == NULL)
		return false;
	*number = strtod(text, &end);
	return *end == '\0' && isfinite(*number);
}

bool
iam_value_boolean(const char *text, bool *value)
{
	*value = strcasecmp(text, "true") == 0;
	return *value || strcasecmp(text, "false") == 0;
}

/* ---- dates ---- */

/* Exactly `digits` digits; moves on behind them. */
static bool
take_digits(const char **text, int digits, int *value)
{
	*value = 0;
	for (int i = 0; i < digits; i++) {
		char c = *(*text)++;

		if (c < '0' || c > '9')
			return false;
		*value = *value * 10 + (c - '0');
	}
	return true;
}

/* Days since 1970-01-01 of the Gregorian calendar, by eras of 400 years that start in March. */
static int64_t
days_from_civil(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int era = (y >= 0 ? y : y - 399) / 400, year_of_era = y - era * 400;
	int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return (int64_t)era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* "Z", "+hh:mm", "-hh:mm", or nothing. */
static bool
take_zone(const char **text, int *offset_s)
{
	int sign, hours, minutes;

	*offset_s = 0;
	if (**text == '\0')
		return true;
	if (**text == 'Z' || **text == 'z') {
		(*text)++;
		return true;
	}
	if (**text != '+' && **text != '-')
		return false;
	sign = *(*text)++ == '-' ? -1 : 1;
	if (!take_digits(text, 2, &hours) || *(*text)++ != ':' || !take_digits(text, 2, &minutes))
		return false;
	*offset_s = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

/* "hh:mm[:ss[.fraction]]" and a zone, as seconds of the day in UTC. */
static bool
take_time(const char **text, double *seconds)
{
	int hour, minute, second = 0, offset_s;
	double fraction = 0, unit = 1;

	if (!take_digits(text, 2, &hour) || *(*text)++ != ':' || !take_digits(text, 2, &minute))
		return false;
	if (**text == ':') {
		(*text)++;
		if (!take_digits(text, 2, &second))
			return false;
		if (**text == '.' && strspn(*text + 1, DIGITS) > 0)
			for ((*text)++; **text >= '0' && **text <= '9'; (*text)++)
				fraction += (**text - '0') * (unit /= 10);
	}
	if (!take_zone(text, &offset_s) || hour > 24 || minute > 59 || second > 60)
		return false;
	*seconds = hour * 3600 + minute * 60 + second - offset_s + fraction;
	return true;
}

static bool
parse_iso(const char *text, double *epoch_s)
{
	int year, month = 1, day = 1;
	double seconds = 0;

	if (!take_digits(&text, YEAR_DIGITS, &year))
		return false;
	if (*text == '-') {
		text++;
		if (!take_digits(&text, 2, &month) || month < 1 || month > 12)
			return false;
		if (*text == '-') {
			text++;
			if (!take_digits(&text, 2, &day) || day < 1 || day > days_in_month(year, month))
				return false;
			if (*text == 'T' || *text == 't') {
				text++;
				if (!take_time(&text, &seconds))
					return false;
			}
		}
	}
	*epoch_s = (double)days_from_civil(year, month, day) * 86400 + seconds;
	return *text == '\0';
}

/* Four digits alone are a year, as W3C has it; other whole numbers are epoch seconds. */
bool
iam_value_date(const char *text, double *epoch_s)
{
	const char *digits = *text == '-' ? text + 1 : text;
	size_t len = strspn(digits, DIGITS ".");

	if (len > 0 && digits[len] == '\0' && (len != YEAR_DIGITS || digits != text))
		return iam_value_number(text, epoch_s);
	return parse_iso(text, epoch_s);
}

/* ---- addresses ---- */

bool
iam_value_network(const char *text, struct iam_network *network)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text), digits;
	unsigned long bits;

	if (len == 0 || len >= sizeof address)
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	*network = (struct iam_network){.v6 = strchr(address, ':') != NULL};
	if (inet_pton(network->v6 ? AF_INET6 : AF_INET, address, network->address) != 1)
		return false;
	network->bits = network->v6 ? 128 : 32;
	if (slash == NULL)
		return true;
	digits = strspn(slash + 1, DIGITS);
	if (digits == 0 || digits > 3 || slash[1 + digits] != '\0' ||
	    (bits = strtoul(slash + 1, NULL, 10)) > network->bits)
		return false;
	network->bits = (unsigned)bits;
	return true;
}

bool
iam_value_in_network(const struct iam_network *network, const struct iam_network *address)
{
	unsigned bytes = network->bits / 8, rest = network->bits % 8;

	if (network->v6 != address->v6 || address->bits < network->bits)
		return false;
	if (memcmp(network->address, address->address, bytes) != 0)
		return false;
	return rest == 0 || (network->address[bytes] ^ address->address[bytes]) >> (8 - rest) == 0;
}

/* ---- base64 ---- */

static int
sextet(char c)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c != '\0' ? strchr(letters, c) : NULL;

	return found != NULL ? (int)(found - letters) : -1;
}

bool
iam_value_base64(struct iam_arena *arena, const char *text, const char **bytes, size_t *len)
{
	size_t size = strlen(text), padding = 0, n = 0;
	unsigned long bits = 0;
	char *out;

	while (padding < 2 && padding < size && text[size - 1 - padding] == '=')
		padding++;
	if (size % 4 != 0)
		return false;
	out = iam_arena_new(arena, size + 1, 1);
	for (size_t i = 0; i < size; i++) {
		int value = i < size - padding ? sextet(text[i]) : 0;

		if (value < 0)
			return false;
		bits = (bits << 6 | (unsigned long)value) & 0xffffff;
		if (i % 4 == 3) {
			out[n++] = (char)(bits >> 16);
			out[n++] = (char)(bits >> 8);
			out[n++] = (char)bits;
		}
	}
	*bytes = out;
	*len = n - padding;
	return true;
}
