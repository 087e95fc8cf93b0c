/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ack: says that somebody has a finding in hand, or no longer; kdiagd knows by itself who asks. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/mem.h"
#include "daemon/ctl/shown.h"

/* "orders throttling/writes (5f0c2a9e) is acked …" */
static void
print_answer(const struct screen *screen, const json_t *finding)
{
	struct shown shown;
	const char *name;
	char *check;

	shown_read(&shown, finding);
	check = shown_check(&shown);
	name = *shown.stream != '\0' ? shown.stream : "kdiagd";
	if (shown.acked)
		screen_print_line(screen, "%s %s (%s) is acked by %s (uid %" PRId64 ") until it rises or resolves%s%s",
		    name, check, shown.id, shown.ack_by, shown.ack_uid, *shown.ack_text != '\0' ? ": " : "",
		    shown.ack_text);
	else
		screen_print_line(screen, "%s %s (%s) is no longer acked", name, check, shown.id);
	free(check);
}

static int
exec_op(struct ctl *ctl, const char *op)
{
	json_t *request = ctl_request(op), *finding;
	int status;

	ctl_request_add(request, "id", ctl_arg(ctl, 0));
	ctl_request_add(request, "text", ctl->message);
	if ((finding = ctl_call(ctl, request, CLIENT_TIMEOUT_MS, &status)) == NULL)
		return status;
	if (ctl->json)
		ctl_print_json(ctl, finding);
	else
		print_answer(&ctl->screen, finding);
	json_decref(finding);
	return CTL_OK;
}

static int
exec_ack(struct ctl *ctl)
{
	return exec_op(ctl, "ack");
}

static int
exec_unack(struct ctl *ctl)
{
	return exec_op(ctl, "unack");
}

const struct ctl_command cmd_ack = {
    .name = "ack",
    .args = "ID [-m TEXT]",
    .help = "say that you have a finding in hand: no reminders until it rises or resolves",
    .args_min = 1,
    .args_max = 1,
    .takes = "m",
    .exec = exec_ack,
};

const struct ctl_command cmd_unack = {
    .name = "unack",
    .args = "ID",
    .help = "take that back",
    .args_min = 1,
    .args_max = 1,
    .exec = exec_unack,
};
