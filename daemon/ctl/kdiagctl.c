/* SPDX-License-Identifier: Apache-2.0 */
/* kdiagctl: main, the options and the table of commands; what a command does stands in its own file. */
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/text.h"
#include "daemon/ctl/ctl.h"

#define SOCKET "/run/kdiag/kdiagd.sock"

/* In the order of the help. */
static const struct ctl_command *const commands[] = {
    &cmd_status,
    &cmd_findings,
    &cmd_show,
    &cmd_diagnose,
    &cmd_run,
    &cmd_watch,
    &cmd_history,
    &cmd_ack,
    &cmd_unack,
    &cmd_silence,
    &cmd_unsilence,
    &cmd_check,
    &cmd_cost,
    &cmd_policy,
    &cmd_probes,
    &cmd_facts,
    &cmd_replay,
    &cmd_iam,
    &cmd_logs,
    &cmd_reload,
};

static const struct option long_options[] = {
    {"socket", required_argument, NULL, 's'},
    {"json", no_argument, NULL, 'j'},
    {"no-color", no_argument, NULL, 'n'},
    {"all", no_argument, NULL, 'a'},
    {"message", required_argument, NULL, 'm'},
    {"since", required_argument, NULL, 'F'},
    {"until", required_argument, NULL, 'U'},
    {"symptom", required_argument, NULL, 'S'},
    {"probes", required_argument, NULL, 'p'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

/* ---- help ---- */

static void
print_usage(FILE *out)
{
	fputs("usage: kdiagctl [-s SOCKET] [--json] [--no-color] COMMAND\n\n", out);
	for (size_t i = 0; i < KD_COUNT(commands); i++)
		fprintf(out, "  %s%s%s\n      %s\n", commands[i]->name, *commands[i]->args != '\0' ? " " : "",
		    commands[i]->args, commands[i]->help);
	fputs("\n  -s, --socket SOCKET   kdiagd's socket; else what KDIAG_SOCKET names,\n"
	      "                        else " SOCKET "\n"
	      "      --json            the answer as JSON\n"
	      "      --no-color        no colour on a terminal, as with NO_COLOR\n"
	      "  -h, --help            this;  -V, --version\n",
	    out);
}

static void
print_command_usage(FILE *out, const struct ctl_command *command)
{
	fprintf(out, "usage: kdiagctl [-s SOCKET] [--json] [--no-color] %s%s%s\n%s\n", command->name,
	    *command->args != '\0' ? " " : "", command->args, command->help);
}

/* ---- what was typed ---- */

static const struct ctl_command *
find_command(const char *name)
{
	for (size_t i = 0; i < KD_COUNT(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int
refuse_command(const struct ctl *ctl, const char *name)
{
	const char *names[KD_COUNT(commands)], *closest;

	for (size_t i = 0; i < KD_COUNT(commands); i++)
		names[i] = commands[i]->name;
	closest = text_closest(name, names, KD_COUNT(commands));
	if (closest != NULL)
		return ctl_fail(ctl, CTL_USAGE, "there is no command \"%s\" (did you mean \"%s\"?)", name, closest);
	return ctl_fail(ctl, CTL_USAGE, "there is no command \"%s\" (kdiagctl help)", name);
}

/* What getopt_long() made of the line, beside what is in struct ctl. */
struct typed {
	bool help, version;
	char own[8];    /* the letters of the options that belong to commands */
	int bad;        /* 0; ':' an argument is missing; '?' there is no such option */
	int bad_letter; /* optopt then */
	const char *bad_text;
};

static const char *
option_name(int letter)
{
	for (size_t i = 0; long_options[i].name != NULL; i++)
		if (long_options[i].val == letter)
			return long_options[i].name;
	return NULL;
}

static int
refuse_option(const struct ctl *ctl, const struct typed *typed)
{
	const char *names[KD_COUNT(long_options)], *closest, *known = option_name(typed->bad_letter);
	char *name = mem_strndup(typed->bad_text, strcspn(typed->bad_text, "="));
	bool is_long = strncmp(name, "--", 2) == 0;
	size_t count = 0;
	int status;

	for (; long_options[count].name != NULL; count++)
		names[count] = long_options[count].name;
	closest = is_long ? text_closest(name + 2, names, count) : NULL;
	if (typed->bad == ':')
		status = ctl_fail(ctl, CTL_USAGE, "--%s wants an argument (kdiagctl help)", known);
	else if (typed->bad_letter != 0 && known == NULL)
		status = ctl_fail(ctl, CTL_USAGE, "there is no option -%c (kdiagctl help)", typed->bad_letter);
	else if (typed->bad_letter != 0)
		status = ctl_fail(ctl, CTL_USAGE, "--%s takes no argument (kdiagctl help)", known);
	else if (closest != NULL)
		status = ctl_fail(ctl, CTL_USAGE, "there is no option %s (did you mean --%s?)", name, closest);
	else
		status = ctl_fail(ctl, CTL_USAGE, "there is no option %s (kdiagctl help)", name);
	free(name);
	return status;
}

/* Where an option's value goes: a flag or a text. own: only some commands take it. */
static void
take_option(struct ctl *ctl, struct typed *typed, int letter, const char *text)
{
	const struct {
		int letter;
		bool own, *flag;
		const char **text;
	} rows[] = {
	    {'s', false, NULL, &ctl->socket},
	    {'j', false, &ctl->json, NULL},
	    {'n', false, &ctl->no_color, NULL},
	    {'h', false, &typed->help, NULL},
	    {'V', false, &typed->version, NULL},
	    {'a', true, &ctl->all, NULL},
	    {'m', true, NULL, &ctl->message},
	    {'F', true, NULL, &ctl->since},
	    {'U', true, NULL, &ctl->until},
	    {'S', true, NULL, &ctl->symptom},
	    {'p', true, NULL, &ctl->probes},
	};
	size_t i = 0;

	while (rows[i].letter != letter)
		i++;
	if (rows[i].flag != NULL)
		*rows[i].flag = true;
	else
		*rows[i].text = text;
	if (rows[i].own && strchr(typed->own, letter) == NULL)
		typed->own[strlen(typed->own)] = (char)letter;
}

/*
 * Options may stand before and behind the command: getopt_long() moves them. A wrong one is told later, when it is known which command it was
 * meant for, since that decides on the exit status.
 */
static void
read_options(struct ctl *ctl, struct typed *typed, int argc, char **argv)
{
	int letter;

	opterr = 0;
	while ((letter = getopt_long(argc, argv, ":s:m:hV", long_options, NULL)) != -1) {
		if (letter != ':' && letter != '?') {
			take_option(ctl, typed, letter, optarg);
		} else if (typed->bad == 0) {
			typed->bad = letter;
			typed->bad_letter = optopt;
			typed->bad_text = argv[optind - 1];
		}
	}
}

/* Does what was typed fit the command? 0, or the exit status. */
static int
check_usage(const struct ctl *ctl, const struct typed *typed)
{
	const struct ctl_command *command = ctl->command;

	if (typed->bad != 0)
		return refuse_option(ctl, typed);
	for (const char *letter = typed->own; *letter != '\0'; letter++)
		if (command->takes == NULL || strchr(command->takes, *letter) == NULL)
			return ctl_fail(ctl, CTL_USAGE, "%s takes no --%s (kdiagctl help %s)", command->name,
			    option_name(*letter), command->name);
	if (ctl->args_count < command->args_min)
		return ctl_fail(
		    ctl, CTL_USAGE, "%s wants more: kdiagctl %s %s", command->name, command->name, command->args);
	if (ctl->args_count > command->args_max)
		return ctl_fail(ctl, CTL_USAGE, "%s does not know what to do with \"%s\": kdiagctl %s%s%s",
		    command->name, ctl->args[command->args_max], command->name, *command->args != '\0' ? " " : "",
		    command->args);
	return 0;
}

static int
run_help(const struct ctl *ctl, const char *about)
{
	const struct ctl_command *command;

	if (about == NULL) {
		print_usage(stdout);
		return CTL_OK;
	}
	if ((command = find_command(about)) == NULL)
		return refuse_command(ctl, about);
	print_command_usage(stdout, command);
	return CTL_OK;
}

/* What needs no command; -1: one is to be run. */
static int
run_without_command(const struct ctl *ctl, const struct typed *typed, const char *name, const char *about)
{
	if (typed->version) {
		printf("kdiagctl %s\n", KDIAG_VERSION);
		return CTL_OK;
	}
	if (name != NULL && strcmp(name, "help") == 0)
		return run_help(ctl, about);
	if (typed->help)
		return run_help(ctl, name);
	if (name == NULL && typed->bad != 0)
		return refuse_option(ctl, typed);
	if (name != NULL)
		return -1;
	print_usage(stderr);
	return CTL_USAGE;
}

static int
run_command(struct ctl *ctl, const struct typed *typed, const char *name)
{
	char *cause = NULL;
	int status;

	assert(name != NULL);
	if ((ctl->command = find_command(name)) == NULL)
		return refuse_command(ctl, name);
	if ((status = check_usage(ctl, typed)) != 0)
		return status;
	if (clock_init(&cause) == 0)
		return ctl->command->exec(ctl);
	status = ctl_fail(ctl, CTL_ERROR, "%s", cause);
	free(cause);
	return status;
}

/* A reader that has gone is no error; a full disk is. */
static int
finish_output(const struct ctl *ctl, int status)
{
	if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
		return status;
	return ctl_fail(ctl, CTL_ERROR, "cannot write: %s", strerror(errno));
}

int
main(int argc, char **argv)
{
	const char *named = getenv("KDIAG_SOCKET"), *name;
	struct ctl ctl = {.socket = named != NULL && *named != '\0' ? named : SOCKET};
	struct typed typed = {0};
	int status;

	signal(SIGPIPE, SIG_DFL); /* a parent may have it ignored; we end quietly when our reader does */
	setlocale(LC_CTYPE, "");
	read_options(&ctl, &typed, argc, argv);
	screen_init(&ctl.screen, stdout, ctl.no_color);
	name = optind < argc ? argv[optind] : NULL; /* argv ends with a NULL */
	ctl.args = argv + optind + (name != NULL);
	ctl.args_count = argc - optind - (name != NULL);
	if ((status = run_without_command(&ctl, &typed, name, ctl_arg(&ctl, 0))) < 0)
		status = run_command(&ctl, &typed, name);
	return finish_output(&ctl, status);
}
