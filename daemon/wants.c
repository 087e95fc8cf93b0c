/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wants.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/need.h"

struct collect_want *
wants_of_stream(const struct plugins *plugins, const struct config_stream *stream, size_t *count)
{
	struct collect_want *wants = NULL;

	*count = 0;
	for (size_t p = 0; p < plugins_count(plugins); p++) {
		const struct kd_probe *probe = plugins_at(plugins, p);
		const struct config_probe *rules = stream->probes[p];
		struct kd_need *needs;

		if (!rules->enabled || probe->needs_count == 0)
			continue;
		needs = need_resolve_all(probe, rules->settings);
		wants = mem_resize(wants, *count + probe->needs_count, sizeof(*wants));
		for (size_t i = 0; i < probe->needs_count; i++)
			wants[(*count)++] = (struct collect_want){.need = needs[i], .interval_s = rules->interval_s};
		free(needs);
	}
	return wants;
}

bool
wants_metrics(const struct kd_probe *probe)
{
	size_t i;

	for (i = 0; i < probe->needs_count && probe->needs[i].kind != KD_METRIC; i++)
		;
	return i < probe->needs_count;
}
