/* SPDX-License-Identifier: Apache-2.0 */
/* once: M of N does not apply, since there is one look: what it sees counts. */
#include "daemon/once.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/mem.h"
#include "common/text.h"

enum { GIVE_UP_S = 300 };

struct once {
	struct daemon *daemon;
	struct finding **findings;
	size_t count, capacity;
	bool complete;
};

static void
report_cb(const struct watch *watch, const struct kd_report *report, void *arg)
{
	struct once *once = arg;
	size_t i;

	(void)watch;
	for (i = 0; i < report_count(report); i++) {
		if (once->count == once->capacity) {
			once->capacity = once->capacity == 0 ? 64 : once->capacity * 2;
			once->findings = mem_resize(once->findings, once->capacity, sizeof(*once->findings));
		}
		once->findings[once->count++] = finding_copy(report_at(report, i));
	}
}

static void
done_cb(void *arg)
{
	struct once *once = arg;

	once->complete = true;
	event_base_loopbreak(once->daemon->base);
}

static void
discovered_cb(void *arg)
{
	struct once *once = arg;

	schedule_run(once->daemon->schedule, NULL, -1, report_cb, done_cb, once);
}

static int
compare(const void *a, const void *b)
{
	const struct finding *left = *(struct finding *const *)a, *right = *(struct finding *const *)b;
	int order;

	if (left->severity != right->severity)
		return (int)right->severity - (int)left->severity;
	order = stream_id_compare(left->stream, right->stream);
	if (order == 0)
		order = strcmp(left->probe, right->probe);
	if (order == 0)
		order = strcmp(left->check, right->check);
	return order != 0 ? order : strcmp(left->subject, right->subject);
}

/* How many findings from the first on say the same of one stream: what cannot be seen has one cause for many checks. */
static size_t
count_same(struct finding *const *findings, size_t count)
{
	size_t same = 1;

	while (same < count && findings[same]->severity == findings[0]->severity &&
	       stream_id_compare(findings[same]->stream, findings[0]->stream) == 0 &&
	       strcmp(findings[same]->summary, findings[0]->summary) == 0)
		same++;
	return same;
}

/* critical orders us-east-1 stream_status/status: the sentence; with others that say the same "… ingest/records (and 22 more): the sentence" */
static void
print_text(const struct finding *finding, size_t same)
{
	char *more = same > 1 ? mem_printf(" (and %zu more)", same - 1) : mem_strdup("");
	char *line = mem_printf("%-8s %s %s %s/%s%s%s%s: %s", severity_name(finding->severity), finding->stream->name,
	    finding->stream->region, finding->probe, finding->check, strcmp(finding->subject, "stream") == 0 ? "" : " ",
	    strcmp(finding->subject, "stream") == 0 ? "" : finding->subject, more, finding->summary);
	char *safe = text_escape(line, strlen(line), 2048);

	puts(safe);
	free(safe);
	free(line);
	free(more);
}

static void
print(const struct once *once)
{
	json_t *list;
	char *text;
	size_t i, same;

	if (!once->daemon->cli->json) {
		for (i = 0; i < once->count; i += same) {
			same = count_same(&once->findings[i], once->count - i);
			print_text(once->findings[i], same);
		}
		return;
	}
	list = json_array();
	for (i = 0; i < once->count; i++)
		json_array_append_new(list, finding_to_json(once->findings[i]));
	text = json_dumps(list, JSON_INDENT(2));
	puts(text == NULL ? "[]" : text);
	free(text);
	json_decref(list);
}

static void
print_self_cb(const struct ledger_entry *entry, void *arg)
{
	(void)arg;
	if (entry->finding.state == FINDING_OPEN)
		fprintf(stderr, "kdiagd: %s: %s\n", severity_name(entry->finding.severity), entry->finding.summary);
}

static int
exit_status(const struct once *once)
{
	static const int by_severity[] = {
	    [KD_OK] = 0, [KD_INFO] = 0, [KD_UNKNOWN] = 3, [KD_WARNING] = 1, [KD_CRITICAL] = 2};

	if (once->count == 0)
		return 3;
	return once->complete || once->findings[0]->severity == KD_CRITICAL ? by_severity[once->findings[0]->severity]
									    : 3;
}

static void
look(struct once *once)
{
	struct daemon *daemon = once->daemon;
	const struct timeval give_up = {.tv_sec = GIVE_UP_S};

	daemon_watch(daemon);
	discover_first(daemon->discover, discovered_cb, once);
	event_base_loopexit(daemon->base, &give_up);
	event_base_dispatch(daemon->base);
	if (!once->complete)
		fprintf(stderr, "kdiagd: gave up after %d s, not every probe has looked\n", GIVE_UP_S);
}

int
once_run(struct daemon *daemon)
{
	struct once once = {.daemon = daemon};
	int status;
	size_t i;

	look(&once);
	if (once.count > 0)
		qsort(once.findings, once.count, sizeof(*once.findings), compare);
	print(&once);
	ledger_each(daemon->ledger, NULL, print_self_cb, NULL);
	if (once.count == 0)
		fputs(schedule_count(daemon->schedule) == 0
			  ? "kdiagd: no stream to look at: discover has found none (its match and regions)\n"
			  : "kdiagd: no probe has looked at any stream\n",
		    stderr);
	status = exit_status(&once);
	for (i = 0; i < once.count; i++)
		finding_free(once.findings[i]);
	free(once.findings);
	return status;
}
