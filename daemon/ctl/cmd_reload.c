/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_reload: has kdiagd read its configuration anew: whole, or not at all. */
#include <inttypes.h>

#include "daemon/ctl/ctl.h"

static void
print_reload(const struct screen *screen, const json_t *result)
{
	const json_t *warnings = json_object_get(result, "warnings");
	int64_t streams = ctl_integer(result, "streams");
	const char *warning;

	for (size_t i = 0; i < json_array_size(warnings); i++)
		if ((warning = json_string_value(json_array_get(warnings, i))) != NULL)
			screen_printf(screen, "%s\n", warning);
	screen_printf(screen, "reloaded: %" PRId64 " stream%s\n", streams, streams == 1 ? "" : "s");
}

static int
exec(struct ctl *ctl)
{
	json_t *result;
	int status;

	if ((result = ctl_call(ctl, ctl_request("reload"), CLIENT_TIMEOUT_MS, &status)) == NULL)
		return status;
	if (ctl->json)
		ctl_print_json(ctl, result);
	else
		print_reload(&ctl->screen, result);
	json_decref(result);
	return CTL_OK;
}

const struct ctl_command cmd_reload = {
    .name = "reload",
    .args = "",
    .help = "have kdiagd read its configuration anew, whole or not at all",
    .exec = exec,
};
