/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client: a blocking client of kdiagd's socket. Every wait has an end, in real time. Knows the wire and nothing of the operations.
 */
#ifndef KDIAG_CTL_CLIENT_H
#define KDIAG_CTL_CLIENT_H

#include <stdint.h>

#include <jansson.h>

enum { CLIENT_TIMEOUT_MS = 10000 };

struct client;

/* NULL with a sentence that says what to do when kdiagd is not there or may not be asked. */
struct client *client_open(const char *path, char **cause);
void client_close(struct client *client);
/*
 * Asks and waits for the answer: 0 and the caller's reference. -1 with a sentence in *message and, when it is kdiagd who refuses, its code in *code;
 * *code NULL: kdiagd did not answer.
 */
int client_call(
    struct client *client, const json_t *request, int64_t timeout_ms, json_t **result, char **code, char **message);
/* Waits, without an end, for the next line that was not asked for. The caller's reference; NULL with a sentence: kdiagd is gone. */
json_t *client_read_event(struct client *client, char **cause);

#endif
