/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_scan: a hand-written scanner that turns a log line into its header's level and source and the tokens of its message, with what is a value beyond
 * doubt already masked: numbers and all that holds digits, paths, URLs, ARNs, quoted strings, what stands behind `=`, lists, objects. Pure.
 */
#ifndef KDIAG_LOG_SCAN_H
#define KDIAG_LOG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log_header.h"

enum {
	LOG_SCAN_TOKENS = 96,            /* what stands behind them tells no templates apart */
	LOG_SCAN_LINE_MAX = 256 * 1024,  /* CloudWatch Logs' largest event */
	LOG_SCAN_MESSAGE_MAX = 8 * 1024, /* of a JSON line, unescaped */
	LOG_SCAN_LOOK_MAX = 64 * 1024,   /* a line of brackets that nothing closes would cost a third of a second */
};

#define LOG_SCAN_ERRNO 0x2a2a2a2bu /* the hash of any text of strerror(3) */
#define LOG_SCAN_MASK  0x2a2a2a2au /* the hash of every mask: what kind of value it was tells no templates apart */

/* A word's hash is that of FNV-1a, with a better prime: of its bytes, for whoever makes one without a scan. */
#define LOG_SCAN_HASH_SEED  0x811c9dc5u
#define LOG_SCAN_HASH_PRIME 0x9e3779b1u

enum log_token_flags {
	LOG_TOKEN_MASK = 1,    /* a value, or several with nothing but punctuation between */
	LOG_TOKEN_KEY = 2,     /* `=` stands behind it */
	LOG_TOKEN_COLON = 4,   /* `:` does */
	LOG_TOKEN_CALL = 8,    /* `(` does */
	LOG_TOKEN_UPPER = 16,  /* holds upper case, */
	LOG_TOKEN_LOWER = 32,  /* lower case, */
	LOG_TOKEN_JOINT = 64,  /* punctuation within: "read-only", "a.b", "user_id" */
	LOG_TOKEN_HIGH = 128,  /* bytes beyond ASCII */
	LOG_TOKEN_ERRNO = 256, /* a text of strerror(3), whole */
};

struct log_token {
	uint32_t hash;
	uint32_t at, len; /* within the message */
	uint32_t flags;
};

/* The caller's, to be used again for the next line without more ado: 10 KiB. */
struct log_scan {
	const char *text; /* the message: within the line, or in `unescaped` */
	size_t len;
	struct log_header header; /* of a JSON line: only the level */
	uint64_t source;          /* a hash of the source's name without its digits; 0: none */
	uint64_t shape;           /* of the level and all tokens: lines of equal shape are of one template */
	bool is_continuation;     /* part of a stack trace or the like, if an event came before */
	bool
	    is_exception; /* begins with an exception's name or "Traceback" and has no header: part of the event before, if that had one */
	size_t looked; /* bytes, for the ends of quotes and brackets: at most LOG_SCAN_LOOK_MAX, and one look's */
	size_t count;
	struct log_token tokens[LOG_SCAN_TOKENS];
	char unescaped[LOG_SCAN_MESSAGE_MAX];
};

/* Reads the first line of the text (to the newline or the end); the scan borrows it. Any bytes will do. */
void log_scan_line(struct log_scan *scan, const char *line, size_t len);
/* What kind of value a masked text is, for people: "<num>", "<ip>", "<uuid>", … "<*>". */
const char *log_scan_kind(const char *s, size_t len);

#endif
