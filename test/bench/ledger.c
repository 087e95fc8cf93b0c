/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger: what 10,000 open findings cost the loop: a cycle's judgements taken into the ledger and handed to the disk, and `status` of all of them as the line that goes to kdiagctl.
 * `ledger PROBES FOLDER` fails when a cycle takes 100 ms or status 50 ms. CPU time of the loop's thread, so that a busy machine does not matter.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/proto.h"
#include "common/str.h"
#include "daemon/daemon.h"
#include "daemon/view.h"

enum { STREAMS = 1000, FINDINGS = 10, ROUNDS = 5, CYCLE_MS = 100, STATUS_MS = 50 };

static double
cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void
tell(const struct ledger_change *change, void *arg)
{
	(void)change;
	++*(size_t *)arg;
}

static uint64_t
told(void *arg)
{
	(void)arg;
	return UINT64_MAX;
}

static void
count(struct store_rows *rows, void *arg)
{
	(void)rows;
	(void)arg;
}

static void
notice(const char *subject, const char *why, void *arg)
{
	(void)arg;
	fatalx("%s: %s", subject, why != NULL ? why : "over");
}

static struct config *
make_config(const char *probes, const char *folder)
{
	struct config_report report = {0};
	char *path = mem_printf("%s/kdiagd.yaml", folder);
	FILE *file = fopen(path, "w");
	struct config *config;

	if (file == NULL)
		fatalx("%s cannot be written", path);
	fprintf(file, "aws: {region: us-east-1, endpoint_url: \"http://127.0.0.1:1\", pace: unlimited}\nstreams:\n");
	for (int i = 0; i < STREAMS; i++)
		fprintf(file, "  - name: stream-%04d\n", i);
	fclose(file);
	config = config_load(path, probes, &report);
	if (config == NULL)
		fatalx("%s", report.count > 0 ? report.lines[0] : "no config");
	config_report_clear(&report);
	free(path);
	return config;
}

/* One judgement of one probe about one stream, as warnings or critical; what the ledger took for it. */
static double
judge(struct daemon *daemon, struct stream_id *stream, int round)
{
	static const struct ledger_rules rules = {{1, 1}, {1, 1}, 6};
	const struct kd_probe *probe = plugins_at(daemon->config->plugins, 0);
	struct kd_report *report = report_new(probe, stream);
	char subject[32];
	const struct ledger_when when = {clock_now_ms(), clock_now_ms()};
	double began;

	for (int i = 0; i < FINDINGS; i++) {
		snprintf(subject, sizeof(subject), "shardId-%012d", i);
		kd_find(report, 0, subject, i == 0 && round % 2 == 1 ? KD_CRITICAL : KD_WARNING,
		    "consumers are %d min behind (%d %% of 24 h retention) and falling back", i + round, i);
		kd_evidence_number(report, "iterator_age_ms", 1000.0 * i + round);
	}
	began = cpu_ms();
	ledger_apply(daemon->ledger, stream, report, probe->name, &rules, &when);
	began = cpu_ms() - began;
	report_free(report);
	return began;
}

static double
time_cycle(struct daemon *daemon, int round)
{
	double sum = 0;

	for (size_t i = 0; i < schedule_count(daemon->schedule); i++)
		sum += judge(daemon, (struct stream_id *)watch_id(schedule_at(daemon->schedule, i)), round);
	return sum;
}

static double
time_status(const struct daemon *daemon, size_t *bytes)
{
	double began = cpu_ms();
	char *status = view_status(daemon, NULL, false), *line = proto_write_result_text(status);

	began = cpu_ms() - began;
	*bytes = strlen(line);
	free(line);
	free(status);
	return began;
}

int
main(int argc, char **argv)
{
	static struct cli cli = {.once = true};
	struct daemon daemon = {0};
	struct event_base *base = event_base_new();
	char *cause = NULL, *path;
	double cycle = 0, flush = 0, status = 0, began;
	size_t bytes = 0, changes = 0;

	log_init("ledger");
	if (argc != 3)
		fatalx("usage: ledger PROBES FOLDER");
	path = mem_printf("%s/kdiag.db", argv[2]);
	if (daemon_start(&daemon, base, &cli, make_config(argv[1], argv[2]), &cause) == -1)
		fatalx("%s", cause);
	daemon_watch(&daemon);
	daemon.keeper = keeper_new(&(struct keeper_options){.base = base,
				       .path = path,
				       .ledger = daemon.ledger,
				       .tell = tell,
				       .told = told,
				       .count = count,
				       .notice = notice,
				       .arg = &changes},
	    &cause);
	if (daemon.keeper == NULL)
		fatalx("%s", cause);
	keeper_begin(daemon.keeper);
	for (int round = 0; round < ROUNDS; round++) {
		double took = time_cycle(&daemon, round), gathered;

		began = cpu_ms();
		keeper_flush(daemon.keeper);
		gathered = cpu_ms() - began;
		keeper_settle(daemon.keeper, 60000);
		cycle = took > cycle ? took : cycle;
		flush = gathered > flush ? gathered : flush;
		took = time_status(&daemon, &bytes);
		status = round == 0 || took < status ? took : status;
	}
	printf("ledger  %d open findings: a cycle %.1f ms + %.1f ms to gather what goes to the disk (limit %d)\n",
	    STREAMS * FINDINGS, cycle, flush, CYCLE_MS);
	printf("status  %zu bytes in %.1f ms (limit %d); %zu changes told\n", bytes, status, STATUS_MS, changes);
	daemon_stop(&daemon);
	event_base_free(base);
	free(path);
	return cycle + flush >= CYCLE_MS || status >= STATUS_MS;
}
