/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_doc: reads a JSON text into one list of values, in the order in which they stand: two allocations, however many values there are. For what comes often or is large, as AWS's
 * answers do; what is small, or is to be changed, is jansson's (json.h). Knows no message: json_read_doc() has that.
 */
#ifndef KDIAG_JSON_DOC_H
#define KDIAG_JSON_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* 16 bytes: a page of 500 series may hold 100,000. */
struct json_node {
	union {
		struct {
			uint32_t at, len; /* of a string: in the text, and a NUL behind it */
		} string;
		uint32_t count; /* of elements or members */
		int64_t integer;
		double real;
	} is;
	uint32_t next; /* the index behind this one and all that is in it; of a key: behind its value */
	json_type type;
};

/* {0} is empty. */
struct json_doc {
	char *text; /* a copy, in which strings have become what they mean */
	struct json_node *nodes;
	size_t count, room, text_room;
};

/*
 * Any JSON value of at most 4 GiB, up to depth_max deep, as RFC 8259 has it: UTF-8, no key twice in one object, integers within 64 bits, reals within a double. nul: "\u0000"
 * may stand in strings. False: it is no such thing. In both cases what doc held before is no more.
 */
bool json_doc_read(struct json_doc *doc, const char *text, size_t len, int depth_max, bool nul);
void json_doc_clear(struct json_doc *doc);
/* Empties it, and keeps its memory for what is read next, unless that was much. */
void json_doc_reuse(struct json_doc *doc);

#endif
