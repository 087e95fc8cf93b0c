/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proto: the wire form of the control socket, used by both ends: one JSON object a line. {"op":NAME,…} goes in,
 * {"ok":true,"v":1,"result":…} or {"ok":false,"v":1,"error":{"code":…,"message":…}} comes back.
 */
#ifndef KDIAG_PROTO_H
#define KDIAG_PROTO_H

#include <stddef.h>

#include <jansson.h>

enum { PROTO_VERSION = 1, PROTO_REQUEST_MAX = 64 * 1024, PROTO_ANSWER_MAX = 64 * 1024 * 1024 };

/* Error codes, as they stand on the wire. */
#define PROTO_BAD_REQUEST    "bad_request"    /* no JSON, no object, no op, an argument of the wrong type */
#define PROTO_TOO_LONG       "too_long"       /* a line over PROTO_REQUEST_MAX; the connection is closed */
#define PROTO_UNKNOWN_OP     "unknown_op"     /* with a suggestion */
#define PROTO_NOT_ALLOWED    "not_allowed"    /* the caller may read but not change */
#define PROTO_NO_SUCH_STREAM "no_such_stream" /* so the next three */
#define PROTO_NO_SUCH_PROBE  "no_such_probe"
#define PROTO_NO_SUCH_ID     "no_such_id"
#define PROTO_AMBIGUOUS      "ambiguous"  /* a stream name that stands in two regions or accounts */
#define PROTO_BUSY           "busy"       /* too many clients, or too much under way */
#define PROTO_BAD_CONFIG     "bad_config" /* reload: the new file is wrong; the old one stays */
#define PROTO_UNREADABLE     "unreadable" /* history: the disk does not give it */

/* Reads a request line (without newline). The caller's reference, an object with a string "op"; NULL with a sentence. */
json_t *proto_read_request(const char *line, size_t len, char **cause);
/* Whole lines with their newline, for the peer. The caller's strings. result is not stolen. */
char *proto_write_result(const json_t *result);
/* The same of what is JSON already, in one line. */
char *proto_write_result_text(const char *result);
char *proto_write_error(const char *code, const char *message);
char *proto_write_request(const json_t *request);
/*
 * Reads an answer line: 0 and the caller's reference of the result; -1 and *code (the caller's; "bad_answer" when the line itself is wrong) and *message (the caller's).
 */
int proto_read_answer(const char *line, size_t len, json_t **result, char **code, char **message);

#endif
