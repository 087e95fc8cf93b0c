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
	REMINDER_BREATH_MS = 50, /* real, for the log daemon's sake: 20 lines a second however many are due */
};

/* What was told and is open: in the order of telling, which is the order of coming due, for all wait the same time. */
struct told {
	char id[FINDING_ID_SIZE];
	int64_t told_ms; /* clock_mono_ms() */
	TAILQ_ENTRY(told) order;
	LIST_ENTRY(told) same_bucket;
};
TAILQ_HEAD(told_order, told);
LIST_HEAD(told_bucket, told);

struct sink_syslog {
	struct sink_syslog_options options;
	const struct ledger *ledger;
	struct syslog_queue *queue;
	struct event *heartbeat, *reminder;
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
	syslog_queue_put(sink->queue, LOG_INFO, line);
	free(line);
}

static void
put_change(struct sink_syslog *sink, const struct ledger_change *change)
{
	char *line = sink->options.cee ? change_line_cee(change) : change_line_text(change);

	syslog_queue_put(sink->queue, change_priority(change), line);
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
remember_told(struct sink_syslog *sink, const char *id)
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

/* False: there is nothing to say of it any more. */
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
	change = (struct ledger_change){
	    .seq = ledger_last_seq(sink->ledger),
	    .ms = now_ms,
	    .event = LEDGER_REMINDER,
	    .from = finding->severity,
	    .finding = finding,
	    .open_ms = now_ms > finding->first_seen_ms ? now_ms - finding->first_seen_ms : 0,
	};
	put_change(sink, &change);
	remember_told(sink, finding->id);
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
		remember_told(arg, entry->finding->id);
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
	if (sink->heartbeat == NULL || sink->reminder == NULL) {
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

void
sink_syslog_free(struct sink_syslog *sink, int64_t grace_ms)
{
	struct told *told, *next;

	if (sink == NULL)
		return;
	if (sink->heartbeat != NULL)
		event_free(sink->heartbeat);
	if (sink->reminder != NULL)
		event_free(sink->reminder);
	syslog_queue_free(sink->queue, grace_ms);
	for (told = TAILQ_FIRST(&sink->order); told != NULL; told = next) {
		next = TAILQ_NEXT(told, order);
		free(told);
	}
	free(sink);
}

void
sink_syslog_change(const struct ledger_change *change, void *arg)
{
	struct sink_syslog *sink = arg;

	put_change(sink, change);
	if (is_worth_reminding(change->finding)) {
		remember_told(sink, change->finding->id);
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

	syslog_queue_put(sink->queue, priorities[level], line);
	free(line);
}

struct sink_syslog_counts
sink_syslog_counts(const struct sink_syslog *sink)
{
	return syslog_queue_counts(sink->queue);
}
