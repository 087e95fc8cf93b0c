/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_session: one client of the control socket: its lines in, its answers out, its end. What all sessions share stands in struct
 * control_room, which control owns and fills. Only control includes this; operations see control.h.
 */
#ifndef KDIAG_CONTROL_SESSION_H
#define KDIAG_CONTROL_SESSION_H

#include <sys/queue.h>

#include "daemon/control.h"
#include "daemon/control_peer.h"

TAILQ_HEAD(control_sessions, control_session);

struct control_room {
	struct event_base *base;
	struct control_options options; /* nothing at 0; path and operators are not kept here */
	struct control_peers *peers;
	struct control_sessions sessions;
	struct control_counts counts;
	void (*closed_cb)(void *arg); /* a session has ended: a file descriptor is free */
	void *closed_arg;
};

/* Takes fd over, a connected socket, non-blocking. NULL when the kernel does not say who calls. */
struct control_session *control_session_new(struct control_room *room, int fd);
/* Ends it, whatever is under way; the memory stays while somebody holds it. */
void control_session_close(struct control_session *session);
/* One event line, without its newline, to all who subscribe; drops those for whom too much waits. */
void control_room_tell(struct control_room *room, const char *line);
/* Closes those whose peer has shut its writing side and has since gone altogether, of which no event tells. */
void control_room_sweep(struct control_room *room);

#endif
