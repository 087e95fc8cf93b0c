/* SPDX-License-Identifier: Apache-2.0 */
/* log_header: owns the grammar of the columns that stand before a message; knows nothing of messages. */
#include "common/log_header.h"

#include <string.h>

#include <kdiag/probe.h>

#include "common/log_time.h"

enum {
	COLUMNS_MAX = 20, /* supercomputers write up to 14 */
	BRACKET_MAX = 256,
	SOURCE_MAX = 80,
	GUESSES_MAX = 4, /* words that may turn out to be header, when a level comes behind them */
};

/* ---- bytes ---- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
has_only(const char *s, size_t len, const char *set)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] == '\0' || strchr(set, s[i]) == NULL)
			return false;
	return true;
}

/* ---- the walk over the columns ---- */

/* What was walked over is header only as far as a sure sign of it stands behind: a time, a level, a source's colon. */
struct walk {
	const char *s;
	size_t len, at;
	struct log_header *header;
	unsigned guesses; /* plain words since the last sure sign */
	bool is_piped;    /* columns end in `|` */
	bool is_iso;      /* the line began with "2026-11-22T…", as journald's, where host and program follow */
	bool wants_host;  /* RFC 3164: the host's name comes next */
	bool is_ended;
	size_t fixed; /* RFC 5424: so many columns are left */
};

static void
commit(struct walk *walk)
{
	walk->header->len = walk->at;
	walk->guesses = 0;
}

static void
set_level(struct walk *walk, enum log_line_level level)
{
	if (walk->header->level == LOG_LINE_PLAIN)
		walk->header->level = level;
}

static void
set_source(struct walk *walk, size_t at, size_t len)
{
	walk->header->source = at;
	walk->header->source_len = len;
}

static bool
is_sure(const struct walk *walk)
{
	return walk->header->is_timed || walk->header->level != LOG_LINE_PLAIN;
}

static void
skip_blanks(struct walk *walk)
{
	while (walk->at < walk->len && (is_blank(walk->s[walk->at]) || (walk->s[walk->at] == '|' && is_sure(walk))))
		walk->at++;
}

/* The length of the bracketed text at `at`, brackets of its kind within it included; 0: it has no near end. */
static size_t
match_bracket(const struct walk *walk)
{
	char open = walk->s[walk->at], close = open == '[' ? ']' : open == '(' ? ')' : '>';
	size_t depth = 0, end = walk->len - walk->at < BRACKET_MAX ? walk->len - walk->at : BRACKET_MAX;

	for (size_t i = 0; i < end; i++) {
		char c = walk->s[walk->at + i];

		depth += c == open;
		if (c == close && --depth == 0)
			return i + 1;
	}
	return 0;
}

/* Behind another time six digits are rather a number. */
static bool
is_packed(const char *s)
{
	for (size_t i = 0; i < 6; i++)
		if (!is_digit(s[i]))
			return false;
	return true;
}

/* A time at `at` that is a column, with what ends it. */
static bool
take_time(struct walk *walk)
{
	bool is_syslog;
	size_t n = log_time_match(walk->s + walk->at, walk->len - walk->at, &is_syslog);
	char next;

	if (n == 0 || (walk->header->is_timed && (walk->guesses > 0 || is_packed(walk->s + walk->at))))
		return false;
	next = walk->at + n < walk->len ? walk->s[walk->at + n] : ' ';
	if (!is_blank(next) && strchr("|,;:]-", next) == NULL)
		return false;
	walk->is_iso = walk->at == 0 && n > 10 && walk->s[10] == 'T';
	walk->at += n + (next == ',' || next == ';' || next == ':');
	walk->is_piped = walk->is_piped || next == '|';
	walk->wants_host = is_syslog && !walk->header->is_timed;
	walk->header->is_timed = true;
	commit(walk);
	return true;
}

/* A thread or a component; no address, process or request. */
static bool
is_mostly_letters(const char *s, size_t len)
{
	size_t letters_count = 0, digits = 0;

	for (size_t i = 0; i < len; i++) {
		letters_count += is_letter(s[i]);
		digits += is_digit(s[i]);
	}
	return letters_count > digits;
}

static bool
holds_space(const char *s, size_t len)
{
	return memchr(s, ' ', len) != NULL;
}

/* What stands in the bracket: a time, a level, or, once the line is known to have a header, a thread or a request. */
static bool
is_header_bracket(struct walk *walk, size_t n)
{
	const char *inner = walk->s + walk->at + 1;
	size_t inner_len = n - 2, pad = 0;
	enum log_line_level level;
	bool is_syslog;

	while (pad < inner_len && inner[pad] == ' ')
		pad++;
	if (log_time_match(inner + pad, inner_len - pad, &is_syslog) > 0 ||
	    (inner_len - pad >= 8 && is_digit(inner[pad]) && has_only(inner + pad, inner_len - pad, "0123456789."))) {
		walk->header->is_timed = true; /* "[    0.123456]" of the kernel, too */
		return true;
	}
	while (inner_len > pad && inner[inner_len - 1] == ' ')
		inner_len--;
	if ((level = log_line_parse_level(inner + pad, inner_len - pad)) != LOG_LINE_PLAIN) {
		set_level(walk, level);
		return true;
	}
	if (!is_sure(walk) || walk->s[walk->at] == '<')
		return false;
	if (walk->s[walk->at] == '(' && holds_space(inner, n - 2))
		return false;
	if (walk->header->source_len == 0 && is_mostly_letters(inner, n - 2))
		set_source(walk, walk->at + 1, n - 2);
	return true;
}

/* RFC 5424: "<34>1 " is followed by time, host, program, process and message id. */
static bool
take_priority(struct walk *walk, size_t n)
{
	if (walk->at != 0 || walk->s[0] != '<' || n > 5 || !is_digit(walk->s[1]))
		return false;
	walk->at = n;
	if (n + 2 < walk->len && walk->s[n] == '1' && walk->s[n + 1] == ' ') {
		walk->at = n + 2;
		walk->fixed = 4;
	}
	return true;
}

static bool
take_bracket(struct walk *walk)
{
	size_t n = match_bracket(walk);

	if (n < 3)
		return false;
	if (take_priority(walk, n))
		return true;
	if (is_header_bracket(walk, n)) {
		walk->at += n;
		if (walk->at < walk->len && walk->s[walk->at] == ':')
			walk->at++;
		commit(walk);
		return true;
	}
	if (is_sure(walk) || ++walk->guesses > GUESSES_MAX)
		return false;
	walk->at += n; /* "[main] 2026-…" */
	return true;
}

/* ---- words as columns ---- */

static size_t
word_len(const struct walk *walk)
{
	size_t n = 0;

	while (walk->at + n < walk->len && !is_blank(walk->s[walk->at + n]) &&
	       !(walk->is_piped && walk->s[walk->at + n] == '|'))
		n++;
	return n;
}

static bool
ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && memcmp(s + len - n, end, n) == 0;
}

/* An exception's name is the message, wherever it stands. */
static bool
is_exception(const char *s, size_t len)
{
	return ends_with(s, len, "Exception") || ends_with(s, len, "Error") || ends_with(s, len, "Throwable");
}

/* May it be the name of a program, a logger, a component: letters, and what joins them, brackets with an id? */
static bool
is_source(const char *s, size_t len)
{
	size_t letters_count = 0;

	if (len == 0 || len > SOURCE_MAX || is_exception(s, len) || memchr(s, '=', len) != NULL)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (is_letter(s[i]))
			letters_count++;
		else if (!is_digit(s[i]) && strchr("._-/$@#()[]:*<>+", s[i]) == NULL)
			return false;
	}
	return letters_count > 0;
}

static bool
is_separator(const char *s, size_t len)
{
	return len <= 4 && has_only(s, len, "-|:*#>=~");
}

/* "sshd[4711]": a program and its process. */
static bool
has_process(const char *s, size_t len)
{
	size_t i = len;

	if (len < 4 || s[len - 1] != ']')
		return false;
	while (i > 1 && is_digit(s[i - 2]))
		i--;
	return i >= 3 && i < len && s[i - 2] == '[' && is_source(s, i - 2);
}

static bool
is_dotted(const char *s, size_t len)
{
	size_t dots = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '.' && i > 0 && i + 1 < len)
			dots++;
		else if (!is_letter(s[i]) && !is_digit(s[i]) && s[i] != '_' && s[i] != '$' && s[i] != '-')
			return false;
	}
	return dots > 0 && is_letter(s[0]) && !is_exception(s, len);
}

static bool
has_digit(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (is_digit(s[i]))
			return true;
	return false;
}

/* The first bytes of the word behind the one that ends at `end`. */
static bool
is_followed_by(const struct walk *walk, size_t end, const char *text)
{
	size_t n = strlen(text);

	while (end < walk->len && is_blank(walk->s[end]))
		end++;
	return walk->len - end >= n && memcmp(walk->s + end, text, n) == 0;
}

/* Two spaces or a tab behind a word: it stands in a column of its own. */
static bool
is_padded(const struct walk *walk, size_t end)
{
	return end < walk->len &&
	       (walk->s[end] == '\t' || (end + 1 < walk->len && walk->s[end] == ' ' && is_blank(walk->s[end + 1])));
}

static bool
is_all_upper(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_upper(s[i]))
			return false;
	return true;
}

/* "E" of logcat, mongod and Rails, "E/Tag(" of logcat, "I1122 10:14:00" of glog: how many bytes; 0: none of them. */
static size_t
match_letter(const struct walk *walk, size_t n)
{
	const char *s = walk->s + walk->at;
	bool is_timed = walk->header->is_timed, is_syslog;

	if (n == 1)
		return is_timed;
	if (s[1] == ',' && n == 2)
		return 2;
	if (s[1] == '/' && is_letter(s[2 < n ? 2 : 0]) && n > 2 && (is_timed || walk->at == 0))
		return 2;
	if (n == 5 && !is_timed && is_digit(s[1]) && is_digit(s[4]) && walk->len - walk->at > 15 &&
	    log_time_match(s + 6, walk->len - walk->at - 6, &is_syslog) > 0)
		return 5;
	return 0;
}

/* "INFO", "INFO:", "Info,": how many bytes; 0: it is none, or rather a word of the message. */
static size_t
match_level(const struct walk *walk, size_t n, enum log_line_level *level)
{
	const char *s = walk->s + walk->at;
	size_t word = 0;

	while (word < n && is_letter(s[word]))
		word++;
	if (word == 1) {
		*level = log_line_parse_letter(s[0]);
		return *level != LOG_LINE_PLAIN ? match_letter(walk, n) : 0;
	}
	if ((*level = log_line_parse_level(s, word)) == LOG_LINE_PLAIN)
		return 0;
	if (word < n)
		return strchr(":,;|]>", s[word]) != NULL ? word + 1 : 0;
	return is_all_upper(s, word) || is_padded(walk, walk->at + n) ? n : 0;
}

/* Python's "INFO:root:message", logcat's "E/Tag( 1234): message". */
static void
take_joined_source(struct walk *walk)
{
	size_t end = walk->at;

	while (end < walk->len && end - walk->at < SOURCE_MAX && walk->s[end] != ':' && walk->s[end] != '(' &&
	       !is_blank(walk->s[end]))
		end++;
	if (end >= walk->len || !is_source(walk->s + walk->at, end - walk->at))
		return;
	set_source(walk, walk->at, end - walk->at);
	if (walk->s[end] == '(')
		while (end < walk->len && end - walk->at < SOURCE_MAX && walk->s[end] != ':')
			end++;
	if (end < walk->len && walk->s[end] == ':') {
		walk->at = end + 1;
		walk->is_ended = true;
	}
}

static bool
take_level(struct walk *walk, size_t n)
{
	enum log_line_level level;
	size_t used;

	if (!is_letter(walk->s[walk->at]) || (used = match_level(walk, n, &level)) == 0)
		return false;
	if (walk->header->level != LOG_LINE_PLAIN && (level != walk->header->level || walk->header->len + 2 < walk->at))
		return false;
	if (walk->guesses > 1 && !is_sure(walk))
		return false;
	set_level(walk, level);
	walk->at += used;
	if (used < n && walk->at < walk->len && (walk->s[walk->at - 1] == ':' || walk->s[walk->at - 1] == '/'))
		take_joined_source(walk);
	commit(walk);
	return true;
}

/* What makes a word without a colon the name of a source: where it stands, and what stands behind it. */
static bool
is_source_column(const struct walk *walk, const char *s, size_t n)
{
	size_t end = walk->at + n;
	bool is_timed = walk->header->is_timed, is_leveled = walk->header->level != LOG_LINE_PLAIN;

	if (walk->is_piped && end < walk->len && walk->s[end] == '|')
		return true;
	if (is_timed && (is_followed_by(walk, end, "- ") || is_followed_by(walk, end, ": ")))
		return true;
	if (is_timed && has_process(s, n) && is_followed_by(walk, end, "("))
		return true; /* launchd: "name[1] (service[2]): …" */
	if (s[n - 1] == ']' && memchr(s, ':', n) != NULL && memchr(s, '[', n) == NULL)
		return true; /* glog: "server.cc:123] …" */
	if (!is_leveled || walk->header->source_len > 0)
		return false;
	return is_dotted(s, n) ||
	       (is_timed && (is_padded(walk, end) || (is_all_upper(s, n) && is_followed_by(walk, end, "["))));
}

/* "sshd[4711]:", "dfs.DataNode:", "kernel:"; the message begins behind the colon. */
static bool
take_source(struct walk *walk, size_t n)
{
	const char *s = walk->s + walk->at;
	bool has_colon = s[n - 1] == ':', is_process;

	if (!is_source(s, n - has_colon))
		return false;
	is_process = has_process(s, n - has_colon);
	if (walk->guesses > 0 && !(has_colon && walk->guesses == 1 && (is_process || walk->is_iso)))
		return false;
	if (!is_sure(walk) && !(has_colon && is_process))
		return false;
	if (!has_colon && !is_source_column(walk, s, n))
		return false;
	set_source(walk, walk->at, n - has_colon);
	walk->at += n;
	walk->is_ended = has_colon && (walk->header->level == LOG_LINE_PLAIN || !is_followed_by(walk, walk->at, "["));
	commit(walk);
	return true;
}

/* Words that are header if a sure sign follows: numbers, nodes, hosts; few plain words. */
static bool
guess(struct walk *walk, size_t n)
{
	const char *s = walk->s + walk->at;
	bool is_id = has_digit(s, n) || is_dotted(s, n);

	if (memchr(s, '=', n) != NULL || memchr(s, '"', n) != NULL || memchr(s, '(', n) != NULL ||
	    memchr(s, ',', n) != NULL)
		return false;
	if (!is_id && !is_separator(s, n)) {
		if (walk->header->level != LOG_LINE_PLAIN || ++walk->guesses >= GUESSES_MAX)
			return false;
		if (walk->header->is_timed && s[n - 1] == ':')
			return false;
	}
	walk->at += n;
	if (is_sure(walk) && ((walk->is_piped && walk->at < walk->len && walk->s[walk->at] == '|') ||
				 (memchr(s, '#', n) != NULL && s[n - 1] == ':')))
		commit(walk);
	return true;
}

static bool
take_word(struct walk *walk)
{
	size_t n = word_len(walk), before = walk->at;

	if (n == 0)
		return false;
	if (walk->fixed > 0 && walk->header->is_timed) {
		walk->fixed--;
		if (walk->fixed == 2)
			set_source(walk, walk->at, n);
		walk->at += n;
		commit(walk);
		return true;
	}
	if (!walk->header->is_timed && log_time_is_epoch(walk->s + walk->at, n)) {
		walk->header->is_timed = true;
		walk->at += n;
		commit(walk);
		return true;
	}
	if (walk->wants_host) {
		walk->wants_host = false;
		if (walk->s[walk->at + n - 1] != ':' && !has_process(walk->s + walk->at, n)) {
			walk->at += n;
			commit(walk);
			return true;
		}
	}
	if (take_level(walk, n))
		return true;
	walk->at = before;
	if (is_separator(walk->s + walk->at, n)) {
		walk->at += n;
		if (is_sure(walk) && walk->guesses == 0 && before <= walk->header->len + 4)
			commit(walk);
		return true;
	}
	if (take_source(walk, n))
		return true;
	return guess(walk, n);
}

void
log_header_find(const char *line, size_t len, struct log_header *header)
{
	struct walk walk = {.s = line, .len = len, .header = header};

	*header = (struct log_header){0};
	for (unsigned columns = 0; columns < COLUMNS_MAX && !walk.is_ended; columns++) {
		skip_blanks(&walk);
		if (walk.at >= len)
			break;
		char c = line[walk.at];

		if (take_time(&walk))
			continue;
		if (c == '[' || c == '(' || c == '<' ? !take_bracket(&walk) : !take_word(&walk))
			break;
	}
	while (header->len > 0 && header->len < len &&
	       (is_blank(line[header->len]) || (walk.is_piped && line[header->len] == '|')))
		header->len++;
}
