/* SPDX-License-Identifier: Apache-2.0 */
/* ctl: owns how commands ask, fail and exit; knows nothing of what each of them shows. */
#include "daemon/ctl/ctl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/finding.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/proto.h"

const char *
ctl_arg(const struct ctl *ctl, int i)
{
	return i < ctl->args_count ? ctl->args[i] : NULL;
}

/* ---- failing ---- */

/* Nagios takes what stands behind a `|` for performance data, and the first line only. */
static void
fail_as_plugin(const struct ctl *ctl, char *text)
{
	for (char *s = text; *s != '\0'; s++)
		if (*s == '|' || *s == '\n')
			*s = *s == '|' ? '/' : ' ';
	screen_printf(&ctl->screen, "UNKNOWN - %s\n", text);
}

int
ctl_fail(const struct ctl *ctl, int status, const char *fmt, ...)
{
	enum ctl_kind kind = ctl->command != NULL ? ctl->command->kind : CTL_PLAIN;
	struct screen errors = ctl->screen;
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	errors.out = stderr;
	if (kind == CTL_PLUGIN)
		fail_as_plugin(ctl, text);
	else
		screen_printf(&errors, "kdiagctl: %s\n", text);
	free(text);
	return kind == CTL_PLUGIN || (kind == CTL_VERDICT && status != CTL_USAGE) ? CTL_UNKNOWN : status;
}

/* ---- asking ---- */

json_t *
ctl_request(const char *op)
{
	json_t *request = json_object();

	ctl_request_add(request, "op", op);
	return request;
}

void
ctl_request_add(json_t *request, const char *key, const char *value)
{
	if (value != NULL)
		json_set_text(request, key, value);
}

/* A wrong configuration is told as the compiler would: a line a mistake, each with its place. */
static int
explain_refusal(const struct ctl *ctl, const char *code, const char *message)
{
	struct screen errors = ctl->screen;

	if (strcmp(code, PROTO_BAD_CONFIG) != 0)
		return ctl_fail(ctl, CTL_ERROR, "%s", message);
	errors.out = stderr;
	screen_printf(&errors, "%s\n", message);
	return ctl_fail(ctl, CTL_ERROR, "nothing loaded: kdiagd goes on as before");
}

int
ctl_fail_call(const struct ctl *ctl, const char *code, const char *message)
{
	return code != NULL ? explain_refusal(ctl, code, message) : ctl_fail(ctl, CTL_UNKNOWN, "%s", message);
}

json_t *
ctl_ask(const struct ctl *ctl, json_t *request_taken, int64_t timeout_ms, char **code, char **message)
{
	struct client *client;
	json_t *result = NULL;

	*code = *message = NULL;
	if ((client = client_open(ctl->socket, message)) != NULL)
		client_call(client, request_taken, timeout_ms, &result, code, message);
	client_close(client);
	json_decref(request_taken);
	return result;
}

json_t *
ctl_call(const struct ctl *ctl, json_t *request_taken, int64_t timeout_ms, int *status)
{
	char *code, *message;
	json_t *result = ctl_ask(ctl, request_taken, timeout_ms, &code, &message);

	if (result == NULL)
		*status = ctl_fail_call(ctl, code, message);
	free(code);
	free(message);
	return result;
}

void
ctl_print_json(const struct ctl *ctl, const json_t *value)
{
	json_dumpf(value, ctl->screen.out, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	fputc('\n', ctl->screen.out);
}

/* ---- reading ---- */

const char *
ctl_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

int64_t
ctl_integer(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

int64_t
ctl_time(const json_t *object, const char *key)
{
	int64_t ms;

	return clock_parse(ctl_text(object, key), &ms) == 0 ? ms : 0;
}

int64_t
ctl_seconds_ms(const json_t *object, const char *key)
{
	const int64_t max_s = (INT64_C(1) << 53) / 1000;
	int64_t seconds = ctl_integer(object, key);

	return (seconds < 0 ? 0 : seconds > max_s ? max_s : seconds) * 1000;
}

bool
ctl_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

enum kd_severity
ctl_severity(const json_t *object, const char *key)
{
	enum kd_severity severity;

	return severity_parse(ctl_text(object, key), &severity) == 0 ? severity : KD_UNKNOWN;
}

int
ctl_exit_status(enum kd_severity verdict)
{
	static const int statuses[] = {
	    [KD_OK] = 0, [KD_INFO] = 0, [KD_UNKNOWN] = CTL_UNKNOWN, [KD_WARNING] = 1, [KD_CRITICAL] = 2};

	return statuses[verdict];
}
