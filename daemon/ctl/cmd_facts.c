/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_facts: all that kdiagd knows about a stream, as the JSON that replay reads. */
#include "daemon/ctl/ctl.h"

static int
exec(struct ctl *ctl)
{
	json_t *request = ctl_request("facts"), *facts;
	int status;

	ctl_request_add(request, "stream", ctl_arg(ctl, 0));
	if ((facts = ctl_call(ctl, request, CLIENT_TIMEOUT_MS, &status)) == NULL)
		return status;
	ctl_print_json(ctl, facts);
	json_decref(facts);
	return CTL_OK;
}

const struct ctl_command cmd_facts = {
    .name = "facts",
    .args = "STREAM",
    .help = "what is known of a stream, as JSON; kdiagctl replay reads it",
    .args_min = 1,
    .args_max = 1,
    .exec = exec,
};
