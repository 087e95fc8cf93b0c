/* SPDX-License-Identifier: Apache-2.0 */
/* syslog_lines: owns how the lines that tell of no finding read; refuses to know when they are due. */
#include "daemon/syslog_lines.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/finding.h"
#include "common/json.h"
#include "common/mem.h"
#include "daemon/change.h"

/* {"v":1,"event":…,"ts":…} */
static json_t *
make_event(const char *name)
{
	json_t *object = json_object();

	json_object_set_new(object, "v", json_integer(1));
	json_set_text(object, "event", name);
	json_set_time(object, "ts", clock_now_ms());
	return object;
}

static void
set_number(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

static char *
take_cee(json_t *object_taken)
{
	char *line = change_cee(object_taken);

	json_decref(object_taken);
	return line;
}

char *
syslog_lines_mark(const char *event, uint64_t seq, const char *why, bool cee)
{
	json_t *object;

	if (!cee)
		return mem_printf("%s kdiagd %s seq %" PRIu64 "%s%s", event, KDIAG_VERSION, seq,
		    why != NULL ? ": " : "", why != NULL ? why : "");
	object = make_event(event);
	set_number(object, "seq", seq);
	json_set_text(object, "version", KDIAG_VERSION);
	if (why != NULL)
		json_set_text(object, "why", why);
	return take_cee(object);
}

char *
syslog_lines_heartbeat(const struct ledger *ledger, uint64_t dropped, bool cee)
{
	static const enum kd_severity shown[] = {KD_CRITICAL, KD_WARNING, KD_UNKNOWN, KD_INFO};
	uint64_t seq = ledger_last_seq(ledger);
	size_t open[KD_CRITICAL + 1];
	json_t *object, *counts;

	ledger_count_open(ledger, open);
	if (!cee)
		return mem_printf("heartbeat seq %" PRIu64
				  ", open: %zu critical, %zu warning, %zu unknown, %zu info; dropped %" PRIu64 " lines",
		    seq, open[KD_CRITICAL], open[KD_WARNING], open[KD_UNKNOWN], open[KD_INFO], dropped);
	object = make_event("heartbeat");
	counts = json_object();
	for (size_t i = 0; i < KD_COUNT(shown); i++)
		set_number(counts, severity_name(shown[i]), open[shown[i]]);
	set_number(object, "seq", seq);
	json_object_set_new(object, "open", counts);
	set_number(object, "dropped", dropped);
	return take_cee(object);
}

char *
syslog_lines_suppressed(uint64_t held, uint64_t from_seq, uint64_t seq, bool cee)
{
	static const char look[] = "kdiagctl status, kdiagctl history --since 1h";
	json_t *object;

	if (!cee)
		return mem_printf("suppressed %" PRIu64 " lines of a storm: %s", held, look);
	object = make_event("suppressed");
	set_number(object, "suppressed", held);
	set_number(object, "from_seq", from_seq);
	set_number(object, "seq", seq);
	json_set_text(object, "next", look);
	return take_cee(object);
}

char *
syslog_lines_dropped(uint64_t lost, bool cee)
{
	json_t *object;

	if (!cee)
		return mem_printf("dropped %" PRIu64 " lines: syslog did not take them in time", lost);
	object = make_event("dropped");
	set_number(object, "dropped", lost);
	return take_cee(object);
}
