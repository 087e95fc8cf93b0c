/* SPDX-License-Identifier: Apache-2.0 */
/* gate: counts who is inside, by host, and queues who waits. Refuses to know what is done inside. */
#include "daemon/aws/gate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/mem.h"

TAILQ_HEAD(ticket_list, gate_ticket);

/* Stays until the end: there are as many as services in regions. */
struct gate_host {
	TAILQ_ENTRY(gate_host) link;
	char *name;
	long inside;
	struct ticket_list urgent, patient;
};

TAILQ_HEAD(host_list, gate_host);

struct gate {
	long per_host, total, inside;
	struct host_list hosts; /* the one whose turn is next stands first */
	struct event turn;
};

static bool
is_open(const struct gate *gate, const struct gate_host *host)
{
	return gate->inside < gate->total && host->inside < gate->per_host;
}

static bool
is_awaited(const struct gate_host *host)
{
	return !TAILQ_EMPTY(&host->urgent) || !TAILQ_EMPTY(&host->patient);
}

static void
let_in(struct gate *gate, struct gate_ticket *ticket)
{
	gate->inside++;
	ticket->host->inside++;
	ticket->is_inside = true;
}

static struct ticket_list *
list_of(struct gate_host *host, bool urgent)
{
	return urgent ? &host->urgent : &host->patient;
}

/* The hosts take turns where all of them together are too many. NULL: nobody waits who may enter. */
static struct gate_ticket *
take_next(struct gate *gate)
{
	struct gate_ticket *ticket;
	struct gate_host *host;

	TAILQ_FOREACH(host, &gate->hosts, link)
	{
		if (is_open(gate, host) && is_awaited(host))
			break;
	}
	if (host == NULL)
		return NULL;
	TAILQ_REMOVE(&gate->hosts, host, link);
	TAILQ_INSERT_TAIL(&gate->hosts, host, link);
	ticket = TAILQ_FIRST(list_of(host, !TAILQ_EMPTY(&host->urgent)));
	TAILQ_REMOVE(list_of(host, ticket->urgent), ticket, link);
	return ticket;
}

/* No more in one go than there are places, so that the loop comes round even if each leaves at once. */
static void
turn_cb(evutil_socket_t fd, short what, void *arg)
{
	struct gate *gate = arg;
	struct gate_ticket *ticket;
	long i;

	(void)fd;
	(void)what;
	for (i = 0; i < gate->total && (ticket = take_next(gate)) != NULL; i++) {
		let_in(gate, ticket);
		ticket->cb(ticket->arg);
	}
}

struct gate *
gate_new(struct event_base *base, long per_host, long total)
{
	struct gate *gate = mem_new(1, sizeof(*gate));

	gate->per_host = per_host;
	gate->total = total;
	TAILQ_INIT(&gate->hosts);
	evtimer_assign(&gate->turn, base, turn_cb, gate);
	return gate;
}

void
gate_free(struct gate *gate)
{
	struct gate_host *host, *next;

	if (gate == NULL)
		return;
	assert(gate->inside == 0);
	event_del(&gate->turn);
	for (host = TAILQ_FIRST(&gate->hosts); host != NULL; host = next) {
		next = TAILQ_NEXT(host, link);
		assert(!is_awaited(host));
		free(host->name);
		free(host);
	}
	free(gate);
}

static struct gate_host *
get_host(struct gate *gate, const char *name)
{
	struct gate_host *host;

	TAILQ_FOREACH(host, &gate->hosts, link)
	{
		if (strcmp(host->name, name) == 0)
			return host;
	}
	host = mem_new(1, sizeof(*host));
	host->name = mem_strdup(name);
	TAILQ_INIT(&host->urgent);
	TAILQ_INIT(&host->patient);
	TAILQ_INSERT_TAIL(&gate->hosts, host, link);
	return host;
}

bool
gate_enter(struct gate *gate, const char *host, bool urgent, struct gate_ticket *ticket, gate_cb cb, void *arg)
{
	assert(ticket->host == NULL);
	*ticket = (struct gate_ticket){.host = get_host(gate, host), .urgent = urgent, .cb = cb, .arg = arg};
	if (is_open(gate, ticket->host) && !is_awaited(ticket->host))
		let_in(gate, ticket);
	else
		TAILQ_INSERT_TAIL(list_of(ticket->host, urgent), ticket, link);
	return ticket->is_inside;
}

void
gate_leave(struct gate *gate, struct gate_ticket *ticket)
{
	struct gate_host *host = ticket->host;

	if (host == NULL)
		return;
	ticket->host = NULL;
	if (!ticket->is_inside) {
		TAILQ_REMOVE(list_of(host, ticket->urgent), ticket, link);
		return;
	}
	gate->inside--;
	host->inside--;
	event_active(&gate->turn, EV_TIMEOUT, 1);
}
