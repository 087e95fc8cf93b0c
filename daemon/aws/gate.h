/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate: whose turn it is to have a connection: so many a host, so many in all; the others wait, urgent ones ahead. Handed more transfers than it has connections for,
 * libcurl sets each of them up anew, from the URL on, whenever one ends (measured with 7.88: 3.8 times a call with 200 waiting). Knows neither calls nor time.
 */
#ifndef KDIAG_AWS_GATE_H
#define KDIAG_AWS_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

struct event_base;
struct gate;
struct gate_host;

/* It is this one's turn; comes from the loop. It may enter and leave any. */
typedef void (*gate_cb)(void *arg);

/* A part of whoever enters; zeroed at first. */
struct gate_ticket {
	TAILQ_ENTRY(gate_ticket) link;
	struct gate_host *host; /* NULL: neither inside nor waiting */
	bool is_inside, urgent;
	gate_cb cb;
	void *arg;
};

struct gate *gate_new(struct event_base *base, long per_host, long total);
/* All must have left. */
void gate_free(struct gate *gate);

/* true: inside already, and cb will not come; false: cb comes when it is its turn. */
bool gate_enter(struct gate *gate, const char *host, bool urgent, struct gate_ticket *ticket, gate_cb cb, void *arg);
/* Gives the place up, or no longer waits for it; nothing when it had not entered. */
void gate_leave(struct gate *gate, struct gate_ticket *ticket);

#endif
