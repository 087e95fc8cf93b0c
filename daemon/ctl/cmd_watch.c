/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_watch: changes as they come, a line each, until Ctrl-C; through restarts of kdiagd. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/ctl/shown.h"
#include "daemon/ctl/timeline.h"

enum {
	NAME_MAX_COLUMNS = 24,
	CHECK_MAX_COLUMNS = 28,
	TEXT_MIN_COLUMNS = 16,
	RETRY_S = 1, /* between tries to find kdiagd again */
};

/* Columns grow with what has come, so that lines stand under each other without knowing what will come. */
struct columns {
	size_t name, check;
};

/* Each line is out before the next is waited for: there is nothing to lose. */
static void
end_cb(int signal_number)
{
	(void)signal_number;
	_exit(CTL_OK);
}

/* What is told of a finding is its sentence; of what became of it, the word for that. */
static char *
change_text(const json_t *event)
{
	static const char *const plain[] = {"opened", "reminder"};
	const char *kind = ctl_text(event, "event");
	char *text = timeline_text(event), *whole;

	for (size_t i = 0; i < KD_COUNT(plain); i++)
		if (strcmp(kind, plain[i]) == 0)
			return text;
	if (strcmp(kind, "changed") == 0)
		whole = mem_printf("%s (was %s)", text, screen_word(ctl_severity(event, "from")));
	else
		whole = mem_printf("%s%s%s", kind, *text != '\0' ? " " : "", text);
	free(text);
	return whole;
}

/* Cut in its middle to the column's width, and padded to it. */
static char *
fit(const struct screen *screen, const char *text, size_t max, size_t *column)
{
	char *safe = screen_safe(screen, text), *cut = text_cut_middle(safe, max, !screen->utf8), *padded;
	size_t columns = text_columns(cut);

	if (columns > *column)
		*column = columns;
	padded = mem_printf("%s%*s", cut, (int)(*column - columns), "");
	free(safe);
	free(cut);
	return padded;
}

/* On a terminal a line is a line; elsewhere nothing is cut. */
static char *
fit_text(const struct screen *screen, const char *text, size_t used, size_t id_columns)
{
	size_t room = screen->width > used + id_columns + 2 + TEXT_MIN_COLUMNS ? screen->width - used - id_columns - 2
									       : TEXT_MIN_COLUMNS;
	char *safe = screen_safe(screen, text), *cut;
	size_t skip, len;

	if (text_columns(safe) <= room) {
		cut = mem_printf("%s%*s", safe, (int)(room - text_columns(safe)), "");
	} else if (!screen->terminal) {
		return safe;
	} else {
		len = screen_break(safe, room - (screen->utf8 ? 1 : 3), &skip);
		safe[len] = '\0';
		cut = mem_printf("%s%s%*s", safe, screen->utf8 ? "…" : "...",
		    (int)(room - (screen->utf8 ? 1 : 3) - text_columns(safe)), "");
	}
	free(safe);
	return cut;
}

static void
print_event(const struct ctl *ctl, const json_t *event, struct columns *columns)
{
	const struct screen *screen = &ctl->screen;
	enum kd_severity severity =
	    strcmp(ctl_text(event, "event"), "resolved") == 0 ? KD_OK : ctl_severity(event, "severity");
	const char *id = ctl_text(event, "id");
	char time[SCREEN_AGE_SIZE], *text = change_text(event);
	int64_t ms = ctl_time(event, "ts");
	char *check = timeline_check(event);
	char *name_cell = fit(screen, timeline_about(event), NAME_MAX_COLUMNS, &columns->name);
	char *check_cell = fit(screen, check, CHECK_MAX_COLUMNS, &columns->check);
	char *text_cell = fit_text(screen, text, 9 + 2 + 4 + 2 + columns->name + 2 + columns->check + 2, strlen(id));
	char *safe_id = screen_safe(screen, id);

	fprintf(screen->out, "%9s  %s%-4s%s  %s  %s  %s  %s\n", screen_time(ms, ms, time),
	    screen_color(screen, severity), screen_word(severity), screen_plain(screen), name_cell, check_cell,
	    text_cell, safe_id);
	free(safe_id);
	free(text_cell);
	free(check_cell);
	free(name_cell);
	free(check);
	free(text);
}

static void
print_line(const struct ctl *ctl, const json_t *event)
{
	json_dumpf(event, ctl->screen.out, JSON_COMPACT | JSON_ENSURE_ASCII);
	fputc('\n', ctl->screen.out);
}

/* Until kdiagd goes away; the sentence is the caller's. NULL: it is our own output that has gone. */
static char *
follow(const struct ctl *ctl, struct client *client, struct columns *columns)
{
	char *cause = NULL;
	json_t *event;

	while ((event = client_read_event(client, &cause)) != NULL) {
		if (ctl->json)
			print_line(ctl, event);
		else
			print_event(ctl, event, columns);
		json_decref(event);
		if (fflush(ctl->screen.out) != 0)
			return NULL;
	}
	return cause;
}

/* A connection that gets the changes; NULL with *code and a sentence, as client_call(). */
static struct client *
subscribe(const struct ctl *ctl, char **code, char **message)
{
	struct client *client = client_open(ctl->socket, message);
	json_t *request = ctl_request("subscribe"), *result = NULL;

	*code = NULL;
	if (client != NULL && client_call(client, request, CLIENT_TIMEOUT_MS, &result, code, message) != 0) {
		client_close(client);
		client = NULL;
	}
	json_decref(result);
	json_decref(request);
	return client;
}

/* Once it was there, kdiagd is waited for, however long it takes: said once when it goes and once when it is back. */
static struct client *
wait_for_return(const struct ctl *ctl)
{
	const struct timespec pause = {.tv_sec = RETRY_S};
	struct client *client;
	char *code, *message;

	for (;;) {
		nanosleep(&pause, NULL); /* real time: a restart takes as long as it takes */
		message = NULL;
		client = subscribe(ctl, &code, &message);
		free(code);
		free(message);
		if (client != NULL)
			return client;
	}
}

static int
exec(struct ctl *ctl)
{
	const struct sigaction end = {.sa_handler = end_cb};
	struct columns columns = {0};
	char *code, *message = NULL;
	struct client *client = subscribe(ctl, &code, &message);

	if (client == NULL) {
		int status = ctl_fail(ctl, code != NULL ? CTL_ERROR : CTL_UNKNOWN, "%s", message);

		free(code);
		free(message);
		return status;
	}
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	while ((message = follow(ctl, client, &columns)) != NULL) {
		client_close(client);
		ctl_fail(ctl, CTL_UNKNOWN, "%s; waiting for it", message);
		free(message);
		client = wait_for_return(ctl);
		ctl_fail(ctl, CTL_OK, "kdiagd is back");
	}
	client_close(client);
	return CTL_OK;
}

const struct ctl_command cmd_watch = {
    .name = "watch",
    .args = "",
    .help = "changes as they come, until Ctrl-C",
    .exec = exec,
};
