/* SPDX-License-Identifier: Apache-2.0 */
/* sink_syslog: owns which lines go to syslog and when: changes, reminders, heartbeats, the log; refuses to know how long a line takes to go. */
#include "daemon/sink_syslog.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/text.h"
#include "daemon/change.h"
#include "daemon/syslog_lines.h"
#include "daemon/syslog_port.h"
#include "daemon/syslog_queue.h"
#include "daemon/syslog_told.h"

enum {
	BURST = 100, /* lines: more than a person reads, and far from journald's 10,000 in 30 s */
	REFILL_PER_MINUTE = 100,
	STORM_PAUSE_MS = 10000,  /* a storm is over when so long nothing came */
	STORM_MAX_MS = 60000,    /* and is told of at least so often */
	REMINDER_BREATH_MS = 50, /* real, for the log daemon's sake: 20 lines a second however many are due */
};

/* More lines came than anybody would read: only their number is told. */
struct storm {
	struct event *timer;
	double tokens;
	int64_t filled_ms, began_ms, last_ms; /* clock_mono_ms() */
	uint64_t held, held_seq;              /* lines, and the seq of the first change among them (0: none) */
};

struct sink_syslog {
	struct sink_syslog_options options;
	const struct ledger *ledger;
	struct syslog_queue *queue;
	struct event *heartbeat, *reminder;
	struct storm storm;
	uint64_t passed_seq; /* of the last change that came */
	struct syslog_told *told;
};

static void
heartbeat_cb(evutil_socket_t fd, short what, void *arg)
{
	struct sink_syslog *sink = arg;
	char *line = syslog_lines_heartbeat(sink->ledger, syslog_queue_counts(sink->queue).dropped, sink->options.cee);

	(void)fd;
	(void)what;
	syslog_queue_put(sink->queue, LOG_INFO, line, 0);
	free(line);
}

/* ---- storms ---- */

static bool
take_token(struct sink_syslog *sink)
{
	struct storm *storm = &sink->storm;
	int64_t now_ms = clock_mono_ms();
	double most = (double)(sink->options.burst > 0 ? sink->options.burst : BURST);

	if (storm->held > 0)
		return false;
	storm->tokens += (double)(now_ms - storm->filled_ms) * REFILL_PER_MINUTE / 60000;
	if (storm->tokens > most)
		storm->tokens = most;
	storm->filled_ms = now_ms;
	if (storm->tokens < 1)
		return false;
	storm->tokens--;
	return true;
}

static void
end_storm(struct sink_syslog *sink)
{
	char *line;

	if (sink->storm.held == 0)
		return;
	line = syslog_lines_suppressed(sink->storm.held, sink->storm.held_seq, sink->passed_seq, sink->options.cee);
	syslog_queue_put(sink->queue, LOG_WARNING, line, sink->passed_seq);
	free(line);
	sink->storm.held = sink->storm.held_seq = 0;
}

static void
storm_cb(evutil_socket_t fd, short what, void *arg)
{
	struct sink_syslog *sink = arg;
	int64_t now_ms = clock_mono_ms();
	struct timeval wait = clock_wait(STORM_PAUSE_MS);

	(void)fd;
	(void)what;
	if (now_ms - sink->storm.last_ms < STORM_PAUSE_MS && now_ms - sink->storm.began_ms < STORM_MAX_MS)
		evtimer_add(sink->storm.timer, &wait);
	else
		end_storm(sink);
}

static void
hold(struct sink_syslog *sink, const struct ledger_change *change)
{
	struct storm *storm = &sink->storm;
	struct timeval wait = clock_wait(STORM_PAUSE_MS);

	storm->last_ms = clock_mono_ms();
	if (storm->held++ == 0) {
		storm->began_ms = storm->last_ms;
		evtimer_add(storm->timer, &wait);
	}
	if (storm->held_seq == 0 && change->event != LEDGER_REMINDER)
		storm->held_seq = change->seq;
}

/* A reminder bears a seq that is not its own. */
static void
put_change(struct sink_syslog *sink, const struct ledger_change *change)
{
	char *line;

	if (!take_token(sink)) {
		hold(sink, change);
		return;
	}
	line = sink->options.cee ? change_line_cee(change) : change_line_text(change);
	syslog_queue_put(
	    sink->queue, change_priority(change), line, change->event == LEDGER_REMINDER ? 0 : change->seq);
	free(line);
}

/* ---- what was told, and when ---- */

static void
remember_told(struct sink_syslog *sink, const char *id, bool announced)
{
	syslog_told_put(sink->told, id, announced, clock_mono_ms());
}

static bool
is_worth_reminding(const struct finding *finding)
{
	return finding->state == FINDING_OPEN && finding->severity >= KD_WARNING;
}

/* ---- reminders ---- */

static int64_t
ms_until_due(const struct sink_syslog *sink, const struct told *told)
{
	int64_t left_ms = told->told_ms + sink->options.reminder_s * 1000 - clock_mono_ms();

	return left_ms > 0 ? left_ms : 0;
}

/* For the first to come due; the timer stays as it is when it runs already, since the first can only move back. */
static void
arm_reminder(struct sink_syslog *sink)
{
	const struct told *first = syslog_told_first(sink->told);
	struct timeval wait;

	if (sink->options.reminder_s == 0 || first == NULL || evtimer_pending(sink->reminder, NULL))
		return;
	wait = clock_wait(ms_until_due(sink, first));
	evtimer_add(sink->reminder, &wait);
}

/* False: nothing is said of it, not now or not any more. */
static bool
remind(struct sink_syslog *sink, struct told *told)
{
	struct finding finding;
	int64_t now_ms = clock_now_ms();
	struct ledger_change change;

	if (!ledger_find(sink->ledger, told->id, &finding) || !is_worth_reminding(&finding)) {
		syslog_told_drop(sink->told, told);
		return false;
	}
	if (ledger_is_acked(sink->ledger, finding.id) || ledger_silenced_until(sink->ledger, &finding) != 0) {
		remember_told(sink, finding.id, false);
		return false;
	}
	change = (struct ledger_change){
	    .seq = ledger_last_seq(sink->ledger),
	    .ms = now_ms,
	    .event = LEDGER_REMINDER,
	    .from = finding.severity,
	    .finding = &finding,
	    .open_ms = now_ms > finding.first_seen_ms ? now_ms - finding.first_seen_ms : 0,
	};
	put_change(sink, &change);
	remember_told(sink, finding.id, true);
	return true;
}

/* One line a turn, and a breath behind it, due or not: the turn after that finds out when the next is. */
static void
reminder_cb(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval breath = {.tv_usec = REMINDER_BREATH_MS * 1000};
	struct sink_syslog *sink = arg;
	struct told *told, *next;
	bool said = false;

	(void)fd;
	(void)what;
	for (told = syslog_told_first(sink->told); told != NULL && !said && ms_until_due(sink, told) == 0;
	     told = next) {
		next = TAILQ_NEXT(told, order);
		said = remind(sink, told);
	}
	if (said)
		evtimer_add(sink->reminder, &breath);
	else
		arm_reminder(sink);
}

/* What was open before there was this sink counts as told now. */
static void
adopt_open(const struct ledger_entry *entry, void *arg)
{
	if (!entry->quiet && is_worth_reminding(&entry->finding))
		remember_told(arg, entry->finding.id, entry->silenced_until_ms == 0);
}

/* A silence is over: what opened under it and is open still was never told. */
static void
tell_unannounced(struct sink_syslog *sink)
{
	const struct told *last = syslog_told_last(sink->told);
	struct told *told, *next;

	for (told = syslog_told_first(sink->told); told != NULL; told = next) {
		next = told != last ? TAILQ_NEXT(told, order) : NULL;
		if (!told->announced)
			(void)remind(sink, told);
	}
}

/* ---- the sink ---- */

static void
arm_timers(struct sink_syslog *sink)
{
	struct timeval wait = clock_wait(sink->options.heartbeat_s * 1000);

	event_del(sink->heartbeat);
	event_del(sink->reminder);
	if (sink->options.heartbeat_s > 0)
		event_add(sink->heartbeat, &wait);
	arm_reminder(sink);
}

struct sink_syslog *
sink_syslog_new(
    struct event_base *base, const struct sink_syslog_options *options, const struct ledger *ledger, char **cause)
{
	struct sink_syslog *sink;
	struct syslog_queue *queue = syslog_queue_new(
	    &(struct syslog_queue_options){
		.lines_max = options->queue_max,
		.facility = options->facility,
		.begin = options->write == NULL ? syslog_port_open : NULL,
		.is_open = options->write == NULL ? syslog_port_is_open : options->is_open,
		.write = options->write != NULL ? options->write : syslog_port_write,
		.write_arg = options->write_arg,
		.notice = syslog_lines_dropped,
	    },
	    cause);

	if (queue == NULL)
		return NULL;
	sink = mem_new(1, sizeof(*sink));
	sink->queue = queue;
	sink->options = *options;
	sink->ledger = ledger;
	sink->told = syslog_told_new();
	sink->heartbeat = event_new(base, -1, EV_PERSIST, heartbeat_cb, sink);
	sink->reminder = evtimer_new(base, reminder_cb, sink);
	sink->storm.timer = evtimer_new(base, storm_cb, sink);
	sink->storm.tokens = (double)(options->burst > 0 ? options->burst : BURST);
	sink->storm.filled_ms = clock_mono_ms();
	if (sink->heartbeat == NULL || sink->reminder == NULL || sink->storm.timer == NULL) {
		sink_syslog_free(sink, 0);
		return cause_null(cause, "no memory for the timers of syslog");
	}
	syslog_queue_configure(queue, options->facility, options->cee);
	ledger_each_all(ledger, adopt_open, sink);
	arm_timers(sink);
	return sink;
}

void
sink_syslog_configure(struct sink_syslog *sink, const struct sink_syslog_options *options)
{
	sink->options.facility = options->facility;
	sink->options.cee = options->cee;
	sink->options.reminder_s = options->reminder_s;
	sink->options.heartbeat_s = options->heartbeat_s;
	sink->options.burst = options->burst;
	syslog_queue_configure(sink->queue, options->facility, options->cee);
	arm_timers(sink);
}

void
sink_syslog_mark(struct sink_syslog *sink, const char *event, const char *why)
{
	char *line = syslog_lines_mark(event, ledger_last_seq(sink->ledger), why, sink->options.cee);

	end_storm(sink);
	syslog_queue_put(sink->queue, LOG_INFO, line, 0);
	free(line);
}

uint64_t
sink_syslog_free(struct sink_syslog *sink, int64_t grace_ms)
{
	uint64_t seq, passed_seq;

	if (sink == NULL)
		return 0;
	end_storm(sink);
	if (sink->heartbeat != NULL)
		event_free(sink->heartbeat);
	if (sink->reminder != NULL)
		event_free(sink->reminder);
	if (sink->storm.timer != NULL)
		event_free(sink->storm.timer);
	seq = syslog_queue_free(sink->queue, grace_ms);
	passed_seq = sink->passed_seq;
	syslog_told_free(sink->told);
	free(sink);
	return seq < passed_seq ? seq : passed_seq;
}

uint64_t
sink_syslog_told(const struct sink_syslog *sink)
{
	uint64_t seq = syslog_queue_told(sink->queue);

	if (seq > sink->passed_seq)
		seq = sink->passed_seq;
	/* What a storm holds is told when its summary is. */
	if (sink->storm.held_seq != 0 && seq >= sink->storm.held_seq)
		seq = sink->storm.held_seq - 1;
	return seq;
}

/* What a silence keeps back: a turn of the finding itself, but not the end of what was told. */
static bool
is_kept_back(struct sink_syslog *sink, const struct ledger_change *change)
{
	const struct told *told;

	if (!change->silenced)
		return false;
	if (change->event == LEDGER_RESOLVED) {
		told = syslog_told_find(sink->told, change->finding->id);
		return told == NULL || !told->announced;
	}
	return change->event == LEDGER_OPENED || change->event == LEDGER_CHANGED || change->event == LEDGER_FLAPPING;
}

/* A silence of a whole stream is no finding. */
static bool
is_of_finding(const struct ledger_change *change)
{
	return change->event != LEDGER_SILENCED && change->event != LEDGER_UNSILENCED;
}

void
sink_syslog_change(const struct ledger_change *change, void *arg)
{
	struct sink_syslog *sink = arg;
	bool kept_back = is_kept_back(sink, change);

	if (!kept_back)
		put_change(sink, change);
	if (change->seq > sink->passed_seq)
		sink->passed_seq = change->seq;
	if (change->event == LEDGER_UNSILENCED)
		tell_unannounced(sink);
	if (!is_of_finding(change))
		return;
	if (is_worth_reminding(change->finding)) {
		remember_told(sink, change->finding->id, !kept_back);
		arm_reminder(sink);
	} else {
		syslog_told_drop(sink->told, syslog_told_find(sink->told, change->finding->id));
	}
}

/* Whoever reads the syslog takes "@cee:" at the start, behind spaces too, for the marker of JSON. */
void
sink_syslog_log(enum log_level level, const char *text, void *arg)
{
	static const int priorities[] = {
	    [LOG_LEVEL_ERROR] = LOG_ERR,
	    [LOG_LEVEL_WARNING] = LOG_WARNING,
	    [LOG_LEVEL_INFO] = LOG_INFO,
	    [LOG_LEVEL_DEBUG] = LOG_DEBUG,
	};
	struct sink_syslog *sink = arg;
	const char *guard = text[strspn(text, " \t")] == '@' ? "log: " : "";
	size_t room = CHANGE_LINE_MAX - strlen(guard);
	char *line = mem_printf("%s%.*s", guard, (int)text_cut(text, strlen(text), room), text);

	syslog_queue_put(sink->queue, priorities[level], line, 0);
	free(line);
}

struct sink_syslog_counts
sink_syslog_counts(const struct sink_syslog *sink)
{
	return syslog_queue_counts(sink->queue);
}
