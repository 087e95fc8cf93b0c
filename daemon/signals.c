/* SPDX-License-Identifier: Apache-2.0 */
/* signals: as events of the loop, so that nothing happens inside a signal handler. */
#include "daemon/signals.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"

struct signals {
	struct event_base *base;
	struct event *term, *interrupt, *hangup;
	void (*hangup_cb)(void *arg);
	void *arg;
};

static void
end_cb(evutil_socket_t fd, short what, void *arg)
{
	struct signals *signals = arg;

	(void)what;
	log_info("ending (signal %d)", (int)fd);
	event_base_loopbreak(signals->base);
}

static void
hangup_cb(evutil_socket_t fd, short what, void *arg)
{
	struct signals *signals = arg;

	(void)fd;
	(void)what;
	signals->hangup_cb(signals->arg);
}

static struct event *
add(struct signals *signals, int number, event_callback_fn cb)
{
	struct event *event = evsignal_new(signals->base, number, cb, signals);

	event_add(event, NULL);
	return event;
}

struct signals *
signals_new(struct event_base *base, void (*hangup)(void *arg), void *arg)
{
	struct signals *signals = mem_new(1, sizeof(*signals));

	signals->base = base;
	signals->hangup_cb = hangup;
	signals->arg = arg;
	signals->term = add(signals, SIGTERM, end_cb);
	signals->interrupt = add(signals, SIGINT, end_cb);
	signals->hangup = add(signals, SIGHUP, hangup_cb);
	return signals;
}

void
signals_free(struct signals *signals)
{
	if (signals == NULL)
		return;
	event_free(signals->term);
	event_free(signals->interrupt);
	event_free(signals->hangup);
	free(signals);
}
