/* SPDX-License-Identifier: Apache-2.0 */
/* ops_args: what the operations share: arguments taken apart, each mistake answered with a sentence, and results handed over. */
#ifndef KDIAG_OPS_ARGS_H
#define KDIAG_OPS_ARGS_H

#include "daemon/control.h"
#include "daemon/daemon.h"

enum { OPS_ID_PREFIX_MIN = 4 };

void ops_reply_taken(struct control_session *session, json_t *result_taken);
void ops_reply_text_taken(struct control_session *session, char *result_taken);
/* The sentence ends with what. */
void ops_reply_error(struct control_session *session, const char *code, const char *sentence, const char *what);
void ops_reply_no_such_stream(struct control_session *session, const struct daemon *daemon, const char *name);

/* 1 and the value, 0 not given, -1 an error was answered. */
int ops_get_text(struct control_session *session, const json_t *request, const char *key, const char **value);
int ops_get_flag(struct control_session *session, const json_t *request, const char *key, bool *value);
int ops_get_watch(
    struct control_session *session, const struct daemon *daemon, const json_t *request, struct watch **watch);
/* Its index; -1 when it is not given. */
int ops_get_probe(struct control_session *session, const struct daemon *daemon, const json_t *request, int *probe);
/* A stream that must be named: 0, or -1 and an error was answered. */
int ops_need_watch(
    struct control_session *session, const struct daemon *daemon, const json_t *request, struct watch **watch);
/* The finding whose id begins so (that of the request's "id"), borrowed from the ledger: 0, or -1 and an error was answered. */
int ops_find_finding(
    struct control_session *session, const struct daemon *daemon, const char *id, struct finding *found);
int ops_need_finding(
    struct control_session *session, const struct daemon *daemon, const json_t *request, struct finding *found);

#endif
