/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_silence: keeps a stream (or all), a probe of it or one finding quiet for a while, or no longer; kdiagd knows by itself who asks. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/proto.h"
#include "common/text.h"
#include "daemon/ctl/ctl.h"

enum {
	ID_MIN = 4, /* so many digits of an id kdiagd takes */
	ID_MAX = 8,
	SECONDS_MATTER_S = 600, /* of a shorter silence the end is told with its seconds */
};

/* ---- what is meant ---- */

/* A target can be read in more than one way; kdiagd knows which of them is there. */
struct reading {
	char *stream, *probe, *id;
	bool all;
};

struct readings {
	struct reading list[2];
	size_t count;
};

static void
add_reading(struct readings *readings, char *stream_taken, char *probe_taken, char *id_taken)
{
	readings->list[readings->count++] =
	    (struct reading){.stream = stream_taken, .probe = probe_taken, .id = id_taken};
}

static void
readings_clear(struct readings *readings)
{
	for (size_t i = 0; i < readings->count; i++) {
		free(readings->list[i].stream);
		free(readings->list[i].probe);
		free(readings->list[i].id);
	}
}

static bool
is_id(const char *text)
{
	size_t len = strspn(text, "0123456789abcdef");

	return text[len] == '\0' && len >= ID_MIN && len <= ID_MAX;
}

/* Do these bytes end in what looks like a region ("prod/us-east-1")? Then a stream's name follows, rather than a probe's. */
static bool
ends_in_region(const char *text, size_t len)
{
	char *whole = mem_strndup(text, len), *slash = strrchr(whole, '/');
	const char *last = slash != NULL ? slash + 1 : whole;
	bool is = text_is_region(last) && strchr(last, '-') != NULL && isdigit((unsigned char)last[strlen(last) - 1]);

	free(whole);
	return is;
}

/* "all" is every stream: one of that name is REGION/all. */
static bool
read_all(struct readings *readings, const char *target)
{
	static const char all[] = "all";
	const char *rest = target + strlen(all);

	if (strncmp(target, all, strlen(all)) != 0 ||
	    (*rest != '\0' && (*rest != '/' || strchr(rest + 1, '/') != NULL)))
		return false;
	add_reading(readings, NULL, *rest == '/' ? mem_strdup(rest + 1) : NULL, NULL);
	readings->list[0].all = true;
	return true;
}

/* all, all/PROBE, STREAM, STREAM/PROBE or ID, where STREAM may be REGION/NAME or ACCOUNT/REGION/NAME: the likelier reading first. */
static void
read_target(struct readings *readings, const char *target)
{
	const char *slash = strrchr(target, '/');
	size_t len = slash != NULL ? (size_t)(slash - target) : 0;

	*readings = (struct readings){0};
	if (read_all(readings, target))
		return;
	if (slash == NULL) {
		add_reading(readings, mem_strdup(target), NULL, NULL);
		if (is_id(target))
			add_reading(readings, NULL, NULL, mem_strdup(target));
	} else if (ends_in_region(target, len)) {
		add_reading(readings, mem_strdup(target), NULL, NULL);
		add_reading(readings, mem_strndup(target, len), mem_strdup(slash + 1), NULL);
	} else {
		add_reading(readings, mem_strndup(target, len), mem_strdup(slash + 1), NULL);
		add_reading(readings, mem_strdup(target), NULL, NULL);
	}
}

static bool
is_absent(const char *code)
{
	return code != NULL && strcmp(code, PROTO_NO_SUCH_STREAM) == 0;
}

/* The first reading that is there; when none is, what is wrong is told of the likeliest. NULL as ctl_call(). */
static json_t *
call_target(const struct ctl *ctl, const json_t *request, int *status)
{
	char *code = NULL, *message = NULL, *next_code, *next_message;
	struct readings readings;
	json_t *result = NULL;

	read_target(&readings, ctl_arg(ctl, 0));
	for (size_t i = 0; i < readings.count && result == NULL && (i == 0 || is_absent(code)); i++) {
		const struct reading *reading = &readings.list[i];
		json_t *one = json_deep_copy(request);

		if (reading->all)
			json_object_set_new(one, "all", json_true());
		ctl_request_add(one, "stream", reading->stream);
		ctl_request_add(one, "probe", reading->probe);
		ctl_request_add(one, "id", reading->id);
		result = ctl_ask(ctl, one, CLIENT_TIMEOUT_MS, &next_code, &next_message);
		if (i == 0 || !is_absent(next_code)) {
			free(code);
			free(message);
			code = next_code;
			message = next_message;
		} else {
			free(next_code);
			free(next_message);
		}
	}
	if (result == NULL)
		*status = ctl_fail_call(ctl, code, message);
	readings_clear(&readings);
	free(code);
	free(message);
	return result;
}

/* ---- silence ---- */

/* "orders is silent until 14:22Z (2 h), by ana (uid 1004): maintenance" */
static void
print_silence(const struct ctl *ctl, const json_t *result, int64_t span_s)
{
	int64_t until_ms = ctl_time(result, "until"), now_ms = clock_now_ms();
	char until[SCREEN_AGE_SIZE], span[SCREEN_AGE_SIZE];

	if (span_s < SECONDS_MATTER_S)
		screen_time(until_ms, now_ms, until);
	else
		screen_minute(until_ms, now_ms, until);
	screen_print_line(&ctl->screen, "%s is silent until %s (%s), by %s%s%s", ctl_text(result, "scope"), until,
	    screen_span(span_s, span), ctl_text(result, "by"), ctl->message != NULL ? ": " : "",
	    ctl->message != NULL ? ctl->message : "");
}

static int
exec_silence(struct ctl *ctl)
{
	bool wordy = ctl->args_count == 3; /* "orders for 2h" */
	const char *duration = ctl_arg(ctl, wordy ? 2 : 1);
	json_t *request, *result;
	int64_t span_s;
	int status;

	if (wordy && strcmp(ctl_arg(ctl, 1), "for") != 0)
		return ctl_fail(ctl, CTL_USAGE, "silence does not know what to do with \"%s\": kdiagctl silence %s",
		    ctl_arg(ctl, 1), ctl->command->args);
	if (text_parse_duration(duration, &span_s) != 0 || span_s < 1)
		return ctl_fail(ctl, CTL_USAGE, "\"%s\" is no time to be silent (write 30s, 15m, 24h or 7d)", duration);
	request = ctl_request("silence");
	json_object_set_new(request, "for_s", json_integer(span_s));
	ctl_request_add(request, "text", ctl->message);
	if ((result = call_target(ctl, request, &status)) != NULL) {
		if (ctl->json)
			ctl_print_json(ctl, result);
		else
			print_silence(ctl, result, span_s);
		status = CTL_OK;
	}
	json_decref(result);
	json_decref(request);
	return status;
}

static int
exec_unsilence(struct ctl *ctl)
{
	json_t *request = ctl_request("unsilence"), *result;
	int status;

	if ((result = call_target(ctl, request, &status)) != NULL) {
		if (ctl->json)
			ctl_print_json(ctl, result);
		else
			screen_print_line(&ctl->screen, "%s is no longer silent", ctl_text(result, "scope"));
		status = CTL_OK;
	}
	json_decref(result);
	json_decref(request);
	return status;
}

const struct ctl_command cmd_silence = {
    .name = "silence",
    .args = "STREAM[/PROBE]|all[/PROBE]|ID DURATION [-m TEXT]",
    .help = "keep a stream (all: every one), a probe or a finding quiet for 2h",
    .args_min = 2,
    .args_max = 3,
    .takes = "m",
    .exec = exec_silence,
};

const struct ctl_command cmd_unsilence = {
    .name = "unsilence",
    .args = "STREAM[/PROBE]|all[/PROBE]|ID",
    .help = "take that back",
    .args_min = 1,
    .args_max = 1,
    .exec = exec_unsilence,
};
