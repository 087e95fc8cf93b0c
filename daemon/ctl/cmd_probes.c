/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_probes: the probes that run, what each asks and may be told, and those that kdiagd refused. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/ctl/ctl.h"

enum { INDENT = 2, LABEL_INDENT = 2, TEXT_INDENT = 12, HELP_INDENT = 14 };

static void
print_checks(const struct screen *screen, const json_t *checks)
{
	struct str text = {0};

	for (size_t i = 0; i < json_array_size(checks); i++)
		str_printf(&text, "%s%s", i > 0 ? ", " : "", ctl_text(json_array_get(checks, i), "name"));
	if (text.len > 0)
		screen_paragraph(screen, LABEL_INDENT, "checks", TEXT_INDENT, text.s);
	str_free(&text);
}

/* "  options   updating_max  30m  (1m to 7d)", its help below. */
static void
print_option(const struct screen *screen, const json_t *option, bool first)
{
	const char *def = ctl_text(option, "default"), *range = ctl_text(option, "range");
	char *text = mem_printf("%s: %s%s%s%s%s%s", ctl_text(option, "name"), ctl_text(option, "type"),
	    *def != '\0' ? ", default " : "", def, *range != '\0' ? " (" : "", range, *range != '\0' ? ")" : "");

	screen_paragraph(screen, LABEL_INDENT, first ? "options" : "", TEXT_INDENT, text);
	screen_paragraph(screen, 0, "", HELP_INDENT, ctl_text(option, "help"));
	free(text);
}

static void
print_probe(const struct screen *screen, const json_t *probe)
{
	const json_t *options = json_object_get(probe, "options");
	char *interval = text_format_duration(ctl_integer(probe, "interval_s"));
	int64_t streams = ctl_integer(probe, "streams");

	if (ctl_flag(probe, "enabled"))
		screen_printf(screen, "%s   every %s, %" PRId64 " stream%s\n", ctl_text(probe, "name"), interval,
		    streams, streams == 1 ? "" : "s");
	else if (streams > 0)
		screen_printf(screen, "%s   off, but for %" PRId64 " stream%s\n", ctl_text(probe, "name"), streams,
		    streams == 1 ? "" : "s");
	else
		screen_printf(screen, "%s   off\n", ctl_text(probe, "name"));
	screen_paragraph(screen, 0, "", INDENT, ctl_text(probe, "title"));
	print_checks(screen, json_object_get(probe, "checks"));
	for (size_t i = 0; i < json_array_size(options); i++)
		print_option(screen, json_array_get(options, i), i == 0);
	free(interval);
}

static void
print_probes(const struct screen *screen, const json_t *result)
{
	const json_t *probes = json_object_get(result, "probes"), *refused = json_object_get(result, "refused");

	for (size_t i = 0; i < json_array_size(probes); i++) {
		screen_printf(screen, "%s", i > 0 ? "\n" : "");
		print_probe(screen, json_array_get(probes, i));
	}
	if (json_array_size(probes) == 0)
		screen_printf(screen, "no probe is loaded\n");
	if (json_array_size(refused) > 0)
		screen_printf(screen, "\nrefused\n");
	for (size_t i = 0; i < json_array_size(refused); i++) {
		const json_t *row = json_array_get(refused, i);

		screen_paragraph(screen, LABEL_INDENT, ctl_text(row, "name"), TEXT_INDENT, ctl_text(row, "why"));
	}
}

static int
exec(struct ctl *ctl)
{
	json_t *result;
	int status;

	if ((result = ctl_call(ctl, ctl_request("probes"), CLIENT_TIMEOUT_MS, &status)) == NULL)
		return status;
	if (ctl->json)
		ctl_print_json(ctl, result);
	else
		print_probes(&ctl->screen, result);
	json_decref(result);
	return CTL_OK;
}

const struct ctl_command cmd_probes = {
    .name = "probes",
    .args = "",
    .help = "the probes, their checks and options, and those that were refused",
    .exec = exec,
};
