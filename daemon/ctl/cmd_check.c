/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_check: one stream as a Nagios plugin: one line, performance data behind a `|`, exit 0, 1, 2 or 3. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "daemon/ctl/shown.h"

struct tally {
	size_t by_severity[KD_CRITICAL + 1];
	size_t findings; /* worse than info, and not explained by another */
	struct shown worst;
};

static void
take_stock(struct tally *tally, const json_t *findings)
{
	struct shown shown;

	*tally = (struct tally){0};
	for (size_t i = 0; i < json_array_size(findings); i++) {
		shown_read(&shown, json_array_get(findings, i));
		if (!shown_is_bad(&shown))
			continue;
		if (tally->findings++ == 0 || shown.severity > tally->worst.severity)
			tally->worst = shown;
		tally->by_severity[shown.severity]++;
	}
}

/* Why the stream is what it is; the caller's. */
static char *
explain(const struct tally *tally, const json_t *stream, int64_t age_ms)
{
	const json_t *findings = json_object_get(stream, "findings");
	char age[SCREEN_AGE_SIZE], *sentence, *text;
	struct shown first;

	screen_age(age_ms, age);
	if (age_ms < 0)
		return mem_strdup("not looked at yet");
	if (ctl_flag(stream, "stale"))
		return mem_printf("the last look was %s ago: too old to go by", age);
	if (tally->findings == 0 && ctl_severity(stream, "verdict") <= KD_INFO)
		return mem_printf("nothing open, last look %s ago", age);
	if (tally->findings == 0 && json_array_size(findings) == 0)
		return mem_strdup("not all probes have looked yet");
	first = tally->worst;
	if (tally->findings == 0)
		shown_read(&first, json_array_get(findings, 0));
	sentence = shown_sentence(&first);
	text = tally->findings > 1 ? mem_printf("%s (+%zu more)", sentence, tally->findings - 1) : mem_strdup(sentence);
	free(sentence);
	return text;
}

/* A `|` would begin the performance data, and a second line is not read; what else is in a text screen_printf makes safe. */
static void
disarm(char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '|')
			*text = '/';
}

static int
print_check(const struct ctl *ctl, const json_t *status, const json_t *stream)
{
	static const char *const words[] = {[KD_OK] = "OK",
	    [KD_INFO] = "OK",
	    [KD_UNKNOWN] = "UNKNOWN",
	    [KD_WARNING] = "WARNING",
	    [KD_CRITICAL] = "CRITICAL"};
	enum kd_severity verdict = ctl_flag(stream, "stale") ? KD_UNKNOWN : ctl_severity(stream, "verdict");
	int64_t as_of_ms = ctl_time(stream, "as_of"), age_ms = as_of_ms > 0 ? ctl_time(status, "now") - as_of_ms : -1;
	struct tally tally;
	struct str text = {0};
	char *why;

	take_stock(&tally, json_object_get(stream, "findings"));
	if (as_of_ms > 0 && age_ms < 0)
		age_ms = 0;
	why = explain(&tally, stream, age_ms);
	str_printf(&text, "%s - %s: %s", words[verdict], ctl_text(stream, "name"), why);
	disarm(text.s);
	str_printf(&text, " | findings=%zu;;; critical=%zu;;; warning=%zu;;; unknown=%zu;;; ", tally.findings,
	    tally.by_severity[KD_CRITICAL], tally.by_severity[KD_WARNING], tally.by_severity[KD_UNKNOWN]);
	if (age_ms < 0)
		str_add(&text, "age=U;;;");
	else
		str_printf(&text, "age=%" PRId64 "s;;;", age_ms / 1000);
	for (char *s = text.s; (s = strchr(s, '\n')) != NULL;)
		*s = ' ';
	screen_printf(&ctl->screen, "%s\n", text.s);
	str_free(&text);
	free(why);
	return ctl_exit_status(verdict);
}

static int
exec(struct ctl *ctl)
{
	json_t *request = ctl_request("status"), *status, *streams;
	int exit_status;

	ctl_request_add(request, "stream", ctl_arg(ctl, 0));
	if ((status = ctl_call(ctl, request, CLIENT_TIMEOUT_MS, &exit_status)) == NULL)
		return exit_status;
	streams = json_object_get(status, "streams");
	if (json_array_size(streams) != 1)
		exit_status = ctl_fail(
		    ctl, CTL_UNKNOWN, "kdiagd told of %zu streams when asked for one", json_array_size(streams));
	else if (ctl->json)
		exit_status = ctl_exit_status(ctl_flag(json_array_get(streams, 0), "stale")
						  ? KD_UNKNOWN
						  : ctl_severity(json_array_get(streams, 0), "verdict"));
	else
		exit_status = print_check(ctl, status, json_array_get(streams, 0));
	if (ctl->json)
		ctl_print_json(ctl, status);
	json_decref(status);
	return exit_status;
}

const struct ctl_command cmd_check = {
    .name = "check",
    .args = "STREAM",
    .help = "one line with performance data and exit status, as a Nagios plugin",
    .args_min = 1,
    .args_max = 1,
    .kind = CTL_PLUGIN,
    .exec = exec,
};
