/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_findings: the list of findings, worst first; with --all also those that are good, pending or resolved. */
#include <stdlib.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/ctl/shown.h"

/* "iterator_age/lag: 13 h behind …": the check stands in the sentence's column, where there is room. */
static void
add_row(struct table *table, const json_t *finding, bool many_accounts)
{
	int64_t now_ms = clock_now_ms();
	struct shown shown;
	char *place, *check, *sentence, *text;

	shown_read(&shown, finding);
	place = shown_place(shown.account, shown.region, many_accounts);
	check = shown_check(&shown);
	sentence = shown_marked(&shown, now_ms);
	text = mem_printf("%s: %s", check, sentence);
	shown_table_add(table, &shown, *shown.stream != '\0' ? shown.stream : "kdiagd", place, text, now_ms);
	free(place);
	free(check);
	free(sentence);
	free(text);
}

static int
exec_findings(struct ctl *ctl)
{
	json_t *request = ctl_request("findings"), *findings;
	struct table *table;
	bool many_accounts;
	int status;

	if (ctl->all)
		json_object_set_new(request, "all", json_true());
	ctl_request_add(request, "stream", ctl_arg(ctl, 0));
	if ((findings = ctl_call(ctl, request, CLIENT_TIMEOUT_MS, &status)) == NULL)
		return status;
	many_accounts = shown_many_accounts(findings);
	table = shown_table_new(ctl);
	for (size_t i = 0; i < json_array_size(findings); i++)
		add_row(table, json_array_get(findings, i), many_accounts);
	if (ctl->json)
		ctl_print_json(ctl, findings);
	else if (json_array_size(findings) == 0)
		screen_printf(&ctl->screen, "nothing %s\n", ctl->all ? "found yet" : "open");
	else
		table_print(table);
	table_free(table);
	json_decref(findings);
	return CTL_OK;
}

const struct ctl_command cmd_findings = {
    .name = "findings",
    .args = "[--all] [STREAM]",
    .help = "what is open, with who has it in hand; with --all what is good, too",
    .args_max = 1,
    .takes = "a",
    .exec = exec_findings,
};
