/* SPDX-License-Identifier: Apache-2.0 */
/* log_time: owns the table of the forms of a time; knows nothing of the rest of a line. */
#include "common/log_time.h"

#include <string.h>

#include <kdiag/probe.h>

#define MONTHS   "JanFebMarAprMayJunJulAugSepOctNovDec"
#define WEEKDAYS "MonTueWedThuFriSatSun"

enum { FRACTION_MAX = 9, DIGITS_MAX = 8 };

/*
 * 0: a digit; #: a digit or the space that pads it; ?: a digit that may be missing; M: a month's three letters; W: a weekday's; all else stands for
 * itself. FULL is date and time in one, DATE wants a time behind it, unless it is certain enough alone.
 */
enum form_kind { FULL, DATE, SURE_DATE };

static const struct form {
	const char *text;
	enum form_kind kind;
	unsigned char digits; /* it begins with */
	bool is_syslog;
} forms[] = {
    {"0000-00-00-00.00.00", FULL, 4, false},
    {"0000-00-00", SURE_DATE, 4, false},
    {"0000/00/00", SURE_DATE, 4, false},
    {"0000.00.00", SURE_DATE, 4, false},
    {"00000000T000000", FULL, 8, false},
    {"00000000", DATE, 8, false},
    {"000000 000000", FULL, 6, false},
    {"000000", DATE, 6, false},
    {"00/M/0000", SURE_DATE, 2, false},
    {"00-M-0000", SURE_DATE, 2, false},
    {"00 M 0000", SURE_DATE, 2, false},
    {"00/00/0000", SURE_DATE, 2, false},
    {"00.00.0000", SURE_DATE, 2, false},
    {"00-00-0000", SURE_DATE, 2, false},
    {"00/00/00", DATE, 2, false},
    {"00-00", DATE, 2, false},
    {"00.00", DATE, 2, false},
    {"M #0, 0000", SURE_DATE, 0, false},
    {"M ?0", DATE, 0, true},
    {"M  0", DATE, 0, true},
    {"W M #0", DATE, 0, false},
    {"W M ?0", DATE, 0, false},
    {"W, 00 M 0000", SURE_DATE, 0, false},
    {"W 00 M 0000", SURE_DATE, 0, false},
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static bool
is_name(const char *s, const char *names)
{
	for (; *names != '\0'; names += 3)
		if (memcmp(s, names, 3) == 0)
			return true;
	return false;
}

/* The bytes that one character of a form takes at s; -1: it does not match. */
static int
match_char(char form, const char *s, size_t len)
{
	if (form == '?')
		return len > 0 && is_digit(*s);
	if (len == 0)
		return -1;
	if (form == '0')
		return is_digit(*s) ? 1 : -1;
	if (form == '#')
		return is_digit(*s) || *s == ' ' ? 1 : -1;
	if (form == 'M')
		return len >= 3 && is_name(s, MONTHS) ? 3 : -1;
	if (form == 'W')
		return len >= 3 && is_name(s, WEEKDAYS) ? 3 : -1;
	return *s == form ? 1 : -1;
}

/* "M ?0" of "Nov 2 " has no digit to leave out: the optional one gives way. */
static size_t
match_form(const char *form, const char *s, size_t len)
{
	size_t used = 0;
	int n;

	for (; *form != '\0'; form++) {
		if (*form == '?' && (used + 1 >= len || !is_digit(s[used + 1])))
			continue;
		if ((n = match_char(*form, s + used, len - used)) < 0)
			return 0;
		used += (size_t)n;
	}
	return used;
}

static size_t
count_digits(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && is_digit(s[n]))
		n++;
	return n;
}

/* "10:14:00", "1:02:03", with a fraction behind `.`, `,` or `:`; also "101400" where packed times may stand. */
static size_t
match_clock(const char *s, size_t len, bool may_be_packed)
{
	size_t n = count_digits(s, len), used, fraction;

	if (may_be_packed && n == 6)
		used = n;
	else if ((n != 1 && n != 2) || n + 6 > len || s[n] != ':' || count_digits(s + n + 1, len - n - 1) != 2 ||
		 s[n + 3] != ':' || count_digits(s + n + 4, len - n - 4) != 2)
		return 0;
	else
		used = n + 6;
	if (used + 1 < len && (s[used] == '.' || s[used] == ',' || s[used] == ':')) {
		fraction = count_digits(s + used + 1, len - used - 1);
		if (fraction > 0 && fraction <= FRACTION_MAX)
			used += 1 + fraction;
	}
	return used;
}

/* "Z", "+01:00", " +0100", " UTC", " AM", " 2026" */
static size_t
match_zone(const char *s, size_t len)
{
	static const char *const names[] = {"UTC", "GMT", "CET", "CEST", "EST", "EDT", "PST", "PDT", "AM", "PM"};
	size_t space = len > 0 && s[0] == ' ', n;

	if (len > 0 && s[0] == 'Z')
		return 1;
	if (len >= space + 5 && (s[space] == '+' || s[space] == '-') && count_digits(s + space + 1, 2) == 2) {
		n = space + 3 + (s[space + 3] == ':');
		if (n + 2 <= len && count_digits(s + n, 2) == 2)
			return n + 2;
	}
	if (space == 1 && len >= 5 && memcmp(s, " 20", 3) == 0 && count_digits(s + 1, len - 1) == 4)
		return 5;
	for (size_t i = 0; space == 1 && i < KD_COUNT(names); i++) {
		n = strlen(names[i]);
		if (len >= 1 + n && memcmp(s + 1, names[i], n) == 0 && (len == 1 + n || !is_alnum(s[1 + n])))
			return 1 + n;
	}
	return 0;
}

/* The time of day and what joins it to its date: "T", a space or two, "_", "-", ":", ", ". */
static size_t
match_rest(const char *s, size_t len, bool packed)
{
	size_t join = 0, n;

	if (len > 0 && strchr("T _-:,", s[0]) != NULL && s[0] != '\0')
		join = 1 + (len > 1 && s[1] == ' ' && (s[0] == ' ' || s[0] == ','));
	if (join == 0 || (n = match_clock(s + join, len - join, packed)) == 0)
		return 0;
	n += join;
	n += match_zone(s + n, len - n);
	return n + match_zone(s + n, len - n); /* "2026-11-22 10:14:00 +0100 CET", "10:14:00 UTC 2026" */
}

static size_t
match_dated(const struct form *form, const char *s, size_t len)
{
	size_t date = match_form(form->text, s, len), rest;

	if (date == 0)
		return 0;
	if (form->kind == FULL) {
		rest = len - date > 1 && s[date] == '.' ? 1 + count_digits(s + date + 1, len - date - 1) : 0;
		return date + rest + match_zone(s + date + rest, len - date - rest);
	}
	if (date < len && is_digit(s[date]))
		return 0;
	rest = match_rest(s + date, len - date, s[date - 1] != ':' && form->text[4] == '0');
	return rest > 0 || form->kind == SURE_DATE ? date + rest : 0;
}

size_t
log_time_match(const char *s, size_t len, bool *is_syslog)
{
	size_t digits, n;

	*is_syslog = false;
	if (len < 7 || (!is_digit(s[0]) && (s[0] < 'A' || s[0] > 'W')))
		return 0;
	digits = count_digits(s, len < DIGITS_MAX + 1 ? len : DIGITS_MAX + 1);
	if (digits > DIGITS_MAX || (digits == 0 && !is_name(s, WEEKDAYS) && !is_name(s, MONTHS)))
		return 0;
	for (size_t i = 0; i < KD_COUNT(forms); i++) {
		if (forms[i].digits != digits || (n = match_dated(&forms[i], s, len)) == 0 ||
		    (n < len && is_alnum(s[n])))
			continue;
		*is_syslog = forms[i].is_syslog;
		return n;
	}
	if (digits == 0)
		return 0;
	n = match_clock(s, len, false);
	return n > 0 && (n == len || !is_alnum(s[n])) ? n + match_zone(s + n, len - n) : 0;
}

bool
log_time_is_epoch(const char *s, size_t len)
{
	size_t n = count_digits(s, len);

	if ((n != 10 && n != 13) || s[0] != '1')
		return false;
	return n == len || (n == 10 && s[n] == '.' && n + 1 + count_digits(s + n + 1, len - n - 1) == len);
}
