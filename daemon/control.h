/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control: the Unix socket: accepts, knows who calls (SO_PEERCRED), reads lines, hands requests to a table of operations, writes answers, feeds subscribers.
 * Knows nothing of what the operations do. Lines, sessions and output are capped; a client that does not read is dropped, never waited for.
 */
#ifndef KDIAG_CONTROL_H
#define KDIAG_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

struct event_base;
struct control;
struct control_session;

/* One row of the table. exec answers with control_reply… once: from within, or later with a session that it holds. The request is borrowed for the call. */
struct control_op {
	const char *name;
	bool changes; /* for root, the daemon's user and the operators' group only */
	void (*exec)(struct control_session *session, const json_t *request, void *app);
};

/* 0 stands for the number that the comment names. */
struct control_options {
	const char *path;      /* where to listen; ignored when listen_fd >= 0 */
	int listen_fd;         /* from socket activation (owned by control then), or -1 */
	const char *operators; /* a group's name, or NULL */
	size_t sessions_max;   /* 64 */
	/* bytes of answers that may wait, of all clients; 64 MiB. A subscriber is dropped past 1 MiB */
	size_t output_max;
	int64_t idle_ms;  /* 10 min: a client that says nothing is closed; real time, for so the clients live */
	int64_t stall_ms; /* 30 s: a client that does not read what waits for it is dropped; real time */
	const struct control_op *ops;
	size_t ops_count;
	void *app;
};

/*
 * Listens. Tries connect() before unlink(): is one running already? Mode 0660. NULL with a sentence. control_configure takes a new operators' group.
 */
struct control *control_new(struct event_base *base, const struct control_options *options, char **cause);
void control_configure(struct control *control, const char *operators);
/* Closes everything; unlinks the socket when control made it. Sessions that are held hear nothing more, and may still be released. */
void control_free(struct control *control);

/* Who calls. name: of the user, or "uid 1004". */
struct control_peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	char name[64];
};
const struct control_peer *control_session_peer(const struct control_session *session);

/* Keeps the session's memory until control_release, even when the peer goes away (then the reply goes nowhere). For operations that answer later. */
struct control_session *control_hold(struct control_session *session);
void control_release(struct control_session *session);
bool control_session_gone(const struct control_session *session);

/* The answer; result is not stolen. While an operation has not answered, further lines of this session wait. */
void control_reply(struct control_session *session, const json_t *result);
/* The same of what is JSON already, in one line. */
void control_reply_text(struct control_session *session, const char *result);
void control_reply_error(struct control_session *session, const char *code, const char *message);
/*
 * From now on this session gets what is published. false: half of the sessions subscribe already, and the
 * caller has been answered busy: so call this first, and reply only when it is true.
 */
bool control_subscribe(struct control_session *session);
void control_publish(struct control *control, const json_t *event);

struct control_counts {
	size_t sessions, subscribers;
	unsigned long accepted, dropped, refused; /* dropped: did not read; refused: answered busy at the door */
};
struct control_counts control_counts(const struct control *control);

#endif
