/* SPDX-License-Identifier: Apache-2.0 */
/* daemon: starts the modules in the order in which they need each other, ends them in reverse, and lays a new config over them. */
#include "daemon/daemon.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "daemon/change.h"
#include "daemon/collect_logs.h"
#include "daemon/health.h"
#include "daemon/notify.h"
#include "daemon/ops.h"
#include "daemon/resume.h"
#include "daemon/self.h"
#include "daemon/signals.h"

enum { SYSLOG_QUEUE_MAX = 10000, SYSLOG_GRACE_MS = 500, DISK_GRACE_MS = 500 };

static void
notice_cb(const char *check, const char *subject, const char *why, void *arg)
{
	struct daemon *daemon = arg;

	if (!daemon->stopping)
		self_set(daemon->ledger, check, subject, why);
}

static struct aws_place *
place_cb(const char *account, const char *region, char **cause, void *arg)
{
	struct daemon *daemon = arg;

	return accounts_place(daemon->accounts, account, region, cause);
}

static char *
recall_cb(const struct stream_id *stream, const char *probe, void *arg)
{
	struct daemon *daemon = arg;

	return keeper_take_state(daemon->keeper, stream, probe);
}

static void
kept_cb(const struct stream_id *stream, const char *probe, const char *state, void *arg)
{
	struct daemon *daemon = arg;

	keeper_put_state(daemon->keeper, stream, probe, state);
}

static struct schedule_parts
parts_of(struct daemon *daemon)
{
	struct schedule_parts parts = {
	    .base = daemon->base,
	    .collect = daemon->collect,
	    .host = daemon->host,
	    .ledger = daemon->ledger,
	    .place = place_cb,
	    .place_arg = daemon,
	    .recall = daemon->keeper != NULL ? recall_cb : NULL,
	    .kept = daemon->keeper != NULL ? kept_cb : NULL,
	    .memory_arg = daemon,
	};

	return parts;
}

/* ---- metrics and money ---- */

static void
bill_count_cb(const struct aws_operation_count *count, void *arg)
{
	bill_count(arg, count, clock_now_ms());
}

struct bill *
daemon_bill(const struct daemon *daemon)
{
	if (daemon->accounts != NULL)
		accounts_each_count(daemon->accounts, bill_count_cb, daemon->bill);
	return daemon->bill;
}

static double
spent_cb(void *arg)
{
	return bill_usd_today(daemon_bill(arg), clock_now_ms());
}

static struct metric_feed_options
metric_options(struct daemon *daemon)
{
	static const enum metric_shards shards[] = {
	    [CONFIG_SHARDS_ON_TROUBLE] = METRIC_SHARDS_ON_TROUBLE,
	    [CONFIG_SHARDS_ALWAYS] = METRIC_SHARDS_ALWAYS,
	    [CONFIG_SHARDS_NEVER] = METRIC_SHARDS_NEVER,
	};
	struct metric_feed_options options = {
	    .settle_s = daemon->config->aws.settle_s,
	    .shards = shards[daemon->config->aws.shard_metrics],
	    .usd_per_day = daemon->config->aws.budget_usd_per_day,
	    .spent_usd = spent_cb,
	    .notice = notice_cb,
	    .arg = daemon,
	};

	return options;
}

/* The account of the config that this id is of, by the role that is assumed in it. */
static struct aws_place *
account_place_cb(const char *account_id, const char *region, void *arg)
{
	struct daemon *daemon = arg;
	const struct config *config = daemon->config;

	for (size_t i = 0; i < config->accounts_count; i++) {
		const char *role = config->accounts[i].role_arn;
		const char *id = role != NULL ? strstr(role, "::") : NULL;

		if (id != NULL && strncmp(id + 2, account_id, strlen(account_id)) == 0)
			return accounts_place(daemon->accounts, config->accounts[i].name, region, NULL);
	}
	return NULL;
}

static struct principal_feed_options
principal_options(struct daemon *daemon)
{
	return (struct principal_feed_options){
	    .cache_s = daemon->config->aws.iam_cache_s,
	    .simulate = daemon->config->aws.iam_simulate,
	    .place_of = account_place_cb,
	    .arg = daemon,
	};
}

/* With what fetches the facts that are not Kinesis's own. */
static void
make_collect(struct daemon *daemon)
{
	const struct metric_feed_options options = metric_options(daemon);
	const struct principal_feed_options principals = principal_options(daemon);

	daemon->collect = collect_new(daemon->base, notice_cb, daemon);
	collect_logs_add(daemon->collect, daemon->log_sources);
	daemon->metrics = metric_feed_add(daemon->collect, &options);
	daemon->principals = principal_feed_add(daemon->collect, &principals);
}

/*
 * For who has it in the foreground without syslog: with it, systemd's journal would have each change twice. As change_line_text, but the log does
 * the escaping.
 */
static void
log_change(const struct ledger_change *change, void *arg)
{
	const struct daemon *daemon = arg;
	const struct finding *finding = change->finding;
	const struct stream_id *stream = finding->stream;
	bool whole = strcmp(finding->subject, "stream") == 0;

	if (daemon->sink != NULL)
		return;
	log_info("%s %s %s %s %s/%s%s%s %s: %s", ledger_event_name(change->event), severity_name(finding->severity),
	    stream != NULL ? stream->name : "-", stream != NULL ? stream->region : "-", finding->probe, finding->check,
	    whole ? "" : "/", whole ? "" : finding->subject, finding->id,
	    change->why != NULL ? change->why : finding->summary);
}

static void
publish_change(const struct ledger_change *change, void *arg)
{
	struct daemon *daemon = arg;
	json_t *event;

	if (daemon->control == NULL)
		return;
	event = change_to_json(change);
	control_publish(daemon->control, event);
	json_decref(event);
}

static bool
is_refused(const struct plugins *plugins, const char *name)
{
	size_t i;

	for (i = 0; i < plugins_refused_count(plugins); i++)
		if (strcmp(plugins_refused_name(plugins, i), name) == 0)
			return true;
	return false;
}

/* before: NULL at the start. What is refused still is told once, not anew with each reload. */
static void
tell_refused_probes(struct daemon *daemon, const struct plugins *before, const struct plugins *plugins)
{
	size_t i;

	for (i = 0; before != NULL && i < plugins_refused_count(before); i++)
		if (!is_refused(plugins, plugins_refused_name(before, i)))
			self_set(daemon->ledger, "probe", plugins_refused_name(before, i), NULL);
	for (i = 0; i < plugins_refused_count(plugins); i++)
		self_set(daemon->ledger, "probe", plugins_refused_name(plugins, i), plugins_refused_why(plugins, i));
}

/* ---- start and stop ---- */

int
daemon_start(
    struct daemon *daemon, struct event_base *base, const struct cli *cli, struct config *config_taken, char **cause)
{
	struct schedule_parts parts;

	daemon->cli = cli;
	daemon->base = base;
	daemon->config = config_taken;
	daemon->started_ms = clock_mono_ms();
	daemon->ledger = ledger_new();
	daemon->host = host_new(base);
	daemon->bill = bill_new();
	daemon->accounts = accounts_new(base, daemon->config, notice_cb, daemon, cause);
	if (daemon->accounts == NULL)
		return -1;
	daemon->log_sources = log_sources_new();
	make_collect(daemon);
	parts = parts_of(daemon);
	daemon->schedule = schedule_new(&parts, cli->once);
	daemon->discover = discover_new(&parts, daemon->schedule, notice_cb, daemon);
	return 0;
}

static struct sink_syslog_options
syslog_options(const struct config *config)
{
	struct sink_syslog_options options = {
	    .facility = config->syslog.facility,
	    .cee = config->syslog.format == CONFIG_FORMAT_CEE,
	    .reminder_s = config->syslog.reminder_s,
	    .heartbeat_s = config->syslog.heartbeat_s,
	    .burst = config->syslog.burst,
	    .queue_max = SYSLOG_QUEUE_MAX,
	};

	return options;
}

/* ---- the disk ---- */

static void
tell_cb(const struct ledger_change *change, void *arg)
{
	struct daemon *daemon = arg;

	if (daemon->sink != NULL)
		sink_syslog_change(change, daemon->sink);
}

/* Without syslog a change is told when it is on the disk. */
static uint64_t
told_cb(void *arg)
{
	const struct daemon *daemon = arg;

	return daemon->sink != NULL ? sink_syslog_told(daemon->sink) : daemon->told_seq;
}

static void
save_cb(const char *day, const char *name, int64_t value, void *arg)
{
	const struct store_counter counter = {.day = mem_strdup(day), .name = mem_strdup(name), .value = value};

	store_rows_add_counter(arg, &counter);
}

static void
count_cb(struct store_rows *rows, void *arg)
{
	bill_save(daemon_bill(arg), rows->whole, save_cb, rows);
}

static void
counted_cb(const struct store_counter *counter, void *arg)
{
	const struct daemon *daemon = arg;

	bill_restore(daemon->bill, counter->day, counter->name, counter->value, clock_now_ms());
}

static void
disk_cb(const char *subject, const char *why, void *arg)
{
	struct daemon *daemon = arg;

	if (why != NULL)
		log_warnx("%s", why);
	self_set(daemon->ledger, "store", subject, why);
}

static int
start_keeper(struct daemon *daemon, char **cause)
{
	const struct keeper_options options = {
	    .base = daemon->base,
	    .path = daemon->config->daemon.state,
	    .history_s = daemon->config->daemon.history_s,
	    .ledger = daemon->ledger,
	    .tell = tell_cb,
	    .told = told_cb,
	    .count = count_cb,
	    .counted = counted_cb,
	    .notice = disk_cb,
	    .arg = daemon,
	};

	daemon->keeper = keeper_new(&options, cause);
	return daemon->keeper == NULL ? -1 : 0;
}

static int
start_syslog(struct daemon *daemon, char **cause)
{
	const struct sink_syslog_options options = syslog_options(daemon->config);

	if (!daemon->config->syslog.enabled)
		return 0;
	daemon->sink = sink_syslog_new(daemon->base, &options, daemon->ledger, cause);
	if (daemon->sink == NULL)
		return -1;
	sink_syslog_mark(daemon->sink, "started", NULL);
	return 0;
}

static void
log_sink_cb(enum log_level level, const char *text, void *arg)
{
	struct daemon *daemon = arg;

	if (daemon->sink != NULL)
		sink_syslog_log((int)level, text, daemon->sink);
}

static int
start_control(struct daemon *daemon, char **cause)
{
	const struct control_options options = {
	    .path = daemon->config->daemon.socket,
	    .listen_fd = notify_listen_fd(),
	    .operators = daemon->config->daemon.operators,
	    .sessions_max = 64,
	    .output_max = (size_t)64 << 20,
	    .ops = ops_table,
	    .ops_count = ops_count,
	    .app = daemon,
	};

	daemon->control = control_new(daemon->base, &options, cause);
	return daemon->control == NULL ? -1 : 0;
}

void
daemon_watch(struct daemon *daemon)
{
	struct schedule_parts parts = parts_of(daemon);

	tell_refused_probes(daemon, NULL, daemon->config->plugins);
	schedule_configure(daemon->schedule, daemon->config, &parts);
	discover_configure(daemon->discover, daemon->config, &parts);
}

/* SIGHUP: nobody waits for an answer, so what is wrong goes to the log. */
static void
hangup_cb(void *arg)
{
	struct config_report report = {0};
	size_t i;

	daemon_reload(arg, &report);
	for (i = 0; i < report.count; i++)
		log_warnx("%s", report.lines[i]);
	config_report_clear(&report);
}

/* Foreground: the log is stderr's, and changes stand in it; else it goes the way of the findings. */
int
daemon_serve(struct daemon *daemon, char **cause)
{
	/* The socket first: it says best that another kdiagd runs. Syslog behind the findings of before, which it says again. */
	daemon->told_seq = UINT64_MAX;
	if (start_control(daemon, cause) == -1)
		return -1;
	if (start_keeper(daemon, cause) == -1 || start_syslog(daemon, cause) == -1) {
		control_free(daemon->control);
		daemon->control = NULL;
		return -1;
	}
	log_sources_remember(daemon->log_sources,
	    &(const struct log_sources_memory){.recall = recall_cb, .kept = kept_cb, .arg = daemon});
	ledger_listen(daemon->ledger, publish_change, daemon);
	if (daemon->cli->foreground)
		ledger_listen(daemon->ledger, log_change, daemon);
	else
		log_to(log_sink_cb, daemon);
	keeper_begin(daemon->keeper);
	daemon->signals = signals_new(daemon->base, hangup_cb, daemon);
	daemon->health = health_new(daemon);
	daemon_watch(daemon);
	resume_watches(daemon);
	return 0;
}

/* why: NULL when kdiagd ends. */
static void
stop_syslog(struct daemon *daemon, const char *why)
{
	if (daemon->sink == NULL)
		return;
	sink_syslog_mark(daemon->sink, "stopped", why);
	daemon->told_seq = sink_syslog_free(daemon->sink, SYSLOG_GRACE_MS);
	daemon->sink = NULL;
}

void
daemon_stop(struct daemon *daemon)
{
	daemon->stopping = true;
	health_free(daemon->health);
	signals_free(daemon->signals);
	if (daemon->log_sources != NULL)
		log_sources_close(daemon->log_sources);
	if (daemon->keeper != NULL)
		keeper_settle(daemon->keeper, DISK_GRACE_MS);
	control_free(daemon->control);
	discover_free(daemon->discover);
	schedule_free(daemon->schedule);
	collect_free(daemon->collect);
	log_sources_free(daemon->log_sources);
	accounts_free(daemon->accounts);
	daemon->accounts = NULL;
	host_free(daemon->host);
	log_to(NULL, NULL);
	stop_syslog(daemon, NULL);
	keeper_free(daemon->keeper, DISK_GRACE_MS);
	bill_free(daemon->bill);
	ledger_free(daemon->ledger);
	config_unref(daemon->config);
}

/* ---- reload ---- */

/* What cannot change while the daemon runs is said, and stays. */
static void
tell_what_stays(const struct config *old, const struct config *config)
{
	if (strcmp(old->daemon.socket, config->daemon.socket) != 0)
		log_warnx("daemon.socket stays %s until a restart", old->daemon.socket);
	if (strcmp(old->daemon.state, config->daemon.state) != 0)
		log_warnx("daemon.state stays %s until a restart", old->daemon.state);
}

static void
reload_syslog(struct daemon *daemon)
{
	const struct sink_syslog_options options = syslog_options(daemon->config);
	char *cause = NULL;

	if (daemon->sink != NULL && !daemon->config->syslog.enabled) {
		stop_syslog(daemon, "syslog.enabled is false now");
		daemon->told_seq = UINT64_MAX;
	} else if (daemon->sink != NULL) {
		sink_syslog_configure(daemon->sink, &options);
	} else if (start_syslog(daemon, &cause) == -1) {
		log_warnx("%s", cause);
	}
	free(cause);
}

/* Other credentials, pace or endpoint: a new client takes over from the old one, which goes when the streams have moved. */
static void
move_streams(struct daemon *daemon, struct accounts *accounts_taken)
{
	struct accounts *old_accounts = daemon->accounts;
	struct collect *old_collect = daemon->collect;
	struct schedule_parts parts;

	if (accounts_taken != NULL) {
		daemon->calls_before += accounts_counts(old_accounts).calls;
		daemon->metrics_before += accounts_counts(old_accounts).metrics;
		bill_begin_client(daemon_bill(daemon));
		daemon->accounts = accounts_taken;
		make_collect(daemon);
	} else {
		const struct metric_feed_options options = metric_options(daemon);
		const struct principal_feed_options principals = principal_options(daemon);

		metric_feed_configure(daemon->metrics, &options);
		principal_feed_configure(daemon->principals, &principals);
	}
	parts = parts_of(daemon);
	schedule_configure(daemon->schedule, daemon->config, &parts);
	discover_configure(daemon->discover, daemon->config, &parts);
	if (accounts_taken != NULL) {
		collect_free(old_collect);
		accounts_free(old_accounts);
	}
}

static void
take(struct daemon *daemon, struct config *config, struct accounts *accounts_taken)
{
	struct config *old = daemon->config;

	tell_what_stays(old, config);
	tell_refused_probes(daemon, old->plugins, config->plugins);
	daemon->config = config;
	if (daemon->cli->verbose == 0)
		log_set_level(config->daemon.log_level);
	control_configure(daemon->control, config->daemon.operators);
	keeper_set_history(daemon->keeper, config->daemon.history_s);
	reload_syslog(daemon);
	move_streams(daemon, accounts_taken);
	self_set(daemon->ledger, "config", "file", NULL);
	config_unref(old);
}

/* All that can fail is done before the first thing is changed. */
static int
prepare(struct daemon *daemon, struct config_report *report, struct config **config, struct accounts **accounts)
{
	char *cause = NULL;

	*accounts = NULL;
	*config = config_load(daemon->cli->config, daemon->cli->probes, report);
	if (*config == NULL)
		return -1;
	if (accounts_same(daemon->config, *config))
		return 0;
	*accounts = accounts_new(daemon->base, *config, notice_cb, daemon, &cause);
	if (*accounts == NULL)
		log_warnx("reload: %s", cause);
	free(cause);
	if (*accounts != NULL)
		return 0;
	config_unref(*config);
	return -1;
}

int
daemon_reload(struct daemon *daemon, struct config_report *report)
{
	struct config *config;
	struct accounts *accounts;
	char *why;

	notify_reloading();
	if (prepare(daemon, report, &config, &accounts) == 0) {
		take(daemon, config, accounts);
		size_t count = schedule_count(daemon->schedule);

		log_info("%s taken: %zu stream%s", daemon->cli->config, count, text_plural(count));
		notify_ready("watching %zu stream%s", count, text_plural(count));
		return 0;
	}
	why = mem_printf("%s has mistakes, the config of before stays: %s", daemon->cli->config,
	    report->count == 0 ? "see the log" : report->lines[0]);
	log_warnx("%s", why);
	self_set(daemon->ledger, "config", "file", why);
	notify_ready("the new config has mistakes, that of before stays");
	free(why);
	return -1;
}

struct aws_counts
daemon_counts(const struct daemon *daemon)
{
	struct aws_counts counts = accounts_counts(daemon->accounts);

	counts.calls += daemon->calls_before;
	counts.metrics += daemon->metrics_before;
	return counts;
}
