/* SPDX-License-Identifier: Apache-2.0 */
/* ctl: what all commands of kdiagctl share: their row in the table, what was typed, asking kdiagd, saying what went wrong. */
#ifndef KDIAG_CTL_CTL_H
#define KDIAG_CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "daemon/ctl/client.h"
#include "daemon/ctl/screen.h"

/* Exit statuses; those of a verdict are a Nagios plugin's: 0 ok, 1 warning, 2 critical, 3 unknown. */
enum { CTL_OK = 0, CTL_ERROR = 1, CTL_USAGE = 2, CTL_UNKNOWN = 3 };

/* A look at every stream takes as long as AWS's slowest answer lets it: kdiagd's own deadline ends it well before this. */
enum { CTL_LOOK_TIMEOUT_MS = 180000 };

enum ctl_kind {
	CTL_PLAIN,   /* an error is 1, no kdiagd 3 */
	CTL_VERDICT, /* the exit status is a verdict: any error is 3 */
	CTL_PLUGIN,  /* so, too, and the error is a line of output that starts with UNKNOWN */
};

struct ctl;

struct ctl_command {
	const char *name, *args, *help;
	int args_min, args_max;
	const char
	    *takes; /* letters of the options that are its own: a(ll) m(essage) p(robes) S(ymptom) F(rom) U(ntil) */
	enum ctl_kind kind;
	int (*exec)(struct ctl *ctl); /* the exit status */
};

struct ctl {
	const struct ctl_command *command;
	struct screen screen;
	const char *socket;
	bool json, no_color, all;
	const char *symptom, *probes, *message, *since, *until; /* NULL: not said */
	char *const *args;
	int args_count;
};

/* The i-th argument, or NULL. */
const char *ctl_arg(const struct ctl *ctl, int i);
/* Says what went wrong (a line each, made safe), and returns the exit status: this one, or what the command's kind makes of it. */
int ctl_fail(const struct ctl *ctl, int status, const char *fmt, ...) KD_PRINTF(3, 4);

/* {"op":op}; then arguments, where value is not NULL. */
json_t *ctl_request(const char *op);
void ctl_request_add(json_t *request, const char *key, const char *value);
/* Asks (the request is taken). NULL when that failed: it has been said, and *status is the exit status. */
json_t *ctl_call(const struct ctl *ctl, json_t *request_taken, int64_t timeout_ms, int *status);
/* The same in two steps: NULL with *code and *message as client_call() has them, nothing said; then says it, and returns the exit status. */
json_t *ctl_ask(const struct ctl *ctl, json_t *request_taken, int64_t timeout_ms, char **code, char **message);
int ctl_fail_call(const struct ctl *ctl, const char *code, const char *message);

/* Indented by two, in ASCII. */
void ctl_print_json(const struct ctl *ctl, const json_t *value);

/* Members of what came from outside: "" , 0, false or NULL where they are not there or of another type. */
const char *ctl_text(const json_t *object, const char *key);
int64_t ctl_integer(const json_t *object, const char *key);
int64_t ctl_time(const json_t *object, const char *key);
int64_t ctl_seconds_ms(
    const json_t *object, const char *key); /* of a length in seconds, in milliseconds, within 0 and 2^53 */
bool ctl_flag(const json_t *object, const char *key);
enum kd_severity ctl_severity(const json_t *object, const char *key); /* unknown when it is none */
int ctl_exit_status(enum kd_severity verdict);

extern const struct ctl_command cmd_status, cmd_findings, cmd_show, cmd_diagnose, cmd_run, cmd_watch, cmd_history,
    cmd_cost, cmd_policy, cmd_ack, cmd_unack, cmd_silence, cmd_unsilence, cmd_check, cmd_probes, cmd_facts, cmd_replay,
    cmd_reload, cmd_iam, cmd_logs;

#endif
