/* SPDX-License-Identifier: Apache-2.0 */
/* iam_pattern: owns how a pattern's text is read, with its wildcards and variables, and filled in for a request; knows nothing of matching. */
#include "common/iam_pattern.h"

#include <string.h>

#include "common/mem.h"

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

char *
iam_pattern_lower(struct iam_arena *arena, const char *text)
{
	char *copy = iam_arena_copy(arena, text, strlen(text));

	for (char *c = copy; *c != '\0'; c++)
		*c = lower(*c);
	return copy;
}

/* ---- reading ---- */

/* Where variables may start: at once, behind the fifth colon, or nowhere. */
static const char *
variables_from(const char *text, unsigned flags)
{
	const char *end = text + strlen(text);

	if ((flags & IAM_VARIABLES) == 0)
		return end;
	if ((flags & IAM_ARN_TAIL) == 0)
		return text;
	for (int colons = 0; colons < IAM_ARN_SEGMENTS - 1; colons++) {
		if ((text = strchr(text, ':')) == NULL)
			return end;
		text++;
	}
	return text;
}

static const char *
next_variable(const char *text, const char *from)
{
	return strstr(text > from ? text : from, "${");
}

/* Text without variables: wildcards become bytes of their own, runs of stars one star. */
static size_t
compile_text(const char *text, size_t len, unsigned flags, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = (flags & IAM_LOWER) != 0 ? lower(text[i]) : text[i];

		if ((flags & IAM_WILD) != 0 && c == '*')
			c = IAM_STAR;
		else if ((flags & IAM_WILD) != 0 && c == '?')
			c = IAM_ONE;
		if (c != IAM_STAR || n == 0 || out[n - 1] != IAM_STAR)
			out[n++] = c;
	}
	return n;
}

/* "${key}", "${key, 'default'}", or the letters ${*} ${?} ${$}. `name` is what stands between the braces. */
static int
compile_variable(struct iam_arena *arena, const char *name, size_t len, struct iam_part *part, char **cause)
{
	const char *comma = memchr(name, ',', len), *value, *end = name + len;
	size_t key_len = comma != NULL ? (size_t)(comma - name) : len;

	if (len == 1 && strchr("*?$", *name) != NULL) {
		*part = (struct iam_part){.text = iam_arena_copy(arena, name, 1), .len = 1};
		return 0;
	}
	while (key_len > 0 && name[key_len - 1] == ' ')
		key_len--;
	while (key_len > 0 && *name == ' ') {
		name++;
		key_len--;
	}
	if (key_len == 0)
		return cause_set(cause, "a policy variable has no name");
	part->key = iam_arena_copy(arena, name, key_len);
	if (comma == NULL)
		return 0;
	value = comma + 1 + strspn(comma + 1, " ");
	while (end > value && end[-1] == ' ')
		end--;
	if (end - value < 2 || *value != '\'' || end[-1] != '\'')
		return cause_set(cause, "the default of a policy variable does not stand in single quotes");
	part->fallback = iam_arena_copy(arena, value + 1, (size_t)(end - value) - 2);
	return 0;
}

static size_t
count_variables(const char *text, const char *from)
{
	size_t count = 0;

	for (text = next_variable(text, from); text != NULL; text = next_variable(text + 2, from))
		count++;
	return count;
}

static int
compile_parts(struct iam_arena *arena, const char *text, const char *from, unsigned flags, struct iam_pattern *pattern,
    char **cause)
{
	struct iam_part *parts = iam_arena_new(arena, 2 * count_variables(text, from) + 1, sizeof *parts);
	const char *start, *end;
	size_t n = 0, len;

	for (; (start = next_variable(text, from)) != NULL; text = end + 1) {
		if ((end = strchr(start, '}')) == NULL)
			return cause_set(cause, "a policy variable is not closed: \"}\" is missing behind \"${\"");
		len = (size_t)(start - text);
		parts[n].text = iam_arena_copy(arena, text, len);
		parts[n].len = compile_text(text, len, flags, (char *)parts[n].text);
		if (compile_variable(arena, start + 2, (size_t)(end - start) - 2, &parts[++n], cause) != 0)
			return -1;
		n++;
	}
	len = strlen(text);
	parts[n].text = iam_arena_copy(arena, text, len);
	parts[n].len = compile_text(text, len, flags, (char *)parts[n].text);
	pattern->parts = parts;
	pattern->parts_count = n + 1;
	return 0;
}

int
iam_pattern_compile(
    struct iam_arena *arena, const char *text, unsigned flags, struct iam_pattern *pattern, char **cause)
{
	const char *from = variables_from(text, flags);
	size_t len = strlen(text);
	char *copy;

	*pattern = (struct iam_pattern){0};
	if (next_variable(text, from) != NULL) {
		pattern->wild = true;
		return compile_parts(arena, text, from, flags, pattern, cause);
	}
	copy = iam_arena_copy(arena, text, len);
	pattern->len = compile_text(text, len, flags, copy);
	pattern->text = copy;
	pattern->wild = memchr(copy, IAM_STAR, pattern->len) != NULL || memchr(copy, IAM_ONE, pattern->len) != NULL;
	pattern->any = pattern->len == 1 && *copy == IAM_STAR;
	return 0;
}

/* ---- filling in ---- */

static enum iam_truth
fill_part(const struct iam_part *part, iam_lookup_cb *lookup, void *arg, struct str *filled)
{
	const char *value = NULL;
	enum iam_truth known = part->key != NULL ? lookup(arg, part->key, &value) : IAM_TRUE;

	if (known == IAM_FALSE && part->fallback != NULL) {
		value = part->fallback;
		known = IAM_TRUE;
	}
	if (known == IAM_TRUE)
		str_add_len(filled, value != NULL ? value : part->text, value != NULL ? strlen(value) : part->len);
	return known;
}

enum iam_truth
iam_pattern_fill(const struct iam_pattern *pattern, iam_lookup_cb *lookup, void *arg, struct iam_work *work,
    struct iam_text *filled, const char **key)
{
	enum iam_truth known;

	if (pattern->parts_count == 0) {
		*filled = (struct iam_text){pattern->text, pattern->len};
		return IAM_TRUE;
	}
	str_clear(&work->scratch);
	for (size_t i = 0; i < pattern->parts_count; i++) {
		if ((known = fill_part(&pattern->parts[i], lookup, arg, &work->scratch)) != IAM_TRUE) {
			*key = pattern->parts[i].key;
			return known;
		}
		if (!iam_match_spend(work, work->scratch.len + 1))
			return IAM_FALSE;
	}
	str_add_len(&work->scratch, "", 0);
	*filled = (struct iam_text){work->scratch.s, work->scratch.len};
	return IAM_TRUE;
}
