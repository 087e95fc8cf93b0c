/* SPDX-License-Identifier: Apache-2.0 */
/* health: one timer; what it finds are findings about kdiag itself, and what systemd shows. */
#include "daemon/health.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "daemon/daemon.h"
#include "daemon/notify.h"
#include "daemon/self.h"

enum { EVERY_S = 5, STATUS_EVERY = 12 /* times EVERY_S: a minute */ };

struct health {
	struct daemon *daemon;
	struct event *timer;
	uint64_t dropped; /* syslog lines, as of the last look */
	bool slow;        /* syslog, until nothing waits any more */
	unsigned turns;
	bool unsound;
};

static void
check_syslog(struct health *health)
{
	struct daemon *daemon = health->daemon;
	struct sink_syslog_counts counts = {0};
	char *why = NULL;

	if (daemon->sink != NULL)
		counts = sink_syslog_counts(daemon->sink);
	health->slow = counts.dropped > health->dropped || (health->slow && counts.queued > 0);
	if (counts.stalled && counts.shut)
		why = mem_printf("no log daemon listens on /dev/log: %zu lines wait, %" PRIu64 " were dropped",
		    counts.queued, counts.dropped);
	else if (counts.stalled)
		why = mem_printf("syslog has taken no line for more than 10 s: %zu wait, %" PRIu64 " were dropped",
		    counts.queued, counts.dropped);
	else if (health->slow)
		why = mem_printf(
		    "syslog takes lines too slowly: %" PRIu64 " were dropped, %zu wait", counts.dropped, counts.queued);
	health->dropped = counts.dropped;
	self_set(daemon->ledger, "syslog", "queue", why);
	free(why);
}

static void
check_looks(struct health *health)
{
	bool sound = schedule_is_sound(health->daemon->schedule);

	if (sound)
		notify_progress();
	if (sound == health->unsound)
		log_warnx(sound ? "the looks are on time again" : "looks are overdue: the watchdog is not pinged");
	health->unsound = !sound;
}

static void
tell_systemd(const struct daemon *daemon)
{
	size_t counts[KD_CRITICAL + 1];

	ledger_count_open(daemon->ledger, counts);
	notify_status("watching %zu stream%s: %zu critical, %zu warning, %zu unknown", schedule_count(daemon->schedule),
	    text_plural(schedule_count(daemon->schedule)), counts[KD_CRITICAL], counts[KD_WARNING], counts[KD_UNKNOWN]);
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct health *health = arg;

	(void)fd;
	(void)what;
	check_syslog(health);
	check_looks(health);
	if (++health->turns % STATUS_EVERY == 0)
		tell_systemd(health->daemon);
}

/* Real time, not the clock's: systemd's watchdog and syslog live in it. */
struct health *
health_new(struct daemon *daemon)
{
	struct health *health = mem_new(1, sizeof(*health));
	struct timeval every = {.tv_sec = EVERY_S};
	int64_t watchdog_ms = notify_watchdog_ms();

	if (watchdog_ms > 0 && watchdog_ms < EVERY_S * 4000) {
		every.tv_sec = watchdog_ms / 4000;
		every.tv_usec = watchdog_ms % 4000 * 250;
	}
	health->daemon = daemon;
	health->timer = event_new(daemon->base, -1, EV_PERSIST, timer_cb, health);
	event_add(health->timer, &every);
	return health;
}

void
health_free(struct health *health)
{
	if (health == NULL)
		return;
	event_free(health->timer);
	free(health);
}
