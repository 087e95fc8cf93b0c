/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_peer: who is at the other end of the socket and may he change things? Answers are kept for a minute, because the user database may
 * stand behind a slow network.
 */
#ifndef KDIAG_CONTROL_PEER_H
#define KDIAG_CONTROL_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct control_peers;

/* operators: a group's name, or NULL. */
struct control_peers *control_peers_new(const char *operators);
void control_peers_free(struct control_peers *peers);
/* Takes another group, and forgets what it knew. */
void control_peers_configure(struct control_peers *peers, const char *operators);

/* The user's name, or "uid 1004", into buf. */
void control_peers_name(struct control_peers *peers, uid_t uid, char *buf, size_t size);
/* root, the daemon's own user, and members of the operators' group: by the peer's own group, or by the user database. */
bool control_peers_may_change(struct control_peers *peers, uid_t uid, gid_t gid);
const char *control_peers_operators(const struct control_peers *peers); /* NULL: none */

#endif
