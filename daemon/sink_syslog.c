/* SPDX-License-Identifier: Apache-2.0 */
/* sink_syslog: owns which lines go to syslog and when: changes, reminders, heartbeats, the log; refuses to know how long a line takes to go. */
#include "daemon/sink_syslog.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <syslog.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/text.h"
#include "daemon/change.h"
#include "daemon/syslog_queue.h"

enum {
	BUCKETS = 1024,
	BURST = 100, /* lines: more than a person reads, and far from journald's 10,000 in 30 s */
	REFILL_PER_MINUTE = 100,
	STORM_PAUSE_MS = 10000,  /* a storm is over when so long nothing came */
	STORM_MAX_MS = 60000,    /* and is told of at least so often */
	REMINDER_BREATH_MS = 50, /* real, for the log daemon's sake: 20 lines a second however many are due */
};

/* What was told and is open: in the order of telling, which is the order of coming due, for all wait the same time. */
struct told {
	char id[FINDING_ID_SIZE];
	int64_t told_ms; /* clock_mono_ms() */
	bool announced;  /* else a silence kept it from being told at all */
	TAILQ_ENTRY(told) order;
	LIST_ENTRY(told) same_bucket;
};
TAILQ_HEAD(told_order, told);
LIST_HEAD(told_bucket, told);

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
	struct told_order order;
	struct told_bucket buckets[BUCKETS];
};

/* ---- syslog(3), in the queue's thread alone ---- */

/* Each line names its facility itself, since a reload may change it. */
static void
open_syslog(void)
{
	openlog("kdiagd", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

static void
write_syslog(int priority, const char *line, void *arg)
{
	(void)arg;
	syslog(priority, "%s", line);
}

/* ---- other lines than changes ---- */

/* {"v":1,"event":…,"ts":…} */
static json_t *
make_event(const char *name)
{
	json_t *object = json_object();

	json_object_set_new(object, "v", json_integer(1));
	json_set_text(object, "event", name);
	json_set_time(object, "ts", clock_now_ms());
	return object;
}

static char *
take_cee(json_t *object_taken)
{
	char *line = change_cee(object_taken);

	json_decref(object_taken);
	return line;
}

/* Runs in the queue's thread. */
static char *
make_notice(uint64_t lost, bool cee)
{
	json_t *object;

	if (!cee)
		return mem_printf("dropped %" PRIu64 " lines: syslog did not take them in time", lost);
	object = make_event("dropped");
	json_object_set_new(object, "dropped", json_integer((json_int_t)lost));
	return take_cee(object);
}

static char *
make_heartbeat(const struct sink_syslog *sink)
{
	static const enum kd_severity shown[] = {KD_CRITICAL, KD_WARNING, KD_UNKNOWN, KD_INFO};
	uint64_t dropped = syslog_queue_counts(sink->queue).dropped, seq = ledger_last_seq(sink->ledger);
	size_t open[KD_CRITICAL + 1];
	json_t *object, *counts;

	ledger_count_open(sink->ledger, open);
	if (!sink->options.cee)
		return mem_printf("heartbeat seq %" PRIu64
				  ", open: %zu critical, %zu warning, %zu unknown, %zu info; dropped %" PRIu64 " lines",
		    seq, open[KD_CRITICAL], open[KD_WARNING], open[KD_UNKNOWN], open[KD_INFO], dropped);
	object = make_event("heartbeat");
	counts = json_object();
	for (size_t i = 0; i < KD_COUNT(shown); i++)
		json_object_set_new(counts, severity_name(shown[i]), json_integer((json_int_t)open[shown[i]]));
	json_object_set_new(object, "seq", json_integer((json_int_t)seq));
	json_object_set_new(object, "open", counts);
	json_object_set_new(object, "dropped", json_integer((json_int_t)dropped));
	return take_cee(object);
}

static void
heartbeat_cb(evutil_socket_t fd, short what, void *arg)
{
	struct sink_syslog *sink = arg;
	char *line = make_heartbeat(sink);

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

static char *
make_summary(const struct sink_syslog *sink)
{
	static const char look[] = "kdiagctl status, kdiagctl history --since 1h";
	json_t *object;

	if (!sink->options.cee)
		return mem_printf("suppressed %" PRIu64 " lines of a storm: %s", sink->storm.held, look);
	object = make_event("suppressed");
	json_object_set_new(object, "suppressed", json_integer((json_int_t)sink->storm.held));
	json_object_set_new(object, "from_seq", json_integer((json_int_t)sink->storm.held_seq));
	json_object_set_new(object, "seq", json_integer((json_int_t)sink->passed_seq));
	json_set_text(object, "next", look);
	return take_cee(object);
}

static void
end_storm(struct sink_syslog *sink)
{
	char *line;

	if (sink->storm.held == 0)
		return;
	line = make_summary(sink);
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

static struct told_bucket *
bucket_of(struct sink_syslog *sink, const char *id)
{
	return &sink->buckets[strtoul(id, NULL, 16) % BUCKETS];
}

static struct told *
find_told(struct sink_syslog *sink, const char *id)
{
	struct told *told;

	LIST_FOREACH(told, bucket_of(sink, id), same_bucket)
	if (strcmp(told->id, id) == 0)
		return told;
	return NULL;
}

static void
forget_told(struct sink_syslog *sink, struct told *told)
{
	if (told == NULL)
		return;
	TAILQ_REMOVE(&sink->order, told, order);
	LIST_REMOVE(told, same_bucket);
	free(told);
}

/* It was told now: it is the last to come due. */
static void
remember_told(struct sink_syslog *sink, const char *id, bool announced)
{
	struct told *told = find_told(sink, id);

	if (told != NULL) {
		TAILQ_REMOVE(&sink->order, told, order);
	} else {
		told = mem_new(1, sizeof(*told));
		memcpy(told->id, id, sizeof(told->id));
		LIST_INSERT_HEAD(bucket_of(sink, id), told, same_bucket);
	}
	told->told_ms = clock_mono_ms();
	told->announced |= announced;
	TAILQ_INSERT_TAIL(&sink->order, told, order);
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
	const struct told *first = TAILQ_FIRST(&sink->order);
	struct timeval wait;

	if (sink->options.reminder_s == 0 || first == NULL || evtimer_pending(sink->reminder, NULL))
		return;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see forget_told() take what it frees off the list */
	wait = clock_wait(ms_until_due(sink, first));
	evtimer_add(sink->reminder, &wait);
}

/* False: nothing is said of it, not now or not any more. */
static bool
remind(struct sink_syslog *sink, struct told *told)
{
	const struct finding *finding = ledger_find(sink->ledger, told->id);
	int64_t now_ms = clock_now_ms();
	struct ledger_change change;

	if (finding == NULL || !is_worth_reminding(finding)) {
		forget_told(sink, told);
		return false;
	}
	if (ledger_is_acked(sink->ledger, finding->id) || ledger_silenced_until(sink->ledger, finding) != 0) {
		remember_told(sink, finding->id, false);
		return false;
	}
	change = (struct ledger_change){
	    .seq = ledger_last_seq(sink->ledger),
	    .ms = now_ms,
	    .event = LEDGER_REMINDER,
	    .from = finding->severity,
	    .finding = finding,
	    .open_ms = now_ms > finding->first_seen_ms ? now_ms - finding->first_seen_ms : 0,
	};
	put_change(sink, &change);
	remember_told(sink, finding->id, true);
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
	for (told = TAILQ_FIRST(&sink->order); told != NULL && !said && ms_until_due(sink, told) == 0; told = next) {
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
	if (!entry->quiet && is_worth_reminding(entry->finding))
		remember_told(arg, entry->finding->id, entry->silenced_until_ms == 0);
}

/* A silence is over: what opened under it and is open still was never told. */
static void
tell_unannounced(struct sink_syslog *sink)
{
	const struct told *last = TAILQ_LAST(&sink->order, told_order);
	struct told *told, *next;

	for (told = TAILQ_FIRST(&sink->order); told != NULL; told = next) {
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
		.begin = options->write == NULL ? open_syslog : NULL,
		.write = options->write != NULL ? options->write : write_syslog,
		.write_arg = options->write_arg,
		.notice = make_notice,
	    },
	    cause);

	if (queue == NULL)
		return NULL;
	sink = mem_new(1, sizeof(*sink));
	sink->queue = queue;
	sink->options = *options;
	sink->ledger = ledger;
	TAILQ_INIT(&sink->order);
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
	syslog_queue_configure(sink->queue, options->facility, options->cee);
	arm_timers(sink);
}

uint64_t
sink_syslog_free(struct sink_syslog *sink, int64_t grace_ms)
{
	struct told *told, *next;
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
	for (told = TAILQ_FIRST(&sink->order); told != NULL; told = next) {
		next = TAILQ_NEXT(told, order);
		free(told);
	}
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
		told = find_told(sink, change->finding->id);
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
		forget_told(sink, find_told(sink, change->finding->id));
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
