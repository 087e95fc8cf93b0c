/* SPDX-License-Identifier: Apache-2.0 */
/* signals: as events of the loop, so that nothing happens inside a signal handler. */
#include "daemon/signals.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "daemon/daemon.h"

struct signals {
	struct daemon *daemon;
	struct event *term, *interrupt, *hangup;
};

static void
end_cb(evutil_socket_t fd, short what, void *arg)
{
	struct signals *signals = arg;

	(void)what;
	log_info("ending (signal %d)", (int)fd);
	event_base_loopbreak(signals->daemon->base);
}

static void
hangup_cb(evutil_socket_t fd, short what, void *arg)
{
	struct signals *signals = arg;
	struct config_report report = {0};
	size_t i;

	(void)fd;
	(void)what;
	daemon_reload(signals->daemon, &report);
	for (i = 0; i < report.count; i++)
		log_warnx("%s", report.lines[i]);
	config_report_clear(&report);
}

static struct event *
add(struct signals *signals, int number, event_callback_fn cb)
{
	struct event *event = evsignal_new(signals->daemon->base, number, cb, signals);

	event_add(event, NULL);
	return event;
}

struct signals *
signals_new(struct daemon *daemon)
{
	struct signals *signals = mem_new(1, sizeof(*signals));

	signals->daemon = daemon;
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
