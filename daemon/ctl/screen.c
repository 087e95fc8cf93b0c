/* SPDX-License-Identifier: Apache-2.0 */
/* screen: owns colours, ages, safe text and wrapping; knows nothing of findings, nor of the socket. */
#include "daemon/ctl/screen.h"

#include <inttypes.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"

enum {
	WIDTH_MIN = 60, /* narrower, the tables have no room for words; the terminal wraps them then */
	WIDTH_MAX = 1000,
	TEXT_MAX = 64 * 1024, /* of one text: the longest that a finding has is 400 bytes */
	PARAGRAPH_MIN = 20,
	UNIT_MAX = 3, /* letters of a unit: min */
};

/* ---- what the screen can do ---- */

static size_t
terminal_width(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return SCREEN_WIDTH;
	return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col > WIDTH_MAX ? WIDTH_MAX : size.ws_col;
}

/* NO_COLOR: when present and not empty (no-color.org). */
static bool
wants_color(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return (no_color == NULL || *no_color == '\0') && term != NULL && *term != '\0' && strcmp(term, "dumb") != 0;
}

void
screen_init(struct screen *screen, FILE *out, bool no_color)
{
	int fd = fileno(out);

	*screen = (struct screen){.out = out, .terminal = isatty(fd) == 1, .width = SCREEN_WIDTH};
	screen->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (!screen->terminal)
		return;
	screen->width = terminal_width(fd);
	screen->color = !no_color && wants_color();
}

/* ---- text ---- */

static size_t
character_length(const char *s)
{
	unsigned char first = (unsigned char)*s;
	size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;

	return strnlen(s, len);
}

/* What our own sentences use has a form in ASCII; all else is a question mark. */
static void
add_ascii(struct str *out, const char *s, size_t len)
{
	static const char *const forms[][2] = {{"·", "-"}, {"…", "..."}, {"–", "-"}, {"—", "-"}, {"→", "->"},
	    {"’", "'"}, {"‘", "'"}, {"“", "\""}, {"”", "\""}, {"≥", ">="}, {"≤", "<="}, {"×", "x"}, {"µ", "u"}};

	for (size_t i = 0; i < KD_COUNT(forms); i++) {
		if (strlen(forms[i][0]) == len && strncmp(forms[i][0], s, len) == 0) {
			str_add(out, forms[i][1]);
			return;
		}
	}
	str_add_char(out, '?');
}

/* Nothing to escape: what nearly all names and sentences are, and there may be ten thousand of them. */
static bool
is_plain(const char *text)
{
	size_t len = 0;

	while (text[len] >= ' ' && text[len] <= '~' && text[len] != '\\')
		len++;
	return text[len] == '\0' && len <= TEXT_MAX;
}

char *
screen_safe(const struct screen *screen, const char *text)
{
	struct str ascii = {0};
	char *escaped;
	size_t len;

	if (text == NULL || is_plain(text))
		return mem_strdup(text != NULL ? text : "");
	escaped = text_escape(text, strlen(text), TEXT_MAX);
	if (screen->utf8)
		return escaped;
	for (const char *s = escaped; *s != '\0'; s += len) {
		if ((len = character_length(s)) == 1)
			str_add_char(&ascii, *s);
		else
			add_ascii(&ascii, s, len);
	}
	free(escaped);
	return str_take(&ascii);
}

/* Newlines are the format's own: each line is made safe by itself. */
static void
print_lines(const struct screen *screen, char *text)
{
	char *line = text, *end, *safe;

	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		safe = screen_safe(screen, line);
		fprintf(screen->out, "%s\n", safe);
		free(safe);
	}
	safe = screen_safe(screen, line);
	fputs(safe, screen->out);
	free(safe);
}

void
screen_printf(const struct screen *screen, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	print_lines(screen, text);
	free(text);
}

void
screen_print_line(const struct screen *screen, const char *fmt, ...)
{
	va_list ap;
	char *text, *safe;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	safe = screen_safe(screen, text);
	fprintf(screen->out, "%s\n", safe);
	free(safe);
	free(text);
}

const char *
screen_dot(const struct screen *screen)
{
	return screen->utf8 ? " · " : " - ";
}

/* ---- severities ---- */

static const struct {
	const char *word, *color;
} looks[] = {
    [KD_OK] = {"ok", "\033[32m"},
    [KD_INFO] = {"info", ""},
    [KD_UNKNOWN] = {"?", "\033[35m"},
    [KD_WARNING] = {"WARN", "\033[33m"},
    [KD_CRITICAL] = {"CRIT", "\033[31m"},
};

const char *
screen_word(enum kd_severity severity)
{
	return looks[severity].word;
}

const char *
screen_color(const struct screen *screen, enum kd_severity severity)
{
	return screen->color ? looks[severity].color : "";
}

const char *
screen_plain(const struct screen *screen)
{
	return screen->color ? "\033[0m" : "";
}

/* ---- numbers ---- */

const char *
screen_age(int64_t ms, char buf[SCREEN_AGE_SIZE])
{
	int64_t seconds = ms > 0 ? ms / 1000 : 0;

	if (seconds < 60)
		snprintf(buf, SCREEN_AGE_SIZE, "%" PRId64 " s", seconds);
	else if (seconds < 3600)
		snprintf(buf, SCREEN_AGE_SIZE, "%" PRId64 " min", seconds / 60);
	else if (seconds < 2 * 86400)
		snprintf(buf, SCREEN_AGE_SIZE, "%" PRId64 " h", seconds / 3600);
	else
		snprintf(buf, SCREEN_AGE_SIZE, "%" PRId64 " d", seconds / 86400);
	return buf;
}

const char *
screen_time(int64_t ms, int64_t now_ms, char buf[SCREEN_AGE_SIZE])
{
	char then[CLOCK_TEXT_SIZE], now[CLOCK_TEXT_SIZE];

	if (ms <= 0) {
		snprintf(buf, SCREEN_AGE_SIZE, "never");
		return buf;
	}
	clock_format(ms, then);
	clock_format(now_ms, now);
	if (strncmp(then, now, 10) == 0)
		snprintf(buf, SCREEN_AGE_SIZE, "%s", then + 11);
	else
		snprintf(buf, SCREEN_AGE_SIZE, "%.10s %s", then, then + 11);
	return buf;
}

const char *
screen_minute(int64_t ms, int64_t now_ms, char buf[SCREEN_AGE_SIZE])
{
	size_t len;

	screen_time(ms, now_ms, buf);
	len = strlen(buf);
	if (len > 4 && buf[len - 1] == 'Z') /* not "never" */
		snprintf(buf + len - 4, 2, "Z");
	return buf;
}

const char *
screen_span(int64_t seconds, char buf[SCREEN_AGE_SIZE])
{
	static const struct {
		int64_t seconds, from;
		const char *name;
	} units[] = {{86400, 2 * 86400, "d"}, {3600, 3600, "h"}, {60, 60, "min"}, {1, 0, "s"}};
	size_t i = 0;

	while (seconds < units[i].from || seconds % units[i].seconds != 0)
		i++;
	snprintf(buf, SCREEN_AGE_SIZE, "%" PRId64 " %s", seconds / units[i].seconds, units[i].name);
	return buf;
}

const char *
screen_integer(int64_t value, char buf[SCREEN_AGE_SIZE])
{
	char digits[SCREEN_AGE_SIZE];
	size_t len = (size_t)snprintf(digits, sizeof digits, "%" PRId64, value), at = 0;

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
			buf[at++] = ',';
		buf[at++] = digits[i];
	}
	buf[at] = '\0';
	return buf;
}

/* ---- wrapping ---- */

/* The columns of one character, with its bytes in *len. */
static size_t
character_columns(const char *s, size_t *len)
{
	char one[5] = "";

	*len = character_length(s);
	memcpy(one, s, *len);
	return text_columns(one);
}

/* Where a line may end, by what is liked best: 0: nowhere. */
enum { BREAK_SPACE, BREAK_UNIT, BREAK_SLASH, BREAK_JOINT, BREAKS };

/* "2.4 s", "83 %": a number is not parted from its unit. */
static bool
is_before_unit(const char *text, size_t at)
{
	size_t len = strcspn(text + at + 1, " ,;:)");

	return at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9' && len > 0 && len <= UNIT_MAX;
}

/* A name is broken behind its slashes ("iam_coverage/", "/aws/lambda/"), or else where its words are joined. */
static void
note_break(size_t breaks[BREAKS], const char *text, size_t at)
{
	if (text[at] == ' ')
		breaks[is_before_unit(text, at) ? BREAK_UNIT : BREAK_SPACE] = at;
	else if (text[at] == '/' && at > 0)
		breaks[BREAK_SLASH] = at + 1;
	else if (at > 0 && strchr("-_:=", text[at]) != NULL)
		breaks[BREAK_JOINT] = at + 1;
}

static size_t
best_break(const size_t breaks[BREAKS])
{
	size_t i = 0;

	while (i < BREAKS - 1 && breaks[i] == 0)
		i++;
	return breaks[i];
}

size_t
screen_break(const char *text, size_t columns, size_t *skip)
{
	size_t used = 0, at = 0, len, width, next, breaks[BREAKS] = {0};

	for (; text[at] != '\0'; at += len) {
		width = character_columns(text + at, &len);
		if (used + width <= columns || text[at] == ' ') /* which may stand past the end */
			note_break(breaks, text, at);
		if (used + width > columns)
			break;
		used += width;
	}
	*skip = 0;
	if (text[at] == '\0')
		return at;
	if (best_break(breaks) > 0)
		at = best_break(breaks);
	else if (at == 0)
		character_columns(text, &at); /* wider than the line: shown all the same */
	next = at + strspn(text + at, " ");
	while (at > 0 && text[at - 1] == ' ')
		at--;
	*skip = next - at;
	return at;
}

void
screen_paragraph(const struct screen *screen, size_t label_indent, const char *label, size_t indent, const char *text)
{
	size_t columns = screen->width > indent + PARAGRAPH_MIN ? screen->width - indent : PARAGRAPH_MIN;
	char *safe = screen_safe(screen, text), *safe_label = screen_safe(screen, label);
	size_t used = label_indent + text_columns(safe_label), len, skip;
	const char *rest = safe;

	fprintf(screen->out, "%*s%s", (int)label_indent, "", safe_label);
	do {
		len = screen_break(rest, columns, &skip);
		fprintf(screen->out, "%*s%.*s\n",
		    used < indent ? (int)(indent - used)
		    : used > 0    ? 1
				  : 0,
		    "", (int)len, rest);
		rest += len + skip;
		used = 0;
	} while (*rest != '\0');
	free(safe);
	free(safe_label);
}
