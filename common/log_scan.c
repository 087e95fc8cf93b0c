/* SPDX-License-Identifier: Apache-2.0 */
/* log_scan: owns how a message falls into tokens and which of them are values; knows nothing of other lines. */
#include "common/log_scan.h"

#include <string.h>

#include <kdiag/probe.h>

#include "common/log_errno.h"
#include "common/log_json.h"

enum {
	QUOTED_MAX =
	    1024, /* a quote that is not closed within is an apostrophe, and the search for its end stays cheap */
	GROUP_MAX = 2048,
	ANGLE_MAX = 64,
};

/* ---- bytes ---- */

/* The upper bits are those of enum log_token_flags. */
enum { WORD = 1, JOIN = 2, DIGIT = 4, OPEN = 8 };

#define D  (WORD | DIGIT)
#define U  (WORD | LOG_TOKEN_UPPER)
#define L  (WORD | LOG_TOKEN_LOWER)
#define H  (WORD | LOG_TOKEN_HIGH)
#define J  (JOIN)
#define O  (OPEN)
#define W  (WORD | LOG_TOKEN_JOINT)
#define H8 H, H, H, H, H, H, H, H

/* clang-format off */
static const uint8_t bytes[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/*  !"#$%&' */ 0, 0, O, J, J, J, J, O,
	/* ()*+,-./ */ 0, 0, J, J, 0, J, J, J,
	/* 01234567 */ D, D, D, D, D, D, D, D,
	/* 89:;<=>? */ D, D, 0, 0, O, O, 0, 0,
	/* @ABCDEFG */ J, U, U, U, U, U, U, U,
	U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U,
	/* XYZ[\]^_ */ U, U, U, O, J, 0, J, W,
	/* `abcdefg */ O, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
	/* xyz{|}~  */ L, L, L, O, 0, 0, J, 0,
	H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8, H8,
};
/* clang-format on */

static unsigned
byte_at(const struct log_scan *scan, size_t at)
{
	return at < scan->len ? bytes[(unsigned char)scan->text[at]] : 0;
}

static char
char_at(const struct log_scan *scan, size_t at)
{
	return at < scan->len ? scan->text[at] : '\0';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\0';
}

/* ---- tokens ---- */

/* "1: 2" are two values, "1, 2", "1 2" and "1:2" one. */
static bool
is_list(const struct log_scan *scan, size_t from, size_t to)
{
	bool has_colon = false, has_blank = false;

	for (; from < to; from++) {
		has_colon |= scan->text[from] == ':' || scan->text[from] == '(';
		has_blank |= scan->text[from] == ' ';
	}
	return !has_colon || !has_blank;
}

/* Values in a row are one: lists of any length are the same. */
static void
add_mask(struct log_scan *scan, size_t at, size_t end)
{
	struct log_token *last = scan->count > 0 ? &scan->tokens[scan->count - 1] : NULL;

	if (last != NULL && (last->flags & LOG_TOKEN_MASK) != 0 && is_list(scan, last->at + last->len, at))
		last->len = (uint32_t)(end - last->at);
	else
		scan->tokens[scan->count++] = (struct log_token){
		    .hash = LOG_SCAN_MASK, .at = (uint32_t)at, .len = (uint32_t)(end - at), .flags = LOG_TOKEN_MASK};
}

static void
add_word(struct log_scan *scan, size_t at, size_t end, uint32_t hash, unsigned flags)
{
	scan->tokens[scan->count++] =
	    (struct log_token){.hash = hash, .at = (uint32_t)at, .len = (uint32_t)(end - at), .flags = flags};
}

/* ---- groups ---- */

/* How far to look from `at`: not at all where enough was looked at for this line. */
static size_t
find_limit(const struct log_scan *scan, size_t at, size_t max)
{
	if (scan->looked >= LOG_SCAN_LOOK_MAX)
		return at;
	return scan->len - at < max ? scan->len : at + max;
}

/* Behind the closing quote; 0: there is none near. */
static size_t
match_quoted(struct log_scan *scan, size_t at)
{
	size_t end = find_limit(scan, at, QUOTED_MAX), i;
	char quote = scan->text[at];

	for (i = at + 1; i < end; i++) {
		if (scan->text[i] == '\\')
			i++;
		else if (scan->text[i] == quote || (quote == '`' && scan->text[i] == '\''))
			break;
	}
	scan->looked += (i < end ? i : end) - at;
	return i < end ? i + 1 : 0;
}

/* Behind the bracket that closes the one at `at`; 0: it is not near. */
static size_t
match_group(struct log_scan *scan, size_t at)
{
	size_t end = find_limit(scan, at, GROUP_MAX), depth = 0, i;
	char open = scan->text[at], close = open == '(' ? ')' : (char)(open + 2); /* "[]", "{}", "<>" */

	for (i = at; i < end; i++) {
		if (scan->text[i] == open)
			depth++;
		else if (scan->text[i] == close && --depth == 0)
			break;
	}
	scan->looked += (i < end ? i : end) - at;
	return i < end ? i + 1 : 0;
}

/* A quoted thing is a value, but the verb of an HTTP request stays: "GET /x HTTP/1.1". */
static size_t
take_quoted(struct log_scan *scan, size_t at)
{
	static const char *const verbs[] = {"GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "PATCH ", "OPTIONS "};
	size_t end;

	if (scan->text[at] != '"' && at > 0 && (byte_at(scan, at - 1) & WORD) != 0)
		return at + 1; /* "can't" */
	if ((end = match_quoted(scan, at)) == 0 || (scan->text[at] != '"' && (byte_at(scan, end) & WORD) != 0))
		return at + 1;
	for (size_t i = 0; i < KD_COUNT(verbs); i++)
		if (end - at > strlen(verbs[i]) + 2 && memcmp(scan->text + at + 1, verbs[i], strlen(verbs[i])) == 0)
			return at + 1;
	add_mask(scan, at, end);
	return end;
}

/* "[a, b]" is a list and so a value; "[main]" is looked into. */
static size_t
take_square(struct log_scan *scan, size_t at)
{
	size_t end = match_group(scan, at);

	if (end == 0 || (end > at + 2 && memchr(scan->text + at, ',', end - at) == NULL))
		return at + 1;
	add_mask(scan, at, end);
	return end;
}

static size_t
take_curly(struct log_scan *scan, size_t at)
{
	size_t end = match_group(scan, at);

	if (end == 0)
		return at + 1;
	add_mask(scan, at, end);
	return end;
}

/* "<none>", "<a@b>" */
static size_t
take_angle(struct log_scan *scan, size_t at)
{
	size_t end = match_group(scan, at);

	if (end < at + 3 || end - at > ANGLE_MAX || memchr(scan->text + at, ' ', end - at) != NULL)
		return at + 1;
	add_mask(scan, at, end);
	return end;
}

/* Behind the value that begins at `at`: quoted, bracketed, or a word with the brackets that hang on it. */
static size_t
skip_value(struct log_scan *scan, size_t at)
{
	size_t end = 0;
	char c = char_at(scan, at);

	if (c == '"' || c == '\'')
		end = match_quoted(scan, at);
	if (end > 0)
		return end;
	while (at < scan->len && !is_blank(c = scan->text[at]) && strchr(",;)]}&|\"", c) == NULL) {
		if ((c == '(' || c == '[' || c == '{') && (end = match_group(scan, at)) > 0)
			at = end;
		else
			at++;
	}
	return at;
}

/* What stands behind `=` is a value, also when it is empty. "==", "=>", ">=" are none of it. */
static size_t
take_assignment(struct log_scan *scan, size_t at)
{
	struct log_token *key = scan->count > 0 ? &scan->tokens[scan->count - 1] : NULL;
	size_t value = at + 1, end;
	char next = char_at(scan, at + 1);

	if (key == NULL || next == '=' || next == '>' || next == '~')
		return at + 1 + (next == '=' || next == '>' || next == '~');
	if (key->at + key->len + 1 == at && scan->text[at - 1] == ' ' && next == ' ')
		value = at + 2;
	else if (key->at + key->len != at)
		return at + 1;
	key->flags |= LOG_TOKEN_KEY;
	end = skip_value(scan, value);
	add_mask(scan, value, end);
	return end;
}

static size_t
take_open(struct log_scan *scan, size_t at)
{
	switch (scan->text[at]) {
	case '=':
		return take_assignment(scan, at);
	case '[':
		return take_square(scan, at);
	case '{':
		return take_curly(scan, at);
	case '<':
		return take_angle(scan, at);
	default:
		return take_quoted(scan, at);
	}
}

/* ---- words ---- */

static bool
is_hex(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((s[i] < '0' || s[i] > '9') && ((s[i] | 32) < 'a' || (s[i] | 32) > 'f'))
			return false;
	return true;
}

/* "de:ad", a part of a MAC or IPv6 address whose other parts hold digits. */
static bool
is_address_part(const struct log_scan *scan, size_t at, size_t len)
{
	const struct log_token *last = scan->count > 0 ? &scan->tokens[scan->count - 1] : NULL;

	if (len > 4 || !is_hex(scan->text + at, len))
		return false;
	if (len == 2 && char_at(scan, at + 2) == ':' && is_hex(scan->text + at + 3, scan->len - at > 4 ? 2 : 0) &&
	    char_at(scan, at + 5) == ':')
		return true;
	return at > 0 && scan->text[at - 1] == ':' && last != NULL && (last->flags & LOG_TOKEN_MASK) != 0 &&
	       last->at + last->len + 2 >= at;
}

/* A path or an address by its punctuation: "/var/log", "a/b/c", "conf/x.xml", "C\\D", "a@b"; "and/or" is none. */
static bool
is_path(const char *s, size_t len)
{
	size_t slashes = 0, dots = 0;

	if (len > 1 && s[0] == '/')
		return true;
	for (size_t i = 0; i < len; i++) {
		slashes += s[i] == '/';
		dots += s[i] == '.';
		if (s[i] == '\\' || (s[i] == '@' && i > 0))
			return true;
	}
	return slashes > 1 || (slashes == 1 && dots > 0);
}

/* Behind a URL, an ARN or a path of Windows, of which the word is the beginning; 0: it is none. */
static size_t
match_scheme(const struct log_scan *scan, size_t at, size_t end)
{
	bool is_url = char_at(scan, end + 1) == '/' && char_at(scan, end + 2) == '/';
	bool is_drive = end - at == 1 && (char_at(scan, end + 1) == '\\' || char_at(scan, end + 1) == '/');
	bool is_arn = end - at == 3 && memcmp(scan->text + at, "arn", 3) == 0;

	if (!is_url && !is_drive && !(is_arn && !is_blank(char_at(scan, end + 1))))
		return 0;
	while (end < scan->len && !is_blank(scan->text[end]) && strchr("\"'<>,;", scan->text[end]) == NULL)
		end++;
	return end;
}

/* A word ends with its last letter or digit: a full stop behind it is not part of it. */
static size_t
take_word(struct log_scan *scan, size_t at)
{
	const unsigned char *s = (const unsigned char *)scan->text;
	size_t i = at, end = at, scheme;
	uint32_t hash = LOG_SCAN_HASH_SEED, whole = 0;
	unsigned byte, seen = 0, within = 0;

	for (; i < scan->len && ((byte = bytes[s[i]]) & (WORD | JOIN)) != 0; i++) {
		hash = (hash ^ s[i]) * LOG_SCAN_HASH_PRIME;
		if ((byte & WORD) != 0) {
			whole = hash;
			end = i + 1;
			seen |= byte | within;
		} else {
			within = JOIN;
		}
	}
	if (end == at)
		return i;
	if (i == end && char_at(scan, i) == ':' && (scheme = match_scheme(scan, at, end)) > 0) {
		add_mask(scan, at, scheme);
		return scheme;
	}
	if ((seen & DIGIT) != 0 || ((seen & JOIN) != 0 && is_path(scan->text + at, end - at)) ||
	    (end - at <= 4 && is_address_part(scan, at, end - at))) {
		add_mask(scan, at, end);
		return i;
	}
	if ((seen & JOIN) != 0)
		seen |= LOG_TOKEN_JOINT;
	seen &= LOG_TOKEN_UPPER | LOG_TOKEN_LOWER | LOG_TOKEN_JOINT | LOG_TOKEN_HIGH;
	if (i == end && i < scan->len)
		seen |= s[i] == ':' ? LOG_TOKEN_COLON : s[i] == '(' ? LOG_TOKEN_CALL : 0;
	add_word(scan, at, end, whole == LOG_SCAN_MASK ? 0 : whole, seen);
	return i;
}

/* "open /x: Permission denied", "connect (Connection refused)", "[Errno 13] Permission denied": behind what failed, never alone. 0: none. */
static size_t
take_errno(struct log_scan *scan, size_t at)
{
	char before = at < 2 ? '\0' : scan->text[at - 1];
	size_t len;

	if (before != '(' && !(before == ' ' && (scan->text[at - 2] == ':' || scan->text[at - 2] == ']')))
		return 0;
	if (scan->count == 0 || (len = log_errno_match(scan->text + at, scan->len - at)) == 0)
		return 0;
	add_word(scan, at, at + len, LOG_SCAN_ERRNO, LOG_TOKEN_ERRNO);
	return len;
}

static void
scan_message(struct log_scan *scan)
{
	uint64_t shape = 0x9e3779b97f4a7c15u * (scan->header.level + 1u);
	size_t at = 0, len;

	scan->count = scan->looked = 0;
	while (at < scan->len && scan->count < LOG_SCAN_TOKENS) {
		unsigned byte = bytes[(unsigned char)scan->text[at]];

		if ((byte & (WORD | JOIN)) != 0)
			at = (len = take_errno(scan, at)) > 0 ? at + len : take_word(scan, at);
		else if ((byte & OPEN) != 0)
			at = take_open(scan, at);
		else
			at++;
	}
	for (size_t i = 0; i < scan->count; i++) {
		shape = (shape ^ scan->tokens[i].hash) * 0xd6e8feb86659fd93u;
		shape ^= shape >> 32;
	}
	scan->shape = shape;
}

/* ---- lines ---- */

static bool
begins_with(const char *s, size_t len, const char *text)
{
	size_t n = strlen(text);

	return len >= n && memcmp(s, text, n) == 0;
}

/* Parts of the stack traces of Java, Python, Node, Go and Ruby. */
static bool
is_continuation(const char *s, size_t len)
{
	static const char *const forms[] = {"at ", "Caused by: ", "Suppressed: ", "... ", "goroutine ", "File \""};
	size_t pad = 0;

	while (pad < len && is_blank(s[pad]))
		pad++;
	if (pad > 0 || len == 0)
		return true;
	for (size_t i = 0; i < KD_COUNT(forms); i++)
		if (begins_with(s, len, forms[i]))
			return i > 0 || memchr(s, '(', len) != NULL || memchr(s, ':', len) != NULL;
	return false;
}

static bool
is_exception(const char *s, size_t len)
{
	size_t n = 0;

	if (begins_with(s, len, "Traceback (most recent call last)") || begins_with(s, len, "Exception in thread "))
		return true;
	while (n < len && ((bytes[(unsigned char)s[n]] & WORD) != 0 || s[n] == '.' || s[n] == '$'))
		n++;
	return n > 5 && (n == len || s[n] == ':') &&
	       (memcmp(s + n - 5, "Error", 5) == 0 || (n > 9 && memcmp(s + n - 9, "Exception", 9) == 0));
}

/* Threads and processes of one source differ in digits only. */
static uint64_t
hash_source(const char *s, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			hash = (hash ^ (unsigned char)s[i]) * 0x100000001b3u;
	return len > 0 ? hash | 1 : 0;
}

/* Lambda's lines about an invocation: what stands behind the id differs from one to the next (REPORT's init duration, X-Ray's trace). */
static void
cut_lambda(struct log_scan *scan)
{
	static const char *const forms[] = {"REPORT RequestId: ", "START RequestId: ", "END RequestId: "};

	for (size_t i = 0; i < KD_COUNT(forms); i++)
		if (begins_with(scan->text, scan->len, forms[i]) && scan->count > 2) {
			scan->count = 3;
			scan->shape = scan->tokens[0].hash;
		}
}

static void
scan_json(struct log_scan *scan, const struct log_json *json)
{
	enum log_line_level level = json->level != NULL ? log_line_parse_level(json->level, json->level_len) : 0;
	size_t len = log_json_unescape(json->message, json->message_len, scan->unescaped, sizeof scan->unescaped);
	const char *newline = memchr(scan->unescaped, '\n', len);

	if (newline != NULL)
		len = (size_t)(newline - scan->unescaped);
	log_header_find(scan->unescaped, len, &scan->header);
	scan->source = hash_source(scan->unescaped + scan->header.source, scan->header.source_len);
	if (level != LOG_LINE_PLAIN)
		scan->header.level = level;
	scan->text = scan->unescaped + scan->header.len;
	scan->len = len - scan->header.len;
	scan->is_continuation = false;
	scan->is_exception = false;
	scan_message(scan);
}

void
log_scan_line(struct log_scan *scan, const char *line, size_t len)
{
	const char *newline;
	struct log_json json;

	if (len > LOG_SCAN_LINE_MAX)
		len = LOG_SCAN_LINE_MAX;
	if ((newline = memchr(line, '\n', len)) != NULL)
		len = (size_t)(newline - line);
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	if (len > 1 && line[0] == '{' && log_json_find(line, len, &json)) {
		scan_json(scan, &json);
		return;
	}
	log_header_find(line, len, &scan->header);
	scan->source = hash_source(line + scan->header.source, scan->header.source_len);
	scan->is_continuation = scan->header.len == 0 && is_continuation(line, len);
	scan->is_exception = scan->header.len == 0 && is_exception(line, len);
	scan->text = line + scan->header.len;
	scan->len = len - scan->header.len;
	scan_message(scan);
	cut_lambda(scan);
}

/* ---- kinds, for people ---- */

static bool
has_only(const char *s, size_t len, const char *set)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] == '\0' || strchr(set, s[i]) == NULL)
			return false;
	return true;
}

static size_t
count(const char *s, size_t len, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += s[i] == c;
	return n;
}

static bool
is_hex_number(const char *s, size_t len)
{
	return (len > 2 && s[0] == '0' && (s[1] | 32) == 'x') || (len >= 6 && is_hex(s, len));
}

const char *
log_scan_kind(const char *s, size_t len)
{
	if (len > 0 && (s[0] == '"' || s[0] == '\'' || s[0] == '`'))
		return "<str>";
	if (begins_with(s, len, "arn:"))
		return "<arn>";
	if (begins_with(s, len, "shardId-"))
		return "<shard>";
	for (size_t i = 0; i + 2 < len && i < 12; i++)
		if (memcmp(s + i, "://", 3) == 0)
			return "<url>";
	if (len == 36 && count(s, len, '-') == 4 && has_only(s, len, "0123456789abcdefABCDEF-"))
		return "<uuid>";
	if (len >= 7 && count(s, len, '.') == 3 && has_only(s, len, "0123456789.:/"))
		return "<ip>";
	if (len >= 49 && has_only(s, len, "0123456789"))
		return "<seq>"; /* Kinesis: 56 digits */
	if (len > 0 && has_only(s, len, "0123456789.,%+- "))
		return "<num>";
	if (is_hex_number(s, len))
		return "<hex>";
	if (len > 1 && (s[0] == '/' || memchr(s, '\\', len) != NULL))
		return "<path>";
	return "<*>";
}
