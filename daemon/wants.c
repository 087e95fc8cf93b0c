/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wants.h"

#include <stdlib.h>

#include "common/mem.h"

struct kd_need *
wants_resolve(const struct kd_probe *probe, const struct kd_settings *settings)
{
	struct kd_need *needs = probe->needs_count == 0 ? NULL : mem_new(probe->needs_count, sizeof(*needs));

	for (size_t i = 0; i < probe->needs_count; i++) {
		needs[i] = probe->needs[i];
		(void)settings;
	}
	return needs;
}

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
		needs = wants_resolve(probe, rules->settings);
		wants = mem_resize(wants, *count + probe->needs_count, sizeof(*wants));
		for (size_t i = 0; i < probe->needs_count; i++)
			wants[(*count)++] = (struct collect_want){.need = needs[i], .interval_s = rules->interval_s};
		free(needs);
	}
	return wants;
}
