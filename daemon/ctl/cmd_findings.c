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

/* What another finding explains is counted only, unless all is asked for: a stream that is gone has thirty of them. */
static void
print_findings(const struct ctl *ctl, const json_t *findings)
{
	bool many_accounts = shown_many_accounts(findings);
	struct table *table = shown_table_new(ctl);
	size_t explained = 0;

	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *finding = json_array_get(findings, i);

		if (ctl->all || !ctl_flag(finding, "quiet"))
			add_row(table, finding, many_accounts);
		else
			explained++;
	}
	table_print(table);
	if (explained > 0)
		screen_printf(&ctl->screen,
		    "?     %zu check%s could not look, for a reason above: kdiagctl findings --all\n", explained,
		    explained == 1 ? "" : "s");
	table_free(table);
}

static int
exec_findings(struct ctl *ctl)
{
	json_t *request = ctl_request("findings"), *findings;
	int status;

	if (ctl->all)
		json_object_set_new(request, "all", json_true());
	ctl_request_add(request, "stream", ctl_arg(ctl, 0));
	if ((findings = ctl_call(ctl, request, CLIENT_TIMEOUT_MS, &status)) == NULL)
		return status;
	if (ctl->json)
		ctl_print_json(ctl, findings);
	else if (json_array_size(findings) == 0)
		screen_printf(&ctl->screen, "nothing %s\n", ctl->all ? "found yet" : "open");
	else
		print_findings(ctl, findings);
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
