/* SPDX-License-Identifier: Apache-2.0 */
/* log_pattern: owns what of a message is constant; knows nothing of other messages. */
#include "common/log_pattern.h"

#include <string.h>

#include <kdiag/probe.h>

#include "common/log_words.h"
#include "common/text.h"

enum {
	LONG_WORD = 28,    /* longer ones that no list knows are tokens and keys, not words: never shown */
	STATE_MIN = 3,     /* "NEW": the shortest state in capitals that is no abbreviation of the lists */
	STATE_KNOWN = 6,   /* a known noun in capitals is a state from this length on: "SCHEDULED", not "TCP" */
	SEPARATOR_MAX = 3, /* what is kept of the punctuation between two elements */
	STRONG_SCORE = 3,  /* two words, or one and a filler: the rest is taken for names */
};

/* ---- keys ---- */

/* The finalizer of MurmurHash3: a sum of these is a hash in which one element can be exchanged. */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53u;
	return x ^ x >> 33;
}

static uint64_t
mix_element(uint32_t hash, size_t i)
{
	return mix((uint64_t)hash << 8 | (i + 1));
}

uint64_t
log_pattern_key(enum log_line_level level, uint64_t salt, const struct log_element *elements, size_t count)
{
	uint64_t key = mix(salt + level * 0x9e3779b97f4a7c15u) + mix(count + 0x51ed270b);

	for (size_t i = 0; i < count; i++)
		key += mix_element(elements[i].hash, i);
	return key;
}

uint64_t
log_pattern_key_slot(uint64_t key, const struct log_element *elements, size_t i)
{
	return key - mix_element(elements[i].hash, i) + mix_element(LOG_SCAN_MASK, i);
}

uint32_t
log_pattern_hash(const char *word, size_t len)
{
	uint32_t hash = LOG_SCAN_HASH_SEED;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)word[i]) * LOG_SCAN_HASH_PRIME;
	return hash == LOG_SCAN_MASK ? 0 : hash;
}

/* ---- what a word is ---- */

static enum log_words_list
find_list(struct log_pattern_cache *cache, const struct log_token *token, const char *word)
{
	size_t place = (token->hash ^ token->hash >> 16) % LOG_PATTERN_CACHE;

	if (cache->hashes[place] != token->hash || cache->lists[place] == 0) {
		cache->hashes[place] = token->hash;
		cache->lists[place] = (uint8_t)(log_words_find(word, token->len) + 1);
	}
	return (enum log_words_list)(cache->lists[place] - 1);
}

static bool
is_capitals(const struct log_token *token)
{
	return (token->flags & LOG_TOKEN_UPPER) != 0 && (token->flags & (LOG_TOKEN_LOWER | LOG_TOKEN_HIGH)) == 0;
}

/* "read-only", "re-read/write": every part is a word of the lists. */
static bool
is_compound(const char *s, size_t len)
{
	size_t at = 0, n;

	while (at < len) {
		for (n = 0; at + n < len && s[at + n] != '-' && s[at + n] != '/'; n++)
			;
		if (n == 0 || log_words_find(s + at, n) <= LOG_WORDS_VALUE)
			return false;
		at += n + 1;
	}
	return true;
}

/* A host by its name: lower case, two dots or more, a short last part, and none of the beginnings that packages have. */
static bool
is_host(const char *s, size_t len)
{
	size_t dots = 0, last = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '.') {
			dots++;
			last = i + 1;
		} else if (s[i] != '-' && (s[i] < 'a' || s[i] > 'z')) {
			return false;
		}
	}
	return dots >= 2 && len - last >= 2 && len - last <= 4 && memcmp(s, "org.", 4) != 0 &&
	       memcmp(s, "com.", 4) != 0 && memcmp(s, "net.", 4) != 0;
}

/* "java.io.IOException", "ResourceNotFoundException": what went wrong is no variable part. */
static bool
is_exception(const char *s, size_t len)
{
	return (len > 9 && memcmp(s + len - 9, "Exception", 9) == 0) ||
	       (len > 5 && memcmp(s + len - 5, "Error", 5) == 0);
}

/* What is made of one token on the way to elements. */
struct reading {
	const struct log_scan *scan;
	struct log_pattern_cache *cache;
	bool is_shouted; /* most words are in capitals: they tell nothing */
	uint8_t classes[LOG_SCAN_TOKENS];
	bool absorbed[LOG_SCAN_TOKENS]; /* a unit: part of the value before */
	unsigned words, fillers, names, plain_names, labels;
};

static const char *
token_text(const struct log_scan *scan, size_t i)
{
	return scan->text + scan->tokens[i].at;
}

/* No name, whatever the lists say: not to be shown, not to be told apart. */
static bool
is_value(const struct log_scan *scan, size_t i)
{
	const struct log_token *token = &scan->tokens[i];
	const char *s = token_text(scan, i);

	if ((token->flags & LOG_TOKEN_JOINT) != 0 && is_host(s, token->len))
		return true;
	return token->len > LONG_WORD && (token->flags & LOG_TOKEN_CALL) == 0;
}

/* Behind "password", "token:" and their like. */
static bool
is_secret(const struct log_scan *scan, size_t i)
{
	for (size_t back = 1; back <= 2 && back <= i; back++) {
		const struct log_token *before = &scan->tokens[i - back];

		if ((before->flags & LOG_TOKEN_MASK) == 0 &&
		    log_words_is_secret(token_text(scan, i - back), before->len))
			return true;
		if (back == 1 && !(before->len == 2 && memcmp(token_text(scan, i - 1), "is", 2) == 0))
			return false;
	}
	return false;
}

/* "orion:8080": a host without a digit in its name, and its port. */
static bool
is_host_and_port(const struct log_scan *scan, size_t i)
{
	const struct log_token *token = &scan->tokens[i];
	size_t at = token->at + token->len + 1, digits = 0;

	if ((token->flags & (LOG_TOKEN_COLON | LOG_TOKEN_UPPER)) != LOG_TOKEN_COLON)
		return false;
	while (at + digits < scan->len && scan->text[at + digits] >= '0' && scan->text[at + digits] <= '9')
		digits++;
	return digits > 0 && digits <= 5 &&
	       (at + digits == scan->len || strchr(" \t,;)]/\"", scan->text[at + digits]) != NULL);
}

/* "(root) CMD (…)" */
static bool
is_in_parentheses(const struct log_scan *scan, const struct log_token *token)
{
	return token->at > 0 && scan->text[token->at - 1] == '(' && token->at + token->len < scan->len &&
	       scan->text[token->at + token->len] == ')';
}

static enum log_element_class
classify_unlisted(const struct log_scan *scan, size_t i)
{
	const struct log_token *token = &scan->tokens[i];

	if ((token->flags & LOG_TOKEN_HIGH) != 0 && !text_is_utf8(token_text(scan, i), token->len))
		return LOG_ELEMENT_SLOT;
	if (is_exception(token_text(scan, i), token->len))
		return LOG_ELEMENT_FAILURE;
	if (is_value(scan, i) || is_secret(scan, i) || is_host_and_port(scan, i))
		return LOG_ELEMENT_SLOT;
	if ((token->flags & LOG_TOKEN_JOINT) != 0 && is_compound(token_text(scan, i), token->len))
		return LOG_ELEMENT_KNOWN;
	if (i == 0 && is_in_parentheses(scan, token))
		return LOG_ELEMENT_NAME;
	if (i == 0 || (token->flags & (LOG_TOKEN_KEY | LOG_TOKEN_CALL | LOG_TOKEN_COLON)) != 0)
		return LOG_ELEMENT_LABEL;
	return LOG_ELEMENT_NAME;
}

static enum log_element_class
classify(struct reading *reading, size_t i)
{
	const struct log_token *token = &reading->scan->tokens[i];
	enum log_words_list list;

	if ((token->flags & LOG_TOKEN_MASK) != 0)
		return LOG_ELEMENT_SLOT;
	if ((token->flags & LOG_TOKEN_ERRNO) != 0)
		return LOG_ELEMENT_FAILURE;
	list = find_list(reading->cache, token, token_text(reading->scan, i));
	if (list == LOG_WORDS_NONE)
		return classify_unlisted(reading->scan, i);
	if (list == LOG_WORDS_VALUE)
		return LOG_ELEMENT_SLOT;
	if ((token->flags & LOG_TOKEN_KEY) != 0)
		return LOG_ELEMENT_LABEL;
	if (token->at > 0 && reading->scan->text[token->at - 1] == '"' && is_capitals(token))
		return LOG_ELEMENT_EVENT; /* an HTTP request's verb: only these are looked at within quotes */
	if (i > 0 && !reading->is_shouted && is_capitals(token) && (token->flags & LOG_TOKEN_COLON) == 0 &&
	    list != LOG_WORDS_FAILURE && token->len >= (list == LOG_WORDS_EVENT ? STATE_MIN : STATE_KNOWN))
		return LOG_ELEMENT_NAME;
	return (enum log_element_class)(list - LOG_WORDS_FILLER + LOG_ELEMENT_FILLER);
}

static bool
is_shouted(const struct log_scan *scan)
{
	size_t capitals = 0, words = 0;

	for (size_t i = 0; i < scan->count; i++) {
		words += (scan->tokens[i].flags & LOG_TOKEN_MASK) == 0;
		capitals += is_capitals(&scan->tokens[i]);
	}
	return capitals * 2 > words;
}

static void
count_class(struct reading *reading, size_t i)
{
	uint8_t class = reading->classes[i];
	uint32_t flags = reading->scan->tokens[i].flags;

	reading->words += class >= LOG_ELEMENT_KNOWN;
	reading->fillers += class == LOG_ELEMENT_FILLER;
	reading->labels += class == LOG_ELEMENT_LABEL;
	if (class == LOG_ELEMENT_NAME) {
		reading->names++;
		reading->plain_names += (flags & (LOG_TOKEN_UPPER | LOG_TOKEN_JOINT)) == 0;
	}
}

static void
read_tokens(struct reading *reading)
{
	const struct log_scan *scan = reading->scan;

	reading->is_shouted = is_shouted(scan);
	for (size_t i = 0; i < scan->count; i++) {
		reading->classes[i] = (uint8_t)classify(reading, i);
		if (i > 0 && reading->classes[i] != LOG_ELEMENT_SLOT && reading->classes[i - 1] == LOG_ELEMENT_SLOT &&
		    (scan->tokens[i].flags & (LOG_TOKEN_KEY | LOG_TOKEN_COLON)) == 0 &&
		    scan->tokens[i].at - scan->tokens[i - 1].at - scan->tokens[i - 1].len <= 1 &&
		    log_words_is_unit(token_text(scan, i), scan->tokens[i].len)) {
			reading->classes[i] = LOG_ELEMENT_SLOT;
			reading->absorbed[i] = true;
		} else {
			count_class(reading, i);
		}
	}
}

/* Do the words tell the message so surely that what is no word may be taken for a value? */
static bool
is_strong(const struct reading *reading)
{
	return reading->words > 0 && reading->words * 2 + reading->fillers >= STRONG_SCORE &&
	       reading->plain_names <= reading->words;
}

/* ---- the row of elements ---- */

/* Whole or, where there is no room for it, not at all: no character is cut. */
static void
add_text(struct log_pattern *pattern, const char *s, size_t len)
{
	if (len >= sizeof pattern->text - pattern->text_len)
		return;
	memcpy(pattern->text + pattern->text_len, s, len);
	pattern->text_len += len;
}

/* The punctuation before a token, in ASCII and short. */
static void
add_separator(struct log_pattern *pattern, const struct log_scan *scan, size_t at, size_t end)
{
	size_t kept = 0;

	for (; at < end && kept < SEPARATOR_MAX; at++) {
		char c = scan->text[at];

		if (c < ' ' || c > '~')
			c = ' ';
		if (c == ' ' && (pattern->text_len == 0 || pattern->text[pattern->text_len - 1] == ' '))
			continue;
		add_text(pattern, &c, 1);
		kept++;
	}
}

static void
add_element(struct log_pattern *pattern, enum log_element_class class, uint32_t hash, const char *text, size_t len)
{
	struct log_element *element = &pattern->elements[pattern->count++];

	element->class = (uint8_t) class;
	element->hash = class == LOG_ELEMENT_SLOT ? LOG_SCAN_MASK : hash;
	element->at = (uint16_t)pattern->text_len;
	add_text(pattern, text, len);
	element->len = (uint16_t)(pattern->text_len - element->at);
}

/* Is there nothing between two values that would tell them apart: no space, or a comma of a list? */
static bool
is_joined(const char *s, size_t len)
{
	return memchr(s, ' ', len) == NULL || memchr(s, ',', len) != NULL;
}

static const char errno_text[] = "<error>";

/* Slots that hang together are one; its kind is told where it is one value alone. */
static void
add_token(struct log_pattern *pattern, const struct reading *reading, size_t i, bool strong)
{
	const struct log_token *token = &reading->scan->tokens[i];
	struct log_element *last = pattern->count > 0 ? &pattern->elements[pattern->count - 1] : NULL;
	enum log_element_class class = reading->classes[i];
	const char *kind = "<*>";
	size_t before = i > 0 ? token[-1].at + token[-1].len : 0;

	if (class == LOG_ELEMENT_NAME && strong)
		class = LOG_ELEMENT_SLOT;
	if (class != LOG_ELEMENT_SLOT) {
		add_separator(pattern, reading->scan, before, token->at);
		if ((token->flags & LOG_TOKEN_ERRNO) != 0)
			add_element(pattern, class, token->hash, errno_text, sizeof errno_text - 1);
		else
			add_element(pattern, class, token->hash, token_text(reading->scan, i), token->len);
		return;
	}
	if (last == NULL || last->class != LOG_ELEMENT_SLOT ||
	    !(reading->absorbed[i] || is_joined(reading->scan->text + before, token->at - before))) {
		add_separator(pattern, reading->scan, before, token->at);
		if ((token->flags & LOG_TOKEN_MASK) != 0)
			kind = log_scan_kind(token_text(reading->scan, i), token->len);
		add_element(pattern, class, 0, kind, strlen(kind));
	} else if (!reading->absorbed[i]) {
		pattern->text_len = last->at;
		add_text(pattern, kind, strlen(kind));
		last->len = (uint16_t)(pattern->text_len - last->at);
	}
}

void
log_pattern_make(struct log_pattern *pattern, const struct log_scan *scan, struct log_pattern_cache *cache)
{
	struct reading reading = {.scan = scan, .cache = cache};
	bool strong;

	read_tokens(&reading);
	strong = is_strong(&reading);
	pattern->level = scan->header.level;
	pattern->words = reading.words;
	pattern->count = 0;
	pattern->text_len = 0;
	for (size_t i = 0; i < scan->count; i++)
		add_token(pattern, &reading, i, strong);
	pattern->salt = reading.words == 0 && reading.labels < 2 ? scan->source : 0;
	pattern->key = log_pattern_key(pattern->level, pattern->salt, pattern->elements, pattern->count);
}
