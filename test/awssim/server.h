/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server: the one port of the simulated AWS: takes requests and leads each to its operation. Knows not what operations
 * do.
 */
#ifndef KDIAG_AWSSIM_SERVER_H
#define KDIAG_AWSSIM_SERVER_H

#include <stdint.h>

struct server;
struct sim;

/* Listens on 127.0.0.1; port 0: any. NULL with a sentence. */
struct server *server_new(struct sim *sim, uint16_t port, char **cause);
void server_free(struct server *server);
uint16_t server_port(const struct server *server);

#endif
