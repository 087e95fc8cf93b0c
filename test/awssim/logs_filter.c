/* SPDX-License-Identifier: Apache-2.0 */
/* logs_filter: owns what a filter pattern's terms mean. */
#include "test/awssim/logs_filter.h"

#include <stddef.h>
#include <string.h>

struct term {
	char kind; /* '?', '-' or '\0' */
	const char *s;
	size_t len;
};

/* The next term from *at on; false: there is none, or its quote is not closed (*at NULL). */
static bool
next_term(const char **at, struct term *term)
{
	const char *s = *at + strspn(*at, " ");
	bool quoted;

	*term = (struct term){0};
	if (*s == '\0')
		return false;
	if (*s == '?' || *s == '-')
		term->kind = *s++;
	quoted = *s == '"';
	term->s = quoted ? ++s : s;
	term->len = strcspn(s, quoted ? "\"" : " ");
	*at = quoted && s[term->len] == '\0' ? NULL : s + term->len + quoted;
	return *at != NULL;
}

bool
logs_filter_is_sound(const char *pattern)
{
	struct term term;

	if (*pattern == '{' || *pattern == '[' || *pattern == '%')
		return false;
	while (next_term(&pattern, &term))
		;
	return pattern != NULL;
}

static bool
holds(const char *text, const struct term *term)
{
	return term->len == 0 || memmem(text, strlen(text), term->s, term->len) != NULL;
}

/* All plain terms, none of -, and one of ? where there are any. */
bool
logs_filter_matches(const char *pattern, const char *text)
{
	bool wants_any = false, has_any = false;
	struct term term;

	while (next_term(&pattern, &term)) {
		bool there = holds(text, &term);

		if (term.kind == '?') {
			wants_any = true;
			has_any |= there;
		} else if (there == (term.kind == '-')) {
			return false;
		}
	}
	return !wants_any || has_any;
}
