/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_run: makes kdiagd look now, and shows what it found. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/mem.h"
#include "daemon/ctl/shown.h"

/* Rows of what is not good; returns how many checks are. */
static size_t
add_all(struct table *table, const json_t *findings)
{
	bool many_accounts = shown_many_accounts(findings);
	size_t good = 0;
	struct shown shown;
	char *place, *check, *text;

	for (size_t i = 0; i < json_array_size(findings); i++) {
		shown_read(&shown, json_array_get(findings, i));
		if (shown.severity == KD_OK) {
			good++;
			continue;
		}
		place = shown_place(shown.account, shown.region, many_accounts);
		check = shown_check(&shown);
		text = mem_printf("%s: %s", check, shown.summary);
		shown_table_add(table, &shown, shown.stream, place, text, 0);
		free(place);
		free(check);
		free(text);
	}
	return good;
}

static void
print_look(const struct ctl *ctl, const json_t *look)
{
	const struct screen *screen = &ctl->screen;
	struct table *table = shown_table_new(ctl);
	size_t good = add_all(table, json_object_get(look, "findings"));
	int64_t took_ms = ctl_integer(look, "took_ms");

	table_print(table);
	table_free(table);
	if (good > 0)
		fprintf(screen->out, "%sok%s    %zu check%s\n", screen_color(screen, KD_OK), screen_plain(screen), good,
		    good == 1 ? "" : "s");
	screen_printf(screen, "looked in %.1f s\n", (double)took_ms / 1000);
}

static int
exec(struct ctl *ctl)
{
	json_t *request = ctl_request("run"), *look;
	int status;

	ctl_request_add(request, "stream", ctl_arg(ctl, 0));
	ctl_request_add(request, "probe", ctl_arg(ctl, 1));
	if ((look = ctl_call(ctl, request, CTL_LOOK_TIMEOUT_MS, &status)) == NULL)
		return status;
	if (ctl->json)
		ctl_print_json(ctl, look);
	else
		print_look(ctl, look);
	json_decref(look);
	return CTL_OK;
}

const struct ctl_command cmd_run = {
    .name = "run",
    .args = "[STREAM] [PROBE]",
    .help = "look now, and show what was found",
    .args_max = 2,
    .exec = exec,
};
