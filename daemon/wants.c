/* SPDX-License-Identifier: Apache-2.0 */
/* wants: gathers the needs of a stream's probes, and looks through its findings. */
#include "daemon/wants.h"

#include <stdlib.h>

#include "common/mem.h"

struct collect_want *
wants_of_stream(const struct plugins *plugins, const struct config_stream *stream, size_t *count)
{
	struct collect_want *wants = NULL;

	*count = 0;
	for (size_t p = 0; p < plugins_count(plugins); p++) {
		const struct kd_probe *probe = plugins_at(plugins, p);
		const struct config_probe *rules = stream->probes[p];

		if (!rules->enabled || probe->needs_count == 0)
			continue;
		wants = mem_resize(wants, *count + probe->needs_count, sizeof(*wants));
		for (size_t i = 0; i < probe->needs_count; i++)
			wants[(*count)++] =
			    (struct collect_want){.need = rules->needs[i], .interval_s = rules->interval_s};
	}
	return wants;
}

/* ---- details ---- */

struct trouble {
	const struct plugins *plugins;
	bool is_there;
};

static bool
reads_metrics(const struct kd_probe *probe)
{
	size_t i;

	for (i = 0; i < probe->needs_count && probe->needs[i].kind != KD_METRIC; i++)
		;
	return i < probe->needs_count;
}

/* That a stream is not as it was declared may stay so for months: its details cost money, and tell nothing of it. */
static void
trouble_cb(const char *name, void *arg)
{
	struct trouble *trouble = arg;
	int probe = plugins_find(trouble->plugins, name);

	trouble->is_there |= probe >= 0 && reads_metrics(plugins_at(trouble->plugins, (size_t)probe));
}

bool
wants_details(const struct ledger *ledger, const struct plugins *plugins, const struct kd_probe *probe,
    const struct stream_id *stream)
{
	struct trouble trouble = {.plugins = plugins};

	if (reads_metrics(probe))
		ledger_each_trouble(ledger, stream, trouble_cb, &trouble);
	return trouble.is_there;
}
