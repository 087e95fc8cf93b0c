/* SPDX-License-Identifier: Apache-2.0 */
/* resume: lays the memory of before a restart over the streams and probes of the config. */
#include "daemon/resume.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/mem.h"

struct remembered {
	struct stream_id *stream;
	const char *probe; /* a word of the ledger's, which keeps its words */
};

struct remembered_list {
	struct remembered *rows;
	size_t count, room;
};

/* Copied first, for the ledger changes under the second walk. */
static void
note_cb(struct stream_id *stream, const char *probe, void *arg)
{
	struct remembered_list *list = arg;

	if (list->count == list->room) {
		list->room = list->room * 2 + 64;
		list->rows = mem_resize(list->rows, list->room, sizeof(*list->rows));
	}
	list->rows[list->count++] = (struct remembered){stream_id_ref(stream), probe};
}

static size_t
find(const struct daemon *daemon, const struct stream_id *id, struct watch **watch)
{
	char *name = mem_printf("%s/%s/%s", id->account, id->region, id->name);
	size_t found = schedule_find(daemon->schedule, name, watch);

	free(name);
	return found;
}

static void
resume(struct daemon *daemon, const struct remembered *row)
{
	const struct stream_id *id = row->stream;
	struct watch *watch;
	int probe;

	if (find(daemon, id, &watch) == 0 && schedule_covers(daemon->schedule, id))
		(void)schedule_discovered(daemon->schedule, id->account, id->region, id->name);
	if (find(daemon, id, &watch) == 0) {
		ledger_forget(daemon->ledger, id, NULL, "the stream is no longer in the config", clock_now_ms());
		return;
	}
	probe = plugins_find(daemon->config->plugins, row->probe);
	if (probe < 0 || !watch_runs(watch, (size_t)probe))
		ledger_forget(daemon->ledger, id, row->probe,
		    probe < 0 ? "the probe was taken away" : "the probe is switched off for this stream",
		    clock_now_ms());
}

void
resume_watches(struct daemon *daemon)
{
	struct remembered_list list = {0};

	ledger_each_probe(daemon->ledger, note_cb, &list);
	for (size_t i = 0; i < list.count; i++) {
		resume(daemon, &list.rows[i]);
		stream_id_unref(list.rows[i].stream);
	}
	free(list.rows);
}
