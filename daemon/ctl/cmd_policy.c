/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_policy: the least IAM policy that kdiagd's role needs for what its config has it do, ready to be attached. */
#include "daemon/ctl/ctl.h"

static int
exec(struct ctl *ctl)
{
	json_t *request = ctl_request("policy"), *result;
	int status = CTL_OK;

	ctl_request_add(request, "account", ctl_arg(ctl, 0));
	if ((result = ctl_call(ctl, request, CLIENT_TIMEOUT_MS, &status)) == NULL)
		return status;
	ctl_print_json(ctl, json_object_get(result, "policy"));
	json_decref(result);
	return CTL_OK;
}

const struct ctl_command cmd_policy = {
    .name = "policy",
    .args = "[ACCOUNT]",
    .help = "the least IAM policy that kdiagd needs for what its config has it do",
    .args_max = 1,
    .exec = exec,
};
